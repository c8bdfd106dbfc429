"""Reports from a real database: only frozen weeks, counted as the host's events say."""

from __future__ import annotations

from datetime import date

import pytest

from engage.actions.portfolio import portfolio
from engage.actions.report import company_health, company_report
from engage.actions.score import score_companies
from engage.actions.terms import record_terms
from engage.core.language import translate
from engage.errors import InvalidRequest, NotFound
from engage.store.database import Database
from tests.actions.signal_host import TODAY, accept, publish_default, seats, working


async def seeded(database: Database) -> None:
    await publish_default(database)
    idle = working("acme", 70, 1, until=date(2025, 9, 28))  # seventy once, 28 of them every week since
    await accept(database, [seats("acme", 80), *idle, *working("acme", 28, 20), *working("tiny", 3, 8)])
    await score_companies(database, TODAY)


async def test_the_report_counts_what_the_events_say(database: Database) -> None:
    await seeded(database)
    report = await company_report(database, "acme")
    assert (report.name, report.period.last, report.period.weeks) == ("Acme", "2026-06-28", 12)
    funnel = {step.name: step.figure.text for step in report.funnel}
    assert funnel["seats"] == "80"
    assert funnel["members"] == "70"
    assert funnel["active"] == "28 to 32"
    assert funnel["habitual"] == "24 or more"
    events, organic = report.incentives[0].figures[0], report.incentives[1].figures[0]
    assert (events.value, organic.value) == (14, 28)
    assert report.points[0].figures[-1].value == 280
    members = dict(zip(report.breadth.column("feature"), report.breadth.column("members"), strict=True))
    assert members["Report Exported"].text == "24 or more"  # type: ignore[union-attr]
    assert members["Report Shared"].text == "14"  # type: ignore[union-attr]
    assert members["Comment Added"].text == "fewer than 5"  # type: ignore[union-attr]


async def test_a_report_tells_kinds_of_members_from_what_was_frozen(database: Database) -> None:
    await seeded(database)
    report = await company_report(database, "acme")
    assert report.habits is not None
    # All twenty-eight who are active have the habit: any exact class would tell so.
    assert {figure.value for figure in report.habits.column("members")} == {None}  # type: ignore[union-attr]
    summary = {one.name: one.figure.text for one in report.summary}
    assert summary["days_each"] == "3.5 to 6.7"  # Tuesdays of all, Thursdays of some
    assert summary["stickiness"] == "12 % to 24 %"
    assert summary["momentum"] == "not shown"
    assert report.balances is not None
    assert summary["issued_points"] == "about 280"
    assert report.balances.column("issued")[0].text == "about 3,400"  # type: ignore[union-attr]
    assert report.peers is not None
    assert report.peers.note == "There are fewer than 5 other scored companies."


async def test_companies_are_compared_once_they_are_scored(database: Database) -> None:
    await publish_default(database)
    for number in range(7):
        company = f"c{number}"
        await accept(database, [seats(company, 20), *working(company, 9 + number, 14)])
    await score_companies(database, TODAY)
    peers = (await company_report(database, "c6")).peers
    assert peers is not None
    assert peers.note == "Compared with 6 other companies of 20 to 99 seats."
    assert peers.column("percentile")[0].value == 67  # type: ignore[union-attr]


async def test_a_report_of_few_says_nothing_about_them(database: Database) -> None:
    await seeded(database)
    report = await company_report(database, "tiny")
    assert report.health.band == "unscored"
    assert all(figure.value is None for series in report.activity for figure in series.figures)
    assert all(
        figure.value is None for series in (*report.incentives, *report.points) for figure in series.figures
    )


@pytest.mark.parametrize("period", ["last-26-weeks", "2026-Q2", "2026-05", "2020-01", "2030-Q1"])
async def test_every_period_gives_a_report(database: Database, period: str) -> None:
    await seeded(database)
    report = await company_report(database, "acme", period)
    assert len(report.activity[0].figures) == report.period.weeks


async def test_what_does_not_exist_is_said(database: Database) -> None:
    await seeded(database)
    with pytest.raises(NotFound, match="'nobody'"):
        await company_report(database, "nobody")
    with pytest.raises(NotFound):
        await company_health(database, "nobody")
    with pytest.raises(InvalidRequest, match="2026-Q1"):
        await company_report(database, "acme", "yesterday")


async def test_before_the_first_score_there_are_words(database: Database) -> None:
    await accept(database, working("acme", 12, 4))
    assert (await company_health(database, "acme")).score is None
    said = (await company_report(database, "acme")).health.verdict
    assert said.startswith("Not scored: there is no score as of ")
    assert translate(said, "zh-Hans").startswith("未评分：截至 ")
    assert [row.band for row in (await portfolio(database)).data] == ["unscored"]
    assert (await portfolio(database)).data[0].company == "acme"


async def test_the_portfolio_lists_every_company_by_value_at_risk(database: Database) -> None:
    await seeded(database)
    term = {"term_start": "2026-01-01", "term_end": "2026-07-28", "monthly_revenue": "100"}
    await record_terms(
        database, [{**term, "groupId": "tiny"}, {**term, "groupId": "acme", "monthly_revenue": "1"}]
    )
    found = await portfolio(database)
    assert found.as_of == "2026-06-28"
    assert [row.company for row in found.data] == ["tiny", "acme"]
    assert found.data[0].value_at_risk_cents == 56_400  # of 120,000, six months a customer
    assert found.data[0].days_to_renewal == 29
    assert len(found.data[1].history) == 13
    assert found.data[1].history[-1] == found.data[1].score
    assert sum(found.bands.values()) == 2
    earlier = await portfolio(database, date(2026, 5, 3))
    assert earlier.data[1].score is None or earlier.as_of == "2026-05-03"


async def test_a_database_of_nobody_has_an_empty_portfolio(database: Database) -> None:
    assert (await portfolio(database)).data == ()
