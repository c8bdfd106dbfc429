"""Where what is told of classes of use begins and ends; what an attacker concludes is tried in `tests/privacy`."""

from __future__ import annotations

import pytest

from engage.core import segments
from engage.core.measures import WeekMeasures
from engage.core.privacy import NOT_SHOWN, Figure, fact
from engage.core.published import remember_peaks
from engage.core.published_classes import (
    NOT_TOLD,
    NOVICE_MORE,
    POWER_MORE,
    publish_classes,
    remember_beyond_days,
)
from engage.core.windows import between
from tests.core.test_published_people import MEMBERS, MONDAY, K, members, people, week

WEEK = 7
HIDDEN = Figure(NOT_SHOWN, "events", hidden="few")


@pytest.mark.parametrize(
    "classes, habitual, told",
    [
        ((8, 12, 7, 0, 0), members(20), ["8", "12", "6 to 11", "7 to 18", "fewer than 7"]),
        ((8, 12, 5, 0, 0), members(20), ["8", "12", "fewer than 6", "13 to 24", "fewer than 7"]),
        ((8, 12, 12, 0, 0), members(20), ["8", "12", "12 or more", "fewer than 13", "fewer than 7"]),
        ((2, 18, 7, 0, 0), members(20), ["fewer than 3", "18 or more", "not shown", "fewer than 25", "fewer than 7"]),
        ((18, 2, 7, 0, 0), members(20), ["18 or more", "fewer than 3", "not shown", "fewer than 25", "fewer than 7"]),
        ((8, 12, 7, 0, 0), between(10, 15, 60), ["fewer than 16"] * 2 + ["not shown", "fewer than 35", "fewer than 7"]),
    ],
)  # fmt: skip
def test_classes_of_use_are_told_within_who_has_the_habit_and_who_was_activated(
    classes: tuple[int, ...], habitual: Figure, told: list[str]
) -> None:
    """Of 40 to 44 activated members, 38 of them active."""
    found = week(classes=[*classes])
    assert [one.text for one in publish_classes(found, people(habitual, between(40, 44, MEMBERS)), K)] == told


def test_nobody_is_without_use_in_the_first_twelve_weeks() -> None:
    for weeks, told in ((11, "not measured"), (12, "fewer than 7")):
        found = week(classes=[8, 12, 7, 0, 0], since=MONDAY - 7 * weeks)
        shown = publish_classes(found, people(members(20), between(40, 44, MEMBERS)), K)
        assert shown[4].text == told


def test_whoever_came_as_rarely_as_can_be_is_of_a_class_from_so_many_more_events_on() -> None:
    """A day in each of nine weeks makes a habit, and one day an activated member: what more takes fewer than that is
    told of more members than it can be."""
    power, novice = (
        next(events for events in range(999) if segments._class(events, has_habit) == kind)
        for kind, has_habit in ((segments.POWER, True), (segments.NOVICE, False))
    )
    assert (power - 9, novice - 1) == (POWER_MORE, NOVICE_MORE)


def with_habit(power: int, room: int) -> list[str]:
    """What is told of 20, beside so many events of twelve weeks."""
    found = week(classes=[power, 20 - power, 7, 0, 0], beyond_days=[room, *[0] * 11])
    return [one.text for one in publish_classes(found, people(members(20), between(40, 44, MEMBERS)), K)[:2]]


@pytest.mark.parametrize(
    "power, room, shown",
    [
        pytest.param(3, 4, ["not shown", "not shown"], id="2k - 2 can be"),
        pytest.param(3, 5, ["3 or more", "fewer than 18"], id="2k - 1 can be, fewer than k more"),
        pytest.param(2, 5, ["fewer than 3", "18 or more"], id="fewer than k are"),
        pytest.param(3, 6, ["3", "17"], id="k more can be"),
        pytest.param(17, 19, ["3 or more", "fewer than 18"], id="of all but one that can be"),
        pytest.param(18, 19, ["3 or more", "fewer than 18"], id="hardly more can be, nor have the habit"),
        pytest.param(17, 20, ["17", "3"], id="all can be"),
        pytest.param(18, 20, ["18 or more", "fewer than 3"], id="hardly more have the habit"),
    ],
)
def test_power_users_are_told_where_the_events_would_do_for_k_more(
    power: int, room: int, shown: list[str]
) -> None:
    assert with_habit(power, room * POWER_MORE) == shown
    assert with_habit(power, room * POWER_MORE - 1) == with_habit(power, (room - 1) * POWER_MORE)


