"""Who cannot have come, against a plain recount of who could in each week; and the sizes of a month."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import pytest
from msgspec.structs import replace

from engage.core.activity import mark_day
from engage.core.calendar import month_end
from engage.core.lifecycle import Gone, Lifecycle, note_left
from engage.core.measures import WeekMeasures
from engage.core.presence import Presence, as_listed, remember_sizes
from engage.core.privacy import Figure
from engage.core.program import Program
from engage.core.published import publish_month_weeks, publish_people
from engage.core.quiet import Activity
from engage.core.state import CompanyState, DayRollup, MemberState
from tests.core.measuring import measure_weeks

WEEK = 7
WEEKS = 24
MONDAY = 739_200 - 739_200 % 28 + 1
FLOOR = 3
PROGRAM = Program("presence", {}, {}, department="place", lifecycle=Lifecycle(left=Gone("status")))
PLACES = ("sales", "it")


class Person:
    """`left`: 0, not yet. `back`: 0, not since."""

    def __init__(self, random: Random) -> None:
        self.place = random.choice(PLACES)
        weeks, days = WEEK * random.randrange(WEEKS), random.randrange(WEEK * WEEKS)
        self.joined = MONDAY + random.choice((-90, -1, weeks, days))
        after = max(self.joined, MONDAY)
        mondays = (
            after - after % WEEK + 1 + WEEK * random.randrange(WEEKS),
            after + random.randrange(WEEK * WEEKS),
        )
        self.left = random.choice((0, 0, *mondays))
        self.back = self.left + random.choice((1, 7, 20, 60)) if self.left and random.random() < 0.5 else 0
        often, until = random.choice((0.02, 0.3, 0.9)), self.left if random.random() < 0.9 else 0
        began = max(self.joined - random.choice((0, 0, 0, 8)), MONDAY)
        self.days = {
            day
            for day in range(began, MONDAY + WEEK * WEEKS)
            if random.random() < often / 3 and (not until or day <= until or 0 < self.back <= day)
        }

    def state(self) -> MemberState:
        state = MemberState(joined=self.joined, traits={"place": self.place, "status": "here"})
        for day, said in ((self.left, "left"), (self.back, "here")):
            if day:
                note_left(PROGRAM.lifecycle, state, {"status": said}, day)
                state.traits["status"] = said
        for day in sorted(self.days):
            mark_day(state, day)
        return state

    @property
    def since(self) -> int:
        return self.joined

    def came(self, monday: int) -> bool:
        return self.since < monday + WEEK and any(day in self.days for day in range(monday, monday + WEEK))

    def could(self, monday: int) -> bool:
        return self.since < monday + WEEK and not (
            self.left and self.left < monday and not 0 < self.back < monday + WEEK
        )


class Recount:
    def __init__(self, people: list[Person], monday: int) -> None:
        self.people, self.monday, self.end = people, monday, month_end(monday)

    def loud(self, weeks: int) -> list[int]:
        mondays = [self.end - WEEK * back for back in reversed(range(weeks))]
        return [one for one in mondays if sum(person.came(one) for person in self.people) >= FLOOR]

    def absent(self, monday: int) -> int:
        known = [one for one in self.people if one.since < monday + WEEK]
        return sum(not one.could(monday) for one in known)

    def here(self, place: str = "") -> list[Person]:
        """All who were known when the month ended; of a department those whom the host has named by now."""
        known = [one for one in self.people if one.since < self.end + WEEK]
        if not place:
            return known
        return [one for one in known if one.place == place and one.joined < self.monday + WEEK]

    def absent_4w(self, place: str = "") -> int:
        loud = self.loud(4)
        return sum(bool(loud) and not any(map(one.could, loud)) for one in self.here(place))

    def no_habit(self, place: str = "") -> int:
        loud = self.loud(12)
        return sum(len(loud) >= 9 > sum(map(one.could, loud)) for one in self.here(place))

    def left(self) -> tuple[int, int]:
        lefts = [one.left for one in self.people if one.left and not one.back]
        return sum(day < self.end - 21 for day in lefts), sum(day < self.end + WEEK for day in lefts)


def companies() -> Iterator[tuple[list[Person], list[WeekMeasures]]]:
    for seed in range(40):
        random = Random(seed)
        people = [Person(random) for _ in range(random.randint(4, 14))]
        mondays = [MONDAY + WEEK * at for at in range(random.randrange(14, 20), WEEKS)]
        company, states = CompanyState(members=len(people)), [one.state() for one in people]
        rollups: dict[int, DayRollup] = {}
        for one in people:
            rollups.setdefault(one.joined, DayRollup()).joined += 1
        yield people, measure_weeks(PROGRAM, company, states, rollups, mondays, (), FLOOR)


def test_who_cannot_have_come_agrees_with_a_recount_of_who_could_in_each_week() -> None:
    for people, weeks in companies():
        for week in weeks:
            recount = Recount(people, week.monday)
            assert week.absent == recount.absent(week.monday)
            assert week.month_absent == [recount.absent(recount.end - WEEK * back) for back in (3, 2, 1, 0)]
            assert (week.absent_4w, week.no_habit) == (recount.absent_4w(), recount.no_habit())
            assert week.month_left == recount.left()
            for name, group in week.departments.items():
                assert (group.absent, group.no_habit) == (recount.absent_4w(name), recount.no_habit(name))


def test_each_who_is_absent_is_counted_among_those_who_are() -> None:
    for people, weeks in companies():
        states = [one.state() for one in people]
        activity = Activity(weeks, states, FLOOR)
        presence = Presence(weeks, activity)
        for index, week in enumerate(weeks):
            here = {id(one) for one in Recount(people, week.monday).here()}
            absent = [
                presence.is_absent(state, index)
                for one, state in zip(people, states, strict=True)
                if id(one) in here
            ]
            assert sum(absent) == week.absent_4w


def test_the_sizes_of_a_month_count_who_had_joined_when_each_week_ended() -> None:
    """Nor do those who joined after the month count; of the month's members those without a level are told first."""
    days = (0, 0, 7, 24, 27, 28, 30)
    members = [MemberState(joined=MONDAY + day) for day in days]
    week = WeekMeasures(MONDAY + 28, members=len(days), levels=[("gold", 2)])
    small = replace(week, levels=[("gold", 9)])
    remember_sizes(members, [week, small])
    assert week.month_members == small.month_members == [2, 3, 3, 5]
    assert week.levels == [("", 3), ("gold", 2)]
    assert small.levels[0] == ("", 0)


