"""What is kept of the portfolio between two requests: it is never older than the request, and saves what it is for."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from engage import clock, schedule
from engage.actions import portfolio as portfolios
from engage.actions.book import keep_book
from engage.actions.care import set_intervention
from engage.actions.portfolio import company_outcomes, portfolio
from engage.actions.report import company_report
from engage.actions.score import score_companies
from engage.actions.settings import set_floor
from engage.actions.terms import record_terms, remove_term, set_term
from engage.actions.tick import Timekeeper
from engage.core.book import Book, Tier
from engage.core.call import Call
from engage.core.care import Intervention
from engage.core.event import Kind
from engage.core.reports import Portfolio
from engage.core.terms import Term
from engage.core.worth import Outcomes
from engage.outgoing import Outgoing
from engage.store import portfolio as stored
from engage.store.database import Database
from engage.store.statements import Row, Statements
from tests.actions.signal_host import LAST_SUNDAY, NOW, TODAY, accept, call, publish_default, seats, working
from tests.places import Place


@pytest.fixture
async def elsewhere(place: Place, database: Database) -> AsyncIterator[Database]:
    """The same database as another process has it open: what is kept belongs to one of the two."""
    opened = await Database.open(place.url)
    yield opened
    await opened.close()


def said(company: str, **traits: object) -> Call:
    return Call(Kind.GROUP, f"{company}/{traits}", "", "", company, "", traits, NOW, NOW, NOW)


async def test_whatever_another_process_writes_is_in_the_next_portfolio(
    database: Database, elsewhere: Database, place: Place
) -> None:
    await publish_default(database)
    await accept(database, [seats("acme", 20), *working("acme", 12, 4), *working("tiny", 6, 4)])
    first = (TODAY - timedelta(days=300)).isoformat()
    term = {"groupId": "acme", "term_start": first, "term_end": "2026-09-01", "monthly_revenue": 100}
    stated = {"term_start": first, "term_end": "2026-10-01", "monthly_revenue": 70}
    start = (TODAY - timedelta(days=10)).toordinal()
    book = Book(segment_trait="industry", gmv_trait="traded", tiers=(Tier("a", "A", seats=10),))
    late = [call("tiny", f"emp-{n}", "Comment Added", LAST_SUNDAY - timedelta(days=3), 15) for n in range(6)]
    done = Intervention("w", "A workshop", LAST_SUNDAY.isoformat(), "kim", ("acme",), NOW)
    writes: list[tuple[Callable[[], Awaitable[object]], bool]] = [
        (lambda: score_companies(elsewhere, LAST_SUNDAY - timedelta(days=7)), True),
        (lambda: score_companies(elsewhere, TODAY), True),
        (lambda: record_terms(elsewhere, [term]), True),
        (lambda: record_terms(elsewhere, [{**term, "monthly_revenue": 101}]), True),
        (lambda: accept(elsewhere, [said("tiny", **stated)]), True),
        (lambda: accept(elsewhere, [said("tiny", name="Tiny", seats=5, customer_since="2025-01-01")]), True),
        (lambda: keep_book(elsewhere, book, "", actor="kim", now=NOW), True),
        (lambda: accept(elsewhere, [said("tiny", industry="retail", traded="12.50")]), True),
        (lambda: accept(elsewhere, [said("tiny", colour="red")]), False),
        (lambda: accept(elsewhere, [said("fresh", name="Fresh")]), True),
        (lambda: set_floor(elsewhere, 6), True),
        (lambda: accept(elsewhere, late), False),
        (lambda: score_companies(elsewhere, TODAY, again=True), True),
        (lambda: set_intervention(elsewhere, done), True),
        (lambda: set_term(elsewhere, "fresh", Term(start, start + 30, 900), actor="kim", now=NOW), True),
        (lambda: remove_term(elsewhere, "fresh", start), True),
        (lambda: keep_book(elsewhere, Book(), "", actor="kim", now=NOW), True),
    ]
    before = await read(database)
    for number, (write, matters) in enumerate(writes):
        await write()
        after = await read(database)
        opened = await Database.open(place.url)
        try:
            assert after == await read(opened), number
        finally:
            await opened.close()
        assert (after != before) == matters, number
        before = after
    assert [len(one.data) for one in before[:2]] == [3, 3]


async def read(database: Database) -> tuple[Portfolio, Portfolio, Outcomes]:
    """Also as of a day, which may neither use nor spoil what is kept."""
    week_before = LAST_SUNDAY - timedelta(days=7)
    return (
        await portfolio(database),
        await portfolio(database, week_before),
        await company_outcomes(database, TODAY),
    )


@pytest.mark.parametrize("most, again", [(2, 0), (1, 1)])
async def test_what_events_change_is_not_reckoned_again(
    database: Database, monkeypatch: pytest.MonkeyPatch, most: int, again: int
) -> None:
    """Unless there are more companies than are kept."""
    for module in (stored, portfolios):
        monkeypatch.setattr(module, "KEPT_COMPANIES_MAX", most)
    reckoned = watched(monkeypatch)
    await accept(database, [said("acme", name="Acme"), said("other", seats=3)])
    await accept(database, working("other", 5, 1))
    first = await portfolio(database)
    await accept(database, working("acme", 5, 1))
    assert await portfolio(database) == first
    assert len(reckoned) == 1 + again
    await accept(database, [said("acme", name="Acme Ltd")])
    assert {row.name for row in (await portfolio(database)).data} == {"Acme Ltd", "other"}
    assert len(reckoned) == 2 + again


async def test_of_many_who_open_it_at_once_one_reckons(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    reckoned = watched(monkeypatch, seconds=0.05)
    await accept(database, [said("acme", name="Acme")])
    opened = await asyncio.gather(*(portfolio(database) for _ in range(4)))
    assert len(reckoned) == 1
    assert all(one == opened[0] for one in opened)


async def test_the_service_has_it_ready_when_it_starts_and_when_it_scored(
    database: Database, elsewhere: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    reckoned = watched(monkeypatch)
    scored = asyncio.Event()

    async def score(database: Database) -> object:
        await scored.wait()
        return await score_companies(database, TODAY)

    monkeypatch.setattr(schedule, "score_companies", score)
    await accept(database, working("acme", 12, 4))
    service = schedule.Schedule(database, Outgoing(private=True).post)
    service.start()
    try:
        await until(lambda: [row.score for row in reckoned[-1].data] == [None])
        scored.set()
        await until(lambda: reckoned[-1].data[0].score is not None)
        done = len(reckoned)
        assert (await portfolio(database)).data == reckoned[-1].data
        assert len(reckoned) == done
        # Others write as well, and tell nobody: whoever opens it finds that, ready or not.
        await accept(elsewhere, [said("acme", name="Acme Ltd")])
        assert (await portfolio(database)).data[0].name == "Acme Ltd"
    finally:
        await service.stop()


async def test_the_service_looks_now_and_then_what_others_wrote(
    database: Database, elsewhere: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schedule, "RECKONING_SECONDS", 0.02)
    reckoned = watched(monkeypatch)
    service = schedule.Schedule(database, Outgoing(private=True).post)
    service.start()
    try:
        await until(lambda: not reckoned[-1].data)
        await accept(elsewhere, [said("acme", name="Acme")])
        await until(lambda: [row.name for row in reckoned[-1].data] == ["Acme"])
    finally:
        await service.stop()


async def test_the_service_reads_all_companies_once_while_nothing_changes(
    database: Database, elsewhere: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schedule, "RECKONING_SECONDS", 0.02)
    looked, read = list[int](), list[int]()
    look_at_companies, read_companies = stored.look_at_companies, stored.read_companies

    async def look(s: Statements) -> list[Row]:
        looked.append(1)
        return await look_at_companies(s)

    async def read_all(s: Statements) -> stored.Read:
        read.append(1)
        return await read_companies(s)

    monkeypatch.setattr(portfolios, "look_at_companies", look)
    monkeypatch.setattr(portfolios, "read_companies", read_all)
    await accept(database, working("acme", 5, 1))
    # Else the service would do both itself, and what that writes may come between any two looks.
    await Timekeeper(database).run(clock.now)
    await score_companies(database)
    service = schedule.Schedule(database, Outgoing(private=True).post)
    service.start()
    try:
        await until(lambda: len(looked) > 4)
        assert len(read) == 1
        await accept(elsewhere, [said("acme", name="Acme")])
        await until(lambda: len(read) == 2)
    finally:
        await service.stop()


@pytest.mark.parametrize("turns", range(5))
async def test_a_service_that_has_just_scored_can_be_stopped(
    database: Database, monkeypatch: pytest.MonkeyPatch, turns: int
) -> None:
    """Whatever of the event loop is between the two."""
    reckoned = watched(monkeypatch)
    service = schedule.Schedule(database, Outgoing(private=True).post)
    service.start()
    await until(lambda: not reckoned[-1].data)
    await asyncio.sleep(0.1)
    service._scored.set()
    for _ in range(turns):
        await asyncio.sleep(0)
    async with asyncio.timeout(5):
        await service.stop()


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while True:
            with suppress(IndexError):
                if holds():
                    return
            await asyncio.sleep(0.01)


async def test_what_could_not_be_made_ready_is_tried_again(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also after scoring, when nothing seems to have changed since."""
    await accept(database, [said("acme", name="Acme")])
    readiness = portfolios.Readiness(database)
    await readiness.make(anew=False)
    made: list[Database] = []

    async def make(database: Database) -> Portfolio:
        made.append(database)
        if len(made) == 1:
            raise RuntimeError
        return await portfolio(database)

    monkeypatch.setattr(portfolios, "portfolio", make)
    with pytest.raises(RuntimeError):
        await readiness.make(anew=True)
    for _ in range(2):
        await readiness.make(anew=False)
    assert len(made) == 2


