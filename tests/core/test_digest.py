"""The digest tells what the report tells, on one page; a department's page tells of one department only."""

from __future__ import annotations

import msgspec
import pytest
from msgspec.structs import replace

from engage.core.department import department_names, department_report
from engage.core.digest import ADVICE, MOVERS, digest, said_of_few
from engage.core.health import WEIGHTS, frozen
from engage.core.language import translate
from engage.core.outline_pages import digest_outline
from engage.core.portfolio import (
    Standing,
    decode_summary,
    encode_summary,
    fell_sharply,
    portfolio,
    summary_of,
)
from engage.core.privacy import Figure, fact, missing
from engage.core.reports import Contract, Driver, Health
from engage.core.segments import GroupWeek
from engage.core.stage_words import CompanyStage
from engage.core.telling import in_language
from tests.core.test_reports import numbers, report, source

WELL = Health("2026-11-15", 90, "thriving", "high", "")


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


def test_a_digest_says_in_which_four_weeks_its_members_are_counted() -> None:
    """Data goes further, so "not used in four weeks" would be taken for the newest four."""
    whole = report()
    (note,) = [one for one in whole.health.notes if "are counted in the four weeks up to" in one]
    assert digest_outline(digest(whole))[1].notes == (note,)


def test_a_digest_of_a_company_that_left_says_of_when_its_score_is() -> None:
    """Beside seats that nobody uses any more, the score of the end would be a riddle."""
    health = frozen(report().health, "2026-11-22")
    movers = digest_outline(digest(replace(report(), health=health)))[0]
    assert movers.notes == (f"Frozen when the contract ended: the score is that of {report().health.as_of}.",)
    assert digest_outline(digest(report()))[0].notes == ()


def test_before_a_change_is_known_those_move_most_that_make_the_score() -> None:
    made = [
        Driver(name, name, 40, 40.0, 0.2, contribution, "", change=0.0)
        for name, contribution in (("habit", 2.0), ("seats", -9.0), ("trend", 0.0), ("levels", 4.0))
    ]
    health = replace(report().health, drivers=tuple(made), change_4w=None)
    assert [one.name for one in digest(replace(report(), health=health)).movers] == [
        "seats",
        "levels",
        "habit",
    ]


def advised(*, health: Health = WELL, days: int | None = None, **steps: Figure) -> list[str]:
    """What is advised to a company of 62 seats; `steps` are other figures of the funnel than its own."""
    whole = report()
    funnel = tuple(
        replace(
            step, figure=steps.get(step.name, step.figure), share=steps.get(f"{step.name}_share", step.share)
        )
        for step in whole.funnel
    )
    contract = Contract(seats=62, days_to_renewal=days, renewal_date="2026-11-15")
    return list(digest(replace(whole, health=health, contract=contract, funnel=funnel)).advice)


NOTHING = "Nothing needs doing: tell them how well it goes, and ask who else could use it."


@pytest.mark.parametrize(
    "share, said",
    [
        (fact(100, "percent"), "Talk about more seats: 100 % of them are in use."),
        (fact(90, "percent"), "Talk about more seats: 90 % of them are in use."),
        (fact(89, "percent"), NOTHING),
        (fact(50, "percent"), NOTHING),
        (fact(49, "percent"), ADVICE["seats"]),
        (fact(0, "percent"), ADVICE["seats"]),
        (
            Figure("90 % or more", "percent", hidden="most", low=90, high=100),
            "Talk about more seats: 90 % or more of them are in use.",
        ),
        (Figure("88 % to 97 %", "percent", hidden="rough", low=88, high=97), NOTHING),
        (Figure("49 % or less", "percent", hidden="rough", low=0, high=49), ADVICE["seats"]),
        (Figure("40 % to 50 %", "percent", hidden="rough", low=40, high=50), NOTHING),
        (Figure("not shown", "percent", hidden="few"), NOTHING),
    ],
)
def test_seats_are_talked_about_where_hardly_any_is_left_or_half_are_idle(share: Figure, said: str) -> None:
    assert advised(active_share=share) == [said]