def test_novices_are_told_where_the_events_would_do_for_all_who_have_no_habit() -> None:
    everybody, room = people(members(12), members(MEMBERS)), 3 * POWER_MORE + (MEMBERS - 12) * NOVICE_MORE
    for events, shown in (([room], "6 to 11"), ([room - 1], "not shown"), ([0, NOT_TOLD], "6 to 11")):
        found = week(classes=[3, 9, 7, 0, 0], beyond_days=[*events, *[0] * 10])
        assert [one.text for one in publish_classes(found, everybody, K)[:3]] == ["3", "9", shown]


def test_a_week_remembers_the_events_besides_days_that_k_less_two_did_not_do() -> None:
    first = MONDAY + WEEK  # of a month
    weeks = [
        WeekMeasures(
            first + WEEK * at,
            members=20,
            active=10,
            days=30,
            events=200 + at,
            floor=K,
            leading=(50, 40, 110 + at),
        )
        for at in range(20)
    ]
    weeks[1].leading = (190, 2, 9)  # nearly all are one member's
    weeks[2].active = weeks[2].days = 10
    remember_peaks(weeks[:7], None, K)
    for at in range(7, 20):
        remember_peaks([weeks[at]], weeks[at - 1], K)
    assert weeks[3].beyond_days == [40 + 113 - 30, 40 + 112 - 17, NOT_TOLD, 40 + 110 - 30]
    assert weeks[19].beyond_days == [120 + at for at in reversed(range(4, 20))]
    late = WeekMeasures(weeks[19].monday + 2 * WEEK, floor=K)
    remember_peaks([late], weeks[19], K)
    assert set(late.beyond_days) == {NOT_TOLD}


@pytest.mark.parametrize(
    "leading, events, days, besides",
    [
        ((50, 40, 110), members(200), fact(30, "days"), 120),
        ((50, 40, 110), members(200), between(30, 60, 140), 90),
        ((50, 40, 110), members(200), HIDDEN, 10),  # no more than seven days of each of 20 members
        ((50, 40, 110), members(200), fact(151, "days"), 0),
        ((50, 40, 110), HIDDEN, fact(30, "days"), NOT_TOLD),
        ((0, 0, 0), members(200), fact(30, "days"), NOT_TOLD),  # frozen before these were kept
    ],
)
def test_besides_as_many_days_as_there_can_have_been_by_what_is_told_so_many_events_were(
    leading: tuple[int, int, int], events: Figure, days: Figure, besides: int
) -> None:
    found = WeekMeasures(MONDAY, members=20, leading=leading)
    remember_beyond_days(found, None, events, days)
    assert found.beyond_days == [besides]


def test_of_twelve_weeks_not_all_of_which_are_remembered_nothing_is_said() -> None:
    room = 5 * POWER_MORE
    for past in range(4):
        for earlier, told in (([], "3 or more"), ([0] * 11, "3 or more"), ([0] * 10 + [NOT_TOLD], "3")):
            found = week(classes=[3, 17, 7, 0, 0], beyond_days=[*[99 * room] * past, room, *earlier])
            found.monday += WEEK * past
            shown = publish_classes(found, people(members(20), between(40, 44, MEMBERS)), K)
            assert shown[0].text == told
    before = WeekMeasures(MONDAY)  # frozen by an earlier release
    after = WeekMeasures(MONDAY + WEEK, leading=(9, 9, 9))
    remember_beyond_days(after, before, members(30), fact(9, "days"))
    assert after.beyond_days == [9, NOT_TOLD]
