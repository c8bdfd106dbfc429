"""Scoring on a real database: weeks are frozen once, and what was frozen stays."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from engage.actions import score
from engage.actions.companies import set_company
from engage.actions.portfolio import portfolio
from engage.actions.publish import publish
from engage.actions.report import company_health, company_report, health_history
from engage.actions.score import score_companies
from engage.actions.score_company import Company, Host, measure_and_score
from engage.actions.terms import record_terms
from engage.core import health
from engage.core.calendar import from_datetime, month_end, week_of
from engage.core.call import Call
from engage.core.event import Kind
from engage.core.privacy import Figure
from engage.core.published import publish_people
from engage.core.published_people import publish_departments
from engage.errors import Conflict, InvalidRequest
from engage.store.companies import name_companies
from engage.store.database import Database
from engage.store.scope import EVERY_COMPANY
from engage.store.signal import load_newest_scores, load_summaries, load_weeks
from tests.actions.signal_host import (
    LAST_SUNDAY,
    NOW,
    PROGRAM,
    TODAY,
    accept,
    call,
    publish_default,
    seats,
    working,
)


def set_clock(monkeypatch: pytest.MonkeyPatch, day: date, hour: int = 12) -> None:
    at = datetime(day.year, day.month, day.day, hour, tzinfo=UTC)
    monkeypatch.setattr("engage.clock.time.time_ns", lambda: int(at.timestamp()) * 10**9)


def in_department(number: int, department: str, day: date) -> Call:
    at = from_datetime(datetime(day.year, day.month, day.day, 9, tzinfo=UTC))
    traits = {"department": department}
    return Call(Kind.IDENTIFY, f"{number}/{day}", f"emp-{number}", "", "acme", "", traits, at, at, at)


async def test_a_company_at_work_is_scored_and_a_tiny_one_gets_words(database: Database) -> None:
    await publish_default(database)
    await accept(database, [seats("acme", 20), *working("acme", 16, 16), *working("tiny", 4, 16)])
    seen: list[tuple[int, int]] = []
    found = await score_companies(database, TODAY, lambda done, of: seen.append((done, of)))
    scored = {one.company: one.health for one in found.companies}
    assert found.as_of == LAST_SUNDAY.isoformat()
    assert scored["acme"].score is not None
    assert {one.name for one in scored["acme"].drivers} >= {
        "activity",
        "habit",
        "trend",
        "breadth",
        "features",
        "tenure",
        "seats",
    }
    assert scored["tiny"].score is None
    assert "there are fewer than 9 members" in scored["tiny"].verdict
    assert seen == [(2, 2)]


@pytest.mark.parametrize("on", [date(2026, 7, 6), date(9999, 12, 31)])
async def test_no_week_is_measured_before_it_is_over_where_the_company_is(
    database: Database, monkeypatch: pytest.MonkeyPatch, on: date
) -> None:
    await publish_default(database)
    await set_company(database, "acme", name=None, timezone="America/Los_Angeles", seats=20, now=NOW)
    await accept(database, working("acme", 16, 16))
    set_clock(monkeypatch, date(2026, 7, 6), 6)
    assert (await score_companies(database, on)).as_of == "2026-06-28"
    set_clock(monkeypatch, date(2026, 7, 6), 8)
    assert (await score_companies(database, on)).as_of == "2026-07-05"


async def test_exactly_five_active_members_are_scored(database: Database) -> None:
    once = working("five", 9, 1, until=date(2026, 3, 1))  # of eight members it would not be told
    await accept(database, [*once, *working("five", 5, 14)])
    found = await score_companies(database, TODAY)
    assert found.companies[0].health.score is not None


async def test_a_second_run_freezes_nothing_and_answers_the_same(database: Database) -> None:
    await accept(database, working("acme", 12, 16))
    first = await score_companies(database, TODAY)
    second = await score_companies(database, TODAY)
    assert (first.weeks, second.weeks) == (16, 0)
    assert first.companies == second.companies


async def test_a_late_event_changes_no_frozen_week(database: Database) -> None:
    await accept(database, working("acme", 12, 16))
    before = await score_companies(database, TODAY)
    report = await company_report(database, "acme")
    late = [call("acme", f"emp-{n}", "Comment Added", LAST_SUNDAY - timedelta(days=3), 15) for n in range(12)]
    await accept(database, late)
    assert (await score_companies(database, TODAY)).companies == before.companies
    assert await company_report(database, "acme") == report
    again = await score_companies(database, TODAY, again=True)
    assert (again.weeks, again.companies) == (0, before.companies)
    assert await company_report(database, "acme") == report


async def test_what_comes_late_changes_no_later_look_at_a_month(database: Database) -> None:
    """One look subtracted from the other would tell what the one did who was late, or moved to another department."""
    ended = date.fromordinal(month_end(week_of(LAST_SUNDAY.toordinal()) - 21) + 6)
    with_departments = replace(PROGRAM, department="department")
    await publish(database, with_departments, "", company=None, actor="test", now=NOW)
    named = [in_department(n, "sales" if n % 2 else "it", ended - timedelta(days=60)) for n in range(40)]
    once = [
        call("acme", f"emp-{n}", "Report Shared", ended - timedelta(days=9 if n % 2 else 24))
        for n in range(18, 30)
    ]
    await accept(database, [*named, *working("acme", 18, 8, until=ended), *once])
    await score_companies(database, ended + timedelta(days=1))
    late = [
        call("acme", "emp-33", "Report Exported", ended - timedelta(days=3), 15),
        in_department(0, "it", ended + timedelta(days=2)),
    ]
    await accept(database, [*late, *working("acme", 18, 1, until=ended + timedelta(days=7))])
    await score_companies(database, ended + timedelta(days=8))
    looks = []
    async with database.read() as s:
        (id, _), *_ = await name_companies(s, 0, 10)
        weeks = (await load_weeks(s, [id], 0, date.max.toordinal()))[id]
    for monday in (ended.toordinal() - 6, ended.toordinal() + 1):
        people = publish_people(weeks[monday], 5)
        looks.append((people.active_4w, publish_departments(weeks[monday], people, 5)))
    assert looks[0] == looks[1]
    assert [one.active_4w.value for one in looks[0][1]] == [15, 15]


async def test_of_two_runs_at_once_the_second_goes_by_what_the_first_froze(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a score, and what a week remembers of those before, would be made of numbers that are told nowhere."""
    await accept(database, [seats("acme", 20), *working("acme", 16, 20)])
    measured, go_on = threading.Event(), threading.Event()
    runs: list[int] = []

    def slowly(companies: Sequence[Company], of: Host) -> Any:
        found = measure_and_score(companies, of)
        runs.append(len(found[0]))
        if len(runs) == 1:
            measured.set()
            assert go_on.wait(30)
        return found

    monkeypatch.setattr(score, "measure_and_score", slowly)
    first = asyncio.create_task(score_companies(database, TODAY))
    await asyncio.to_thread(measured.wait, 30)
    late = [
        call("acme", f"emp-{n}", "Comment Added", LAST_SUNDAY - timedelta(days=day), 15)
        for n in range(20)
        for day in range(8, 60)
    ]
    await accept(database, late)
    await score_companies(database, LAST_SUNDAY)
    go_on.set()
    await first
    assert runs == [20, 19, 1]
    history = await health_history(database, "acme")
    await score_companies(database, TODAY, again=True)
    assert await health_history(database, "acme") == history


