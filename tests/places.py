"""Databases for tests, of both kinds: a migrated one of a test's own, and a look behind the service's back.

Owns how either is made quickly: a file is copied; a PostgreSQL database is lent, and emptied before it is lent again.
Statements here are written as SQLite has them.
"""

from __future__ import annotations

import asyncio
import re
import shutil
import sqlite3
import threading
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path
from typing import Any, Protocol

import asyncpg
import pytest

from engage.bench.postgres_server import PostgresServer
from engage.store import postgres_connections
from engage.store.database import Database
from engage.store.migrate import migrate
from engage.store.scope import PREFIX

DIALECTS = ("sqlite", "postgres")
GOODBYES = 20
ON_SQLITE = pytest.mark.parametrize("place", ["sqlite"], indirect=True)
"""For tests of what one kind alone has, or that prove the same of both by what they see above the store."""
ON_POSTGRES = pytest.mark.parametrize("place", ["postgres"], indirect=True)


class Place(Protocol):
    """One database, seen without the service."""

    url: str
    dialect: str

    def rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]: ...

    def change(self, sql: str, *values: object) -> None: ...

    def stored_bytes(self) -> bytes:
        """Everything that lies on the disk for it."""


class SqlitePlace:
    dialect = "sqlite"

    def __init__(self, path: Path) -> None:
        self.path = path
        self.url = f"sqlite:///{path}"

    def rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.path)) as driver:
            return driver.execute(sql, values).fetchall()

    def change(self, sql: str, *values: object) -> None:
        with closing(sqlite3.connect(self.path, isolation_level=None)) as driver:
            driver.execute(sql, values).close()

    def stored_bytes(self) -> bytes:
        return b"".join(path.read_bytes() for path in sorted(self.path.parent.glob(f"{self.path.name}*")))


class Session:
    """A connection that is kept: to open one for each look takes ten times as long as to look."""

    def __init__(self, url: str, loop: asyncio.AbstractEventLoop) -> None:
        self._url = url
        self._loop = loop
        self._connection: Any = None

    def execute(self, statement: str, *values: object) -> list[Any]:
        """As `PostgresServer.execute` does it."""
        return list(self._run(self._execute(statement, values)))

    def close(self) -> None:
        if self._connection is not None:
            self._run(self._connection.close(timeout=5))

    def _run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _execute(self, statement: str, values: tuple[object, ...]) -> list[Any]:
        if self._connection is None or self._connection.is_closed():
            self._connection = await asyncpg.connect(self._url, timeout=10, statement_cache_size=0)
        if values or ";" not in statement:
            found: list[Any] = await self._connection.fetch(statement, *values)
            return found
        await self._connection.execute(statement)
        return []


class PostgresPlace:
    dialect = "postgres"

    def __init__(self, server: PostgresServer, name: str, session: Session | None = None) -> None:
        self.server = server
        self.name = name
        self.url = server.url(name)
        self._session = session

    def rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        numbers = iter(range(1, 100))
        text = re.sub(r"\?", lambda _: f"${next(numbers)}", sql)
        text = re.sub(r"x'(\w*)'", r"'\\x\1'::bytea", text)
        if self._session is not None:
            return [tuple(row) for row in self._session.execute(text, *values)]
        return [tuple(row) for row in self.server.execute(self.name, text, *values)]

    def change(self, sql: str, *values: object) -> None:
        self.rows(sql, *values)

    def stored_bytes(self) -> bytes:
        """The files of its tables; the log before them is shared with every other database of the server."""
        self.server.execute(self.name, "CHECKPOINT")
        [(number,)] = self.rows("SELECT oid FROM pg_database WHERE datname = ?", self.name)
        files = sorted((self.server.data / "base" / str(number)).iterdir())
        return b"".join(file.read_bytes() for file in files)


@asynccontextmanager
async def turn_taken(place: Place) -> AsyncIterator[None]:
    """Somebody else writes and does not end while the block runs."""
    if isinstance(place, SqlitePlace):
        with closing(sqlite3.connect(place.path, isolation_level=None)) as driver:
            driver.execute("BEGIN IMMEDIATE")
            yield
        return
    connection = await asyncpg.connect(place.url)
    try:
        async with connection.transaction():
            await connection.execute("LOCK TABLE engage_head IN EXCLUSIVE MODE")
            yield
    finally:
        await connection.close()


