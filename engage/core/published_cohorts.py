"""Who is active by month of activation, as figures: what months told one after the other may not add up to.

Owns the cells and what is remembered of those told before. Must not know how many are activated: the size of a cohort
stays the same while what stands beside it changes, so it is told nowhere, and these follow of it:

- It is no less than were active of it in any month told (its peak).
- It is no more than came in the four weeks in which it came, for whoever comes first in four weeks is active in them.
- Cohorts together are no fewer than their peaks, and no more than are told to have been activated by their end; with
  those after it they are no more than the members.
- By the end of a month are activated: who was active in it, those of each cohort who were besides in another month,
  and whoever was by the end of an earlier one, with the cohorts since; or of a later one, but for who can have come.
- Of who was active in it, those of cohorts that came after an earlier one are all but who can have come by then.

Where a month would bring two of these nearer than k - 1, so that with k - 2 members known they could meet, its cohorts
are hidden. One that came within four weeks is hidden in these, or its size would be told.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from itertools import accumulate
from typing import Final, NamedTuple

from engage.core.calendar import month_end
from engage.core.measures import MONTH_WEEKS, WEEK, WeekMeasures
from engage.core.privacy import NOT_SHOWN, Figure, publish_table
from engage.core.published_beginners import begun_by
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
    too where that was not remembered to be safe, see `remember_cohorts`."""
    cells = cohort_cells(week, active_4w, k)
    most = _cohorts_most(cells, active_4w)
    if (remembered := week.cohort_months.get(month_end(week.monday))) is not None:
        return cells if remembered.hidden is not None else dict.fromkeys(cells, _untold(active_4w))
    if week.months_told and any(most[cohort] > week.cohort_peaks.get(cohort, 0) for cohort in most):
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
    after = {month - months[0]: most for month, most in _told_after(week).items() if month in months}
    cells = publish_table(counts, k, active_4w, partition=True, secret=secret, together=after).cells
    return dict(zip(months, cells, strict=True))


def _told_after(week: WeekMeasures) -> dict[int, int]:
    """Month of activation -> the most that can have come in it or later: who is activated, less who was before."""
    return {last + 1: week.activated_room - least for last, least in _activated_before(week).items()}


def _activated_before(week: WeekMeasures) -> dict[int, int]:
    """The same least, by what is told of beginners of funnels too."""
    begun = begun_by(week)
    return {
        last: max(begun.get(last, 0), week.activated_before.get(last, 0))
        for last in {**week.activated_before, **begun}
    }


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


def _cohorts_most(cells: Mapping[int, Figure], month: Figure) -> dict[int, int]:
    """Of cells that tell anything, the most that each can be."""
    floors = sum(cell.floor for cell in cells.values())
    if not month.value or all(
        not cell.floor and (cell.ceiling or 0) >= month.value for cell in cells.values()
    ):
        return {}
    return {
        cohort: int(min(cell.ceiling or 0, month.value - floors + cell.floor))
        for cohort, cell in cells.items()
    }


def _cohorts_least(cells: Mapping[int, Figure], month: Figure) -> dict[int, int]:
    """Of the same cells, the least."""
    most = _cohorts_most(cells, month)
    left = (month.value or 0) - sum(most.values())
    return {cohort: max(int(cells[cohort].floor), int(left) + high) for cohort, high in most.items()}


# --- what is remembered ---------------------------------------------------------------------------------------


