"""The rows of leaderboards: derived from the members' states in the same transaction, so that a page can ask for ranks.

Two rows per member and board for ever, one for each of two periods in turn; a row of an older period is passed over by
its start. Whoever did not ask to be seen has rows too, for the departments, and is in no answer by member.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

from msgspec import Struct

from engage.store.statements import Row, Statements

INSERT_STANDINGS: Final = (
    "INSERT INTO engage_standing (company_id, board, slot, member_id, start, score, department, shown) {rows} "
    "ON CONFLICT (company_id, board, slot, member_id) DO UPDATE SET start = excluded.start, "
    "score = excluded.score, department = excluded.department, shown = excluded.shown"
)
ROWS_PER_READ: Final = 5000
_SHOWN: Final = "board = ? AND slot = ? AND start = ? AND shown = 1"
"""Further conditions bound the score once, not twice: a database takes the first bound it finds."""


class Period(Struct, frozen=True):
    """One period of one board."""

    board: str
    slot: int
    start: int

    @property
    def values(self) -> list[str | int]:
        return [self.board, self.slot, self.start]


Ranked = tuple[int, int]
"""(member's number, score). Of equal scores whoever was first known comes first."""


async def best(s: Statements, company_id: int, period: Period, limit: int) -> list[Ranked]:
    rows = await s.rows(
        f"SELECT member_id, score FROM engage_standing WHERE {{scope}} AND {_SHOWN} AND score > 0 "
        "ORDER BY score DESC, member_id LIMIT ?",
        [*period.values, limit],
        scope=[company_id],
    )
    return [(row[0], row[1]) for row in rows]


async def score_of(s: Statements, company_id: int, period: Period, member: int) -> tuple[int, bool]:
    """(score, whether the member is shown)."""
    rows = await s.rows(
        "SELECT score, shown FROM engage_standing "
        "WHERE {scope} AND board = ? AND slot = ? AND member_id = ? AND start = ?",
        [period.board, period.slot, member, period.start],
        scope=[company_id],
    )
    return (rows[0][0], bool(rows[0][1])) if rows else (0, False)


async def rank_of(s: Statements, company_id: int, period: Period, score: int) -> int:
    """One more than have a higher score. It counts them in the index: 100,000 take some milliseconds."""
    rows = await s.rows(
        f"SELECT COUNT(*) FROM engage_standing WHERE {{scope}} AND {_SHOWN} AND score > ?",
        [*period.values, score],
        scope=[company_id],
    )
    return 1 + int(rows[0][0])


async def neighbours(
    s: Statements, company_id: int, period: Period, me: Ranked, around: int
) -> tuple[list[Ranked], list[Ranked]]:
    """Up to `around` before a member, and as many after, in order."""
    member, score = me
    values = [*period.values, score, score, member, around]
    before = await s.rows(
        f"SELECT member_id, score FROM engage_standing WHERE {{scope}} AND {_SHOWN} "
        "AND score >= ? AND (score > ? OR member_id < ?) ORDER BY score, member_id DESC LIMIT ?",
        values,
        scope=[company_id],
    )
    after = await s.rows(
        f"SELECT member_id, score FROM engage_standing WHERE {{scope}} AND {_SHOWN} "
        "AND score <= ? AND score > 0 AND (score < ? OR member_id > ?) ORDER BY score DESC, member_id LIMIT ?",
        values,
        scope=[company_id],
    )
    return [(row[0], row[1]) for row in reversed(before)], [(row[0], row[1]) for row in after]


async def ties_before(s: Statements, company_id: int, period: Period, me: Ranked) -> int:
    """How many with the member's score come before the member in the order, in which nobody shares a place."""
    rows = await s.rows(
        f"SELECT COUNT(*) FROM engage_standing WHERE {{scope}} AND {_SHOWN} AND score = ? AND member_id < ?",
        [*period.values, me[1], me[0]],
        scope=[company_id],
    )
    return int(rows[0][0])


async def departments(
    s: Statements, company_id: int, period: Period, least: int
) -> list[tuple[str, int, int]]:
    """(department, score, members who scored) of those with at least `least` such members, best first."""
    rows = await s.rows(
        "SELECT department, SUM(score), COUNT(*) FROM engage_standing "
        "WHERE {scope} AND board = ? AND slot = ? AND start = ? AND score > 0 AND department <> '' "
        "GROUP BY department HAVING COUNT(*) >= ?",
        [*period.values, least],
        scope=[company_id],
    )
    found = [(str(row[0]), int(row[1]), int(row[2])) for row in rows]
    return sorted(found, key=lambda one: (-one[1], one[0]))


async def every_standing(s: Statements, company_id: int) -> AsyncIterator[Row]:
    """(board, slot, member, start, score, department, shown), a bounded number in memory at a time."""
    board, place, member = "", -1, 0
    while rows := await s.rows(
        "SELECT board, slot, member_id, start, score, department, shown FROM engage_standing "
        "WHERE {scope} AND (board, slot, member_id) > (?, ?, ?) ORDER BY board, slot, member_id LIMIT ?",
        [board, place, member, ROWS_PER_READ],
        scope=[company_id],
    ):
        for row in rows:
            yield row
        board, place, member = rows[-1][:3]
