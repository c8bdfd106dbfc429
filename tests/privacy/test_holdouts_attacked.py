"""Members held out of a campaign, as an attack: nothing of fewer than k is learned, and without one defence it is."""

from __future__ import annotations

import os
from collections.abc import Sequence
from random import Random

import pytest

from engage.core import published_campaigns
from engage.core.campaign_weeks import HeldOutMonth
from engage.core.measures import WeekMeasures
from engage.core.privacy import Figure, fact
from engage.core.published import People
from engage.core.published_people import Group
from tests.privacy.holdout_attack import attack_held_out

ATTACKS = int(os.environ.get("ENGAGE_ATTACKS", "25"))


def test_members_held_out_and_departments_together_tell_of_no_few() -> None:
    for seed in range(2 * ATTACKS):
        assert attack_held_out(Random(seed)) == [], f"company {seed}"


def _exactly(week: WeekMeasures, month: HeldOutMonth, people: People, k: int) -> Figure:
    return fact(month.active, "members")


def _without_departments(
    groups: Sequence[Group], month: HeldOutMonth, active: Figure, width: int
) -> tuple[int, int, int]:
    count = int(active.value or 0)
    return max(0, count - month.others), min(month.members, count), width


_open = published_campaigns._open


def _of_any_width(
    groups: Sequence[Group], month: HeldOutMonth, active: Figure, width: int
) -> tuple[int, int, int]:
    low, high, _ = _open(groups, month, active, width)
    return low, high, width


DEFENCES = {
    "bands": ("_publish_active", _exactly, 11),
    "bands within what departments tell": ("_open", _without_departments, 365),
    "bands wider than what is open of a department": ("_open", _of_any_width, 1628),
}


@pytest.mark.parametrize("defence", DEFENCES)
def test_without_one_defence_few_are_learned_of(defence: str, monkeypatch: pytest.MonkeyPatch) -> None:
    name, without, seed = DEFENCES[defence]
    assert attack_held_out(Random(seed)) == []
    monkeypatch.setattr(published_campaigns, name, without)
    assert attack_held_out(Random(seed)) != []
