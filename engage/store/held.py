"""Calls that wait for an identity or a company, and calls that were refused."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from operator import itemgetter

import msgspec
from msgspec import Struct

from engage.core.call import Call, message_key
from engage.store.companies import HOST
from engage.store.scope import EVERY_COMPANY
from engage.store.statements import Insert, Row, Statements, Transaction

Place = tuple[int, str]
"""(company or HOST, subject): whom a held call waits for."""


class _Held(Struct, array_like=True, frozen=True):
    """The stored shape of a held call: an array, so a field is only ever appended with a default."""

    n: int
    """Its place among the calls held by the same commit, which may all have arrived in one request."""
    call: Call


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Held).decode


async def load_held(s: Statements, places: Iterable[Place]) -> dict[Place, list[Call]]:
    """The calls held for each place, in the order they arrived."""
    rows = await _look_up(
        s,
        "SELECT h.company_id, h.subject, h.call FROM {keys} k JOIN engage_held h "
        "ON h.company_id = k.column1 AND h.subject = k.column2",
        places,
    )
    held: dict[Place, list[_Held]] = {}
    for company_id, subject, call in rows:
        held.setdefault((company_id, subject), []).append(_decode(call))
    return {
        place: [one.call for one in sorted(calls, key=lambda one: (one.call.received_at, one.n))]
        for place, calls in held.items()
    }


async def _look_up(s: Statements, sql: str, places: Iterable[Place]) -> list[Row]:
    """One company after the other: nearly always there is one beside the host, and each may live elsewhere."""
    found: list[Row] = []
    for company_id, here in groupby(sorted(set(places)), key=itemgetter(0)):
        found += await s.lookup(sql, list(here), scope=[company_id])
    return found


async def count_held(s: Statements, places: Iterable[Place]) -> dict[Place, int]:
    rows = await _look_up(
        s,
        "SELECT h.company_id, h.subject, COUNT(*) FROM {keys} k JOIN engage_held h "
        "ON h.company_id = k.column1 AND h.subject = k.column2 GROUP BY h.company_id, h.subject",
        places,
    )
    return {(company_id, subject): count for company_id, subject, count in rows}


def insert_held(calls: Sequence[tuple[Place, Call]]) -> Insert:
    """Keep them; the same message held twice is held once."""
    rows = [
        (*place, *message_key(call), call.received_at, _encode(_Held(n, call)))
        for n, (place, call) in enumerate(calls)
    ]
    sql = "INSERT INTO engage_held (company_id, subject, day, hash, received_at, call) {rows} ON CONFLICT DO NOTHING"
    return sql, rows


async def release(tx: Transaction, places: Iterable[Place]) -> None:
    """Forget what was held for these places: it has been appended to a log."""
    for company_id, subject in sorted(set(places)):
        await tx.execute(
            "DELETE FROM engage_held WHERE {scope} AND subject = ?", [subject], scope=[company_id]
        )


def insert_rejects(rows: Sequence[Row]) -> Insert:
    """Keep what was refused: (company or HOST, received_at, n, code, message, call as JSON)."""
    sql = (
        "INSERT INTO engage_reject (company_id, received_at, n, code, message, call) {rows} "
        "ON CONFLICT (company_id, received_at, n) DO NOTHING"
    )
    return sql, rows


async def load_rejects(s: Statements, before: tuple[int, int, int] | None, limit: int) -> list[Row]:
    """Newest first: (company external id or None, received_at, company_id, n, code, message, call)."""
    received_at, company_id, n = before or (2**62, 0, 0)
    return await s.rows(
        "SELECT c.external_id, r.received_at, r.company_id, r.n, r.code, r.message, r.call FROM engage_reject r "
        "LEFT JOIN engage_company c ON c.id = r.company_id WHERE {r.scope} "
        "AND (r.received_at, r.company_id, r.n) < (?, ?, ?) "
        "ORDER BY r.received_at DESC, r.company_id DESC, r.n DESC LIMIT ?",
        [received_at, company_id, n, limit],
        scope=EVERY_COMPANY,
    )


__all__ = [
    "HOST",
    "Place",
    "count_held",
    "insert_held",
    "insert_rejects",
    "load_held",
    "load_rejects",
    "release",
]
