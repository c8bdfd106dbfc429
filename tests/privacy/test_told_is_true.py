"""Whatever a report tells of a random company, exactly or as a range, holds the true number.

A company is played through the real actions: events on time and late, members who join, move, leave and come back,
points spent and corrected by hand. The true numbers are reckoned from its raw events alone (`true_company.py`).
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import pytest

from engage.actions.adjust import adjust
from engage.actions.ingest import accept_calls
from engage.actions.publish import publish
from engage.actions.redeem import request
from engage.actions.report import company_report
from engage.actions.reverse import reverse
from engage.actions.score import score_companies
from engage.actions.settings import set_floor
from engage.actions.tick import Timekeeper
from engage.core.calendar import from_datetime
from engage.core.call import Call
from engage.core.event import Kind
from engage.core.privacy import Figure, fact
from engage.core.reports import CompanyReport, Table
from engage.document import read_program
from engage.errors import Lacking
from engage.store.database import Database
from tests.places import Place, Places
from tests.privacy.true_company import (
    AMOUNT,
    CLASSES,
    FIRST,
    NAMES,
    REWARDED,
    UNITS,
    WEEK,
    Act,
    Story,
    Week,
    iso,
    random_story,
)

COMPANIES = int(os.environ.get("ENGAGE_ATTACKS", "2"))
WEEKS = 17
PROGRAM = """
name: Told
currencies: {points: {}}
traits: {member: {unit: {type: string}, status: {type: string}}}
department: member.traits.unit
lifecycle: {member: {left: {trait: member.traits.status, values: [left]}}}
events: {Export: {}, Share: {}, Print: {}}
levels:
  currency: points
  steps: [{id: bronze, name: Bronze, threshold: 30}, {id: silver, name: Silver, threshold: 150}]
