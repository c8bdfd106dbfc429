"""Rows to write and count in tests of the database itself: contract terms, the plainest of the growing tables."""

from __future__ import annotations

from engage.store.database import Database
from engage.store.scope import EVERY_COMPANY
from engage.store.statements import Transaction

TERM = "INSERT INTO engage_term (company_id, start, document) {rows}"
COUNT = "SELECT COUNT(*), COUNT(DISTINCT company_id) FROM engage_term WHERE {scope}"


async def add(tx: Transaction, number: int, rows: int = 1, size: int = 1) -> int:
    """`rows` rows of company `number`, a trip for each: all are there or none."""
    for start in range(rows):
        await tx.insert([(TERM, [(number, start, b"x" * size)])], scope=[number])
    return number


async def stored(database: Database) -> set[int]:
    async with database.read() as s:
        return {
            row[0]
            for row in await s.rows("SELECT company_id FROM engage_term WHERE {scope}", scope=EVERY_COMPANY)
        }
