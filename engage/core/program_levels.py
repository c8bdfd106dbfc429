"""The part of a program about levels and leaderboards; see `engage.core.program` for how stored shapes may change."""

from __future__ import annotations

import typing as t

import msgspec

BoardBy = t.Literal["member", "department"]
BoardOf = t.Literal["currency", "event", "quests"]
BoardPeriod = t.Literal["day", "week", "month", "quarter", "year", "lifetime"]
Basis = t.Literal["lifetime", "calendar_year", "membership_year", "rolling"]
Downgrade = t.Literal["none", "one_step", "to_basis"]
OnChange = t.Literal["keep", "rise", "rise_and_fall"]


class Level(msgspec.Struct, frozen=True, omit_defaults=True):
    id: str
    name: str
    threshold: int  # earned points of Levels.currency
    benefits: dict[str, bool | int | str] = {}
    protected: bool = False  # who reached it does not fall below it


class Review(msgspec.Struct, frozen=True, omit_defaults=True):
    """When a level may fall, and how far."""

    on: str = ""  # "01-01", or "anniversary" of joining; "": `months` after the level was reached, and so on
    months: int = 0
    downgrade: Downgrade = "one_step"
    grace_days: int = 0  # from the review to the fall


class Levels(msgspec.Struct, frozen=True, omit_defaults=True):
    currency: str
    steps: tuple[Level, ...]  # lowest first, thresholds strictly increasing; rank is the position plus one
    basis: Basis = "lifetime"
    months: int = 0  # of a rolling basis
    review: Review | None = None  # without one no level falls
    on_change: OnChange = (
        "keep"  # what a publication with other thresholds does to members at the next midnight
    )

    @property
    def ranks(self) -> dict[str, int]:
        """Level -> its rank, from 1."""
        return {level.id: rank for rank, level in enumerate(self.steps, 1)}


class Leaderboard(msgspec.Struct, frozen=True, omit_defaults=True):
    """Who scored most in a period, of the members who want to be compared, or by department."""

    id: str
    name: str
    by: BoardBy
    of: BoardOf
    what: str  # the currency or event that is counted; "completed" of quests
    period: BoardPeriod
    least: int  # departments in which fewer members scored are not shown
    trait: str = ""  # the member trait, folded, that says the department; empty on a board by member

    @property
    def key(self) -> str:
        """What it counts: a board that counts something else begins anew."""
        return f"{self.id}/{self.period}/{self.of}:{self.what}/{self.by}:{self.trait}"
