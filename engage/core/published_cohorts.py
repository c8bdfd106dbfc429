"""Who stays, by the four-week month in which they came first, as figures: what months told one after the other may not
add up to.

Owns the cells of a month and what is remembered of all that were told. Must not know how a report names a cohort.

A cohort are those who came first in one month of the reports; those who had come by the end of the first month that is
remembered are one. Each older one is told in a band of 2k of whoever those before leave, and the newest is who is left.
Over several months all hangs on how many came in between any two:

- They are what had come by the end of the one less what had come by that of the other, as is told.
- They are no more than were active in the month, where it is one: whoever comes first in a month is active in it.
- They are no fewer than were told to be active of them, or are left of who was active beside all others there can be.

So it is remembered, of every two months, how many more can have come by the one than by the other. The bands of a
cohort end with the most that can have come in its month, and begin above the least that must be of it, as those of the
other months can be no more: then each leaves it 2k numbers, or all that it had.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from engage.core.calendar import month_end
from engage.core.measures import MONTH_WEEKS, WEEK, WeekMeasures
from engage.core.privacy import Figure
from engage.core.segments import Came
from engage.core.windows import between, publish_band

MONTHS_MAX: Final = 14
"""So many are remembered."""
_EARLIEST: Final = 100_000
"""Cohorts of former rules were months of the calendar, by numbers below."""
_ANY: Final = 10**9

Most = list[list[int]]
"""Of months a and b: how many more had come by the end of b than by that of a, at most. Month 0 is before all."""
Bands = list[tuple[int, int]]


def publish_active_cohorts(week: WeekMeasures) -> dict[int, Figure]:
    """The last Monday of a month -> active members who came first in it, the oldest first; of the first, those who had
    come by then. Empty: nothing is told."""
    whole = week.active_4w
    return {end: between(low, high, whole) for end, (low, high) in sorted(week.cohorts_told.items())}


def had_come(week: WeekMeasures) -> dict[int, tuple[int, int]]:
    """The last Monday of a month -> the least and the most who had come by its end, by all that is told."""
    most = week.came.most
    return {end: (-most[at][0], most[0][at]) for at, end in enumerate(week.came.ends, 1)}


def came_since(week: WeekMeasures, months: int) -> list[int]:
    """How many must have come first since the month before these, by the end of each, the newest first."""
    newest = month_end(week.monday)
    ends = [newest - WEEK * MONTH_WEEKS * back for back in range(months + 1)]
    if not set(ends) <= set(week.came.ends):
        return [0] * months
    *since, before = (week.came.ends.index(end) + 1 for end in ends)
    return [-week.came.most[at][before] for at in since]


def remember_cohorts(
    week: WeekMeasures, before: WeekMeasures | None, month: Figure, activated: Figure, k: int
) -> None:
    """Write into a new week what is told of the cohorts of its month, and how many can have come so far. `month`,
    `activated`: who was active in it, and who had come by its end, as is told."""
    end = month_end(week.monday)
    if before is not None and month_end(before.monday) == end:
        week.came, week.cohorts_told = before.came, before.cohorts_told
        return
    quiet = in_quiet_weeks(week)
    able = int(month.ceiling or 0) + quiet
    came = _joined(before.came if before else Came(), end, activated, able)
    if came is None:  # some were named late, so that nothing follows from what was told before
        came = _joined(Came(), end, activated, able)
    if came is None or not activated.ceiling:
        return
    week.came, active = came, int(month.value or 0)
    if active >= 4 * k - 1 and len(came.ends) > 1:
        bands = cohort_bands(_counts(week, came.ends), came.most, active, quiet, k)
        told = after_bands(bands, came.most, active, quiet) if bands else None
        if told is not None:
            week.came, week.cohorts_told = Came(came.ends, told), dict(zip(came.ends, bands, strict=True))


def is_first_month(week: WeekMeasures) -> bool:
    """Whether everybody came in these four weeks, in which the first was named."""
    return bool(week.cohorts) and min(week.cohorts) == month_end(week.monday)


def in_quiet_weeks(week: WeekMeasures) -> int:
    """The most who can have come in quiet weeks of the month: nobody there is among those active in it."""
    return (week.floor - 1) * week.month.count(0)


def _joined(came: Came, end: int, activated: Figure, able: int) -> Came | None:
    """With one month more, in which no more than are `able` can have come. None: this contradicts what was told."""
    ends = came.ends[1 - MONTHS_MAX :]
    kept = [0, *range(len(came.ends) - len(ends) + 1, len(came.ends) + 1)]
    most = [[came.most[a][b] if came.most else 0 for b in kept] + [_ANY] for a in kept]
    most.append([_ANY] * len(kept) + [0])
    most[-1][-2] = 0
    if ends and ends[-1] == end - WEEK * MONTH_WEEKS:
        most[-2][-1] = able
    most[0][-1], most[-1][0] = int(activated.ceiling or 0), -int(activated.floor)
    found = closed(most)
    return Came([*ends, end], found) if found else None


def _counts(week: WeekMeasures, ends: Sequence[int]) -> list[int]:
    return [
        sum(active for came, (_, active) in week.cohorts.items() if start < came <= end)
        for start, end in pairwise((_EARLIEST, *ends))
    ]


def cohort_bands(counts: Sequence[int], most: Most, active: int, quiet: int, k: int) -> Bands:
    """The least and the most of each, the newest last; nothing where more were of one than can have come, as late
    events show, or of cohorts that were counted otherwise."""
    bands: Bands = []
    newest, new = len(counts), max(0, -most[-1][-2] - quiet)
    left = active - new
    if sum(counts) != active:
        return []
    for at, count in enumerate(counts[:-1], 1):
        low = max(0, active - _highest(bands, most)[-1] - most[at][newest])
        able = min(left, most[at - 1][at])
        if not low <= count <= able:
            return []
        band = publish_band(count, 2 * k, able, low, low)
        bands.append((int(band.floor), int(band.ceiling or 0)))
        left -= bands[-1][0]
    low, high = max(new, active - _highest(bands, most)[-1]), min(new + left, most[-2][-1])
    return [*bands, (low, high)] if low <= counts[-1] <= high else []


def _highest(bands: Bands, most: Most) -> list[int]:
    """The most that the cohorts up to each can be together, before the first nobody."""
    found = [0]
    for at, (_, high) in enumerate(bands, 1):
        found.append(min(found[-1] + high, *(so_far + most[one][at] for one, so_far in enumerate(found))))
    return found


def after_bands(bands: Bands, most: Most, active: int, quiet: int) -> Most | None:
    """How many more can have come by one month than by another, once these are told besides."""
    found, highest = [list(row) for row in most], _highest(bands[:-1], most)
    for at, (low, _) in enumerate(bands, 1):
        found[at][at - 1] = min(found[at][at - 1], -low)
    for a, earlier in enumerate(highest):
        for b in range(a + 1, len(most)):
            found[b][a] = min(found[b][a], earlier + most[b][-1] - active)
    found[-2][-1] = min(found[-2][-1], bands[-1][1] + quiet)
    return closed(found)


def closed(most: Most) -> Most | None:
    """With what follows over each other month. None: a contradiction."""
    found = [list(row) for row in most]
    for over, beyond in enumerate(found):
        for row in found:
            to = row[over]
            row[:] = [min(far, to + more) for far, more in zip(row, beyond, strict=True)]
    return None if any(row[at] < 0 for at, row in enumerate(found)) else found
