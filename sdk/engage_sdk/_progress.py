"""A member's quests and streaks, as frozen values. See `models`, which has them too."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class QuestGoal:
    """One goal of a quest: so many times an event, a `sum` over a property or `distinct` values of one."""

    event: str
    progress: float = 0
    reach: int = 0
    done: bool = False
    sum: str | None = None
    distinct: str | None = None


@dataclass(frozen=True, slots=True)
class QuestTier:
    """A stretch of a quest."""

    reach: int
    done: bool = False


@dataclass(frozen=True, slots=True)
class Quest:
    """A quest as it stands in its current period. `status` is upcoming, locked, open, paused, completed or
    over; `missing` says what a locked one takes; `until` is the last day, None where it does not end."""

    id: str
    name: str | None = None
    status: str = "open"
    join: str = "all"
    goals: tuple[QuestGoal, ...] = ()
    tiers: tuple[QuestTier, ...] = ()
    times: int = 0
    repeats: str = "once"
    missing: tuple[str, ...] = ()
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Streak:
    """A streak as it stands: `current` and `longest` in days or weeks (`every`). `today` is done, due or rest; `next`
    is the next length that rules reward."""

    id: str
    name: str | None = None
    every: str = "day"
    current: int = 0
    longest: int = 0
    freezes: int = 0
    today: str | None = None
    next: int | None = None
