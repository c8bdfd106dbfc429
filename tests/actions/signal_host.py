"""A small host with history, for the tests of scoring and reports: real calls, accepted by the real ingestion."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from engage.actions.ingest import accept_calls
from engage.actions.publish import publish
from engage.core.calendar import from_datetime
from engage.core.call import Call
from engage.core.event import Kind
from engage.core.program import Award, Currency, EventType, Level, Levels, Program, Rule
from engage.store.database import Database

LAST_SUNDAY = date(2026, 6, 28)
TODAY = date(2026, 7, 1)
NOW = from_datetime(datetime(2026, 7, 1, 12, tzinfo=UTC))
EVENTS = ("Report Exported", "Report Shared", "Comment Added")
PROGRAM = Program(
    name="Test",
    currencies={"points": Currency("Points")},
    events={name: EventType(name) for name in EVENTS},
    levels=Levels("points", (Level("bronze", "Bronze", 0), Level("silver", "Silver", 100))),
    rules=(Rule("export", "Export", "Report Exported", effects=(Award("points", 10),)),),
)


def call(company: str, member: str, name: str, day: date, hour: int = 10) -> Call:
    at = from_datetime(datetime(day.year, day.month, day.day, hour, tzinfo=UTC))
    key = f"{company}/{member}/{name}/{day}/{hour}"
    return Call(Kind.TRACK, key, member, "", company, name, {}, at, at, at)


def seats(company: str, count: int, at: int = NOW - 24 * 3_600_000_000) -> Call:
    data = {"seats": count, "name": company.title()}
    return Call(Kind.GROUP, f"{company}/group/{count}", "", "", company, "", data, at, at, at)


def working(
    company: str, members: int, weeks: int, *, until: date = LAST_SUNDAY, idle_last: int = 0
) -> list[Call]:
    """Each member exports on Tuesdays and, every second one, shares on Thursdays; the last weeks may be idle."""
    calls = []
    for week in range(weeks, idle_last, -1):
        tuesday = until - timedelta(days=7 * week - 2)
        for number in range(members):
            member = f"emp-{number}"
            calls.append(call(company, member, "Report Exported", tuesday))
            if number % 2:
                calls.append(call(company, member, "Report Shared", tuesday + timedelta(days=2)))
    return calls


async def accept(database: Database, calls: list[Call]) -> None:
    for start in range(0, len(calls), 500):
        await accept_calls(database, calls[start : start + 500], now=NOW)


async def publish_default(database: Database) -> None:
    await publish(database, PROGRAM, "", company=None, actor="test", now=NOW)
