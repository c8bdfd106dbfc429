"""What a replay holds of a company's members while it runs, however many there are.

Owns a temporary SQLite database that has no name: the operating system frees its space when the process ends, however
it ends. Must not know what a state says.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Final

from engage.errors import Unavailable

CACHE_KIB: Final = 32768
ROWS_PER_READ: Final = 1000

Kept = tuple[int, bytes | None, bytes]
"""A member's number, state and balances; no state for a number that only transfers name."""


class Scratch:
    """Members by number. Use from one thread at a time."""

    def __init__(self) -> None:
        with _told():
            self._driver = sqlite3.connect("", isolation_level=None, check_same_thread=False)
            for pragma in (
                "journal_mode = OFF",
                "synchronous = OFF",
                "temp_store = FILE",
                f"cache_size = -{CACHE_KIB}",
            ):
                self._driver.execute(f"PRAGMA {pragma}").close()
            self._driver.execute(
                "CREATE TABLE member (number INTEGER PRIMARY KEY, state BLOB, balances BLOB)"
            ).close()

    def close(self) -> None:
        self._driver.close()

    def put(self, rows: Iterable[Kept]) -> None:
        with _told():
            self._driver.executemany("INSERT OR REPLACE INTO member VALUES (?, ?, ?)", rows).close()

    def get(self, number: int) -> Kept | None:
        with _told():
            found: Kept | None = self._driver.execute(
                "SELECT * FROM member WHERE number = ?", (number,)
            ).fetchone()
        return found

    def in_order(self) -> Iterator[Kept]:
        """All of them by number. Nothing may be put meanwhile."""
        after = -1
        while True:
            with _told():
                rows = self._driver.execute(
                    "SELECT * FROM member WHERE number > ? ORDER BY number LIMIT ?", (after, ROWS_PER_READ)
                ).fetchall()
            if not rows:
                return
            yield from rows
            after = rows[-1][0]


@contextmanager
def _told() -> Iterator[None]:
    """A full disk is the caller's to mend, so it is said in a sentence."""
    try:
        yield
    except sqlite3.OperationalError as error:
        raise Unavailable(
            f"the replay has no room for its work: {error}; SQLITE_TMPDIR names another folder for it"
        ) from error
