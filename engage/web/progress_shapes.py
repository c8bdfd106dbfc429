"""The JSON shapes of a member's quests and streaks. They change as those of `engage.web.shapes` do: they only grow."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, field

Time = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]
Day = Annotated[str, Meta(extra_json_schema={"format": "date"})]


class Nudge(Struct):
    """A message that a rule sent a member. The host shows it, and says when it was seen."""

    id: str
    text: str
    at: Time
    opened: Annotated[bool, Meta(description="False while nobody said that the member has seen it.")] = False
    opened_at: Time | None = None


class NewOpening(Struct, forbid_unknown_fields=True):
    actor: Annotated[str, Meta(max_length=255, description="Who says so.")] | None = None


class NudgeRates(Struct):
    """Per cent of those sent, to one decimal place; null before one was."""

    opened: Annotated[float, Meta(ge=0, le=100)] | None
    returned: Annotated[float, Meta(ge=0, le=100)] | None


class NudgeFound(Struct):
    """What became of a nudge in a company: `returned` counts those who did something on a later day within a week."""

    id: str
    text: str
    sent: int
    opened: int
    returned: int
    rates: NudgeRates


class Nudges(Struct):
    data: list[NudgeFound]


class QuestGoal(Struct, omit_defaults=True):
    """How often an event is to happen; or what a property of it (`sum`) is to add up to, or how many values it
    (`distinct`) is to have."""

    event: str
    progress: Annotated[float, Meta(ge=0, description="At most `reach`.")]
    reach: int
    done: bool
    sum: str | UnsetType = UNSET
    distinct: str | UnsetType = UNSET


class QuestTier(Struct):
    reach: int
    done: bool


class Quest(Struct):
    """A quest as it stands for the member in its current period. `until` is the last local day of that, or of the
    quest; `missing` what it requires and the member does not have yet."""

    id: str
    name: str
    status: Literal["upcoming", "locked", "open", "paused", "completed", "over"]
    join: Annotated[Literal["all", "any", "in_order"], Meta(description="Which of the goals it takes.")]
    goals: list[QuestGoal]
    tiers: Annotated[list[QuestTier], Meta(description="Empty for a quest without tiers.")]
    times: Annotated[int, Meta(ge=0, description="How often it was completed, ever.")]
    repeats: Literal["once", "always", "day", "week", "month", "quarter", "year"]
    missing: list[str]
    until: Day | None


class Streak(Struct):
    """A streak as it stands for the member today, or this week."""

    id: str
    name: str
    every: Literal["day", "week"]
    current: Annotated[int, Meta(ge=0, description="Days or weeks in a row; 0 when it is lost.")]
    longest: Annotated[int, Meta(ge=0)]
    freezes: Annotated[int, Meta(ge=0, description="Missed days that would not end it.")]
    today: Annotated[
        Literal["done", "due", "rest"],
        Meta(description="Whether today, or this week, asks for something yet."),
    ]
    next: Annotated[int | None, Meta(description="The next length that rules reward.")]


class Streaks(Struct):
    """A member's streaks after what was asked for."""

    streaks: list[Streak]


class NewLeave(Struct, forbid_unknown_fields=True):
    from_: Annotated[Day, Meta(description="The first local day of it.")] = field(name="from")
    to: Annotated[Day, Meta(description="The last; at most 366 days in all.")]
    reason: Annotated[str, Meta(max_length=500)] | None = None
    actor: Annotated[str, Meta(max_length=255, description="Who decided it.")] | None = None


class NewRestore(Struct, forbid_unknown_fields=True):
    reason: Annotated[str, Meta(max_length=500)] | None = None
    actor: Annotated[str, Meta(max_length=255, description="Who decided it.")] | None = None
