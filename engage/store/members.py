"""Members as the views read them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection

from engage.core.state import CompanyState, MemberState, decode_company, decode_member
from engage.store.scope import EVERY_COMPANY
from engage.store.statements import Statements

MEMBERS_PER_READ = 2000


async def external_id_of(s: Statements, company_id: int, number: int) -> str:
    rows = await s.rows(
        "SELECT external_id FROM engage_member WHERE {scope} AND id = ?", [number], scope=[company_id]
    )
    return str(rows[0][0]) if rows else ""


async def load_member(s: Statements, company_id: int, external_id: str) -> tuple[int, MemberState] | None:
    """(number, state)."""
    found = await load_member_and_program(s, company_id, external_id)
    return found and found[:2]


async def load_member_and_program(
    s: Statements, company_id: int, external_id: str
) -> tuple[int, MemberState, int, CompanyState] | None:
    """(number, state, the program version in force, 0 for none, the company's state), in one trip: a page asks this for
    every visitor."""
    rows = await s.few(
        "SELECT m.id, m.state, COALESCE("
        " (SELECT MAX(p.id) FROM engage_program p WHERE p.company_id = m.company_id),"
        " (SELECT MAX(p.id) FROM engage_program p WHERE p.company_id = 0), 0), h.state"
        " FROM engage_member m JOIN engage_head h ON h.company_id = m.company_id"
        " WHERE {m.scope} AND m.external_id = ?",
        [external_id],
        scope=[company_id],
    )
    if not rows:
        return None
    number, state, program, company = rows[0]
    return number, decode_member(state), program, decode_company(company)


async def list_members(
    s: Statements, company_id: int, after: int, limit: int
) -> list[tuple[int, str, MemberState]]:
    """(number, external id, state) of the members above number `after`, in order of number."""
    rows = await s.rows(
        "SELECT id, external_id, state FROM engage_member WHERE {scope} AND id > ? ORDER BY id LIMIT ?",
        [after, limit],
        scope=[company_id],
    )
    return [(row[0], row[1], decode_member(row[2])) for row in rows]


async def load_people(
    s: Statements, company_id: int, numbers: Collection[int]
) -> dict[int, tuple[str, MemberState]]:
    """Number -> (external id, state) of some members."""
    rows = await s.lookup(
        "SELECT m.id, m.external_id, m.state FROM {keys} k "
        "JOIN engage_member m ON m.company_id = k.column1 AND m.id = k.column2",
        [(company_id, number) for number in numbers],
        scope=[company_id],
    )
    return {row[0]: (row[1], decode_member(row[2])) for row in rows}


async def every_member(s: Statements, company_id: int) -> AsyncIterator[tuple[int, str, MemberState]]:
    """All members of a company, in order of number, a bounded number in memory at a time."""
    after = 0
    while members := await list_members(s, company_id, after, MEMBERS_PER_READ):
        for member in members:
            yield member
        after = members[-1][0]


async def load_company_state(s: Statements, company_id: int) -> tuple[CompanyState, int] | None:
    """(state, id of the program version in force); None when nothing was logged yet."""
    rows = await s.few("SELECT state, program_id FROM engage_head WHERE {scope}", scope=[company_id])
    return (decode_company(rows[0][0]), rows[0][1]) if rows else None


async def list_companies(
    s: Statements, after: int, limit: int
) -> list[tuple[int, str, int, CompanyState, int]]:
    """(id, external id, created at, state, program version id), in order of id."""
    rows = await s.rows(
        "SELECT c.id, c.external_id, c.created_at, h.state, h.program_id FROM engage_company c "
        "LEFT JOIN engage_head h ON h.company_id = c.id WHERE {h.scope} AND c.id > ? ORDER BY c.id LIMIT ?",
        [after, limit],
        scope=EVERY_COMPANY,
    )
    return [
        (row[0], row[1], row[2], decode_company(row[3]) if row[3] else CompanyState(), row[4] or 0)
        for row in rows
    ]
