"""Two looks at a month are one: what a later look keeps, and what it may tell that an earlier one did not."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from msgspec.structs import asdict, replace

from engage.core.calendar import month_end
from engage.core.looks import OF_THE_MONTH, Look, keep_month, look_at
from engage.core.measures import DEFINITION, FeatureWeek, WeekMeasures
from engage.core.segments import GroupWeek

WEEK = 7
END = month_end(739_018)
"""The Monday of the week with which the month ends: its first look."""
FUNNEL: dict[str, Any] = {
    "funnels": {"start": [9, 6]},
    "funnel_keys": {"start": "Look>Buy 4"},
    "funnel_months": {"start": 1},
    "funnel_begins": {"start": ("Look", 2)},
}
TOLD: dict[str, Any] = {
    "activated": 20,
    "active_4w": 15,
    "habitual": 9,
    "organic_4w": 12,
    "classes": [2, 7, 4, 2, 5],
    "stages": {"new": 3},
    "cohorts": {24_300: (20, 15)},
    "top": (2, 50, 90),
    "top_leading": [(9, 8, 7), (6, 5, 4)],
    "month": [10, 11, 12, 13],
    "month_members": [20, 21, 22, 23],
    "month_absent": [1, 2, 3, 4],
    "absent_4w": 4,
    "no_habit": 5,
    "month_left": (1, 2),
}
OTHER: dict[str, Any] = {
    "activated": 21,
    "active_4w": 16,
    "habitual": 8,
    "organic_4w": 13,
    "classes": [2, 7, 4, 3, 5],
    "stages": {"new": 4},
    "cohorts": {24_300: (21, 16)},
    "top": (2, 51, 91),
    "top_leading": [(9, 8, 8), (6, 5, 5)],
    "month": [10, 11, 12, 14],
    "month_members": [20, 21, 22, 24],
    "month_absent": [1, 2, 3, 5],
    "absent_4w": 5,
    "no_habit": 6,
    "month_left": (1, 3),
}
"""What somebody's late event, or the host's word that one has left, would make of each of these."""


def look(back: int = 0, **told: Any) -> WeekMeasures:
    """At the month, so many weeks after the first."""
    return WeekMeasures(END + WEEK * back, definition=DEFINITION, floor=5, **deepcopy(TOLD | told))


def kept(week: WeekMeasures, *before: WeekMeasures) -> dict[str, Any]:
    keep_month(week, {one.monday: one for one in before})
    return asdict(week)


def group(active: int) -> dict[str, GroupWeek]:
    return {"sales": GroupWeek(members=12, active_4w=active)}


def features(name: str, users: int, **other: Any) -> dict[str, FeatureWeek]:
    return {name: FeatureWeek(members_4w=users, **other)}


@pytest.mark.parametrize("back", [1, 2, 3])
@pytest.mark.parametrize("name", OF_THE_MONTH)
def test_whatever_a_later_look_counts_of_the_month_the_first_is_told(name: str, back: int) -> None:
    later = look(back, active=8, days=19, **{name: OTHER[name]})
    told = kept(later, look())
    assert {one: told[one] for one in OF_THE_MONTH} == TOLD
    assert (told["active"], told["days"]) == (8, 19), "what is of the week itself is new"


def test_who_did_beyond_rewards_in_two_months_is_counted_as_at_the_first_look() -> None:
    assert kept(look(1, organic_again=4), look(organic_again=3))["organic_again"] == 3


def test_the_month_after_and_the_one_before_are_looked_at_anew() -> None:
    assert kept(look(4, active_4w=3), look(), look(3))["active_4w"] == 3
    assert kept(look(-1, active_4w=3), look())["active_4w"] == 3


def test_the_first_of_several_looks_is_kept_whichever_there_are() -> None:
    assert kept(look(3, active_4w=3), look(2, active_4w=1), look(1, active_4w=2))["active_4w"] == 2
    assert kept(look(0, active_4w=3), look(2, active_4w=1))["active_4w"] == 1


def test_a_week_is_no_look_before_itself_nor_is_one_measured_by_another_definition() -> None:
    assert kept(look(1, active_4w=3), look(1))["active_4w"] == 3
    assert kept(look(1, active_4w=3), replace(look(), definition=DEFINITION - 1))["active_4w"] == 3


def test_a_month_is_measured_as_it_was_at_its_first_look() -> None:
    """By its floor and its key events, whatever is in force now."""
    first = replace(look(), features=features("Export", 9))
    assert look_at(END, {}, 8) == Look(8)
    assert look_at(END + WEEK, {END: first}, 8) == Look(5, ("Export",))
    assert look_at(END + 4 * WEEK, {END: first}, 8) == Look(8)


def test_at_the_first_look_the_weeks_of_a_month_are_told_as_they_were_frozen() -> None:
    """All but quiet ones: by what is known now, or by what was known then."""
    frozen = [WeekMeasures(END - WEEK * back, active=active) for back, active in ((3, 9), (2, 9), (1, 4))]
    assert kept(look(month=[6, 0, 7, 8]), *frozen)["month"] == [9, 0, 7, 8]
    assert kept(look(month=[6, 6, 6, 8]), WeekMeasures(END - WEEK, active=5))["month"] == [6, 6, 5, 8]


SINCE: dict[str, dict[str, Any]] = {
    "levels": {"levels": [("", 9), ("gold", 11)]},
    "departments": {"departments": group(11)},
    "roles": {"roles": group(11)},
    "features": {"features": features("Export", 11)},
    "funnels": FUNNEL,
}
"""What a program brought that was published after the first look."""
MOVED: dict[str, dict[str, Any]] = {
    "levels": {"levels": [("", 8), ("gold", 12)]},
    "departments": {"departments": group(12)},
    "roles": {"roles": group(12)},
    "features": {"features": features("Export", 12)},
    "funnels": FUNNEL | {"funnels": {"start": [9, 7]}},
}
"""The same once one more is counted."""


@pytest.mark.parametrize("name", SINCE)
def test_what_the_first_look_had_no_word_of_is_told_where_all_else_is_as_it_was(name: str) -> None:
    since = SINCE[name]
    told = kept(look(1, **since), look())
    assert {one: told[one] for one in since} == since


@pytest.mark.parametrize("name", SINCE)
def test_beside_the_numbers_kept_it_would_say_who_came_late(name: str) -> None:
    """So nothing is told of it, by the looks after that either."""
    first = look()
    second, third = look(1, active_4w=16, **SINCE[name]), look(2, active_4w=16, **MOVED[name])
    assert [one for one in SINCE[name] if kept(second, first)[one]] == []
    assert [one for one in MOVED[name] if kept(third, first, second)[one]] == []


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("name", SINCE)
def test_what_a_later_look_was_the_first_to_tell_is_kept_by_those_after_it(name: str, late: bool) -> None:
    """Else these two would tell of who moved between them, to another department or level or down a funnel."""
    first, second = look(), look(1, **SINCE[name])
    keep_month(second, {END: first})
    told = kept(look(2, active_4w=16 if late else 15, **MOVED[name]), first, second)
    assert {one: told[one] for one in MOVED[name]} == SINCE[name]


def test_a_later_look_names_the_key_events_of_the_first_that_named_any() -> None:
    named = replace(look(1), features=features("Export", 9), floor=6)
    assert look_at(END + 2 * WEEK, {END: look(), END + WEEK: named}, 8) == Look(5, ("Export",))


@pytest.mark.parametrize("name", ["levels", "departments", "roles"])
def test_members_stand_where_they_stood_at_the_first_look(name: str) -> None:
    """Departments and roles are kept together: what the first told of the one only, no later one tells of both."""
    told = kept(look(1, **SINCE["departments"], **MOVED["roles"], **MOVED["levels"]), look(**SINCE[name]))
    assert told[name] == SINCE[name][name]
    if name == "roles":
        assert told["departments"] == {}


def test_of_a_key_event_its_users_in_the_month_are_kept_and_those_of_the_week_are_new() -> None:
    first = look(features=features("Export", 9, members=2, again=3, organic=True))
    later = look(1, features=features("Export", 10, members=4, again=4, organic=False))
    export = kept(later, first)["features"]["Export"]
    assert export == FeatureWeek(members_4w=9, members=4, again=3, organic=True)


def test_a_funnel_is_kept_as_it_was_counted_first() -> None:
    """With no word of what the first look did not know of it."""
    assert kept(look(1, **MOVED["funnels"]), look(**FUNNEL))["funnels"] == {"start": [9, 6]}
    told = kept(look(1, **MOVED["funnels"]), look(funnels={"start": [9, 6]}))
    assert [told[name] for name in FUNNEL] == [{"start": [9, 6]}, {}, {}, {}]


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize(
    "before",
    [
        {"funnels": {"start": [9, 8]}, "funnel_keys": {"start": "Look>Pay 4"}},
        {"funnels": {"start": [9, 8, 7]}},
    ],
)
def test_a_funnel_of_other_steps_is_another_one(before: dict[str, Any], late: bool) -> None:
    """It is told where nobody came late, and never by what was counted of the other."""
    told = kept(look(1, active_4w=16 if late else 15, **FUNNEL), look(**before))
    assert [told[name] for name in FUNNEL] == [{} if late else FUNNEL[name] for name in FUNNEL]


MONTH = 4 * WEEK


def beginners(week: WeekMeasures, *before: WeekMeasures) -> list[int] | None:
    keep_month(week, {one.monday: one for one in before})
    return week.funnels.get("start")


def test_as_many_began_in_a_month_as_were_told_of_it_to_have_done_the_first_step() -> None:
    """An event that came late would be told, a month later, beside the users of a key event."""
    told = look(-4, features=features("Look", 7), **FUNNEL)
    assert beginners(look(**FUNNEL), told) == [7, 6]
    assert beginners(look(**FUNNEL | {"funnels": {"start": [9, 8]}}), told) == [7, 7]
    assert beginners(look(**FUNNEL), look(-4, features=features("Buy", 7), **FUNNEL)) == [9, 6]


def test_as_many_began_in_a_month_as_were_told_of_a_shorter_funnel() -> None:
    longer = FUNNEL | {"funnel_months": {"start": 2}}
    shorter = {name: {"short": of["start"]} for name, of in FUNNEL.items()} | {"funnels": {"short": [7, 5]}}
    assert beginners(look(**longer), look(-4, **shorter)) == [7, 6]
    assert beginners(look(**longer), look(-8, **shorter)) == [9, 6]


def test_of_a_month_in_which_a_funnel_was_published_it_is_not_told_who_began() -> None:
    """Beside the users of a key event, that would tell who did it before."""
    told, another = look(-4, features=features("Look", 7), **FUNNEL), {"start": "Look>Pay 4"}
    assert beginners(look(**FUNNEL), told, look(-8)) is None
    assert beginners(look(1, **FUNNEL), look(), told, look(-8)) is None
    assert beginners(look(**FUNNEL), told, look(-8, **FUNNEL | {"funnel_keys": another})) is None
    assert beginners(look(**FUNNEL), told, look(-8, **FUNNEL)) == [7, 6]
    assert beginners(look(**FUNNEL), look(-4, features=features("Look", 7)), look(-8)) == [9, 6]
