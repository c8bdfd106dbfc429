"""Effects: what a rule does when it fires, as frozen data. Part of the program, and read through `engage.core.program`.

Stored shapes: they change as `engage.core.program` says.
"""

from __future__ import annotations

import typing as t

import msgspec

Round = t.Literal["half_even", "down", "up"]


class Part(msgspec.Struct, frozen=True, omit_defaults=True):
    """What they have in common: defaults are left out of the bytes."""


class Bracket(Part, frozen=True):
    """What a value from `start` on is worth: `amount` units, or `rate` for each one of the whole value."""

    start: int  # thousandths
    amount: int = 0
    rate: int = 0  # millionths


class Formula(Part, frozen=True):
    """What an award depends on: a numeric field, by one rate or by brackets; see `engage.core.formulas`."""

    of: str  # a field, as in a clause
    type: t.Literal["integer", "number"]
    rate: int = 0  # millionths of a unit; 0 when there are brackets
    brackets: tuple[Bracket, ...] = ()  # by `start`, strictly increasing
    round: Round = "half_even"
    least: int = 0
    most: int | None = None


class Pending(Part, frozen=True):
    """What an award waits for before it is the member's: exactly one of `days`, `until` and `event`."""

    days: int = 0
    until: str = ""
    """A date; from its beginning on points are not held back any more."""
    event: str = ""
    voided_by: str = ""
    match: str = ""
    """The property in which the awarding event and the other must be equal; "" when any such event counts."""
    within: int = 0
    """Days after which `event` comes too late."""


class Award(Part, frozen=True, tag="award", tag_field="kind"):
    currency: str
    amount: int  # 0 when a formula says how much
    formula: Formula | None = None
    pending: Pending | None = None


class Multiply(Part, frozen=True, tag="multiply", tag_field="kind"):
    """Multiplies the base awards of the event in one currency; 1500 thousandths is a factor of 1.5."""

    currency: str
    thousandths: int


class GrantBadge(Part, frozen=True, tag="badge", tag_field="kind"):
    badge: str


class GrantFreeze(Part, frozen=True, tag="freeze", tag_field="kind"):
    streak: str


class SetTag(Part, frozen=True, tag="tag", tag_field="kind"):
    tag: str
    on: bool = True  # or taken off


class SendNudge(Part, frozen=True, tag="nudge", tag_field="kind"):
    nudge: str


class CallWebhook(Part, frozen=True, tag="webhook", tag_field="kind"):
    """Tells the host by a notice of its own, which receivers know by this word."""

    webhook: str
    properties: tuple[str, ...] = ()  # of the event, which it carries


class AdvanceQuest(Part, frozen=True, tag="advance", tag_field="kind"):
    """Counts toward the only goal of a quest, beside the events that do."""

    quest: str
    by: int = 1


Effect = Award | Multiply | GrantBadge | GrantFreeze | SetTag | SendNudge | CallWebhook | AdvanceQuest
