"""The score: reckoned from figures alone, explained to the last point, silent below the floor."""

from __future__ import annotations

import re
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from engage.core import health
from engage.core.definitions import DEFINITIONS
from engage.core.measures import FeatureWeek, WeekMeasures
from engage.core.reports import Health

K = 5
FIRST = 738_000 - (738_000 - 1) % 7
NAMES = ("a", "b", "c", "d", "e", "f", "g", "h")


def week(index: int, **changes: object) -> WeekMeasures:
    """Of 60 members 40 are active: 30 in the week, 20 by habit, half the eight features each."""
    plain = WeekMeasures(
        FIRST + 7 * index,
        members=60,
        activated=50,
        active=30,
        active_4w=40,
        habitual=20,
        days=100,
        events=900,
        levels=[("", 20), ("bronze", 10), ("silver", 30)],
        features={name: FeatureWeek(15, 20, 100) for name in NAMES},
        since=FIRST,
    )
    return replace(plain, **changes)


def steady(**changes: object) -> list[WeekMeasures]:
    return [week(index, **changes) for index in range(16)]


def scored(weeks: list[WeekMeasures], seats: int | None = 62, age: int | None = 800) -> Health:
    return health.score("2026-01-04", weeks, seats, age, K)


def driver(found: Health, name: str) -> float:
    return next(one.score for one in found.drivers if one.name == name)


def test_each_driver_runs_linearly_between_its_bounds() -> None:
    found = scored(steady(), age=183)
    assert driver(found, "activity") == 35.7  # 400 days of 40 members: 10 of 28
    assert driver(found, "habit") == 50.0  # 20 of 40
    assert driver(found, "breadth") == 100.0  # 8 of 8 by at least five
    assert driver(found, "features") == 50.0  # 4 of 8
    assert driver(found, "trend") == 100.0  # as much as ever
    assert driver(found, "seats") == 64.5  # 40 of 62
    assert driver(found, "levels") == 57.5  # 30 to 39 of 60
    assert driver(found, "tenure") == 66.2  # log(1 + 6.01 / 4) of log(1 + 12 / 4)


def test_what_is_reckoned_per_member_takes_the_middle_of_a_hidden_number_of_active_members() -> None:
    """58 of 60 are told as "56 or more": every figure per member is the middle, whichever it was."""
    for active in (56, 57, 58, 59, 60):
        found = scored(steady(active_4w=active, days=145), seats=116)
        assert driver(found, "activity") == 36.1  # 580 days: 9.7 to 10.4 of 28
        assert driver(found, "features") == pytest.approx(100 * 160 / 58 / 8, abs=0.7)
        assert driver(found, "seats") == 50.0
        assert any("56 or more active members" in one.text for one in found.drivers)


def test_contributions_add_up_to_the_score_as_they_are_printed() -> None:
    for index in range(200):
        found = scored(steady(days=60 + index, habitual=5 + index % 30), seats=40 + index, age=3 * index)
        printed = [f"{one.contribution:.1f}" for one in found.drivers]
        assert [float(text) for text in printed] == [one.contribution for one in found.drivers]
        assert found.score == round(50 + sum(round(10 * float(text)) for text in printed) / 10)
        assert sum(one.weight for one in found.drivers) == pytest.approx(1, abs=0.001)


def test_the_weights_are_round_and_whole() -> None:
    assert sum(round(100 * weight) for weight in health.WEIGHTS.values()) == 100
    assert all(round(100 * weight) % 5 == 0 for weight in health.WEIGHTS.values())
    assert set(health.WEIGHTS) == set(health.LABELS)


def test_the_weight_of_a_missing_input_is_shared_out_and_said() -> None:
    found = scored(steady(), seats=None)
    assert "seats" not in {one.name for one in found.drivers}
    assert sum(one.weight for one in found.drivers) == pytest.approx(1, abs=0.001)
    assert any(
        note.startswith("Seat use is missing: the number of seats is not known") for note in found.notes
    )


def test_confidence_is_high_with_a_tenth_of_the_weight_missing_and_no_more() -> None:
    assert scored(steady(), seats=None).confidence == "high"
    without_levels = [replace(one, levels=[]) for one in steady()]
    found = scored(without_levels)
    assert any(note.startswith("Levels is missing: the program has no levels") for note in found.notes), (
        found.notes
    )
    assert found.confidence == "high"
    assert scored(without_levels, seats=None).confidence == "medium"


