"""Beginners of a funnel, told month after month: what the months may not add up to, and of which steps they do."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import pytest
from msgspec.structs import replace

from engage.core import published_beginners
from engage.core.activity import mark_day, mark_earning, mark_feature
from engage.core.balances import CurrencyWeek
from engage.core.calendar import month_end
from engage.core.eligible import AWARDED, MULTIPLIED
from engage.core.funnels import has_begun_again
from engage.core.looks import keep_month
from engage.core.measures import FeatureWeek, WeekMeasures, measure_weeks
from engage.core.prices import Price
from engage.core.privacy import Figure, fact, missing
from engage.core.published import (
    publish_events,
    publish_feature_events,
    publish_month,
    publish_people,
    remember_peaks,
)
from engage.core.published_beginners import (
    BEGUN_MONTHS,
    event_parts,
    is_by_the_month,
    most_begun,
    publish_beginners,
    publish_features,
    within_room,
)
from engage.core.published_people import publish_organic
from engage.core.segments import Begun
from engage.core.sharing import Shared
from engage.core.state import CompanyState, DayRollup, MemberState
from engage.core.windows import between

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


def test_beginners_of_a_funnel_that_ends_within_their_week_are_told_with_their_month() -> None:
    """Of the first month too, before which nothing is told of who is activated."""
    weeks = year_of([12, 12])
    for week in weeks:
        week.funnels, week.funnel_months = {"way": [12]}, {"way": 0}
    remember_peaks(weeks, None, 5)
    assert told([weeks[0], *weeks]) == ["12", "12", "12 or more"]


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
    assert sum(month.told for month in weeks[-1].begun["Invited"].values()) == 12


def test_who_began_in_two_months_has_begun_again() -> None:
    member, first = MemberState(), FIRST + 7
    member.funnels["way"] = (first, (0b1001,))
    assert not has_begun_again(member, "way", FIRST + 2 * MONTH)
    member.funnels["way"] = (first, (0b11000,))
    assert has_begun_again(member, "way", FIRST + 2 * MONTH)
    assert not has_begun_again(member, "way", FIRST + MONTH)
    assert not has_begun_again(member, "other", FIRST)


def users_told(users: Sequence[int], again: int = 0) -> list[str]:
    """Forty members, of whom thirty are active in each month; the looks of a month are all alike."""
    weeks: list[WeekMeasures] = []
    for at, count in enumerate(users):
        for look in range(2):
            week = WeekMeasures(
                FIRST + MONTH * at + 7 * look, members=40, definition=2, active_4w=30, activated=40
            )
            week.month, week.month_members = [20] * 4, [40] * 4
            week.features = {"Onboarded": FeatureWeek(count, count, count, again if at else 0)}
            weeks.append(week)
    remember_peaks(weeks, None, 5)
    looks = [publish_features(week, 5, fact(30, "members")).members["Onboarded"].text for week in weeks]
    assert looks[::2] == looks[1::2]
    return looks[::2]


def test_months_of_a_feature_used_once_do_not_add_up_to_nearly_everybody() -> None:
    assert users_told([12, 12, 12, 4, 0]) == ["12", "12", "12 or more", "not shown", "not shown"]
    assert users_told([2, 12, 12, 12]) == ["fewer than 5", "12", "12", "12 or more"]


def test_a_feature_used_again_and_again_is_told_every_month() -> None:
    assert users_told([12] * 6, again=5) == ["12"] * 6
    assert users_told([12] * 6, again=-1) == ["12"] * 6, "frozen before it was kept"
    assert users_told([12] * 6, again=4)[3:] == ["not shown"] * 3


TWO_MONTHS = tuple(product((0, 1), repeat=2))


def two_months_told(members: int, active: int, counts: Sequence[int], again: int) -> tuple[str, ...]:
    """What is told at k = 3 of the users of two months, in each of which as many were active."""
    weeks = []
    for at, count in enumerate(counts):
        week = WeekMeasures(
            FIRST + MONTH * at, members=members, definition=2, active_4w=active, activated=members, floor=3
        )
        week.month, week.month_members = [active] * 4, [members] * 4
        week.features = {"Onboarded": FeatureWeek(count, count, count, min(again, 3) * at)}
        weeks.append(week)
    remember_peaks(weeks, None, 3)
    return tuple(
        publish_features(week, 3, publish_month(week, 3)).members["Onboarded"].text for week in weeks
    )


@pytest.mark.parametrize("members, active", [(6, 5), (8, 7), (9, 6), (9, 9)])
def test_users_of_two_months_told_do_not_say_who_used_it_in_one_of_them_only(
    members: int, active: int
) -> None:
    """Tried out: of all ways in which the members can have used it, those of which the same is told leave open how
    many did so in any of the months, in one of them only, or in none."""
    alike: dict[tuple[str, ...], list[tuple[int, ...]]] = {}
    for did in product(range(members + 1), repeat=len(TWO_MONTHS)):
        counts = [sum(of for of, used in zip(did, TWO_MONTHS, strict=True) if used[at]) for at in range(2)]
        if sum(did) == members and max(counts) <= active:
            alike.setdefault(two_months_told(members, active, counts, did[3]), []).append(did)
    assert len(alike) > 2
    for found in alike.values():
        for group in range(1, 15):
            sizes = {sum(of for at, of in enumerate(did) if group >> at & 1) for did in found}
            assert len(sizes) > 1 or min(sizes) >= 3


def test_by_the_few_of_a_month_it_is_not_said_that_k_have_used_it_in_two() -> None:
    """Whoever knows k - 2 of the few would know that others of them had used it before."""

    def told_of(*agains: int) -> list[str]:
        weeks = []
        for at, (count, again) in enumerate(zip((9, 9, 4, 9), agains, strict=True)):
            week = WeekMeasures(FIRST + MONTH * at, members=20, definition=2, active_4w=20, activated=20)
            week.month, week.month_members = [20] * 4, [20] * 4
            week.features = {"Onboarded": FeatureWeek(count, count, count, again)}
            weeks.append(week)
        remember_peaks(weeks, None, 5)
        return [publish_features(week, 5, fact(20, "members")).members["Onboarded"].text for week in weeks]

    assert told_of(0, 4, 4, 4) == told_of(0, 4, 5, 4) == ["9", "7 or more", "not shown", "not shown"]
    assert told_of(0, 4, 5, 5) == ["9", "7 or more", "not shown", "9"]
    assert told_of(0, 5, 5, 5) == ["9", "9", "fewer than 5", "9"]


def test_how_often_a_feature_is_used_once_each_is_not_told() -> None:
    def told_of(events: int, again: int, often: int = 0) -> str:
        features = {
            "Onboarded": FeatureWeek(12, 12, events, again, often=often),
            "Export": FeatureWeek(12, 12, 90, 9),
        }
        week = WeekMeasures(FIRST, members=40, active=30, events=events + 90, features=features)
        return publish_feature_events(week, 5)["Onboarded"].text

    assert [told_of(12, 4), told_of(16, 4), told_of(17, 4)] == ["not shown", "not shown", "17"]
    assert [told_of(12, 5), told_of(12, 0, 4), told_of(12, 0, 5)] == ["12", "not shown", "12"]


def test_one_that_is_hidden_so_hides_no_other_where_something_else_happened() -> None:
    features = {"Onboarded": FeatureWeek(12, 12, 12, 0), "Export": FeatureWeek(12, 12, 90, 9)}
    alone = WeekMeasures(FIRST, members=40, active=30, events=102, features=features)
    beside = replace(alone, events=200)
    told = [publish_feature_events(week, 5)["Export"].text for week in (alone, beside)]
    assert told == ["not shown", "90"]


def test_members_who_did_the_only_thing_without_a_reward_are_judged_by_earlier_months() -> None:
    weeks = []
    for at in range(4):
        week = WeekMeasures(FIRST + MONTH * at, members=40, definition=2, active_4w=30, activated=40)
        week.month, week.month_members = [20] * 4, [40] * 4
        week.organic_4w, week.organic_again = 12, 0
        weeks.append(week)
    remember_peaks(weeks, None, 5)
    assert [publish_organic(week, publish_people(week, 5), 5).text for week in weeks] == [
        "12",
        "12",
        "12 or more",
        "not shown",
    ]


def apart(**changes: object) -> WeekMeasures:
    """Of 30 active members 15 did one of 15 events that earned 100 points, all 30 three others."""
    plain = WeekMeasures(
        FIRST,
        members=40,
        definition=2,
        active=30,
        events=105,
        incentivised=15,
        earners=15,
        unrewarded=30,
        receivers={"points": 15},
        issued={"points": 1500},
        receivers_often={"points": 5},
        earners_often=5,
        unrewarded_often=5,
    )
    return replace(plain, **changes)


def told_apart(**changes: object) -> list[str]:
    found = publish_events(apart(**changes), 5)
    return [found.incentivised.text, found.organic.text, found.issued["points"].text]


def test_events_that_earn_once_in_a_life_are_not_told_apart() -> None:
    everything = told_apart()
    assert everything[:2] == ["15", "90"]
    assert told_apart(earners_often=4) == ["not shown"] * 3
    assert told_apart(earners_often=4, incentivised=19) == ["not shown"] * 3
    assert told_apart(earners_often=4, incentivised=20)[:2] == ["20", "85"], "some did it twice"
    assert told_apart(unrewarded_often=4, incentivised=71) == ["not shown"] * 3
    assert told_apart(unrewarded_often=4, incentivised=70)[:2] == ["70", "35"]
    assert told_apart(earners_often=-1, unrewarded_often=-1, receivers_often={}) == everything, (
        "frozen before"
    )
    assert told_apart(receivers_often={"points": 4}) == ["15", "90", "not shown"]


def test_it_is_not_told_apart_what_few_had_a_reward_for_or_none() -> None:
    assert told_apart(unrewarded=4) == ["not shown"] * 3
    assert told_apart(unrewarded=0, definition=1)[:2] == ["15", "90"], "frozen before it was counted"
    few, many = Shared(5, 1), Shared(20, 1)
    assert told_apart(rewarded_shared=few, unrewarded_shared=many) == ["not shown"] * 3
    assert told_apart(rewarded_shared=many, unrewarded_shared=few) == ["not shown"] * 3
    assert told_apart(rewarded_shared=many, unrewarded_shared=many)[:2] == ["15", "90"]


def test_it_is_not_told_what_was_issued_to_few_or_for_what_is_rewarded_once() -> None:
    everything = told_apart()
    assert everything[2] != "not shown"
    for said in (
        {"receivers": {"points": 4}},
        {"receivers": {}},
        {"receivers_often": {}},
        {"receivers_often": {}, "earners_often": 0, "incentivised": 20},
        {"currencies": {"points": CurrencyWeek(to_few=MULTIPLIED)}},
    ):
        assert told_apart(**said)[2] == "not shown", said
    assert told_apart(receivers={}, definition=1) == everything, "frozen before it was counted"
    assert told_apart(currencies={"coins": CurrencyWeek(to_few=MULTIPLIED)}) == everything


def test_so_few_events_that_hardly_anybody_did_it_twice_are_not_told_apart() -> None:
    """That they are says that k members are behind them."""
    assert told_apart(incentivised=14, earners=14)[:2] == ["14", "91"]
    assert told_apart(incentivised=13, earners=5)[:2] == ["not shown", "not shown"]
    assert told_apart(incentivised=91, unrewarded=14)[:2] == ["91", "14"]
    assert told_apart(incentivised=92, unrewarded=5)[:2] == ["not shown", "not shown"]


def test_of_so_few_active_members_that_hardly_anybody_did_not_it_is_not_told_apart() -> None:
    few = {"members": 20, "earners": 5, "unrewarded": 5}
    assert told_apart(active=9, **few)[:2] == ["15", "90"]
    assert told_apart(active=8, **few)[:2] == ["not shown", "not shown"]


def once_and_again() -> list[WeekMeasures]:
    """Three of four members used a feature in two months, one in two weeks of a month."""
    members = [MemberState(joined=FIRST - 300) for _ in range(4)]
    weeks_used = [(-3, 0, 5), (-3, 1), (-40, 4), (2, 3)]
    for member, weeks in zip(members, weeks_used, strict=True):
        for week in weeks:
            mark_day(member, FIRST + 7 * week)
            mark_feature(member, "Onboarded", FIRST + 7 * week)
            mark_earning(member, "points" if week < 3 else "", FIRST + 7 * week)
    mondays = [FIRST + 7 * at for at in range(9)]
    company = CompanyState(members=4)
    days = {monday: DayRollup() for monday in mondays}
    return measure_weeks(None, company, members, days, mondays, ["Onboarded"], 4)


def test_it_is_counted_who_used_a_feature_in_two_months_so_far() -> None:
    found = once_and_again()
    assert [week.features["Onboarded"].again for week in found] == [0, 0, 0, 0, 2, 2, 2, 2, 3]
    assert [week.organic_again for week in found] == [0, 0, 0, 0, 2, 2, 2, 2, 3]
    keep_month(found[5], {found[4].monday: found[4]})
    assert found[5].features["Onboarded"].again == 2


def test_it_is_counted_who_did_something_in_two_weeks_so_far() -> None:
    found = once_and_again()
    assert [week.features["Onboarded"].often for week in found] == [1, 2, 2, 3, 4, 4, 4, 4, 4]
    assert [week.earners_often for week in found] == [1, 2, 2, 2, 2, 2, 2, 2, 2]
    assert [week.receivers_often.get("points", 0) for week in found] == [1, 2, 2, 2, 2, 2, 2, 2, 2]
    assert [week.unrewarded_often for week in found] == [0] * 9


def test_the_sum_of_features_used_is_told_with_all_of_them_only() -> None:
    def told_of(*counts: int, k: int = 5) -> tuple[str, str]:
        features = {f"f{at}": FeatureWeek(count, count, 90, 9) for at, count in enumerate(counts)}
        week = WeekMeasures(FIRST, members=40, active_4w=30, features=features, floor=5)
        uses = publish_features(week, k, fact(30, "members")).uses
        return uses.text, uses.unit

    assert told_of(12, 9) == ("21", "features")
    assert told_of(12, 4) == told_of(12, 4, k=3) == told_of(4, 12) == ("not shown", "features")
    assert told_of() == ("0", "features")


@pytest.mark.parametrize(
    "within, room, told",
    [
        pytest.param(between(20, 24, 40), -1, (20, 24), id="anybody can again"),
        pytest.param(missing("members"), 3, (0, None), id="it is not known within whom"),
        pytest.param(between(20, 24, 40), 0, None, id="nobody"),
        pytest.param(between(20, 24, 40), 8, None, id="so few that their number would tell of each"),
        pytest.param(between(20, 24, 40), 9, (9, 24), id="2k less one"),
        pytest.param(between(20, 24, 40), 19, (19, 24), id="fewer than the least that were active"),
        pytest.param(between(20, 24, 40), 20, (20, 24), id="as many as these"),
        pytest.param(between(20, 24, 40), 30, (20, 24), id="more than these"),
    ],
)
def test_of_a_month_so_many_can_begin_as_earlier_ones_leave_of_the_active(
    within: Figure, room: int, told: tuple[int, int | None] | None
) -> None:
    """What is left of them is judged by the least that can be; how many there are at most is told besides."""
    able = within_room(within, room, 5)
    assert (able and (able.floor, able.ceiling)) == told


def test_so_few_events_of_a_feature_that_they_are_as_many_members_are_told_by_the_month() -> None:
    for active, least in ((9, 11), (10, 10)):
        told = [
            is_by_the_month(FeatureWeek(5, 5, events, 9, often=9), 5, active) for events in (least - 1, least)
        ]
        assert told == [True, False]
    assert not is_by_the_month(FeatureWeek(5, 5, 12, -1, often=0), 5, 10), "frozen before it was kept"


def test_the_most_who_began_with_one_thing_is_that_of_all_its_months() -> None:
    begun = {
        "Invited": {FIRST: Begun(6, 0, 9), FIRST + MONTH: Begun(5, 0, 9)},
        "Onboarded": {FIRST: Begun(8, 0, 9)},
    }
    week = WeekMeasures(FIRST, begun=begun)
    assert (most_begun(week), most_begun(WeekMeasures(FIRST))) == (11, 0)


@pytest.mark.parametrize(
    "able, gone, told, room",
    [
        pytest.param(40, 3, [], 27, id="members who had not left"),
        pytest.param(20, 3, [], 20, id="who are told to have been activated"),
        pytest.param(40, 0, [(6, 0), (5, 0)], 19, id="and had not begun before"),
        pytest.param(28, 0, [(6, 0), (5, 0)], 17, id="of these too"),
        pytest.param(40, 0, [(6, 0), (5, 12)], 13, id="since the month before which some had left"),
    ],
)
def test_in_a_month_can_begin_who_had_neither_left_nor_begun(
    able: int, gone: int, told: list[tuple[int, int]], room: int
) -> None:
    earlier = {FIRST + MONTH * at: Begun(began, left, 30) for at, (began, left) in enumerate(told)}
    assert published_beginners._room(able, 30, gone, earlier) == room


@pytest.mark.parametrize(
    "most, again",
    [
        pytest.param([6, 6], True, id="nine can have, in two of three months"),
        pytest.param([5, 6], False, id="eight can have"),
        pytest.param([9], True, id="nine in two months"),
        pytest.param([8], False, id="eight in the one"),
        pytest.param([], False, id="nobody before"),
    ],
)
def test_that_k_have_done_it_in_two_months_counts_where_2k_less_one_can_have(
    most: list[int], again: bool
) -> None:
    """Of fewer who can have, those k would be nearly all: it would be told who they are."""
    earlier = {FIRST + MONTH * at: Begun(0, 0, one) for at, one in enumerate(most)}
    freely = fact(6 if len(most) > 1 else 20, "members")
    assert published_beginners._is_seen_again(5, freely, earlier, 5) is again
    assert not published_beginners._is_seen_again(4, freely, earlier, 5), "fewer than k have"
    assert not published_beginners._is_seen_again(5, between(0, 4, 30), earlier, 5), "by the few of a month"


def test_from_k_in_a_month_on_it_is_seen_that_k_have_done_it_before() -> None:
    earlier = {FIRST + MONTH * at: Begun(0, 0, 9) for at in range(2)}
    assert published_beginners._is_seen_again(5, fact(5, "members"), earlier, 5)


def test_events_that_earn_are_not_told_apart_where_a_rule_awards_to_few_alone() -> None:
    assert told_apart()[:2] == ["15", "90"]
    assert told_apart(currencies={"points": CurrencyWeek(to_few=AWARDED)}) == ["not shown"] * 3
    assert told_apart(currencies={"coins": CurrencyWeek(to_few=AWARDED)})[:2] == ["not shown"] * 2


EACH, SOME = Price(10, 10), Price(0, 10)


@pytest.mark.parametrize(
    "awards, said, earning, others",
    [
        pytest.param({"Export": EACH}, {}, {"Export"}, None, id="each of one"),
        pytest.param({"Export": SOME}, {}, {"Export"}, None, id="some of one"),
        pytest.param({"": SOME}, {}, {"Export", "Share"}, None, id="some of any"),
        pytest.param({"Export": SOME, "": SOME}, {}, {"Export", "Share"}, None, id="some of one, and of any"),
        pytest.param({"Visit": EACH}, {}, set(), None, id="each of what is no key event"),
        pytest.param(
            {"Export": EACH, "Share": SOME}, {}, {"Export"}, 5, id="each of one and some of another"
        ),
        pytest.param({"Export": EACH, "": SOME}, {}, {"Export"}, 5, id="each of one and some of any"),
        pytest.param({"Export": EACH, "Visit": EACH}, {}, {"Export"}, 5, id="and of what is no key event"),
        pytest.param(
            {"Export": EACH, "Share": SOME},
            {"currencies": {"points": CurrencyWeek(to_few=AWARDED)}},
            {"Export", "Share"},
            None,
            id="while nothing is told of what earned",
        ),
        pytest.param({}, {}, {"Export", "Share"}, None, id="it was not kept of which"),
        pytest.param({}, {"incentivised": 0}, set(), None, id="nothing earned"),
    ],
)
def test_hidden_numbers_of_key_events_are_judged_within_what_may_have_earned(
    awards: dict[str, Price], said: dict[str, object], earning: set[str], others: int | None
) -> None:
    """And where all of one earn, what is missing of those that earned is one more hidden number: of those of which only
    some did, beside how many did in all, it would be told how few."""
    features = {"Export": FeatureWeek(12, 12, 90, 9), "Share": FeatureWeek(12, 12, 90, 9)}
    found = WeekMeasures(
        FIRST,
        members=40,
        active=30,
        events=300,
        incentivised=95,
        features=features,
        awards={"points": awards},
    )
    parts = event_parts(replace(found, **said), 5, 30)
    assert {name for name, part in zip(features, parts, strict=False) if part.linked} == earning
    assert [(part.amount, part.linked) for part in parts[2:]] == (
        [(others, True), (-others, False)] if others else []
    )


@pytest.mark.parametrize(
    "knows_conditions, told",
    [
        pytest.param(True, ["not shown"] * 3 + ["150"], id="and Read is hidden with it"),
        pytest.param(False, ["not shown"] * 2 + ["120", "150"], id="frozen by an earlier release"),
    ],
)
def test_an_event_of_which_some_earn_is_not_hidden_alone_among_those_that_did_not_earn(
    knows_conditions: bool, told: list[str]
) -> None:
    """Of events that earned nothing nothing else would be left than those of Share that did not: beside how often the
    others were done it would be told how many, be they one member's."""
    few, many = Shared(left=7, alike=27), Shared(left=50)
    features = {
        "Export": FeatureWeek(12, 12, 80, 12, shared=many),
        "Share": FeatureWeek(12, 12, 90, 12, shared=few),
        "Read": FeatureWeek(12, 12, 120, 12, shared=many),
        "Write": FeatureWeek(12, 12, 150, 12, shared=many),
    }
    week = WeekMeasures(
        FIRST,
        members=40,
        active=30,
        events=440,
        incentivised=120,
        features=features,
        awards={"points": {"Export": EACH, "Share": SOME}},
        knows_conditions=knows_conditions,
    )
    assert [one.text for one in publish_feature_events(week, 5).values()] == told
