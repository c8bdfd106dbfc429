"""What the hidden cells of a table can be, by what is shown of the others and of their sum.

Owns this reckoning alone: what is hidden, and how it is said, is for `engage.core.privacy`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engage.core.privacy import Figure


def feasible(cells: Sequence[Figure], total: int, whole: int) -> list[tuple[int, int]]:
    """For each hidden cell the least and the most it can be, given the shown ones, the ranges and the total. `whole`:
    the most that a cell can be of which nothing is told."""
    lows = [int(cell.floor) for cell in cells]
    highs = [whole if cell.ceiling is None else int(cell.ceiling) for cell in cells]
    room, lacking = total - sum(lows), sum(highs) - total
    return [
        (max(low, high - lacking), min(high, low + room))
        for cell, low, high in zip(cells, lows, highs, strict=True)
        if cell.value is None
    ]
