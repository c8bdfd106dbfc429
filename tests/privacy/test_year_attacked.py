"""Privacy as an attack, on a year of cohorts; see `year_attacks.py`. ENGAGE_ATTACKS=3000 attacks more populations."""

from __future__ import annotations

import os
from random import Random

import pytest

from engage.core import published, published_beginners, published_cohorts, published_people
from tests.privacy.once_in_a_life import Once
from tests.privacy.year_attacks import attack_year_of_cohorts

YEARS = int(os.environ.get("ENGAGE_ATTACKS", "25")) // 25


def test_a_year_of_cohorts_tells_of_no_group_below_the_floor() -> None:
    for seed in range(51, 51 + YEARS):
        assert attack_year_of_cohorts(Random(seed)) == [], f"population {seed}"


def test_without_what_may_be_told_of_a_cohort_its_size_is_learned(monkeypatch: pytest.MonkeyPatch) -> None:
    """Either of the two keeps it in this company: that it is hidden where it came within four weeks, and that a month
    is hidden which brings what was active of it near to what can have come."""
    monkeypatch.setattr(published_cohorts, "_near", lambda *_: [])
    monkeypatch.setattr(published_cohorts, "_is_within", lambda *_: False)
    assert attack_year_of_cohorts(Random(51)) != []


def test_without_what_cohorts_leave_of_those_activated_a_cohort_is_learned(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Either of three keeps it in this company: that cohorts up to one may not add up to nearly all who are told to
    have been activated by its end, nor with what is told of months; and what new cohorts are at least."""
    assert attack_year_of_cohorts(Random(1877)) == []
    for name in ("_leaves_together", "_leaves_by_then", "_leaves_since"):
        monkeypatch.setattr(published_cohorts, name, lambda *_: True)
    assert attack_year_of_cohorts(Random(1877)) != []


@pytest.mark.parametrize(
    "seed",
    [
        pytest.param(6000189, id="active in a month, and of a cohort in another"),
        pytest.param(6000356, id="cohorts hidden in a month"),
        pytest.param(7000113, id="activated by a month, and a cohort since"),
        pytest.param(7005182, id="activated while few were active"),
    ],
)
def test_without_what_months_leave_of_those_activated_by_then_it_is_learned_that_all_came(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert attack_year_of_cohorts(Random(seed)) == []
    monkeypatch.setattr(published_cohorts, "_leaves_by_then", lambda *_: True)
    assert attack_year_of_cohorts(Random(seed)) != []


@pytest.mark.parametrize(
    "seed", [pytest.param(7000560, id="a new one"), pytest.param(7300719, id="old ones")]
)
def test_without_what_new_cohorts_are_at_least_a_hidden_one_is_learned(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert attack_year_of_cohorts(Random(seed)) == []
    monkeypatch.setattr(published_cohorts, "_leaves_since", lambda *_: True)
    assert attack_year_of_cohorts(Random(seed)) != []


def test_without_what_came_of_a_cohort_after_a_month_it_is_learned_who_came_in_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where it goes on past the month, and has more than can have come by then."""
    assert attack_year_of_cohorts(Random(7201876)) == []
    monkeypatch.setattr(published_cohorts, "_came_after", lambda *_: 0)
    assert attack_year_of_cohorts(Random(7201876)) != []


def test_of_a_cohort_that_came_alone_it_is_learned_how_many_were_not_active(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where nobody else can have come, who was active in its month is all of it."""
    assert attack_year_of_cohorts(Random(7002427)) == []
    monkeypatch.setattr(published_cohorts, "_alone", lambda *_: set())
    assert attack_year_of_cohorts(Random(7002427)) != []


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
    monkeypatch.setattr(published, "is_by_the_month", lambda *_: False)
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
    monkeypatch.setattr(published, "is_once", lambda *_: False)
    assert attack_year_of_cohorts(Random(6), once=once) != []


def test_without_what_earlier_months_leave_it_is_learned_from_who_did_something_beyond_rewards(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(published_people, "within_room", lambda within, *_: within)
    assert attack_year_of_cohorts(Random(6), once="unrewarded") != []
