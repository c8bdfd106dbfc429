"""The state a decision reads and the fold writes: one document per member, company and local day.

Everything here is derived: replaying a company's log from its beginning builds the same documents bit for bit,
which is what `engage verify` does. How they are stored is the business of `store`. They stay in memory between
commits, thousands of them, and hold no cycles: `gc=False` keeps the garbage collector from walking them all.

How the shapes may change: they are encoded as arrays, so a field is only ever appended, with a default that
means "nothing yet". Removing or reordering one needs a checkpoint and a new semantics number.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct, field

from engage.core.event import SEMANTICS
from engage.core.offers import Referred

AMOUNT_MAX = 2**53 - 1
"""The largest amount, and the largest balance, in whole units: what every JSON reader can hold exactly."""

Usage = dict[str, dict[int, int]]
"""What limits have used: limit key -> first day (ordinal) of the window -> units or firings."""


class Waiting(Struct, frozen=True, array_like=True, gc=False):
    """An award that is pending: not yet the member's."""

    day: int
    """The local day on which it is released; of one that waits for `event`, given up."""
    units: int
    seq: int
    """The entry that awarded it, and the number of its transfer there."""
    n: int
    uses: tuple[tuple[Any, ...], ...] = ()
    """The fields of each `limits.Use` to give back when it is voided."""
    event: str = ""
    """The event that confirms it."""
    voided_by: str = ""
    match: str = ""
    """The property in which such an event must agree, and the key of its value; "" when any will do."""
    key: bytes = b""


class Wallet(Struct, array_like=True, gc=False):
    """A member's balance in one currency, in whole units. `active` is negative only while a debt is owed."""

    active: int = 0
    earned: int = 0
    """All that counts toward levels: awards and adjustments, less what was reversed. Spending leaves it alone."""
    lots: list[tuple[int, int]] = field(default_factory=list)
    """(day of expiry as ordinal, 0 = never; units left), soonest expiry first, never last. From the beginning of
    that day on they are gone."""
    held: int = 0
    """Set aside for redemptions that are not fulfilled yet."""
    spent: int = 0
    """What fulfilled redemptions cost, less what was refunded."""
    pending: tuple[Waiting, ...] = ()
    settled: tuple[tuple[int, int, int], ...] = ()
    """Of the awards that waited, the newest: (seq, n, what became of it: the expiry day of its lot or VOIDED)."""
    expired: tuple[tuple[int, int], ...] = ()
    """(day of expiry, units that did), soonest first. The oldest are put together; they all add up to what expired."""
    told: tuple[tuple[int, int], ...] = ()
    """(days ahead, expiry day) of the lots of which the rules that want to know so early were told."""
    released: tuple[tuple[int, int, int, int], ...] = ()
    """Of `settled`, those that became active: (seq, n, local day of the release, the entry that released it)."""


class Redemption(Struct, array_like=True, gc=False):
    """A redemption that is not over: one to fulfil, or one fulfilled that can still be refunded."""

    reward: str
    currency: str
    amount: int
    day: int
    """The local day of the request, in whose windows the limits counted it."""
    status: str
    lots: list[tuple[int, int]]
    """What it was paid with: (day of expiry, units), as in `Wallet.lots`."""
    counted: list[tuple[bool, str, int]] = field(default_factory=list)
    """The counters that a cancellation releases: (company's, key, window)."""
    codes: bool = False
    """Whether fulfilling it hands out a code."""
    fulfilled: int = 0
    """The local day it was fulfilled; 0 while it is not."""


class Standing(Struct, array_like=True, gc=False):
    """What a member's level is judged by, where more than the lifetime counts or where levels are reviewed."""

    key: str = ""
    """What is counted in `earned`; of anything else nothing is known yet."""
    since: int = 0
    """The seq of the first entry that was."""
    earned: dict[int, int] = field(default_factory=dict)
    """First day (ordinal) of the year or month -> units earned in it."""
    reached: int = 0
    """The local day on which the level was reached."""
    reviewed: int = 0
    """The local day of the newest review, and the seq of its entry."""
    reviewed_by: int = 0
    falls: int = 0
    """The local day on which the grace ends; 0 while there is none to be had."""