def test_what_somebody_did_before_they_were_named_is_in_no_figure() -> None:
    """Four came in two weeks and in two not; of a fifth, named in the last, it would tell that they came in one."""
    for late in (1, FLOOR, FLOOR + 2):
        measured = []
        for came in ((), (9,), range(8), range(11)):
            states = [MemberState(joined=MONDAY - 1) for _ in range(4)]
            states += [MemberState(joined=MONDAY + 11 * WEEK, traits={"place": "it"}) for _ in range(late)]
            for number, state in enumerate(states):
                for week in (*range(9), 10) if number < 4 else came:
                    mark_day(state, MONDAY + WEEK * week)
            joins = {MONDAY + 11 * WEEK: DayRollup(joined=late)}
            mondays = [MONDAY + WEEK * week for week in range(12)]
            company = CompanyState(members=len(states))
            measured.append(measure_weeks(PROGRAM, company, states, joins, mondays, (), FLOOR))
        assert all(one == measured[0] for one in measured)
        assert [one.members for one in measured[0]] == [4] * 11 + [4 + late]


@pytest.mark.parametrize(
    "named, before, size",
    [(7, FLOOR, 7), (7, FLOOR - 1, 0), (2 * FLOOR - 1, FLOOR, 5), (2 * FLOOR - 2, 4, 0)],
)
def test_those_named_first_were_members_since_so_many_of_them_came(
    named: int, before: int, size: int
) -> None:
    """A host names them and sends what they did. Of one named later it does not count, nor do those who never came."""
    states = [MemberState(joined=MONDAY + 84 + WEEK * (at == named)) for at in range(named + 1)]
    for at, state in enumerate(states):
        state.traits = {"place": "it"}
        for week in range(at % FLOOR, 16) if at < before or at == named else [14] * (at % 2):
            mark_day(state, MONDAY + WEEK * week)
    joins = {MONDAY + 84: DayRollup(joined=named), MONDAY + 91: DayRollup(joined=1)}
    mondays = [MONDAY + WEEK * week for week in (1, 2, 11, 12, 15)]
    weeks = measure_weeks(PROGRAM, CompanyState(members=named + 1), states, joins, mondays, (), FLOOR)
    assert [one.members for one in weeks] == [0, size, size, named, named + 1]
    assert weeks[2].month_members == [size] * 4
    assert weeks[2].active == (before if size else 0)
    assert [one.members for one in weeks[2].departments.values()] == [size] * (size > 0)


