"""Departments that rest on one champion, attacked by who knows some champions: see `champion_attack.py`."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from random import Random

import pytest
from msgspec.structs import replace

from engage.core import published_champions
from engage.core.privacy import NOT_SHOWN, Figure, fact
from engage.core.segments import GroupWeek
from engage.core.windows import publish_bands, publish_flow
from tests.privacy.champion_attack import attack_champions, attack_teams

ATTACKS = int(os.environ.get("ENGAGE_ATTACKS", "300"))


def learned(companies: int) -> Iterator[str]:
    for index in range(companies):
        for one in attack_champions(Random(index)):
            yield f"company {index}: {one}"


def test_no_champion_known_tells_of_the_others_of_a_department() -> None:
    assert list(learned(ATTACKS)) == []


def two_bands(groups: Sequence[GroupWeek], rest: object, k: int) -> tuple[Figure, Figure]:
    counts = [group.habitual for group in groups]
    kinds = [sum(count > 1 for count in counts), counts.count(1), counts.count(0)]
    _, single, without = publish_bands(kinds, k, fact(len(counts), "each"))
    return single, without


def test_with_a_band_for_each_kind_it_is_learned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(published_champions, "_divided", two_bands)
    assert next(learned(300), None) is not None


def test_without_room_below_the_most_there_can_be_it_is_learned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        published_champions,
        "publish_flow",
        lambda count, width, low, sure, most: publish_flow(count, width, low, most + width, most + width),
    )
    assert next(learned(1000), None) is not None


def test_no_champion_of_departments_of_several_sizes_is_told_of() -> None:
    for seed in range(ATTACKS // 10):
        assert attack_teams(Random(seed)) == [], f"company {seed}"


def _from_none(count: int, width: int, low: int, sure: int, most: int) -> Figure:
    return publish_flow(count, width, 0, sure, most)


def _without_end(count: int, width: int, low: int, sure: int, most: int) -> Figure:
    return publish_flow(count, width, low, most + width, most + width)


@pytest.mark.parametrize("seed, band", [(46, _from_none), (216, _without_end)])
def test_without_room_on_either_side_it_is_learned_that_none_lacks_one(
    seed: int, band: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert attack_teams(Random(seed)) == []
    monkeypatch.setattr(published_champions, "publish_flow", band)
    assert attack_teams(Random(seed)) != []


def test_without_who_cannot_have_the_habit_it_is_learned_that_none_lacks_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    divided = published_champions._divided

    def of_all(groups: Sequence[GroupWeek], rest: tuple[int, int] | None, k: int) -> tuple[Figure, Figure]:
        return divided([replace(group, no_habit=0) for group in groups], rest, k)

    assert attack_teams(Random(78)) == []
    monkeypatch.setattr(published_champions, "_divided", of_all)
    assert attack_teams(Random(78)) != []


def test_of_many_departments_something_is_told() -> None:
    groups = [GroupWeek(8, habitual=count) for count in [1] * 20 + [0] * 30 + [3] * 10]
    single, without = published_champions._divided(groups, (50, 50), 5)
    assert (single.text, without.text) == ("20 to 29", "21 to 36")
    few, _ = published_champions._divided(groups[15:25], (5, 5), 5)
    assert few.text == NOT_SHOWN
