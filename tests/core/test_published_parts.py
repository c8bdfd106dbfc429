"""What is told of departments and roles, tried out: all that their members can have done, and what is told of it."""

from __future__ import annotations

from collections import defaultdict
from itertools import product

import pytest

from engage.core.privacy import Figure, fact, missing, publish_count
from engage.core.published_parts import publish_parts, untold

K = 3

Counts = tuple[int, ...]
Told = tuple[Figure, tuple[Figure, ...]]


def members(count: int) -> Figure:
    return fact(count, "members")


def alike(sizes: Counts, absent: Counts, width: int = 0) -> dict[Told, list[Counts]]:
    """Of each figure of all with those of the parts, what it is told of; `width`: all are told as a range so wide."""
    able = [size - away for size, away in zip(sizes, absent, strict=True)]
    found = defaultdict(list)
    for counts in product(*(range(most + 1) for most in able)):
        total, many = publish_count(sum(counts), K, members(sum(able))), sum(counts)
        if width:
            least = many - many % width
            total = Figure("", "members", hidden="most", low=least, high=min(least + width - 1, sum(able)))
        cells = tuple(publish_parts(counts, [members(size) for size in sizes], total, K, absent))
        found[total, cells].append(counts)
    return dict(found)


@pytest.mark.parametrize("width", [0, 2, 4])
@pytest.mark.parametrize("absent", [0, 1, 2])
@pytest.mark.parametrize(
    "sizes", [(9, 9), (12, 6), (7, 6, 5), (8, 8, 8), (9, 5, 4), (9, 3, 3), (12, 9, 5), (16, 12, 1)]
)
def test_no_part_follows_from_the_others_and_all(sizes: Counts, absent: int, width: int) -> None:
    """k numbers are left of each hidden part, and of two together of whoever knows k - 2 of the people."""
    for away in {(absent, *[0] * (len(sizes) - 1)), (*[0] * (len(sizes) - 1), absent)}:
        able = [size - gone for size, gone in zip(sizes, away, strict=True)]
        told = alike(sizes, away, width)
        for (total, cells), found in told.items():
            if all(cell == untold(members(size)) for cell, size in zip(cells, sizes, strict=True)):
                continue
            hidden = [at for at, cell in enumerate(cells) if cell.value is None]
            assert hidden or total.value is not None
            for at, (cell, size) in enumerate(zip(cells, sizes, strict=True)):
                assert {counts[at] for counts in found} <= {
                    *range(int(cell.floor), int(cell.ceiling or 0) + 1)
                }
                if cell.value is None:
                    assert len({counts[at] for counts in found}) >= min(K, able[at] + 1), (
                        total,
                        cells,
                        found,
                    )
                    ends = (K - 1,) if cell.text == "fewer than 3" else (size - K, size)
                    assert cell.ceiling in ends, "not how many could be counted"
                else:
                    assert K <= cell.value <= able[at] - K
            for counts in found if hidden else ():
                together = sum(counts[at] for at in hidden)
                assert K <= together <= sum(able[at] for at in hidden) - K
            for known in hidden:
                left = [counts for counts in found if counts[known] >= K - 2]
                for at in hidden if left and min(able) >= K else ():
                    assert len({counts[at] for counts in left}) > 1, (total, cells, found)


def test_parts_that_follow_from_nothing_are_told() -> None:
    told = alike((9, 9), (0, 0))
    assert sum(all(cell.value is not None for cell in cells) for _, cells in told) == 16
    for sizes, counts, texts in [
        ((30, 20, 10), (10, 9, 5), ["10", "9", "5"]),
        ((30, 20, 10), (10, 9, 1), ["10", "not shown", "fewer than 3"]),
        ((30, 20, 10), (29, 9, 5), ["28 or more", "9", "not shown"]),
        ((30, 20, 4), (10, 12, 2), ["10", "not shown", "not shown"]),
    ]:
        cells = publish_parts(counts, [members(size) for size in sizes], members(sum(counts)), K)
        assert [cell.text for cell in cells] == texts, counts


