"""What the portfolio reads of all companies, read anew for every request and decoded only where it has changed.

Rows of ten thousand companies are compared far faster than they are decoded and reckoned with. So what was read last is
kept in memory beside what it said, and whoever reckons from it can tell by `is` whether anything is different. Nobody
is told of a change, so it is as right with many processes as with one: what counts is what was read just now.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, Generic, NamedTuple, TypeVar

from msgspec import Struct

from engage.core.book import Book
from engage.core.portfolio import Particulars, Summary, decode_facts, decode_summary, particulars
from engage.core.terms import Term
from engage.store.scope import EVERY_COMPANY
from engage.store.statements import Row, Statements
from engage.store.terms import counted

T = TypeVar("T")

KEPT_COMPANIES_MAX: Final = 50_000
"""Of more, nothing is kept: about two kilobytes each."""


class AllCompanies(Struct, frozen=True, gc=False):
    """Of all companies. Each field is the same object as in the read before where it says the same."""

    named: tuple[Row, ...]
    """(number, external id, microseconds UTC of its creation), in the order of creation."""
    particulars: dict[int, Particulars]
    """Of those with a log."""
    summaries: dict[int, Summary]
    terms: dict[int, list[Term]]

    def same_as(self, other: AllCompanies | None) -> bool:
        return other is not None and all(
            getattr(self, name) is getattr(other, name) for name in self.__struct_fields__
        )


class Read(NamedTuple):
    """The rows of all companies, as they were read at once."""

    named: Sequence[Row]
    heads: Sequence[Row]
    summaries: Sequence[Row]
    recorded: Sequence[Row]
    stated: Sequence[Row]


async def read_companies(s: Statements) -> Read:
    return Read(
        await s.rows(
            "SELECT id, external_id, created_at FROM engage_company ORDER BY id", scope=EVERY_COMPANY
        ),
        await s.rows("SELECT company_id, state FROM engage_head WHERE {scope}", scope=EVERY_COMPANY),
        await s.rows("SELECT company_id, document FROM engage_summary WHERE {scope}", scope=EVERY_COMPANY),
        await s.rows(
            "SELECT company_id, document FROM engage_term WHERE {scope} ORDER BY company_id, start",
            scope=EVERY_COMPANY,
        ),
        await s.rows(
            "SELECT company_id, document FROM engage_stated_term WHERE {scope} ORDER BY company_id, start",
            scope=EVERY_COMPANY,
        ),
    )


_LOOKS: Final = (
    "SELECT COUNT(*), MAX(id) FROM engage_company",
    "SELECT COUNT(*), SUM(seq) FROM engage_head WHERE {scope}",
    "SELECT COUNT(*), SUM(LENGTH(document)) FROM engage_summary WHERE {scope}",
    "SELECT COUNT(*), SUM(LENGTH(document)) FROM engage_term WHERE {scope}",
    "SELECT COUNT(*), SUM(LENGTH(document)) FROM engage_stated_term WHERE {scope}",
)


async def look_at_companies(s: Statements) -> list[Row]:
    """Sums over what `read_companies` reads, for a part of its cost. While they are the same, hardly anything can have
    changed, which is enough for who makes ready and not for who answers."""
    return [tuple(row) for sums in _LOOKS for row in await s.rows(sums, scope=EVERY_COMPANY)]


class Kept:
    """What was read last. Of one database, and for one thread at a time."""

    def __init__(self) -> None:
        self._begin(Book())

    def _begin(self, book: Book) -> None:
        self._book = book
        self._named: tuple[Row, ...] = ()
        self._particulars = _Documents(lambda state: particulars(decode_facts(state), book))
        self._summaries = _Documents(decode_summary)
        self._term_rows: tuple[list[Row], list[Row]] = ([], [])
        self._terms: dict[int, list[Term]] = {}

    def tell(self, read: Read, book: Book) -> AllCompanies:
        """What the rows say."""
        if book != self._book:
            self._begin(book)
        # As tuples: PostgreSQL's rows are records, of which no two are alike.
        if (companies := tuple(map(tuple, read.named))) != self._named:
            self._named = companies
        terms = (list(map(tuple, read.recorded)), list(map(tuple, read.stated)))
        if terms != self._term_rows:
            self._term_rows, self._terms = terms, counted(*terms)
        found = AllCompanies(
            self._named,
            self._particulars.of(read.heads),
            self._summaries.of(read.summaries),
            self._terms,
        )
        if len(read.named) > KEPT_COMPANIES_MAX:
            self._begin(book)
        return found


class _Documents(Generic[T]):
    """What documents say, by company."""

    def __init__(self, decode: Callable[[bytes], T]) -> None:
        self._decode = decode
        self._documents: dict[int, bytes] = {}
        self._said: dict[int, T] = {}

    def of(self, rows: Sequence[Row]) -> dict[int, T]:
        documents: dict[int, bytes] = dict(rows)
        if documents != self._documents:
            before, said, decode = self._documents, self._said, self._decode
            now = {
                id: said[id] if before.get(id) == document else decode(document)
                for id, document in documents.items()
            }
            self._documents = documents
            if now != said:  # an event changes the state of its company, and seldom what is read of it here
                self._said = now
        return self._said
