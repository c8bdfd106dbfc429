"""Opening the database, and the two ways to use it: `write` one transaction, or read.

A transaction runs in a task of its own, in a fresh context: a client that disconnects cannot cancel it half-way,
and nothing the caller carries in context variables leaks into it. Once started it ends by itself, committed or not.
"""

from __future__ import annotations

import asyncio
import contextvars
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Final, TypeVar

from tortoise.connection import get_connections
from tortoise.context import TortoiseContext, _current_context
from tortoise.exceptions import OperationalError

from engage.errors import InvalidRequest, Unavailable
from engage.store.scope import Scope
from engage.store.sqlite import Check, Connection, Insert, OrmTransaction, Sqlite, Statements, Transaction

T = TypeVar("T")

ALIAS: Final = "engage"
SQLITE_SCHEME: Final = "sqlite:///"


def sqlite_path(url: str) -> str:
    """The file of a `sqlite:///relative.db` or `sqlite:////absolute.db` URL."""
    if url.startswith(("postgres://", "postgresql://")):
        raise InvalidRequest("this release runs on SQLite; PostgreSQL is not supported yet")
    if not url.startswith(SQLITE_SCHEME) or not url.removeprefix(SQLITE_SCHEME):
        raise InvalidRequest(f"not a database URL: {url!r}; write sqlite:///engage.db")
    return url.removeprefix(SQLITE_SCHEME)


def orm_config(engine: str, credentials: dict[str, Any]) -> dict[str, Any]:
    return {
        "connections": {ALIAS: {"engine": engine, "credentials": credentials}},
        "apps": {
            ALIAS: {
                "models": ["engage.store.tables"],
                "default_connection": ALIAS,
                "migrations": _migrations_module(),
            }
        },
    }


def _migrations_module() -> str:
    """`migrations/` stands beside the package in a checkout and inside it in a wheel."""
    from importlib.util import find_spec

    return "engage.migrations" if find_spec("engage.migrations") else "migrations"


def database_in_use() -> object:
    """Stands for the database of the read or write that is going on: what is cached by a row's id belongs to one."""
    return _current_context.get()


@contextmanager
def _unavailable(what: str) -> Iterator[None]:
    """A file that is locked, full, read-only, damaged or gone, whether found by our statements or by the ORM's.

    Their subclasses tell of mistakes of ours and pass.
    """
    try:
        yield
    except (sqlite3.OperationalError, sqlite3.DatabaseError, OperationalError) as error:
        if type(error) not in (sqlite3.OperationalError, sqlite3.DatabaseError, OperationalError):
            raise
        raise Unavailable(f"{what}: {error}") from error


class Database:
    def __init__(self, url: str, sqlite: Sqlite, context: TortoiseContext) -> None:
        self.url = url
        self._sqlite = sqlite
        self._context = context
        self._running: set[asyncio.Task[Any]] = set()
        self._closed = False

    @classmethod
    async def open(cls, url: str) -> Database:
        """Open a migrated database. Raises Unavailable when the file cannot be opened."""
        try:
            sqlite = await Sqlite.open(sqlite_path(url))
        except sqlite3.Error as error:
            raise Unavailable(f"cannot open {sqlite_path(url)}: {error}") from error
        context = TortoiseContext()
        token = _current_context.set(context)
        try:
            await context.init(config=orm_config("engage.store.sqlite", {"sqlite": sqlite}))
        except BaseException:
            await sqlite.close()
            raise
        finally:
            _current_context.reset(token)
        return cls(url, sqlite, context)

    async def close(self) -> None:
        """Let running transactions end, then close. What is asked after this is Unavailable."""
        self._closed = True
        if self._running:
            await asyncio.wait(self._running)
        await self._sqlite.close()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Statements]:
        """Statements and ORM queries on a connection that cannot write. Each sees what is committed by then."""
        self._refuse_closed()
        token = _current_context.set(self._context)
        try:
            with _unavailable("the database cannot be read"):
                yield Statements(self._sqlite.reader())
        finally:
            _current_context.reset(token)

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Statements]:
        """Like `read`, but all statements see the database as it was at one moment, whatever is committed meanwhile.

        On a connection of its own. ORM queries are not part of the snapshot. While it is open the write-ahead log
        cannot be folded back into the file, so not for long.
        """
        self._refuse_closed()
        token = _current_context.set(self._context)
        try:
            with _unavailable("the database cannot be read"):
                connection = await Connection.open(self._sqlite.path, writable=False)
                try:
                    await connection.run(lambda driver: driver.execute("BEGIN").close())
                    yield Statements(connection)
                finally:
                    await asyncio.shield(connection.close())
        finally:
            _current_context.reset(token)

    def _refuse_closed(self) -> None:
        if self._closed:
            raise Unavailable("the database is closed")

    async def write(self, work: Callable[[Transaction], Awaitable[T]]) -> T:
        """Run `work` in one transaction: committed when this returns, nothing of it kept when it raises.

        ORM queries inside `work` belong to the same transaction. `work` must not start tasks.
        """
        return await self._to_the_end(self._transact(work))

    async def insert_if(self, checks: Sequence[Check], writes: Sequence[Insert], *, scope: Scope) -> bool:
        """Commit the rows if every check finds what it expects. False: it does not, and nothing was done."""
        return await self._to_the_end(self._insert_if(checks, writes, scope))

    async def _to_the_end(self, transaction: Coroutine[Any, Any, T]) -> T:
        try:
            self._refuse_closed()
        except Unavailable:
            transaction.close()
            raise
        task = asyncio.get_running_loop().create_task(transaction, context=contextvars.Context())
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            # The caller went away. The transaction ends by itself; whatever it raises has nobody to hear it.
            task.add_done_callback(lambda done: done.cancelled() or done.exception())
            raise

    async def _insert_if(self, checks: Sequence[Check], writes: Sequence[Insert], scope: Scope) -> bool:
        with _unavailable("the database cannot be written"):
            return await self._sqlite.insert_if(checks, writes, scope)

    async def _transact(self, work: Callable[[Transaction], Awaitable[T]]) -> T:
        _current_context.set(self._context)
        with _unavailable("the database cannot be written"):
            async with self._sqlite.transaction() as transaction:
                orm = OrmTransaction(self._sqlite, transaction.connection, connection_name=ALIAS)
                token = get_connections().set(ALIAS, orm)
                try:
                    return await work(transaction)
                finally:
                    get_connections().reset(token)
