"""Rollups add up in whatever order they are merged, and stay small."""

from __future__ import annotations

from copy import deepcopy

from hypothesis import given
from hypothesis import strategies as st

from engage.core.state import (
    ROLLUP_NAMES_MAX,
    ROLLUP_OTHER,
    DayRollup,
    add_to,
    decode_day,
    encode_state,
    merge_days,
)

AMOUNTS = st.integers(-(2**53), 2**53).filter(bool)
COUNTS = st.integers(1, 10**6)


def counts(amounts: st.SearchStrategy[int]) -> st.SearchStrategy[dict[str, int]]:
    return st.dictionaries(st.sampled_from(["a", "b", "c", "", ROLLUP_OTHER]), amounts, max_size=4)


ROLLUPS = st.builds(
    DayRollup,
    events=COUNTS,
    members=COUNTS,
    incentivised=COUNTS,
    joined=COUNTS,
    names=counts(COUNTS),
    issued=counts(AMOUNTS),
    adjusted=counts(AMOUNTS),
    levels=counts(AMOUNTS),
)


def merged(rollups: list[DayRollup]) -> DayRollup:
    total = DayRollup()
    for rollup in rollups:
        merge_days(total, rollup)
    return total


@given(rollups=st.lists(ROLLUPS, max_size=5), data=st.data())
def test_rollups_merge_in_any_order_and_grouping(rollups: list[DayRollup], data: st.DataObject) -> None:
    total, untouched = merged(rollups), deepcopy(rollups)
    assert merged(data.draw(st.permutations(rollups))) == total
    middle = data.draw(st.integers(0, len(rollups)))
    assert merged([merged(rollups[:middle]), merged(rollups[middle:])]) == total
    assert rollups == untouched, "what is merged in is left alone"
    assert decode_day(encode_state(total)) == total


@given(rollup=ROLLUPS)
def test_what_is_added_and_taken_again_leaves_nothing(rollup: DayRollup) -> None:
    opposite = DayRollup(
        *(-number for number in (rollup.events, rollup.members, rollup.incentivised, rollup.joined)),
        *({key: -n for key, n in one.items()} for one in (rollup.names, rollup.issued)),
        *({key: -n for key, n in one.items()} for one in (rollup.adjusted, rollup.levels)),
    )
    merge_days(opposite, rollup)
    assert opposite == DayRollup()
    assert encode_state(opposite) == encode_state(DayRollup())


def test_names_beyond_the_most_are_counted_as_other() -> None:
    rollup = merged([DayRollup(names={f"Event {number}": 1}) for number in range(ROLLUP_NAMES_MAX + 50)])
    assert rollup.names[ROLLUP_OTHER] == 50
    assert len(rollup.names) == ROLLUP_NAMES_MAX + 1
    merge_days(rollup, DayRollup(names={"Event 0": 2, f"Event {ROLLUP_NAMES_MAX}": 3}))
    assert (rollup.names["Event 0"], rollup.names[ROLLUP_OTHER]) == (3, 53)


@given(changes=st.lists(st.tuples(st.sampled_from("ab"), st.integers(-3, 3)), max_size=30))
def test_a_count_of_zero_is_not_kept(changes: list[tuple[str, int]]) -> None:
    kept: dict[str, int] = {}
    for key, amount in changes:
        add_to(kept, key, amount)
    sums = {key: sum(n for one, n in changes if one == key) for key in "ab"}
    assert kept == {key: n for key, n in sums.items() if n}
