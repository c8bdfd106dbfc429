"""The score: reckoned from figures alone, explained to the last point, silent below the floor."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from engage.core import health
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
        levels=[("", 10), ("bronze", 20), ("silver", 30)],
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
    found = scored(steady())
    assert driver(found, "activity") == 50.0  # 400 days of 40 members: 10, between 2 and 18
    assert driver(found, "habit") == 100.0  # 50 %
    assert driver(found, "momentum") == 60.0  # as before: 1.0, between 0.4 and 1.4
    assert driver(found, "breadth") == 100.0  # 4 of 8
    assert driver(found, "seats") == pytest.approx(48.3, abs=0.1)  # 64.5 %, between 50 and 80
    assert driver(found, "levels") == 100.0  # 30 of 60
    assert found.band == "healthy" if (found.score or 0) < 80 else "thriving"


def test_contributions_add_up_to_the_score() -> None:
    found = scored(steady())
    assert found.score == round(50 + sum(one.contribution for one in found.drivers))
    assert sum(one.weight for one in found.drivers) == pytest.approx(1, abs=0.001)


def test_the_weight_of_a_missing_input_is_shared_out_and_said() -> None:
    found = scored(steady(), seats=None)
    assert "seats" not in {one.name for one in found.drivers}
    assert sum(one.weight for one in found.drivers) == pytest.approx(1, abs=0.001)
    assert any(
        note.startswith("Seat use is missing: the number of seats is not known") for note in found.notes
    )
    assert found.confidence == "medium"


@pytest.mark.parametrize("active", [0, 1, 4])
def test_below_the_floor_there_are_words_and_no_score(active: int) -> None:
    found = scored(steady(active=active, active_4w=active, habitual=0))
    assert (found.score, found.band, found.drivers) == (None, "unscored", ())
    assert "fewer than 5 members" in found.verdict
    assert str(active) not in found.verdict.replace("fewer than 5", "")


def test_at_the_floor_there_is_a_score() -> None:
    found = scored(steady(members=12, active=5, active_4w=5, habitual=5, levels=[], days=25))
    assert found.score is not None
    assert found.confidence == "low"


def test_a_company_that_never_did_anything_is_not_scored() -> None:
    assert scored([]).score is None
    assert "no activity" in scored([]).verdict


def test_decline_lowers_the_score_and_is_named_first() -> None:
    falling = [
        *(week(index, active=38) for index in range(12)),
        *(week(index, active=12) for index in range(12, 16)),
    ]
    found = scored(falling)
    assert (found.score or 0) < (scored(steady()).score or 0)
    assert min(found.drivers, key=lambda one: one.contribution).name == "momentum"


def test_a_new_customer_is_measured_by_the_bounds_for_new_ones() -> None:
    weeks = steady(active_4w=20, active=15, habitual=10)
    assert driver(scored(weeks, age=90), "seats") > driver(scored(weeks, age=400), "seats") == 0


def test_habit_and_momentum_wait_for_enough_weeks() -> None:
    young = [replace(one, since=FIRST + 7 * 10) for one in steady()]
    found = scored(young)
    assert {"habit", "momentum"}.isdisjoint(one.name for one in found.drivers)
    assert found.confidence == "low"


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
