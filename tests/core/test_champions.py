"""Champions: counted from figures, and departments in bands that never say which."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations_with_replacement, pairwise, product
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engage.core import published_champions
from engage.core.calendar import month_end
from engage.core.measures import WeekMeasures
from engage.core.privacy import NOT_SHOWN, Figure, fact
from engage.core.published import publish_people
from engage.core.published_champions import Champions, publish_champions
from engage.core.published_parts import SMALLER, Group
from engage.core.segments import GROUP_OTHER, GroupWeek
from engage.core.windows import between

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


@pytest.mark.parametrize("habitual, least, most", [(50, 14, 21), (34, 0, 5)])
def test_champions_elsewhere_are_what_departments_told_by_k_or_more_leave(
    habitual: int, least: int, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a floor lowered since, as by that of the week; of those of no department some may be any of the rest."""
    large = {"a": fact(5, "members"), "b": fact(10, "members"), "c": between(14, 18, 20)}
    others = {"d": between(4, 20, 20), "": fact(6, "members"), SMALLER: fact(7, "members")}
    divided: list[tuple[int, tuple[int, int] | None, int]] = []

    def divide(groups: Sequence[GroupWeek], rest: tuple[int, int] | None, k: int) -> tuple[Figure, Figure]:
        divided.append((len(groups), rest, k))
        return (Figure(NOT_SHOWN, "each", hidden="few"),) * 2

    def groups(*_: object) -> tuple[Group, ...]:
        whole = fact(20, "members")
        return tuple(Group(name, whole, whole, figure) for name, figure in {**large, **others}.items())

    monkeypatch.setattr(published_champions, "_divided", divide)
    monkeypatch.setattr(published_champions, "publish_departments", groups)
    week = WeekMeasures(MONDAY, members=180, definition=2, floor=5, since=MONDAY - 700)
    week.active_4w = week.activated = 90
    week.habitual, week.month, week.classes = habitual, [90] * 4, [0, habitual, 90 - habitual, 0, 0]
    names = ("a", "b", "c", "d", *(f"small {at}" for at in range(25)))
    week.departments = {name: GroupWeek(4) for name in names} | {"": GroupWeek(2), GROUP_OTHER: GroupWeek(1)}
    found = publish_champions(week, publish_people(week, 5), 3)
    assert (found.members.value, found.departments, found.covered.value) == (habitual, 29, 3)
    assert divided == [(26, (least, most), 5)]


def test_where_nobody_can_have_the_habit_no_department_rests_on_one() -> None:
    single, without = published_champions._divided([GroupWeek(2, no_habit=2)] * 40, (0, 0), 3)
    assert (single.ceiling, without.value) == (0, 40)


Ways = dict[tuple[int, int], set[int]]
"""Champions in all, and departments with one -> departments without."""


def _every_way() -> Iterator[tuple[tuple[int, ...], Ways]]:
    for count in range(1, 5):
        for sizes in combinations_with_replacement((1, 2, 4), count):
            ways: Ways = {}
            for way in product(*(range(size + 1) for size in sizes)):
                ways.setdefault((sum(way), way.count(1)), set()).add(way.count(0))
            yield sizes, ways


def _with_habits(sizes: Sequence[int]) -> list[GroupWeek]:
    """Besides those who can have the habit, one in each who cannot; and a department of such alone."""
    return [*(GroupWeek(size + 1, no_habit=1) for size in sizes), GroupWeek(2, no_habit=2)]


def test_how_many_departments_can_rest_on_one_is_what_all_ways_say(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[int, int, int]] = []

    def flow(count: int, width: int, low: int, sure: int, most: int) -> Figure:
        asked.append((low, sure, most))
        return between(0, most, most)

    monkeypatch.setattr(published_champions, "publish_flow", flow)
    for sizes, ways in _every_way():
        most = {
            champions: max(single for together, single in ways if together == champions)
            for champions in range(sum(sizes) + 1)
        }
        alone = sum(size for size in sizes if size > 1)
        for low, high in product(most, repeat=2):
            if low <= high:
                asked.clear()
                published_champions._divided(_with_habits(sizes), (low, high + 9 * (high == sum(sizes))), 3)
                ends = [most[champions] for champions in range(low, high + 1)]
                assert asked == [(max(0, high - alone), min(ends), max(ends))]


def test_those_without_are_told_as_all_ways_leave_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Exactly, but for one in forty that is told to be wider."""
    band, wider, bounds = [0, 0], 0, 0
    monkeypatch.setattr(published_champions, "publish_flow", lambda *of: between(band[0], band[1], of[-1]))
    for sizes, ways in _every_way():
        for low, high in product(range(sum(sizes) + 1), repeat=2):
            for band[:] in product(range(len(sizes) + 1), repeat=2):
                fitting = [
                    without
                    for (champions, single), found in ways.items()
                    for without in found
                    if low <= champions <= high and band[0] <= single <= band[1]
                ]
                if not fitting or band[1] > max(one for together, one in ways if low <= together <= high):
                    continue
                _, told = published_champions._divided(_with_habits(sizes)[:-1], (low, high), 3)
                assert told.floor <= min(fitting) <= max(fitting) <= (told.ceiling or 0)
                wider += (told.floor < min(fitting)) + ((told.ceiling or 0) > max(fitting))
                bounds += 2
    assert 0 < wider < bounds // 40
