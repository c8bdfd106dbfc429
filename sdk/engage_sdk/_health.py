"""What the service answers about a company's health: aggregates only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True, slots=True)
class Driver:
    """One input of a health score and what it contributed."""

    name: str
    label: str | None = None
    value: float | None = None
    score: float | None = None
    weight: float | None = None
    contribution: float | None = None
    text: str | None = None
    change: float | None = None
    """Of the contribution, against four weeks before."""
    between: tuple[float, float] | None = None
    """Where the value is hidden: the range that may be told."""


@dataclass(frozen=True, slots=True)
class ScoredAs:
    """By which profile of the host's definition a company was scored, and why."""

    id: str
    name: str
    definition: str
    text: str | None = None
    weights: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Health:
    """A company's health: score 0 to 100, None while `band` is unscored."""

    company: str
    as_of: date | None = None
    score: float | None = None
    band: str = "unscored"
    change_4w: float | None = None
    change_13w: float | None = None
    confidence: str | None = None
    drivers: tuple[Driver, ...] = ()
    version: int | None = None
    profile: ScoredAs | None = None
    verdict: str = ""
    """One sentence: what the score is made of, or why there is none."""
    notes: tuple[str, ...] = ()
    """What is missing, and why the confidence is not high."""
    slid: str = ""
    """What was seen of the driver that lost most, where half a band was lost in 13 weeks."""


@dataclass(frozen=True, slots=True)
class HealthPoint:
    """One past score."""

    as_of: date
    score: float | None = None
    band: str = "unscored"
    stage: str | None = None
    version: int | None = None
    profile: str | None = None
    definition: str | None = None
