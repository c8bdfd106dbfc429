"""What the rules of an entry cause: levels, and the rules that these and others trigger in turn."""

from __future__ import annotations

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


def concluded(course: Course) -> Decision:
    """The decision, once all that has happened in the course is considered, to a depth."""
    rise(course)
    depth = 0
    while (course.happened or course.pushes) and depth < DEPTH_MAX:
        pushes, course.pushes = course.pushes, []
        for number, by in pushes:
            push(course, number, by)
        happened, course.happened, depth = course.happened, [], depth + 1
        for occasion in happened:
            consider(course, course.program.occasions[occasion])
            course.occasions.append(occasion)
            rise(course)
    if course.freezes:
        earn_freezes(course)
    return course.decision()


def consider(course: Course, matcher: Matcher, facts: Facts | None = None) -> None:
    """Fire those rules of a trigger whose conditions hold as things stand now: as `facts` say, if these are at hand."""
    stopped = matcher.unconditional or matcher.match(facts or course.facts())
    fire_rules(course, matcher, gated(course, matcher, stopped) if matcher.dated else stopped)
