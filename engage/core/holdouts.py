"""Members held out of a campaign, so that what it moves can be told: who they are.

Owns the draw. It knows a member's number and nothing else of them, so that those held out are like the others in
everything but the campaign; it is the same for ever, and whoever is held out at a smaller share is at a larger one.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Final

HASH_BYTES: Final = 8
_ALL: Final = 1 << 8 * HASH_BYTES


def is_held_out(campaign: str, holdout: int, member: int) -> bool:
    """Whether the member of that number is among the `holdout` per cent of everybody who are."""
    if not holdout:
        return False
    drawn = blake2b(f"{campaign}/{member}".encode(), digest_size=HASH_BYTES).digest()
    return 100 * int.from_bytes(drawn) < holdout * _ALL
