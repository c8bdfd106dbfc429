"""How figures are written on the pages: digits grouped, minus as a minus, days as people say them.

Every function takes a value and gives text, or markup where a tooltip or a machine-readable form belongs to it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any, Final
from urllib.parse import quote

from markupsafe import Markup

from engage.core.language import ENGLISH, Language, translate
from engage.core.outline import Row, is_told
from engage.formats.cover import capital, in_cell, short_day
from engage.formats.cover import day as written_day

MINUS: Final = "\N{MINUS SIGN}"
NONE: Final = "–"


def whole(value: float | None) -> str:
    """4,900; a dash for what is not known."""
    return NONE if value is None else f"{value:,.0f}".replace("-", MINUS)


def short(value: float) -> str:
    """70, 12.5, 1,250: no more digits than there are, and no minus before zero."""
    return f"{round(value, 1) or 0:,.1f}".removesuffix(".0").replace("-", MINUS)


def typed(value: float) -> str:
    """1250, 12.5: as a field for a number takes it."""
    return str(int(value)) if value.is_integer() else str(value)


def signed(value: float | None) -> str:
    """+3, −12, 0: a change, rounded to whole units, with a real minus."""
    if value is None:
        return NONE
    units = round(value)
    return f"{units:+,d}".replace("-", MINUS) if units else "0"


def tenths(value: float) -> str:
    """+3.4, −12.0: what a driver adds to the score or takes away."""
    return f"{value:+.1f}".replace("-", MINUS) if round(value, 1) else "0"


def amount(cents: int | None) -> str:
    """Money in whole units of the host's currency, which Engage is not told."""
    return whole(None if cents is None else cents / 100)


def day(value: date | str | None) -> Markup:
    """22 Nov 2026, readable by machines too."""
    if value is None:
        return Markup("–")
    if isinstance(value, str):
        value = date.fromisoformat(value)
    return Markup('<time datetime="{}">{}</time>').format(value.isoformat(), written_day(value, ENGLISH))


def months(text: str, language: Language) -> str:
    """November 2025 – October 2026, of the first and the last as economics names them."""
    first, last = (date.fromisoformat(f"{one}-01") for one in text.split(" to "))
    return " – ".join(translate(f"{one:%B %Y}", language) for one in (first, last))


def week(monday: date, language: Language) -> str:
    """16–22 Nov: the days of the week that starts on `monday`."""
    sunday = monday + timedelta(days=6)
    first, last = short_day(monday, language), short_day(sunday, language)
    if monday.month != sunday.month:
        return f"{first}–{last}"
    return f"{monday.day}–{last}" if language == ENGLISH else f"{first}–{sunday.day}日"


def days_left(days: int | None) -> str:
    if days is None:
        return NONE
    if days == 0:
        return "today"
    if days < 0:
        return f"{-days:,} {'day' if days == -1 else 'days'} ago"
    return f"in {days:,} {'day' if days == 1 else 'days'}"


def pathpart(text: str) -> str:
    """A host's id as one part of an address; it may hold anything, a slash as well."""
    return quote(text, safe="")


def are_told(rows: Sequence[Row]) -> tuple[list[Row], list[str]]:
    """The rows of which anything is told, and the names of the others; all, where nothing is told of any."""
    told = [row for row in rows if is_told(row)]
    return (told, [str(row[0]) for row in rows if not is_told(row)]) if told else (list(rows), [])


FILTERS: Final[dict[str, Callable[..., Any]]] = {
    "whole": whole,
    "short": short,
    "typed": typed,
    "signed": signed,
    "tenths": tenths,
    "amount": amount,
    "day": day,
    "days_left": days_left,
    "pathpart": pathpart,
    "capital": capital,
    "in_cell": in_cell,
    "are_told": are_told,
    "months": months,
}
