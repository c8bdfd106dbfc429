"""Copying the database while others use it: one file, as of one moment.

Owns how the copy is read and checked; must not know where it goes in the end. SQLite's own backup starts over
whenever another connection commits, so beside a busy service it never ends: here one read transaction is held open
around it. The writer goes on meanwhile; what it commits stays in the write-ahead log until the copy is done.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Final

from engage.errors import InvalidRequest, Unavailable

LAST_BACKUP: Final = "last_backup"
"""The setting that says when the newest backup began, microseconds UTC."""
PAGES_PER_STEP: Final = 256
STEPS_PER_SYNC: Final = 32
"""Synced every 32 MiB or so: a gigabyte synced at the end held up the service's commits for half a second."""
BUSY_SECONDS: Final = 30

Listener = Callable[[int, int], None]
"""Told how many pages are copied, of how many."""


def copy_sqlite(source: Path, target: Path, listen: Listener = lambda done, total: None) -> None:
    """Copy what is committed by now into the empty file `target`, durably. Memory does not grow with the file.

    Raises Unavailable when one cannot be read or the other not written, InvalidRequest when `source` is not ours.
    """
    steps = 0

    def step(_: int, remaining: int, total: int) -> None:
        nonlocal steps
        steps += 1
        if steps % STEPS_PER_SYNC == 0:
            os.fsync(synced)
        listen(total - remaining, total)

    # Open as long as SQLite has the file open: closing it would drop the locks of the whole process.
    synced = os.open(target, os.O_RDWR)
    try:
        with closing(_open(source)) as origin, closing(sqlite3.connect(target, isolation_level=None)) as copy:
            # Until it is renamed the copy is nothing, so it needs no journal; and it is synced here.
            for pragma in ("journal_mode = OFF", "synchronous = OFF"):
                copy.execute(f"PRAGMA {pragma}").close()
            origin.execute("BEGIN").close()
            _refuse_other_files(origin, source)
            origin.backup(copy, pages=PAGES_PER_STEP, progress=step)
        os.fsync(synced)
    except sqlite3.Error as error:
        raise Unavailable(f"cannot copy {source}: {error}") from error
    finally:
        os.close(synced)


def _open(source: Path) -> sqlite3.Connection:
    driver = sqlite3.connect(source, isolation_level=None, timeout=BUSY_SECONDS)
    driver.execute("PRAGMA query_only = ON").close()
    return driver


def _refuse_other_files(origin: sqlite3.Connection, source: Path) -> None:
    """The first statement, which is when the transaction begins to see the file as it is."""
    known = origin.execute("SELECT 1 FROM sqlite_master WHERE name = 'engage_company'").fetchone()
    if known is None:
        raise InvalidRequest(f"{source} is no database of Engage")


def free_bytes(path: Path) -> int:
    """Room within the file, left by what was dropped, that what comes next will fill."""
    try:
        with closing(_open(path)) as driver:
            [pages] = driver.execute("PRAGMA freelist_count").fetchone()
            [size] = driver.execute("PRAGMA page_size").fetchone()
    except sqlite3.Error as error:
        raise Unavailable(f"cannot read {path}: {error}") from error
    return int(pages) * int(size)


def check_copy(path: Path) -> str | None:
    """What SQLite finds wrong with a copy, or None. Reads all of it, and leaves no file beside it."""
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?immutable=1", uri=True)) as driver:
            found = driver.execute("PRAGMA quick_check(1)").fetchone()[0]
    except sqlite3.Error as error:
        return str(error)
    return None if found == "ok" else str(found)


def note_backup(source: Path, began_at: int) -> None:
    """Remember in the database when its newest backup began. Raises Unavailable."""
    sql = (
        "INSERT INTO engage_setting (name, value) VALUES (?, ?) "
        "ON CONFLICT (name) DO UPDATE SET value = excluded.value"
    )
    try:
        with closing(sqlite3.connect(source, isolation_level=None, timeout=BUSY_SECONDS)) as driver:
            driver.execute(sql, (LAST_BACKUP, str(began_at))).close()
    except sqlite3.Error as error:
        raise Unavailable(f"cannot write {source}: {error}") from error
