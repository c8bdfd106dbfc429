"""What may leave, tried out: every table and every sum of a small company, and what is told of it.

Who reads figures and knows the rules concludes that the truth is one of those of which the same is told. So all of
these are listed, also for somebody who knows k - 2 of the people: what they leave is what can be known.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from itertools import combinations, combinations_with_replacement, product

import pytest

from engage.core.feasible import feasible
from engage.core.privacy import (
    Figure,
    Part,
    fact,
    is_dominated,
    missing,
    publish_amount,
    publish_amounts,
    publish_count,
    publish_days,
    publish_split,
    publish_table,
)

K = 3

Table = tuple[int, ...]


def span(low: int, high: int | None) -> Figure:
    return Figure("", "members", hidden="most", low=low, high=high)


# --- counts ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("told", [False, True])
def test_of_a_group_told_as_a_range_a_count_leaves_k_by_the_least_that_the_group_can_be(told: bool) -> None:
    for least, most in product(range(12), repeat=2):
        if least >= most:
            continue
        found = defaultdict(list)
        for count in range(most + 1):
            figure = publish_count(count, K, span(least, most), told=told)
            assert figure.floor <= count <= (figure.ceiling or 0) <= most
            found[figure].append(count)
        for figure, counts in found.items():
            if figure.value is not None:
                assert count >= K
                assert figure.value <= least - K
            else:
                assert len(counts) >= K or len(found) == 1 or (told and most < 2 * K - 1), (least, most)
        assert (len(found) == 1) == (not least or most < (K if told else 2 * K - 1)), (least, most)


def test_of_nobody_and_of_one_it_is_told_that_fewer_than_the_floor_came() -> None:
    for whole in (0, 1):
        figure = publish_count(0, K, fact(whole, "members"), told=True)
        assert (figure.text, figure.low, figure.high) == ("fewer than 3", 0, whole)


def test_of_a_group_of_which_nothing_is_known_the_count_is_hidden_for_the_same_reason() -> None:
    few = Figure("", "members", hidden="few")
    assert publish_count(50, K, few).hidden == "few"
    assert publish_count(50, K, missing("members")).hidden == "missing"


# --- days -----------------------------------------------------------------------------------------------------


def weeks_of_days(members: int, each: int) -> Iterator[Table]:
    return combinations_with_replacement(range(1, each + 1), members)


@pytest.mark.parametrize("most_each", range(2, 8))
@pytest.mark.parametrize("k", [3, 4])
def test_who_knows_the_days_of_k_less_two_finds_two_values_for_each_of_the_others(
    k: int, most_each: int
) -> None:
    """All ways in which a few were active: what is told tells neither on how many days one of the others was, nor,
    where it is a range, on how many they were together."""
    for members in range(k, k + 3):
        people, found = fact(members, "members"), defaultdict(set)
        for days in weeks_of_days(members, most_each):
            figure = publish_days(sum(days), people, k, most_each)
            assert figure.floor <= sum(days) <= (figure.ceiling or 0)
            for known in combinations(range(members), k - 2):
                theirs = tuple(days[at] for at in known)
                found[figure, theirs].add(tuple(days[at] for at in range(members) if at not in known))
        for (figure, known), others in found.items():
            assert len({one for days in others for one in days}) >= 2, (figure, known, others)
            assert figure.value is not None or len({sum(days) for days in others}) >= 2, (figure, known)


@pytest.mark.parametrize(
    "k, each, least, most",
    [
        *[(3, 2, 3, 3), (3, 4, 3, 3), (3, 2, 6, 6), (3, 4, 6, 6), (3, 4, 7, 7), (4, 4, 7, 7), (3, 7, 4, 4)],
        *[(3, 4, 4, 6), (3, 4, 5, 9), (3, 4, 5, 10), (3, 4, 8, 9), (4, 4, 9, 10), (3, 7, 5, 6)],
    ],
)
def test_active_days_are_told_where_two_are_left_to_one_each_and_to_all_for_whoever_knows_k_less_two(
    k: int, each: int, least: int, most: int
) -> None:
    """So that not even of a range of people one end is excluded."""
    people = fact(least, "members") if least == most else span(least, most)
    found = defaultdict(set)
    for members in range(least, most + 1):
        for days in weeks_of_days(members, each):
            figure = publish_days(sum(days), people, k, each)
            assert figure.floor <= sum(days) <= (figure.ceiling or 0)
            found[figure].add((members, days))
    for figure, alike in found.items():
        sums = {sum(days) for _, days in alike}
        assert (figure.floor, figure.ceiling) == (min(sums), max(sums))
        assert {members for members, _ in alike} == {*range(least, most + 1)}, figure
        assert figure.value is not None or len(sums) >= k, figure
    spare = 2 + (each - 1) * (k - 2)
    low, high = most + spare, least * each - spare
    assert {figure.value for figure in found} - {None} == {*range(low, high + 1)}
    assert {figure.text for figure in found if figure.value is None} == (
        {f"fewer than {low}", f"{high + 1} or more"} if low <= high + 1 else {"not shown"}
    )


def test_of_the_days_of_few_nothing_is_told() -> None:
    for members in range(K):
        assert publish_days(4, span(members, 9), K, 7) == Figure("not shown", "days", hidden="few")
    assert publish_days(12, fact(K, "members"), K, 7).value == 12


# --- tables ---------------------------------------------------------------------------------------------------


def tables(whole: int, cells: int) -> Iterator[Table]:
    for others in product(range(whole + 1), repeat=cells - 1):
        if sum(others) <= whole:
            yield (*others, whole - sum(others))


def is_learned(alike: Sequence[Table], hidden: Sequence[int], k: int) -> str:
    """Of what is told of these tables: a hidden cell with fewer than k values, or which is known to whoever knows
    k - 2 of the people, or where each of the others is."""
    for at in hidden:
        if len({counts[at] for counts in alike}) < k:
            return f"fewer than k values of {at}"
    cells = range(len(alike[0]))
    for known in combinations_with_replacement(cells, k - 2):
        left = [counts for counts in alike if all(counts[at] >= known.count(at) for at in known)]
        if left and any(len({counts[at] for counts in left}) < 2 for at in hidden):
            return f"a cell to whoever knows {known}"
        if len({at for counts in left for at in cells if counts[at] > known.count(at)}) == 1:
            return f"the others to whoever knows {known}"
    return ""


def told(counts: Table, k: int, secret: Table) -> tuple[Figure, ...]:
    whole = fact(sum(counts), "members")
    cells = publish_table(counts, k, whole, partition=True, secret=secret).cells
    for at, (cell, count) in enumerate(zip(cells, counts, strict=True)):
        assert cell.floor <= count <= (cell.ceiling or 0)
        assert cell.value is None or (at not in secret and k <= count <= sum(counts) - k)
    return cells


@pytest.mark.parametrize("secret", [(), (-1,), (-2,), (-2, -1), (0,)])
@pytest.mark.parametrize("k, cells", [(3, 2), (3, 3), (3, 4), (4, 3)])
def test_what_is_told_of_a_division_leaves_k_values_to_each_hidden_cell_and_two_to_who_knows_k_less_two(
    k: int, cells: int, secret: Table
) -> None:
    secret, some = tuple(sorted(at % cells for at in secret)), 0
    for whole in range(3 * k + 9 - 2 * cells):
        found = defaultdict(list)
        for counts in tables(whole, cells):
            found[told(counts, k, secret)].append(counts)
        some += len(found) > 1
        for figures, alike in found.items():
            hidden = [at for at, figure in enumerate(figures) if figure.value is None]
            assert len(found) == 1 or not hidden or not is_learned(alike, hidden, k), (
                whole,
                figures,
                alike,
            )
    assert some or cells == 2


def test_a_table_is_told_with_as_few_hidden_as_that_takes() -> None:
    for counts, secret, texts in [
        ((9, 9, 9), (), "9 9 9"),
        ((9, 9, 2), (), "9 . <3"),
        ((9, 2, 9), (), "9 <3 ."),
        ((9, 9, 4, 1), (), "9 . . <3"),
        ((9, 9, 4, 2), (), "9 9 . <3"),
        ((9, 9, 1, 2, 2), (), "9 . <3 <3 <3"),
        ((9, 9, 9, 4), (3,), "9 9 . ."),
        ((9, 9, 2, 1), (3,), "9 9 <3 ."),
        ((9, 9, 2, 0), (3,), "9 . <3 ."),
        ((0, 0, 29), (), ". . ."),
    ]:
        cells = told(counts, K, secret)
        words = [
            "<3" if cell.text == "fewer than 3" else "." if cell.text == "not shown" else cell.text
            for cell in cells
        ]
        assert " ".join(words) == texts, counts


def test_what_hidden_cells_can_be_agrees_with_trying_out() -> None:
    kinds = [fact(2, "members"), span(0, 2), span(1, 4), span(3, None)]
    for cells in product(kinds, repeat=3):
        for whole in range(12):
            ranges = [
                range(int(cell.floor), int(whole if cell.ceiling is None else cell.ceiling) + 1)
                for cell in cells
            ]
            tried = [values for values in product(*ranges) if sum(values) == whole]
            if tried:
                by_cell = zip(zip(*tried, strict=True), cells, strict=True)
                ends = [(min(values), max(values)) for values, cell in by_cell if cell.value is None]
                assert feasible(cells, whole, whole) == ends, (cells, whole)


def test_the_sum_of_a_division_is_the_group_and_of_overlapping_groups_told_with_all_of_them_only() -> None:
    whole = fact(20, "members")
    assert publish_table([4, 3], K, whole).total.value == 7
    assert publish_table([4, 2], K, whole).total.value is None
    assert publish_table([9, 11], K, whole, partition=True).total.value == 20
    hidden = Figure("", "members", hidden="few", low=0, high=20)
    for within in (hidden, missing("members")):
        assert publish_table([9, 11], K, within, partition=True).total.value is None


# --- sums of events -------------------------------------------------------------------------------------------


def test_a_sum_is_told_of_k_and_not_of_fewer() -> None:
    assert [publish_amount(9, people, K).value for people in range(K - 1, K + 2)] == [None, 9, 9]
    with pytest.raises(AssertionError):
        publish_amount(9, 9, 2)


Done = tuple[Table, ...]
"""How often each member did each thing."""


def divisions(total: int, kinds: int) -> Iterator[Table]:
    """What somebody with so many events may have done."""
    if kinds == 1:
        yield (total,)
    else:
        for first in range(total + 1):
            yield from ((first, *others) for others in divisions(total - first, kinds - 1))


def all_done(members: int, most: int, kinds: int, *, listed: bool) -> Iterator[Done]:
    """All ways in which members had `most` events or fewer, each had some. `listed`: none of the last kind."""
    for events in combinations_with_replacement(range(1, most + 1), members):
        if sum(events) <= most:
            each = [
                combinations_with_replacement([(*one, 0) for one in divisions(count, kinds - 1)], alike)
                if listed
                else combinations_with_replacement(list(divisions(count, kinds)), alike)
                for count, alike in Counter(events).items()
            ]
            for done in product(*each):
                yield tuple(one for alike in done for one in alike)


def publish_week(done: Done, linked: Table, k: int) -> tuple[int | None, int | None, tuple[Figure, ...]]:
    """What is told of a week's events: of all, of those that are linked, and of each kind but the last."""
    events = sorted((sum(own) for own in done), reverse=True)
    people, total = len(done), sum(events)
    alike = max(Counter(events).values())
    dominated = is_dominated(events[0], events[k - 2], sum(events[k - 1 :]), people - (k - 2), alike)
    earned = [sum(own[at] for at in linked) for own in done]
    behind, besides = (
        sum(map(bool, earned)),
        sum(sum(own) > one for own, one in zip(done, earned, strict=True)),
    )
    split = publish_split(sum(earned), behind, total, besides, people, k, dominated=dominated)
    parts = [
        Part(sum(column), sum(map(bool, column)), at in linked)
        for at, column in enumerate(list(zip(*done, strict=True))[:-1])
    ]
    cells = publish_amounts(parts, total, 0 if dominated else people, k, apart=bool(linked))
    told = None if split.total.value is None else total, None if split.cells[0].hidden else sum(earned)
    return *told, cells


