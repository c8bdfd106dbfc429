"""Whoever looks twice at a week, or at a month, learns nothing from the difference: whatever is done in between.

The looks of one report after the other are attacked elsewhere (`test_reports_attacked.py`, the years); here what is
told of one week or month is seen twice, with something changed in between: what came late, the program, the floor.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from random import Random

import pytest
from msgspec.structs import replace

from engage.actions import score, score_company
from engage.actions.publish import publish
from engage.actions.score import score_companies
from engage.actions.settings import floor, set_floor
from engage.core import published, published_people
from engage.core.calendar import month_end, week_of
from engage.core.call import Call
from engage.core.looks import Look
from engage.core.measures import WEEK, WeekMeasures
from engage.core.program import Award, EventType, Program, Rule
from engage.store import signal
from engage.store.companies import name_companies
from engage.store.database import Database
from tests.actions.signal_host import LAST_SUNDAY, NOW, PROGRAM, accept, call, working
from tests.actions.test_score import in_department
from tests.places import Place, Places
from tests.privacy.company_population import random_company, weeks_of_company
from tests.privacy.populations import random_population, weeks_of
from tests.privacy.two_looks import late_members, narrower, told, told_of_month

K = 5
ENDED = date.fromordinal(month_end(week_of(LAST_SUNDAY.toordinal()) - 21) + 6)
"""The Sunday on which a month ended."""
PLAIN = replace(PROGRAM, department="department")


@pytest.fixture
def own_place(places: Places, tmp_path: Path) -> Iterator[Place]:
    with places.migrated("sqlite", tmp_path) as place:
        yield place


@pytest.fixture
async def database(own_place: Place) -> AsyncIterator[Database]:
    opened = await Database.open(own_place.url)
    try:
        yield opened
    finally:
        await opened.close()


async def at_work(database: Database, program: Program = PLAIN) -> None:
    """Forty in two departments: eighteen come every week but one, in which six of them come, twelve once, and one in
    that week alone; some use a key event once."""
    await publish(database, program, "", company=None, actor="test", now=NOW)
    named = [in_department(n, "sales" if n % 2 else "it", ENDED - timedelta(days=60)) for n in range(40)]
    calls = [
        *working("acme", 6, 2, until=ENDED - timedelta(days=7), idle_last=1),
        once(32, "Report Shared", 19),
    ]
    calls += working("acme", 18, 10, until=ENDED, idle_last=3) + working("acme", 18, 2, until=ENDED)
    calls += [once(n, "Report Shared", 9 if n % 2 else 24) for n in range(18, 30)]
    calls += [once(n, "Comment Added", 9) for n in range(7)] + [once(n, "Page Printed", 9) for n in range(4)]
    await accept(database, [*named, *calls])
    await score_companies(database, ENDED + timedelta(days=1))


def once(member: int, name: str, days_before: int) -> Call:
    return call("acme", f"emp-{member}", name, ENDED - timedelta(days=days_before), 15)


async def frozen(database: Database) -> dict[int, WeekMeasures]:
    async with database.read() as s:
        (id, _), *_ = await name_companies(s, 0, 10)
        return (await signal.load_weeks(s, [id], 0, date.max.toordinal()))[id]


async def somebody_is_late(database: Database) -> None:
    await accept(database, [once(33, "Report Exported", 3)])


async def somebody_moves(database: Database) -> None:
    await accept(database, [in_department(0, "sales", ENDED + timedelta(days=1))])


async def another_is_key(database: Database) -> None:
    events = {**PLAIN.events, "Page Printed": EventType("Page Printed")}
    del events["Comment Added"]
    changed = replace(PLAIN, events=events)
    await publish(database, changed, "", company=None, actor="test", now=NOW)


async def another_is_rewarded(database: Database) -> None:
    rule = Rule("share", "Share", "Report Shared", effects=(Award("points", 5),))
    await publish(database, replace(PLAIN, rules=(rule,)), "", company=None, actor="test", now=NOW)


async def nothing_is_named(database: Database) -> None:
    """No departments, and no levels."""
    changed = replace(PLAIN, department="", levels=None)
    await publish(database, changed, "", company=None, actor="test", now=NOW)


async def the_floor_is_raised(database: Database) -> None:
    await set_floor(database, 8)


async def the_floor_is_lowered(database: Database) -> None:
    await set_floor(database, 3)


async def it_is_raised_and_lowered(database: Database) -> None:
    await set_floor(database, 9)
    await score_companies(database, ENDED + timedelta(days=8))
    await set_floor(database, 3)


CHANGES = [
    somebody_is_late,
    somebody_moves,
    another_is_key,
    another_is_rewarded,
    nothing_is_named,
    the_floor_is_raised,
    the_floor_is_lowered,
    it_is_raised_and_lowered,
]


async def learned(
    database: Database, change: Callable[[Database], Awaitable[None]], *, late: bool
) -> list[str]:
    """What more is told of weeks and months that were told before, when all is scored again, and while the month goes
    on."""
    first = {monday: told(week, K) for monday, week in (await frozen(database)).items()}
    month = told_of_month((await frozen(database))[ENDED.toordinal() - 6], K)
    await change(database)
    if late:
        await somebody_is_late(database)
        await somebody_moves(database)
    await accept(database, working("acme", 26, 3, until=ENDED + timedelta(days=21)))
    for week in (8, 15, 22):
        await score_companies(database, ENDED + timedelta(days=week), again=True)
    weeks = await frozen(database)
    async with database.read():
        k = await floor()
    found = [
        f"{date.fromordinal(monday)}: {one}"
        for monday in first
        for one in narrower(first[monday], told(weeks[monday], k))
    ]
    for look in range(1, 4):
        week = weeks[ENDED.toordinal() - 6 + WEEK * look]
        found += [f"look {look}: {one}" for one in narrower(month, told_of_month(week, k))]
    return found


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("change", CHANGES)
async def test_a_second_look_at_a_week_or_a_month_tells_no_more(
    database: Database, change: Callable[[Database], Awaitable[None]], late: bool
) -> None:
    await at_work(database)
    assert await learned(database, change, late=late) == []


@pytest.mark.parametrize("late", [False, True])
async def test_departments_named_since_are_told_where_nobody_came_late(
    database: Database, late: bool
) -> None:
    """With the numbers kept, they are the same look; with one who came late they would tell of that one."""
    await at_work(database, replace(PLAIN, department=""))
    await publish(database, PLAIN, "", company=None, actor="test", now=NOW)
    if late:
        await somebody_is_late(database)
    await score_companies(database, ENDED + timedelta(days=8))
    week = (await frozen(database))[ENDED.toordinal() + 1]
    shown = told_of_month(week, K)
    assert ("active of department 'it'" in shown) == (not late)


async def test_departments_named_since_tell_the_looks_after_that_nothing_of_who_moved(
    database: Database,
) -> None:
    await at_work(database, replace(PLAIN, department=""))
    await publish(database, PLAIN, "", company=None, actor="test", now=NOW)
    await score_companies(database, ENDED + timedelta(days=8))
    await somebody_moves(database)
    await score_companies(database, ENDED + timedelta(days=15))
    weeks = await frozen(database)
    first, second = (told_of_month(weeks[ENDED.toordinal() + day], K) for day in (1, 8))
    assert "active of department 'it'" in first
    assert narrower(first, second) == []


async def late_of_two_looks(database: Database) -> list[int]:
    await at_work(database)
    newest = ENDED.toordinal() - 6
    before = (await frozen(database))[newest]
    await somebody_is_late(database)
    await score_companies(database, ENDED + timedelta(days=1), again=True)
    return late_members([before, (await frozen(database))[newest]], K)


async def test_a_week_scored_again_tells_nothing_of_who_came_late(database: Database) -> None:
    assert await late_of_two_looks(database) == []


@pytest.mark.parametrize("k", [3, 5, 8])
def test_a_week_is_told_by_one_floor(k: int) -> None:
    """A lowered one counts for weeks to come, and a raised one tells nothing new."""
    assert list(learned_by_floors(k, 30)) == []


def learned_by_floors(k: int, companies: int) -> Iterator[str]:
    for seed in range(companies):
        company, people = random_company(Random(seed)), random_population(Random(seed), 8)
        for week in [*weeks_of_company(company)[3:], *weeks_of(people)]:
            first, second = told(week, week.floor), told(week, k)
            yield from narrower(first, second) if k > week.floor or first != second else ()


# --- with one defence switched off ----------------------------------------------------------------------------


def measure_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    async def nothing(*_: object) -> dict[int, dict[int, WeekMeasures]]:
        return {}

    async def no(*_: object) -> bool:
        return False

    monkeypatch.setattr(score, "load_weeks", nothing)
    monkeypatch.setattr(score, "is_any_frozen", no)
    monkeypatch.setattr(signal, "_KEEP", signal._REPLACE)


def judge_by_the_floor_in_force(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (published, published_people):
        monkeypatch.setattr(module, "floor_of", lambda _, k: k)
        monkeypatch.setattr(module, "is_told", lambda *_: True, raising=False)


def look_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(score_company, "look_at", lambda _, __, floor: Look(floor))
    monkeypatch.setattr(score_company, "keep_month", lambda *_: None)


@pytest.mark.parametrize(
    "defence, change",
    [
        (measure_anew, somebody_is_late),
        (measure_anew, somebody_moves),
        (look_anew, another_is_key),
        (look_anew, the_floor_is_raised),
        (judge_by_the_floor_in_force, the_floor_is_lowered),
    ],
)
async def test_without_a_defence_a_second_look_tells_more(
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    defence: Callable[[pytest.MonkeyPatch], None],
    change: Callable[[Database], Awaitable[None]],
) -> None:
    await at_work(database)
    defence(monkeypatch)
    assert await learned(database, change, late=False) != []


async def test_measured_anew_a_week_would_tell_of_who_came_late(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    measure_anew(monkeypatch)
    assert await late_of_two_looks(database) == [1]


@pytest.mark.parametrize("k", [3, 8])
def test_by_the_floor_in_force_more_would_be_told(k: int, monkeypatch: pytest.MonkeyPatch) -> None:
    judge_by_the_floor_in_force(monkeypatch)
    assert next(learned_by_floors(k, 30), None) is not None
