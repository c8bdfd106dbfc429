"""What the service answers, as frozen values. Fields may be added here; none may change its meaning."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from ._decode import decode as decode
from ._health import Driver as Driver
from ._health import Health as Health
from ._health import HealthPoint as HealthPoint
from ._health import ScoredAs as ScoredAs
from ._programs import Campaign as Campaign
from ._programs import CampaignActivity as CampaignActivity
from ._programs import CampaignBudget as CampaignBudget
from ._programs import CampaignMonth as CampaignMonth
from ._programs import CampaignShare as CampaignShare
from ._programs import CampaignStop as CampaignStop
from ._programs import Draft as Draft
from ._programs import FollowedTemplate as FollowedTemplate
from ._programs import Intervention as Intervention
from ._programs import InterventionChange as InterventionChange
from ._programs import JudgedIntervention as JudgedIntervention
from ._programs import LeftTemplate as LeftTemplate
from ._programs import Nudge as Nudge
from ._programs import NudgeCounts as NudgeCounts
from ._programs import NudgeRates as NudgeRates
from ._programs import PublishedTemplate as PublishedTemplate
from ._programs import ScoresAfter as ScoresAfter
from ._programs import Template as Template
from ._programs import TemplateProposal as TemplateProposal
from ._progress import Quest as Quest
from ._progress import QuestGoal as QuestGoal
from ._progress import QuestTier as QuestTier
from ._progress import Streak as Streak


@dataclass(frozen=True, slots=True)
class ProgramVersion:
    """The program a company follows; `own` is False where it follows the host's default."""

    version: int
    own: bool = False
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Company:
    """A client of the host."""

    id: str
    name: str | None = None
    timezone: str | None = None
    seats: int | None = None
    traits: Mapping[str, Any] = field(default_factory=dict)
    members: int | None = None
    stage: str | None = None
    tier: str | None = None
    program: ProgramVersion | None = None
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Balance:
    """A member's wallet in one currency, in whole units, by state. `earned` never falls by spending."""

    active: int = 0
    pending: int = 0
    held: int = 0
    earned: int = 0
    spent: int = 0
    expired: int = 0
    expiring: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Level:
    """A membership level; rank 1 is the lowest."""

    id: str
    name: str | None = None
    rank: int | None = None


@dataclass(frozen=True, slots=True)
class NextLevel:
    """The level above: its threshold, and how much is missing."""

    id: str
    name: str | None = None
    threshold: int | None = None
    missing: int | None = None


@dataclass(frozen=True, slots=True)
class Badge:
    """A recognition and when it was given."""

    id: str
    name: str | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a member may give to colleagues in a window, and what is left of it before `until`."""

    allowance: int
    window: str | None = None
    left: int = 0
    until: date | None = None


@dataclass(frozen=True, slots=True)
class OpenRedemption:
    """A redemption that waits: `held` for an approval, `approved` for its fulfilment."""

    id: str
    reward: str | None = None
    status: str | None = None
    currency: str | None = None
    amount: int = 0


@dataclass(frozen=True, slots=True)
class LevelReview:
    """When the level is decided upon next; `level` is what it would be then, were nothing more earned before.

    `missing` points are needed to keep it. `falls_on` is the day it falls as things stand, None when it does not.
    """

    day: date
    level: Level | None = None
    missing: int = 0
    falls_on: date | None = None


@dataclass(frozen=True, slots=True)
class Benefit:
    """What a level entitles to. True in a condition when it is granted; `level` is the one that says so."""

    id: str
    granted: bool = False
    value: Any = None
    level: str | None = None

    def __bool__(self) -> bool:
        return self.granted


@dataclass(frozen=True, slots=True)
class Referred:
    """What a member has to do with invitations: `sent`, and colleagues who became active by them (`brought`); of one
    who joined by an invitation, how much of what is `needed` is `done`."""

    sent: int = 0
    brought: int = 0
    stage: str | None = None
    done: int = 0
    needed: int = 0


@dataclass(frozen=True, slots=True)
class Member:
    """An employee of a company. `progress` to the next level is 0 to 1, None where there is none."""

    id: str
    company: str
    name: str | None = None
    level: Level | None = None
    next_level: NextLevel | None = None
    progress: float | None = None
    balances: Mapping[str, Balance] = field(default_factory=dict)
    quests: tuple[Quest, ...] = ()
    streaks: tuple[Streak, ...] = ()
    badges: tuple[Badge, ...] = ()
    traits: Mapping[str, Any] = field(default_factory=dict)
    first_seen: datetime | None = None
    last_seen: datetime | None = None
    redemptions: tuple[OpenRedemption, ...] = ()
    giving: Mapping[str, Allowance] = field(default_factory=dict)
    review: LevelReview | None = None
    tags: tuple[str, ...] = ()
    stage: str | None = None
    nudges: tuple[Nudge, ...] = ()
    referral: Referred | None = None


@dataclass(frozen=True, slots=True)
class Transfer:
    """One movement in a wallet; `amount` is signed as the member sees it."""

    id: str
    currency: str
    amount: int
    at: datetime | None = None
    from_account: str | None = field(default=None, metadata={"wire": "from"})
    to_account: str | None = field(default=None, metadata={"wire": "to"})
    kind: str | None = None
    rule: str | None = None
    event: str | None = None
    message_id: str | None = None
    redemption: str | None = None
    colleague: str | None = None
    message: str | None = field(default=None, repr=False)
    reason: str | None = None
    actor: str | None = None


@dataclass(frozen=True, slots=True)
class Effect:
    """What a rule did. `type` is award, badge, level, progress or quest (toward a quest, and completing it), streak
    (a milestone, `amount` long), freeze, tag, untag, nudge (with its `text`), webhook, or a later kind; the fields
    of other kinds are None."""

    type: str
    rule: str | None = None
    currency: str | None = None
    amount: int | None = None
    badge: str | None = None
    level: str | None = None
    quest: str | None = None
    streak: str | None = None
    referral: str | None = None
    tag: str | None = None
    nudge: str | None = None
    text: str | None = None
    webhook: str | None = None


@dataclass(frozen=True, slots=True)
class RuleVerdict:
    """Whether one rule fired for an event, and in words why not."""

    rule: str
    verdict: str
    name: str | None = None
    clause: Any = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided about one event, rule by rule. `status` is decided or undecided, then with a `reason`."""

    message_id: str
    event: str | None = None
    seq: int | None = None
    at: datetime | None = None
    received_at: datetime | None = None
    program_version: int | None = None
    status: str | None = None
    reason: Any = None
    effects: tuple[Effect, ...] = ()
    rules: tuple[RuleVerdict, ...] = ()


