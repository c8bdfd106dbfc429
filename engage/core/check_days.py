"""Days in a document: a date, or a month and day of every year."""

from __future__ import annotations

import re
import typing as t
from datetime import date

from engage.core.problems import Mapping, Path, Problems, shown

_WRITTEN = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_MEANT = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ].*)?", re.ASCII)
_LEAP_YEAR = "2024-"


def read_day(problems: Problems, value: t.Any, path: Path, *, yearly: bool) -> str | None:
    """A date, which YAML may have read as one already; without its year for every year."""
    if problems.passed_over(value):
        return None
    text = value.isoformat() if isinstance(value, date) else value
    year = _LEAP_YEAR if yearly else ""
    if isinstance(text, str) and _is_day(year + text):
        return text
    words = f"must be {'a month and day, as in 12-24' if yearly else 'a date, as in 2026-12-24'}"
    if not isinstance(text, str) or not _WRITTEN.fullmatch(year + text):
        meant = _meant(year + text) if isinstance(text, str) else None
        problems.add(path, words, suggestion=meant and meant.removeprefix(year))
    else:
        problems.add(path, f"{words}; there is no {shown(text)}")
    return None


def read_bound(problems: Problems, entries: Mapping, key: str, path: Path) -> int | None:
    """A local day as its ordinal, 0 when there is none, None when it was reported."""
    if entries.get(key) is None:
        return 0
    day = read_day(problems, entries[key], (*path, key), yearly=False)
    return None if day is None else date.fromisoformat(day).toordinal()


def _is_day(text: str) -> bool:
    try:
        # What Python takes besides, such as 2026-W01-4, is compared as text later.
        return _WRITTEN.fullmatch(text) is not None and bool(date.fromisoformat(text))
    except ValueError:
        return False


def _meant(text: str) -> str | None:
    """The date of which only the spelling is another, and cannot be two dates."""
    found = _MEANT.fullmatch(text)
    day = f"{found[1]}-{found[2]:0>2}-{found[3]:0>2}" if found else ""
    return day if _is_day(day) else None