def test_the_two_drivers_that_cost_most_are_advised_on_and_seats_but_once() -> None:
    costs = {"habit": -3.0, "seats": -6.0, "trend": -4.0, "levels": 5.0, "tenure": 0.0}
    drivers = tuple(Driver(name, name, 40, 40.0, 0.2, cost, "") for name, cost in costs.items())
    few = fact(20, "percent")
    assert advised(health=replace(WELL, drivers=drivers), active_share=few) == [
        ADVICE["seats"],
        ADVICE["trend"],
    ]
    others = tuple(one for one in drivers if one.name != "trend")
    assert advised(health=replace(WELL, drivers=others)) == [ADVICE["seats"], ADVICE["habit"]]
    costs |= {"seats": -3.5}
    later = tuple(replace(one, contribution=costs[one.name]) for one in drivers)
    assert advised(health=replace(WELL, drivers=later), active_share=few) == [
        ADVICE["trend"],
        ADVICE["seats"],
    ]
    third = tuple(replace(one, contribution=-1.0) if one.name == "seats" else one for one in drivers)
    said = [ADVICE["trend"], ADVICE["habit"], ADVICE["seats"]]
    assert advised(health=replace(WELL, drivers=third), active_share=few) == said
    best = replace(WELL, drivers=tuple(one for one in drivers if one.contribution >= 0))
    assert advised(health=best) == [NOTHING]


@pytest.mark.parametrize(
    "days, said",
    [
        (91, NOTHING),
        (90, NOTHING),
        (0, NOTHING),
        (-1, "The term ended on 2026-11-15, and no other is known: ask whether they go on, and record it."),
        (None, NOTHING),
    ],
)
def test_of_a_company_that_does_well_only_a_term_that_is_over_is_asked_about(
    days: int | None, said: str
) -> None:
    assert advised(days=days) == [said]


@pytest.mark.parametrize("days, when", [(2, "in 2 days"), (1, "on 2026-11-15")])
def test_a_term_that_ends_tomorrow_is_told_by_its_day(days: int, when: str) -> None:
    assert advised(health=replace(WELL, band="watch"), days=days) == [
        f"Talk to them now: the term ends {when}."
    ]


@pytest.mark.parametrize("members, few", [(8, True), (9, False)])
def test_of_fewer_than_2k_less_one_members_no_figure_may_be_told(members: int, few: bool) -> None:
    unscored = replace(WELL, score=None, band="unscored")
    [said, *_] = advised(health=unscored, members=fact(members, "members"))
    assert said.startswith("Ask them how it goes" if few else "Find out whether the product is still wanted")


def test_where_no_week_is_measured_nothing_is_said_of_how_it_is_used() -> None:
    unscored = replace(WELL, score=None, band="unscored")
    [said] = digest(replace(report(), health=unscored, funnel=())).advice
    assert said == "Go by what they tell you: no week of use is measured up to this day."


@pytest.mark.parametrize("score, before", [(70, 60), (None, 60), (None, None)])
@pytest.mark.parametrize("since", [None, "2026-10-01", "2024-01-01"])
@pytest.mark.parametrize("left", [False, True])
def test_the_digest_and_the_portfolio_name_the_same_value_at_risk(
    score: int | None, before: int | None, since: str | None, left: bool
) -> None:
    health = replace(WELL, score=score, band="healthy" if score else "unscored")
    contract = Contract(monthly_revenue_cents=90_00, customer_since=since, renewal_date="2026-10-05")
    whole = report()
    scores = [missing("score")] * (len(whole.score_history.figures) - 2)
    figures = (*scores, *(fact(one, "score") for one in (before, score)))
    page = digest(
        replace(
            whole,
            health=health,
            contract=contract,
            score_history=replace(whole.score_history, figures=figures),
            stage=CompanyStage("churned", "2026-10-05", "") if left else None,
        )
    )
    standing = Standing("acme", "Acme", summary_of(health, (before, score)), contract, left)
    [row] = portfolio("2026-11-15", [standing], 5).data
    assert page.value_at_risk_cents == row.value_at_risk_cents
    assert (page.value_at_risk_cents == 0) == left
    assert ("Money" in [one.title for one in digest_outline(page)]) != left


