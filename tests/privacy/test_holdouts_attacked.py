"""Members held out of a campaign, as an attack: nothing of fewer than k is learned, and without one defence it is."""

from __future__ import annotations

import os
from collections.abc import Sequence
from random import Random

import pytest
from msgspec.structs import replace

from engage.core import published_campaigns
from engage.core.campaign_weeks import HeldOutMonth
from engage.core.measures import WeekMeasures
from engage.core.privacy import Figure, fact
from engage.core.published import People
from engage.core.published_parts import Group
from tests.privacy.holdout_attack import attack_held_out

ATTACKS = int(os.environ.get("ENGAGE_ATTACKS", "25"))
LEAVING = 151
"""Of members of whom some had left before: a company that tells of few unless these are taken off."""


def test_members_held_out_and_departments_together_tell_of_no_few() -> None:
    for seed in range(2 * ATTACKS):
        assert attack_held_out(Random(seed)) == [], f"company {seed}"


def _exactly(week: WeekMeasures, month: HeldOutMonth, people: People, k: int) -> Figure:
    return fact(month.active, "members")


def _without_departments(
    week: WeekMeasures, groups: Sequence[Group], active: Figure, width: int
) -> tuple[int, int, int]:
    month, count = week.held_out, int(active.value or 0)
    assert month is not None
    return max(0, count - month.others), min(month.members, count), width


_open = published_campaigns._open


def _of_any_width(
    week: WeekMeasures, groups: Sequence[Group], active: Figure, width: int
) -> tuple[int, int, int]:
    low, high, _ = _open(week, groups, active, width)
    return low, high, width


DEFENCES = {
    "bands": ("_publish_active", _exactly, 11),
    "bands within what departments tell": ("_open", _without_departments, 365),
    "bands wider than what is open of a department": ("_open", _of_any_width, 1628),
}


def _of_everybody(
    week: WeekMeasures, groups: Sequence[Group], active: Figure, width: int
) -> tuple[int, int, int]:
    assert week.held_out is not None
    return _open(replace(week, held_out=replace(week.held_out, absent=None)), groups, active, width)


def test_members_held_out_who_had_left_are_taken_off(monkeypatch: pytest.MonkeyPatch) -> None:
    for seed in range(LEAVING, LEAVING + ATTACKS):
        assert attack_held_out(Random(seed), leaving=True) == [], f"company {seed}"
    monkeypatch.setattr(published_campaigns, "_open", _of_everybody)
    assert attack_held_out(Random(LEAVING), leaving=True) != []


@pytest.mark.parametrize("defence", DEFENCES)
def test_without_one_defence_few_are_learned_of(defence: str, monkeypatch: pytest.MonkeyPatch) -> None:
    name, without, seed = DEFENCES[defence]
    assert attack_held_out(Random(seed)) == []
    monkeypatch.setattr(published_campaigns, name, without)
    assert attack_held_out(Random(seed)) != []
