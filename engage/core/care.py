"""What customer success plans, does and thinks: goals, interventions, sentiment, exceptions.

Owns their stored shapes and how a ceiling lowers a score. Must not know members, storage or how a goal stands
(`engage.core.plans`). Shapes are kept as JSON: a field may be added with a default. Days are ISO text.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal

from msgspec import Struct
from msgspec.structs import replace

from engage.core.health import band_of, verdict_of
from engage.core.language import mark, say
from engage.core.reports import Driver, Health

Feeling = Literal["good", "neutral", "poor"]
SENTIMENT_DAYS_MAX: Final = 90
"""A feeling is said again, or is none any more: what nobody renews is stale."""
EXCEPTION_DAYS_MAX: Final = 365
POOR_AT_MOST: Final = 59
"""With poor sentiment a company is no better than on watch: any poor measure keeps a score from green (Totango)."""
STAGES_MAX: Final = 20
CHANGES_MAX: Final = 200
LOWERED: Final = "exception"
LOWERED_LABEL: Final = mark("Lowered by hand")


class Stage(Struct, frozen=True, omit_defaults=True):
    """A target on the way. Accepted by somebody, or not yet."""

    by: str
    target: float
    name: str = ""
    accepted_by: str = ""
    accepted_on: str = ""
    note: str = ""


class Change(Struct, frozen=True):
    """What was adjusted of a goal, or corrected of an intervention, by whom and why."""

    at: int  # microseconds UTC
    actor: str
    text: str
    reason: str


class Goal(Struct, frozen=True, omit_defaults=True):
    id: str
    name: str
    measure: str
    target: float
    by: str
    owner: str
    start: str
    """The day it was set, and `start_value` what was measured by then; None: not known."""
    start_value: float | None = None
    stages: tuple[Stage, ...] = ()
    dropped: bool = False
    changes: tuple[Change, ...] = ()
    start_about: bool = False
    """`start_value` is the middle of a range: no more was told."""


class Intervention(Struct, frozen=True, omit_defaults=True):
    """Something done for some companies on a day, so that its effect can be judged later. Those held out, drawn by
    chance, went without."""

    id: str
    what: str
    day: str
    actor: str
    companies: tuple[str, ...]
    recorded_at: int = 0
    held_out: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()
    withdrawn: bool = False
    """It did not happen: it is judged no more, and nobody reads of it but who asks for it."""


class Sentiment(Struct, frozen=True):
    """How somebody feels about a company, from the day `said` up to, not including, `until`."""

    feeling: Feeling
    actor: str
    said: str
    until: str
    note: str = ""


class Ceiling(Struct, frozen=True):
    """An exception: the score is at most this, from `since` up to, not including, `until`. It never raises one."""

    id: str
    at_most: int
    reason: str
    actor: str
    since: str
    until: str


def in_force(since: str, until: str, day: str) -> bool:
    return since <= day < until


def lowered(health: Health, sentiment: Sentiment | None, ceilings: Iterable[Ceiling]) -> Health:
    """The health under what is in force on its day. The lowest ceiling counts, and the score says what lowered it.

    The difference is a driver of its own, so that contributions still add up to the score.
    """
    day, found = health.as_of, []
    if (
        sentiment is not None
        and sentiment.feeling == "poor"
        and in_force(sentiment.said, sentiment.until, day)
    ):
        found.append((POOR_AT_MOST, say("lowered to at most {most:d}: poor sentiment", most=POOR_AT_MOST)))
    for one in ceilings:
        if in_force(one.since, one.until, day):
            words = say(
                "lowered to at most {most:d}: {reason_name}", most=one.at_most, reason_name=one.reason
            )
            found.append((one.at_most, words))
    if health.score is None or not found:
        return health
    most, words = min(found)
    if health.score <= most:
        return health
    # Contributions are tenths and the score is rounded: the missing part of a point goes with the difference.
    exact = 50 + sum(round(10 * driver.contribution) for driver in health.drivers) / 10
    drivers = (*health.drivers, Driver(LOWERED, LOWERED_LABEL, None, 0.0, 0.0, round(most - exact, 1), words))
    drivers = tuple(sorted(drivers, key=lambda driver: -abs(driver.contribution)))
    band = band_of(most)
    return replace(
        health,
        score=most,
        band=band,
        drivers=drivers,
        verdict=verdict_of(most, band, drivers),
        notes=(
            *health.notes,
            say("Without what lowered it the score would be {score:d}.", score=health.score),
        ),
    )


def no_longer_lowered(before: float) -> Driver:
    """So that the changes of contributions add up to the change of the score after an exception has ended."""
    words = say("is no longer lowered by hand")
    return Driver(LOWERED, LOWERED_LABEL, None, 0.0, 0.0, 0.0, words, change=round(-before, 2))
