"""PostgreSQL under strain: lost races and connections, COMMITs without an answer, and cancelled callers."""

from __future__ import annotations

import asyncio
import tempfile
import types
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Generator, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from engage.errors import InvalidRequest, Unavailable
from engage.store import database as databases
from engage.store import postgres_connections
from engage.store.database import Database
from engage.store.keys import insert_key, list_keys
from engage.store.log import HEADS, HEADS_SEEN, INSERT_LINKS, MAKE_HEADS, load_heads, proof
from engage.store.migrate import migrate
from engage.store.postgres import READERS, WRITERS, Postgres, PostgresTransaction
from engage.store.postgres_sql import ROWS_WORTH_A_COPY, inserted, looked_up, scoped
from engage.store.scope import EVERY_COMPANY
from engage.store.settings import keep_setting
from engage.store.statements import Check, Transaction
from engage.store.tables import Setting
from tests.places import Place, Places, PostgresPlace
from tests.postgres_proxy import Proxy, When, proxy
from tests.store.terms import TERM, add, stored


@pytest.fixture
def place(places: Places, tmp_path: Path) -> Iterator[Place]:
    with places.migrated("postgres", tmp_path) as made:
        yield made


def backend(database: Database) -> Postgres:
    assert isinstance(database.backend, Postgres)
    return database.backend


# --- what the marks become --------------------------------------------------------------------------------------


def test_a_statement_binds_its_companies_as_one_value() -> None:
    sql = "SELECT l.hash FROM engage_link l WHERE {l.scope} AND l.number > ? LIMIT ?"
    assert scoped(sql, [3, 9], [7]) == (
        "SELECT l.hash FROM engage_link l WHERE l.company_id = $1 AND l.number > $2 LIMIT $3",
        [7, 3, 9],
    )
    assert scoped(sql, [3, 9], {7, 5}) == (
        "SELECT l.hash FROM engage_link l WHERE l.company_id = ANY($1) AND l.number > $2 LIMIT $3",
        [[5, 7], 3, 9],
    )
    assert scoped(sql, [3, 9], EVERY_COMPANY) == (
        "SELECT l.hash FROM engage_link l WHERE TRUE AND l.number > $1 LIMIT $2",
        [3, 9],
    )
    assert scoped("SELECT ?", [1], [7, 8]) == ("SELECT $1", [1])


def test_a_look_up_for_one_company_names_it_by_equality() -> None:
    text, bound = looked_up(HEADS_SEEN, [(7,)], [7], "FOR NO KEY UPDATE")
    assert text.endswith("JOIN engage_head h ON h.company_id = $1::bigint FOR NO KEY UPDATE OF h")
    assert bound == [7]
    sql = "SELECT m.id FROM {keys} k JOIN engage_member m ON m.company_id = k.column1 AND m.external_id = k.column2"
    text, bound = looked_up(sql, [(7, "ann"), (7, "bob")], [7])
    assert "unnest($2::text[]) AS u(column2)" in text
    assert "m.company_id = $1::bigint AND m.external_id = k.column2" in text
    assert bound == [7, ("ann", "bob")]
    assert looked_up(sql, [(7, "ann")], EVERY_COMPANY)[0].endswith(
        "JOIN engage_member m ON m.company_id = k.column1 AND m.external_id = k.column2"
    )


async def test_a_plan_made_of_an_empty_table_seeks_each_key(place: Place) -> None:
    """Without a fence it read every message of the company for each of 20,000 keys: the statement ran for a minute."""
    sql = (
        "SELECT m.seq FROM {keys} k JOIN engage_message m "
        "ON m.company_id = k.column1 AND m.day = k.column2 AND m.hash = k.column3"
    )
    text, bound = looked_up(sql, [(1, 2, b"hash")], [1])
    connection = await asyncpg.connect(place.url, server_settings=dict(postgres_connections.SETTINGS))
    try:
        await connection.execute(f"PREPARE sought (bigint, bigint[], bytea[]) AS {text}")
        plan = await connection.fetch("EXPLAIN EXECUTE sought (1, '{2}', '{}')")
    finally:
        await connection.close()
    assert bound == [1, (2,), (b"hash",)]
    (seek,) = [line for (line,) in plan if "company_id" in line]
    assert all(column in seek for column in ("Index Cond", "day", "hash")), plan


