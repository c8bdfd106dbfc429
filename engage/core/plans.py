"""How goals stand, and whether interventions were followed by better scores.

Owns the measures a goal may have, what drives each, and the comparison of companies with and without an intervention.
Reads health, contracts and what `engage.core.care` keeps: published figures and facts only.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Final, Literal, NamedTuple

from engage.core.calendar import to_rfc3339
from engage.core.care import LOWERED, Change, Goal, Intervention, Stage
from engage.core.care_shapes import (
    ChangeView,
    Compared,
    GoalView,
    InterventionView,
    Moving,
    StageView,
    Standing,
)
from engage.core.health import LABELS
from engage.core.language import mark, say
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

IN_PERCENT: Final = frozenset(MEASURES) - {"score", "activity", "monthly_revenue"}
"""The measures that are shares."""

MOST: Final = {
    measure: 28.0 if measure == "activity" else 100.0
    for measure in MEASURES
    if measure not in ("seats", "monthly_revenue")
}
"""No measure can be higher. Of seats more than there are may be in use, and revenue has no end."""

AFTER_WEEKS: Final = (4, 13)
NORMAL_95: Final = 1.96


class Measured(NamedTuple):
    """What is told of a measure: a value, then both bounds are it; or a range. None: not known."""

    low: float | None
    high: float | None

    @property
    def value(self) -> float | None:
        return self.low if self.low == self.high else None

    @property
    def estimate(self) -> float | None:
        """The value, or the middle of the range, with which the score reckons too."""
        return None if self.low is None or self.high is None else (self.low + self.high) / 2


def measured(measure: str, health: Health, contract: Contract) -> Measured:
    if measure == "score":
        return Measured(health.score, health.score)
    if measure == "monthly_revenue":
        cents = contract.monthly_revenue_cents
        units = None if cents is None else cents / 100
        return Measured(units, units)
    driver = next((one for one in health.drivers if one.name == measure), None)
    if driver is None:
        return Measured(None, None)
    return Measured(*driver.between) if driver.between else Measured(driver.value, driver.value)


def changes_view(changes: Sequence[Change]) -> tuple[ChangeView, ...]:
    return tuple(ChangeView(to_rfc3339(one.at), one.actor, one.text, one.reason) for one in changes)


def intervention_view(one: Intervention) -> InterventionView:
    return InterventionView(
        one.id,
        one.what,
        one.day,
        one.actor,
        one.companies,
        one.held_out,
        to_rfc3339(one.recorded_at),
        changes_view(one.changes),
        one.withdrawn,
    )


def goal_view(goal: Goal, health: Health, contract: Contract, changes: Sequence[ChangeView]) -> GoalView:
    now = measured(goal.measure, health, contract)
    is_range = now.value is None and now.low is not None
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
        value=now.value,
        standing=_standing(goal, now, health.as_of),
        progress=_progress(goal, now.estimate),
        stages=tuple(_stage(one, health.as_of) for one in goal.stages),
        changes=tuple(changes),
        shown=_shown(goal, now, health),
        drivers=tuple(
            Moving(
                one.name,
                one.label,
                one.text,
                one.contribution,
                one.change if health.change_4w is not None else None,
            )
            for one in health.drivers
            if one.name in MEASURES[goal.measure]
        ),
        low=now.low if is_range else None,
        high=now.high if is_range else None,
        about=is_range or goal.start_about,
    )


def _shown(goal: Goal, now: Measured, health: Health) -> str:
    """What may be told of a measure that has no value, because it is told as a range."""
    if now.value is not None:
        return ""
    return next((one.text for one in health.drivers if one.name == goal.measure), "")


def _stage(stage: Stage, day: str) -> StageView:
    standing: Literal["accepted", "due", "to_come"] = "due" if stage.by <= day else "to_come"
    return StageView(
        stage.by,
        stage.target,
        stage.name,
        stage.accepted_by or None,
        stage.accepted_on or None,
        stage.note,
        "accepted" if stage.accepted_by else standing,
    )


def _standing(goal: Goal, now: Measured, day: str) -> Standing:
    """Behind: short of the last stage that is due. A stage that somebody accepted is done, whatever was measured.

    Of a range it is said only what holds for all of it.
    """
    if goal.dropped:
        return "dropped"
    if now.low is None or now.high is None:
        return "not_known"
    if now.low >= goal.target:
        return "reached"
    if goal.by <= day:
        return "missed" if now.high < goal.target else "in_range"
    due = [stage for stage in goal.stages if stage.by <= day]
    if not due or due[-1].accepted_by or now.low >= due[-1].target:
        return "on_track"
    return "behind" if now.high < due[-1].target else "in_range"


def _progress(goal: Goal, value: float | None) -> float | None:
    if value is None or goal.start_value is None or goal.target <= goal.start_value:
        return None
    return round((value - goal.start_value) / (goal.target - goal.start_value), 4)


def compare(
    weeks: int, treated: Sequence[int], others: Sequence[int], *, drawn: bool = False, over: bool = True
) -> Compared:
    """`treated`, `others`: changes of score of the companies that were scored on both days. `drawn`: which of them got
    it was drawn by chance. `over`: the weeks after it have come to their end."""
    change, others_change = _mean(treated), _mean(others)
    difference = low = high = None
    text = (
        say("Too few companies were scored on both days to compare.")
        if over
        else say("These weeks are not over yet.")
    )
    if change is not None and others_change is not None and min(len(treated), len(others)) > 1:
        difference = change - others_change
        reach = NORMAL_95 * math.sqrt(_variance(treated) / len(treated) + _variance(others) / len(others))
        low, high = round(difference - reach, 1), round(difference + reach, 1)
        if low <= 0 <= high:
            text = say("The range holds zero: no effect can be told from chance.")
        elif drawn:
            text = say("More than chance; and who got it was drawn by chance: it is an effect.")
        else:
            text = say(
                "More than chance; but who gets help was chosen, so the others may differ in other ways too."
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


def held_out(id: str, companies: Sequence[str], share: float) -> frozenset[str]:
    """Of the companies named, those that go without, so that there is something to compare with: drawn by chance, and
    the same each time. At least two of three or more, for one alone shows no spread."""
    count = max(2, round(share * len(companies))) if share and len(companies) > 2 else 0
    drawn = sorted(companies, key=lambda one: blake2b(f"{id}\0{one}".encode()).digest())
    return frozenset(drawn[:count])


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


def _mean(values: Sequence[int]) -> float | None:
    return sum(values) / len(values) if values else None


def _variance(values: Sequence[int]) -> float:
    mean = sum(values) / len(values)
    return sum((value - mean) ** 2 for value in values) / (len(values) - 1)
