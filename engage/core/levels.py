"""Levels: which one the earned points reach, and when one is lost.

A level rises at once, over several steps if need be. It falls at a review alone, after grace, as far as the program
says; or at the midnight after a publication that says so. Owns the days of reviews and what they find.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from hashlib import blake2b
from typing import Final

import msgspec

from engage.core.basis import (
    Window,
    count,
    counted,
    length_months,
    newest,
    window,
    window_before,
)
from engage.core.calendar import months_later, week_of
from engage.core.compiled import CompiledProgram
from engage.core.course import Course
from engage.core.decisions import Released, Reviewed
from engage.core.event import Entry
from engage.core.occasions import DOWNGRADE_DUE, LEVEL, LEVEL_LOST, Occasion, next_yearly
from engage.core.program import Levels
from engage.core.state import CompanyState, LevelRules, MemberState, Standing

NOTHING: Mapping[str, int] = {}
NO_STANDING = Standing()


# --- what the points reach ----------------------------------------------------------------------------------


def rise(course: Course) -> None:
    """Raise the member to the level that what was earned so far reaches; each level passed is an occasion."""
    program = course.program
    if program.program.levels is None or not course.transfers:
        return
    held = program.level_ranks.get(course.level, 0)
    if held < len(program.level_thresholds):
        rank = reached_rank(program, course.member, course.earned, course.day)
        if rank > held:
            _rise_to(course, rank)


def _rise_to(course: Course, rank: int) -> None:
    program = course.program
    assert program.program.levels is not None
    start = program.level_ranks.get(course.level, 0)
    for level in program.program.levels.steps[start:rank]:
        course.level = level.id
        course.happen(Occasion(LEVEL, level.id))


def reached_rank(program: CompiledProgram, member: MemberState, earned: Mapping[str, int], day: int) -> int:
    """How many thresholds the points reach that count, with `earned` (currency -> change, on `day`) added.

    Where a period counts it is that of `day`, or the newest if that has more: a late event may complete either.
    """
    levels, key = program.program.levels, program.period_key
    assert levels is not None
    change = earned.get(levels.currency, 0)
    if not key:
        wallet = member.wallets.get(levels.currency)
        return bisect_right(program.level_thresholds, (wallet.earned if wallet else 0) + change)
    joined = member.joined or day  # the first entry is being decided
    most = counted(levels, key, member, window(levels, joined, day)) + change
    later = newest(member, key, day)
    if later > day:
        most = max(most, counted(levels, key, member, window(levels, joined, later), day, change))
    return bisect_right(program.level_thresholds, most)


def points_by(program: CompiledProgram, member: MemberState, day: int) -> int:
    """What a review at the beginning of `day` counts: the period under way, or the one that ended last if that has
    more."""
    levels, key = program.program.levels, program.period_key
    assert levels is not None
    if not key:
        wallet = member.wallets.get(levels.currency)
        return wallet.earned if wallet else 0
    joined = member.joined
    windows: tuple[Window, ...] = (window(levels, joined, day), window_before(levels, joined, day))
    return max(counted(levels, key, member, one) for one in windows)


# --- when a level is reviewed -------------------------------------------------------------------------------


def rules_since(program: CompiledProgram, company: CompanyState, day: int) -> LevelRules | None:
    """Since when the levels are what they are, once `program` is in force from `day` on."""
    levels, before = program.program.levels, company.level_rules
    if levels is None or (before is None and levels.review is None and levels.on_change == "keep"):
        return before
    before = before or LevelRules()
    after = msgspec.structs.replace(before)
    steps = _named([(level.id, level.threshold) for level in levels.steps], program.period_key)
    if levels.on_change != "keep" and steps != before.steps:
        after = msgspec.structs.replace(after, steps=steps, placed=day if company.members else 0)
    what = program.period_key or levels.currency
    if what != before.counted:
        after = msgspec.structs.replace(after, counted=what, counted_since=day if company.levels else 0)
    review = levels.review
    when = _named([what, review.on, review.months]) if review is not None else ""
    if when != before.review:
        after = msgspec.structs.replace(after, review=when, review_since=day)
    return after


def _named(*what: object) -> str:
    return blake2b(msgspec.json.encode(what), digest_size=8).hexdigest()


def next_review(program: CompiledProgram, company: CompanyState, member: MemberState) -> int:
    """The local day of the member's next review; 0 without one.

    Never by a period that was not counted from its beginning, where there were levels before.
    """
    levels, rules = program.program.levels, company.level_rules
    if levels is None or levels.review is None or levels.review.downgrade == "none" or rules is None:
        return 0
    review, standing = levels.review, member.standing or NO_STANDING
    since = max(member.joined, rules.review_since, standing.reviewed)
    if rules.counted_since and program.period_key:
        since = max(since, months_later(rules.counted_since, length_months(levels)) - 1)
    if review.on == "anniversary":
        joined = date.fromordinal(member.joined)
        return next_yearly(joined.month, joined.day, since)
    if review.on:
        return next_yearly(int(review.on[:2]), int(review.on[3:]), since)
    start = standing.reached or member.joined
    times = 1
    while (day := months_later(start, times * review.months)) <= since:
        times += 1
    return day


def grace_ends(company: CompanyState, member: MemberState) -> int:
    """The local day on which a level found wanting falls; 0 when none was."""
    standing, rules = member.standing, company.level_rules
    if standing is None or rules is None or standing.reviewed < rules.review_since:
        return 0
    return standing.falls


def placing(company: CompanyState, member: MemberState) -> int:
    """The local day on which the member is placed anew after a publication; 0 when that is done or not asked for."""
    rules = company.level_rules
    if rules is None or not rules.placed or not member.joined <= rules.placed:
        return 0
    return rules.placed + 1 if member.ticked <= rules.placed else 0


def level_day(program: CompiledProgram, company: CompanyState, member: MemberState) -> int:
    """The next local day on which something awaits the member's level; 0 when nothing does."""
    levels = program.program.levels
    if levels is None or not program.reviews:
        return 0
    day, falls = next_review(program, company, member), grace_ends(company, member)
    if falls and (falls < day or not day):
        day = falls
    if levels.on_change != "keep":
        placed = placing(company, member)
        if placed and (placed < day or not day):
            day = placed
    if 0 < day <= member.ticked:
        day = member.ticked + 1
    warned = min((at for _, at in _warnings(program, company, member)), default=0) if program.warnings else 0
    return warned if warned and (warned < day or not day) else day


