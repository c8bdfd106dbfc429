"""Two looks at a four-week month are one: its figures are measured with its first week that is frozen, and stay.

A month is looked at in four weeks. Measured anew in each, an event that arrived late, or somebody who moved to another
department meanwhile, would change its numbers by one, and one look subtracted from the other would tell what this
member did. Owns which measures are of the month; knows nothing of figures.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from engage.core.calendar import month_end
from engage.core.measures import MONTH_WEEKS, WEEK, WeekMeasures

OF_THE_MONTH: Final = (
    *("activated", "active_4w", "habitual", "organic_4w", "classes", "stages", "cohorts"),
    *("top", "top_leading", "month", "month_members"),
    *("month_absent", "absent_4w", "no_habit", "month_left"),
)


def keep_month(week: WeekMeasures, frozen: Mapping[int, WeekMeasures]) -> None:
    """Let a new week tell of its month what an earlier look told. `frozen`: the company's weeks by Monday.

    At the first look, the weeks of the month are told by what was frozen of them. Weeks measured by another definition
    or floor are none to keep to: they tell nothing under this floor.
    """
    end = month_end(week.monday)
    looks = (frozen.get(end + WEEK * at) for at in range(MONTH_WEEKS) if end + WEEK * at != week.monday)
    first = next((one for one in looks if one is not None and _is_alike(one, week)), None)
    if first is None:
        _keep_weeks(week, frozen)
        return
    for name in OF_THE_MONTH:
        setattr(week, name, getattr(first, name))
    if first.levels:
        week.levels = first.levels
    if first.departments or first.roles:
        week.departments, week.roles = first.departments, first.roles
    for funnel, steps in first.funnels.items():
        if len(week.funnels.get(funnel, ())) == len(steps):
            week.funnels[funnel] = steps
            week.funnel_months.pop(funnel, None)
            week.funnel_begins.pop(funnel, None)
            if funnel in first.funnel_months:
                week.funnel_months[funnel] = first.funnel_months[funnel]
            if funnel in first.funnel_begins:
                week.funnel_begins[funnel] = first.funnel_begins[funnel]
    for name, used in first.features.items():
        if name in week.features:
            week.features[name].members_4w = used.members_4w


def _is_alike(one: WeekMeasures, other: WeekMeasures) -> bool:
    return (one.definition, one.floor) == (other.definition, other.floor)


def _keep_weeks(week: WeekMeasures, frozen: Mapping[int, WeekMeasures]) -> None:
    start = month_end(week.monday) - WEEK * (MONTH_WEEKS - 1)
    for at, count in enumerate(week.month):
        one = frozen.get(start + WEEK * at)
        if one is not None and count and one.active >= week.floor:
            week.month[at] = one.active
