"""The pages in a real browser: readable, accessible, quiet on the console, at home on a desk and on a phone."""

from __future__ import annotations

import io
import os
import shutil
import socket
import threading
import time
from collections.abc import Iterator

import pypdf
import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from msgspec.structs import replace
from playwright.sync_api import Browser, Page, sync_playwright
from starlette.routing import Router

from engage.core.reports import Contract
from engage.web.console.routes import COOKIE, console_routes
from engage.web.security import SecurityHeaders
from tests.web.console_samples import STAFF, SampleServices, measured

pytestmark = pytest.mark.browser

AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--no-sandbox",  # a container's root user cannot have the sandbox
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
ADDRESSES = {
    "portfolio": "/console/",
    "report": "/console/companies/nordwind",
    "all sections": "/console/companies/measured",
    "no match": "/console/?q=zzz",
    "problem": "/console/nowhere",
}


def _executable() -> str:
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if not found:
        pytest.fail(f"no browser: set CHROMIUM to its path, or install one of {', '.join(BROWSERS)}")
    return found


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=_executable(), args=list(FLAGS))
        yield launched
        launched.close()


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    services = SampleServices()
    services.cookies["mine"] = STAFF
    agreed = Contract("enterprise", 120, 390_000, "2025-12-12", "2026-12-12", 27, "2024-12-12")
    services.reports["measured"] = replace(measured(120, 0.7), contract=agreed, stage=None)
    app = SecurityHeaders(Router(console_routes(services), redirect_slashes=False))
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port = listening.getsockname()[1]
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        for _ in range(200):
            if server.started:
                break
            time.sleep(0.05)
        assert server.started
        yield f"http://127.0.0.1:{port}"
        server.should_exit = True
        thread.join(10)