def _warnings(
    program: CompiledProgram, company: CompanyState, member: MemberState
) -> Iterator[tuple[int, int]]:
    """(days ahead, local day) of the warnings that may await the member."""
    falls = fall_day(program, company, member) if program.warnings else 0
    since = max(member.ticked, member.joined, company.program_since)
    for ahead in program.warnings if falls else ():
        if falls - ahead > since:
            yield ahead, falls - ahead


def fall_day(program: CompiledProgram, company: CompanyState, member: MemberState) -> int:
    """The local day on which the level falls unless the points suffice by then; 0 when none can fall."""
    levels = program.program.levels
    if levels is None or levels.review is None or not member.level:
        return 0
    ends = grace_ends(company, member)
    review = 0 if ends else next_review(program, company, member)
    return ends or (review + levels.review.grace_days if review else 0)


# --- what a review finds ------------------------------------------------------------------------------------


def rank_after_review(program: CompiledProgram, level: str, points: int) -> int:
    """The rank that a member keeps, reaches or falls to with so many points. A level that is gone has rank 0."""
    levels = program.program.levels
    assert levels is not None
    held, reached = program.level_ranks.get(level, 0), bisect_right(program.level_thresholds, points)
    downgrade = levels.review.downgrade if levels.review is not None else "none"
    if reached >= held or downgrade == "none":
        return max(reached, held)
    least = protected_rank(levels, held)
    return max(held - 1 if downgrade == "one_step" else reached, reached, least)


def protected_rank(levels: Levels, held: int) -> int:
    """The highest protected level that who holds this rank has reached."""
    return max((rank for rank, step in enumerate(levels.steps[:held], 1) if step.protected), default=0)


def points_then(program: CompiledProgram, company: CompanyState, member: MemberState) -> int:
    """What the decision on the member's level would count, were nothing more earned before it."""
    falls = grace_ends(company, member)
    if falls:
        assert member.standing is not None
        return max(points_by(program, member, member.standing.reviewed), points_by(program, member, falls))
    return points_by(program, member, next_review(program, company, member))


def review_level(course: Course) -> None:
    """What midnight does to the member's level, and whether it says that one is about to fall."""
    program, company, member, day = course.program, course.company, course.member, course.day
    levels = program.program.levels
    if levels is None or not program.reviews:
        return
    warned = [ahead for ahead, at in _warnings(program, company, member) if at == day]
    if warned and rank_after_review(program, course.level, points_then(program, company, member)) < (
        program.level_ranks.get(course.level, 0)
    ):
        for ahead in warned:
            course.happen(Occasion(DOWNGRADE_DUE, str(ahead)))
    ends = grace_ends(company, member)
    if ends and day >= ends:
        assert member.standing is not None
        points = max(points_by(program, member, member.standing.reviewed), points_by(program, member, day))
        _move_to(course, rank_after_review(program, course.level, points))
        course.reviewed = Reviewed(member.standing.reviewed, 0)
    review = next_review(program, company, member)
    if review and day >= review:
        _review(course, day)
    placed = placing(company, member) if levels.on_change != "keep" else 0
    if placed and day >= placed:
        reached = bisect_right(program.level_thresholds, points_by(program, member, day))
        held = program.level_ranks.get(course.level, 0)
        least = protected_rank(levels, held)
        _move_to(course, max(reached, least) if levels.on_change == "rise_and_fall" else max(reached, held))


