"""Every surface that customer success can reach, as bytes, of a running service that scored each week when it was over.

Owns how a host is played and what is collected: the answers to a report key with their headers, pages, files taken
apart, what is pushed and sent by webhook, the log, and answers to mistakes. Two hosts of which the same may be told are
compared byte by byte, so what is new on a surface is compared as well, whoever adds it.
"""

from __future__ import annotations

import io
import json
import logging
import time
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from types import MappingProxyType
from typing import Any, Final

import httpx
import pyarrow.parquet as pq
import pytest

from engage.actions import webhooks
from engage.actions.book import keep_book
from engage.actions.deliver import Answer, Courier
from engage.actions.ingest import accept_calls
from engage.actions.keys import create_key
from engage.actions.publish import publish
from engage.actions.push import Pusher, add_destination
from engage.actions.report import company_report, every_company
from engage.actions.score import score_companies
from engage.actions.terms import record_terms
from engage.actions.tick import Timekeeper
from engage.app import Service, create_app
from engage.core.calendar import from_datetime
from engage.core.call import Call
from engage.core.event import Kind
from engage.core.program import Program
from engage.document import read_book, read_program
from engage.formats.weekly import WeeklyFile
from engage.schedule import Schedule
from engage.settings import Settings
from engage.store.database import Database
from engage.web.api import ENDPOINTS
from tests.places import Place

COMPANY: Final = "acme"
MEMBERS: Final = 20
FIRST: Final = date(2026, 3, 2)
"""A Monday."""
WEEKS: Final = 6
PROGRAM: Final = """
name: Surfaces
currencies: {points: {expires: {after: {days: 30}}}, gems: {}}
traits: {member: {unit: {type: string}, post: {type: string}}}
department: member.traits.unit
role: {trait: member.traits.post, decision_maker: [boss], executor: [clerk]}
events: {Export: {}, Share: {}, Print: {}, Plan: {}, Draw: {}, Sign In: {key: false}}
badges: {printer: {name: Printer}}
funnels: [{id: way, name: Way, steps: [Export, Share, Print], weeks: 2}]
levels:
  currency: points
  steps: [{id: bronze, name: Bronze, threshold: 0}, {id: silver, name: Silver, threshold: 60}]
rules:
  - {id: share, trigger: Share, effects: [{award: {currency: points, amount: 10}}]}
  - {id: print, trigger: Print, effects: [{award: {currency: points, amount: 50}}, {badge: printer}]}
  - {id: silver, trigger: {level: silver}, effects: [{award: {currency: gems, amount: 7}}]}
streaks: [{id: daily, name: Daily, event: Export}]
quests: [{id: many, name: Many, goal: {event: Export, reach: 5}, effects: [{award: {currency: gems, amount: 3}}]}]
rewards: [{id: mug, name: Mug, cost: {currency: points, amount: 20}, approval: automatic}]
budgets: [{currency: points, window: month, amount: 1000}]
"""
BOOK: Final = """
score:
  profiles:
    - {id: young, days: {below: 315}, weights: {activity: 1}, bounds: {activity: {from: 9, to: 9.1}}}
    - {id: low, stages: [adopting, at_risk], weights: {habit: 0.5, tenure: 0.5}, bounds: {habit: {from: 9, to: 10}}}
"""
"""Of steep bounds, which a small difference would take from nothing to full points."""
QUERIES: Final = {
    "/v1/companies/{company}/report": (
        "",
        "?format=csv",
        "?period=2026-03",
        "?period=last-26-weeks&lang=zh-Hans",
    ),
    "/v1/companies/{company}/report/department": (
        "?department=sales",
        "?department=board",
        "?department=none",
    ),
    "/v1/portfolio": ("", "?format=csv", "?as_of=2026-03-29"),
}
PAGES: Final = (
    "",
    f"companies/{COMPANY}",
    f"companies/{COMPANY}?view=digest",
    f"companies/{COMPANY}?department=sales",
)
FILES: Final = ("xlsx", "pptx")
OWN: Final = {"date", "x-request-id", "content-length"}
"""Headers that differ from answer to answer, or follow from the rest of it."""

Acts = Callable[[int, date], Iterable[Call]]
"""What members do in the week number, from 0, that begins on the Monday."""
Played = Callable[..., dict[str, str]]
"""`surfaces` of a host of its own."""


