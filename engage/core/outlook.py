"""How a member's level stands: what counts now, when it is reviewed next, and what would come of that.

For pages and hosts; nothing is decided here. It says what a review would find, were nothing more earned before it.
"""

from __future__ import annotations

from msgspec import Struct

from engage.core.basis import counted, window
from engage.core.compiled import CompiledProgram
from engage.core.levels import fall_day, grace_ends, next_review, points_then, rank_after_review
from engage.core.state import CompanyState, MemberState


class Outlook(Struct, frozen=True):
    day: int
    """The local day that decides: of the next review, or on which a grace ends."""
    level: str
    """The level after it, as things stand."""
    missing: int
    """The points that are missing to keep the level; 0 when there are enough."""
    falls: int
    """The local day on which the level falls as things stand; 0 when it does not."""


def points_now(program: CompiledProgram, member: MemberState, today: int) -> int:
    """What counts toward the next level today."""
    levels, key = program.program.levels, program.period_key
    assert levels is not None
    if key:
        return counted(levels, key, member, window(levels, member.joined or today, today))
    wallet = member.wallets.get(levels.currency)
    return wallet.earned if wallet else 0


def outlook(program: CompiledProgram, company: CompanyState, member: MemberState) -> Outlook | None:
    """None where no review awaits the member."""
    levels, held = program.program.levels, program.level_ranks.get(member.level, 0)
    if levels is None or not held:
        return None
    day = grace_ends(company, member) or next_review(program, company, member)
    if not day:
        return None
    points = points_then(program, company, member)
    rank = rank_after_review(program, member.level, points)
    return Outlook(
        day=day,
        level=levels.steps[rank - 1].id if rank else "",
        missing=max(0, levels.steps[held - 1].threshold - points),
        falls=fall_day(program, company, member) if rank < held else 0,
    )
