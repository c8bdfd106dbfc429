"""Fieldnote, the example host: what a person clicks reaches Engage, and the page shows what came of it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest
from engage_sdk import AsyncClient, RetryPolicy
from engage_sdk.testing import FakeEngage
from selectolax.lexbor import LexborHTMLParser as Page

from examples.host import progress
from examples.host.app import create_app
from examples.host.directory import PEOPLE
from examples.host.markup import Markup, tag

Browser = httpx.AsyncClient
Open = Callable[[Callable[[], AsyncClient]], Any]


@pytest.fixture
async def open_fieldnote() -> AsyncIterator[Open]:
    """Starts the application with a way to Engage and gives a browser that keeps cookies and follows redirects."""
    async with AsyncExitStack() as stack:

        async def start(connect: Callable[[], AsyncClient]) -> Browser:
            app = create_app(connect)
            await stack.enter_async_context(app.router.lifespan_context(app))
            transport = httpx.ASGITransport(app)
            browser = Browser(transport=transport, base_url="http://fieldnote.test", follow_redirects=True)
            return await stack.enter_async_context(browser)

        yield start


@pytest.fixture
def engage() -> FakeEngage:
    fake = FakeEngage()
    fake.award("Report Exported", "points", 10)
    fake.award("Inspection Created", "points", 3)
    fake.set_member(
        "nordhafen",
        "u-1002",
        level={"id": "newcomer", "name": "Newcomer", "rank": 1},
        next_level={"id": "contributor", "name": "Contributor", "threshold": 150, "missing": 8},
        progress=142 / 150,
        balances={"points": 142},
        badges=["First inspection"],
    )
    return fake


async def sign_in(browser: Browser, person: str = "u-1002") -> Page:
    answer = await browser.post("/sign-in", data={"person": person})
    assert answer.status_code == 200
    return Page(answer.text)


def text(page: Page, selector: str) -> str:
    node = page.css_first(selector)
    assert node is not None, selector
    return " ".join(node.text(separator=" ").split())


def attribute(page: Page, selector: str, name: str) -> str:
    node = page.css_first(selector)
    assert node is not None, selector
    return node.attributes[name] or ""


async def test_the_chooser_offers_every_person(open_fieldnote: Open, engage: FakeEngage) -> None:
    browser = await open_fieldnote(engage.async_client)
    page = Page((await browser.get("/")).text)
    assert [node.attributes["value"] for node in page.css("button.person")] == [p.id for p in PEOPLE]


async def test_signing_in_tells_engage_who_it_is(open_fieldnote: Open, engage: FakeEngage) -> None:
    browser = await open_fieldnote(engage.async_client)
    page = await sign_in(browser)
    assert text(page, "#points") == "142"
    assert text(page, "p.level") == "Newcomer 8 to Contributor"
    assert text(page, "ul.badges") == "First inspection"
    assert attribute(page, "progress", "value") == "0.947"
    engage.assert_tracked("Signed In", company="nordhafen", member="u-1002", times=1)
    [identified] = engage.identifies
    assert identified.traits == {"name": "Lena Brandt", "role": "inspector", "department": "Safety"}


async def test_an_export_changes_the_points_on_the_very_next_page(
    open_fieldnote: Open, engage: FakeEngage
) -> None:
    browser = await open_fieldnote(engage.async_client)
    page = await sign_in(browser)
    action = attribute(page, 'form[action$="/export"]', "action")
    page = Page((await browser.post(action)).text)
    assert text(page, "#points") == "152"
    assert text(page, ".notice") == "Report exported. +10 points"
    assert text(page, ".recent li").startswith("+10 Report exported")
    engage.assert_tracked("Report Exported", member="u-1002", properties={"format": "pdf"}, times=1)
    again = Page((await browser.get("/inspections")).text)
    assert again.css_first(".notice") is None, "a notice is shown once"


@pytest.mark.parametrize(
    "path, form, event",
    [
        ("/inspections", {"template": "Fire safety", "site": "Depot"}, "Inspection Created"),
        ("/inspections/105/complete", {}, "Inspection Completed"),
        ("/inspections/103/share", {}, "Report Shared"),
        ("/inspections/103/comment", {}, "Comment Added"),
        ("/issues", {"title": "Door stuck", "severity": "high"}, "Issue Raised"),
        ("/issues/108/resolve", {}, "Issue Resolved"),
        ("/templates/109/publish", {}, "Template Published"),
        ("/team/invitations", {"role": "manager"}, "Colleague Invited"),
    ],
)
async def test_every_action_is_reported_once(
    open_fieldnote: Open, engage: FakeEngage, path: str, form: dict[str, str], event: str
) -> None:
    browser = await open_fieldnote(engage.async_client)
    await sign_in(browser)
    answer = await browser.post(path, data=form)
    assert answer.status_code == 200, answer.text
    engage.assert_tracked(event, company="nordhafen", member="u-1002", times=1)
    assert not engage.errors


async def test_what_is_done_already_is_refused_and_not_reported(
    open_fieldnote: Open, engage: FakeEngage
) -> None:
    browser = await open_fieldnote(engage.async_client)
    await sign_in(browser)
    answers = [await browser.post("/issues/108/resolve") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 409]
    engage.assert_tracked("Issue Resolved", times=1)


async def test_nonsense_is_refused_in_plain_words(open_fieldnote: Open, engage: FakeEngage) -> None:
    browser = await open_fieldnote(engage.async_client)
    await sign_in(browser)
    assert (await browser.post("/inspections", data={"template": "x", "site": "Depot"})).status_code == 400
    assert (await browser.post("/inspections/9999/export")).status_code == 404
    assert (await browser.post("/inspections/103/burn")).status_code == 404
    assert (await browser.post("/issues", data={"title": "x" * 9000, "severity": "low"})).status_code == 413
    assert (await browser.post("/sign-in", data={"person": "nobody"})).status_code == 404
    assert (await browser.get("/no-such-page")).status_code == 404
    engage.assert_not_tracked("Inspection Created")


async def test_somebody_signed_out_is_sent_to_the_chooser(open_fieldnote: Open, engage: FakeEngage) -> None:
    browser = await open_fieldnote(engage.async_client)
    for page in ("/inspections", "/issues", "/templates", "/team", "/progress"):
        assert str((await browser.get(page)).url) == "http://fieldnote.test/"
    assert str((await browser.post("/inspections/103/export")).url) == "http://fieldnote.test/"
    await sign_in(browser)
    assert (await browser.post("/sign-out")).url.path == "/"
    assert (await browser.get("/inspections")).url.path == "/"


async def test_a_form_from_another_site_is_refused(open_fieldnote: Open, engage: FakeEngage) -> None:
    browser = await open_fieldnote(engage.async_client)
    await sign_in(browser)
    answer = await browser.post("/inspections/103/export", headers={"Origin": "http://elsewhere.test"})
    assert answer.status_code == 403
    engage.assert_not_tracked("Report Exported")


async def test_pages_carry_a_strict_policy_and_no_inline_script_or_style(
    open_fieldnote: Open, engage: FakeEngage
) -> None:
    browser = await open_fieldnote(engage.async_client)
    await sign_in(browser)
    for path in ("/inspections", "/issues", "/templates", "/team", "/progress", "/static/fieldnote.css"):
        answer = await browser.get(path)
        assert answer.status_code == 200
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert "unsafe" not in answer.headers["content-security-policy"]
        if path.startswith("/static/"):
            continue
        page = Page(answer.text)
        assert not page.css("[style], style, [onclick]")
        assert all(script.attributes.get("src") for script in page.css("script"))


async def test_text_of_people_is_escaped(open_fieldnote: Open, engage: FakeEngage) -> None:
    browser = await open_fieldnote(engage.async_client)
    await sign_in(browser)
    answer = await browser.post("/issues", data={"title": "<script>alert(1)</script>", "severity": "low"})
    assert "<script>alert" not in answer.text
    assert "&lt;script&gt;alert(1)" in answer.text


async def test_the_product_keeps_working_while_engage_is_away(
    open_fieldnote: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    monkeypatch.setattr(progress, "FLUSH_SECONDS_MAX", 0.05)
    browser = await open_fieldnote(
        lambda: AsyncClient(
            "http://engage.test",
            key="sk_test",
            retry=RetryPolicy(tries_max=2, base_seconds=0.3),
            on_error=lambda error, messages: None,
            make_http=lambda: httpx.AsyncClient(transport=httpx.MockTransport(refuse)),
        )
    )
    page = await sign_in(browser)
    assert "Points are not available just now." in text(page, "#panel")
    assert page.css_first("#recent[hidden]") is not None
    page = Page((await browser.post("/inspections", data={"template": "Fire safety", "site": "Depot"})).text)
    assert text(page, ".notice") == "Inspection created. Your points will follow."
    assert len(page.css("ul.rows > li")) == 6
    assert (await browser.get("/progress")).status_code == 200


async def test_an_outage_is_not_asked_about_again_on_every_page(open_fieldnote: Open) -> None:
    reads = 0

    def answer(request: httpx.Request) -> httpx.Response:
        nonlocal reads
        if request.url.path == "/v1/batch":
            return httpx.Response(200, json={"success": True, "results": {}})
        reads += 1
        return httpx.Response(503, json={"code": "unavailable", "message": "later"})

    browser = await open_fieldnote(
        lambda: AsyncClient(
            "http://engage.test",
            key="sk_test",
            retry=RetryPolicy(tries_max=1),
            make_http=lambda: httpx.AsyncClient(transport=httpx.MockTransport(answer)),
        )
    )
    await sign_in(browser)
    for page in ("/issues", "/team", "/progress"):
        assert "not available" in (await browser.get(page)).text
    assert reads == 2, "member and decisions, once"


async def test_points_come_back_after_an_outage(
    open_fieldnote: Open, engage: FakeEngage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "PAUSE_SECONDS", 0.0)
    browser = await open_fieldnote(engage.async_client)
    await sign_in(browser)
    engage.fail_next(503, times=6)  # every try of both reads
    pages = [Page((await browser.get("/inspections")).text) for _ in range(3)]
    assert "not available" in text(pages[0], "#panel")
    assert text(pages[-1], "#points") == "142"


async def test_a_limit_that_held_points_back_is_told_in_its_own_words(open_fieldnote: Open) -> None:
    sent: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if path == "/v1/batch":
            batch = json.loads(request.content)["batch"]
            sent.extend(m["messageId"] for m in batch if m.get("event") == "Report Exported")
            return httpx.Response(
                200, json={"success": True, "results": {m["messageId"]: {"status": "ok"} for m in batch}}
            )
        if path.endswith("/decisions"):
            rules = [
                {
                    "rule": "report-exported",
                    "name": "Report exported",
                    "verdict": "limit",
                    "text": "daily limit reached, 5 of 5",
                },
                {
                    "rule": "trusted",
                    "name": "Trusted reporter",
                    "verdict": "condition",
                    "text": "level is newcomer",
                },
            ]
            decisions = [
                {
                    "message_id": m,
                    "event": "Report Exported",
                    "status": "decided",
                    "effects": [],
                    "rules": rules,
                }
                for m in sent
            ]
            return httpx.Response(200, json={"data": decisions, "next_cursor": None})
        return httpx.Response(
            200, json={"id": "u-1001", "company": "nordhafen", "balances": {"points": {"active": 50}}}
        )

    browser = await open_fieldnote(
        lambda: AsyncClient(
            "http://engage.test",
            key="sk_test",
            make_http=lambda: httpx.AsyncClient(transport=httpx.MockTransport(answer)),
        )
    )
    await sign_in(browser, "u-1001")
    page = Page((await browser.post("/inspections/103/export")).text)
    assert text(page, ".notice") == "Report exported. Daily limit reached, 5 of 5."
    assert text(page, ".recent li") == "0 Report exported daily limit reached, 5 of 5"
    page = Page((await browser.get("/progress")).text)
    assert (
        text(page, ".rules")
        == "Report exported: daily limit reached, 5 of 5 Trusted reporter: level is newcomer"
    )


async def test_a_person_engage_has_never_met_starts_at_nothing(open_fieldnote: Open) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/v1/batch":
            return httpx.Response(200, json={"success": True, "results": {}})
        return httpx.Response(404, json={"code": "not_found", "message": "no such member"})

    browser = await open_fieldnote(
        lambda: AsyncClient(
            "http://engage.test",
            key="sk_test",
            make_http=lambda: httpx.AsyncClient(transport=httpx.MockTransport(answer)),
        )
    )
    page = await sign_in(browser, "u-2900")
    assert text(page, "#points") == "0"
    assert "No level yet" in text(page, "#panel")


def test_only_markup_passes_unescaped() -> None:
    made = tag(
        "p", "a<b", Markup("<i>c</i>"), ["&", None, 3], class_="x", title='"q"', hidden=True, data_x=None
    )
    assert made == '<p class="x" title="&quot;q&quot;" hidden>a&lt;b<i>c</i>&amp;3</p>'
