"""Reports: periods of whole weeks, figures only, and files a spreadsheet opens without harm."""

from __future__ import annotations

import csv
import io
from datetime import date

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from engage.core import health
from engage.core.adoption import Source, company_report
from engage.core.balances import CurrencyWeek
from engage.core.measures import FeatureWeek, WeekMeasures
from engage.core.outcomes import paid
from engage.core.periods import read_period
from engage.core.portfolio import Standing, portfolio, summary_of
from engage.core.privacy import Figure
from engage.core.reports import CompanyReport, Contract, Period, portfolio_csv, report_csv
from engage.core.segments import GroupWeek
from engage.core.stage_words import CompanyStage, Stage
from engage.core.terms import Term, contract_on, has_left, read_term

SUNDAY = date(2026, 11, 15).toordinal()


@pytest.mark.parametrize(
    "name, first, last, weeks, before_first, before_last",
    [
        ("last-12-weeks", "2026-08-24", "2026-11-15", 12, "2026-06-01", "2026-08-23"),
        ("last-26-weeks", "2026-05-18", "2026-11-15", 26, "2025-11-17", "2026-05-17"),
        ("2026-Q1", "2025-12-29", "2026-03-29", 13, "2025-09-29", "2025-12-28"),
        ("2026-03", "2026-03-02", "2026-03-29", 4, "2026-02-02", "2026-03-01"),
        ("2026-01", "2025-12-29", "2026-02-01", 5, "2025-12-01", "2025-12-28"),
        ("2026-Q4", "2026-09-28", "2026-11-15", 7, "2026-06-29", "2026-09-27"),
    ],
)
def test_a_period_is_the_whole_weeks_whose_thursday_lies_in_it(
    name: str, first: str, last: str, weeks: int, before_first: str, before_last: str
) -> None:
    found = read_period(name, SUNDAY)
    assert found is not None
    period, before = found
    assert (period.first, period.last, period.weeks) == (first, last, weeks)
    assert (before.first, before.last) == (before_first, before_last)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "2026",
        "2026-13",
        "2026-Q5",
        "last-0-weeks",
        "last-99-weeks",
        "0000-01",
        "week",
        "last-１２-weeks",
        "２026-01",
    ],
)
def test_other_names_are_no_period(name: str) -> None:
    assert read_period(name, SUNDAY) is None


@given(st.integers(1990, 2100), st.integers(1, 12))
def test_months_follow_one_another_without_gap_or_overlap(year: int, month: int) -> None:
    found = read_period(f"{year}-{month:02}", date(2200, 1, 5).toordinal())
    assert found is not None
    period, before = found
    assert date.fromisoformat(period.first).toordinal() == date.fromisoformat(before.last).toordinal() + 1
    assert period.weeks in (4, 5)


