"""Scores: what a member's state keeps is what the log adds up to; periods, and the document."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from msgspec.structs import replace

from engage.core.check import check
from engage.core.event import Kind
from engage.core.leaderboards import name_of, period_start, slot, start_before
from engage.core.program import BoardPeriod, Program
from tests.core.random_programs import BOARDS, Act, programs, stories, tell

PERIODS: tuple[BoardPeriod, ...] = ("day", "week", "month", "quarter", "year", "lifetime")


def ordinal(text: str) -> int:
    return date.fromisoformat(text).toordinal()


@settings(max_examples=50)
@given(program=programs, story=stories("adjust", "undo", "zone"))
def test_a_score_is_what_the_log_adds_up_to(program: Program, story: list[Act]) -> None:
    told = tell(replace(program, leaderboards=BOARDS), story)
    steps = {step.entry.seq: step for step in told.history.steps}
    names = {number: name for name, number in told.history.numbers.items()}
    for board in BOARDS:
        total = defaultdict[tuple[str, int], int](int)
        newest = defaultdict[str, int](int)
        for step in told.history.steps:
            entry, change, undone = step.entry, 0, step
            if entry.kind == Kind.REVERSAL:
                undone = steps[entry.body.data["seq"]]
            if undone.decision.record.undecided or not entry.member:
                continue
            if board.of == "currency":
                change = dict(step.decision.earned).get(board.what, 0)
            elif undone.entry.name == board.what and undone.entry.kind == Kind.TRACK:
                change = 1 if step is undone else -1
            if change:
                start = period_start(board.period, undone.entry.day)
                total[names[entry.member], start] += change
                newest[names[entry.member]] = max(newest[names[entry.member]], start)
        for name, member in told.history.members.items():
            kept = member.scores.get(name_of(board, told.history.company), {})
            assert len(kept) <= 2
            oldest = start_before(board.period, newest[name])
            expected = {start for (who, start), score in total.items() if who == name and score}
            assert {start for start in expected if start >= oldest} <= set(kept)
            late = {start for start in kept if kept[start] != total[name, start]}
            assert late <= {oldest}  # what came before a newer period did is counted; what came after is not


@pytest.mark.parametrize("period", PERIODS)
def test_two_periods_one_after_the_other_never_share_a_row(period: BoardPeriod) -> None:
    start = period_start(period, ordinal("2029-01-01"))
    for _ in range(60):
        before = start_before(period, start)
        assert before == start == 0 or (before < start and slot(period, before) != slot(period, start))
        start = before


@pytest.mark.parametrize(
    "change, place, message",
    [
        ({"of": {"currency": "coins"}}, "/of/currency", "unknown currency 'coins'"),
        ({"of": {"evnt": "Sale"}}, "/of/evnt", "did you mean 'event'?"),
        ({"of": {"quests": "all"}}, "/of/quests", "must be one of completed"),
        (
            {"of": {}},
            "/of",
            "must name one thing; one of currency, event, quests, as in 'of: {currency: points}'",
        ),
        ({"of": "points"}, "/of", "not text; one of currency, event, quests, as in 'of: {currency: points}'"),
        ({"of": {"earned": "points"}}, "/of/earned", "unknown key 'earned'; one of currency, event, quests"),
        ({"period": "hour"}, "/period", "must be one of day, week"),
        ({"by": "department"}, "/by", "does not say which trait is the 'department'"),
        ({"least": 4}, "/least", "must be from 5 to 1000, not 4"),
    ],
)
def test_a_mistake_is_named_at_its_place(change: dict[str, Any], place: str, message: str) -> None:
    board = {"id": "week", "of": {"currency": "points"}, "period": "week"} | change
    document = {"name": "P", "currencies": {"points": {}}, "events": {"Sale": {}}, "leaderboards": [board]}
    program, problems = check(document)
    assert program is None
    assert [problem.pointer for problem in problems] == ["/leaderboards/0" + place]
    assert message in problems[0].message
