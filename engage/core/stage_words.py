"""The stages of a company by name, and the shape in which one is kept and read; see `engage.core.company_stages`."""

from __future__ import annotations

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


def stage_notice(now: CompanyStage | None, before: str | None, as_of: str) -> dict[str, str | None]:
    """What a receiver is told of a change. `before`: the stage it was last told."""
    return {
        "as_of": as_of,
        "stage": now.stage if now else None,
        "before": before,
        "text": now.text if now else None,
    }