rules: [{id: export, trigger: Export, effects: [award: 10]}]
rewards: [{id: mug, name: Mug, cost: {currency: points, amount: 20}, approval: automatic}]
"""


def at(day: int, hour: int) -> int:
    one = date.fromordinal(day)
    return from_datetime(datetime(one.year, one.month, one.day, hour, tzinfo=UTC))


def call(
    kind: int, member: str, name: str, day: int, told: int, said: Any = None, company: str = "acme"
) -> Call:
    key = f"{company}/{member}/{name}/{day}"
    return Call(kind, key, member, "", company, name, said or {}, at(day, 9), at(told, 10), at(day, 9))


def key_of(act: Act) -> str:
    return f"acme/emp-{act.member}/{act.name}/{act.day}"


def calls_of(story: Story, day: int) -> list[Call]:
    """What Engage is told on a day; beside it others are at work, so that the host never pauses."""
    found = [call(Kind.TRACK, f"other-{n}", "Share", day, day, company="other") for n in range(5)]
    for number, one in enumerate(story.people):
        member = f"emp-{number}"
        if one.joined == day:
            found.append(call(Kind.IDENTIFY, member, "", day, day, {"unit": one.unit, "status": "here"}))
        if one.moved and one.moved[0] == day:
            found.append(call(Kind.IDENTIFY, member, "moved", day, day, {"unit": one.moved[1]}))
        if one.left == day:
            found.append(call(Kind.IDENTIFY, member, "left", day, day, {"status": "left"}))
    return found + [
        call(Kind.TRACK, f"emp-{act.member}", act.name, act.day, day) for act in story.acts if act.told == day
    ]


class Told(NamedTuple):
    what: str
    figure: Figure
    number: float
    """The true one."""

    @property
    def is_so(self) -> bool:
        figure, room = self.figure, 0.06  # shares and means are told in tenths
        if figure.value is None:
            low, high = figure.low, figure.high
            return (low is None or low - room <= self.number) and (high is None or self.number <= high + room)
        if figure.unit == "points":  # rounded to a fifth or more
            return bool(0.7 * figure.value <= self.number <= 1.5 * figure.value)
        return bool(abs(figure.value - self.number) <= (0.5 if figure.unit == "members" else room))


async def told(database: Database, story: Story, random: Random, weeks: int) -> list[Told]:
    """All that its reports told, of every third week."""
    clock = at(FIRST, 0)
    found: list[Told] = []
    program: Any = read_program(PROGRAM)
    assert program.program is not None, [str(problem) for problem in program.problems]
    await publish(database, program.program, PROGRAM, company=None, actor="test", now=clock)
    await set_floor(database, story.k)
    true: dict[int, Week] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "time_ns", lambda: clock * 1000)
        for monday in range(FIRST, FIRST + WEEK * weeks, WEEK):
            for day in range(monday, monday + WEEK):
                clock = at(day, 12)
                await accept_calls(database, calls_of(story, day), now=clock)
            await by_hand(database, story, random, monday + 6, clock)
            clock = at(monday + WEEK, 3)
            await Timekeeper(database).run(partial(int, clock))
            await score_companies(database)
            true[monday] = Week(story, monday)
            if (monday - FIRST) // WEEK % 3 == 1 or monday == FIRST + WEEK * (weeks - 1):
                period = "last-12-weeks" if monday % 2 else "last-4-weeks"
                report = await company_report(database, "acme", period)
                found += [one._replace(what=f"{iso(monday)}: {one.what}") for one in numbers(report, true)]
    return found


async def by_hand(database: Database, story: Story, random: Random, day: int, now: int) -> None:
    """Some buy a mug, of some the balance is corrected, and an event is undone that reached no level."""
    reached = [id(act) for _, _, _, act, _ in story.history()]
    for act in story.acts:
        is_told = act.name == REWARDED and act.told <= day and act not in story.undone
        if is_told and id(act) not in reached and random.random() < 0.01:
            taken = min(AMOUNT, story.balance(act.member, day))
            await reverse(
                database, company="acme", message_id=key_of(act), reason="a mistake", actor="test", now=now
            )
            story.undone.append(act)
            story.changes.append((day, act.member, -taken, True))
    for number, person in enumerate(story.people):
        if person.joined > day or random.random() > 0.1:
            continue
        units = random.choice((-20, -20, 15))
        asked: dict[str, Any] = {
            "company": "acme",
            "member": f"emp-{number}",
            "reason": "by hand",
            "actor": "test",
            "idempotency_key": f"{number}/{day}",
            "now": now,
        }
        try:
            if units < 0:
                await request(database, reward="mug", **asked)
            else:
                await adjust(database, currency="points", amount=units, **asked)
        except Lacking:
            continue
        story.changes.append((day, number, units, units > 0))


STAGES = {
    "Invited": "invited",
    "Newly active": "new",
    "Active": "active",
    "Habitual": "habitual",
    "Slipping": "slipping",
    "Dormant": "dormant",
    "Has left": "left",
}


def numbers(report: CompanyReport, true: dict[int, Week]) -> Iterator[Told]:
    """What a report tells of what members did, each beside the true number."""
    last = true[max(true)]
    counts = {
        "members": last.members,
        "activated": len(last.activated),
        "active": min(last.room, len(last.active_4w)),
        "habitual": len(last.habitual),
        "level_2": last.levels["silver"],
    }
    for step in report.funnel:
        if step.name in counts:
            yield Told(step.name, step.figure, counts[step.name])
    for series in (*report.activity, *report.incentives, *report.rhythm[:1], *report.classes):
        for monday, figure in zip(series.weeks, series.figures, strict=True):
            week = true.get(date.fromisoformat(monday).toordinal())
            if week is not None and figure.hidden != "missing":
                yield Told(f"{series.name} of {monday}", figure, _in_week(week, series.name))
    yield from _rows(
        report, last, [week for week in true.values() if iso(week.monday) >= report.period.first]
    )
    for driver in report.health.drivers:
        month = [true.get(last.end - WEEK * back) for back in range(4)]
        if driver.name == "activity" and "about" not in driver.text and all(month):
            days = sum(week.days for week in month if week)
            yield Told("days active", fact(driver.value, "days"), days / len(last.active_4w))
    then = true.get(last.monday - WEEK * report.period.weeks)
    for one in report.summary:
        if one.name in ("top_tenth", "organic_4w", "active_4w", "power_users"):
            yield Told(one.name, one.figure, _at_end(last, one.name))
            if then is not None and one.before.hidden != "missing":
                yield Told(f"{one.name} before", one.before, _at_end(then, one.name))
    for row, name in zip(_listed(report.habits), CLASSES, strict=True):
        if then is not None and row[3].hidden != "missing":
            yield Told(f"{name} before", row[3], then.classes[name])
    for row in _listed(report.breadth):
        if then is not None and row[3].hidden != "missing":
            yield Told(f"users of {row[0]} before", row[3], min(then.room, then.users([str(row[0])])))


def _at_end(week: Week, name: str) -> float:
    return {
        "active_4w": min(week.room, len(week.active_4w)),
        "organic_4w": min(week.room, week.users([name for name in NAMES if name != REWARDED])),
        "power_users": week.classes["power"],
        "top_tenth": week.top_tenth,
    }[name]


def _in_week(week: Week, name: str) -> float:
    if name in CLASSES:
        return week.classes[name]
    return {
        "active_week": week.active,
        "active_4w": min(week.room, len(week.active_4w)),
        "organic": week.events - week.incentivised,
        "incentivised": week.incentivised,
        "active_day": week.days / WEEK,
    }[name]


def _rows(report: CompanyReport, last: Week, period: list[Week]) -> Iterator[Told]:
    for row in _listed(report.breadth):
        name = str(row[0])
        yield Told(f"users of {name}", row[1], min(last.room, last.users([name])))
        yield Told(f"events of {name}", row[4], sum(week.of[name] for week in period))
    for row, count in zip(_listed(report.levels), last.levels.values(), strict=True):
        yield Told(f"level {row[0]}", row[1], count)
    for row in _listed(report.stages):
        yield Told(f"stage {row[0]}", row[1], last.stages[STAGES[str(row[0])]])
    named = {str(row[0]) for row in _listed(report.departments)}
    for row in _listed(report.departments):
        units = {str(row[0])} if row[0] in UNITS else set(UNITS) - named
        for index, members in ((1, last.month_members), (2, last.active_4w), (5, last.habitual)):
            yield Told(
                f"{row[0]}, column {index}", row[index], sum(last.unit(one) in units for one in members)
            )
    assert report.balances is not None
    for figure in report.balances.column("outstanding"):
        assert isinstance(figure, Figure)
        yield Told("outstanding", figure, last.outstanding)


def _listed(table: Table | None) -> Any:
    assert table is not None
    return table.rows


@pytest.fixture
def own_place(places: Places, tmp_path: Path) -> Iterator[Place]:
    with places.migrated("sqlite", tmp_path) as place:
        yield place


@pytest.mark.parametrize("seed", range(COMPANIES))
async def test_what_a_report_tells_is_so(seed: int, own_place: Place) -> None:
    random = Random(seed)
    database = await Database.open(own_place.url)
    try:
        found = await told(database, random_story(random, WEEKS), random, WEEKS)
    finally:
        await database.close()
    assert [one for one in found if not one.is_so] == []
    assert sum(one.figure.value is not None for one in found) > 50
