"""The program: a company's currencies, events, levels, rules, limits and budgets as frozen data.

Owns the shapes, their canonical bytes and their hash. Must not know how a document is written (YAML, JSON) or
where versions are kept; `engage.core.check` is the only maker of programs from documents, so everything here
may assume that names resolve and numbers are in range.

Stored shapes: canonical bytes are kept with each published version and decoded for ever. A field may be added
with a default (defaults are omitted, so old hashes stand); a field is never renamed, retyped or removed.
"""

from __future__ import annotations

import hashlib
import typing as t

import msgspec

from engage.core.conditions import Condition
from engage.core.conditions import fold_name as fold_name  # part of what a program's names mean
from engage.core.effects import AdvanceQuest as AdvanceQuest
from engage.core.effects import Award as Award
from engage.core.effects import Bracket as Bracket
from engage.core.effects import CallWebhook as CallWebhook
from engage.core.effects import Effect as Effect
from engage.core.effects import Formula as Formula
from engage.core.effects import GrantBadge as GrantBadge
from engage.core.effects import GrantFreeze as GrantFreeze
from engage.core.effects import Multiply as Multiply
from engage.core.effects import Pending as Pending
from engage.core.effects import Round as Round
from engage.core.effects import SendNudge as SendNudge
from engage.core.effects import SetTag as SetTag
from engage.core.habits import Calendar as Calendar  # what a program says of streaks
from engage.core.habits import Every as Every
from engage.core.habits import Freezes as Freezes
from engage.core.habits import Grants as Grants
from engage.core.habits import Streak as Streak
from engage.core.habits import StreakDays as StreakDays
from engage.core.lifecycle import Gone as Gone  # what a program says of stages
from engage.core.lifecycle import Lifecycle as Lifecycle
from engage.core.occasions import Occasion
from engage.core.program_levels import Basis as Basis  # parts of a program, as its readers know them
from engage.core.program_levels import BoardBy as BoardBy
from engage.core.program_levels import BoardOf as BoardOf
from engage.core.program_levels import BoardPeriod as BoardPeriod
from engage.core.program_levels import Downgrade as Downgrade
from engage.core.program_levels import Leaderboard as Leaderboard
from engage.core.program_levels import Level as Level
from engage.core.program_levels import Levels as Levels
from engage.core.program_levels import OnChange as OnChange
from engage.core.program_levels import Review as Review
from engage.core.program_measures import Funnel as Funnel
from engage.core.program_measures import RoleTrait as RoleTrait

PropertyType = t.Literal["string", "integer", "number", "boolean", "list"]
Window = t.Literal["day", "week", "month", "quarter", "year", "lifetime"]
Span = Window | t.Literal["rolling", "cooldown"]
Per = t.Literal["member", "department", "company"]
Over = t.Literal["cut", "refuse"]
Debt = t.Literal["refuse", "allow"]
Multipliers = t.Literal["largest", "compound", "add"]
Unit = t.Literal["days", "months", "years"]
Whole = t.Literal["month", "quarter", "year"]
Pick = t.Literal["first", "best", "all"]
Approval = t.Literal["by_cost", "automatic", "required"]
Repeats = t.Literal["once", "always", "day", "week", "month", "quarter", "year"]
Join = t.Literal["all", "any", "in_order"]

LATE_DAYS_DEFAULT = 30
THOUSANDTHS_ONE = 1000  # a factor of exactly one
MILLIONTHS_ONE = 1_000_000  # a rate of one unit for each one of a field


class Shape(msgspec.Struct, frozen=True, omit_defaults=True):
    """What everything below has in common: defaults are left out of the bytes."""


class Length(Shape, frozen=True):
    """A length of time by the calendar."""

    unit: Unit
    n: int


class Expires(Shape, frozen=True):
    """When points of a currency expire; exactly one of `after`, `on` and `idle`, or `after` with one of the others."""

    after: Length | None = None
    """So long after they became active."""
    round: Whole | None = None
    """At the end of the month, quarter or year in which they would."""
    on: tuple[str, ...] = ()
    """At the end of the first of these days (`12-31`) that comes next, or comes `after` that."""
    idle: Length | None = None
    """So long after the member's last activity."""


class Currency(Shape, frozen=True):
    name: str
    debt: Debt = "refuse"
    expires: Expires | None = None


class Property(Shape, frozen=True):
    """A declared property or trait. A personal one is never stored and never readable by a clause."""

    type: PropertyType
    personal: bool = False


Trait = Property


class EventType(Shape, frozen=True):
    name: str  # a label for people; the event's own name is its key in Program.events
    key: bool = True  # counts toward breadth
    browser: bool = False  # may earn when sent with a (forgeable) write key
    properties: dict[str, Property] = {}


