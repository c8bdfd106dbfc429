"""Two looks at a four-week month are one: its figures are measured with its first week that is frozen, and stay.

A month is looked at in four weeks. Measured anew in each, an event that arrived late, or somebody who moved to another
department meanwhile, would change its numbers by one, and one look subtracted from the other would tell what this
member did. Owns which measures are of the month; knows nothing of figures.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from engage.core.calendar import month_end
from engage.core.measures import DEFINITION, MONTH_WEEKS, WEEK, WeekMeasures

OF_THE_MONTH: Final = (
    *("activated", "active_4w", "habitual", "organic_4w", "classes", "stages", "cohorts"),
    *("top", "top_leading", "month", "month_members"),
    *("month_absent", "absent_4w", "no_habit", "month_left"),
)
OF_A_FUNNEL: Final = ("funnels", "funnel_keys", "funnel_months", "funnel_begins", "funnel_steps")


class Look(NamedTuple):
    """How a month is looked at: below so many active members a week is a quiet one, and these are the key events."""

    floor: int
    names: tuple[str, ...] = ()
    """None: those in force."""


def look_at(monday: int, frozen: Mapping[int, WeekMeasures], floor: int) -> Look:
    """How a week is to be measured, so that it tells of its month what an earlier look told. `floor`: that in force,
    which counts from the next month on, as do key events: with the name of one more or fewer in the table, another
    would be hidden beside the smallest, and two looks would give it away."""
    looks = _earlier_looks(monday, frozen)
    named = _first_with(("features",), looks)
    return Look(looks[0].floor if looks else floor, tuple(named.features) if named else ())


def keep_month(week: WeekMeasures, frozen: Mapping[int, WeekMeasures]) -> None:
    """Let a new week tell of its month what an earlier look told. `frozen`: the company's weeks by Monday.

    At the first look, the weeks of the month are told by what was frozen of them. What the first look had no word of
    (levels, departments, a funnel: the program was published since) is told by a later one only where all else is as
    it was; else it would say, beside the numbers kept, who came late. What that one told, those after it tell.
    """
    _keep_beginners(week, frozen)
    looks = _earlier_looks(week.monday, frozen)
    if not looks:
        _keep_weeks(week, frozen)
        return
    first = looks[0]
    changed = any(getattr(week, name) != getattr(first, name) for name in OF_THE_MONTH)
    for name in (*OF_THE_MONTH, "organic_again"):
        setattr(week, name, getattr(first, name))
    for names in (("levels",), ("departments", "roles")):
        told = _first_with(names, looks) or (first if changed else week)
        for name in names:
            setattr(week, name, getattr(told, name))
    for funnel in list(week.funnels):
        same = [one for one in looks if _has_funnel(funnel, week, one)]
        if same or changed:
            _tell_funnel(funnel, week, same[0] if same else None)
    named = _first_with(("features",), looks)
    if changed and not named:
        week.features = {}
    for name, used in (named.features if named else {}).items():
        kept = week.features[name]
        kept.members_4w, kept.again, kept.organic = used.members_4w, used.again, used.organic


def _keep_beginners(week: WeekMeasures, frozen: Mapping[int, WeekMeasures]) -> None:
    """Let as many have begun in an earlier month as were told of it to have done the first step, as users of a key
    event or beginners of a shorter funnel: else it would be told how many events came late. Of a funnel published in
    that month, it would be told how many had done it before: nothing is told of it."""
    for funnel, (event, _) in list(week.funnel_begins.items()):
        end = month_end(week.monday) - WEEK * MONTH_WEEKS * week.funnel_months[funnel]
        told = _told_to_begin(event, end, week.funnel_months[funnel], frozen)
        then, before = _looks(end, frozen)[:1], frozen.get(end - WEEK * MONTH_WEEKS)
        if told is None or not all(_has_funnel(funnel, week, one) for one in then):
            continue
        if before is not None and not _has_funnel(funnel, week, before):
            _tell_funnel(funnel, week, None)
        else:
            week.funnels[funnel] = [told, *(min(told, count) for count in week.funnels[funnel][1:])]


def _told_to_begin(event: str, end: int, ago: int, frozen: Mapping[int, WeekMeasures]) -> int | None:
    """Who did it in the month that ends with the week of `end`, as was told in one of the months since."""
    for later in range(ago):
        for look in _looks(end + WEEK * MONTH_WEEKS * later, frozen)[:1]:
            if not later and event in look.features:
                return look.features[event].members_4w
            for funnel, (first, _) in look.funnel_begins.items():
                if first == event and look.funnel_months[funnel] == later:
                    return look.funnels[funnel][0]
    return None


def _has_funnel(funnel: str, week: WeekMeasures, look: WeekMeasures) -> bool:
    """As the week has it; of a look that does not know what it counted, by the number of steps alone."""
    if funnel not in look.funnels:
        return False
    known = look.funnel_keys.get(funnel)
    if known is None:
        return len(week.funnels[funnel]) == len(look.funnels[funnel])
    return known == week.funnel_keys.get(funnel)


def _first_with(names: Sequence[str], looks: Sequence[WeekMeasures]) -> WeekMeasures | None:
    return next((one for one in looks if any(getattr(one, name) for name in names)), None)


def _tell_funnel(funnel: str, week: WeekMeasures, told: WeekMeasures | None) -> None:
    """As of the week that is `told`, or not at all."""
    for name in OF_A_FUNNEL:
        ours, theirs = getattr(week, name), getattr(told, name) if told else {}
        ours.pop(funnel, None)
        if funnel in theirs:
            ours[funnel] = theirs[funnel]


def _earlier_looks(monday: int, frozen: Mapping[int, WeekMeasures]) -> list[WeekMeasures]:
    """Those that are frozen, the first one first; of weeks measured by another definition none is one."""
    return [one for one in _looks(month_end(monday), frozen) if one.monday != monday]


def _looks(end: int, frozen: Mapping[int, WeekMeasures]) -> list[WeekMeasures]:
    """At the month that ends with the week of `end`."""
    looks = (frozen.get(one) for one in range(end, end + WEEK * MONTH_WEEKS, WEEK))
    return [one for one in looks if one is not None and one.definition == DEFINITION]


def _keep_weeks(week: WeekMeasures, frozen: Mapping[int, WeekMeasures]) -> None:
    start = month_end(week.monday) - WEEK * (MONTH_WEEKS - 1)
    for at, count in enumerate(week.month):
        one = frozen.get(start + WEEK * at)
        if one is not None and count and one.active >= week.floor:
            week.month[at] = one.active