@asynccontextmanager
async def held_up(database: Database, place: Place, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """The same, and the database's transactions wait for a moment only."""
    if place.dialect == "sqlite":
        await database.backend.writer.run(lambda driver: driver.execute("PRAGMA busy_timeout = 20").close())  # type: ignore[attr-defined]
    else:
        monkeypatch.setitem(postgres_connections.SETTINGS, "lock_timeout", "50ms")  # type: ignore[arg-type]
        await database.backend._writers._pool.expire_connections()  # type: ignore[attr-defined]
    async with turn_taken(place):
        yield


class Places:
    """Makes them; one for the whole session."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._migrated: Path | None = None
        self._server: PostgresServer | None = None
        self._template = ""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="sessions", daemon=True)
        self._sessions: dict[str, Session] = {}
        self._empty: list[str] = []
        self._emptying = ""

    def close(self) -> None:
        if self._server is not None:
            for session in self._sessions.values():
                session.close()
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._server.destroy()
        self._loop.close()

    @property
    def server(self) -> PostgresServer:
        """Started when it is first asked for. Raises NoPostgres, which says what to install."""
        if self._server is None:
            self._server = PostgresServer().__enter__()
            self._thread.start()
        return self._server

    @property
    def migrated_file(self) -> Path:
        if self._migrated is None:
            self._migrated = self._folder / "migrated.db"
            asyncio.run(migrate(f"sqlite:///{self._migrated}"))
        return self._migrated

    @property
    def migrated_database(self) -> str:
        """The name of a PostgreSQL database to copy."""
        if not self._template:
            self._template = self.server.create()
            asyncio.run(migrate(self.server.url(self._template)))
        return self._template

    @contextmanager
    def migrated(self, dialect: str, folder: Path, *, untouched: bool = False) -> Iterator[Place]:
        """A migrated database without a row; `untouched` without a trace of one, and for whoever alters more than
        rows: nobody else is lent it."""
        if dialect == "sqlite":
            shutil.copyfile(self.migrated_file, folder / "engage.db")
            yield SqlitePlace(folder / "engage.db")
        else:
            lent = self._empty and not untouched
            name = self._empty.pop() if lent else self.server.create(self.migrated_database)
            if name not in self._sessions:
                self._sessions[name] = Session(self.server.url(name), self._loop)
            yield PostgresPlace(self.server, name, self._sessions[name])
            if untouched:
                self._sessions.pop(name).close()
                self.server.drop(name)
            else:
                self._take_back(name, self._sessions[name])

    @contextmanager
    def new(self, dialect: str, folder: Path) -> Iterator[Place]:
        """A database that is not migrated; on SQLite not even there."""
        if dialect == "sqlite":
            yield SqlitePlace(folder / "engage.db")
        else:
            name = self.server.create()
            try:
                yield PostgresPlace(self.server, name)
            finally:
                self.server.drop(name)

    def _take_back(self, name: str, session: Session) -> None:
        """Empty it, which takes a tenth of the time of making one. A test that failed may have broken anything: what
        it used is left to the server's end."""
        if not self._emptying:
            tables = session.execute(f"SELECT relname, relkind FROM pg_class WHERE relname LIKE '{PREFIX}%'")
            self._emptying = "".join(f"DELETE FROM {table};" for table, kind in tables if kind == b"r")
            self._emptying += "".join(
                f"ALTER SEQUENCE {one} RESTART;" for one, kind in tables if kind == b"S"
            )
        self._see_off(name, session)
        session.execute(self._emptying)
        self._empty.append(name)

    @staticmethod
    def _see_off(name: str, session: Session) -> None:
        """Whoever is connected still, a killed server perhaps, must not write into the next test's. Told to go, a
        session that is committing commits first: so wait until each is gone."""
        for _ in range(GOODBYES):
            left = session.execute(
                "SELECT pg_terminate_backend(pid, 1000) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                " AND backend_type = 'client backend'",
            )
            if not left:
                return
        raise AssertionError(f"somebody writes to {name} still")
