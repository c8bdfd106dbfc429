"""What can change about quests, streaks, the calendar, stages and the referral, in words."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from engage.core.explain import condition_text
from engage.core.program import Calendar, Effect, Goal, Lifecycle, Quest, Referral, Side, Streak

_JOINTS = {"all": " and ", "any": " or ", "in_order": ", then "}


def quest_details(quest: Quest, effect_text: Callable[[Effect], str]) -> dict[str, str]:
    """`effect_text` says what an effect does."""
    details = {"name": quest.name, "goals": _JOINTS[quest.join].join(map(goal_text, quest.goals))}
    if quest.repeats != "once":
        details["repeats"] = quest.repeats
    for key, day in (("from", quest.first_day), ("until", quest.last_day)):
        if day:
            details[key] = date.fromordinal(day).isoformat()
    if quest.campaign:
        details["campaign"] = quest.campaign
    if quest.audience:
        details["audience"] = quest.audience
    if quest.counts_from:
        since = "joining" if quest.counts_from == 1 else date.fromordinal(quest.counts_from).isoformat()
        details["counts history"] = f"from {since}{', silently' if quest.silently else ''}"
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


def streak_details(streak: Streak) -> dict[str, str]:
    details = {"name": streak.name, "every": streak.every, "counts": streak.event or "any activity"}
    if streak.conditions is not None:
        details["conditions"] = condition_text(streak.conditions, whole=True)
    if streak.at_least > 1:
        details["at_least"] = str(streak.at_least)
    details["days"] = streak.days
    if streak.freezes is not None:
        granted = f", {streak.freezes.count} granted per {streak.freezes.per}" if streak.freezes.count else ""
        details["freezes"] = f"at most {streak.freezes.most}{granted}"
    return details | ({"audience": streak.audience} if streak.audience else {})


def calendar_details(calendar: Calendar) -> dict[str, str]:
    holidays = ", ".join(date.fromordinal(day).isoformat() for day in calendar.holidays)
    return {"working_days": ", ".join(calendar.working_days), "holidays": holidays or "none"}


def lifecycle_details(of: Lifecycle) -> dict[str, str]:
    details = {
        "new": f"for {of.new_days} days",
        "habitual": f"active in {of.habit_weeks} of {of.habit_of} weeks",
        "slipping": f"after {of.slipping_days} days without activity",
        "dormant": f"after {of.dormant_days} days without activity",
    }
    if of.left is not None:
        details["left"] = f"when member.traits.{of.left.trait} is {' or '.join(of.left.values)}"
    return details


def referral_details(referral: Referral, side_text: Callable[[Side], str]) -> dict[str, str]:
    """`side_text` says what one of the two gets."""
    active = f"{referral.count} times {referral.event}"
    if referral.conditions is not None:
        active = f"{active} where {condition_text(referral.conditions, whole=True)}"
    if referral.within:
        active = f"{active} within {referral.within} days of joining"
    details = {"window": f"{referral.days} days", "active": active, "channels": ", ".join(referral.channels)}
    if referral.invites:
        details["invites"] = f"{referral.to} of {referral.invites}"
    for key, side in (("invited", referral.invited), ("inviter", referral.inviter)):
        if side.effects:
            details[key] = side_text(side)
    for limit in referral.limits:
        details[f"invitations per {limit.per} and {limit.window}"] = f"at most {limit.count}"
    named = {"audience": referral.audience, "campaign": referral.campaign, "link": referral.link}
    return details | {key: said for key, said in named.items() if said}
