"""The digest tells what the report tells, on one page; a department's page tells of one department only."""

from __future__ import annotations

import msgspec
import pytest
from msgspec.structs import replace

from engage.core.department import department_names, department_report
from engage.core.digest import ADVICE, MOVERS, digest, said_of_few
from engage.core.health import WEIGHTS
from engage.core.language import translate
from engage.core.portfolio import decode_summary, encode_summary, fell_sharply, summary_of
from engage.core.privacy import Figure, fact
from engage.core.reports import Contract, Driver, Health
from engage.core.stage_words import CompanyStage
from engage.core.telling import in_language
from tests.core.test_reports import numbers, report, source


def test_a_digest_holds_the_reports_own_figures() -> None:
    whole = report()
    page = digest(whole)
    assert page.health is whole.health
    assert {step.name: step for step in page.seats}.items() <= {
        step.name: step for step in whole.funnel
    }.items()
    assert page.idle_seats.value == 62 - 40


def test_three_movers_the_largest_first_and_nothing_that_did_not_move() -> None:
    health = report().health
    drivers = tuple(
        replace(one, change=change)
        for one, change in zip(health.drivers, (0, 1.5, -4, 0, 2, -0.5), strict=False)
    )
    moved = replace(report(), health=replace(health, drivers=drivers, change_4w=-1))
    assert [one.change for one in digest(moved).movers] == [-4, 2, 1.5]
    assert len(digest(moved).movers) == MOVERS
    still = replace(moved, health=replace(moved.health, drivers=tuple(replace(d, change=0) for d in drivers)))
    assert digest(still).movers == ()


def test_every_driver_has_an_advice() -> None:
    assert set(ADVICE) == set(WEIGHTS)


@pytest.mark.parametrize(
    "band, score, days, first",
    [
        ("at_risk", 20, 30, "Talk to them now: the term ends in 30 days."),
        ("watch", 50, 90, "Talk to them now: the term ends in 90 days."),
        ("unscored", None, 10, "Talk to them now: the term ends in 10 days."),
        ("watch", 50, 0, "Talk to them now: the term ends on 2026-11-15."),
        ("thriving", 90, -3, "The term ended on 2026-11-15, and no other is known: ask whether"),
    ],
)
def test_a_term_that_ends_soon_comes_first(band: str, score: int | None, days: int, first: str) -> None:
    health = Health("2026-11-15", score, band, "high", "")  # type: ignore[arg-type]
    contract = Contract(seats=62, days_to_renewal=days, renewal_date="2026-11-15")
    assert digest(replace(report(), health=health, contract=contract)).advice[0].startswith(first)
    late = digest(replace(report(), health=health, contract=replace(contract, days_to_renewal=91)))
    assert not any(text.startswith("Talk to them") for text in late.advice)


def test_of_so_few_people_nobody_is_said_to_be_idle() -> None:
    """A company of three can never be scored: that says nothing of how it uses the product."""
    health = Health("2026-11-15", None, "unscored", "low", "")
    unscored = replace(report(), health=health, contract=Contract(seats=3))
    assert any("hardly anybody" in text for text in digest(unscored).advice)
    funnel = tuple(
        replace(step, figure=fact(3, "members")) if step.name == "members" else step
        for step in unscored.funnel
    )
    advice = digest(replace(unscored, funnel=funnel)).advice
    assert "Ask them how it goes: of so few people no figure may be told." in advice
    assert not any("hardly anybody" in text for text in advice)


def test_a_driver_that_counts_for_nothing_is_not_listed() -> None:
    health = report().health
    idle = replace(health.drivers[0], name="levels", weight=0, contribution=0, change=0)
    moved = replace(idle, change=1.2)
    assert replace(health, drivers=(*health.drivers, idle, moved)).counted == (*health.drivers, moved)


def test_a_sharp_fall_before_a_term_ends_is_talked_about_from_whatever_band() -> None:
    contract = Contract(seats=62, days_to_renewal=30)
    for change, talk in ((-9, False), (-10, True)):
        health = Health("2026-11-15", 70, "healthy", "high", "", change_4w=change)
        advice = digest(replace(report(), health=health, contract=contract)).advice
        assert advice[0].startswith("Talk to them now") == talk


def test_a_slow_fall_before_a_term_ends_is_talked_about_too() -> None:
    health = Health(
        "2026-11-15", 64, "healthy", "high", "", change_4w=-7, change_13w=-14, slid="less activity"
    )
    asked = replace(report(), health=health, contract=Contract(seats=62, days_to_renewal=22))
    assert digest(asked).advice[0] == "Talk to them now: the term ends in 22 days."


