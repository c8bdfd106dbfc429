"""Profiles of the score on a real database: chosen week by week, said wherever the score is, held against outcomes."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from engage.actions.book import keep_book
from engage.actions.care import judge_intervention, set_intervention
from engage.actions.report import company_report, health_history
from engage.actions.score import score_companies
from engage.actions.terms import record_terms
from engage.core.care import Intervention
from engage.core.language import ENGLISH, Language
from engage.core.reports import CompanyReport, Health, report_csv
from engage.core.telling import in_language
from engage.document import read_book
from engage.store.database import Database
from tests.actions.signal_host import LAST_SUNDAY, NOW, TODAY, accept, publish_default, seats, working

CHINESE: Final[Language] = "zh-Hans"
BOOK = """
score:
  profiles:
    - id: first-months
      name: First months
      days: {below: 100}
      weights: {activity: 0.4, seats: 0.6}
      bounds: {seats: {from: 0, to: 50}}
    - id: rescue
      name: Rescue
      stages: [at_risk]
      weights: {trend: 0.5, activity: 0.5}
"""


async def keep(database: Database, text: str) -> str:
    """The version of the definition."""
    found = read_book(text)
    assert found.book is not None, found.problems
    return (await keep_book(database, found.book, text, actor="test", now=NOW)).book.score.version


async def customer(
    database: Database, company: str, days: int, *, members: int = 12, weeks: int = 20
) -> None:
    """Working for so many weeks; under contract for so many days on the last Sunday."""
    await accept(database, [seats(company, 30), *working(company, members, weeks)])
    start, end = LAST_SUNDAY - timedelta(days=days), LAST_SUNDAY + timedelta(days=200)
    await record_terms(
        database, [{"groupId": company, "term_start": str(start), "term_end": str(end), "seats": "30"}]
    )


async def scored(database: Database, *, again: bool = False) -> Health:
    return (await score_companies(database, TODAY, again=again)).companies[0].health


async def test_a_company_that_outgrows_a_profile_is_told_so_wherever_its_score_is(database: Database) -> None:
    await publish_default(database)
    version = await keep(database, BOOK)
    await customer(database, "acme", 110)  # for 96 days two weeks before
    found = await scored(database)
    assert found.profile is not None
    assert (found.profile.id, found.profile.name, found.profile.definition) == (
        "standard",
        "Standard",
        version,
    )
    points = await health_history(database, "acme")
    profiles = [one.profile.id for one in points if one.profile]
    assert profiles[-3:] == ["first-months", "standard", "standard"]
    then = points[-5]
    assert found.score is not None
    assert then.score is not None
    assert found.change_4w == found.score - then.score
    by_profile = next(one for one in found.drivers if one.name == "profile")
    assert by_profile.text == "scored by the standard weights, four weeks before as First months"
    whole = sum(round(10 * one.change) for one in found.drivers) / 10
    assert abs(whole - found.change_4w) < 1
    assert by_profile.change > 0  # the trend counts, and full seats for less

    report = await company_report(database, "acme")
    since = points[-2].as_of
    words = f"From {since} on scored by the standard weights, before as First months."
    assert report.score_notes == (words,)
    _, told, *_ = report.definitions
    assert told.term == "Profile of the score"
    assert version in told.source
    _both_languages(report, words)


def _both_languages(report: CompanyReport, words: str) -> None:
    chinese = in_language(report, "zh-Hans")
    assert chinese.score_notes != (words,)
    for one, language in ((report, ENGLISH), (chinese, CHINESE)):
        assert one.health.profile is not None
        written = report_csv(one, language)
        assert f"health,profile,{one.as_of},text,,Standard: {one.health.profile.text}" in written
        assert one.score_notes[0] in written


async def test_another_definition_is_in_force_for_the_weeks_to_come(database: Database) -> None:
    await customer(database, "acme", 80)
    await score_companies(database, LAST_SUNDAY)
    assert (await health_history(database, "acme"))[-1].profile is None
    await keep(database, BOOK)
    found = await scored(database)
    assert found.profile is not None
    assert found.profile.id == "first-months"
    assert found.change_4w is None
    assert [note for note in found.notes if "another definition" in note]
    assert "another definition" in (await company_report(database, "acme")).score_notes[0]
    anew = await scored(database, again=True)
    assert anew.change_4w is not None
    assert not [note for note in anew.notes if "another definition" in note]


async def test_a_profile_for_companies_at_risk_counts_once_that_has_lasted(database: Database) -> None:
    """Its stage is decided by the score: it cannot choose the weights of the same one."""
    await publish_default(database)
    await keep(database, BOOK + "stages: {at_risk: {score: 100, weeks: 10}}")
    await customer(database, "acme", 900)
    await score_companies(database, TODAY)
    points = await health_history(database, "acme")
    since = next(index for index, one in enumerate(points) if one.stage == "at_risk")
    assert since >= 9
    profiles = [one.profile.id for one in points[since:] if one.profile is not None]
    assert profiles[:6] == ["standard"] * 4 + ["rescue"] * 2


async def test_companies_scored_by_the_same_profile_are_compared(database: Database) -> None:
    await keep(database, BOOK)
    for number in range(7):
        await customer(database, f"young-{number}", 60, weeks=9)
    for number in range(3):
        await customer(database, f"old-{number}", 300)
    await score_companies(database, TODAY)
    young = (await company_report(database, "young-0")).peers
    assert young is not None
    assert young.note.startswith(
        "Only companies scored by the same profile count. Compared with 6 other companies"
    )
    old = (await company_report(database, "old-0")).peers
    assert old is not None
    assert (old.rows, old.note) == ((), "There are fewer than 5 other companies scored by the same profile.")


async def test_an_intervention_is_not_judged_by_what_another_profile_did(database: Database) -> None:
    await keep(database, BOOK)
    await customer(database, "outgrows", 110)
    for name in ("settled", "without"):
        await customer(database, name, 300)
    day = (LAST_SUNDAY - timedelta(days=27)).isoformat()
    done = Intervention("call", "A call", day, "kim", ("outgrows", "settled"), NOW)
    await set_intervention(database, done)
    await score_companies(database, TODAY)
    _, (month, _) = await judge_intervention(database, "call")
    assert (month.companies, month.others) == (1, 1)


async def test_who_has_left_is_nobody_s_peer(database: Database) -> None:
    """Its score is frozen: it would stand among the others for ever."""
    for number in range(7):
        await customer(database, f"c{number}", 300)
    await accept(database, [seats("gone", 30), *working("gone", 12, 20)])
    start, end = (str(LAST_SUNDAY - timedelta(days=days)) for days in (300, 20))
    term = {"groupId": "gone", "term_start": start, "term_end": end, "outcome": "churned"}
    await record_terms(database, [term])
    found = await score_companies(database, TODAY)
    gone = next(one for one in found.companies if one.company == "gone")
    assert (gone.stage, gone.health.score is None) == ("churned", False)
    peers = (await company_report(database, "c1")).peers
    assert peers is not None
    assert peers.note.startswith("Compared with 6 other")
    own = (await company_report(database, "gone")).peers
    assert own is not None
    assert (own.rows, own.note) == ((), "A company whose contract has ended is not compared.")
