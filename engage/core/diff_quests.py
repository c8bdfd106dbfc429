"""What can change about a quest, in words."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from engage.core.explain import condition_text
from engage.core.program import Effect, Goal, Quest

_JOINTS = {"all": " and ", "any": " or ", "in_order": ", then "}


def quest_details(quest: Quest, effect_text: Callable[[Effect], str]) -> dict[str, str]:
    """`effect_text` says what an effect does."""
    details = {"name": quest.name, "goals": _JOINTS[quest.join].join(map(goal_text, quest.goals))}
    if quest.repeats != "once":
        details["repeats"] = quest.repeats
    for key, day in (("from", quest.first_day), ("until", quest.last_day)):
        if day:
            details[key] = date.fromordinal(day).isoformat()
    if quest.audience:
        details["audience"] = quest.audience
    requires = quest.requires
    needed = [f"quest {id}" for id in requires.quests] + [f"badge {id}" for id in requires.badges]
    needed += [f"level {requires.level}"] if requires.level else []
    if needed:
        details["requires"] = ", ".join(needed)
    for number, tier in enumerate(quest.tiers, start=1):
        effects = ", ".join(map(effect_text, tier.effects)) or "nothing"
        if len(quest.tiers) == 1:
            details["effects"] = effects
        else:
            details[f"tier {number}"] = f"{tier.reach}: {effects}"
    return details


def goal_text(goal: Goal) -> str:
    """A goal as an administrator would say it: 10 times Deal Won."""
    if goal.sum is not None:
        words = f"{goal.reach} in all of {goal.sum} of {goal.event}"
    elif goal.distinct is not None:
        words = f"{goal.reach} distinct {goal.distinct} of {goal.event}"
    else:
        words = f"{goal.reach} times {goal.event}"
    if goal.conditions is None:
        return words
    return f"{words} where {condition_text(goal.conditions, whole=True)}"