def test_rows_of_several_companies_are_locked_in_order_and_the_host_last() -> None:
    text, bound = looked_up(HEADS, [(0,), (5,), (7,)], [0, 5, 7], "FOR NO KEY UPDATE")
    assert text.endswith(
        "FROM engage_head h WHERE h.company_id = ANY($1::bigint[])"
        " ORDER BY NULLIF(h.company_id, 0) FOR NO KEY UPDATE OF h"
    )
    assert bound == [(0, 5, 7)]


def test_the_text_of_a_write_does_not_depend_on_how_much_is_written() -> None:
    few, _ = inserted([(TERM, [(1, 2, b"x")])])
    many, _ = inserted([(TERM, [(company, 2, b"x") for company in range(60)])])
    assert few == many


async def test_values_come_back_as_they_went_in(database: Database) -> None:
    rows = [(1, 2**31 - 1, b""), (2, -(2**31), bytes(range(256))), (2**62, 0, b"\x00")]
    await database.write(lambda tx: tx.insert([(TERM, rows)], scope=EVERY_COMPANY))
    async with database.read() as s:
        found = await s.rows(
            "SELECT company_id, start, document FROM engage_term WHERE {scope}", scope=[1, 2, 2**62]
        )
    assert sorted(found) == rows


@pytest.mark.parametrize("revoked", [[None, None], [None, 7], [7, None]])
async def test_a_missing_value_is_null_whether_some_are_or_all(
    database: Database, revoked: list[int | None]
) -> None:
    sql = "INSERT INTO engage_key (hash, kind, name, created_at, revoked_at) {rows}"
    rows = [(f"h{n}", "server", "ß 雪 🚀", n, value) for n, value in enumerate(revoked)]
    await database.write(lambda tx: tx.insert([(sql, rows)], scope=EVERY_COMPANY))
    async with database.read():
        assert [key.revoked_at for key in await list_keys()] == revoked


async def test_nothing_to_write_and_nothing_to_look_up_is_nothing(database: Database) -> None:
    async def work(tx: Transaction) -> None:
        await tx.insert([], scope=[])
        await tx.insert([(TERM, [])], scope=[1])
        assert await tx.lookup(HEADS, [], scope=[], lock=True) == []
        assert await tx.rows("SELECT start FROM engage_term WHERE {scope}", scope=[]) == []

    await database.write(work)


async def test_many_rows_are_written_as_few_are(database: Database) -> None:
    rows = [(1, start, b"x" * (start % 7)) for start in range(3 * ROWS_WORTH_A_COPY)]
    await database.write(lambda tx: tx.insert([(TERM, rows), (INSERT_LINKS, [(1, 1, 1, b"h")])], scope=[1]))
    async with database.read() as s:
        found = await s.rows("SELECT company_id, start, document FROM engage_term WHERE {scope}", scope=[1])
    assert sorted(found) == rows


async def test_a_text_with_a_nul_is_refused_in_words(database: Database) -> None:
    for work in (
        lambda tx: insert_key(hash="h", kind="server", name="a\0b", created_at=1),
        lambda tx: tx.rows("SELECT id FROM engage_company WHERE external_id = ?", ["a\0b"], scope=[]),
    ):
        with pytest.raises(InvalidRequest, match="NUL"):
            await database.write(work)


# --- lost races -------------------------------------------------------------------------------------------------


def runs(
    work: Callable[[Transaction, int], Awaitable[Any]],
) -> tuple[Callable[[Transaction], Any], list[int]]:
    """Work that is told how often it was run before, and the list of its runs."""
    seen: list[int] = []

    async def counted(tx: Transaction) -> Any:
        seen.append(len(seen))
        return await work(tx, seen[-1])

    return counted, seen