async def test_past_weeks_are_scored_as_of_their_own_time(database: Database) -> None:
    """Scoring week by week and all at once give the same history: no week sees what came after it."""
    await accept(database, [seats("acme", 20), *working("acme", 16, 20, idle_last=3)])
    for weeks in (6, 3, 1):
        await score_companies(database, LAST_SUNDAY - timedelta(days=7 * weeks - 1))
    await score_companies(database, TODAY)
    stepwise = await health_history(database, "acme")
    rows, newest = (await portfolio(database)).data, await company_health(database, "acme")
    assert newest.change_13w is not None
    await score_companies(database, TODAY, again=True)
    assert await health_history(database, "acme") == stepwise
    assert await company_health(database, "acme") == newest
    assert (await portfolio(database)).data == rows
    assert len(stepwise) == 20


async def test_what_lists_read_is_the_newest_score_in_short(database: Database) -> None:
    """However it came to be: week by week, the past after the present, or scored anew."""
    await accept(database, [seats("acme", 20), *working("acme", 16, 20, idle_last=3), *working("tiny", 3, 5)])
    for on in (LAST_SUNDAY - timedelta(days=20), TODAY, LAST_SUNDAY - timedelta(days=13)):
        await score_companies(database, on)
        await compare_summaries(database)
    before = (await portfolio(database)).data
    await accept(database, [seats("acme", 40, at=NOW)])
    await score_companies(database, TODAY, again=True)
    await compare_summaries(database)
    assert (await portfolio(database)).data != before


