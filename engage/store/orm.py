"""Tortoise in its place: the everyday, host-level tables, on the connections that `database` opened.

Tortoise keeps much of its state per process: prepared statements by alias and table, the dialect of a model's queries.
So one alias of our own, and one kind of database at a time in a process; see `one_dialect`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pkgutil import iter_modules
from typing import Any, Final
from weakref import WeakSet

from tortoise.backends.base.client import BaseDBAsyncClient, TransactionalDBClient
from tortoise.backends.base.executor import EXECUTOR_CACHE
from tortoise.connection import get_connections
from tortoise.context import TortoiseContext
from tortoise.router import router
from tortoise.timezone import _reset_timezone_cache

from engage.errors import InvalidRequest

ALIAS: Final = "engage"


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
    return "engage.migrations" if find_spec("engage.migrations") else "migrations"


APPLIED: Final = f"SELECT name FROM tortoise_migrations WHERE app = '{ALIAS}'"


def is_newest(applied: Iterable[str]) -> bool:
    """Whether these migrations are all there are. To ask the ledger itself takes a tenth of the time that Tortoise
    takes to find nothing to do, which every start would wait for."""
    found = find_spec(_migrations_module())
    assert found is not None
    return set(applied) == {module.name for module in iter_modules(found.submodule_search_locations)}


async def begin(context: TortoiseContext, config: dict[str, Any]) -> None:
    """Tortoise keeps its time zone and routers per process, and with a context of ours it takes those of a host
    application away. Ours need neither: times are stored as numbers."""
    zone = {name: os.environ.get(name) for name in ("USE_TZ", "TIMEZONE")}
    routers = router._routers
    try:
        await context.init(config=config)
    finally:
        for name, value in zone.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        _reset_timezone_cache()
        router._routers = routers


@contextmanager
def using(client: BaseDBAsyncClient) -> Iterator[None]:
    """ORM queries go through this client, in this task."""
    connections = get_connections()
    token = connections.set(ALIAS, client)
    try:
        yield
    finally:
        connections.reset(token)


class WithinWrite(TransactionalDBClient):
    """For the client inside `Database.write`, which alone begins, commits and rolls back."""

    async def _not_here(self) -> None:
        raise AssertionError("only Database.write begins, commits and rolls back")

    begin = commit = rollback = _not_here
    savepoint = savepoint_rollback = release_savepoint = _not_here


class Opened:
    """Stands for an open database of one dialect; `close` it with the database."""

    def __init__(self, dialect: str) -> None:
        self.dialect = dialect

    def close(self) -> None:
        _opened.discard(self)


_opened: WeakSet[Opened] = WeakSet()
_last_dialect: list[str] = []


def one_dialect(dialect: str) -> Opened:
    """To be called before Tortoise learns of a database. Raises InvalidRequest while one of another kind is open: it
    would send the one's statements to the other."""
    if any(other.dialect != dialect for other in _opened):
        raise InvalidRequest("a process works with SQLite or with PostgreSQL, not with both at once")
    if _last_dialect != [dialect]:
        EXECUTOR_CACHE.clear()
        _last_dialect[:] = [dialect]
    opened = Opened(dialect)
    _opened.add(opened)
    return opened
