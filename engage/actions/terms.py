"""Contract terms: recording rows of a billing export, and what the host says of one term by API.

Owns the transactions, and which source may change what another recorded. A row that cannot be read is answered with its
reason and stops nobody.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from engage import clock
from engage.core.terms import (
    Term,
    in_words,
    overlapping,
    prevails,
    read_term,
    says_the_same,
    settle,
    term_of_traits,
)
from engage.errors import InvalidRequest, NotFound
from engage.store.companies import create_companies, find_company, load_company_ids, may_create_companies
from engage.store.database import Database
from engage.store.signal import load_followed
from engage.store.statements import Transaction
from engage.store.terms import delete_term, load_recorded, load_stated, save_terms

ROWS_MAX: Final = 10_000
"""Rows in one call: the importer brings larger files in pieces."""


class RefusedRow(Struct, frozen=True):
    index: int  # position in the rows given, from 0
    message: str


class RecordedTerms(Struct, frozen=True):
    recorded: int
    refused: tuple[RefusedRow, ...] = ()
    left: int = 0
    """Of those recorded, terms that stay as the API said."""
    created: tuple[str, ...] = ()
    """Companies nobody had named before, by name."""
    overlaps: tuple[str, ...] = ()
    """Of a term in these rows, which other of its company runs in the same days. Both count."""
    told_twice: tuple[str, ...] = ()
    """Terms of which two of these rows say different things. The later row counts."""


async def record_terms(database: Database, rows: Sequence[Mapping[str, Any]]) -> RecordedTerms:
    """Write the terms of these rows; see `engage.core.terms.read_term` for the columns.

    Idempotent: a term is named by its company and first day, and the same row again changes nothing. What the API said
    of a term stays. Companies not known are created, unless the host switched that off.
    """
    assert len(rows) <= ROWS_MAX, f"at most {ROWS_MAX} rows at once"
    read: list[tuple[int, str, Term]] = []
    refused: list[RefusedRow] = []
    for index, row in enumerate(rows):
        found = read_term(row)
        if isinstance(found, str):
            refused.append(RefusedRow(index, found))
        else:
            read.append((index, *found))

    async def write(tx: Transaction) -> tuple[list[RefusedRow], int, tuple[str, ...], tuple[str, ...]]:
        companies = {company for _, company, _ in read}
        before = await load_company_ids(tx, companies)
        if await may_create_companies():
            ids = await create_companies(tx, companies, clock.now())
        else:
            ids = before
        # The last row of a term wins; one statement may not meet the same key twice.
        newest = {(ids[company], term.start): term for _, company, term in read if company in ids}
        known = {
            (id, term.start): term
            for id, terms in (await load_recorded(tx, ids.values())).items()
            for term in terms
        }
        winning = {key: term for key, term in newest.items() if prevails(term, known.get(key))}
        await save_terms(tx, [(company_id, term) for (company_id, _), term in winning.items()])
        strangers = [
            RefusedRow(index, f"company {company!r} is not known")
            for index, company, _ in read
            if company not in ids
        ]
        overlaps = _overlaps(ids, known | winning, newest.keys())
        return strangers, len(newest) - len(winning), tuple(sorted(ids.keys() - before.keys())), overlaps

    left = 0
    created: tuple[str, ...] = ()
    overlaps: tuple[str, ...] = ()
    if read:
        strangers, left, created, overlaps = await database.write(write)
        refused += strangers
    return RecordedTerms(
        len(rows) - len(refused),
        tuple(sorted(refused, key=lambda one: one.index)),
        left,
        created,
        overlaps,
        tuple(_told_twice(read)),
    )


def _told_twice(read: Sequence[tuple[int, str, Term]]) -> Iterator[str]:
    newest: dict[tuple[str, int], Term] = {}
    for _, company, term in read:
        before = newest.get((company, term.start))
        if before is not None and not says_the_same(term, before):
            yield f"{company}: {in_words(before)} and {in_words(term)}"
        newest[company, term.start] = term


def _overlaps(
    ids: Mapping[str, int], terms: Mapping[tuple[int, int], Term], told: Set[tuple[int, int]]
) -> tuple[str, ...]:
    """`terms` by company and first day; `told`: of which rows told."""
    of: dict[int, list[Term]] = {}
    for (company_id, _), term in terms.items():
        of.setdefault(company_id, []).append(term)
    return tuple(
        f"{company}: {in_words(one)} and {in_words(other)}"
        for company, id in sorted(ids.items())
        for one, other in overlapping(of.get(id, ()))
        if (id, one.start) in told or (id, other.start) in told
    )


class KnownTerms(Struct, frozen=True):
    """Of one company."""

    terms: tuple[tuple[Term, bool], ...]
    """By first day, and whether each counts; one of traits that counts is as `settle` made it."""
    unread: str | None = None
    """What is wrong with the term that its traits tell of now."""

    def beside(self, term: Term) -> tuple[Term, ...]:
        """Others that count and run in the same days."""
        counted = [one for one, counts in self.terms if counts]
        return tuple(
            one
            for one in counted
            if one.start != term.start and one.start < term.end and term.start < one.end
        )


async def company_terms(database: Database, company: str) -> KnownTerms:
    """Raises NotFound."""
    async with database.read() as s:
        id = await find_company(s, company)
        recorded = (await load_recorded(s, [id])).get(id, [])
        stated = (await load_stated(s, [id])).get(id, [])
        traits = (await load_followed(s, [id]))[0].state.traits
    counted = settle(recorded, stated)
    said = {(term.source, term.start) for term in counted}
    rest = [term for term in stated if (term.source, term.start) not in said]
    terms = sorted(
        [*((term, True) for term in counted), *((term, False) for term in rest)],
        key=lambda one: (one[0].start, one[1]),
    )
    told = term_of_traits(traits)
    return KnownTerms(tuple(terms), told if isinstance(told, str) else None)


async def set_term(
    database: Database, company: str, term: Term, *, actor: str, now: int
) -> tuple[Term, bool]:
    """What is kept of the term from now on, and whether it is new. The same again changes nothing.

    Raises NotFound, and InvalidRequest for what no import would take.
    """
    if term.end <= term.start:
        raise InvalidRequest("end: must be after start")

    async def work(tx: Transaction) -> tuple[Term, bool]:
        id = await find_company(tx, company)
        known = {one.start: one for one in (await load_recorded(tx, [id])).get(id, [])}
        before = known.get(term.start)
        kept = replace(term, source="api", actor=actor, recorded_at=now)
        if before is not None and says_the_same(kept, before):
            return before, False
        await save_terms(tx, [(id, kept)])
        return kept, before is None

    return await database.write(work)


async def remove_term(database: Database, company: str, start: int) -> None:
    """Whoever said it: an import or a call may say it again. Raises NotFound."""

    async def work(tx: Transaction) -> None:
        if not await delete_term(tx, await find_company(tx, company), start):
            raise NotFound("there is no term of the company that starts on this day")

    await database.write(work)
