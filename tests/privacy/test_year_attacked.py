"""Privacy as an attack, on a year of cohorts; see `year_attacks.py`. ENGAGE_ATTACKS=3000 attacks more populations."""

from __future__ import annotations

import os
from collections.abc import Callable
from random import Random

import pytest

from engage.core import (
    cohort_room,
    published_activated,
    published_beginners,
    published_people,
    remembered_cohorts,
)
from engage.core.segments import CohortMonth
from tests.privacy.once_in_a_life import Once
from tests.privacy.year_attacks import attack_year_of_cohorts

FIRST_YEARS = (20000037, 20000135, 20000145, 960100010, 960100037)
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


def _yes(*_: object) -> bool:
    return True


def test_told_from_its_first_months_on_it_is_learned_how_few_of_the_first_did_not_stay(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cohort_room, "_leaves_by_then", _yes)
    assert attack_year_of_cohorts(Random(FIRST_YEARS[0]), beginning=True) != []


def test_unless_it_is_reckoned_with_that_nobody_had_come_before_it_is_learned_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(remembered_cohorts, "_had_come", lambda _: None)
    assert attack_year_of_cohorts(Random(FIRST_YEARS[-1]), beginning=True) != []


def _after(month: CohortMonth, activated: int) -> list[tuple[int, int]]:
    return [(month.after, activated)]


COHORT_DEFENCES: dict[str, tuple[int, object, str, Callable[..., object]]] = {
    "months that bring what was active of a cohort near to what can have come": (
        20000035,
        remembered_cohorts,
        "_near",
        lambda *_: [],
    ),
    "cohorts between two months": (20000032, cohort_room, "_since", lambda *_: []),
    "activated by a month, and those of cohorts in others": (20000062, cohort_room, "_leaves_by_then", _yes),
    "activated by a month, and who came of a cohort after it": (20000108, cohort_room, "_since", _after),
    "activated by a month, and those hidden together in a later one": (
        940002436,
        cohort_room._Hidden,
        "between",
        lambda *_: 0,
    ),
}


@pytest.mark.parametrize("defence", COHORT_DEFENCES)
def test_without_one_defence_of_cohorts_a_kind_of_few_is_learned(
    defence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seed, where, name, without = COHORT_DEFENCES[defence]
    assert attack_year_of_cohorts(Random(seed), growing=True) == []
    monkeypatch.setattr(where, name, without)
    assert attack_year_of_cohorts(Random(seed), growing=True) != []


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
