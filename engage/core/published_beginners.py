"""Beginners of funnels, as figures: what months told one after the other may not add up to.

Owns within whom they are, and what is remembered of those told before. Must not know the later steps. Where a first
step is done once in a life, as an invitation or a first sign-in is, no two months have a beginner in common, so that
all of them together are

- no more than are told to have been activated by the end of the last of these months, nor, with the cohorts that came
  since, than are told to have been activated so far;
- from any month on, no more than the members who had not left before it.

Beginners of a month are judged within what these leave, as within who was active in it. A step that `k` members have
taken in two months is not of that kind: its months add up to nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from engage.core.calendar import month_end
from engage.core.measures import MONTH_WEEKS, WEEK, WeekMeasures
from engage.core.privacy import NOT_SHOWN, Figure, publish_count
from engage.core.segments import Begun, cohort_of
from engage.core.windows import between

BEGUN_MONTHS: Final = 14
"""Kept apart, of each first step; those before them count as one."""
_NOBODY: Final = between(0, 0, 0)


def publish_beginners(week: WeekMeasures, activated: Figure, funnel: str, k: int) -> Figure:
    """`activated`: within whom they are, of a week that was frozen when they were not counted by months."""
    within, room = _beginning(week, activated, funnel), week.begun_room.get(funnel)
    if room is not None:
        if room < 2 * k - 1:
            return Figure(NOT_SHOWN, "members", hidden="few", low=0, high=within.ceiling)
        within = between(min(int(within.floor), room), int(within.ceiling or 0), week.members)
    return publish_count(week.funnels[funnel][0], k, within)


def _beginning(week: WeekMeasures, activated: Figure, funnel: str) -> Figure:
    """Those active in the month in which they began. Nothing is told of a month that is not remembered."""
    if funnel not in week.funnel_months:
        return activated
    told = week.months_told[week.funnel_months[funnel] :]
    low, high = told[0] if told else (0, week.members)
    return between(low, high, week.members)


def most_begun(week: WeekMeasures) -> int:
    """The most who are told to have begun, over all months, with one first step."""
    return max((sum(one.told for one in months.values()) for months in week.begun.values()), default=0)


def begun_by(week: WeekMeasures) -> dict[int, int]:
    """Month of activation -> the least who came in it or before, by what is told of beginners."""
    found: dict[int, int] = {}
    for months in week.begun.values():
        so_far = 0
        for monday in sorted(months):
            so_far += months[monday].told
            month = cohort_of(monday)
            found[month] = max(found.get(month, 0), so_far)
    return found


def remember_beginners(week: WeekMeasures, before: WeekMeasures | None, k: int) -> None:
    """Write into a new week what is told of beginners so far, with those of the months that it tells of."""
    same = before is not None and month_end(before.monday) == month_end(week.monday)
    week.begun = dict(before.begun) if before else {}
    most = before.activated_most[same:] if before else []
    for funnel, (event, again) in week.funnel_begins.items():
        if again >= k:
            week.begun.pop(event, None)
            continue
        ago = week.funnel_months[funnel]
        monday = month_end(week.monday) - WEEK * MONTH_WEEKS * ago
        months = {**week.begun.get(event, {})}
        earlier = {one: begun for one, begun in months.items() if one < monday}
        later = (
            sum(low for one, low in before.cohort_least.items() if one > cohort_of(monday)) if before else 0
        )
        whole = week.month_members[-1] if week.month_members else week.members
        able = min(most[ago - 1], most[0] - later) if len(most) >= ago else whole
        gone = months[monday].gone if monday in months else week.month_left[0]
        week.begun_room[funnel] = max(0, _room(able, whole, gone, earlier))
        if monday not in months:
            shown = publish_beginners(week, _NOBODY, funnel, k)
            months[monday] = Begun(int(shown.floor), gone)
            week.begun[event] = _joined(months)


def _room(able: int, whole: int, gone: int, earlier: Mapping[int, Begun]) -> int:
    """How many can begin in a month, besides those who began in the `earlier` ones."""
    room, told = whole - gone, 0
    for monday in sorted(earlier, reverse=True):
        told += earlier[monday].told
        room = min(room, whole - earlier[monday].gone - told)
    return min(room, able - told)


def _joined(months: Mapping[int, Begun]) -> dict[int, Begun]:
    """With the oldest as one, where they are many."""
    mondays = sorted(months)
    surplus = max(0, len(mondays) - BEGUN_MONTHS)
    oldest, kept = mondays[: surplus + 1], mondays[surplus + 1 :]
    together = Begun(sum(months[one].told for one in oldest), months[oldest[0]].gone)
    return {oldest[-1]: together, **{one: months[one] for one in kept}}
