"""A day that a caller says, as every part of the service reads it."""

from __future__ import annotations

from datetime import date
from typing import Final

from engage.errors import InvalidRequest

FIRST: Final = date(1970, 1, 1)
LAST: Final = date(9998, 12, 31)
"""What is reckoned from a day lies up to a year from it, and must be a day too."""


def read_day(name: str, text: str, last: date = LAST) -> date:
    """The day that a parameter or field says, written as days are kept and compared: not as a week or without dashes.
    Raises InvalidRequest."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.isoformat() != text:
        raise InvalidRequest(f"{name}: must be a day such as 2026-11-22")
    if not FIRST <= found <= last:
        raise InvalidRequest(f"{name}: must be a day from {FIRST} to {last}")
    return found