def call(
    kind: int,
    member: str,
    name: str,
    day: date,
    hour: int = 9,
    company: str = COMPANY,
    said: Mapping[str, Any] = MappingProxyType({}),
) -> Call:
    at = moment(day, hour)
    key = f"{company}/{member}/{name}/{day}/{hour}"
    return Call(kind, key, member, "", company, name, dict(said), at, at, at)


def did(member: int, name: str, monday: date, day: int = 1, hour: int = 9, company: str = COMPANY) -> Call:
    return call(Kind.TRACK, f"emp-{member}", name, monday + timedelta(days=day), hour, company)


def moment(day: date, hour: int) -> int:
    return from_datetime(datetime(day.year, day.month, day.day, hour, tzinfo=UTC))


def nobody(week: int, monday: date) -> list[Call]:
    return []


def few(count: int) -> Acts:
    """So many members do everything, now and then."""

    def acts(week: int, monday: date) -> list[Call]:
        random = Random(100 * count + week)
        return [
            did(member, name, monday, day)
            for member in range(count)
            for name in ("Export", "Share", "Print", "Sign In")
            for day in range(5)
            if random.random() < 0.5
        ]

    return acts


class _Played:
    """A service while it is played, with a clock of its own."""

    def __init__(self, service: Service) -> None:
        self.service, self.day = service, FIRST
        self.sent: list[str] = []

    @property
    def database(self) -> Database:
        return self.service.services().database

    def now(self) -> int:
        return moment(self.day, 3)

    async def take(self, calls: Sequence[Call]) -> None:
        if calls:
            await accept_calls(self.database, calls, now=moment(self.day, 23))

    async def post(self, url: str, headers: dict[str, str], body: bytes) -> Answer:
        shown = {name: value for name, value in headers.items() if name != "webhook-signature"}
        self.sent.append(f"{url} {shown} {body.decode()}")
        return Answer(200)


async def surfaces(
    place: Place,
    monkeypatch: pytest.MonkeyPatch,
    acts: Acts,
    *,
    files: bool = False,
    since: Acts = nobody,
    alone: bool = False,
    program: str = PROGRAM,
) -> dict[str, str]:
    """Surface -> what is on it, of a company whose members did that, and `since` after the last week that is over.
    Another company is at work beside it, unless it is `alone`. `program`: "" is none."""
    service = create_app(Settings(database_url=place.url, secret="s" * 40, webhook_networks="any"))
    monkeypatch.setattr(Schedule, "start", lambda self: None)  # it would run by the clock of the machine
    log = io.StringIO()
    handler = logging.StreamHandler(log)
    logger = logging.getLogger("engage")
    logger.addHandler(handler)
    try:
        async with service.lifespan():
            played = _Played(service)
            monkeypatch.setattr(time, "time_ns", lambda: played.now() * 1000)
            await _begin(played, program)
            for week in range(WEEKS):
                await _live(played, acts, week, alone=alone)
            await played.take([*since(WEEKS, played.day)])
            await Courier(played.database, played.post, played.now).run()
            await Pusher(played.database, played.post, played.now).run()
            found = await _read(played, files=files)
            found["weekly.parquet"] = await _export(played, Path(place.url.removeprefix("sqlite:///")).parent)
    finally:
        logger.removeHandler(handler)
    found["log"] = log.getvalue()
    for one in played.sent:
        if f'"{COMPANY}"' in one:
            found["told"] = found.get("told", "") + one + "\n"
    return found


def _program(text: str) -> Program:
    found = read_program(text)
    assert found.program is not None, [str(problem) for problem in found.problems]
    return found.program