async def compare_summaries(database: Database) -> None:
    async with database.read() as s:
        names = dict(await name_companies(s, 0, 10))
        newest = await load_newest_scores(s, names, date.max.toordinal())
        assert await load_summaries(s, EVERY_COMPANY) == {id: one.summary for id, (_, one) in newest.items()}
    assert len(newest) == len(names)


async def test_changes_compare_with_the_scores_of_4_and_13_weeks_before(database: Database) -> None:
    await accept(database, [seats("acme", 20), *working("acme", 16, 30, idle_last=3)])
    await score_companies(database, TODAY)
    newest = await company_health(database, "acme")
    history = await health_history(database, "acme")
    assert newest.score is not None
    assert history[-5].score is not None
    assert history[-14].score is not None
    assert newest.change_4w == newest.score - history[-5].score
    assert newest.change_13w == newest.score - history[-14].score
    assert newest.change_4w < 0


async def test_the_day_decides_which_week_is_the_last(database: Database) -> None:
    await accept(database, working("acme", 12, 6))
    on_sunday = await score_companies(database, LAST_SUNDAY)
    on_monday = await score_companies(database, LAST_SUNDAY + timedelta(days=1))
    assert on_sunday.as_of == (LAST_SUNDAY - timedelta(days=7)).isoformat()
    assert on_monday.as_of == LAST_SUNDAY.isoformat()


