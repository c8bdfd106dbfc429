"""How much room months of cohorts leave, told one after the other, beside who is told to have been activated.

Owns the rules by which a month's cohorts are told or not, from what is told alone. Must not know what was counted, nor
what is stored where. These follow of each other, whatever the size of a cohort may be:

- By the end of a month are activated: who was active in it; of cohorts that are over no fewer than were active of each
  in any month; of those hidden together in it, or in a later one, besides as many as the others hidden there cannot
  have been; and whoever was by the end of an earlier one, with all these of the cohorts since.
- The fewer a hidden cohort has, the more must those have that were hidden beside it in several months.
- Of who was active in a month, those of the newest cohorts are no fewer than must have come since the month before.
- Whoever was active in a week of a month is of a cohort up to that of the week.

Each gives a least number of people, and what is told elsewhere a most. Where a month would bring the two so near that
with k - 2 members known they could meet, its cohorts are hidden.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import NamedTuple

from msgspec.structs import replace

from engage.core.calendar import month_end
from engage.core.measures import MONTH_WEEKS, WEEK, WeekMeasures
from engage.core.privacy import Figure
from engage.core.published_cohorts import most_active
from engage.core.segments import CohortMonth, cohort_of


class Known(NamedTuple):
    """What is told of cohorts so far: the least and the most of each, and what each month says, by its last Monday."""

    least: dict[int, int]
    most: dict[int, int]
    months: dict[int, CohortMonth]


def leaves_room(
    told: Known, anyway: Known, active: Active, week: WeekMeasures, weeks: Sequence[Figure], k: int
) -> bool:
    """Whether nothing of few follows with the cohorts of the newest month. `anyway`: what is told without them;
    `active`: of whom they are; `weeks`: who was active in each of its weeks."""
    by_then = _by_then(told)
    return (
        _leaves_by_then(by_then, told, anyway, k)
        and _leaves_before(active, told.months, by_then.least, k)
        and _leaves_in_weeks(active, week, weeks, k)
        and _leaves_to_hidden(told, k)
    )


class _Sums:
    """Of cohorts before one."""

    def __init__(self, of_each: Mapping[int, int], first: int) -> None:
        self.first, last = first, max(of_each, default=first)
        self.sums = list(accumulate((of_each.get(one, 0) for one in range(first, last + 1)), initial=0))

    def before(self, cohort: int) -> int:
        return self.sums[max(0, min(cohort - self.first, len(self.sums) - 1))]


# --- who was activated by the end of each month ---------------------------------------------------------------


class _Hidden:
    """The cohorts hidden together in a month, beyond the least of each: they are so many, and each no more than it can
    be."""

    def __init__(self, month: CohortMonth, least: Mapping[int, int], first: int) -> None:
        hidden = month.hidden or {}
        again = {one: min(least.get(one, 0), most) for one, most in hidden.items()}
        self.rest = month.part if month.hidden is None else month.rest - sum(again.values())
        """With those of a cohort that goes on."""
        self._spared = _Sums({one: most - again[one] for one, most in hidden.items()}, first)
        beyond = 0 if month.hidden is None else self.rest - _most_going_on(month)
        self._older = beyond - self._spared.before(month.over + 1)

    def since(self, cohort: int) -> int:
        """From a cohort on, if those before are as many as they can be."""
        return self.rest - self._spared.before(cohort)

    def between(self, first: int, last: int) -> int:
        """The same of cohorts up to one that is over with an earlier month."""
        return self._older + self._spared.before(last + 1) - self._spared.before(first)


def _most_going_on(month: CohortMonth) -> int:
    """Of a cohort that goes on, the most that can be active in the month."""
    if month.after == month.over + 1:
        return 0
    return month.rest if month.part_most is None else month.part_most


class _ByThen(NamedTuple):
    """Of each month, the least that are told to have been activated by its end; and of these, the least by cohorts
    alone."""

    least: dict[int, int]
    of_cohorts: dict[int, int]


def _by_then(told: Known) -> _ByThen:
    first = min(told.least, default=0)
    sums = _Sums(told.least, first)
    hidden = {monday: _Hidden(month, told.least, first) for monday, month in told.months.items()}
    begun = [(first, 0)]
    """Cohorts to add from, and who was activated besides these: nobody, or whoever was by an earlier month."""
    found = _ByThen({}, {})
    for monday in sorted(told.months):
        month, here = told.months[monday], hidden[monday]
        over, low = month.over, max(month.least, month.rest)
        later = [one for end, one in hidden.items() if end > monday and one.between(first, over) > 0]
        for cohort, before in begun:
            came = 0
            if cohort <= over + 1:
                besides = max((one.between(cohort, over) for one in later), default=0)
                came = max(month.part + max(0, besides), here.since(cohort))
                came += sums.before(over + 1) - sums.before(cohort)
            found.of_cohorts.setdefault(monday, came)
            low = max(low, before + came)
        found.least[monday] = low
        begun += _since(month, low)
    return found


def _since(month: CohortMonth, activated: int) -> list[tuple[int, int]]:
    """Cohorts to go on with after a month, and who was activated by its end besides those of them."""
    found = [(month.after, activated)]
    if month.after > month.over + 1 and month.part_most is not None:
        found.append((month.over + 1, activated - month.part_most))
    return found


def _leaves_by_then(by_then: _ByThen, told: Known, anyway: Known, k: int) -> bool:
    """Whether by the end of each month `k` of those may be missing who are told to have been activated by then, as far
    as that does not follow anyway. Where how many were may be known, that is asked of cohorts alone."""
    near = {
        monday: month.most for monday, month in told.months.items() if by_then.least[monday] > month.most - k
    }
    without = _by_then(anyway) if near else by_then
    for monday, most in near.items():
        low, of_cohorts = by_then.least[monday], by_then.of_cohorts[monday]
        room = k if low > most - (k - 1) else k - 1
        if low > without.least[monday] or most - room < of_cohorts > without.of_cohorts[monday]:
            return False
    return True


def _leaves_to_hidden(told: Known, k: int) -> bool:
    """Whether each that is hidden in the newest month and another may have k - 1 fewer than it can: the fewer it had
    in each, the more had those hidden beside it."""
    newest = told.months[max(told.months)]
    for one in {*(newest.hidden or {})} & {*told.most}:
        had, fewer = dict(told.least), {}
        for monday, month in told.months.items():
            hidden = dict(month.hidden or {})
            if one in hidden:
                hidden[one] = min(hidden[one], told.most[one] - (k - 1))
                beyond = month.rest - sum(hidden.values()) - _most_going_on(month)
                had |= {each: max(had.get(each, 0), beyond + hidden[each]) for each in {*hidden} - {one}}
            fewer[monday] = replace(month, hidden=hidden if month.hidden is not None else None)
        by_then = _by_then(Known(had, told.most, fewer)).least
        if any(low > told.months[monday].most for monday, low in by_then.items()):
            return False
    return True


# --- who was active in the newest month -----------------------------------------------------------------------


class Active:
    """The active members of a month, where anything is told of their cohorts."""

    def __init__(self, cells: Mapping[int, Figure], month: Figure, most: Mapping[int, int]) -> None:
        highs = most_active(cells, month, most)
        self.cells = cells if highs else {}
        self.first, self.last = min(highs, default=0), max(highs, default=0)
        self.month = int(month.floor)
        self._floors = _Sums({one: int(cells[one].floor) for one in highs}, self.first)
        self._highs = _Sums(highs, self.first)

    def fewest(self, first: int, last: int) -> int:
        """Of these cohorts."""
        inside, most = (sums.before(last + 1) - sums.before(first) for sums in (self._floors, self._highs))
        return max(inside, self.month - self._highs.before(self.last + 1) + most) if first <= last else 0

    def most_until(self, last: int) -> int:
        """Of cohorts up to one, where nobody came of the oldest unless it is told by number."""
        oldest = self._highs.before(self.first + 1) if self.cells[self.first].value is None else 0
        newer = self._floors.before(self.last + 1) - self._floors.before(last + 1)
        return min(self._highs.before(last + 1) - oldest, self.month - newer)


def _leaves_before(
    active: Active, told: Mapping[int, CohortMonth], by_then: Mapping[int, int], k: int
) -> bool:
    """Whether those of newer cohorts can be k - 1 more than must have come since the month before, who are active."""
    *earlier, newest = sorted(told)
    if not (active.cells and earlier):
        return True
    before = told[earlier[-1]]
    came = by_then[newest] - before.most
    return active.fewest(active.first, before.over) <= active.month - came - (k - 1)


def _leaves_in_weeks(active: Active, week: WeekMeasures, weeks: Sequence[Figure], k: int) -> bool:
    """Whether those of cohorts up to that of a week, who alone were active in it, can be k - 1 more than were, as far
    as so many do not follow anyway. That nobody came of the oldest may be known."""
    if not active.cells:
        return True
    start = month_end(week.monday) - WEEK * (MONTH_WEEKS - 1)
    for at, told in enumerate(weeks):
        cohort, low = cohort_of(start + WEEK * at), int(told.floor)
        follows = cohort >= active.last or low <= active.fewest(active.first, cohort)
        if not follows and low > active.most_until(cohort) - (k - 1):
            return False
    return True
