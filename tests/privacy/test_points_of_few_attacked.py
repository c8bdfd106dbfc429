"""A rule for an audience of one: what is told must be the same whether that member did it or somebody else.

The attacker knows the program, who is in the audience, and how often everything was done. In every company here the
same things are done as often, by as many members and in the same weeks: only how many of them were done by the member
whom they earn points differs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from engage.core import published, published_outstanding
from engage.core.looks import keep_month
from engage.core.measures import WeekMeasures
from engage.core.published import remember_peaks
from engage.core.published_people import publish_points
from engage.core.state import CompanyState, DayRollup, MemberState
from engage.document import read_program
from tests.core.measuring import measure_week
from tests.privacy.points_population import Did, Terms, _fold
from tests.privacy.populations import FIRST, WEEK

K, MEMBERS, WEEKS = 3, 9, 14
LOGS, EXPORTS = 2, 40
"""Of the first member, each other does it once more; and of all of them."""

FEW = """
name: Few
traits: {member: {team: {type: string}}}
events: {Log: {key: true}, Export: {key: true}, Note: {key: true}}
currencies: {points: {}}
rules:
  - {id: log, trigger: Log, effects: [award: 10]}
  - {id: export, trigger: Export, conditions: {field: member.traits.team, op: eq, value: sales}, effects: [award: 100]}
"""


def _told(exports: int, *, chosen: int = 1, moves: bool = False) -> list[Any]:
    """Every week's figures of events and points: of the EXPORTS so many were done by the first member. So many are in
    the audience. `moves`: in the last week the first one leaves it."""
    program = read_program(FEW).program
    assert program is not None
    states = [
        MemberState(joined=FIRST - 1, traits={"team": "sales" if one < chosen else "other"})
        for one in range(MEMBERS)
    ]
    company, days, frozen = CompanyState(members=MEMBERS), dict[int, DayRollup](), dict[int, WeekMeasures]()
    told: list[Any] = []
    has = [0] * MEMBERS
    for at in range(WEEKS):
        monday = FIRST + WEEK * at
        rollup = days[monday] = DayRollup()
        for one, state in enumerate(states):
            # Each of the others does it once, the last one twice, and the second one the rest.
            others = {1: EXPORTS - exports - (MEMBERS - 1) + 1, MEMBERS - 1: 2}
            did = {"Log": LOGS + one, "Note": 3 + one, "Export": others.get(one, 1) if one else exports}
            prices = {"Log": 10, "Export": 100} if one < chosen else {"Log": 10}
            has[one] += sum(prices.get(name, 0) * times for name, times in did.items())
            week = Did({name: times for name, times in did.items() if times}, {}, 0, has[one], 0, has[one])
            _fold(Terms(prices, {}, None), state, rollup, week, monday)
        if moves and at == WEEKS - 1:
            states[0].traits = {"team": "other"}
        measured = measure_week(program, company, states, days, monday, (), K)
        keep_month(measured, frozen)
        remember_peaks([measured], frozen.get(monday - WEEK), K)
        published_outstanding.remember_outstanding(measured, frozen.get(monday - WEEK), K)
        frozen[monday] = measured
        told.append(_figures(measured))
    return told


def _figures(week: WeekMeasures) -> Sequence[Any]:
    shown = published.publish_events(week, K)
    return (
        shown.events.text,
        shown.incentivised.text,
        shown.organic.text,
        shown.issued["points"].text,
        [str(one.text) for one in published.publish_feature_events(week, K).values()],
        [str(one.text) for one in publish_points(week, "points", K)],
    )


@pytest.mark.parametrize("exports", [1, 7, 20, 32])
def test_of_an_audience_of_one_it_is_not_told_what_that_member_did(exports: int) -> None:
    assert _told(exports) == _told(0)


def test_of_who_left_the_audience_in_the_week_it_is_not_told_either() -> None:
    assert _told(7, moves=True) == _told(0, moves=True)


def test_of_an_audience_of_as_many_as_the_floor_it_is_told_what_they_earned() -> None:
    assert _told(0, chosen=K)[-1][1] != "not shown"
    assert _told(0, chosen=K)[-1][3] != "not shown"


def test_without_knowing_for_whom_rules_are_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engage.core.eligible.Eligible.to_few", lambda *_: 0)
    assert _told(1) != _told(0)
