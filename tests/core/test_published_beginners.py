"""Beginners of a funnel, told month after month: what the months may not add up to, and of which steps they do."""

from __future__ import annotations

from collections.abc import Sequence

from engage.core.calendar import month_end
from engage.core.funnels import has_begun_again
from engage.core.measures import WeekMeasures
from engage.core.privacy import missing
from engage.core.published import remember_peaks
from engage.core.published_beginners import BEGUN_MONTHS, begun_by, publish_beginners
from engage.core.segments import cohort_of
from engage.core.state import MemberState

MONTH = 28
FIRST = month_end(739_018)


def year_of(beginners: Sequence[int], again: int = 0, left: Sequence[int] = ()) -> list[WeekMeasures]:
    """Forty members, of whom thirty are active in each month; beginners are told a month later."""
    weeks = []
    for at, count in enumerate([0, *beginners]):
        week = WeekMeasures(FIRST + MONTH * at, members=40, definition=2, active_4w=30, activated=40)
        week.month, week.month_members = [20] * 4, [40] * 4
        week.month_left = (left[at] if left else 0, 0)
        week.funnels, week.funnel_months = {"way": [count]}, {"way": 1}
        week.funnel_begins = {"way": ("Invited", again if at > 1 else 0)}
        weeks.append(week)
    remember_peaks(weeks, None, 5)
    return weeks


def told(weeks: Sequence[WeekMeasures]) -> list[str]:
    return [publish_beginners(week, missing("members"), "way", 5).text for week in weeks[1:]]


def test_months_of_beginners_do_not_add_up_to_nearly_everybody() -> None:
    assert told(year_of([12, 12, 12, 4])) == ["12", "12", "12 or more", "not shown"]


def test_what_is_begun_again_and_again_is_told_every_month() -> None:
    """A company of which k have begun twice is no longer one in which each begins once."""
    assert told(year_of([12] * 6, again=5)) == ["12"] * 6
    assert told(year_of([12] * 6, again=4))[3:] == ["not shown"] * 3


def test_who_had_left_before_cannot_begin() -> None:
    assert told(year_of([8, 8, 8], left=[0, 0, 0, 0])) == ["8", "8", "8"]
    assert told(year_of([8, 8, 8], left=[16, 16, 16, 16]))[2] == "not shown"
    assert told(year_of([2, 12, 8], left=[0, 0, 16, 16]))[2] == "8 or more"


def test_a_step_that_ends_and_comes_back_is_remembered() -> None:
    weeks = year_of([12, 12, 12, 12])
    for week in weeks[2:4]:
        week.funnels, week.funnel_months, week.funnel_begins = {}, {}, {}
    weeks[4].funnels = {"another": [12]}
    weeks[4].funnel_months, weeks[4].funnel_begins = {"another": 1}, {"another": ("Invited", 0)}
    remember_peaks(weeks, None, 5)
    assert list(weeks[4].begun["Invited"]) == [FIRST - MONTH, FIRST, FIRST + 3 * MONTH]


def test_the_oldest_months_are_remembered_as_one() -> None:
    weeks = year_of([12, *[0] * 20])
    assert len(weeks[-1].begun["Invited"]) == BEGUN_MONTHS
    assert begun_by(weeks[-1])[cohort_of(FIRST + 19 * MONTH)] == 12


def test_who_began_in_two_months_has_begun_again() -> None:
    member, first = MemberState(), FIRST + 7
    member.funnels["way"] = (first, (0b1001,))
    assert not has_begun_again(member, "way", FIRST + 2 * MONTH)
    member.funnels["way"] = (first, (0b11000,))
    assert has_begun_again(member, "way", FIRST + 2 * MONTH)
    assert not has_begun_again(member, "way", FIRST + MONTH)
    assert not has_begun_again(member, "other", FIRST)
