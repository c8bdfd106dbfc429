"""The file under strain: cancelled callers, other processes, full disks, damage, and the schema as declared."""

from __future__ import annotations

import asyncio
import os
import random
import sqlite3
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest
from tortoise.context import TortoiseContext
from tortoise.migrations.autodetector import MigrationAutodetector

from engage.errors import InvalidRequest, Unavailable
from engage.store.database import Database, sqlite_path
from engage.store.migrate import migrate
from engage.store.orm import orm_config
from engage.store.scope import EVERY_COMPANY
from engage.store.statements import Transaction
from engage.store.tables import Company, Draft

TERM = "INSERT INTO engage_term (company_id, start, document) {rows}"
COUNT = "SELECT COUNT(*), COUNT(DISTINCT company_id) FROM engage_term WHERE {scope}"


async def add(tx: Transaction, number: int, rows: int = 1, size: int = 1) -> int:
    """`rows` rows of company `number`, a trip for each: all are there or none."""
    for start in range(rows):
        await tx.insert([(TERM, [(number, start, b"x" * size)])], scope=[number])
    return number


async def stored(database: Database) -> set[int]:
    async with database.read() as s:
        return {
            row[0]
            for row in await s.rows("SELECT company_id FROM engage_term WHERE {scope}", scope=EVERY_COMPANY)
        }


async def pragma(database: Database, text: str) -> None:
    """On the connection that writes."""
    await database.backend.writer.run(lambda driver: driver.execute(text).close())


# --- cancelled callers ------------------------------------------------------------------------------------------


async def test_a_cancelled_caller_loses_nothing_and_stops_nobody(database: Database) -> None:
    """Hundreds of callers cancelled at chance moments: what was acknowledged is there, no commit is half, and the
    writer still works."""
    chance = random.Random(7)
    acknowledged: set[int] = set()

    async def caller(number: int) -> None:
        acknowledged.add(await database.write(lambda tx: add(tx, number, rows=3)))

    for round in range(60):
        tasks = [asyncio.create_task(caller(round * 10 + n)) for n in range(6)]
        for task in tasks:
            for _ in range(chance.randrange(4)):
                await asyncio.sleep(0)
            if chance.random() < 0.7:
                await asyncio.sleep(chance.random() / 1000)
                task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    assert await asyncio.wait_for(database.write(lambda tx: add(tx, 10_000)), 10) == 10_000
    async with database.read() as s:
        rows = await s.rows(
            "SELECT company_id, COUNT(*) FROM engage_term WHERE {scope} AND company_id < 10000 GROUP BY 1",
            scope=EVERY_COMPANY,
        )
    assert {count for _, count in rows} == {3}
    assert acknowledged <= {company for company, _ in rows}
    assert 50 < len(acknowledged) < 360


async def test_a_transaction_outlives_the_caller_who_went_away(database: Database) -> None:
    started, go_on = asyncio.Event(), asyncio.Event()

    async def slow(tx: Transaction) -> None:
        await add(tx, 1)
        started.set()
        await go_on.wait()
        await add(tx, 2)

    caller = asyncio.create_task(database.write(slow))
    await started.wait()
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    go_on.set()
    assert await database.write(lambda tx: add(tx, 3)) == 3
    assert await stored(database) == {1, 2, 3}


async def test_a_reader_cancelled_midway_leaves_the_next_one_alone(database: Database) -> None:
    chance = random.Random(3)
    for _ in range(200):
        task = asyncio.create_task(stored(database))
        await asyncio.sleep(chance.random() / 2000)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert await asyncio.wait_for(stored(database), 5) == set()


async def test_a_loop_that_ends_in_a_transaction_leaves_none_open(path: Path) -> None:
    """asyncio.run cancels every task, ours too; a command line stopped by Ctrl-C ends like this."""

    async def interrupted(pause: float) -> None:
        database = await Database.open(f"sqlite:///{path}")
        try:
            task = asyncio.create_task(database.write(lambda tx: add(tx, 1, rows=50)))
            await asyncio.sleep(pause)
            for running in database._running:
                running.cancel()
            await asyncio.gather(task, return_exceptions=True)
            assert await asyncio.wait_for(database.write(lambda tx: add(tx, 2)), 5) == 2
            await database.write(lambda tx: tx.execute("DELETE FROM engage_term WHERE {scope}", scope=[1, 2]))
        finally:
            await asyncio.wait_for(database.close(), 5)

    for n in range(30):
        await interrupted(n / 4000)