def test_of_parts_of_what_is_told_of_nobody_nothing_is_told() -> None:
    sizes = [members(9), members(9)]
    few = Figure("", "members", hidden="few")
    for total in (few, missing("members")):
        assert publish_parts((5, 4), sizes, total, K) == [untold(size) for size in sizes]
    ranges = [Figure("", "members", hidden="most", low=7, high=9)] * 2
    assert publish_parts((5, 4), ranges, members(9), K) == [untold(size) for size in ranges]


@pytest.mark.parametrize("absent", [(), (0, 1, 0)])
def test_of_a_part_of_which_only_a_range_is_told_nothing_more_is(absent: Counts) -> None:
    """Of those active in a department, how many have the habit: were that told, it would say who is active."""
    part = Figure("20 to 24", "members", hidden="protects", low=20, high=24)
    cells = publish_parts((15, 10, 12), [members(40), part, members(30)], members(37), K, absent)
    assert cells == [
        members(15),
        untold(part),
        Figure("not shown", "members", hidden="protects", low=3, high=27),
    ]


@pytest.mark.parametrize("sizes", [(9, 5, 3, 3), (10, 8, 5, 5), (6, 6, 6, 6), (12, 9, 9)])
def test_that_another_part_joined_does_not_say_how_few_are_in_those_before(sizes: Counts) -> None:
    """Nor does it say anything that nothing at all is told of the parts."""
    for (total, cells), found in alike(sizes, (0,) * len(sizes)).items():
        assert total.value is None or all(
            len({counts[at] for counts in found}) >= K for at, cell in enumerate(cells) if cell.value is None
        ), (total, cells, found)


def test_the_last_that_joined_has_room_for_what_those_before_leave() -> None:
    """Of five parts fewer than three are in four, or more in all than one of nine could hide."""
    sizes, told = [members(size) for size in (14, 9, 5, 5, 5, 5)], defaultdict(set)
    for one, *few in product(range(K, 7), *[range(K)] * 4):
        total = 7 + one + sum(few)
        cells = publish_parts((7, one, *few), sizes, members(total), K)
        told[total, tuple(cells)].add(one)
    hidden = [ones for (_, cells), ones in told.items() if cells[0].value and not cells[1].value]
    assert hidden
    assert min(map(len, hidden)) >= K


@pytest.mark.parametrize(
    "counts, texts",
    [
        pytest.param((10, 1, 1, 1), ["10", *["fewer than 3"] * 3], id="k in three"),
        pytest.param((10, 1, 1, 0), ["not shown"] * 4, id="fewer in three"),
        pytest.param((10, 9, 9, 9), ["10", *["8 or more"] * 3], id="k are left in three"),
        pytest.param((10, 9, 9, 10), ["not shown"] * 4, id="fewer are left in three"),
    ],
)
def test_three_small_parts_are_told_where_k_are_in_them_and_k_are_not(
    counts: Counts, texts: list[str]
) -> None:
    sizes = [members(size) for size in (30, 10, 10, 10)]
    assert [cell.text for cell in publish_parts(counts, sizes, members(sum(counts)), K)] == texts


def test_of_who_can_be_counted_a_range_is_told_as_of_the_whole_part() -> None:
    """Beside it stand all members of the part: how many of them can be counted follows from nothing else."""
    sizes = [members(size) for size in (30, 22, 12)]
    for counts, told in [
        ((10, 9, 1), [("10", 10, 10), ("not shown", 3, 19), ("fewer than 3", 0, 2)]),
        ((10, 9, 9), [("10", 10, 10), ("not shown", 3, 19), ("8 or more", 8, 12)]),
    ]:
        cells = publish_parts(counts, sizes, members(sum(counts)), K, (0, 2, 2))
        assert [(cell.text, cell.floor, cell.ceiling) for cell in cells] == told


def test_a_part_that_could_be_fewer_than_k_numbers_hides_no_other() -> None:
    """Of eight members, of whom three to five came, that is told anyway: the next one joins."""
    for least, texts in [(8, ["20", "not shown", "4"]), (9, ["20", "12", "not shown"])]:
        sizes = [members(size) for size in (40, 30, least, 7, 7)]
        cells = publish_parts((20, 12, 4, 1, 1), sizes, members(38), K)
        assert [cell.text for cell in cells] == [*texts, "fewer than 3", "fewer than 3"]
