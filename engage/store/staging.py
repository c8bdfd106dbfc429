"""Sorting an import that does not fit in memory: rows go in as files have them and come out by company and time.

Owns a temporary SQLite database that has no name: the operating system frees its space when the process ends,
however it ends. Nothing precious is in it. Must not know what a payload says.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from engage.errors import Unavailable

USERS_PER_LOOKUP: Final = 500
CACHE_KIB: Final = 32768
"""Pages held in memory, and so also how much the sort holds before it writes a run to disk."""

_TABLES = (
    "CREATE TABLE staged (company TEXT NOT NULL, at INTEGER NOT NULL, place INTEGER NOT NULL, payload BLOB NOT NULL)",
    # Rows that name no company wait here until every row has been seen.
    """CREATE TABLE loose (
        at INTEGER NOT NULL, place INTEGER NOT NULL, payload BLOB NOT NULL,
        user TEXT NOT NULL, anonymous TEXT NOT NULL
    )""",
    # In which companies a user or an anonymous id was seen. `who` starts with u or a.
    "CREATE TABLE seen (who TEXT NOT NULL, company TEXT NOT NULL, PRIMARY KEY (who, company)) WITHOUT ROWID",
)

# The one company somebody was seen in, or nothing when there are several.
_ONLY = "(SELECT CASE WHEN min(company) = max(company) THEN max(company) END FROM seen WHERE who = {who})"


Staged = tuple[str, int, int, bytes]
"""A row: company, time, place, payload. `place` orders rows of the same company and time, and is the caller's."""


class Staging:
    """Use from one thread at a time. Add everything, `attribute`, then read `in_order`, once."""

    def __init__(self) -> None:
        self.rows = 0
        with _told():
            # An empty name is a private database on disk, unlinked as soon as it is opened.
            self._driver = sqlite3.connect("", isolation_level=None, check_same_thread=False)
            for pragma in (
                "journal_mode = OFF",
                "synchronous = OFF",
                "temp_store = FILE",
                f"cache_size = -{CACHE_KIB}",
                "locking_mode = EXCLUSIVE",
            ):
                self._driver.execute(f"PRAGMA {pragma}").close()
            for table in _TABLES:
                self._driver.execute(table).close()
            self._driver.execute("BEGIN").close()

    def close(self) -> None:
        self._driver.close()

    def add(self, rows: Sequence[Staged]) -> None:
        """Rows that name their company."""
        self.rows += len(rows)
        with _told():
            self._driver.executemany("INSERT INTO staged VALUES (?, ?, ?, ?)", rows)

    def add_loose(self, rows: Sequence[tuple[int, int, bytes, str, str]]) -> None:
        """Rows that do not: time, place, payload, user, anonymous id."""
        self.rows += len(rows)
        with _told():
            self._driver.executemany("INSERT INTO loose VALUES (?, ?, ?, ?, ?)", rows)

    def know(self, users: Iterable[tuple[str, str]], visitors: Iterable[tuple[str, str]] = ()) -> None:
        """Users, and anonymous ids, with a company they were seen in."""
        with _told():
            self._see(("u" + user, company) for user, company in users)
            self._see(("a" + visitor, company) for visitor, company in visitors)

    def _see(self, seen: Iterable[tuple[str, str]]) -> None:
        self._driver.executemany("INSERT OR IGNORE INTO seen VALUES (?, ?)", seen)

    def users_without_company(self) -> Iterator[list[str]]:
        """The users some row of whom names no company, a block at a time."""
        after = ""
        while True:
            with _told():
                rows = self._driver.execute(
                    "SELECT DISTINCT user FROM loose WHERE user > ? ORDER BY user LIMIT ?",
                    (after, USERS_PER_LOOKUP),
                ).fetchall()
            if not rows:
                return
            yield [user for (user,) in rows]
            after = rows[-1][0]

    def attribute(self) -> int:
        """Give rows without a company to the only one their user, else their anonymous id, was seen in. Returns
        how many keep none: nobody is guessed into one of two companies."""
        if not self._count():
            return 0
        by_user = _ONLY.format(who="'u' || user")
        by_either = _ONLY.format(who="CASE user WHEN '' THEN 'a' || anonymous ELSE 'u' || user END")
        columns = "at, place, payload"
        with _told():
            # An identify call tells whose an anonymous id is.
            self._driver.execute(
                f"INSERT OR IGNORE INTO seen SELECT 'a' || anonymous, company FROM (SELECT anonymous,"
                f" {by_user} AS company FROM loose WHERE user != '' AND anonymous != '')"
                " WHERE company IS NOT NULL"
            ).close()
            found = f"(SELECT rowid AS id, {columns}, {by_either} AS company FROM loose)"
            self._driver.execute(
                f"INSERT INTO staged SELECT company, {columns} FROM {found} WHERE company IS NOT NULL"
            ).close()
            self._driver.execute(
                f"DELETE FROM loose WHERE rowid IN (SELECT id FROM {found} WHERE company IS NOT NULL)"
            ).close()
        return self._count()

    def _count(self) -> int:
        with _told():
            return int(self._driver.execute("SELECT count(*) FROM loose").fetchone()[0])

    def in_order(self, size: int) -> Iterator[list[Staged]]:
        """Blocks of rows, each company's by time; then, by time, the rows without a company."""
        for statement in (
            "SELECT company, at, place, payload FROM staged ORDER BY company, at, place",
            "SELECT '', at, place, payload FROM loose ORDER BY at, place",
        ):
            with _told():
                cursor = self._driver.execute(statement)
            while True:
                with _told():
                    rows = cursor.fetchmany(size)
                if not rows:
                    break
                yield rows


@contextmanager
def _told() -> Iterator[None]:
    """A full disk is the caller's to mend, so it is said in a sentence."""
    try:
        yield
    except sqlite3.OperationalError as error:
        raise Unavailable(
            f"the import cannot be sorted: {error}; SQLITE_TMPDIR names another folder to sort in"
        ) from error
