"""What a campaign moved, from the log to the report: who is held out earns nothing of it, and is compared."""

from __future__ import annotations

from datetime import date, timedelta

from msgspec.structs import replace

from engage.actions.campaigns import standing
from engage.actions.publish import publish
from engage.actions.report import company_report
from engage.actions.score import score_companies
from engage.actions.settings import set_floor
from engage.core.calendar import month_end
from engage.core.holdouts import is_held_out
from engage.core.program import Campaign
from engage.store.database import Database
from tests.actions.signal_host import LAST_SUNDAY, NOW, PROGRAM, TODAY, accept, call

MONDAY = month_end(LAST_SUNDAY.toordinal() - 6)
MEMBERS = range(1, 101)
SPRING = Campaign("Spring", MONDAY - 21, MONDAY + 6, holdout=50)
WITH = replace(PROGRAM, campaigns={"spring": SPRING}, rules=(replace(PROGRAM.rules[0], campaign="spring"),))


async def test_a_campaign_is_measured_by_those_held_out_of_it(database: Database) -> None:
    await publish(database, WITH, "", company=None, actor="test", now=NOW)
    await set_floor(database, 3)
    before, within = date.fromordinal(MONDAY - 40), date.fromordinal(MONDAY - 10)
    calls = [call("acme", f"emp-{n}", "Report Exported", before, 9) for n in MEMBERS]
    came = [n for n in MEMBERS if n % 3 == 0 or not is_held_out("spring", 50, n)]
    calls += [
        call("acme", f"emp-{n}", "Report Exported", within + timedelta(days=n % 7 + 7 * week))
        for n in came[:-9]
        for week in range(1 + n % 2)
    ]
    await accept(database, calls)
    await score_companies(database, TODAY)
    async with database.read() as s:
        found = await standing(s, "acme", "spring", NOW)
    assert found.members == sum(not is_held_out("spring", 50, n) for n in came[:-9])
    [month] = found.measured
    assert (month.weeks, month.told, month.text) == (4, "more", "More were active than without it.")
    assert month.held_out.value == sum(is_held_out("spring", 50, n) for n in MEMBERS)
    table = (await company_report(database, "acme")).campaigns
    assert table is not None
    [row] = table.rows
    assert row[0] == "Spring"
    assert row[-1] == month.text
    assert row[-2] == month.difference
