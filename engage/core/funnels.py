"""Funnels: how far members came on a declared way of events, and in which week they had begun it.

Owns what an event does to a member's ways. Kept are weeks, not times: for each step, the weeks in which somebody began
who reached it. So a week's beginners can be counted at any later time, each step's are among those of the step before,
and a report counts beginners only when the last week has passed in which they could go on.

    an event of the first step      sets the bit of its own week
    an event of a later step        takes over the bits of the step before, of the last so many weeks and its own

Order is that of the log. Events from before the funnel was published do not count, and an undone event stays counted:
it was done.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from engage.core.activity import WEEKS_KEPT
from engage.core.calendar import month_end, week_of
from engage.core.program import Program
from engage.core.state import MemberState

if TYPE_CHECKING:
    from engage.core.compiled import CompiledProgram

WEEK: Final = 7


class Place(NamedTuple):
    """Where an event stands in a funnel."""

    key: str
    step: int
    steps: int
    weeks: int


def places_by_event(program: Program) -> dict[str, tuple[Place, ...]]:
    found: dict[str, list[Place]] = {}
    for funnel in program.funnels:
        for step, event in enumerate(funnel.steps):
            found.setdefault(event, []).append(Place(funnel.key, step, len(funnel.steps), funnel.weeks))
    return {event: tuple(places) for event, places in found.items()}


def advance(program: CompiledProgram, member: MemberState, event: str, day: int) -> None:
    """Count an event that is a step of some funnel."""
    week = week_of(day)
    for key, step, of, weeks in program.funnels[event]:
        base, steps = member.funnels.get(key, (week, (0,) * of))
        if week < base:
            shift = (base - week) // WEEK
            if shift + max(steps).bit_length() > WEEKS_KEPT:
                continue
            base, steps = week, tuple(bits << shift for bits in steps)
        index = (week - base) // WEEK
        gained = 1 << index
        if step:
            gained = steps[step - 1] & ((1 << index + 1) - (1 << max(0, index - weeks)))
        if gained & ~steps[step]:
            steps = (*steps[:step], steps[step] | gained, *steps[step + 1 :])
            surplus = max(steps).bit_length() - WEEKS_KEPT
            if surplus > 0:
                base, steps = base + WEEK * surplus, tuple(bits >> surplus for bits in steps)
            if key not in member.funnels:
                _forget(program, member)
            member.funnels[key] = (base, steps)


def _forget(program: CompiledProgram, member: MemberState) -> None:
    """The ways of funnels that the program no longer has."""
    keys = {funnel.key for funnel in program.program.funnels}
    for gone in [key for key in member.funnels if key not in keys]:
        del member.funnels[gone]


def steps_reached(member: MemberState, key: str, monday: int, weeks: int, loud: int = -1) -> int:
    """How many steps were reached by whom began in the `weeks` ISO weeks that end with the one of `monday`; `loud`: in
    which of these, the first bit is the last week's."""
    way = member.funnels.get(key)
    if way is None:
        return 0
    base, steps = way
    index = (monday - base) // WEEK
    if index < 0:
        return 0
    mask = sum(1 << index - back for back in range(min(weeks, index + 1)) if loud >> back & 1)
    # Each step's beginners are among those of the step before.
    return sum(1 for bits in steps if bits & mask)


def has_begun_again(member: MemberState, key: str, monday: int) -> bool:
    """Whether the member began in two months of four weeks, up to the one that ends with the week of `monday`."""
    base, steps = member.funnels.get(key, (monday, (0,)))
    bits = steps[0] & (1 << max(0, (monday - base) // WEEK + 1)) - 1
    if not bits:
        return False
    first, last = (bits & -bits).bit_length() - 1, bits.bit_length() - 1
    return month_end(base + WEEK * (first - 1)) != month_end(base + WEEK * (last - 1))
