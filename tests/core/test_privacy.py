"""The wall, attacked: whoever subtracts what is shown from the totals learns no hidden cell."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engage.core import privacy
from engage.core.feasible import feasible
from engage.core.measures import WeekMeasures
from engage.core.privacy import (
    Figure,
    Part,
    fact,
    publish_amounts,
    publish_count,
    publish_split,
    publish_table,
)
from engage.core.published import publish_levels

K = 5
floors = st.integers(3, 12)


def members(count: int) -> Figure:
    return fact(count, "members")


@pytest.mark.parametrize(
    "count, whole, text",
    [
        (0, 20, "fewer than 5"),
        (4, 20, "fewer than 5"),
        (5, 20, "5"),
        (15, 20, "15"),
        (16, 20, "16 or more"),
        (20, 20, "16 or more"),
        (4, 9, "fewer than 5"),
        (9, 9, "5 or more"),
        (0, 8, "not shown"),
        (8, 8, "not shown"),
        (1234, 5000, "1,234"),
    ],
)
def test_a_count_is_shown_between_the_floor_and_its_mirror(count: int, whole: int, text: str) -> None:
    assert publish_count(count, K, members(whole)).text == text


def test_whether_the_floor_is_reached_is_told_of_the_active_members_of_a_small_company() -> None:
    assert publish_count(4, K, members(6), told=True).text == "fewer than 5"
    assert publish_count(5, K, members(6), told=True).text == "5 or more"


def test_a_floor_below_three_is_our_own_mistake() -> None:
    with pytest.raises(AssertionError):
        publish_count(10, 2, members(30))


@given(st.integers(0, 200), st.data(), floors)
def test_a_hidden_count_leaves_at_least_as_many_possibilities_as_it_tells(
    whole: int, data: st.DataObject, k: int
) -> None:
    """Every count that gives the same figure is possible: two or more of them, zero and all never alone."""
    count = data.draw(st.integers(0, whole))
    figure = publish_count(count, k, members(whole))
    alike = [other for other in range(whole + 1) if publish_count(other, k, members(whole)) == figure]
    if figure.hidden and whole:
        assert len(alike) >= min(k, whole + 1)
        assert min(alike) == figure.floor
        assert max(alike) == figure.ceiling
    elif whole:
        assert k <= count <= whole - k
        assert alike == [count]


@given(st.integers(0, 60), st.lists(st.integers(0, 60), max_size=4), floors)
def test_nested_counts_stay_within_what_is_told_of_each(whole: int, steps: list[int], k: int) -> None:
    figure, count = members(whole), whole
    for step in steps:
        count = min(count, step)
        figure = publish_count(count, k, figure)
        assert figure.floor <= count <= (figure.ceiling or 0)


tables = st.lists(st.integers(0, 40), min_size=1, max_size=7)


def possible_values(cells: tuple[Figure, ...], total: int, whole: int) -> list[set[int]]:
    """By trying out every combination: what an attacker who knows the rules can conclude about each hidden cell."""
    ranges = [
        range(int(c.low or 0), int(c.high if c.high is not None else whole) + 1)
        if c.value is None
        else [c.value]
        for c in cells
    ]
    found: list[set[int]] = [set() for _ in cells]
    for combination in itertools.product(*ranges):
        if sum(combination) == total:
            for values, value in zip(found, combination, strict=True):
                values.add(int(value))
    return found


@given(st.lists(st.integers(0, 14), min_size=2, max_size=4), st.integers(3, 5))
def test_no_hidden_cell_of_a_partition_has_only_one_possible_value(counts: list[int], k: int) -> None:
    whole = sum(counts)
    cells, _ = publish_table(counts, k, members(whole), partition=True)
    for cell, values in zip(cells, possible_values(cells, whole, whole), strict=True):
        assert cell.value is not None or len(values) >= 2 or whole == 0, (counts, cells)


@given(st.integers(5, 16), st.lists(st.integers(0, 16), min_size=1, max_size=4), st.integers(3, 5))
def test_no_hidden_cell_of_overlapping_groups_follows_from_their_sum(
    whole: int, counts: list[int], k: int
) -> None:
    counts = [min(count, whole) for count in counts]
    cells, total = publish_table(counts, k, members(whole))
    if total.value is None:
        return  # no sum, nothing to subtract from
    assert total.value == sum(counts)
    for cell, values in zip(cells, possible_values(cells, total.value, whole), strict=True):  # type: ignore[arg-type]
        assert cell.value is not None or len(values) >= 2, (counts, cells)


@given(tables, floors)
def test_the_interval_check_agrees_with_trying_out(counts: list[int], k: int) -> None:
    """`feasible` is exact for one sum over boxes: each true value lies within, and the ends are reached."""
    whole = sum(counts)
    cells, _ = publish_table(counts, k, members(whole))
    hidden = [count for count, cell in zip(counts, cells, strict=True) if cell.value is None]
    for count, (low, high) in zip(hidden, feasible(cells, whole, whole), strict=True):
        assert low <= count <= high


@given(tables, floors)
def test_what_is_shown_is_true_and_at_least_the_floor(counts: list[int], k: int) -> None:
    cells, _ = publish_table(counts, k, members(sum(counts)))
    for count, cell in zip(counts, cells, strict=True):
        assert cell.value in (None, count)
        assert cell.value is None or cell.value >= k


parts_of_a_week = st.lists(
    st.builds(Part, st.integers(0, 30), st.integers(0, 12), st.booleans()), min_size=1, max_size=6
)


@given(parts_of_a_week, st.integers(0, 30), st.booleans(), floors)
def test_hidden_numbers_of_events_are_more_than_the_sums_that_contain_them(
    parts: list[Part], rest: int, apart: bool, k: int
) -> None:
    total = sum(part.amount for part in parts) + rest
    cells = publish_amounts(parts, total, 20, k, apart=apart)
    for part, cell in zip(parts, cells, strict=True):
        assert cell.hidden or (cell.value == part.amount and part.people >= k)
    for linked in (False, True) if apart else ():
        theirs = [bool(cell.hidden) for part, cell in zip(parts, cells, strict=True) if part.linked == linked]
        assert all(theirs) or sum(theirs) + (not linked and bool(rest)) != 1
    hidden = [part for part, cell in zip(parts, cells, strict=True) if cell.hidden]
    if len(hidden) < len(parts):
        assert len(hidden) + bool(rest) != 1
        assert not hidden or sum(part.amount for part in hidden) + rest >= 2 * k - 1


@given(st.integers(0, 50), st.integers(0, 50), st.integers(0, 20), st.integers(0, 20), floors)
def test_of_two_parts_both_are_shown_or_none(part: int, rest: int, behind: int, people: int, k: int) -> None:
    cells, _ = publish_split(part, min(behind, people), part + rest, people, people, k)
    assert bool(cells[0].hidden) == bool(cells[1].hidden)
    assert cells[0].hidden or (behind >= k and cells[0].value == part)


def test_a_ratio_is_hidden_with_its_part_and_tells_only_the_range() -> None:
    whole = members(20)
    assert privacy.ratio(publish_count(3, K, whole), whole).text == "20 % or less"
    nobody = privacy.Figure(privacy.NOT_SHOWN, "members", hidden="few", low=0, high=0)
    assert privacy.ratio(nobody, whole).text == privacy.NOT_SHOWN, "not that it is nobody"
    assert privacy.ratio(publish_count(20, K, whole), whole).text == "80 % or more"
    assert privacy.ratio(publish_count(10, K, whole), whole).value == 50.0
    assert privacy.ratio(publish_count(7, K, members(7)), members(7)).value is None
    assert privacy.ratio(whole, fact(None, "seats")).hidden == "missing"
    assert privacy.ratio(whole, fact(0, "seats")).hidden == "missing"


def test_a_share_whose_ends_read_alike_is_about_that_much() -> None:
    told = privacy.ratio(Figure("38 or more", "members", hidden="most", low=38, high=42), members(400))
    assert (told.text, told.value, told.low, told.high) == ("about 10 %", None, 9.5, 10.5)


def test_a_share_told_as_a_range_is_narrow_and_ends_at_a_hundred() -> None:
    seats = fact(3, "seats")
    assert privacy.ratio(publish_count(3, K, members(30)), seats).text == "not shown"  # 0 to 133 %
    assert privacy.ratio(publish_count(38, K, members(40)), fact(38, "seats")).text == "95 % or more"
    wide = privacy.Figure(privacy.NOT_SHOWN, "members", hidden="protects", low=5, high=55)
    assert privacy.ratio(wide, members(60)) == Figure("not shown", "percent", hidden="wide")
    assert privacy.ratio(fact(45, "seats"), fact(30, "seats")).text == "150 %"  # no range: as it is


@given(st.integers(0, 60), st.integers(1, 60), floors)
def test_no_share_of_members_is_above_a_hundred(count: int, whole: int, k: int) -> None:
    share = privacy.ratio(publish_count(min(count, whole), k, members(whole)), members(whole))
    assert 0 <= share.floor <= (share.ceiling or 0) <= 100 or share.text == "not shown"
    assert (share.high or 0) - (share.low or 0) <= privacy.RANGE_MAX


def test_a_mean_of_hidden_figures_is_hidden_and_so_is_its_change() -> None:
    hidden = [publish_count(count, K, members(20)) for count in (1, 2, 0)]
    mean = privacy.mean(hidden, "members")
    assert (mean.value, mean.text, mean.low, mean.high) == (None, "not shown", None, None)
    assert privacy.change(mean, mean).text == "not shown"
    some = privacy.mean([*hidden, members(10)], "members")
    assert (some.value, some.text) == (4.0, "about 4")


def test_of_percentages_the_difference_is_told_in_points_and_of_a_range_nothing() -> None:
    four, six = privacy.fact(-4.0, "percent"), privacy.fact(6.5, "percent")
    assert privacy.difference(six, four).text == "+10.5 points"
    assert privacy.difference(four, six).text == "−10.5 points"
    assert privacy.difference(four, four).text == "no change"
    ranged = privacy.Figure("5 % or less", "percent", hidden="few", low=0, high=5)
    assert privacy.difference(ranged, four).value is None
    assert privacy.difference(four, privacy.missing("percent")).hidden == "missing"


def test_that_nearly_everybody_is_in_one_cell_is_told_of_two_cells_only() -> None:
    """Of more it would leave too few tables of which nothing can be told."""
    cells, _ = publish_table([0, 2, 98], K, members(100), partition=True)
    assert [cell.text for cell in cells] == ["not shown"] * 3
    assert [publish_count(count, K, members(100)).text for count in (2, 98)] == ["fewer than 5", "96 or more"]


def test_a_sum_over_weeks_says_that_some_are_hidden() -> None:
    weeks = [privacy.publish_amount(100, 9, K), privacy.publish_amount(40, 2, K)]
    figure = privacy.total(weeks, "events")
    assert (figure.value, figure.text) == (None, "100 or more")


@given(st.integers(0, 30), st.integers(0, 210), floors)
def test_days_never_say_that_everybody_did_all_or_the_least(active: int, days: int, k: int) -> None:
    days = max(active, min(days, 7 * active))
    people = publish_count(active, k, members(40))
    figure = privacy.publish_days(days, people, k, 7)
    if figure.value is not None:
        assert figure.value - people.floor >= k
        assert 7 * (people.ceiling or 0) - figure.value >= k


@given(st.lists(st.integers(0, 60), min_size=2, max_size=6), st.integers(3, 8))
def test_what_a_table_hides_adds_up_to_no_fewer_than_the_floor(counts: list[int], k: int) -> None:
    """Levels share out all members, so a reader finds the sum of what is hidden by subtraction."""
    whole = sum(counts)
    cells = publish_table(counts, k, fact(whole, "members"), partition=True).cells
    hidden = whole - sum(int(cell.value) for cell in cells if cell.value is not None)
    assert all(cell.value is not None for cell in cells) or hidden >= k or whole < k


def test_one_member_at_an_upper_level_is_not_told_of_by_subtraction() -> None:
    week = WeekMeasures(
        monday=739_000, members=190, levels=[("", 46), ("one", 143), ("two", 1), ("three", 0)]
    )
    levels = publish_levels(week, 5)
    assert levels is not None
    assert levels.upper.value is None
    assert sum(cell.value is None for _, cell in levels.members) >= 3


def span(low: float | None, high: float | None, hidden: privacy.Hidden = "protects") -> Figure:
    return Figure("", "members", hidden=hidden, low=low, high=high)


def ranged(
    text: str, unit: privacy.Unit, low: float, high: float, hidden: privacy.Hidden = "protects"
) -> Figure:
    return Figure(text, unit, hidden=hidden, low=low, high=high)


MISSING = privacy.missing("percent")
UNTOLD = span(None, None, "few")


@pytest.mark.parametrize(
    "part, whole, unit, figure",
    [
        (fact(1, "members"), fact(3, "members"), "percent", Figure("33 %", "percent", 33.3)),
        (fact(1, "members"), fact(1, "members"), "percent", Figure("100 %", "percent", 100.0)),
        (fact(1, "members"), fact(200, "members"), "percent", Figure("0.5 %", "percent", 0.5)),
        (fact(7, "days"), fact(3, "members"), "each", Figure("2.3", "each", 2.3)),
        (fact(6, "days"), fact(3, "members"), "each", Figure("2", "each", 2.0)),
        (fact(6, "days"), fact(0, "members"), "each", privacy.missing("each")),
        (fact(6, "days"), fact(-1, "members"), "each", privacy.missing("each")),
        (MISSING, fact(3, "members"), "percent", MISSING),
        (fact(3, "members"), MISSING, "percent", MISSING),
        (MISSING, UNTOLD, "percent", MISSING),
        (UNTOLD, fact(3, "members"), "percent", Figure("not shown", "percent", hidden="few")),
        (fact(3, "members"), span(3, None), "percent", Figure("not shown", "percent", hidden="protects")),
        (span(36, 40), fact(38, "seats"), "percent", ranged("95 % or more", "percent", 94.7, 100.0)),
        (span(40, 45), fact(38, "seats"), "percent", ranged("100 % or more", "percent", 100.0, 100.0)),
        (span(0, 1), fact(200, "members"), "percent", ranged("0.5 % or less", "percent", 0.0, 0.5)),
        (span(120, 198), fact(200, "members"), "percent", ranged("60 % to 99 %", "percent", 60.0, 99.0)),
        (fact(3, "members"), UNTOLD, "percent", Figure("not shown", "percent", hidden="few")),
        (span(2, 3), span(0, 9, "few"), "percent", Figure("not shown", "percent", hidden="protects")),
        (fact(3, "members"), span(0, 9, "few"), "percent", Figure("not shown", "percent", hidden="few")),
        (span(3, 4), fact(9, "members"), "percent", ranged("33 % to 44 %", "percent", 33.3, 44.4)),
        (
            fact(3, "members"),
            span(7, 9, "most"),
            "percent",
            ranged("33 % to 43 %", "percent", 33.3, 42.9, "most"),
        ),
        (span(1, 2), fact(3, "members"), "each", ranged("0.3 to 0.7", "each", 0.3, 0.7)),
        (span(0, 1), fact(3, "members"), "percent", ranged("33 % or less", "percent", 0.0, 33.3)),
        (span(1, 2), span(1, 1), "each", ranged("1 to 2", "each", 1.0, 2.0)),
        (span(1, 2), fact(2, "members"), "percent", ranged("50 % or more", "percent", 50.0, 100.0)),
        (span(1, 3), fact(5, "members"), "percent", ranged("20 % to 60 %", "percent", 20.0, 60.0)),
        (span(1, 4), fact(5, "members"), "percent", Figure("not shown", "percent", hidden="wide")),
        (span(60, 200), fact(1, "members"), "each", ranged("60 to 200", "each", 60.0, 200.0)),
    ],
)
def test_a_ratio_is_what_its_parts_leave_open(
    part: Figure, whole: Figure, unit: privacy.Unit, figure: Figure
) -> None:
    assert privacy.ratio(part, whole, unit) == figure


def test_a_sum_and_a_mean_are_missing_hidden_in_part_or_known_with_their_figures() -> None:
    few, two, four = span(0, 4, "few"), fact(2, "events"), fact(4.5, "events")
    hidden = Figure("not shown", "events", hidden="few")
    for summary in (privacy.total, privacy.mean):
        assert summary([], "events") == summary([MISSING, MISSING], "events") == privacy.missing("events")
        assert summary([MISSING, UNTOLD], "events") == summary([few], "events") == hidden
    assert privacy.total([two, four], "events") == Figure("6.5", "events", 6.5)
    assert privacy.total([two, few, MISSING], "events") == Figure(
        "2 or more", "events", hidden="partial", low=2
    )
    assert privacy.mean([two, two, fact(3, "events")], "events") == Figure("2.3", "events", 2.3)
    assert privacy.mean([two, four, UNTOLD, span(1, 3)], "events") == Figure("about 2.8", "events", 2.8)
    assert privacy.mean([fact(10, "events"), span(9, 10)], "events") == Figure("about 9.8", "events", 9.8)
    assert privacy.mean([fact(10, "events"), span(10, 11)], "events").text == "about 10"
    assert privacy.mean([fact(20, "events"), span(100, 103)], "events") == Figure("about 61", "events", 61)
    assert privacy.mean([fact(20, "events"), fact(101.5, "events")], "events").value == 60.8
    assert (
        privacy.mean([two, span(1, None)], "events").value
        == privacy.mean([two, span(None, 3)], "events").value
        == 2
    )


def test_a_change_is_told_of_two_values_and_hidden_for_the_reason_of_the_first_that_is() -> None:
    def grown(now: float, before: float) -> tuple[str, float]:
        figure = privacy.change(fact(now, "events"), fact(before, "events"))
        assert figure.value is not None
        return figure.text, figure.value

    assert [grown(15, 10), grown(2, 3)] == [("+50 %", 50.0), ("−33 %", -33.3)]
    assert [grown(1004, 1000), grown(1006, 1000)] == [("no change", 0.4), ("+1 %", 0.6)]
    for compare in (privacy.change, privacy.difference):
        ten = fact(10, "percent")
        assert compare(ten, MISSING) == compare(MISSING, ten) == compare(MISSING, UNTOLD) == MISSING
        assert [compare(ten, UNTOLD).hidden, compare(span(0, 1), UNTOLD).hidden] == ["few", "protects"]
        assert compare(UNTOLD, ten) == Figure("not shown", "percent", hidden="few")
    assert privacy.change(fact(10, "events"), fact(0, "events")) == Figure(
        "not shown", "percent", hidden="few"
    )
    assert privacy.difference(fact(0.25, "percent"), fact(0, "percent")) == Figure(
        "+0.2 points", "percent", 0.2
    )
    assert privacy.difference(fact(33.3, "percent"), fact(33.34, "percent")).text == "no change"
    assert privacy.difference(fact(1033.3, "percent"), fact(33.2, "percent")).text == "+1,000.1 points"
