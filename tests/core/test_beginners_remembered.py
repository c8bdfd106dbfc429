"""What is remembered of who began something, or did it: how many can in a month besides those told before, and until
when the months add up."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from engage.core.calendar import month_end
from engage.core.measures import FeatureWeek, WeekMeasures
from engage.core.privacy import fact
from engage.core.published_beginners import remember_beginners, remember_users
from engage.core.segments import Begun, Came

MONTH = 28
FIRST = month_end(739_018)


def _begins(ago: int = 1, again: int = 0, **said: object) -> WeekMeasures:
    """Of forty members thirty were active in each month; ten began something, as is told so many months later."""
    week = WeekMeasures(FIRST + MONTH * ago, members=40, definition=2, active_4w=30, activated=40, floor=5)
    week.month, week.month_members, week.month_left = [20] * 4, [36, 40, 40, 38], (3, 3)
    week.months_told = [(30, 30)] * 4
    week.funnels, week.funnel_months, week.funnel_begins = (
        {"way": [10]},
        {"way": ago},
        {"way": ("Invited", again)},
    )
    return replace(week, **said)


def _before(week: WeekMeasures, weeks: int = 4, **said: object) -> WeekMeasures:
    """So many weeks before, by the end of which 20 were told to be activated at most, and more before that."""
    found = WeekMeasures(week.monday - 7 * weeks, members=40, activated_most=[20, 25, 30])
    return replace(found, **said)


BY_THEN = Came([FIRST], [[0, 18], [-9, 0]])


@pytest.mark.parametrize(
    "ago, weeks, said, told, room",
    [
        pytest.param(1, 4, {}, {}, 20, id="of those activated by the end of that month"),
        pytest.param(1, 1, {"monday": FIRST + MONTH + 7}, {}, 25, id="in a second look at the month too"),
        pytest.param(2, 4, {}, {}, 25, id="two months ago"),
        pytest.param(3, 4, {}, {}, 30, id="three months ago"),
        pytest.param(4, 4, {}, {}, 35, id="longer ago than is remembered"),
        pytest.param(0, 4, {}, {}, 35, id="in this month"),
        pytest.param(1, 4, {"month_members": []}, {"activated_most": []}, 37, id="of members now"),
        pytest.param(1, 4, {}, {"came": BY_THEN}, 18, id="of those who had come, as cohorts tell"),
        pytest.param(1, 4, {}, {"came": BY_THEN, "activated_most": [16]}, 16, id="or fewer"),
        pytest.param(
            1, 4, {}, {"begun": {"Invited": {FIRST - MONTH: Begun(6, 0, 9)}}}, 14, id="and not before"
        ),
        pytest.param(
            1, 4, {}, {"begun": {"Invited": {FIRST - MONTH: Begun(30, 0, 30)}}}, 0, id="nobody is left"
        ),
        pytest.param(
            1, 4, {}, {"begun": {"Other": {FIRST - MONTH: Begun(6, 0, 9)}}}, 20, id="with this event"
        ),
        pytest.param(
            0,
            1,
            {"monday": FIRST + 7},
            {"begun": {"Invited": {FIRST: Begun(6, 1, 9), FIRST + MONTH: Begun(5, 0, 9)}}},
            37,
            id="whoever had not left before it when it was told first",
        ),
    ],
)
def test_as_many_can_begin_as_are_told_to_have_come_by_then(
    ago: int, weeks: int, said: dict[str, object], told: dict[str, object], room: int
) -> None:
    week = _begins(ago, **said)
    before = _before(week, weeks, **told)
    remember_beginners(week, before, 5)
    assert week.begun_room == {"way": room}
    first = before.begun.get("Invited", {})
    assert {one: month for one, month in week.begun["Invited"].items() if one in first} == first
    assert FIRST in week.begun["Invited"]


def test_the_first_week_of_all_remembers_who_began() -> None:
    week = _begins(0)
    remember_beginners(week, None, 5)
    assert (week.begun_room, week.begun) == ({"way": 35}, {"Invited": {FIRST: Begun(10, 3, 10)}})


EARLIER = {FIRST - MONTH: Begun(9, 0, 12), FIRST: Begun(9, 2, 12)}


def test_what_k_began_again_adds_up_to_nothing_from_then_on() -> None:
    week = _begins(0, again=5, monday=FIRST + MONTH)
    remember_beginners(week, _before(week, begun={"Invited": EARLIER}), 5)
    nothing = {FIRST - MONTH: Begun(0, 0, 12), FIRST: Begun(0, 2, 12), FIRST + MONTH: Begun(0, 0, 10)}
    assert (week.begun_room, week.begun) == ({}, {"Invited": nothing})


def _uses(again: int, **said: object) -> WeekMeasures:
    """Ten used a key event in the month after."""
    week = _begins(0, monday=FIRST + MONTH, funnels={}, funnel_begins={}, **said)
    week.features = {"Onboarded": FeatureWeek(10, 10, 10, again)}
    week.begun = {"Onboarded": {**EARLIER}}
    remember_users(week, fact(30, "members"), 5)
    return week


def test_what_k_used_again_adds_up_to_nothing_from_then_on() -> None:
    week = _uses(5)
    nothing = {FIRST - MONTH: Begun(0, 0, 12), FIRST: Begun(0, 2, 12), FIRST + MONTH: Begun(0, 0, 10)}
    assert (week.features["Onboarded"].room, week.begun["Onboarded"]) == (-1, nothing)


@pytest.mark.parametrize(
    "said, room",
    [
        pytest.param({}, 20, id="of 38 eighteen had"),
        pytest.param({"month_members": []}, 22, id="of forty"),
        pytest.param({"month_left": (30, 30)}, 8, id="of those who had not left before the third"),
        pytest.param({"month_members": [12, 12, 12, 12]}, 0, id="nobody is left"),
    ],
)
def test_as_many_can_use_it_as_had_not_before(said: dict[str, object], room: int) -> None:
    week = _uses(4, **said)
    gone = int(str(said.get("month_left", (3, 3))).strip("(").split(",")[0])
    assert week.features["Onboarded"].room == room
    assert {one: month for one, month in week.begun["Onboarded"].items() if one in EARLIER} == EARLIER
    assert week.begun["Onboarded"][FIRST + MONTH].gone == gone
    again = replace(week, month_left=(9, 9))
    remember_users(again, fact(30, "members"), 5)
    assert (again.features["Onboarded"].room, again.begun) == (room, week.begun), "a second look"
