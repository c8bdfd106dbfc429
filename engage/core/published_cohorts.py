"""Who is active by month of activation, as figures.

Owns the cells of a month. Must not know how many are activated: the size of a cohort stays the same while what stands
beside it changes, so it is told nowhere. What follows of months told one after the other: `cohort_room`.

One that came within four weeks is hidden in these, for whoever comes first in four weeks is active in them: its size
would be told.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from engage.core.calendar import month_end
from engage.core.measures import MONTH_WEEKS, WEEK, WeekMeasures
from engage.core.privacy import NOT_SHOWN, Figure, publish_table
from engage.core.segments import cohort_of


class Span(NamedTuple):
    """Months of the calendar as four weeks have them: that of their first week, whether it began with it, that of
    their last, and the newest that is over with it."""

    first: int
    begins: bool
    last: int
    over: int


def span_of(week: WeekMeasures) -> Span:
    """Of the four weeks that end with the month of a week."""
    end = month_end(week.monday)
    start = end - WEEK * (MONTH_WEEKS - 1)
    first = cohort_of(start)
    return Span(first, cohort_of(start - WEEK) < first, cohort_of(end), cohort_of(end + WEEK) - 1)


def publish_active_cohorts(week: WeekMeasures, active_4w: Figure, k: int) -> dict[int, Figure]:
    """Active members by month of activation, the oldest first: a division of their exact number, or nothing. Nothing
    too where that was not remembered to be safe, see `remembered_cohorts`, or for other cells: beside those of two
    rules hidden ones follow."""
    cells = cohort_cells(week, active_4w, k)
    remembered = week.cohort_months.get(month_end(week.monday))
    if remembered is None or remembered.hidden is None or week.activated_room:
        return dict.fromkeys(cells, _untold(active_4w))
    return cells


def cohort_cells(week: WeekMeasures, active_4w: Figure, k: int) -> dict[int, Figure]:
    """Months in which nobody was activated are among them: that would be said of everybody."""
    if not week.cohorts:
        return {}
    span = span_of(week)
    months = range(min(week.cohorts), max(*week.cohorts, span.last) + 1)
    if active_4w.value is None:
        return dict.fromkeys(months, _untold(active_4w))
    counts = [week.cohorts.get(month, (0, 0))[1] for month in months]
    secret = {
        at for at, month in enumerate(months) if _is_within(span, month) or month in week.cohorts_hidden
    }
    cells = publish_table(counts, k, active_4w, partition=True, secret=secret).cells
    return dict(zip(months, cells, strict=True))


def _is_within(span: Span, cohort: int) -> bool:
    """Whether all of the cohort came in these four weeks."""
    return cohort <= span.over and (cohort > span.first or (cohort == span.first and span.begins))


def is_first_month(week: WeekMeasures) -> bool:
    """Whether everybody came in these four weeks, which the oldest of their months of activation tells."""
    return bool(week.cohorts) and _is_within(span_of(week), min(week.cohorts))


def in_quiet_weeks(week: WeekMeasures) -> int:
    """The most who can have come in quiet weeks of the month: nobody there is among those active in it."""
    return (week.floor - 1) * week.month.count(0)


def _untold(active_4w: Figure) -> Figure:
    return Figure(NOT_SHOWN, "members", hidden="few", low=0, high=active_4w.ceiling)


def most_active(
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


def least_active(
    cells: Mapping[int, Figure],
    month: Figure,
    most: Mapping[int, int],
    together: Mapping[int, int] | None = None,
) -> dict[int, int]:
    """Of the same cells, the least. `together`: up to a cohort, the most who can be active."""
    highs = most_active(cells, month, most)
    others = sum(highs.values())
    found = {}
    for cohort in sorted(highs):
        found[cohort] = max(int(cells[cohort].floor), int(month.value or 0) - others + highs[cohort])
        if cohort in (together or {}):
            newer = sum(high for one, high in highs.items() if one > cohort)
            others = min(others, (together or {})[cohort] + newer)
    return found