async def test_history_that_ended_long_ago_is_scored_as_of_its_end(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A host's silence says nothing of its companies: they are not idle, we do not know."""
    await accept(database, [*working("acme", 12, 16), *working("early", 12, 8, idle_last=4)])
    set_clock(monkeypatch, TODAY + timedelta(days=150))
    found = await score_companies(database)
    # The newest event is of a Thursday, so its week may lack days.
    assert found.as_of == found.data_until == (LAST_SUNDAY - timedelta(days=7)).isoformat()
    assert (await company_report(database, "acme")).data_until == found.as_of
    by_id = {one.company: one.health.score for one in found.companies}
    assert by_id["acme"] is not None
    assert by_id["early"] is None or by_id["early"] < by_id["acme"]


@pytest.mark.parametrize("days, ended", [(7, False), (8, True)])
async def test_a_week_of_silence_is_not_the_end_of_the_data(
    database: Database, monkeypatch: pytest.MonkeyPatch, days: int, ended: bool
) -> None:
    await accept(database, working("acme", 12, 16))
    newest = LAST_SUNDAY - timedelta(days=3)  # a Thursday
    set_clock(monkeypatch, newest + timedelta(days=days), 11)
    found = await score_companies(database)
    assert found.as_of == (LAST_SUNDAY - timedelta(days=7 if ended else 0)).isoformat()
    assert (found.data_until is not None) == ended


@pytest.mark.parametrize("came, as_of", [(5, LAST_SUNDAY), (4, LAST_SUNDAY - timedelta(days=7))])
async def test_events_of_k_members_on_a_sunday_complete_the_last_week(
    database: Database, monkeypatch: pytest.MonkeyPatch, came: int, as_of: date
) -> None:
    sunday = [call("acme", f"emp-{n}", "Report Exported", LAST_SUNDAY) for n in range(came)]
    await accept(database, [*working("acme", 12, 16), *sunday])
    set_clock(monkeypatch, TODAY + timedelta(days=150))
    assert (await score_companies(database)).as_of == as_of.isoformat()


@pytest.mark.parametrize("companies", [1, 5])
async def test_members_who_hardly_ever_come_on_one_day_are_no_silence(
    database: Database, monkeypatch: pytest.MonkeyPatch, companies: int
) -> None:
    """Five a week, of one company or of five, each on another day."""
    calls = [
        call(f"c-{n % companies}", f"emp-{n}", "Report Exported", LAST_SUNDAY - timedelta(days=7 * week + n))
        for n in range(5)
        for week in range(4)
    ]
    await accept(database, calls)
    set_clock(monkeypatch, TODAY)
    found = await score_companies(database)
    assert (found.as_of, found.data_until) == (LAST_SUNDAY.isoformat(), None)


async def test_where_k_members_have_never_come_nothing_is_said_of_silence(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await accept(database, working("acme", 4, 16))
    set_clock(monkeypatch, TODAY + timedelta(days=150))
    found = await score_companies(database)
    assert found.as_of == (LAST_SUNDAY + timedelta(days=147)).isoformat()
    assert found.data_until is None


async def test_a_run_that_others_always_forestall_ends_with_an_error(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await accept(database, working("acme", 12, 6))

    async def forestalled(*_: object) -> bool:
        return True

    monkeypatch.setattr(score, "is_any_frozen", forestalled)
    with pytest.raises(Conflict, match="score again when they are done"):
        await score_companies(database, TODAY)


async def test_older_history_found_later_is_frozen_too(database: Database) -> None:
    await accept(database, working("acme", 12, 4))
    assert (await score_companies(database, TODAY)).weeks == 4
    old = working("acme", 12, 3, until=LAST_SUNDAY - timedelta(days=7 * 10))
    await accept(database, old)
    assert (await score_companies(database, TODAY)).weeks == 9  # three, and the six between
    assert (await score_companies(database, TODAY)).weeks == 0


async def test_weeks_of_which_the_days_are_forgotten_are_not_taken_for_idle(database: Database) -> None:
    ago = LAST_SUNDAY - timedelta(weeks=90)
    await accept(database, [*working("acme", 12, 10, until=ago), *working("acme", 12, 16)])
    with pytest.raises(InvalidRequest, match="the day must be"):
        await score_companies(database, ago)
    assert (await score_companies(database, LAST_SUNDAY - timedelta(weeks=20))).weeks == 32
    async with database.read() as s:
        [weeks] = (await load_weeks(s, [1], 0, date.max.toordinal())).values()
    first = week_of(LAST_SUNDAY.toordinal()) - 7 * 52
    assert min(weeks) == first
    assert (await score_companies(database, date.fromordinal(first + 7))).weeks == 0


async def test_scores_of_different_definitions_are_not_compared(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await accept(database, working("acme", 12, 16))
    monkeypatch.setattr(health, "VERSION", health.VERSION - 1)
    await score_companies(database, LAST_SUNDAY)
    monkeypatch.undo()
    found = (await score_companies(database, TODAY)).companies[0].health
    assert found.score is not None
    assert found.version == health.VERSION
    assert (found.change_4w, {one.change for one in found.drivers}) == (None, {0.0})
    why = f"Changes are not shown since scores of version {health.VERSION - 1}"
    assert len([note for note in found.notes if note.startswith(why)]) == 1
    again = (await score_companies(database, TODAY, again=True)).companies[0].health
    assert again.change_4w is not None
    assert not [note for note in again.notes if note.startswith(why)]


async def test_terms_give_seats_and_are_recorded_once(database: Database) -> None:
    await accept(database, working("acme", 12, 16))
    rows = [
        {
            "groupId": "acme",
            "term_start": "2026-01-01",
            "term_end": "2027-01-01",
            "monthly_revenue": "99.50",
            "seats": "15",
        },
        {"groupId": "new-one", "term_start": "2026-06-01", "term_end": "2027-06-01"},
        {"groupId": "", "term_start": "2026-06-01", "term_end": "2027-06-01"},
    ]
    for _ in range(2):
        recorded = await record_terms(database, rows)
        assert recorded.recorded == 2
        assert [(one.index, one.message[:7]) for one in recorded.refused] == [(2, "groupId")]
    found = await score_companies(database, TODAY)
    drivers = {one.name: one for one in found.companies[0].health.drivers}
    assert "15 seats" in drivers["seats"].text
    assert [one.company for one in found.companies] == ["acme", "new-one"]


async def test_without_companies_there_is_nothing_to_score(database: Database) -> None:
    found = await score_companies(database, TODAY)
    assert (found.as_of, found.weeks, found.companies) == (None, 0, ())


async def test_a_company_that_churned_keeps_its_score_and_says_so(database: Database) -> None:
    await publish_default(database)
    await accept(database, working("acme", 12, 20, idle_last=3))
    ended = LAST_SUNDAY - timedelta(days=20)
    row = {"groupId": "acme", "term_start": "2025-06-01", "term_end": str(ended), "seats": "15"}
    await record_terms(database, [{**row, "outcome": "churned"}])
    [scored] = (await score_companies(database, TODAY)).companies
    assert scored.stage == "churned"
    points = (await health_history(database, "acme"))[-5:]
    assert [one.stage for one in points][-3:] == ["churned"] * 3
    assert len({one.score for one in points[-3:]} | {points[-4].score}) == 1
    assert [one.as_of for one in points] == sorted({one.as_of for one in points})
    report = await company_report(database, "acme")
    assert report.stage is not None
    assert (report.stage.stage, report.stage.text) == ("churned", "The contract has ended.")
    assert [note for note in report.health.notes if note.startswith("Frozen when the contract ended")]
    (found,) = (await portfolio(database)).data
    assert found.stage == "churned"


async def test_a_churn_that_is_told_late_freezes_the_score_of_the_end(database: Database) -> None:
    """The weeks between were scored, and their silence is no part of what the score foretold."""
    await publish_default(database)
    await accept(database, working("acme", 12, 20, idle_last=5))
    ended = LAST_SUNDAY - timedelta(days=31)
    row = {"groupId": "acme", "term_start": "2025-06-01", "term_end": str(ended), "seats": "15"}
    await record_terms(database, [row])
    await score_companies(database, TODAY - timedelta(days=7))
    scores = {one.as_of: one.score for one in await health_history(database, "acme")}
    end = str(LAST_SUNDAY - timedelta(days=35))
    assert scores[end] != scores[str(LAST_SUNDAY - timedelta(days=7))]
    await record_terms(database, [{**row, "outcome": "churned"}])
    for days in (0, 7):
        [scored] = (await score_companies(database, TODAY + timedelta(days=days))).companies
        assert (scored.stage, scored.health.score) == ("churned", scores[end])
        assert scored.health.notes[-1] == f"Frozen when the contract ended: the score is that of {end}."
        assert scored.health.change_4w is None


async def test_a_report_counts_members_by_stage(database: Database) -> None:
    await publish_default(database)
    old = working("acme", 30, 16, idle_last=6)
    await accept(
        database, [*old, *working("acme", 20, 5), call("acme", "new-1", "Report Exported", LAST_SUNDAY)]
    )
    await score_companies(database, TODAY)
    table = (await company_report(database, "acme")).stages
    assert table is not None
    shown = dict(zip(table.column("stage"), table.column("members"), strict=True))
    assert list(shown) == ["Invited", "Newly active", "Active", "Habitual", "Slipping", "Dormant"]
    # Thirty were active until six weeks ago; twenty of them came back, and one is new on the last day.
    for figure, true in zip(shown.values(), (0, 1, 0, 20, 0, 10), strict=True):
        assert isinstance(figure, Figure)
        assert figure.floor <= true <= (figure.ceiling or 0)


async def test_without_a_program_an_event_that_fewer_than_k_used_is_not_named(database: Database) -> None:
    """It would be a row of every report, and tell by being there that somebody had done it."""
    monday = LAST_SUNDAY - timedelta(days=6)
    for few in (4, 5):
        odd = [call(f"acme-{few}", f"emp-{member}", "Odd Thing", monday) for member in range(few)]
        await accept(database, [*working(f"acme-{few}", 16, 4), *odd])
        await score_companies(database, TODAY)
        report = await company_report(database, f"acme-{few}")
        assert ("Odd Thing" in report.breadth.column("feature")) == (few == 5)
        assert "Report Exported" in report.breadth.column("feature")
