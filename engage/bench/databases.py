"""Databases for a round: fresh, migrated, with a program in force and a server key. Each round gets its own copy."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct

from engage.actions.keys import create_key
from engage.actions.publish import publish
from engage.document import read_program
from engage.store.database import SQLITE_SCHEME, Database
from engage.store.migrate import migrate


class Prepared(Struct, frozen=True):
    """A database as a template, and the key that is in it."""

    url: str
    key: str


async def _prepare(url: str, document: str) -> str:
    await migrate(url)
    database = await Database.open(url)
    try:
        found = read_program(document)
        assert found.program is not None, found.problems
        await publish(database, found.program, document, company=None, actor="bench", now=1)
        return await create_key(database, "server")
    finally:
        await database.close()


def prepare_sqlite(folder: Path, document: str) -> Prepared:
    """A migrated file with the program as the host's default."""
    url = f"{SQLITE_SCHEME}{folder / 'template.db'}"
    return Prepared(url, asyncio.run(_prepare(url, document)))


@contextmanager
def sqlite_copy(template: Prepared, name: str) -> Iterator[str]:
    """The URL of a copy, which is gone afterwards."""
    source = Path(template.url.removeprefix(SQLITE_SCHEME))
    copy = source.with_name(name)
    shutil.copyfile(source, copy)  # nobody has it open, so all of it is in the file
    try:
        yield f"{SQLITE_SCHEME}{copy}"
    finally:
        for path in copy.parent.glob(f"{copy.name}*"):
            path.unlink()
