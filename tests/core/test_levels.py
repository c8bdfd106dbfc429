"""Levels by periods: what counts, when they are reviewed, and that nobody falls but then."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from itertools import permutations
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from engage.core.basis import months_later, period_start, window_before
from engage.core.calendar import DAY, local_day_hour
from engage.core.check import check
from engage.core.event import Kind
from engage.core.levels import next_review
from engage.core.program import Level, Levels, Program, Review, canonical, from_canonical
from tests.core.history import History, program_of
from tests.core.random_programs import (
    SEEDS,
    START,
    Act,
    Told,
    make_levels,
    programs,
    stories,
    tell,
)


def with_levels(program: Program, seed: int) -> Program:
    return replace(program, levels=make_levels(Random(seed)))


leveled = st.builds(with_levels, programs, SEEDS)
EVERYTHING = stories("adjust", "undo", "zone", "wait")


def ordinal(text: str) -> int:
    return date.fromisoformat(text).toordinal()


def told_rank(program: Program, level: str) -> int:
    assert program.levels is not None
    ids = [step.id for step in program.levels.steps]
    return ids.index(level) + 1 if level in ids else 0


# --- what must hold of every program and history ------------------------------------------------------------


@settings(max_examples=50)
@given(versions=st.lists(leveled, min_size=1, max_size=3), story=EVERYTHING)
def test_a_replay_comes_to_the_same_levels(versions: list[Program], story: list[Act]) -> None:
    told = Told(versions[0])
    for index, act in enumerate(story):
        if index and index % 12 == 0 and index // 12 < len(versions):
            told.history.publish(versions[index // 12])
        told.act(act)
    again = told.history.replayed()
    assert [step.decision for step in again.steps] == [step.decision for step in told.history.steps]
    assert (again.members, again.company) == (told.history.members, told.history.company)


@settings(max_examples=50)
@given(versions=st.lists(leveled, min_size=1, max_size=2), story=EVERYTHING)
def test_nobody_falls_but_at_a_tick_or_by_an_undoing(versions: list[Program], story: list[Act]) -> None:
    told = Told(versions[0])
    for index, act in enumerate(story):
        if index == len(story) // 2:
            told.history.publish(versions[-1])
        told.act(act)
    for step in told.history.steps:
        record = step.decision.record
        if step.program is None or record.level_before == record.level_after:
            continue
        before, after = (
            told_rank(step.program.program, level) for level in (record.level_before, record.level_after)
        )
        if after < before:
            assert step.entry.kind in (Kind.TICK, Kind.REVERSAL)
        if after < before and step.entry.kind == Kind.TICK:
            levels = step.program.program.levels
            assert levels is not None
            protected = [rank for rank, one in enumerate(levels.steps[:before], 1) if one.protected]
            assert after >= max(protected, default=0)
            falls = levels.review is not None and levels.review.downgrade != "none"
            assert falls or levels.on_change == "rise_and_fall"


@settings(max_examples=50)
@given(program=leveled, story=EVERYTHING)
def test_a_tick_twice_is_a_tick_once(program: Program, story: list[Act]) -> None:
    told = tell(program, story)
    days = defaultdict[int, list[int]](list)
    for step in told.history.steps:
        if step.entry.kind == Kind.TICK:
            days[step.entry.member].append(step.entry.day)
    assert all(one == sorted(set(one)) for one in days.values())
    for name in told.history.members:
        until = max(step.entry.received_at for step in told.history.steps)
        told.history.wait(name, until)
        assert told.history.wait(name, until) == []


@settings(max_examples=50)
@given(program=leveled, story=EVERYTHING)
def test_what_counts_is_what_was_earned_in_the_period(program: Program, story: list[Act]) -> None:
    """Beside a sum over the whole log; what is kept no longer is too old for any review."""
    told, levels = tell(program, story), program.levels
    assert levels is not None
    if levels.basis == "lifetime":
        return
    numbers = {number: name for name, number in told.history.numbers.items()}
    earned = defaultdict[str, dict[int, int]](dict)
    newest = defaultdict[str, int](int)
    steps = {step.entry.seq: step for step in told.history.steps}
    for step in told.history.steps:
        entry, name = step.entry, numbers.get(step.entry.member, "")
        day = steps[entry.body.data["seq"]].entry.day if entry.kind == Kind.REVERSAL else entry.day
        for currency, change in step.decision.earned:
            if currency == levels.currency:
                start = period_start(levels.basis, told.history.members[name].joined, day)
                earned[name][start] = earned[name].get(start, 0) + change
                newest[name] = max(newest[name], start)
    grace = levels.review.grace_days if levels.review else 0
    for name, member in told.history.members.items():
        kept = member.standing.earned if member.standing else {}
        assert all(earned[name][start] == units for start, units in kept.items())
        missing = {start for start, units in earned[name].items() if units and start not in kept}
        oldest = window_before(levels, member.joined, newest[name] - grace)[0] if missing else 0
        assert all(start < oldest for start in missing)
        assert len(kept) <= (levels.months or 1) * 2 + 3


# --- periods ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "basis, joined, day, start",
    [
        ("calendar_year", "2020-05-05", "2027-01-01", "2027-01-01"),
        ("calendar_year", "2020-05-05", "2027-12-31", "2027-01-01"),
        ("membership_year", "2020-05-05", "2027-05-04", "2026-05-05"),
        ("membership_year", "2020-05-05", "2027-05-05", "2027-05-05"),
        ("membership_year", "2020-02-29", "2027-02-28", "2027-02-28"),
        ("membership_year", "2020-02-29", "2028-02-28", "2027-02-28"),
        ("membership_year", "2020-05-05", "2020-01-01", "2019-05-05"),  # late, from before they joined
        ("rolling", "2020-05-05", "2028-02-29", "2028-02-01"),
    ],
)
def test_the_period_of_a_day(basis: str, joined: str, day: str, start: str) -> None:
    assert period_start(basis, ordinal(joined), ordinal(day)) == ordinal(start)


def test_months_later_is_the_last_day_of_a_shorter_month() -> None:
    assert months_later(ordinal("2027-01-31"), 1) == ordinal("2027-02-28")
    assert months_later(ordinal("2027-12-31"), -10) == ordinal("2027-02-28")
    assert months_later(ordinal("2027-11-30"), 14) == ordinal("2029-01-30")


# --- reviews ------------------------------------------------------------------------------------------------

YEARLY = """
name: Yearly
currencies: {points: {}}
events: {Sale: {}}
levels:
  basis: calendar_year
  review: {on: 01-01}
  steps:
    - {id: silver, threshold: 10}
    - {id: gold, threshold: 30}