class LevelRules(Struct, frozen=True, array_like=True, gc=False):
    """Since when a company's levels are what they are: no member is judged by what came after."""

    steps: str = ""
    placed: int = 0
    """The thresholds, and the local day of the publication after which all members are placed anew by them."""
    counted: str = ""
    counted_since: int = 0
    """What counts, and since when; 0 when nobody had a level before."""
    review: str = ""
    review_since: int = 0
    """When levels are reviewed, and since when they are."""


class Progress(Struct, frozen=True, array_like=True, gc=False):
    """How far a quest has come in one of its periods. Never changed in place: a decision makes a new one."""

    goals: list[dict[int, int]]
    """Per goal: 0 -> the count or sum, in its last decimal place; of distinct values, hash -> how often it came."""
    reached: int = 0
    """How many tiers are completed."""


class Quested(Struct, frozen=True, array_like=True, gc=False):
    """A member's quest, in all periods that an event can still reach. Not changed either: members share one."""

    windows: dict[int, Progress]
    """First day (ordinal) of the period, 0 where it has none -> progress."""
    times: int = 0
    """How often it was completed, ever."""


class Asked(Struct, array_like=True, gc=False):
    """An adjustment that waits for a second person."""

    currency: str
    amount: int
    actor: str
    """Who asked, and so cannot approve."""


class Given(Struct, array_like=True, gc=False):
    """What a member gave in one currency in the newest window in which they gave any."""

    start: int
    """The first day of that window."""
    total: int = 0
    to: dict[int, int] = field(default_factory=dict)
    """Member's number -> units."""


class Run(Struct, array_like=True, gc=False):
    """A member's streak, by periods: local days (ordinals), or weeks by number. See `engage.core.runs`. Never changed
    in place: a decision makes a new one."""

    base: int = 0
    """The oldest period that is remembered; bit i below is period `base + i`."""
    counts: bytes = b""
    """How many events each period has, at most 255."""
    done: int = 0
    excused: int = 0
    """Those that asked for nothing: days of rest, of leave, and frozen ones."""
    frozen: int = 0
    before: int = 0
    """How long the run is that ends right before `base`."""
    longest: int = 0
    """Of the runs that ended before `base`."""
    until: int = 0
    """The period that is under way; all before it are settled."""
    due: int = 0
    """The local day that breaks the run unless something is done before; 0: there is nothing to break."""
    freezes: int = 0
    granted: int = 0
    """The first day of the period for which freezes were granted last."""
    told: dict[int, int] = field(default_factory=dict)
    """First period of a run -> the longest milestone told of it."""


class Nudged(Struct, frozen=True, array_like=True, gc=False):
    """A nudge as it was sent last."""

    day: int
    opened: int = 0
    """The entry that says so; 0 for none."""
    returned: bool = False


class NudgeCounts(Struct, frozen=True, array_like=True, gc=False):
    """How often a nudge was sent in a company, opened, and followed by a return."""

    sent: int = 0
    opened: int = 0
    returned: int = 0


