"""How many events each member had in a week, of each kind: as they are counted, and summed up."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engage.core.activity import (
    FEATURES_MAX,
    USES_MAX,
    WEEKS_KEPT,
    count_in,
    mark_day,
    mark_feature,
    mark_rewarded,
    mark_use,
    share_in,
)
from engage.core.calendar import DAY, HOUR, week_of
from engage.core.effects import Award
from engage.core.measures import WeekMeasures
from engage.core.program import Currency, EventType, Program, Rule
from engage.core.sharing import Shared, Sharing, shared
from engage.core.state import CompanyState, DayRollup, MemberState, decode_member, encode_state
from tests.core.history import History
from tests.core.measuring import measure_week

FIRST = week_of(739_000)
NOON = 20_500 * DAY + 12 * HOUR
NAMES = ("Export", "Share", "Print")


def events_of(member: MemberState, name: str, monday: int) -> int:
    """As measuring reads them: 0 where the week is not among those of the event."""
    base, bits = member.features.get(name, (0, 0))
    if monday < base or not bits >> (monday - base) // 7 & 1:
        return 0
    at = list(member.features).index(name)
    return share_in(member.shares[at] if at < len(member.shares) else b"", bits >> (monday - base) // 7 + 1)


@given(done=st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from([0, 0, 1, 2, 5, 30, 63, 64, 90]))))
def test_the_events_of_each_week_are_counted_as_long_as_it_is_remembered(done: list[tuple[str, int]]) -> None:
    member, known = MemberState(), Counter[tuple[str, int]]()
    newest = dict.fromkeys(NAMES, -1)
    for name, week in done:
        mark_feature(member, name, FIRST + 7 * week)
        if week > newest[name] - WEEKS_KEPT:
            known[name, week] += 1
        newest[name] = max(newest[name], week)
    for name in NAMES:
        for week in range(91):
            expected = known[name, week] if week > newest[name] - WEEKS_KEPT else 0
            assert events_of(member, name, FIRST + 7 * week) == expected
    assert decode_member(encode_state(member)) == member


def test_no_more_than_255_are_told_apart() -> None:
    member = MemberState()
    for _ in range(USES_MAX + 3):
        mark_feature(member, "Export", FIRST)
        mark_rewarded(member, FIRST)
    assert events_of(member, "Export", FIRST) == count_in(member.rewarded, FIRST) == USES_MAX


def test_of_weeks_from_before_they_were_counted_there_was_one_at_least() -> None:
    member = MemberState(features={"Export": (FIRST, 0b101), "Share": (FIRST, 1)})
    assert [events_of(member, "Export", FIRST + 7 * week) for week in range(3)] == [1, 0, 1]
    for week in (2, 1, 2, 4, -1):
        mark_feature(member, "Export", FIRST + 7 * week)
    assert [events_of(member, "Export", FIRST + 7 * week) for week in range(-1, 5)] == [1, 1, 1, 3, 0, 1]
    mark_feature(member, "Print", FIRST)
    mark_feature(member, "Share", FIRST)
    assert [events_of(member, name, FIRST) for name in ("Share", "Print")] == [2, 1]


def test_with_an_event_that_is_forgotten_its_counts_are() -> None:
    member = MemberState()
    for number in range(FEATURES_MAX):
        for _ in range(number + 1):
            mark_feature(member, f"Feature {number}", FIRST + 7 * number)
    mark_feature(member, "New", FIRST + 7 * FEATURES_MAX)
    assert len(member.shares) == len(member.features) == FEATURES_MAX
    for number in range(1, FEATURES_MAX):
        assert events_of(member, f"Feature {number}", FIRST + 7 * number) == number + 1


def test_events_that_earn_something_are_counted_apart() -> None:
    rule = Rule("export", "Export", "Export", effects=(Award("points", 5),))
    told = History()
    told.publish(
        Program("Told", {"points": Currency("")}, {name: EventType(name) for name in NAMES}, rules=(rule,))
    )
    for at, name in enumerate(("Export", "Share", "Export", "Export", "Print")):
        told.track("ann", name, NOON + at)
    member = told.member("ann")
    (monday,) = {base for base, _ in member.features.values()}
    assert (count_in(member.uses, monday), count_in(member.rewarded, monday)) == (5, 3)
    assert [events_of(member, name, monday) for name in NAMES] == [3, 1, 1]


@pytest.mark.parametrize(
    "each, total, found",
    [
        ((6, 1, 1), 8, Shared(2, 2, 6, 1)),
        ((1, 6, 5, 4), 16, Shared(10, 1, 6, 5)),
        ((3, 3, 3), 9, Shared(6, 3, 3, 3)),
        ((7,), 7, Shared(0, 1, 7)),
        ((), 0, Shared(0, 0)),
        ((USES_MAX, USES_MAX, 2, 2), 900, Shared(USES_MAX + 4, 2, 900 - USES_MAX - 4, 4)),
        ((USES_MAX, USES_MAX, USES_MAX, 2, 2), 900, Shared(514, 2, 386, 259)),
        ((5, 1, 2), 20, Shared(3, 3, 17, 1)),
        ((5, 4), 6, Shared(0, 2)),
    ],
)
def test_what_is_left_besides_those_with_most(each: tuple[int, ...], total: int, found: Shared) -> None:
    """Where some were not counted, all may have had as many, or one these too; where more were, nothing is known."""
    assert shared(each, 3, total) == found


@pytest.mark.parametrize(
    "floor, events, leading, alike",
    [
        (3, [9, 7, 4, 2], (9, 7, 6), 1),  # one is known besides
        (5, [9, 7, 4, 2], (9, 2, 0), 1),
        (2, [2, 4, 4], (4, 4, 6), 2),
        (1, [2, 4, 4], (4, 4, 6), 2),
        (3, [5], (5, 0, 0), 1),
        (3, [], (0, 0, 0), 0),
        (3, [1, 0, 0, 0], (1, 0, 0), 1),  # late events alone: as many are not alike in what they did
        (3, [USES_MAX, USES_MAX, 8], (USES_MAX, USES_MAX, 8), 1),  # so many at least, which are not alike
    ],
)
def test_of_the_events_of_a_week_those_of_the_most_active_are_told_apart(
    floor: int, events: list[int], leading: tuple[int, int, int], alike: int
) -> None:
    week = WeekMeasures(FIRST, floor=floor)
    sharing = Sharing([week], [])
    for one in events:
        sharing.count(MemberState(uses=(FIRST, bytes([one]))))
    sharing.describe()
    assert (week.leading, week.alike) == (leading, alike)


@pytest.mark.parametrize("seed", range(20))
def test_a_week_says_how_what_was_done_in_it_was_shared(seed: int) -> None:
    random, floor = Random(seed), 3
    states, rollups = [], {FIRST + 7 * week: DayRollup() for week in range(3)}
    done: Counter[tuple[int, int, str]] = Counter()
    paid: Counter[tuple[int, int, bool]] = Counter()
    for number in range(random.randint(3, 6)):
        states.append(member := MemberState(joined=FIRST))
        for _ in range(random.randint(0, 40)):
            week, name, earned = random.randrange(3), random.choice(NAMES), random.random() < 0.4
            day = FIRST + 7 * week
            mark_day(member, day)
            mark_use(member, day)
            mark_feature(member, name, day)
            if earned:
                mark_rewarded(member, day)
            rollup = rollups[day]
            rollup.events += 1
            rollup.incentivised += earned
            rollup.names[name] = rollup.names.get(name, 0) + 1
            done[number, week, name] += 1
            paid[number, week, earned] += 1
    for week in range(3):
        found = measure_week(
            None, CompanyState(members=len(states)), states, rollups, FIRST + 7 * week, NAMES, floor
        )
        numbers = range(len(states))
        for name in NAMES:
            each = [done[number, week, name] for number in numbers if done[number, week, name]]
            assert found.features[name].shared == shared(each, floor, sum(each))
        for earned, told in ((True, found.rewarded_shared), (False, found.unrewarded_shared)):
            each = [paid[number, week, earned] for number in numbers if paid[number, week, earned]]
            assert told == shared(each, floor, sum(each))