@pytest.mark.parametrize(
    "members, most, kinds, linked, listed",
    [
        *[(5, 10, 3, (), False), (5, 10, 4, (), True), (5, 9, 4, (2,), False), (5, 10, 4, (1, 2), True)],
    ],
)
def test_who_knows_one_that_did_each_thing_once_at_most_finds_no_events_of_few(
    members: int, most: int, kinds: int, linked: Table, listed: bool
) -> None:
    """All ways of a few events. Nor is it found that all others did a thing, or how often one of them did it."""
    found = defaultdict(set)
    for done in all_done(members, most, kinds, listed=listed):
        told = publish_week(done, linked, K)
        for at in {done.index(own) for own in done if max(own) == 1}:
            found[told, done[at]].add(done[:at] + done[at + 1 :])
    assert any(cell.value is not None for (_, _, cells), _ in found for cell in cells)
    for ((total, earned, cells), known), alike in found.items():
        columns = [list(zip(*others, strict=True)) for others in alike]
        for at in range(kinds - listed):
            values = {sum(column[at]) for column in columns}
            is_shown = at < len(cells) and cells[at].value is not None
            of_its_sum = [kind for kind in range(kinds - listed) if (kind in linked) == (at in linked)]
            is_sum = len(of_its_sum) == 1 and earned is not None
            if total is not None and not is_shown and not is_sum:
                nothing_else = all(cell.value is not None for cell in cells) and values == {0}
                assert len(values) >= 2 or nothing_else, (total, earned, cells, known)
            assert (
                total is None
                or len({count for column in columns for count in column[at]}) >= 2
                or values == {0}
            )
            assert not all(all(column[at]) for column in columns), (total, earned, cells, known)


