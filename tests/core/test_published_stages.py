"""Stages beside what is told anyway: the least and the most that can be in each, tried out by all ways."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations_with_replacement, product
from random import Random
from typing import NamedTuple

import pytest
from msgspec.structs import replace

from engage.core import published_stages
from engage.core.calendar import month_end
from engage.core.measures import MONTH_WEEKS, WEEK, Came, WeekMeasures
from engage.core.privacy import Figure, fact
from engage.core.published import People
from engage.core.published_stages import publish_stages, remember_stages, stages_of
from engage.core.stage_weeks import LEFT_IDLE, LEFT_NEVER, SLIPPING_HABIT, no_stages
from engage.core.windows import between

K = 3
MONDAY = month_end(739_000 - 739_000 % 7 + 1)


class Way(NamedTuple):
    """One way in which few members can have been active in the month."""

    weeks: tuple[int, ...]
    active: int
    habit: int
    steady: int
    slipping: int


def _ways(members: int) -> Iterator[Way]:
    kinds = [(came, habit) for came in product((0, 1), repeat=MONTH_WEEKS) if any(came) for habit in (0, 1)]
    for count in range(members + 1):
        for each in combinations_with_replacement(kinds, count):
            late = [any(came[2:]) for came, _ in each]
            habits = [habit for _, habit in each]
            yield Way(
                tuple(sum(came[week] for came, _ in each) for week in range(MONTH_WEEKS)),
                count,
                sum(habits),
                sum(map(min, habits, late)),
                count - sum(late),
            )


def _span(low: int, high: int) -> published_stages._Span:
    return published_stages._Span(low, high)


def _ranges(random: Random, numbers: tuple[int, ...]) -> list[published_stages._Span]:
    return [_span(low, low + random.randint(0, 1)) for low in numbers]


def test_a_month_is_told_for_ever_as_its_first_week_was(monkeypatch: pytest.MonkeyPatch) -> None:
    first, later = _week({}), replace(_week({}), monday=MONDAY + WEEK)
    remember_stages(first, None)
    told = publish_stages(first, K)
    assert dict(told) == stages_of(first, K)
    assert len(told) == 7
    monkeypatch.setattr(published_stages, "publish_part", lambda count, *_: fact(count, "members"))
    remember_stages(later, first)
    assert stages_of(first, K) != dict(told), "by other rules"
    assert publish_stages(first, K) == publish_stages(later, K) == told


def test_nothing_is_told_of_a_month_that_an_earlier_release_has_frozen() -> None:
    first, later = _week({}), replace(_week({}), monday=MONDAY + WEEK)
    remember_stages(later, first)
    assert publish_stages(first, K) == publish_stages(later, K) == []
    after = replace(later, monday=MONDAY + WEEK * MONTH_WEEKS, stages_told={})
    remember_stages(after, later)
    assert publish_stages(after, K) != []


def test_how_many_can_be_slipping_is_what_all_ways_say(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of those that are told alike, where numbers are ranges of two; of the first weeks it is known which were quiet.
    What is sure is the most that can be whatever is true of the weeks and of who was active."""
    random, ways, sure = Random(7), sorted(set(_ways(3))), 0
    few = [Way((1, 0, 1, 1), 3, 0, 0, 1), Way((0, 0, 1, 1), 2, 0, 0, 0)] * 10
    for way in few + random.sample(ways, 160):
        active, habit, steady = _ranges(random, way[1:4])
        weeks = [
            span if count or at > 1 else _span(0, 0)
            for at, (span, count) in enumerate(zip(_ranges(random, way.weeks), way.weeks, strict=True))
        ]
        if active.high > 3:
            continue
        most: dict[tuple[int, ...], int] = {}
        least = 3
        for one in ways:
            told = zip((*one.weeks, *one[1:4]), (*weeks, active, habit, steady), strict=True)
            if all(span.low <= number <= span.high for number, span in told):
                key = (*one.weeks, one.active)
                most[key], least = max(most.get(key, 0), one.slipping), min(least, one.slipping)
        quiet = [at < 2 and not count for at, count in enumerate(way.weeks)]
        figures = [
            between(0, 2, 9) if at else between(*span, 9) for at, span in zip(quiet, weeks, strict=True)
        ]
        monkeypatch.setattr(published_stages, "publish_month_weeks", lambda *_, of=figures: of)
        week = WeekMeasures(MONDAY, month=[*way.weeks])
        found = published_stages._slipping(week, active, habit, steady, K)
        assert (found[0], found[2]) == (least, max(most.values())), (weeks, active, habit, steady)
        if len(most) == 2 ** sum(span.high > span.low for span in (*weeks, active)):
            assert found[1] == min(most.values()), (weeks, active, habit, steady)
            sure += 1
    assert sure > 20


