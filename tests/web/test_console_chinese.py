"""The pages in Chinese: every word of ours, none of the host's; and who chooses the language."""

from __future__ import annotations

import html
import re
from collections.abc import AsyncIterator, Iterator

import httpx
import msgspec
import pytest
from starlette.routing import Router

from engage.actions.sessions import SignedIn
from engage.core.accuracy import Accuracy, Calibration, CalibrationCard, measure, threshold
from engage.core.language import Language
from engage.core.portfolio import Standing, summary_of
from engage.core.portfolio import portfolio as made_portfolio
from engage.core.reports import Contract, Portfolio
from engage.web.console.routes import COOKIE, LANGUAGE_COOKIE, console_routes
from engage.web.console.translation import translate_page
from tests.web.console_samples import AS_OF, STAFF, SampleServices, measured

CHINESE = {"accept-language": "zh-CN,zh;q=0.9"}
OURS = re.compile(
    r"Engage|PDF|PPTX|XLSX|CSV|JSON|AUC|Brier|MRR|ARR|ARPA|GRR|NRR|ISO|Gainsight|Catalyst|Tenzo"
    r"|Microsoft Viva Insights|Microsoft vivainsights|Pendo|DAU/MAU"
    r"|GitLab|Sourcegraph|Vitally|English"
)
"""What is called the same in both languages."""
NAMES = re.compile(
    r"Alder Works|Measured|sales|@Acme|Birch & Co|ada@host\.example|UTC"
    r"|[Bb]ronze|[Gg]old|nobody|Feature [A-D]|Customer service"
    r"|Finance|Operations|Sales|Points|From first look to sharing"
)


@pytest.mark.parametrize(
    "language, said",
    [("en", "until 31 Oct 2026, or 2026-02-31"), ("zh-Hans", "until 2026年10月31日, or 2026-02-31")],
)
def test_days_are_written_as_people_do_but_in_names_and_where_they_are_to_be_typed(
    language: Language, said: str
) -> None:
    page = (
        "<p>until 2026-10-31, or 2026-02-31</p>"
        '<p translate="no">Plan 2026-10-31</p><p class="as-is">such as 2026-10-31</p>'
    )
    assert translate_page(page, language) == page.replace("until 2026-10-31, or 2026-02-31", said)


@pytest.fixture
def services() -> SampleServices:
    services = SampleServices(_portfolio())
    services.cookies["mine"] = STAFF
    services.cookies["other"] = SignedIn("x", "administrator")
    services.reports |= {
        "measured": measured(120, 0.5),
        "small": measured(4, 0.5),
        "new": measured(30, 0.4, weeks=5),
        "none": measured(0, 0, weeks=0),
    }
    return services


@pytest.fixture
async def reader(services: SampleServices) -> AsyncIterator[httpx.AsyncClient]:
    """Signed in, with a browser that prefers Chinese."""
    transport = httpx.ASGITransport(Router(console_routes(services), redirect_slashes=False))
    async with httpx.AsyncClient(
        transport=transport, base_url="http://engage.example", headers=CHINESE
    ) as client:
        client.cookies.set(COOKIE, "mine")
        yield client


def _portfolio() -> Portfolio:
    def standing(company: str, name: str, members: int, **contract: object) -> Standing:
        health = measured(members, 0.5).health
        found = Contract(seats=50, **contract)  # type: ignore[arg-type]
        return Standing(company, name, summary_of(health, (50, None, health.score)), found)

    days = {"monthly_revenue_cents": 100_000, "renewal_date": "2026-12-01", "days_to_renewal": 15}
    past = {"monthly_revenue_cents": 90_000, "renewal_date": "2026-11-14", "days_to_renewal": -1}
    standings = [
        standing("alder", "Alder Works", 120, **days),
        standing("birch", "Birch & Co", 4, **past),
        standing("measured", "Measured", 90, **days),
    ]
    found = made_portfolio(AS_OF.isoformat(), standings, 5, AS_OF.isoformat())
    return msgspec.structs.replace(found, calibration=_card())


def _card() -> CalibrationCard:
    risks, left = (0.1, 0.2, 0.7, 0.8, 0.3) * 10, (False, False, True, True, False) * 10
    chance = measure([0.5] * 60, [0.5] * 60, [True, False] * 30)
    worse = measure([0.1, 0.9] * 30, [0.1, 0.9] * 30, [True, False] * 30)
    flags = [
        threshold(name, [risk > least for risk in risks], left)
        for name, least in (("at_risk", 0.6), ("watch", 0.2))
    ]
    now = msgspec.structs.replace(measure(risks, risks, left), lead_days=35, thresholds=tuple(flags))
    none: Accuracy = measure((), (), ())
    return CalibrationCard(
        "2026-11-15", Calibration({"0": now, "30": chance, "60": worse, "180": none}, {"0": now}, 1234)
    )


def _spoken(page: str) -> Iterator[str]:
    """What a reader, or a screen reader, gets: texts and the attributes that are read out."""
    page = re.sub(r"<(style|script|code)\b.*?</\1>", "", page, flags=re.DOTALL)
    for text in re.findall(r">([^<]+)<", page):
        yield html.unescape(" ".join(text.split()))
    for value in re.findall(r'\b(?:title|aria-label|data-h|placeholder|alt)="([^"]*)"', page):
        yield html.unescape(value)


def _english(page: str) -> set[str]:
    return {text for text in _spoken(page) if re.search(r"[A-Za-z]{2,}", NAMES.sub("", OURS.sub("", text)))}


