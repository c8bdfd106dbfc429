"""Adjustments that wait, or waited, for a second person, as they are listed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from engage.store.statements import Insert, Row, Statements

STATUSES: Final = ("requested", "done", "declined")
_INSERT: Final = (
    "INSERT INTO engage_adjustment (company_id, id, member_id, requested_at, amount, status, currency, actor, reason, "
    "settled_by, settled_for) {rows} ON CONFLICT (company_id, id) DO UPDATE SET status = excluded.status, "
    "settled_by = excluded.settled_by, settled_for = excluded.settled_for"
)
_ASKED: Final = (
    "SELECT a.id, a.member_id, a.requested_at, a.amount, a.status, a.currency, a.actor, a.reason, a.settled_by, "
    "a.settled_for, m.external_id FROM engage_adjustment a "
    "JOIN engage_member m ON m.company_id = a.company_id AND m.id = a.member_id WHERE {a.scope}"
)


class StoredRequest(Struct, frozen=True):
    id: int
    member: int
    requested_at: int
    amount: int
    status: str
    currency: str
    actor: str
    reason: str
    settled_by: str = ""
    settled_for: str = ""
    member_id: str = ""
    """The host's own id of the member."""


def insert_request(company_id: int, one: StoredRequest) -> Insert:
    """A new request, or what became of one."""
    row: Row = (
        company_id,
        one.id,
        one.member,
        one.requested_at,
        one.amount,
        STATUSES.index(one.status),
        one.currency,
        one.actor,
        one.reason,
        one.settled_by,
        one.settled_for,
    )
    return _INSERT, [row]


def _request(row: Row) -> StoredRequest:
    id, member, requested_at, amount, status, currency, actor, reason, by, words, member_id = row
    return StoredRequest(
        id, member, requested_at, amount, STATUSES[status], currency, actor, reason, by, words, member_id
    )


async def load_request(s: Statements, company_id: int, id: int) -> StoredRequest | None:
    rows = await s.rows(_ASKED + " AND a.id = ?", [id], scope=[company_id])
    return _request(rows[0]) if rows else None


async def list_requests(
    s: Statements, company_id: int, *, status: str, before: int, limit: int
) -> list[StoredRequest]:
    """In one status, newest first, those below number `before`."""
    rows = await s.rows(
        _ASKED + " AND a.status = ? AND a.id < ? ORDER BY a.id DESC LIMIT ?",
        [STATUSES.index(status), before, limit],
        scope=[company_id],
    )
    return [_request(row) for row in rows]


async def open_requests(s: Statements, company_id: int) -> dict[int, tuple[int, str, int, str]]:
    """Those that wait: id -> (member, currency, amount, actor)."""
    rows = await s.rows(
        "SELECT id, member_id, currency, amount, actor FROM engage_adjustment WHERE {scope} AND status = 0",
        scope=[company_id],
    )
    return {row[0]: (row[1], row[2], row[3], row[4]) for row in rows}


async def load_listed(s: Statements, company_id: int, ids: Sequence[int]) -> dict[int, StoredRequest]:
    """By number, as they are listed: without the member's name."""
    rows = await s.lookup(
        "SELECT a.id, a.member_id, a.requested_at, a.amount, a.status, a.currency, a.actor, a.reason, "
        "a.settled_by, a.settled_for FROM {keys} k "
        "JOIN engage_adjustment a ON a.company_id = k.column1 AND a.id = k.column2",
        [(company_id, id) for id in ids],
        scope=[company_id],
    )
    return {row[0]: _request((*row, "")) for row in rows}


async def count_listed(s: Statements, company_id: int, after: int) -> tuple[int, int]:
    """How many there are above number `after`, and how many of them do not wait any more."""
    rows = await s.rows(
        "SELECT COUNT(*), COUNT(CASE WHEN status > 0 THEN 1 END) FROM engage_adjustment WHERE {scope} AND id > ?",
        [after],
        scope=[company_id],
    )
    return rows[0][0], rows[0][1]
