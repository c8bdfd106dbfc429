"""A funnel that is published, or changed, while a month is told: what reports say of it then."""

from __future__ import annotations

from datetime import date, timedelta

from msgspec.structs import replace

from engage.actions.publish import publish
from engage.actions.report import company_report
from engage.actions.score import score_companies
from engage.core.calendar import month_end, week_of
from engage.core.program import Funnel
from engage.core.reports import CompanyReport
from engage.store.database import Database
from tests.actions.signal_host import EVENTS, LAST_SUNDAY, NOW, PROGRAM, accept, call, working

MONTH_ENDED = date.fromordinal(month_end(week_of(LAST_SUNDAY.toordinal()) - 21) + 7)
"""The day after the last of a month; weeks of the next follow in the data."""
SHARING = Funnel("sharing", "Sharing", ("Report Exported", "Report Shared"), 1)


async def publish_funnels(database: Database, *funnels: Funnel) -> None:
    await publish(database, replace(PROGRAM, funnels=funnels), "", company=None, actor="test", now=NOW)


def steps(report: CompanyReport) -> list[list[str]]:
    return [[str(row[0]) for row in table.rows] for table in report.funnels]


async def test_a_changed_funnel_shows_no_numbers_of_another_one(database: Database) -> None:
    """A month keeps what it told first, so the numbers are those of the old steps until the next."""
    await publish_funnels(database, SHARING)
    await accept(database, working("acme", 16, 16))
    await score_companies(database, MONTH_ENDED)
    assert steps(await company_report(database, "acme")) == [["Report Exported", "Report Shared"]]
    commenting = replace(SHARING, steps=(EVENTS[0], EVENTS[2]))
    await publish_funnels(database, commenting)
    assert steps(await company_report(database, "acme")) == []
    late = [call("acme", "emp-15", "Comment Added", MONTH_ENDED - timedelta(days=9), 7)]
    await accept(database, late)
    await score_companies(database, MONTH_ENDED + timedelta(days=7))
    assert steps(await company_report(database, "acme")) == []
    await score_companies(database, MONTH_ENDED + timedelta(days=28))
    assert steps(await company_report(database, "acme")) == [["Report Exported", "Comment Added"]]
    await publish_funnels(database, replace(commenting, name="By another name"))
    assert len(steps(await company_report(database, "acme"))) == 1


async def test_a_funnel_published_within_a_month_of_which_something_came_late_waits_for_the_next(
    database: Database,
) -> None:
    await publish_funnels(database)
    await accept(database, working("acme", 16, 16))
    await score_companies(database, MONTH_ENDED)
    await publish_funnels(database, SHARING)
    late = [call("acme", "emp-77", "Comment Added", MONTH_ENDED - timedelta(days=9), 7)]
    await accept(database, late)
    await score_companies(database, MONTH_ENDED + timedelta(days=7))
    assert steps(await company_report(database, "acme")) == []
    await score_companies(database, MONTH_ENDED + timedelta(days=28))
    assert steps(await company_report(database, "acme")) == [["Report Exported", "Report Shared"]]