rules:
  - {id: sale, trigger: Sale, effects: [award: 10]}
"""
LIFETIME = YEARLY.replace("  basis: calendar_year\n  review: {on: 01-01}\n", "")


def at(day: str, zone: str = "UTC") -> int:
    assert zone == "UTC"
    return (ordinal(day) - date(1970, 1, 1).toordinal()) * DAY


def test_nobody_is_judged_by_a_year_that_was_not_counted_from_its_beginning() -> None:
    told = History()
    told.publish(program_of(LIFETIME))
    for _ in range(3):
        told.track("ann", "Sale", at("2026-03-02"))
    told.publish(program_of(YEARLY))
    told.track("ann", "Sale", at("2026-11-30"))
    assert told.program is not None
    assert next_review(told.program, told.company, told.member("ann")) == ordinal("2028-01-01")
    told.wait("ann", at("2027-12-31"))
    assert told.member("ann").level == "gold"
    told.wait("ann", at("2028-01-01"))
    assert told.member("ann").level == "silver"


def test_a_first_program_is_judged_from_its_first_new_year() -> None:
    told = History()
    told.publish(program_of(YEARLY))
    told.track("ann", "Sale", at("2026-03-02"))
    assert told.program is not None
    assert next_review(told.program, told.company, told.member("ann")) == ordinal("2027-01-01")


def test_a_review_is_not_lost_when_something_else_is_published_on_its_day() -> None:
    told = History()
    told.publish(program_of(YEARLY))
    told.track("ann", "Sale", at("2026-03-02"))
    told.publish(program_of(YEARLY.replace("name: Yearly", "name: Renamed")))
    told.append(Kind.GROUP, "", at("2028-01-01"), "", told.steps[0].entry.body)
    told.wait("ann", at("2028-01-01"))
    assert told.member("ann").level == ""


def test_a_late_event_counts_in_its_own_year() -> None:
    told = History()
    told.publish(program_of(YEARLY))
    for _ in range(2):
        told.track("ann", "Sale", at("2026-12-30"))
    told.wait("ann", at("2027-01-05"))
    told.append(Kind.GROUP, "", at("2027-01-05"), "", told.steps[0].entry.body)
    step = told.track("ann", "Sale", at("2026-12-31"))
    assert told.member("ann").level == "gold"
    told.reverse("ann", at("2027-01-06"), step)
    assert told.member("ann").level == "silver"
    standing = told.member("ann").standing
    assert standing is not None
    assert standing.earned == {ordinal("2026-01-01"): 20}


def test_undoing_takes_nobody_below_the_level_of_before_though_the_year_has_turned() -> None:
    told = History()
    told.publish(program_of(YEARLY.replace("threshold: 10}", "threshold: 10, protected: true}")))
    told.track("ann", "Sale", at("2026-03-02"))
    told.wait("ann", at("2028-06-01"))
    for _ in range(2):
        told.track("ann", "Sale", at("2028-06-02"))
    step = told.track("ann", "Sale", at("2028-06-02"))
    told.adjust("ann", at("2028-06-02"), "points", -20)
    told.reverse("ann", at("2028-06-03"), step)
    assert step.decision.record.level_after == "gold"
    assert told.member("ann").level == "silver"


STEEP = LIFETIME.replace("threshold: 30}", "threshold: 20}\n    - {id: platinum, threshold: 30}")


@pytest.mark.parametrize("order", [*permutations(range(3))])
def test_undoing_all_events_that_reached_a_level_in_whatever_order_leaves_none(
    order: tuple[int, ...],
) -> None:
    told = History()
    told.publish(program_of(STEEP))
    steps = [told.track("ann", "Sale", at("2026-03-02")) for _ in range(3)]
    for number in order:
        told.reverse("ann", at("2026-03-03"), steps[number])
    assert (told.member("ann").level, told.member("ann").rested) == ("", {})


def test_what_a_review_found_is_not_undone_with_an_older_event() -> None:
    told = History()
    told.publish(program_of(YEARLY))
    step = told.track("ann", "Sale", at("2026-03-02"))
    for _ in range(2):
        told.track("ann", "Sale", at("2026-03-03"))
    told.track("ann", "Sale", at("2027-03-03"))
    for _ in range(2):
        told.track("ann", "Sale", at("2027-03-03"))
    told.wait("ann", at("2028-01-02"))
    told.reverse("ann", at("2028-01-02"), step)
    assert told.member("ann").level == "gold"


def test_programs_without_periods_keep_nothing_more() -> None:
    told = History()
    told.publish(program_of(LIFETIME))
    told.track("ann", "Sale", START)
    assert (told.member("ann").standing, told.company.level_rules) == (None, None)
    assert told.wait("ann", START + 1000 * DAY) == []


def test_a_program_with_all_of_it_reads_back() -> None:
    review = Review(months=12, downgrade="to_basis", grace_days=30)
    steps = (Level("silver", "Silver", 10, {"export": True}, protected=True),)
    program = program_of(LIFETIME)
    program = replace(program, levels=Levels("points", steps, "rolling", 12, review, "rise"))
    assert from_canonical(canonical(program)) == program
    assert b"review" not in canonical(program_of(LIFETIME))


# --- the document -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change, place, message",
    [
        ({"basis": "year"}, "/basis", "membership_year, or {rolling: {months: 12}}, not 'year'"),
        ({"basis": {"roling": {"months": 3}}}, "/basis/roling", "did you mean 'rolling'?"),
        ({"basis": {"rolling": {"months": 61}}}, "/basis/rolling/months", "must be from 1 to 60, not 61"),
        ({"review": {}}, "/review", "missing key 'on'"),
        ({"review": {"on": "13-01"}}, "/review/on", "must be a month and day, as in 12-24"),
        (
            {"review": {"on": "01-01", "downgrade": "all"}},
            "/review/downgrade",
            "must be one of none, one_step",
        ),
        ({"review": {"on": "01-01", "grace": {"days": 365}}}, "/review/grace/days", "must be from 0 to 364"),
        (
            {"review": {"on": {"rolling": {"months": 1}}, "grace": {"days": 28}}},
            "/review/grace/days",
            "must be from 0 to 27",
        ),
        ({"on_change": "fall"}, "/on_change", "must be one of keep, rise, rise_and_fall"),
        (
            {"steps": [{"id": "silver", "threshold": 1, "protected": "yes"}]},
            "/steps/0/protected",
            "must be true or false",
        ),
    ],
)
def test_a_mistake_is_named_at_its_place(change: dict[str, Any], place: str, message: str) -> None:
    levels = {"steps": [{"id": "silver", "threshold": 1}]} | change
    document = {"name": "P", "currencies": {"points": {}}, "events": {"Sale": {}}, "levels": levels}
    program, problems = check(document)
    assert program is None
    assert [problem.pointer for problem in problems] == ["/levels" + place]
    assert message in problems[0].message


@pytest.mark.parametrize("trigger", [{"level_lost": "silver"}, {"downgrade_due": {"days": 14}}])
def test_who_waits_for_a_fall_that_cannot_come_is_told(trigger: dict[str, Any]) -> None:
    levels: dict[str, Any] = {"steps": [{"id": "silver", "threshold": 1}]}
    rule = {"id": "r", "trigger": trigger, "effects": [{"award": 1}]}
    document = {"name": "P", "currencies": {"points": {}}, "events": {"Sale": {}}, "rules": [rule]}
    _, problems = check(document | {"levels": levels})
    assert "no level can fall" in problems[0].message
    assert check(document | {"levels": levels | {"review": {"on": "01-01"}}})[1] == []


def test_local_midnight_is_when_the_review_is() -> None:
    told = History("Asia/Tokyo")
    told.publish(program_of(YEARLY))
    told.track("ann", "Sale", at("2026-03-02"))
    told.wait("ann", at("2028-01-01"))
    review = next(step.entry for step in told.steps if step.entry.kind == Kind.TICK)
    assert local_day_hour(review.at, "Asia/Tokyo") == (ordinal("2027-01-01"), 0)
