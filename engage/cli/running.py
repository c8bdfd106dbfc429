"""Running one action against the database a command names."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from engage.errors import NotFound
from engage.settings import read_settings

if TYPE_CHECKING:
    from engage.store.database import Database

T = TypeVar("T")

DatabaseUrl = Annotated[
    str | None,
    typer.Option(
        "--database",
        metavar="URL",
        help="The database; else ENGAGE_DATABASE_URL, else sqlite:///engage.db in this folder.",
        show_default=False,
    ),
]


def with_database(url: str | None, work: Callable[[Database], Awaitable[T]], *, create: bool = True) -> T:
    """Run `work` with the database, migrated if it is new or behind. Without `create` a file that is not there is an
    error: an empty one would answer a mistyped name with a report of nothing."""
    url = read_settings(database_url=url).database_url

    from engage.store.database import Database, is_postgres, sqlite_path
    from engage.store.migrate import migrate

    if not create and not is_postgres(url) and not (path := Path(sqlite_path(url))).exists():
        raise NotFound(f"there is no database {path}; name it with --database or ENGAGE_DATABASE_URL")

    async def opened() -> T:
        await migrate(url)
        database = await Database.open(url)
        try:
            return await work(database)
        finally:
            await database.close()

    return asyncio.run(opened())
