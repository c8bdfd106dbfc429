"""An entry of a company's log: one input of a decision, as it is kept and replayed.

How the stored shape may change: `Body` is an array, so a field is only ever appended with a default. Kinds are
numbers in the database: one is never reused.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
from msgspec import Struct

SEMANTICS = 8
"""The number of the rules by which this release decides. A release that decides differently raises it, and writes a
checkpoint of each company before it decides anything: `CompanyState.semantics` says who decided what came since."""


class Kind:
    """What an entry is. Plain numbers: an IntEnum's comparisons alone cost a tenth of a decision."""

    TRACK: Final = 1
    PAGE: Final = 2
    SCREEN: Final = 3
    IDENTIFY: Final = 4
    GROUP: Final = 5
    ALIAS: Final = 6
    PROGRAM: Final = 7
    """From here on the company's events are decided by `Entry.program`."""
    SETTING: Final = 8
    """The company's name, time zone or seats, set by the host rather than by a `group` call."""
    ADJUSTMENT: Final = 9
    REVERSAL: Final = 10
    CHECKPOINT: Final = 11
    """The state at an entry before this one was kept, and its hash; see `engage.core.checkpoint`."""
    LEAVE: Final = 16
    """Days that ask nothing of a member's streaks, or a streak restored; see `engage.core.streaks`."""
    TICK: Final = 12
    """A local day began on which something awaited the member; see `engage.core.agenda`."""
    REDEMPTION: Final = 13
    """A step of buying a reward; see `engage.core.rewards`."""
    GIFT: Final = 14
    """One side of a gift between members; see `engage.core.gifts`."""
    PREFERENCES: Final = 15
    """What a member prefers, such as to be compared with colleagues."""
    REFERRAL: Final = 17
    """A step of inviting a colleague; see `engage.core.referral`."""
    CAMPAIGN: Final = 18
    """A campaign was paused, resumed or ended early; see `engage.core.campaigns`."""
    NUDGE: Final = 21
    """A member saw a message; see `engage.core.nudges`."""
    HISTORY: Final = 20
    """What a member did before a quest was launched, counted toward it; see `engage.core.history`."""
    ERASURE: Final = 22
    """The member is nobody any more; see `engage.core.erasure`."""


KIND_NAMES: Final = {
    Kind.TRACK: "track",
    Kind.PAGE: "page",
    Kind.SCREEN: "screen",
    Kind.IDENTIFY: "identify",
    Kind.GROUP: "group",
    Kind.ALIAS: "alias",
    Kind.PROGRAM: "program",
    Kind.SETTING: "setting",
    Kind.ADJUSTMENT: "adjustment",
    Kind.REVERSAL: "reversal",
    Kind.CHECKPOINT: "checkpoint",
    Kind.LEAVE: "leave",
    Kind.TICK: "tick",
    Kind.REDEMPTION: "redemption",
    Kind.GIFT: "gift",
    Kind.PREFERENCES: "preferences",
    Kind.REFERRAL: "referral",
    Kind.CAMPAIGN: "campaign",
    Kind.HISTORY: "history",
    Kind.NUDGE: "nudge",
    Kind.ERASURE: "erasure",
}
ACTIVITY = frozenset({Kind.TRACK, Kind.PAGE, Kind.SCREEN})
"""What a member did, as against what somebody said about a member."""


class Body(Struct, array_like=True, omit_defaults=True, gc=False):
    """What an entry says. `data` is what the kind needs:

    track, page, screen: properties. identify: member traits. group, setting: company traits.
    adjustment: currency, amount, reason, actor; or a step with one that waits, its seq, reason, actor. reversal: seq of
    the entry undone, reason, actor. checkpoint: its seq and hash, and what it says of `archived` and `semantics`. tick:
    nothing, its day is the entry's own. redemption: step, actor, reason, and the reward or the seq of the redemption's
    first step. gift: step, currency, amount, message and the number of the other member. campaign:
    campaign, step, reason, actor. leave: first and last day (`from`, `to`), or the streak to `restore`; reason,
    actor. preferences: preferences, actor. nudge: the one `opened`, actor. history: what was
    `counted`, quest -> steps of first day of the period, goal, key in its tally and amount; and the entry `after` which
    there was any history to count.
    erasure: actor, how many `members` were erased together, and how much of what went with them.
    referral: step, channel and, by step: invite has the code, whom it is to and actor; offer the invitation's seq, day
    and inviter, and actor; bring the colleague and the seq of what made them active; what somebody did with an
    invitation has its seq.
    """

    message_id: str
    data: dict[str, Any]
    original_at: int | None = None
    """The message's own timestamp, uncorrected, microseconds UTC."""
    trusted: bool = True
    """False when it came with a write key, which may be public and so forged."""


class Entry(Struct, gc=False):
    seq: int
    kind: int
    member: int
    """The member's number in the company; 0 when the entry concerns the company alone."""
    at: int
    """When it happened: corrected for clock skew, never after `received_at`. Microseconds UTC."""
    received_at: int
    day: int
    """The company's local day (ordinal) and hour (0-23) of `at`, by the time zone of the time."""
    hour: int
    program: int
    """The published version in force; 0 when there was none."""
    name: str
    """The event's name, or a page's or screen's."""
    body: Body
    previous: int = 0
    """The same member's entry before this one; 0 for the first."""


encode_body = msgspec.msgpack.Encoder().encode
decode_body = msgspec.msgpack.Decoder(Body).decode

Row = tuple[int, int, int, int, int, int, int, int, int, str, bytes, bytes]
"""An entry as it is stored, with its decision: seq, kind, member, previous, at, received_at, day, hour, program, name,
body, decision."""
_WHOLE_BODY, _TRUE = 0x90 + len(Body.__struct_fields__), 0xC3
"""How msgpack begins a body of all its fields, and says yes: `trusted` stands last."""


def entry_of(row: Row) -> Entry:
    seq, kind, member, previous, at, received_at, day, hour, program, name, body, _ = row
    return Entry(seq, kind, member, at, received_at, day, hour, program, name, decode_body(body), previous)


def is_trusted(body: bytes) -> bool:
    """Whether a stored body is, mostly without reading it."""
    return (body[-1] == _TRUE and body[0] == _WHOLE_BODY) or decode_body(body).trusted
