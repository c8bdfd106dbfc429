"""Where what is told of kinds of members begins and ends, table by table; what an attacker concludes is tried in
`tests/privacy`."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import pytest

from engage.core import published_beginners
from engage.core.calendar import month_end
from engage.core.measures import FeatureWeek, WeekMeasures
from engage.core.privacy import Figure, fact
from engage.core.published import People, publish_people
from engage.core.published_beginners import Features, publish_features
from engage.core.published_classes import publish_classes
from engage.core.published_parts import SMALLER, _most_steady, remember_groups, remember_told
from engage.core.published_people import (
    publish_active_a_day,
    publish_cohorts,
    publish_concentration,
    publish_departments,
    publish_funnel,
    publish_moves,
    publish_organic,
    publish_roles,
)
from engage.core.segments import GROUP_OTHER, GroupWeek
from engage.core.windows import between

K = 3
MONDAY = month_end(739_000 - 739_000 % 7 + 1)
MEMBERS = 60


def week(**said: object) -> WeekMeasures:
    return WeekMeasures(**{"monday": MONDAY, "members": MEMBERS, "definition": 2, "floor": K, **said})  # type: ignore[arg-type]


def people(habitual: Figure, activated: Figure, active: int = 38) -> People:
    members = fact(MEMBERS, "members")
    return People(members, activated, fact(active, "members"), fact(active, "members"), habitual)


def members(count: int) -> Figure:
    return fact(count, "members")


def test_what_was_frozen_before_kinds_of_members_were_measured_is_missing() -> None:
    found = week(definition=0, classes=[8, 12, 7, 0, 0], organic_4w=9, top=(6, 30, 60), active_4w=60)
    everybody = people(members(20), members(40))
    assert [one.text for one in publish_classes(found, everybody, K)] == ["not measured"] * 5
    assert publish_organic(found, everybody, K).text == "not measured"
    assert publish_concentration(found, K).text == "not measured"
    assert [one.text for one in publish_moves(found, everybody, K)] == ["not measured"] * 4
    found.definition = 1
    assert publish_classes(found, everybody, K)[1].text == "12"


# --- departments and roles ------------------------------------------------------------------------------------


def test_departments_of_2k_less_one_have_a_row_and_the_others_share_one_that_comes_last() -> None:
    groups = {
        "": GroupWeek(4), "five": GroupWeek(2 * K - 1), "also": GroupWeek(2 * K - 1), "four": GroupWeek(2 * K - 2),
        GROUP_OTHER: GroupWeek(20), SMALLER: GroupWeek(10), "large": GroupWeek(30),
    }  # fmt: skip
    found = week(departments=groups, roles=groups)
    everybody = publish_people(found, K)
    told = [(one.name, one.members.value) for one in publish_departments(found, everybody, K)]
    assert told == [("large", 30), ("also", 5), ("five", 5), (SMALLER, 34), ("", 4)]


def test_roles_have_a_row_each_and_nothing_else_beside_departments() -> None:
    groups = {"manager": GroupWeek(20, 0, 0, 10, 6), "executor": GroupWeek(34, 0, 0, 20, 9), "": GroupWeek(4)}
    groups["decision_maker"] = GroupWeek(2)
    found = week(roles=groups, active_4w=30, activated=30, month=[20] * 4)
    everybody = people(members(15), members(30), 30)
    for departments, told in (
        ({}, ["20", "9", *["not shown"] * 6]),
        ({"": GroupWeek(60)}, ["20", "9", *["not shown"] * 6]),
        ({"it": GroupWeek(60)}, ["not shown"] * 8),
    ):
        found.departments = departments
        shown = publish_roles(found, everybody, K)
        assert [one.name for one in shown] == ["executor", "manager", "decision_maker", ""]
        assert [figure.text for one in shown for figure in (one.active_4w, one.habitual)] == told
        assert [(shown[3].habitual.low, shown[3].habitual.high)] == [(0, 4)]


@pytest.mark.parametrize(
    "no_habit, habitual, told",
    [(0, 7, "7"), (10, 7, "7"), (11, 7, "not shown"), (12, 5, "5"), (0, 8, "not shown"), (13, 4, "4")],
)
def test_a_department_has_no_habit_of_whom_nobody_can_have_it(
    no_habit: int, habitual: int, told: str
) -> None:
    """Of twenty members ten are active: those beyond ten who cannot have the habit are among them. What is left of a
    department is no fewer than k; else nothing is told of either, for they add up to all."""
    departments = {
        "it": GroupWeek(20, active_4w=10, habitual=habitual, no_habit=no_habit),
        "ops": GroupWeek(40, active_4w=20, habitual=10),
    }
    found = week(departments=departments)
    shown = publish_departments(found, people(members(habitual + 10), members(30), 30), K)
    assert {one.name: one.habitual.text for one in shown}["it"] == told


@pytest.mark.parametrize(
    "earlier, told",
    [
        ([], "7"),
        ([{"it": 10, "ops": 20}, {"it": 10, "ops": 20}], "7"),
        ([{"it": 9, "ops": 20}, {"it": 10, "ops": 20}], "not shown"),
        ([{"it": 10, "ops": 20}, {"it": 9, "ops": 20}], "not shown"),
        ([{"it": 10, "ops": 20}, {"ops": 20}], "not shown"),
        ([{"it": 10, "ops": 20}, {"it": 10}], "not shown"),
    ],
)
def test_who_has_the_habit_in_a_department_was_active_in_each_of_three_months(
    earlier: list[dict[str, int]], told: str
) -> None:
    """Both or none, for they add up to all."""
    departments = {
        "it": GroupWeek(20, active_4w=10, habitual=7),
        "ops": GroupWeek(40, active_4w=20, habitual=10),
    }
    found = week(departments=departments, groups_told=[{"it": 2, "ops": 2}, *earlier])
    shown = publish_departments(found, people(members(17), members(30), 30), K)
    assert {one.name: one.habitual.text for one in shown}["it"] == told


@pytest.mark.parametrize(
    "habitual, able, told",
    [
        pytest.param(14, (15, 7), ["20", "10"], id="ten of one and seven of the other can"),
        pytest.param(15, (15, 7), ["not shown"] * 2, id="hardly more than have it"),
        pytest.param(28, (15, 25), ["20", "10"], id="as many as are active anyway"),
        pytest.param(16, (8, 9), ["20", "10"], id="as many as could by the months before"),
    ],
)
def test_who_is_active_in_a_department_is_told_where_k_more_could_have_the_habit(
    habitual: int, able: tuple[int, int], told: list[str]
) -> None:
    """Were it told beside hardly fewer who have it, it would say that nearly all who can do; unless that is known."""
    departments = {"it": GroupWeek(20, active_4w=10), "ops": GroupWeek(40, active_4w=20)}
    earlier = dict(zip(departments, able, strict=True))
    found = week(departments=departments, groups_told=[{}, earlier, earlier])
    shown = publish_departments(found, people(members(habitual), members(30), 30), K)
    assert [one.active_4w.text for one in shown] == told


@pytest.mark.parametrize("most", range(2, 9, 2))
def test_so_many_can_have_the_habit_as_are_active_of_whom_can(most: int) -> None:
    """Tried out: all who can be active of two groups, and no more of both than are told to be."""
    cells, numbers = [between(2, 5, 9), between(3, 8, 9)], [range(2, 6), range(3, 9)]
    for able, active in product(range(10), range(5, 14)):
        steady = max(
            min(one, able) + min(other, most) for one, other in product(*numbers) if one + other <= active
        )
        assert _most_steady(cells, [able, most], people(members(9), members(40), active)) == steady


SMALL = {"it": GroupWeek(30, active_4w=14)} | {name: GroupWeek(4, active_4w=3) for name in ("a", "b", "c")}


@pytest.mark.parametrize("divided", ["departments", "roles", "both"])
def test_it_is_remembered_of_groups_how_many_will_do_for_those_told_to_be_active(divided: str) -> None:
    """And nothing that is not told: where bands begin would say it."""
    found = week(
        departments={} if divided == "roles" else SMALL, roles={} if divided == "departments" else SMALL
    )
    assert remember_groups(found, None, members(23)) == 23
    others = {"a": 4, "b": 4, "c": 1} if divided == "roles" else {SMALLER: 9}
    peaks = (found.department_peaks, found.role_peaks)
    assert peaks == (({}, {"it": 14} | others) if divided == "roles" else ({"it": 14} | others, {}))


def test_whoever_is_told_of_beside_those_of_a_group_was_active_of_the_others() -> None:
    """In the second month 13 are of others than the first group: with 20 of it in the first, 33 were activated. A later
    look at the same month remembers what was told with the first."""
    first, second, later = (week(monday=MONDAY + days) for days in (0, 28, 35))
    first.roles = {"it": GroupWeek(30, active_4w=20), "": GroupWeek(20), "ops": GroupWeek(10)}
    second.roles = later.roles = {"it": GroupWeek(30, active_4w=18), "": GroupWeek(20, active_4w=9)} | {
        "ops": GroupWeek(10, active_4w=4)
    }
    assert remember_groups(first, None, members(20)) == 20
    assert remember_groups(second, first, members(31)) == 33
    second.role_peaks = {"it": 20}
    assert remember_groups(later, second, members(31)) == 20


def test_who_was_told_to_be_active_is_remembered_for_three_months() -> None:
    """A second look tells of its month what the first told; roles tell nothing of departments."""
    everybody, before = people(members(0), members(30), 30), None
    found = []
    for at, (it, divided) in enumerate(
        ((10, True), (10, True), (11, True), (18, True), (12, True), (9, False))
    ):
        groups = {"it": GroupWeek(20, active_4w=it), "ops": GroupWeek(40, active_4w=30 - it)}
        now = week(monday=MONDAY + 28 * max(0, at - 1) + 7 * (at == 1), floor=K)
        now.departments, now.roles = (groups, {}) if divided else ({}, groups)
        remember_told(now, before, everybody)
        found.append([told.get("it", 0) for told in now.groups_told])
        before = now
    assert found == [[10], [10], [11, 10], [0, 11, 10], [12, 0, 11], [9, 0, 0]]
    assert before is not None
    before.roles = {}
    after = week(monday=before.monday + 28)
    remember_told(after, before, everybody)
    assert after.groups_told == [{}, {"it": 9, "ops": 21}, {}]


# --- ways, moves, concentration -------------------------------------------------------------------------------

RAISED = K + 1
"""A floor, since the week was frozen."""


def test_under_a_floor_raised_since_nothing_is_told_of_ways_and_moves() -> None:
    found = week(
        funnels={"f": [30, 9]}, risen=9, fallen=9, falling=9, streaks=40, streaks_broken=9, organic_4w=20,
        active_4w=60, top=(6, 300, 600), levels=[("", 20), ("bronze", 40)], cohorts_told={MONDAY: (24, 29)},
    )  # fmt: skip
    everybody = people(members(20), members(40))
    nothing = ("not shown", 0, MEMBERS)
    assert publish_funnel(found, everybody, "another", K) is None
    steps = publish_funnel(found, everybody, "f", RAISED)
    assert steps is not None
    assert [(one.text, one.low, one.high) for one in steps] == [nothing] * 2
    for standing, falling in ((True, nothing), (False, ("not measured", None, None))):
        found.standing = standing
        moves = publish_moves(found, everybody, RAISED)
        assert [(one.text, one.low, one.high) for one in moves] == [*[nothing] * 3, falling]
    organic = publish_organic(found, everybody, RAISED)
    assert (organic.text, organic.low, organic.high) == nothing
    assert [one.text for one in publish_cohorts(found, K).values()] == ["24 to 29"]
    assert publish_cohorts(found, RAISED) == {}
    assert publish_concentration(found, RAISED).text == "not shown"
    assert publish_concentration(found, K).text == "50 %"


def test_under_a_floor_lowered_since_ways_and_moves_are_told_as_they_were() -> None:
    found = week(
        funnels={"f": [30, 9, 4]}, risen=9, fallen=9, falling=9, streaks=40, streaks_broken=9, organic_4w=20,
        active_4w=60, top=(6, 300, 600), levels=[("", 20), ("bronze", 40)], floor=5, standing=True,
        classes=[8, 12, 7, 0, 0], departments={"it": GroupWeek(8, 0, 0, 6, 4), "ops": GroupWeek(52, 0, 0, 32, 16)},
        features={"Export": FeatureWeek(13, 13, 90, 9, organic=True)},
    )  # fmt: skip
    everybody = people(members(20), between(40, 44, MEMBERS))
    for publish in (publish_classes, publish_moves, publish_organic, publish_departments):
        assert publish(found, everybody, K) == publish(found, everybody, 5)
    assert publish_funnel(found, everybody, "f", K) == publish_funnel(found, everybody, "f", 5)
    assert publish_concentration(found, K) == publish_concentration(found, 5)


@pytest.mark.parametrize(
    "levels, count, told",
    [
        ([("", 20), ("bronze", 40)], 5, "fewer than 6"),
        ([("", 20), ("bronze", 40)], 6, "6 to 11"),
        ([("", 20), ("bronze", 40)], 29, "24 to 29"),
        ([("", 20), ("bronze", 40)], 30, "30 or more"),
        ([], 6, "not shown"),
    ],
)
def test_who_fell_or_may_is_told_in_bands_within_who_stands_at_a_level(
    levels: list[tuple[str, int]], count: int, told: str
) -> None:
    found = week(levels=levels, fallen=count, falling=count, standing=True)
    moves = publish_moves(found, people(members(20), members(40)), K)
    assert (moves.fallen.text, moves.falling.text) == (told, told)
    found.standing = False
    assert publish_moves(found, people(members(20), members(40)), K).falling.text == "not measured"


@pytest.mark.parametrize(
    "risen, active, told",
    [
        (0, 38, "fewer than 6"),
        (5, 38, "fewer than 6"),
        (6, 38, "6 to 11"),
        (29, 38, "24 to 29"),
        (30, 38, "30 or more"),
        (10, 10, "not shown"),
        (5, 11, "fewer than 6"),
        (6, 11, "6 or more"),
    ],
)
def test_who_rose_is_told_in_bands_within_who_was_active(risen: int, active: int, told: str) -> None:
    assert publish_moves(week(risen=risen), people(members(9), members(40), active), K).risen.text == told


@pytest.mark.parametrize(
    "said, count, told",
    [
        ({"streaks": 50}, 5, "fewer than 6"),
        ({"streaks": 50}, 41, "36 to 41"),
        ({"streaks": 50}, 42, "42 or more"),
        ({"streaks": 50, "weekly_streaks": True, "active_before": (44, 46)}, 13, "fewer than 14"),
        ({"streaks": 50, "weekly_streaks": True, "active_before": (44, 46)}, 14, "14 or more"),
        ({"streaks": 18, "weekly_streaks": True, "active_before": (44, 46)}, 14, "not shown"),
        ({"streaks": 50, "weekly_streaks": True, "active_before": (16, 30)}, 5, "fewer than 6"),
        ({"streaks": 50, "weekly_streaks": True, "active_before": (16, 30)}, 12, "6 or more"),
    ],
)
def test_who_lost_a_streak_had_one_and_of_weeks_came_before_and_stayed_away_since(
    said: dict[str, object], count: int, told: str
) -> None:
    """Of 60 members 38 are active."""
    found = week(streaks_broken=count, **said)
    assert publish_moves(found, people(members(20), members(40)), K).streaks_broken.text == told


@pytest.mark.parametrize(
    "top, leading, told",
    [
        ((6, 300, 600), [(60, 50, 190), (30, 6, 264)], "50 %"),
        ((3, 300, 600), [(150, 60, 90), (30, 6, 264)], "50 %"),
        ((2, 300, 600), [(150, 150, 0), (30, 6, 264)], "not shown"),
        ((6, 300, 600), [(250, 26, 24), (30, 6, 264)], "not shown"),
        ((6, 300, 600), [(60, 50, 190), (271, 2, 27)], "not shown"),
        ((6, 300, 354), [(60, 50, 190), (1, 1, 52)], "not shown"),
        ((6, 300, 355), [(60, 50, 190), (1, 1, 53)], "84 %"),
        ((6, 6, 120), [(1, 1, 4), (30, 6, 84)], "not shown"),
        ((6, 7, 121), [(2, 1, 4), (30, 6, 84)], "not shown"),
        ((6, 9, 123), [(2, 2, 5), (30, 6, 84)], "7 %"),
        ((58, 580, 600), [(60, 50, 190), (10, 10, 0)], "not shown"),
    ],
)
def test_the_share_of_the_most_active_is_not_one_members_nor_one_thing_each(
    top: tuple[int, int, int], leading: list[tuple[int, int, int]], told: str
) -> None:
    assert publish_concentration(week(active_4w=60, top=top, top_leading=leading), K).text == told


@pytest.mark.parametrize(
    "room, told", [(-1, "20"), (60, "20"), (4, "not shown"), (21, "19 or more"), (5, "3 or more")]
)
def test_organic_use_is_judged_by_how_many_can_have_begun_it_since(room: int, told: str) -> None:
    organic = publish_organic(week(organic_4w=20, organic_room=room), people(members(20), members(50)), K)
    assert organic.text == told
    if told == "not shown":
        assert (organic.hidden, organic.low, organic.high) == ("protects", 0, 38)


def test_organic_use_is_judged_beside_those_key_events_that_no_rule_rewards() -> None:
    for organic, told in ((True, "20 to 22"), (False, "21")):
        found = week(organic_4w=21, features={"Export": FeatureWeek(20, 20, 90, 9, organic=organic)})
        assert publish_organic(found, people(members(20), members(50)), K).text == told


def test_active_members_a_day_are_a_seventh_of_the_active_days() -> None:
    for days, told in ((69, "10"), (74, "11"), (73, "10")):
        assert publish_active_a_day(week(active=30, days=days), K).text == told


def _beyond(tell: Callable[[int, int], tuple[str, ...]]) -> set[int]:
    """Of fewer than the floor, the numbers that are learned of who is in the larger group and not in the smaller."""
    beyond: dict[tuple[str, ...], set[int]] = {}
    for larger in range(15):
        for smaller in range(larger + 1):
            beyond.setdefault(tell(larger, smaller), set()).add(larger - smaller)
    return {count for found in beyond.values() for count in found if len(found) == 1 and count < K}


def _told_of_funnels(*reached: int, within: int, features: dict[str, FeatureWeek]) -> tuple[str, ...]:
    """Of those who began with a look, who bought; in funnels of several lengths, or within the week."""
    names = [f"{at}" for at in range(len(reached))]
    found = week(month=[40] * 4, month_members=[MEMBERS] * 4, active_4w=40, months_told=[(40, 40)] * 2)
    found.funnels = {name: [20, count] for name, count in zip(names, reached, strict=True)}
    found.funnel_months = dict.fromkeys(names, within)
    found.funnel_steps = dict.fromkeys(names, ("Look", "Buy"))
    found.features = features
    everybody = people(members(20), members(40), active=40)
    told = [publish_funnel(found, everybody, name, K) or () for name in names]
    users = publish_features(found, K, everybody.active_4w).members
    return tuple(str(one.text) for one in (*(cell for steps in told for cell in steps), *users.values()))


def test_two_funnels_do_not_tell_of_few_who_came_as_far_in_the_longer_one_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def tell(longer: int, shorter: int) -> tuple[str, ...]:
        return _told_of_funnels(longer, shorter, within=1, features={})

    assert _beyond(tell) == set()
    monkeypatch.setattr(published_beginners, "_is_divided", lambda *_: False)
    assert _beyond(tell) == {0, 1, 2}


def test_a_funnel_within_the_week_does_not_tell_of_few_who_used_its_key_event_besides(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def tell(users: int, reached: int) -> tuple[str, ...]:
        return _told_of_funnels(reached, within=0, features={"Buy": FeatureWeek(users, users, 3 * users)})

    assert _beyond(tell) == set()
    monkeypatch.setattr(published_beginners, "publish_features", lambda *_: Features({}, members(0)))
    assert _beyond(tell) == {0, 1, 2}


LOOKED: tuple[tuple[str, ...], int] = (("Look", "Buy"), 1)
WITHIN: tuple[tuple[str, ...], int] = (("Look", "Buy"), 0)


@pytest.mark.parametrize(
    "one, other, divided",
    [
        pytest.param(LOOKED, (("Look", "Buy"), 2), True, id="a longer one"),
        pytest.param(LOOKED, (("Look", "Ask", "Buy"), 1), True, id="another way to the same"),
        pytest.param(LOOKED, (("Look", "Pay"), 1), False, id="to something else"),
        pytest.param(LOOKED, (("Search", "Buy"), 1), False, id="of others who began"),
        pytest.param(LOOKED, (("Buy", "Look"), 1), False, id="the other way round"),
        pytest.param(LOOKED, (("Search", "Buy"), 0), False, id="of others, within the week"),
        pytest.param(LOOKED, (("Look", "Buy"), 0), True, id="the same, within the week"),
        pytest.param(WITHIN, (("Search", "Buy"), 0), True, id="both within the week"),
        pytest.param(WITHIN, (("Buy", "Pay"), 0), True, id="the one begins with what the other ends with"),
        pytest.param(WITHIN, (("Look", "Pay"), 0), False, id="both within the week, to something else"),
        pytest.param(WITHIN, (("Search", "Buy"), 1), False, id="one within the week"),
    ],
)
def test_who_came_as_far_in_a_funnel_may_be_among_those_of_another(
    one: tuple[tuple[str, ...], int], other: tuple[tuple[str, ...], int], divided: bool
) -> None:
    """Then a later step is told in bands of 2k, or it would be learned how few came as far in one of them alone."""
    found = week(month=[40] * 4, active_4w=40, months_told=[(40, 40)] * 3)
    for name, (steps, months) in (("one", one), ("other", other)):
        found.funnels[name] = [20, *[9] * (len(steps) - 1)]
        found.funnel_steps[name], found.funnel_months[name] = steps, months
    shown = publish_funnel(found, people(members(20), members(40), active=40), "one", K)
    assert [step.text for step in shown or ()] == ["20", "6 to 11" if divided else "9"]


@pytest.mark.parametrize(
    "within, users, told", [(0, 13, "6 or more"), (0, 9, "not shown"), (1, 9, "6 to 11"), (0, 40, "6 to 11")]
)
def test_bands_of_a_later_step_leave_room_among_those_who_used_its_event(
    within: int, users: int, told: str
) -> None:
    features = {"Buy": FeatureWeek(users, users, 3 * users)}
    assert _told_of_funnels(9, 9, within=within, features=features)[1] == told


def test_a_step_of_a_later_month_is_not_judged_by_who_used_its_event_in_the_first() -> None:
    features = {"Buy": FeatureWeek(10, 10, 30)}
    assert _told_of_funnels(9, within=1, features=features)[1] == "9"
    assert _told_of_funnels(9, within=0, features=features)[1] == "8 or more"
