"""Sorting an import that does not fit in memory: rows go in as files have them and come out by company and time.

Owns a temporary SQLite database that has no name: the operating system frees its space when the process ends,
however it ends. Nothing precious is in it. Must not know what a payload says.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Final, NamedTuple

from engage.errors import Unavailable

USERS_PER_LOOKUP: Final = 500
CACHE_KIB: Final = 65536
"""Pages held in memory, and so also how much the sort holds before it writes a run to disk."""

_TABLES = (
    """CREATE TABLE staged (
        company TEXT NOT NULL, at INTEGER NOT NULL, rank INTEGER NOT NULL, n INTEGER NOT NULL,
        file INTEGER NOT NULL, row INTEGER NOT NULL, payload BLOB NOT NULL
    )""",
    # Rows that name no company wait here until every row has been seen.
    """CREATE TABLE loose (
        at INTEGER NOT NULL, rank INTEGER NOT NULL, n INTEGER NOT NULL,
        file INTEGER NOT NULL, row INTEGER NOT NULL, payload BLOB NOT NULL,
        user TEXT NOT NULL, anonymous TEXT NOT NULL
    )""",
    # In which companies a user or an anonymous id was seen. `who` starts with u or a.
    "CREATE TABLE seen (who TEXT NOT NULL, company TEXT NOT NULL, PRIMARY KEY (who, company)) WITHOUT ROWID",
)

# The one company somebody was seen in, or nothing when there are several.
_ONLY = "(SELECT CASE WHEN min(company) = max(company) THEN max(company) END FROM seen WHERE who = {who})"


class Staged(NamedTuple):
    """`rank` orders rows of the same time; `file` and `row` say where the row came from."""

    company: str
    at: int
    rank: int
    file: int
    row: int
    user: str
    anonymous: str
    payload: bytes


class Sorted(NamedTuple):
    company: str
    at: int
    file: int
    row: int
    payload: bytes


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

    def add(self, rows: Iterable[Staged]) -> None:
        staged, loose = [], []
        seen: set[tuple[str, str]] = set()
        n = self.rows
        for company, at, rank, file, row, user, anonymous, payload in rows:
            n += 1
            if not company:
                loose.append((at, rank, n, file, row, payload, user, anonymous))
                continue
            staged.append((company, at, rank, n, file, row, payload))
            if user:
                seen.add(("u" + user, company))
            if anonymous:
                seen.add(("a" + anonymous, company))
        self.rows = n
        with _told():
            self._driver.executemany("INSERT INTO staged VALUES (?, ?, ?, ?, ?, ?, ?)", staged)
            self._driver.executemany("INSERT INTO loose VALUES (?, ?, ?, ?, ?, ?, ?, ?)", loose)
            self._see(seen)

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

    def know(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Users and the companies they are known in from elsewhere."""
        with _told():
            self._see(("u" + user, company) for user, company in pairs)

    def attribute(self) -> int:
        """Give rows without a company to the only one their user, else their anonymous id, was seen in. Returns
        how many keep none: nobody is guessed into one of two companies."""
        if not self._count():
            return 0
        who = "CASE user WHEN '' THEN 'a' || anonymous ELSE 'u' || user END"
        columns = "at, rank, n, file, row, payload"
        with _told():
            # An identify call tells whose an anonymous id is.
            self._driver.execute(
                f"INSERT OR IGNORE INTO seen SELECT 'a' || anonymous, company FROM (SELECT anonymous,"
                f" {_ONLY.format(who="'u' || user")} AS company FROM loose WHERE user != '' AND anonymous != '')"
                " WHERE company IS NOT NULL"
            ).close()
            found = f"(SELECT rowid AS id, {columns}, {_ONLY.format(who=who)} AS company FROM loose)"
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

    def in_order(self, size: int) -> Iterator[list[Sorted]]:
        """Blocks of rows, each company's by time; then, by time, the rows without a company."""
        for statement in (
            "SELECT company, at, file, row, payload FROM staged ORDER BY company, at, rank, n",
            "SELECT '', at, file, row, payload FROM loose ORDER BY at, rank, n",
        ):
            with _told():
                cursor = self._driver.execute(statement)
            while True:
                with _told():
                    rows = cursor.fetchmany(size)
                if not rows:
                    break
                yield [Sorted._make(row) for row in rows]


@contextmanager
def _told() -> Iterator[None]:
    """A full disk is the caller's to mend, so it is said in a sentence."""
    try:
        yield
    except sqlite3.OperationalError as error:
        raise Unavailable(
            f"the import cannot be sorted: {error}; SQLITE_TMPDIR names another folder to sort in"
        ) from error
