"""Privacy as an attack, on a year of levels; see `year_levels.py`. ENGAGE_ATTACKS=3000 attacks more companies."""

from __future__ import annotations

import os
from random import Random

import pytest

from engage.core import published, published_people
from engage.core.privacy import Figure, fact, publish_count
from tests.privacy.year_levels import attack_year_of_levels

YEARS = int(os.environ.get("ENGAGE_ATTACKS", "25")) // 10


def test_a_year_of_levels_tells_of_no_group_below_the_floor() -> None:
    for seed in range(YEARS):
        assert attack_year_of_levels(Random(seed)) == [], f"company {seed}"


def _counts(counts: list[int], k: int, within: Figure) -> list[Figure]:
    return [publish_count(count, k, within) for count in counts]


def _count(count: int, width: int, low: int, sure: int, most: int) -> Figure:
    return publish_count(count, width // 2, fact(most, "members"))


@pytest.mark.parametrize(
    "seed, module, name, without",
    [
        pytest.param(1, published, "publish_bands", _counts, id="bands of levels"),
        pytest.param(4, published_people, "publish_part", _count, id="bands of who rose and fell"),
    ],
)
def test_without_one_defence_a_year_of_levels_tells_of_few(
    seed: int, module: object, name: str, without: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert attack_year_of_levels(Random(seed)) == []
    monkeypatch.setattr(module, name, without)
    assert attack_year_of_levels(Random(seed)) != []