# --- transactions -----------------------------------------------------------------------------------------------


async def test_work_that_raises_leaves_nothing(database: Database) -> None:
    async def work(tx: Transaction) -> None:
        await add(tx, 1)
        await Company.create(external_id="acme", created_at=1)
        raise KeyError("on purpose")

    with pytest.raises(KeyError):
        await database.write(work)
    assert await stored(database) == set()
    async with database.read():
        assert await Company.all().count() == 0
    assert await database.write(lambda tx: add(tx, 2)) == 2


async def test_the_orm_is_part_of_the_transaction_it_runs_in(database: Database) -> None:
    async def work(tx: Transaction) -> None:
        await Company.create(external_id="acme", created_at=1)
        rows = await tx.rows("SELECT external_id FROM engage_company", scope=[])
        assert rows == [("acme",)]
        async with database.read() as s:
            assert await s.rows("SELECT * FROM engage_company", scope=[]) == [], "not committed yet"

    await database.write(work)
    async with database.read():
        assert await Company.all().count() == 1


async def test_a_read_never_waits_for_a_transaction(database: Database) -> None:
    await database.write(lambda tx: add(tx, 1))
    started, go_on = asyncio.Event(), asyncio.Event()

    async def slow(tx: Transaction) -> None:
        await add(tx, 2)
        started.set()
        await go_on.wait()

    writing = asyncio.create_task(database.write(slow))
    await started.wait()
    for _ in range(10):
        assert await asyncio.wait_for(stored(database), 2) == {1}
    go_on.set()
    await writing
    assert await stored(database) == {1, 2}


async def test_a_reader_cannot_write(database: Database) -> None:
    async with database.read() as s:
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            await s.rows("DELETE FROM engage_term WHERE {scope} RETURNING start", scope=[1])
    with pytest.raises(Unavailable):
        async with database.read():
            await Company.create(external_id="acme", created_at=1)


async def test_a_snapshot_sees_one_moment(database: Database) -> None:
    await database.write(lambda tx: add(tx, 1))
    async with database.snapshot() as s:
        assert await s.rows(COUNT, scope=EVERY_COMPANY) == [(1, 1)]
        await database.write(lambda tx: add(tx, 2))
        assert await s.rows(COUNT, scope=EVERY_COMPANY) == [(1, 1)]
        assert await stored(database) == {1, 2}
    async with database.snapshot() as s:
        assert await s.rows(COUNT, scope=EVERY_COMPANY) == [(2, 2)]


async def test_transactions_take_turns_in_order(database: Database) -> None:
    order: list[int] = []

    async def work(tx: Transaction, number: int) -> None:
        await add(tx, number)
        order.append(number)

    await asyncio.gather(*(database.write(lambda tx, n=n: work(tx, n)) for n in range(50)))  # type: ignore[misc]
    assert order == list(range(50))


# --- the end ----------------------------------------------------------------------------------------------------


async def test_closing_waits_for_the_transaction_that_runs(path: Path) -> None:
    database = await Database.open(f"sqlite:///{path}")
    task = asyncio.create_task(database.write(lambda tx: add(tx, 1, rows=20)))
    await asyncio.sleep(0.002)
    await database.close()
    assert await task == 1
    reopened = await Database.open(f"sqlite:///{path}")
    try:
        assert await stored(reopened) == {1}
    finally:
        await reopened.close()


async def test_a_closed_database_says_so(database: Database) -> None:
    await database.close()
    await database.close()
    with pytest.raises(Unavailable, match="closed"):
        await database.write(lambda tx: add(tx, 1))
    with pytest.raises(Unavailable, match="closed"):
        await stored(database)
    with pytest.raises(Unavailable, match="closed"):
        async with database.snapshot():
            pass


# --- other processes --------------------------------------------------------------------------------------------

