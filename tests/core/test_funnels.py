"""Funnels against a plain recount, and what their document may say."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engage.core.calendar import DAY
from engage.core.check import check
from engage.core.diff import diff_programs
from engage.core.funnels import steps_reached
from engage.core.program import Currency, EventType, Funnel, Program
from tests.core.history import History

EVENTS = ("Ask", "Try", "Buy", "Look")
FUNNEL = Funnel("buying", "Buying", ("Ask", "Try", "Buy"), weeks=2)
PROGRAM = Program(
    name="P",
    currencies={"points": Currency("Points")},
    events={name: EventType(name) for name in sorted(EVENTS)},
    funnels=(FUNNEL,),
)
START = 20_458  # a Monday, in days of UTC
MONDAY = 719_163 + START


def reached(done: list[tuple[int, str]], first: int, last: int) -> int:
    """The steps reached by whom began in the weeks from `first` to `last`, by trying every beginning."""
    most = 0
    for start, (day, name) in enumerate(done):
        if name != "Ask" or not first <= day // 7 <= last:
            continue
        step = 1
        for later, event in done[start + 1 :]:
            if step < 3 and event == FUNNEL.steps[step] and 0 <= later // 7 - day // 7 <= FUNNEL.weeks:
                step += 1
        most = max(most, step)
    return most


@settings(max_examples=40)
@given(st.lists(st.tuples(st.integers(0, 60), st.sampled_from(EVENTS)), max_size=25), st.integers(1, 4))
def test_steps_are_reached_in_order_and_in_time(done: list[tuple[int, str]], weeks: int) -> None:
    done.sort(key=lambda one: one[0])
    history = History(stored=True)
    history.publish(PROGRAM)
    for day, name in done:
        history.track("ada", name, (START + day) * DAY)
    for week in range(10):
        expected = reached(done, week - weeks + 1, week)
        assert steps_reached(history.member("ada"), FUNNEL.key, MONDAY + 7 * week, weeks) == expected


def test_a_late_event_counts_in_its_own_week_and_a_year_is_forgotten() -> None:
    history = History()
    history.publish(PROGRAM)
    for day, name in ((70, "Ask"), (63, "Ask"), (64, "Try"), (70 + 7 * 70, "Ask")):
        history.track("ada", name, (START + day) * DAY)
    member = history.member("ada")
    assert steps_reached(member, FUNNEL.key, MONDAY + 63, 1) == 0  # seventy weeks later
    assert steps_reached(member, FUNNEL.key, MONDAY + 70 + 490, 1) == 1
    assert max(member.funnels[FUNNEL.key][1]).bit_length() <= 64


def test_other_steps_begin_anew_and_another_name_does_not() -> None:
    assert FUNNEL.key != Funnel("buying", "Buying", ("Ask", "Try"), weeks=2).key
    assert FUNNEL.key == Funnel("buying", "Sales", FUNNEL.steps, weeks=2).key
    history = History()
    history.publish(PROGRAM)
    history.track("ada", "Ask", START * DAY)
    history.publish(
        Program("P", PROGRAM.currencies, PROGRAM.events, funnels=(Funnel("b", "B", ("Ask", "Buy")),))
    )
    history.track("ada", "Ask", (START + 1) * DAY)
    assert len(history.member("ada").funnels) == 1


def document(**funnel: Any) -> dict[str, Any]:
    return {
        "name": "P",
        "currencies": {"points": {}},
        "events": {"Ask": {}, "Buy": {}},
        "funnels": [{"id": "buying", "steps": ["Ask", "Buy"], **funnel}],
    }


def test_a_funnel_is_read_and_compared() -> None:
    program, problems = check(document(weeks=8))
    assert problems == []
    assert program is not None
    assert program.funnels == (Funnel("buying", "Buying", ("Ask", "Buy"), 8),)
    before, _ = check(document())
    assert [change.text for change in diff_programs(before, program)] == [
        "funnel buying: weeks changed from 4 to 8"
    ]


@pytest.mark.parametrize(
    "change, place",
    [
        ({"steps": ["Ask"]}, "/steps"),
        ({"steps": ["Ask", "Byu"]}, "/steps/1"),
        ({"steps": ["Ask", "Ask"]}, "/steps/1"),
        ({"weeks": 13}, "/weeks"),
        ({"within": 3}, "/within"),
        ({"id": "no id"}, "/id"),
    ],
)
def test_a_mistake_is_named_at_its_place(change: dict[str, Any], place: str) -> None:
    program, problems = check(document(**change))
    assert program is None
    assert [problem.pointer for problem in problems] == ["/funnels/0" + place]
