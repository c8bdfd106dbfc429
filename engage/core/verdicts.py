"""What became of one rule that an event triggered, as one number.

How it may change: the numbers are stored with every entry for ever; one is never reused.
"""

from __future__ import annotations

from typing import Final


class Verdict:
    """What became of one rule. Kept as `index * VERDICTS + verdict`; the index says which node, limit or budget."""

    FIRED: Final = 0
    CONDITION: Final = 1
    LIMIT: Final = 2
    BUDGET: Final = 3
    CUT_BY_LIMIT: Final = 4
    CUT_BY_BUDGET: Final = 5
    CEILING: Final = 6
    """The balance would pass the largest amount there is."""


VERDICTS: Final = 8


def verdict_code(verdict: int, index: int = 0) -> int:
    return index * VERDICTS + verdict


_FIRED: Final = frozenset({Verdict.FIRED, Verdict.CUT_BY_LIMIT, Verdict.CUT_BY_BUDGET})


def fired(code: int) -> bool:
    return code % VERDICTS in _FIRED
