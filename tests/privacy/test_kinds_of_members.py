"""Tables of kinds of members, attacked: whoever knows the rules, the sizes of groups and all totals learns no cell.

All populations that fit what is shown are gone through: a hidden cell must have several values among them.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from random import Random

import pytest

from engage.core.balances import CurrencyWeek
from engage.core.measures import FeatureWeek, WeekMeasures
from engage.core.privacy import Figure, fact, publish_count
from engage.core.published import publish_people
from engage.core.published_classes import publish_classes
from engage.core.published_parts import publish_parts
from engage.core.published_people import (
    breakage,
    publish_active_a_day,
    publish_concentration,
    publish_departments,
    publish_funnel,
    publish_moves,
    publish_organic,
    publish_points,
)
from engage.core.rounding import amount_between
from engage.core.segments import GroupWeek
from engage.core.state import AMOUNT_MAX

K = 3
SINCE = 739_621
LOOKS = 80
"""Of all that are possible, how many are attacked."""


Population = tuple[int, ...]
Shown = list[tuple[Figure, int]]
"""Figures with the true values behind them."""


def narrowest(
    populations: Iterable[Population],
    publish: Callable[[Population], Shown],
    attacked: Callable[[Population], bool] = lambda _: True,
) -> int:
    """Of all hidden cells, the fewest values that one can have among the populations that fit all that is shown."""
    everybody = [(population, publish(population)) for population in populations]
    truths = [[value for _, value in shown] for _, shown in everybody]
    looks = {tuple(figure for figure, _ in shown): None for one, shown in everybody if attacked(one)}
    least = 99
    for figures in Random(1).sample(list(looks), min(len(looks), LOOKS)):
        ranges = [(one.floor, 99 if one.ceiling is None else one.ceiling) for one in figures]
        fitting = [
            truth
            for truth in truths
            if all(low <= value <= high for (low, high), value in zip(ranges, truth, strict=True))
        ]
        assert fitting
        hidden = [index for index, one in enumerate(figures) if one.value is None]
        least = min([least, *(len({truth[index] for truth in fitting}) for index in hidden)])
    return least


@pytest.mark.parametrize("sizes", [(9, 7), (12, 6, 5), (8, 8, 3), (20, 5, 1)])
def test_no_part_of_a_shown_total_follows_from_the_others(sizes: tuple[int, ...]) -> None:
    wholes = [fact(size, "members") for size in sizes]

    def publish(counts: Population) -> Shown:
        total = publish_count(sum(counts), K, fact(sum(sizes), "members"))
        cells = publish_parts(counts, wholes, total, K)
        return [(total, sum(counts)), *zip(cells, counts, strict=True)]

    assert narrowest(itertools.product(*(range(size + 1) for size in sizes)), publish) >= 2


def week(**counts: object) -> WeekMeasures:
    return WeekMeasures(SINCE + 7 * 60, definition=1, **{"floor": K, **counts})  # type: ignore[arg-type]


@pytest.mark.parametrize("young, size", [(True, 13), (False, 9)])
def test_no_class_of_use_follows_from_the_others_and_the_figures_besides(young: bool, size: int) -> None:
    """In a young company nobody activated is without use: the attacker knows."""

    def publish(counts: Population) -> Shown:
        activated, habitual = sum(counts[:5]), sum(counts[:2])
        found = week(
            members=size,
            activated=activated,
            active_4w=activated,
            habitual=habitual,
            classes=[*counts],
            since=SINCE,
        )
        if young:
            found.monday = SINCE + 7 * 11
        people = publish_people(found, K)
        cells = publish_classes(found, people, K)[: 4 if young else 5]
        besides = [(people.activated, activated), (people.habitual, habitual)]
        return [*besides, *zip(cells, counts, strict=False)]

    splits = (
        counts
        for counts in itertools.product(range(size + 1), repeat=5)
        if sum(counts) <= size and not (young and counts[4])
    )
    assert narrowest(splits, publish) >= 2


def test_small_departments_are_one_row_by_their_size_alone() -> None:
    found = week(
        members=30, activated=24, active_4w=18, active=12, habitual=9,
        departments={
            "sales": GroupWeek(18, 15, 8, 11, 6), "it": GroupWeek(3, 3, 1, 2, 1), "board": GroupWeek(4, 3, 2, 3, 1),
            "": GroupWeek(5, 3, 1, 2, 1),
        },
    )  # fmt: skip
    groups = publish_departments(found, publish_people(found, K), K)
    assert [group.name for group in groups] == ["sales", "(smaller)", ""]
    assert [group.members.value for group in groups] == [18, 7, 5]
    assert all(group.active_4w.value is None for group in groups[1:])


def test_a_hidden_part_hides_the_smallest_of_the_others() -> None:
    wholes = [fact(40, "members"), fact(30, "members"), fact(20, "members")]
    cells = publish_parts([20, 15, 2], wholes, fact(37, "members"), 5)
    assert [cell.hidden for cell in cells] == ["", "protects", "few"]


def test_organic_use_is_not_judged_by_who_used_what_is_rewarded() -> None:
    """Of forty active members thirty used what earns points, and twelve did something that does not."""
    found = week(
        floor=4,
        members=60,
        activated=60,
        active_4w=40,
        organic_4w=12,
        features={"Export": FeatureWeek(30, 30, 90, 9), "Invite": FeatureWeek(12, 12, 20, 9, organic=True)},
    )
    people = publish_people(found, 4)
    assert publish_organic(found, people, 4).text == "12 to 15"
    found.organic_4w = 20
    assert publish_organic(found, people, 4).text == "20"


def test_organic_use_of_all_who_are_active_is_told_as_a_range() -> None:
    """Though hardly anybody used a key event: there are others that earn nothing."""
    found = week(
        floor=4,
        members=22,
        activated=22,
        active_4w=16,
        organic_4w=16,
        features={"Export": FeatureWeek(1, 1, 1)},
    )
    assert publish_organic(found, publish_people(found, 4), 4).text == "13 or more"


def test_steps_and_moves_of_few_are_hidden() -> None:
    found = week(
        floor=5, members=60, activated=40, active_4w=20, active=12, funnels={"f": [30, 9, 4, 2]}, risen=7, fallen=2,
        streaks_broken=38, streaks=50, levels=[("", 20), ("bronze", 40)],
    )  # fmt: skip
    people = publish_people(found, 5)
    steps = publish_funnel(found, people, "f", 5)
    assert steps is not None
    assert [step.text for step in steps] == ["30", "9", "fewer than 5", "not shown"]
    moves = publish_moves(found, people, 5)
    assert [one.text for one in moves] == ["not shown", "fewer than 10", "30 to 39", "not measured"]
    assert {one.text for one in publish_moves(WeekMeasures(1), people, 5)} == {"not measured"}
    assert publish_funnel(found, people, "g", 5) is None


def test_a_tenth_of_fewer_than_k_is_not_told_of() -> None:
    assert publish_concentration(week(floor=5, active_4w=60, top=(6, 300, 600)), 5).value == 50
    assert publish_concentration(week(floor=5, active_4w=40, top=(4, 300, 600)), 5).text == "not shown"


def test_balances_are_rounded_and_hidden_where_few_stand_behind_them() -> None:
    found = week(
        floor=5,
        members=60,
        activated=40,
        active_4w=30,
        standing=True,
        currencies={"points": CurrencyWeek(400, 9, 100, 4, 12_345, 20, 800, 5), "gold": CurrencyWeek()},
    )
    points = publish_points(found, "points", 5)
    assert [one.text for one in points] == [
        "about 400",
        "not shown",
        "about 10,000",
        "about 800",
        "fewer than 10",
    ]
    assert breakage(points.outstanding, points.spent, points.spent).text == "about 5,000"
    assert breakage(points.outstanding, points.spent, points.expired).text == "not shown"
    spent, expired = fact(30, "points"), fact(10, "points")
    assert breakage(amount_between(20_000, 49_000, "points"), spent, expired).text == "5,000 to 13,000"
    assert breakage(amount_between(0, 4_900, "points"), spent, expired).text == "fewer than 1,300"
    assert breakage(amount_between(20_000, AMOUNT_MAX, "points"), spent, expired).text == "not shown"
    assert {one.text for one in publish_points(found, "gold", 5)} == {"not shown"}
    assert {one.text for one in publish_points(week(floor=5), "points", 5)} == {"not measured"}


def test_active_members_a_day_are_whole_members() -> None:
    found = week(members=60, activated=50, active_4w=40, active=30, days=100)
    assert publish_active_a_day(found, 5).value == 14


@pytest.mark.parametrize("risen, told", [(7, "fewer than 10"), (12, "10 to 19"), (29, "20 or more")])
def test_who_rose_is_told_in_bands_as_levels_are(risen: int, told: str) -> None:
    found = week(floor=5, members=60, activated=40, active_4w=36, active=30, risen=risen)
    assert publish_moves(found, publish_people(found, 5), 5).risen.text == told
