"""Two looks at a four-week month are one: its figures are measured with its first week that is frozen, and stay.

A month is looked at in four weeks. Measured anew in each, an event that arrived late, or somebody who moved to another
department meanwhile, would change its numbers by one, and one look subtracted from the other would tell what this
member did. Owns which measures are of the month; knows nothing of figures.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from engage.core.calendar import month_end
from engage.core.measures import DEFINITION, MONTH_WEEKS, WEEK, WeekMeasures

OF_THE_MONTH: Final = (
    *("activated", "active_4w", "habitual", "organic_4w", "classes", "stages", "cohorts"),
    *("top", "top_leading", "month", "month_members"),
    *("month_absent", "absent_4w", "no_habit", "month_left"),
)


class Look(NamedTuple):
    """How a month is looked at: below so many active members a week is a quiet one, and these are the key events."""

    floor: int
    names: tuple[str, ...] = ()
    """None: those in force."""


def look_at(monday: int, frozen: Mapping[int, WeekMeasures], floor: int) -> Look:
    """How a week is to be measured, so that it tells of its month what an earlier look told. `floor`: that in force,
    which counts from the next month on, as do key events: with the name of one more or fewer in the table, another
    would be hidden beside the smallest, and two looks would give it away."""
    first = _earlier_look(monday, frozen)
    return Look(first.floor, tuple(first.features)) if first is not None else Look(floor)


def keep_month(week: WeekMeasures, frozen: Mapping[int, WeekMeasures]) -> None:
    """Let a new week tell of its month what an earlier look told. `frozen`: the company's weeks by Monday.

    At the first look, the weeks of the month are told by what was frozen of them. What the first look had no word of
    (levels, departments, a funnel: the program was published since) is told by a later one only where all else is as
    it was; else it would say, beside the numbers kept, who came late.
    """
    first = _earlier_look(week.monday, frozen)
    if first is None:
        _keep_weeks(week, frozen)
        return
    changed = any(getattr(week, name) != getattr(first, name) for name in OF_THE_MONTH)
    for name in OF_THE_MONTH:
        setattr(week, name, getattr(first, name))
    week.organic_again = first.organic_again
    if first.levels or changed:
        week.levels = first.levels
    if first.departments or first.roles or changed:
        week.departments, week.roles = first.departments, first.roles
    for funnel in list(week.funnels):
        if funnel in first.funnels and _is_as_it_was(funnel, week, first):
            _keep_funnel(funnel, week, first)
        elif changed:
            del week.funnels[funnel], week.funnel_months[funnel], week.funnel_begins[funnel]
    if changed and not first.features:
        week.features = {}
    for name, used in first.features.items():
        kept = week.features[name]
        kept.members_4w, kept.again, kept.organic = used.members_4w, used.again, used.organic


def _is_as_it_was(funnel: str, week: WeekMeasures, first: WeekMeasures) -> bool:
    """Of a first look that does not know what it counted, by the number of steps alone."""
    known = first.funnel_keys.get(funnel)
    same = len(week.funnels[funnel]) == len(first.funnels[funnel])
    return same if known is None else known == week.funnel_keys.get(funnel)


def _keep_funnel(funnel: str, week: WeekMeasures, first: WeekMeasures) -> None:
    week.funnels[funnel] = first.funnels[funnel]
    week.funnel_keys.pop(funnel, None)
    week.funnel_months.pop(funnel, None)
    week.funnel_begins.pop(funnel, None)
    if funnel in first.funnel_keys:
        week.funnel_keys[funnel] = first.funnel_keys[funnel]
    if funnel in first.funnel_months:
        week.funnel_months[funnel] = first.funnel_months[funnel]
    if funnel in first.funnel_begins:
        week.funnel_begins[funnel] = first.funnel_begins[funnel]


def _earlier_look(monday: int, frozen: Mapping[int, WeekMeasures]) -> WeekMeasures | None:
    """The first that was frozen; of weeks measured by another definition none is one."""
    end = month_end(monday)
    looks = (frozen.get(end + WEEK * at) for at in range(MONTH_WEEKS) if end + WEEK * at != monday)
    return next((one for one in looks if one is not None and one.definition == DEFINITION), None)


def _keep_weeks(week: WeekMeasures, frozen: Mapping[int, WeekMeasures]) -> None:
    start = month_end(week.monday) - WEEK * (MONTH_WEEKS - 1)
    for at, count in enumerate(week.month):
        one = frozen.get(start + WEEK * at)
        if one is not None and count and one.active >= week.floor:
            week.month[at] = one.active
