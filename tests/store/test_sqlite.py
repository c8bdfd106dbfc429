"""The file under strain: other processes, full disks, damage, and the schema as declared."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from tortoise.context import TortoiseContext
from tortoise.migrations.autodetector import MigrationAutodetector

from engage.errors import Unavailable
from engage.store.database import Database
from engage.store.migrate import migrate
from engage.store.orm import orm_config
from engage.store.statements import Transaction
from engage.store.tables import Company, Draft
from tests.places import Place, Places
from tests.store.terms import add, stored


@pytest.fixture
def place(places: Places, tmp_path: Path) -> Iterator[Place]:
    with places.migrated("sqlite", tmp_path) as made:
        yield made


async def pragma(database: Database, text: str) -> None:
    """On the connection that writes."""
    await database.backend.writer.run(lambda driver: driver.execute(text).close())


async def test_transactions_take_turns_in_order(database: Database) -> None:
    order: list[int] = []

    async def work(tx: Transaction, number: int) -> None:
        await add(tx, number)
        order.append(number)

    await asyncio.gather(*(database.write(lambda tx, n=n: work(tx, n)) for n in range(50)))  # type: ignore[misc]
    assert order == list(range(50))


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


async def test_what_the_ledger_lacks_is_migrated(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as driver:
        driver.execute("DELETE FROM tortoise_migrations WHERE name LIKE '0001%'")
    with pytest.raises(Unavailable, match="already exists"):
        await migrate(f"sqlite:///{path}")


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
        "template": (
            "(template, number, hash, content, document, actor, published_at)",
            "('t', 1, 'h', x'00', '', '', 1)",
        ),
        "adoption": (
            "(company_id, template, number, declined, actor, updated_at)",
            "(1, 't', 1, 0, '', 1)",
        ),
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
