"""Recording contract terms: rows of a billing export, as a file or the API brings them.

Owns the one transaction of a batch of rows. A row that cannot be read is answered with its reason and stops nobody.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

from msgspec import Struct

from engage.core.terms import Term, read_term
from engage.store.companies import create_companies, load_company_ids, may_create_companies
from engage.store.database import Database
from engage.store.signal import save_terms
from engage.store.statements import Transaction

ROWS_MAX: Final = 10_000
"""Rows in one call: the importer brings larger files in pieces."""


class RefusedRow(Struct, frozen=True):
    index: int  # position in the rows given, from 0
    message: str


class RecordedTerms(Struct, frozen=True):
    recorded: int
    refused: tuple[RefusedRow, ...] = ()


async def record_terms(database: Database, rows: Sequence[Mapping[str, Any]]) -> RecordedTerms:
    """Write the terms of these rows; see `engage.core.terms.read_term` for the columns.

    Idempotent: a term is named by its company and first day, and the same row again changes nothing. Companies not
    known are created, unless the host switched that off.
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

    async def write(tx: Transaction) -> list[RefusedRow]:
        companies = {company for _, company, _ in read}
        if await may_create_companies():
            ids = await create_companies(tx, companies, time.time_ns() // 1000)
        else:
            ids = await load_company_ids(tx, companies)
        # The last row of a term wins; one statement may not meet the same key twice.
        newest = {(ids[company], term.start): term for _, company, term in read if company in ids}
        await save_terms(tx, [(company_id, term) for (company_id, _), term in newest.items()])
        return [
            RefusedRow(index, f"company {company!r} is not known")
            for index, company, _ in read
            if company not in ids
        ]

    if read:
        refused += await database.write(write)
    return RecordedTerms(len(rows) - len(refused), tuple(sorted(refused, key=lambda one: one.index)))