def remember_cohorts(
    week: WeekMeasures, before: WeekMeasures | None, month: Figure, members: Figure, activated: Figure, k: int
) -> None:
    """Write into a new week what is told of cohorts so far, with those of its month where that is safe. `month`,
    `members`, `activated`: those active in it, the size of the company, and who is activated by what was told before.
    """
    if before is not None and month_end(before.monday) == month_end(week.monday):
        for name in REMEMBERED:
            setattr(week, name, getattr(before, name))
        return
    if before is not None and before.activated_told[1]:
        last = _month(before).last
        told = max(before.activated_told[0], before.activated_before.get(last, 0))
        week.activated_before = {**before.activated_before, last: told}
    week.activated_room = int(activated.ceiling or 0)
    peaks, leasts, most = (
        (before.cohort_peaks, before.cohort_least, before.cohort_most) if before else ({}, {}, {})
    )
    cells = cohort_cells(week, month, k)
    came = _came(week, before, cells, month)
    months = _months_before(before)
    alone = _alone(months)
    near = _near(_cohorts_least(cells, month), {**most, **came}, alone, _month(week).over, k)
    if near:
        week.cohorts_hidden = near
        cells = cohort_cells(week, month, k)
        came = _came(week, before, cells, month)
    reached = _reached(peaks, _cohorts_most(cells, month))
    least = _reached(leasts, _cohorts_least(cells, month))
    end = month_end(week.monday)
    untold = _came(week, before, {}, month)
    without = {**months, end: _month_told(week, {}, month, activated, leasts, untold)}
    together = {**months, end: _month_told(week, cells, month, activated, least, came)}
    within = before.cohorts_within if before else {}
    is_new = reached != peaks or least != leasts
    if (
        (is_new and not _leaves_members(reached, members, k))
        or _near(least, {**most, **came}, alone, _month(week).over, k)
        or (is_new and not _leaves_together(least, within, k))
        or (is_new and not _leaves_after(least, _activated_before(week), members, k))
        or not _leaves_by_then(together, least, without, leasts, k)
        or not _leaves_since(cells, month, activated, before, k)
        or not _leaves_new(cells, month, activated, months, k)
    ):
        reached, least, together, came = dict(peaks), dict(leasts), without, untold
    week.cohort_peaks, week.cohort_least, week.cohort_most = reached, least, {**most, **came}
    week.cohort_months = together


