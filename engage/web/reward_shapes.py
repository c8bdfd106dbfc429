"""The JSON shapes of rewards and redemptions; they change as those of `engage.web.shapes` do."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, field

from engage.actions.adjust import REASON_CHARS_MAX
from engage.actions.give import MESSAGE_CHARS_MAX
from engage.actions.redeem import CODE_CHARS_MAX, CODES_MAX
from engage.web.paging import LIMIT_DEFAULT, LIMIT_MAX
from engage.web.shapes import Amount, Day, Identifier, Time

Actor = Annotated[str, Meta(max_length=255, description="Who did it; without one it is the key.")]
Reason = Annotated[str, Meta(min_length=1, max_length=REASON_CHARS_MAX)]
Status = Literal["held", "approved", "fulfilled", "cancelled"]
Stepped = Literal["approve", "fulfil", "cancel"]


class Cost(Struct):
    currency: str
    amount: Amount


class Lack(Struct, omit_defaults=True):
    """One thing a member lacks: `code` for programs, `text` for people, and the figures in it."""

    code: Literal["not_yet", "over", "level", "audience", "balance", "limit", "stock", "codes"]
    text: str
    missing: (
        Annotated[int, Meta(description="Units of `currency`: to pay, or to earn for the level.")] | UnsetType
    ) = UNSET
    currency: str | UnsetType = UNSET
    level: str | UnsetType = UNSET
    day: (
        Annotated[str, Meta(description="When it will be there, or there again, or was there last.")]
        | UnsetType
    ) = UNSET


class RewardLimit(Struct):
    per: Literal["member", "company"]
    window: Literal["day", "week", "month", "quarter", "year", "lifetime"]
    count: int


class Reward(Struct, omit_defaults=True):
    """What points buy. `lacks` is what the member asked about lacks; empty when the reward can be had."""

    id: str
    name: str
    cost: Cost
    needs_approval: bool
    description: str | UnsetType = UNSET
    level: str | UnsetType = UNSET
    from_: Day | UnsetType = field(default=UNSET, name="from")
    until: Day | UnsetType = UNSET
    limits: list[RewardLimit] | UnsetType = UNSET
    stock: int | UnsetType = UNSET
    stock_left: int | UnsetType = UNSET
    codes_left: (
        Annotated[int, Meta(description="Codes that are nobody's, of a reward that hands out codes.")]
        | UnsetType
    ) = UNSET
    lacks: list[Lack] | UnsetType = UNSET


class Rewards(Struct):
    data: list[Reward]


class ForMember(Struct):
    """Query parameters of the catalogue."""

    member: (
        Annotated[str, Meta(min_length=1, max_length=255, description="Whose `lacks` to tell.")] | None
    ) = None


class NewRedemption(Struct, forbid_unknown_fields=True):
    reward: Identifier
    reason: Annotated[str, Meta(max_length=REASON_CHARS_MAX)] | None = None
    actor: Actor | None = None


class NewStep(Struct, forbid_unknown_fields=True):
    reason: Reason
    actor: Actor | None = None


class Step(Struct, omit_defaults=True):
    """Who did what, and why."""

    step: Literal["request", "approve", "fulfil", "cancel"]
    at: Time
    actor: str
    reason: str = ""
    expired: Annotated[int, Meta(description="Units returned whose day had come: they expired at once.")] = 0


class Redemption(Struct, omit_defaults=True):
    """One purchase. `allowed` is what can be done with it now."""

    id: str
    member: str
    reward: str
    status: Status
    cost: Cost
    requested_at: Time
    changed_at: Time
    allowed: list[Stepped]
    steps: list[Step]
    code: (
        Annotated[str, Meta(description="What it was fulfilled with, of a reward with codes.")] | UnsetType
    ) = UNSET


class Redemptions(Struct):
    data: list[Redemption]
    next_cursor: str | None


class InStatus(Struct):
    """Query parameters of a list of redemptions."""

    status: Annotated[Status, Meta(description="Only those that stand so.")] | None = None
    cursor: (
        Annotated[str, Meta(description="`next_cursor` of the page before; absent for the first page.")]
        | None
    ) = None
    limit: Annotated[int, Meta(ge=1, le=LIMIT_MAX, description="How many items at most.")] = LIMIT_DEFAULT


class NewGift(Struct, forbid_unknown_fields=True):
    to: Identifier
    amount: Annotated[int, Meta(ge=1, le=2**53 - 1)]
    currency: Identifier
    message: Annotated[str, Meta(max_length=MESSAGE_CHARS_MAX, description="For the colleague to read.")] = ""
    actor: Actor | None = None


class Gift(Struct):
    """What was given. `left` is what is left of the giver's allowance now."""

    id: str
    at: Time
    giver: str
    to: str
    currency: str
    amount: Amount
    message: str
    left: int


class NewCodes(Struct, forbid_unknown_fields=True):
    codes: Annotated[
        list[Annotated[str, Meta(min_length=1, max_length=CODE_CHARS_MAX)]],
        Meta(min_length=1, max_length=CODES_MAX),
    ]
    actor: Actor | None = None


class Codes(Struct):
    """What became of an upload: how many were added, how many were known, and how many are nobody's now."""

    added: int
    known: int
    left: int