@pytest.mark.parametrize("active", [0, 1, 4])
def test_below_the_floor_there_are_words_and_no_score(active: int) -> None:
    found = scored(steady(active=active, active_4w=active, habitual=0))
    assert (found.score, found.band, found.drivers) == (None, "unscored", ())
    assert "fewer than 5 members" in found.verdict
    assert str(active) not in found.verdict.replace("fewer than 5", "")


@pytest.mark.parametrize(
    "changes, told",
    [
        ({"members": 8, "active_4w": 8}, "there are fewer than 9 members"),
        (
            {"month_members": [7, 7, 8, 8], "active_4w": 8},
            "fewer than 9 members were there in four weeks",
        ),
        ({"absent_4w": 52, "active_4w": 8}, "fewer than 9 members were there in four weeks"),
        ({"active_4w": 4}, "fewer than 5 members were active in four weeks"),
    ],
)
def test_a_company_is_not_said_to_be_quiet_where_too_few_members_were_there(
    changes: dict[str, Any], told: str
) -> None:
    weeks = steady()
    weeks[-1] = replace(weeks[-1], **changes)
    assert scored(weeks).verdict.startswith(f"Not scored: {told}, too few to say anything")


@pytest.mark.parametrize("active", [0, 8])
def test_of_a_company_too_small_for_a_score_it_is_not_said_that_hardly_anybody_came(active: int) -> None:
    found = scored(steady(members=8, active=active, active_4w=active, habitual=0, levels=[]))
    assert found.score is None
    assert "there are fewer than 9 members" in found.verdict


def test_at_the_floor_there_is_a_score() -> None:
    found = scored(steady(members=12, active=5, active_4w=5, habitual=5, levels=[], days=25))
    assert found.score is not None
    assert found.confidence == "low"


def test_a_company_that_never_did_anything_is_not_scored() -> None:
    """Nor is one of today said to be quiet: it is not measured, as its report says, and no one's activity told it."""
    assert scored([]).score is None
    assert scored([]).verdict.startswith("Not scored: no week is measured yet. It takes a whole one")
    assert "active" not in scored([]).verdict
    assert "fewer than 5" in scored(steady(active_4w=0, active=0, since=0)).verdict


def after(*days: int) -> Health:
    """Active days week by week."""
    return scored([week(index, days=count) for index, count in enumerate(days)])


def test_decline_lowers_the_score_and_is_named_first() -> None:
    falling = after(*[150] * 12, *[60] * 4)
    assert (falling.score or 0) < (scored(steady()).score or 0)
    assert min(falling.drivers, key=lambda one: one.contribution).name == "trend"
    assert driver(falling, "trend") == 0.0  # 40 % of the best
    assert "60 % less activity than in the best four of the last 16 weeks" in falling.verdict


@pytest.mark.parametrize(
    "last, words",
    [
        (150, "as much activity in four weeks as ever in the last 16"),
        (147, "98 % of the activity in the best four of the last 16 weeks"),
        (105, "70 % of the activity in the best four of the last 16 weeks"),
        (104, "31 % less activity than in the best four of the last 16 weeks"),
    ],
)
def test_what_is_nearly_the_best_is_not_said_as_a_loss(last: int, words: str) -> None:
    found = after(*[150] * 12, *[last] * 4)
    assert next(one.text for one in found.drivers if one.name == "trend") == words


def test_how_long_a_company_has_been_a_customer_is_the_verdict_only_where_nothing_else_tells() -> None:
    drivers = scored(steady()).drivers
    [tenure] = [one for one in drivers if one.name == "tenure"]
    [days] = [one for one in drivers if one.name == "activity"]
    told = [replace(tenure, contribution=9.0), replace(days, contribution=1.0)]
    assert health.verdict_of(60, "healthy", told) == f"Healthy at 60 of 100: {days.text}."
    assert health.verdict_of(59, "watch", told[:1]) == f"Watch at 59 of 100: {tenure.text}."


def test_weeks_of_which_nothing_may_be_told_are_not_said_to_be_empty() -> None:
    """Of 20 active members in four weeks few came in each: nobody may be told to have done nothing at all."""
    quiet = [week(index, active=3, days=4, active_4w=20) for index in range(12, 16)]
    found = scored([*steady()[:12], *quiet])
    trend = next(one for one in found.drivers if one.name == "trend")
    assert trend.score == 0
    assert trend.text == "hardly any activity in four weeks, against the best four of the last 16 weeks"


