"""Quests and streaks as a member's page gets them, and leave by HTTP."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import engage_sdk.models as models

from tests.web.conftest import Running
from tests.web.test_events import assert_problem

MEMBER = "/v1/companies/acme/members/emp-1"
HABITS = """
name: Habits
currencies: {points: {}}
events: {Report Exported: {}}
streaks: [{id: daily, name: Every day, days: all, freezes: {most: 1, count: 1}}]
quests:
  - {id: two, goal: {event: Report Exported, reach: 2}, repeats: month, effects: [award: 5]}
  - {id: later, goal: {event: Report Exported, reach: 1}, requires: {quests: [two]}}
rules: [{id: week, trigger: {streak: daily, reaches: 7}, effects: [award: 30]}]
"""


def today() -> date:
    return datetime.now(UTC).date()


async def test_a_member_shows_quests_and_streaks(running: Running) -> None:
    await running.publish(HABITS)
    await running.track()
    member = (await running.server.get(MEMBER)).json()
    two, later = member["quests"]
    assert two["goals"] == [{"event": "Report Exported", "progress": 1, "reach": 2, "done": False}]
    assert (two["status"], two["tiers"], two["times"]) == ("open", [], 0)
    assert date.fromisoformat(two["until"]) + timedelta(1) == (
        today().replace(day=28) + timedelta(4)
    ).replace(day=1)
    assert (later["status"], later["missing"], later["until"]) == ("locked", ["quest two"], None)
    assert member["streaks"] == [
        {
            "id": "daily",
            "name": "Every day",
            "every": "day",
            "current": 1,
            "longest": 1,
            "freezes": 1,
            "today": "done",
            "next": 7,
        }
    ]
    decoded = models.decode(models.Member, member)
    assert decoded.quests[0].goals[0].reach == 2
    assert decoded.streaks[0].current == 1
    done = await running.track(messageId="second")
    assert done["effects"] == [
        {"type": "award", "rule": "quest:two", "currency": "points", "amount": 5},
        {"type": "quest", "quest": "two"},
    ]


async def test_leave_and_restore_answer_the_streaks(running: Running) -> None:
    await running.publish(HABITS)
    await running.track()
    leave = {"from": today().isoformat(), "to": (today() + timedelta(3)).isoformat(), "reason": "holiday"}
    answer = await running.server.post(f"{MEMBER}/leave", json=leave)
    assert answer.status_code == 201
    assert answer.json()["streaks"][0]["current"] == 1
    restored = await running.server.post(f"{MEMBER}/streaks/daily/restore")
    assert (restored.status_code, restored.json()) == (200, answer.json())
    wrong = await running.server.post(f"{MEMBER}/leave", json=leave | {"to": "soon"})
    assert_problem(wrong, 400, "invalid_request")
    assert_problem(await running.server.post(f"{MEMBER}/streaks/weekly/restore"), 404, "not_found")
