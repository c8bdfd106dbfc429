"""Departments in one month as an attack: without each part of who cannot have come, those who stayed are told of."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from math import inf
from random import Random

import pytest

from engage.core import published_parts
from engage.core.measures import WeekMeasures
from engage.core.privacy import Figure
from engage.core.published_parts import publish_parts
from tests.privacy.department_attacks import attack_departments, attack_habits

ATTACKS = int(os.environ.get("ENGAGE_ATTACKS", "25"))


def _of_all_members(
    counts: Sequence[int], wholes: Sequence[Figure], total: Figure, k: int, *_: object
) -> list[Figure]:
    return publish_parts(counts, wholes, total, k)


def test_without_who_cannot_have_come_departments_tell_of_those_who_stayed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert [attack_departments(Random(seed)) for seed in range(ATTACKS)] == [[]] * ATTACKS
    monkeypatch.setattr(published_parts, "publish_parts", _of_all_members)
    assert sum(attack_departments(Random(seed)) != [] for seed in range(50)) > 1


def _without_the_company(week: WeekMeasures) -> None:
    week.no_habit = 0


def _without_departments_own(week: WeekMeasures) -> None:
    for group in week.departments.values():
        group.no_habit = 0


@pytest.mark.parametrize("without", [_without_the_company, _without_departments_own])
def test_without_who_joined_too_late_for_a_habit_those_who_did_not_are_told_of(
    without: Callable[[WeekMeasures], None],
) -> None:
    assert [attack_habits(Random(seed)) for seed in range(4 * ATTACKS)] == [[]] * 4 * ATTACKS
    assert sum(attack_habits(Random(seed), without) != [] for seed in range(150)) > 1


def test_departments_leave_room_for_k_more_with_the_habit(monkeypatch: pytest.MonkeyPatch) -> None:
    """By who was active in each, and who of these joined early enough, beside those who have it in all."""
    seeds = (343, 344, 976, 1337, 1657)
    assert [attack_habits(Random(seed)) for seed in seeds] == [[]] * len(seeds)
    monkeypatch.setattr(published_parts, "_most_steady", lambda *_: inf)
    assert all(attack_habits(Random(seed)) for seed in seeds)
