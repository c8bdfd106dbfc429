"""A tick: a member's local midnight, and what time alone does to them then, in a fixed order."""

from __future__ import annotations

from engage.core.agenda import occasions_of
from engage.core.cascade import concluded
from engage.core.course import Course
from engage.core.decisions import Decision
from engage.core.expiry import expire, give_notice
from engage.core.levels import review_level
from engage.core.pending import pass_time
from engage.core.stages import pass_day
from engage.core.streaks import pass_midnight


def decide_tick(course: Course) -> Decision:
    """What the local day `course.day` brings."""
    pass_time(course)
    expire(course)
    pass_midnight(course)
    review_level(course)
    pass_day(course)
    give_notice(course)
    for occasion in occasions_of(course.program, course.company, course.member, course.day):
        course.happen(occasion)
    return concluded(course)
