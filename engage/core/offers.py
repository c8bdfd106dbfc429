"""What a member has to do with invitations, as it stands in the member's state; see `engage.core.referral`.

How the shapes may change: as those of `engage.core.state`.
"""

from __future__ import annotations

from msgspec import Struct


class Offer(Struct, frozen=True, array_like=True, gc=False):
    """An invitation that a member may join by."""

    invitation: int
    """The seq of the entry that sent it, and the number of the member who did."""
    by: int
    day: int
    """The local day on which it was sent."""
    channel: str


class Referred(Struct, array_like=True, gc=False):
    """What a member has to do with invitations, from others and to others."""

    acted: int = 0
    """The seq of the member's first activity; 1 where that was before anybody looked, 0 while there is none."""
    offers: tuple[Offer, ...] = ()
    """Those to join by, the first sent first."""
    via: Offer | None = None
    """The one joined by."""
    joined_by: int = 0
    """The seq of the entry by which the member joined, and its local day."""
    joined_on: int = 0
    count: int = 0
    """How often the member did since what makes active."""
    active: int = 0
    """The seq of the entry that made the member active; 0 while none has."""
    sent: int = 0
    """Invitations to others, and how many of these became active."""
    brought: int = 0
