"""Occasions: the days of the clock, how far a decision goes on, and what undoing takes back."""

from __future__ import annotations

from datetime import date

import pytest

from engage.core.calendar import DAY, HOUR, from_datetime, local_day_hour, midnight, to_datetime
from engage.core.check import check
from engage.core.conditions import WEEKDAYS
from engage.core.event import Kind
from engage.core.occasions import DEPTH_MAX, next_clock_day
from tests.core.history import History, program_of

AT = 20_500 * DAY + 9 * HOUR
FEEDBACK = """
name: Feedback
currencies: {points: {}}
events: {Sale: {}}
badges: {b0: {}, b1: {}, b2: {}, b3: {}, b4: {}, b5: {}, b6: {}, b7: {}}
rules:
  - {id: sale, trigger: Sale, effects: [award: 1, badge: b0]}
"""
STEP = "  - {{id: r{0}, trigger: {{badge: b{0}}}, effects: [award: 10, badge: b{1}]}}\n"


@pytest.mark.parametrize(
    "name, after, day",
    [
        ("daily", "2026-02-28", "2026-03-01"),
        ("weekly:monday", "2026-03-01", "2026-03-02"),
        ("weekly:monday", "2026-03-02", "2026-03-09"),
        ("weekly:sunday", "2026-03-02", "2026-03-08"),
        ("monthly:31", "2026-01-31", "2026-02-28"),
        ("monthly:31", "2026-02-28", "2026-03-31"),
        ("monthly:1", "2026-12-01", "2027-01-01"),
        ("yearly:02-29", "2026-01-01", "2026-02-28"),
        ("yearly:02-29", "2028-01-01", "2028-02-29"),
        ("yearly:12-24", "2026-12-24", "2027-12-24"),
        ("date:2026-12-24", "2026-12-23", "2026-12-24"),
        ("date:2026-12-24", "2026-12-24", None),
    ],
)
def test_the_next_day_of_a_clock(name: str, after: str, day: str | None) -> None:
    found = next_clock_day(name, date.fromisoformat(after).toordinal(), WEEKDAYS)
    assert found == (date.fromisoformat(day).toordinal() if day else 0)


@pytest.mark.parametrize(
    "zone, day, utc",
    [
        ("Europe/Berlin", "2026-03-29", "2026-03-28T23:00:00+00:00"),
        ("Europe/Berlin", "2026-10-26", "2026-10-25T23:00:00+00:00"),
        ("Africa/Cairo", "2026-04-24", "2026-04-23T22:00:00+00:00"),  # its clock skips from 00:00 to 01:00
        ("America/Havana", "2026-11-01", "2026-11-01T04:00:00+00:00"),  # it shows 00:00 twice
    ],
)
def test_a_day_begins_once_whatever_its_clock_does(zone: str, day: str, utc: str) -> None:
    at = midnight(date.fromisoformat(day).toordinal(), zone)
    assert to_datetime(at).isoformat() == utc
    assert local_day_hour(at, zone)[0] == date.fromisoformat(day).toordinal()
    assert local_day_hour(at - 1, zone)[0] == date.fromisoformat(day).toordinal() - 1


def test_a_decision_goes_on_to_a_depth_and_no_further() -> None:
    told = History()
    told.publish(program_of(FEEDBACK + "".join(STEP.format(n, n + 1) for n in range(7))))
    step = told.track("ann", "Sale", AT)
    assert len(step.decision.record.occasions) == DEPTH_MAX
    assert told.active("ann") == 1 + DEPTH_MAX * 10


def test_undoing_takes_back_what_the_event_caused() -> None:
    told = History(stored=True)
    told.publish(program_of(FEEDBACK + STEP.format(0, 1)))
    step = told.track("ann", "Sale", AT)
    assert told.active("ann") == 11
    told.reverse("ann", AT + 1, step)
    assert told.active("ann") == 0
    assert told.member("ann").badges == {}


def test_every_day_that_passed_is_a_tick_of_its_own_and_no_more() -> None:
    told = History("Europe/Berlin", stored=True)
    told.publish(
        program_of("""
name: Days
currencies: {points: {}}
events: {Sale: {}}
rules:
  - {id: daily, trigger: {clock: daily}, effects: [award: 1]}
""")
    )
    first = from_datetime(to_datetime(AT).replace(month=10, day=20))
    told.track("ann", "Sale", first)
    told.track("ann", "Sale", first + 10 * DAY)  # the clocks go back meanwhile
    ticks = [step.entry for step in told.steps if step.entry.kind == Kind.TICK]
    assert [tick.day for tick in ticks] == list(range(ticks[0].day, ticks[0].day + 10))
    assert all(local_day_hour(tick.at, told.timezone) == (tick.day, 0) for tick in ticks)
    assert told.wait("ann", first + 10 * DAY) == []
    assert told.active("ann") == 10
    again = told.replayed()
    assert (again.company, again.members, again.rollups) == (told.company, told.members, told.rollups)


@pytest.mark.parametrize(
    "trigger, place, message",
    [
        ({"level": "slver"}, "/level", "unknown level 'slver'; did you mean 'silver'?"),
        ({"badge": "any"}, "/badge", "the program declares no badges"),
        ({"clock": "hourly"}, "/clock", "must be 'daily'"),
        ({"clock": {"weekly": "mondy"}}, "/clock/weekly", "did you mean 'monday'?"),
        ({"clock": {"monthly": 32}}, "/clock/monthly", "must be from 1 to 31, not 32"),
        ({"clock": {"date": "2026-02-29"}}, "/clock/date", "must be a date, as in 2026-12-24"),
        ({"anniversary": "birth"}, "/anniversary", "must be one of join, not 'birth'"),
        ({"clok": "daily"}, "/clok", "unknown trigger 'clok'; did you mean 'clock'?"),
        ({"event": "Sale"}, "/event", "an event is named alone, as in 'trigger: Sale'"),
        ({}, "", "is the name of an event, or one of level, badge, clock, anniversary"),
    ],
)
def test_a_mistaken_occasion_is_named_at_its_place(trigger: object, place: str, message: str) -> None:
    rule = {"id": "r", "trigger": trigger, "effects": [{"award": 1}]}
    levels = {"currency": "points", "steps": [{"id": "silver", "threshold": 1}]}
    document = {"name": "P", "currencies": {"points": {}}, "events": {"Sale": {}}, "levels": levels}
    program, problems = check(document | {"rules": [rule]})
    assert program is None
    (problem,) = problems
    assert problem.pointer == "/rules/0/trigger" + place
    assert message in problem.message


def test_an_occasion_has_no_properties_to_read() -> None:
    condition = {"field": "event.properties.value", "op": "gt", "value": 1}
    rule = {"id": "r", "trigger": {"clock": "daily"}, "conditions": condition, "effects": [{"award": 1}]}
    document = {"name": "P", "currencies": {"points": {}}, "events": {"Sale": {}}, "rules": [rule]}
    _, problems = check(document)
    assert [problem.pointer for problem in problems] == ["/rules/0/conditions/field"]
