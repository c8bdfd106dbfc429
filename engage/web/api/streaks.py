"""A member's streaks as the API shows them."""

from __future__ import annotations

from engage.core.compiled import CompiledProgram
from engage.core.progress import streak_standings
from engage.core.state import MemberState
from engage.web import progress_shapes as shapes


def streak_shapes(made: CompiledProgram, state: MemberState, today: int) -> list[shapes.Streak]:
    """`today` is the company's local day."""
    return [
        shapes.Streak(
            id=found.streak.id,
            name=found.streak.name,
            every=found.streak.every,
            current=found.current,
            longest=found.longest,
            freezes=found.freezes,
            today=found.today,
            next=found.next,
        )
        for found in streak_standings(made, state, today)
    ]
