"""What may leave: the only maker of figures that customer success sees.

Owns the floor, the hiding of what could be worked out from what is shown, and the words shown instead. Must not
know what is counted, or where it is printed. Everything that reports, pages, exports and the health score use is
a `Figure` made here; whatever is computed from figures alone can reveal nothing that they do not.

The rules (k is the floor, 5 unless the host chose more, never below 3):

- A count of people below k is hidden, and so is zero: nobody in a group did it is a statement about everybody in
  it. Shown is "fewer than 5". (Microsoft Viva Insights and Culture Amp: groups of at least 5; Glint and 15Five
  accept 3; ACRO counts zeros as disclosive.)
- A count of people within a shown group is hidden when fewer than k of the group remain, none included: "96 or
  more of 100". (Culture Amp hides a filter whose remainder is below the floor; CMS: not derivable either.)
- A count of events, or an amount, is hidden when fewer than k people stand behind it.
- In a table whose total is shown, hidden cells are joined by the next smallest ones until no hidden cell has only
  one possible value. (Glint and Lattice hide the next-smallest group; cell suppression as in NHS and CMS tables.)
- A ratio is hidden with either of its parts; a range of the part gives a range of the ratio.
- A sum over weeks adds what is shown, and says that some weeks are missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

from msgspec import Struct

K_DEFAULT: Final = 5
K_MIN: Final = 3

Unit = Literal[
    "members", "seats", "events", "features", "points", "days", "percent", "score", "cents", "each"
]
Hidden = Literal["", "few", "most", "protects", "partial", "missing"]
"""Why there is no value: too few people; too few left; it would give another away; weeks missing; not measured."""


class Figure(Struct, frozen=True, omit_defaults=True):
    """A number that may be read by customer success, or the words shown in its place.

    `value` None: hidden, and `hidden` says why; `low` and `high` then give the range that may be told, if any.
    Percentages are 0-100. Shapes here only grow: new fields come last, with a default.
    """

    text: str
    unit: Unit
    value: int | float | None = None
    hidden: Hidden = ""
    low: int | float | None = None
    high: int | float | None = None

    @property
    def estimate(self) -> float | None:
        """The value, or the middle of the range that may be told: what the score reckons with."""
        if self.value is not None:
            return float(self.value)
        if self.low is None or self.high is None:
            return None
        return (self.low + self.high) / 2
