"""Contract terms over HTTP and from the traits of group calls."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from engage.actions.portfolio import portfolio
from engage.actions.terms import record_terms
from tests.web.conftest import Running

TERMS = "/v1/companies/acme/terms"
FACTS = {"end": "2027-01-01", "monthly_revenue_cents": 120_050, "seats": 40, "plan": "gold", "actor": "kim"}
ROW = {"groupId": "acme", "term_start": "2026-01-01", "term_end": "2027-01-01", "monthly_revenue": "9"}


@pytest.fixture
async def known(running: Running) -> Running:
    await running.track()
    return running


async def terms(running: Running) -> Any:
    answer = await running.report.get(TERMS)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def put(running: Running, start: str = "2026-01-01", **facts: Any) -> httpx.Response:
    return await running.server.put(f"{TERMS}/{start}", json=FACTS | facts)


async def group(running: Running, **traits: Any) -> None:
    message = {"userId": "emp-1", "groupId": "acme", "traits": traits}
    answer = await running.server.post("/v1/group", json=message)
    assert answer.json()["results"].popitem()[1]["status"] == "ok"


async def test_a_term_is_told_once_and_the_same_again_changes_nothing(known: Running) -> None:
    first = await put(known)
    again = await put(known, actor="lee")
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    [term] = (await terms(known))["data"]
    assert term.pop("recorded_at")
    assert term == FACTS | {
        "start": "2026-01-01",
        "outcome": "open",
        "source": "api",
        "counts": True,
        "beside": [],
    }
    posted = await known.server.post(TERMS, json={**FACTS, "start": "2026-01-01", "outcome": "churned"})
    assert (posted.status_code, posted.json()["outcome"]) == (200, "churned")


async def test_terms_that_run_in_the_same_days_are_both_kept_and_name_each_other(known: Running) -> None:
    assert (await put(known)).json()["beside"] == []
    upgrade = await put(known, "2026-06-01", end="2027-06-01")
    assert (upgrade.status_code, upgrade.json()["beside"]) == (201, ["2026-01-01"])
    await put(known, "2027-06-01", end="2028-06-01")
    await group(known, term_start="2026-09-01", term_end="2026-12-01")
    assert [(one["start"], one["counts"], one["beside"]) for one in (await terms(known))["data"]] == [
        ("2026-01-01", True, ["2026-06-01"]),
        ("2026-06-01", True, ["2026-01-01"]),
        ("2026-09-01", False, ["2026-01-01", "2026-06-01"]),
        ("2027-06-01", True, []),
    ]
    row = ROW | {"term_start": "2028-01-01", "term_end": "2029-01-01"}
    for _ in range(2):
        assert (await record_terms(known.database, [ROW | {"groupId": "b"}, row])).overlaps == (
            "acme: 2027-06-01 to 2028-06-01 and 2028-01-01 to 2029-01-01",
        )


async def test_an_import_leaves_what_the_api_said_until_that_is_forgotten(known: Running) -> None:
    await put(known)
    assert (await record_terms(known.database, [ROW])).left == 1
    assert [one["source"] for one in (await terms(known))["data"]] == ["api"]
    assert (await known.server.delete(f"{TERMS}/2026-01-01")).json()["data"] == []
    assert (await known.server.delete(f"{TERMS}/2026-01-01")).status_code == 404
    assert (await record_terms(known.database, [ROW])).left == 0
    assert [one["monthly_revenue_cents"] for one in (await terms(known))["data"]] == [900]


async def test_group_traits_tell_of_a_term_piece_by_piece(known: Running) -> None:
    await group(known, termStart="2026-01-01", term_end="2027-01-01", monthlyRevenue=100)
    await group(known, monthly_revenue=150, industry="retail")
    [term] = (await terms(known))["data"]
    assert (term["monthly_revenue_cents"], term["source"], term["counts"]) == (15_000, "group", True)
    assert [row.monthly_revenue_cents for row in (await portfolio(known.database)).data] == [15_000]
    await group(known, term_end="soon")
    assert (await terms(known))["traits_problem"].startswith("term_end must be a date")
    await put(known)
    assert [(one["source"], one["counts"]) for one in (await terms(known))["data"]] == [
        ("group", False),
        ("api", True),
    ]


async def test_a_write_key_may_be_anybodys_and_says_nothing_of_contracts(known: Running) -> None:
    message = {
        "userId": "emp-1",
        "groupId": "acme",
        "traits": {"term_start": "2026-01-01", "term_end": "2027-01-01"},
    }
    assert (await known.write.post("/v1/group", json=message)).status_code == 200
    assert (await terms(known))["data"] == []
    assert (await known.report.put(f"{TERMS}/2026-01-01", json=FACTS)).status_code == 403


@pytest.mark.parametrize(
    "start, facts, words",
    [
        ("2026-13-01", {}, "start: must be a day"),
        ("2026-01-01", {"end": "later"}, "end: must be a day"),
        ("2026-01-01", {"end": "2026-01-01"}, "end: must be after start"),
        ("2026-01-01", {"seats": -1}, "seats: "),
        ("2026-01-01", {"outcome": "lost"}, "outcome: "),
    ],
)
async def test_what_no_import_would_take_is_refused(
    known: Running, start: str, facts: dict[str, Any], words: str
) -> None:
    answer = await put(known, start, **facts)
    assert answer.status_code == 400
    assert answer.json()["message"].startswith(words)


async def test_a_company_that_is_not_known_is_not_made(known: Running) -> None:
    assert (await known.server.put("/v1/companies/nobody/terms/2026-01-01", json=FACTS)).status_code == 404
