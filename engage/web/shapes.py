"""The JSON shapes of the API: what is answered and what is asked for, with every name as it is on the wire.

Shapes only grow: a field is added with a default, never renamed or removed. Times are RFC 3339 in UTC, ids are the
host's own, amounts are whole units up to 2**53 - 1. Reports have their shapes in `engage.core.reports`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, field

from engage.core.level_changes import LevelChange
from engage.core.lifecycle import Stage
from engage.core.stage_words import Stage as CompanyStage
from engage.web.progress_shapes import Nudge as Nudge
from engage.web.progress_shapes import Quest as Quest
from engage.web.progress_shapes import Streak as Streak

Time = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]
Day = Annotated[str, Meta(extra_json_schema={"format": "date"})]
Identifier = Annotated[str, Meta(min_length=1, max_length=255)]
Amount = Annotated[int, Meta(ge=-(2**53 - 1), le=2**53 - 1)]
Archived = Annotated[
    bool, Meta(description="Here the list ends, but not the history: what is older was archived.")
]


class Reason(Struct):
    code: str
    message: str


ReferralStage = Literal["joined", "active"]


class Effect(Struct, omit_defaults=True):
    """What a decision did. Points name their currency and amount, a badge its badge, a level its level.

    `award`: points to spend. `pending`, `released`, `voided`: points that begin to wait, or end to. `expired`: points
    that are gone; `withdrawn`: of these, what a reversal takes back. `progress` is what counted toward a
    quest, `quest` that it was completed; `streak` that one is `amount` days or weeks long, where rules wait for
    that, and `freeze` one that a rule gave. `referral`: a member `joined` by an invitation, or became `active`.
    """

    type: Literal[
        "award",
        "pending",
        "released",
        "voided",
        "expired",
        "withdrawn",
        "badge",
        "tag",
        "untag",
        "nudge",
        "webhook",
        "level",
        "budget",
        "progress",
        "quest",
        "streak",
        "freeze",
        "referral",
    ]
    rule: str | UnsetType = UNSET
    currency: str | UnsetType = UNSET
    amount: Annotated[Amount, Meta(description="Negative when a reversal takes it back.")] | UnsetType = UNSET
    badge: str | UnsetType = UNSET
    level: str | UnsetType = UNSET
    quest: str | UnsetType = UNSET
    streak: str | UnsetType = UNSET
    tag: str | UnsetType = UNSET
    nudge: str | UnsetType = UNSET
    webhook: str | UnsetType = UNSET
    text: Annotated[str, Meta(description="Of a nudge.")] | UnsetType = UNSET
    referral: ReferralStage | UnsetType = UNSET
    window: str | UnsetType = UNSET
    campaign: Annotated[str, Meta(description="Whose budget it is, if a campaign's.")] | UnsetType = UNSET
    percent: int | UnsetType = UNSET
    from_: Annotated[str, Meta(description="The first day of a budget's window.")] | UnsetType = field(
        name="from", default=UNSET
    )


class ProgramInForce(Struct):
    """The program a company follows; `own` is false where it is the host's default."""

    version: int
    own: bool
    name: str


class Company(Struct):
    id: str
    name: str | None
    timezone: str
    seats: int | None
    traits: dict[str, Any]
    members: Annotated[
        int | None,
        Meta(description="Named so far. Null for a report key: reports say it as of a week's end."),
    ]
    stage: Annotated[CompanyStage | None, Meta(description="As decided with its newest score.")]
    tier: Annotated[
        str | None, Meta(description="The id of the tier; null where the host has none, or none holds it.")
    ]
    program: ProgramInForce | None
    created_at: Time


class Book(Struct):
    document: Annotated[str, Meta(description="As it was written; empty when nobody has written one.")]
    actor: str | None
    updated_at: Time | None
    definition: Annotated[
        str | None,
        Meta(description="The version of the definition of the score in it; null: the built-in one."),
    ] = None


class NewCompany(Struct, forbid_unknown_fields=True):
    """A company to create, or to change: what is absent stays as it is."""

    id: Identifier
    name: Annotated[str, Meta(max_length=255)] | None = None
    timezone: Annotated[str, Meta(description="An IANA time zone, such as Asia/Shanghai.")] | None = None
    seats: Annotated[int, Meta(ge=0, le=2**31 - 1)] | None = None


class Companies(Struct):
    data: list[Company]
    next_cursor: str | None


class Level(Struct):
    """`rank` 1 is the lowest."""

    id: str
    name: str
    rank: int


class NextLevel(Struct):
    id: str
    name: str
    threshold: int
    missing: int


