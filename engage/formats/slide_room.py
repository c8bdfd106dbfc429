"""Room on a slide: how large letters may be for all that is said, and how far a chart's scale goes for its numbers.

Owns what is reckoned before anything is drawn. Must not know of files, nor of reports.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from engage.formats.cover import wide

LETTER_WIDE: Final = 0.5
"""Of a letter, beside its height: about."""
LINE_HIGH: Final = 1.2
"""Of a line, beside its letters' height."""
WORDS_SIZES: Final = (16.0, 14.0, 12.0, 10.0)
"""Of letters of what is said in sentences alone, in points: the largest of which all has room."""
WORDS_APART, WORDS_HIGH = 8.0, 340.0
"""Between two of them, and of all the room there is, in points."""
BESIDE_BARS, BESIDE_BARS_BRIEF = 0.2, 0.7
"""The room of a number beyond its bar, of all that the bars take; the second where a chart shares its slide."""


def words_size(notes: Sequence[str], width: float) -> float:
    """Of the letters of paragraphs, over a width in points."""

    def high(size: float) -> float:
        lines = sum(math.ceil(wide(note) * LETTER_WIDE * size / width) for note in notes)
        return LINE_HIGH * size * lines + WORDS_APART * len(notes)

    return next((size for size in WORDS_SIZES if high(size) <= WORDS_HIGH), WORDS_SIZES[-1])


def reach(values: Sequence[float], *, brief: bool) -> tuple[float, float]:
    """The ends of a scale from which bars go to both sides, with their numbers beyond them."""
    low, high = min([0.0, *values]), max([0.0, *values])
    room = (BESIDE_BARS_BRIEF if brief else BESIDE_BARS) * (high - low or 1.0)
    return low - room if low else 0.0, high + room if high or not low else 0.0
