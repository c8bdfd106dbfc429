"""SQLite: one file, one writer, a few readers, and the client through which Tortoise uses the same connections.

Tortoise's stock client has one connection and one lock for everything, and a cancelled request can leave that lock
taken for ever. Here a transaction is run by `Database.write`, in a task of its own that no request can cancel; reads
go to connections that cannot write and never wait for the writer.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from functools import lru_cache
from itertools import chain, cycle
from typing import Any, TypeVar

import aiosqlite
from pypika_tortoise.dialects import SQLLiteQuery
from tortoise.backends.base.client import BaseDBAsyncClient, Capabilities
from tortoise.backends.sqlite.executor import SqliteExecutor
from tortoise.backends.sqlite.schema_generator import SqliteSchemaGenerator
from tortoise.exceptions import IntegrityError, OperationalError

from engage.errors import Unavailable
from engage.store.orm import ALIAS, WithinWrite, using
from engage.store.scope import EveryCompany, Scope, check_insert, check_keys, expand_marks, refuse_unscoped
from engage.store.statements import OUTLIVED, Check, Insert, Row, Statements, Transaction, Work

T = TypeVar("T")

READERS = 2
BUSY_SECONDS = 30
"""How long a transaction waits for another process (the command line beside a running service)."""
ROWS_PER_STATEMENT = (1024, 512, 256, 128, *range(64, 0, -1))
"""Rows go out in blocks of these sizes, so that a bounded number of statement texts serve every batch and stay
prepared. Each statement gives the interpreter away and waits for it, so few large ones: a small group is one for each
table."""
STATEMENTS_KEPT = 2_048
"""Prepared, by each connection: all sizes of all tables."""

_PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}",
    "PRAGMA cache_size = -32768",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA journal_size_limit = 67108864",
    # What was dropped is overwritten. Some builds of SQLite do so anyway, and some only when told.
    "PRAGMA secure_delete = ON",
)


class Connection:
    """One SQLite connection on one thread. `run` is one trip there and back, whatever the function does."""

    def __init__(self, raw: aiosqlite.Connection) -> None:
        self._raw = raw

    @classmethod
    async def open(cls, path: str, *, writable: bool) -> Connection:
        raw = await aiosqlite.connect(path, isolation_level=None, cached_statements=STATEMENTS_KEPT)
        connection = cls(raw)
        try:
            await connection.run(lambda driver: _prepare(driver, writable=writable))
        except BaseException:
            await raw.close()
            raise
        return connection

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        # aiosqlite offers no public way to run one function on its thread; a call per statement costs a trip each.
        execute: Callable[..., Awaitable[T]] = self._raw._execute
        return await execute(lambda: work(self._raw._conn))

    async def close(self) -> None:
        await self._raw.close()


class Lent:
    """The writer's connection for one transaction: a task that the transaction started, and that outlived it, would
    write into whoever's transaction comes next."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.over = False

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        assert not self.over, OUTLIVED
        return await self._connection.run(work)


def _open_at_hand(path: str) -> sqlite3.Connection:
    """A connection for this thread, to read with and never to wait."""
    driver = sqlite3.connect(path, isolation_level=None)
    try:
        _prepare(driver, writable=False)
        driver.execute("PRAGMA busy_timeout = 0").close()
    except BaseException:
        driver.close()
        raise
    return driver


def _prepare(driver: sqlite3.Connection, *, writable: bool) -> None:
    for pragma in _PRAGMAS:
        driver.execute(pragma).close()
    if not writable:
        driver.execute("PRAGMA query_only = ON").close()


def _blocks(rows: Sequence[T]) -> list[Sequence[T]]:
    blocks: list[Sequence[T]] = []
    start = 0
    for size in ROWS_PER_STATEMENT:
        while len(rows) - start >= size:
            blocks.append(rows[start : start + size])
            start += size
    return blocks


def _values(count: int, width: int) -> str:
    row = "(" + ", ".join("?" * width) + ")"
    return "VALUES " + ", ".join([row] * count)


def _look_up(driver: sqlite3.Connection, sql: str, keys: Sequence[Row]) -> list[Row]:
    found: list[Row] = []
    for block in _blocks(keys):
        text = sql.replace("{keys}", f"({_values(len(block), len(block[0]))})")
        found += driver.execute(text, list(chain.from_iterable(block)))
    return found


def _insert(driver: sqlite3.Connection, writes: Sequence[Insert]) -> None:
    for sql, rows in writes:
        for block in _blocks(rows):
            text = sql.replace("{rows}", _values(len(block), len(block[0])))
            driver.execute(text, list(chain.from_iterable(block)))


def expand_scope(sql: str, scope: Scope) -> tuple[str, list[int]]:
    """The statement with its {scope} marks written out, and the company ids to bind in their place."""
    if isinstance(scope, EveryCompany):
        return _expanded(sql, None)[0], []
    ids = sorted(scope)
    text, marks = _expanded(sql, len(ids))
    return text, ids * marks


