"""The stages of a company by name, and the shape in which one is kept and read; see `engage.core.company_stages`."""

from __future__ import annotations

from datetime import date
from typing import Final, Literal

from msgspec import Struct

from engage.core.language import Text, mark

Stage = Literal["onboarding", "adopting", "established", "expanding", "at_risk", "churned"]
STAGE_LABELS: Final[dict[Stage, str]] = {
    "onboarding": mark("Onboarding"),
    "adopting": mark("Adopting"),
    "established": mark("Established"),
    "expanding": mark("Expanding"),
    "at_risk": mark("At risk"),
    "churned": mark("Churned"),
}


class CompanyStage(Struct, frozen=True, omit_defaults=True):
    """Frozen with the week, as JSON: a field is added with a default."""

    stage: Stage
    since: str  # the Sunday of the first week in a row with it
    text: Text  # why, in one sentence
    lasting: Stage | None = (
        None  # the last that held for four weeks in a row; None: said before there was that
    )


PASSING: Final[tuple[Stage, ...]] = ("onboarding", "churned")
"""Those that begin and end by a date: nothing has to last."""
LASTING_DAYS: Final = 21
"""From the first to the fourth week in a row."""


def lasting_of(stage: CompanyStage | None) -> Stage | None:
    return None if stage is None else stage.lasting or stage.stage


def next_stage(
    found: tuple[Stage, str] | None, before: CompanyStage | None, as_of: str
) -> CompanyStage | None:
    """The stage of a week; `found`: it and why, None where nothing can be said; `before`: that of the week before."""
    if found is None:
        return None
    stage, text = found
    since = before.since if before is not None and before.stage == stage else as_of
    last = lasting_of(before)
    days = date.fromisoformat(as_of).toordinal() - date.fromisoformat(since).toordinal()
    if last is None or last in PASSING or stage in PASSING or days >= LASTING_DAYS:
        last = stage
    return CompanyStage(stage, since, text, last)


def stage_notice(now: CompanyStage | None, before: str | None, as_of: str) -> dict[str, str | None]:
    """What a receiver is told of a change. `before`: the stage it was last told."""
    return {
        "as_of": as_of,
        "stage": now.stage if now else None,
        "before": before,
        "text": now.text if now else None,
    }
