"""Privacy as an attack, on a year of cohorts; see `year_attacks.py`. ENGAGE_ATTACKS=3000 attacks more populations."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from random import Random

import pytest

from engage.core import published_activated, published_beginners, published_cohorts, published_people
from engage.core.privacy import Figure
from engage.core.published_cohorts import Bands, cohort_bands
from engage.core.windows import between, publish_band
from tests.privacy.once_in_a_life import Once
from tests.privacy.year_attacks import attack_year_of_cohorts

FIRST_YEARS = (20000037, 20000135, 20000145, 960100010, 960100037)
ROLES_APART = (1010004901, 1010004909)
"""Companies in which, of one role, fewer were active than in a month before, and so more of the others."""
YEARS = int(os.environ.get("ENGAGE_ATTACKS", "25")) // 25


def test_a_year_of_cohorts_tells_of_no_group_below_the_floor() -> None:
    for seed in range(51, 51 + YEARS):
        assert attack_year_of_cohorts(Random(seed)) == [], f"population {seed}"


def test_a_year_of_a_growing_company_tells_of_no_group_below_the_floor() -> None:
    for seed in range(20000000, 20000000 + YEARS):
        assert attack_year_of_cohorts(Random(seed), growing=True) == [], f"population {seed}"


def test_the_first_year_of_a_company_tells_of_no_group_below_the_floor() -> None:
    """Where all of its first month are of one cohort, that month's number is the size of the cohort."""
    for seed in (*FIRST_YEARS, *range(20000000, 20000000 + YEARS)):
        assert attack_year_of_cohorts(Random(seed), beginning=True) == [], f"population {seed}"


@pytest.mark.parametrize("seed", ROLES_APART)
def test_a_year_of_cohorts_and_roles_tells_of_no_group_below_the_floor(seed: int) -> None:
    assert attack_year_of_cohorts(Random(seed), roles=("manager", "executor", "")) == []


def _exact(count: int, k: int, whole: int, *_: int) -> Figure:
    return between(count, count, whole)


def _of_any(counts: Sequence[int], most: Sequence[Sequence[int]], *rest: int) -> Bands:
    """However many can have come between any two months."""
    every = range(len(most))
    return cohort_bands(counts, [[10**6 * (a < b) for b in every] for a in every], *rest)


COHORT_DEFENCES: dict[str, tuple[str, int, str, Callable[..., object]]] = {
    "bands of cohorts": ("growing", 20000000, "publish_band", _exact),
    "bands of 2k": (
        "beginning",
        20000016,
        "publish_band",
        lambda count, width, *rest: publish_band(count, width // 2, *rest),
    ),
    "bands within who can have come": ("beginning", 20000010, "cohort_bands", _of_any),
    "what is told of each is remembered": (
        "beginning",
        977000593,
        "after_bands",
        lambda bands, most, *_: most,
    ),
    "bands above who must be of it": (
        "growing",
        20000153,
        "publish_band",
        lambda count, width, whole, *_: publish_band(count, width, whole),
    ),
}


@pytest.mark.parametrize("defence", COHORT_DEFENCES)
def test_without_one_defence_of_cohorts_a_kind_of_few_is_learned(
    defence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind, seed, name, without = COHORT_DEFENCES[defence]
    assert attack_year_of_cohorts(Random(seed), **{kind: True}) == []  # type: ignore[arg-type]
    monkeypatch.setattr(published_cohorts, name, without)
    assert attack_year_of_cohorts(Random(seed), **{kind: True}) != []  # type: ignore[arg-type]


def test_of_the_first_to_come_it_is_learned_that_none_came_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where as many more are told to be activated as are active in the next month."""
    assert attack_year_of_cohorts(Random(7029931)) == []
    monkeypatch.setattr(published_activated, "_most_activated", lambda week, *_: week.members)
    assert attack_year_of_cohorts(Random(7029931)) != []


def test_a_year_of_beginners_who_begin_once_tells_of_no_group_below_the_floor() -> None:
    for seed in range(6, 6 + YEARS):
        assert attack_year_of_cohorts(Random(seed), once="funnel") == [], f"population {seed}"


def test_without_what_earlier_beginners_leave_it_is_learned_that_all_have_begun(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(published_beginners, "_room", lambda *_: 10**6)
    assert attack_year_of_cohorts(Random(6), once="funnel") != []


def test_a_year_of_a_feature_used_once_tells_of_no_group_below_the_floor() -> None:
    for seed in range(6, 6 + YEARS):
        assert attack_year_of_cohorts(Random(seed), once="feature") == [], f"population {seed}"


def test_without_what_earlier_users_leave_it_is_learned_that_all_have_used_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(published_beginners, "_room", lambda *_: 10**6)
    assert attack_year_of_cohorts(Random(6), once="feature") != []


def test_told_how_often_it_happened_it_is_learned_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of what each does once, events are members."""
    monkeypatch.setattr(published_beginners, "is_by_the_month", lambda *_: False)
    assert attack_year_of_cohorts(Random(6), once="feature") != []


@pytest.mark.parametrize("once", ["rewarded", "unrewarded"])
def test_a_year_of_the_only_thing_with_or_without_a_reward_tells_of_no_group_below_the_floor(
    once: Once,
) -> None:
    for seed in range(6, 6 + YEARS):
        assert attack_year_of_cohorts(Random(seed), once=once) == [], f"population {seed}"


@pytest.mark.parametrize("once", ["rewarded", "unrewarded"])
def test_told_how_often_it_happened_week_by_week_it_is_learned_that_all_have_done_it(
    once: Once, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(published_beginners, "is_once", lambda *_: False)
    assert attack_year_of_cohorts(Random(7), once=once) != []


def test_without_what_earlier_months_leave_it_is_learned_from_who_did_something_beyond_rewards(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(published_people, "within_room", lambda within, *_: within)
    assert attack_year_of_cohorts(Random(6), once="unrewarded") != []
