"""Privacy as an attack, on a year of activity, stages, departments and cohorts in one program; see `year_joined.py`.
ENGAGE_ATTACKS=3000 attacks more companies."""

from __future__ import annotations

import os
from random import Random

import pytest

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