class Badge(Shape, frozen=True):
    name: str


class Tag(Shape, frozen=True):
    """A word for members that rules put on and take off, for clauses to read."""

    name: str


class Nudge(Shape, frozen=True):
    """A message to a member."""

    text: str


class Limit(Shape, frozen=True):
    """At most `count` firings or at most `amount` of `currency` (exactly one of the two), per window.

    A rolling window is any `days` days in a row. A cooldown is one firing in `days` days, or with `hours` between.
    """

    rule: str  # the id of the rule it belongs to, so that `key` stands alone
    per: Per
    window: Span
    count: int | None = None
    amount: int | None = None
    currency: str | None = None  # set when `amount` is
    over: Over = "cut"  # a firing cannot be cut: count limits always refuse
    days: int = 0
    hours: int = 0
    first: bool = False  # whether it was written as the first so many ever, for the words alone

    @property
    def key(self) -> str:
        """The counter's name. It leaves the number out: raising 5 to 10 at noon keeps the 5 already used."""
        what = "firings" if self.currency is None else f"amount:{self.currency}"
        window: str = self.window
        if self.window == "rolling":
            window = f"rolling-{self.days}"
        elif self.window == "cooldown":
            window = "cooldown-hours" if self.hours else "cooldown-days"
        return f"{self.rule}/{self.per}/{window}/{what}"


class Budget(Shape, frozen=True):
    """What all rules together may award in one company and currency, per window."""

    currency: str
    window: Window
    amount: int
    over: Over = "cut"
    alerts: tuple[int, ...] = ()  # per cent of it, rising, that are told when they are reached

    @property
    def key(self) -> str:
        """The counter's name, without the number for the same reason as `Limit.key`."""
        return f"{self.currency}/{self.window}"


class Audience(Shape, frozen=True):
    """Members whom a condition picks out; it reads no event."""

    name: str
    conditions: Condition


class Group(Shape, frozen=True):
    """Rules of which one event fires one: the first that can, or the one that awards most; or all of them."""

    pick: Pick
    currency: str = ""  # what the best awards most of


class CampaignBudget(Shape, frozen=True):
    """What a campaign's rules together may award in one company and currency, ever."""

    currency: str
    amount: int
    over: Over = "cut"
    alerts: tuple[int, ...] = ()  # as of a budget


class Campaign(Shape, frozen=True):
    """A bundle of rules with dates: both days are the company's local ones, and included."""

    name: str
    first_day: int  # ordinal
    last_day: int
    audience: str = ""
    budgets: tuple[CampaignBudget, ...] = ()
    limits: tuple[Limit, ...] = ()  # of all its rules together
    holdout: int = 0  # per cent of all members who are held out of it, to measure what it moves


class Rule(Shape, frozen=True):
    id: str
    name: str  # the id when none was given
    trigger: str  # an event's name; "" when `on` says what it is instead
    conditions: Condition | None = None
    effects: tuple[Effect, ...] = ()
    limits: tuple[Limit, ...] = ()
    on: Occasion | None = None
    group: str = ""
    audience: str = ""  # whom it is for; empty for everybody
    campaign: str = ""  # which one it belongs to


class RewardLimit(Shape, frozen=True):
    """At most `count` redemptions of the reward, per window."""

    per: t.Literal["member", "company"]
    window: Window
    count: int

    def key(self, reward: str) -> str:
        """The counter's name, without the number for the same reason as `Limit.key`. No rule's id has a colon."""
        return f"reward:{reward}/{self.per}/{self.window}"


class Reward(Shape, frozen=True):
    """What points buy. A raised `stock` keeps what was taken: it says how many there are ever."""

    id: str
    name: str
    currency: str
    cost: int
    description: str = ""
    stock: int | None = None
    limits: tuple[RewardLimit, ...] = ()
    level: str = ""  # the lowest level that may
    conditions: Condition | None = None  # over the member and the company
    audience: str = ""
    first_day: int = 0  # ordinal; 0: at any time
    last_day: int = 0
    approval: Approval = "by_cost"
    codes: bool = False  # hands out codes that an administrator uploads


class Goal(Shape, frozen=True):
    """How often an event is to happen, or what a field of it is to add up to, or how many values it is to have."""

    event: str
    reach: int  # of a sum, in whole units of the field
    sum: str | None = None  # a property's field, as in a clause
    distinct: str | None = None  # likewise
    type: PropertyType = "integer"  # of that field
    conditions: Condition | None = None


class Tier(Shape, frozen=True):
    """A stretch of a quest and what completing it brings."""

    reach: int  # of the only goal; a quest without tiers has one, of 0: all its goals
    effects: tuple[Effect, ...] = ()