@lru_cache(maxsize=1024)
def _expanded(sql: str, companies: int | None) -> tuple[str, int]:
    """The statement for so many companies, None for all, and how many marks it had."""
    marks = 0

    def condition(column: str) -> str:
        nonlocal marks
        marks += 1
        if companies is None:
            return "1 = 1"
        return f"{column} = ?" if companies == 1 else f"{column} IN ({', '.join('?' * companies)})"

    return expand_marks(sql, condition), marks


class SqliteStatements(Statements):
    """`Statements` on one connection. Entering and leaving one is nothing: each statement is a trip of its own."""

    def __init__(self, connection: Connection | Lent) -> None:
        self.connection = connection

    async def __aenter__(self) -> SqliteStatements:
        return self

    async def __aexit__(self, *_: object) -> None:
        pass

    async def rows(self, sql: str, params: Sequence[Any] = (), *, scope: Scope) -> list[Row]:
        text, bound = expand_scope(sql, scope)
        arguments = (*bound, *params)
        return await self.connection.run(lambda driver: driver.execute(text, arguments).fetchall())

    async def lookup(self, sql: str, keys: Sequence[Row], *, scope: Scope) -> list[Row]:
        check_keys(sql, keys, scope)
        if not keys:
            return []
        return await self.connection.run(lambda driver: _look_up(driver, sql, keys))


class SqliteReading(SqliteStatements):
    """`SqliteStatements` that read a few rows on the spot, on a connection of the loop's own thread.

    A read never waits for the writer. Should it have to wait for anything else (a file that somebody holds for
    himself alone), that is for a thread to do.
    """

    def __init__(self, connection: Connection, at_hand: sqlite3.Connection) -> None:
        super().__init__(connection)
        self._at_hand = at_hand

    async def few(self, sql: str, params: Sequence[Any] = (), *, scope: Scope) -> list[Row]:
        text, bound = expand_scope(sql, scope)
        try:
            return self._at_hand.execute(text, (*bound, *params)).fetchall()
        except sqlite3.OperationalError:
            return await self.rows(sql, params, scope=scope)


class SqliteTransaction(SqliteStatements, Transaction):
    """`Transaction` on the connection that writes, between BEGIN IMMEDIATE, which is the lock on everything, and
    COMMIT."""

    locks_rows = False

    async def lookup(self, sql: str, keys: Sequence[Row], *, scope: Scope, lock: bool = False) -> list[Row]:
        return await super().lookup(sql, keys, scope=scope)

    async def insert(self, writes: Sequence[Insert], *, scope: Scope) -> None:
        for sql, rows in writes:
            check_insert(sql, rows, scope)
        if not any(rows for _, rows in writes):
            return  # most commits hold, release and reject nothing: no trip to the writer's thread for that

        await self.connection.run(lambda driver: _insert(driver, writes))

    async def execute(self, sql: str, params: Sequence[Any] = (), *, scope: Scope) -> int:
        text, bound = expand_scope(sql, scope)
        arguments = (*bound, *params)
        return await self.connection.run(lambda driver: driver.execute(text, arguments).rowcount)