PARTS = [
    Part(amount, people, linked)
    for linked in (False, True)
    for amount, people in [(0, 0), (4, 2), (5, 3), (3, 4), (7, 3)]
]


def is_concealed(parts: Sequence[Part], hidden: set[int], rest: int, *, apart: bool) -> bool:
    """Of each sum that is told, and not hidden altogether: more than one part is hidden, k people are behind one of
    them, some is left for the others, and the next that would join is not as small as one of k may be."""
    kinds = [(False, True), (False,), (True,)] if apart else [(False, True)]
    for linked in kinds:
        group = [at for at, part in enumerate(parts) if part.linked in linked]
        besides, both = rest * (False in linked), apart and len(linked) == 2
        own = [parts[at] for at in group if at in hidden]
        shown = sorted((parts[at].linked, parts[at].amount) for at in group if at not in hidden)
        if shown and (own or besides):
            few = len(own) + besides < 2 or max((part.people for part in own), default=0) < K
            left = sum(part.amount for part in own) + besides >= (3 * K - 2 if both else 2 * K - 1)
            if few or not left or shown[0][1] < 2 * K - 1:
                return False
    return True


@pytest.mark.parametrize("apart", [False, True])
@pytest.mark.parametrize("rest", [0, 1])
def test_as_many_parts_of_a_sum_are_hidden_as_it_takes_and_no_more(rest: int, apart: bool) -> None:
    for parts in product([*PARTS, Part(6, 9, secret=True)], repeat=3):
        total = sum(part.amount for part in parts) + rest
        cells = publish_amounts(parts, total, 2 * K - 1, K, apart=apart)
        assert all(cell.hidden for cell in publish_amounts(parts, total, 2 * K - 2, K, apart=apart))
        assert all(cell.hidden for cell in publish_amounts(parts, total, total - K + 1, K, apart=apart))
        if total < 3 * K - 1:
            assert all(cell.hidden for cell in cells)
            continue
        hidden = {at for at, cell in enumerate(cells) if cell.hidden}
        own = {at for at, part in enumerate(parts) if part.people < K or part.secret}
        assert own <= hidden
        assert all(cells[at].value == parts[at].amount for at in {*range(3)} - hidden)
        divided = apart and any(part.linked for part in parts)
        assert is_concealed(parts, hidden, rest, apart=divided), (parts, hidden)
        free = sorted({*range(3)} - own, key=lambda at: (parts[at].linked, parts[at].amount, at))
        for linked in (False, True):
            alike = [at in hidden for at in free if parts[at].linked == linked]
            assert alike == sorted(alike, reverse=True), "the smallest"
        if not divided:
            least = next(n for n in range(4) if is_concealed(parts, own | {*free[:n]}, rest, apart=False))
            assert hidden == own | {*free[:least]}, (parts, hidden)


