"""Campaigns: when their rules may fire, whom they reached, and what they cost and moved.

Owns the answers that dates, pauses and an early end give, and the figures. What a campaign counts are counters as any
other, so that undoing gives them back. Must not know how rules fire.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct

from engage.core.campaign_counters import REACHED, awarded_key, campaign_key, reached_key
from engage.core.compiled import Matcher
from engage.core.course import Course
from engage.core.holdouts import is_held_out
from engage.core.limits import Use, use, used
from engage.core.program import Program
from engage.core.state import CampaignStop, CompanyState, DayRollup, MemberState
from engage.core.verdicts import Kept, campaign_code

PAUSE, RESUME, END = "pause", "resume", "end"
STEPS: Final = (PAUSE, RESUME, END)
"""What an administrator does to a campaign, as a CAMPAIGN entry says it."""
STATES: Final = ("planned", "running", "paused", "ended", "over")
HELD_OUT: Final = campaign_code(Kept.HELD_OUT)
_KEPT: Final = {
    "planned": campaign_code(Kept.BEFORE),
    "running": 0,
    "paused": campaign_code(Kept.PAUSED),
    "ended": campaign_code(Kept.ENDED),
    "over": campaign_code(Kept.OVER),
}


def state_of(program: Program, company: CompanyState, id: str, day: int) -> str:
    """One of STATES, on a local day."""
    campaign, stop = program.campaigns[id], company.campaigns.get(id)
    if stop is not None and stop.ended:
        return "ended"
    if day < campaign.first_day:
        return "planned"
    if day > campaign.last_day:
        return "over"
    return "running" if stop is None else "paused"


def gated(course: Course, matcher: Matcher, stopped: tuple[int, ...]) -> tuple[int, ...]:
    """What stops each rule: its campaign before anything else, but for members held out of it: the last thing."""
    codes = list(stopped)
    for plan in matcher.plans:
        if plan.campaign:
            holdout = course.program.program.campaigns[plan.campaign].holdout
            state = state_of(course.program.program, course.company, plan.campaign, course.day)
            held_out = HELD_OUT if is_held_out(plan.campaign, holdout, course.entry.member) else 0
            codes[plan.index] = _KEPT[state] or codes[plan.index] or held_out
            if state in ("paused", "ended"):
                by = course.company.campaigns[plan.campaign].actor
                course.stopped_by = (course.stopped_by or {}) | {plan.campaign: by}
    return tuple(codes)


def fold_firing(company: CompanyState, member: MemberState, change: Use, late_days: int) -> None:
    """Count a firing for a member, or one less; and the members for whom any is left."""
    before = used(member.usage, change.key, change.start)
    use(member.usage, change, late_days)
    after = used(member.usage, change.key, change.start)
    if bool(before) != bool(after):
        key = f"{change.key}{REACHED}"
        use(company.usage, Use(True, key, change.start, 1 if after else -1), late_days)


def fold_step(company: CompanyState, data: Mapping[str, str], at: int) -> None:
    """What a CAMPAIGN entry leaves."""
    if data["step"] == RESUME:
        company.campaigns.pop(data["campaign"], None)
    else:
        stop = CampaignStop(data["step"] == END, data["actor"], data["reason"], at)
        company.campaigns[data["campaign"]] = stop


class Figures(Struct, frozen=True):
    """What a campaign cost and moved in a company up to a day. Activity is what its triggers were reported, by
    anybody: in its days so far, and in as many before them."""

    firings: int
    members: int
    awarded: dict[str, int]
    days: int
    events: int
    events_before: int


def days_of(program: Program, id: str, today: int) -> tuple[int, int, int]:
    """(first day of as many before, first day, last day so far) of a campaign; the last is before the first while it
    is planned."""
    campaign = program.campaigns[id]
    last = min(campaign.last_day, today)
    return campaign.first_day - max(0, last + 1 - campaign.first_day), campaign.first_day, last


def figures(
    program: Program, company: CompanyState, id: str, today: int, rollups: Mapping[int, DayRollup]
) -> Figures:
    """`rollups`: those of the days that `days_of` names, by day."""
    usage = company.usage
    rules = [rule for rule in program.rules if rule.campaign == id]
    triggers = {rule.trigger for rule in rules if rule.on is None}
    triggers |= {goal.event for quest in program.quests if quest.campaign == id for goal in quest.goals}
    before, first, last = days_of(program, id, today)

    def events(start: int, end: int) -> int:
        found = (rollups[day].names for day in range(start, end) if day in rollups)
        return sum(names.get(name, 0) for names in found for name in triggers)

    awarded = {currency: used(usage, awarded_key(id, currency), 0) for currency in program.currencies}
    return Figures(
        used(usage, campaign_key(id), 0),
        used(usage, reached_key(id), 0),
        {currency: amount for currency, amount in awarded.items() if amount},
        max(0, last + 1 - first),
        events(first, last + 1),
        events(before, first),
    )


def cloned(document: dict[str, Any], id: str, new: str, first_day: str, last_day: str) -> dict[str, Any]:
    """A document with the campaign of that id once more: under another id, with other dates, and its quests and rules
    under ids of their own, those written within it and those that name it. A quest is open on all days of the copy."""
    made = copy.deepcopy(document)
    quests = [quest for quest in made.get("quests") or () if quest.get("campaign") == id]
    ids = {quest["id"]: f"{quest['id']}-{new}" for quest in quests}
    for quest in quests:
        copied = {key: value for key, value in quest.items() if key not in ("from", "until")}
        made["quests"].append(_renamed(copied, ids) | {"id": ids[quest["id"]], "campaign": new})
    campaign = copy.deepcopy(made["campaigns"][id]) | {"from": first_day, "until": last_day}
    campaign["rules"] = [_cloned_rule(rule, new, ids) for rule in campaign.get("rules") or ()]
    if not campaign["rules"]:
        del campaign["rules"]
    made["campaigns"][new] = campaign
    naming = [rule for rule in made.get("rules") or () if rule.get("campaign") == id]
    if naming:
        made["rules"] += [_cloned_rule(rule, new, ids) | {"campaign": new} for rule in naming]
    return made


def _cloned_rule(rule: dict[str, Any], campaign: str, quests: Mapping[str, str]) -> dict[str, Any]:
    made: dict[str, Any] = _renamed(copy.deepcopy(rule), quests)
    return made | {"id": f"{rule['id']}-{campaign}"}


def _renamed(value: Any, quests: Mapping[str, str]) -> Any:
    """With the copies in place of the quests, where one is named: by a trigger, an effect or a requirement."""
    if isinstance(value, list):
        return [_renamed(one, quests) for one in value]
    if not isinstance(value, dict):
        return value
    return {key: _named(key, one, quests) for key, one in value.items()}


def _named(key: str, value: Any, quests: Mapping[str, str]) -> Any:
    if key in ("quest", "advance") and isinstance(value, str):
        return quests.get(value, value)
    if key == "quests" and isinstance(value, list):
        return [quests.get(one, one) if isinstance(one, str) else one for one in value]
    return _renamed(value, quests)
