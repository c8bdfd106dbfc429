"""The JSON shapes of dry runs and backtests; see `engage.web.shapes` for how shapes may change."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, field

from engage.web.shapes import Day, Effect, Identifier, Member, Reason, RuleVerdict, Time


class Tried(Struct):
    """Which program was tried: `version` of the one in force, None for a draft or a document of the call's own."""

    source: Literal["draft", "live", "recorded", "document"]
    version: int | None
    name: str


class Clause(Struct):
    """One clause or group of a rule's conditions, and how it came out; `depth` 1 is the whole."""

    text: str
    holds: bool
    actual: Annotated[str | None, Meta(description="What was found, of a clause.")]
    depth: int


class TriedRule(RuleVerdict):
    """A verdict with every clause behind it."""

    clauses: list[Clause]


class Assumed(Struct, frozen=True, forbid_unknown_fields=True):
    """Traits to take for granted beside those that are known."""

    member: dict[str, Any] = {}
    company: dict[str, Any] = {}


class WhichProgram(Struct, kw_only=True):
    """The program to try: the draft (without one, what is in force), the version in force, or a document."""

    program: Literal["draft", "live"] = "draft"
    document: Annotated[
        str | dict[str, Any] | None,
        Meta(description="A program, as YAML or JSON text or as an object; instead of `program`."),
    ] = None


class NewDryRun(Struct, kw_only=True, forbid_unknown_fields=True):
    """A made-up event (`member`, `event`), or a recorded one (`message_id`)."""

    member: Identifier | None = None
    event: Identifier | None = None
    properties: dict[str, Any] = {}
    timestamp: Annotated[Time | None, Meta(description="When it happens; else `now`.")] = None
    now: Annotated[Time | None, Meta(description="When it arrives, past or future; else the present.")] = None
    trusted: Annotated[bool, Meta(description="False: as if it came with a write key.")] = True
    traits: Assumed = Assumed()
    message_id: Annotated[
        Identifier | None,
        Meta(description="A recorded event, tried on the state as it stood when it arrived."),
    ] = None
    program: Annotated[
        Literal["draft", "live", "recorded"],
        Meta(description="`recorded`, with `message_id`: the version that decided it."),
    ] = "draft"
    document: Annotated[
        str | dict[str, Any] | None,
        Meta(description="A program, as YAML or JSON text or as an object; instead of `program`."),
    ] = None


class Brought(Struct):
    """What the event would bring to whoever invited the member."""

    member: str
    effects: list[Effect]
    rules: list[RuleVerdict]


class Step(Struct):
    """What an invitation brings when the colleague joins, is active (and joins, where one event does both), and what
    it then has `brought` to the inviter."""

    stage: Literal["joined", "active", "brought"]
    member: str
    effects: list[Effect]
    rules: list[RuleVerdict]


class Lack(Struct):
    code: str
    text: str


class Followed(Struct):
    """What comes of the invitation that the event tells of, when it is followed at once: the colleague does `times`
    times what makes active, each counting."""

    colleague: str
    lacks: Annotated[list[Lack], Meta(description="What stands in the way of it; then nothing follows.")]
    event: str
    times: int
    steps: list[Step]


class DryRun(Struct, omit_defaults=True):
    """What the event would do. Nothing was written."""

    program: Tried
    event: str
    at: Time
    received_at: Time
    status: Literal["decided", "undecided"]
    effects: list[Effect]
    rules: list[TriedRule]
    before: Annotated[Member | None, Meta(description="Null when it would be the member's first event.")]
    after: Member
    message_id: str | UnsetType = UNSET
    reason: Reason | UnsetType = UNSET
    warnings: list[str] = []
    brought: Brought | UnsetType = UNSET
    followed: Followed | UnsetType = UNSET


class NewBacktest(WhichProgram, kw_only=True, forbid_unknown_fields=True):
    """A program to try on the local days `from` to `to` of the log."""

    first_day: Day = field(name="from")
    last_day: Day = field(name="to")
    prices: Annotated[
        dict[str, Annotated[str, Meta(pattern=r"^\d{1,12}(\.\d{1,6})?$")]],
        Meta(description='What a unit of a currency costs, to reckon with: {"points": "0.01"}.'),
    ] = {}
