"""The signal: what other systems keep of a company's health, as the traits of a Segment `group` call.

Owns the traits and when they have changed. Made of scores alone, which are made of published figures. Receivers rely on
the names: none is ever renamed.
"""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct
from msgspec.structs import asdict

from engage.core.reports import Health
from engage.core.stage_words import CompanyStage, Stage


class Signal(Struct, frozen=True):
    """The fields a customer-success system or CRM keeps beside an account. None clears the field there."""

    health_score: int | None
    health_band: str
    health_delta_30d: int | None
    """Against four weeks before: scores are of whole weeks."""
    top_driver: str | None
    """What takes the most away; without that, what adds the most."""
    as_of: str
    score_version: int
    account_stage: Stage | Literal[""] | None = ""
    """Empty: said before stages were part of it. It is never sent empty."""
    score_profile: str | None = None
    """The id of the profile that it is scored by; None: by the built-in weights, as the host states no profiles."""
    score_definition: str | None = None
    """The version of the host's definition."""


def signal_of(health: Health, stage: CompanyStage | None) -> Signal:
    worst = min(health.drivers, key=lambda driver: driver.contribution, default=None)
    best = max(health.drivers, key=lambda driver: driver.contribution, default=None)
    top = worst if worst is not None and worst.contribution < 0 else best
    return Signal(
        health.score,
        health.band,
        health.change_4w,
        top.name if top is not None else None,
        health.as_of,
        health.version,
        stage.stage if stage is not None else None,
        health.profile.id if health.profile is not None else None,
        health.profile.definition if health.profile is not None else None,
    )


def is_older(now: Signal, before: Signal | None) -> bool:
    """Whether something newer was said already: who scores a past week tells nobody."""
    return before is not None and now.as_of < before.as_of


def says_other_health(now: Signal, before: Signal | None) -> bool:
    """Whether the score or the band is not what was last said."""
    return before is None or (before.health_score, before.health_band) != (now.health_score, now.health_band)


def has_changed(now: Signal, before: Signal | None) -> bool:
    """A newer day alone is no news, and would push every company every week."""
    if before is None:
        return True
    return any(
        getattr(now, name) != getattr(before, name) for name in now.__struct_fields__ if name != "as_of"
    )


def group_call(company: str, signal: Signal, id: str, at: str) -> dict[str, Any]:
    """The call, as the Segment specification has it; the same at every attempt. It names no member."""
    return {
        "type": "group",
        "messageId": id,
        "anonymousId": "engage",
        "groupId": company,
        "traits": {name: value for name, value in asdict(signal).items() if value != ""},
        "timestamp": at,
        "context": {"library": {"name": "engage"}},
    }
