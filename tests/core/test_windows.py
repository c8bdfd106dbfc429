"""What is told of several weeks, and of what grows, tried out: every count that there can be, and what is told of it.

Who reads a figure and knows the rules concludes that the count is one of those of which the same is told. So of each
figure all of these are listed: were they fewer than the rule says, the reader would know more than the rule allows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import combinations_with_replacement, product

import pytest

from engage.core.privacy import Figure, fact, publish_count
from engage.core.windows import (
    add_bands,
    between,
    mean_band,
    publish_any,
    publish_band,
    publish_bands,
    publish_flow,
    publish_part,
    publish_union,
)

K = 3


def alike(counts: Iterable[int], publish: Callable[[int], Figure]) -> dict[Figure, list[int]]:
    """Of each figure, the counts of which it is told; it is true of each."""
    found = defaultdict(list)
    for count in counts:
        figure = publish(count)
        assert figure.floor <= count <= (figure.ceiling or 0), (count, figure)
        assert figure.value is None or figure.text == str(count)
        found[figure].append(count)
    return dict(found)


def exact(told: Mapping[Figure, list[int]]) -> list[int]:
    return [int(figure.value) for figure in told if figure.value is not None]


# --- several weeks --------------------------------------------------------------------------------------------


def months(members: int) -> Iterator[tuple[int, ...]]:
    """Members active in each week of a month, quiet weeks aside."""
    for weeks in range(1, 4):
        yield from combinations_with_replacement(range(K, members + 1), weeks)


@pytest.mark.parametrize("least, members", [(5, 5), (9, 9), (12, 12), (9, 12)])
def test_a_month_beside_its_weeks_leaves_k_who_came_in_others_and_k_who_did_not(
    least: int, members: int
) -> None:
    """`least`: whom of the members nobody can take off. A number is told where k came besides those of any one week, k
    did not come, and k came more than once whom nobody knows; else a range of k numbers, or all there can be."""
    within = between(least, members, members)
    for month in months(least):
        each = [publish_count(count, K, fact(least, "members")) for count in month]
        seen = max(int(one.floor) for one in each)
        visits = sum(int(one.ceiling or 0) for one in each)
        possible = range(max(seen, K), min(visits, members) + 1)
        counts = [count for count in possible if count <= least]
        told = alike(counts, lambda count: publish_union(count, K, each, within))  # noqa: B023
        known = (K - 2) * (len(month) - 1)
        for count in exact(told) if len(possible) > 1 else ():
            assert count - seen >= K
            assert least - count >= K
            assert visits - known - count >= K
        for figure, values in told.items():
            if figure.value is None:
                assert len(values) >= K or len(told) == 1, (month, figure)
                reach = range(int(figure.floor), int(figure.ceiling or 0) + 1)
                assert len(reach) >= K or reach == possible, (month, figure)
                assert reach[0] >= possible[0]
                assert reach[-1] <= possible[-1]


@pytest.mark.parametrize("least, members", [(5, 5), (12, 12), (15, 15), (12, 15)])
def test_who_did_any_of_several_things_leaves_k_who_did_one_only_and_k_who_did_two(
    least: int, members: int
) -> None:
    """Whether there are others than these things is not known: those who did two of them are pinned only by a number
    that is no more than they add up to."""
    within = between(least, members, members)
    for done in months(least):
        each = [publish_count(count, K, fact(least, "members")) for count in done]
        seen = max(int(one.floor) for one in each)
        visits = sum(int(one.ceiling or 0) for one in each)
        counts = range(max(seen, K), least + 1)
        told = alike(counts, lambda count: publish_any(count, K, each, within))  # noqa: B023
        known = (K - 2) * (len(done) - 1)
        for count in exact(told):
            assert count - seen >= K
            assert least - count >= K
            assert len(done) == 1 or count > visits or visits - known - count >= K
        for figure, values in told.items():
            if figure.value is None:
                assert len(values) >= K or len(told) == 1, (done, figure)
                assert figure.floor <= values[0] <= values[-1] <= (figure.ceiling or 0)


def test_of_a_month_of_a_small_group_nothing_is_told() -> None:
    """Of fewer than 2k - 1 people either side would be fewer than k."""
    for members in range(2 * K - 1):
        told = alike(range(members + 1), lambda count: publish_union(count, K, [], fact(members, "members")))  # noqa: B023
        assert len(told) == 1
    told = alike(range(2 * K), lambda count: publish_union(count, K, [], fact(2 * K - 1, "members")))
    assert list(told.values()) == [[0, 1, 2], [3, 4, 5]]


@pytest.mark.parametrize("publish", [publish_union, publish_any])
def test_that_it_is_few_is_told_of_a_group_of_2k_less_one(publish: Callable[..., Figure]) -> None:
    small, large = fact(2 * K - 2, "members"), fact(2 * K - 1, "members")
    assert {publish(count, K, [], small) for count in range(2 * K - 1)} == {between(0, 4, 4)}
    assert [publish(count, K, [], large) for count in (0, K - 1)] == [between(0, 2, 5)] * 2
    assert [publish(count, K, [], large) for count in (K, 2 * K - 1)] == [between(3, 5, 5)] * 2


def test_a_month_is_told_in_one_range_where_two_would_leave_no_number_between() -> None:
    def told(*each: int) -> dict[Figure, list[int]]:
        weeks = [fact(count, "members") for count in each]
        return alike(
            range(max(each), sum(each) + 1), lambda count: publish_union(count, K, weeks, fact(20, "members"))
        )

    assert list(told(6, 6)) == [between(6, 12, 20)]
    assert list(told(7, 7)) == [between(7, 9, 20), fact(10, "members"), between(11, 14, 20)]


def test_without_a_week_told_a_month_is_told_exactly_up_to_k_from_all() -> None:
    told = alike(range(13), lambda count: publish_union(count, K, [], fact(12, "members")))
    assert exact(told) == [*range(3, 10)]


def test_a_month_of_many_is_told_exactly() -> None:
    each = [fact(count, "members") for count in (12, 12, 15)]
    told = alike(range(15, 40), lambda count: publish_union(count, 5, each, fact(60, "members")))
    # 15 came in one week, and of 39 visits three who came each week may have made six more.
    assert exact(told) == [*range(20, 29)]


@pytest.mark.parametrize(
    "each, hidden",
    [
        ((), [(18, 20)]),
        ((6,), [(6, 8), (18, 20)]),
        ((5, 5), [(5, 10), (18, 20)]),
        ((5, 10), [(10, 15), (18, 20)]),
        ((5, 12), [(12, 20)]),
        ((5, 5, 5), [(5, 7), (11, 15), (18, 20)]),
        ((18,), [(18, 20)]),
        ((14,), [(14, 16), (18, 20)]),
        ((15,), [(15, 20)]),
        ((7, 8), [(8, 10), (12, 15), (18, 20)]),
        ((7, 10), [(10, 12), (14, 20)]),
        ((12, 12), [(12, 14), (18, 20)]),
        ((range(5, 10),), [(5, 7), (18, 20)]),
        ((range(3), range(3)), [(3, 4), (18, 20)]),
        ((10, range(3)), [(10, 12), (18, 20)]),
        ((10, range(3), range(2)), [(10, 13), (18, 20)]),
    ],
)
def test_who_did_any_is_a_range_near_one_near_their_sum_and_near_all(
    each: tuple[int | range, ...], hidden: list[tuple[int, int]]
) -> None:
    """Of 20. Of two ranges that meet one is made."""
    seen = [between(one[0], one[-1], 20) if isinstance(one, range) else fact(one, "members") for one in each]
    least = max((K, *(int(one.floor) for one in seen)))
    told = alike(range(least, 21), lambda count: publish_any(count, K, seen, fact(20, "members")))
    ranges = [(figure.low, figure.high) for figure in told if figure.value is None]
    assert ranges == hidden


# --- what grows -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("members", range(26))
@pytest.mark.parametrize("least, peak", [(0, 0), (2, 2), (5, 6), (7, 9)])
def test_a_band_holds_k_numbers_and_begins_k_above_who_is_told_to_be_another_group(
    members: int, least: int, peak: int
) -> None:
    """Of those counted, `peak` may be told to have been active: what is left of a band above them is k or more."""
    if least > members:
        return
    told = alike(range(least, members + 1), lambda one: publish_band(one, K, members, least, peak))
    for figure, counts in told.items():
        assert len(counts) >= K or len(told) == 1
        if figure.floor > least:
            assert figure.floor % K == 0
            assert not peak or figure.floor >= peak + K
    assert len(told) == 1 or len(told) >= members // K - (peak + K) // K - 1


@pytest.mark.parametrize("cells", [2, 3])
def test_no_cell_of_a_division_in_bands_follows_from_the_others(cells: int) -> None:
    """Members by level. All numbers of which the same is told are put together: in each cell there are as many of them
    as a band has, and they are all that lie within what is told. That nothing is told follows from the size alone."""
    for members in range(40 if cells == 2 else 28):
        told = defaultdict(list)
        for others in product(range(members + 1), repeat=cells - 1):
            if sum(others) <= members:
                counts = (members - sum(others), *others)
                told[tuple(publish_bands(counts, K, fact(members, "members")))].append(counts)
        for bands, found in told.items():
            ends = [range(int(band.floor), int(band.ceiling or 0) + 1) for band in bands]
            within = [counts for counts in product(*ends[1:]) if members - sum(counts) in ends[0]]
            assert sorted(counts[1:] for counts in found) == within, (members, bands)
            for numbers in zip(*found, strict=True):
                assert len(set(numbers)) >= min(2 * K, members + 1), (members, bands)
        assert (len(told) > 1) == (members >= 4 * K - 1)


@pytest.mark.parametrize(
    "members, least, peak, starts",
    [
        (4, 0, 0, [0]),
        (5, 0, 0, [0, 3]),
        (19, 0, 0, [0, 3, 6, 9, 12, 15]),
        (20, 0, 0, [0, 3, 6, 9, 12, 15, 18]),
        (20, 4, 4, [4, 9, 12, 15, 18]),
        (20, 4, 6, [4, 9, 12, 15, 18]),
        (20, 4, 7, [4, 12, 15, 18]),
        (20, 4, 15, [4, 18]),
        (20, 4, 16, [4]),
    ],
)
def test_bands_follow_one_another(members: int, least: int, peak: int, starts: list[int]) -> None:
    told = alike(range(least, members + 1), lambda count: publish_band(count, K, members, least, peak))
    ends = [start - 1 for start in starts[1:]] + [members]
    assert [(figure.low, figure.high) for figure in told] == list(zip(starts, ends, strict=True))


@pytest.mark.parametrize(
    "counts, bands",
    [
        ((10, 0), [(0, 10), (0, 10)]),
        ((11, 0), [(6, 11), (0, 5)]),
        ((5, 6), [(0, 5), (6, 11)]),
        ((0, 11), [(0, 5), (6, 11)]),
        ((12, 0, 0), [(2, 12), (0, 5), (0, 5)]),
        ((0, 6, 6), [(0, 6), (0, 6), (6, 12)]),
        ((1, 12, 6), [(0, 7), (6, 13), (6, 11)]),
        ((1, 5, 13), [(0, 7), (0, 7), (12, 19)]),
        ((30, 20, 10), [(26, 36), (18, 23), (6, 11)]),
    ],
)
def test_each_cell_is_told_of_those_whom_the_cells_before_it_can_leave(
    counts: tuple[int, ...], bands: list[tuple[int, int]]
) -> None:
    """The last cell first; the first is what all of them leave, of a company in which nearly all have a level too."""
    told = publish_bands(counts, K, fact(sum(counts), "members"))
    assert [(one.low, one.high) for one in told] == bands


# --- parts ----------------------------------------------------------------------------------------------------

SPANS = [(low, sure, most) for low in (0, 2) for sure in range(low, 22) for most in (sure, sure + 2)]
"""A part of a group is at least `low`, and at most what is between `sure` and `most`."""


@pytest.mark.parametrize("width", [2 * K, 2 * K + 3])
def test_of_a_part_each_band_leaves_as_many_numbers_as_it_is_wide_whatever_the_group_is(width: int) -> None:
    for low, sure, most in SPANS:
        told = alike(range(low, most + 1), lambda count: publish_part(count, width, low, sure, most))  # noqa: B023
        for counts in told.values():
            assert len([one for one in counts if one <= sure]) >= width or len(told) == 1, (low, sure, most)
            assert (counts[0] - low) % width == 0
        assert len(told) >= (sure - low + 1) // width


def test_of_those_who_left_the_first_band_is_wider_by_those_who_did_for_sure() -> None:
    width = 2 * K
    for low, sure, most in SPANS:
        told = alike(range(most + 1), lambda count: publish_flow(count, width, low, sure, most))  # noqa: B023
        for counts in told.values():
            beyond = [one for one in counts if low <= one <= sure]
            assert len(beyond) >= width or len(told) == 1
        assert len(told) == 1 or len(told) >= (sure - low + 1) // width


def test_bands_that_are_added_up_tell_no_more_than_each_of_them() -> None:
    whole = fact(20, "members")
    bands = [between(3, 5, 20), between(6, 11, 20), between(0, 9, 20)]
    assert add_bands(bands[:2], whole) == between(9, 16, 20)
    assert add_bands(bands[1:], whole, bands[:1]) == between(6, 17, 20)
    assert add_bands(bands, whole) == between(9, 20, 20)
    assert between(-3, 25, 20) == between(0, 20, 20)


def test_a_mean_of_bands_lies_between_those_of_their_ends() -> None:
    """Between 9 and 16 in two weeks: 4.5 to 8 in each, of which a whole number says no more."""
    whole = fact(20, "members")
    bands = [between(3, 5, 20), between(6, 11, 20), between(0, 9, 20), between(0, 20, 20)]
    assert mean_band(bands[:2], whole) == between(4, 8, 20)
    assert mean_band(bands[:3], whole) == between(3, 9, 20)
    assert mean_band(bands[3:], whole).text == "not shown"
    assert mean_band(bands[:1], whole) == bands[0]
    assert mean_band([between(18, 24, 30), *bands[1:2]], fact(15, "members")) == between(12, 15, 15), (
        "some left"
    )


def test_a_range_is_said_alike_wherever_in_it_the_number_is() -> None:
    said = {
        (low, high): between(low, high, 9).text
        for low, high in ((0, 9), (0, 4), (5, 9), (2, 6), (4, 4), (0, 0))
    }
    assert list(said.values()) == ["not shown", "fewer than 5", "5 or more", "2 to 6", "4", "not shown"]
    assert between(0, 0, 9).value is None


def test_why_a_number_is_hidden_is_said_by_the_end_of_its_group_that_it_may_be_at() -> None:
    reasons = {(low, high): between(low, high, 9).hidden for low, high in ((0, 9), (0, 4), (5, 9), (2, 6))}
    assert list(reasons.values()) == ["few", "few", "most", "protects"]


def test_parts_and_who_left_are_told_band_by_band() -> None:
    parts = [publish_part(count, 6, 0, 20, 22) for count in (5, 6, 12)]
    assert parts == [between(0, 5, 22), between(6, 11, 22), between(12, 22, 22)]
    flows = [publish_flow(count, 6, 2, 20, 22) for count in (0, 7, 8, 14)]
    assert flows == [between(0, 7, 22), between(0, 7, 22), between(8, 13, 22), between(14, 22, 22)]
    assert publish_part(1, 6, 9, 8, 8) == between(8, 8, 8), "what is sure may be more than the most"


def test_of_a_group_of_which_nothing_is_told_it_is_not_told_who_did_any_of_several_things() -> None:
    told = alike(range(21), lambda count: publish_any(count, K, [], between(0, 20, 20)))
    assert told == {between(0, 20, 20): [*range(21)]}
