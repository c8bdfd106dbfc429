"""Redemptions as they are listed, and the codes that are handed out.

What is written here goes with the entry that decides it, in one transaction under the company's turn; that is also
why no two redemptions can be handed one code.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import Final

import msgspec
from msgspec import Struct

from engage.core.rewards import STATUSES
from engage.store.statements import Insert, Row, Statements, Transaction

INSERT_REDEMPTIONS: Final = (
    "INSERT INTO engage_redemption (company_id, id, member_id, status, requested_at, changed_at, amount, reward, "
    "currency, steps) {rows} ON CONFLICT (company_id, id) DO UPDATE SET status = excluded.status, "
    "changed_at = excluded.changed_at, steps = excluded.steps"
)
INSERT_CODES: Final = (
    "INSERT INTO engage_code (company_id, reward, n, hash, code, redemption, uploaded_at, actor) {rows} "
    "ON CONFLICT (company_id, reward, n) DO UPDATE SET redemption = excluded.redemption"
)
_REDEMPTIONS: Final = (
    "SELECT r.id, r.member_id, r.status, r.requested_at, r.changed_at, r.amount, r.reward, r.currency, r.steps, "
    "m.external_id, c.code FROM engage_redemption r "
    "JOIN engage_member m ON m.company_id = r.company_id AND m.id = r.member_id "
    "LEFT JOIN engage_code c ON c.company_id = r.company_id AND c.redemption = r.id WHERE {r.scope}"
)
_OPEN: Final = STATUSES.index("approved")
"""Statuses up to this one wait for somebody."""
HASH_BYTES: Final = 16
ROWS_PER_READ: Final = 5000


class Step(Struct, frozen=True, array_like=True):
    """One step of a redemption: a stored shape, so a field is only ever appended with a default."""

    step: str
    at: int
    actor: str
    reason: str
    expired: int = 0
    """Units whose day had come when a cancellation returned them."""


class StoredRedemption(Struct, frozen=True):
    id: int
    member: int
    status: str
    requested_at: int
    changed_at: int
    amount: int
    reward: str
    currency: str
    steps: list[Step]
    member_id: str = ""
    """The host's own id of the member."""
    code: str | None = None


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[Step]).decode


def insert_redemption(company_id: int, one: StoredRedemption) -> Insert:
    """A new redemption, or what became of one."""
    row = (
        company_id,
        one.id,
        one.member,
        STATUSES.index(one.status),
        one.requested_at,
        one.changed_at,
        one.amount,
        one.reward,
        one.currency,
        _encode(one.steps),
    )
    return INSERT_REDEMPTIONS, [row]


def _redemption(row: Row) -> StoredRedemption:
    id, member, status, requested_at, changed_at, amount, reward, currency, steps, member_id, code = row
    return StoredRedemption(
        id,
        member,
        STATUSES[status],
        requested_at,
        changed_at,
        amount,
        reward,
        currency,
        _decode(steps),
        member_id,
        code,
    )


async def load_redemption(s: Statements, company_id: int, id: int) -> StoredRedemption | None:
    rows = await s.rows(_REDEMPTIONS + " AND r.id = ?", [id], scope=[company_id])
    return _redemption(rows[0]) if rows else None


async def list_redemptions(
    s: Statements, company_id: int, *, before: int, limit: int, member: int = 0, status: str = ""
) -> list[StoredRedemption]:
    """Newest first, those below number `before`: of all members or one, in any status or one."""
    wanted = {"r.member_id": member or None, "r.status": STATUSES.index(status) if status else None}
    given = {column: value for column, value in wanted.items() if value is not None}
    conditions = "".join(f" AND {column} = ?" for column in given)
    rows = await s.rows(
        f"{_REDEMPTIONS}{conditions} AND r.id < ? ORDER BY r.id DESC LIMIT ?",
        [*given.values(), before, limit],
        scope=[company_id],
    )
    return [_redemption(row) for row in rows]


