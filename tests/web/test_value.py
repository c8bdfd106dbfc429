"""The host's book over HTTP, the tiers it makes, and what contracts brought."""

from __future__ import annotations

from typing import Any

import pytest

from engage.actions.report import company_report
from engage.actions.score import score_companies
from tests.actions.signal_host import TODAY, accept, seats, working
from tests.web.conftest import Running

BOOK = """
gross_margin: 0.8
segments: {trait: industry}
gmv: {trait: gmv}
tiers:
  - {id: a, name: Strategic, at_least: {yearly_revenue: 12000}, benefits: {Review: every quarter}}
  - {id: b, name: Core}
"""


@pytest.fixture
async def known(running: Running) -> Running:
    await running.track()
    await running.track(context={"groupId": "globex"})
    traits = {"industry": "retail", "gmv": 5000}
    await running.server.post("/v1/group", json={"userId": "emp-1", "groupId": "acme", "traits": traits})
    term = {"start": "2020-01-01", "end": "2999-01-01", "monthly_revenue_cents": 100_000}
    assert (await running.server.post("/v1/companies/acme/terms", json=term)).status_code == 201
    return running


async def put(running: Running, text: str) -> Any:
    return await running.server.put("/v1/book", params={"actor": "kim"}, content=text.encode())


async def get(running: Running, path: str, **params: str) -> Any:
    answer = await running.report.get(path, params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_the_book_is_kept_as_it_was_written(known: Running) -> None:
    nobody_s = {"document": "", "actor": None, "updated_at": None, "definition": None}
    assert await get(known, "/v1/book") == nobody_s
    assert (await put(known, BOOK)).status_code == 200
    kept = await get(known, "/v1/book")
    assert (kept["document"], kept["actor"]) == (BOOK, "kim")
    assert (await known.report.put("/v1/book", content=b"{}")).status_code == 403


async def test_a_definition_of_the_score_is_kept_with_its_version_and_every_mistake_has_its_place(
    running: Running,
) -> None:
    profile = "{id: all, name: All, weights: {activity: 0.5, tenure: 0.5}}"
    assert (await put(running, f"score: {{profiles: [{profile}]}}")).status_code == 200
    version = (await get(running, "/v1/book"))["definition"]
    await accept(running.database, [seats("initech", 30), *working("initech", 12, 8)])
    await score_companies(running.database, TODAY)
    health = await get(running, "/v1/companies/initech/health", lang="zh-Hans")
    assert (health["profile"]["id"], health["profile"]["name"]) == ("all", "All")
    assert (health["profile"]["definition"], health["profile"]["text"][:2]) == (version, "适用")
    last = (await get(running, "/v1/companies/initech/health/history"))["data"][-1]
    assert (last["profile"], last["definition"], last["version"]) == ("all", version, health["version"])
    answer = await put(running, "score: {profiles: [{id: all, weights: {activity: 0.5, tenur: 0.4}}]}")
    assert [one["pointer"] for one in answer.json()["errors"]] == ["/score/profiles/0/weights/tenur"]
    answer = await put(running, "score: {profiles: [{id: all, weights: {activity: 0.5, tenure: 0.4}}]}")
    assert [one["pointer"] for one in answer.json()["errors"]] == ["/score/profiles/0/weights"]
    assert (await get(running, "/v1/book"))["definition"] == version


async def test_a_wrong_book_is_not_kept_and_every_mistake_has_its_place(known: Running) -> None:
    await put(known, BOOK)
    answer = await put(known, "gross_margin: 80\ntiers: [{id: A B}]")
    assert answer.status_code == 422
    assert [one["pointer"] for one in answer.json()["errors"]] == ["/gross_margin", "/tiers/0/id"]
    assert (await get(known, "/v1/book"))["document"] == BOOK


async def test_a_tier_is_shown_wherever_a_company_is(known: Running) -> None:
    assert (await get(known, "/v1/companies/acme"))["tier"] is None
    await put(known, BOOK)
    listed = (await get(known, "/v1/companies"))["data"]
    assert {one["id"]: one["tier"] for one in listed} == {"acme": "a", "globex": "b"}
    portfolio = await get(known, "/v1/portfolio", tier="a")
    assert [(row["company"], row["tier"]) for row in portfolio["data"]] == [("acme", "a")]
    assert [(one["id"], one["companies"]) for one in portfolio["tiers"]] == [("a", 1), ("b", 0)]
    assert (portfolio["chosen_of"], portfolio["outcomes"], sum(portfolio["bands"].values())) == (2, None, 1)
    unknown = await known.report.get("/v1/portfolio", params={"tier": "gold"})
    assert unknown.status_code == 400
    assert unknown.json()["message"] == "tier: must be one of a, b"
    misspelt = await known.report.get("/v1/portfolio", params={"asof": "2026-06-28"})
    assert misspelt.status_code == 400
    assert misspelt.json()["message"] == (
        "asof: there is no such field in the query; it may say as_of, format, lang, tier"
    )
    report = await company_report(known.database, "globex")
    assert report.tier is not None
    assert report.tier.lacking == ("a yearly revenue of at least 12,000; it is not known",)
    text = (await known.report.get("/v1/companies/acme/report", params={"format": "csv"})).text
    assert "tier,Review," in text


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31", "2026-W10", "20261122"])
async def test_a_day_from_which_nothing_can_be_reckoned_is_refused(known: Running, day: str) -> None:
    """One that was logged kept every score from being told from then on."""
    await put(known, BOOK)
    for path in ("/v1/portfolio", "/v1/outcomes"):
        assert (await known.report.get(path, params={"as_of": day})).status_code == 400
    done = {"what": "A workshop", "day": day, "companies": ["acme"]}
    assert (await known.server.put("/v1/interventions/i", json=done)).status_code == 400
    assert (await get(known, "/v1/interventions"))["data"] == []
    goal = {"name": "All", "measure": "seats", "target": 80, "by": day, "owner": "kim"}
    assert (await known.server.put("/v1/companies/acme/goals/g", json=goal)).status_code == 400


async def test_outcomes_have_what_the_book_and_traits_say(known: Running) -> None:
    await put(known, BOOK)
    economics = (await get(known, "/v1/outcomes"))["economics"]
    assert (economics["gmv_cents"], economics["gmv_companies"], economics["gross_margin"]) == (
        500_000,
        1,
        0.8,
    )
    assert [(row["segment"], row["mrr_cents"]) for row in economics["growth"][:2]] == [
        ("All companies", 100_000),
        ("retail", 100_000),
    ]
    text = (await known.report.get("/v1/outcomes", params={"format": "csv"})).text
    assert "mrr_cents,retail,cents,100000" in text
    assert "\r\nltv_cents,,cents,\r\n" in text
