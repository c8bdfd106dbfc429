"""Leaderboards: who is on them, ranks and ties, neighbours, departments, and that verify knows them."""

from __future__ import annotations

from typing import Any

import pytest

from engage.actions.verify import verify
from tests.web.conftest import Running
from tests.web.test_events import assert_problem

BOARD = "/v1/companies/acme/leaderboard"
PROGRAM = """
name: Compared
currencies: {points: {}}
traits: {member: {team: {type: string}}}
department: member.traits.team
events: {Sale: {properties: {value: {type: integer}}}, Call: {}}
leaderboards:
  - {id: month, of: {currency: points}, period: month}
  - {id: calls, name: Calls ever, of: {event: Call}, period: lifetime}
  - {id: teams, by: department, of: {currency: points}, period: year, least: 5}
rules:
  - id: sale
    trigger: Sale
    effects: [award: {rate: 1, of: event.properties.value}]
"""


async def sell(running: Running, scores: dict[str, int], team: str = "") -> None:
    for name, value in scores.items():
        if team:
            traits = {"userId": name, "context": {"groupId": "acme"}, "traits": {"team": team}}
            await running.server.post("/v1/identify", json=traits)
        await running.track("Sale", userId=name, messageId=f"sale-{name}", properties={"value": value})


async def prefer(running: Running, *names: str, shown: bool = True) -> None:
    for name in names:
        path = f"/v1/companies/acme/members/{name}/preferences"
        answer = await running.server.put(path, json={"leaderboard": shown, "actor": name})
        assert answer.json() == {"leaderboard": shown}


async def board(running: Running, **query: Any) -> dict[str, Any]:
    answer = await running.server.get(BOARD, params=query)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def places(found: list[dict[str, Any]]) -> list[tuple[int, str, int]]:
    return [(one["rank"], one["member"] or one["department"], one["score"]) for one in found]


async def test_nobody_is_on_it_who_did_not_ask(running: Running) -> None:
    await running.publish(PROGRAM)
    await sell(running, {"ann": 30, "bob": 20, "cid": 10})
    assert (await board(running))["data"] == []
    await prefer(running, "bob", "cid")
    assert places((await board(running))["data"]) == [(1, "bob", 20), (2, "cid", 10)]
    found = await board(running, member="ann", around=2)
    assert (found["me"], found["around"]) == ({"rank": None, "score": 30}, [])
    await prefer(running, "bob", shown=False)
    assert places((await board(running))["data"]) == [(1, "cid", 10)]
    assert (await verify(running.database)).difference is None


async def test_equal_scores_have_the_same_rank_and_the_next_counts_them_all(running: Running) -> None:
    await running.publish(PROGRAM)
    scores = {"a": 50, "b": 40, "c": 40, "d": 40, "e": 30, "f": 20}
    await sell(running, scores)
    await prefer(running, *scores)
    assert [rank for rank, _, _ in places((await board(running))["data"])] == [1, 2, 2, 2, 5, 6]
    near = await board(running, member="d", around=1, limit=0)
    assert near["data"] == []
    assert near["me"] == {"rank": 2, "score": 40}
    assert places(near["around"]) == [(2, "c", 40), (2, "d", 40), (5, "e", 30)]
    near = await board(running, member="f", around=3)
    assert places(near["around"]) == [(2, "c", 40), (2, "d", 40), (5, "e", 30), (6, "f", 20)]


async def test_departments_with_few_members_are_not_shown(running: Running) -> None:
    await running.publish(PROGRAM)
    await sell(running, {f"s{n}": 10 for n in range(5)}, "Sales")
    await sell(running, {f"o{n}": 100 for n in range(4)}, "Office")
    found = await board(running, board="teams")
    assert (found["by"], places(found["data"])) == ("department", [(1, "Sales", 50)])
    assert found["data"][0]["members"] == 5
    await sell(running, {"o4": 1}, "Office")
    assert places((await board(running, board="teams"))["data"]) == [(1, "Office", 401), (2, "Sales", 50)]
    refused = await running.server.get(BOARD, params={"board": "teams", "member": "s1"})
    assert_problem(refused, 400, "invalid_request")
    assert (await verify(running.database)).difference is None


async def test_undoing_takes_it_back_and_events_are_counted(running: Running) -> None:
    await running.publish(PROGRAM)
    for number in range(2):
        await running.track("Call", userId="ann", messageId=f"call-{number}")
    await prefer(running, "ann")
    assert places((await board(running, board="calls"))["data"]) == [(1, "ann", 2)]
    await running.server.post("/v1/companies/acme/events/call-0/reversal", json={})
    found = await board(running, board="calls")
    assert places(found["data"]) == [(1, "ann", 1)]
    assert (found["name"], found["since"]) == ("Calls ever", None)
    assert (await verify(running.database)).difference is None


async def test_a_board_that_counts_something_else_begins_anew(running: Running) -> None:
    await running.publish(PROGRAM)
    await sell(running, {"ann": 30})
    await prefer(running, "ann")
    await running.publish(
        PROGRAM.replace("id: month, of: {currency: points}", "id: month, of: {event: Call}")
    )
    await running.track("Call", userId="ann", messageId="call")
    assert places((await board(running))["data"]) == [(1, "ann", 1)]
    assert (await verify(running.database)).difference is None


async def test_what_there_is_not_is_said(running: Running) -> None:
    await running.publish(PROGRAM)
    await running.track("Call", userId="ann")
    assert_problem(await running.server.get(BOARD, params={"board": "mnth"}), 404, "not_found")
    assert_problem(await running.server.get(BOARD, params={"member": "nobody"}), 404, "not_found")
    before = {"board": "calls", "before": "true"}
    assert_problem(await running.server.get(BOARD, params=before), 400, "invalid_request")
    assert (await board(running, before="true"))["data"] == []
    nobody = "/v1/companies/acme/members/nobody/preferences"
    assert_problem(await running.server.put(nobody, json={"leaderboard": True}), 404, "not_found")
    assert_problem(await running.report.get(BOARD), 403, "forbidden")


@pytest.mark.parametrize(
    "forgery",
    [
        "UPDATE engage_standing SET score = 999 WHERE {scope}",
        "UPDATE engage_standing SET shown = 0 WHERE {scope}",
        "DELETE FROM engage_standing WHERE {scope}",
    ],
)
async def test_verify_sees_a_changed_standing(running: Running, forgery: str) -> None:
    await running.publish(PROGRAM)
    await sell(running, {"ann": 30})
    await prefer(running, "ann")
    await running.database.write(lambda tx: tx.execute(forgery, scope=[1]))
    difference = (await verify(running.database)).difference
    assert difference is not None
    assert "standing" in difference
