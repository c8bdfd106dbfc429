"""The rows that name a member or keep what was said of one, rewritten or dropped for who is erased.

Owns where they stand. What stays of each is decided elsewhere; see `engage.core.erasure`. To be called in the
transaction that has the company's turn.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Final

from msgspec.structs import replace

from engage.core.erasure import NAMES, name_of
from engage.core.event import Kind
from engage.core.state import MemberState, encode_state
from engage.store.archived import INSERT_FILES, File
from engage.store.log import ENTRY_COLUMNS, load_member_rows
from engage.store.rewards import insert_redemption, list_redemptions
from engage.store.statements import Row, Statements, Transaction

ROWS_PER_READ: Final = 1000
SEQ_MAX: Final = 2**62
_RENAME: Final = (
    "INSERT INTO engage_member (company_id, id, external_id, state) {rows} "
    "ON CONFLICT (company_id, id) DO UPDATE SET external_id = excluded.external_id"
)
_REWRITE: Final = (
    f"INSERT INTO engage_entry (company_id, {ENTRY_COLUMNS}) {{rows}} "
    "ON CONFLICT (company_id, seq) DO UPDATE SET body = excluded.body"
)
_RENOTICE: Final = (
    "INSERT INTO engage_outbox (company_id, seq, n, at, type, data) {rows} "
    "ON CONFLICT (company_id, seq, n) DO UPDATE SET data = excluded.data"
)
BODY: Final = ENTRY_COLUMNS.split(", ").index("body")
"""Where the body stands in a row."""


async def list_erased(s: Statements, company_id: int) -> list[int]:
    """The numbers of the members of a company who were erased, in order."""
    rows = await s.rows(
        "SELECT id FROM engage_member WHERE {scope} AND external_id >= ? AND external_id < ? ORDER BY id",
        [*NAMES],
        scope=[company_id],
    )
    return [row[0] for row in rows]


async def rename(tx: Transaction, company_id: int, number: int, state: MemberState) -> None:
    """Forget a member's external id."""
    await tx.insert(
        [(_RENAME, [(company_id, number, name_of(number), encode_state(state))])], scope=[company_id]
    )


# --- entries --------------------------------------------------------------------------------------------------


async def entries_back(s: Statements, company_id: int, newest: int) -> AsyncIterator[list[Row]]:
    """ENTRY_COLUMNS of a member's entries, from the entry `newest` back, as far as they are not archived."""
    while newest and (rows := await load_member_rows(s, company_id, newest, ROWS_PER_READ)):
        yield rows
        newest = rows[-1][3]


async def events_called(s: Statements, company_id: int, name: str) -> AsyncIterator[list[Row]]:
    """ENTRY_COLUMNS of all members' events of a name, in order: no index finds them."""
    after = 0
    while rows := await s.rows(
        f"SELECT {ENTRY_COLUMNS} FROM engage_entry "
        "WHERE {scope} AND seq > ? AND kind = ? AND name = ? ORDER BY seq LIMIT ?",
        [after, Kind.TRACK, name, ROWS_PER_READ],
        scope=[company_id],
    ):
        yield rows
        after = rows[-1][0]


async def other_side(
    s: Statements, company_id: int, seq: int, kind: int, colleague: int, *, after: bool
) -> Row:
    """ENTRY_COLUMNS of the colleague's entry, of the same commit, of a gift or an invitation."""
    way = "> ? ORDER BY seq" if after else "< ? ORDER BY seq DESC"
    rows = await s.rows(
        f"SELECT {ENTRY_COLUMNS} FROM engage_entry "
        f"WHERE {{scope}} AND kind = ? AND member_id = ? AND seq {way} LIMIT 1",
        [kind, colleague, seq],
        scope=[company_id],
    )
    return rows[0]


async def rewrite(tx: Transaction, company_id: int, bodies: Sequence[tuple[Row, bytes]]) -> None:
    """Give entries other bodies: (ENTRY_COLUMNS, body)."""
    rows = [(company_id, *row[:BODY], body, *row[BODY + 1 :]) for row, body in bodies]
    await tx.insert([(_REWRITE, rows)], scope=[company_id])


async def replace_files(tx: Transaction, company_id: int, files: Sequence[File]) -> None:
    """Let the archive's files be these, each in place of the one that begins with the same entry."""
    rows = [(company_id, *file) for file in files]
    replacing = "name = excluded.name, hash = excluded.hash, bytes = excluded.bytes"
    await tx.insert(
        [(f"{INSERT_FILES} ON CONFLICT (company_id, first_seq) DO UPDATE SET {replacing}", rows)],
        scope=[company_id],
    )


# --- what is listed of them -----------------------------------------------------------------------------------


async def redact_listed(tx: Transaction, company_id: int, number: int, name: str) -> None:
    """What is listed of a member's adjustments, invitations, redemptions and standings, as their entries have it."""
    for sql, values in (
        ("engage_adjustment SET reason = '', settled_for = '' WHERE {scope} AND member_id = ?", []),
        ("engage_adjustment SET actor = '' WHERE {scope} AND member_id = ? AND actor = ?", [name]),
        ("engage_adjustment SET settled_by = '' WHERE {scope} AND member_id = ? AND settled_by = ?", [name]),
        (f"engage_invitation SET code = '{NAMES[0]}' || id WHERE {{scope}} AND member_id = ?", []),
        ("engage_standing SET department = '', shown = 0 WHERE {scope} AND member_id = ?", []),
    ):
        await tx.execute(f"UPDATE {sql}", [number, *values], scope=[company_id])
    before = SEQ_MAX
    while page := await list_redemptions(tx, company_id, before=before, limit=ROWS_PER_READ, member=number):
        for one in page:
            steps = [
                replace(step, reason="", actor="" if step.actor == name else step.actor) for step in one.steps
            ]
            await tx.insert([insert_redemption(company_id, replace(one, steps=steps))], scope=[company_id])
        before = page[-1].id


async def redact_notices(tx: Transaction, company_id: int, redact: Callable[[bytes], bytes]) -> int:
    """Rewrite the data of each notice in the outbox, sent or not, and drop those of which nothing is left; how many."""
    dropped, place = 0, (0, -1)
    while rows := await tx.rows(
        "SELECT seq, n, at, type, data FROM engage_outbox WHERE {scope} AND (seq, n) > (?, ?) "
        "ORDER BY seq, n LIMIT ?",
        [*place, ROWS_PER_READ],
        scope=[company_id],
    ):
        for *others, data in rows:
            left = redact(data)
            if not left:
                sql = "DELETE FROM engage_outbox WHERE {scope} AND seq = ? AND n = ?"
                dropped += await tx.execute(sql, others[:2], scope=[company_id])
            elif left != data:
                await tx.insert([(_RENOTICE, [(company_id, *others, left)])], scope=[company_id])
        place = rows[-1][:2]
    return dropped


async def drop_rejects(tx: Transaction, owner: int, concerns: Callable[[bytes], bool]) -> int:
    """Drop what was refused, in a company or where none could be told (HOST), and concerns somebody; how many."""
    dropped, place = 0, (-1, -1)
    while rows := await tx.rows(
        "SELECT received_at, n, call FROM engage_reject "
        "WHERE {scope} AND (received_at, n) > (?, ?) ORDER BY received_at, n LIMIT ?",
        [*place, ROWS_PER_READ],
        scope=[owner],
    ):
        for received_at, n, call in rows:
            if concerns(call):
                sql = "DELETE FROM engage_reject WHERE {scope} AND received_at = ? AND n = ?"
                dropped += await tx.execute(sql, [received_at, n], scope=[owner])
        place = rows[-1][:2]
    return dropped