REMEMBERED: Final = (
    *("cohort_peaks", "cohort_least", "cohort_most", "cohorts_hidden", "cohorts_within"),
    *("activated_told", "activated_before", "activated_room", "cohort_months"),
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
    within = before.cohorts_within if before else {}
    week.cohorts_within = {**within, span.over: min(most, within.get(span.over, most))}


def _reached(peaks: Mapping[int, int], most: Mapping[int, int]) -> dict[int, int]:
    return {cohort: max(peaks.get(cohort, 0), most.get(cohort, 0)) for cohort in {*peaks, *most}}


def _came(
    week: WeekMeasures, before: WeekMeasures | None, cells: Mapping[int, Figure], month: Figure
) -> dict[int, int]:
    """Of cohorts that came in the four weeks, the most that can have come by their end: by what is told of each."""
    span, most = _month(week), before.cohort_most if before else {}
    told = _cohorts_most(cells, month)
    found = {}
    for cohort in range(span.first, span.last + 1):
        began = cohort > span.first or span.begins
        if began or cohort in most:
            found[cohort] = (0 if began else most[cohort]) + told.get(cohort, int(month.ceiling or 0))
    return found


def _leaves_members(reached: Mapping[int, int], members: Figure, k: int) -> bool:
    return sum(reached.values()) <= members.floor - k


def _near(
    least: Mapping[int, int], most: Mapping[int, int], alone: Collection[int], over: int, k: int
) -> list[int]:
    """Cohorts that are over, and may not have k - 1 more than were active of it in one month. `alone`: of these it is
    known how many they are."""
    return [
        one
        for one, low in least.items()
        if one <= over and one in most and low > most[one] - (k if one in alone else k - 1)
    ]


def _alone(months: Mapping[int, CohortMonth]) -> set[int]:
    """Cohorts that came within a month in which nobody else can have been active."""
    return {
        month.over
        for month in months.values()
        if month.hidden is not None and [*month.hidden] == [month.over] and month.after == month.over + 1
    }


def _leaves_together(reached: Mapping[int, int], within: Mapping[int, int], k: int) -> bool:
    """Whether cohorts up to one leave k of those who are told to have been activated by its end."""
    return all(
        sum(peak for one, peak in reached.items() if one <= last) <= most - k for last, most in within.items()
    )


def _leaves_after(least: Mapping[int, int], activated: Mapping[int, int], members: Figure, k: int) -> bool:
    """Whether cohorts after one, with those who are told to have been activated by its end, leave k of the members."""
    later = {last: sum(low for one, low in least.items() if one > last) for last in activated}
    return all(not later[last] or told + later[last] <= members.floor - k for last, told in activated.items())


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
    most = _cohorts_most(cells, month)
    over = {cohort: cell for cohort, cell in cells.items() if cohort <= span.over}
    rest = int(month.floor) - sum(int(cell.value) for cell in over.values() if cell.value is not None)
    hidden = {
        cohort: most.get(cohort, int(month.ceiling or 0))
        for cohort, cell in over.items()
        if cell.value is None
    }
    told = int(activated.floor), int(activated.ceiling or 0)
    part_most = came.get(span.last) if span.last > span.over else None
    here = int(month.ceiling or 0)
    newest = min(here, sum(most.get(cohort, here) for cohort in range(span.first, span.last + 1)))
    return CohortMonth(
        span.over, span.last + 1, part, rest, hidden if cells else None, *told, part_most, newest
    )


def _least_by(months: Mapping[int, CohortMonth], least: Mapping[int, int]) -> dict[int, int]:
    """Of each month, the least that are told to have been activated by its end."""
    first, last = min(least, default=0), max(least, default=0)
    sums = list(accumulate((least.get(cohort, 0) for cohort in range(first, last + 1)), initial=0))

    def before(cohort: int) -> int:
        return sums[max(0, min(cohort - first, len(sums) - 1))]

    found: dict[int, int] = {}
    for monday in sorted(months):
        month = months[monday]
        so_far = before(month.over + 1)
        low = max(month.least, month.rest, so_far + month.part)
        if month.hidden is not None:
            within = sum(min(least.get(cohort, 0), most) for cohort, most in month.hidden.items())
            low = max(low, month.rest + so_far - within)
        for earlier, fewest in found.items():
            after = months[earlier].after
            since = so_far - before(after) + month.part if after <= month.over + 1 else 0
            low = max(low, fewest + since + _came_after(months[earlier], month, least))
        found[monday] = low
    return _without_who_came(found, months)


def _without_who_came(least: Mapping[int, int], months: Mapping[int, CohortMonth]) -> dict[int, int]:
    """The same, by what the month after each leaves: who is activated by its end and cannot have come in it."""
    found = dict(least)
    for monday in sorted(months, reverse=True):
        before, came = monday - MONTH_WEEKS * WEEK, months[monday].came
        if before in found and came is not None:
            found[before] = max(found[before], found[monday] - came)
    return found


def _came_after(earlier: CohortMonth, month: CohortMonth, least: Mapping[int, int]) -> int:
    """Of a cohort that went on past the earlier month and is over with the other, the least that came after it."""
    if earlier.part_most is None or earlier.after > month.over + 1:
        return 0
    return max(0, least.get(earlier.after - 1, 0) - earlier.part_most)


def _leaves_by_then(
    told: Mapping[int, CohortMonth],
    least: Mapping[int, int],
    untold: Mapping[int, CohortMonth],
    leasts: Mapping[int, int],
    k: int,
) -> bool:
    """Whether by the end of each month `k` of those may be missing who are told to have been activated by then, as far
    as that does not follow anyway."""
    near = {monday: low for monday, low in _least_by(told, least).items() if low > told[monday].most - k}
    anyway = _least_by(untold, leasts) if near else {}
    return all(low <= anyway[monday] for monday, low in near.items())


def _leaves_since(
    cells: Mapping[int, Figure], month: Figure, activated: Figure, before: WeekMeasures | None, k: int
) -> bool:
    """Whether hidden cohorts that came after another may be k - 1 fewer, and hidden ones before as many more: of the
    active members, no more came before than are told to have been activated by then; and whoever came since the month
    before is active."""
    highs = _cohorts_most(cells, month)
    fewest = {
        last: int(month.floor) - most for last, most in (before.cohorts_within if before else {}).items()
    }
    if before is not None and before.activated_told[1]:
        last = _month(before).over
        fewest[last] = max(fewest.get(last, 0), int(activated.floor) - before.activated_told[1])
    for last, few in fewest.items():
        since = [cohort for cohort in highs if cohort > last]
        hidden = any(cells[cohort].value is None for cohort in since)
        if hidden and sum(highs[cohort] for cohort in since) - max(0, few) < k - 1:
            return False
        earlier = [cells[cohort] for cohort in highs if cohort <= last]
        open_to = int(month.floor) - max(0, few) - sum(int(cell.floor) for cell in earlier)
        if few > 0 and any(cell.value is None for cell in earlier) and open_to < k - 1:
            return False
    return True


def _leaves_new(
    cells: Mapping[int, Figure],
    month: Figure,
    activated: Figure,
    months: Mapping[int, CohortMonth],
    k: int,
) -> bool:
    """Whether those who were activated by the end of an earlier month, with those active of cohorts since, are k fewer
    than can have been activated by now."""
    highs, most = _cohorts_most(cells, month), int(activated.ceiling or 0)
    for earlier in months.values() if highs else ():
        since = int(month.floor) - sum(high for cohort, high in highs.items() if cohort < earlier.after)
        if since > 0 and earlier.least + since > most - k:
            return False
    return True