async def open_redemptions(s: Statements, company_id: int) -> dict[int, tuple[int, str, str, int, str]]:
    """Those that wait for somebody: id -> (member, reward, currency, amount, status)."""
    rows = await s.rows(
        "SELECT id, member_id, reward, currency, amount, status FROM engage_redemption "
        "WHERE {scope} AND status <= ?",
        [_OPEN],
        scope=[company_id],
    )
    return {row[0]: (row[1], row[2], row[3], row[4], STATUSES[row[5]]) for row in rows}


async def load_listed(s: Statements, company_id: int, ids: Sequence[int]) -> dict[int, StoredRedemption]:
    """By number, as they are listed: without the member's name and the code."""
    rows = await s.lookup(
        "SELECT r.id, r.member_id, r.status, r.requested_at, r.changed_at, r.amount, r.reward, r.currency, r.steps "
        "FROM {keys} k JOIN engage_redemption r ON r.company_id = k.column1 AND r.id = k.column2",
        [(company_id, id) for id in ids],
        scope=[company_id],
    )
    return {row[0]: _redemption((*row, "", None)) for row in rows}


async def count_steps(s: Statements, company_id: int, after: int) -> tuple[int, int]:
    """How many redemptions above number `after` there are, and how many steps they took."""
    count, steps, last = 0, 0, after
    while rows := await s.rows(
        "SELECT id, steps FROM engage_redemption WHERE {scope} AND id > ? ORDER BY id LIMIT ?",
        [last, ROWS_PER_READ],
        scope=[company_id],
    ):
        count += len(rows)
        steps += sum(len(_decode(row[1])) for row in rows)
        last = rows[-1][0]
    return count, steps


# --- codes --------------------------------------------------------------------------------------------------


def _hash(code: str) -> bytes:
    return blake2b(code.encode(), digest_size=HASH_BYTES).digest()


async def add_codes(
    tx: Transaction, company_id: int, reward: str, codes: Sequence[str], actor: str, now: int
) -> int:
    """Add codes to a reward's, behind those that are there; how many were new. Needs the company's turn."""
    hashes = {_hash(code): code for code in codes}
    known = await tx.lookup(
        "SELECT c.hash FROM {keys} k JOIN engage_code c ON c.company_id = k.column1 "
        "AND c.reward = k.column2 AND c.hash = k.column3",
        [(company_id, reward, hash) for hash in sorted(hashes)],
        scope=[company_id],
    )
    for row in known:
        del hashes[row[0]]
    rows = await tx.rows(
        "SELECT COALESCE(MAX(n), 0) FROM engage_code WHERE {scope} AND reward = ?",
        [reward],
        scope=[company_id],
    )
    added = [
        (company_id, reward, n, hash, code, 0, now, actor)
        for n, (hash, code) in enumerate(hashes.items(), rows[0][0] + 1)
    ]
    if added:
        await tx.insert([(INSERT_CODES, added)], scope=[company_id])
    return len(added)


async def codes_left(s: Statements, company_id: int) -> dict[str, int]:
    """Reward -> codes that are nobody's yet; rewards without any are left out."""
    rows = await s.rows(
        "SELECT reward, COUNT(*) FROM engage_code WHERE {scope} AND redemption = 0 GROUP BY reward",
        scope=[company_id],
    )
    return dict(rows)


async def codes_promised(s: Statements, company_id: int) -> dict[str, int]:
    """Reward -> redemptions that wait for somebody, each of which will want a code."""
    rows = await s.rows(
        "SELECT reward, COUNT(*) FROM engage_redemption WHERE {scope} AND status <= ? GROUP BY reward",
        [_OPEN],
        scope=[company_id],
    )
    return dict(rows)


async def hand_out_code(tx: Transaction, company_id: int, reward: str, redemption: int) -> bool:
    """Give the oldest code that is nobody's to a redemption, for good. False: there is none. Needs the turn."""
    rows = await tx.rows(
        "SELECT n, hash, code, uploaded_at, actor FROM engage_code "
        "WHERE {scope} AND reward = ? AND redemption = 0 ORDER BY n LIMIT 1",
        [reward],
        scope=[company_id],
    )
    for n, hash, code, uploaded_at, actor in rows:
        taken = (company_id, reward, n, hash, code, redemption, uploaded_at, actor)
        await tx.insert([(INSERT_CODES, [taken])], scope=[company_id])
    return bool(rows)
