"""What a campaign moved: which month measures it, who is counted, and what is told of that."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import product
from random import Random

import pytest
from msgspec.structs import replace

from engage.core import published_campaigns
from engage.core.activity import mark_day
from engage.core.calendar import month_end
from engage.core.campaign_weeks import HeldOutMonth, count_held_out, holds_out, measured_campaign
from engage.core.holdouts import is_held_out
from engage.core.intervals import Difference, difference_interval, pooled_interval
from engage.core.measures import WeekMeasures, measure_weeks
from engage.core.privacy import Figure, fact
from engage.core.program import Campaign, EventType, Program
from engage.core.published_campaigns import CampaignMonth, pool_months, publish_campaign_month
from engage.core.published_parts import SMALLER, Group
from engage.core.segments import GroupWeek
from engage.core.state import CampaignStop, CompanyState, MemberState
from engage.core.windows import between

MONDAY = month_end(date(2026, 6, 1).toordinal())
FIRST = MONDAY - 21
DAY = 86_400_000_000
EPOCH = date(1970, 1, 1).toordinal()


def program(**campaigns: Campaign) -> Program:
    return Program("Test", {}, {"Export": EventType("Export")}, department="team", campaigns=campaigns)


SPRING = Campaign("Spring", FIRST, FIRST + 27, holdout=50)


@pytest.mark.parametrize(
    "first, last, weeks",
    [(0, 27, 4), (1, 27, 3), (7, 26, 2), (8, 27, 2), (8, 26, None), (-100, 100, 4), (28, 60, None)],
)
def test_a_month_measures_a_campaign_that_ran_for_two_whole_weeks_of_it(
    first: int, last: int, weeks: int | None
) -> None:
    made = program(spring=replace(SPRING, first_day=FIRST + first, last_day=FIRST + last))
    assert measured_campaign(made, CompanyState(), MONDAY) == (None if weeks is None else ("spring", weeks))
    assert measured_campaign(made, CompanyState(), MONDAY + 7) is None, "no week but the last of a month"


def test_of_two_campaigns_a_month_measures_one() -> None:
    early = replace(SPRING, last_day=FIRST + 13)
    late = replace(SPRING, first_day=FIRST + 14, last_day=FIRST + 40)
    open_to_all = replace(SPRING, holdout=0)
    made = program(a=early, b=late, c=open_to_all)
    assert measured_campaign(made, CompanyState(), MONDAY) == ("b", 2)
    assert measured_campaign(program(c=open_to_all), CompanyState(), MONDAY) is None


def test_a_program_can_be_measured_that_holds_members_out_of_any_campaign() -> None:
    open_to_all = replace(SPRING, holdout=0)
    assert holds_out(program(a=open_to_all, b=SPRING))
    assert not holds_out(program(a=open_to_all))
    assert not holds_out(None)


def test_a_campaign_that_was_ended_ran_until_then() -> None:
    ended = CampaignStop(True, "olga", "enough", (FIRST + 14 - EPOCH) * DAY)
    company = CompanyState(campaigns={"spring": ended})
    assert measured_campaign(program(spring=SPRING), company, MONDAY) == ("spring", 2)
    over = replace(SPRING, last_day=FIRST + 9)
    assert measured_campaign(program(spring=over), company, MONDAY) is None, "ended by hand when it was over"
    paused = CompanyState(campaigns={"spring": CampaignStop(False, "olga", "wait", ended.at)})
    assert measured_campaign(program(spring=SPRING), paused, MONDAY) == ("spring", 4)


def test_members_and_those_of_them_who_were_active_are_counted_by_the_draw() -> None:
    members, numbers = [], list(range(1, 201))
    for number in numbers:
        member = MemberState(joined=FIRST - 50, traits={"team": "it" if number % 2 else "sales"})
        if number % 5:
            mark_day(member, FIRST + number % 28)
        members.append(member)
    members[7].joined = MONDAY + 9  # who came later is in no figure of the month
    members[7].days = b""
    for at in range(9, 200, 10):  # cannot have come, for the host had said that they left
        members[at].left = FIRST - 10
    made = program(spring=SPRING)
    mondays = [FIRST, MONDAY]
    weeks = measure_weeks(made, CompanyState(members=200), members, {}, mondays, numbers=numbers)
    assert weeks[0].held_out is None
    out = [n for n in numbers if is_held_out("spring", 50, n) and n != 8]
    assert weeks[1].held_out == HeldOutMonth(
        "spring",
        4,
        members=len(out),
        active=sum(n % 5 > 0 for n in out),
        others=199 - len(out),
        among={"it": sum(n % 2 for n in out), "sales": sum(1 - n % 2 for n in out)},
        absent={"sales": sum(n % 10 == 0 for n in out)},
    )
    [unnumbered] = measure_weeks(made, CompanyState(members=200), members, {}, [MONDAY])
    assert unnumbered.held_out is None


@pytest.mark.parametrize("named, counted", [(20, True), (27, True), (28, False), (60, False)])
@pytest.mark.parametrize("came", [None, 27, 28])
def test_those_are_counted_who_were_named_by_the_end_of_the_month(
    named: int, came: int | None, counted: bool
) -> None:
    """Even if they came before."""
    member = MemberState(joined=FIRST + named)
    if came is not None:
        mark_day(member, FIRST + came)
    month = HeldOutMonth("spring", 4, among={})
    count_held_out(program(spring=SPRING), month, MONDAY, [(1, member, False, False)], lambda _: "")
    assert month.members + month.others == counted


# --- what is told -----------------------------------------------------------------------------------------------


def a_month(held_out: int, active: int, others: int, others_active: int, k: int = 5) -> WeekMeasures:
    week = WeekMeasures(MONDAY, members=held_out + others, definition=2, floor=k)
    week.active_4w = week.activated = active + others_active
    week.month = [week.active_4w // 2] * 4
    week.held_out = HeldOutMonth("spring", 4, held_out, active, others, {})
    return week


def test_a_large_difference_is_told_with_its_interval() -> None:
    told = publish_campaign_month(a_month(400, 200, 1600, 1200), 5)
    assert told is not None
    assert (told.told, told.text) == ("more", "More were active than without it.")
    assert told.held_out_active.value is None, "a band, never the number"
    low, high = told.held_out_active.low, told.held_out_active.high
    assert low is not None
    assert high is not None
    assert low <= 50 <= high
    assert told.difference.low is not None
    assert told.difference.high is not None
    exact = difference_interval(1200, 1600, 200, 400)
    assert told.difference.low <= 100 * exact[0] < 100 * exact[1] <= told.difference.high
    assert round(4 * (high - low)) + 1 == 10, "as wide as twice the floor"
    assert told.difference.text == "+17 to +30 points"
    assert (told.first_day, told.last_day) == (
        date.fromordinal(FIRST).isoformat(),
        date.fromordinal(FIRST + 27).isoformat(),
    )


def test_a_small_difference_may_be_chance_and_a_loss_is_said() -> None:
    unclear = publish_campaign_month(a_month(100, 50, 900, 470), 5)
    fewer = publish_campaign_month(a_month(400, 300, 1600, 800), 5)
    assert unclear is not None
    assert fewer is not None
    assert unclear.told == "unclear"
    assert fewer.told == "fewer"
    assert fewer.text == "Fewer were active than without it."


def a_told_month(campaign: str, held_out: int, active: int, others: int, others_active: int) -> CampaignMonth:
    week = a_month(held_out, active, others, others_active)
    assert week.held_out is not None
    week.held_out.campaign = campaign
    told = publish_campaign_month(week, 5)
    assert told is not None
    return told


def test_months_told_together_are_their_mean_from_what_is_told_of_each() -> None:
    months = [a_told_month(name, 400, 200, 1600, 1200) for name in "ab"]
    one = months[0].difference
    both = pool_months(months)
    assert both is not None
    assert (both.months, both.text) == (2, "More were active than without it.")
    assert one.low is not None
    assert one.high is not None
    assert both.difference.low is not None
    assert both.difference.high is not None
    assert one.low < both.difference.low < 25 < both.difference.high < one.high
    active, held_out_active = months[0].active, months[0].held_out_active
    least = active.floor - (held_out_active.ceiling or 0)
    most = (active.ceiling or 0) - held_out_active.floor
    assert least - both.difference.low == pytest.approx((least - one.low) / 2**0.5, abs=0.1)
    assert both.difference.high - most == pytest.approx((one.high - most) / 2**0.5, abs=0.1)
    again = pool_months([a_told_month("a", 400, 200, 1600, 1200)] * 2)
    assert again is not None
    assert again.difference == one, "the same people twice are no surer than once"
    too_few = a_told_month("c", 49, 25, 900, 400)
    assert pool_months([*months, too_few]) == both
    assert pool_months([months[0], too_few]) is None
    larger = pool_months([a_told_month("b", 100, 60, 900, 500), *months])
    assert larger is not None
    assert (larger.months, larger.difference.value) == (3, None)


@pytest.mark.parametrize("held_out, others", [(100, 900), (900, 100)])
def test_a_month_counts_among_several_only_where_the_shares_of_both_groups_are_told(
    held_out: int, others: int
) -> None:
    """Of which departments those held out were active is hidden, so that most of the smaller group may have been."""
    week = a_month(held_out, held_out // 2, others, others // 2)
    week.departments = {"board": GroupWeek(20, active_4w=18), "it": GroupWeek(980, active_4w=482)}
    assert week.held_out is not None
    week.held_out.among = {"board": 10, "it": held_out - 10}
    open_month = publish_campaign_month(week, 5)
    assert open_month is not None
    shares = (open_month.active, open_month.held_out_active)
    assert [share.hidden == "wide" for share in shares] == [others < held_out, held_out < others]
    months = [a_told_month(name, 400, 200, 1600, 1200) for name in "ab"]
    assert pool_months([*months, open_month]) == pool_months(months)


@pytest.mark.parametrize("campaigns, months", [(1, 3), (3, 1), (2, 2)])
def test_a_pooled_interval_holds_the_mean_at_least_as_often_as_it_says(campaigns: int, months: int) -> None:
    """Of members with habits, so that months of one campaign err alike."""
    random, held, tries = Random(campaigns), 0, 300
    for _ in range(tries):
        habits = [random.random() for _ in range(200)]
        groups = []
        for _ in range(campaigns):
            out = [random.random() < 0.35 for _ in habits]
            groups.append([_difference(random, habits, out) for _ in range(months)])
        low, high = pooled_interval(groups)
        held += low <= 0.1 <= high
    assert held >= 0.92 * tries


def _difference(random: Random, habits: list[float], out: list[bool]) -> Difference:
    """With the campaign every tenth member is active who would not have been."""
    came = [
        (habit if random.random() < 0.9 else random.random()) < (0.5 if is_out else 0.6)
        for habit, is_out in zip(habits, out, strict=True)
    ]
    inside = [is_active for is_active, is_out in zip(came, out, strict=True) if not is_out]
    outside = [is_active for is_active, is_out in zip(came, out, strict=True) if is_out]
    counts = (sum(inside), len(inside), sum(outside), len(outside))
    exact = counts[0] / counts[1] - counts[2] / counts[3]
    return Difference(counts[1], counts[3], exact, exact, *difference_interval(*counts))


def test_a_difference_counts_as_two_groups_of_its_sizes_tell() -> None:
    """Ten beside ten tell as much as five beside ever so many, and ten beside thirty half as much again."""

    def pooled(of: int, other_of: int) -> float:
        none = Difference(10, 10, 0.0, 0.0, 0.0, 0.0)
        low, high = pooled_interval([[none], [Difference(of, other_of, 1.0, 1.0, 1.0, 1.0)]])
        assert low == high
        return low

    assert (pooled(10, 10), pooled(10, 30), pooled(30, 10)) == (1 / 2, 3 / 5, 3 / 5)
    assert pooled(5, 10**9) == pytest.approx(1 / 2)


def test_two_small_groups_are_too_few_to_tell() -> None:
    told = publish_campaign_month(a_month(49, 25, 900, 400), 5)
    assert told is not None
    assert told.text == "Too few to tell: 50 are needed in each of the two groups."
    assert told.difference.value is told.difference.low is told.held_out_active.low is None
    almost_all = publish_campaign_month(a_month(100, 98, 900, 900), 5)
    assert almost_all is not None
    assert almost_all.told == "hidden"


@pytest.mark.parametrize(
    "count, of, other_count, other_of, low, high",
    [
        (56, 70, 48, 80, 0.0524, 0.3339),  # the examples of Newcombe's table II, method 10
        (9, 10, 3, 10, 0.1705, 0.8090),
        (10, 10, 0, 20, 0.6791, 1.0),
    ],
)
def test_the_interval_is_that_of_the_paper(
    count: int, of: int, other_count: int, other_of: int, low: float, high: float
) -> None:
    found = difference_interval(count, of, other_count, other_of)
    assert [round(one, 4) for one in found] == [low, high]


def _random_draw(random: Random) -> tuple[WeekMeasures, list[Group], list[tuple[int, int, Figure]]]:
    """Departments, or roles, of which two are told as one, and one of them is called so; and of each that is told: who
    can have come of those held out and of the others, and how many did."""
    groups, month = dict[str, GroupWeek](), HeldOutMonth("sprint", 4, absent=random.choice(({}, None)))
    told, ways = [], []
    for names in (("it",), ("sales",), ("ops", SMALLER)):
        inside = outside = count = 0
        for name in names:
            held, others = random.randint(0, 3), random.randint(0, 3)
            away, gone = (
                random.randint(0, most) if month.absent is not None else 0 for most in (held, others)
            )
            groups[name] = GroupWeek(held + others, absent=away + gone)
            month.members, month.others = month.members + held, month.others + others
            if held:
                month.among[name] = held
            if away and month.absent is not None:
                month.absent[name] = away
            inside, outside = inside + held - away, outside + others - gone
            came = random.randint(0, held - away)
            month.active += came
            count += came + random.randint(0, others - gone)
        whole = fact(inside + outside, "members")
        ranges = between(count - random.randint(0, 2), count + random.randint(1, 2), inside + outside)
        figure = random.choice((fact(count, "members"), ranges))
        told.append(Group(names[0] if len(names) == 1 else SMALLER, whole, figure, whole))
        ways.append((inside, outside, figure))
    week = WeekMeasures(739_018, held_out=month, absent_4w=sum(one.absent for one in groups.values()))
    setattr(week, random.choice(("departments", "roles")), groups)
    return week, told, ways


def _came(inside: int, outside: int, figure: Figure) -> list[tuple[int, int]]:
    """How many in all can have come, and how many of those held out."""
    return [
        (some + more, some)
        for some in range(inside + 1)
        for more in range(outside + 1)
        if figure.floor <= some + more <= (figure.ceiling or 0)
    ]


def test_what_is_open_of_those_held_out_is_what_all_ways_leave() -> None:
    for seed in range(400):
        week, told, ways = _random_draw(Random(seed))
        each = [_came(*one) for one in ways]
        sums = [tuple(map(sum, zip(*one, strict=True))) for one in product(*each)]
        count = Random(seed).choice(sums)[0]
        low, high, width = published_campaigns._open(week, told, fact(count, "members"), 3)
        fitting = [held for together, held in sums if together == count]
        assert low <= min(fitting) <= max(fitting) <= high
        if all(figure.value is not None for _, _, figure in ways):
            assert (low, high) == (min(fitting), max(fitting))
        helds = [[held for _, held in one] for one in each]
        hidden = [
            max(one) - min(one) + 1
            for one, (*_, figure) in zip(helds, ways, strict=True)
            if figure.value is None
        ]
        assert width == max(3, *hidden, 0)
        low, high, _ = published_campaigns._open(week, (), fact(count, "members"), 3)
        inside, outside = (sum(one[at] for one in ways) for at in (0, 1))
        assert (low, high) == (max(0, count - outside), min(inside, count))


@pytest.mark.parametrize(
    "held_out, others, told", [(50, 400, True), (400, 50, True), (49, 400, False), (400, 49, False)]
)
def test_each_of_the_two_groups_is_ten_times_the_floor(held_out: int, others: int, told: bool) -> None:
    found = publish_campaign_month(a_month(held_out, held_out // 2, others, others // 2), 5)
    assert found is not None
    assert (found.told != "few") is told
    raised = a_month(held_out, held_out // 2, others, others // 2, k=6)
    measured = publish_campaign_month(raised, 5)
    assert measured is not None
    assert measured.told == "few", "by the floor of the week"


def test_a_difference_is_told_to_a_tenth_and_is_clear_where_zero_is_not_in_it() -> None:
    cases = {(0.06, 3.74): "more", (-3.7, -0.06): "fewer", (0.04, 2.0): "unclear", (-2.0, -0.04): "unclear"}
    for (low, high), told in cases.items():
        figure, found = published_campaigns._interval(low, high)
        assert (figure.low, figure.high, found) == (round(low, 1), round(high, 1), told)
    fewest, most = difference_interval(590, 900, 20, 100), difference_interval(600, 900, 10, 100)
    figure, _ = published_campaigns._difference(
        between(10, 20, 100), between(590, 600, 900), HeldOutMonth("spring", 4, 100, 10, 900)
    )
    assert (figure.low, figure.high) == (round(100 * fewest[0], 1), round(100 * most[1], 1))


def test_of_a_month_without_a_campaign_nothing_is_said() -> None:
    assert publish_campaign_month(WeekMeasures(MONDAY), 5) is None


@pytest.mark.parametrize("departments, expected", [(True, "sales"), (False, "manager")])
def test_those_held_out_are_told_within_departments_or_else_roles(
    departments: bool, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def remember(_: WeekMeasures, groups: Sequence[Group], *__: object) -> tuple[int, int, int]:
        asked.extend(group.name for group in groups)
        return 0, 100, 10

    monkeypatch.setattr(published_campaigns, "_open", remember)
    week = a_month(100, 50, 900, 470)
    everybody = GroupWeek(1000, 520, 520, 520)
    week.roles, week.departments = {"manager": everybody}, {"sales": everybody} if departments else {}
    assert publish_campaign_month(week, 5) is not None
    assert asked == [expected]
