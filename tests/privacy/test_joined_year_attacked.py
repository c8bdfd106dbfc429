"""Privacy as an attack, on a year of activity, stages, departments and cohorts in one program; see `year_joined.py`.
ENGAGE_ATTACKS=3000 attacks more companies."""

from __future__ import annotations

import os
from random import Random

import pytest

from engage.core import published
from tests.privacy import year_activity, year_population
from tests.privacy.year_activity import acquaintances
from tests.privacy.year_joined import attack_joined_year, growing_year

COMPANIES = int(os.environ.get("ENGAGE_ATTACKS", "25")) // 3
WORK = {"everybody": ("",), "two departments": ("sales", "it")}


@pytest.fixture(autouse=True)
def _four_months(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (year_population, year_activity):
        monkeypatch.setattr(module, "MONTHS", 4)
        monkeypatch.setattr(module, "STAYS", 16)
    monkeypatch.setattr(year_population, "WEEKS", 16)


def _learned_of(seed: int, departments: tuple[str, ...] = ("",)) -> list[str]:
    random = Random(seed)
    year = growing_year(random, departments)
    return attack_joined_year(year, acquaintances(random, year))


@pytest.mark.parametrize("work", WORK)
def test_activity_joined_with_cohorts_tells_of_no_group_below_the_floor(work: str) -> None:
    for seed in range(COMPANIES):
        assert _learned_of(seed, WORK[work]) == [], f"company {seed}"


NEW = [(970600226, 5), (970600493, 3), (970601365, 5), (970602920, 4)]
"""Companies, and for how many months, of which the new ones told who had come before, that somebody came in a quiet
week, or that nobody was slipping: with who was active in the month before, they add up to those activated."""

HABIT = (970500141, 3)
"""Of which all who had come by the end of a habit's first month, and came in its second too, had the habit."""


@pytest.mark.parametrize("seed, months", [*NEW, HABIT])
def test_who_came_when_tells_nothing_of_the_new_and_of_habits(
    seed: int, months: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _learned_over(months, seed, monkeypatch) == []


def test_without_who_came_too_late_it_is_learned_that_all_others_have_the_habit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seed, months = HABIT
    monkeypatch.setattr(published, "came_since", lambda week, months: [0] * months)
    assert _learned_over(months, seed, monkeypatch) != []


def _learned_over(months: int, seed: int, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    for module in (year_population, year_activity):
        monkeypatch.setattr(module, "MONTHS", months)
        monkeypatch.setattr(module, "STAYS", 4 * months)
    monkeypatch.setattr(year_population, "WEEKS", 4 * months)
    random = Random(seed)
    random.choice((3, 4, 4, 5))
    departments = random.choice((("",), ("sales", "it")))
    year = growing_year(random, departments)
    return attack_joined_year(year, acquaintances(random, year))
