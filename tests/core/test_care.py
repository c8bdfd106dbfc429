"""Ceilings lower a score and say so; goals stand by what was measured; interventions are compared with chance."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from engage.core.care import LOWERED, POOR_AT_MOST, Ceiling, Goal, Sentiment, Stage, lowered
from engage.core.care_shapes import CareView, ChangeView, DoneView, SentimentView
from engage.core.outline_care import care_sections, now_of
from engage.core.plans import MEASURES, compare, goal_view, held_out
from engage.core.reports import Contract, Driver, Health
from engage.core.telling import in_language
from engage.core.worth import CompanyTier
from tests.web.console_samples import report

DAY = "2026-06-28"


def driver(name: str, contribution: float, value: float | None = None) -> Driver:
    return Driver(name, name, value, 50.0, 0.1, contribution, f"{name} is so")


DRIVERS = (driver("habit", 21.3, 40.0), driver("seats", 9.0, 55.0), driver("trend", -0.6))
HEALTH = Health(DAY, 80, "thriving", "high", "Thriving at 80 of 100: habit is so.", DRIVERS)


def ceiling(at_most: int, since: str = "2026-06-01", until: str = "2026-07-01") -> Ceiling:
    return Ceiling("a", at_most, "an invoice is open", "kim", since, until)


def feeling(feeling: str, until: str = "2026-07-01") -> Sentiment:
    return Sentiment(feeling, "kim", "2026-06-01", until)  # type: ignore[arg-type]


def test_a_lowered_score_says_what_lowered_it_and_what_it_would_be() -> None:
    found = lowered(HEALTH, None, [ceiling(70), ceiling(45)])
    assert (found.score, found.band) == (45, "watch")
    assert found.drivers[0].name == LOWERED
    assert found.drivers[0].text == "lowered to at most 45: an invoice is open"
    assert "an invoice is open" in found.verdict
    assert found.notes == ("Without what lowered it the score would be 80.",)


@settings(max_examples=50)
@given(st.lists(st.integers(-250, 250), min_size=1, max_size=8), st.integers(0, 100), st.booleans())
def test_an_exception_never_raises_and_contributions_still_add_up(
    tenths: list[int], at_most: int, poor: bool
) -> None:
    drivers = tuple(driver(str(index), tenth / 10) for index, tenth in enumerate(tenths))
    value = max(0, min(100, round(50 + sum(tenths) / 10)))
    health = replace(HEALTH, score=value, drivers=drivers)
    found = lowered(health, feeling("poor") if poor else None, [ceiling(at_most)])
    assert found.score == min(value, at_most, POOR_AT_MOST if poor else 100)
    if found.score != value:
        assert found.score == round(50 + sum(round(10 * one.contribution) for one in found.drivers) / 10)


@pytest.mark.parametrize(
    "sentiment, ceilings",
    [
        (None, []),
        (feeling("good"), [ceiling(80)]),
        (feeling("neutral"), []),
        (feeling("poor", until=DAY), []),
        (None, [ceiling(10, until=DAY)]),
        (None, [ceiling(10, since="2026-06-29")]),
    ],
)
def test_what_is_expired_or_higher_changes_nothing(
    sentiment: Sentiment | None, ceilings: list[Ceiling]
) -> None:
    assert lowered(HEALTH, sentiment, ceilings) == HEALTH


def test_a_company_that_is_not_scored_stays_so() -> None:
    unscored = replace(HEALTH, score=None, band="unscored", drivers=())
    assert lowered(unscored, feeling("poor"), [ceiling(1)]) == unscored


GOAL = Goal(
    "g",
    "A habit",
    "habit",
    60.0,
    "2026-12-31",
    "kim",
    "2026-01-01",
    20.0,
    (Stage("2026-03-31", 30.0), Stage("2026-06-28", 45.0), Stage("2026-09-30", 50.0)),
)


@pytest.mark.parametrize(
    "goal, value, standing",
    [
        (GOAL, 60.0, "reached"),
        (GOAL, 45.0, "on_track"),
        (GOAL, 44.0, "behind"),
        (GOAL, None, "not_known"),
        (
            replace(GOAL, stages=(*GOAL.stages[:1], replace(GOAL.stages[1], accepted_by="kim"))),
            10.0,
            "on_track",
        ),
        (replace(GOAL, by=DAY), 59.0, "missed"),
        (replace(GOAL, by=DAY), 60.0, "reached"),
        (replace(GOAL, dropped=True), 60.0, "dropped"),
        (replace(GOAL, stages=()), 1.0, "on_track"),
    ],
)
def test_how_a_goal_stands(goal: Goal, value: float | None, standing: str) -> None:
    health = replace(HEALTH, drivers=(driver("habit", 1.0, value), *DRIVERS[1:]))
    assert goal_view(goal, health, Contract(), []).standing == standing


def test_a_goal_shows_how_far_it_came_and_the_measures_under_it() -> None:
    view = goal_view(GOAL, HEALTH, Contract(), [])
    assert (view.value, view.progress) == (40.0, 0.5)
    assert [one.name for one in view.drivers] == ["trend"]
    ranged = replace(HEALTH, drivers=(driver("habit", 1.0, None),))
    assert (view.shown, goal_view(GOAL, ranged, Contract(), []).shown) == ("", "habit is so")
    under = lowered(HEALTH, None, [ceiling(40)])
    assert goal_view(replace(GOAL, measure="score"), under, Contract(), []).drivers[0].name == LOWERED
    money = goal_view(
        replace(GOAL, measure="monthly_revenue"), HEALTH, Contract(monthly_revenue_cents=4_500), []
    )
    assert money.value == 45.0
    assert {
        one.name for one in goal_view(replace(GOAL, measure="score"), HEALTH, Contract(), []).drivers
    } <= {*MEASURES["score"]}


@pytest.mark.parametrize(
    "low, high, by, standing",
    [
        (60.0, 80.0, "2026-12-31", "reached"),
        (50.0, 80.0, "2026-12-31", "on_track"),
        (10.0, 40.0, "2026-12-31", "behind"),
        (40.0, 50.0, "2026-12-31", "in_range"),  # the stage that is due asks for 45
        (40.0, 59.0, DAY, "missed"),
        (40.0, 60.0, DAY, "in_range"),
    ],
)
def test_of_a_range_a_goal_says_what_holds_for_all_of_it(
    low: float, high: float, by: str, standing: str
) -> None:
    ranged = replace(driver("habit", 1.0), between=(low, high))
    view = goal_view(replace(GOAL, by=by), replace(HEALTH, drivers=(ranged,)), Contract(), [])
    assert (view.standing, view.value, view.low, view.high) == (standing, None, low, high)
    assert view.about
    assert view.progress == pytest.approx(((low + high) / 2 - 20) / 40)


@pytest.mark.parametrize(
    "measure, between, told",
    [
        ("seats", (69.4, 100.0), "69 % to 100 %"),
        ("seats", (69.4, 69.1), "about 69 %"),
        ("score", (69.4, 70.0), "69.4 to 70"),
    ],
)
def test_a_range_of_a_goal_is_written_as_any_other(
    measure: str, between: tuple[float, float], told: str
) -> None:
    view = goal_view(replace(GOAL, measure="habit"), HEALTH, Contract(), [])
    low, high = between
    assert now_of(replace(view, measure=measure, value=None, low=low, high=high)).text == told


def test_files_hold_goals_with_their_stages_and_what_was_adjusted() -> None:
    done = replace(GOAL.stages[0], accepted_by="lee", accepted_on="2026-04-01", note="seen")
    goal = replace(GOAL, stages=(done, *GOAL.stages[1:]))
    change = ChangeView("2026-05-01T08:00:00Z", "lee", "target from 50 to 60", "they asked for it")
    ranged = replace(HEALTH, drivers=(replace(driver("habit", 1.0), between=(30.0, 40.0)),))
    care = CareView(
        (goal_view(goal, ranged, Contract(), [change]),),
        (DoneView("w", "A workshop", "2026-05-04", "kim", 50, 61, None),),
        SentimentView("poor", "kim", "2026-06-01", "2026-07-01", "a cold call"),
    )
    tier = CompanyTier("b", "Core", {"Manager": "shared"}, "Strategic", ("a health score of at least 60",))
    sections = {one.name: one for one in care_sections(replace(report(), care=care, tier=tier))}
    assert list(sections) == ["tier", "goals", "goal_stages", "goal_changes", "interventions", "sentiment"]
    told = {name: in_language(one, "zh-Hans") for name, one in sections.items()}
    [row] = told["goals"].table.rows
    assert [getattr(cell, "text", cell) for cell in row] == [
        *("A habit", "使用习惯", "30% 至 40%", "60%", "约 38%", "2026-12-31", "落后", "kim"),
    ]
    stages = told["goal_stages"].table
    assert list(stages.column("standing")) == ["已验收", "已到期", "未到期"]
    # None of the stages has a name: a column of dashes would say nothing.
    assert "stage" not in [column.name for column in stages.columns]
    assert told["goal_changes"].table.rows[0][2] == "目标由 50 改为 60"
    assert [getattr(cell, "text", cell) for cell in told["interventions"].table.rows[0]][3:] == [
        "50",
        "61",
        "–",
    ]
    assert told["tier"].table.rows == (("Manager", "shared"),)


@pytest.mark.parametrize("by, told", [("2026-12-31", "The goal is behind"), (DAY, "The goal was missed")])
def test_a_single_goal_is_said_to_be_behind_or_to_be_missed(by: str, told: str) -> None:
    short = replace(HEALTH, drivers=(driver("habit", 1.0, 30.0),))
    care = CareView((goal_view(replace(GOAL, by=by), short, Contract(), []),))
    sections = {one.name: one for one in care_sections(replace(report(), care=care))}
    assert sections["goals"].message == told


def test_who_is_held_out_is_drawn_by_chance_and_stays_so() -> None:
    names = [f"company-{number}" for number in range(200)]
    drawn = held_out("a", names, 0.25)
    assert len(drawn) == 50
    assert held_out("a", names[::-1], 0.25) == drawn
    assert len(drawn & held_out("b", names, 0.25)) < 30
    assert len(held_out("a", names[:3], 0.1)) == 2
    assert held_out("a", names[:2], 0.5) == held_out("a", names, 0.0) == frozenset()


def test_an_effect_is_the_difference_and_a_range() -> None:
    assert compare(4, [10, 12, 14], [0, 2, 4], drawn=True).text.endswith("it is an effect.")
    found = compare(4, [10, 12, 14], [0, 2, 4])
    assert (found.change, found.others_change, found.difference) == (12.0, 2.0, 10.0)
    assert (found.low, found.high) == (6.8, 13.2)
    assert found.text.startswith("More than chance")
    assert compare(4, [10, -10], [0, 1]).text.startswith("The range holds zero")
    assert compare(4, [10], [0, 1]).difference is None
    assert compare(4, [], []).text.startswith("Too few")