def test_where_weeks_are_not_remembered_all_who_were_active_can_be_slipping() -> None:
    week = WeekMeasures(MONDAY)
    assert published_stages._slipping(week, _span(8, 9), _span(2, 2), _span(1, 2), K) == (0, 0, 9)


def _people(active: published_stages._Span, habit: published_stages._Span) -> People:
    whole = fact(30, "members")
    return People(whole, whole, between(*active, 30), whole, between(*habit, 30))


def test_how_many_can_be_new_is_what_habit_and_slipping_leave_of_the_active(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The most that can be, and the most that can be whatever the active and those with the habit are."""
    random, tried = Random(7), 0
    for _ in range(600):
        spans = [_span(low, low + random.randint(0, 2)) for low in random.choices(range(5), k=4)]
        active, habit, steady, slips = _span(spans[0].low + 4, spans[0].high + 4), *spans[1:]
        most: dict[tuple[int, int], int] = {}
        for a, h, s, p in product(
            *(range(span.low, span.high + 1) for span in (active, habit, steady, slips))
        ):
            if s <= h <= s + p <= a:
                most[a, h] = max(most.get((a, h), 0), a - s - p)
        if len(most) < (active.high - active.low + 1) * (habit.high - habit.low + 1):
            continue
        bands = [between(*steady, 30), between(*slips, 30), between(1, 4, 30)]
        asked: list[tuple[int, int, int]] = []

        def part(count: int, width: int, low: int, sure: int, most: int, asked=asked, bands=bands) -> Figure:
            asked.append((low, sure, most))
            return bands[len(asked) - 1]

        monkeypatch.setattr(published_stages, "publish_part", part)
        week = WeekMeasures(MONDAY, members=30, stages=no_stages())
        found = published_stages._active_stages(week, _people(active, habit), K)
        assert asked[0] == (0, *habit)
        assert asked[2] == (0, min(most.values()), max(most.values())), (active, habit, steady, slips)
        rest = [a - s - p for a in active for s in steady for p in slips]
        assert (found["active"].floor, found["active"].ceiling) == (max(0, min(rest) - 4), max(rest) - 1)
        tried += 1
    assert tried > 50


def _week(cohorts: dict[int, tuple[int, int]]) -> WeekMeasures:
    """Of forty members 26 are active, 20 of these new, by what months before told of who had been activated."""
    week = WeekMeasures(MONDAY, members=40, active_4w=26, activated=32, month=[18] * 4, definition=2, floor=K)
    week.stages = no_stages() | {"new": 20, "active": 6, "dormant": 6, "invited": 8}
    ends = [*cohorts.values()]
    most = [[0, *(high for _, high in ends)], *([-low] + [0] * len(ends) for low, _ in ends)]
    week.came = Came([MONDAY + WEEK * at for at in cohorts], most)
    return week


@pytest.mark.parametrize(
    "cohorts, said, new",
    [
        pytest.param({}, {}, "18 or more", id="nothing is told of months before"),
        pytest.param({-4: (10, 17)}, {}, "17 or more", id="eleven must be and 23 can have come since"),
        pytest.param({-4: (10, 18)}, {}, "16 or more", id="ten must be"),
        pytest.param({-4: (10, 17)}, {"absent_4w": 2}, "11 or more", id="21 can have, for two were away"),
        pytest.param({-4: (10, 17)}, {"activated": 32}, "5 or more", id="15 can have, as so few have by now"),
        pytest.param({-3: (10, 30)}, {}, "18 or more", id="told within the month"),
        pytest.param({-8: (10, 23), -4: (10, 17)}, {}, "17 or more", id="the last month counts"),
    ],
)
def test_new_are_those_who_are_not_told_to_have_come_before(
    cohorts: dict[int, tuple[int, int]], said: dict[str, object], new: str
) -> None:
    week = replace(_week(cohorts), **{"activated": 38, **said})
    assert stages_of(week, K)["new"].text == new


@pytest.mark.parametrize(
    "before, active, came, slips, said, least",
    [
        pytest.param(6, 20, 20, 4, {}, 10, id="six had come before and four can be slipping"),
        pytest.param(6, 20, 24, 4, {}, 14, id="of whoever had come, as there was no quiet week"),
        pytest.param(6, 20, 24, 4, {"month": [9, 0, 9, 9]}, 12, id="two can have come in one"),
        pytest.param(6, 20, 20, 4, {"month": [9, 0, 9, 9]}, 10, id="and those active came in the others"),
        pytest.param(6, 20, 24, 4, {"month": []}, 14, id="weeks are not remembered"),
        pytest.param(6, 20, 20, 14, {"month": [18, 18, 14, 9]}, 8, id="whoever came late is not slipping"),
        pytest.param(16, 20, 20, 20, {}, 0, id="nobody must be"),
        pytest.param(6, 20, 20, 4, {"stages": {"new": 10}}, 10, id="no more are"),
        pytest.param(6, 20, 20, 4, {"stages": {"new": 9}}, 0, id="fewer are, as some were named late"),
        pytest.param(6, 20, 20, 4, {"cohorts": {MONDAY: (20, 20)}}, 16, id="the first month"),
    ],
)
def test_so_many_must_be_new_as_had_neither_come_before_nor_are_slipping(
    before: int, active: int, came: int, slips: int, said: dict[str, object], least: int
) -> None:
    """Told of fewer, whoever knows that would learn that more had come before, or are slipping."""
    week = replace(_week({-4: (5, before)}), **{"month": [9] * 4, **said})
    people = _people(_span(active, active), _span(0, 0))._replace(activated=between(came, came, 40))
    found = published_stages._new(week, people, _span(0, 0), _span(0, slips), K)
    assert found[0] == least


def test_all_can_be_new_in_the_first_month() -> None:
    week = replace(_week({}), month=[9] * 4, cohorts={MONDAY: (20, 20)})
    people = _people(_span(20, 20), _span(0, 0))
    come = people._replace(activated=between(20, 20, 40))
    assert published_stages._new(week, come, _span(0, 0), _span(0, 4), K) == (16, 20, 20)


def test_who_is_slipping_is_told_alike_with_the_habit_and_without() -> None:
    week, told = replace(_week({}), month=[18, 18, 13, 13]), []
    for parts in ((0, 5), (5, 0), (0, 8), (8, 0), (4, 4)):
        week.stages |= dict(zip(("slipping", SLIPPING_HABIT), parts, strict=True))
        told.append(stages_of(week, K)["slipping"].text)
    assert told == ["fewer than 6", "fewer than 6", *["6 or more"] * 3]


def test_no_more_are_told_to_be_new_than_any_month_before_leaves() -> None:
    """Of members who were renamed since, an older month may have told more."""
    assert [
        stages_of(replace(_week({-8: (one, 30), -4: (other, 17)}), activated=38), K)["new"].ceiling
        for one, other in ((10, 12), (16, 12), (18, 12))
    ] == [26, 24, 22]


def _left(**said: object) -> Figure:
    """Of forty members six left and are gone; 26 are active."""
    week = _week({})
    week.stages |= {"dormant": 3, LEFT_IDLE: 3, "invited": 5, LEFT_NEVER: 3}
    return stages_of(replace(week, **said), K)["left"]


def test_those_who_left_are_told_within_who_is_not_active_and_who_left_before_the_month() -> None:
    assert (_left().text, _left().ceiling) == ("6 or more", 14)
    assert _left(active_4w=29).text == "6 or more"
    assert _left(active_4w=30, activated=34).text == "not shown"
    away = {"month_absent": [1, 0, 0, 0]}
    assert [_left(month_left=(gone, gone), **away).text for gone in (11, 10)] == ["6 or more", "not shown"]
    assert _left(month_left=(11, 13), **away).ceiling == 13
    assert _left(month_left=(20, 20), **away).ceiling == 14
    assert _left(month_left=(4, 4)).text == "6 or more", "nobody is known to have been away"


def test_under_a_floor_lowered_since_stages_are_told_as_they_were() -> None:
    week = replace(_week({}), floor=5)
    remember_stages(week, None)
    assert publish_stages(week, 3) == publish_stages(week, 5) != []


def test_under_a_floor_raised_since_no_stage_is_told() -> None:
    week = _week({})
    remember_stages(week, None)
    told = publish_stages(week, K + 1)
    assert {(figure.text, figure.low, figure.high) for _, figure in told} == {("not shown", 0, 40)}


def test_who_is_invited_or_dormant_follows_from_what_is_told_anyway() -> None:
    """Of forty members 30 to 32 are activated and 26 active, and, where members leave, fewer than six have left."""
    week, found = _week({}), []
    for stages in (week.stages, {part: 0 for part in week.stages if part not in (LEFT_NEVER, LEFT_IDLE)}):
        told = stages_of(replace(week, stages=stages), K)
        found.append([(told[stage].floor, told[stage].ceiling) for stage in ("invited", "dormant")])
    assert found == [[(3, 10), (0, 6)], [(8, 10), (4, 6)]]
