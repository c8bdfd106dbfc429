"""What is told of levels: the review that is next and what would come of it, and benefits."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from tests.places import ON_SQLITE
from tests.web.conftest import Running
from tests.web.test_events import assert_problem

MEMBER = "/v1/companies/acme/members/emp-1"
PROGRAM = """
name: Yearly
currencies: {points: {}}
events: {Report Exported: {}}
levels:
  basis: calendar_year
  review: {on: 01-01, grace: {days: 20}}
  steps:
    - {id: bronze, threshold: 5, benefits: {export: true, rows: 100, support: chat}}
    - {id: silver, threshold: 10, benefits: {rows: 1000}}
    - {id: gold, threshold: 40, benefits: {export: false, rows: 5000}}
rules:
  - {id: export, trigger: Report Exported, effects: [{award: 10}]}
"""


async def test_the_next_review_is_told_beforehand(running: Running) -> None:
    await running.publish(PROGRAM)
    await running.track()
    member = (await running.server.get(MEMBER)).json()
    year = datetime.now(UTC).year + 1
    silver = {"id": "silver", "name": "Silver", "rank": 2}
    assert member["review"] == {
        "day": date(year, 1, 1).isoformat(),
        "level": silver,
        "missing": 0,
        "falls_on": None,
    }
    body = {"currency": "points", "amount": -3, "reason": "counted twice"}
    await running.server.post(f"{MEMBER}/adjustments", json=body)
    member = (await running.server.get(MEMBER)).json()
    assert member["level"] == silver
    assert member["next_level"]["missing"] == 33
    assert member["review"]["level"]["id"] == "bronze"
    assert member["review"]["missing"] == 3
    assert member["review"]["falls_on"] == date(year, 1, 21).isoformat()
    assert (await running.server.get("/v1/companies/acme/members")).json()["data"] == [member]


async def test_a_level_has_the_benefits_of_those_below_it(running: Running) -> None:
    await running.publish(PROGRAM)
    await running.track()
    found = (await running.server.get(f"{MEMBER}/benefits")).json()
    assert found["level"] == "silver"
    assert found["data"] == [
        {"id": "export", "granted": True, "value": True, "level": "bronze"},
        {"id": "rows", "granted": True, "value": 1000, "level": "silver"},
        {"id": "support", "granted": True, "value": "chat", "level": "bronze"},
    ]
    for number in range(3):
        await running.track(messageId=f"more-{number}")
    denied = {"id": "export", "granted": False, "value": False, "level": "gold"}
    assert (await running.server.get(f"{MEMBER}/benefits/export")).json() == denied


async def test_a_question_for_a_benefit_always_has_an_answer(running: Running) -> None:
    await running.publish(PROGRAM)
    await running.track()
    nothing = {"granted": False, "value": None, "level": None}
    assert (await running.server.get(f"{MEMBER}/benefits/exprot")).json() == {"id": "exprot"} | nothing
    newcomer = "/v1/companies/acme/members/new/benefits"
    assert (await running.server.get(f"{newcomer}/export")).json() == {"id": "export"} | nothing
    assert (await running.server.get(newcomer)).json() == {"level": None, "data": []}
    strangers = "/v1/companies/nobody/members/emp-1/benefits/export"
    assert_problem(await running.server.get(strangers), 404, "not_found")


async def test_without_a_program_nobody_has_benefits(running: Running) -> None:
    await running.track()
    assert (await running.server.get(f"{MEMBER}/benefits")).json() == {"level": None, "data": []}


async def test_what_a_draft_does_to_levels_is_told_before_it_is_published(running: Running) -> None:
    await running.publish(PROGRAM)
    await running.track()
    changed = PROGRAM.replace("threshold: 10,", "threshold: 11,").replace("name: Yearly", "name: Stricter")
    for path in ("/v1/program", "/v1/companies/acme/program"):
        put = await running.server.put(f"{path}/draft", content=changed)
        assert put.status_code == 200
        told = (await running.server.get(f"{path}/draft/diff")).json()
        assert "level silver: threshold changed from 10 to 11" in [one["text"] for one in told["data"]]
        year = datetime.now(UTC).year + 1
        assert told["levels"] == [
            {
                "before": "silver",
                "after": "bronze",
                "rises": False,
                "when": "review",
                "members": 1,
                "first_day": date(year, 1, 21).isoformat(),
            }
        ]
    done = (await running.server.post("/v1/companies/acme/program/publish")).json()
    assert done["levels"] == told["levels"]
    again = (await running.server.post("/v1/companies/acme/program/publish")).json()
    assert again == {**done, "unchanged": True, "levels": []}


async def test_without_a_draft_there_is_nothing_to_compare(running: Running) -> None:
    await running.publish(PROGRAM)
    assert_problem(await running.server.get("/v1/program/draft/diff"), 404, "not_found")


EXPIRING = """
name: Expiring
currencies: {points: {expires: {after: {days: 2}}}}
events: {Report Exported: {}}
badges: {loser: {}}
levels:
  currency: points
  steps: [{id: silver, threshold: 10, benefits: {export: true}}]
rewards: [{id: mug, cost: 5}]
rules:
  - {id: export, trigger: Report Exported, effects: [award: 10]}
  - {id: lost, trigger: {expiring: {days: 1}}, effects: [badge: loser]}
"""


@ON_SQLITE
async def test_what_is_shown_is_as_of_now_and_looking_writes_nothing(running: Running) -> None:
    """A late event's points have expired by the midnights since, which nobody has made up for yet."""
    await running.publish(EXPIRING)
    now = datetime.now(UTC)
    for name, days in (("emp-1", 4), ("emp-2", 1)):
        said = {"userId": name, "timestamp": (now - timedelta(days=days)).isoformat()}
        await running.track(**said, sentAt=now.isoformat())
    company = "/v1/companies/acme"
    member = (await running.server.get(f"{company}/members/emp-1")).json()
    balance = member["balances"]["points"]
    assert (balance["active"], balance["earned"], balance["expired"]) == (0, 10, 10)
    assert balance["expiring"] == []
    soon = (await running.server.get(f"{company}/members/emp-2")).json()
    assert soon["balances"]["points"]["active"] == 10
    assert [badge["id"] for badge in soon["badges"]] == ["loser"]
    assert (await running.server.get(f"{company}/members")).json()["data"] == [member, soon]
    [mug] = (await running.server.get(f"{company}/rewards?member=emp-1")).json()["data"]
    assert [lack["text"] for lack in mug["lacks"]] == ["5 points short"]
    assert (await running.server.get(f"{company}/members/emp-1/benefits/export")).json()["granted"]
    transfers = (await running.server.get(f"{company}/members/emp-1/transfers")).json()["data"]
    assert [one["kind"] for one in transfers] == ["award"]
    redeemed = await running.server.post(f"{company}/members/emp-1/redemptions", json={"reward": "mug"})
    assert redeemed.status_code == 409
