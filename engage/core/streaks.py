"""Streaks: what an event, a midnight, a leave or a freeze does to a member's runs.

Owns when a run goes on, breaks and is repaired, which milestones that reaches, and the exact opposite of what an event
counted. The periods themselves are for `engage.core.runs`; what a milestone brings is for the rules of that occasion.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any, Final

from engage.core.compiled import CompiledProgram
from engage.core.course import Course
from engage.core.decisions import Step
from engage.core.occasions import BROKEN, STREAK, Occasion
from engage.core.program import Program, Streak
from engage.core.quests import PERIOD_DAYS_MAX, period_start
from engage.core.runs import (
    Asks,
    Leaves,
    Stretch,
    add,
    asks,
    copied,
    current,
    due_day,
    excuse,
    first_day,
    is_missed,
    is_working_day,
    period_of,
    reach,
    settle,
    stretches,
)
from engage.core.state import MemberState, Run

LEAVES_MAX: Final = 20
"""Of a member. The oldest is forgotten first: what it excused stays excused."""


def asks_of(program: Program, streak: Streak, leaves: Leaves) -> Asks:
    return asks(program.calendar if streak.days == "working" else None, streak.every, leaves)


def keep(course: Course, number: int) -> None:
    """An event counts for streak number `number`, on its own day. On a day that asks for nothing it does not."""
    program = course.program.program
    streak = program.streaks[number]
    if (
        streak.every == "day"
        and streak.days == "working"
        and not is_working_day(program.calendar, course.day)
    ):
        return
    run = copied(course.run(streak.id))
    asked = asks_of(program, streak, course.member.leaves)
    period = period_of(streak.every, course.day)
    begun = bool(run.counts)
    if begun:
        settle_to(course, streak, run, asked)
    if not reach(run, period, asked):
        return
    bit = 1 << (period - run.base)
    if run.done & bit:  # the usual case: the day is done already
        add(run, period, 1, streak.at_least)
        course.runs[streak.id] = run
        course.steps.append(Step(number))
        return
    before = stretches(run)
    add(run, period, 1, streak.at_least)
    step = Step(number)
    if run.done & bit:
        thawed = bool(run.frozen & bit)
        run.frozen &= ~bit
        run.excused &= ~bit
        most = streak.freezes.most if streak.freezes else 0
        returned = thawed and run.freezes < most
        run.freezes += returned
        step = Step(number, thawed, int(returned), *_tell(course, streak, run, before, period))
    if not begun:
        settle_to(course, streak, run, asked)
    run.due = due_day(run, streak.every, asked)
    course.runs[streak.id] = run
    course.steps.append(step)


def _tell(
    course: Course, streak: Streak, run: Run, before: Iterable[Stretch], period: int
) -> tuple[int, int, int]:
    """Tell the milestones that the run of `period` has passed by this, each once in a run: (its first period, the
    highest told of it, and before), zeros when there are none."""
    now = next((one for one in stretches(run) if one.first <= period <= one.last), None)
    if now is None:
        return 0, 0, 0
    joined = [one.length for one in before if now.first <= one.last and one.first <= now.last]
    told = [most for first, most in run.told.items() if now.first <= first <= now.last]
    passed = max([0, *joined, *told])
    reached = [n for n in course.program.milestones.get(streak.id, ()) if passed < n <= now.length]
    if not reached:
        return 0, 0, 0
    for milestone in reached:
        course.happen(Occasion(STREAK, f"{streak.id}:{milestone}"))
    was = run.told.get(now.first, 0)
    run.told[now.first] = reached[-1]
    return now.first, reached[-1], was


# --- time ---------------------------------------------------------------------------------------------------


def settle_to(course: Course, streak: Streak, run: Run, asked: Asks) -> bool:
    """Pass the periods before today; True when that broke the run. Today is the latest day the member knows of: a late
    event does not turn it back."""
    member = course.member
    return _settle(streak, run, asked, max(course.day, member.ticked, member.last_day))


def settled(program: Program, streak: Streak, run: Run, leaves: Leaves, today: int) -> Run:
    """A run as it will stand when the member is told the time of `today`."""
    made = copied(run)
    _settle(streak, made, asks_of(program, streak, leaves), today)
    return made


def _settle(streak: Streak, run: Run, asked: Asks, today: int) -> bool:
    def freeze(period: int) -> bool:
        grant(streak, run, first_day(streak.every, period))
        if not run.freezes:
            return False
        run.freezes -= 1
        return True

    # What is granted later is not spent on earlier days.
    broken = settle(run, period_of(streak.every, today), asked, freeze)
    grant(streak, run, today)
    return broken


def grant(streak: Streak, run: Run, day: int) -> None:
    """The freezes that the calendar grants, in each of its periods up to that of `day` and never back."""
    freezes = streak.freezes
    if freezes is None or not freezes.count:
        return
    start = period_start(freezes.per, day)
    since = run.granted or start - 1
    while since < start and run.freezes < freezes.most:
        run.freezes = min(freezes.most, run.freezes + freezes.count)
        since = period_start(freezes.per, since + PERIOD_DAYS_MAX[freezes.per])
    run.granted = max(run.granted, start)


def streak_days(made: CompiledProgram, member: MemberState) -> Iterator[int]:
    """The local days on which a run of the member's breaks."""
    for streak in made.program.streaks:
        run = member.streaks.get(streak.id)
        if run is not None and run.due:
            yield max(run.due, member.ticked + 1)