WRITER = """
import asyncio, sys
from engage.store.database import Database
TERM = "INSERT INTO engage_term (company_id, start, document) {rows}"
async def main(url, base, count):
    database = await Database.open(url)
    print("ready", flush=True)
    sys.stdin.readline()
    try:
        for n in range(count):
            async def work(tx):
                newest = await tx.rows("SELECT COALESCE(MAX(start), 0) FROM engage_term WHERE {scope}", scope=[1])
                await asyncio.sleep(0.0005)
                await tx.insert([(TERM, [(1, newest[0][0] + 1, base)])], scope=[1])
            await database.write(work)
    finally:
        await database.close()
asyncio.run(main(sys.argv[1], sys.argv[2].encode(), int(sys.argv[3])))
"""


def start(code: str, *arguments: object, **options: Any) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)]
    folder = Path(__file__).resolve().parents[2]
    return subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options
    )


async def test_two_processes_writing_one_file_lose_nothing(path: Path, database: Database) -> None:
    """Each reads the newest number and writes the next: one lost update and a key would be taken twice."""
    url = f"sqlite:///{path}"
    processes = [start(WRITER, url, name, 100, stdin=subprocess.PIPE) for name in ("a", "b")]
    for process in processes:
        assert process.stdout is not None
        assert await asyncio.to_thread(process.stdout.readline) == "ready\n"
    for process in processes:  # only now, so that they really meet
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    for _ in range(20):
        await stored(database)
        await asyncio.sleep(0.005)
    said = [await asyncio.to_thread(process.communicate, timeout=60) for process in processes]
    assert [process.returncode for process in processes] == [0, 0], said
    async with database.read() as s:
        rows = await s.rows(
            "SELECT document, COUNT(*), MAX(start) OVER () FROM engage_term WHERE {scope} GROUP BY 1",
            scope=[1],
        )
    assert [(row[0], row[1]) for row in rows] == [(b"a", 100), (b"b", 100)]


async def test_a_file_locked_too_long_is_unavailable_and_then_usable_again(
    path: Path, database: Database
) -> None:
    await pragma(database, "PRAGMA busy_timeout = 50")
    other = sqlite3.connect(path, isolation_level=None)
    try:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Unavailable, match="locked"):
            await database.write(lambda tx: add(tx, 1))
        assert await stored(database) == set()
        other.execute("COMMIT")
    finally:
        other.close()
    assert await database.write(lambda tx: add(tx, 1)) == 1


# --- a file in trouble ------------------------------------------------------------------------------------------


async def test_a_full_disk_is_unavailable_and_then_usable_again(database: Database) -> None:
    await database.write(lambda tx: add(tx, 1))
    (pages,) = await database.backend.writer.run(
        lambda driver: driver.execute("PRAGMA page_count").fetchone()
    )
    await pragma(database, f"PRAGMA max_page_count = {pages + 4}")
    with pytest.raises(Unavailable, match="full"):
        await database.write(lambda tx: add(tx, 2, rows=10, size=9000))

    async def by_the_orm(tx: Transaction) -> None:
        await Draft.create(company_id=1, document="x" * 60_000, actor="", updated_at=1)

    with pytest.raises(Unavailable, match="full"):
        await database.write(by_the_orm)
    assert await stored(database) == {1}
    await pragma(database, "PRAGMA max_page_count = 1000000")
    await database.write(lambda tx: add(tx, 2, rows=10, size=9000))
    assert await stored(database) == {1, 2}


FILLED = """
import asyncio, resource, signal, sys
from engage.errors import Unavailable
from engage.store.database import Database
from engage.store.orm import orm_config
from engage.store.scope import EVERY_COMPANY
TERM = "INSERT INTO engage_term (company_id, start, document) {rows}"
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
async def main(url):
    database = await Database.open(url)
    kept, refused = 0, 0
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, resource.RLIM_INFINITY))
        for n in range(60):
            try:
                await database.write(lambda tx: tx.insert([(TERM, [(1, n, b"x" * 20_000)])], scope=[1]))
                kept += 1
            except Unavailable:
                refused += 1
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        await database.write(lambda tx: tx.insert([(TERM, [(1, 1000, b"last")])], scope=[1]))
        async with database.read() as s:
            rows = await s.rows("SELECT COUNT(*) FROM engage_term WHERE {scope}", scope=[1])
    finally:
        await database.close()
    print(kept, refused, rows[0][0])
asyncio.run(main(sys.argv[1]))
"""