@pytest.mark.parametrize(
    "seats, active, idle",
    [
        (fact(62, "seats"), fact(40, "members"), "22"),
        (fact(62, "seats"), fact(70, "members"), "0"),
        (fact(62, "seats"), Figure("58 or more", "members", hidden="most", low=58, high=62), "not shown"),
        (Figure("not measured", "seats", hidden="missing"), fact(40, "members"), "not measured"),
    ],
)
def test_idle_seats_are_those_beyond_who_is_told_to_be_active(
    seats: Figure, active: Figure, idle: str
) -> None:
    whole = report()
    told = {"seats": seats, "active": active}
    funnel = tuple(replace(step, figure=told.get(step.name, step.figure)) for step in whole.funnel)
    assert digest(replace(whole, funnel=funnel)).idle_seats.text == idle
    without = tuple(step for step in funnel if step.name != "seats")
    assert digest(replace(whole, funnel=without)).idle_seats.text == "not measured"


def test_a_company_gone_too_quiet_to_be_scored_has_more_at_risk_than_one_never_scored() -> None:
    whole = replace(report(), contract=Contract(monthly_revenue_cents=100_000))
    quiet = replace(whole, health=replace(whole.health, score=None))
    nothing = replace(whole.score_history, figures=(Figure("not measured", "score", hidden="missing"),))
    assert digest(quiet).value_at_risk_cents == 1_080_000
    assert digest(replace(quiet, score_history=nothing)).value_at_risk_cents == 600_000


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
    stays = replace(left, stage=CompanyStage("adopting", "2026-10-05", "It is new."))
    assert digest(stays).advice == digest(report()).advice


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


@pytest.mark.parametrize(
    "members, hidden, said",
    [(19, 3, True), (20, 3, False), (19, 2, False), (None, 3, False)],
)
def test_few_are_fewer_than_four_times_k_of_whom_half_the_figures_or_more_are_hidden(
    members: int | None, hidden: int, said: bool
) -> None:
    """Of the five beside seats."""
    range_of = Figure("12 or more", "members", hidden="most", low=12, high=16)
    figures = [fact(members, "members"), *([range_of] * hidden), *([fact(9, "members")] * 4)]
    whole = report()
    funnel = [replace(step, figure=one) for step, one in zip(whole.funnel[1:], figures, strict=False)]
    few = replace(whole, funnel=(replace(whole.funnel[0], figure=range_of), *funnel))
    assert bool(said_of_few(few)) == said
    one_less = replace(few, funnel=few.funnel[:-1])  # and so half of four
    assert bool(said_of_few(one_less)) == (members == 19)
    nothing = Figure("not measured", "members", hidden="missing")
    missing = [*few.funnel[:-2], *(replace(step, figure=nothing) for step in few.funnel[-2:])]
    assert said_of_few(replace(few, funnel=tuple(missing))) == ""


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


def test_a_departments_page_is_of_its_own_weeks_beside_those_of_the_period_before() -> None:
    """Week by week in the period; each figure, and its growth, at the end of both."""
    made, now, then = source()
    mondays = sorted(made.weeks)
    for at, monday in enumerate(mondays):
        week = made.weeks[monday]
        few, many = GroupWeek(240 + at, 200, 60 + at, 100 + at, 60), GroupWeek(500, 400, 200, 300, 100)
        found = {"sales": many, "it": few} if at != 15 else {"sales": many}
        week.departments, week.members, week.active_4w = found, 740 + at, 400 + at
        week.activated, week.active, week.habitual, week.month_members = 640, 260 + at, 160, [740 + at] * 4
    page = department_report(made, now, then, "it")
    assert page is not None
    told = [(one.name, one.figure.text, one.before.text, one.change.text) for one in page.figures]
    assert told == [
        ("members", "263", "251", "+5 %"),
        ("active_4w", "123", "111", "+11 %"),
        ("habitual", "60", "60", "no change"),
    ]
    [series] = page.activity
    shown = [figure.text for figure in series.figures]
    assert shown == [str(100 + at) if at != 15 else "not measured" for at in range(12, 24)]
    assert (page.company, page.as_of, page.period, page.before) == ("acme", now.last, now, then)
    assert department_names(made, now) == ("sales", "it")


def test_a_department_of_a_week_that_was_not_measured_has_no_page() -> None:
    made, now, then = source()
    measured = dict(made.weeks)
    del measured[max(measured)]
    assert department_names(replace(made, weeks=measured), now) == ()
    assert department_report(replace(made, weeks=measured), now, then, "sales") is None
    recent = {monday: week for monday, week in made.weeks.items() if monday > min(measured) + 83}
    page = department_report(replace(made, weeks=recent), now, then, "sales")
    assert page is not None
    assert {one.before.text for one in page.figures} == {"not measured"}


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
