"""PostgreSQL restarted, crashed, frozen, cut off, closed and full under the load of two servers.

The database server is this file's own, and durable: what it does after a crash is what is tested.
"""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from engage.bench.postgres_server import PostgresServer
from engage.errors import Unavailable
from engage.store.database import Database
from engage.store.migrate import migrate
from engage.store.postgres import PostgresTransaction
from engage.store.statements import Transaction
from tests.faults.account import Account, answers_again, client_of, load, settled
from tests.faults.disks import full, small_disk
from tests.faults.serving import Engage
from tests.places import PostgresPlace

REFUSALS = 3
TERMINATE = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE application_name = 'engage' AND random() < 0.5"
)
BACKENDS = "SELECT pid FROM pg_stat_activity WHERE application_name = 'engage' ORDER BY random()"


@pytest.fixture(scope="module")
def postgres() -> Iterator[PostgresServer]:
    durable = {"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on"}
    # So long is nothing written of what no COMMIT asks for: as little as ever can be left after a crash.
    with PostgresServer(**durable, wal_writer_delay="10s") as server:
        yield server


@pytest.fixture
def place(postgres: PostgresServer) -> Iterator[PostgresPlace]:
    name = postgres.create()
    asyncio.run(migrate(postgres.url(name)))
    yield PostgresPlace(postgres, name)
    postgres.start()
    postgres.drop(name)


async def both_answer(account: Account, servers: list[Engage]) -> None:
    """Within the time promised from now, and by the processes that there were."""
    since = time.monotonic()
    await asyncio.gather(*(answers_again(account, engage, since) for engage in servers))
    for engage in servers:
        assert engage.popen is not None
        assert engage.popen.poll() is None, "it should have survived"


async def restart(postgres: PostgresServer, mode: Any, account: Account) -> None:
    await asyncio.to_thread(postgres.stop, mode)
    await asyncio.sleep(account.chance.random() / 2)
    await asyncio.to_thread(postgres.start)


async def test_a_restart_of_the_database_loses_nothing(
    postgres: PostgresServer, servers: list[Engage], account: Account
) -> None:
    async with load(account, *servers) as running:
        for mode in ("fast", "immediate", "fast", "immediate"):
            await running.until(20)
            await asyncio.sleep(account.chance.random() / 4)
            await restart(postgres, mode, account)
            await both_answer(account, servers)
        await running.until(20)
    await settled(account, servers[0])


async def test_a_crash_of_the_database_loses_nothing(
    postgres: PostgresServer, servers: list[Engage], account: Account
) -> None:
    """One of its processes is killed, whereupon it ends all connections and recovers by itself."""
    async with load(account, *servers) as running:
        for _ in range(2):
            await running.until(20)
            [pid, *_] = [row[0] for row in await asyncio.to_thread(postgres.execute, "postgres", BACKENDS)]
            os.kill(pid, signal.SIGKILL)
            await both_answer(account, servers)
        await running.until(20)
    await settled(account, servers[0])


async def test_connections_that_are_lost_lose_nothing(
    postgres: PostgresServer, servers: list[Engage], account: Account
) -> None:
    """Half of them again and again, in whatever they were doing, a COMMIT too."""
    async with load(account, *servers) as running:
        for _ in range(25):
            await asyncio.to_thread(postgres.execute, "postgres", TERMINATE)
            await running.until(5)
        await both_answer(account, servers)
    await settled(account, servers[0])


def processes(postgres: PostgresServer) -> list[int]:
    """The server's own and all its children's."""
    parent = (postgres.data / "postmaster.pid").read_text().splitlines()[0]
    stats = {path.parent.name: path.read_text() for path in Path("/proc").glob("[0-9]*/stat")}
    children = [pid for pid, said in stats.items() if said.rpartition(")")[2].split()[1] == parent]
    return [int(parent), *map(int, children)]


async def test_a_database_that_freezes_loses_nothing(
    postgres: PostgresServer, servers: list[Engage], account: Account
) -> None:
    """As on a disk or a machine that hangs: nothing answers and nothing fails, and then it goes on."""
    async with load(account, *servers) as running:
        await running.until(20)
        frozen = await asyncio.to_thread(processes, postgres)
        try:
            for pid in frozen:
                os.kill(pid, signal.SIGSTOP)
            await asyncio.sleep(3)
            async with client_of(servers[0]) as client:
                assert (await client.get("/healthz")).status_code == 200
        finally:
            for pid in frozen:
                os.kill(pid, signal.SIGCONT)
        await both_answer(account, servers)
        await running.until(20)
    await settled(account, servers[0])