def test_a_slow_decline_shows_against_the_best_of_half_a_year() -> None:
    slow = after(*(200 - 5 * index for index in range(26)))
    assert driver(slow, "trend") == pytest.approx(100 * (82.5 / 192.5 - 0.4) / 0.6, abs=1)
    long_ago = after(*[250] * 4, *[100] * 26)
    assert driver(long_ago, "trend") == 100.0


def test_the_best_four_weeks_may_lie_anywhere_in_half_a_year() -> None:
    assert driver(after(*[60] * 6, *[200] * 6, *[140] * 6), "trend") == 50.0  # 70 %


def test_ramping_up_is_not_better_than_having_arrived() -> None:
    rising = after(*(60 + 6 * index for index in range(16)))
    settled = after(*[150] * 16)
    assert driver(rising, "trend") == driver(settled, "trend") == 100.0


def test_a_feature_counts_as_in_use_from_k_members_on() -> None:
    few = {name: FeatureWeek(4, 4 if name in "ab" else 20, 9) for name in NAMES}
    found = scored(steady(features=few))
    assert driver(found, "breadth") == 75.0
    assert "6 of 8 key features are used by at least 5 members" in {one.text for one in found.drivers}


def with_hidden(count: int) -> Health:
    """Some of the eight features were used by nearly everybody in months told before, and by few in two of them."""
    used = [FeatureWeek(15, 20, 100, 0, 8) if at < count else FeatureWeek(15, 20, 100) for at in range(8)]
    return scored(steady(features=dict(zip(NAMES, used, strict=True))))


def test_what_members_use_of_features_that_few_use_is_said_to_be_an_estimate() -> None:
    few = {name: FeatureWeek(4, 4 if name in "ab" else 20, 9) for name in NAMES}
    assert "an active member uses about 3 of 8 key features" in {
        one.text for one in scored(steady(features=few)).drivers
    }
    assert "an active member uses 4 of 8 key features" in {one.text for one in scored(steady()).drivers}


def test_of_a_single_key_feature_it_speaks_in_the_singular() -> None:
    one = {"a": FeatureWeek(20, 20, 90)}
    assert {
        "1 of 1 key feature is used by at least 5 members",
        "an active member uses 0.5 of 1 key feature",
    } <= {driver.text for driver in scored(steady(features=one)).drivers}


def test_days_of_which_hardly_anything_is_told_are_said_to_be_a_range_that_ends_with_the_month() -> None:
    for days in (60, 280):
        few = [week(index, members=12, active=12, active_4w=12, days=days) for index in range(16)]
        scoring = scored(few)
        assert "an active member was active on 12.3 to 28 of 28 days" in {one.text for one in scoring.drivers}
        assert driver(scoring, "activity") == 71.8  # 20.1 days, the middle
        (ranges,) = (note for note in scoring.notes if note.startswith("Reckoned with the middle of a range"))
        assert {"Days active", "Trend"} <= {*ranges.removesuffix(".").split(": ")[1].split(", ")}


def open_points(found: Health) -> int:
    """How many points ranges leave open, as the notes say."""
    said = [note for note in found.notes if note.startswith("For what is told as a range")]
    return int(re.findall(r"by (\d+) either way", said[0])[0]) if said else 0


def test_confidence_goes_by_how_many_points_ranges_leave_open() -> None:
    found = scored(steady())
    assert (open_points(found), found.confidence) == (1, "high")  # the levels: 30 to 39 of 60
    quiet = [replace(one, days=26) if index > 11 else one for index, one in enumerate(steady())]
    found = scored(quiet)
    assert any(one.text.endswith("by a rough estimate") for one in found.drivers)
    assert (open_points(found), found.confidence) == (3, "medium")
    found = scored([week(index, members=12, active=12, active_4w=12, days=60) for index in range(16)])
    assert (open_points(found), found.confidence) == (12, "low")


@pytest.mark.parametrize(
    "active, weeks, confidence", [(20, 12, "high"), (19, 12, "medium"), (20, 11, "medium")]
)
def test_confidence_is_high_from_20_active_members_and_12_weeks_on(
    active: int, weeks: int, confidence: str
) -> None:
    so_many = [
        week(
            index,
            members=60,
            activated=active + 10,
            active=active,
            active_4w=active,
            habitual=10,
            days=3 * active,
        )
        for index in range(weeks)
    ]
    found = scored(so_many)
    assert open_points(found) <= health.SURE, found.notes
    assert found.confidence == confidence, found.notes