class Sqlite:
    """The open file."""

    engine = "engage.store.sqlite"
    one_company_per_transaction = False

    def __init__(
        self, path: str, writer: Connection, readers: list[Connection], at_hand: sqlite3.Connection
    ) -> None:
        self.path = path
        self._at_hand = at_hand
        self.credentials: dict[str, Any] = {"sqlite": self}
        self.writer = writer
        self._readers = readers
        self._next_reader = cycle(readers)
        self._turn = asyncio.Lock()

    @classmethod
    async def open(cls, path: str) -> Sqlite:
        """Raises Unavailable when the file cannot be opened."""
        opened: list[Connection] = []
        try:
            opened.append(await Connection.open(path, writable=True))
            opened += [await Connection.open(path, writable=False) for _ in range(READERS)]
            at_hand = _open_at_hand(path)
        except BaseException as error:
            for connection in opened:
                await connection.close()
            if isinstance(error, sqlite3.Error):
                raise Unavailable(f"cannot open {path}: {error}") from error
            raise
        return cls(path, opened[0], opened[1:], at_hand)

    async def close(self) -> None:
        async with self._turn:
            for connection in (self.writer, *self._readers):
                await connection.close()
            self._at_hand.close()

    def reader(self) -> Connection:
        return next(self._next_reader)

    def reading(self) -> SqliteReading:
        return SqliteReading(self.reader(), self._at_hand)

    @asynccontextmanager
    async def sole(self, what: str) -> AsyncIterator[bool]:
        """One process serves a file."""
        yield True

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[SqliteStatements]:
        """On a connection of its own. While it is open the write-ahead log cannot be folded back into the file."""
        connection = await Connection.open(self.path, writable=False)
        try:
            await connection.run(lambda driver: driver.execute("BEGIN").close())
            yield SqliteStatements(connection)
        finally:
            await asyncio.shield(connection.close())

    async def transact(self, work: Work[T]) -> T:
        async with self._turn:
            lent = Lent(self.writer)
            try:
                await self.writer.run(lambda driver: driver.execute("BEGIN IMMEDIATE").close())
                with using(OrmTransaction(self, lent, connection_name=ALIAS)):
                    result = await work(SqliteTransaction(lent))
                lent.over = True
                await self.writer.run(lambda driver: driver.execute("COMMIT").close())
            except BaseException:
                # Also when cancelled while one of the two statements ran, which only a loop that ends does.
                lent.over = True
                await self.writer.run(lambda driver: driver.rollback())
                raise
        return result

    async def insert_if(
        self, checks: Sequence[Check], writes: Sequence[Insert], scope: Scope, proof: Check | None
    ) -> bool:
        """A whole transaction in one trip: the writes, if every check finds what it expects. False: nothing done."""
        for check in checks:
            check_keys(check.sql, check.keys, scope)
        for sql, rows in writes:
            check_insert(sql, rows, scope)

        def work(driver: sqlite3.Connection) -> bool:
            driver.execute("BEGIN IMMEDIATE").close()
            for check in checks:
                found = _look_up(driver, check.sql, check.keys) if check.keys else driver.execute(check.sql)
                if set(found) - check.blank != check.expected:
                    driver.rollback()
                    return False
            _insert(driver, writes)
            driver.execute("COMMIT").close()
            return True

        async with self._turn:
            try:
                return await self.writer.run(work)
            except BaseException:
                await self.writer.run(lambda driver: driver.rollback())
                raise

    async def forget(self) -> None:
        """Fold the write-ahead log into the file and cut it off: it has pages as they were. Where somebody still reads
        one of them it stays for now; nobody is waited for."""

        def work(driver: sqlite3.Connection) -> None:
            driver.execute("PRAGMA busy_timeout = 0").close()
            try:
                driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").close()
            finally:
                driver.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}").close()

        async with self._turn:
            await self.writer.run(work)

    def trouble(self, error: Exception) -> str | None:
        """A file that is locked, full, read-only, damaged or gone, whether found by our statements or by the ORM's.
        Subclasses of these errors tell of mistakes of ours."""
        told = type(error) in (sqlite3.OperationalError, sqlite3.DatabaseError, OperationalError)
        return str(error) if told else None


class OrmClient(BaseDBAsyncClient):
    """Tortoise's view of the file, for the everyday host-level tables."""

    executor_class = SqliteExecutor
    query_class = SQLLiteQuery
    schema_generator = SqliteSchemaGenerator
    capabilities = Capabilities(
        "sqlite",
        daemon=False,
        requires_limit=True,
        inline_comment=True,
        support_for_update=False,
        support_update_limit_order_by=False,
        can_rollback_ddl=True,
        support_returning=True,
    )

    def __init__(self, sqlite: Sqlite, connection: Lent | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.sqlite = sqlite
        self.connection = connection
        """The writer's connection inside a transaction, else None: statements outside one only read."""

    async def create_connection(self, with_db: bool) -> None:
        """Nothing to do: `Database` opened the file."""

    async def close(self) -> None:
        """Nothing to do: `Database` closes the file."""

    async def _run(self, query: str, work: Callable[[sqlite3.Connection], T]) -> T:
        refuse_unscoped(query)
        connection = self.connection or self.sqlite.reader()
        try:
            return await connection.run(work)
        except sqlite3.IntegrityError as error:
            raise IntegrityError(error) from error
        except sqlite3.OperationalError as error:
            raise OperationalError(error) from error

    async def execute_insert(self, query: str, values: list[Any]) -> Any:
        return await self._run(query, lambda driver: driver.execute(query, values).lastrowid)

    async def execute_many(self, query: str, values: list[list[Any]]) -> None:
        await self._run(query, lambda driver: driver.executemany(query, values).close())

    async def execute_query(
        self, query: str, values: list[Any] | None = None
    ) -> tuple[int, Sequence[dict[str, Any]]]:
        def work(driver: sqlite3.Connection) -> tuple[int, Sequence[dict[str, Any]]]:
            cursor = driver.execute(query, values or [])
            cursor.row_factory = sqlite3.Row
            rows = cursor.fetchall()
            return max(cursor.rowcount, len(rows)), rows

        return await self._run(query, work)

    async def execute_query_dict(self, query: str, values: list[Any] | None = None) -> list[dict[str, Any]]:
        _, rows = await self.execute_query(query, values)
        return [dict(row) for row in rows]


class OrmTransaction(OrmClient, WithinWrite):
    """The same inside `Sqlite.transact`."""


client_class = OrmClient
