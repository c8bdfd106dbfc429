"""Sorting an import that does not fit in memory: rows go in as files have them and come out by company and time.

Owns a temporary SQLite database that has no name: the operating system frees its space when the process ends,
however it ends. Nothing precious is in it. Must not know what a payload says.

Exports are mostly in order of time already. So the rows of a company that came in together are kept as one run, and
only a company whose runs overlap is sorted row by row, by the database, which takes three times as long.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

import msgspec

from engage.errors import Unavailable

USERS_PER_LOOKUP: Final = 500
SEEN_IN_MEMORY_MAX: Final = 50_000
"""The same people come in every block: remembering them saves telling the database again."""
CACHE_KIB: Final = 32768
"""Pages held in memory, and so also how much the sort holds before it writes a run to disk."""

_TABLES = (
    # Rows of one company that came in together, sorted, as one blob.
    """CREATE TABLE run (
        company TEXT NOT NULL, first_at INTEGER NOT NULL, first_place INTEGER NOT NULL,
        last_at INTEGER NOT NULL, last_place INTEGER NOT NULL, rows BLOB NOT NULL
    )""",
    # Rows of companies whose runs do not follow one another.
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


Item = tuple[int, int, bytes]
"""A row of a run."""

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[Item]).decode


class Staging:
    """Use from one thread at a time. Add everything, `attribute`, then read `in_order`, once."""

    def __init__(self) -> None:
        self.rows = 0
        self._lately: set[tuple[str, str]] = set()
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
        by_company: dict[str, list[Item]] = {}
        for company, at, place, payload in rows:
            items = by_company.get(company)
            if items is None:
                by_company[company] = [(at, place, payload)]
            else:
                items.append((at, place, payload))
        runs = []
        for company, items in by_company.items():
            items.sort()
            runs.append((company, *items[0][:2], *items[-1][:2], _encode(items)))
        with _told():
            self._driver.executemany("INSERT INTO run VALUES (?, ?, ?, ?, ?, ?)", runs)

    def add_loose(self, rows: Sequence[tuple[int, int, bytes, str, str]]) -> None:
        """Rows that do not: time, place, payload, user, anonymous id."""
        self.rows += len(rows)
        with _told():
            self._driver.executemany("INSERT INTO loose VALUES (?, ?, ?, ?, ?)", rows)

    def know(self, users: Iterable[tuple[str, str]], visitors: Iterable[tuple[str, str]] = ()) -> None:
        """Users, and anonymous ids, with a company they were seen in."""
        pairs = [("u" + user, company) for user, company in users]
        pairs += [("a" + visitor, company) for visitor, company in visitors]
        news = [pair for pair in pairs if pair not in self._lately]
        if len(self._lately) > SEEN_IN_MEMORY_MAX:
            self._lately.clear()
        self._lately.update(news)
        with _told():
            self._driver.executemany("INSERT OR IGNORE INTO seen VALUES (?, ?)", news)

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
        self._part_overlapping()
        block: list[Staged] = []
        for company, at, place, payload in self._rows_of_runs():
            block.append((company, at, place, payload))
            if len(block) == size:
                yield block
                block = []
        if block:
            yield block
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

    def _part_overlapping(self) -> None:
        """Take runs apart where one begins before the one before it has ended, or single rows stand beside them."""
        with _told():
            companies = self._driver.execute(
                "SELECT company FROM (SELECT company, (first_at, first_place) < (lag(last_at) OVER w,"
                " lag(last_place) OVER w) AS overlaps FROM run"
                " WINDOW w AS (PARTITION BY company ORDER BY first_at, first_place)) WHERE overlaps"
                " UNION SELECT company FROM staged"
            ).fetchall()
            if companies:
                self._driver.execute("CREATE INDEX run_company ON run (company)").close()
            for (company,) in companies:
                runs = self._driver.execute("SELECT rowid FROM run WHERE company = ?", (company,)).fetchall()
                for (id,) in runs:
                    rows = ((company, *item) for item in self._items(id))
                    self._driver.executemany("INSERT INTO staged VALUES (?, ?, ?, ?)", rows)
                self._driver.executemany("DELETE FROM run WHERE rowid = ?", runs)

    def _items(self, run: int) -> list[Item]:
        return _decode(self._driver.execute("SELECT rows FROM run WHERE rowid = ?", (run,)).fetchone()[0])

    def _rows_of_runs(self) -> Iterator[Staged]:
        with _told():
            runs = self._driver.execute(
                "SELECT company, rowid FROM run ORDER BY company, first_at, first_place"
            )
        for company, id in runs:
            with _told():
                items = self._items(id)
            for at, place, payload in items:
                yield company, at, place, payload


@contextmanager
def _told() -> Iterator[None]:
    """A full disk is the caller's to mend, so it is said in a sentence."""
    try:
        yield
    except sqlite3.OperationalError as error:
        raise Unavailable(
            f"the import cannot be sorted: {error}; SQLITE_TMPDIR names another folder to sort in"
        ) from error
