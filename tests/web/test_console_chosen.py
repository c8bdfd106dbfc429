"""Some companies of the portfolio, as a page or a file: what is counted and summed is theirs."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import msgspec
import pytest

from engage.core.care_shapes import Compared, EffectView
from engage.core.portfolio import portfolio_of
from engage.formats.paper import portfolio_paper
from engage.web.console.routes import COOKIE
from tests.web.console_samples import STAFF, SampleServices
from tests.web.reading import browse, words_of


@pytest.fixture
def services() -> SampleServices:
    found = SampleServices()
    found.cookies["mine"] = STAFF
    return found


@pytest.fixture
async def browser(services: SampleServices) -> AsyncIterator[httpx.AsyncClient]:
    """Signed in."""
    async with browse(services) as client:
        client.cookies.set(COOKIE, "mine")
        yield client


async def test_a_file_of_some_companies_counts_and_sums_these_and_says_so(
    services: SampleServices, browser: httpx.AsyncClient
) -> None:
    whole = services.companies
    chosen = [row for row in whole.data if row.band == "at_risk"]
    assert 0 < len(chosen) < len(whole.data)
    others = [
        EffectView(
            company,
            "A call",
            "2026-11-02",
            "lee",
            1,
            0,
            (Compared(4, 1, None, 0, None, None, None, None, ""),),
            company,
        )
        for company in (chosen[0].company, whole.data[-1].company)
    ]
    services.companies = msgspec.structs.replace(whole, interventions=tuple(others))
    found = (await browser.get("/console/?band=at_risk&format=json")).json()
    assert found["chosen_of"] == len(whole.data)
    assert found["bands"]["at_risk"] == sum(found["bands"].values()) == len(chosen)
    assert found["monthly_revenue_cents"] == sum(row.monthly_revenue_cents or 0 for row in chosen)
    assert found["value_at_risk_cents"] == sum(row.value_at_risk_cents or 0 for row in chosen)
    assert found["outcomes"] is None
    assert [one["company"] for one in found["interventions"]] == [chosen[0].company]
    paper = portfolio_paper(portfolio_of(services.companies, tuple(chosen)), "zh-Hans")
    assert f"{len(whole.data)} 家公司中的 {len(chosen)} 家" in paper.cover.period
    assert (await browser.get("/console/?format=json")).json()["chosen_of"] is None


async def test_without_any_score_it_is_not_known_whom_to_call(
    services: SampleServices, browser: httpx.AsyncClient
) -> None:
    unscored = [
        msgspec.structs.replace(row, score=None, band="unscored", risk=0.5, change_4w=None)
        for row in services.companies.data
        if row.days_to_renewal is None or row.days_to_renewal > 90
    ]
    services.companies = msgspec.structs.replace(services.companies, data=tuple(unscored))
    words = words_of(await browser.get("/console/"))
    assert "Whom to call is not known by scores" in words
    assert "Nobody needs a call" not in words
