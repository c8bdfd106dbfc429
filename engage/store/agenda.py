"""When a tick is due to whom, as the scheduler looks it up. The members' state decides; this is an index into it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Sequence
from typing import Final

from engage.store.scope import EVERY_COMPANY, Scope
from engage.store.statements import Insert, Row, Statements

ROWS_PER_READ: Final = 5000

INSERT_AGENDA: Final = (
    "INSERT INTO engage_agenda (company_id, member_id, due) {rows} "
    "ON CONFLICT (company_id, member_id) DO UPDATE SET due = excluded.due"
)
INSERT_TIMETABLE: Final = (
    "INSERT INTO engage_timetable (company_id, program_id) {rows} "
    "ON CONFLICT (company_id) DO UPDATE SET program_id = excluded.program_id"
)


async def load_due_companies(s: Statements, day: int, scope: Scope = EVERY_COMPANY) -> list[int]:
    """The companies in which a tick is due to somebody on `day` or before."""
    rows = await s.rows(
        # One seek for each company: most of an agenda lies in the days to come.
        "SELECT h.company_id FROM engage_head h WHERE {h.scope} AND EXISTS (SELECT 1 FROM engage_agenda a "
        "WHERE a.company_id = h.company_id AND a.due > 0 AND a.due <= ?) ORDER BY h.company_id",
        [day],
        scope=scope,
    )
    return [row[0] for row in rows]


async def load_due_members(s: Statements, company_id: int, day: int, limit: int) -> list[tuple[int, str]]:
    """(number, external id) of those a tick is due to on `day` or before, soonest first."""
    rows = await s.rows(
        "SELECT m.id, m.external_id FROM engage_agenda a JOIN engage_member m "
        "ON m.company_id = a.company_id AND m.id = a.member_id "
        "WHERE {a.scope} AND a.due > 0 AND a.due <= ? ORDER BY a.due, a.member_id LIMIT ?",
        [day, limit],
        scope=[company_id],
    )
    return [(row[0], row[1]) for row in rows]


async def every_due(s: Statements, company_id: int) -> AsyncIterator[tuple[int, int]]:
    """(member, due day) of all who await something, in order of number, a bounded number in memory at a time."""
    after = 0
    while rows := await s.rows(
        "SELECT member_id, due FROM engage_agenda WHERE {scope} AND due > 0 AND member_id > ? "
        "ORDER BY member_id LIMIT ?",
        [after, ROWS_PER_READ],
        scope=[company_id],
    ):
        for member, due in rows:
            yield member, due
        after = rows[-1][0]


async def load_timetables(s: Statements, ids: Collection[int]) -> dict[int, int]:
    """Company -> the program version by which its agenda was made, for those that have one."""
    rows = await s.lookup(
        "SELECT t.company_id, t.program_id FROM {keys} k JOIN engage_timetable t ON t.company_id = k.column1",
        [(id,) for id in sorted(ids)],
        scope=ids,
    )
    return dict(rows)


def insert_agenda(rows: Sequence[Row]) -> Insert:
    """(company, member, due day or 0)."""
    return INSERT_AGENDA, rows


def insert_timetable(company_id: int, program_id: int) -> Insert:
    return INSERT_TIMETABLE, [(company_id, program_id)]
