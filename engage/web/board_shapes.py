"""The JSON shapes of leaderboards and preferences; see `engage.web.shapes` for how shapes may change."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from engage.web.shapes import Day


class Placed(Struct):
    """A place on a leaderboard: of a member, or of a department with how many of its members scored. Equal scores have
    the same rank."""

    rank: int
    score: int
    member: str | None = None
    name: str | None = None
    department: str | None = None
    members: int | None = None


class Mine(Struct):
    """The member who was asked for. `rank` is null for one without a score, or who did not ask to be compared."""

    rank: int | None
    score: int


class Leaderboard(Struct):
    """`since` is the first local day of the period; null for the lifetime."""

    id: str
    name: str
    by: Literal["member", "department"]
    period: str
    since: Day | None
    data: list[Placed]
    me: Mine | None
    around: list[Placed]


class Preferences(Struct):
    leaderboard: Annotated[bool, Meta(description="Be compared with colleagues on leaderboards.")] = False


class NewPreferences(Struct, forbid_unknown_fields=True):
    """What is absent stays as it is."""

    leaderboard: bool | None = None
    actor: Annotated[str, Meta(max_length=255, description="Who says so.")] | None = None
