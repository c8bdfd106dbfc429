"""What another program would do to the levels people stand on, told before it is published.

Owns the comparison of two programs for one member, were nothing more earned, and its words. Counts only: who it is that
would rise or fall is nobody's business here.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from datetime import date
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from engage.core.compiled import CompiledProgram
from engage.core.levels import (
    NO_STANDING,
    fall_day,
    next_review,
    placing,
    points_by,
    points_then,
    protected_rank,
    rank_after_review,
    rules_since,
)
from engage.core.outlook import points_now
from engage.core.state import CompanyState, MemberState

When = Literal["publication", "next_midnight", "next_points", "review"]
WORDS: dict[When, str] = {
    "publication": "at once, since their level is gone",
    "next_midnight": "at the midnight after",
    "next_points": "with their next points",
    "review": "at their review",
}


class LevelChange(Struct, frozen=True):
    """`before` and `after` are ids, null for no level. `first_day`: the first on which one falls after a review."""

    before: str | None
    after: str | None
    rises: bool
    when: When
    members: int
    first_day: str | None = None


class _Expected(Struct, frozen=True):
    level: str
    when: When | None = None
    day: int = 0


def same_levels(old: CompiledProgram | None, new: CompiledProgram) -> bool:
    return (old.program.levels if old is not None else None) == new.program.levels


class Forecast:
    """Counts members, one by one, from any number of companies."""

    def __init__(self, new: CompiledProgram) -> None:
        self.new = new
        self._members: dict[tuple[str, str, When], int] = {}
        self._days: dict[tuple[str, str, When], int] = {}

    def add(
        self, old: CompiledProgram | None, company: CompanyState, member: MemberState, today: int
    ) -> None:
        """A member who follows `old` now, and would follow the new program from `today` on."""
        later = replace(company, level_rules=rules_since(self.new, company, today), program_since=today)
        expected = _expected(self.new, later, member, today)
        if expected.when is None or expected == _expected(old, company, member, today):
            return  # nothing becomes of the level, or the same on the same day
        key = (member.level, expected.level, expected.when)
        self._members[key] = self._members.get(key, 0) + 1
        if expected.when == "review":
            self._days[key] = min(self._days.get(key, expected.day), expected.day)

    def changes(self) -> list[LevelChange]:
        """Rises first, then falls, from the lowest level on."""
        ranks = self.new.level_ranks
        found = [
            LevelChange(
                before=before or None,
                after=after or None,
                rises=when != "publication" and ranks.get(after, 0) > ranks.get(before, 0),
                when=when,
                members=count,
                first_day=_iso(self._days.get((before, after, when), 0)),
            )
            for (before, after, when), count in self._members.items()
        ]
        return sorted(
            found,
            key=lambda one: (
                not one.rises,
                ranks.get(one.before or "", 0),
                ranks.get(one.after or "", 0),
                one.when,
            ),
        )


def _iso(day: int) -> str | None:
    return date.fromordinal(day).isoformat() if day else None


def _expected(
    program: CompiledProgram | None, company: CompanyState, member: MemberState, today: int
) -> _Expected:
    """What becomes of the member's level by this program, were nothing more earned."""
    levels = program.program.levels if program is not None else None
    if program is None or levels is None:
        return _Expected(member.level)
    steps, held = levels.steps, program.level_ranks.get(member.level, 0)
    for rank, when, day in _moves(program, company, member, today):
        if rank != held:
            return _Expected(steps[rank - 1].id if rank else "", when, day)
    if member.level and not held:
        return _Expected("", "publication")
    return _Expected(member.level)


def _moves(
    program: CompiledProgram, company: CompanyState, member: MemberState, today: int
) -> Iterator[tuple[int, When, int]]:
    """The ranks that the member is moved to, soonest first."""
    levels, held = program.program.levels, program.level_ranks.get(member.level, 0)
    assert levels is not None
    placed = placing(company, member) if levels.on_change != "keep" else 0
    if placed:
        reached = bisect_right(program.level_thresholds, points_by(program, member, placed))
        least = protected_rank(levels, held) if levels.on_change == "rise_and_fall" else held
        yield max(reached, least), "next_midnight", placed
    if points := points_now(program, member, today):
        yield max(bisect_right(program.level_thresholds, points), held), "next_points", 0
    known = not program.period_key or (member.standing or NO_STANDING).key == program.period_key
    if known and next_review(program, company, member):
        rank = rank_after_review(program, member.level, points_then(program, company, member))
        yield min(rank, held), "review", fall_day(program, company, member)


def change_text(change: LevelChange) -> str:
    one = change.members == 1
    who = "1 member" if one else f"{change.members} members"
    before, after = change.before or "no level", change.after or "no level"
    words = "would rise" if change.rises else "would fall"
    first = f", the first on {change.first_day}" if change.first_day else ""
    when = WORDS[change.when]
    return f"{who} {words} from {before} to {after} {when}{first}"
