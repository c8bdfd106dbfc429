"""The outbox: notices, written in the transaction of what they tell of, and how far each endpoint was told.

Owns the rows. Must not know how a notice is sent, nor when it is tried again.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final, NamedTuple

from msgspec import Struct

from engage.store.scope import EVERY_COMPANY
from engage.store.statements import Insert, Row, Statements, Transaction

INSERT_OUTBOX: Final = (
    "INSERT INTO engage_outbox (company_id, seq, n, at, type, data) {rows} ON CONFLICT DO NOTHING"
)
INSERT_DELIVERIES: Final = (
    "INSERT INTO engage_delivery (company_id, endpoint_id, seq, n, attempts, next_at) {rows} "
    "ON CONFLICT (company_id, endpoint_id) DO UPDATE SET seq = excluded.seq, n = excluded.n, "
    "attempts = excluded.attempts, next_at = excluded.next_at"
)
_WAITING: Final = (
    "FROM engage_outbox o LEFT JOIN engage_delivery d ON d.company_id = o.company_id AND d.endpoint_id = ? "
    "WHERE {o.scope} AND o.at >= ? AND (d.seq IS NULL OR (o.seq, o.n) > (d.seq, d.n))"
)
"""Of an endpoint and a time from which on it is told: what it was not told of yet."""


class Place(NamedTuple):
    """Where in a company's outbox: after the entry `seq`, the n-th. What no entry tells of has its day or more as n."""

    seq: int = 0
    n: int = 0


class Kept(Struct, frozen=True):
    """A notice as it lies in the outbox."""

    place: Place
    at: int
    type: str
    data: bytes
    """JSON."""


class Standing(Struct, frozen=True):
    """How far an endpoint was told of a company."""

    settled: Place = Place()
    """The last notice that was delivered or given up."""
    attempts: int = 0
    """At the one after it, so far."""
    next_at: int = 0


def insert_notices(rows: Sequence[Row]) -> Insert:
    """(company, seq, n, at, type, data as JSON)."""
    return INSERT_OUTBOX, rows


async def load_last(s: Statements, places: Collection[tuple[int, int]]) -> dict[int, int]:
    """(company, seq) -> company: the last n after that entry, of what is in the outbox or was settled."""
    last: dict[int, int] = {}
    if not places:
        return last
    for table in ("engage_outbox", "engage_delivery"):
        rows = await s.lookup(
            f"SELECT k.column1, MAX(t.n) FROM {{keys}} k JOIN {table} t "
            "ON t.company_id = k.column1 AND t.seq = k.column2 GROUP BY k.column1",
            sorted(places),
            scope={company for company, _ in places},
        )
        for company, n in rows:
            last[company] = max(last.get(company, 0), n)
    return last


async def load_waiting(s: Statements, endpoint_id: int, since: int, now: int) -> list[tuple[int, Standing]]:
    """The companies that an endpoint may be told of now, in order of number, with how far it was."""
    rows = await s.rows(
        f"SELECT DISTINCT o.company_id, d.seq, d.n, d.attempts, d.next_at {_WAITING} "
        "AND COALESCE(d.next_at, 0) <= ? ORDER BY o.company_id",
        [endpoint_id, since, now],
        scope=EVERY_COMPANY,
    )
    return [
        (row[0], Standing() if row[1] is None else Standing(Place(row[1], row[2]), row[3], row[4]))
        for row in rows
    ]


async def load_standing(s: Statements, company_id: int, endpoint_id: int) -> Standing:
    rows = await s.rows(
        "SELECT seq, n, attempts, next_at FROM engage_delivery WHERE {scope} AND endpoint_id = ?",
        [endpoint_id],
        scope=[company_id],
    )
    return Standing(Place(*rows[0][:2]), *rows[0][2:]) if rows else Standing()


async def oldest_waiting(s: Statements, endpoint_id: int, since: int) -> int | None:
    """When the oldest happened that an endpoint was not told of yet. None: it was told of all."""
    rows = await s.rows(f"SELECT MIN(o.at) {_WAITING}", [endpoint_id, since], scope=EVERY_COMPANY)
    oldest: int | None = rows[0][0]
    return oldest


async def load_notices(s: Statements, company_id: int, after: Place, since: int, limit: int) -> list[Kept]:
    rows = await s.rows(
        "SELECT seq, n, at, type, data FROM engage_outbox "
        "WHERE {scope} AND (seq, n) > (?, ?) AND at >= ? ORDER BY seq, n LIMIT ?",
        [*after, since, limit],
        scope=[company_id],
    )
    return [Kept(Place(row[0], row[1]), *row[2:]) for row in rows]


async def save_standing(tx: Transaction, company_id: int, endpoint_id: int, standing: Standing) -> None:
    row = (company_id, endpoint_id, *standing.settled, standing.attempts, standing.next_at)
    await tx.insert([(INSERT_DELIVERIES, [row])], scope=[company_id])


async def start_again(tx: Transaction, endpoint_id: int) -> None:
    """Forget how far an endpoint was told, of every company."""
    await tx.execute(
        "DELETE FROM engage_delivery WHERE {scope} AND endpoint_id = ?", [endpoint_id], scope=EVERY_COMPANY
    )


async def try_now(tx: Transaction, endpoint_id: int) -> None:
    """Let an endpoint wait no longer for its next attempts."""
    await tx.execute(
        "UPDATE engage_delivery SET next_at = 0 WHERE {scope} AND endpoint_id = ?",
        [endpoint_id],
        scope=EVERY_COMPANY,
    )


async def drop_notices(tx: Transaction, before: int) -> int:
    """Drop the notices of what happened before a moment, and say how many."""
    return await tx.execute(
        "DELETE FROM engage_outbox WHERE {scope} AND at < ?", [before], scope=EVERY_COMPANY
    )