class LevelReview(Struct):
    """When the level is decided upon next, and what would come of it, were nothing more earned before."""

    day: Day
    level: Level | None
    missing: Annotated[int, Meta(description="Points that are missing to keep the level.")]
    falls_on: Annotated[
        Day | None, Meta(description="When the level falls, as things stand; null when it does not.")
    ]


class Benefit(Struct):
    id: str
    granted: bool
    value: Annotated[bool | int | str | None, Meta(description="As the program has it; null without one.")]
    level: Annotated[str | None, Meta(description="The level that grants it: the member's, or one below.")]


class Benefits(Struct):
    level: str | None
    data: list[Benefit]


class Expiring(Struct):
    day: Day
    amount: int


class Balance(Struct):
    """Whole units by state. `earned` counts toward levels and never falls by spending."""

    active: int = 0
    pending: int = 0
    held: int = 0
    earned: int = 0
    spent: int = 0
    expired: int = 0
    expiring: list[Expiring] = []


class Badge(Struct):
    id: str
    name: str
    at: Time


OpenStatus = Literal["held", "approved"]


class OpenRedemption(Struct):
    """A redemption that waits to be approved, or to be fulfilled."""

    id: str
    reward: str
    status: OpenStatus
    currency: str
    amount: Amount


class Allowance(Struct):
    """What a member may give to colleagues, per window, and what is left of it until `until`."""

    allowance: int
    window: Literal["day", "week", "month", "quarter", "year", "lifetime"]
    left: int
    until: Annotated[Day, Meta(description="The first day of the next window.")] | None


class Referred(Struct):
    """What a member has to do with invitations: how many they sent and how many colleagues became active by them, and
    how far they themselves are, where they joined by one."""

    sent: int
    brought: int
    stage: ReferralStage | None
    done: Annotated[int, Meta(description="Of what makes active, of which so many are `needed`.")]
    needed: int


class Member(Struct):
    id: str
    company: str
    name: str | None
    level: Level | None
    next_level: NextLevel | None
    progress: Annotated[float, Meta(ge=0, le=1)] | None
    balances: dict[str, Balance]
    quests: list[Quest]
    streaks: list[Streak]
    badges: list[Badge]
    traits: dict[str, Any]
    first_seen: Time
    last_seen: Time
    redemptions: list[OpenRedemption] = []
    giving: dict[str, Allowance] = {}
    review: LevelReview | None = None
    tags: list[str] = []
    nudges: Annotated[list[Nudge], Meta(description="The newest last, at most 20.")] = []
    stage: Stage = "invited"
    referral: Referred | None = None


class Members(Struct):
    data: list[Member]
    next_cursor: str | None


class Transfer(Struct, omit_defaults=True):
    """One movement; `amount` is signed as the member sees it."""

    id: str
    at: Time
    currency: str
    amount: Amount
    source: str = field(name="from")
    target: str = field(name="to")
    kind: Literal[
        "award", "adjustment", "reversal", "redemption", "gift", "pending", "released", "voided", "expired"
    ]
    rule: str | UnsetType = UNSET
    event: str | UnsetType = UNSET
    message_id: str | UnsetType = UNSET
    redemption: str | UnsetType = UNSET
    colleague: Annotated[str, Meta(description="Of a gift: the other member.")] | UnsetType = UNSET
    message: str | UnsetType = UNSET
    reason: str | UnsetType = UNSET
    actor: str | UnsetType = UNSET


class Transfers(Struct):
    data: list[Transfer]
    next_cursor: str | None
    archived: Archived = False


class RuleVerdict(Struct):
    """One rule whose trigger matched: fired, or what stopped it, in words."""

    rule: str
    name: str
    verdict: str
    text: str


class Decision(Struct, omit_defaults=True):
    seq: int
    message_id: str
    event: str
    at: Time
    received_at: Time
    program_version: int | None
    status: Literal["decided", "undecided"]
    effects: list[Effect]
    rules: list[RuleVerdict]
    reason: Reason | UnsetType = UNSET


class Decisions(Struct):
    data: list[Decision]
    next_cursor: str | None
    archived: Archived = False


class NewAdjustment(Struct, forbid_unknown_fields=True):
    currency: Identifier
    amount: Annotated[Amount, Meta(description="Not zero; negative takes away.")]
    reason: Annotated[str, Meta(min_length=1, max_length=1000)]
    actor: Annotated[str, Meta(max_length=255, description="Who decided it.")] | None = None


class Adjustment(Struct):
    id: str
    currency: str
    amount: Amount
    reason: str
    actor: str | None
    balance: Balance
    status: Annotated[
        Literal["done", "requested", "declined"],
        Meta(description="`requested`: nothing has moved; a second person must approve it."),
    ] = "done"


