"""Contract terms in the database: those recorded by import or API, and those that companies' traits stated.

Two tables, so that a group call writes what its traits say without looking at what anybody recorded. Which counts is
for `engage.core.terms.settle`. Terms are arrays that only grow at the end.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from engage.core.terms import Term, decode_term, encode_term, settle
from engage.store.scope import Scope
from engage.store.statements import Row, Statements, Transaction

_INSERT_TERMS: Final = (
    "INSERT INTO engage_term (company_id, start, document) {rows} "
    "ON CONFLICT (company_id, start) DO UPDATE SET document = excluded.document"
)
INSERT_STATED: Final = (
    "INSERT INTO engage_stated_term (company_id, start, document) {rows} "
    "ON CONFLICT (company_id, start) DO UPDATE SET document = excluded.document"
)


async def load_terms(s: Statements, scope: Scope) -> dict[int, list[Term]]:
    """company -> its terms that count, by first day."""
    return _counted(await load_recorded(s, scope), await load_stated(s, scope))


def counted(recorded: Sequence[Row], stated: Sequence[Row]) -> dict[int, list[Term]]:
    """Of rows (company, document), by company and first day."""
    return _counted(_by_company(recorded), _by_company(stated))


def _counted(recorded: dict[int, list[Term]], stated: dict[int, list[Term]]) -> dict[int, list[Term]]:
    if not stated:
        return recorded
    return {
        company: settle(recorded.get(company, ()), stated[company])
        if company in stated
        else recorded[company]
        for company in recorded.keys() | stated.keys()
    }


async def load_recorded(s: Statements, scope: Scope) -> dict[int, list[Term]]:
    """company -> what was imported or said by API."""
    return _by_company(
        await s.rows(
            "SELECT company_id, document FROM engage_term WHERE {scope} ORDER BY company_id, start",
            scope=scope,
        )
    )


async def load_stated(s: Statements, scope: Scope) -> dict[int, list[Term]]:
    """company -> what its traits said, one after the other."""
    return _by_company(
        await s.rows(
            "SELECT company_id, document FROM engage_stated_term WHERE {scope} ORDER BY company_id, start",
            scope=scope,
        )
    )


def _by_company(rows: Sequence[Row]) -> dict[int, list[Term]]:
    terms: dict[int, list[Term]] = {}
    for company_id, document in rows:
        terms.setdefault(company_id, []).append(decode_term(document))
    return terms


def stated_row(company_id: int, term: Term) -> Row:
    return company_id, term.start, encode_term(term)


async def save_terms(tx: Transaction, terms: Sequence[tuple[int, Term]]) -> None:
    """A term is named by its company and first day; what is known of it by now replaces what was."""
    rows = [(company, term.start, encode_term(term)) for company, term in terms]
    await tx.insert([(_INSERT_TERMS, rows)], scope={company for company, _ in terms})


async def delete_term(tx: Transaction, company_id: int, start: int) -> bool:
    """Whoever said it. Whether there was one."""
    found = 0
    for statement in (
        "DELETE FROM engage_term WHERE {scope} AND start = ?",
        "DELETE FROM engage_stated_term WHERE {scope} AND start = ?",
    ):
        found += await tx.execute(statement, [start], scope=[company_id])
    return found > 0
