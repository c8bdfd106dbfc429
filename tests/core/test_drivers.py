"""What each driver of the score is reckoned from, at its bounds, and how it is said."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from engage.core.drivers import Bounds, Input, points_of, read_inputs, standard_bounds
from engage.core.measures import FeatureWeek, WeekMeasures
from engage.core.published import publish_people
from tests.core.test_health import FIRST, K, week


def inputs(weeks: list[WeekMeasures], seats: int | None = 62, age: int | None = 800) -> dict[str, Input]:
    return read_inputs(weeks, publish_people(weeks[-1], K), seats, age, K)


def steady(count: int = 16, **changes: Any) -> list[WeekMeasures]:
    return [week(index, **changes) for index in range(count)]


def said(name: str, weeks: list[WeekMeasures], **of: Any) -> tuple[float | None, str]:
    found = inputs(weeks, **of)[name]
    return found.estimate, found.text


@pytest.mark.parametrize("age, most", [(None, 100), (179, 75), (180, 100)])
def test_a_company_is_young_for_half_a_year_and_then_needs_fewer_seats_in_use(
    age: int | None, most: int
) -> None:
    found = inputs(steady(), age=age)["seats"]
    assert (standard_bounds("seats", age), found.bounds) == (Bounds(0, most), Bounds(0, most))
    assert found.text.endswith("measured as a new customer") == (most == 75)
    assert standard_bounds("habit", age) == Bounds(0, 100)
    assert standard_bounds("activity", age) == Bounds(0, 28)


def test_bounds_of_a_profile_stand_in_place_of_the_standard_ones_and_of_those_of_the_young() -> None:
    weeks = steady()
    found = read_inputs(weeks, publish_people(weeks[-1], K), 62, 10, K, {"seats": Bounds(20, 60)})
    assert found["seats"].bounds == Bounds(20, 60)
    assert "new customer" not in found["seats"].text
    assert found["habit"].bounds == Bounds(0, 100)


@pytest.mark.parametrize(
    "name, bounds, estimate, points",
    [
        ("habit", Bounds(20, 60), 20, 0.0),
        ("habit", Bounds(20, 60), 50, 75.0),
        ("habit", Bounds(20, 60), 61, 100.0),
        ("habit", Bounds(20, 60), 3, 0.0),
        ("tenure", Bounds(0, 12), 0, 0.0),
        ("tenure", Bounds(0, 12), 4, 50.0),
        ("tenure", Bounds(0, 12), 12, 100.0),
        ("tenure", Bounds(0, 12), -5, 0.0),
    ],
)
def test_points_run_from_the_lower_bound_to_the_upper_and_those_of_time_by_its_logarithm(
    name: str, bounds: Bounds, estimate: float, points: float
) -> None:
    """After the first four months the risk has halved: half the way to a year."""
    assert points_of(name, bounds, estimate) == points


@pytest.mark.parametrize("known, is_early", [(11, True), (12, False)])
def test_a_habit_and_a_trend_need_twelve_weeks(known: int, is_early: bool) -> None:
    weeks = steady(since=FIRST + 7 * (16 - known))
    for name in ("habit", "trend"):
        estimate, text = said(name, weeks)
        assert (estimate is None) == is_early
        assert (text == f"needs 12 weeks of activity; there are {known}") == is_early


def features(*members: int) -> dict[str, FeatureWeek]:
    return {f"f{at}": FeatureWeek(count, count, 100) for at, count in enumerate(members)}


def test_breadth_is_of_the_features_that_the_floor_uses_and_depth_of_each_use() -> None:
    """Of 40 active members 20, 10 and 10 use three of four features: one each, of four."""
    weeks = steady(features=features(20, 10, 10, 0))
    assert said("breadth", weeks) == (75.0, "3 of 4 key features are used by at least 5 members")
    estimate, text = said("features", weeks)
    assert estimate == 25.0
    assert text.startswith("an active member uses")
    assert said("breadth", steady(features={})) == (None, "the program declares no key events")
    assert said("features", steady(features={})) == (None, "the program declares no key events")


@pytest.mark.parametrize("users, share", [(5, 100.0), (4, 75.0)])
def test_a_feature_counts_from_the_floor_on(users: int, share: float) -> None:
    assert said("breadth", steady(features=features(20, users, 12, 12)))[0] == share


def test_active_days_are_told_in_tenths_of_a_member() -> None:
    """400 of thirty who were active."""
    told = "an active member was active on 13.3 of 28 days"
    assert said("activity", steady(active_4w=30)) == (13.3, told)


def month_from(began: int, **changes: Any) -> list[WeekMeasures]:
    """Of a company whose first week is so many weeks after the month's."""
    return [week(index, since=FIRST + 7 * began, **changes) for index in range(began, 4)]


@pytest.mark.parametrize(
    "began, ending", [(0, ""), (1, ", reckoned from 21 days"), (3, ", reckoned from 7 days")]
)
def test_a_month_in_which_a_company_began_counts_at_the_pace_of_the_days_there_are(
    began: int, ending: str
) -> None:
    """Forty members, 100 days a week."""
    told = f"an active member was active on 10 of 28 days{ending}"
    weeks = month_from(began)
    assert said("activity", weeks) == (10.0, told)
    idle = [week(index, active=0, days=0) for index in range(began)]
    assert said("activity", [*idle, *weeks])[0] == 10.0, "whether weeks before were measured or not"
    quiet = week(4, since=FIRST + 7 * began, days=0)
    assert said("activity", [*weeks, quiet]) == (10.0, told), "until the next month is over"


