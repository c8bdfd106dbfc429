"""The databases of a round: fresh, migrated, with a program in force and a server key, each a copy of one template.

Owns what differs between SQLite and PostgreSQL for the cases: how a template is made and copied, how rows are
replayed by the driver alone, and which processes are the database's own.
"""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit, urlunsplit

from msgspec import Struct

from engage.actions.keys import create_key
from engage.actions.publish import publish
from engage.bench import raw_sqlite
from engage.bench.recording import Commit
from engage.bench.usage import Spent, family
from engage.document import read_program
from engage.store.database import SQLITE_SCHEME, Database
from engage.store.migrate import migrate


class Prepared(Struct, frozen=True):
    """A database as a template, and the key that is in it."""

    url: str
    key: str


class Engine(Protocol):
    def prepare(self, folder: Path, document: str) -> Prepared:
        """A migrated database with the program as the host's default."""

    def copy(self, template: Prepared) -> AbstractContextManager[str]:
        """The URL of a copy of a database that nobody has open. It is gone afterwards."""

    def replay(self, commits: Sequence[Commit], before: int) -> Callable[[str], Spent]:
        """What writes the commits into the database of a URL, and says what all but those `before` took."""

    def fill(self, url: str, statements: Sequence[str]) -> None:
        """Run statements that make many rows of few, quickly; the database is lost if that is cut short."""

    def columns(self, url: str, table: str) -> list[str]: ...

    def cpu_seconds(self) -> float:
        """Processor time of the database's own processes so far."""


async def prepare(url: str, document: str) -> Prepared:
    """Migrate, publish and make a key."""
    await migrate(url)
    database = await Database.open(url)
    try:
        found = read_program(document)
        assert found.program is not None, found.problems
        await publish(database, found.program, document, company=None, actor="bench", now=1)
        return Prepared(url, await create_key(database, "server"))
    finally:
        await database.close()


class Sqlite:
    """Files in the case's folder."""

    def __init__(self) -> None:
        self._made = 0

    def prepare(self, folder: Path, document: str) -> Prepared:
        return asyncio.run(prepare(f"{SQLITE_SCHEME}{folder / 'template.db'}", document))

    @contextmanager
    def copy(self, template: Prepared) -> Iterator[str]:
        source = file_of(template.url)
        self._made += 1
        copy = source.with_name(f"copy-{self._made}.db")
        shutil.copyfile(source, copy)
        try:
            yield f"{SQLITE_SCHEME}{copy}"
        finally:
            for path in copy.parent.glob(f"{copy.name}*"):
                path.unlink()

    def replay(self, commits: Sequence[Commit], before: int) -> Callable[[str], Spent]:
        flat = [raw_sqlite.flatten(commit) for commit in commits]
        return lambda url: raw_sqlite.replay(str(file_of(url)), flat[:before], flat[before:])

    def fill(self, url: str, statements: Sequence[str]) -> None:
        with closing(sqlite3.connect(file_of(url), isolation_level=None)) as driver:
            for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -1000000"):
                driver.execute(f"PRAGMA {pragma}").fetchall()
            driver.execute("BEGIN")
            for statement in statements:
                driver.execute(statement)
            driver.execute("COMMIT")
            driver.execute("PRAGMA journal_mode = WAL").fetchall()

    def columns(self, url: str, table: str) -> list[str]:
        with closing(sqlite3.connect(file_of(url))) as driver:
            return [row[1] for row in driver.execute(f"PRAGMA table_info({table})")]

    def cpu_seconds(self) -> float:
        return 0.0  # it lives in the service's process


def file_of(url: str) -> Path:
    return Path(url.removeprefix(SQLITE_SCHEME))


class Postgres:
    """Databases on a server. `postmaster`: its process, where it is one of this machine's and ours to look at."""

    def __init__(self, url: str, postmaster: int | None = None) -> None:
        self.url = url
        self.postmaster = postmaster
        self._made = 0

    def prepare(self, folder: Path, document: str) -> Prepared:
        return asyncio.run(prepare(self._create("template1"), document))

    @contextmanager
    def copy(self, template: Prepared) -> Iterator[str]:
        url = self._create(urlsplit(template.url).path.removeprefix("/"))
        try:
            yield url
        finally:
            self._run(self.url, f"DROP DATABASE {urlsplit(url).path.removeprefix('/')} WITH (FORCE)")

    def replay(self, commits: Sequence[Commit], before: int) -> Callable[[str], Spent]:
        from engage.bench import raw_postgres

        flat = [raw_postgres.flatten(commit) for commit in commits]
        return lambda url: raw_postgres.replay(url, flat, before)

    def fill(self, url: str, statements: Sequence[str]) -> None:
        self._run(url, "SET synchronous_commit = off", *statements)
        self._run(url, "VACUUM ANALYZE", "CHECKPOINT")

    def columns(self, url: str, table: str) -> list[str]:
        from engage.bench import raw_postgres

        return asyncio.run(raw_postgres.columns(url, table))

    def cpu_seconds(self) -> float:
        return sum(one.cpu_seconds for one in family(self.postmaster)) if self.postmaster else 0.0

    def clear(self) -> None:
        """Drop what was made and not dropped yet."""
        for number in range(1, self._made + 1):
            self._run(self.url, f"DROP DATABASE IF EXISTS {_name(number)} WITH (FORCE)")

    def _create(self, template: str) -> str:
        self._made += 1
        name = _name(self._made)
        self._run(self.url, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        self._run(self.url, f"CREATE DATABASE {name} TEMPLATE {template} ENCODING 'UTF8'")
        return urlunsplit(urlsplit(self.url)._replace(path=f"/{name}"))

    def _run(self, url: str, *statements: str) -> None:
        from engage.bench import raw_postgres

        asyncio.run(raw_postgres.execute(url, statements))


def _name(number: int) -> str:
    return f"engage_bench_{number}"