def test_a_verdict_does_not_rest_on_what_may_be_good_or_bad() -> None:
    found = scored([week(index, members=10, active=10, active_4w=10, days=30) for index in range(16)])
    assert found.drivers[0].text.endswith("by a rough estimate")
    assert found.verdict.startswith(
        "Thriving at 82 of 100: 8 of 8 key features are used by at least 5 members, but "
    )


def test_features_hidden_by_earlier_months_are_left_out() -> None:
    found = with_hidden(2)
    assert (driver(found, "breadth"), driver(found, "features")) == (100.0, 50.0)
    assert {
        "6 of 6 key features are used by at least 5 members; 2 cannot be shown",
        "an active member uses 3 of 6 key features; 2 cannot be shown",
    } <= {one.text for one in found.drivers}


def test_with_more_than_half_of_the_features_hidden_breadth_is_missing() -> None:
    assert driver(with_hidden(4), "breadth") == 100.0
    found = with_hidden(5)
    assert not {"breadth", "features"} & {one.name for one in found.drivers}
    assert "how many features are in use cannot be shown" in msgspec.json.encode(found).decode()


def test_of_very_many_declared_features_thirty_are_enough() -> None:
    many = {f"event {index}": FeatureWeek(0, 20 if index < 15 else 0, 9) for index in range(300)}
    found = scored(steady(features=many))
    assert driver(found, "breadth") == 50.0
    assert driver(found, "features") == 25.0  # 7.5 for each of 40


def test_time_with_the_host_counts_up_to_a_year() -> None:
    assert [driver(scored(steady(), age=days), "tenure") for days in (-5, 0, 365, 366, 4000)] == [
        0.0,
        0.0,
        100.0,
        100.0,
        100.0,
    ]


def test_a_contract_that_has_not_begun_is_no_time_at_all() -> None:
    assert "a customer for less than a month" in {one.text for one in scored(steady(), age=-400).drivers}


def test_without_a_contract_time_counts_from_the_first_activity() -> None:
    found = scored(steady(), age=None)
    assert driver(found, "tenure") == 47.1  # 3.68 months: log(1 + 3.68 / 4) of log(1 + 12 / 4)
    assert "a customer for 3 months, going by the first activity" in {one.text for one in found.drivers}


def test_a_new_customer_is_measured_by_the_bounds_for_new_ones() -> None:
    weeks = steady(active_4w=30, active=15, habitual=10)
    assert driver(scored(weeks, seats=60, age=90), "seats") == 66.7
    assert driver(scored(weeks, seats=60, age=400), "seats") == 50.0


def test_habit_and_trend_wait_for_enough_weeks() -> None:
    young = [replace(one, since=FIRST + 7 * 10) for one in steady()]
    found = scored(young)
    assert {"habit", "trend"}.isdisjoint(one.name for one in found.drivers)
    assert found.confidence == "low"


def test_a_company_of_fewer_than_twice_the_floor_is_not_scored() -> None:
    """Of nine members the fewest that may be active are five: "four used it" would be said of nearly everyone."""
    found = scored(steady(members=8, active=6, active_4w=6, habitual=5, days=30, levels=[]))
    assert found.score is None


counts = st.integers(0, 40)


@given(counts, counts, counts, st.integers(0, 280), st.integers(9, 40))
def test_weeks_that_look_the_same_through_the_wall_score_the_same(
    active: int, active_4w: int, habitual: int, days: int, members: int
) -> None:
    """The score of what is hidden: moving a count within its hidden range moves nothing."""
    active_4w = min(active_4w, members)
    active, habitual = min(active, active_4w), min(habitual, active_4w)
    base = steady(
        members=members,
        active_4w=active_4w,
        active=active,
        habitual=habitual,
        days=max(days, active),
        levels=[],
    )
    found = scored(base)
    if habitual < K:
        assert (
            scored([*base[:-1], replace(base[-1], habitual=K - 1 if active_4w >= K - 1 else habitual)])
            == found
        )
    if active_4w >= K and members - active_4w < K and active_4w + 1 <= members:
        moved = replace(base[-1], active_4w=active_4w + 1)
        # The other groups are hidden or shown by the range that is told, which is the same.
        assert scored([*base[:-1], moved]).score == found.score


def test_the_words_of_a_report_name_the_version_that_the_score_is_of() -> None:
    assert f"Version {health.VERSION}:" in DEFINITIONS[0].text
