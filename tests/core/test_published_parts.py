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


@pytest.mark.parametrize("width", [0, 4])
@pytest.mark.parametrize("absent", [0, 1, 2])
@pytest.mark.parametrize("sizes", [(9, 9), (12, 6), (7, 6, 5), (8, 8, 8), (9, 5, 4), (9, 3, 3)])
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
        ((30, 20, 10), (28, 9, 5), ["28 or more", "9", "not shown"]),
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