@asynccontextmanager
async def closed(postgres: PostgresServer, place: PostgresPlace) -> AsyncIterator[None]:
    """The database admits nobody, as an operator may want it for a while."""

    def run(allow: str, then: str) -> None:
        postgres.execute("postgres", f'ALTER DATABASE "{place.name}" ALLOW_CONNECTIONS {allow}')
        postgres.execute("postgres", then)

    await asyncio.to_thread(run, "false", TERMINATE.replace("0.5", "2"))
    try:
        yield
    finally:
        await asyncio.to_thread(run, "true", "SELECT 1")


async def test_a_database_that_admits_nobody_loses_nothing(
    postgres: PostgresServer, place: PostgresPlace, servers: list[Engage], account: Account
) -> None:
    async with load(account, *servers) as running:
        for _ in range(2):
            await running.until(20)
            async with closed(postgres, place):
                await running.until_refused(REFUSALS)
                for engage in servers:
                    async with client_of(engage) as client:
                        assert (await client.get("/healthz")).status_code == 200
                        assert (await client.get("/readyz")).status_code == 503
            await both_answer(account, servers)
    await settled(account, servers[0])


@pytest.fixture
def disk(postgres: PostgresServer, place: PostgresPlace) -> Iterator[Path | None]:
    """A small disk with the database on it; None where none can be made."""
    folder = postgres.folder / "disk"
    folder.mkdir(exist_ok=True)
    with small_disk(folder) as made:
        if not made:
            yield None
            return
        inner = folder / "tables"
        inner.mkdir()
        if postgres.user is not None:
            for one in (folder, inner):
                os.chown(one, *_ids(postgres.user))
        postgres.execute("postgres", f"CREATE TABLESPACE small LOCATION '{inner}'")
        postgres.execute("postgres", f'ALTER DATABASE "{place.name}" SET TABLESPACE small')
        yield folder
        postgres.drop(place.name)
        postgres.execute("postgres", "DROP TABLESPACE small")


def _ids(user: str) -> tuple[int, int]:
    import pwd

    found = pwd.getpwnam(user)
    return found.pw_uid, found.pw_gid


async def test_a_full_disk_refuses_writes_and_loses_nothing(
    postgres: PostgresServer,
    place: PostgresPlace,
    disk: Path | None,
    servers: list[Engage],
    account: Account,
) -> None:
    """What is stored can be read all the time. Where no small disk can be made, a closed database stands for it."""
    async with load(account, *servers) as running:
        for _ in range(2):
            await running.until(20)
            if disk is None:
                async with closed(postgres, place):
                    await running.until_refused(REFUSALS)
            else:
                with full(disk):
                    await running.until_refused(REFUSALS)
                    for engage in servers:
                        await reads(engage)
            await both_answer(account, servers)
    await settled(account, servers[0])


async def reads(engage: Engage) -> None:
    async with client_of(engage) as client:
        for path in ("/readyz", "/v1/companies", "/v1/companies/company-0/members/member-0"):
            assert (await client.get(path)).status_code == 200, path


async def test_a_transaction_is_not_taken_for_another_that_got_its_number_after_a_crash(
    postgres: PostgresServer, place: PostgresPlace
) -> None:
    """Nothing of a transaction that was under way need be left then, not even that its number was given."""
    term = "INSERT INTO engage_term (company_id, start, document) {rows}"
    numbers: list[str] = []

    async def work(tx: Transaction) -> None:
        await tx.insert([(term, [(1, 1, b"lost")])], scope=[1])
        assert isinstance(tx, PostgresTransaction)
        assert tx.number is not None
        numbers.append(tx.number)
        await asyncio.to_thread(postgres.stop, "immediate")
        await asyncio.to_thread(postgres.start)
        number = await asyncio.to_thread(postgres.execute, place.name, "SELECT pg_current_xact_id()::text")
        numbers.append(number[0][0])

    database = await Database.open(place.url)
    try:
        with pytest.raises(Unavailable, match="not known"):
            await database.write(work)
    finally:
        await database.close()
    assert numbers[0] == numbers[1], "the fault did not happen"
    assert place.rows("SELECT * FROM engage_term") == []