def test_parts_are_told_of_2k_less_one_people_and_where_there_are_k_events_more_than_people() -> None:
    parts = [Part(4, 3), Part(4, 3)]
    told = [[cell.value for cell in publish_amounts(parts, 8, people, K)] for people in (4, 5, 6)]
    assert told == [[None, None], [4, 4], [None, None]]


def test_beside_hidden_parts_none_is_told_of_fewer_than_one_of_k_and_k_less_one_more() -> None:
    few = [Part(2, 1), Part(3, 3)]
    told = [publish_amounts([*few, Part(amount, 3)], 5 + amount, 5, K)[2].value for amount in (4, 5)]
    assert told == [None, 5]


@pytest.mark.parametrize(
    "left, told",
    [
        ((-1, -1, 9), [None, None, 30, 40]),
        ((1, 3, 9), [None, None, 30, 40]),
        ((1, 2, 9), [None, None, None, 40]),
        ((0, 3, 1), [None, None, None, 40]),
        ((0, 2, 1), [None, None, None, None]),
    ],
)
def test_of_parts_hidden_together_more_than_k_are_left_besides_what_some_had(
    left: Table, told: list[int | None]
) -> None:
    """Of one of which it was not kept as many are left as it takes, unless fewer than k people are behind it."""
    few = [Part(12, 2, left=left[0]), Part(12, 3, secret=True, left=left[1]), Part(30, 9, left=left[2])]
    cells = publish_amounts([*few, Part(40, 9)], 94, 9, K)
    assert [cell.value for cell in cells] == told