@pytest.mark.parametrize(
    "address",
    [
        "/console/",
        "/console/?q=nobody",
        "/console/?band=watch&sort=-score&renewal=90",
        "/console/companies/measured",
        "/console/companies/measured?period=2026-Q1",
        "/console/companies/small",
        "/console/companies/new",
        "/console/companies/none",
        "/console/companies/measured?view=digest",
        "/console/companies/small?view=digest",
        "/console/companies/measured?department=sales",
        "/console/sign-in?token=used-long-ago",
    ],
)
async def test_a_chinese_page_has_no_english_left(reader: httpx.AsyncClient, address: str) -> None:
    if "sign-in" in address:
        reader.cookies.clear()
    page = (await reader.get(address)).text
    assert _english(page) == set(), 'give engage/core/chinese/pages.py these, or mark a name translate="no"'
    assert '<html lang="zh-Hans">' in page


async def test_an_empty_portfolio_and_a_stranger_are_told_in_chinese(services: SampleServices) -> None:
    services.companies = msgspec.structs.replace(services.companies, data=())
    transport = httpx.ASGITransport(Router(console_routes(services), redirect_slashes=False))
    async with httpx.AsyncClient(
        transport=transport, base_url="http://engage.example", headers=CHINESE
    ) as client:
        client.cookies.set(COOKIE, "mine")
        assert _english((await client.get("/console/")).text) == set()
        client.cookies.set(COOKIE, "other")
        assert "您无权查看此页" in (await client.get("/console/")).text


@pytest.mark.parametrize(
    "address, words",
    [
        ("/console/nowhere", "地址可能不完整，或者该公司使用其他编号。"),
        ("/console/companies/measured?format=doc", "format 必须是以下之一：json, csv, xlsx, pdf, pptx"),
        (
            "/console/companies/measured?view=digest&format=csv",
            "format 必须是以下之一：json, xlsx, pdf, pptx",
        ),
    ],
)
async def test_what_is_wrong_with_an_address_is_said_in_chinese(
    reader: httpx.AsyncClient, address: str, words: str
) -> None:
    assert words in (await reader.get(address)).text


async def test_the_hosts_names_are_never_translated(
    services: SampleServices, reader: httpx.AsyncClient
) -> None:
    """Not even those that are words of ours."""
    row = msgspec.structs.replace(services.companies.data[0], name="At risk")
    services.companies = msgspec.structs.replace(services.companies, data=(row,))
    services.reports["alder"] = msgspec.structs.replace(measured(40, 0.5), name="Seats")
    assert ">At risk</a>" in (await reader.get("/console/")).text
    assert '<h1 translate="no">Seats</h1>' in (await reader.get("/console/companies/alder")).text


async def test_a_choice_of_language_is_remembered(reader: httpx.AsyncClient) -> None:
    assert '<html lang="zh-Hans">' in (await reader.get("/console/")).text
    chosen = await reader.get("/console/?lang=en")
    assert '<html lang="en">' in chosen.text
    assert chosen.cookies[LANGUAGE_COOKIE] == "en"
    assert '<html lang="en">' in (await reader.get("/console/companies/measured")).text
    assert 'href="?band=watch&amp;lang=zh-Hans"' in (await reader.get("/console/?band=watch")).text


async def test_an_unknown_language_is_nobodys_choice(reader: httpx.AsyncClient) -> None:
    answer = await reader.get("/console/?lang=tlh")
    assert '<html lang="en">' in answer.text
    assert LANGUAGE_COOKIE not in answer.cookies


async def test_downloads_are_in_the_language_of_the_page(reader: httpx.AsyncClient) -> None:
    report = (await reader.get("/console/companies/measured?format=json")).json()
    assert report["funnel"][0]["label"] == "席位"
    assert (await reader.get("/console/companies/measured?format=pdf")).content.startswith(b"%PDF-")
    assert (await reader.get("/console/?format=xlsx")).content.startswith(b"PK")
    assert (await reader.get("/console/?format=pdf")).content.startswith(b"%PDF-")
    assert (await reader.get("/console/?format=doc")).status_code == 400


def test_behind_a_full_stop_of_chinese_there_is_no_space_besides() -> None:
    page = '<p>No week has a score yet.\n <span translate="no">Acme</span> <b>Score</b></p>'
    assert translate_page(page, "zh-Hans") == (
        '<p>还没有任何一周有评分。<span translate="no">Acme</span> <b>评分</b></p>'
    )


def test_what_is_translated_stays_text() -> None:
    page = '<p>x</p><a title="Name &lt;b&gt;">1 &lt; 2</a><time datetime="2026-11-22">22 Nov 2026</time>'
    page += "<svg><text>Name</text></svg>"
    told = translate_page(page, "zh-Hans")
    assert told == page.replace("22 Nov 2026", "2026年11月22日")
    assert translate_page("<b>(a &lt; b)</b>", "zh-Hans") == "<b>（a &lt; b）</b>"
    assert translate_page(page, "en") is page


@pytest.mark.parametrize("what", ["view=digest", "department=sales"])
async def test_one_page_reports_are_pages_and_files(reader: httpx.AsyncClient, what: str) -> None:
    address = f"/console/companies/measured?{what}"
    page = (await reader.get(address)).text
    assert "<svg" in page
    assert f'href="?{what}&amp;format=pdf"' in page
    assert (await reader.get(f"{address}&format=pdf")).content.startswith(b"%PDF-")
    assert (await reader.get(f"{address}&format=json")).json()["k"] == 5
    assert (await reader.get(f"{address}&format=csv")).status_code == 400
    assert (await reader.get("/console/companies/measured?department=board")).status_code == 404
