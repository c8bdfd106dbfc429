"""Weekly measures against a plain recount of what each member did on which day."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from engage.core.activity import mark_day, mark_earning, mark_feature, mark_use
from engage.core.calendar import month_end, week_of
from engage.core.measures import WeekMeasures
from engage.core.program import Award, Currency, EventType, Level, Levels, Program, Property, RoleTrait, Rule
from engage.core.segments import GroupWeek
from engage.core.state import CompanyState, DayRollup, MemberState, add_to
from tests.core.measuring import measure_week, measure_weeks

MONDAY = date(2026, 1, 5).toordinal()
NAMES = ("Export", "Share", "Look")
TEAMS = ("sales", "support", 7)  # of which one is no department
PROGRAM = Program(
    name="Test",
    currencies={"points": Currency("Points")},
    events={"Export": EventType("Export"), "Share": EventType("Share"), "Look": EventType("Look", key=False)},
    member_traits={"team": Property("string"), "title": Property("string")},
    department="team",
    role=RoleTrait("title", {"decision_maker": ("owner",), "manager": ("lead",)}),
    levels=Levels("points", (Level("bronze", "Bronze", 0), Level("silver", "Silver", 100))),
    rules=(Rule("export", "Export", "Export", effects=(Award("points", 10),)),),
)

Done = tuple[int, int, str]  # member, day after MONDAY, event
histories = st.lists(
    st.tuples(st.integers(0, 6), st.integers(0, 20 * 7 - 1), st.sampled_from(NAMES)), max_size=120
)


def lasting(week: WeekMeasures) -> WeekMeasures:
    """Without what is known of the last week measured alone."""
    return msgspec.structs.replace(week, standing=False)


def folded(done: list[Done]) -> tuple[CompanyState, list[MemberState], dict[int, DayRollup]]:
    members: dict[int, MemberState] = {}
    days: dict[int, DayRollup] = {}
    for who, offset, name in done:
        day = MONDAY + offset
        rollup = days.setdefault(day, DayRollup())
        member = members.get(who)
        if member is None:
            member = members[who] = MemberState(joined=day, traits={"team": TEAMS[who % 3], "title": "owner"})
            rollup.joined += 1
        rollup.events += 1
        add_to(rollup.names, name, 1)
        rollup.members += mark_day(member, day)
        mark_feature(member, name, day)
        mark_use(member, day)
        mark_earning(member, "points" if name == "Export" else "", day)
    return CompanyState(members=len(members)), list(members.values()), days


FLOOR = 3


def loud_weeks(done: list[Done], last: int, count: int) -> set[int]:
    """Of the `count` weeks up to `last`, those in which at least FLOOR members were active."""
    return {
        week
        for week in range(last - count + 1, last + 1)
        if len({who for who, day, _ in done if day // 7 == week}) >= FLOOR
    }


@given(histories)
def test_measures_agree_with_a_recount_of_every_day(done: list[Done]) -> None:
    done = sorted(done, key=lambda one: one[1])
    company, members, days = folded(done)
    mondays = [MONDAY + 7 * index for index in range(20)]
    for index, week in enumerate(measure_weeks(PROGRAM, company, members, days, mondays, floor=FLOOR)):
        end = (month_end(week.monday) - MONDAY) // 7
        month, twelve = loud_weeks(done, end, 4), loud_weeks(done, end, 12)

        def who(weeks: set[int], name: str | None = None) -> set[int]:
            return {w for w, d, n in done if d // 7 in weeks and name in (None, n)}

        weeks_of = {w: {d // 7 for v, d, _ in done if v == w and d // 7 in twelve} for w in range(7)}
        assert week.active == len(who({index}))
        assert week.active_4w == len(who(month))
        assert week.month == [len(who({at})) if at in month else 0 for at in range(end - 3, end + 1)]
        assert week.habitual == sum(1 for weeks in weeks_of.values() if len(weeks) >= 9)
        assert week.activated == len(who(set(range(end + 1))))
        assert week.members == len(who(set(range(index + 1))))
        assert week.days == len({(w, d) for w, d, _ in done if d // 7 == index})
        assert week.events == sum(1 for _, d, _ in done if d // 7 == index)
        assert week.earners == len(who({index}, "Export"))
        assert week.receivers.get("points", 0) == week.earners
        assert week.unrewarded == len(who({index}, "Share") | who({index}, "Look"))
        assert week.organic_4w == len(who(month, "Share") | who(month, "Look"))
        assert sorted(week.features) == ["Export", "Share"]
        for name, feature in week.features.items():
            assert feature.members == len(who({index}, name))
            assert feature.members_4w == len(who(month, name))
            assert feature.events == sum(1 for _, d, n in done if d // 7 == index and n == name)


@given(histories)
def test_who_has_most_of_a_week_is_known_of_all_but_as_many_as_an_attacker_may_know(done: list[Done]) -> None:
    done = sorted(done, key=lambda one: one[1])
    company, members, days = folded(done)
    week = measure_week(PROGRAM, company, members, days, MONDAY, floor=FLOOR)
    events = sorted((sum(1 for w, d, _ in done if w == who and d < 7) for who in range(7)), reverse=True)
    assert week.leading == (events[0], events[1], sum(events[2:]))
    assert week.alike == max((events.count(one) for one in events if one), default=0)


@given(histories)
def test_people_are_divided_as_a_recount_divides_them(done: list[Done]) -> None:
    done = sorted(done, key=lambda one: one[1])
    company, members, days = folded(done)
    for index in (0, 3, 13, 19):
        week = measure_week(PROGRAM, company, members, days, MONDAY + 7 * index, floor=FLOOR)
        end = (month_end(week.monday) - MONDAY) // 7
        month, twelve = loud_weeks(done, end, 4), loud_weeks(done, end, 12)
        since = {w: min(d for v, d, _ in done if v == w) // 7 for w, d, _ in done}
        so_far = {w for w, first in since.items() if first <= end}
        events = [sum(1 for w, d, _ in done if w == who and end - 12 < d // 7 <= end) for who in range(7)]
        weeks_of = [len({d // 7 for w, d, _ in done if w == who and d // 7 in twelve}) for who in range(7)]
        habit = [count >= 9 for count in weeks_of]
        assert week.classes[0] == sum(h and n >= 180 for h, n in zip(habit, events, strict=True))
        assert week.classes[0] + week.classes[1] == week.habitual
        assert week.classes[2] == sum(not h and n >= 12 for h, n in zip(habit, events, strict=True))
        assert week.classes[3] == sum(not h and 0 < n < 12 for h, n in zip(habit, events, strict=True))
        assert sum(week.classes) == week.activated
        recent = sorted(
            sum(1 for w, d, _ in done if w == who and end - 4 < d // 7 <= end)
            if any(w == who and d // 7 in month for w, d, _ in done)
            else 0
            for who in range(7)
        )
        top = -(-sum(map(bool, recent)) // 10)
        assert week.top == (top, sum(recent[7 - top :]), sum(recent))
        assert sum(activated for activated, _ in week.cohorts.values()) == week.activated == len(so_far)
        assert sum(active for _, active in week.cohorts.values()) == week.active_4w
        new = [who for who, first in since.items() if end - 4 < first <= end]
        assert week.cohorts.get(month_end(week.monday), (0, 0))[0] == len(new)
        assert sum(team.active_4w for team in week.departments.values()) == week.active_4w
        assert sum(team.active for team in week.departments.values()) == week.active
        assert sum(team.members for team in week.departments.values()) == week.month_members[-1]
        assert sum(team.days for team in week.departments.values()) == week.days
        sales = {w for w, d, _ in done if w % 3 == 0 and d // 7 in month}
        assert week.departments.get("sales", GroupWeek()).active_4w == len(sales)
        assert set(week.departments) <= {"sales", "support", ""}
        assert set(week.roles) <= {"decision_maker"}


@given(histories)
def test_many_weeks_in_one_pass_are_the_same_as_one_by_one(done: list[Done]) -> None:
    company, members, days = folded(sorted(done, key=lambda one: one[1]))
    mondays = [MONDAY + 7 * index for index in (0, 3, 4, 11, 19)]
    together = measure_weeks(PROGRAM, company, members, days, mondays)
    assert list(map(lasting, together)) == [
        lasting(measure_week(PROGRAM, company, members, days, monday)) for monday in mondays
    ]


def test_members_are_as_they_were_when_the_week_ended_and_levels_when_its_month_did() -> None:
    company = CompanyState(members=10, levels={"bronze": 4, "silver": 3})
    end = month_end(MONDAY)
    days = {
        end + 7: DayRollup(joined=2, levels={"bronze": -1, "silver": 1}),
        end + 28: DayRollup(joined=1, levels={"silver": 2}),
    }
    weeks = [end, end + 7, end + 28]
    first, second, third = measure_weeks(PROGRAM, company, [], days, weeks)
    assert (first.members, first.levels) == (7, [("", 2), ("bronze", 5), ("silver", 0)])
    assert (second.members, second.levels) == (9, [("", 4), ("bronze", 5), ("silver", 0)])
    assert (third.members, third.levels) == (10, [("", 3), ("bronze", 4), ("silver", 3)])


def test_months_are_of_four_weeks_and_follow_one_another() -> None:
    ends = [month_end(MONDAY + 7 * index) for index in range(12)]
    assert len(set(ends)) in (3, 4)
    assert all((later - earlier) in (0, 28) for earlier, later in pairwise(ends))
    assert all(0 <= MONDAY + 7 * index - end < 28 for index, end in enumerate(ends))


def test_without_a_program_the_catalogue_names_the_features() -> None:
    company, members, days = folded([(0, 0, "Look"), (1, 1, "Share")])
    week = measure_week(None, company, members, days, MONDAY, catalogue={"Look", "Share", "Never"})
    assert {name: one.members for name, one in week.features.items()} == {"Look": 1, "Never": 0, "Share": 1}
    assert week.levels == []


def test_weeks_known_counts_from_the_week_in_which_as_many_as_the_floor_had_been_active() -> None:
    company, members, days = folded([(0, 2, "Look"), (1, 8, "Look"), (2, 9, "Look")])
    mondays = [MONDAY, MONDAY + 7, MONDAY + 14]
    first, second, third = measure_weeks(None, company, members, days, mondays, floor=FLOOR)
    assert [week.weeks_known for week in (first, second, third)] == [0, 1, 2]
    assert second.since == week_of(MONDAY + 9)
