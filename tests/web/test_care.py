"""Goals, sentiment, exceptions and interventions over HTTP."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.web.conftest import Running

ACME = "/v1/companies/acme"
GOAL = {
    "name": "Everybody at work",
    "measure": "seats",
    "target": 80,
    "by": "2999-12-31",
    "owner": "kim",
    "stages": [{"by": "2999-06-30", "target": 60}],
}
RFC_3339 = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z"


def later(days: int) -> str:
    return (datetime.now(UTC).date() + timedelta(days=days)).isoformat()


@pytest.fixture
async def known(running: Running) -> Running:
    await running.track()
    return running


async def put(running: Running, path: str, body: dict[str, Any], status: int = 200) -> Any:
    answer = await running.server.put(path, json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


async def get(running: Running, path: str, status: int = 200) -> Any:
    answer = await running.report.get(path)
    assert answer.status_code == status, answer.text
    return answer.json()


async def test_a_goal_keeps_what_was_adjusted_and_why(known: Running) -> None:
    first = await put(known, f"{ACME}/goals/seats", GOAL)
    assert (first["standing"], first["value"], first["changes"]) == ("not_known", None, [])
    assert await put(known, f"{ACME}/goals/seats", GOAL) == first
    refused = await put(known, f"{ACME}/goals/seats", GOAL | {"target": 70}, 400)
    assert refused["message"].startswith("reason: ")
    adjusted = GOAL | {"target": 70, "reason": "a smaller contract", "actor": "lee"}
    [change] = (await put(known, f"{ACME}/goals/seats", adjusted))["changes"]
    assert (change["actor"], change["text"]) == ("lee", "target from 80 to 70")
    assert [one["target"] for one in (await get(known, f"{ACME}/goals"))["data"]] == [70]
    await put(known, f"{ACME}/goals/seats", GOAL | {"measure": "habit"}, 409)


async def test_a_goal_ends_after_it_starts(known: Running) -> None:
    past = {"by": later(0), "stages": []}
    refused = await put(known, f"{ACME}/goals/seats", GOAL | past, 400)
    assert refused["message"] == f"by: must be after {later(0)}, when the goal starts"
    await put(known, f"{ACME}/goals/seats", GOAL | past | {"start": later(-60)})
    earlier = past | {"by": later(-60), "reason": "too late"}
    await put(known, f"{ACME}/goals/seats", GOAL | earlier, 400)


async def test_what_is_wrong_in_a_body_is_said_with_what_would_be_right(known: Running) -> None:
    refused = await put(known, f"{ACME}/sentiment", {"feeling": "bad"}, 400)
    assert refused["message"] == "feeling: must be one of good, neutral, poor, not 'bad'"
    asked = await known.report.get(f"{ACME}/report", params={"format": "xls"})
    assert asked.json()["message"] == "format: must be one of json, csv, xlsx, pdf, pptx, not 'xls'"
    for number in ("40", True, 40.5):
        wrong = {"at_most": number, "until": later(30), "reason": "an invoice is open"}
        refused = await put(known, f"{ACME}/exceptions/invoice", wrong, 400)
        assert refused["message"].startswith("at_most: expected `int`, got ")
    whole = {"at_most": 40.0, "until": later(30), "reason": "to JSON Schema 40.0 is an integer"}
    assert (await put(known, f"{ACME}/exceptions/invoice", whole))["at_most"] == 40
    await put(known, f"{ACME}/exceptions/invoice", whole | {"actor": 7}, 400)


async def test_a_stage_is_accepted_once_and_by_name(known: Running) -> None:
    await put(known, f"{ACME}/goals/seats", GOAL)
    path = f"{ACME}/goals/seats/accept"
    done = await known.server.post(path, json={"stage": 0, "actor": "kim", "note": "seen in the review"})
    assert done.status_code == 200, done.text
    [stage] = done.json()["stages"]
    assert (stage["accepted_by"], stage["accepted_on"]) == ("kim", later(0))
    assert (await known.server.post(path, json={"stage": 0, "actor": "kim"})).json() == done.json()
    assert (await known.server.post(path, json={"stage": 0, "actor": "lee"})).status_code == 409
    assert (await known.server.post(path, json={"stage": 1, "actor": "lee"})).status_code == 404
    more = GOAL | {"stages": [*GOAL["stages"], {"by": "2999-09-30", "target": 70}], "reason": "one more step"}
    assert [one["accepted_by"] for one in (await put(known, f"{ACME}/goals/seats", more))["stages"]] == [
        "kim",
        None,
    ]


@pytest.mark.parametrize(
    "change, words",
    [
        ({"measure": "love"}, "measure: must be one of score,"),
        ({"by": "soon"}, "by: must be a day"),
        ({"stages": [{"by": "2999-13-01", "target": 1}]}, "stages[0].by: must be a day"),
        ({"by": "2999-01-01"}, "stages: each must be later"),
        ({"target": 110, "measure": "score"}, "target: Health score goes from 0 to 100, so 110 cannot be"),
        ({"target": 29, "measure": "activity"}, "target: Days active goes from 0 to 28, so 29 cannot be"),
        (
            {"stages": [{"by": "2999-06-30", "target": 101}], "measure": "habit"},
            "stages[0].target: Habit goes from 0 to 100",
        ),
        ({"target": -1}, "target: must not be below 0"),
        ({"owner": ""}, "owner: "),
    ],
)
async def test_a_goal_that_makes_no_sense_is_refused(
    known: Running, change: dict[str, Any], words: str
) -> None:
    assert (await put(known, f"{ACME}/goals/g", GOAL | change, 400))["message"].startswith(words)


async def test_more_seats_than_are_paid_for_and_any_revenue_can_be_a_goal(known: Running) -> None:
    await put(known, f"{ACME}/goals/over", GOAL | {"target": 130})
    await put(known, f"{ACME}/goals/rich", GOAL | {"measure": "monthly_revenue", "target": 1e6})


async def test_a_feeling_expires(known: Running) -> None:
    await get(known, f"{ACME}/sentiment", 404)
    said = await put(known, f"{ACME}/sentiment", {"feeling": "poor", "actor": "kim", "note": "a cold call"})
    assert said["until"] == later(90)
    assert await get(known, f"{ACME}/sentiment") == said
    await put(known, f"{ACME}/sentiment", {"feeling": "poor", "until": later(91)}, 400)
    await put(known, f"{ACME}/sentiment", {"feeling": "poor", "until": later(0)})
    await get(known, f"{ACME}/sentiment", 404)


async def test_an_exception_says_who_why_and_until_when(known: Running) -> None:
    body = {"at_most": 40, "until": later(30), "reason": "an invoice is open", "actor": "kim"}
    said = await put(known, f"{ACME}/exceptions/invoice", body)
    assert said["since"] == later(0)
    assert (await get(known, f"{ACME}/exceptions"))["data"] == [said]
    await put(known, f"{ACME}/exceptions/invoice", body | {"until": later(366)}, 400)
    await put(known, f"{ACME}/exceptions/invoice", body | {"at_most": 101}, 400)
    await put(known, "/v1/companies/nobody/exceptions/invoice", body, 404)


async def test_an_intervention_is_logged_for_its_companies(known: Running) -> None:
    await known.track(context={"groupId": "globex"})
    body = {
        "what": "A workshop",
        "day": "2026-05-04",
        "companies": ["globex", "acme", "acme"],
        "actor": "kim",
    }
    await put(known, "/v1/interventions/workshop", body)
    await put(known, "/v1/interventions/call", body | {"day": "2026-06-01", "companies": ["acme"]})
    listed = (await get(known, "/v1/interventions"))["data"]
    assert [(one["id"], one["companies"]) for one in listed] == [
        ("call", ["acme"]),
        ("workshop", ["acme", "globex"]),
    ]
    assert all(re.fullmatch(RFC_3339, one["recorded_at"]) for one in listed)
    judged = await get(known, "/v1/interventions/workshop")
    assert [(one["weeks"], one["companies"]) for one in judged["scores"]] == [(4, 0), (13, 0)]
    assert judged["scores"][0]["text"].startswith("Too few companies")
    await put(known, "/v1/interventions/workshop", body | {"companies": ["nobody"]}, 400)
    corrected = body | {"companies": ["acme"], "reason": "globex did not come", "actor": "lee"}
    await put(known, "/v1/interventions/workshop", body | {"companies": ["acme"]}, 400)
    await put(known, "/v1/interventions/workshop", corrected)
    await put(known, "/v1/interventions/workshop", corrected)  # again is no other correction
    found = (await get(known, "/v1/interventions"))["data"][1]
    assert (found["companies"], found["actor"]) == (["acme"], "kim")
    [change] = found["changes"]
    assert (change["actor"], change["reason"]) == ("lee", "globex did not come")
    assert re.fullmatch(RFC_3339, change["at"])
    assert change["text"] == "companies were 2 and 0 held out, now 1 and 0"
    path = "/v1/interventions/workshop/withdraw"
    assert (await known.server.post(path, json={"reason": ""})).status_code == 400
    assert (await known.report.post(path, json={"reason": "a mistake"})).status_code == 403
    gone = (await known.server.post(path, json={"reason": "a mistake", "actor": "lee"})).json()
    assert gone["withdrawn"]
    assert gone == (await known.server.post(path, json={"reason": "again"})).json()
    assert (await get(known, "/v1/interventions/workshop"))["scores"] == []
    assert (
        await known.server.post("/v1/interventions/none/withdraw", json={"reason": "x"})
    ).status_code == 404
    await get(known, "/v1/interventions/none", 404)
    assert (await known.report.put("/v1/interventions/workshop", json=body)).status_code == 403


async def test_what_is_told_on_the_companys_page_is_logged_once_and_seen_at_once(known: Running) -> None:
    pages = known.anonymous
    await pages.get(await known.service.sign_in_link("http://engage.test"))
    said = {"what": "A call", "day": later(0), "actor": "kim"}
    own = {"origin": "http://engage.test"}
    for _ in range(2):
        answer = await pages.post("/console/companies/acme", data=said, headers=own)
        assert answer.status_code == 303, answer.text
    (logged,) = (await get(known, "/v1/interventions"))["data"]
    assert (logged["what"], logged["day"], logged["actor"], logged["companies"]) == (
        "A call",
        later(0),
        "kim",
        ["acme"],
    )
    assert "A call" in (await pages.get("/console/companies/acme")).text
    (seen,) = (await get(known, "/v1/portfolio"))["interventions"]
    assert (seen["what"], seen["company"]) == ("A call", "acme")
    goal = {"name": "All at work", "measure": "seats", "target": "80", "by": later(90), "owner": "lee"}
    for _ in range(2):
        answer = await pages.post("/console/companies/acme", data=goal, headers=own)
        assert answer.status_code == 303, answer.text
    (agreed,) = (await get(known, f"{ACME}/goals"))["data"]
    assert (agreed["name"], agreed["target"], agreed["owner"]) == ("All at work", 80, "lee")
    assert "All at work" in (await pages.get("/console/companies/acme")).text
    withdrawn = f"/v1/interventions/{logged['id']}/withdraw"
    assert (await known.server.post(withdrawn, json={"reason": "it did not take place"})).is_success
    answer = await pages.post("/console/companies/acme", data=said, headers=own)
    assert answer.status_code == 303, "after all it did"
    (again,) = (await get(known, "/v1/interventions"))["data"]
    assert not again["withdrawn"]
    assert [(one["text"], one["reason"]) for one in again["changes"]] == [
        ("withdrawn", "it did not take place"),
        ("logged again", "logged on the company's page"),
    ]
    answer = await pages.post("/console/companies/nobody", data=said, headers=own)
    assert answer.status_code == 400
