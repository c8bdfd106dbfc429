"""What customer success keeps of a company, in the database: goals, interventions, sentiment, exceptions; as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeVar

import msgspec

from engage.core.care import Ceiling, Goal, Intervention, Sentiment
from engage.store.scope import EVERY_COMPANY, Scope
from engage.store.statements import Statements, Transaction

Kept = Goal | Intervention | Sentiment | Ceiling
K = TypeVar("K", bound=Kept)

_KINDS: Final[dict[type, str]] = {
    Goal: "goal",
    Intervention: "intervention",
    Sentiment: "sentiment",
    Ceiling: "ceiling",
}
_INSERT: Final = (
    "INSERT INTO engage_care (company_id, kind, id, document) {rows} "
    "ON CONFLICT (company_id, kind, id) DO UPDATE SET document = excluded.document"
)


async def load_care(s: Statements, shape: type[K], scope: Scope) -> dict[int, dict[str, K]]:
    """company -> id -> what is kept of this shape."""
    rows = await s.rows(
        "SELECT company_id, id, document FROM engage_care WHERE {scope} AND kind = ?",
        [_KINDS[shape]],
        scope=scope,
    )
    found: dict[int, dict[str, K]] = {}
    for company_id, id, document in rows:
        found.setdefault(company_id, {})[id] = msgspec.json.decode(document, type=shape)
    return {company: dict(sorted(own.items())) for company, own in found.items()}


async def save_care(tx: Transaction, id: str, kept: Mapping[int, Kept]) -> None:
    """company -> what is kept of it under this id from now on; all of one shape."""
    rows = [(company, _KINDS[type(one)], id, msgspec.json.encode(one)) for company, one in kept.items()]
    await tx.insert([(_INSERT, rows)], scope=kept.keys())


async def forget_elsewhere(tx: Transaction, shape: type[Kept], id: str) -> None:
    """Of every company."""
    await tx.execute(
        "DELETE FROM engage_care WHERE {scope} AND kind = ? AND id = ?",
        [_KINDS[shape], id],
        scope=EVERY_COMPANY,
    )