def watched(monkeypatch: pytest.MonkeyPatch, seconds: float = 0) -> list[Portfolio]:
    """What is reckoned from now on, each after so many seconds."""
    reckoned: list[Portfolio] = []
    reckon = portfolios._reckon

    def slow(*of: Any) -> Portfolio:
        time.sleep(seconds)
        reckoned.append(reckon(*of))
        return reckoned[-1]

    monkeypatch.setattr(portfolios, "_reckon", slow)
    return reckoned


async def test_days_to_renewal_are_those_of_the_company_s_report(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a Monday at 02:00 UTC the last week is over in Berlin, and for hours not yet in Chicago."""
    await publish_default(database)
    zones = {"east": "Europe/Berlin", "west": "America/Chicago"}
    for company, zone in zones.items():
        await accept(database, [said(company, timezone=zone, seats=20), *working(company, 12, 4)])
        await record_terms(
            database, [{"groupId": company, "term_start": "2026-01-01", "term_end": "2026-10-01"}]
        )
    monday = datetime(2026, 6, 29, 2, tzinfo=UTC)
    monkeypatch.setattr(time, "time_ns", lambda: int(monday.timestamp()) * 10**9)
    await score_companies(database)
    rows = {row.company: row.days_to_renewal for row in (await portfolio(database)).data}
    reports = {name: (await company_report(database, name)).contract.days_to_renewal for name in zones}
    assert rows == reports == {"east": 94, "west": 101}
    chosen = await portfolio(database, LAST_SUNDAY)
    assert {row.days_to_renewal for row in chosen.data} == {94}
