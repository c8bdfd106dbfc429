"""What weeks tell of those who can have come: whoever knows the list takes the others off before reading a number."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from engage.core.calendar import month_end
from engage.core.measures import MONTH_WEEKS, WEEK, WeekMeasures
from engage.core.privacy import Figure
from engage.core.published import (
    publish_active,
    publish_month,
    publish_month_weeks,
    publish_people,
    remember_peaks,
)

K = 5
MEMBERS = 20
MONDAY = month_end(739_000 - 739_000 % 7 + 1)


def month(active: int, *weeks: int, **said: object) -> WeekMeasures:
    week = WeekMeasures(MONDAY, members=MEMBERS, activated=active, active_4w=active, definition=2, floor=K)
    return replace(week, month=[*weeks, *[0] * (MONTH_WEEKS - len(weeks))], **said)


def test_a_week_leaves_k_of_those_who_can_have_come() -> None:
    """With all the others known to stay away, either side of a number would be fewer than k."""
    for absent in range(MEMBERS + 1):
        present = MEMBERS - absent
        told: dict[Figure, list[int]] = {}
        for count in range(present + 1):
            told.setdefault(publish_active(count, K, MEMBERS, absent), []).append(count)
        assert (len(told) == 1) == (present < 2 * K - 1)
        for figure, counts in told.items():
            assert figure.value is None or K <= figure.value <= present - K
            assert figure.value is not None or len(counts) >= min(K, present + 1)


@pytest.mark.parametrize("absent", [11, 12, 15, 20])
def test_of_a_month_nothing_is_told_where_fewer_than_2k_less_one_can_have_come(absent: int) -> None:
    present = MEMBERS - absent
    counts = range(min(K, present), present + 1)
    told = {publish_month(month(count, min(K, count), absent_4w=absent), K) for count in [0, *counts]}
    assert (len(told) == 1) == (present < 2 * K - 1)
    assert max(figure.floor for figure in told) == (0 if len(told) == 1 else K)


def test_of_weeks_measured_under_a_lower_floor_nothing_is_told() -> None:
    """A week of three was no quiet one under it, and counts in the month: beside the others it would be told."""
    figures = {publish_month(month(count, 10, 3, floor=3), K) for count in (10, 11, 13)}
    assert [(figure.low, figure.high) for figure in figures] == [(0, MEMBERS)]


def test_a_month_is_judged_by_visits_of_those_who_can_have_come_in_each_week() -> None:
    """Half were away in one week, the others in the next: 54 of 30 and 30 would say that nobody came twice."""
    week = replace(month(54, 27, 27), members=60, month_absent=[30, 30, 0, 0])
    assert [one.text for one in publish_month_weeks(week, K)[:2]] == ["26 or more"] * 2
    assert publish_month(week, K).value is None
    assert publish_month(replace(week, active_4w=45), K).value == 45


def test_who_is_activated_is_told_beside_the_most_that_were_told_active_so_far() -> None:
    """After a month of 32, a band up to 34 beside a month of 12 would tell that hardly anybody came in others alone."""
    first = replace(month(32, 20, 20, 20), members=80)
    second = replace(first, monday=MONDAY + WEEK * MONTH_WEEKS, active_4w=12, month=[12, 0, 0, 0])
    first.activated = second.activated = 33
    remember_peaks([first, second], None, K)
    assert publish_people(first, K).active_4w.value == 32
    for week in (first, second):
        activated = publish_people(week, K).activated
        assert activated.floor <= 33
        assert (activated.ceiling or 0) >= 32 + K - 1
