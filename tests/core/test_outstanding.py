"""What counts in balances, and when, beside a slower reckoning by sets of weeks."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from engage.core.activity import with_week
from engage.core.balances import CurrencyWeek
from engage.core.measures import WeekMeasures
from engage.core.outstanding import (
    FOR_EVER,
    NOT_KNOWN,
    QUARTER_WEEKS,
    WEEK,
    Behind,
    Had,
    Told,
    ends_quarter,
    expiring_band,
    lasting,
    may_be_told,
    remember_waiting,
    spent_band,
)
from engage.core.privacy import Figure, missing
from engage.core.program import Expires, Length
from engage.core.published_people import add_points, breakage, publish_points
from engage.core.state import AMOUNT_MAX, MemberState, Wallet

K = 3
FIRST = WEEK * QUARTER_WEEKS * 8000
"""The first week of a quarter."""
SOME = 8 * 13


@pytest.mark.parametrize("seed", range(20))
def test_who_stands_behind_a_quarter_is_counted_once(seed: int) -> None:
    random = Random(seed)
    last = FIRST + WEEK * (SOME - 1)
    behind = Behind(last, K)
    weeks = range(SOME + 4)  # what came later is known too where weeks are measured late
    people: list[list[set[int]]] = []
    for _ in range(random.randint(1, 9)):
        own = [{week for week in weeks if random.random() < share} for share in (0.05, 0.03, 0.05)]
        people.append(own)
        member = MemberState(wallets={"points": Wallet()} if random.random() < 0.9 else {})
        for used, times in ((member.earning, own[0]), (member.spending, own[1])):
            for week in sorted(times):
                used["points"] = with_week(used.get("points", (0, 0)), FIRST + WEEK * week)
        if member.wallets:
            days = sorted(FIRST + WEEK * week + random.randrange(WEEK) for week in own[2])
            member.wallets["points"].expired = tuple((day, 1) for day in days)
        else:
            own[2].clear()
        behind.count(member, "points")
    newest = set(range(SOME - QUARTER_WEEKS, SOME))
    assert behind.people() == (
        sum(bool(own[0] & newest) for own in people),
        sum(bool(own[2] & newest) for own in people),
    )
    few = {week for week in range(SOME) if sum(week in own[1] for own in people) < K}
    of_few = [
        sorted(sum(week >= SOME - QUARTER_WEEKS * quarters for week in own[1] & few) for own in people)
        for quarters in (1, 2, 3, 4)
    ]
    assert behind.few() == (
        tuple(sum(map(bool, times)) for times in of_few),
        tuple(sum(times[: -(K - 2)]) for times in of_few),
    )


@pytest.mark.parametrize("day, losers", [(-1, 0), (0, 1), (90, 1), (91, 0)])
def test_a_quarter_is_of_91_days(day: int, losers: int) -> None:
    behind = Behind(FIRST + WEEK * 12, K)
    behind.count(MemberState(wallets={"points": Wallet(expired=((FIRST + day, 5),))}), "points")
    assert behind.people() == (0, losers)


@pytest.mark.parametrize(
    "expires, days",
    [
        (None, 0),
        (Expires(after=Length(n=90, unit="days")), 90),
        (Expires(after=Length(n=2, unit="months")), 62),
        (Expires(after=Length(n=1, unit="years")), 366),
        (Expires(after=Length(n=90, unit="days"), round="month"), 456),
        (Expires(on=("12-31",)), 366),
        (Expires(idle=Length(n=90, unit="days")), FOR_EVER),
    ],
)
def test_points_last_so_long_at_most(expires: Expires | None, days: int) -> None:
    assert lasting(expires) == days


def test_a_quarter_ends_every_thirteen_weeks() -> None:
    ends = [at for at in range(40) if ends_quarter(FIRST + WEEK * at)]
    assert ends == [12, 25, 38]


# --- week by week ---------------------------------------------------------------------------------------------


MANY = 1000
BOUGHT = {"dearest": 1, "cheapest": 1, "spenders": K}


class Course:
    """Weeks of a company: each told as it says."""

    def __init__(self, **terms: int) -> None:
        self.terms, self.weeks = terms, list[WeekMeasures]()

    def then(
        self,
        issued: int = 0,
        told: tuple[int, int] | None = None,
        *,
        width: int = 10,
        hidden: bool = False,
        dear: int = 0,
        of_many: int | None = None,
        behind: tuple[int, int] = (0, 0),
        few: tuple[int, ...] = (),
        besides: int = MANY,
        **found: int,
    ) -> CurrencyWeek:
        monday = FIRST + WEEK * len(self.weeks)
        week = WeekMeasures(monday, since=FIRST, standing=True, members=50, floor=K)
        one = CurrencyWeek(**self.terms, **found, behind=behind, few=few, few_besides=(besides,) * 4)  # type: ignore[arg-type]
        week.currencies, week.issued = {"points": one}, {"points": issued} if issued else {}
        low, high = told or (issued, issued)
        before = self.weeks[-1] if self.weeks else None
        told_issued = Told(low, high, width, hidden, dear, high if of_many is None else of_many)
        remember_waiting(week, before, {"points": told_issued}, K)
        self.weeks.append(week)
        return one

    def figure(self) -> Figure:
        return publish_points(self.weeks[-1], "points", K).outstanding


def test_what_was_issued_beyond_what_is_told_counts_in_lumps_when_so_many_stand_behind_it() -> None:
    course = Course()
    one = course.then(57, (40, 80))
    assert (one.waiting, one.room) == ((17, 0, 0), 40)
    one = course.then(33, (20, 60), behind=(K - 1, 0))
    assert (one.waiting, one.room) == ((30, 0, 0), 80)
    one = course.then(10, behind=(K, 0))
    assert (one.waiting, one.room) == ((0, 0, 0), 50)  # 30 are the first of a lump of ten
    one = course.then(17, (10, 90), behind=(K, 0))
    assert (one.waiting, one.room) == ((7, 0, 0), 130)
    one = course.then(told=(0, AMOUNT_MAX))
    assert (one.room, one.came) == (AMOUNT_MAX, ())


def test_what_was_awarded_to_few_alone_never_counts() -> None:
    course = Course()
    one = course.then(500, (0, 900), width=AMOUNT_MAX, behind=(K, 0))
    assert (one.waiting, one.room, one.lump) == ((500, 0, 0), 900, AMOUNT_MAX)
    one = course.then(70, (40, 80), behind=(K, 0))
    assert (one.waiting, one.room, one.lump) == ((530, 0, 0), 940, AMOUNT_MAX)
    course = Course(lasts=7)
    course.then(500, (0, 900), width=AMOUNT_MAX, hidden=True)
    assert course.then(70, (40, 80), behind=(K, 0)).lump == 10


def test_what_few_spent_counts_when_so_many_spent_since_it_counted_last() -> None:
    course = Course(dearest=100, cheapest=100)
    one = course.then(spent=200, spenders=K - 1)
    assert (one.waiting, one.gone) == ((0, 200, 0), (AMOUNT_MAX, 0))
    one = course.then(spent=500, spenders=K)
    assert (one.waiting, one.gone) == ((0, 200, 0), (AMOUNT_MAX, 0))
    one = course.then(spenders=K, few=(K - 1, K, K, K))
    assert (one.waiting, one.quarters) == ((0, 200, 0), 1)
    one = course.then(spent=100, spenders=1, few=(K - 1, K - 1, K, K))
    assert (one.waiting, one.quarters) == ((0, 300, 0), 2)
    one = course.then(spenders=K, few=(0, 0, K, K))
    assert (one.waiting, one.quarters, one.gone) == ((0, 0, 0), 0, (0, 0))
    one = course.then(spenders=K, few=(0, 0, 0, 0))  # nothing waits
    assert (one.waiting, one.quarters) == ((0, 0, 0), 0)
    one = course.then(spent=100, spenders=1, few=(K - 1, K, K, K))
    assert (one.waiting, one.quarters) == ((0, 100, 0), 1)
    one = course.then(spenders=K, few=(K - 1, K - 1, K, K))
    assert (one.waiting, one.quarters) == ((0, 100, 0), 2)
    for _ in range(4):
        one = course.then(spenders=K, few=(0, 0, 0, K - 1))
        assert one.waiting == (0, 100, 0)
    assert course.then(spenders=K, few=(0, 0, 0, K)).waiting == (0, 0, 0)


def test_of_what_was_spent_on_several_rewards_counts_the_least_that_is_told_and_lumps_of_the_rest() -> None:
    course = Course(dearest=100, cheapest=20)
    lump, least = K * 100, K * 20
    one = course.then(spent=least + 70, spenders=K)
    assert (one.waiting, one.gone) == ((0, 70, 0), (lump - 1, 0))
    one = course.then(spent=least + lump + 50, spenders=K)
    assert (one.waiting, one.gone) == ((0, 120, 0), (2 * lump - 2, 0))
    one = course.then(spent=least + 200, spenders=K, few=(0, 0, 0, 0))  # k are behind it in each week
    assert (one.waiting, one.gone, one.quarters) == ((0, 20, 0), (lump - 1, 0), 0)
    one = course.then(spent=lump - 60, spenders=K - 1)
    assert (one.waiting, one.gone) == ((0, lump - 40, 0), (AMOUNT_MAX, 0))
    one = course.then(few=(K - 1, K, K, K))
    assert (one.waiting, one.gone, one.quarters) == ((0, lump - 40, 0), (AMOUNT_MAX, 0), 1)
    one = course.then(spent=60, spenders=1, few=(1, K, K, K))
    assert (one.waiting, one.gone, one.quarters) == ((0, 20, 0), (lump - 1, 0), 0)


def test_what_few_spent_on_several_rewards_counts_when_others_may_have_bought_the_dearest() -> None:
    course, lump = Course(dearest=100, cheapest=20), K * 100
    one = course.then(spent=lump + 7, spenders=K - 1, few=(K,) * 4, besides=9)
    assert (one.waiting[1], one.quarters) == (lump + 7, 1)
    one = course.then(few=(0, K, K, K), besides=10)
    assert (one.waiting[1], one.gone[0], one.quarters) == (7, lump - 1, 0)
    course = Course(dearest=100, cheapest=100)
    assert course.then(spent=200, spenders=K - 1, few=(K,) * 4, besides=0).waiting[1] == 0


def test_of_what_quests_bring_counts_in_other_weeks_what_many_events_bring() -> None:
    course = Course(dearest=100, cheapest=20)
    assert course.then(100, (50, 900), of_many=300).had == Had(300, 0, 300)
    assert course.then(100, (50, 900), of_many=300).had == Had(600, 0, 600)
    course = Course(dearest=100, cheapest=20, lasts=7)
    assert sum(course.then(100, (50, 900), of_many=300).came) == 900


def test_the_last_band_of_what_was_spent_ends_with_all_that_they_can_have_had() -> None:
    course = Course(dearest=100, cheapest=20)
    lump, least = K * 100, K * 20
    one = course.then(500, (0, 700), spent=400, spenders=K)
    assert spent_band(one, K) == (least + lump, 700)
    assert (one.had, one.waiting, one.gone) == (Had(700, 0, 340), (500, 40, 0), (340, 0))
    one = course.then(400, spent=350, spenders=K)
    assert spent_band(one, K) == (least, least + lump - 1)
    assert one.had == Had(740, 0, 740 - least)
    one = course.then(20, dear=400, spent=380, spenders=K)
    assert spent_band(one, K) == (least, 700)
    one = course.then(spent=900, spenders=K)  # some of it was put right by hand
    assert spent_band(one, K) == (660, 959)
    assert one.had == NOT_KNOWN._replace(left=0)
    course.weeks[-1].currencies = {}
    assert course.then(30).had == Had(30, 0, 30)


def test_of_rewards_that_cost_the_same_all_counts_at_once_unless_hardly_anything_is_left() -> None:
    course = Course(dearest=10, cheapest=10)
    one = course.then(200, dear=60, spent=140, spenders=K)
    assert spent_band(one, K) == (124, 200)
    assert (one.waiting, one.gone, one.had.left) == ((0, 16, 0), (76, 0), 76)
    one = course.then(200, dear=60, spent=140, spenders=K)
    assert (one.waiting, one.gone, one.had.left) == ((0, 16, 0), (76, 0), 136)


def test_when_what_was_spent_counts_as_much_is_left_of_what_they_can_have_had() -> None:
    course = Course(dearest=100, cheapest=100)
    cases = [
        (0, 110, 0, 0, 500), (380, 110, 0, 0, 120), (391, 110, 1, 110, 110), (480, 110, 90, 110, 110),
        (500, 110, 110, 110, 110), (520, 110, 0, 0, 0), (480, 600, 480, 500, 500),
    ]  # fmt: skip
    for spent, dear, waits, most, left in cases:
        course.weeks = []
        one = course.then(500, dear=dear, spent=spent, spenders=K - 1, few=(K, K, K, K))
        assert (one.waiting[1], one.gone[0], one.had.left) == (waits, most, left), spent
        assert (one.had.most == 500) == (spent <= 500)


def test_of_weeks_before_it_was_kept_what_they_can_have_had_is_not_known() -> None:
    course = Course(dearest=100, cheapest=20)
    course.then(500)
    course.weeks[-1].currencies["points"].had = NOT_KNOWN
    one = course.then(500, spent=900, spenders=K)
    assert (one.had, spent_band(one, K)) == (NOT_KNOWN, (660, 959))
    assert course.then(spent=900, spenders=K).had == NOT_KNOWN


def test_what_is_left_of_what_expires_is_no_more_than_was_issued_since() -> None:
    course = Course(lasts=14)
    lefts = [course.then(100, hidden=True).had.left for _ in range(40)]
    assert lefts[:13] == [100 * (weeks + 1) for weeks in range(13)]
    assert max(lefts) == lefts[25] == 2600
    assert lefts[26] == 1400
    course = Course(lasts=14, dearest=100, cheapest=100)
    assert course.then(900, hidden=True, spent=400, spenders=K).had.left == 500


def test_what_is_left_of_what_expires_is_told_in_lumps() -> None:
    week = WeekMeasures(FIRST, standing=True, floor=K)
    found = CurrencyWeek(lasts=FOR_EVER, lump=100, outstanding=730, holders=K, dearest=1)
    week.currencies["points"] = found
    for left, gone, low, high in (
        (AMOUNT_MAX, 0, 600, 800), (800, 0, 600, 1000), (730, 0, 400, 800), (700, 0, 600, 800),
        (AMOUNT_MAX, 150, 400, 800),
    ):  # fmt: skip
        found.had, found.gone = Had(left, 0, left), (gone, 0)
        figure = publish_points(week, "points", K).outstanding
        assert (figure.low, figure.high) == (low, high), left
    found.lump, found.gone = 0, (0, 0)  # frozen by an early release
    assert publish_points(week, "points", K).outstanding.text == "about 800"


def test_without_rewards_nothing_waits_for_spenders_but_of_those_that_were_offered() -> None:
    course = Course()
    assert course.then().gone == (0, 0)
    course.terms = {"dearest": 100, "cheapest": 20}
    assert course.then(spenders=K).gone == (3 * 100 - 1, 0)
    course.terms = {"dearest": 50, "cheapest": 50}
    one = course.then(spenders=K)
    assert (one.dearest, one.cheapest) == (100, 20)
    course.terms = {"dearest": 50, "cheapest": 1}
    assert course.then(spenders=K).cheapest == 1
    course.terms = {}
    one = course.then(spent=100, spenders=1)
    assert (one.dearest, one.cheapest, one.gone) == (100, 1, (AMOUNT_MAX, 0))


def test_what_expires_counts_anew_when_nothing_was_hidden_for_as_long_as_it_lasts() -> None:
    course = Course(lasts=14, **BOUGHT)
    one = course.then(57, (40, 80), hidden=True)
    assert (one.waiting, one.room, one.gone, one.came) == ((0, 0, 0), 0, (0, 0), (80, 0))
    for weeks in (1, 2, 3):  # it is told no more than what can have been issued
        one = course.then(15, (10, 20), expired=5, outstanding=60, holders=9, width=50, behind=(K, K))
        assert (one.waiting, one.room, one.gone) == ((5 * weeks, 0, 0), 10 * weeks, (0, 0))
        assert one.came == (80 + 20 * weeks, 0)
        assert not may_be_told(course.weeks[-1], one)
        assert (course.figure().low, course.figure().high) == (0, [119, 149, 149][weeks - 1])
    one = course.then(15, (10, 20), expired=5, losers=K - 1)
    assert may_be_told(course.weeks[-1], one)
    assert (one.waiting, one.room, one.gone) == ((20, 0, 5), 40, (0, AMOUNT_MAX))
    one = course.then(15, (10, 20), losers=K - 1, behind=(0, K - 1))
    assert (one.waiting, one.room, one.gone) == ((25, 0, 5), 50, (0, AMOUNT_MAX))
    one = course.then(15, (10, 20), expired=18, losers=K, behind=(0, K))
    assert (one.waiting, one.room, one.gone) == ((30, 0, 3), 60, (0, 10))
    one = course.then(15, (10, 20), expired=18, losers=K)
    assert (one.waiting, one.room, one.gone) == ((35, 0, 21), 70, (0, 10 + 19))
    course.terms["spenders"] = K - 1
    one = course.then(5)
    assert (one.waiting, one.room, one.gone, one.hidden) == ((0, 0, 0), 0, (0, 0), course.weeks[-1].monday)


def test_what_counts_of_what_expired_is_not_left() -> None:
    course = Course(lasts=FOR_EVER, **BOUGHT)
    assert course.then(100).had.left == 100
    one = course.then(expired=27, losers=K, behind=(0, K))
    assert (one.waiting[2], one.had.left) == (7, 80)
    one = course.then(expired=14, losers=K, behind=(0, K), hidden=True)
    assert (one.waiting[2], one.had.left) == (0, 80)


@pytest.mark.parametrize(
    "expiring, left, band",
    [
        (37, AMOUNT_MAX, (30, 39)),
        (37, 100, (30, 39)),
        (37, 48, (30, 48)),
        (43, 48, (30, 49)),
        (7, 18, (0, 18)),
        (17, 18, (0, 19)),
        (43, 42, (40, 49)),
    ],
)
def test_what_will_expire_leaves_room_below_what_is_left(
    expiring: int, left: int, band: tuple[int, int]
) -> None:
    found = CurrencyWeek(lasts=14, lump=10, expiring=expiring, had=Had(100, 0, left))
    assert expiring_band(found) == band


def test_what_expires_is_hidden_beside_what_few_spent_where_there_is_something_to_buy() -> None:
    for spenders, dearest, hidden in ((0, 1, True), (K - 1, 1, True), (K, 1, False), (0, 0, False)):
        course = Course(lasts=14, dearest=dearest, cheapest=dearest)
        course.then()
        assert (course.then(5, spenders=spenders).hidden == course.weeks[1].monday) == hidden


def test_while_something_is_hidden_what_was_issued_since_counts_in_lumps_already() -> None:
    course = Course(lasts=14)
    course.then(hidden=True)
    one = course.then(15, (0, 40), behind=(K, 0))
    assert not may_be_told(course.weeks[-1], one)
    assert (one.waiting, one.room) == ((5, 0, 0), 30)


def test_what_expires_is_told_where_nothing_was_ever_hidden() -> None:
    course = Course(lasts=FOR_EVER, **BOUGHT)
    one = course.then(10, (0, 30), behind=(K, 0), width=10)
    assert may_be_told(course.weeks[-1], one)
    assert one.hidden == 0
    one.dearest = 0  # it is what was issued before
    assert not may_be_told(course.weeks[-1], one)
    assert (one.waiting, one.room) == ((0, 0, 0), 20)


def test_what_can_have_been_issued_is_kept_for_as_long_as_it_lasts() -> None:
    course = Course(lasts=92)
    came = [course.then(1, hidden=True).came for _ in range(60)]
    assert [sum(one) for one in came[:12]] == list(range(1, 13))
    assert came[12:14] == [(13, 0), (1, 13, 0)]
    assert came[51:53] == [(13, 13, 13), (1, 13, 13)]
    course.weeks[-1].currencies["points"].came = ()  # frozen by an earlier release
    assert course.then(1, hidden=True).came == (AMOUNT_MAX,)


def test_of_what_was_before_the_first_week_nothing_is_known() -> None:
    course = Course(lasts=30)
    course.weeks = []
    week = WeekMeasures(FIRST, since=FIRST - WEEK, standing=True, floor=K)
    one = CurrencyWeek(lasts=30, outstanding=7, holders=K)
    week.currencies = {"points": one}
    remember_waiting(week, None, {"points": Told(5, 9, 10, True)}, K)
    assert (one.came, one.had) == ((9, AMOUNT_MAX), NOT_KNOWN)
    assert publish_points(week, "points", K).outstanding.text == "not shown"
    other = WeekMeasures(FIRST + WEEK, since=FIRST - WEEK, standing=True, floor=K)
    other.currencies = {"coins": CurrencyWeek(lasts=30)}
    remember_waiting(other, week, {"coins": Told(5, 9, 10, True)}, K)
    assert other.currencies["coins"].came == (9,)


def test_of_what_expires_nobody_knows_when_what_was_spent_is_taken_off() -> None:
    course = Course(lasts=FOR_EVER, dearest=100, cheapest=100)
    assert course.then(900, hidden=True, outstanding=900, holders=K).came == (900,)
    assert course.then(900, hidden=True, spent=300, spenders=K).came == (1500,)
    assert course.then(hidden=True, spent=200, spenders=K - 1).came == (1500,)
    for _ in range(13):
        course.then(10, hidden=True)
    assert course.then(hidden=True, spent=3000, spenders=K).came == (0,)
    assert course.then(told=(0, AMOUNT_MAX), hidden=True).came == (AMOUNT_MAX,)
    assert course.then(told=(0, AMOUNT_MAX), hidden=True).came == (AMOUNT_MAX,)


def test_what_was_put_right_by_hand_is_within_what_is_told() -> None:
    course = Course(lasts=14)
    course.then(50, hidden=True, outstanding=700, holders=K)
    assert (course.figure().low, course.figure().high) == (0, 799)
    course.then(50, hidden=True, outstanding=70, holders=K - 1)
    assert course.figure().text == "not shown"
    course = Course(dearest=100, cheapest=100)
    course.then(1000, spent=-300, spenders=0, outstanding=1000, holders=K)  # given back
    figure = course.figure()
    assert (figure.low, figure.high) == (0, 1199)


def test_points_of_some_weeks_are_as_exact_as_their_parts() -> None:
    about = Figure("about 300", "points", 300)
    between = Figure("100 to 250", "points", hidden="protects", low=100, high=250)
    unknown = Figure("not shown", "points", hidden="few")
    assert add_points([about, about]).value == 600
    assert (add_points([about, between]).low, add_points([about, between]).high) == (400, 600)
    assert add_points([about, between, unknown]).text == "400 or more"
    assert add_points([Figure("330", "points", 330), unknown]).text == "330 or more"
    assert add_points([unknown]).hidden == "few"


def test_spent_is_told_as_a_range_while_it_is_little_beside_the_dearest() -> None:
    week = WeekMeasures(FIRST, floor=K)
    found = CurrencyWeek(spent=340, spenders=K, cheapest=20, dearest=500)
    week.currencies["points"] = found
    assert publish_points(week, "points", K).spent.text == "fewer than 2,000"
    found.spent = 3200
    assert spent_band(found, K) == (3060, 4559)
    assert publish_points(week, "points", K).spent.text == "3,000 to 5,000"
    found.spent = 12_000
    assert str(publish_points(week, "points", K).spent.text).startswith("about")
    found.spenders = K - 1
    assert publish_points(week, "points", K).spent.text == "not shown"
    found.spenders, found.cheapest = K, 0  # measured before it was kept
    assert publish_points(week, "points", K).spent.text == "about 10,000"


# --- as figures -----------------------------------------------------------------------------------------------


def test_what_is_told_of_a_currency() -> None:
    week = WeekMeasures(FIRST, members=40, standing=True, floor=K)
    found = CurrencyWeek(expired=777, losers=K, outstanding=7770, holders=30, expiring=888, at_risk=20)
    week.currencies["points"] = found
    told = publish_points(week, "points", K)
    assert [str(one.text) for one in told[1:]] == ["about 800", "about 8,000", "about 1,000", "18 to 23"]
    found.losers, found.at_risk = K - 1, K - 1
    told = publish_points(week, "points", K)
    assert [str(one.text) for one in told[1:]] == ["not shown", "about 8,000", "not shown", "fewer than 6"]
    found.losers, found.at_risk = K, 20
    week.floor = K - 1  # raised since
    assert publish_points(week, "points", K).at_risk.text == "not shown"
    week.floor, found.lasts, found.hidden, found.came = K, 7, FIRST, (900, 9000)
    told = publish_points(week, "points", K)
    assert [str(one.text) for one in told[1:]] == ["not shown", "fewer than 10,000", "not shown", "18 to 23"]
    found.came, found.outstanding = (0, 0), 1
    assert publish_points(week, "points", K).outstanding.text == "fewer than 2"
    week.standing = False
    told = publish_points(week, "points", K)
    assert [one.hidden for one in told] == ["few", "few", "missing", "missing", "missing"]
    nothing = publish_points(week, "coins", K)
    assert [(one.unit, one.hidden) for one in nothing] == [("points", "missing")] * 4 + [
        ("members", "missing")
    ]


@pytest.mark.parametrize(
    "terms, text",
    [
        # What waits of what was issued does not count, what waits of what was spent and expired does. What was put
        # right by hand, more than there was room for, is within.
        ({"waiting": (900, 0, 0)}, "2,000 to 4,000"),
        ({"waiting": (0, 900, 0)}, "3,000 to 4,000"),
        ({"waiting": (0, 0, 900)}, "3,000 to 4,000"),
        ({"waiting": (100, 0, 0)}, "about 3,000"),
        ({"waiting": (0, 4000, 0)}, "2,000 to 8,000"),
        ({"waiting": (300, 0, 0), "room": 540}, "about 3,000"),
        ({"waiting": (300, 0, 0), "room": 541}, "2,000 to 4,000"),
        ({"waiting": (0, 300, 0), "gone": (300, 360)}, "about 3,000"),
        ({"waiting": (0, 300, 0), "gone": (300, 361)}, "2,000 to 4,000"),
        ({"waiting": (3000, 0, 0), "room": 3000}, "not shown"),
        ({"waiting": (2999, 0, 0), "room": 3000}, "fewer than 4,000"),
        ({"gone": (0, AMOUNT_MAX)}, "fewer than 4,000"),
        ({"room": AMOUNT_MAX}, "3,000 or more"),
        ({"waiting": (0, 0, 9), "gone": (0, 9), "lump": 700}, "about 3,000"),
        ({"waiting": (0, 0, 9), "gone": (0, 9), "lump": 700, "lasts": 7, "dearest": 1}, "2,000 to 4,000"),
    ],
)
def test_a_balance_is_told_without_what_waits(terms: dict[str, Any], text: str) -> None:
    week = WeekMeasures(FIRST, members=40, standing=True, floor=K)
    week.currencies["points"] = CurrencyWeek(outstanding=3000, holders=30, **terms)
    assert publish_points(week, "points", K).outstanding.text == text
    week.currencies["points"].holders = K - 1
    assert publish_points(week, "points", K).outstanding.text == "not shown"


@pytest.mark.parametrize("soon", [False, True], ids=["expired", "expiring"])
def test_what_expires_is_told_no_closer_than_what_was_issued(soon: bool) -> None:
    """Ten members got 10 each, and one 100 more, or 200; nobody has bought anything."""
    week = WeekMeasures(FIRST, members=40, standing=True, floor=K)
    found = CurrencyWeek(lasts=42, lump=2 * K * 100, losers=10, at_risk=10, dearest=9000)
    week.currencies["points"] = found

    def told(amount: int) -> str:
        found.expired, found.expiring = (0, amount) if soon else (amount, 0)
        points = publish_points(week, "points", K)
        return str(points.expiring.text if soon else points.expired.text)

    assert {told(amount) for amount in (100, 200, 300)} == {"fewer than 600"}
    assert told(61_000) == "about 61,000"


def test_breakage_is_the_share_that_expired() -> None:
    def points(value: int) -> Figure:
        return Figure(f"{value:,}", "points", value)

    hidden, unmeasured = Figure("not shown", "points", hidden="few"), missing("points")
    assert breakage(points(9000), points(300), points(150)).value == 3000
    assert breakage(points(10_000), points(200), points(100)).text == "about 3,300"
    assert breakage(points(10_000), points(1), points(0)).value == 0
    assert breakage(points(9000), points(0), points(0)).hidden == "missing"
    some = Figure("100 to 300", "points", hidden="protects", low=100, high=300)
    few = Figure("fewer than 300", "points", hidden="protects", low=0, high=300)
    assert breakage(points(9000), some, points(100)).text == "2,200 to 4,500"
    assert breakage(some, points(100), points(300)).text == "70 to 230"
    assert breakage(few, points(100), points(300)).text == "fewer than 230"
    assert breakage(points(9000), few, points(100)).text == "2,200 to 9,000"
    assert breakage(points(9000), few, points(0)).value == 0
    assert breakage(points(9000), points(100), some).text == "4,500 to 6,800"
    assert breakage(points(9000), points(100), few).text == "fewer than 6,800"
    assert breakage(points(9000), points(0), few).text == "fewer than 9,000"
    for at in range(3):
        told = [points(9000), points(300), points(150)]
        told[at] = hidden
        assert breakage(*told).hidden == "few"
        told[at] = unmeasured
        assert breakage(*told).hidden == "missing"


def test_the_middle_of_a_band_is_told_where_it_is_narrow() -> None:
    week = WeekMeasures(FIRST, floor=K)
    found = CurrencyWeek(spent=26_000, spenders=K, cheapest=200, dearest=500)
    week.currencies["points"] = found
    low, high = spent_band(found, K)
    assert high - low > 4000
    found.cheapest = found.dearest = 5_000
    found.spent = 17_000
    assert str(publish_points(week, "points", K).spent.text) == "about 17,000"
