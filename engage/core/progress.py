"""How a member's quests and streaks stand on a day, for those who look.

Owns no rule: it reads what `quests` and `streaks` keep, by the program in force. Never called by a decision.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from msgspec import Struct

from engage.core.compiled import CompiledProgram
from engage.core.goals import SUM_PLACES, standing
from engage.core.holdouts import is_held_out
from engage.core.program import Goal, Quest, Streak
from engage.core.quests import PERIOD_DAYS_MAX, period_start
from engage.core.runs import current, longest, period_of
from engage.core.state import CampaignStop, CompanyState, MemberState, Progress, Quested, Run
from engage.core.streaks import asks_of, settled

Status = Literal["upcoming", "locked", "open", "paused", "completed", "over"]


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


def quest_standings(
    made: CompiledProgram, company: CompanyState, member: MemberState, number: int, today: int
) -> Iterator[QuestStanding]:
    """The quests of the program, as declared, but those of campaigns that the member of that number is held out of."""
    for plan in made.quests:
        quest = plan.quest
        if is_held_out(quest.campaign, plan.holdout, number):
            continue
        quested = member.quests.get(quest.id) or Quested({})
        progress = quested.windows.get(period_start(quest.repeats, today)) or Progress([])
        tallies = progress.goals + [{} for _ in quest.goals[len(progress.goals) :]]
        missing = _missing(made, member, quest)
        yield QuestStanding(
            quest,
            _status(quest, company.campaigns.get(quest.campaign), progress, missing, today),
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


def _status(
    quest: Quest, stop: CampaignStop | None, progress: Progress, missing: list[str], today: int
) -> Status:
    """`stop`: of its campaign, whose own days are the quest's already."""
    if progress.reached >= len(quest.tiers):
        return "completed"
    if 0 < quest.last_day < today or (stop is not None and stop.ended):
        return "over"
    if today < quest.first_day:
        return "upcoming"
    if stop is not None:
        return "paused"
    return "locked" if missing else "open"


def _until(quest: Quest, today: int) -> int:
    ends = [quest.last_day] if quest.last_day else []
    length = PERIOD_DAYS_MAX[quest.repeats]
    if length:
        start = period_start(quest.repeats, today)
        ends.append(period_start(quest.repeats, start + length) - 1)
    return min(ends, default=0)


# --- streaks ------------------------------------------------------------------------------------------------

Today = Literal["done", "due", "rest"]


class StreakStanding(Struct, frozen=True):
    streak: Streak
    current: int
    longest: int
    freezes: int
    today: Today
    """Whether today, or this week, is done, is to be done, or asks for nothing."""
    next: int | None
    """The next length that rules wait for."""


def streak_standings(made: CompiledProgram, member: MemberState, today: int) -> Iterator[StreakStanding]:
    """All streaks of the program, as declared, as if the member had been told the time."""
    for streak in made.program.streaks:
        asked = asks_of(made.program, streak, member.leaves)
        run = settled(made.program, streak, member.streaks.get(streak.id) or Run(), member.leaves, today)
        period = period_of(streak.every, today)
        done = run.until == period and bool(run.done >> (period - run.base) & 1)
        going = current(run)
        length = going.length if going else 0
        ahead = [n for n in made.milestones.get(streak.id, ()) if n > length]
        state: Today = "done" if done else "due" if asked(period) else "rest"
        yield StreakStanding(streak, length, longest(run), run.freezes, state, min(ahead, default=None))
