"""A day that a caller says, as every part of the service reads it."""

from __future__ import annotations

from datetime import date

from engage.errors import InvalidRequest


def read_day(name: str, text: str) -> date:
    """The day that a parameter or field says. Raises InvalidRequest."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidRequest(f"{name}: must be a day such as 2026-11-22") from None
