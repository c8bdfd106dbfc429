"""The sections about kinds of members: which week, which period and which group each of their figures is of.

The company is so large that hardly anything is hidden; what is, is tried elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest
from msgspec.structs import replace

from engage.core import adoption_people as sections
from engage.core.adoption_champions import champions
from engage.core.calendar import month_end
from engage.core.measures import WeekMeasures
from engage.core.periods import read_period
from engage.core.privacy import Figure
from engage.core.program import Currency, EventType, Funnel, Program
from engage.core.report_weeks import Source, Weeks
from engage.core.reports import Series, Table
from engage.core.segments import GroupWeek
from tests.core import test_reports
from tests.core.test_reports import SUNDAY

FIRST = SUNDAY - 7 * 24 + 1
FUNNEL = Funnel("start", "Start", ("Look", "Try", "Buy"), weeks=2)
EVENTS = {name: EventType(title) for name, title in (("Look", "Looked"), ("Try", "Tried"), ("Buy", "Bought"))}
PROGRAM = Program("P", {"points": Currency("Points")}, EVENTS, funnels=(FUNNEL,))
OCTOBER = 12 * 2026 + 9


def week(at: int, of: float = 1.0, /, **said: Any) -> WeekMeasures:
    """A thousand members, and of what they did the part `of`."""
    few = [int(part * of) for part in (80, 40, 60, 30)]
    plain: dict[str, Any] = {
        "members": 1000,
        "month_members": [1000] * 4,
        "activated": int(800 * of),
        "active": int(400 * of),
        "active_4w": int(500 * of),
        "habitual": int(200 * of),
        "days": int(1400 * of),
        "since": FIRST - 210,
        "definition": 2,
        "organic_4w": int(300 * of),
        "month": [int(400 * of)] * 4,
        "classes": [int(part * of) for part in (120, 80, 150, 150, 300)],
        "top": (int(50 * of), int(2700 * of), int(9000 * of)),
        "top_leading": [(9, 8, 700), (6, 5, 4000)],
        "levels": [("", 200), ("one", 500), ("two", 300)],
        "streaks": 600,
        "standing": True,
        **dict(zip(("risen", "fallen", "streaks_broken", "falling"), few, strict=True)),
    }
    return WeekMeasures(FIRST + 7 * at, **plain | said)


def made(weeks: Mapping[int, WeekMeasures], program: Program | None = PROGRAM) -> Source:
    source, _, _ = test_reports.source()
    return replace(source, weeks={FIRST + 7 * at: one for at, one in weeks.items()}, program=program)


def periods(source: Source) -> tuple[Weeks, Weeks]:
    found = read_period("last-12-weeks", SUNDAY)
    assert found is not None
    return Weeks(source, found[0]), Weeks(source, found[1])


def a_year(**said: Any) -> Source:
    """Twelve weeks, of which each day saw one more active than the week before, after twelve of four fifths of it."""
    return made({at: week(at, 1.0 if at >= 12 else 0.8, **said) for at in range(24)})


def told(table: Table) -> list[list[str]]:
    return [[cell.text if isinstance(cell, Figure) else cell for cell in row] for row in table.rows]


def shown(series: Series) -> list[str]:
    return [figure.text for figure in series.figures]


def column(table: Table, name: str) -> list[str]:
    return [cell.text if isinstance(cell, Figure) else cell for cell in table.column(name)]


# --- how much, and how they use it ----------------------------------------------------------------------------


def test_depth_is_of_the_end_of_each_period_and_active_members_a_day_of_the_whole() -> None:
    """Of 1,400 active days a week: 200 a day, 5,600 in four weeks, 11.2 for each of 500 who were active, 40 % of 28."""
    source = a_year()
    depth = {name: (now.text, then.text) for name, _, now, then in sections.depth(*periods(source))}
    del depth["momentum"]
    assert depth == {
        "active_day": ("200", "160"),
        "days_each": ("11.2", "11.2"),
        "stickiness": ("40 %", "40 %"),
        "power_users": ("120", "96"),
        "top_tenth": ("30 %", "30 %"),
        "organic_4w": ("300", "240"),
    }


def test_active_members_a_day_are_the_mean_of_all_weeks_of_the_period() -> None:
    source = made({at: week(at, days=1400 + 7 * at) for at in range(24)})
    now, then = periods(source)
    [(_, _, here, there), *_] = sections.depth(now, then)
    assert (here.value, there.value) == (217.5, 205.5)
    assert shown(sections.rhythm(now)[0]) == [str(200 + at) for at in range(12, 24)]


def test_momentum_is_growth_over_the_mean_of_the_two_months_before() -> None:
    """5,600 days, after 4,800 and 3,200: 40 % more than 4,000."""
    end = (month_end(FIRST + 7 * 23) - FIRST) // 7
    days = {
        at: 1400 if at > end - 4 else 1200 if at > end - 8 else 800 if at > end - 12 else 400
        for at in range(24)
    }
    source = made({at: week(at, days=days[at]) for at in range(24)})
    [momentum] = [now.text for name, _, now, _ in sections.depth(*periods(source)) if name == "momentum"]
    assert momentum == "+40 %"


def test_a_period_without_a_last_week_has_nothing_to_tell_of_its_end() -> None:
    source = made({at: week(at) for at in range(23)})
    depth = {name: now.text for name, _, now, _ in sections.depth(*periods(source))}
    ends = ("power_users", "top_tenth", "organic_4w")
    assert [depth[name] for name in ends] == ["not measured"] * 3
    now, _ = periods(source)
    assert [shown(one)[-1] for one in sections.rhythm(now)] == ["not measured"] * 2
    assert [shown(one)[-2] for one in sections.rhythm(now)] == ["200", "40 %"]


def test_stickiness_of_a_week_is_of_the_month_that_is_over_with_it() -> None:
    source = made({at: week(at, days=1400 if at >= 12 else 700) for at in range(24)})
    now, _ = periods(source)
    ends = [(month_end(monday) - FIRST) // 7 for monday in now.mondays]
    days = [sum(1400 if at >= 12 else 700 for at in range(end - 3, end + 1)) for end in ends]
    assert shown(sections.rhythm(now)[1]) == [f"{100 * one / 500 / 28:.0f} %" for one in days]


def test_classes_of_use_have_a_series_each_where_any_week_was_measured_so() -> None:
    weeks = {at: week(at, classes=[100 + at, 100 - at, 150, 150, 300]) for at in range(12, 23)}
    now, _ = periods(made(weeks))
    power, habitual, *others = sections.class_series(now)
    assert shown(power) == [*(str(100 + at) for at in range(12, 23)), "not measured"]
    assert shown(habitual) == [*(str(100 - at) for at in range(12, 23)), "not measured"]
    assert [one.name for one in others] == ["novice", "low", "none"]
    older = {at: week(at, definition=0) for at in range(24)}
    assert sections.class_series(periods(made(older))[0]) == ()
    assert len(sections.class_series(periods(made(older | {14: week(14)}))[0])) == 5


def test_classes_of_use_at_the_end_beside_those_of_the_period_before() -> None:
    table = sections.habits(*periods(a_year()))
    assert told(table)[:2] == [
        ["Power users", "120", "12 %", "96"],
        ["Habitual users", "80", "8 %", "64"],
    ]
    assert len(table.rows) == 5
    alone = made({at: week(at) for at in range(12, 24)})
    assert column(sections.habits(*periods(alone)), "before") == ["not measured"] * 5
    for weeks in ({at: week(at, definition=0) for at in range(24)}, {at: week(at) for at in range(23)}):
        assert sections.habits(*periods(made(weeks))).rows == ()


def test_a_number_says_what_its_share_says() -> None:
    """Of two hundred members five at most are told of: "3 % or less", but not "not shown" beside it."""
    hundreds, fact = Figure("200", "members", 200), Figure("7", "members", 7)
    few = Figure("not shown", "members", hidden="few", low=0, high=5)
    some = Figure("not shown", "members", hidden="protects", low=5, high=45)
    any_of_them = Figure("not shown", "members", hidden="few", low=0, high=200)
    said = [
        [one.text for one in sections.number_and_share(figure, hundreds)]
        for figure in (fact, few, some, any_of_them)
    ]
    assert said == [
        ["7", "4 %"],
        ["fewer than 6", "2 % or less"],
        ["5 to 45", "2 % to 22 %"],
        ["not shown", "not shown"],
    ]
    assert sections.number_and_share(few, hundreds)[0] == replace(few, text="fewer than 6")


# --- where they work ------------------------------------------------------------------------------------------

SALES, IT = GroupWeek(600, 480, 240, 300, 120), GroupWeek(400, 320, 160, 200, 80)


def of_groups(name: str, **then: GroupWeek) -> tuple[Weeks, Weeks]:
    now = {"sales": SALES, "manager": SALES, "": IT}
    listed = {one: now[one] for one in (("manager", "") if name == "roles" else ("sales", ""))}
    return periods(
        made({at: week(at, **{name: listed if at >= 12 else (then or listed)}) for at in range(24)})
    )


def test_a_group_is_told_with_its_share_and_that_of_the_period_before() -> None:
    """300 of 600 are active, before 240 of 600."""
    before = {"sales": replace(SALES, active_4w=240), "": replace(IT, active_4w=260)}
    [first, *_] = told(sections.departments(*of_groups("departments", **before)))
    assert first == ["sales", "600", "300", "50 %", "40 %", "120"]


@pytest.mark.parametrize("name, called", [("departments", "department"), ("roles", "role")])
def test_a_group_that_was_not_there_before_has_no_share_of_then(name: str, called: str) -> None:
    there = {"departments": {"new": SALES, "": IT}, "roles": {"executor": SALES, "": IT}}[name]
    table = getattr(sections, name)(*of_groups(name, **there))
    assert column(table, called) == [
        {"departments": "sales", "roles": "Managers"}[name],
        {"departments": "No department", "roles": "No role"}[name],
    ]
    assert column(table, "before")[0] == "not measured"
    assert column(table, "active") == ["300", "200"]


@pytest.mark.parametrize("name", ["departments", "roles"])
def test_where_no_group_has_a_name_the_program_names_none(name: str) -> None:
    said = {"departments": "The program names no department.", "roles": "The program names no role."}
    for groups in ({}, {"": IT}):
        found = made({at: week(at, **{name: groups}) for at in range(24)})
        table = getattr(sections, name)(*periods(found))
        assert (table.rows, table.note) == ((), said[name])
    unmeasured = made({at: week(at, **{name: {"sales": SALES, "manager": SALES}}) for at in range(23)})
    assert getattr(sections, name)(*periods(unmeasured)).rows == ()


@pytest.mark.parametrize(
    "departments, note",
    [
        ({"sales": SALES, "it": IT}, "At least 5 members are active in each of 2 departments."),
        (
            {"sales": SALES, "it": IT, "hr": GroupWeek(30, 20, 4, 4, 1), "ops": GroupWeek(30, 20, 3, 3, 1)},
            "Of 2 of 4 departments it can be told that at least 5 members are active.",
        ),
        (
            {"sales": SALES, "hr": GroupWeek(8), "ops": GroupWeek(7)},
            "At least 5 members are active in the department.",
        ),
        (
            {"sales": GroupWeek(600, 480, 4, 4, 1), "hr": GroupWeek(300, 20, 3, 3, 1)},
            "Of no department can it be told that at least 5 members are active.",
        ),
        ({"hr": GroupWeek(8), "ops": GroupWeek(7)}, ""),
    ],
)
def test_it_is_said_in_how_many_departments_the_floor_is_active(
    departments: dict[str, GroupWeek], note: str
) -> None:
    """Those without a name, and those too small for a row, are none of these."""
    groups = departments | {"": IT}
    table = sections.departments(*periods(made({at: week(at, departments=groups) for at in range(24)})))
    assert table.note == note
    assert ("Smaller departments" in column(table, "department")) == (
        "ops" in departments and "it" not in departments
    )


# --- since when, and how far ----------------------------------------------------------------------------------


def of_months(*told: Mapping[int, tuple[int, int]]) -> Source:
    """Of each month the cohorts that are told, by how many months before the newest they came."""
    end = month_end(SUNDAY - 6)
    months = {}
    for ago, cells in enumerate(reversed(told)):
        cohorts = {end - 28 * came: cell for came, cell in cells.items()}
        month = week(0, cohorts_told=cohorts, active_4w=sum(high for _, high in cohorts.values()))
        months[end - 28 * ago] = replace(month, monday=end - 28 * ago)
    return replace(made({}), months=months)


def test_each_cohort_is_told_month_by_month_after_all_who_had_come_before() -> None:
    found = sections.cohorts(
        of_months({}, {2: (30, 39), 1: (0, 9)}, {2: (20, 29), 1: (10, 19), 0: (4, 12)}),
    )
    last = [date.fromordinal(month_end(SUNDAY - 6) + 6 - 28 * ago).isoformat() for ago in range(3)]
    assert told(found) == [
        [last[2], "not shown", "30 to 39", "20 to 29"],
        [last[1], "fewer than 10", "10 to 19", "–"],
        [last[0], "4 to 12", "–", "–"],
    ]
    assert found.note.startswith("Members active in the four weeks")


def test_of_a_cohort_of_which_nothing_but_its_most_is_told_there_is_no_row() -> None:
    found = sections.cohorts(of_months({2: (30, 39), 1: (0, 9)}, {2: (20, 29), 1: (0, 4), 0: (4, 12)}))
    assert [row[1:] for row in told(found)] == [["not measured", "30 to 39"], ["4 to 12", "–"]]


def test_cohorts_are_of_the_newest_twelve_months() -> None:
    """Of one that is the first that is remembered in the newest month, there is what is told of all who had come."""
    found = sections.cohorts(
        of_months(*({ago + 13: (50, 59), ago + 1: (10, 19)} for ago in reversed(range(14))))
    )
    assert len(found.columns) == 1 + 12
    assert len(found.rows) == 12
    assert sections.cohorts(made({})).note == ""


def through(now: list[int], then: list[int], key: str = FUNNEL.key, **said: Any) -> list[Table]:
    weeks = {
        at: week(at, funnels={"start": now if at >= 12 else then}, funnel_keys={"start": key}, **said)
        for at in range(24)
    }
    source = made(weeks)
    return list(sections.funnels(source, *periods(source)))


def test_steps_are_told_of_who_began_and_of_the_step_before() -> None:
    [table] = through([200, 150, 90], [160, 120, 70])
    assert (table.name, table.title) == ("funnel_start", "Funnel: Start")
    assert "up to 2 weeks before the end" in table.note
    assert told(table) == [
        ["Looked", "200", "100 %", "100 %", "160"],
        ["Tried", "150", "75 %", "75 %", "120"],
        ["Bought", "90", "45 %", "60 %", "70"],
    ]


def test_who_began_is_all_who_began_however_many_are_told() -> None:
    """A first step is told as a range, and its share of itself is none; of one that is not told, nothing is."""
    for began, words, share in ((798, "796 or more", "100 %"), (3, "fewer than 5", "not shown")):
        [table] = through([began, 3, 3], [began, 3, 3])
        assert told(table)[0][1:4] == [words, share, share]
    [table] = through([798, 796, 3], [798, 796, 3])
    assert told(table)[1][2:4] == ["98 % or more"] * 2


def test_numbers_of_other_steps_are_not_those_of_the_funnel() -> None:
    assert through([200, 150, 90], [160, 120, 70], key="Look>Pay") == []
    assert through([200, 150], [160, 120]) == []
    assert sections.funnels(made({}), *periods(made({}))) == ()
    assert sections.funnels(made({}, None), *periods(made({}, None))) == ()
    [table] = through([200, 150, 90], [160, 120])
    assert column(table, "before") == ["160", "120", "not measured"]


def test_what_was_counted_for_other_steps_before_is_not_beside_it() -> None:
    weeks = {at: week(at, funnels={"start": [200, 150, 90]}) for at in range(24)}
    for at in range(12):
        weeks[at].funnel_keys = {"start": "Look>Pay"}
    source = made(weeks)
    [table] = sections.funnels(source, *periods(source))
    assert column(table, "members") == ["200", "150", "90"]
    assert column(table, "before") == ["not measured"] * 3


# --- what they have to lose -----------------------------------------------------------------------------------


def test_who_moved_is_told_of_a_mean_week_in_bands() -> None:
    """Each week is in a band of ten; what may fall is of the end."""
    assert told(sections.moves(*periods(a_year()))) == [
        ["Rose to a higher level, per week", "80 to 89", "60 to 69"],
        ["Fell to a lower level, per week", "40 to 49", "30 to 39"],
        ["Lost a streak, per week", "60 to 69", "40 to 49"],
        ["Level falls in four weeks unless more is earned", "30 to 39", "20 to 29"],
    ]


def test_a_mean_week_is_of_those_measured_and_between_what_their_bands_add_up_to() -> None:
    """In ten of eleven weeks 30 to 39 rose, and in one 0 to 9: 300 to 399 in all."""
    weeks = {at: week(at, risen=35, falling=0) for at in range(12, 23)} | {13: week(13, risen=3)}
    table = sections.moves(*periods(made(weeks)))
    assert told(table)[0][1:] == ["27 to 37", "not measured"]
    assert told(table)[3][1:] == ["not measured", "not measured"]


def test_weeks_frozen_before_moves_were_measured_have_none() -> None:
    source = made({at: week(at, definition=0) for at in range(24)})
    assert sections.moves(*periods(source)).rows == ()
    newer = made({at: week(at, definition=0 if at < 12 else 2) for at in range(24)})
    assert {row[2] for row in told(sections.moves(*periods(newer)))} == {"not measured"}


def test_departments_of_which_nothing_is_told_are_not_said_to_have_no_champions() -> None:
    told_all = {name: GroupWeek(500, 250, 250, 250, 100) for name in ("Sales", "Works")}
    hidden = {name: GroupWeek(20, 9, 9, 9, 8) for name in ("Sales", "Works")}
    for departments, covered in ((told_all, "2"), (hidden, "not shown")):
        table = champions(*periods(a_year(departments=departments)))
        rows = {str(name): count for name, count, _ in told(table)}
        assert rows["Departments that show 5 champions or more, of 2"] == covered