def test_of_those_named_first_who_came_in_that_week_were_no_members_before() -> None:
    """One came in the week before, and so many as are missing to the floor on the Monday."""
    states = [MemberState(joined=MONDAY + 2) for _ in range(2 * FLOOR - 1)]
    for at, state in enumerate(states[:FLOOR]):
        mark_day(state, MONDAY - (not at))
    listed = as_listed(states, FLOOR)
    assert [one.joined for one in listed] == [one.joined for one in states]
    assert not listed[0].days


def _told(size: int, others: int, comes_back: bool) -> list[Figure]:
    """Of a company that one has left, who maybe came once since: in a quiet week, which is in no figure."""
    states = [MemberState(joined=MONDAY - 1, left=0 if number else MONDAY - 1) for number in range(size)]
    for number, state in enumerate(states):
        for week in range(16):
            if (number in range(1, others + 1) and week != 10) or (not number and comes_back and week == 10):
                mark_day(state, MONDAY + WEEK * week)
    mondays = [MONDAY + WEEK * week for week in range(12, 16)]
    last = measure_weeks(None, CompanyState(members=size), states, {}, mondays, (), FLOOR)[-1]
    return [*publish_people(last, FLOOR), *publish_month_weeks(last, FLOOR)]


def test_it_does_not_depend_on_one_who_left_whether_or_how_something_is_told() -> None:
    for size in range(2 * FLOOR - 2, 4 * FLOOR):
        for others in range(FLOOR, size):
            assert _told(size, others, True) == _told(size, others, False)


def test_what_is_told_of_a_month_is_so_where_some_come_who_left() -> None:
    for size in range(2 * FLOOR - 1, 4 * FLOOR):
        for gone in range(size):
            states = [MemberState(joined=MONDAY - 1, left=MONDAY * (at < gone)) for at in range(size)]
            for state in states:
                mark_day(state, MONDAY + WEEK * 13)
            mondays = [MONDAY + WEEK * 15]
            [week] = measure_weeks(None, CompanyState(members=size), states, {}, mondays, (), FLOOR)
            told = publish_people(week, FLOOR).active_4w
            assert told.floor <= size <= (told.ceiling or 0)


@pytest.mark.parametrize("day", [0, 6])
def test_who_is_said_to_have_left_before_they_were_named_is_absent_from_the_week_in_which_they_were(
    day: int,
) -> None:
    """The host's word may come late. A week in which nobody can have come is none of the month before that."""
    named = MONDAY + 14 * WEEK + day
    member = MemberState(joined=named, left=MONDAY)
    mondays = [MONDAY + WEEK * at for at in range(13, 17)]
    weeks = measure_weeks(PROGRAM, CompanyState(members=1), [member], {}, mondays, (), FLOOR)
    assert [week.absent for week in weeks] == [0, 1, 1, 1]
    ends = {week.monday: month_end(week.monday) for week in weeks}
    for week in weeks:
        month = [ends[week.monday] - WEEK * back for back in (3, 2, 1, 0)]
        assert week.month_absent == [int(monday >= MONDAY + 14 * WEEK) for monday in month]


def test_the_sizes_of_a_month_are_those_of_the_list_when_each_week_ended() -> None:
    for people, weeks in companies():
        for week in weeks:
            ends = [month_end(week.monday) + WEEK * (1 - back) for back in (3, 2, 1, 0)]
            assert week.members == sum(one.joined < week.monday + WEEK for one in people)
            assert week.month_members == [sum(one.joined < end for one in people) for end in ends]
