"""How goals stand, and whether interventions were followed by better scores.

Owns the measures a goal may have, what drives each, and the comparison of companies with and without an intervention.
Reads health, contracts and what `engage.core.care` keeps: published figures and facts only.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

from msgspec import Struct

from engage.core.care import LOWERED, Goal, Stage
from engage.core.care_shapes import ChangeView, GoalView, Moving, StageView, Standing
from engage.core.health import LABELS
from engage.core.language import Text, mark, say
from engage.core.reports import Contract, Health

MEASURES: Final[Mapping[str, tuple[str, ...]]] = {
    "score": (*LABELS, LOWERED),
    "activity": ("trend",),
    "habit": ("activity", "trend"),
    "breadth": ("features",),
    "features": ("breadth",),
    "trend": ("activity", "habit"),
    "seats": ("activity", "habit", "breadth"),
    "levels": ("activity", "features"),
    "monthly_revenue": ("seats", "habit", "breadth"),
}
"""A measure -> the drivers of the score under it, which move it."""
NAMES: Final[Mapping[str, str]] = {
    **LABELS,
    "score": mark("Health score"),
    "monthly_revenue": mark("Revenue per month"),
}

AFTER_WEEKS: Final = (4, 13)
NORMAL_95: Final = 1.96


def value_of(measure: str, health: Health, contract: Contract) -> float | None:
    if measure == "score":
        return health.score
    if measure == "monthly_revenue":
        cents = contract.monthly_revenue_cents
        return None if cents is None else cents / 100
    return next((one.value for one in health.drivers if one.name == measure), None)


def goal_view(goal: Goal, health: Health, contract: Contract, changes: Sequence[ChangeView]) -> GoalView:
    value = value_of(goal.measure, health, contract)
    return GoalView(
        id=goal.id,
        name=goal.name,
        measure=goal.measure,
        label=NAMES[goal.measure],
        target=goal.target,
        by=goal.by,
        owner=goal.owner,
        start=goal.start,
        start_value=goal.start_value,
        value=value,
        standing=_standing(goal, value, health.as_of),
        progress=_progress(goal, value),
        stages=tuple(_stage(one) for one in goal.stages),
        changes=tuple(changes),
        shown=_shown(goal, value, health),
        drivers=tuple(
            Moving(one.name, one.label, one.text, one.contribution, one.change)
            for one in health.drivers
            if one.name in MEASURES[goal.measure]
        ),
    )


def _shown(goal: Goal, value: float | None, health: Health) -> str:
    """What may be told of a measure that has no value, because it is told as a range."""
    if value is not None:
        return ""
    return next((one.text for one in health.drivers if one.name == goal.measure), "")


def _stage(stage: Stage) -> StageView:
    return StageView(
        stage.by, stage.target, stage.name, stage.accepted_by or None, stage.accepted_on or None, stage.note
    )


def _standing(goal: Goal, value: float | None, day: str) -> Standing:
    """Behind: short of the last stage that is due. A stage that somebody accepted is done, whatever was measured."""
    if goal.dropped:
        return "dropped"
    if value is None:
        return "not_known"
    if value >= goal.target:
        return "reached"
    if goal.by <= day:
        return "missed"
    due = [stage for stage in goal.stages if stage.by <= day]
    late = bool(due) and not due[-1].accepted_by and value < due[-1].target
    return "behind" if late else "on_track"


def _progress(goal: Goal, value: float | None) -> float | None:
    if value is None or goal.start_value is None or goal.target <= goal.start_value:
        return None
    return round((value - goal.start_value) / (goal.target - goal.start_value), 4)


class Compared(Struct, frozen=True):
    """Scores so many weeks after, less those before: of companies with the intervention, and of those with none."""

    weeks: int
    companies: int
    change: float | None
    others: int
    others_change: float | None
    difference: float | None
    low: float | None  # of a range that holds the difference 95 times in 100
    high: float | None
    text: Text


def compare(weeks: int, treated: Sequence[int], others: Sequence[int]) -> Compared:
    """`treated`, `others`: changes of score of the companies that were scored on both days."""
    change, others_change = _mean(treated), _mean(others)
    difference = low = high = None
    text = say("Too few companies were scored on both days to compare.")
    if change is not None and others_change is not None and min(len(treated), len(others)) > 1:
        difference = change - others_change
        reach = NORMAL_95 * math.sqrt(_variance(treated) / len(treated) + _variance(others) / len(others))
        low, high = round(difference - reach, 1), round(difference + reach, 1)
        text = (
            say("The range holds zero: no effect can be told from chance.")
            if low <= 0 <= high
            else say(
                "More than chance; but who gets help was chosen, so the others may differ in other ways too."
            )
        )
    return Compared(
        weeks,
        len(treated),
        _rounded(change),
        len(others),
        _rounded(others_change),
        _rounded(difference),
        low,
        high,
        text,
    )


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


def _mean(values: Sequence[int]) -> float | None:
    return sum(values) / len(values) if values else None


def _variance(values: Sequence[int]) -> float:
    mean = sum(values) / len(values)
    return sum((value - mean) ** 2 for value in values) / (len(values) - 1)
