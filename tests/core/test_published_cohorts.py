"""Who stays, as figures: what the bands of one month and of several leave to each cohort, tried on all that can be."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

import msgspec
import pytest
from msgspec.structs import replace

from engage.core.calendar import month_end
from engage.core.measures import WEEK, WeekMeasures
from engage.core.privacy import Figure
from engage.core.published_cohorts import (
    MONTHS_MAX,
    Most,
    after_bands,
    came_since,
    closed,
    cohort_bands,
    had_come,
    publish_active_cohorts,
    remember_cohorts,
)
from engage.core.segments import Came
from engage.core.windows import between

K = 2
MONTH = 4 * WEEK
END = month_end(739_000)
ACTIVE = 24
UNTOLD = closed([[0, 23, 31, 43], [-20, 0, 30, 24], [-28, 0, 0, 24], [-40, 0, 0, 0]]) or []
YOUNG = closed([[0, 9, 12, 16], [-6, 0, 5, 9], [-10, 0, 0, 5], [-14, 0, -1, 0]]) or []
OPEN = closed([[0, 9, 12, 16], [-2, 0, 6, 9], [-2, 0, 0, 5], [-2, 0, 0, 0]]) or []
GROWN = closed([[0, 22, 40], [-20, 0, 20], [-36, -17, 0]]) or []
CASES = [(UNTOLD, ACTIVE), (UNTOLD, 22), (YOUNG, 12), (YOUNG, 14), (OPEN, 11), (GROWN, 27)]
"""Of the first twenty to twenty-three had come by the end of the first month, and so on."""


@pytest.mark.parametrize("quiet", [0, 1, 3])
@pytest.mark.parametrize("most, active", CASES)
def test_what_is_told_of_cohorts_is_what_all_ways_say(most: Most, active: int, quiet: int) -> None:
    """Of all who can have come, and can have been active of these, those of whom the same is told. It is told whatever
    is so; the older ones keep as many numbers as a band has, or all that they can be, and what is told of the newest,
    and of how many can have come between any two months, is what these ways leave."""
    told: dict[tuple[tuple[int, int], ...], list[Way]] = defaultdict(list)
    ways = list(_ways(most, active, quiet))
    for way in ways:
        told[tuple(cohort_bands(way.active, most, active, quiet, K))].append(way)
    for bands, alike in told.items():
        for at, (low, high) in enumerate(bands[:-1]):
            numbers = {way.active[at] for way in alike}
            assert low <= min(numbers) <= max(numbers) <= high
            assert len(numbers) >= 2 * K or numbers == {way.active[at] for way in ways}
        newest = [way.active[-1] for way in alike]
        assert bands[-1] == (min(newest), max(newest))
        assert after_bands(list(bands), most, active, quiet) == [
            [max(way.came[to] - way.came[of] for way in alike) for to in range(len(most))]
            for of in range(len(most))
        ]


class Way(NamedTuple):
    """How many had come by the end of each month, and how many of each cohort are active in the last."""

    came: tuple[int, ...]
    active: tuple[int, ...]


def _ways(most: Most, active: int, quiet: int) -> Iterator[Way]:
    """Of the newest all are, but those who came in quiet weeks."""
    months = range(len(most))
    for later in itertools.product(*(range(-most[at][0], most[0][at] + 1) for at in months[1:])):
        came = (0, *later)
        if all(came[to] - came[of] <= most[of][to] for of, to in itertools.product(months, months)):
            sizes = [after - before for before, after in itertools.pairwise(came)]
            for older in itertools.product(*(range(size + 1) for size in sizes[:-1])):
                newest = active - sum(older)
                if max(0, sizes[-1] - quiet) <= newest <= sizes[-1]:
                    yield Way(came, (*older, newest))


@pytest.mark.parametrize("most, active", CASES)
def test_what_cannot_be_so_is_not_told(most: Most, active: int) -> None:
    """As of more than can have come."""
    untold = 0
    for older in itertools.product(range(active + 1), repeat=len(most) - 2):
        counts = (*older, active - sum(older))
        bands = cohort_bands(counts, most, active, 0, K)
        untold += not bands
        assert all(low <= count <= high for (low, high), count in zip(bands, counts, strict=False))
    assert untold or most is OPEN


def test_what_follows_for_other_months_is_known_of_them() -> None:
    """Who came between two months is bounded by who had come before, and since."""
    assert closed([[0, 30, 50], [-20, 0, 25], [-41, -18, 0]]) == [[0, 30, 50], [-20, 0, 25], [-41, -18, 0]]
    assert closed([[0, 30, 50], [-20, 0, 5], [-31, 0, 0]]) == [[0, 30, 35], [-26, 0, 5], [-31, -1, 0]]
    assert closed([[0, 30, 50], [-20, 0, 5], [-61, 0, 0]]) is None


def _week(at: int, cohorts: dict[int, int], **said: object) -> WeekMeasures:
    """A month of so many active members by the month in which they came first."""
    found = WeekMeasures(END + MONTH * at, members=200, definition=2, floor=K, month=[9] * 4)
    found.cohorts = {END + MONTH * came: (count, count) for came, count in cohorts.items()}
    found.active_4w = sum(cohorts.values())
    return replace(found, **said)  # type: ignore[arg-type]


def _told(*weeks: WeekMeasures, activated: tuple[int, int] = (0, 200)) -> list[list[str]]:
    before, found = None, []
    for week in weeks:
        month = Figure(str(week.active_4w), "members", week.active_4w)
        remember_cohorts(week, before, month, between(*activated, 200), K)
        found.append([cell.text for cell in publish_active_cohorts(week).values()])
        before = week
    return found


def test_of_the_first_month_nothing_is_told_and_of_later_ones_bands_the_oldest_first() -> None:
    weeks = [_week(0, {0: 40}), _week(1, {0: 30, 1: 21}), _week(2, {0: 26, 1: 14, 2: 13})]
    assert _told(*weeks) == [[], ["28 to 31", "20 to 23"], ["24 to 27", "12 to 15", "11 to 17"]]
    assert list(weeks[2].cohorts_told) == [END, END + MONTH, END + 2 * MONTH]


def test_whoever_came_before_the_first_month_is_of_its_cohort() -> None:
    assert _told(_week(0, {-9: 20, 0: 20}), _week(1, {-9: 10, -1: 10, 0: 10, 1: 21}))[1][0] == "28 to 31"


@pytest.mark.parametrize(
    "last",
    [
        pytest.param(_week(1, {0: 5, 1: 1}), id="fewer than 4k - 1 are active"),
        pytest.param(
            replace(_week(1, {0: 35}), cohorts={END: (30, 30), 24_300: (5, 5)}),
            id="counted by months of the calendar",
        ),
        pytest.param(_week(1, {0: 30, 1: 21}, active_4w=50), id="others than are active"),
    ],
)
def test_nothing_is_told_of_a_month(last: WeekMeasures) -> None:
    assert _told(_week(0, {0: 40}), last) == [[], []]


def test_from_4k_less_one_active_members_on_bands_are_told() -> None:
    assert _told(_week(0, {0: 40}), _week(1, {0: 4, 1: 3})) == [[], ["4 or more", "fewer than 4"]]


def test_nothing_is_told_where_it_is_not_told_how_many_are_active() -> None:
    first, last = _week(0, {0: 40}), _week(1, {0: 30, 1: 21})
    remember_cohorts(first, None, between(40, 43, 200), between(0, 200, 200), K)
    remember_cohorts(last, first, between(50, 53, 200), between(0, 200, 200), K)
    assert (last.cohorts_told, had_come(last)[END + MONTH]) == ({}, (0, 200))


def test_nothing_is_told_of_more_than_can_have_come() -> None:
    """Their first event arrived late: by the end of the month in which it was, one had come less."""
    first, last = _week(0, {0: 12}), _week(1, {0: 13, 1: 21})
    remember_cohorts(first, None, between(12, 12, 200), between(12, 12, 200), K)
    remember_cohorts(last, first, between(34, 34, 200), between(34, 200, 200), K)
    assert last.cohorts_told == {}


def test_where_more_are_activated_than_can_have_come_it_begins_anew() -> None:
    first, last = _week(0, {0: 12}), _week(1, {0: 13, 1: 21})
    remember_cohorts(first, None, between(12, 12, 200), between(12, 12, 200), K)
    remember_cohorts(last, first, between(34, 34, 200), between(60, 70, 200), K)
    assert last.came.ends == [END + MONTH]


@pytest.mark.parametrize(
    "weeks, activated, came",
    [
        pytest.param([(0, {}), (1, {})], [(40, 44), (0, 200)], [(40, 44), (40, 64)], id="those of one month"),
        pytest.param(
            [(0, {}), (1, {}), (2, {})],
            [(40, 44), (0, 200), (0, 200)],
            [(40, 44), (40, 64), (40, 84)],
            id="of two months",
        ),
        pytest.param(
            [(0, {}), (1, {"month": [9, 0, 9, 0]})],
            [(40, 44), (0, 200)],
            [(40, 44), (40, 66)],
            id="and one in each quiet week",
        ),
        pytest.param(
            [(0, {}), (2, {})], [(40, 44), (0, 200)], [(40, 44), (40, 200)], id="a month was not measured"
        ),
        pytest.param(
            [(0, {}), (1, {})], [(40, 60), (0, 44)], [(40, 44), (40, 44)], id="no fewer by the next month"
        ),
    ],
)
def test_in_a_month_no_more_come_than_are_active_in_it(
    weeks: list[tuple[int, dict[str, object]]], activated: list[tuple[int, int]], came: list[tuple[int, int]]
) -> None:
    """Where twenty are, and nothing is told of cohorts."""
    before = None
    for (at, said), told in zip(weeks, activated, strict=True):
        week = _week(at, {}, **said)
        remember_cohorts(week, before, between(20, 20, 200), between(*told, 200), K)
        before = week
    assert before is not None
    assert list(had_come(before).values()) == came


@pytest.mark.parametrize(
    "at, months, came",
    [
        pytest.param(3, 2, [9, 4], id="since the end of the first"),
        pytest.param(3, 1, [3], id="since the end of the second"),
        pytest.param(2, 1, [4], id="by the end of the second"),
        pytest.param(3, 3, [0, 0, 0], id="since before it was remembered"),
        pytest.param(4, 1, [0], id="by the end of a month that is not"),
    ],
)
def test_so_many_must_have_come_since_a_month(at: int, months: int, came: list[int]) -> None:
    """At least four came in the second month, three in the third, and nine in both."""
    most = [[0, 20, 30, 40], [-10, 0, 9, 18], [-14, -4, 0, 9], [-19, -9, -3, 0]]
    week = _week(at - 1, {}, came=Came([END, END + MONTH, END + 2 * MONTH], most))
    assert came_since(week, months) == came


def test_before_anybody_came_there_is_no_month() -> None:
    empty = _week(0, {})
    remember_cohorts(empty, None, between(0, 0, 0), between(0, 0, 0), K)
    assert empty.came == Came()


def test_two_looks_at_a_month_tell_the_same_and_of_many_months_the_newest_are_remembered() -> None:
    before = None
    for at in range(MONTHS_MAX + 3):
        week = _week(at, dict.fromkeys(range(at + 1), 20))
        remember_cohorts(
            week, before, Figure("", "members", week.active_4w), between(20 * at + 15, 20 * at + 40, 999), K
        )
        before = week
    assert before is not None
    assert len(before.came.ends) == len(before.cohorts_told) == MONTHS_MAX
    assert before.cohorts_told[before.came.ends[0]][0] > 60
    again = _week(0, {}, monday=before.monday + WEEK)
    remember_cohorts(again, before, between(0, 0, 0), between(0, 0, 0), K)
    assert (again.came, again.cohorts_told) == (before.came, before.cohorts_told)


def test_weeks_frozen_by_former_rules_are_read_and_tell_nothing_of_cohorts() -> None:
    """A week is stored by the places of its fields: what is not kept any more keeps its place."""
    former = WeekMeasures.__struct_fields__[: WeekMeasures.__struct_fields__.index("came")]
    assert (len(former), former[46], former[-1]) == (79, "cohort_most", "unrewarded_shared")
    week = _week(1, {0: 30, 1: 21})
    stored = msgspec.to_builtins(week)[: len(former)]
    found = msgspec.convert(stored, WeekMeasures, strict=False)
    assert (found.active_4w, publish_active_cohorts(found), had_come(found)) == (51, {}, {})
