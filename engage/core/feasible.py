"""What the hidden cells of a table can be, by what is shown of the others and of their sum.

Owns this reckoning alone: what is hidden, and how it is said, is for `engage.core.privacy`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from engage.core.privacy import Figure

NO_LIMITS: Final[Mapping[int, int]] = {}


def feasible(
    cells: Sequence[Figure], total: int, whole: int, together: Mapping[int, int] = NO_LIMITS
) -> list[tuple[int, int]]:
    """For each hidden cell the least and the most it can be, given the shown ones, the ranges and the total."""
    lows, highs = [int(cell.floor) for cell in cells], [highest(cell, whole) for cell in cells]
    found = []
    for at, cell in enumerate(cells):
        if cell.value is None:
            missing_from_it = max(
                0, total - most_together([*highs[:at], lows[at], *highs[at + 1 :]], together)
            )
            room = total - (sum(lows) - lows[at])
            limits = [
                limit - sum(lows[first:]) + lows[at] for first, limit in together.items() if first <= at
            ]
            found.append((lows[at] + missing_from_it, min(highs[at], room, *limits)))
    return found


def highest(cell: Figure, whole: int) -> int:
    return whole if cell.ceiling is None else int(cell.ceiling)


def most_together(highs: Sequence[int], together: Mapping[int, int]) -> int:
    """What cells can add up to."""
    most = 0
    for at in reversed(range(len(highs))):
        most = min(most + highs[at], together.get(at, most + highs[at]))
    return most
