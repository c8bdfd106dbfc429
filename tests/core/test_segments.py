"""How members differ, by example: their class of use, place, month of activation, and how far they came."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import pytest

from engage.core.activity import mark_day, mark_use
from engage.core.calendar import month_end
from engage.core.measures import WeekMeasures
from engage.core.program import Funnel, Program, Property, RoleTrait
from engage.core.segments import GROUP_CHARS_MAX, GROUP_OTHER, GROUPS_MAX, GroupWeek, cohort_of, month_ends
from engage.core.state import CompanyState, MemberState
from tests.core.measuring import measure_week

WEEK = 7
END = month_end(date(2026, 6, 1).toordinal())
"""The Monday of the last week of a month."""
FUNNEL = Funnel("start", "Start", ("Look", "Try", "Buy"), weeks=5)
PROGRAM = Program(
    "Test",
    {},
    {},
    member_traits={"team": Property("string"), "title": Property("string")},
    department="team",
    role=RoleTrait("title", {"manager": ("lead", "head"), "executor": ("clerk",)}),
    funnels=(FUNNEL,),
)


def at(week: int) -> int:
    """The Monday so many weeks after that of `END`."""
    return END + WEEK * week


def somebody(
    events: Mapping[int, int] | None = None, *, joined: int = END - 400, **traits: object
) -> MemberState:
    """`events`: week -> so many, on its Monday."""
    member = MemberState(joined=joined, traits=traits)
    for week, count in sorted((events or {}).items()):
        mark_day(member, at(week))
        for _ in range(count):
            mark_use(member, at(week))
    return member


def measured(
    *members: MemberState, monday: int = END, floor: int = 1, program: Program = PROGRAM
) -> WeekMeasures:
    return measure_week(program, CompanyState(members=len(members)), members, {}, monday, floor=floor)


POWER, HABITUAL, NOVICE, LOW, NONE = range(5)


@pytest.mark.parametrize(
    "events, expected",
    [
        ({-week: 20 for week in range(9)}, POWER),
        ({-week: 20 for week in range(8)} | {-8: 19}, HABITUAL),
        ({-week: 1 for week in range(9)}, HABITUAL),
        ({-week: 50 for week in range(8)}, NOVICE),
        ({-week: 50 for week in range(4, 12)} | {-12: 50}, NOVICE),
        ({-11: 12}, NOVICE),
        ({0: 11}, LOW),
        ({-11: 1}, LOW),
        ({-12: 90}, NONE),
        ({-12: 90, -1: 11}, LOW),
    ],
)
def test_the_class_of_use_is_by_habit_and_events_of_twelve_weeks(
    events: dict[int, int], expected: int
) -> None:
    """Power users have the habit and 180 events, habitual ones the habit; novices have twelve events, low users any."""
    assert measured(somebody(events)).classes == [int(one == expected) for one in range(5)]


def test_of_those_who_never_came_or_came_after_the_month_nothing_is_divided() -> None:
    week = measured(somebody(), somebody({1: 5}), monday=at(1))
    assert (week.classes, week.top) == ([0] * 5, (0, 0, 0))
    assert week.cohorts == {cohort_of(END - 406): (0, 0)}


def test_members_are_grouped_by_what_the_host_says_of_them() -> None:
    week = measured(
        somebody({0: 1}, team="sales", title="lead"),
        somebody(team="sales", title="head"),
        somebody({-3: 1}, team="it", title="clerk"),
        somebody({-4: 1}, team=7, title=7),
        somebody(title="owner"),
        somebody(team=["it"], title=["lead"]),
    )
    assert {name: (one.members, one.activated, one.active_4w) for name, one in week.departments.items()} == {
        "sales": (2, 1, 1),
        "it": (1, 1, 1),
        "": (3, 1, 0),
    }
    assert {name: (one.members, one.active) for name, one in week.roles.items()} == {
        "manager": (2, 1),
        "executor": (1, 0),
        "": (3, 0),
    }


@pytest.mark.parametrize(
    "program, departments, roles",
    [
        (Program("T", {}, {}), set(), set()),
        (Program("T", {}, {}, department="team"), {"it"}, set()),
        (Program("T", {}, {}, role=PROGRAM.role), set(), {"executor"}),
    ],
)
def test_without_a_trait_for_them_there_are_no_groups(
    program: Program, departments: set[str], roles: set[str]
) -> None:
    week = measured(somebody({0: 1}, team="it", title="clerk"), program=program)
    assert (set(week.departments), set(week.roles)) == (departments, roles)


@pytest.mark.parametrize(
    "joined, came, expected",
    [
        (END + 6, None, GroupWeek(members=1)),
        (END + 7, None, GroupWeek()),
        (END + 7, 1, GroupWeek(active=1, days=1)),
        (END + 7, 0, GroupWeek()),
        (END + 13, None, GroupWeek()),
        (END + 14, 0, None),
    ],
)
def test_a_group_has_the_members_of_the_months_end_who_are_named_by_now(
    joined: int, came: int | None, expected: GroupWeek | None
) -> None:
    """In the week after the month: who was named in it is in that week's figures alone, even if they came before."""
    member = somebody({} if came is None else {came: 1}, joined=joined, team="it")
    assert measured(member, somebody(), monday=at(1)).departments.get("it") == expected


def test_a_group_adds_up_the_days_and_the_habits_of_its_members() -> None:
    often, seldom = (somebody({-week: 1 for week in range(weeks)}, team="it") for weeks in (9, 8))
    mark_day(often, END + 4)
    week = measured(often, seldom, somebody(team="it"))
    assert week.departments["it"] == GroupWeek(3, 2, 2, 2, 1, 3)