class Requires(Shape, frozen=True):
    """What a member must have, all of it, before anything counts."""

    quests: tuple[str, ...] = ()  # completed at least once; declared earlier
    badges: tuple[str, ...] = ()
    level: str | None = None  # or a higher one


class Quest(Shape, frozen=True):
    id: str
    name: str
    goals: tuple[Goal, ...]
    tiers: tuple[Tier, ...]  # at least one, `reach` strictly increasing up to that of the goal
    join: Join = "all"
    repeats: Repeats = "once"
    first_day: int = 0  # local days (ordinals) on which it is open; 0 = without a bound
    last_day: int = 0
    requires: Requires = Requires()
    audience: str = ""  # for whom it counts; empty for everybody
    counts_from: int = 0
    """The local day (ordinal) from which on what happened before its launch counts; 0: none of it."""
    silently: bool = False  # what that completes is neither paid nor told
    campaign: str = ""  # which one it belongs to; its days are then among the campaign's


class Giving(Shape, frozen=True):
    """What each member may give to colleagues, per window."""

    currency: str
    window: Window
    allowance: int
    to_one: int | None = None  # at most so much of it to one and the same


class Side(Shape, frozen=True):
    """What one of the two gets for a referral that comes off."""

    effects: tuple[Effect, ...] = ()
    limits: tuple[Limit, ...] = ()


class Referral(Shape, frozen=True):
    """How members invite colleagues, and what it brings both of them once the colleague is active."""

    event: str  # what the colleague is to do to be active
    count: int  # how often
    days: int  # so long an invitation counts for a colleague who joins
    within: int = 0  # so many days after joining to become active; 0: any time
    conditions: Condition | None = None  # of such an event
    invited: Side = Side()
    inviter: Side = Side()
    limits: tuple[RewardLimit, ...] = ()  # on inviting
    channels: tuple[str, ...] = ()  # by which invitations go out; the first where none is said
    audience: str = ""  # who may invite
    campaign: str = ""  # which one what it brings belongs to
    link: str = ""  # where an invitation leads, with {code} in it
    invites: str = ""  # an event that says that its member invited a colleague
    to: str = ""  # its property that says whom


class Program(Shape, frozen=True):
    """One valid program. Mappings are sorted by key and sequences are in declared order."""

    name: str
    currencies: dict[str, Currency]
    events: dict[str, EventType]
    late_days: int = LATE_DAYS_DEFAULT
    multipliers: Multipliers = "largest"
    member_traits: dict[str, Trait] = {}  # by the name as declared; compare with fold_name
    company_traits: dict[str, Trait] = {}
    badges: dict[str, Badge] = {}
    tags: dict[str, Tag] = {}
    nudges: dict[str, Nudge] = {}
    levels: Levels | None = None
    rules: tuple[Rule, ...] = ()
    budgets: tuple[Budget, ...] = ()
    groups: dict[str, Group] = {}
    audiences: dict[str, Audience] = {}
    audience: str = ""  # whom all its rules are for, as in a trial; empty for everybody
    department: str = ""  # the member trait, folded, that says the department; empty when none does
    rewards: tuple[Reward, ...] = ()
    redemptions_approved_to: int = 0
    """The highest cost at which a redemption needs no approval, where the reward does not say."""
    quests: tuple[Quest, ...] = ()
    giving: tuple[Giving, ...] = ()  # one per currency
    adjustments_approved_to: int | None = None
    """The largest adjustment by hand, either way, that needs no second person; None: none does."""
    campaigns: dict[str, Campaign] = {}
    calendar: Calendar = Calendar()
    streaks: tuple[Streak, ...] = ()
    leaderboards: tuple[Leaderboard, ...] = ()
    role: RoleTrait | None = None
    funnels: tuple[Funnel, ...] = ()
    lifecycle: Lifecycle = Lifecycle()
    referral: Referral | None = None


def canonical(program: Program) -> bytes:
    """The one spelling of a program: JSON, keys sorted, defaults omitted. What is stored and hashed."""
    return msgspec.json.encode(program, order="sorted")


def from_canonical(data: bytes) -> Program:
    """The program of canonical bytes; `msgspec.ValidationError` means the stored bytes are damaged."""
    return msgspec.json.decode(data, type=Program)


def program_hash(program: Program) -> bytes:
    """16 bytes that name this program's meaning: equal for documents that differ in key order or comments."""
    return canonical_hash(canonical(program))


def canonical_hash(data: bytes) -> bytes:
    """The same of canonical bytes."""
    return hashlib.blake2b(data, digest_size=16).digest()
