"""How a member's quests stand on a day, for those who look.

Owns no rule: it reads what `engage.core.quests` keeps, by the program in force. Never called by a decision.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from msgspec import Struct

from engage.core.compiled import CompiledProgram
from engage.core.goals import SUM_PLACES, standing
from engage.core.program import Goal, Quest
from engage.core.quests import PERIOD_DAYS_MAX, period_start
from engage.core.state import MemberState, Progress, Quested

Status = Literal["upcoming", "locked", "open", "completed", "over"]


class GoalStanding(Struct, frozen=True):
    goal: Goal
    progress: float
    """In the goal's own unit, whole unless it is a sum of fractions; at most its reach."""
    done: bool


class QuestStanding(Struct, frozen=True):
    quest: Quest
    status: Status
    """Of the current period where it has one."""
    goals: list[GoalStanding]
    reached: int
    """How many tiers."""
    times: int
    """Completed, ever."""
    missing: list[str]
    """What it requires and the member does not have, as `quest first-sale`."""
    until: int
    """The last local day on which it can be completed, in this period; 0 when there is none."""


def quest_standings(made: CompiledProgram, member: MemberState, today: int) -> Iterator[QuestStanding]:
    """All quests of the program, as declared."""
    for quest in made.program.quests:
        quested = member.quests.get(quest.id) or Quested({})
        progress = quested.windows.get(period_start(quest.repeats, today)) or Progress([])
        tallies = progress.goals + [{} for _ in quest.goals[len(progress.goals) :]]
        missing = _missing(made, member, quest)
        yield QuestStanding(
            quest,
            _status(quest, progress, missing, today),
            [_goal(goal, tally) for goal, tally in zip(quest.goals, tallies, strict=False)],
            progress.reached,
            quested.times,
            missing,
            _until(quest, today),
        )


def _goal(goal: Goal, tally: dict[int, int]) -> GoalStanding:
    stands = min(max(0, standing(goal, tally)), goal.reach * (SUM_PLACES[goal.type] if goal.sum else 1))
    progress = stands / SUM_PLACES[goal.type] if goal.sum else stands
    return GoalStanding(goal, progress, progress >= goal.reach)


def _missing(made: CompiledProgram, member: MemberState, quest: Quest) -> list[str]:
    requires, ranks = quest.requires, made.level_ranks
    quests = [id for id in requires.quests if (member.quests.get(id) or Quested({})).times < 1]
    missing = [f"quest {id}" for id in quests]
    missing += [f"badge {badge}" for badge in requires.badges if badge not in member.badges]
    if requires.level is not None and ranks.get(member.level, 0) < ranks[requires.level]:
        missing.append(f"level {requires.level}")
    return missing


def _status(quest: Quest, progress: Progress, missing: list[str], today: int) -> Status:
    if progress.reached >= len(quest.tiers):
        return "completed"
    if today < quest.first_day:
        return "upcoming"
    if 0 < quest.last_day < today:
        return "over"
    return "locked" if missing else "open"


def _until(quest: Quest, today: int) -> int:
    ends = [quest.last_day] if quest.last_day else []
    length = PERIOD_DAYS_MAX[quest.repeats]
    if length:
        start = period_start(quest.repeats, today)
        ends.append(period_start(quest.repeats, start + length) - 1)
    return min(ends, default=0)
