"""A member's quests as the API shows them."""

from __future__ import annotations

from datetime import date

from msgspec import UNSET

from engage.core.compiled import CompiledProgram
from engage.core.progress import GoalStanding, quest_standings
from engage.core.state import CompanyState, MemberState
from engage.web import progress_shapes as shapes


def quest_shapes(
    made: CompiledProgram, company: CompanyState, state: MemberState, number: int, today: int
) -> list[shapes.Quest]:
    """`today` is the company's local day."""
    return [
        shapes.Quest(
            id=found.quest.id,
            name=found.quest.name,
            status=found.status,
            join=found.quest.join,
            goals=[_goal(goal) for goal in found.goals],
            tiers=[
                shapes.QuestTier(tier.reach, number <= found.reached)
                for number, tier in enumerate(found.quest.tiers, start=1)
                if tier.reach
            ],
            times=found.times,
            repeats=found.quest.repeats,
            missing=found.missing,
            until=date.fromordinal(found.until).isoformat() if found.until else None,
        )
        for found in quest_standings(made, company, state, number, today)
    ]


def _goal(found: GoalStanding) -> shapes.QuestGoal:
    goal = found.goal
    return shapes.QuestGoal(
        goal.event, found.progress, goal.reach, found.done, goal.sum or UNSET, goal.distinct or UNSET
    )
