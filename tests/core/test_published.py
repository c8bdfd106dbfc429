"""What weeks tell of those who can have come: whoever knows the list takes the others off before reading a number."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest
from msgspec.structs import replace

from engage.core.calendar import month_end
from engage.core.measures import MONTH_WEEKS, WEEK, FeatureWeek, WeekMeasures
from engage.core.prices import Price
from engage.core.privacy import Figure
from engage.core.published import (
    HABIT_MONTHS,
    days_of_month,
    issued_band,
    publish_active,
    publish_events,
    publish_feature_events,
    publish_levels,
    publish_month,
    publish_month_days,
    publish_month_members,
    publish_month_weeks,
    publish_people,
    publish_week_days,
    remember_peaks,
    was_scored,
)
from engage.core.segments import Begun, Came, GroupWeek
from engage.core.state import AMOUNT_MAX

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


def steady(habitual: int, **said: object) -> str:
    """Of 60 members, 50 of them active in the month."""
    week = replace(month(50, *[40] * 4), members=60, habitual=habitual, peak=50, **said)
    people = publish_people(week, K)
    assert (people.active_4w.text, people.activated.text) == ("50", "50 to 54")
    return people.habitual.text


FULL = [(50, 50)] * HABIT_MONTHS
LATE = Came([MONDAY - 56, MONDAY - 28, MONDAY], [[99] * 4, [99] * 4, [99, -5, 99, 99], [99, -5, 99, 99]])
"""Five came in the second of three months."""


@pytest.mark.parametrize(
    "habitual, said, told",
    [
        pytest.param(20, {}, "20", id="nothing is remembered"),
        pytest.param(20, {"months_told": FULL, "visits_told": [200]}, "20", id="visits are not remembered of each"),
        pytest.param(16, {"months_told": [(50, 50), (18, 20), (20, 22)]}, "14 or more", id="the least month"),
        pytest.param(13, {"months_told": [(50, 50), (18, 20), (20, 22)]}, "13", id="the least month leaves k"),
        pytest.param(13, {"months_told": [(50, 50), (20, 22), (20, 22)], "came": LATE}, "11 or more", id="five late"),
        pytest.param(8, {"no_habit": 50}, "6 or more", id="ten can have it"),
        pytest.param(7, {"no_habit": 51}, "5 or more", id="2k less one can have it"),
        pytest.param(8, {"no_habit": 52}, "fewer than 51", id="fewer can have it"),
        pytest.param(7, {"months_told": FULL, "visits_told": [204, 0, 0]}, "5 or more", id="visits for 2k less one"),
        pytest.param(7, {"months_told": FULL, "visits_told": [203, 0, 0]}, "fewer than 51", id="visits for fewer"),
        pytest.param(
            7, {"months_told": [*FULL, (50, 50)], "visits_told": [203, 0, 0]}, "fewer than 51", id="of three months",
        ),
        pytest.param(8, {"months_told": FULL, "visits_told": [222, 0, 0]}, "8 or more", id="visits for twelve"),
        pytest.param(7, {"months_told": FULL, "visits_told": [222, 0, 0]}, "7", id="k less than visits for twelve"),
        pytest.param(14, {"months_told": FULL, "visits_told": [452, 0, 0]}, "5 to 14", id="visits that take five"),
        pytest.param(15, {"months_told": FULL, "visits_told": [452, 0, 0]}, "15", id="2k more than visits take"),
        pytest.param(9, {"months_told": FULL, "visits_told": [412, 0, 0]}, "9", id="visits that leave room for k"),
        pytest.param(9, {"months_told": FULL, "visits_told": [416, 0, 0]}, "fewer than 10", id="and for fewer"),
        pytest.param(10, {"months_told": FULL, "visits_told": [416, 0, 0]}, "10", id="2k more than none"),
        pytest.param(
            10, {"months_told": [(50, 50), (20, 20), (20, 20)], "visits_told": [452, 0, 0]}, "5 to 14",
            id="k are left between what visits take and the least month",
        ),
        pytest.param(
            10, {"months_told": [(50, 50), (20, 20), (20, 20)], "visits_told": [456, 0, 0]}, "6 to 20",
            id="fewer are left between them",
        ),
        pytest.param(
            10, {"months_told": [(50, 50), (18, 30), (18, 30)], "visits_told": [452, 0, 0]}, "5 to 30",
            id="and the least that the least month can be",
        ),
    ],
)  # fmt: skip
def test_who_has_the_habit_is_told_between_what_months_and_visits_leave(
    habitual: int, said: dict[str, object], told: str
) -> None:
    assert steady(habitual, **said) == told


def test_no_more_have_the_habit_than_may_have_been_active() -> None:
    week = replace(month(20, *[20] * 4), members=60, no_habit=55)
    assert [publish_people(week, K).active_4w.text, publish_people(week, K).habitual.text] == [
        "20 to 24",
        "fewer than 25",
    ]


def test_who_cannot_have_come_in_a_week_is_taken_off_when_it_is_told_and_remembered() -> None:
    """Of twelve two cannot have come: of the others fewer than k did not."""
    before = replace(month(10, 8, 5), members=12, active=8, absent=2, days=30)
    remember_peaks([before], None, K)
    assert before.months_told == [(8, 12)]
    week = replace(before, monday=MONDAY + WEEK)
    remember_peaks([week], before, K)
    assert week.active_before == (6, 12)
    for k in (K - 2, K):
        assert publish_people(before, k).active.text == "6 or more"
        assert publish_week_days(before, k).text == "not shown"


def test_a_week_remembers_of_each_month_before_what_its_last_week_told() -> None:
    weeks = [
        replace(
            month(30 + 3 * (at // 4), 20 + at, 20, 20, 20),
            members=80, monday=MONDAY + WEEK * at, active=20 + at, activated=40,
        )
        for at in range(-3, 14)
    ]  # fmt: skip
    at_once = [replace(week) for week in weeks]
    remember_peaks(at_once, None, K)
    for before, week in pairwise([None, *weeks]):
        assert week is not None
        remember_peaks([week], before, K)
    assert weeks == at_once
    told = {
        0: ([30, 27], [80, 79], (19, 19)),
        3: ([30, 27], [83, 79], (22, 22)),
        4: ([33, 30, 27], [84, 83, 79], (23, 23)),
        12: ([39, 36, 33, 30], [92, 91, 87], (31, 31)),
    }
    for at, (months, visits, active) in told.items():
        week = weeks[at + 3]
        assert week.months_told == [(count, count) for count in months]
        assert (week.visits_told, week.active_before, week.peak) == (visits, active, months[0])
        assert week.activated_most == [44] * len(months)
    assert weeks[0].active_before == (0, 0)
    late = replace(weeks[-1], monday=weeks[-1].monday + 4 * WEEK, active_before=(0, 0), active_4w=20)
    remember_peaks([late], weeks[-1], K)
    assert (late.active_before, late.peak) == ((0, 0), 39)


def test_of_who_is_activated_it_is_remembered_how_many_can_be_by_all_that_is_told() -> None:
    """36 at most by the month before, and twenty who were active since; two more had come, but were named late."""
    before = WeekMeasures(MONDAY, activated_most=[36], came=Came([MONDAY], [[0, 36], [-30, 0]]))
    week = replace(month(20, *[12] * 4), monday=MONDAY + 28, members=60, activated=58)
    remember_peaks([week], before, K)
    assert publish_people(week, K).activated.text == "55 or more"
    assert week.activated_most == [56, 36]


def test_who_is_activated_is_told_above_all_who_are_told_to_have_begun() -> None:
    before = month(12, 12, begun={"Export": {MONDAY - 56: Begun(20, 0), MONDAY - 28: Begun(12, 0)}})
    week = replace(before, monday=MONDAY + WEEK)
    remember_peaks([week], before, K)
    assert week.peak == 32


@pytest.mark.parametrize("kind", ["departments", "roles"])
def test_a_week_remembers_what_is_told_of_groups_once_there_are_some(kind: str) -> None:
    groups = {"it": GroupWeek(40, active_4w=20), "ops": GroupWeek(40, active_4w=15)}
    none, some = month(35, 30, members=80), month(35, 30, members=80, **{kind: groups})
    weeks = [replace(one, monday=MONDAY + 28 * at) for at, one in enumerate((none, none, some, none))]
    remember_peaks(weeks, None, K)
    told = {"it": 20, "ops": 15}
    assert [one.groups_told for one in weeks] == [[], [], [told], [{}, told if kind == "roles" else {}]]


def test_a_month_is_judged_by_what_its_weeks_add_up_to() -> None:
    week = replace(month(38, 10, 10, 10, 10), members=60)
    assert publish_month(week, K).text == "27 to 40"


def test_who_is_activated_is_told_above_who_is_active_where_no_month_is_remembered() -> None:
    week = replace(month(32, 20, 20, 20), members=80, activated=33)
    assert publish_people(week, K).activated.text == "32 to 39"


@pytest.mark.parametrize(
    "activated, said, told",
    [
        pytest.param(56, {}, "55 or more", id="not kept"),
        pytest.param(56, {"activated_most": [60, 0]}, "55 or more", id="not kept of the month before"),
        pytest.param(48, {"activated_most": [60, 34]}, "45 to 49", id="34 before, and up to 24 active since"),
        pytest.param(58, {"activated_most": [60, 34]}, "50 to 58", id="all of these"),
        pytest.param(59, {"activated_most": [60, 34]}, "55 or more", id="more, as some were named late"),
        pytest.param(56, {"activated_most": [60, 50]}, "55 or more", id="more than there are members"),
    ],
)
def test_who_is_activated_leaves_room_below_those_before_and_the_active(
    activated: int, said: dict[str, object], told: str
) -> None:
    week = replace(month(20, *[20] * 4), members=60, activated=activated, months_told=[(20, 20)] * 2)
    assert publish_people(replace(week, **said), K).activated.text == told


def test_who_came_in_quiet_weeks_is_activated_as_others_are() -> None:
    """Were it taken that nobody did, that it cannot be so would tell of the last two."""
    week = replace(month(20, 20, 20), members=60, activated_most=[60, 34], months_told=[(20, 20)] * 2)
    told = Counter(publish_people(replace(week, activated=one), K).activated.text for one in range(30, 61))
    assert min(told.values()) >= K


def test_under_a_floor_raised_since_no_habit_nor_who_is_activated_is_told() -> None:
    week = replace(month(50, 40, 40), members=60, habitual=20, months_told=FULL, visits_told=[452, 0, 0])
    people = publish_people(week, K + 1)
    assert people.activated == people.habitual == people.active_4w == publish_month(week, K + 1)
    assert people.activated.value is None


def test_visits_of_quiet_weeks_are_not_counted_nor_those_that_are_not_told() -> None:
    """Of 12 members: of one week a number is told, of one nearly all came, and one was quiet."""
    week = replace(month(12, 6, 12, 0), members=12)
    remember_peaks([week], None, K)
    assert week.visits_told == [6 + 8]


def test_a_week_of_the_month_is_told_of_the_members_there_were_then() -> None:
    week = replace(
        month(12, 6, 6, 6, 6), month_members=[6, 9, 12, 20], members=40, month_absent=[0, 0, 3, 12]
    )
    weeks = publish_month_weeks(week, K)
    assert [(one.text, one.floor, one.ceiling) for one in weeks] == [
        ("not shown", 0, 6), ("5 or more", 5, 9), ("5 or more", 5, 12), ("not shown", 0, 20)
    ]  # fmt: skip
    assert publish_month_members(week).value == 20
    assert publish_month_members(replace(week, month_members=[])).value == 40
    assert publish_month_weeks(week, K - 2) == weeks, "the floor was lowered since"


@pytest.mark.parametrize("count, told", [(4, False), (5, True)])
def test_a_company_was_scored_where_k_were_active_in_the_month(count: int, told: bool) -> None:
    for k in (K - 2, K):
        assert was_scored(month(count, count), k) == told
        assert not was_scored(month(count, count, members=2 * K - 2), k)


# --- active days ----------------------------------------------------------------------------------------------


def days(*each: int) -> list[WeekMeasures]:
    first = MONDAY - WEEK * (len(each) - 1)
    return [
        WeekMeasures(first + WEEK * at, members=60, active=30, days=one, floor=K)
        for at, one in enumerate(each)
    ]


def test_active_days_of_a_month_are_those_of_its_weeks() -> None:
    weeks = days(90, 100, 110, 120, 130)
    assert publish_month_days(weeks, K).value == days_of_month(weeks, K) == 460
    assert publish_month_days([replace(week, monday=week.monday + WEEK) for week in weeks], K).value == 420
    ranged = days(100, 110, 120, 31)
    assert (publish_month_days(ranged, K).text, days_of_month(ranged, K)) == ("360 to 379", 369.5)
    weeks[1].active = 3
    assert publish_month_days(weeks, K).text == "360 or more"
    assert publish_week_days(ranged[-1], K - 2).text == "fewer than 50", "the floor was lowered since"


# --- levels ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "levels, told, upper, above",
    [
        ([("", 40), ("a", 20)], ["31 to 40", "20 to 29"], "0", "20 to 29"),
        ([("", 20), ("a", 20), ("b", 20)], ["2 to 20", "20 to 29", "20 to 29"], "20 to 29", "40 to 58"),
        (
            [("", 15), ("a", 20), ("b", 12), ("c", 13)],
            ["fewer than 21", "20 to 29", "10 to 19", "10 to 19"], "20 to 38", "40 or more",
        ),
        (
            [("", 5), ("a", 10), ("b", 22), ("c", 23)],
            ["fewer than 11", "10 to 20", "20 to 29", "20 to 29"], "40 to 50", "50 or more",
        ),
    ],
)  # fmt: skip
def test_levels_are_told_in_bands_that_add_up(
    levels: list[tuple[str, int]], told: list[str], upper: str, above: str
) -> None:
    week = WeekMeasures(MONDAY, members=99, month_members=[60], levels=levels, floor=K)
    for k in (K - 2, K):
        shown = publish_levels(week, k)
        assert shown is not None
        assert [(name, figure.text) for name, figure in shown.members] == [
            (name, text) for (name, _), text in zip(levels, told, strict=True)
        ]
        assert (shown.upper.text, shown.above.text) == (upper, above)
    raised = publish_levels(week, K + 1)
    assert raised is not None
    assert {(figure.text, figure.low, figure.high) for _, figure in raised.members} == {("not shown", 0, 60)}
    assert publish_levels(WeekMeasures(MONDAY), K) is None


# --- events and points ----------------------------------------------------------------------------------------


FEATURES = {"Export": FeatureWeek(20, 30, 100, 9), "Share": FeatureWeek(20, 30, 200, 9)}


def acted(**said: object) -> WeekMeasures:
    """Thirty members did 300 events, twenty of them the 100 that earned them points."""
    week = WeekMeasures(MONDAY, members=60, active=30, events=300, incentivised=100, definition=2, floor=K)
    week.earners = week.unrewarded = 20
    week.earners_often = week.unrewarded_often = 9
    week.issued, week.receivers, week.receivers_often = {"points": 500}, {"points": 20}, {"points": 9}
    return replace(week, **said)


@pytest.mark.parametrize(
    "leading, told",
    [
        ((0, 0, 0), True),
        ((60, 40, 100), True),
        ((200, 30, 20), True),
        ((201, 30, 20), False),
        ((255, 30, 27), False),
        ((255, 30, 28), True),
        ((1, 1, 26), False),
        ((2, 1, 25), True),
        ((2, 2, 25), False),
    ],
)
def test_events_are_told_unless_most_are_one_members_or_one_each(
    leading: tuple[int, int, int], told: bool
) -> None:
    """Of a member no more than 255 events are counted: it may have done all that are left of the 300."""
    week = acted(
        leading=leading,
        features={"Export": FeatureWeek(20, 30, 100, 9), "Share": FeatureWeek(20, 30, 200, 9)},
    )
    shown = publish_events(week, K)
    texts = [figure.text for figure in (shown.events, shown.organic, shown.incentivised)]
    assert texts == (["300", "200", "100"] if told else ["not shown"] * 3)
    features = publish_feature_events(week, K)
    assert [figure.text for figure in features.values()] == (["100", "200"] if told else ["not shown"] * 2)
    for publish in (publish_events, publish_feature_events):
        assert publish(week, K - 2) == publish(week, K), "the floor was lowered since"
    assert {figure.text for figure in publish_feature_events(week, K + 1).values()} == {"not shown"}


@pytest.mark.parametrize("alike, told", [(26, "300"), (27, "not shown"), (30, "not shown")])
def test_events_are_told_unless_all_but_those_one_may_know_had_as_many(alike: int, told: str) -> None:
    assert publish_events(acted(leading=(12, 10, 260), alike=alike), K).events.text == told


@pytest.mark.parametrize(
    "active, events, told",
    [(4, 100, "not shown"), (5, 100, "100"), (5, 13, "13"), (5, 12, "not shown")],
)
def test_events_are_told_where_k_were_active_and_some_more_than_can_have_been(
    active: int, events: int, told: str
) -> None:
    """Of twenty members twelve cannot have come: fewer than 2k - 1 are left, of whom it is not told how many were."""
    week = acted(members=20, absent=12, active=active, events=events)
    assert publish_events(week, K).events.text == told


FREE = Price(0, AMOUNT_MAX)


@pytest.mark.parametrize(
    "said, told",
    [
        pytest.param({}, "about 500", id="prices are not kept"),
        pytest.param({"issued": {"points": 12_345}}, "about 10,000", id="to a fifth"),
        pytest.param({"awards": {"points": {"Export": Price(5, 5)}}}, "500", id="what follows from events"),
        pytest.param(
            {"awards": {"points": {"Export": Price(5, 5), "": Price(0, 40)}}, "issued": {"points": 640}}, "about 600",
            id="the middle of a band beside what comes at once",
        ),
        pytest.param({"awards": {"points": {"Export": Price(5, 6), "Share": FREE}}}, "not shown", id="endless"),
        pytest.param(
            {"awards": {"points": {"Export": FREE}}, "features": FEATURES}, "about 510",
            id="endless, of an event that is told",
        ),
        pytest.param(
            {"awards": {"points": {"Export": Price(5, 5)}}, "features": {"Export": FeatureWeek(2, 2, 4, 9)}}, "500",
            id="an event of few",
        ),
        pytest.param(
            {"awards": {"points": {"Export": Price(1, 2)}}, "incentivised": 20, "issued": {"points": 25}}, "about 28",
            id="to two at least",
        ),
        pytest.param(
            {"awards": {"points": {"Export": Price(5, 6)}}, "incentivised": 20, "issued": {"points": 105}}, "about 130",
            id="bands of a week that was frozen before they began with the least",
        ),
        pytest.param(
            {"awards": {"points": {"Export": Price(5, 6)}}, "incentivised": 20, "issued": {"points": 105},
             "knows_conditions": True}, "about 110",
            id="and since",
        ),
        pytest.param({"receivers": {"points": 4}}, "not shown", id="of few"),
        pytest.param({"incentivised": 4}, "not shown", id="of few events"),
    ],
)  # fmt: skip
def test_points_issued_are_told_as_far_as_events_tell_them(said: dict[str, object], told: str) -> None:
    for k in (K - 2, K):
        assert publish_events(acted(**said), k).issued["points"].text == told
    assert publish_events(acted(**said), K + 1).issued["points"].text == "not shown"


def test_points_of_one_currency_follow_from_the_events_that_earned_only_where_it_is_alone() -> None:
    prices = {"points": {"Export": Price(5, 5)}}
    alone, beside = acted(awards=prices), acted(awards={**prices, "gems": {"Share": Price(1, 1)}})
    assert issued_band(alone, "points", K) == (500, 500)
    assert issued_band(beside, "points", K)[1] > 500


HIDDEN, PRICE = "not shown", Price(5, 5)


@pytest.mark.parametrize(
    "prices, incentivised, told",
    [
        pytest.param({}, 0, ["100", HIDDEN, "190", HIDDEN], id="nothing earned"),
        pytest.param({}, 1, [HIDDEN, HIDDEN, "190", HIDDEN], id="it is not kept what did"),
        pytest.param({"Export": PRICE}, 100, ["100", HIDDEN, HIDDEN, HIDDEN], id="one told by itself did"),
        pytest.param({"Share": PRICE}, 100, [HIDDEN, HIDDEN, "190", HIDDEN], id="one of few did"),
        pytest.param({"": PRICE, "Export": PRICE}, 100, [HIDDEN, HIDDEN, "190", HIDDEN], id="any may have"),
    ],
)
def test_events_of_few_are_hidden_among_those_that_earned_or_did_not(
    prices: dict[str, Price], incentivised: int, told: list[str]
) -> None:
    """Two members shared, seven looked: fewer events than 2k - 1 and 3k - 2."""
    features = {
        "Export": FeatureWeek(20, 30, 100, 9), "Share": FeatureWeek(2, 2, 3, 9),
        "Sign": FeatureWeek(20, 30, 190, 9), "View": FeatureWeek(7, 7, 7, 9, often=9),
    }  # fmt: skip
    week = acted(features=features, awards={"points": prices} if prices else {}, incentivised=incentivised)
    for k in (K - 2, K):
        assert [figure.text for figure in publish_feature_events(week, k).values()] == told
