"""Who is active by month of activation, as figures: what months told one after the other may not add up to.

Owns the cells and what is remembered of those told before. Must not know how many are activated: the size of a cohort
stays the same while what stands beside it changes, so it is told nowhere, and these follow of it:

- It is no less than were active of it in any month told (its peak).
- It is no more than came in the four weeks in which it came, for whoever comes first in four weeks is active in them,
  and no more than can have been activated between their ends, by what is told of that.
- By the end of a month are activated: who was active in it, those of each cohort who were besides in another month,
  and whoever was by the end of an earlier one, with the cohorts since.
- Of who was active in a month, those of cohorts that came between two others are no more than can have been activated
  between these; those of cohorts up to one no more than by its end; and those of the newest no fewer than must have
  come since the month before.
- Whoever was active in a week of a month is of a cohort up to that of the week.
- The fewer a hidden cohort has, the more must those have that were hidden beside it in several months.

Where a month would bring two of these nearer than k - 1, so that with k - 2 members known they could meet, its cohorts
are hidden. One that came within four weeks is hidden in these, or its size would be told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Final, NamedTuple

from msgspec.structs import replace

from engage.core.calendar import month_end
from engage.core.measures import MONTH_WEEKS, WEEK, WeekMeasures
from engage.core.privacy import NOT_SHOWN, Figure, publish_table
from engage.core.segments import CohortMonth, cohort_of

MONTHS_MAX: Final = 26
"""Of so many months, the first and those of two years, it is remembered what they say of all activated by their end."""


class _Month(NamedTuple):
    """Months of the calendar as four weeks have them: that of their first week, whether it began with it, that of
    their last, and the newest that is over with it."""

    first: int
    begins: bool
    last: int
    over: int


def _month(week: WeekMeasures) -> _Month:
    end = month_end(week.monday)
    start = end - WEEK * (MONTH_WEEKS - 1)
    first = cohort_of(start)
    return _Month(first, cohort_of(start - WEEK) < first, cohort_of(end), cohort_of(end + WEEK) - 1)


def publish_active_cohorts(week: WeekMeasures, active_4w: Figure, k: int) -> dict[int, Figure]:
    """Active members by month of activation, the oldest first: a division of their exact number, or nothing. Nothing
    too where that was not remembered to be safe, see `remember_cohorts`, or for other cells: beside those of two rules
    hidden ones follow."""
    cells = cohort_cells(week, active_4w, k)
    remembered = week.cohort_months.get(month_end(week.monday))
    if remembered is None or remembered.hidden is None or week.activated_room:
        return dict.fromkeys(cells, _untold(active_4w))
    return cells


def cohort_cells(week: WeekMeasures, active_4w: Figure, k: int) -> dict[int, Figure]:
    """Months in which nobody was activated are among them: that would be said of everybody."""
    if not week.cohorts:
        return {}
    span = _month(week)
    months = range(min(week.cohorts), max(*week.cohorts, span.last) + 1)
    if active_4w.value is None:
        return dict.fromkeys(months, _untold(active_4w))
    counts = [week.cohorts.get(month, (0, 0))[1] for month in months]
    secret = {
        at for at, month in enumerate(months) if _is_within(span, month) or month in week.cohorts_hidden
    }
    cells = publish_table(counts, k, active_4w, partition=True, secret=secret).cells
    return dict(zip(months, cells, strict=True))


def _is_within(span: _Month, cohort: int) -> bool:
    """Whether all of the cohort came in these four weeks."""
    return cohort <= span.over and (cohort > span.first or (cohort == span.first and span.begins))


def is_first_month(week: WeekMeasures) -> bool:
    """Whether everybody came in these four weeks, which the oldest of their months of activation tells."""
    return bool(week.cohorts) and _is_within(_month(week), min(week.cohorts))


def in_quiet_weeks(week: WeekMeasures) -> int:
    """The most who can have come in quiet weeks of the month: nobody there is among those active in it."""
    return (week.floor - 1) * week.month.count(0)


def _untold(active_4w: Figure) -> Figure:
    return Figure(NOT_SHOWN, "members", hidden="few", low=0, high=active_4w.ceiling)


def _cohorts_most(
    cells: Mapping[int, Figure], month: Figure, most: Mapping[int, int] | None = None
) -> dict[int, int]:
    """Of cells that tell anything, the most that each can be. `most`: the most that the cohort can be."""
    floors = sum(cell.floor for cell in cells.values())
    if not month.value or all(
        not cell.floor and (cell.ceiling or 0) >= month.value for cell in cells.values()
    ):
        return {}
    return {
        cohort: int(
            min(cell.ceiling or 0, month.value - floors + cell.floor, (most or {}).get(cohort, month.value))
        )
        for cohort, cell in cells.items()
    }


def _cohorts_least(cells: Mapping[int, Figure], month: Figure, most: Mapping[int, int]) -> dict[int, int]:
    """Of the same cells, the least."""
    highs = _cohorts_most(cells, month, most)
    left = int(month.value or 0) - sum(highs.values())
    return {cohort: max(int(cells[cohort].floor), left + high) for cohort, high in highs.items()}


# --- what is remembered ---------------------------------------------------------------------------------------


def remember_cohorts(
    week: WeekMeasures,
    before: WeekMeasures | None,
    month: Figure,
    weeks: Sequence[Figure],
    activated: Figure,
    k: int,
) -> None:
    """Write into a new week what is told of cohorts so far, with those of its month where that is safe. `month`,
    `weeks`, `activated`: those active in it and in each of its weeks, and who is activated by what was told before."""
    if before is not None and month_end(before.monday) == month_end(week.monday):
        for name in REMEMBERED:
            setattr(week, name, getattr(before, name))
        return
    leasts, most = (before.cohort_least, before.cohort_most) if before else ({}, {})
    since = int(activated.ceiling or 0) - (before.activated_told[0] if before else 0)
    over, end, months = _month(week).over, month_end(week.monday), _months_before(before)
    cells = cohort_cells(week, month, k)
    came = {**most, **_came(week, most, cells, month, since)}
    if near := _near(_cohorts_least(cells, month, came), came, over, k):
        week.cohorts_hidden = near
        cells = cohort_cells(week, month, k)
        came = {**most, **_came(week, most, cells, month, since)}
    untold = {**most, **_came(week, most, {}, month, since)}
    least = _reached(leasts, _cohorts_least(cells, month, came))
    without = {**months, end: _month_told(week, {}, month, activated, leasts, untold)}
    together = {**months, end: _month_told(week, cells, month, activated, least, came)}
    by_then, active = _least_by(together, least), _Active(cells, month, came)
    if (
        _near(least, came, over, k)
        or not _leaves_by_then(by_then, together, without, leasts, k)
        or not _leaves_until(active, months, k)
        or not _leaves_between(active, together, by_then, k)
        or not _leaves_before(active, together, by_then, k)
        or not _leaves_in_weeks(active, week, weeks, k)
        or not _leaves_to_hidden(together, least, came, k)
    ):
        least, together, came = dict(leasts), without, untold
    week.cohort_least, week.cohort_most, week.cohort_months = least, came, together


REMEMBERED: Final = (
    *("cohort_least", "cohort_most", "cohorts_hidden"),
    *("activated_told", "activated_room", "cohort_months"),
)


def remember_activated(week: WeekMeasures, before: WeekMeasures | None, activated: Figure) -> None:
    """The same of all that are told to be activated, after `remember_cohorts`."""
    if before is not None and month_end(before.monday) == month_end(week.monday):
        return
    span, most = _month(week), int(activated.ceiling or 0)
    if before is not None and before.activated_told[1]:
        came = sum(week.cohort_most.get(one, most) for one in range(span.first, span.last + 1))
        able = before.activated_told[1] + came + in_quiet_weeks(week)
        most = min(most, able) if week.activated <= able else most
    week.activated_told = (int(activated.floor), most)
    this = week.cohort_months[month_end(week.monday)]
    this.least, this.most = week.activated_told


def _reached(leasts: Mapping[int, int], least: Mapping[int, int]) -> dict[int, int]:
    return {cohort: max(leasts.get(cohort, 0), least.get(cohort, 0)) for cohort in {*leasts, *least}}


def _came(
    week: WeekMeasures, most: Mapping[int, int], cells: Mapping[int, Figure], month: Figure, since: int
) -> dict[int, int]:
    """Of cohorts that came in the four weeks, the most that can have come by their end: by what is told of each, and
    of how many were activated `since` the month before. `most`: that came before, of each."""
    span, told = _month(week), _cohorts_most(cells, month)
    found = {}
    for cohort in range(span.first, span.last + 1):
        began = cohort > span.first or span.begins
        if began or cohort in most:
            here = min(since, told.get(cohort, int(month.ceiling or 0)))
            found[cohort] = (0 if began else most[cohort]) + max(0, here)
    return found


def _near(least: Mapping[int, int], most: Mapping[int, int], over: int, k: int) -> list[int]:
    """Cohorts that are over, and may not have k - 1 more than were active of it in one month."""
    return [one for one, low in least.items() if one <= over and one in most and low > most[one] - (k - 1)]


class _Sums:
    """Of cohorts before one."""

    def __init__(self, of_each: Mapping[int, int], first: int) -> None:
        self.first, last = first, max(of_each, default=first)
        self.sums = list(accumulate((of_each.get(one, 0) for one in range(first, last + 1)), initial=0))

    def before(self, cohort: int) -> int:
        return self.sums[max(0, min(cohort - self.first, len(self.sums) - 1))]


# --- who was activated by the end of each month ---------------------------------------------------------------


def _months_before(before: WeekMeasures | None) -> dict[int, CohortMonth]:
    kept = before.cohort_months if before else {}
    first, *later = sorted(kept) or [0]
    return {monday: kept[monday] for monday in (first, *later[2 - MONTHS_MAX :]) if kept}


def _month_told(
    week: WeekMeasures,
    cells: Mapping[int, Figure],
    month: Figure,
    activated: Figure,
    least: Mapping[int, int],
    came: Mapping[int, int],
) -> CohortMonth:
    """Without cells: nothing is told of cohorts."""
    span = _month(week)
    part = least.get(span.last, 0) if span.last > span.over else 0
    most = _cohorts_most(cells, month, came)
    over = {cohort: cell for cohort, cell in cells.items() if cohort <= span.over}
    rest = int(month.floor) - sum(int(cell.value) for cell in over.values() if cell.value is not None)
    hidden = {
        cohort: most.get(cohort, int(month.ceiling or 0))
        for cohort, cell in over.items()
        if cell.value is None
    }
    told = int(activated.floor), int(activated.ceiling or 0)
    part_most = came.get(span.last) if span.last > span.over else None
    return CohortMonth(span.over, span.last + 1, part, rest, hidden if cells else None, *told, part_most)


def _least_by(months: Mapping[int, CohortMonth], least: Mapping[int, int]) -> dict[int, int]:
    """Of each month, the least that are told to have been activated by its end."""
    first = min(least, default=0)
    sums = _Sums(least, first)
    found: dict[int, int] = {}
    for monday in sorted(months):
        month = months[monday]
        so_far, hidden = sums.before(month.over + 1), month.hidden or {}
        again = {one: min(least.get(one, 0), most) for one, most in hidden.items()}
        spared = _Sums({one: most - again[one] for one, most in hidden.items()}, first)
        rest = month.part if month.hidden is None else month.rest - sum(again.values())

        # Of cohorts since, by the most of each hidden one in the month, or by the least of it in another.
        low = max(month.least, month.rest, so_far + max(month.part, rest))
        for earlier, fewest in found.items():
            after, since = months[earlier].after, 0
            if after <= month.over + 1:
                since = so_far - sums.before(after) + max(month.part, rest - spared.before(after))
            low = max(low, fewest + since + _came_after(months[earlier], month, least))
        found[monday] = low
    return found


def _came_after(earlier: CohortMonth, month: CohortMonth, least: Mapping[int, int]) -> int:
    """Of a cohort that went on past the earlier month and is over with the other, the least that came after it."""
    if earlier.part_most is None or earlier.after > month.over + 1:
        return 0
    return max(0, least.get(earlier.after - 1, 0) - earlier.part_most)


def _leaves_by_then(
    by_then: Mapping[int, int],
    told: Mapping[int, CohortMonth],
    untold: Mapping[int, CohortMonth],
    leasts: Mapping[int, int],
    k: int,
) -> bool:
    """Whether by the end of each month `k` of those may be missing who are told to have been activated by then, as far
    as that does not follow anyway."""
    near = {monday: low for monday, low in by_then.items() if low > told[monday].most - k}
    anyway = _least_by(untold, leasts) if near else {}
    return all(low <= anyway[monday] for monday, low in near.items())


def _leaves_to_hidden(
    told: Mapping[int, CohortMonth], least: Mapping[int, int], most: Mapping[int, int], k: int
) -> bool:
    """Whether each that is hidden in the newest month and another may have k - 1 fewer than it can: the fewer it had
    in each, the more had those hidden beside it."""
    newest = max(told)
    for one in {*(told[newest].hidden or {})} & {*most}:
        had, fewer = dict(least), {}
        for monday, month in told.items():
            hidden = dict(month.hidden or {})
            if one in hidden:
                hidden[one] = min(hidden[one], most[one] - (k - 1))
                beyond = month.rest - sum(hidden.values())
                others = {*hidden} - {one} if month.after == month.over + 1 else ()
                had |= {each: max(had.get(each, 0), beyond + hidden[each]) for each in others}
            fewer[monday] = replace(month, hidden=hidden if month.hidden is not None else None)
        if any(low > told[monday].most for monday, low in _least_by(fewer, had).items()):
            return False
    return True


# --- who was active in a month, beside who was activated between others ---------------------------------------


class _Active:
    """The active members of a month, where anything is told of their cohorts."""

    def __init__(self, cells: Mapping[int, Figure], month: Figure, most: Mapping[int, int]) -> None:
        highs = _cohorts_most(cells, month, most)
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


def _leaves_until(active: _Active, months: Mapping[int, CohortMonth], k: int) -> bool:
    """Whether those of cohorts up to an earlier month are `k` fewer than can have been activated by its end. How many
    that were may be known."""
    return not active.cells or all(
        active.fewest(active.first, month.over) + month.part <= month.most - k for month in months.values()
    )


def _leaves_between(
    active: _Active, told: Mapping[int, CohortMonth], by_then: Mapping[int, int], k: int
) -> bool:
    """Whether those of cohorts between two months are k - 1 fewer than can have been activated between: so many numbers
    are left to each as the cells leave."""
    *earlier, newest = sorted(told) if active.cells else [0]
    for at, monday in enumerate(earlier):
        begun = told[monday]
        for later in (*earlier[at + 1 :], newest):
            over, part = (active.last, 0) if later == newest else (told[later].over, told[later].part)
            since = active.fewest(begun.after, over)
            if begun.part_most is not None:
                since = max(since, active.fewest(begun.over + 1, over) - begun.part_most)
            is_after = begun.after <= over + 1 and since + part > 0
            if is_after and by_then[monday] + since + part > told[later].most - (k - 1):
                return False
    return True


def _leaves_before(
    active: _Active, told: Mapping[int, CohortMonth], by_then: Mapping[int, int], k: int
) -> bool:
    """Whether those of newer cohorts can be k - 1 more than must have come since the month before, who are active."""
    *earlier, newest = sorted(told)
    if not (active.cells and earlier):
        return True
    before = told[earlier[-1]]
    came = by_then[newest] - before.most
    return active.fewest(active.first, before.over) <= active.month - came - (k - 1)


def _leaves_in_weeks(active: _Active, week: WeekMeasures, weeks: Sequence[Figure], k: int) -> bool:
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
