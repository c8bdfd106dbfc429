"""Requests cancelled at every await there is: their own, and every one of the transaction that runs for them.

A server cancels a request when its client goes away or when it stops. Each test asks the same thing over and over and
cancels at the first await, at the second, and so on until the request ends before its turn comes. Then the client asks
again, as it would: that must be answered at once, do nothing twice, and leave no connection behind.
"""

from __future__ import annotations

import asyncio
import threading
import types
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Generator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.routing import Route

from engage.actions.score import score_companies
from engage.actions.verify import verify
from engage.app import Service, create_app
from engage.settings import Settings
from engage.store.database import Database
from tests.faults.account import ANSWER_SECONDS_MAX, Account, Call, ask, eventually, send
from tests.places import Place

LEFT = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in%'"
NAMES = "SELECT external_id FROM engage_company"
AWAITS_MAX = 2_000
"""More than any request has: the loop over its awaits must end by itself."""


class Awaits:
    """Counts every await, of every task of this loop, that really waits; cancels the victim at the chosen one."""

    def __init__(self) -> None:
        self.count = 0
        self._chosen = 0
        self._victim: asyncio.Task[Any] | None = None

    def watch(self, loop: asyncio.AbstractEventLoop) -> None:
        """From now on: tasks that run already are not counted."""

        def begin(
            loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, Any], **more: Any
        ) -> asyncio.Task[Any]:
            task = asyncio.Task(self._counted(work), loop=loop, **more)
            task.add_done_callback(lambda _: work.close())  # it may never have begun
            return task

        loop.set_task_factory(begin)  # type: ignore[arg-type]

    async def _counted(self, work: Coroutine[Any, Any, Any]) -> Any:
        return await self._steps(work)

    @types.coroutine
    def _steps(self, work: Coroutine[Any, Any, Any]) -> Generator[Any, Any, Any]:
        error: BaseException | None = None
        while True:
            try:
                waited = work.send(None) if error is None else work.throw(error)
            except StopIteration as end:
                return end.value
            self.count += 1
            if self.count == self._chosen and self._victim is not None:
                self._victim.cancel()
            error = None
            try:
                yield waited
            except BaseException as raised:  # noqa: BLE001 - handed to the work, whatever it is
                error = raised

    async def cancel_at(self, chosen: int, work: Coroutine[Any, Any, object]) -> bool:
        """Run it and cancel it there. False: it had ended by then."""
        self.count, self._chosen = 0, chosen
        self._victim = asyncio.get_running_loop().create_task(work)
        try:
            await asyncio.wait([self._victim])
            if not self._victim.cancelled():
                self._victim.result()
            return self.count >= chosen
        finally:
            self._victim = None


@dataclass
class InProcess:
    """The whole service without a socket, so that an await can be chosen."""

    service: Service
    client: httpx.AsyncClient
    account: Account
    awaits: Awaits

    @property
    def database(self) -> Database:
        return self.service.services().database

    async def sweep(
        self, work: Callable[[], Coroutine[Any, Any, object]], again: Callable[[], Awaitable[object]]
    ) -> int:
        """`work` cancelled at each of its awaits in turn, `again` after each; how many awaits there were."""
        for chosen in range(1, AWAITS_MAX):
            came = await self.awaits.cancel_at(chosen, work())
            await asyncio.wait_for(again(), ANSWER_SECONDS_MAX)
            if not came:
                return chosen - 1
        raise AssertionError(f"more than {AWAITS_MAX} awaits")

    async def sweep_calls(self, new: Callable[[], Call]) -> int:
        """Each time another call, asked again until it is acknowledged."""
        calls: list[Call] = []

        def work() -> Coroutine[Any, Any, object]:
            calls.append(new())
            return send(self.client, self.account, calls[-1])

        return await self.sweep(work, lambda: ask(self.client, self.account, calls[-1]))


def connections() -> int:
    """To a file: each is a thread. The threads of asyncio's own pool stay until the loop ends."""
    return sum(not one.name.startswith("asyncio_") for one in threading.enumerate())