def test_of_linked_parts_fewer_are_hidden_where_the_others_will_do() -> None:
    """They are in more sums: what is hidden of them has to be hidden within these too."""
    few, many = Part(2, 1, linked=True), Part(30, 9, linked=True)
    cells = publish_amounts([few, many, Part(40, 9), Part(50, 9)], 122, 9, K)
    assert [cell.value for cell in cells] == [None, 30, None, 50]
    cells = publish_amounts([few, many, Part(40, 9), Part(50, 9)], 122, 9, K, apart=True)
    assert [cell.value for cell in cells] == [None, None, 40, 50]


@pytest.mark.parametrize(
    "linked, others, told",
    [
        ((1, 4), (2, 3), [None, None, 9, None, None, 9]),
        ((1, 4), (1, 3), [None, None, None, None, None, 9]),
        ((0, 4), (2, 3), [None, None, 9, None, None, None]),
        ((3, 4), (9, 9), [9, 9, 9, None, None, 9]),
        ((2, 4), (9, 9), [None, None, 9, None, None, 9]),
    ],
)
def test_each_sum_leaves_as_much_to_what_is_hidden_of_it_as_it_takes(
    linked: Table, others: Table, told: list[int | None]
) -> None:
    """Of the linked, of the others and of both, which leaves k - 1 more to what the one does not."""
    parts = [Part(others[0], 3 if others[0] == 9 else 1), Part(others[1], 3), Part(9, 5)]
    parts += [Part(linked[0], 1, linked=True), Part(linked[1], 3, linked=True), Part(9, 5, linked=True)]
    cells = publish_amounts(parts, sum(part.amount for part in parts), 9, K, apart=True)
    assert [cell.value for cell in cells] == told


def test_of_two_parts_of_a_sum_each_leaves_k_people_and_k_events() -> None:
    for part, total, behind, rest, people in product(
        (2, 3, 6), (5, 6, 8, 9), (2, 3), (2, 3), (2, 3, 4, 5, 6)
    ):
        cells, whole = publish_split(part, behind, total, rest, people, K)
        assert (whole.value is None) == (people < K or total - people < K)
        told = whole.value is not None and people >= 2 * K - 1 and min(part, total - part, behind, rest) >= K
        assert [cell.value for cell in cells] == ([part, total - part] if told else [None, None])
        assert publish_split(part, behind, total, rest, people, K, dominated=True).total.value is None


def test_a_sum_is_one_persons_where_the_others_are_less_than_a_tenth_of_it() -> None:
    """Whoever knows k - 2 takes their parts off: what is left must not be nearly one's part, or one for each."""
    for parts in combinations_with_replacement((1, 2, 3, 10, 20, 30), 4):
        *few, last, largest = parts
        others = sum(few)
        hides = is_dominated(largest, last, others, len(parts) - (K - 2))
        if others * 10 < largest:
            assert hides, parts
        elif set(parts[:-1]) != {1}:
            assert not hides, parts
        if set(parts[:-1]) == {1}:
            assert hides, parts
