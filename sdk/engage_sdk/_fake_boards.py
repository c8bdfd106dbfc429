"""The leaderboards of `FakeEngage`: scores that a test set, with ranks, ties and neighbours as the service has them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import httpx

from ._fake_answers import Json, ok, problem


@dataclass(frozen=True, slots=True)
class Board:
    """Scores by member."""

    id: str
    name: str | None
    scores: dict[str, int]


def board_answer(boards: Sequence[Board], query: Mapping[str, str]) -> httpx.Response:
    """The board asked for, else the first."""
    wanted = query.get("board")
    board = next((one for one in boards if wanted in (None, one.id)), None)
    if board is None:
        return problem(404, "not_found", "no such leaderboard: see set_leaderboard")
    order = sorted(board.scores, key=lambda member: -board.scores[member])
    ranks = {member: 1 + sum(one > board.scores[member] for one in board.scores.values()) for member in order}
    places: list[Json] = [
        {"rank": ranks[member], "score": board.scores[member], "member": member} for member in order
    ]
    answer = {
        "id": board.id,
        "name": board.name or board.id,
        "by": "member",
        "period": "lifetime",
        "since": None,
    }
    me, around = query.get("member"), int(query.get("around", 0))
    near: list[Json] = []
    if me in order and around:
        place = order.index(me)
        near = places[max(0, place - around) : place + around + 1]
    mine = None if me is None else {"rank": ranks.get(me), "score": board.scores.get(me, 0)}
    return ok({**answer, "data": places[: int(query.get("limit", 10))], "me": mine, "around": near})