async def test_writes_that_the_system_refuses_lose_nothing_acknowledged(path: Path) -> None:
    process = start(FILLED, f"sqlite:///{path}")
    said, _ = await asyncio.to_thread(process.communicate, timeout=60)
    kept, refused, rows = map(int, said.split())
    assert kept > 0
    assert refused > 0
    assert rows == kept + 1


async def test_a_file_that_may_not_be_written_can_still_be_read(database: Database) -> None:
    await database.write(lambda tx: add(tx, 1))
    await pragma(database, "PRAGMA query_only = ON")
    with pytest.raises(Unavailable, match="readonly"):
        await database.write(lambda tx: add(tx, 2))
    assert await stored(database) == {1}
    await pragma(database, "PRAGMA query_only = OFF")
    assert await database.write(lambda tx: add(tx, 2)) == 2


def damage(path: Path) -> None:
    """Overwrite the first page of two tables, and leave what SQLite reads when it opens the file."""
    driver = sqlite3.connect(path)
    roots = driver.execute(
        "SELECT rootpage FROM sqlite_master WHERE name IN ('engage_term', 'engage_company') "
        "OR tbl_name = 'engage_company' AND type = 'index'"
    ).fetchall()
    driver.close()
    damaged = bytearray(path.read_bytes())
    for (root,) in roots:
        damaged[(root - 1) * 4096 : root * 4096] = os.urandom(4096)
    path.write_bytes(bytes(damaged))


async def test_a_damaged_file_is_unavailable_in_words(path: Path) -> None:
    damage(path)
    database = await Database.open(f"sqlite:///{path}")
    try:
        with pytest.raises(Unavailable):
            await stored(database)
        with pytest.raises(Unavailable):
            await database.write(lambda tx: add(tx, 1))
        with pytest.raises(Unavailable):
            async with database.read():
                await Company.all().count()
    finally:
        await database.close()


async def test_a_file_that_is_no_database_is_unavailable(tmp_path: Path) -> None:
    path = tmp_path / "engage.db"
    content = b"not a database at all, but long enough to look at" * 100
    path.write_bytes(content)
    with pytest.raises(Unavailable):
        await Database.open(f"sqlite:///{path}")
    with pytest.raises(Unavailable):
        await migrate(f"sqlite:///{path}")
    assert path.read_bytes() == content


async def test_a_path_that_cannot_be_opened_is_unavailable(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "no" / "such" / "folder.db"):
        with pytest.raises(Unavailable):
            await Database.open(f"sqlite:///{path}")
        with pytest.raises(Unavailable):
            await migrate(f"sqlite:///{path}")


@pytest.mark.parametrize(
    "url", ["", "engage.db", "sqlite://", "sqlite:///", "mysql://x", "postgres://h/d", "sqlite:/x"]
)
def test_a_url_that_is_none_is_explained(url: str) -> None:
    with pytest.raises(InvalidRequest):
        sqlite_path(url)


# --- the schema -------------------------------------------------------------------------------------------------


def schema(path: Path) -> list[tuple[str, str]]:
    driver = sqlite3.connect(path)
    try:
        return driver.execute(
            "SELECT name, sql FROM sqlite_master WHERE name LIKE 'engage%' ORDER BY 1"
        ).fetchall()
    finally:
        driver.close()


def content(path: Path) -> bytes:
    return path.read_bytes()


async def test_migrating_again_changes_nothing(path: Path, migrated_file: Path) -> None:
    before = content(path)
    await migrate(f"sqlite:///{path}")
    assert schema(path) == schema(migrated_file)
    assert content(path) == before


async def test_many_migrating_at_once_do_no_harm(tmp_path: Path, migrated_file: Path) -> None:
    url = f"sqlite:///{tmp_path / 'engage.db'}"
    code = "import asyncio, sys; from engage.store.migrate import migrate; asyncio.run(migrate(sys.argv[1]))"
    processes = [start(code, url) for _ in range(2)]
    await asyncio.gather(*(migrate(url) for _ in range(3)))
    said = [await asyncio.to_thread(process.communicate, timeout=60) for process in processes]
    assert [process.returncode for process in processes] == [0, 0], said
    assert schema(tmp_path / "engage.db") == schema(migrated_file)