async def test_a_deadlock_is_resolved_inside(database: Database) -> None:
    """Two that take the same companies in opposite order, which nothing of ours does."""
    await database.write(lambda tx: load_heads(tx, [1, 2]))
    met = [asyncio.Event(), asyncio.Event()]

    def crossing(number: int) -> Callable[[Transaction, int], Awaitable[None]]:
        async def work(tx: Transaction, run: int) -> None:
            mine, others = (1, 2) if number == 0 else (2, 1)
            await load_heads(tx, [mine])
            met[number].set()
            await met[1 - number].wait()
            await load_heads(tx, [others])
            await add(tx, 10 + number)

        return work

    first, second = runs(crossing(0)), runs(crossing(1))
    await asyncio.wait_for(asyncio.gather(database.write(first[0]), database.write(second[0])), 20)
    assert len(first[1]) + len(second[1]) > 2, "they did not meet"
    assert await stored(database) == {10, 11}


async def test_a_transaction_that_could_not_be_serialised_is_run_again(database: Database) -> None:
    async def work(tx: Transaction, run: int) -> int:
        await add(tx, 1)
        if run < 2:
            assert isinstance(tx, PostgresTransaction)
            await tx.run("DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '40001'; END $$", ())
        return run

    counted, seen = runs(work)
    assert await database.write(counted) == 2
    assert seen == [0, 1, 2]
    assert await stored(database) == {1}


async def test_who_finds_a_key_taken_by_somebody_quicker_looks_again(database: Database) -> None:
    """Every process makes the signing secret at its first start, unless there is one."""
    kept = await asyncio.gather(
        *(database.write(lambda _, n=n: keep_setting("secret", f"made by {n}")) for n in range(12))
    )
    assert len(set(kept)) == 1
    async with database.read():
        assert await Setting.all().count() == 1


async def test_a_key_that_is_always_taken_is_a_mistake_of_ours(database: Database) -> None:
    async def work(tx: Transaction, run: int) -> None:
        for _ in range(2):
            await insert_key(hash="the same", kind="server", name="", created_at=1)

    counted, seen = runs(work)
    with pytest.raises(Exception, match="duplicate key"):
        await asyncio.wait_for(database.write(counted), 10)
    assert len(seen) == 4


async def test_an_error_that_was_swallowed_keeps_nothing_and_says_so(database: Database) -> None:
    """PostgreSQL answers a COMMIT after an error with a rollback, and without another error."""

    async def work(tx: Transaction) -> None:
        await add(tx, 1)
        with pytest.raises(InvalidRequest):
            await tx.rows("SELECT id FROM engage_company WHERE external_id = ?", ["\0"], scope=[])

    with pytest.raises((AssertionError, Exception), match=r"nothing was kept|aborted"):
        await database.write(work)
    assert await stored(database) == set()


async def test_heads_are_a_turn_and_turns_wait_for_each_other(database: Database) -> None:
    """Each reads the head and writes the next number: one lost update and a key would be taken twice."""

    async def step(tx: Transaction) -> None:
        head = (await load_heads(tx, [1]))[1]
        links = await tx.rows("SELECT COALESCE(MAX(number), 0) FROM engage_link WHERE {scope}", scope=[1])
        await asyncio.sleep(0.001)
        await tx.insert([(INSERT_LINKS, [(1, links[0][0] + 1, head.seq, b"h")])], scope=[1])

    await asyncio.gather(*(database.write(step) for _ in range(60)))
    async with database.read() as s:
        rows = await s.rows("SELECT COUNT(*), MAX(number) FROM engage_link WHERE {scope}", scope=[1])
    assert rows == [(60, 60)]


# --- lost connections -------------------------------------------------------------------------------------------