@dataclass(frozen=True, slots=True)
class Adjustment:
    """A correction by hand, and the balance after it. With `status` requested it waits for a second person."""

    id: str
    currency: str
    amount: int
    reason: str | None = None
    actor: str | None = None
    balance: Balance | None = None
    status: str = "done"


@dataclass(frozen=True, slots=True)
class AdjustmentRequest:
    """An adjustment that waits, or waited, for a second person: `settled_by`."""

    id: str
    member: str
    currency: str
    amount: int
    status: str
    reason: str | None = None
    actor: str | None = None
    requested_at: datetime | None = None
    settled_by: str | None = None
    settled_for: str | None = None


@dataclass(frozen=True, slots=True)
class Reversal:
    """An event undone: the opposite effects."""

    message_id: str
    effects: tuple[Effect, ...] = ()


@dataclass(frozen=True, slots=True)
class Erasure:
    """A member erased, or what it would be: then `id` is None."""

    id: str | None
    entries: int
    notices: int
    rejects: int
    archive_files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Cost:
    """What a reward costs, in whole units."""

    currency: str
    amount: int


@dataclass(frozen=True, slots=True)
class Lack:
    """One thing a member lacks for a reward: `code` for programs, `text` for people, and the figures in it."""

    code: str
    text: str
    missing: int | None = None
    currency: str | None = None
    level: str | None = None
    day: date | None = None


@dataclass(frozen=True, slots=True)
class Reward:
    """What points buy. `lacks` is None unless asked for a member; empty where the member can have it."""

    id: str
    name: str
    cost: Cost
    needs_approval: bool = False
    description: str | None = None
    level: str | None = None
    from_day: date | None = field(default=None, metadata={"wire": "from"})
    until: date | None = None
    limits: tuple[Mapping[str, Any], ...] = ()
    stock: int | None = None
    stock_left: int | None = None
    codes_left: int | None = None
    lacks: tuple[Lack, ...] | None = None


@dataclass(frozen=True, slots=True)
class RedemptionStep:
    """Who did what with a redemption, and why. `expired`: units that were returned too late."""

    step: str
    at: datetime | None = None
    actor: str | None = None
    reason: str | None = None
    expired: int = 0


@dataclass(frozen=True, slots=True)
class Redemption:
    """One purchase: held, approved, fulfilled or cancelled. `allowed` are the steps there are now.

    Treat a `code` as what it is worth: it is not shown in repr().
    """

    id: str
    member: str
    reward: str
    status: str
    cost: Cost | None = None
    requested_at: datetime | None = None
    changed_at: datetime | None = None
    allowed: tuple[str, ...] = ()
    steps: tuple[RedemptionStep, ...] = ()
    code: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Gift:
    """What a member gave to a colleague. `left` is what is left of the allowance."""

    id: str
    giver: str
    to: str
    currency: str
    amount: int
    at: datetime | None = None
    message: str | None = field(default=None, repr=False)
    left: int | None = None


