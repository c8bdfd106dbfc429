"""Leaderboards of a company, and whether a member wants to be on them. For server keys alone: they show individuals."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any, Final

from msgspec import Meta, Struct

from engage.actions.preferences import set_preferences
from engage.actions.turns import program_version
from engage.core.calendar import local_day_hour
from engage.core.leaderboards import name_of, period_start, slot, start_before
from engage.core.program import Leaderboard, Program
from engage.core.state import CompanyState
from engage.errors import InvalidRequest, NotFound
from engage.store.companies import current_programs, find_company
from engage.store.leaderboards import (
    Period,
    Ranked,
    best,
    departments,
    neighbours,
    rank_of,
    score_of,
    ties_before,
)
from engage.store.members import load_company_state, load_member, load_people
from engage.store.statements import Statements
from engage.web import board_shapes as shapes
from engage.web.api.members import actor_of, name_of_traits
from engage.web.endpoint import SERVER, Asked, endpoint

LIMIT_DEFAULT: Final = 10
LIMIT_MAX: Final = 100
AROUND_MAX: Final = 20


class BoardQuery(Struct):
    board: (
        Annotated[str, Meta(max_length=64, description="Its id; absent: the first of the program.")] | None
    ) = None
    limit: Annotated[int, Meta(ge=0, le=LIMIT_MAX)] = LIMIT_DEFAULT
    member: Annotated[str, Meta(max_length=255, description="Whose own place to tell.")] | None = None
    around: Annotated[int, Meta(ge=0, le=AROUND_MAX, description="Neighbours on each side of `member`.")] = 0
    before: Annotated[bool, Meta(description="The period before the one under way.")] = False


@endpoint(
    "GET",
    "/v1/companies/{company}/leaderboard",
    kinds=SERVER,
    summary="Who scored most in a period, or which department",
    tag="leaderboards",
    description="Members are on it when they asked to be compared, departments when enough of their members scored.",
)
async def get_leaderboard(asked: Asked[None, BoardQuery]) -> shapes.Leaderboard:
    query = asked.query
    async with asked.services.database.read() as s:
        id = await find_company(s, asked.path["company"])
        program = await program_version((await current_programs(s, [id]))[id])
        found = await load_company_state(s, id)
        company = found[0] if found else CompanyState()
        board = _find(program.program if program else None, query.board)
        today, _ = local_day_hour(asked.services.now(), company.timezone)
        period = _period(board, company, today, query.before)
        data, me, around = await _places(s, id, board, period, query)
    since = date.fromordinal(period.start).isoformat() if period.start else None
    return shapes.Leaderboard(board.id, board.name, board.by, board.period, since, data, me, around)


def _find(program: Program | None, id: str | None) -> Leaderboard:
    boards = program.leaderboards if program else ()
    for board in boards:
        if id is None or board.id == id:
            return board
    raise NotFound(f"the program has no leaderboard {id!r}" if id else "the program has no leaderboard")


def _period(board: Leaderboard, company: CompanyState, today: int, before: bool) -> Period:
    start = period_start(board.period, today)
    if before:
        if not start:
            raise InvalidRequest("before: there is no period before the lifetime")
        start = start_before(board.period, start)
    return Period(name_of(board, company), slot(board.period, start), start)


async def _places(
    s: Statements, id: int, board: Leaderboard, period: Period, query: BoardQuery
) -> tuple[list[shapes.Placed], shapes.Mine | None, list[shapes.Placed]]:
    if board.by == "department":
        if query.member is not None:
            raise InvalidRequest("member: this leaderboard is by department")
        rows = await departments(s, id, period, board.least)
        ranks = _ranks([score for _, score, _ in rows])
        placed = [
            shapes.Placed(rank, score, department=name, members=members)
            for rank, (name, score, members) in zip(ranks, rows, strict=True)
        ]
        return placed[: query.limit], None, []
    top = await best(s, id, period, query.limit)
    data = await _shown(s, id, top)
    if query.member is None:
        return data, None, []
    member = await load_member(s, id, query.member)
    if member is None:
        raise NotFound(f"there is no member {query.member!r} in this company")
    score, shown = await score_of(s, id, period, member[0])
    if not shown or score <= 0:
        return data, shapes.Mine(None, score), []
    rank = await rank_of(s, id, period, score)
    if not query.around:
        return data, shapes.Mine(rank, score), []
    above, below = await neighbours(s, id, period, (member[0], score), query.around)
    near = [*above, (member[0], score), *below]
    first = rank + await ties_before(s, id, period, (member[0], score)) - len(above)
    best_rank = await rank_of(s, id, period, near[0][1])
    return data, shapes.Mine(rank, score), await _shown(s, id, near, first, best_rank)


async def _shown(
    s: Statements, id: int, rows: Sequence[Ranked], first: int = 1, best_rank: int = 1
) -> list[shapes.Placed]:
    people = await load_people(s, id, [number for number, _ in rows])
    ranks = _ranks([score for _, score in rows], first, best_rank)
    return [
        shapes.Placed(rank, score, people[number][0], name_of_traits(people[number][1].traits))
        for rank, (number, score) in zip(ranks, rows, strict=True)
    ]


def _ranks(scores: Sequence[int], first: int = 1, best_rank: int = 1) -> list[int]:
    """Equal scores have the same rank, and the next one counts them all. `first` is the place in the whole order of the
    first score, `best_rank` its rank: others before it may have the same."""
    ranks: list[int] = []
    for index, score in enumerate(scores):
        if not index:
            ranks.append(best_rank)
        else:
            ranks.append(ranks[-1] if score == scores[index - 1] else first + index)
    return ranks


@endpoint(
    "PUT",
    "/v1/companies/{company}/members/{member}/preferences",
    kinds=SERVER,
    summary="What a member prefers",
    tag="members",
    description="Nobody is on a leaderboard by name who did not ask for it. What is absent stays as it is.",
)
async def put_preferences(asked: Asked[shapes.NewPreferences, None]) -> shapes.Preferences:
    given = {} if asked.body.leaderboard is None else {"leaderboard": asked.body.leaderboard}
    found: dict[str, Any] = await set_preferences(
        asked.services.database,
        company=asked.path["company"],
        member=asked.path["member"],
        preferences=given,
        actor=actor_of(asked, asked.body.actor),
        now=asked.services.now(),
    )
    return shapes.Preferences(leaderboard=found.get("leaderboard", False))


ENDPOINTS: Final = [get_leaderboard, put_preferences]
