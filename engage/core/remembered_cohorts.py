"""What is remembered of the cohorts of a month, week by week, so that months told one after the other tell no more.

Owns what is written into a new week: the least and the most of each cohort by what is told so far, and what each month
says of all who were activated by its end. Must not know how much room that has to leave: `cohort_room`.

Which cohorts of a month are told is decided once, when its first week is frozen:

- Of each it is known that it is no less than were active of it in any month told (its peak).
- It is no more than came in the four weeks in which it came, and no more than can have been activated between their
  ends, by what is told of that.

Where a month would bring these two nearer than k - 1, so that with k - 2 members known they could meet, the cohort is
hidden; where it leaves too little room else, all are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from engage.core.calendar import month_end
from engage.core.cohort_room import Active, Known, leaves_room
from engage.core.measures import WeekMeasures
from engage.core.privacy import Figure
from engage.core.published_cohorts import cohort_cells, in_quiet_weeks, least_active, most_active, span_of
from engage.core.segments import CohortMonth

MONTHS_MAX: Final = 26
"""Of so many months, the first and those of two years, it is remembered what they say of all activated by their end."""
REMEMBERED: Final = (
    *("cohort_least", "cohort_most", "cohorts_hidden"),
    *("activated_told", "activated_room", "cohort_months"),
)


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
    span, end, months = span_of(week), month_end(week.monday), _months_before(before)
    if before is not None and _had_come(before) == 0:
        most = {span.first: 0}
    cells = cohort_cells(week, month, k)
    came = {**most, **_came(week, most, cells, month, since)}
    if near := _near(least_active(cells, month, came), came, span.over, k):
        week.cohorts_hidden = near
        cells = cohort_cells(week, month, k)
        came = {**most, **_came(week, most, cells, month, since)}
    untold = {**most, **_came(week, most, {}, month, since)}
    least = _reached(leasts, least_active(cells, month, came, _together(months, leasts, cells)))
    without = Known(leasts, untold, {**months, end: _month_told(week, {}, month, activated, leasts, untold)})
    together = Known(least, came, {**months, end: _month_told(week, cells, month, activated, least, came)})
    active = Active(cells, month, came)
    safe = not _near(least, came, span.over, k) and leaves_room(together, without, active, week, weeks, k)
    week.cohort_least, week.cohort_most, week.cohort_months = together if safe else without


def remember_activated(week: WeekMeasures, before: WeekMeasures | None, activated: Figure) -> None:
    """The same of all that are told to be activated, after `remember_cohorts`."""
    if before is not None and month_end(before.monday) == month_end(week.monday):
        return
    span, most = span_of(week), int(activated.ceiling or 0)
    if before is not None and (had_come := _had_come(before)) is not None:
        came = sum(week.cohort_most.get(one, most) for one in range(span.first, span.last + 1))
        able = had_come + came + in_quiet_weeks(week)
        most = min(most, able) if week.activated <= able else most
    week.activated_told = (int(activated.floor), most)
    this = week.cohort_months[month_end(week.monday)]
    this.least, this.most = week.activated_told


def _had_come(before: WeekMeasures) -> int | None:
    """The most that are told to have been activated by the end of the month before. None: not kept yet."""
    return before.activated_told[1] if before.cohort_months else None


def _reached(leasts: Mapping[int, int], least: Mapping[int, int]) -> dict[int, int]:
    return {cohort: max(leasts.get(cohort, 0), least.get(cohort, 0)) for cohort in {*leasts, *least}}


def _together(
    months: Mapping[int, CohortMonth], leasts: Mapping[int, int], cells: Mapping[int, Figure]
) -> dict[int, int]:
    """Of cohorts that were over with an earlier month, the most who can be active: who was activated by then, but those
    of whom it is told that they are not."""
    found = {}
    for one in months.values():
        idle = sum(
            max(0, leasts.get(cohort, 0) - int(cell.value))
            for cohort, cell in cells.items()
            if cohort <= one.over and cell.value is not None
        )
        found[one.over] = one.most - one.part - idle
    return found


def _came(
    week: WeekMeasures, most: Mapping[int, int], cells: Mapping[int, Figure], month: Figure, since: int
) -> dict[int, int]:
    """Of cohorts that came in the four weeks, the most that can have come by their end: by what is told of each, and
    of how many were activated `since` the month before. `most`: that came before, of each."""
    span, told = span_of(week), most_active(cells, month)
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
    span = span_of(week)
    part = least.get(span.last, 0) if span.last > span.over else 0
    most = most_active(cells, month, came)
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
