"""The periods a report covers: runs of whole ISO weeks, and the run before each.

Owns how a name (last-12-weeks, 2026-Q1, 2026-03) becomes weeks. Days are ordinals. Figures exist for whole weeks
only, so that two reports never differ by a day; a week belongs to the month and quarter its Thursday lies in, as
ISO 8601 assigns weeks to years.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Final

from engage.core.calendar import week_of
from engage.core.language import mark, say
from engage.core.reports import Period

PERIOD_DEFAULT: Final = "last-12-weeks"
LAST_WEEKS_MAX: Final = 52
THURSDAY: Final = 3
_WEEK: Final = 7

EXPECTED: Final = mark(
    "a period is last-12-weeks (any number to 52), a quarter as 2026-Q1 or a month as 2026-03"
)

_LAST = re.compile(r"last-([0-9]{1,2})-weeks")
_QUARTER = re.compile(r"([0-9]{4})-[Qq]([1-4])")
_MONTH = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])")
_MONTHS: Final = (
    *(
        mark("January {year:d}"),
        mark("February {year:d}"),
        mark("March {year:d}"),
        mark("April {year:d}"),
        mark("May {year:d}"),
        mark("June {year:d}"),
        mark("July {year:d}"),
    ),
    *(
        mark("August {year:d}"),
        mark("September {year:d}"),
        mark("October {year:d}"),
        mark("November {year:d}"),
        mark("December {year:d}"),
    ),
)


def read_period(name: str, last_sunday: int) -> tuple[Period, Period] | None:
    """The period of that name and the one before it, seen from the end of a complete week; None: no such name.

    Weeks after `last_sunday` are left out; the period itself may then be shorter, but has one week at least.
    """
    if match := _LAST.fullmatch(name):
        weeks = int(match.group(1))
        if not 1 <= weeks <= LAST_WEEKS_MAX:
            return None
        first = last_sunday + 1 - weeks * _WEEK
        text = say(
            "The {count:d} complete ISO weeks up to {day}.",
            count=weeks,
            day=date.fromordinal(last_sunday).isoformat(),
        )
        before = first - weeks * _WEEK
        return (
            _period(name, _weeks(weeks), first, last_sunday, text),
            _period(
                f"{name}-before",
                _weeks_before(weeks),
                before,
                first - 1,
                say("As many weeks, before."),
            ),
        )
    found = _months(name)
    if found is None:
        return None
    year, month, span = found
    previous = (year, month - span) if month > span else (year - 1, month - span + 12)
    first, last = _bounds(year, month, span)
    earlier = _bounds(*previous, span)
    text = say("The whole ISO weeks whose Thursday lies in it.")
    if last > last_sunday:
        last = max(last_sunday, first + _WEEK - 1)
        text = say(
            "The whole ISO weeks whose Thursday lies in it. It is not over: only complete weeks are shown."
        )
    return (
        _period(name, _label(year, month, span), first, last, text),
        _period(
            _name(*previous, span),
            _label(*previous, span),
            *earlier,
            say("The whole weeks of the period before."),
        ),
    )


def _months(name: str) -> tuple[int, int, int] | None:
    """(year, first month, how many months)."""
    if match := _QUARTER.fullmatch(name):
        found = int(match.group(1)), 3 * int(match.group(2)) - 2, 3
    elif match := _MONTH.fullmatch(name):
        found = int(match.group(1)), int(match.group(2)), 1
    else:
        return None
    return found if 1970 <= found[0] <= 9998 else None


def _bounds(year: int, month: int, span: int) -> tuple[int, int]:
    """The Monday of the first and the Sunday of the last week whose Thursday lies in these months."""
    start = date(year, month, 1).toordinal()
    after = month + span
    end = date(year + (after > 12), after - 12 if after > 12 else after, 1).toordinal()
    return _week_with_thursday_from(start), _week_with_thursday_from(end) - 1


def _week_with_thursday_from(day: int) -> int:
    monday = week_of(day)
    return monday if monday + THURSDAY >= day else monday + _WEEK


def _period(name: str, label: str, first: int, last: int, text: str) -> Period:
    weeks = (last + 1 - first) // _WEEK
    return Period(
        name, label, date.fromordinal(first).isoformat(), date.fromordinal(last).isoformat(), weeks, text
    )


def _weeks(count: int) -> str:
    return say("last week") if count == 1 else say("last {count:d} weeks", count=count)


def _weeks_before(count: int) -> str:
    return say("last week before") if count == 1 else say("last {count:d} weeks before", count=count)


def _label(year: int, month: int, span: int) -> str:
    if span == 1:
        return say(_MONTHS[month - 1], year=year)
    return say("quarter {quarter:d} of {year:d}", quarter=month // 3 + 1, year=year)


def _name(year: int, month: int, span: int) -> str:
    return f"{year}-{month:02}" if span == 1 else f"{year}-Q{month // 3 + 1}"