class MemberState(Struct, array_like=True, gc=False):
    wallets: dict[str, Wallet] = field(default_factory=dict)
    level: str = ""
    badges: dict[str, int] = field(default_factory=dict)
    """Badge id -> the seq of the entry that granted it."""
    usage: Usage = field(default_factory=dict)
    days_base: int = 0
    days: bytes = b""
    """Active days: bit i (little-endian) set = active on the local day `days_base + i`."""
    features: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Event name -> (base Monday, bits): bit i set = used in the ISO week that starts at base + 7 i."""
    traits: dict[str, Any] = field(default_factory=dict)
    first_at: int = 0
    last_at: int = 0
    last_day: int = 0
    last_seq: int = 0
    """The member's newest entry; each entry names the one before it, so a member's history is a linked list."""
    events: int = 0
    joined: int = 0
    """The local day of the first entry."""
    ticked: int = 0  # the local day of the newest tick
    redemptions: dict[int, Redemption] = field(default_factory=dict)
    """Those that are not over, by the seq of their first step."""
    standing: Standing | None = None
    quests: dict[str, Quested] = field(default_factory=dict)
    given: dict[str, Given] = field(default_factory=dict)  # by currency
    points_due: int = 0
    """The first day on which some of the member's points expire, are released or given up; 0 for none."""
    adjustments: dict[int, Asked] = field(default_factory=dict)  # those that wait, by seq
    streaks: dict[str, Run] = field(default_factory=dict)
    leaves: list[tuple[int, int]] = field(default_factory=list)
    """First and last local day of each leave, in which no streak asks for anything."""
    tags: dict[str, int] = field(default_factory=dict)
    """Tag -> the seq of the entry that put it on."""
    untagged: dict[str, int] = field(default_factory=dict)
    """Tag -> the seq of the entry that took it off: an undo must know whose was the last word."""
    nudges: dict[str, int] = field(default_factory=dict)
    """Nudge -> the seq of the entry that sent it last, NUDGES_KEPT at most."""
    preferences: dict[str, bool] = field(default_factory=dict)
    scores: dict[str, dict[int, int]] = field(default_factory=dict)
    """Leaderboard -> first day (ordinal) of a period, 0 for the lifetime -> score; see `engage.core.leaderboards`."""
    uses: tuple[int, bytes] = (0, b"")
    """(Monday, events in each ISO week from it on), at most 255: a script is not a busier person than that."""
    spending: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Currency -> (base Monday, bits): the ISO weeks in which redemptions were fulfilled, as in `features`."""
    rises: list[tuple[int, str]] = field(default_factory=list)
    """(Monday, the level when that ISO week began), of the weeks in which the level changed, oldest first."""
    funnels: dict[str, tuple[int, tuple[int, ...]]] = field(default_factory=dict)
    """Funnel -> (base Monday, for each step bits): bit i set = the step was reached by whom had begun in week i."""
    counted: int = 0
    """The entry that counted the member's history toward quests last, or the first one where there was none."""
    left: int = 0
    """The local day on which the host said that the member left; 0 when it did not, or took it back."""
    nudged: dict[str, Nudged] = field(default_factory=dict)
    """What became of those in `nudges`."""
    awaited_until: int = 0
    """The last local day on which doing something is a return after one of them."""
    referral: Referred | None = None
    earning: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Currency -> (base Monday, bits): the ISO weeks in which some was awarded, as in `features`; "" -> those
    in which events of theirs earned nothing. Kept for reports alone, which tell of no award behind which few stand."""
    rested: dict[str, str] = field(default_factory=dict)
    """Level whose event was undone while a higher one stood on it -> the one below: where an undoing of that leads."""
    shares: list[bytes] = field(default_factory=list)
    """In the order of `features`: events in each of the weeks whose bit is set, the newest last, at most 255."""
    rewarded: tuple[int, bytes] = (0, b"")
    """Those in `uses` that earned something."""
    away: tuple[int, int] = (0, 0)
    """(base Monday, bits): the ISO weeks all through which the host had said that the member left, taken back since."""


class CampaignStop(Struct, frozen=True, array_like=True, gc=False):
    """A campaign that an administrator paused, or ended before its last day."""

    ended: bool
    actor: str
    reason: str
    at: int  # microseconds UTC


class CompanyState(Struct, array_like=True, gc=False):
    name: str = ""
    timezone: str = "UTC"
    seats: int | None = None
    traits: dict[str, Any] = field(default_factory=dict)
    usage: Usage = field(default_factory=dict)
    head_at: int = 0
    """The latest corrected time in the log, microseconds UTC: lateness is measured from here."""
    members: int = 0
    """How many members there are; the next one gets this number plus one."""
    levels: dict[str, int] = field(default_factory=dict)
    """Level id -> members standing there now. Members without a level are not counted."""
    last_seq: int = 0
    semantics: int = 1
    """Which rules decided the entries since the newest checkpoint, or since the first entry; see `event.SEMANTICS`."""
    archived: int = 0
    """Entries up to this one are archived and may be gone; nothing may need them any more."""
    program_since: int = 0
    """The local day from which on the program in force decides."""
    level_rules: LevelRules | None = None
    departments: dict[str, int] = field(default_factory=dict)
    """Departments by number, from 1 in the order in which limits first met them: records name no department."""
    campaigns: dict[str, CampaignStop] = field(default_factory=dict)
    """Those that do not take their course."""
    boards: dict[str, int] = field(default_factory=dict)
    """Leaderboard, by what it counts -> the seq of the publication that brought it."""
    launches: dict[str, int] = field(default_factory=dict)
    """Quest that counts history -> the seq of the publication that brought it."""
    nudges: dict[str, NudgeCounts] = field(default_factory=dict)


class DayRollup(Struct, array_like=True, gc=False):
    """What happened in a company on one local day. Every field adds up, so two rollups of a day merge by addition."""

    events: int = 0
    """Tracked events, pages and screens."""
    members: int = 0  # distinct ones active on the day
    incentivised: int = 0
    """Events that earned something; the rest were organic."""
    joined: int = 0  # members seen for the first time
    names: dict[str, int] = field(default_factory=dict)
    """Event name -> how often. At most NAMES_MAX names, the rest is counted under OTHER."""
    issued: dict[str, int] = field(default_factory=dict)
    """Currency -> units awarded less units reversed."""
    adjusted: dict[str, int] = field(default_factory=dict)
    """Currency -> units adjusted by hand, signed."""
    levels: dict[str, int] = field(default_factory=dict)
    """Level id -> members who came less members who went."""
    spent: dict[str, int] = field(default_factory=dict)
    """Currency -> units that fulfilled redemptions cost less units refunded."""
    expired: dict[str, int] = field(default_factory=dict)
    """Currency -> units that expired, less those of them taken back when the event that had earned them was undone.
    What members hold, pending or not, is issued + adjusted - spent - expired."""
    pending: dict[str, int] = field(default_factory=dict)
    """Currency -> units that began to wait, less those that were released or voided."""
    referral: dict[str, int] = field(default_factory=dict)
    """Channel and step of a referral, `chat/joined` -> how often, less what was undone."""


NUDGES_KEPT = 20
ROLLUP_NAMES_MAX = 300
ROLLUP_OTHER = "(other)"

_encode = msgspec.msgpack.Encoder().encode
_decode_member = msgspec.msgpack.Decoder(MemberState).decode
_decode_company = msgspec.msgpack.Decoder(CompanyState).decode
_decode_day = msgspec.msgpack.Decoder(DayRollup).decode


def first_state() -> CompanyState:
    """The state of a company before its first entry."""
    return CompanyState(semantics=SEMANTICS)


def encode_state(state: MemberState | CompanyState | DayRollup) -> bytes:
    return _encode(state)


def decode_member(data: bytes) -> MemberState:
    return _decode_member(data)


def decode_company(data: bytes) -> CompanyState:
    return _decode_company(data)


def decode_day(data: bytes) -> DayRollup:
    return _decode_day(data)


def add_to(counts: dict[str, int], key: str, amount: int) -> None:
    """Add and forget zeros, so that equal histories give equal documents."""
    total = counts.get(key, 0) + amount
    if total:
        counts[key] = total
    else:
        counts.pop(key, None)


def merge_days(into: DayRollup, more: DayRollup) -> None:
    into.events += more.events
    into.members += more.members
    into.incentivised += more.incentivised
    into.joined += more.joined
    for name, count in more.names.items():
        key = name if name in into.names or len(into.names) < ROLLUP_NAMES_MAX else ROLLUP_OTHER
        add_to(into.names, key, count)
    for target, source in (
        (into.issued, more.issued),
        (into.adjusted, more.adjusted),
        (into.levels, more.levels),
        (into.expired, more.expired),
        (into.spent, more.spent),
        (into.pending, more.pending),
        (into.referral, more.referral),
    ):
        for key, count in source.items():
            add_to(target, key, count)
