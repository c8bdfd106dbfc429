"""Levels: which one the earned points reach. A level rises at once, over several steps if need be, never falls here."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping

from engage.core.compiled import CompiledProgram
from engage.core.course import Course
from engage.core.occasions import LEVEL, Occasion
from engage.core.state import MemberState


def rise(course: Course) -> None:
    """Raise the member to the level that what was earned so far reaches; each level passed is an occasion."""
    program = course.program
    if program.program.levels is None or not course.transfers:
        return
    rank = reached_rank(program, course.member, course.earned())
    start = program.level_ranks.get(course.level, 0)
    for level in program.program.levels.steps[start:rank]:
        course.level = level.id
        course.happen(Occasion(LEVEL, level.id))


def reached_rank(program: CompiledProgram, member: MemberState, earned: Mapping[str, int]) -> int:
    """How many thresholds the earned points reach, with `earned` (currency -> change) added."""
    assert program.program.levels is not None
    currency = program.program.levels.currency
    wallet = member.wallets.get(currency)
    return bisect_right(program.level_thresholds, (wallet.earned if wallet else 0) + earned.get(currency, 0))