def end_all(place: Place) -> int:
    """End every other connection, as a restart does."""
    ended = place.rows(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    return len(ended)


async def test_a_read_does_not_notice_that_its_connection_was_lost(database: Database, place: Place) -> None:
    await database.write(lambda tx: add(tx, 1))
    async with database.read() as s:
        for _ in range(5):
            assert await s.rows("SELECT company_id FROM engage_term WHERE {scope}", scope=[1]) == [(1,)]
            assert await Setting.all().count() == 0
            assert end_all(place) > 0


async def test_a_transaction_that_lost_its_connection_is_run_again(database: Database, place: Place) -> None:
    async def work(tx: Transaction, run: int) -> int:
        await add(tx, 1)
        if run < 2:
            end_all(place)
        await add(tx, 2)
        return run

    counted, _ = runs(work)
    assert await database.write(counted) == 2
    assert await stored(database) == {1, 2}


async def test_a_server_that_is_gone_is_unavailable_soon_and_used_again_when_it_is_back(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_connections, "PATIENCE_SECONDS", 0.3)
    server = type(places.server)()
    with server:
        name = server.create()
        await migrate(server.url(name))
        opened = await Database.open(server.url(name))
        try:
            await opened.write(lambda tx: add(tx, 1))
            server.stop("immediate")
            for ask in (lambda: stored(opened), lambda: opened.write(lambda tx: add(tx, 2))):
                with pytest.raises(Unavailable):
                    await asyncio.wait_for(ask(), 3)
            server.start()
            assert await opened.write(lambda tx: add(tx, 3)) == 3
            assert await stored(opened) == {1, 3}
        finally:
            await opened.close()


@pytest.fixture
async def between(place: PostgresPlace) -> AsyncIterator[tuple[Proxy, Database]]:
    """A database whose every connection can be cut."""
    with tempfile.TemporaryDirectory() as folder:
        async with proxy(place.server.folder, Path(folder)) as standing:
            opened = await Database.open(place.url.replace(str(place.server.folder), folder))
            try:
                yield standing, opened
            finally:
                await opened.close()


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_commit_that_got_no_answer_is_looked_up(between: tuple[Proxy, Database], when: When) -> None:
    """Cut before the server had it, the work is run again; cut after, it is not: either way it is done once."""
    standing, database = between

    async def work(tx: Transaction, run: int) -> int:
        newest = await tx.rows("SELECT COALESCE(MAX(start), 0) FROM engage_term WHERE {scope}", scope=[1])
        await tx.insert([(TERM, [(1, newest[0][0] + 1, b"x")])], scope=[1])
        if run == 0:
            standing.cut(lambda data: b"COMMIT\0" in data, when)
        return run

    counted, seen = runs(work)
    async with database.read() as s:
        await s.rows("SELECT start FROM engage_term WHERE {scope}", scope=[1])
    await asyncio.wait_for(database.write(counted), 10)
    assert standing.cuts == 1
    assert len(seen) == (2 if when == "before" else 1)
    async with database.read() as s:
        rows = await s.rows("SELECT start FROM engage_term WHERE {scope}", scope=[1])
    assert rows == [(1,)]


async def test_an_outcome_that_nobody_can_tell_is_said_to_be_unknown(
    between: tuple[Proxy, Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A standby took over, say: its numbers mean other transactions."""
    standing, database = between

    async def work(tx: Transaction) -> None:
        await add(tx, 1)
        assert isinstance(tx, PostgresTransaction)
        tx.history = "another"
        standing.cut(lambda data: b"COMMIT\0" in data, "after")

    with pytest.raises(Unavailable, match="is not known"):
        await asyncio.wait_for(database.write(work), 10)


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_group_whose_commit_got_no_answer_is_known_by_its_links(
    between: tuple[Proxy, Database], when: When
) -> None:
    standing, database = between
    head = [(1, 0, 0, b"c", 0, b"s")]
    await database.write(lambda tx: tx.insert([(MAKE_HEADS, head)], scope=[1]))
    inserts = [(INSERT_LINKS, [(1, 1, 1, b"h")])]
    check = Check(HEADS_SEEN, [(1,)], set(), frozenset({(1, 0, b"c")}))
    assert not await database.insert_if(
        [Check(HEADS_SEEN, [(1,)], {(1, 5, b"c")})], inserts, scope=[1], proof=proof(inserts)
    )
    standing.cut(lambda data: data[:1] in b"PB", when)
    kept = await asyncio.wait_for(database.insert_if([check], inserts, scope=[1], proof=proof(inserts)), 10)
    assert standing.cuts == 1
    async with database.read() as s:
        rows = await s.rows("SELECT number FROM engage_link WHERE {scope}", scope=[1])
    assert (kept, rows) == ((True, [(1,)]) if when == "after" else (False, []))


# --- bounds -----------------------------------------------------------------------------------------------------


async def test_more_readers_than_connections_wait_for_one(database: Database) -> None:
    inside = 0
    full = asyncio.Event()

    async def read() -> int:
        nonlocal inside
        async with database.read() as s:
            await s.rows("SELECT 1", scope=[])
            inside += 1
            met = inside
            if inside == READERS:
                full.set()
            await full.wait()
            await asyncio.sleep(0.005)
            inside -= 1
            return met

    assert max(await asyncio.wait_for(asyncio.gather(*(read() for _ in range(40))), 10)) == READERS


async def test_who_waits_too_long_for_a_connection_is_told(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = asyncio.Event()
    held = asyncio.Barrier(WRITERS + 1)

    async def slow(tx: Transaction) -> None:
        await held.wait()
        await go_on.wait()
        raise KeyError

    writing = [asyncio.create_task(database.write(slow)) for _ in range(WRITERS)]
    await held.wait()
    with monkeypatch.context() as patch:
        patch.setattr(postgres_connections, "ACQUIRE_SECONDS", 0.05)
        with pytest.raises(Unavailable, match="no connection"):
            await database.write(lambda tx: add(tx, 2))
    assert await stored(database) == set(), "reading goes on"
    go_on.set()
    await asyncio.gather(*writing, return_exceptions=True)
    assert await database.write(lambda tx: add(tx, 3)) == 3


async def test_sessions_are_set_as_documented(database: Database, place: Place) -> None:
    asked = "SELECT name, setting FROM pg_settings WHERE name = ANY($1)"
    names = [
        *postgres_connections.SETTINGS,
        "synchronous_commit",
        "application_name",
        "default_transaction_read_only",
    ]
    server = dict(place.rows("SELECT name, setting FROM pg_settings"))
    assert server["synchronous_commit"] == "off", "the tests' server is careless"
    for connections, read_only in ((backend(database)._readers, "on"), (backend(database)._writers, "off")):
        connection = await connections.acquire()
        found = dict(await connection.fetch(asked, names))
        await connections.release(connection)
        assert found["synchronous_commit"] == "on"
        assert found["application_name"] == "engage"
        assert found["default_transaction_read_only"] == read_only
        assert found["lock_timeout"] == "30000"
        assert found["enable_seqscan"] == "off"


class Cancelling:
    """Runs a task and cancels it at its n-th await, whatever waits there."""

    def __init__(self, at: int) -> None:
        self.at = at
        self.count = 0

    @types.coroutine
    def steps(self, work: Coroutine[Any, Any, Any]) -> Generator[Any, Any, Any]:
        error: BaseException | None = None
        while True:
            try:
                waited = work.send(None) if error is None else work.throw(error)
            except StopIteration as end:
                return end.value
            self.count += 1
            if self.count == self.at:
                task = asyncio.current_task()
                assert task is not None
                task.cancel()
            error = None
            try:
                yield waited
            except BaseException as raised:  # noqa: BLE001 - handed to the work, whatever it is
                error = raised

    async def run(self, work: Coroutine[Any, Any, Any]) -> None:
        await self.steps(work)


@pytest.mark.parametrize("what", ["read", "snapshot", "write", "orm"])
async def test_a_caller_cancelled_at_any_await_costs_no_connection(database: Database, what: str) -> None:
    """Tortoise's own client lost one of its pool each time."""

    async def read() -> None:
        async with database.read() as s:
            await s.rows("SELECT start FROM engage_term WHERE {scope}", scope=[1])
            await s.rows("SELECT start FROM engage_term WHERE {scope}", scope=[1, 2])

    async def snapshot() -> None:
        async with database.snapshot() as s:
            await s.rows("SELECT start FROM engage_term WHERE {scope}", scope=[1])
            await s.rows("SELECT start FROM engage_term WHERE {scope}", scope=[1, 2])

    async def orm() -> None:
        async with database.read():
            await Setting.all().count()
            await list_keys()

    async def write() -> None:
        await database.write(lambda tx: add(tx, 1, rows=0))

    works = {"read": read, "snapshot": snapshot, "write": write, "orm": orm}
    for fresh in (True, False):
        for at in range(1, 400):
            if fresh:
                for connections in (backend(database)._readers, backend(database)._writers):
                    await connections._pool.expire_connections()
            cancelling = Cancelling(at)
            task = asyncio.create_task(cancelling.run(works[what]()))
            await asyncio.wait([task])
            await asyncio.wait_for(stored(database), 5)
            if cancelling.count < at:
                break
        else:
            raise AssertionError("it never ended")
        assert at > 1
    while database._running:
        await asyncio.wait(database._running)
    for connections, most in ((backend(database)._readers, READERS), (backend(database)._writers, WRITERS)):
        async with asyncio.timeout(5):
            held = [await connections.acquire() for _ in range(most)]
        for connection in held:
            await connections.release(connection)


def test_a_database_is_opened_anew_in_another_loop(place: Place) -> None:
    """Tortoise's own client warns, and leaves what it had."""

    async def use(number: int) -> set[int]:
        opened = await Database.open(place.url)
        try:
            await opened.write(lambda tx: add(tx, number))
            async with opened.read():
                await Setting.all().count()
            return await stored(opened)
        finally:
            await opened.close()

    assert [asyncio.run(use(number)) for number in (1, 2)] == [{1}, {1, 2}]


# --- opening ----------------------------------------------------------------------------------------------------


async def test_one_kind_of_database_at_a_time(database: Database, tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match="not with both"):
        await migrate(f"sqlite:///{tmp_path / 'engage.db'}")


async def test_a_missing_driver_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(databases, "find_spec", lambda name: None)
    with pytest.raises(InvalidRequest, match=r"pip install 'engage\[postgres\]'"):
        await Database.open("postgresql://h/d")


@pytest.mark.parametrize("scheme", ["postgres", "postgresql"])
async def test_both_spellings_of_the_scheme_are_known(place: Place, scheme: str) -> None:
    opened = await Database.open(place.url.replace("postgresql", scheme, 1))
    await opened.close()


@pytest.mark.parametrize(
    "change, error, words",
    [
        (lambda url: url.replace("engage@", "stranger@"), Unavailable, "stranger"),
        (lambda url: url.replace("@/", "@/no"), Unavailable, "does not exist"),
        (lambda url: url.replace("host=/", "host=/nowhere/"), Unavailable, "No such file"),
        (lambda url: f"{url}&not_a_setting=1", Unavailable, "not_a_setting"),
        (lambda url: "postgresql://127.0.0.1:port/d", InvalidRequest, "not a database URL"),
        (lambda url: "postgresql://127.0.0.1:1/d", Unavailable, "127.0.0.1"),
    ],
)
async def test_what_cannot_be_opened_is_said_in_one_line(
    place: Place, change: Callable[[str], str], error: type[Exception], words: str
) -> None:
    for attempt in (migrate, Database.open):
        with pytest.raises(error, match=words) as caught:
            await attempt(change(place.url))
        assert "\n" not in str(caught.value)


async def test_a_database_that_cannot_hold_every_text_is_refused(places: Places) -> None:
    name = f"ascii_{id(places)}"
    places.server.execute(
        "postgres",
        f"CREATE DATABASE {name} ENCODING 'SQL_ASCII' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'",
    )
    try:
        for attempt in (migrate, Database.open):
            with pytest.raises(InvalidRequest, match="SQL_ASCII"):
                await attempt(places.server.url(name))
    finally:
        places.server.drop(name)
