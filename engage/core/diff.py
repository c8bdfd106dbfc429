"""What changes from one program to another, thing by thing and in words.

Owns the comparison and its wording. Things are matched by id or name, never by position, so a moved rule is a
moved rule and not a hundred changes. Must not know versions or who publishes them.
"""

from __future__ import annotations

import typing as t
from datetime import date

import msgspec

from engage.core.conditions import Condition
from engage.core.diff_quests import (
    calendar_details,
    lifecycle_details,
    quest_details,
    referral_details,
    streak_details,
)
from engage.core.expiry import expires_text
from engage.core.explain import condition_text, formula_text, shown, span_text
from engage.core.lifecycle import STANDARD
from engage.core.occasions import occasion_text
from engage.core.pending import pending_text
from engage.core.problems import pointer
from engage.core.program import (
    AdvanceQuest,
    Audience,
    Award,
    Budget,
    Calendar,
    CallWebhook,
    Campaign,
    CampaignBudget,
    Currency,
    Effect,
    EventType,
    Funnel,
    Giving,
    GrantFreeze,
    Group,
    Leaderboard,
    Level,
    Levels,
    Limit,
    Multiply,
    Program,
    Property,
    Reward,
    Rule,
    SendNudge,
    SetTag,
    Side,
)

Kind = t.Literal["added", "removed", "changed"]
Details = dict[str, str]  # what can change about a thing, in words

_OVER = {"cut": "the last award cut to what is left", "refuse": "an award that does not fit refused"}


class Change(msgspec.Struct, frozen=True):
    """`pointer` names things by id (/rules/deal-won/trigger): it is for
    people, not for resolving. `old` and `new` are in words, None when there is no such side."""

    kind: Kind
    pointer: str
    old: str | None
    new: str | None
    text: str


def diff_programs(old: Program | None, new: Program) -> list[Change]:
    """Every difference that changes the program's hash, in the order of the document. Without an old program
    everything is added."""
    before = _things(old) if old is not None else {}
    after = _things(new)
    changes: list[Change] = []
    # Sections in document order; within one, the new program's order, then what is gone.
    for section in _SECTIONS:
        was, now = before.get(section, {}), after.get(section, {})
        for name in [*now, *(gone for gone in was if gone not in now)]:
            changes += _compare(section, name, was.get(name), now.get(name))
        if section in ("rules", "quests"):
            changes += _order(section, list(was), list(now))
    return changes


_SECTIONS = {
    "program": "program",
    "currencies": "currency",
    "member traits": "member trait",
    "company traits": "company trait",
    "events": "event",
    "badges": "badge",
    "tags": "tag",
    "nudges": "nudge",
    "levels": "level",
    "audiences": "audience",
    "groups": "group",
    "quests": "quest",
    "campaigns": "campaign",
    "calendar": "calendar",
    "streaks": "streak",
    "leaderboards": "leaderboard",
    "funnels": "funnel",
    "lifecycle": "lifecycle",
    "rules": "rule",
    "budgets": "budget",
    "rewards": "reward",
    "giving": "giving",
    "referral": "referral",
}


def _compare(section: str, name: str, was: Details | None, now: Details | None) -> list[Change]:
    thing = f"{_SECTIONS[section]} {name}".strip() if section != "program" else "program"
    at = tuple(filter(None, (section, name))) if section != "program" else ()
    if was is None or now is None:
        details = now if now is not None else was or {}
        kind: Kind = "added" if was is None else "removed"
        summary = "; ".join(f"{key}: {value}" if key else value for key, value in details.items())
        text = f"{thing} {kind}" + (f" ({summary})" if summary else "")
        old_side, new_side = (None, summary) if was is None else (summary, None)
        return [Change(kind, pointer(at), old_side, new_side, text)]
    changes: list[Change] = []
    for key in [*now, *(gone for gone in was if gone not in now)]:
        old, new = was.get(key), now.get(key)
        if old == new:
            continue
        path = pointer((*at, key) if key else at)
        what = f"{thing}: {key}" if key else thing
        if old is None:
            changes.append(Change("added", path, None, new, f"{what} added: {new}"))
        elif new is None:
            changes.append(Change("removed", path, old, None, f"{what} removed (was {old})"))
        else:
            changes.append(Change("changed", path, old, new, f"{what} changed from {old} to {new}"))
    return changes


def _order(section: str, was: list[str], now: list[str]) -> list[Change]:
    """Rules and quests are decided in declared order, and limits and budgets go to the first: that is a difference."""
    old = [name for name in was if name in set(now)]
    new = [name for name in now if name in set(was)]
    if old == new:
        return []
    before, after = ", ".join(old), ", ".join(new)
    return [
        Change("changed", f"/{section}", before, after, f"{section}: order changed from {before} to {after}")
    ]


