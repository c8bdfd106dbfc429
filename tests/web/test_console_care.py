"""Whom to call, what was agreed and done, and what is left out, as the pages show it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import msgspec
import pytest
from selectolax.lexbor import LexborHTMLParser

from engage.actions.sessions import SHARED_NAME, SignedIn
from engage.core.care import Goal, Stage
from engage.core.care_shapes import (
    CareView,
    ChangeView,
    Compared,
    DoneView,
    EffectView,
    LateGoal,
    SentimentView,
)
from engage.core.digest import digest
from engage.core.health import frozen
from engage.core.outline import outline
from engage.core.outline_portfolio import portfolio_outline
from engage.core.plans import goal_view
from engage.core.portfolio import why
from engage.core.privacy import NOT_SHOWN, Figure, fact
from engage.web.console.forms import Accepted, Adjusted, Agreed
from engage.web.console.pages import company_view
from engage.web.console.routes import COOKIE, _environment, _html
from tests.web.console_samples import AS_OF, ROWS, STAFF, SampleServices, measured, portfolio, report
from tests.web.reading import browse, one_of, tree_of, words_of


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


def test_a_report_shows_goals_interventions_and_sentiment() -> None:
    goal = Goal(
        "g",
        "Seats & more",
        "seats",
        80.0,
        "2027-06-30",
        "kim",
        "2026-01-01",
        20.0,
        (Stage("2027-03-31", 60.0),),
    )
    shown = report()
    view = goal_view(
        goal, shown.health, shown.contract, [ChangeView("2026-02-01T00:00:00Z", "lee", "target", "why")]
    )
    care = CareView(
        (view,),
        (DoneView("w", "A workshop", "2026-05-04", "kim"),),
        SentimentView("poor", "kim", "2026-11-01", "2027-01-01", "a cold call"),
    )
    page = company_view(msgspec.structs.replace(shown, care=care), "last-12-weeks", AS_OF, "en")
    words = LexborHTMLParser(bytes(_html("company.html", None, view=page, form=None).body).decode()).body
    assert words is not None
    for text in (
        "Seats & more",
        "target 80 % by",
        "Owner: kim",
        "A workshop",
        "Sentiment: poor",
        "lee: target. why",
    ):
        assert text in " ".join(words.text().split()), text


async def test_a_sharp_fall_before_a_renewal_is_a_call_and_says_what_fell(
    services: SampleServices, browser: httpx.AsyncClient
) -> None:
    steady = msgspec.structs.replace(ROWS[4], change_4w=-9)
    assert steady.band == "healthy"
    fallen = msgspec.structs.replace(steady, change_4w=-10, fell="37 % less activity than before")
    later = msgspec.structs.replace(fallen, days_to_renewal=91)
    for row, is_called in ((steady, False), (fallen, True), (later, False)):
        services.companies = portfolio((ROWS[5], row))
        calls = tree_of(await browser.get("/console/")).css_first(".calls")
        assert (calls is not None and row.name in calls.text()) == is_called, row
        if calls is not None:
            said = " ".join(calls.text().split())
            assert "Fell in four weeks, most of all: 37 % less activity than before" in said
    sections = {one.name: one for one in portfolio_outline(portfolio((ROWS[5], fallen)))}
    called = sections["calls"].table
    assert called is not None
    assert (
        called.rows[0][-1]
        == f"{fallen.text} Fell in four weeks, most of all: 37 % less activity than before."
    )


async def test_a_slow_fall_before_a_renewal_is_a_call_and_says_what_fell(
    services: SampleServices, browser: httpx.AsyncClient
) -> None:
    what = "57 % less activity than in the best four of the last 26 weeks"
    steady = msgspec.structs.replace(ROWS[4], change_4w=-7, change_13w=-9)
    slid = msgspec.structs.replace(steady, change_13w=-14, slid=what)
    later = msgspec.structs.replace(slid, days_to_renewal=91)
    for row, is_called in ((steady, False), (slid, True), (later, False)):
        services.companies = portfolio((ROWS[5], row))
        calls = tree_of(await browser.get("/console/")).css_first(".calls")
        assert (calls is not None and row.name in calls.text()) == is_called, row
        if calls is not None:
            said = " ".join(calls.text().split())
            assert f"Fell slowly, in 13 weeks \N{MINUS SIGN}14, most of all: {what}" in said
            chinese = tree_of(await browser.get("/console/?lang=zh-Hans")).css_first(".calls")
            assert chinese is not None
            assert "缓慢下降" in chinese.text()
    sections = {one.name: one for one in portfolio_outline(portfolio((ROWS[5], slid)))}
    called = sections["calls"].table
    assert called is not None
    assert called.rows[0][-1] == f"{slid.text} Fell slowly, by 14 points in 13 weeks, most of all: {what}."
    said = msgspec.structs.replace(slid, text=f"{what}, yet a customer for a year or more.")
    assert why(said) == f"{said.text} Fell slowly, by 14 points in 13 weeks."
    services.companies = portfolio((ROWS[5], said))
    calls = tree_of(await browser.get("/console/")).css_first(".calls")
    assert calls is not None
    assert calls.text().count(what) == 1


async def test_a_report_says_what_to_do_as_the_digest_does(
    services: SampleServices, browser: httpx.AsyncClient
) -> None:
    address = f"/console/companies/{ROWS[0].company}"
    advice = digest(await services.company_report(ROWS[0].company, "last-12-weeks")).advice
    told = [item.text() for item in tree_of(await browser.get(address)).css(".to-do + ul li")]
    assert told == list(advice)


@pytest.mark.parametrize(
    "language, words", [("en", "the score is that of 15 Nov 2026"), ("zh-Hans", "已冻结")]
)
async def test_the_digest_of_a_company_that_left_says_of_when_its_score_is(
    services: SampleServices, browser: httpx.AsyncClient, language: str, words: str
) -> None:
    whole = await services.company_report(ROWS[0].company, "last-12-weeks")
    services.reports["gone"] = msgspec.structs.replace(whole, health=frozen(whole.health, "2026-11-22"))
    page = tree_of(await browser.get(f"/console/companies/gone?view=digest&lang={language}"))
    assert words in one_of(page, "#s-movers ~ p.small").text()


async def test_what_was_done_for_one_company_leads_to_it(
    services: SampleServices, browser: httpx.AsyncClient
) -> None:
    told = (Compared(4, 0, None, 0, None, None, None, None, "These weeks are not over yet."),)
    one = EffectView("call", "A call", "2026-11-12", "kim", 1, 0, told, ROWS[0].company)
    services.companies = msgspec.structs.replace(services.companies, interventions=(one,))
    row = one_of(tree_of(await browser.get("/console/")), "#interventions ~ div tbody tr")
    assert one_of(row, "a").attributes["href"] == f"/console/companies/{ROWS[0].company}"
    assert one_of(row, "a").text() == ROWS[0].name


async def test_a_section_of_which_nothing_is_told_is_named_and_has_no_card(
    services: SampleServices, browser: httpx.AsyncClient
) -> None:
    services.reports["tiny"] = measured(3, 1.0)
    page = tree_of(await browser.get("/console/companies/tiny"))
    assert page.css_first("#h-levels") is None
    assert page.css_first("#h-activity") is None
    hidden = one_of(page, "section:has(#h-notes)").text()
    assert "nothing is told of these:" in hidden
    (why,) = [one.text() for one in page.css("section:has(#h-notes) li") if "Levels" in one.text()]
    assert why.endswith("told from 9 members on at the earliest, and there are 3.")
    for link in page.css(".on-page a"):
        assert page.css_first(str(link.attributes["href"])) is not None


async def test_rows_of_which_nothing_is_told_are_one_sentence_below_the_others(
    services: SampleServices, browser: httpx.AsyncClient
) -> None:
    services.reports["few"] = found = measured(15, 0.8)
    untold = [
        one.label
        for one in found.summary
        if all(figure.text in (NOT_SHOWN, "not measured") for figure in (one.figure, one.before, one.change))
    ]
    assert 0 < len(untold) < len(found.summary)
    card = one_of(tree_of(await browser.get("/console/companies/few")), "section:has(#h-summary)")
    rows = [one.text() for one in card.css("tbody th")]
    assert rows == [one.label for one in found.summary if one.label not in untold]
    assert f"Not shown, to protect individuals: {', '.join(untold)}." in card.text()


async def test_a_row_of_which_no_change_is_told_is_no_row_of_which_nothing_is(
    services: SampleServices, browser: httpx.AsyncClient
) -> None:
    found = measured(15, 0.8)
    row = next(one for one in found.summary if one.figure.text == NOT_SHOWN)
    steady = msgspec.structs.replace(row, before=Figure("no change", "percent", 0.4))
    summary = tuple(steady if one is row else one for one in found.summary)
    services.reports["steady"] = msgspec.structs.replace(found, summary=summary)
    card = one_of(tree_of(await browser.get("/console/companies/steady")), "section:has(#h-summary)")
    assert row.label in [one.text() for one in card.css("tbody th")]


async def test_departments_of_which_only_the_size_is_known_are_no_table(
    services: SampleServices, browser: httpx.AsyncClient
) -> None:
    services.reports["some"] = found = measured(120, 0.5)
    assert found.departments is not None
    page = tree_of(await browser.get("/console/companies/some"))
    card = one_of(page, "section:has(#h-departments)")
    assert card.css_first("table") is None
    assert found.departments.note in card.text()
    assert card.css_first("a") is not None
    (why,) = [one.text() for one in page.css("section:has(#h-notes) li") if "Departments" in one.text()]
    assert "one would follow from the others" in why


async def test_of_a_range_it_is_not_said_that_it_is_not_shown(
    services: SampleServices, browser: httpx.AsyncClient
) -> None:
    services.reports["some"] = measured(60, 0.8)
    seen = set()
    for hidden in tree_of(await browser.get("/console/companies/some")).css(".hidden"):
        why, text = str(hidden.attributes["title"]), hidden.text(deep=False).strip()
        seen.add(why)
        assert text == "not shown" or "not shown" not in why.lower(), text
    assert "Told only roughly, to protect individuals" in seen
    chinese = tree_of(await browser.get("/console/companies/some?lang=zh-Hans"))
    whys = {
        str(one.attributes["title"]) for one in chinese.css(".hidden") if "不予显示" in one.text(deep=False)
    }
    assert whys
    assert not whys & {"为保护个人，只公布大致的数字"}


def test_why_a_figure_is_hidden_speaks_of_few_people_only_where_there_are_few() -> None:
    parts: Any = _environment().get_template("parts.html").module
    why = parts.why_hidden
    few, wide = "Fewer than 5 people", "Not shown: what may be told of it is too uncertain"
    assert why(Figure(NOT_SHOWN, "percent", hidden="wide"), 5).strip() == wide
    assert why(Figure(NOT_SHOWN, "members", hidden="few", low=0, high=95), 5).strip() == wide
    assert why(Figure(NOT_SHOWN, "members", hidden="few", low=0, high=4), 5).strip().startswith(few)
    assert why(Figure(NOT_SHOWN, "events", hidden="few"), 5).strip().startswith(few)


async def test_an_intervention_of_which_nothing_can_be_said_yet_keeps_its_line(
    services: SampleServices, browser: httpx.AsyncClient
) -> None:
    told = tuple(
        Compared(weeks, 0, None, 0, None, None, None, None, "These weeks are not over yet.")
        for weeks in (4, 13)
    )
    done = tuple(
        EffectView(id, f"A {id}", day, "kim", 2, 0, told)
        for id, day in (("call", "2026-11-12"), ("visit", "2026-11-10"))
    )
    assert "Goals behind or missed" not in words_of(await browser.get("/console/"))
    called = services.companies.data[0]
    late = LateGoal(
        called.company, called.name, "g", "Healthy again", "Health score", "2026-12-31", "kim", "behind"
    )
    services.companies = msgspec.structs.replace(services.companies, interventions=done, late_goals=(late,))
    page = tree_of(await browser.get("/console/"))
    assert "Goal behind: Healthy again, by 31 Dec 2026." in re.sub(r"\s+", " ", one_of(page, ".calls").text())
    row = one_of(page, "#late-goals ~ div tbody tr")
    assert one_of(row, "a").attributes["href"] == f"/console/companies/{called.company}"
    words = words_of(await browser.get("/console/"))
    assert words.count("These weeks are not over yet.") == 2
    assert words.index("A call") < words.index("A visit")


# Logging what was done


async def _form(browser: httpx.AsyncClient, address: str, which: str = "what") -> dict[str, str]:
    """The fields of the form that has one of this name, as the page fills them."""
    page = tree_of(await browser.get(address))
    form = one_of(page, f"#care ~ details form[method=post]:has([name={which}])")
    return {
        str(field.attributes["name"]): str(field.attributes.get("value") or "") for field in form.css("input")
    }


HERE = {"sec-fetch-site": "same-origin"}


async def test_what_was_done_is_logged_from_the_companys_page(
    services: SampleServices, browser: httpx.AsyncClient
) -> None:
    address = "/console/companies/cobalt%2Feu?period=2026-Q3"
    fields = await _form(browser, address)
    assert "actor" not in fields, "the link was made for somebody, who did it"
    answer = await browser.post(address, data={**fields, "what": " A call,  long "}, headers=HERE)
    assert (answer.status_code, answer.headers["location"]) == (
        303,
        "/console/companies/cobalt%2Feu?period=2026-Q3#care",
    )
    ((company, done),) = services.done
    assert (company, done.what, done.day, done.actor) == (
        "cobalt/eu",
        "A call, long",
        fields["day"],
        STAFF.name,
    )
    await browser.post(address, data={**fields, "what": "A call, long"}, headers=HERE)
    await browser.post(address, data={**fields, "what": "Another"}, headers=HERE)
    ids = [done.id for _, done in services.done]
    assert ids[0] == ids[1] != ids[2], "sent twice it is logged once"


async def test_whoever_came_by_a_link_for_nobody_says_who_did_it(
    services: SampleServices, browser: httpx.AsyncClient
) -> None:
    services.cookies["mine"] = SignedIn(SHARED_NAME, STAFF.role)
    address = f"/console/companies/{ROWS[0].company}"
    fields = {**await _form(browser, address), "what": "A call"}
    assert fields["actor"] == ""
    assert (await browser.post(address, data=fields, headers=HERE)).status_code == 400
    assert (await browser.post(address, data={**fields, "actor": "Kim"}, headers=HERE)).status_code == 303
    assert [done.actor for _, done in services.done] == ["Kim"]


@pytest.mark.parametrize(
    "change, status",
    [
        ({"what": ""}, 400),
        ({"what": "x" * 501}, 400),
        ({"what": "x" * 20_000}, 413),
        ({"day": "yesterday"}, 400),
        ({"day": (datetime.now(UTC) + timedelta(2)).date().isoformat()}, 400),
    ],
)
async def test_a_form_that_says_too_little_or_too_much_logs_nothing(
    services: SampleServices, browser: httpx.AsyncClient, change: dict[str, str], status: int
) -> None:
    address = f"/console/companies/{ROWS[0].company}"
    fields = {**await _form(browser, address), "what": "A call", **change}
    assert (await browser.post(address, data=fields, headers=HERE)).status_code == status
    assert services.done == []


async def test_what_is_wrong_with_a_form_is_said_of_the_form_in_the_readers_language(
    browser: httpx.AsyncClient,
) -> None:
    address = f"/console/companies/{ROWS[0].company}"
    fields = {**await _form(browser, address), "what": " "}
    english = await browser.post(address, data=fields, headers=HERE)
    assert "This was not logged" in english.text
    assert "Say what was done, in 500 characters at most." in english.text
    chinese = await browser.post(address, data=fields, headers={**HERE, "accept-language": "zh-CN"})
    assert "未能记录" in chinese.text
    assert "请说明采取了什么措施，最多 500 个字符。" in chinese.text


async def test_a_goal_is_set_on_the_companys_page(
    services: SampleServices, browser: httpx.AsyncClient
) -> None:
    address = "/console/companies/cobalt%2Feu?period=2026-Q3"
    fields = await _form(browser, address, "measure")
    assert fields["owner"] == STAFF.name
    goal = {"name": " All  at work ", "measure": "seats", "target": "80", "by": "2999-12-31", "owner": "Kim"}
    for _ in range(2):
        answer = await browser.post(address, data={**fields, **goal}, headers=HERE)
        assert (answer.status_code, answer.headers["location"][-5:]) == (303, "#care")
    (company, one), (_, again) = services.goals
    assert one == again, "sent twice it is set once"
    assert isinstance(one, Agreed)
    assert (company, one.name, one.measure, one.target) == ("cobalt/eu", "All at work", "seats", 80)
    assert (one.by, one.owner, one.actor) == ("2999-12-31", "Kim", STAFF.name)
    wrong = (
        {"name": ""},
        {"measure": "x"},
        {"target": "all"},
        {"target": "nan"},
        {"by": "2020-01-01"},
        {"owner": ""},
    )
    for change in wrong:
        answer = await browser.post(address, data={**fields, **goal, **change}, headers=HERE)
        assert answer.status_code == 400
        assert "This was not logged" in answer.text
    assert len(services.goals) == 2


async def test_what_was_adjusted_at_once_stands_in_one_line(
    services: SampleServices, browser: httpx.AsyncClient
) -> None:
    company, at = ROWS[0].company, "2026-02-01T00:00:00.123456Z"
    shown = await services.company_report(company, "last-12-weeks")
    goal = Goal("g", "Seats", "seats", 8_000.0, "2027-06-30", "Kim", "2026-01-01", 20.0)
    changes = [ChangeView(at, "lee", text, "why") for text in ("target from 80 to 8,000", "taken up again")]
    view = goal_view(goal, shown.health, shown.contract, changes)
    view = msgspec.structs.replace(view, progress=-0.0001)
    services.reports[company] = msgspec.structs.replace(shown, care=CareView((view,)))
    english = words_of(await browser.get(f"/console/companies/{company}"))
    assert "lee: target from 80 to 8,000; taken up again. why" in english
    assert " 0 % of the way." in english
    assert "8,000 %" in english
    ranged = msgspec.structs.replace(view, value=None, low=69.4, high=99.8)
    services.reports[company] = msgspec.structs.replace(shown, care=CareView((ranged,)))
    assert "69 % to 100 %; target 8,000 %" in words_of(await browser.get(f"/console/companies/{company}"))
    chinese = words_of(await browser.get(f"/console/companies/{company}?lang=zh-Hans"))
    assert "69% 至 100%；" in chinese
    assert "目标由 80 改为 8,000；" in chinese
    assert "已完成 0%。" in chinese


async def test_a_goal_is_adjusted_dropped_and_taken_up_again_on_the_companys_page(
    services: SampleServices, browser: httpx.AsyncClient
) -> None:
    company = ROWS[0].company
    address = f"/console/companies/{company}"
    shown = await services.company_report(company, "last-12-weeks")
    goal = Goal('g"1', "Seats & more", "seats", 80.0, "2027-06-30", "Kim", "2026-01-01", 20.0)
    at = "2026-02-01T00:00:00.123456Z"
    fields: dict[str, str] = {}
    for dropped, last in ((False, []), (True, [ChangeView(at, "lee", "dropped", "why")])):
        view = goal_view(msgspec.structs.replace(goal, dropped=dropped), shown.health, shown.contract, last)
        services.reports[company] = msgspec.structs.replace(shown, care=CareView((view,)))
        fields = await _form(browser, address, "reason")
        assert fields == {
            "goal": 'g"1',
            "seen": at if dropped else "",
            "name": "Seats & more",
            "target": "80",
            "by": "2027-06-30",
            "owner": "Kim",
            "reason": "",
        }
        buttons = [
            one.text() for one in tree_of(await browser.get(address)).css("form:has([name=reason]) button")
        ]
        assert buttons == (["Take it up again"] if dropped else ["Adjust it", "Drop it"])
    said = {**fields, "reason": " less  was bought ", "target": "62.5"}
    for more in ({}, {"do": "drop"}):
        answer = await browser.post(address, data={**said, **more}, headers=HERE)
        assert (answer.status_code, answer.headers["location"][-5:]) == (303, "#care")
    adjusted = Adjusted(
        'g"1', at, "Seats & more", 62.5, "2027-06-30", "Kim", False, "less was bought", STAFF.name
    )
    assert services.goals == [(company, adjusted), (company, adjusted._replace(dropped=True))]
    for change in ({"name": ""}, {"target": "all"}, {"by": "soon"}, {"owner": ""}, {"reason": " "}):
        assert (await browser.post(address, data={**said, **change}, headers=HERE)).status_code == 400
    foreign = {"sec-fetch-site": "cross-site"}
    assert (await browser.post(address, data=said, headers=foreign)).status_code == 403
    services.cookies["mine"] = SignedIn(SHARED_NAME, STAFF.role)
    assert (await _form(browser, address, "reason"))["actor"] == ""
    assert (await browser.post(address, data=said, headers=HERE)).status_code == 400
    services.cookies["mine"] = SignedIn("x", "administrator")
    assert (await browser.post(address, data=said, headers=HERE)).status_code == 403
    assert len(services.goals) == 2


async def test_a_stage_of_a_goal_is_accepted_on_the_companys_page(
    services: SampleServices, browser: httpx.AsyncClient
) -> None:
    company = ROWS[0].company
    address = f"/console/companies/{company}"
    shown = await services.company_report(company, "last-12-weeks")
    stages = (
        Stage("2026-03-31", 40.0, accepted_by="Lee", accepted_on="2026-04-01"),
        Stage("2027-03-31", 60.0),
    )
    goal = Goal("g", "Seats", "seats", 80.0, "2027-06-30", "Kim", "2026-01-01", 20.0, stages)
    for dropped in (True, False):
        view = goal_view(msgspec.structs.replace(goal, dropped=dropped), shown.health, shown.contract, [])
        services.reports[company] = msgspec.structs.replace(shown, care=CareView((view,)))
        forms = tree_of(await browser.get(address)).css("form:has([name=stage])")
        assert len(forms) == (0 if dropped else 1), "what is accepted, or dropped, is not asked for"
    said = {
        str(one.attributes["name"]): str(one.attributes.get("value") or "") for one in forms[0].css("input")
    }
    assert said == {"goal": "g", "stage": "1", "by": "2027-03-31", "note": ""}
    answer = await browser.post(address, data={**said, "note": " seen  in the review"}, headers=HERE)
    assert (answer.status_code, answer.headers["location"][-5:]) == (303, "#care")
    accepted = Accepted("g", 1, "2027-03-31", "seen in the review", STAFF.name)
    assert services.goals == [(company, accepted)]
    for change in ({"stage": "-1"}, {"stage": "x"}, {"stage": "1" * 9}, {"note": "x" * 501}):
        assert (await browser.post(address, data={**said, **change}, headers=HERE)).status_code == 400
    foreign = {"sec-fetch-site": "cross-site"}
    assert (await browser.post(address, data=said, headers=foreign)).status_code == 403
    services.cookies["mine"] = SignedIn(SHARED_NAME, STAFF.role)
    assert (await browser.post(address, data=said, headers=HERE)).status_code == 400
    assert len(services.goals) == 1


async def test_nothing_is_logged_from_another_site_or_by_an_administrator(
    services: SampleServices, browser: httpx.AsyncClient
) -> None:
    address = f"/console/companies/{ROWS[0].company}"
    fields = {**await _form(browser, address), "what": "A call"}
    foreign = {"sec-fetch-site": "cross-site"}
    assert (await browser.post(address, data=fields, headers=foreign)).status_code == 403
    services.cookies["mine"] = SignedIn("x", "administrator")
    assert (await browser.post(address, data=fields, headers=HERE)).status_code == 403
    browser.cookies.clear()
    assert (await browser.post(address, data=fields, headers=HERE)).status_code == 401
    assert services.done == []


async def test_the_page_of_few_people_says_what_to_go_by(
    services: SampleServices, browser: httpx.AsyncClient
) -> None:
    company = ROWS[0].company
    whole = await services.company_report(company, "last-12-weeks")
    hidden = Figure("12 or more", "members", hidden="most", low=12, high=16)
    steps = tuple(
        msgspec.structs.replace(step, figure=fact(16, "members") if step.name == "members" else hidden)
        for step in whole.funnel
    )
    services.reports[company] = msgspec.structs.replace(whole, funnel=steps)
    for language, words in (("en", "Of 16 members, a part or the rest"), ("zh-Hans", "成员只有 16 人")):
        page = tree_of(await browser.get(f"/console/companies/{company}?lang={language}"))
        assert one_of(page, ".few").text().startswith(words)


async def test_without_an_earlier_score_no_driver_is_said_not_to_have_moved(
    services: SampleServices, browser: httpx.AsyncClient
) -> None:
    company = ROWS[0].company
    shown = await services.company_report(company, "last-12-weeks")
    fresh = msgspec.structs.replace(shown, health=msgspec.structs.replace(shown.health, change_4w=None))
    goal = Goal("g", "Healthy", "score", 80.0, "2027-06-30", "Kim", "2026-01-01", 20.0)
    view = goal_view(goal, fresh.health, fresh.contract, [])
    services.reports[company] = msgspec.structs.replace(fresh, care=CareView((view,)))
    page = tree_of(await browser.get(f"/console/companies/{company}"))
    for place in ("section:has(#h-drivers) td:last-child", "section:has(#care) details td:last-child"):
        assert {cell.text() for cell in page.css(place)} == {"–"}, place
    (drivers,) = (one.table for one in outline(fresh) if one.name == "drivers")
    assert drivers is not None
    assert {getattr(cell, "text", cell) for cell in drivers.column("change")} == {"not measured"}
