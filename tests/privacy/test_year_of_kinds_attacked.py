"""Privacy as an attack, on a year of kinds of members: by class of use, department and role, beside weeks, months,
habits and stages (`year_activity.py`), and by department and role beside cohorts (`year_attacks.py`). Each defence is
shown red. ENGAGE_ATTACKS=3000 attacks more companies."""

from __future__ import annotations

import os
from collections.abc import Sequence
from math import inf
from random import Random

import pytest

from engage.core import published, published_classes, published_parts
from engage.core.measures import WeekMeasures
from engage.core.privacy import Figure, fact, publish_count
from engage.core.published import People
from engage.core.published_classes import publish_classes
from engage.core.published_parts import Group, publish_groups
from engage.core.windows import publish_part
from tests.privacy import year_activity, year_attacks, year_population
from tests.privacy.year_activity import acquaintances, attack_year, read_year
from tests.privacy.year_attacks import attack_year_of_cohorts
from tests.privacy.year_population import MONTHS, STAYS, Person, Year, random_year

COMPANIES = int(os.environ.get("ENGAGE_ATTACKS", "25")) // 5
YEARS = int(os.environ.get("ENGAGE_ATTACKS", "0")) // 20
WORK: dict[str, tuple[Sequence[str], Sequence[str]]] = {
    "two departments": (("sales", "it"), ()),
    "three departments": (("sales", "it", "ops"), ()),
    "departments of some": (("sales", "it", ""), ()),
    "roles": ((), ("manager", "executor", "")),
    "roles beside departments": (("sales", "it"), ("manager", "executor")),
}


@pytest.mark.parametrize("work", WORK)
def test_a_year_of_departments_roles_and_cohorts_tells_of_no_group_below_the_floor(work: str) -> None:
    departments, roles = WORK[work]
    for seed in range(COMPANIES):
        found = attack_year_of_cohorts(Random(seed), departments=departments, roles=roles)
        assert found == [], f"population {seed}"


def _each_by_itself(
    counts: Sequence[int], wholes: Sequence[Figure], total: Figure, k: int, *_: object
) -> list[Figure]:
    return [publish_count(count, k, whole) for count, whole in zip(counts, wholes, strict=True)]


