"""The shapes in which reports show what customer success plans, does and thinks. They only grow, as those of
`engage.core.reports` do. Days are ISO text.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from engage.core.language import Text

Standing = Literal["reached", "on_track", "behind", "missed", "dropped", "not_known", "in_range"]
"""In range: of the measure only a range may be told, and what it is held against lies within."""


class Moving(Struct, frozen=True):
    """A driver of the score, as a goal shows it."""

    name: str
    label: Text
    text: Text
    contribution: float
    change: float | None  # against four weeks before; None: there is no score of then


class StageView(Struct, frozen=True):
    by: str
    target: float
    name: str
    accepted_by: str | None
    accepted_on: str | None
    note: str
    standing: Literal["accepted", "due", "to_come"] = "to_come"


class ChangeView(Struct, frozen=True):
    at: str
    actor: str
    text: Text
    reason: str


class GoalView(Struct, frozen=True):
    """A goal, and how it stands on a day."""

    id: str
    name: str
    measure: str
    label: Text
    target: float
    by: str
    owner: str
    start: str
    start_value: float | None
    value: float | None  # of the newest score; None: not known, or not told
    standing: Standing
    progress: float | None  # of the way from the start to the target; 1 is there
    stages: tuple[StageView, ...]
    changes: tuple[ChangeView, ...]
    drivers: tuple[Moving, ...]  # the measures under it, as the score has them
    shown: Text = ""  # of a value that cannot be told: what may be told of it
    low: float | None = None  # the range that may be told, where the value may not
    high: float | None = None
    about: bool = False  # progress is reckoned with the middle of a range


class LateGoal(Struct, frozen=True):
    """A goal that is behind or missed, as the portfolio tells it."""

    company: str
    company_name: str
    id: str
    name: str
    label: Text  # of its measure
    by: str
    owner: str
    standing: Standing


class DoneView(Struct, frozen=True):
    """An intervention for the company."""

    id: str
    what: str
    day: str
    actor: str
    before: int | None = (
        None  # score of the last week before it; None: not scored, or longer ago than is drawn
    )
    after_4w: int | None = None
    after_13w: int | None = None


class Compared(Struct, frozen=True):
    """Scores so many weeks after, less those before: of companies with the intervention, and of those without."""

    weeks: int
    companies: int
    change: float | None
    others: int
    others_change: float | None
    difference: float | None
    low: float | None  # of a range that holds the difference 95 times in 100
    high: float | None
    text: Text


class EffectView(Struct, frozen=True):
    """An intervention, and what became of scores after it."""

    id: str
    what: str
    day: str
    actor: str
    companies: int
    held_out: int
    scores: tuple[Compared, ...]
    company: str = ""  # where it was for one only


class InterventionView(Struct, frozen=True):
    """An intervention, as it is told to whoever keeps them."""

    id: str
    what: str
    day: str
    actor: str
    companies: tuple[str, ...]
    held_out: tuple[str, ...]
    recorded_at: str
    changes: tuple[ChangeView, ...]
    withdrawn: bool


class SentimentView(Struct, frozen=True):
    feeling: str
    actor: str
    said: str
    until: str
    note: str


class CareView(Struct, frozen=True):
    """All of it, of one company."""

    goals: tuple[GoalView, ...] = ()
    interventions: tuple[DoneView, ...] = ()  # the newest first
    sentiment: SentimentView | None = None
