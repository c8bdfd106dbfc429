"""Privacy as an attack, on a year of activity, stages, departments, cohorts, active days, the most active tenth and
departments that rest on one champion in one program; see `year_joined.py`. ENGAGE_ATTACKS=3000 attacks more companies.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from random import Random

import pytest

from engage.core import published, published_champions, published_people
from engage.core.privacy import fact
from engage.core.windows import publish_flow
from tests.privacy import year_activity, year_population
from tests.privacy.year_activity import acquaintances
from tests.privacy.year_joined import OFTEN, TEAMS, attack_joined_year, growing_year
from tests.privacy.year_population import Person, Year

COMPANIES = int(os.environ.get("ENGAGE_ATTACKS", "25")) // 4
WORK = {"everybody": ("",), "two departments": ("sales", "it"), "many departments": TEAMS}
RARE = (0.05, 0.1, 0.2, 0.3)
"""Of a month's weeks, where most come in one of them."""


@pytest.fixture(autouse=True)
def _four_months(monkeypatch: pytest.MonkeyPatch) -> None:
    _of_months(4, monkeypatch)


def _learned_of(seed: int, departments: tuple[str, ...] = ("",), each: Sequence[float] = OFTEN) -> list[str]:
    random = Random(seed)
    year = growing_year(random, departments, each)
    return attack_joined_year(year, acquaintances(random, year))


@pytest.mark.parametrize("work", WORK)
def test_activity_joined_with_cohorts_tells_of_no_group_below_the_floor(work: str) -> None:
    for seed in range(COMPANIES):
        assert _learned_of(seed, WORK[work]) == [], f"company {seed}"


def test_activity_of_a_company_in_which_most_come_rarely_tells_of_no_group_below_the_floor() -> None:
    for seed in range(COMPANIES // 2):
        assert _learned_of(seed, each=RARE) == [], f"company {seed}"


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


def test_told_how_many_active_days_there_were_it_is_learned_who_came_on_one_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(published, "publish_days", lambda days, *_: fact(days, "days"))
    published._week_days.cache_clear()
    learned = _learned_of(2)
    published._week_days.cache_clear()
    assert any("several days" in one for one in learned)


def test_told_of_departments_with_one_champion_up_to_the_most_there_can_be_it_is_learned_that_none_has_several(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert _learned_over(4, 16, monkeypatch, TEAMS) == []
    monkeypatch.setattr(
        published_champions,
        "publish_flow",
        lambda count, width, low, sure, most: publish_flow(count, width, low, most + width, most + width),
    )
    assert any("with several" in one for one in _learned_over(4, 16, monkeypatch, TEAMS))


BUSY = [Person(0, 4, ("",), 0b1111, events) for events in (14, 9, 12)]
ONCE = [Person(0, 4, ("",), 1 << week) for week in range(4)]


def test_of_a_tenth_beside_others_with_one_event_each_it_is_learned_in_how_many_weeks_they_came(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _of_months(1, monkeypatch)
    year = Year(3, [*BUSY, *ONCE * 5, ONCE[0]])
    assert attack_joined_year(year, BUSY[:1]) == []
    monkeypatch.setattr(published_people, "_is_one_sided", lambda *_: False)
    assert attack_joined_year(year, BUSY[:1]) != []


DAILY = [Person(0, 4, ("",), 0b1111, 14)] * 3
OFTEN_ONCE = [
    Person(0, 4, ("",), weeks) for weeks in [0b1111] * 13 + [0b1100, 0b1011, 0b111, 0b10, 0b1, 0b1101]
]


def test_of_a_tenth_beside_others_with_one_event_a_week_it_is_not_learned_that_it_came_always(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _of_months(1, monkeypatch)
    year = Year(3, [*DAILY, *OFTEN_ONCE, *[Person(0, 4, ("",), 0)] * 16])
    assert attack_joined_year(year, OFTEN_ONCE[:1]) == []


def _of_months(months: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (year_population, year_activity):
        monkeypatch.setattr(module, "MONTHS", months)
        monkeypatch.setattr(module, "STAYS", 4 * months)
    monkeypatch.setattr(year_population, "WEEKS", 4 * months)


def _learned_over(
    months: int, seed: int, monkeypatch: pytest.MonkeyPatch, departments: tuple[str, ...] = ()
) -> list[str]:
    _of_months(months, monkeypatch)
    random = Random(seed)
    random.choice((3, 4, 4, 5))
    year = growing_year(random, departments or random.choice((("",), ("sales", "it"))))
    return attack_joined_year(year, acquaintances(random, year))
