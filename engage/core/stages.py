"""Members' stages within decisions: what an entry or a midnight does to one, and when the next midnight will.

Owns the change from one stage to another as an occasion of rules. The stages themselves are `engage.core.lifecycle`'s.
"""

from __future__ import annotations

from typing import Final

from engage.core.compiled import CompiledProgram
from engage.core.course import Course
from engage.core.event import Entry, Kind
from engage.core.lifecycle import Stage, left_after, stage_on, today_of, turning_days
from engage.core.occasions import STAGE, Occasion
from engage.core.state import CompanyState, MemberState

BETWEEN: Final = ":"
"""In the name of an occasion, what stands between the stage that was left and the one reached."""


def may_change(member: MemberState, entry: Entry) -> bool:
    """Whether an event may bring the member to another stage. On a day that was active already it does not."""
    return not member.days or member.last_day != entry.day


def change_stage(course: Course) -> None:
    """Tell that the member's activity, or what the host says of them, brings them to another stage."""
    if not course.program.stages:
        return
    member, entry, of = course.member, course.entry, course.program.program.lifecycle
    today = today_of(member, course.day)
    if entry.kind == Kind.IDENTIFY:
        after = stage_on(of, member, today, left=left_after(of, member, entry.body.data, course.day))
    else:
        after = stage_on(of, member, today, also=course.day)
    _pass(course, stage_on(of, member, today) if member.last_seq else None, after)


def pass_day(course: Course) -> None:
    """What midnight does to the stage."""
    if course.program.stages and course.day > _told(course.company, course.member):
        of, member, day = course.program.program.lifecycle, course.member, course.day
        _pass(course, stage_on(of, member, day - 1), stage_on(of, member, day))


def _pass(course: Course, before: Stage | None, after: Stage) -> None:
    course.stage = after
    if before != after:
        for occasion in _occasions(before, after):
            course.happen(occasion)


def _occasions(before: Stage | None, after: Stage) -> tuple[Occasion, ...]:
    """What rules may wait for: the stage, from any other or from this one. Who is new came from none."""
    reached = Occasion(STAGE, after)
    return (reached,) if before is None else (reached, Occasion(STAGE, f"{before}{BETWEEN}{after}"))


def _told(company: CompanyState, member: MemberState) -> int:
    """The local day up to which nothing is left to tell. Nothing is made up for: what the program in force did not know
    of before it was published did not happen."""
    return max(today_of(member, member.joined), member.left, company.program_since)


def stage_day(program: CompiledProgram, company: CompanyState, member: MemberState) -> int:
    """The next local day on which time brings the member to a stage that a rule waits for; 0 when none does."""
    if not program.stages:
        return 0
    of = program.program.lifecycle
    since = _told(company, member)
    days = turning_days(of, member, since)
    before = stage_on(of, member, since) if days else None
    for day in days:
        after = stage_on(of, member, day)
        if after != before and not program.stages.isdisjoint(_occasions(before, after)):
            return day
        before = after
    return 0
