"""Privacy as an attack, on who moves between the weeks of reports, and on habits; see `flow_attacks.py`.

Each defence is switched off once, for a population which needs it: the attack then succeeds.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from random import Random

import pytest

from engage.core import published, published_people, windows
from engage.core.measures import WeekMeasures
from engage.core.privacy import Figure, fact, publish_count
from tests.privacy.flow_attacks import attack_falls, attack_habits, attack_streaks, attack_windows

ATTACKS = int(os.environ.get("ENGAGE_ATTACKS", "25"))

FlowAttack = Callable[[Random], list[str]]
ATTACKED: list[tuple[FlowAttack, int]] = [
    (attack_falls, ATTACKS // 5),
    (attack_streaks, ATTACKS // 5),
    (attack_windows, ATTACKS // 5),
    (attack_habits, ATTACKS // 5),
]


@pytest.mark.parametrize("attack, companies", ATTACKED, ids=lambda one: getattr(one, "__name__", None))
def test_who_moves_tells_of_no_group_below_the_floor(attack: FlowAttack, companies: int) -> None:
    for seed in range(companies):
        assert attack(Random(seed)) == [], f"population {seed}"


def _count(count: int, width: int, low: int, sure: int, most: int) -> Figure:
    return publish_count(count, width // 2, fact(most, "members"))


def _without_low(count: int, width: int, low: int, sure: int, most: int) -> Figure:
    return windows.publish_part(count, width, 0, sure, most)


def _without_room(count: int, width: int, low: int, sure: int, most: int) -> Figure:
    return windows.publish_flow(count, width, low, most, most)


_by_visits = published._by_visits


def _no_most(week: WeekMeasures, active_4w: Figure, activated: int) -> tuple[int, int]:
    return _by_visits(week, active_4w, activated)[0], week.members


def _no_least(week: WeekMeasures, active_4w: Figure, activated: int) -> tuple[int, int]:
    return -week.members, _by_visits(week, active_4w, activated)[1]


DEFENCES: dict[str, tuple[FlowAttack, int, object, str, object]] = {
    "bands of who fell": (attack_falls, 12, published_people, "publish_part", _count),
    "bands of who lost a streak": (attack_streaks, 0, published_people, "publish_flow", _count),
    "room below how many fewer came": (attack_streaks, 326, published_people, "publish_flow", _without_low),
    "room above who had a streak": (attack_streaks, 6, published_people, "publish_flow", _without_room),
    "bands of what is ahead": (attack_windows, 6, published_people, "publish_part", _count),
    "habits within each of their months": (
        attack_habits,
        70,
        published,
        "_in_each_month",
        lambda week, active: (active.floor, active.ceiling),
    ),
    "habits below what the weeks add up to": (attack_habits, 30, published, "_by_visits", _no_most),
    "habits above what the weeks add up to": (attack_habits, 117, published, "_by_visits", _no_least),
}


@pytest.mark.parametrize("defence", DEFENCES)
def test_without_one_defence_a_move_of_few_is_learned(defence: str, monkeypatch: pytest.MonkeyPatch) -> None:
    attack, seed, module, name, without = DEFENCES[defence]
    assert attack(Random(seed)) == []
    monkeypatch.setattr(module, name, without)
    assert attack(Random(seed)) != []
