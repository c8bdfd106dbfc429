"""Members by class of use as figures: what habits, events and days leave open of power users and novices.

A part of `engage.core.published`, with the same duty. Power + habitual is the figure "habitual", which is shown
besides: where that is exact they divide it, else they are told by its range. Low and none say nothing more than other
figures, for exact ones would add up to those ever activated, and two looks at that number tell who came between.

Who is a power user or a novice did so much at least, and beside the events and active days of twelve weeks that may
leave so little that everybody did the least there is: then nobody else is either. So they are told where the events
would do for more, also without those of k - 2 members who are known: of power users for k more, and of novices, told in
bands beside an exact number of power users, for all who can be.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Final

from engage.core.calendar import month_end
from engage.core.measures import WEEK, WeekMeasures
from engage.core.privacy import Figure, missing, publish_count
from engage.core.published_floors import floor_of, is_measured
from engage.core.published_parts import untold
from engage.core.quiet import HABIT_WEEKS_LEAST, WEEKS_BACK
from engage.core.segments import CLASS_WEEKS, NOVICE, POWER, POWER_EVENTS
from engage.core.windows import between, publish_part

if TYPE_CHECKING:
    from engage.core.published import People

NOT_TOLD: Final = -1
POWER_MORE: Final = CLASS_WEEKS * POWER_EVENTS - HABIT_WEEKS_LEAST
NOVICE_MORE: Final = CLASS_WEEKS - 1
"""Events of twelve weeks that make a member one of these, besides one for each day on which they came anyway."""


def publish_classes(week: WeekMeasures, people: People, k: int) -> tuple[Figure, ...]:
    """Activated members by class of use: power, habitual, novice, low, none; see `engage.core.segments`."""
    if not is_measured(week):
        return (missing("members"),) * 5
    k, room = floor_of(week, k), _beyond_days(week)
    steady, activated, active = people.habitual, people.activated, people.active_4w
    if steady.value is not None:
        with_habit = _publish_power(week.classes[POWER], k, steady, room)
    else:
        with_habit = (between(0, int(steady.ceiling or 0), week.members),) * 2
    # Who has no habit: their number follows from what is told of all activated and of those with the habit.
    least = int(activated.floor - (steady.ceiling or 0))
    most = int((activated.ceiling or 0) - steady.floor)
    some = _publish_novices(week.classes[NOVICE], with_habit[0], k, least, most, room)
    low = between(
        int(active.floor - (steady.ceiling or 0) - (some.ceiling or 0)), most - int(some.floor), week.members
    )
    # In its first twelve weeks nobody activated can be without use.
    young = (month_end(week.monday) - week.since) // WEEK < CLASS_WEEKS
    none = between(0, int((activated.ceiling or 0) - active.floor), week.members)
    return (*with_habit, some, low, missing("members") if young else none)


def _publish_power(power: int, k: int, steady: Figure, room: float) -> tuple[Figure, Figure]:
    """Of those with the habit, power users and the others."""
    whole = int(steady.floor)
    able = int(min(whole, room // POWER_MORE))
    if able < 2 * k - 1:
        told = untold(steady)
    elif able - k < power and able < whole:
        told = between(k, whole, whole)
    else:
        told = publish_count(power, k, steady)
    return told, between(int(whole - (told.ceiling or 0)), int(whole - told.floor), whole)


def _publish_novices(novice: int, power: Figure, k: int, least: int, most: int, room: float) -> Figure:
    """Beside a hidden number of power users nothing but what is left: the end of a band alone would tell its begin."""
    if power.value is None or room < POWER_MORE * power.value + NOVICE_MORE * least:
        return between(0, most, most)
    return publish_part(novice, 2 * k, 0, least, most)


# --- what is remembered ---------------------------------------------------------------------------------------


def remember_beyond_days(
    week: WeekMeasures, before: WeekMeasures | None, events: Figure, days: Figure
) -> None:
    """Write into a new week how many events there were besides one for each active day, without those of the k - 2
    members with most; and what is remembered of the weeks before. `events`, `days`: what is told of the week."""
    largest, last, others = week.leading
    most = WEEK * week.members if days.ceiling is None else int(days.ceiling)
    found = max(0, last + others - most) if largest and events.value is not None else NOT_TOLD
    earlier: list[int] = []
    if before is not None:
        is_next = before.monday == week.monday - WEEK and before.beyond_days
        earlier = before.beyond_days if is_next else [NOT_TOLD]
    week.beyond_days = [found, *earlier][:WEEKS_BACK]


def _beyond_days(week: WeekMeasures) -> float:
    """The same of the twelve weeks; no limit where not all are told."""
    past = (week.monday - month_end(week.monday)) // WEEK
    found = week.beyond_days[past : past + CLASS_WEEKS]
    return inf if not found or NOT_TOLD in found else sum(found)