@pytest.fixture
async def running(place: Place, key: str, account: Account) -> AsyncIterator[InProcess]:
    awaits = Awaits()
    loop = asyncio.get_running_loop()
    awaits.watch(loop)
    before = connections()
    service = create_app(Settings(database_url=place.url))
    try:
        async with service.lifespan():
            during = connections()
            transport = httpx.ASGITransport(app=service)
            async with httpx.AsyncClient(
                transport=transport, base_url="http://engage", auth=(key, "")
            ) as client:
                yield InProcess(service, client, account, awaits)
                await account.settle(client)
            found = await verify(service.services().database)
            assert found.difference is None
            await eventually(lambda: connections() <= during, 5, "a connection was left open")
            if place.dialect == "postgres":
                await eventually(lambda: place.rows(LEFT) == [(0,)], 5, "a transaction was left open")
    finally:
        loop.set_task_factory(None)
    await eventually(lambda: connections() <= before, 5, "a connection was left open")


async def known_member(running: InProcess) -> None:
    await ask(running.client, running.account, running.account.batch(running.account.message()))


async def test_ingestion(running: InProcess) -> None:
    """Of companies and members known and new; and whoever shares the commit notices nothing."""
    numbers = iter(range(AWAITS_MAX))

    def new() -> Call:
        company = f"new-{next(numbers)}"
        return running.account.batch(
            running.account.message(),
            running.account.message(place=(company, "member-0")),
            running.account.message(place=(company, "member-1")),
        )

    async def neighbours() -> None:
        while True:
            call = running.account.batch(running.account.message())
            assert await send(running.client, running.account, call)

    beside = asyncio.create_task(neighbours())
    try:
        awaits = await running.sweep_calls(new)
    finally:
        beside.cancel()
        await asyncio.wait([beside])
    assert awaits > 10
    assert beside.cancelled(), beside.exception()


async def test_adjustments(running: InProcess) -> None:
    await known_member(running)

    def new() -> Call:
        call = running.account.adjustment()
        assert call is not None
        return call

    assert await running.sweep_calls(new) > 10


async def test_reversals(running: InProcess) -> None:
    account = running.account
    for _ in range(3):
        await ask(
            running.client, account, account.batch(*(account.message("Report Exported") for _ in range(50)))
        )

    def new() -> Call:
        while (call := account.reversal()) is None:
            pass
        return call

    assert await running.sweep_calls(new) > 10


async def test_publications(running: InProcess) -> None:
    await known_member(running)
    assert await running.sweep_calls(running.account.publication) > 10


@pytest.mark.parametrize(
    "path",
    [
        "/readyz",
        "/v1/companies",
        "/v1/companies/company-0/members/member-0",
        "/v1/companies/company-0/members/member-0/decisions",
        "/v1/companies/company-0/report?format=csv",
        "/v1/portfolio",
    ],
)
async def test_reads(running: InProcess, path: str) -> None:
    account = running.account
    await ask(running.client, account, account.batch(account.message(place=("company-0", "member-0"))))

    async def read() -> None:
        assert (await running.client.get(path)).status_code == 200

    assert await running.sweep(read, read) > 0


async def test_verifying_and_scoring(running: InProcess) -> None:
    """What a stop or a Ctrl-C cancels. Both open or hold connections of their own."""
    account, now = running.account, datetime.now(UTC)
    for week in range(7, 0, -1):
        at = (now - timedelta(weeks=week)).isoformat()
        messages = [
            account.message("Report Exported", ("company-0", f"member-{n}"), timestamp=at) for n in range(8)
        ]
        await ask(running.client, account, account.batch(*messages))
    assert await running.sweep(lambda: verify(running.database), lambda: verify(running.database)) > 10
    assert (
        await running.sweep(
            lambda: score_companies(running.database, again=True), lambda: score_companies(running.database)
        )
        > 10
    )


@pytest.mark.parametrize("kind", ["read", "snapshot", "write"])
async def test_answers_that_stream(running: InProcess, kind: str) -> None:
    """A host's own page may stream what it reads, and a client that disconnects cancels it at any row.

    This is what made the stock engine hang after a single disconnect.
    """
    database = running.database
    await known_member(running)

    async def rows() -> AsyncIterator[str]:
        if kind == "write":
            for _ in range(3):
                yield str(len(await database.write(lambda tx: tx.rows(NAMES, scope=[]))))
            return
        async with database.read() if kind == "read" else database.snapshot() as s:
            for _ in range(3):
                yield str(len(await s.rows(NAMES, scope=[])))
                await asyncio.sleep(0)

    async def page(_: Request) -> StreamingResponse:
        return StreamingResponse(rows())

    host = Starlette(routes=[Route("/", page)])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=host), base_url="http://host") as client:

        async def read() -> None:
            assert (await client.get("/")).text == "111"

        assert await running.sweep(read, read) > 3
