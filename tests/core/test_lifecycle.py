"""Members' stages: the definitions against a plain reading of them, and what waits for a change of stage."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engage.core.activity import is_marked, mark_day
from engage.core.agenda import keeps_time, next_due
from engage.core.calendar import HOUR, start_of_day, week_of
from engage.core.event import Body, Kind
from engage.core.lifecycle import STANDARD, Gone, Lifecycle, stage_on, turning_days
from engage.core.occasions import STAGE
from engage.core.state import CompanyState, MemberState, encode_state
from tests.core.history import History, Step, program_of

MONDAY = date(2026, 3, 2).toordinal()
SHORT = Lifecycle(new_days=5, habit_weeks=2, habit_of=3, slipping_days=3, dormant_days=9, left=Gone("status"))
DAYS = st.lists(st.integers(0, 70), max_size=12)
WATCHED = """
name: Stages
currencies: {points: {}}
traits: {member: {status: {type: string}}}
events: {Sale: {}}
lifecycle:
  member:
    new: {days: 5}
    habitual: {weeks: 2, of: 3}
    slipping: {days: 3}
    dormant: {days: 9}
    left: {trait: member.traits.status}
rules:
"""
EVERY = WATCHED + "  - {id: any, trigger: {stage: any}, effects: [award: 1]}\n"


def member_of(days: list[int], left: int = 0) -> MemberState:
    member = MemberState(left=left)
    for day in days:
        mark_day(member, MONDAY + day)
    return member


def read_plainly(of: Lifecycle, days: set[int], left: int, day: int) -> str:
    done = {one for one in days if one <= day}
    if left and left <= day and not any(one > left for one in done):
        return "left"
    if not done:
        return "invited"
    idle = next(n for n in range(10_000) if day - n in done)  # whole days without, today's own not looked at
    if idle > of.dormant_days:
        return "dormant"
    if idle > of.slipping_days:
        return "slipping"
    weeks = {week_of(one) for one in done}
    for last in (week_of(day), week_of(day) - 7):
        if sum(last - 7 * n in weeks for n in range(of.habit_of)) >= of.habit_weeks:
            return "habitual"
    return "new" if day < min(done) + of.new_days else "active"


@settings(max_examples=30, deadline=None)
@given(DAYS, st.integers(0, 70), st.integers(0, 160), st.sampled_from([SHORT, STANDARD]))
def test_a_stage_is_what_the_definitions_say(days: list[int], left: int, day: int, of: Lifecycle) -> None:
    said = MONDAY + left if of.left else 0
    found = stage_on(of, member_of(days, said), MONDAY + day)
    assert found == read_plainly(of, {MONDAY + one for one in days}, said, MONDAY + day)


@settings(max_examples=40, deadline=None)
@given(st.permutations([0, 1, 9, 15, 16, 30]), st.integers(0, 60))
def test_the_order_in_which_days_arrive_does_not_matter(days: list[int], day: int) -> None:
    assert stage_on(SHORT, member_of(days), MONDAY + day) == stage_on(
        SHORT, member_of(sorted(days)), MONDAY + day
    )


@settings(max_examples=40, deadline=None)
@given(DAYS, st.integers(0, 70), st.sampled_from([SHORT, STANDARD]))
def test_time_alone_turns_a_stage_on_the_days_it_says_and_on_no_other(
    days: list[int], since: int, of: Lifecycle
) -> None:
    member = member_of(days)
    first = max(MONDAY + since, member.last_day)
    turning = turning_days(of, member, first)
    changed = [
        day
        for day in range(first + 1, first + 150)
        if stage_on(of, member, day) != stage_on(of, member, day - 1)
    ]
    assert set(changed) <= set(turning)


def test_a_member_with_a_perfect_habit_passes_through_every_stage() -> None:
    member = member_of([])
    seen = [stage_on(STANDARD, member, MONDAY)]
    for day in range(12 * 7 + 40):
        if day < 12 * 7:
            mark_day(member, MONDAY + day)
        stage = stage_on(STANDARD, member, MONDAY + day)
        seen += [stage] if stage != seen[-1] else []
    assert seen == ["invited", "new", "active", "habitual", "slipping", "dormant"]


# --- rules that wait for a stage ----------------------------------------------------------------------------


def moment(day: int, hour: int = 9) -> int:
    return start_of_day(MONDAY + day) + hour * HOUR


def told(steps: list[Step]) -> list[str]:
    return [name for step in steps for kind, name in step.decision.record.occasions if kind == STAGE]


def status(history: History, day: int, value: str) -> Step:
    return history.append(Kind.IDENTIFY, "ann", moment(day), "", Body("", {"status": value}))


def test_every_change_is_told_once_by_events_and_midnights() -> None:
    history = History(stored=True)
    history.publish(program_of(EVERY))
    status(history, 0, "hired")
    for day in (0, 1, 8, 16):
        history.track("ann", "Sale", moment(day))
    history.wait("ann", moment(60))
    history.wait("ann", moment(61))
    history.track("ann", "Sale", moment(62))
    status(history, 63, "left")
    status(history, 64, "left")
    history.track("ann", "Sale", moment(65))
    status(history, 66, "left")
    assert told(history.steps) == [
        *("invited", "new", "slipping", "habitual", "slipping", "habitual"),
        *("slipping", "dormant", "active", "left", "habitual"),
    ]
    assert history.active("ann") == 11


@pytest.mark.parametrize(
    "said, weeks",
    [
        pytest.param([(7, "left"), (28, "back")], [2, 3], id="two whole weeks"),
        pytest.param([(6, "left"), (20, "back")], [1], id="from a Sunday to a Saturday"),
        pytest.param([(7, "left"), (20, "back")], [], id="no whole week"),
        pytest.param([(6, "left"), (20, "left"), (21, "back")], [1, 2], id="said twice"),
        pytest.param([(6, "left"), (21, "back"), (28, "left"), (42, "back")], [1, 2, 5], id="left twice"),
        pytest.param([(6, "left")], [], id="not back yet"),
        pytest.param([(0, "left"), (70 * 7, "back")], list(range(6, 70)), id="sixty-four weeks are kept"),
    ],
)
def test_the_weeks_are_remembered_through_which_a_member_had_left(
    said: list[tuple[int, str]], weeks: list[int]
) -> None:
    history = History(stored=True)
    history.publish(program_of(EVERY))
    for day, value in said:
        status(history, day, value)
    away = history.member("ann").away
    assert [week for week in range(80) if is_marked(away, MONDAY + 7 * week)] == weeks
    assert away[1].bit_count() == len(weeks)


def test_a_tick_twice_is_a_tick_once() -> None:
    history = History()
    history.publish(program_of(EVERY))
    history.track("ann", "Sale", moment(0))
    steps = history.wait("ann", moment(30))
    assert told(steps) == ["slipping", "dormant"]
    assert history.wait("ann", moment(90)) == []


def test_a_rule_may_wait_for_one_way_to_a_stage() -> None:
    history = History()
    back = "  - {id: back, trigger: {stage: active, from: dormant}, effects: [award: 7]}\n"
    history.publish(program_of(WATCHED + back))
    history.track("ann", "Sale", moment(0))
    history.track("ann", "Sale", moment(5))  # from slipping
    assert history.active("ann") == 0
    step = history.track("ann", "Sale", moment(30))
    assert told([step]) == ["dormant:active"]
    assert history.active("ann") == 7
    # Nobody waits for what time brings: no tick was needed for it.
    assert [one.entry.kind for one in history.steps].count(Kind.TICK) == 0


def test_conditions_see_the_stage_before_the_event_and_need_no_ticks() -> None:
    history = History()
    rule = (
        "  - {id: back, trigger: Sale, conditions: {field: member.stage, op: in, value: [dormant, slipping]},"
        " effects: [award: 3]}\n"
    )
    program = program_of(WATCHED + rule)
    history.publish(program)
    assert history.program
    assert not keeps_time(history.program)
    for day, points in ((0, 0), (2, 0), (9, 3), (9, 3), (40, 6)):
        history.track("ann", "Sale", moment(day))
        assert history.active("ann") == points


def test_nothing_is_made_up_for_what_was_before_the_program() -> None:
    history = History()
    history.publish(program_of(WATCHED + "  - {id: sale, trigger: Sale, effects: [award: 1]}\n"))
    history.track("ann", "Sale", moment(0))
    history.publish(program_of(EVERY))
    history.track("bob", "Sale", moment(20))
    assert told(history.wait("ann", moment(40))) == []
    assert told(history.wait("bob", moment(40))) == ["slipping", "dormant"]


def test_a_late_event_tells_what_it_changes_today() -> None:
    history = History()
    history.publish(program_of(EVERY))
    history.track("ann", "Sale", moment(0))
    history.wait("ann", moment(10, 0))
    step = history.track("ann", "Sale", moment(5))  # arrives on day 10, when ann is dormant
    assert told([step]) == ["slipping"]
    assert stage_on(SHORT, history.member("ann"), MONDAY + 10) == "slipping"


def test_a_page_brings_a_member_back_as_an_event_does() -> None:
    history = History()
    history.publish(program_of(EVERY))
    history.track("ann", "Sale", moment(0))
    history.wait("ann", moment(20))
    step = history.append(Kind.PAGE, "ann", moment(21), "Home", Body("", {}))
    assert told([step]) == ["active"]


def test_a_program_without_stages_keeps_no_time_and_no_word_of_them() -> None:
    history = History()
    history.publish(program_of(EVERY[: EVERY.index("lifecycle:")] + "rules: []\n"))
    status(history, 0, "left")
    history.track("ann", "Sale", moment(0))
    assert history.program
    assert next_due(history.program, CompanyState(), history.member("ann")) == 0
    assert history.member("ann").left == 0


@settings(max_examples=30, deadline=None)
@given(st.permutations([3, 5, 9, 11, 20]))
def test_a_day_s_arrivals_in_any_order_tell_the_same(hours: list[int]) -> None:
    """What arrives late on its own day, pages among it, after a leave of the member was told."""
    histories = []
    for order in (sorted(hours), hours):
        history = History(stored=True)
        history.publish(program_of(EVERY))
        history.track("ann", "Sale", moment(0))
        history.wait("ann", moment(13))
        for hour in order:
            kind = Kind.PAGE if hour == 5 else Kind.TRACK
            history.append(kind, "ann", moment(14, hour), "Sale" if hour != 5 else "Home", Body("", {}))
        history.wait("ann", moment(60))
        histories.append(history)
    first, second = histories
    assert told(first.steps) == told(second.steps)
    assert encode_days(first) == encode_days(second)


def encode_days(history: History) -> bytes:
    member = history.member("ann")
    return encode_state(MemberState(days_base=member.days_base, days=member.days, ticked=member.ticked))