def _review(course: Course, day: int) -> None:
    program, levels = course.program, course.program.program.levels
    assert levels is not None
    assert levels.review is not None
    rank = rank_after_review(program, course.level, points_by(program, course.member, day))
    falls, grace = rank < program.level_ranks.get(course.level, 0), levels.review.grace_days
    if not (falls and grace):
        _move_to(course, rank)
    course.reviewed = Reviewed(day, day + grace if falls and grace else 0)


def _move_to(course: Course, rank: int) -> None:
    """Raise or lower the member's level; each one reached, or lost, is an occasion."""
    program = course.program
    assert program.program.levels is not None
    steps, held = program.program.levels.steps, program.level_ranks.get(course.level, 0)
    if rank >= held:
        return _rise_to(course, rank)
    course.level = steps[rank - 1].id if rank else ""
    for level in reversed(steps[rank:held]):
        course.happen(Occasion(LEVEL_LOST, level.id))
    return None


def level_without(
    program: CompiledProgram, member: MemberState, earned: Mapping[str, int], undone: Entry, below: str
) -> str:
    """The level that is left when the entry that reached the member's is undone, which takes what it had `earned`.

    What a review found since stands. The level `below`, on which the member stood before, stands too, also where the
    points are worth less by now: without that entry nothing would have taken it.
    """
    levels, standing = program.program.levels, member.standing
    assert levels is not None
    if standing is not None and standing.reviewed_by > undone.seq:
        return member.level
    change = earned if counted_day(program, member, undone) >= 0 else NOTHING
    for _ in member.rested:
        below = member.rested.get(below, below)
    rank = max(reached_rank(program, member, change, undone.day), program.level_ranks.get(below, 0))
    rank = min(rank, program.level_ranks.get(member.level, rank))
    return levels.steps[rank - 1].id if rank else ""


def rest_of(program: CompiledProgram | None, level: str, below: str, reached: str) -> tuple[str, str] | None:
    """What is to be remembered when the entry that `reached` a level, from the one `below`, is undone and the member's
    `level` is a higher one by now: that `reached` holds nobody any more."""
    ranks = program.level_ranks if program is not None else {}
    above = reached != below and ranks.get(level, 0) > ranks.get(reached, 0)
    return (reached, below) if above else None


def still_rested(program: CompiledProgram | None, member: MemberState) -> dict[str, str]:
    """Those of `member.rested` that are below the level the member has come to."""
    ranks = program.level_ranks if program is not None else {}
    rank = ranks.get(member.level, 0)
    return {level: below for level, below in member.rested.items() if ranks.get(level, rank) < rank}


def counted_day(program: CompiledProgram | None, member: MemberState, undone: Entry) -> int:
    """The day from whose period an undone entry's points are taken; -1 when they were not counted in any."""
    if program is None or not program.period_key:
        return 0
    standing = standing_known(program, member)
    return undone.day if standing is not None and standing.since <= undone.seq else -1


def without_released(
    program: CompiledProgram, member: MemberState, released: Sequence[Released]
) -> MemberState:
    """The member before these points were released, as far as periods count them."""
    levels, standing = program.program.levels, standing_known(program, member)
    if levels is None or standing is None or not released:
        return member
    before = msgspec.structs.replace(standing, earned=dict(standing.earned))
    for one in released:
        if one.currency == levels.currency and standing.since <= one.by:
            count(levels, before, member.joined, one.day, one.change)
    return msgspec.structs.replace(member, standing=before)


def standing_known(program: CompiledProgram, member: MemberState) -> Standing | None:
    """What is counted by the periods of this program; None of a member of whom nothing is."""
    standing = member.standing
    return standing if standing is not None and standing.key == program.period_key else None


# --- what was --------------------------------------------------------------------------------------------------

CHANGES_KEPT: Final = 12
"""Weeks with a change of level that are remembered per member: enough to measure the past when history is imported."""


def note_level(member: MemberState, day: int, level_before: str) -> None:
    """Remember the level that a member had when the ISO week of `day` began, if it changes for the first time in it."""
    week = week_of(day)
    if not member.rises or member.rises[-1][0] < week:
        member.rises = [*member.rises, (week, level_before)][-CHANGES_KEPT:]


def level_at(member: MemberState, monday: int) -> str:
    """The level when an ISO week began, as far as changes are remembered."""
    return next((level for week, level in member.rises if week >= monday), member.level)