class Visit:
    """A page and what its console said. Violations of the security policy are errors there."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.complaints: list[str] = []
        page.on(
            "console",
            lambda said: self.complaints.append(said.text) if said.type in ("error", "warning") else None,
        )
        page.on("pageerror", lambda error: self.complaints.append(str(error)))


@pytest.fixture
def visit(browser: Browser, site: str, request: pytest.FixtureRequest) -> Iterator[Visit]:
    width, scheme = request.param
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, base_url=site
    )
    context.add_cookies([{"name": COOKIE, "value": "mine", "url": f"{site}/console/"}])
    yield Visit(context.new_page())
    context.close()


DESK_LIGHT, PHONE_DARK = (1280, "light"), (390, "dark")


@pytest.mark.parametrize("visit", [DESK_LIGHT, PHONE_DARK], indirect=True, ids=["desk-light", "phone-dark"])
@pytest.mark.parametrize("address", ADDRESSES.values(), ids=ADDRESSES.keys())
def test_a_page_is_accessible_quiet_and_fits_the_screen(visit: Visit, address: str) -> None:
    answer = visit.page.goto(address)
    assert answer is not None
    visit.page.eval_on_selector_all("details", "all => all.forEach(one => one.open = true)")
    found = Axe().run(visit.page, options={"runOnly": {"type": "tag", "values": AXE_TAGS}})
    assert found.violations_count == 0, found.generate_report()
    across = visit.page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    assert across[0] <= across[1], "the page scrolls sideways"
    expected = ["404"] if answer.status == 404 else []
    assert [text for text in visit.complaints if not any(code in text for code in expected)] == []


@pytest.mark.parametrize("visit", [DESK_LIGHT], indirect=True)
def test_filters_work_from_the_keyboard_and_end_in_the_address(visit: Visit) -> None:
    page = visit.page
    page.goto("/console/")
    page.get_by_role("searchbox", name="Company").fill("clinics")
    page.keyboard.press("Enter")
    page.wait_for_url("**q=clinics**")
    assert page.locator("table.stack .name").all_inner_texts() == ["Brightwater Clinics"]
    page.get_by_role("link", name="Clear").click()
    page.locator("table.stack").get_by_role("link", name="Nordwind Logistics").click()
    assert page.get_by_role("heading", level=1).inner_text() == "Nordwind Logistics"
    assert visit.complaints == []


@pytest.mark.parametrize("visit", [DESK_LIGHT, PHONE_DARK], indirect=True, ids=["desk", "phone"])
def test_charts_follow_the_scheme_and_show_one_width_only(visit: Visit) -> None:
    visit.page.goto("/console/companies/nordwind")
    shown = visit.page.locator("svg.chart:visible")
    assert shown.count() == 6
    wide = visit.page.viewport_size
    assert wide is not None
    colour = shown.first.evaluate("svg => getComputedStyle(svg.querySelector('text.ink')).fill")
    assert colour == ("rgb(25, 29, 38)" if wide["width"] == 1280 else "rgb(233, 236, 242)")


@pytest.mark.parametrize("visit", [PHONE_DARK], indirect=True)
def test_no_figure_of_the_period_is_out_of_sight_on_a_phone(visit: Visit) -> None:
    visit.page.goto("/console/companies/measured")
    visit.page.eval_on_selector_all("details", "all => all.forEach(one => one.open = true)")
    across = visit.page.eval_on_selector_all(
        ".scroll:has(.lines, .stack)", "all => all.map(one => [one.scrollWidth, one.clientWidth])"
    )
    assert visit.page.locator(".many.stack").count() >= 3
    assert len(across) >= 5
    assert all(whole <= seen for whole, seen in across)
    titles = visit.page.eval_on_selector_all(
        "table:visible > caption:not(.vh)",
        "all => all.map(one => [one.offsetWidth, one.parentElement.offsetWidth])",
    )
    assert len(titles) >= 5
    assert all(wide == table for wide, table in titles), "a title stands in a narrow column"


@pytest.mark.parametrize("visit", [PHONE_DARK], indirect=True)
def test_print_is_light_and_holds_every_table(visit: Visit) -> None:
    visit.page.goto("/console/companies/nordwind")
    visit.page.emulate_media(media="print")
    assert visit.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    heights = visit.page.eval_on_selector_all(
        "details table", "tables => tables.map(t => t.getBoundingClientRect().height)"
    )
    assert heights
    assert min(heights) > 20
    assert not visit.page.locator(".bar").is_visible()
    visit.page.set_viewport_size({"width": 690, "height": 1000})  # A4 between its margins
    widths = visit.page.eval_on_selector_all(
        "details table", "tables => tables.map(t => t.getBoundingClientRect().width)"
    )
    assert min(widths) > 600
    visit.page.goto("/console/companies/measured")
    sizes = visit.page.eval_on_selector_all("table", "all => all.map(t => getComputedStyle(t).fontSize)")
    assert len(set(sizes)) == 1, "none larger than the others"


@pytest.mark.parametrize("visit", [DESK_LIGHT], indirect=True)
def test_a_digest_prints_on_one_page(visit: Visit) -> None:
    visit.page.goto("/console/companies/measured?view=digest")
    printed = pypdf.PdfReader(io.BytesIO(visit.page.pdf(prefer_css_page_size=True)))
    assert len(printed.pages) == 1


@pytest.mark.parametrize("visit", [DESK_LIGHT], indirect=True)
def test_a_sign_in_link_opens_the_portfolio_and_signing_out_closes_it(visit: Visit) -> None:
    visit.page.context.clear_cookies()
    visit.page.goto("/console/sign-in?token=once")
    assert visit.page.get_by_role("heading", level=1).inner_text() == "Whom to call"
    visit.page.get_by_role("button", name="Sign out").click()
    assert visit.page.get_by_role("heading", level=1).inner_text() == "You are signed out"
    visit.page.goto("/console/")
    assert visit.page.get_by_role("heading", level=1).inner_text() == "Please sign in"