def pass_midnight(course: Course) -> None:
    """Break the runs whose day has come, or spend a freeze on it."""
    program = course.program.program
    for streak in program.streaks:
        run = course.member.streaks.get(streak.id)
        if run is None or not run.due or run.due > course.day:
            continue
        run = copied(run)
        asked = asks_of(program, streak, course.member.leaves)
        if settle_to(course, streak, run, asked):
            course.happen(Occasion(STREAK, f"{streak.id}:{BROKEN}"))
        run.due = due_day(run, streak.every, asked)
        course.runs[streak.id] = run


# --- freezes and leave --------------------------------------------------------------------------------------


def earn_freezes(course: Course) -> None:
    """Add the freezes that rules have granted, as many as a member may have."""
    program = course.program.program
    for id in course.freezes:
        number, streak = next((n, one) for n, one in enumerate(program.streaks) if one.id == id)
        run = copied(course.run(id))
        most = streak.freezes.most if streak.freezes else 0
        if run.freezes < most:
            run.freezes += 1
            course.runs[id] = run
            course.steps.append(Step(number, counted=0, freezes=1))
    course.freezes.clear()


def with_leave(leaves: Leaves, data: dict[str, Any]) -> list[tuple[int, int]]:
    """The leaves with one more, if the LEAVE entry is of one."""
    if "from" not in data:
        return list(leaves)
    one = (date.fromisoformat(data["from"]).toordinal(), date.fromisoformat(data["to"]).toordinal())
    return sorted({*leaves, one}, key=lambda leave: (leave[1], leave[0]))[-LEAVES_MAX:]


def take_leave(course: Course) -> None:
    """A leave pauses all streaks, back in time too; `restore` joins one to the run that was broken last."""
    program, data = course.program.program, course.entry.body.data
    leaves = with_leave(course.member.leaves, data)
    for streak in program.streaks:
        run = course.member.streaks.get(streak.id)
        if run is None or not run.counts:
            continue
        run = copied(run)
        # What has passed by now has passed by the leaves there were.
        settle_to(course, streak, run, asks_of(program, streak, course.member.leaves))
        before, asked = stretches(run), asks_of(program, streak, leaves)
        missed = [period for period in range(run.base, run.until) if is_missed(run, period)]
        for period in missed:
            if not asked(period) or (data.get("restore") == streak.id and period > lost_after(run, before)):
                excuse(run, period)
        going = current(run)
        if going is not None:
            _tell(course, streak, run, before, going.last)
        run.due = due_day(run, streak.every, asked)
        course.runs[streak.id] = run


def lost_after(run: Run, before: list[Stretch]) -> int:
    """The last period of the run that was broken last; `run.until` when there is none to restore."""
    going = current(run)
    ended = before[:-1] if going is not None else before
    return ended[-1].last if ended else run.until


# --- undoing ------------------------------------------------------------------------------------------------


def steps_back(
    undoing: Program, program: Program | None, member: MemberState, day: int, steps: tuple[Step, ...]
) -> Iterator[tuple[str, Run]]:
    """The member's runs without what an event of local day `day` did, by the `undoing` program that decided it."""
    runs: dict[str, Run] = {}
    for step in steps:
        streak = undoing.streaks[step.streak]
        found = runs.get(streak.id) or member.streaks.get(streak.id)
        if found is None:
            continue
        run = copied(found)
        runs[streak.id] = run
        run.freezes = max(0, run.freezes - step.freezes)
        period = period_of(streak.every, day)
        if not step.counted or not run.base <= period <= run.until:
            continue
        add(run, period, -1, streak.at_least)
        bit = 1 << (period - run.base)
        if step.thawed and not run.done & bit:
            run.frozen |= bit
            run.excused |= bit
        if step.told and run.told.get(step.told_of) == step.told:
            run.told[step.told_of] = step.told_before
            if not step.told_before:
                del run.told[step.told_of]
        run.due = due_day(run, streak.every, asks_of(program or undoing, streak, member.leaves))
    yield from runs.items()