class AdjustmentRequest(Struct, omit_defaults=True):
    """An adjustment that waits, or waited, for a second person. `settled_by` is that person."""

    id: str
    member: str
    currency: str
    amount: Amount
    status: Literal["done", "requested", "declined"]
    reason: str
    actor: str
    requested_at: Time
    settled_by: str | UnsetType = UNSET
    settled_for: Annotated[str, Meta(description="The second person's reason.")] | UnsetType = UNSET


class AdjustmentRequests(Struct):
    data: list[AdjustmentRequest]
    next_cursor: str | None


class NewSettlement(Struct, forbid_unknown_fields=True):
    reason: Annotated[str, Meta(min_length=1, max_length=500)]
    actor: Annotated[str, Meta(max_length=255, description="Who decided it.")] | None = None


class NewReversal(Struct, forbid_unknown_fields=True):
    reason: Annotated[str, Meta(max_length=1000)] | None = None
    actor: Annotated[str, Meta(max_length=255)] | None = None


class Reversal(Struct):
    message_id: str
    effects: list[Effect]


LevelChanges = Annotated[
    list[LevelChange], Meta(description="How many members rise or fall by it, were nothing more earned.")
]


class Draft(Struct):
    """The program being edited, as it was written. Kept without mistakes, so it can be published."""

    document: str
    actor: str | None
    updated_at: Time
    changed: Annotated[bool, Meta(description="It differs from the version in force.")]


class NewVersion(Struct):
    """Who publishes the draft."""

    actor: Annotated[str, Meta(max_length=255)] | None = None


class Version(Struct):
    """A published version, immutable."""

    version: int
    hash: str
    actor: str | None
    published_at: Time


class Published(Struct):
    version: int
    hash: str
    unchanged: Annotated[
        bool, Meta(description="The draft says what the version in force says; none was made.")
    ]
    levels: LevelChanges = []


class Versions(Struct):
    data: list[Version]
    next_cursor: str | None


class Change(Struct):
    """What changes between two programs, in words. `pointer` names things by id."""

    kind: Literal["added", "removed", "changed"]
    pointer: str
    old: str | None
    new: str | None
    text: str


class Changes(Struct):
    data: list[Change]
    levels: LevelChanges = []
    warnings: Annotated[
        list[dict[str, Any]], Meta(description="Rules that never fire, each with its pointer and place.")
    ] = []


class HealthPoint(Struct):
    as_of: Day
    score: int | None
    band: str
    stage: CompanyStage | None = None
    version: int = 1
    profile: Annotated[
        str | None, Meta(description="The id of the profile of the host's definition; null: it states none.")
    ] = None
    definition: Annotated[str | None, Meta(description="The version of the host's definition.")] = None


class HealthHistory(Struct):
    """Oldest first."""

    data: list[HealthPoint]


class Reject(Struct):
    """A call that could not be accepted, and why."""

    id: str
    received_at: Time
    company: str | None
    code: str
    message: str
    call: Any


class Rejects(Struct):
    data: list[Reject]
    next_cursor: str | None


class NewMemberToken(Struct, forbid_unknown_fields=True):
    company: Identifier
    member: Identifier
    ttl_seconds: Annotated[int, Meta(ge=1, le=600)] = 300
    origin: Annotated[str, Meta(max_length=255, description="The only web origin it is for.")] | None = None


class MemberToken(Struct):
    token: str
    expires_at: Time


class Status(Struct):
    status: Literal["ok"]


# --- webhooks -----------------------------------------------------------------------------------------------


class NewWebhookEndpoint(Struct, forbid_unknown_fields=True):
    """Without `types` it is told everything."""

    url: Annotated[str, Meta(min_length=1, max_length=2000)]
    types: list[str] = []
    description: Annotated[str, Meta(max_length=255)] = ""


class WebhookEndpointChange(Struct, forbid_unknown_fields=True):
    url: Annotated[str, Meta(min_length=1, max_length=2000)] | None = None
    types: list[str] | None = None
    description: Annotated[str, Meta(max_length=255)] | None = None
    enabled: bool | None = None


class Replay(Struct, forbid_unknown_fields=True):
    since: Time


class WebhookEndpoint(Struct):
    id: int
    url: str
    types: list[str]
    description: str
    enabled: bool
    since: Annotated[Time, Meta(description="Notices of what happened from then on are delivered.")]
    created_at: Time
    failing_since: Time | None
    failure: Annotated[str | None, Meta(description="What was wrong with the last attempt.")]
    disabled_at: Time | None
    secret: Annotated[str | None, Meta(description="Shown once: when it is made.")] = None


class WebhookEndpoints(Struct):
    data: list[WebhookEndpoint]