@dataclass(frozen=True, slots=True)
class Brought:
    currency: str
    amount: int


@dataclass(frozen=True, slots=True)
class Colleague:
    """Who joined by an invitation. `stage` is joined or active; `brought` is what whoever sent it got for that."""

    member: str
    stage: str
    at: datetime | None = None
    brought: tuple[Brought, ...] = ()


@dataclass(frozen=True, slots=True)
class Invitation:
    """`code` says whose it is, `link` where it leads, if the program says that; it counts until `until`, included."""

    id: str
    code: str
    channel: str | None = None
    sent_at: datetime | None = None
    until: date | None = None
    colleagues: tuple[Colleague, ...] = ()
    to: str | None = None
    link: str | None = None


@dataclass(frozen=True, slots=True)
class Acceptance:
    """An invitation taken up. `status`: offered until the member's first event, then joined, then active."""

    member: str
    inviter: str
    status: str


@dataclass(frozen=True, slots=True)
class Funnel:
    """How often each step was taken."""

    sent: int = 0
    seen: int = 0
    understood: int = 0
    forwarded: int = 0
    joined: int = 0
    active: int = 0


@dataclass(frozen=True, slots=True)
class InvitationFunnel:
    """The funnel of a company's invitations, whole and by channel."""

    all: Funnel
    channels: Mapping[str, Funnel] = field(default_factory=dict)
    first_day: date | None = field(default=None, metadata={"wire": "from"})
    last_day: date | None = field(default=None, metadata={"wire": "to"})


@dataclass(frozen=True, slots=True)
class PoweredBy:
    """A company's powered-by link: its code, how often it was followed, and how many companies came by it."""

    code: str
    followed: int = 0
    by_channel: Mapping[str, int] = field(default_factory=dict)
    recommended: int = 0


@dataclass(frozen=True, slots=True)
class Recommendation:
    """Company `by` recommended `company`."""

    company: str
    by: str
    channel: str | None = None
    at: datetime | None = None
    actor: str | None = None


@dataclass(frozen=True, slots=True)
class CodesUploaded:
    """What became of an upload: codes added, codes known before, and codes that are nobody's now."""

    added: int
    known: int
    left: int


@dataclass(frozen=True, slots=True)
class Report:
    """A company's adoption report for a period. `data` is the document as the service sent it."""

    company: str
    period: str
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class PortfolioEntry:
    """One company as customer success looks at it: risk, value and what to say."""

    company: str
    name: str | None = None
    score: float | None = None
    band: str = "unscored"
    change_4w: float | None = None
    seats: int | None = None
    monthly_revenue_cents: int | None = None
    renewal_date: date | None = None
    days_to_renewal: int | None = None
    risk: Any = None
    value_at_risk_cents: int | None = None
    top_driver: Any = None
    text: str | None = None
    stage: str | None = None


@dataclass(frozen=True, slots=True)
class Portfolio:
    """All companies, in the service's order. Iterates over its entries."""

    as_of: date | None = None
    entries: tuple[PortfolioEntry, ...] = field(default=(), metadata={"wire": "data"})

    def __iter__(self) -> Iterator[PortfolioEntry]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)


@dataclass(frozen=True, slots=True)
class MemberToken:
    """A short-lived token for the widget. Treat it as a password: it is not shown in repr()."""

    token: str = field(repr=False)
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Placed:
    """A place on a leaderboard, of a member or of a department. Equal scores have the same rank."""

    rank: int
    score: int
    member: str | None = None
    name: str | None = None
    department: str | None = None
    members: int | None = None


@dataclass(frozen=True, slots=True)
class Mine:
    """The member who was asked for; `rank` is None without a score, or without the wish to be compared."""

    rank: int | None = None
    score: int = 0


@dataclass(frozen=True, slots=True)
class Leaderboard:
    """Who scored most in a period. `me` and `around` are of the member who was asked for. Iterates over its places."""

    id: str
    name: str | None = None
    by: str = "member"
    period: str | None = None
    since: date | None = None
    places: tuple[Placed, ...] = field(default=(), metadata={"wire": "data"})
    me: Mine | None = None
    around: tuple[Placed, ...] = ()

    def __iter__(self) -> Iterator[Placed]:
        return iter(self.places)


@dataclass(frozen=True, slots=True)
class Preferences:
    """What a member prefers."""

    leaderboard: bool = False