def _things(program: Program) -> dict[str, dict[str, Details]]:
    """section -> name -> details. An empty detail key describes the thing as a whole."""
    head: Details = {
        "name": program.name,
        "late_days": str(program.late_days),
        "multipliers": program.multipliers,
    }
    if program.adjustments_approved_to is not None:
        head["adjustments without a second person"] = f"up to {program.adjustments_approved_to}"
    if program.redemptions_approved_to:
        head["redemptions without approval"] = f"up to a cost of {program.redemptions_approved_to}"
    if program.levels is not None:
        head |= _levels_in_general(program.levels)
    if program.audience:
        head["audience"] = program.audience
    if program.department:
        head["department"] = f"member.traits.{program.department}"
    if program.role is not None:
        head["role"] = f"member.traits.{program.role.trait}"
        head |= {f"role {role}": ", ".join(values) for role, values in program.role.values.items() if values}
    return {
        "program": {"": head},
        "currencies": {key: _currency(found) for key, found in program.currencies.items()},
        "member traits": {key: {"": _property(found)} for key, found in program.member_traits.items()},
        "company traits": {key: {"": _property(found)} for key, found in program.company_traits.items()},
        "events": {key: _event(found) for key, found in program.events.items()},
        "badges": {key: {"name": found.name} for key, found in program.badges.items()},
        "tags": {key: {"name": found.name} for key, found in program.tags.items()},
        "nudges": {key: {"text": found.text} for key, found in program.nudges.items()},
        "levels": _levels(program.levels),
        "audiences": {key: _audience(found) for key, found in program.audiences.items()},
        "groups": {key: {"": _group(found)} for key, found in program.groups.items()},
        "calendar": {"": calendar_details(program.calendar)} if program.calendar != Calendar() else {},
        "streaks": {streak.id: streak_details(streak) for streak in program.streaks},
        "leaderboards": {board.id: _board(board) for board in program.leaderboards},
        "funnels": {funnel.id: _funnel(funnel) for funnel in program.funnels},
        "lifecycle": {"": lifecycle_details(program.lifecycle)} if program.lifecycle != STANDARD else {},
        "quests": {quest.id: quest_details(quest, effect_text) for quest in program.quests},
        "campaigns": {key: _campaign(found) for key, found in program.campaigns.items()},
        "rules": {rule.id: _rule(rule) for rule in program.rules},
        "rewards": {found.id: _reward(found) for found in program.rewards},
        "giving": {found.currency: _giving(found) for found in program.giving},
        "referral": {"": referral_details(program.referral, _side)} if program.referral else {},
        "budgets": {f"{found.currency} per {found.window}": _budget(found) for found in program.budgets},
    }


def _yes_no(value: bool) -> str:
    return "yes" if value else "no"


def _property(found: Property) -> str:
    return f"{found.type}, personal" if found.personal else found.type


def _currency(found: Currency) -> Details:
    expires = {"expires": expires_text(found.expires)} if found.expires is not None else {}
    return {"name": found.name, "debt": found.debt} | expires


def _event(event: EventType) -> Details:
    details = {"name": event.name, "key": _yes_no(event.key), "browser": _yes_no(event.browser)}
    return details | {f"property {name}": _property(found) for name, found in event.properties.items()}


def _levels(levels: Levels | None) -> dict[str, Details]:
    return {level.id: _level(level) for level in levels.steps} if levels is not None else {}


def _board(board: Leaderboard) -> Details:
    counts = board.what if board.of != "quests" else "quests completed"
    least = {"least": str(board.least)} if board.by == "department" else {}
    return {"name": board.name, "by": board.by, "counts": f"{counts} per {board.period}"} | least


def _funnel(funnel: Funnel) -> Details:
    return {"name": funnel.name, "steps": ", ".join(funnel.steps), "weeks": str(funnel.weeks)}


def _levels_in_general(levels: Levels) -> Details:
    review = levels.review
    details = {
        "currency of levels": levels.currency,
        "basis of levels": basis_text(levels),
        "levels after a change": levels.on_change,
    }
    if review is not None:
        when = f"on {review.on}" if review.on else f"every {review.months} months"
        grace = f", {review.grace_days} days of grace" if review.grace_days else ""
        details["review of levels"] = f"{when}, downgrade {review.downgrade}{grace}"
    return details


def basis_text(levels: Levels) -> str:
    return f"rolling {levels.months} months" if levels.basis == "rolling" else levels.basis


def _level(level: Level) -> Details:
    details = {"name": level.name, "threshold": str(level.threshold), "protected": _yes_no(level.protected)}
    return details | {f"benefit {name}": shown(value) for name, value in level.benefits.items()}


