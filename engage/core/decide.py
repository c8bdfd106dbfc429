"""The decision: what an entry of the log does, given the program and the state just before it.

Pure: no I/O and no clock. Live traffic, replay and dry runs all come through `decide`, so they cannot disagree.
It reads the state and never changes it; `engage.core.fold` does that with what this returns.
"""

from __future__ import annotations

from typing import Final

from engage.core.adjustments import decide_adjustment
from engage.core.calendar import DAY
from engage.core.campaigns import gated
from engage.core.cascade import concluded, consider
from engage.core.compiled import CompiledProgram, Matcher
from engage.core.course import Course
from engage.core.decisions import Decision, More, Record, Undecided, checkpoint_record
from engage.core.event import Entry, Kind
from engage.core.gifts import decide_gift
from engage.core.goals import Counting
from engage.core.history import decide_history
from engage.core.pending import awaited, settle
from engage.core.quests import advance
from engage.core.referral import concerns, decide_referral, refer
from engage.core.reversal import Undone as Undone
from engage.core.reversal import decide_reversal
from engage.core.rewards import decide_redemption
from engage.core.rules import fire_rules
from engage.core.stages import change_stage, may_change
from engage.core.state import CompanyState, MemberState
from engage.core.streaks import keep, take_leave
from engage.core.ticks import decide_tick

NOTHING: Final = Decision(Record(undecided=Undecided.NOT_AN_EVENT))
DISTRUSTED: Final = Decision(Record(undecided=Undecided.UNTRUSTED_SOURCE))
VIEWS: Final = frozenset({Kind.PAGE, Kind.SCREEN})
TRAITS: Final = frozenset({Kind.IDENTIFY, Kind.GROUP})
"""Calls whose traits change nothing when they come with a write key."""


def decide(
    program: CompiledProgram | None,
    company: CompanyState,
    member: MemberState,
    entry: Entry,
    undone: Undone | None = None,
) -> Decision:
    """What `entry` does. `undone` is given for a reversal, and only then."""
    if entry.kind == Kind.TRACK:
        return _decide_event(program, company, member, entry)
    if entry.kind == Kind.ADJUSTMENT:
        return decide_adjustment(program, company, member, entry)
    if entry.kind == Kind.REVERSAL:
        assert undone is not None
        return decide_reversal(program, company, member, undone)
    if entry.kind == Kind.TICK:
        assert program is not None
        return decide_tick(Course(program, company, member, entry))
    if entry.kind == Kind.HISTORY:
        assert program is not None
        return decide_history(Course(program, company, member, entry))
    if entry.kind == Kind.LEAVE:
        assert program is not None
        course = Course(program, company, member, entry)
        take_leave(course)
        return concluded(course)
    if entry.kind == Kind.IDENTIFY and program is not None and program.stages and entry.body.trusted:
        return _decide_identify(Course(program, company, member, entry))
    if entry.kind == Kind.REDEMPTION:
        return decide_redemption(program, company, member, entry)
    if entry.kind == Kind.GIFT:
        return decide_gift(program, member, entry)
    if entry.kind == Kind.REFERRAL:
        return decide_referral(program, company, member, entry)
    if entry.kind == Kind.CHECKPOINT:
        return Decision(checkpoint_record(bytes.fromhex(entry.body.data["hash"])))
    if entry.kind in VIEWS and program is not None and entry.body.trusted:
        return _decide_view(program, company, member, entry)
    return NOTHING if entry.body.trusted or entry.kind not in TRAITS else DISTRUSTED


def _decide_event(
    program: CompiledProgram | None, company: CompanyState, member: MemberState, entry: Entry
) -> Decision:
    if program is None:
        return Decision(Record(undecided=Undecided.NO_PROGRAM))
    event = program.program.events.get(entry.name)
    if event is None:
        return Decision(Record(undecided=Undecided.UNDECLARED_EVENT))
    if entry.at < company.head_at - program.program.late_days * DAY:
        return Decision(Record(undecided=Undecided.TOO_LATE))
    if not entry.body.trusted and not event.browser:
        return Decision(Record(undecided=Undecided.UNTRUSTED_SOURCE))
    matcher, counting = program.matchers.get(entry.name), program.counting.get(entry.name)
    waited = awaited(member, entry) if member.points_due else ()
    stage = program.stages and may_change(member, entry)
    led = member.referral is not None and concerns(program, member, entry)
    if counting is not None or waited or stage or led:
        course = Course(program, company, member, entry)
        if waited:
            settle(course, waited)
        return _decide_further(course, matcher, counting)
    if matcher is None:
        return Decision(Record())
    course = Course(program, company, member, entry)
    stopped = matcher.unconditional or matcher.match(course.facts())
    if matcher.dated:
        stopped = gated(course, matcher, stopped)
    if all(stopped):
        by = course.stopped_by
        return Decision(Record(verdicts=stopped, more=More(stopped_by=by) if by else None))
    fire_rules(course, matcher, stopped)
    return concluded(course)


def _decide_view(
    program: CompiledProgram, company: CompanyState, member: MemberState, entry: Entry
) -> Decision:
    """A page or screen keeps streaks of any activity. One that is named like an event would be taken for it later."""
    counts = program.activity is not None or (program.stages and may_change(member, entry))
    if not counts or entry.name in program.matchers:
        return NOTHING
    if entry.at < company.head_at - program.program.late_days * DAY:
        return Decision(Record(undecided=Undecided.TOO_LATE))
    return _decide_further(Course(program, company, member, entry), None, program.activity)


def _decide_further(course: Course, matcher: Matcher | None, counting: Counting | None) -> Decision:
    """An event that settled what waited for it, that something counts, or that concerns how the member was invited: its
    own rules first, then what it gains."""
    facts = course.facts()
    gains, streaks = counting.counts(facts) if counting is not None else ({}, [])
    if matcher is not None:
        consider(course, matcher, facts)
    for number, gained in gains.items():
        advance(course, number, gained)
    for streak in streaks:
        keep(course, streak)
    if course.member.referral is not None and concerns(course.program, course.member, course.entry):
        refer(course)
    if course.program.stages:
        change_stage(course)
    return concluded(course)


def _decide_identify(course: Course) -> Decision:
    """What the host says of a member may bring them to another stage."""
    change_stage(course)
    return concluded(course) if course.happened else NOTHING
