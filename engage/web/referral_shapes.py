"""The JSON shapes of invitations, their funnel and powered-by links; they change as those of `engage.web.shapes` do."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, field

from engage.web.paging import Paging
from engage.web.reward_shapes import Actor
from engage.web.shapes import Amount, Day, Identifier, ReferralStage, Time

Shown = Literal["seen", "understood", "forwarded"]

AcceptanceStatus = Literal["offered", "joined", "active"]
Channel = Annotated[str, Meta(min_length=1, max_length=64)]


class NewInvitation(Struct, forbid_unknown_fields=True):
    to: (
        Annotated[str, Meta(min_length=1, max_length=255, description="The colleague, if it is for one.")]
        | None
    ) = None
    channel: Annotated[str, Meta(description="One of the program's; the first without.")] | None = None
    actor: Actor | None = None


class Brought(Struct):
    currency: str
    amount: Amount


class Colleague(Struct):
    """Who joined by an invitation, and what that brought whoever sent it."""

    member: str
    stage: ReferralStage
    at: Annotated[str, Meta(description="When they joined or, of those who are, became active.")]
    brought: list[Brought]


class Invitation(Struct, omit_defaults=True):
    """`link` is where it leads, if the program says that. It counts for who joins `until` that local day, included."""

    id: str
    code: str
    channel: str
    sent_at: Time
    until: Day | None
    colleagues: list[Colleague]
    to: str | UnsetType = UNSET
    link: str | UnsetType = UNSET


class Invitations(Struct):
    data: list[Invitation]
    next_cursor: str | None


class NewAcceptance(Struct, forbid_unknown_fields=True):
    member: Identifier
    actor: Actor | None = None


class Acceptance(Struct):
    """`offered`: the colleague joins by their first event. `joined`, `active`: that has happened."""

    member: str
    inviter: str
    status: AcceptanceStatus


class NewShown(Struct, forbid_unknown_fields=True):
    step: Shown
    visitor: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=255,
            description="Whoever it was, by any id of yours. Only a hash is kept, so that each counts once.",
        ),
    ]
    channel: Annotated[str, Meta(description="Where it was; the invitation's own without.")] | None = None


class Counted(Struct):
    counted: Annotated[bool, Meta(description="False when it was counted before.")]


class FunnelDays(Struct, kw_only=True):
    """Query parameters of the funnel."""

    first_day: Day | None = field(default=None, name="from")
    last_day: Day | None = field(default=None, name="to")


class Funnel(Struct):
    """How often each step was taken. Sending and joining count invitations and members, the others visitors."""

    sent: int
    seen: int
    understood: int
    forwarded: int
    joined: int
    active: int


class Referral(Struct):
    first_day: Day = field(name="from")
    last_day: Day = field(name="to")
    all: Funnel
    channels: dict[str, Funnel]


class PoweredBy(Struct):
    """`followed`: how often its link was. `recommended`: the companies that came by it."""

    code: str
    followed: int
    by_channel: dict[str, int]
    recommended: int


class NewFollow(Struct, forbid_unknown_fields=True):
    channel: Channel = "link"


class NewRecommendation(Struct, forbid_unknown_fields=True):
    code: Annotated[str, Meta(min_length=1, max_length=64)]
    channel: Channel = "link"
    actor: Actor | None = None


class Recommendation(Struct):
    """Company `by` recommended `company` to you."""

    company: str
    by: str
    channel: str
    at: Time
    actor: str


class Recommendations(Struct):
    data: list[Recommendation]
    next_cursor: str | None


class InPages(Paging):
    """Query parameters of a list that may be of one company's recommendations."""

    by: Annotated[str, Meta(min_length=1, max_length=255)] | None = None