@pytest.mark.parametrize("work", list(WORK)[:4])
def test_without_what_groups_leave_of_each_other_few_are_told_of(
    work: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    departments, roles = WORK[work]
    monkeypatch.setattr(published_parts, "publish_parts", _each_by_itself)
    assert attack_year_of_cohorts(Random(1), departments=departments, roles=roles) != []


def _exact_roles(week: WeekMeasures, people: People, k: int) -> tuple[Group, ...]:
    return publish_groups(week, week.roles, people, k, merged=False)


def test_with_roles_told_beside_departments_few_are_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    departments, roles = WORK["roles beside departments"]
    assert attack_year_of_cohorts(Random(5), departments=departments, roles=roles) == []
    monkeypatch.setattr(year_attacks, "publish_roles", _exact_roles)
    assert attack_year_of_cohorts(Random(5), departments=departments, roles=roles) != []


EVERY, ONCE = (1 << 24) - 1, sum(1 << 4 * month + month % 4 for month in range(6))
"""Each week; each month: for half a year."""
LATE = ONCE >> 20 << 20


def _did(weeks: int, events: int, members: int) -> list[Person]:
    return [Person(0, STAYS, ("",) * MONTHS, weeks, events)] * members


POWER = Year(3, _did(EVERY, 1, 12) + _did(EVERY, 20, 2) + _did(ONCE, 2, 8) + _did(LATE, 2, 1) + _did(0, 1, 8))
NEWCOMER = Year(
    3,
    _did(EVERY, 1, 12)
    + _did(ONCE, 6, 7)
    + _did(ONCE, 1, 6)
    + _did(LATE, 1, 1)
    + _did(0xDD, 1, 6)
    + _did(0, 1, 9),
)
"""Two are power users; one comes first in the sixth month."""

IDLE = Year(
    3,
    _did(EVERY, 2, 9)
    + _did(EVERY, 1, 1)
    + _did(EVERY, 3, 1)
    + _did(0xB5B, 2, 8)
    + _did(0x421, 1, 5)
    + _did(0x142, 1, 5)
    + _did(0x884, 1, 5)
    + _did(0, 1, 8),
)
"""Of three months. Nobody is a power user, and novices did so much that of the events too few are left for one."""

LEAST = Year(
    3,
    _did(EVERY, 1, 10)
    + _did(EVERY, 15, 5)
    + _did(0x421, 1, 5)
    + _did(0x142, 1, 5)
    + _did(0x884, 1, 5)
    + _did(0, 1, 8),
)
"""Of three months. Five did the least of a power user, and all others one thing whenever they came."""

FEW_NOVICES = Year(
    3, _did(EVERY, 2, 8) + _did(EVERY, 60, 4) + _did(0x4DB, 3, 2) + _did(0x421, 1, 8) + _did(0, 1, 8)
)
"""Of three months. They did much more than the least."""


def _with_the_habit(week: WeekMeasures, people: People, k: int) -> tuple[Figure, ...]:
    counts = [publish_count(count, k, people.activated) for count in week.classes]
    return (*counts[:2], *publish_classes(week, people, k)[2:])


def _without_the_habit(week: WeekMeasures, people: People, k: int) -> tuple[Figure, ...]:
    counts = [publish_count(count, k, people.activated) for count in week.classes]
    return (*publish_classes(week, people, k)[:2], *counts[2:])


def _novices_anyway(novice: int, _: Figure, k: int, least: int, most: int, room: float) -> Figure:
    return publish_part(novice, 2 * k, 0, least, most)


def _first_learned(year: Year) -> str | None:
    attack = read_year(year, year.members[:1])
    return next(attack.learned(), None)


@pytest.mark.parametrize(
    "year, exact",
    [
        pytest.param(POWER, _with_the_habit, id="power users"),
        pytest.param(NEWCOMER, _without_the_habit, id="the others"),
    ],
)
def test_with_exact_classes_of_use_few_are_told_of(
    year: Year, exact: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _first_learned(year) is None
    monkeypatch.setattr(year_activity, "publish_classes", exact)
    assert _first_learned(year) is not None


@pytest.fixture
def three_months(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (year_population, year_activity):
        monkeypatch.setattr(module, "MONTHS", 3)
    monkeypatch.setattr(year_population, "WEEKS", 12)


def test_with_novices_told_beside_few_power_users_it_is_learned_that_there_are_none(
    three_months: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _first_learned(IDLE) is None
    monkeypatch.setattr(published_classes, "_publish_novices", _novices_anyway)
    assert _first_learned(IDLE) == "0 power in 2"


def test_where_all_did_the_least_of_their_class_it_is_not_told_that_others_are_none(
    three_months: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _first_learned(LEAST) is None
    monkeypatch.setattr(published_classes, "_beyond_days", lambda _: inf)
    assert _first_learned(LEAST) == "0 novice in 2"


def test_with_an_exact_number_of_novices_it_is_learned_that_there_are_few(
    three_months: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _first_learned(FEW_NOVICES) is None
    monkeypatch.setattr(published_classes, "publish_part", lambda count, *_: fact(count, "members"))
    assert _first_learned(FEW_NOVICES) == "2 novice in 2"


def _where(place: str, weeks: int, members: int) -> list[Person]:
    return [Person(0, STAYS, (place,) * MONTHS, weeks)] * members


STEADY = Year(
    3,
    _where("sales", EVERY, 10)
    + [one for week in range(4) for one in _where("sales", 0x100 << week, 1 + week % 2)]
    + _where("sales", 0, 5)
    + _where("it", EVERY, 5)
    + [one for week in range(4) for one in _where("it", 0x111 << week, 3)]
    + _where("it", 0, 6),
)
"""Of three months. In the second, ten of sales are active, and in the third the same ten have the habit."""


def test_a_department_does_not_tell_that_all_who_were_active_before_have_the_habit(
    three_months: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _first_learned(STEADY) is None
    monkeypatch.setattr(published, "remember_told", lambda *_: None)
    assert _first_learned(STEADY) == "0 active 2 months before 2 without the habit of sales"


QUICK = {"classes": (24,), "departments": (41,), "roles": (9,), "roles, then departments": (324,)}


@pytest.mark.parametrize("kind", QUICK)
def test_a_year_of_kinds_and_activity_tells_of_no_group_below_the_floor(kind: str) -> None:
    departments, roles = {
        "departments": (("sales", "it", "ops"), ()),
        "roles": (("",), ("manager", "executor", "")),
        "roles, then departments": (("sales", "it"), ("manager", "executor")),
    }.get(kind, (("",), ()))
    for seed in (*QUICK[kind], *range(3000, 3000 + YEARS)):
        random = Random(seed)
        year = random_year(random, departments, roles, busy=kind == "classes")
        assert attack_year(year, acquaintances(random, year)) == [], f"company {seed}"
