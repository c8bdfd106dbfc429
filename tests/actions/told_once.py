"""Histories that many tests begin with: told once in a process, then copied into the place of a new host.

Knows nothing of what is told. PostgreSQL has no way to copy into a database that is open: there each is told anew.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from dataclasses import dataclass
from functools import wraps
from pathlib import Path

from engage.store.parquet import Folder
from tests.actions.host import Host
from tests.places import SqlitePlace


@dataclass
class Kept:
    """What a history left behind."""

    database: Path
    archives: list[Path]
    now: int
    sent: int


def told_once(tell: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
    """For a function that tells a new host a history, and may fill new archives."""
    told: list[Kept] = []

    @wraps(tell)
    async def tell_or_copy(host: Host, *folders: Folder) -> None:
        assert not host.sent, "it would be gone"
        if not isinstance(host.place, SqlitePlace):
            await tell(host, *folders)
        elif not told:
            await tell(host, *folders)
            kept = Kept(host.place.path.with_suffix(".told"), [], host.now, host.sent)
            _copy(host.place.path, kept.database)
            for folder in folders:
                kept.archives.append(folder.path.with_suffix(".told"))
                shutil.copytree(folder.path, kept.archives[-1])
            told.append(kept)
        else:
            [kept] = told
            _copy(kept.database, host.place.path)
            for folder, archive in zip(folders, kept.archives, strict=True):
                shutil.copytree(archive, folder.path, dirs_exist_ok=True)
            host.now, host.sent = kept.now, kept.sent

    return tell_or_copy


def _copy(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new)
