"""Members per stage and week: against the stages themselves, and against one who subtracts what is shown."""

from __future__ import annotations

from datetime import date
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from scipy.optimize import linprog

from engage.core.activity import mark_day
from engage.core.calendar import month_end
from engage.core.lifecycle import STAGES, STANDARD, Gone, stage_on
from engage.core.measures import WeekMeasures
from engage.core.privacy import Figure
from engage.core.program import Currency, Program
from engage.core.published import publish_people
from engage.core.published_stages import publish_stages, stages_of
from engage.core.stage_weeks import ACTIVE, HABIT, IDLE, LEFT_IDLE, LEFT_NEVER, NEVER, SLIPPING_HABIT
from engage.core.state import CompanyState, MemberState
from tests.core.measuring import measure_weeks

MONDAY = date(2026, 1, 5).toordinal()
LEAVING = replace(STANDARD, left=Gone("status"))
PROGRAM = Program(name="Test", currencies={"points": Currency("Points")}, events={}, lifecycle=LEAVING)
PARTS = (*NEVER, *IDLE, *ACTIVE, *HABIT)
DAYS = st.lists(st.integers(0, 24 * 7 - 1), max_size=25)


def stage_of(parts: dict[str, int], stage: str) -> int:
    more = {"left": (LEFT_NEVER, LEFT_IDLE), "slipping": ("slipping", SLIPPING_HABIT)}
    return sum(parts.get(part, 0) for part in more.get(stage, (stage,)))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(DAYS, st.integers(0, 24 * 7)), min_size=1, max_size=4), st.booleans())
def test_the_parts_are_the_stages_of_the_midnight_after_the_month(
    people: list[tuple[list[int], int]], leaves: bool
) -> None:
    members = []
    for days, left in people:
        member = MemberState(left=MONDAY + left if left else 0)
        for day in days:
            mark_day(member, MONDAY + day)
        members.append(member)
    of = LEAVING if leaves else STANDARD
    mondays = [month_end(MONDAY) + 28 * index for index in range(7)]
    company = CompanyState(members=len(members))
    weeks = measure_weeks(replace(PROGRAM, lifecycle=of), company, members, {}, mondays, floor=1)
    for week in weeks:
        day = week.monday + 7
        said = [stage_on(of, without_later(member, day), day) for member in members]
        # Who left counts by activity until four weeks are over, and the habit by whole weeks alone.
        shown = [
            stage_on(STANDARD, without_later(member, day), day)
            if stage == "left" and used_lately(member, day)
            else stage
            for member, stage in zip(members, said, strict=True)
        ]
        assert {stage: stage_of(week.stages, stage) for stage in STAGES} == {
            stage: shown.count(stage) for stage in STAGES
        }
        assert sum(week.stages.values()) == len(members) == week.members
        assert stage_of(week.stages, "habitual") + week.stages[SLIPPING_HABIT] == week.habitual


def without_later(member: MemberState, day: int) -> MemberState:
    """As it was before `day`."""
    kept = MemberState(left=member.left if member.left < day else 0)
    bits = int.from_bytes(member.days, "little")
    for index in range(bits.bit_length()):
        if bits >> index & 1 and member.days_base + index < day:
            mark_day(kept, member.days_base + index)
    return kept


def used_lately(member: MemberState, day: int) -> bool:
    bits = int.from_bytes(member.days, "little")
    return any(
        bits >> day - ago - member.days_base & 1 for ago in range(1, 29) if day - ago >= member.days_base
    )


# --- one who subtracts --------------------------------------------------------------------------------------


def random_week(random: Random, *, leaves: bool) -> WeekMeasures:
    scale = random.choice([2, 6, 15, 40])
    parts = {part: random.choice([0, random.randint(0, 4), random.randint(0, scale)]) for part in PARTS}
    if not leaves:
        del parts[LEFT_NEVER], parts[LEFT_IDLE]
    habitual = sum(parts[part] for part in HABIT)
    active = habitual + sum(parts[part] for part in ACTIVE)
    activated = active + sum(parts.get(part, 0) for part in IDLE)
    members = activated + sum(parts.get(part, 0) for part in NEVER)
    week = WeekMeasures(MONDAY, members=members, activated=activated, active_4w=active, habitual=habitual)
    return replace(week, active=active, stages=parts)


def what_may_be(week: WeekMeasures, k: int, *, stages: bool) -> dict[str, tuple[float, float]]:
    """Part -> the least and the most it can be, for one who reads the figures and can solve equations."""
    names, week = list(week.stages), replace(week, floor=k)
    people = publish_people(week, k)
    shown: list[tuple[tuple[str, ...], Figure]] = [
        (tuple(names), people.members),
        ((*IDLE, *ACTIVE, *HABIT), people.activated),
        ((*ACTIVE, *HABIT), people.active_4w),
        (HABIT, people.habitual),
    ]
    if stages:
        more = {"left": (LEFT_NEVER, LEFT_IDLE), "slipping": ("slipping", SLIPPING_HABIT)}
        shown += [(more.get(stage, (stage,)), figure) for stage, figure in stages_of(week, k).items()]
    equal, sums, below, bounds = [], [], [], []
    for parts, figure in shown:
        row = [1.0 if name in parts else 0.0 for name in names]
        if figure.value is not None:
            equal.append(row)
            sums.append(figure.value)
            continue
        for sign, bound in ((1, figure.high), (-1, figure.low)):
            if bound is not None:
                below.append([sign * one for one in row])
                bounds.append(sign * bound)
    found = {}
    for index, name in enumerate(names):
        ends = []
        for sign in (1, -1):
            aim = [0.0] * len(names)
            aim[index] = sign
            solved = linprog(aim, below or None, bounds or None, equal, sums, method="highs")
            assert solved.success, "what is shown is true"
            ends.append(sign * solved.fun)
        found[name] = (ends[0], ends[1])
    return found


@pytest.mark.parametrize("leaves", [False, True])
def test_no_small_part_follows_from_what_is_shown(*, leaves: bool) -> None:
    random = Random(7)
    for _ in range(40):
        week = random_week(random, leaves=leaves)
        before = what_may_be(week, 5, stages=False)
        after = what_may_be(week, 5, stages=True)
        for name, (low, high) in after.items():
            known_anyway = before[name][1] - before[name][0] < 1
            if week.stages[name] < 5 and not known_anyway:
                assert high - low >= 1, (name, week.stages, stages_of(week, 5))


def test_stages_are_told_in_bands_within_what_is_told_anyway() -> None:
    parts = dict(zip(PARTS, (20, 9, 12, 7, 15, 30, 8, 25, 6), strict=True))
    week = WeekMeasures(
        MONDAY, members=132, activated=103, active_4w=84, active=60, habitual=31, stages=parts,
        month=[40, 45, 60, 62],
    )  # fmt: skip
    people = publish_people(week, 5)
    assert (people.activated.text, people.active_4w.text, people.habitual.text) == ("100 to 104", "84", "31")
    assert {stage: figure.text for stage, figure in stages_of(week, 5).items()} == {
        "invited": "9 to 32",
        "new": "10 to 19",
        "active": "12 to 44",
        "habitual": "20 or more",
        "slipping": "10 or more",
        "dormant": "fewer than 21",
        "left": "10 to 19",
    }
    del parts[LEFT_NEVER], parts[LEFT_IDLE]
    week = replace(week, members=116, activated=96, stages=parts)
    assert "left" not in stages_of(week, 5)


def test_a_week_frozen_before_there_were_stages_has_none() -> None:
    assert publish_stages(WeekMeasures(MONDAY, members=50), 5) == []
