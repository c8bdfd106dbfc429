"""Where a run may put databases: SQLite files, and a PostgreSQL server, its own unless one is named."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from engage.bench.databases import Engine, Postgres, Sqlite
from engage.bench.errors import CannotRun
from engage.errors import InvalidRequest

SETTINGS: Final = {
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "shared_buffers": "1GB",
    "max_wal_size": "8GB",
    "checkpoint_timeout": "15min",
}
"""Of a server of our own: durable, with room in memory, and no checkpoint in the middle of a round."""


class Places:
    """The engines of a run, each made when first asked for."""

    def __init__(self, postgres: str | None, folder: Path | None, held: ExitStack) -> None:
        self._named = postgres
        self._folder = folder
        self._held = held
        self._postgres: Postgres | None = None
        self._missing = ""
        self.postgres_told = ""
        """The version of the server and its settings, once asked for."""

    def sqlite(self) -> Engine:
        return Sqlite()

    def postgres(self) -> Postgres:
        """Raises CannotRun when there is none, in the same words each time."""
        if self._missing:
            raise CannotRun(self._missing)
        if self._postgres is None:
            try:
                self._postgres = self._found()
            except CannotRun as error:
                self._missing = error.message
                raise
        return self._postgres

    def clear(self) -> None:
        if self._postgres is not None:
            self._postgres.clear()

    def _found(self) -> Postgres:
        if find_spec("asyncpg") is None:
            raise CannotRun("PostgreSQL needs its driver: pip install 'engage[postgres]'")
        from engage.bench import raw_postgres
        from engage.bench.postgres_server import NoPostgres, PostgresServer

        if self._named is not None:
            engine = Postgres(self._named)
        else:
            try:
                server = self._held.enter_context(PostgresServer(self._folder, **SETTINGS))
            except NoPostgres as error:
                raise CannotRun(f"{error}; or name a server with --postgres") from error
            engine = Postgres(server.url("postgres"), server.postmaster)
        try:
            self.postgres_told = asyncio.run(raw_postgres.describe(engine.url))
        except (OSError, ValueError, raw_postgres.PostgresError) as error:
            raise InvalidRequest(f"--postgres: the server cannot be used: {error}") from error
        return engine