def test_a_month_of_which_no_week_is_left_counts_none() -> None:
    assert said("activity", [week(4)])[0] == 0.0


def test_nobody_is_active_on_more_days_than_there_are() -> None:
    few = month_from(3, members=12, active=12, active_4w=12, days=60)
    told = "an active member was active on 12.4 to 28 of 28 days, reckoned from 7 days"
    assert said("activity", few) == (20.2, told)


def test_weeks_that_were_never_measured_are_not_idle_ones() -> None:
    told = "an active member was active on 10 of 28 days, reckoned from 14 days"
    assert said("activity", [week(2), week(3)]) == (10.0, told)


def test_what_is_told_as_a_range_counts_with_its_middle() -> None:
    assert said("habit", steady(habitual=2))[0] == 5.0
    estimate, text = said("seats", steady(active_4w=58))
    assert text.startswith("56 or more active members for 62 seats")
    assert estimate == pytest.approx(100 * 58 / 62, abs=0.1)
    none_above = said("levels", steady(levels=[("", 60), ("a", 0), ("b", 0)]))
    assert none_above == (7.5, "15 % or less of members stand at the second level or above")


@pytest.mark.parametrize("count, share", [(30, 100.0), (29, 96.7), (40, 100.0)])
def test_thirty_features_are_as_many_as_anybody_needs(count: int, share: float) -> None:
    """Of forty; more than all of them are no more than all."""
    weeks = steady(features=features(*([40] * count), *([0] * (40 - count))))
    assert said("breadth", weeks)[0] == share
    assert (said("features", weeks)[0] or 0) <= 100


def trend(*days: int) -> tuple[float | None, str]:
    return said("trend", [week(index, days=count) for index, count in enumerate(days)])


@pytest.mark.parametrize(
    "last, told",
    [
        (100, "as much activity in four weeks as ever in the last 16"),
        (70, "70 % of the activity in the best four of the last 16 weeks"),
        (69, "31 % less activity than in the best four of the last 16 weeks"),
    ],
)
def test_a_trend_is_told_as_what_is_left_or_as_what_is_lost(last: int, told: str) -> None:
    estimate, text = trend(*([100] * 12), *([last] * 4))
    assert (estimate, text) == (last, told)


def test_a_trend_of_days_that_are_hardly_told_is_said_to_go_by_the_middle_of_their_ranges() -> None:
    few = steady(members=10, active=10, active_4w=10, days=50)
    share, text = said("trend", few)
    ending = ", by a rough estimate"
    assert (share, text) == (100, f"as much activity in four weeks as ever in the last 16{ending}")
    assert not said("trend", steady())[1].endswith(ending)


def test_the_best_four_weeks_are_of_half_a_year() -> None:
    assert trend(*([200] * 4), *([100] * 26))[0] == 100
    assert trend(*([200] * 4), *([100] * 22))[0] == 50
    assert trend(*([100] * 22), *([50] * 4)) == (
        50,
        "50 % less activity than in the best four of the last 26 weeks",
    )


@pytest.mark.parametrize(
    "age, months, text",
    [
        (0, 0, "a customer for less than a month"),
        (30, 0, "a customer for less than a month"),
        (31, 1, "a customer for 1 month"),
        (61, 2, "a customer for 2 months"),
        (365, 11, "a customer for 11 months"),
        (366, 12, "a customer for a year or more"),
        (-9, 0, "a customer for less than a month"),
    ],
)
def test_time_as_a_customer_is_told_in_whole_months(age: int, months: int, text: str) -> None:
    found = inputs(steady(), age=age)["tenure"]
    assert (found.figure.value, found.text) == (months, text)
    assert found.estimate == pytest.approx(max(0, age) / 30.4375)


def test_without_a_contract_time_counts_from_the_first_activity() -> None:
    found = inputs(steady(), age=None)["tenure"]
    assert found.text == "a customer for 3 months, going by the first activity"
    assert found.estimate == pytest.approx(16 * 7 / 30.4375)


@pytest.mark.parametrize(
    "name, changes, seats, text",
    [
        ("seats", {}, None, "the number of seats is not known"),
        ("seats", {}, 0, "the number of seats is not known"),
        ("seats", {}, 62, "40 active members for 62 seats in four weeks"),
        ("levels", {"levels": []}, 62, "the program has no levels"),
        ("habit", {}, 62, "50 % of active members were active in at least 9 of the last 12 weeks"),
    ],
)
def test_a_driver_says_what_it_is_or_why_it_is_missing(
    name: str, changes: dict[str, Any], seats: int | None, text: str
) -> None:
    estimate, told = said(name, steady(**changes), seats=seats)
    assert told == text
    assert (estimate is None) == ("not known" in text or "no levels" in text)


def test_hidden_habits_are_not_reckoned_with() -> None:
    weeks = steady()
    weeks[-1] = replace(weeks[-1], habitual=2)
    found = inputs(weeks)["habit"]
    assert found.figure.value is None
    assert found.estimate is not None
