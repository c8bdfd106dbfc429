"""Sentiment and exceptions in real scores, and interventions judged by them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from engage.actions.care import (
    Adjustment,
    WantedGoal,
    accept_stage,
    adjust_goal,
    company_goals,
    judge_intervention,
    set_ceiling,
    set_goal,
    set_intervention,
    set_sentiment,
    withdraw_intervention,
)
from engage.actions.portfolio import portfolio
from engage.actions.report import company_health, company_report
from engage.actions.score import score_companies
from engage.actions.terms import record_terms
from engage.core.care import LOWERED, POOR_AT_MOST, Ceiling, Intervention, Sentiment, Stage
from engage.core.care_shapes import GoalView
from engage.core.plans import held_out
from engage.errors import Conflict, InvalidRequest, NotFound
from engage.store.database import Database
from tests.actions.signal_host import LAST_SUNDAY, NOW, TODAY, accept, seats, working

MONTH_AGO = LAST_SUNDAY - timedelta(days=28)


async def test_a_poor_feeling_lowers_the_scores_after_it_until_it_expires(database: Database) -> None:
    await accept(database, [seats("acme", 12), *working("acme", 12, 20)])
    await set_sentiment(
        database,
        "acme",
        Sentiment("poor", "kim", MONTH_AGO.isoformat(), LAST_SUNDAY.isoformat(), "a cold call"),
    )
    await score_companies(database, TODAY - timedelta(days=7))
    health = await company_health(database, "acme")
    assert (health.score, health.drivers[0].name) == (POOR_AT_MOST, LOWERED)
    assert health.change_4w is not None
    assert health.change_4w < 0
    assert abs(sum(one.change for one in health.drivers) - health.change_4w) < 1
    await score_companies(database, TODAY)
    after = await company_health(database, "acme")
    assert after.score is not None
    assert after.score > POOR_AT_MOST


async def test_changes_of_contributions_add_up_when_an_exception_ends(database: Database) -> None:
    await accept(database, [seats("acme", 12), *working("acme", 12, 20)])
    month = (MONTH_AGO + timedelta(days=1)).isoformat()
    since = (MONTH_AGO - timedelta(days=3)).isoformat()
    await set_ceiling(database, "acme", Ceiling("x", 30, "an invoice is open", "kim", since, month))
    await score_companies(database, TODAY)
    health = await company_health(database, "acme")
    assert health.score is not None
    assert health.change_4w == health.score - 30
    assert abs(sum(one.change for one in health.drivers) - health.change_4w) < 1


async def test_an_intervention_is_judged_beside_the_companies_without(database: Database) -> None:
    calls = []
    for company in ("a", "b"):
        calls += [seats(company, 12), *working(company, 12, 20)]
    for company in ("c", "d"):  # stop two weeks after
        calls += [seats(company, 12), *working(company, 12, 20, idle_last=2)]
    await accept(database, calls)
    day = (MONTH_AGO + timedelta(days=1)).isoformat()
    await set_intervention(database, Intervention("w", "A workshop", day, "kim", ("a", "b"), NOW))
    await score_companies(database, TODAY)
    _, (month, quarter) = await judge_intervention(database, "w")
    assert (month.companies, month.others) == (2, 2)
    assert month.difference is not None
    assert month.difference > 0
    assert quarter.companies == 0
    assert month.text.startswith("More than chance;")
    assert quarter.text == "These weeks are not over yet."
    await set_intervention(database, Intervention("v", "A call", LAST_SUNDAY.isoformat(), "kim", ("c",), NOW))
    assert (await judge_intervention(database, "w"))[1][0].others == 1
    # What somebody logs stands beside the portfolio at once, not only after the next week's scores.
    earlier = Intervention("u", "A letter", (MONTH_AGO - timedelta(days=7)).isoformat(), "kim", ("d",), NOW)
    await set_intervention(database, earlier)
    told = (await portfolio(database)).interventions
    assert [(one.id, one.scores[0].companies) for one in told] == [("v", 0), ("w", 2), ("u", 1)]


async def test_who_had_left_before_an_intervention_is_nobody_to_compare_with(database: Database) -> None:
    """Their scores are frozen: they would say that nothing changes without help, and that for sure."""
    calls = []
    for company in ("a", "b", "c", "left", "gone"):
        calls += [seats(company, 12), *working(company, 12, 20)]
    await accept(database, calls)
    ended = str(MONTH_AGO - timedelta(days=30))
    later = str(MONTH_AGO + timedelta(days=10))
    rows = [("left", ended), ("gone", later)]
    terms = [
        {"groupId": name, "term_start": "2025-06-01", "term_end": end, "outcome": "churned"}
        for name, end in rows
    ]
    await record_terms(database, terms)
    day = (MONTH_AGO + timedelta(days=1)).isoformat()
    await set_intervention(database, Intervention("w", "A workshop", day, "kim", ("a", "b"), NOW))
    await score_companies(database, TODAY)
    assert (await judge_intervention(database, "w"))[1][0].others == 2, "c, and who was there to be helped"


async def test_what_was_withdrawn_is_judged_no_more_and_does_not_keep_others_from_it(
    database: Database,
) -> None:
    for company in "abc":
        await accept(database, [seats(company, 12), *working(company, 12, 20)])
    day = (MONTH_AGO + timedelta(days=1)).isoformat()
    for id, company in (("w", "a"), ("v", "b")):
        await set_intervention(database, Intervention(id, "A call", day, "kim", (company,), NOW))
    await score_companies(database, TODAY)
    assert (await judge_intervention(database, "w"))[1][0].others == 1
    with pytest.raises(InvalidRequest):
        await withdraw_intervention(database, "v", actor="lee", reason="", now=NOW)
    gone = await withdraw_intervention(database, "v", actor="lee", reason="the wrong company", now=NOW)
    assert (gone.withdrawn, gone.companies, gone.changes[0].text) == (True, ("b",), "withdrawn")
    assert (await judge_intervention(database, "v"))[1] == ()
    assert (await judge_intervention(database, "w"))[1][0].others == 2, "b went without after all"
    assert [one.id for one in (await portfolio(database)).interventions] == ["w"]
    assert (await company_report(database, "b")).care is None
    again = Intervention("v", "A call", day, "kim", ("c",), NOW + 1)
    logged = await set_intervention(database, again, reason="it was c")
    assert [(one.text, one.reason) for one in logged.changes[1:]] == [
        ("logged again", "it was c"),
        ("now other companies, as many as before", "it was c"),
    ]
    assert [one.id for one in (await portfolio(database)).interventions] == ["v", "w"]


async def test_companies_held_out_by_chance_are_what_is_compared_with(database: Database) -> None:
    names = tuple("abcdef")
    without = held_out("w", names, 0.34)
    calls = []
    for company in (*names, "z"):
        idle = 2 if company in without else 0
        calls += [seats(company, 12), *working(company, 12, 20, idle_last=idle)]
    await accept(database, calls)
    day = (MONTH_AGO + timedelta(days=1)).isoformat()
    said = await set_intervention(database, Intervention("w", "A workshop", day, "kim", names, NOW), 0.34)
    assert said.held_out == tuple(sorted(without))
    assert (
        await set_intervention(database, Intervention("w", "A workshop", day, "kim", names, NOW), 0.34)
        == said
    )
    await score_companies(database, TODAY)
    whole, (month, _) = await judge_intervention(database, "w")
    assert (whole.companies, whole.held_out) == (said.companies, said.held_out)
    assert (month.companies, month.others) == (4, 2)
    assert month.text == "More than chance; and who got it was drawn by chance: it is an effect."
    [kept] = (await portfolio(database)).interventions
    assert (kept.companies, kept.held_out, kept.scores[0]) == (4, 2, month)
    one = (await company_report(database, next(iter(without)))).care
    assert one is None
    care = (await company_report(database, said.companies[0])).care
    assert care is not None
    assert care.interventions[0].before is not None
    assert care.interventions[0].after_4w is not None
    assert care.interventions[0].after_13w is None


async def test_a_report_shows_goals_with_what_moves_them(database: Database) -> None:
    once = working("acme", 30, 1, until=LAST_SUNDAY - timedelta(days=140))
    await accept(database, [seats("acme", 24), *once, *working("acme", 12, 20)])
    await score_companies(database, TODAY)
    wanted = WantedGoal("All seats", "seats", 80.0, "2026-12-31", "kim")
    goal = await set_goal(database, "acme", "seats", wanted, actor="kim", reason="", now=NOW)
    assert (goal.value, goal.standing) == (None, "on_track")
    assert (goal.low, goal.high) == (50.0, 66.7)  # twelve to sixteen of 24 seats
    assert (goal.start_value, goal.progress, goal.about) == (pytest.approx(58.35), 0.0, True)
    assert "activity" in [one.name for one in goal.drivers]
    day = (LAST_SUNDAY + timedelta(days=2)).isoformat()
    await set_intervention(database, Intervention("w", "A workshop", day, "kim", ("acme",), NOW))
    past = await company_report(database, "acme", "2026-05")
    assert past.care is not None
    assert past.care.interventions == ()
    report = await company_report(database, "acme")
    assert report.care is not None
    assert report.care.goals == await company_goals(database, "acme")
    assert [one.what for one in report.care.interventions] == ["A workshop"]


async def test_the_portfolio_tells_whose_goals_are_behind(database: Database) -> None:
    await accept(
        database, [seats("acme", 12), *working("acme", 12, 20), seats("b", 12), *working("b", 12, 20)]
    )
    await score_companies(database, MONTH_AGO)

    async def late() -> list[tuple[str, str, str]]:
        return [(one.company, one.id, one.standing) for one in (await portfolio(database)).late_goals]

    ended, due = (MONTH_AGO - timedelta(days=8)).isoformat(), (MONTH_AGO + timedelta(days=3)).isoformat()
    start = (MONTH_AGO - timedelta(days=15)).isoformat()
    hard = WantedGoal("All", "score", 100.0, ended, "kim", start=start)
    soft = WantedGoal("Some", "score", 1.0, ended, "kim", start=start)
    soon = WantedGoal("Soon", "score", 100.0, due, "lee", start=start)
    for company, id, wanted in (
        ("acme", "a", hard),
        ("acme", "s", soft),
        ("acme", "d", soon),
        ("b", "b", hard),
    ):
        await set_goal(database, company, id, wanted, actor="kim", reason="", now=NOW)
    # At once, and those of the company that is looked at only.
    assert await late() == [("acme", "a", "missed"), ("b", "b", "missed")]
    await set_goal(
        database, "acme", "a", replace(hard, dropped=True), actor="kim", reason="not ours", now=NOW
    )
    assert await late() == [("b", "b", "missed")]
    # And with each week's scores.
    await score_companies(database, TODAY)
    assert await late() == [("b", "b", "missed"), ("acme", "d", "missed")]


async def test_who_adjusts_a_goal_on_a_page_overwrites_nothing_that_was_adjusted_since(
    database: Database,
) -> None:
    await accept(database, [seats("acme", 12)])
    stages = (Stage("2026-12-01", 60.0), Stage("2999-01-01", 70.0))
    wanted = WantedGoal("All", "monthly_revenue", 1_500_000.0, "2999-06-30", "kim", stages)
    await set_goal(database, "acme", "g", wanted, actor="kim", reason="", now=NOW)
    await accept_stage(database, "acme", "g", 0, actor="kim", note="", now=NOW)

    with pytest.raises(Conflict, match="adjusted since"):
        await accept_stage(database, "acme", "g", 1, actor="kim", note="", now=NOW, by="2999-01-02")
    with pytest.raises(Conflict, match="kim accepted the stage on"):
        await accept_stage(database, "acme", "g", 0, actor="lee", note="", now=NOW, by="2026-12-01")

    async def adjust(seen: str, now: int = NOW, reason: str = "less was bought", **change: Any) -> GoalView:
        told = replace(Adjustment("All", 1_500_000.0, "2999-06-30", "kim"), **change)
        return await adjust_goal(database, "acme", "g", told, actor="lee", reason=reason, seen=seen, now=now)

    with pytest.raises(InvalidRequest, match="say why"):
        await adjust("", reason="", dropped=True)
    first = await adjust("", target=1_250_000.5, owner="lee")
    assert [one.text for one in first.changes] == [
        "target from 1,500,000 to 1,250,000.5",
        "owner was kim, now lee",
    ]
    assert [one.standing for one in first.stages] == ["accepted", "to_come"], "its stages are what they were"
    assert await adjust("", target=1_250_000.5, owner="lee") == first, "sent twice it is adjusted once"
    with pytest.raises(Conflict, match="adjusted since"):
        await adjust("", dropped=True)
    second = await adjust(first.changes[-1].at, NOW + 1, target=1_250_000.5, owner="lee", dropped=True)
    assert (second.standing, second.changes[-1].text) == ("dropped", "dropped")
    with pytest.raises(Conflict, match="adjusted since"):
        await adjust(first.changes[-1].at, NOW + 2)
    again = await adjust(second.changes[-1].at, NOW + 2, target=1_250_000.5, owner="lee")
    assert (again.standing, again.changes[-1].text) == ("not_known", "taken up again")
    with pytest.raises(InvalidRequest, match="none after the goal's own day"):
        await adjust(again.changes[-1].at, by="2998-12-31")
    told = Adjustment("All", 1.0, "2999-06-30", "kim")
    with pytest.raises(NotFound, match="no such goal"):
        await adjust_goal(database, "acme", "x", told, actor="l", reason="r", seen="", now=NOW)


async def test_a_goal_that_was_agreed_on_earlier_starts_with_the_score_of_that_day(
    database: Database,
) -> None:
    await accept(database, [seats("acme", 12), *working("acme", 12, 20, idle_last=3)])
    await score_companies(database, MONTH_AGO + timedelta(days=1))
    then = (await company_health(database, "acme")).score
    await score_companies(database, TODAY)
    now = (await company_health(database, "acme")).score
    assert then != now
    start = (MONTH_AGO + timedelta(days=2)).isoformat()
    wanted = WantedGoal("Healthy", "score", 90.0, "2026-12-31", "kim", start=start)
    goal = await set_goal(database, "acme", "score", wanted, actor="kim", reason="", now=NOW)
    assert (goal.start, goal.start_value, goal.value) == (start, then, now)
    again = replace(wanted, start="", name="Well")
    assert (
        await set_goal(database, "acme", "score", again, actor="kim", reason="a better word", now=NOW)
    ).start == start
    with pytest.raises(Conflict, match="day on which it started"):
        await set_goal(
            database, "acme", "score", replace(wanted, start="2026-01-05"), actor="kim", reason="x", now=NOW
        )
    with pytest.raises(InvalidRequest, match="future"):
        await set_goal(
            database, "acme", "b", replace(wanted, start="2027-01-05"), actor="kim", reason="", now=NOW
        )
