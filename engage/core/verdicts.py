"""What became of one rule that an event triggered, as one number.

How it may change: the numbers are stored with every entry for ever; one is never reused.
"""

from __future__ import annotations

from typing import Final


class Verdict:
    """What became of one rule. Kept as `index * VERDICTS + verdict`; the index says which node, limit or budget.

    There is room for eight. The last is any of `Extended`, and its index again an index and one of these.
    """

    FIRED: Final = 0
    CONDITION: Final = 1
    LIMIT: Final = 2
    BUDGET: Final = 3
    CUT_BY_LIMIT: Final = 4
    CUT_BY_BUDGET: Final = 5
    CEILING: Final = 6
    """The balance would pass the largest amount there is."""
    EXTENDED: Final = 7


class Extended:
    """More of what became of one rule. Kept as `index * EXTENDED + extended` within an EXTENDED verdict."""

    MISSING: Final = 0
    """The field of a formula is missing; the index says which effect."""
    BELOW_ONE: Final = 1
    """A formula came to less than one unit; the index says which effect."""
    FIRED_MISSING: Final = 2
    """Fired without one of its awards, for the same reason."""
    FIRED_BELOW_ONE: Final = 3
    LOST: Final = 4
    """Another rule of its group fired; the index says which of the rules considered."""
    AUDIENCE: Final = 5
    """The member is not in the rule's audience; the index says by which node of its conditions."""
    PROGRAM_AUDIENCE: Final = 6
    """Nor in that of the whole program."""
    CROWDED: Final = 7
    """As many awards wait already as can; the index says which effect."""
    CAMPAIGN: Final = 14
    """Its campaign keeps it from firing; the index is again an index and one of `Kept`."""
    CUT_BY_CAMPAIGN: Final = 15
    """Fired, with an award cut to what is left of the campaign's budget; the index says which budget."""


class Kept:
    """How a campaign keeps its rules from firing. Kept as `index * KEPT + kept` within a CAMPAIGN."""

    BEFORE: Final = 0
    OVER: Final = 1
    PAUSED: Final = 2
    ENDED: Final = 3
    AUDIENCE: Final = 4
    """The index says by which node of its conditions."""
    BUDGET: Final = 5
    """The index says which budget."""
    HELD_OUT: Final = 6
    """All else would let it fire."""


KEPT: Final = 8


VERDICTS: Final = 8
EXTENDED: Final = 16


def verdict_code(verdict: int, index: int = 0) -> int:
    return index * VERDICTS + verdict


def extended_code(extended: int, index: int = 0) -> int:
    return verdict_code(Verdict.EXTENDED, index * EXTENDED + extended)


def campaign_code(kept: int, index: int = 0) -> int:
    return extended_code(Extended.CAMPAIGN, index * KEPT + kept)


def as_extended(code: int) -> tuple[int, int]:
    """(index, which of `Extended`) of an EXTENDED verdict's code."""
    return divmod(code // VERDICTS, EXTENDED)


_FIRED: Final = frozenset({Verdict.FIRED, Verdict.CUT_BY_LIMIT, Verdict.CUT_BY_BUDGET})

_FIRED_EXTENDED: Final = frozenset(
    {Extended.FIRED_MISSING, Extended.FIRED_BELOW_ONE, Extended.CUT_BY_CAMPAIGN}
)


def fired(code: int) -> bool:
    verdict = code % VERDICTS
    if verdict == Verdict.EXTENDED:
        return as_extended(code)[1] in _FIRED_EXTENDED
    return verdict in _FIRED
