"""What awaits a member: the next local day on which time alone does something to them.

Owns when a tick is due. What it then does is for `engage.core.ticks`, and each mechanic says its own days. Whatever is
found due must be gone, or lie later, once that day's tick is folded.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from engage.core.compiled import CompiledProgram
from engage.core.conditions import WEEKDAYS
from engage.core.expiry import notice_days
from engage.core.levels import level_day
from engage.core.occasions import CLOCK, Occasion, next_clock_day, next_yearly
from engage.core.stages import stage_day
from engage.core.state import CompanyState, MemberState
from engage.core.streaks import streak_days


def keeps_time(program: CompiledProgram) -> bool:
    """Whether a tick can be due to anybody by this program, besides what awaits the points they have."""
    timed = program.clocks or program.notices or program.reviews
    return bool(timed or program.stages or program.program.streaks)


def next_due(program: CompiledProgram, company: CompanyState, member: MemberState) -> int:
    """The local day (ordinal) of the member's next tick; 0 when nothing awaits them."""
    due = max(member.points_due, member.ticked) if member.points_due else 0
    if not keeps_time(program):
        return due
    days = [due] if due else []
    if program.reviews and (day := level_day(program, company, member)):
        days.append(day)
    if program.clocks:
        days += awaited_days(program, company, member)
    if program.notices:
        days += [day for _, day in notice_days(program, company, member)]
    if member.streaks:
        days += streak_days(program, member)
    if program.stages and (changes := stage_day(program, company, member)):
        days.append(changes)
    return min(days, default=0)


def clock_days(
    program: CompiledProgram, company: CompanyState, member: MemberState
) -> Iterator[tuple[Occasion, int]]:
    """The timed occasions that await the member, each with its next day."""
    since = _told(company, member)
    for occasion in program.clocks:
        if day := _next_day(occasion, member, since):
            yield occasion, day


def occasions_of(
    program: CompiledProgram, company: CompanyState, member: MemberState, day: int
) -> list[Occasion]:
    """What the clock tells the member on a day."""
    if day <= _told(company, member):
        return []
    return [occasion for occasion in program.clocks if _next_day(occasion, member, day - 1) == day]


def _told(company: CompanyState, member: MemberState) -> int:
    """The day up to which nothing is left to tell. Nothing is made up for: what the program in force did not know of
    before it was published did not happen."""
    return max(member.ticked, member.joined, company.program_since)


def _next_day(occasion: Occasion, member: MemberState, since: int) -> int:
    if occasion.kind == CLOCK:
        return next_clock_day(occasion.name, since, WEEKDAYS)
    joined = date.fromordinal(member.joined)
    return next_yearly(joined.month, joined.day, since)


def awaited_days(program: CompiledProgram, company: CompanyState, member: MemberState) -> Iterator[int]:
    """The days on which timed occasions need a tick: where only rules of campaigns wait for one, within their days.

    A tick that comes for another reason still tells of the occasion, and the rules that their campaign keeps back.
    """
    for occasion, day in clock_days(program, company, member):
        matcher = program.occasions[occasion]
        if not matcher.dated or not all(plan.campaign for plan in matcher.plans):
            yield day
            continue
        for id in {plan.campaign for plan in matcher.plans}:
            campaign = program.program.campaigns[id]
            first = day if day >= campaign.first_day else _next_day(occasion, member, campaign.first_day - 1)
            if 0 < first <= campaign.last_day:
                yield first
