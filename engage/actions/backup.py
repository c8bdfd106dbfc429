"""Backing up: one durable, checked copy of the database under the name it was asked for, or nothing.

The copy is written beside its final name and renamed when it is whole, synced and checked, so a backup that is cut
short never looks like one.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from msgspec import Struct

from engage.errors import Conflict, InvalidRequest, Unavailable
from engage.store.backup import LAST_BACKUP, Listener, check_copy, copy_sqlite, note_backup
from engage.store.database import is_postgres, sqlite_path

PARTIAL: Final = ".partial"
LEFT_BESIDE: Final = ("-wal", "-shm", "-journal")
"""What SQLite may have left beside an older copy of that name, and would take for the new one's."""


class BackedUp(Struct, frozen=True):
    file: str
    bytes: int


def back_up(
    url: str, file: Path, *, force: bool = False, now: int, listen: Listener = lambda done, total: None
) -> BackedUp:
    """Copy the database to `file`: everything that was acknowledged before this was called, and nothing half done.

    On SQLite a database like the original, on PostgreSQL a dump for pg_restore. `now`, in microseconds UTC, is
    remembered as the time of the newest backup; `listen` is told of SQLite's pages. Raises Conflict when there is such
    a file and not `force`, InvalidRequest and Unavailable.
    """
    back_up_to = _back_up_postgres if is_postgres(url) else _back_up_sqlite
    if file.is_dir():
        raise InvalidRequest(f"{file} is a folder; name the file to write")
    if file.exists() and not force:
        raise Conflict(f"{file} exists; --force replaces it")
    back_up_to(url, file, now, listen)
    return BackedUp(str(file), file.stat().st_size)


def _back_up_sqlite(url: str, file: Path, now: int, listen: Listener) -> None:
    source = Path(sqlite_path(url))
    if not source.is_file():
        raise InvalidRequest(f"there is no database {source}")
    if file.exists() and file.samefile(source):
        raise InvalidRequest(f"{file} is the database itself")
    with _written_beside(file) as partial:
        copy_sqlite(source, partial, listen)
        damage = check_copy(partial)
        if damage is not None:
            raise Unavailable(f"{source} is damaged, and so would be its copy: {damage}")
        for suffix in LEFT_BESIDE:
            file.with_name(file.name + suffix).unlink(missing_ok=True)
        _rename(partial, file)
    with suppress(Unavailable):  # a database that cannot be written is a reason to have backed it up
        note_backup(source, now)


def _back_up_postgres(url: str, file: Path, now: int, _: Listener) -> None:
    from engage.store.postgres_backup import check_dump, dump_postgres, note_dump

    with _written_beside(file) as partial:
        dump_postgres(url, partial)
        damage = check_dump(partial)
        if damage is not None:
            raise Unavailable(f"the dump cannot be read back: {damage}")
        _rename(partial, file)
    with suppress(Unavailable):
        note_dump(url, LAST_BACKUP, str(now))


def _rename(partial: Path, file: Path) -> None:
    _sync(partial)
    partial.replace(file)
    _sync(file.parent)


@contextmanager
def _written_beside(file: Path) -> Iterator[Path]:
    """An empty file beside `file`, for its owner's eyes only; gone when its work fails."""
    partial = file.with_name(file.name + PARTIAL)
    descriptor = os.open(partial, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise Conflict(f"another backup is writing {file}") from error
        os.ftruncate(descriptor, 0)
        try:
            yield partial
        except BaseException:
            partial.unlink(missing_ok=True)
            raise
    finally:
        os.close(descriptor)


def _sync(path: Path) -> None:
    """A file, or a folder: a rename is durable once its folder is."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