DIES = """
import asyncio, os, sys
from engage.store.migrate import migrate
from tortoise.migrations.recorder import MigrationRecorder
record = MigrationRecorder.record_applied
async def die(self, app, name):
    if name.startswith(sys.argv[2]):
        os._exit(9)
    await record(self, app, name)
MigrationRecorder.record_applied = die
asyncio.run(migrate(sys.argv[1]))
"""


@pytest.mark.parametrize("number", ["0001", "0002"])
async def test_a_migration_that_dies_is_done_again_by_the_next(
    tmp_path: Path, migrated_file: Path, number: str
) -> None:
    """At the worst moment: the tables are made, and Tortoise has not yet written that they are."""
    path = tmp_path / "engage.db"
    process = start(DIES, f"sqlite:///{path}", number)
    await asyncio.to_thread(process.communicate, timeout=60)
    assert process.returncode == 9
    await migrate(f"sqlite:///{path}")
    assert schema(path) == schema(migrated_file)


async def test_the_migrations_say_what_the_models_say() -> None:
    config = orm_config("tortoise.backends.sqlite", {"file_path": ":memory:"})
    async with TortoiseContext() as context:
        await context.init(config=config)
        changes = await MigrationAutodetector(context.apps, config["apps"]).changes()
    assert [operation for writer in changes for operation in writer.operations] == []


async def test_uniqueness_is_declared_in_the_file_itself(path: Path) -> None:
    """Not left to the ORM, which leaves some constraints out without a word."""
    driver = sqlite3.connect(path, isolation_level=None)
    twice = {
        "company": ("(external_id, created_at)", "('a', 1)"),
        "program": (
            "(company_id, number, hash, canonical, document, actor, published_at)",
            "(0, 1, 'h', x'00', '', '', 1)",
        ),
        "draft": ("(company_id, document, actor, updated_at)", "(0, '', '', 1)"),
        "key": ("(hash, kind, name, created_at)", "('h', 'server', '', 1)"),
        "session": ("(hash, kind, role, name, created_at, expires_at)", "('h', 'k', 'r', 'n', 1, 1)"),
        "setting": ("(name, value)", "('n', 'v')"),
        "member": ("(company_id, id, external_id, state)", "(1, 1, 'ann', x'00')"),
    }
    try:
        for table, (columns, values) in twice.items():
            driver.execute(f"INSERT INTO engage_{table} {columns} VALUES {values}")
            with pytest.raises(sqlite3.IntegrityError):
                driver.execute(f"INSERT INTO engage_{table} {columns} VALUES {values}")
        with pytest.raises(sqlite3.IntegrityError):
            driver.execute("INSERT INTO engage_member VALUES (1, 2, 'ann', x'00')")
    finally:
        driver.close()


async def test_the_file_is_as_durable_as_promised(database: Database) -> None:
    def settings(driver: sqlite3.Connection) -> list[Any]:
        return [driver.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous")]

    assert await database.backend.writer.run(settings) == ["wal", 2]


# --- reading on the spot ----------------------------------------------------------------------------------------


async def few(database: Database, number: int) -> list[Any]:
    async with database.read() as s:
        return await s.few("SELECT start FROM engage_term WHERE {scope}", scope=[number])


async def test_a_few_rows_are_read_without_a_thread_and_only_what_is_committed(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def look_meanwhile(tx: Transaction) -> list[Any]:
        await add(tx, 1)
        return await few(database, 1)

    async def hand_over(*_: object) -> None:
        pytest.fail("a thread was asked")

    assert await database.write(look_meanwhile) == []
    monkeypatch.setattr(type(database.backend.reader()), "run", hand_over)
    assert await few(database, 1) == [(0,)]
    monkeypatch.undo()


async def test_what_cannot_be_read_on_the_spot_waits_on_a_thread(database: Database) -> None:
    await database.write(lambda tx: add(tx, 1))
    at_hand = database.backend._at_hand
    at_hand.set_progress_handler(lambda: 1, 1)  # every statement is interrupted
    assert await few(database, 1) == [(0,)]
    at_hand.set_progress_handler(None, 1)
    assert await few(database, 1) == [(0,)]


async def test_reading_on_the_spot_cannot_write(database: Database) -> None:
    with pytest.raises(Unavailable, match="readonly"):
        async with database.read() as s:
            await s.few("UPDATE engage_term SET start = 5 WHERE {scope}", scope=[1])