def weeks(active: int = 30, users: int = 20) -> dict[int, WeekMeasures]:
    first = SUNDAY - 7 * 24 + 1
    return {
        monday: WeekMeasures(
            monday,
            members=60,
            activated=50,
            active=min(active, 30),
            active_4w=active,
            habitual=active // 2,
            days=4 * min(active, 30),
            events=900,
            incentivised=300,
            earners=users,
            issued={"points": 3000},
            levels=[("", 20), ("bronze", 38), ("silver", 2)],
            features={
                "=Export": FeatureWeek(users, users, 300),
                "Rare": FeatureWeek(2, 3, 4),
                "Share": FeatureWeek(12, 15, 200),
            },
            since=first,
            definition=1,
            organic_4w=active // 2,
            risen=min(6, active),
            classes=[
                active // 4,
                active // 2 - active // 4,
                active // 4,
                active - active // 2 - active // 4,
                max(0, 50 - active),
            ],
            top=(active // 10 + 1, 300, 900),
            departments={
                "sales": GroupWeek(30, 25, active // 2, active // 2, active // 4),
                "it": GroupWeek(
                    20, 20, active - active // 2, active - active // 2, active // 2 - active // 4
                ),
                "board": GroupWeek(4, 1),
                "": GroupWeek(6, 4),
            },
            roles={
                "decision_maker": GroupWeek(12, 9, 6, 6, 2),
                "": GroupWeek(48, 41, active - 6, active - 6),
            },
            cohorts={12 * 2026 + 5: (20, active // 2), 12 * 2026 + 8: (30, active - active // 2)},
            funnels={"sharing": [active, active // 2, active // 4]},
            currencies={"points": CurrencyWeek(400, users, 100, users, 12_345, users, 700, users)},
            streaks_broken=users // 3,
            standing=True,
        )
        for monday in range(first, SUNDAY, 7)
    }


def report(active: int = 40, users: int = 20) -> CompanyReport:
    return company_report(*source(active, users))


def source(active: int = 40, users: int = 20) -> tuple[Source, Period, Period]:
    """What a report is made from, its period and the one before."""
    measured = weeks(active, users)
    found = read_period("last-12-weeks", SUNDAY)
    assert found is not None
    score = health.score("2026-11-15", list(measured.values()), 62, 500, 5)
    made = Source(
        "acme",
        "@Acme",
        "UTC",
        Contract(seats=62),
        None,
        measured,
        {SUNDAY: score.score},
        score,
        5,
        "2026-11-15",
    )
    return made, *found


def source_of_departments() -> tuple[Source, Period, Period]:
    """Of two departments of a size, so that neither is hidden beside a smaller one."""
    made, *periods = source()
    halves = dict.fromkeys(("sales", "it"), GroupWeek(30, 25, 20, 20, 10))
    parted = {
        monday: msgspec.structs.replace(week, departments=halves) for monday, week in made.weeks.items()
    }
    return msgspec.structs.replace(made, weeks=parted), periods[0], periods[1]


def test_every_section_is_there_with_one_figure_per_week() -> None:
    found = report()
    assert [step.name for step in found.funnel] == [
        "seats",
        "members",
        "activated",
        "active",
        "habitual",
        "level_2",
    ]
    for series in (*found.activity, *found.incentives):
        assert len(series.weeks) == len(series.figures) == 12
        assert series.weeks[-1] == "2026-11-09"
    assert len(found.score_history.figures) == 26
    assert found.score_history.figures[-1].value == found.health.score
    assert found.breadth.rows[0][0] == "=Export"
    assert found.summary[0].figure.value == 40
    assert found.summary[0].change.text == "no change"


def test_a_share_too_wide_to_be_shown_is_the_number_that_is_told() -> None:
    """Eleven members, all active: a feature that "5 or more" use is not "not shown" in the chart of shares."""
    measured = {
        monday: msgspec.structs.replace(week, members=11, activated=11, active=11, habitual=11)
        for monday, week in weeks(11, 9).items()
    }
    made, period, before = source()
    table = company_report(msgspec.structs.replace(made, weeks=measured), period, before).breadth
    shown = {row[0]: [cell.text for cell in row[1:3] if isinstance(cell, Figure)] for row in table.rows}
    assert shown["=Export"] == ["5 or more", "5 or more members"]
    assert shown["Rare"] == ["fewer than 5", "not shown"]
    share = table.column("share")[0]
    assert isinstance(share, Figure)
    assert (share.hidden, share.value, share.low, share.high) == ("wide", None, None, None), "no percentage"


def test_a_feature_of_few_is_hidden_and_levels_are_told_in_bands() -> None:
    found = report()
    members = dict(zip(found.breadth.column("feature"), found.breadth.column("members"), strict=True))
    assert isinstance(members["Rare"], Figure)
    assert members["Rare"].text == "fewer than 5"
    assert isinstance(members["Share"], Figure)
    assert members["Share"].value == 15
    levels = [figure.text for figure in found.levels.column("members") if isinstance(figure, Figure)]
    assert levels == ["12 to 30", "30 to 39", "fewer than 10"]


def test_how_many_features_a_member_uses_is_told_as_the_driver_tells_it() -> None:
    found = report()
    [driver] = [one.text for one in found.health.drivers if one.name == "features"]
    [each] = [one.figure for one in found.summary if one.name == "breadth"]
    assert (each.text, each.value) == (driver.partition(" uses ")[2].partition(" of ")[0], None)
    assert each.text.startswith("about ")


def test_nobody_is_told_to_be_active_on_more_days_than_there_are() -> None:
    made, *periods = source(12, 12)
    few = {
        monday: msgspec.structs.replace(week, members=12, active=12, days=60, levels=[])
        for monday, week in made.weeks.items()
    }
    [days] = [
        one.figure
        for one in company_report(msgspec.structs.replace(made, weeks=few), *periods).summary
        if one.name == "days_each"
    ]
    assert (days.text, days.high) == ("12.3 to 28", 28)


def numbers(value: object) -> set[float]:
    if isinstance(value, dict):
        return set().union(*map(numbers, value.values())) if value else set()
    if isinstance(value, list):
        return set().union(*map(numbers, value)) if value else set()
    return {value} if isinstance(value, int | float) and not isinstance(value, bool) else set()


def test_below_the_floor_a_report_holds_no_number_about_members() -> None:
    found = report(active=3, users=3)
    assert found.health.score is None
    shown = [f for s in (*found.activity, *found.incentives) for f in s.figures]
    assert all(figure.value is None for figure in shown)
    secret = {300, 900, 3000}  # what three people did
    assert not secret & numbers(msgspec.to_builtins((found.incentives, found.breadth, found.summary)))


def test_below_the_floor_the_summary_shows_words() -> None:
    found = report(active=3, users=3)
    assert {one.figure.text for one in found.summary} <= {"not shown", "fewer than 5"}
    assert {one.change.text for one in found.summary} == {"not shown"}


def test_no_share_of_a_feature_is_above_a_hundred_or_a_wide_range() -> None:
    for active in range(5, 13):
        for cell in report(active=active, users=active).breadth.column("share"):
            assert isinstance(cell, Figure)
            assert (cell.ceiling or 0) <= 100
            assert " to " not in cell.text or (cell.high or 0) - (cell.low or 0) <= 50


def test_a_report_says_up_to_when_the_data_goes() -> None:
    assert report().data_until == "2026-11-15"
    assert report().notes[0].startswith("Data until 2026-11-15")


def test_a_report_says_of_which_four_weeks_the_score_reads() -> None:
    words = (
        "Members, features and days active are counted in the four weeks up to 2026-11-08; the next count is of those "
        "up to 2026-12-06."
    )
    assert report().health.notes[-1] == words
    made, *periods = source()
    others: list[tuple[str, Stage]] = [("2026-11-08", "adopting"), ("2026-11-15", "churned")]
    for as_of, stage in others:
        scored = replace(made.health, as_of=as_of)
        other = replace(made, health=scored, stage=CompanyStage(stage, "", ""))
        assert company_report(other, *periods).health.notes == made.health.notes
    unscored = health.score("2026-11-15", [], 62, 500, 5)
    assert company_report(replace(made, health=unscored), *periods).health.notes == ()


def test_a_report_says_how_many_of_its_weeks_have_no_measures() -> None:
    made, *periods = source()
    newest = sorted(made.weeks)[-12:]
    for missing, told in (
        (0, None),
        (1, "1 of the 12 weeks has no measures."),
        (7, "7 of the 12 weeks have no measures."),
        (12, "No week of the period has measures."),
    ):
        kept = {monday: week for monday, week in made.weeks.items() if monday not in newest[:missing]}
        found = company_report(msgspec.structs.replace(made, weeks=kept), *periods)
        assert [note for note in found.notes if "measures" in note] == ([told] if told else [])


def test_a_report_goes_to_json_and_back() -> None:
    found = report()
    data = msgspec.json.encode(found)
    assert msgspec.json.decode(data)["funnel"][3]["figure"] == {"text": "40", "unit": "members", "value": 40}


def test_csv_opens_in_a_spreadsheet_without_running_anything() -> None:
    text = report_csv(report(), "en")
    assert text.startswith("\ufeffsection,")
    assert text.count("\r\n") == text.count("\n")
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline="")))
    assert {row["shown"] for row in rows if row["item"] == "name"} == {"'@Acme"}
    assert any(row["item"].startswith("'=Export") for row in rows)
    negative = [row["value"] for row in rows if row["section"] == "driver" and row["value"].startswith("-")]
    assert all(float(value) < 0 for value in negative)  # a number stays a number


def standing(company: str, score: int | None, revenue: int | None, *, left: bool = False) -> Standing:
    found = health.score("2026-11-15", list(weeks(40).values()), None, None, 5)
    changed = msgspec.structs.replace(found, score=score, band="unscored" if score is None else "watch")
    return Standing(
        company, company.title(), summary_of(changed), Contract(monthly_revenue_cents=revenue), left
    )


def test_a_company_gone_too_quiet_to_be_scored_comes_before_one_never_scored() -> None:
    quiet = standing("quiet", None, 50_000)
    summary = msgspec.structs.replace(quiet.summary, history=(62, 55, None))
    quiet = msgspec.structs.replace(quiet, summary=summary)
    found = portfolio("2026-11-15", [standing("tiny", None, 50_000), quiet], 5)
    assert [(row.company, row.risk) for row in found.data] == [("quiet", 0.9), ("tiny", 0.5)]


def test_the_portfolio_starts_with_the_largest_value_at_risk() -> None:
    found = portfolio(
        "2026-11-15",
        [
            standing("small", 10, 10_000),
            standing("large", 90, 1_000_000),
            standing("unknown", 20, None),
            standing("silent", None, 50_000),
            standing("gone", 30, 900_000, left=True),
        ],
        5,
    )
    assert [row.company for row in found.data] == ["large", "silent", "small", "unknown", "gone"]
    assert found.data[0].value_at_risk_cents == 1_200_000
    assert found.data[1].risk == 0.5
    assert found.data[4].text.startswith("Contract ended")
    assert found.monthly_revenue_cents == 1_060_000
    rows = list(csv.DictReader(io.StringIO(portfolio_csv(found).removeprefix("\ufeff"))))
    assert [row["company"] for row in rows] == [row.company for row in found.data]


def test_the_portfolio_counts_unknown_revenue_in_good_english() -> None:
    one = portfolio("2026-11-15", [standing("a", 10, None)], 5, "2026-11-15")
    assert one.notes == (
        "Data until 2026-11-15, the end of the last week measured.",
        "The revenue of 1 company is not known; it comes last.",
    )
    two = portfolio("2026-11-15", [standing("a", 10, None), standing("b", 10, None)], 5)
    assert two.notes == ("The revenue of 2 companies is not known; they come last.",)
    assert two.data_until == ""


def row(**changes: str) -> dict[str, str]:
    plain = {
        "groupId": "acme",
        "term_start": "2026-01-01",
        "term_end": "2026-04-01",
        "monthly_revenue": "1300.0",
        "seats": "100",
        "outcome": "open",
    }
    return {**plain, **changes}


def test_a_row_of_a_billing_export_becomes_a_term() -> None:
    found = read_term(row(plan="pro", months="3"))
    assert not isinstance(found, str)
    company, term = found
    assert company == "acme"
    assert (term.monthly_revenue_cents, term.seats, term.plan) == (130_000, 100, "pro")


@pytest.mark.parametrize(
    "changes, words",
    [
        ({"groupId": ""}, "groupId"),
        ({"term_start": "01/02/2026"}, "term_start must be a date"),
        ({"term_end": "2026-01-01"}, "term_end must be after"),
        ({"monthly_revenue": "NaN"}, "monthly_revenue"),
        ({"monthly_revenue": "1e999999999"}, "monthly_revenue"),
        ({"monthly_revenue": "-1"}, "monthly_revenue"),
        ({"seats": "2.5"}, "seats must be a whole number"),
        ({"outcome": "lost"}, "outcome must be one of open, renewed, churned"),
    ],
)
def test_a_row_that_cannot_be_read_says_why(changes: dict[str, str], words: str) -> None:
    found = read_term(row(**changes))
    assert isinstance(found, str)
    assert words in found


def test_the_contract_on_a_day_is_the_newest_term_begun() -> None:
    start = date(2026, 1, 1).toordinal()
    terms = [Term(start, start + 90, 1000, 10), Term(start + 90, start + 180, 2000, 20, outcome="churned")]
    assert contract_on(terms, start + 89, None, None).monthly_revenue_cents == 1000
    assert contract_on(terms, start + 90, None, None).monthly_revenue_cents == 2000
    assert contract_on(terms, start + 89, None, None).days_to_renewal == 0
    assert not has_left(terms, start + 178)
    assert has_left(terms, start + 179)
    assert contract_on([], start, 7, None).seats == 7


def test_nobody_is_a_customer_before_the_first_term_begins() -> None:
    """Who signs after a year of trying things out is as old as before until then, and no newcomer at once."""
    start = date(2026, 1, 1).toordinal()
    ahead = [Term(start + 60, start + 425, 1000, 10)]
    assert contract_on(ahead, start, 7, None) == contract_on([], start, 7, None)
    assert (
        contract_on(ahead, start, 7, start - 500).customer_since
        == contract_on([], start, 7, start - 500).customer_since
    )
    assert contract_on(ahead, start + 60, 7, None).customer_since == "2026-03-02"


def test_contracts_side_by_side_add_up_and_the_one_that_pays_most_speaks_for_them() -> None:
    start = date(2026, 1, 1).toordinal()
    main = Term(start, start + 365, 230_000, 55, "gold")
    more = Term(start + 100, start + 200, 5_000, 5, "more", "churned")
    told = contract_on([main, more], start + 150, None, None)
    assert (told.seats, told.monthly_revenue_cents, told.plan) == (60, 235_000, "gold")
    assert told.days_to_renewal == 365 - 150 - 1
    assert paid([main, more], start + 150)[1] == told.monthly_revenue_cents
    assert not has_left([main, more], start + 199)
    after = contract_on([main, more], start + 250, None, None)
    assert (after.seats, after.monthly_revenue_cents, after.plan) == (55, 230_000, "gold")
    lost = [replace(main, outcome="churned"), more]
    assert not has_left(lost, start + 363)
    assert has_left(lost, start + 364)


def test_of_a_term_renewed_before_its_end_the_next_one_says_when_to_renew() -> None:
    start = date(2026, 1, 1).toordinal()
    terms = [Term(start, start + 365, 2000, outcome="renewed"), Term(start + 340, start + 700, 1500)]
    assert contract_on(terms, start + 350, None, None).days_to_renewal == 700 - 350 - 1
