"""How sure a difference between two shares is, and several of them together.

Owns the formulas. Must not know whose shares they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import sqrt
from typing import Final, NamedTuple

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


class Difference(NamedTuple):
    """A difference between two shares, known to lie between `least` and `most`, and its interval."""

    of: int
    other_of: int
    least: float
    most: float
    low: float
    high: float

    @property
    def weight(self) -> float:
        return self.of * self.other_of / (self.of + self.other_of)


def pooled_interval(groups: Iterable[Sequence[Difference]]) -> tuple[float, float]:
    """The interval of the mean of all differences. Those of one group are of the same people at several times: they are
    taken to err together, which is never too narrow. Those of two groups err apart.

    Weighted as N. Mantel and W. Haenszel do for differences (S. Greenland, J. M. Robins, "Estimation of a common effect
    parameter from sparse follow-up data", Biometrics 41 (1985)): by how many people, never by what came out. How far it
    may reach is recovered from the single intervals (G. Y. Zou, A. Donner, "Construction of confidence limits about
    effect measures: a general approach", Statistics in Medicine 27 (2008)).
    """
    together = [list(group) for group in groups]
    whole = sum(one.weight for group in together for one in group)
    least = sum(one.weight * one.least for group in together for one in group)
    most = sum(one.weight * one.most for group in together for one in group)
    below = (sum(one.weight * (one.least - one.low) for one in group) for group in together)
    above = (sum(one.weight * (one.high - one.most) for one in group) for group in together)
    low, high = least - sqrt(sum(reach**2 for reach in below)), most + sqrt(sum(reach**2 for reach in above))
    return low / whole, high / whole


def _score_interval(share: float, of: int) -> tuple[float, float]:
    """Wilson's of one share."""
    spread = Z * sqrt(share * (1 - share) / of + Z * Z / (4 * of * of))
    middle, scale = share + Z * Z / (2 * of), 1 + Z * Z / of
    return (middle - spread) / scale, (middle + spread) / scale
