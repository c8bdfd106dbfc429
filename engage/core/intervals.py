"""How sure a difference between two shares is.

Owns the formula. Must not know whose shares they are.
"""

from __future__ import annotations

from math import sqrt
from typing import Final

Z: Final = 1.959964
"""Of a 95 % interval."""


def difference_interval(count: int, of: int, other_count: int, other_of: int) -> tuple[float, float]:
    """The 95 % interval of the one share less the other: the hybrid of two score intervals.

    R. G. Newcombe, "Interval estimation for the difference between independent proportions", Statistics in Medicine 17
    (1998), method 10. It holds for small groups and for shares near 0 and 1, where the textbook's is too narrow.
    """
    share, other = count / of, other_count / other_of
    low, high = _score_interval(share, of)
    other_low, other_high = _score_interval(other, other_of)
    below = sqrt((share - low) ** 2 + (other_high - other) ** 2)
    above = sqrt((high - share) ** 2 + (other - other_low) ** 2)
    return share - other - below, share - other + above


def _score_interval(share: float, of: int) -> tuple[float, float]:
    """Wilson's of one share."""
    spread = Z * sqrt(share * (1 - share) / of + Z * Z / (4 * of * of))
    middle, scale = share + Z * Z / (2 * of), 1 + Z * Z / of
    return (middle - spread) / scale, (middle + spread) / scale
