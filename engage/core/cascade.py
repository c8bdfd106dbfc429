"""What the rules of an entry cause: levels, and the rules that these and others trigger in turn."""

from __future__ import annotations

from msgspec import Struct, field

from engage.core.campaigns import gated
from engage.core.compiled import Matcher
from engage.core.conditions import Facts
from engage.core.course import Course
from engage.core.decisions import Decision
from engage.core.levels import rise
from engage.core.occasions import DEPTH_MAX
from engage.core.quests import push
from engage.core.rules import fire_rules
from engage.core.streaks import earn_freezes


class Causes(Struct):
    """What led to what in a decision: numbers of occasions, in the order in which they were considered."""

    occasions: list[int] = field(default_factory=list)
    """Of each occasion but the first ones, the one that led to it."""
    advances: list[int] = field(default_factory=list)
    """Of each time that a rule advanced a quest, the one that triggered the rule."""
    pushes: list[int] = field(default_factory=list)
    """Of what rules are yet to advance, likewise."""


def concluded(course: Course, causes: Causes | None = None) -> Decision:
    """The decision, once all that has happened in the course is considered, to a depth. Notes the `causes`."""
    rise(course)
    depth = 0
    while (course.happened or course.pushes) and depth < DEPTH_MAX:
        pushes, course.pushes = course.pushes, []
        # What the last round led to comes first, then what the pushes of this one do.
        for n, (number, by) in enumerate(pushes):
            before = len(course.happened), len(course.advances)
            push(course, number, by)
            if causes is not None:
                causes.occasions += [causes.pushes[n]] * (len(course.happened) - before[0])
                causes.advances += [causes.pushes[n]] * (len(course.advances) - before[1])
        if causes is not None:
            causes.pushes.clear()
        happened, course.happened, depth = course.happened, [], depth + 1
        for occasion in happened:
            before = len(course.happened), len(course.pushes)
            consider(course, course.program.occasions[occasion])
            course.occasions.append(occasion)
            rise(course)
            if causes is not None:
                by = len(course.occasions) - 1
                causes.occasions += [by] * (len(course.happened) - before[0])
                causes.pushes += [by] * (len(course.pushes) - before[1])
    if course.freezes:
        earn_freezes(course)
    return course.decision()


def consider(course: Course, matcher: Matcher, facts: Facts | None = None) -> None:
    """Fire those rules of a trigger whose conditions hold as things stand now: as `facts` say, if these are at hand."""
    stopped = matcher.unconditional or matcher.match(facts or course.facts())
    fire_rules(course, matcher, gated(course, matcher, stopped) if matcher.dated else stopped)