def test_a_company_of_very_many_departments_has_one_of_all_others() -> None:
    names = [f"{at:03}{'x' * GROUP_CHARS_MAX}" for at in range(GROUPS_MAX + 2)]
    departments = measured(*(somebody(team=name) for name in (*names, names[0]))).departments
    assert len(departments) == GROUPS_MAX + 1
    assert {len(name) for name in departments} == {GROUP_CHARS_MAX, len(GROUP_OTHER)}
    assert departments[names[0][:GROUP_CHARS_MAX]].members == 2
    assert departments[GROUP_OTHER].members == 2


def test_a_cohort_is_of_the_four_weeks_in_which_they_first_came() -> None:
    """And of each it is counted who still comes."""
    members = [somebody({-7: 1} | more) for more in ({}, {0: 1}, {-3: 1}, {-4: 1})]
    week = measured(*members, somebody({-8: 1, -2: 1}), somebody({-3: 1}))
    named = {cohort_of(END - 406): (0, 0)}
    assert week.cohorts == named | {END - 56: (1, 1), END - 28: (4, 2), END: (1, 1)}


@pytest.mark.parametrize(
    "named, months",
    [(END, {END}), (END + 6, {END}), (END + 7, set()), (END - 21, {END}), (END - 22, {END - 28})],
)
def test_cohorts_begin_with_the_month_in_which_the_first_member_was_named(
    named: int, months: set[int]
) -> None:
    week = measured(somebody(joined=named), somebody(joined=END + 20), monday=at(1))
    assert set(week.cohorts) == months


def test_the_most_active_tenth_is_rounded_up_and_of_four_weeks() -> None:
    """Of eleven who came, the two who did most; who is in no week of the month is none of them."""
    busy = [somebody({-4: 99, -3: 4, 0: 5}), somebody({-1: 8})]
    others = [somebody({-2: 2}) for _ in range(9)]
    week = measured(*busy, *others, somebody({-4: 200}))
    assert week.top == (2, 17, 35)
    assert measured(*busy, *others[:8]).top == (1, 9, 33)


def test_of_a_newcomer_all_events_count_and_none_that_came_after_the_month() -> None:
    assert measured(somebody({-2: 5, -1: 6, 0: 7})).top == (1, 18, 18)
    assert measured(somebody({0: 7} | dict.fromkeys(range(1, 9), 20))).top == (1, 7, 7)
    long_ago = somebody({0: 7} | dict.fromkeys(range(20, 70), 20))  # of which no events are remembered
    assert measured(long_ago).top == (1, 0, 0)


def test_what_an_attacker_may_know_of_the_most_active_is_told_apart() -> None:
    """Of the tenth and of the others each: the most, the least of the floor less one, and what all others did."""
    members = [somebody({0: 30 - index}) for index in range(21)]
    week = measured(*members, floor=3)
    assert week.top == (3, 87, 30 * 21 - 210)
    assert week.top_leading == [(30, 29, 28), (27, 26, 420 - 87 - 53)]
    assert measured(somebody({0: 2})).top_leading == [(0, 0, 2), (0, 0, 0)]


def on_the_way(began: Sequence[int], tried: Sequence[int] = (), bought: Sequence[int] = ()) -> MemberState:
    """Weeks in which somebody began who came to each step; they came in each and in the week after the month's."""
    member = somebody(dict.fromkeys([*began, 0], 1))
    base = -20
    steps = tuple(sum(1 << week - base for week in weeks) for weeks in (began, tried, bought))
    member.funnels[FUNNEL.key] = (at(base), steps)
    return member


@pytest.mark.parametrize(
    "began, reached",
    [([-8], 1), ([-11], 1), ([-12], 0), ([-7], 0), ([-12, -8], 1), ([-4], 0), ([-12, -7], 0)],
)
def test_beginners_of_a_funnel_are_of_the_month_that_is_as_long_over_as_it_waits(
    began: list[int], reached: int
) -> None:
    """Five weeks after the month of which the last week is that of -8: at the end of the second after it."""
    week = measured(on_the_way(began))
    assert week.funnels == {"start": [reached, 0, 0]}
    assert week.funnel_months == {"start": 2}
    assert week.funnel_keys == {"start": FUNNEL.key}


def test_each_step_of_a_funnel_counts_who_reached_it() -> None:
    ways = [on_the_way([-9], [-9], [-9]), on_the_way([-9], [-9]), on_the_way([-9, -10], [-10])]
    assert measured(*ways, on_the_way([-9])).funnels == {"start": [4, 3, 1]}


def test_nobody_began_in_a_quiet_week() -> None:
    ways = [on_the_way([-8]), on_the_way([-8]), on_the_way([-9])]
    assert measured(*ways, floor=2).funnels == {"start": [2, 0, 0]}
    assert measured(*ways, floor=1).funnels == {"start": [3, 0, 0]}


def test_it_is_counted_who_began_in_two_months_so_far() -> None:
    ways = [on_the_way([-12, -8]), on_the_way([-11, -8]), on_the_way([-8, -7]), on_the_way([-20, -14, -2])]
    assert measured(*ways).funnel_begins == {"start": ("Look", 2)}


def test_months_end_where_four_weeks_are_over() -> None:
    assert month_ends(at(3), 3) == [END, at(-4), at(-8)]
    assert month_ends(at(4), 1) == [at(4)]