def _rule(rule: Rule) -> Details:
    details = {"name": rule.name, "trigger": rule.trigger if rule.on is None else occasion_text(rule.on)}
    condition: Condition | None = rule.conditions
    if condition is not None:
        details["conditions"] = condition_text(condition, whole=True)
    if rule.audience:
        details["audience"] = rule.audience
    if rule.group:
        details["group"] = rule.group
    if rule.campaign:
        details["campaign"] = rule.campaign
    details["effects"] = ", ".join(effect_text(effect) for effect in rule.effects)
    return details | {_limit_name(limit): _limit_text(limit) for limit in rule.limits}


def _audience(audience: Audience) -> Details:
    return {"name": audience.name, "conditions": condition_text(audience.conditions, whole=True)}


def _campaign(campaign: Campaign) -> Details:
    details = {
        "name": campaign.name,
        "from": str(date.fromordinal(campaign.first_day)),
        "until": str(date.fromordinal(campaign.last_day)),
    }
    if campaign.audience:
        details["audience"] = campaign.audience
    if campaign.holdout:
        details["holdout"] = f"{campaign.holdout} %"
    details |= {f"budget of {found.currency}": _budget(found)[""] for found in campaign.budgets}
    return details | {_limit_name(limit): _limit_text(limit) for limit in campaign.limits}


def _group(group: Group) -> str:
    return f"the one that awards most {group.currency}" if group.pick == "best" else group.pick


def effect_text(effect: Effect) -> str:
    if isinstance(effect, Award):
        waits = f", {pending_text(effect.pending)}" if effect.pending is not None else ""
        if effect.formula is not None:
            return f"award {effect.currency} ({formula_text(effect.formula)}){waits}"
        return f"award {effect.amount} {effect.currency}{waits}"
    if isinstance(effect, Multiply):
        return f"multiply {effect.currency} by {effect.thousandths / 1000:g}"
    if isinstance(effect, GrantFreeze):
        return f"freeze of streak {effect.streak}"
    if isinstance(effect, SetTag):
        return f"{'tag' if effect.on else 'untag'} {effect.tag}"
    if isinstance(effect, SendNudge):
        return f"nudge {effect.nudge}"
    if isinstance(effect, CallWebhook):
        sent = f" with {', '.join(effect.properties)}" if effect.properties else ""
        return f"webhook {effect.webhook}{sent}"
    if isinstance(effect, AdvanceQuest):
        return f"advance quest {effect.quest} by {effect.by}"
    return f"badge {effect.badge}"


def _limit_name(limit: Limit) -> str:
    if limit.window == "cooldown":
        return f"cooldown per {limit.per}"
    window = f"{limit.days} days" if limit.window == "rolling" else limit.window
    return f"limit on {limit.currency or 'firings'} per {limit.per} and {window}"


def _limit_text(limit: Limit) -> str:
    if limit.window == "cooldown":
        return span_text(limit)
    if limit.count is not None:
        return f"at most {limit.count}"
    return f"at most {limit.amount}, {_OVER[limit.over]}"


def _budget(budget: Budget | CampaignBudget) -> Details:
    alerts = f", told at {', '.join(map(str, budget.alerts))} %" if budget.alerts else ""
    return {"": f"at most {budget.amount}, {_OVER[budget.over]}{alerts}"}


_APPROVAL = {"by_cost": "by its cost", "automatic": "never", "required": "always"}


def _reward(reward: Reward) -> Details:
    details = {"name": reward.name, "cost": f"{reward.cost} {reward.currency}"}
    if reward.description:
        details["description"] = shown(reward.description, whole=True)
    if reward.stock is not None:
        details["stock"] = str(reward.stock)
    if reward.level:
        details["level"] = f"{reward.level} or above"
    if reward.audience:
        details["audience"] = reward.audience
    if reward.conditions is not None:
        details["conditions"] = condition_text(reward.conditions, whole=True)
    for key, day in (("from", reward.first_day), ("until", reward.last_day)):
        if day:
            details[key] = date.fromordinal(day).isoformat()
    details |= {"needs approval": _APPROVAL[reward.approval], "codes": _yes_no(reward.codes)}
    return details | {
        f"limit per {limit.per} and {limit.window}": f"at most {limit.count}" for limit in reward.limits
    }


def _side(side: Side) -> str:
    limits = [f"{_limit_name(limit)}: {_limit_text(limit)}" for limit in side.limits]
    return "; ".join([", ".join(effect_text(effect) for effect in side.effects), *limits])


def _giving(giving: Giving) -> Details:
    details = {"allowance": f"{giving.allowance} per {giving.window}"}
    return details if giving.to_one is None else {**details, "to one colleague": f"at most {giving.to_one}"}
