"""Days in a document: a date, or a month and day of every year."""

from __future__ import annotations

import typing as t
from datetime import date

from engage.core.problems import Path, Problems


def read_day(problems: Problems, value: t.Any, path: Path, *, yearly: bool) -> str | None:
    """A date, which YAML may have read as one already; without its year for every year."""
    text = value.isoformat() if isinstance(value, date) else value
    try:
        if isinstance(text, str) and len(text) == (5 if yearly else 10):
            date.fromisoformat(f"2024-{text}" if yearly else text)  # a leap year
            return text
    except ValueError:
        pass
    problems.add(path, f"must be {'a month and day, as in 12-24' if yearly else 'a date, as in 2026-12-24'}")
    return None