async def _begin(played: _Played, program: str) -> None:
    database, now = played.database, played.now()
    if program:
        await publish(database, _program(program), program, company=None, actor="test", now=now)
    book = read_book(BOOK)
    assert book.book is not None, [str(problem) for problem in book.problems]
    await keep_book(database, book.book, BOOK, actor="test", now=now)
    types = ["account.health.changed", "account.stage.changed"]
    await webhooks.add_endpoint(database, "http://127.0.0.1/care", types, "", private=True, now=now)
    await add_destination(database, "http://127.0.0.1/batch", "key", "", private=True, now=now)
    named = [
        call(
            Kind.IDENTIFY,
            f"emp-{member}",
            "",
            FIRST,
            said={
                "unit": "sales" if member < 12 else "board" if member < 14 else "it",
                "post": "boss" if member < 2 else "clerk",
            },
        )
        for member in range(MEMBERS)
    ]
    await played.take([call(Kind.GROUP, "", "", FIRST, said={"seats": MEMBERS, "name": "Acme"}), *named])
    since, until = FIRST - timedelta(days=300), FIRST + timedelta(days=200)
    term = {"groupId": COMPANY, "term_start": str(since), "term_end": str(until), "monthly_revenue": 100}
    recorded = await record_terms(database, [term])
    assert not recorded.refused, recorded


async def _live(played: _Played, acts: Acts, week: int, *, alone: bool) -> None:
    monday = FIRST + timedelta(days=7 * week)
    played.day = monday + timedelta(days=6)
    others = [] if alone else [did(member, "Export", monday, company="other") for member in range(9)]
    await played.take([*acts(week, monday), *others])
    await Timekeeper(played.database).run(played.now)
    played.day = monday + timedelta(days=7)
    await score_companies(played.database)
    await Courier(played.database, played.post, played.now).run()
    await Pusher(played.database, played.post, played.now).run()


async def _read(played: _Played, *, files: bool) -> dict[str, str]:
    found = {}
    key = await create_key(played.database, "report")
    transport = httpx.ASGITransport(app=played.service)
    base = "http://engage.test"
    async with httpx.AsyncClient(transport=transport, base_url=base, follow_redirects=True) as client:
        headers = {"authorization": f"Bearer {key}"}
        for one in ENDPOINTS:
            if "report" in one.kinds:
                for query in QUERIES.get(one.path, ("",)):
                    path = one.path.replace("{company}", COMPANY).replace("{intervention}", "none") + query
                    answer = await client.get(path, headers=headers)
                    assert answer.status_code in (200, 404), answer.text
                    found[path] = f"{_headers(answer)}\n{_lines(answer)}"
        path = f"/v1/companies/{COMPANY}/report"
        for name in FILES if files else ():
            answer = await client.get(f"{path}?format={name}", headers=headers)
            found[f"{path}.{name}"] = f"{_headers(answer)}\n{_unpacked(answer.content)}"
        await client.get(await played.service.sign_in_link(base))
        for page in PAGES:
            answer = await client.get(f"/console/{page}")
            assert answer.status_code in (200, 404), answer.text
            found[f"page {page}"] = f"{_headers(answer)}\n{answer.text}"
    return found


def _headers(answer: httpx.Response) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name not in OWN}


def _lines(answer: httpx.Response) -> str:
    if "json" not in answer.headers["content-type"]:
        return answer.text
    said = answer.json()
    said.pop("request_id", None)
    return json.dumps(said, indent=1)


def _unpacked(content: bytes) -> str:
    """Every part of a file, of workbooks within it as well; but for when it was made."""
    parts = []
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        for name in sorted(file.namelist()):
            if name != "docProps/core.xml":
                part = file.read(name)
                parts.append(
                    f"{name}: {_unpacked(part) if part[:2] == b'PK' else part.decode(errors='replace')}"
                )
    return "\n".join(parts)


async def _export(played: _Played, folder: Path) -> str:
    path = folder / "weekly.parquet"
    with WeeklyFile(path) as out:
        for company in await every_company(played.database):
            out.add(await company_report(played.database, company, "last-26-weeks"))
    rows = pq.read_table(path).to_pylist()
    return f"{pq.read_metadata(path).metadata}\n" + "\n".join(str(row) for row in rows)


def differing(one: dict[str, str], other: dict[str, str]) -> list[str]:
    """The surfaces by which two hosts can be told apart, each with the first line that does."""
    found = []
    for name in sorted({*one, *other}):
        pair = one.get(name, ""), other.get(name, "")
        if pair[0] != pair[1]:
            lines = zip(pair[0].splitlines(), pair[1].splitlines(), strict=False)
            line = next((f"{a[:200]} / {b[:200]}" for a, b in lines if a != b), "more, or less")
            found.append(f"{name}: {line}")
    return found