def test_of_a_company_that_left_there_is_only_to_ask_why() -> None:
    left = replace(report(), stage=CompanyStage("churned", "2026-10-05", "The contract has ended."))
    assert digest(left).advice == ("The contract has ended: ask why they left, and write it down.",)


def test_a_report_of_few_people_says_why_hardly_anything_is_shown() -> None:
    """Sixteen, who all use the product: how many do would tell how few do not."""
    told = {"members": fact(16, "members"), "seats": fact(16, "seats")}
    hidden = Figure("12 or more", "members", hidden="most", low=12, high=16)
    whole = report()
    few = tuple(replace(step, figure=told.get(step.name, hidden)) for step in whole.funnel)
    assert said_of_few(whole) == ""
    said = said_of_few(replace(whole, funnel=few))
    assert said.startswith("Of 16 members, a part or the rest is soon fewer than 5 people")
    assert "16" in translate(said, "zh-Hans")
    assert translate(said, "zh-Hans") != said
    assert said_of_few(replace(whole, funnel=few, health=replace(whole.health, score=None))) == ""


def test_a_summary_says_what_fell_sharply() -> None:
    drivers = tuple(
        replace(one, change=change)
        for one, change in zip(report().health.drivers, (1, -2, -8, 0), strict=False)
    )
    health = replace(report().health, drivers=drivers, change_4w=-10)
    assert summary_of(health).fell == drivers[2].text
    assert summary_of(replace(health, change_4w=-9)).fell == ""
    assert decode_summary(encode_summary(summary_of(health))) == summary_of(health)


def test_a_fall_that_came_with_another_profile_is_none_of_the_company_s() -> None:
    drivers = (
        Driver("seats", "Seat use", 40, 40, 1.0, -10.0, "fewer seats in use", change=-2.0),
        Driver(
            "profile",
            "Profile",
            None,
            0.0,
            0.0,
            0.0,
            "scored as In use, four weeks before as New",
            change=-9.0,
        ),
    )
    health = Health("2026-11-22", 40, "watch", "high", "", drivers, change_4w=-11)
    assert not fell_sharply(health)
    assert summary_of(health).fell == ""
    fallen = replace(health, change_4w=-19, drivers=(replace(drivers[0], change=-10.0), drivers[1]))
    assert fell_sharply(fallen)
    assert summary_of(fallen).fell == "fewer seats in use"


def test_there_is_always_something_to_do() -> None:
    for active in (3, 5, 7, 20, 40):
        page = digest(report(active=active, users=min(20, active)))
        assert page.advice
        assert all(text for text in in_language(page, "zh-Hans").advice)


def test_money_at_risk_is_a_years_revenue_times_the_risk() -> None:
    whole = replace(report(), contract=Contract(seats=62, monthly_revenue_cents=100_000))
    assert whole.health.score is not None
    page = digest(whole)
    assert page.yearly_revenue_cents == 1_200_000
    assert page.value_at_risk_cents == round(1_200_000 * round(1 - whole.health.score / 100, 2))
    assert digest(report()).value_at_risk_cents is None


def test_hidden_seats_are_not_worked_out() -> None:
    """Few idle seats would tell of those few: their number is hidden with that of the active."""
    page = digest(report(active=59))
    assert page.idle_seats.value is None
    assert digest(report(active=3)).idle_seats.value is None


# --- departments --------------------------------------------------------------------------------------------


def test_a_departments_page_has_the_row_of_the_companys_table() -> None:
    whole = report()
    assert whole.departments is not None
    table = {row[0]: row for row in whole.departments.rows}
    made = source()
    assert department_names(made[0], made[1]) == ("sales", "it")
    for name in ("sales", "it"):
        page = department_report(*made, name)
        assert page is not None
        figures = {one.name: one.figure for one in page.figures}
        _, members, active, _, _, habitual = table[name]
        assert (figures["members"], figures["active_4w"], figures["habitual"]) == (members, active, habitual)
        assert page.activity[0].figures[-1] == active


def test_it_tells_of_no_other_department_and_not_of_the_company() -> None:
    page = department_report(*source(), "sales")
    told = numbers(msgspec.json.decode(msgspec.json.encode(page)))
    assert 30 in told  # its members
    assert not told & {60, 50, 40, 900, 300}  # the company's
    assert b'"it"' not in msgspec.json.encode(page)


@pytest.mark.parametrize("name", ["board", "", "nobody", "smaller"])
def test_a_small_or_unknown_department_has_no_page(name: str) -> None:
    assert department_report(*source(), name) is None


def test_a_hidden_figure_of_a_department_is_hidden_on_its_page() -> None:
    page = department_report(*source(active=7, users=7), "sales")
    assert page is not None
    figures: dict[str, Figure] = {one.name: one.figure for one in page.figures}
    assert figures["active_4w"].value is None
    assert figures["active_4w"].hidden
