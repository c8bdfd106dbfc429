"""What the pages promise: who may see them, what they show and never show, and that their address holds it all."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import quote

import httpx
import msgspec
import pytest
from starlette.routing import Router

import engage.web.console as console
from engage.actions.sessions import SignedIn
from engage.core.accuracy import CHURNED_LEAST, Accuracy, Calibration, CalibrationCard, measure, threshold
from engage.core.book import Book
from engage.core.department import DepartmentReport
from engage.core.economics import Customer, economics
from engage.core.outcomes import outcomes
from engage.core.privacy import NOT_SHOWN, Figure, fact
from engage.core.reports import Column, Table
from engage.core.terms import Term
from engage.core.worth import TierColumn
from engage.web.console.pages import (
    ROWS_PER_PAGE,
    PortfolioQuery,
    period_choices,
    portfolio_view,
)
from engage.web.console.routes import COOKIE, console_routes
from engage.web.security import CONTENT_SECURITY_POLICY, SecurityHeaders
from tests.web.console_samples import AS_OF, ROWS, STAFF, SampleServices, many, measured, portfolio
from tests.web.reading import BASE, browse, one_of, tree_of, words_of

HERE = {"origin": BASE}


@pytest.fixture
def services() -> SampleServices:
    return SampleServices()


@pytest.fixture
async def browser(services: SampleServices) -> AsyncIterator[httpx.AsyncClient]:
    """Signed in."""
    services.cookies["mine"] = STAFF
    async with browse(services) as client:
        client.cookies.set(COOKIE, "mine")
        yield client


@pytest.fixture
async def stranger(services: SampleServices) -> AsyncIterator[httpx.AsyncClient]:
    async with browse(services) as client:
        yield client


def _names(answer: httpx.Response) -> list[str]:
    return [node.text() for node in tree_of(answer).css("table.stack .name")]


# Signing in and out


async def test_a_link_opens_a_session_once(stranger: httpx.AsyncClient) -> None:
    first = await stranger.get("/console/sign-in?token=once")
    assert (first.status_code, first.headers["location"]) == (303, "/console/")
    cookie = first.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "path=/console" in cookie
    assert (await stranger.get("/console/")).status_code == 200
    stranger.cookies.clear()
    again = await stranger.get("/console/sign-in?token=once")
    assert again.status_code == 401
    assert "used before" in again.text


async def test_the_cookie_is_secure_on_https(services: SampleServices) -> None:
    app = SecurityHeaders(Router(console_routes(services), redirect_slashes=False))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://x.example") as client:
        answer = await client.get("/console/sign-in?token=once")
    assert "secure" in answer.headers["set-cookie"].lower()
    assert "strict-transport-security" in answer.headers


async def test_a_link_preview_does_not_use_the_link_up(
    stranger: httpx.AsyncClient, services: SampleServices
) -> None:
    assert (await stranger.head("/console/sign-in?token=once")).status_code == 200
    assert services.tokens == {"once"}


async def test_a_used_link_does_not_disturb_who_is_signed_in(browser: httpx.AsyncClient) -> None:
    assert (await browser.get("/console/sign-in?token=used")).status_code == 303


@pytest.mark.parametrize("token", ["", "wrong", "x" * 10_000, "%00", "%F0%9F%98%80"])
async def test_a_bad_link_is_told_how_to_get_a_new_one(stranger: httpx.AsyncClient, token: str) -> None:
    answer = await stranger.get(f"/console/sign-in?token={token}")
    assert answer.status_code == 401
    assert "engage sign-in" in words_of(answer)


@pytest.mark.parametrize("path", ["/console/", "/console/companies/nordwind", "/console/?format=json"])
@pytest.mark.parametrize("cookie", [None, "forged", "x" * 5000])
async def test_without_a_session_nothing_is_shown(
    stranger: httpx.AsyncClient, path: str, cookie: str | None
) -> None:
    if cookie:
        stranger.cookies.set(COOKIE, cookie)
    answer = await stranger.get(path)
    assert answer.status_code == 401
    assert "Nordwind" not in answer.text
    assert "engage sign-in" in answer.text


async def test_a_session_of_another_role_has_no_access(
    browser: httpx.AsyncClient, services: SampleServices
) -> None:
    services.cookies["mine"] = SignedIn("bo@client.example", "administrator")
    for path in ("/console/", "/console/companies/nordwind", "/console/?format=csv"):
        answer = await browser.get(path)
        assert answer.status_code == 403
        assert "Nordwind" not in answer.text
        assert "not yours to see" in answer.text


async def test_without_a_session_unknown_addresses_look_like_known_ones(stranger: httpx.AsyncClient) -> None:
    known, unknown = [await stranger.get(f"/console/companies/{c}") for c in ("nordwind", "nobody")]
    assert known.status_code == unknown.status_code == 401
    assert known.text == unknown.text


async def test_signing_out_ends_the_session_for_everybody_who_has_the_cookie(
    browser: httpx.AsyncClient, services: SampleServices
) -> None:
    answer = await browser.post("/console/sign-out", headers=HERE)
    assert answer.status_code == 200
    assert services.cookies == {}
    assert "max-age=0" in answer.headers["set-cookie"].lower()


@pytest.mark.parametrize(
    "headers", [{"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}, {"origin": "null"}]
)
async def test_another_site_cannot_sign_somebody_out(
    browser: httpx.AsyncClient, services: SampleServices, headers: dict[str, str]
) -> None:
    assert (await browser.post("/console/sign-out", headers=headers)).status_code == 403
    assert "mine" in services.cookies


# The portfolio


async def test_whom_to_call_comes_first_and_why(browser: httpx.AsyncClient) -> None:
    answer = await browser.get("/console/")
    assert answer.status_code == 200
    calls = tree_of(answer).css(".calls li")
    assert [re.sub(r"\s+", " ", one_of(call, "a").text()) for call in calls] == [
        "Nordwind Logistics",
        "Brightwater Clinics",
        "北京智联科技",
        "Granite Works",
    ]
    assert "the term ends in 38 days: call now" in calls[0].text()
    assert _names(answer)[:2] == ["Nordwind Logistics", "Brightwater Clinics"]


def test_a_company_gone_too_quiet_to_be_scored_is_to_be_called_too() -> None:
    quiet = msgspec.structs.replace(ROWS[6], risk=0.9, value_at_risk_cents=9_000_000)
    view = portfolio_view(portfolio((*ROWS, quiet)), PortfolioQuery(), "en")
    assert quiet in view.calls
    assert ROWS[6] not in view.calls


@pytest.mark.parametrize("seats, days, is_called", [(9, 90, True), (8, 90, False), (9, 91, False)])
def test_a_company_never_scored_is_called_if_it_renews_soon_and_has_the_seats_for_a_score(
    seats: int, days: int, is_called: bool
) -> None:
    unscored = {"risk": 0.5, "value_at_risk_cents": 9_000_000}
    silent = msgspec.structs.replace(ROWS[6], seats=seats, days_to_renewal=days, **unscored)
    view = portfolio_view(portfolio((*ROWS, silent)), PortfolioQuery(), "en")
    assert (silent in view.calls) == is_called


def test_a_renewal_within_90_days_is_called_about_before_one_with_more_at_stake() -> None:
    soon, later, latest = (
        msgspec.structs.replace(ROWS[0], company=name, days_to_renewal=days, value_at_risk_cents=cents)
        for name, days, cents in (("soon", 90, 100), ("later", 91, 300), ("latest", None, 200))
    )
    view = portfolio_view(portfolio((latest, later, soon)), PortfolioQuery(), "en")
    assert view.calls == (soon, later, latest)


@pytest.mark.parametrize(
    "query, names",
    [
        ("band=thriving", ["Elmwood Insurance Brokers"]),
        ("q=söhne", ["Cobalt & Söhne <EU>"]),
        ("q=COBALT/E", ["Cobalt & Söhne <EU>"]),
        ("q=智联", ["北京智联科技"]),
        ("renewal=60", ["Nordwind Logistics", "Fjord"]),
        ("renewal=past", ["Cobalt & Söhne <EU>"]),
        ("band=watch&sort=score", ["Brightwater Clinics", "北京智联科技", "Granite Works"]),
        ("band=watch&sort=-score", ["Granite Works", "北京智联科技", "Brightwater Clinics"]),
        ("band=watch&sort=renewal", ["Brightwater Clinics", "北京智联科技", "Granite Works"]),
        ("band=watch&sort=-renewal", ["北京智联科技", "Brightwater Clinics", "Granite Works"]),
        ("band=nonsense&renewal=x&sort=y&page=-1&q=elm", ["Elmwood Insurance Brokers"]),
    ],
)
async def test_filters_and_order_are_in_the_address(
    browser: httpx.AsyncClient, query: str, names: list[str]
) -> None:
    assert _names(await browser.get(f"/console/?{query}")) == names


async def test_every_column_can_be_sorted_both_ways(browser: httpx.AsyncClient) -> None:
    page = tree_of(await browser.get("/console/"))
    for link in page.css("th[scope=col] a"):
        once = await browser.get(str(link.attributes["href"]))
        head = one_of(tree_of(once), "th[aria-sort]")
        again = await browser.get(str(one_of(head, "a").attributes["href"]))
        turned = one_of(tree_of(again), "th[aria-sort]")
        assert head.text() == turned.text()
        assert {head.attributes["aria-sort"], turned.attributes["aria-sort"]} == {"ascending", "descending"}
        assert sorted(_names(once)) == sorted(_names(again))
        assert _names(once) != _names(again), head.text()


async def test_no_match_is_another_emptiness_than_no_companies(services: SampleServices) -> None:
    services.cookies["mine"] = STAFF
    async with browse(services) as client:
        client.cookies.set(COOKIE, "mine")
        none_match = await client.get("/console/?q=zzz")
        services.companies = portfolio([])
        none_yet = await client.get("/console/")
    assert "No company matches" in none_match.text
    assert "Show all companies" in none_match.text
    assert "No companies yet" in none_yet.text
    assert "engage import" in none_yet.text


async def test_many_companies_come_in_pages_that_hold_each_once(services: SampleServices) -> None:
    services.companies = many(60)
    services.cookies["mine"] = STAFF
    seen: list[str] = []
    async with browse(services) as client:
        client.cookies.set(COOKIE, "mine")
        url: str | None = "/console/?sort=company&renewal=180"
        while url:
            answer = await client.get(url)
            assert len(_names(answer)) <= ROWS_PER_PAGE
            seen += _names(answer)
            following = tree_of(answer).css_first("a[rel=next]")
            url = following.attributes["href"] if following else None
        beyond = await client.get("/console/?page=9999")
    assert seen == [f"Company {i:03}" for i in range(60)]
    assert "Page 3 of 3" in beyond.text


async def test_a_healthy_portfolio_says_that_nobody_needs_a_call(services: SampleServices) -> None:
    services.companies = portfolio([row for row in ROWS if row.band in ("healthy", "thriving")])
    services.cookies["mine"] = STAFF
    async with browse(services) as client:
        client.cookies.set(COOKIE, "mine")
        assert "Nobody needs a call this week" in (await client.get("/console/")).text


async def test_downloads_hold_the_filtered_rows(browser: httpx.AsyncClient) -> None:
    page = tree_of(await browser.get("/console/?band=watch"))
    links = {node.text(): str(node.attributes["href"]) for node in page.css("a[href*='format=']")}
    as_json = await browser.get(links["JSON"])
    assert {row["company"] for row in as_json.json()["data"]} == {"brightwater", "zhilian", "granite"}
    as_csv = await browser.get(links["CSV"])
    assert as_csv.headers["content-type"] == "text/csv; charset=utf-8"
    assert "attachment" in as_csv.headers["content-disposition"]
    assert "Brightwater" in as_csv.text
    assert "Nordwind" not in as_csv.text
    assert (await browser.get("/console/?format=exe")).status_code == 400


# A company's report


async def test_the_report_opens_with_the_verdict(browser: httpx.AsyncClient) -> None:
    page = tree_of(await browser.get("/console/companies/nordwind"))
    assert one_of(page, "h1").text() == "Nordwind Logistics"
    verdict = re.sub(r"\s+", " ", one_of(page, ".verdict").text())
    assert "34 of 100" in verdict
    assert "half as many people are active" in verdict
    assert "−14 in 4 weeks" in verdict
    assert "24 Dec 2026 in 38 days" in re.sub(r"\s+", " ", one_of(page, "dl.facts").text())


async def test_every_chart_has_its_figures_in_a_table(browser: httpx.AsyncClient) -> None:
    page = tree_of(await browser.get("/console/companies/nordwind"))
    for card in page.css("section.card"):
        if card.css("svg"):
            assert card.css("table"), one_of(card, "h2").text()


async def test_hidden_figures_are_words_with_a_reason_and_never_zero(browser: httpx.AsyncClient) -> None:
    page = tree_of(await browser.get("/console/companies/nordwind"))
    hidden = page.css("td .hidden")
    assert hidden
    for node in hidden:
        assert node.text().startswith(("fewer than 5", "hidden"))
        assert node.attributes["title"]
    cells = [cell.text().strip() for cell in page.css("td.n")]
    assert "" not in cells
    assert "None" not in cells


@pytest.mark.parametrize("members", [0, 1, 4, 8, 11, 60, 500])
@pytest.mark.parametrize("active", [0, 0.5, 1])
@pytest.mark.parametrize("weeks", [0, 1, 16])
async def test_any_company_the_core_can_report_has_a_page(
    browser: httpx.AsyncClient, services: SampleServices, members: int, active: float, weeks: int
) -> None:
    services.reports["measured"] = measured(members, active, weeks)
    answer = await browser.get("/console/companies/measured")
    assert answer.status_code == 200
    assert not re.search(r">\s*(None|nan)\b", answer.text)
    for figure in tree_of(answer).css("td.n"):
        assert figure.text().strip()


@pytest.mark.parametrize("members, active, drawn", [(38, 1, True), (11, 1, False)])
async def test_a_table_is_folded_under_its_chart_and_open_without_one(
    browser: httpx.AsyncClient, services: SampleServices, members: int, active: float, drawn: bool
) -> None:
    services.reports["measured"] = measured(members, active)
    card = one_of(tree_of(await browser.get("/console/companies/measured")), "[aria-labelledby=h-breadth]")
    assert (bool(card.css("svg")), bool(card.css("details table"))) == (drawn, drawn)
    assert card.css("table")
    assert "Nothing can be drawn" not in card.text()


async def test_a_percent_sign_stays_on_the_line_of_its_number(
    browser: httpx.AsyncClient, services: SampleServices
) -> None:
    services.reports["measured"] = measured(38, 1)
    page = (await browser.get("/console/companies/measured")).text
    assert re.search(r"\d\N{NO-BREAK SPACE}%", page)
    assert not re.search(r">[^<>]*\d %[^<>]*<", page)


async def test_days_of_cohorts_are_written_as_their_reader_writes_them(
    browser: httpx.AsyncClient, services: SampleServices
) -> None:
    columns = (Column("last_day", "First active up to"), Column("month_0", "Month 0", "members"))
    cells = (fact(12, "members"), Figure("not shown", "members", hidden="few"))
    cohorts = Table("cohorts", "Who stays", columns, tuple(("2026-09-13", cell) for cell in cells))
    services.reports["measured"] = msgspec.structs.replace(measured(38, 1), cohorts=cohorts)
    for language, day in (("zh-Hans", r"\d{4}年\d+月\d+日"), ("en", r"\d+ [A-Z][a-z]{2} \d{4}")):
        page = tree_of(await browser.get(f"/console/companies/measured?lang={language}"))
        card = one_of(page, "[aria-labelledby=h-cohorts]")
        said = [re.findall(day, part.text()) for part in (one_of(card, "svg"), one_of(card, "tbody"))]
        assert said[0][-1] == said[1][-1]
        assert not re.search(r"\d{4}-\d{2}-\d{2}", card.text())


async def test_ids_of_any_shape_have_a_page(browser: httpx.AsyncClient) -> None:
    page = tree_of(await browser.get("/console/?q=cobalt"))
    link = str(one_of(page, "table a.name").attributes["href"])
    assert link == "/console/companies/cobalt%2Feu"
    answer = await browser.get(link)
    assert "Cobalt &amp; Söhne &lt;EU&gt;" in answer.text
    assert "<EU>" not in answer.text


async def test_report_downloads_are_named_after_company_and_period(browser: httpx.AsyncClient) -> None:
    answer = await browser.get("/console/companies/cobalt%2Feu?period=2026-Q3&format=json")
    assert answer.json()["health"]["score"] == 34
    assert "cobalt%2Feu-2026-Q3.json" in answer.headers["content-disposition"]
    assert (await browser.get("/console/companies/nordwind?format=csv")).text.startswith("\ufeff")


def test_periods_offered_reach_back_over_the_turn_of_a_year() -> None:
    names = [
        name for name, _ in period_choices(AS_OF.replace(month=1), "2019-Q2", "Second quarter of 2019", "en")
    ]
    assert names[:4] == ["2019-Q2", "last-12-weeks", "last-26-weeks", "2026-Q1"]
    assert "2025-Q2" in names
    assert names[-1] == "2025-08"


# Mistakes, theirs and ours


@pytest.mark.parametrize(
    "path, status, says",
    [
        ("/console/companies/nobody", 404, "nobody"),
        ("/console/companies/", 404, "no company"),
        ("/console/nowhere", 404, "cut short"),
        ("/console/companies/nordwind?period=yesterday", 400, "is no period"),
        ("/console/?as_of=tomorrow", 400, "2026-11-22"),
        (f"/console/companies/{quote('<script>alert(1)</script>')}", 404, "&lt;script&gt;"),
    ],
)
async def test_a_wrong_address_gets_a_page_in_the_same_look(
    browser: httpx.AsyncClient, path: str, status: int, says: str
) -> None:
    answer = await browser.get(path)
    assert answer.status_code == status
    assert says in answer.text
    assert "<script" not in answer.text
    assert "/console/static/console.css" in answer.text


async def test_our_own_mistake_is_a_page_without_its_inside(
    browser: httpx.AsyncClient, services: SampleServices, caplog: pytest.LogCaptureFixture
) -> None:
    services.broken = True
    answer = await browser.get("/console/?q=private")
    assert answer.status_code == 500
    assert "secret inside" not in answer.text
    assert "Traceback" not in answer.text
    assert "Something went wrong on our side" in answer.text
    assert "a defect with a secret inside" in caplog.text, "the log has it"
    assert "q=private" not in caplog.text


# Headers


async def test_no_page_needs_anything_the_policy_forbids(browser: httpx.AsyncClient) -> None:
    for path in ("/console/", "/console/companies/nordwind", "/console/nowhere"):
        answer = await browser.get(path)
        assert answer.headers["content-security-policy"] == CONTENT_SECURITY_POLICY
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        page = tree_of(answer)
        assert not page.css("[style], style, script, [onclick]")
        for node in page.css("[src], link[href]"):
            place = node.attributes.get("src") or node.attributes.get("href") or ""
            assert place.startswith(("/", "data:,")), place


async def test_the_style_sheet_is_kept_by_browsers_and_small(browser: httpx.AsyncClient) -> None:
    link = one_of(tree_of(await browser.get("/console/")), "link[rel=stylesheet]").attributes["href"]
    answer = await browser.get(str(link))
    assert answer.headers["content-type"].startswith("text/css")
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable", (
        "ours does not override it"
    )
    assert len(answer.content) < 15_000


def test_the_policy_allows_nothing_inline_or_foreign() -> None:
    assert "unsafe" not in CONTENT_SECURITY_POLICY
    assert "http" not in CONTENT_SECURITY_POLICY
    assert "*" not in CONTENT_SECURITY_POLICY


def test_templates_escape_everything() -> None:
    for template in (Path(console.__file__).parent / "templates").glob("*.html"):
        text = template.read_text(encoding="utf-8")
        assert "|safe" not in text.replace(" ", ""), template.name
        assert "autoescape" not in text, template.name


def test_what_an_address_asks_for_survives_a_change_of_page() -> None:
    query = PortfolioQuery.read({"band": "watch", "q": "a&b", "sort": "-score", "as_of": "2026-11-15"})
    assert query.url(page=2) == "/console/?band=watch&q=a%26b&sort=-score&as_of=2026-11-15&page=2"
    assert PortfolioQuery().url() == "/console/"


# How sure we are


async def test_a_report_leads_to_the_page_of_each_department_told_of(
    services: SampleServices, browser: httpx.AsyncClient
) -> None:
    services.reports["measured"] = measured(120, 0.5)
    page = tree_of(await browser.get("/console/companies/measured"))
    links = [a.attributes["href"] for a in page.css("a") if "department=" in (a.attributes["href"] or "")]
    assert links == [
        f"?period=last-12-weeks&department={name}"
        for name in ("Operations", "Sales", "Customer+service", "Finance")
    ]


async def test_the_portfolio_says_how_well_the_score_foretold(
    services: SampleServices, browser: httpx.AsyncClient
) -> None:
    assert "How sure are we?" not in words_of(await browser.get("/console/"))
    churned = [True] * 2 + [False] * 8
    risks = [0.9, 0.5, 0.7, *[0.1] * 7]
    called = threshold("watch", [risk > 0.4 for risk in risks], churned)
    expert = msgspec.structs.replace(measure(risks, risks, churned), thresholds=(called,), lead_days=28)
    fitted = Accuracy(10, 2, text="insufficient: 2 churned")
    card = CalibrationCard("2026-11-22", Calibration({"0": expert}, {"0": fitted}))
    services.companies = msgspec.structs.replace(services.companies, calibration=card)
    words = words_of(await browser.get("/console/"))
    assert "before 3 of 10 ends of terms and met 2 of the 2 that left. Insufficient: fewer than 20" in words
    assert "28 days" not in words
    assert "Fitted insufficient: 2 churned" in words
    assert [
        node.text() for node in tree_of(await browser.get("/console/")).css("#calibration ~ div tbody td")
    ][:4] == ["Score", "10", "2", "too few"]
    churned, risks = [True] * CHURNED_LEAST + [False] * 30, [0.9] * CHURNED_LEAST + [0.1] * 30
    called = threshold("watch", [True] * 30 + [False] * 20, churned)
    ranked = msgspec.structs.replace(measure(risks, risks, churned), thresholds=(called,), lead_days=28)
    many = CalibrationCard("2026-11-22", Calibration({"0": ranked}, {}, before=1234))
    services.companies = msgspec.structs.replace(services.companies, calibration=many)
    words = words_of(await browser.get("/console/"))
    assert "met 20 of the 20 that left (100 %): 66.7 of 100 calls would have met one. Half of" in words
    assert "for 28 days or more" in words
    assert "1.00 1.00–1.00" in words
    assert "known by their contracts alone: 1,234." in words
    same = CalibrationCard("2026-11-22", Calibration({"0": measure([0.5] * 50, [0.4] * 50, churned)}, {}))
    services.companies = msgspec.structs.replace(services.companies, calibration=same)
    words = words_of(await browser.get("/console/"))
    assert "Score It ranks no better than chance, as far as can be told." in words
    assert "Score Its probabilities are no better than always saying the share that leaves." in words
    nothing = CalibrationCard("2026-11-22", Calibration({"0": measure([], [], [])}, {}))
    services.companies = msgspec.structs.replace(services.companies, calibration=nothing)
    assert "No term has ended yet" in words_of(await browser.get("/console/"))
    right = msgspec.structs.replace(ranked, thresholds=(threshold("watch", churned, churned),))
    card = CalibrationCard("2026-11-22", Calibration({"0": right}, {}))
    services.companies = msgspec.structs.replace(services.companies, calibration=card)
    assert ": 100 of 100 calls would have met one." in words_of(await browser.get("/console/"))
    assert "每 100 次联系命中 100 次。" in words_of(await browser.get("/console/?lang=zh-Hans"))


async def test_the_portfolio_says_what_contracts_brought(
    services: SampleServices, browser: httpx.AsyncClient
) -> None:
    day = AS_OF.toordinal()
    brought = outcomes({1: [Term(day - 400, day + 9, 120_000)]}, day)
    services.companies = msgspec.structs.replace(services.companies, outcomes=brought)
    words = words_of(await browser.get("/console/"))
    assert "Revenue per month (MRR)1,200" in words
    assert "Kept of it (GRR)100.0 %" in words
    assert "Renewal rate–" in words
    assert "there is no renewal rate" in words


async def test_the_portfolio_says_what_customers_are_worth_and_what_is_not_known(
    services: SampleServices, browser: httpx.AsyncClient
) -> None:
    day = AS_OF.toordinal()
    customers = [Customer([Term(day - 400, day + 9, 120_000)], day - 400, "retail")]
    worth = economics(customers, Book(segment_trait="industry"), day)
    brought = msgspec.structs.replace(outcomes({}, day), economics=worth)
    services.companies = msgspec.structs.replace(services.companies, outcomes=brought)
    words = words_of(await browser.get("/console/"))
    assert "Worth of a customer (LTV)not known" in words
    assert "LTV is not known: the book does not say the gross margin." in words
    assert "retail0–" in words.replace(" ", "")


async def test_companies_can_be_shown_by_tier(services: SampleServices, browser: httpx.AsyncClient) -> None:
    first, *rest = services.companies.data
    tiers = (
        TierColumn("a", "Strategic", 1, {"Review": "quarterly"}),
        TierColumn("b", "Core", 0, {"Review": ""}),
    )
    rows = (msgspec.structs.replace(first, tier="a"), *rest)
    services.companies = msgspec.structs.replace(services.companies, data=rows, tiers=tiers)
    words = words_of(await browser.get("/console/?tier=a"))
    assert f"1 of {len(rows)}" in words
    assert "Tiers and their service" in words
    assert "Reviewquarterly–" in words.replace(" ", "")
    assert "No company matches" in words_of(await browser.get("/console/?tier=b"))
    gone = tree_of(await browser.get("/console/?tier=gone&utm_source=mail"))
    assert f"{len(rows)} companies" in gone.text()
    assert "No company matches" not in gone.text()


async def test_a_bad_day_is_answered_in_the_language_of_the_page(browser: httpx.AsyncClient) -> None:
    assert "as_of：请填写日期" in words_of(await browser.get("/console/?as_of=soon&lang=zh-Hans"))


async def test_a_departments_page_says_where_of_no_week_anything_is_told(
    services: SampleServices, browser: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    address, nothing = "/console/companies/measured?department=sales", "Nothing can be drawn here"
    assert nothing not in words_of(await browser.get(address))
    made = await services.company_department("measured", "sales", "last-12-weeks")
    hidden = [
        msgspec.structs.replace(
            series, figures=(Figure(NOT_SHOWN, "members", hidden="few"),) * len(series.figures)
        )
        for series in made.activity
    ]

    async def untold(*_: str) -> DepartmentReport:
        return msgspec.structs.replace(made, activity=tuple(hidden))

    monkeypatch.setattr(services, "company_department", untold)
    said = words_of(await browser.get(address))
    assert "Of no week of the period is it told how many were active." in said
    assert nothing not in said
