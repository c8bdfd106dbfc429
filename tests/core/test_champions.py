"""Champions: counted from figures, and departments in bands that never say which."""

from __future__ import annotations

from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engage.core.calendar import month_end
from engage.core.measures import WeekMeasures
from engage.core.published import publish_people
from engage.core.published_champions import Champions, publish_champions
from engage.core.segments import GroupWeek

MONDAY = month_end(739_000 - 739_000 % 7 + 1)


def of_departments(habitual: list[int], size: int = 20, k: int = 5) -> Champions:
    """Departments of that size, with so many members who have the habit; all of these are active."""
    week = WeekMeasures(MONDAY, members=size * len(habitual), definition=2, floor=k, since=MONDAY - 700)
    week.habitual = sum(habitual)
    week.active_4w = week.activated = week.habitual + 2 * k
    week.month = [week.habitual + k] * 4
    week.classes = [week.habitual // 2, week.habitual - week.habitual // 2, 2 * k, 0, 0]
    for number, count in enumerate(habitual):
        active = count + 2 * k if number == 0 else count
        week.departments[f"d{number}"] = GroupWeek(size, active, active, active, count)
    return publish_champions(week, publish_people(week, k), k)


def test_departments_that_rest_on_one_are_counted_among_many() -> None:
    found = of_departments([8, 9, 7] + [1] * 14 + [0] * 12 + [2, 3])
    assert found.departments == 31
    assert found.covered.value == 0, "their own figures are hidden for those of the others"
    assert found.single.text == "10 to 19"
    assert found.without.text == "fewer than 20", "what follows of the others and of all champions"


@pytest.mark.parametrize("habitual", [[1, 0, 6, 7], [1], [], [1] * 9, [0] * 12])
def test_of_few_departments_nothing_is_told(habitual: list[int]) -> None:
    found = of_departments(habitual)
    assert found.single.value is None
    assert not found.single.low


@settings(max_examples=50)
@given(seed=st.integers(0, 2**32))
def test_one_department_more_is_hardly_ever_seen(seed: int) -> None:
    """Bands: of 2k neighbouring histories that differ in one champion, at most one is told otherwise. Where a band ends
    follows from the number of champions, which is told."""
    random = Random(seed)
    others = [random.choice((0, 1, 1, 2, 4)) for _ in range(40)]
    told = [
        found.single.floor
        for ones in range(10)
        for found in [of_departments([*others, *[1] * ones, *[2] * (10 - ones)])]
    ]
    assert sum(here != there for here, there in pairwise(told)) <= 1
