"""Destinations of the signal as rows, the newest signal of each company, and how far each destination has it.

The signal's outbox has one row a company: what a later one says replaces what was not sent yet.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Final

import msgspec
from msgspec import Struct

from engage.core.signal import Signal
from engage.store.scope import EVERY_COMPANY
from engage.store.statements import Insert, Row, Statements, Transaction
from engage.store.tables import Destination

_INSERT_SIGNALS: Final = (
    "INSERT INTO engage_signal (company_id, at, document) {rows} "
    "ON CONFLICT (company_id) DO UPDATE SET at = excluded.at, document = excluded.document"
)
_INSERT_PUSHED: Final = (
    "INSERT INTO engage_pushed (company_id, destination_id, at) {rows} "
    "ON CONFLICT (company_id, destination_id) DO UPDATE SET at = excluded.at"
)

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Signal).decode


class DestinationRow(Struct, frozen=True):
    id: int
    url: str
    key: str
    description: str
    created_at: int
    attempts: int
    """That failed, one after the other, by now."""
    next_at: int
    failing_since: int | None
    failure: str
    disabled_at: int | None


class Waiting(Struct, frozen=True):
    """A signal that a destination does not have yet."""

    company_id: int
    company: str
    at: int
    signal: Signal


def _row(found: Destination) -> DestinationRow:
    return DestinationRow(**{name: getattr(found, name) for name in DestinationRow.__struct_fields__})


async def insert_destination(url: str, key: str, description: str, now: int) -> DestinationRow:
    """Within a transaction."""
    return _row(
        await Destination.create(
            url=url,
            key=key,
            description=description,
            created_at=now,
            attempts=0,
            next_at=0,
            failing_since=None,
            failure="",
            disabled_at=None,
        )
    )


async def load_destinations(*, enabled: bool = False) -> list[DestinationRow]:
    """All of them, or those that are not disabled, oldest first."""
    query = Destination.filter(disabled_at__isnull=True) if enabled else Destination.all()
    return [_row(found) for found in await query.order_by("id")]


async def load_destination(id: int) -> DestinationRow | None:
    found = await Destination.get_or_none(id=id)
    return None if found is None else _row(found)


async def change_destination(id: int, **changes: Any) -> None:
    """Within a transaction. Keys are columns."""
    await Destination.filter(id=id).update(**changes)


async def delete_destination(tx: Transaction, id: int) -> None:
    await Destination.filter(id=id).delete()
    await forget_pushed(tx, id)


async def forget_pushed(tx: Transaction, id: int) -> None:
    """As if it had been sent nothing yet."""
    await tx.execute(
        "DELETE FROM engage_pushed WHERE {scope} AND destination_id = ?", [id], scope=EVERY_COMPANY
    )


async def load_signals(s: Statements, ids: Collection[int]) -> dict[int, Signal]:
    rows = await s.rows("SELECT company_id, document FROM engage_signal WHERE {scope}", scope=ids)
    return {row[0]: _decode(row[1]) for row in rows}


def insert_signals(signals: Sequence[tuple[int, int, Signal]]) -> Insert:
    """(company, when it was made in microseconds, signal)."""
    rows: list[Row] = [(company, at, _encode(signal)) for company, at, signal in signals]
    return _INSERT_SIGNALS, rows


async def load_unpushed(s: Statements, destination_id: int, limit: int) -> list[Waiting]:
    """What a destination does not have yet, the oldest first."""
    rows = await s.rows(
        "SELECT g.company_id, c.external_id, g.at, g.document FROM engage_signal g "
        "JOIN engage_company c ON c.id = g.company_id "
        "LEFT JOIN engage_pushed p ON p.company_id = g.company_id AND p.destination_id = ? "
        "WHERE {g.scope} AND (p.at IS NULL OR p.at <> g.at) ORDER BY g.at, g.company_id LIMIT ?",
        [destination_id, limit],
        scope=EVERY_COMPANY,
    )
    return [Waiting(row[0], row[1], row[2], _decode(row[3])) for row in rows]


async def save_pushed(tx: Transaction, destination_id: int, pushed: Sequence[Waiting]) -> None:
    rows: list[Row] = [(one.company_id, destination_id, one.at) for one in pushed]
    await tx.insert([(_INSERT_PUSHED, rows)], scope={row[0] for row in rows})
