"""Rules, from the document to checked ones: trigger, effects and limits.

Owns what a rule may say. Must not know how conditions are checked inside, nor how a rule is decided.
"""

from __future__ import annotations

import typing as t
from decimal import Decimal

from engage.core.check_conditions import Fields, read_condition, read_field_type
from engage.core.check_formulas import FORMULA_KEYS, read_decimal, read_formula
from engage.core.check_limits import read_limits
from engage.core.check_names import Names, label_of, read_currency, read_units
from engage.core.check_occasions import Declared, read_occasion
from engage.core.check_points import read_pending
from engage.core.conditions import INTEGER_MAX, PROPERTY
from engage.core.occasions import Occasion, occasion_text
from engage.core.problems import Mapping, Path, Problems, plain_path, pointer, shown
from engage.core.program import (
    AdvanceQuest,
    Award,
    CallWebhook,
    Effect,
    GrantBadge,
    GrantFreeze,
    Multiply,
    Pending,
    Rule,
    SendNudge,
    SetTag,
)

RULES_MAX = 1000
EFFECTS_MAX = 10  # per rule
FACTOR_MAX = 1000
SENT_MAX = 20  # properties per webhook
OF_A_RULE = ("name", "conditions", "limits", "group", "audience", "campaign")

EFFECTS = ("award", "multiply", "badge", "tag", "untag", "nudge", "freeze", "webhook", "advance")


def read_rules(
    problems: Problems,
    names: Names,
    value: t.Any,
    path: Path,
    campaign: str = "",
    first_use: dict[str, Path] | None = None,
) -> tuple[Rule, ...]:
    """The rules of a list, those written within a `campaign` or the program's own. `first_use` tells where ids were
    used already."""
    rules: list[Rule] = []
    first_use = {} if first_use is None else first_use
    for index, item in enumerate(problems.items(value, path, RULES_MAX) or ()):
        at = (*path, index)
        entries = problems.fields(item, at, ("id", "trigger", "effects"), OF_A_RULE)
        if entries is None:
            continue
        rule_id = problems.identifier(entries["id"], (*at, "id")) if "id" in entries else None
        if rule_id is not None and first_use.setdefault(rule_id, at) != at:
            first = plain_path(pointer(first_use[rule_id]))
            problems.add((*at, "id"), f"duplicate rule id '{rule_id}', first used by {first}")
        rule = _read_rule(problems, names, entries, at, rule_id or "", campaign)
        if rule is not None:
            rules.append(rule)
    return tuple(rules)


def _read_rule(
    problems: Problems, names: Names, entries: Mapping, path: Path, rule_id: str, campaign: str
) -> Rule | None:
    name = problems.text(entries["name"], (*path, "name")) if "name" in entries else label_of(rule_id)
    trigger, on = None, None
    if isinstance(entries.get("trigger"), dict):
        declared = Declared(
            names.levels,
            names.badges,
            names.quests,
            names.currencies,
            names.streaks,
            names.levels_fall,
            names.leaves,
            names.referral,
        )
        on = read_occasion(problems, declared, entries["trigger"], (*path, "trigger"))
        trigger = None if on is None else ""
    elif "trigger" in entries:
        trigger = problems.known(entries["trigger"], (*path, "trigger"), names.events, "event")
    fields = fields_of(names, trigger, on)
    condition = None
    if "conditions" in entries:
        condition = read_condition(problems, fields, entries["conditions"], (*path, "conditions"))
    effects = None
    if "effects" in entries:
        effects = read_effects(problems, names, fields, entries["effects"], (*path, "effects"))
    limits = read_limits(problems, names, entries.get("limits"), (*path, "limits"), rule_id, effects)
    group = _read_group(problems, names, entries, path, effects)
    audience = read_audience(problems, names, entries, path)
    if campaign and "campaign" in entries:
        problems.add(
            (*path, "campaign"), f"the rule stands within campaign '{campaign}' already", at_key=True
        )
    elif "campaign" in entries:
        found = problems.known(entries["campaign"], (*path, "campaign"), names.campaigns, "campaign")
        campaign = found or ""
    if name is None or trigger is None or effects is None:
        return None
    return Rule(rule_id, name, trigger, condition, effects, limits, on, group, audience, campaign)


def read_audience(problems: Problems, names: Names, entries: Mapping, path: Path) -> str:
    """The id of an audience that entries name; empty for everybody, or when that was reported."""
    if "audience" not in entries:
        return ""
    return problems.known(entries["audience"], (*path, "audience"), names.audiences, "audience") or ""


def _read_group(
    problems: Problems, names: Names, entries: Mapping, path: Path, effects: tuple[Effect, ...] | None
) -> str:
    """The group of a rule. A factor counts for the awards of all rules, so one that may lose cannot have any."""
    if "group" not in entries:
        return ""
    name = problems.known(entries["group"], (*path, "group"), names.groups, "group")
    group = (names.groups or {}).get(name or "")
    if group is not None and group.pick != "all":
        for index, effect in enumerate(effects or ()):
            if isinstance(effect, Multiply):
                words = "a rule of an exclusive group cannot multiply: how multipliers meet is said by 'multipliers'"
                problems.add((*path, "effects", index, "multiply"), words, at_key=True)
    return name or ""


def fields_of(names: Names, trigger: str | None, on: Occasion | None) -> Fields:
    properties = (names.events or {}).get(trigger) if trigger is not None else None
    return Fields(
        event=trigger or "" if on is None else occasion_text(on),
        properties=properties if on is None else {},
        member_traits=names.member_traits,
        company_traits=names.company_traits,
        personal=names.personal | names.personal_properties.get(trigger or "", frozenset()),
        levels=names.levels,
        department=names.department,
        roles=names.roles,
        tags=names.tags,
    )


def read_effects(
    problems: Problems, names: Names, fields: Fields, value: t.Any, path: Path
) -> tuple[Effect, ...] | None:
    """The effects, or None when any was reported: then limits cannot be compared with them."""
    items = problems.items(value, path, EFFECTS_MAX, least=1)
    if items is None:
        return None
    read = [_read_effect(problems, names, fields, item, (*path, index)) for index, item in enumerate(items)]
    effects = tuple(effect for effect in read if effect is not None)
    return effects if len(effects) == len(read) else None


def _read_effect(problems: Problems, names: Names, fields: Fields, value: t.Any, path: Path) -> Effect | None:
    entries = problems.mapping(value, path)
    if entries is None:
        return None
    if len(entries) != 1:
        alone = "written alone, as in 'award: 10'"
        if "award" in entries and not entries.keys() & (set(EFFECTS) - {"award"}):
            alone = "and what belongs to it stands within, as in 'award: {currency: points, amount: 10}'"
        problems.add(path, f"an effect is one of {', '.join(EFFECTS)}, {alone}")
        return None
    ((kind, item),) = entries.items()
    path = (*path, kind)
    if kind == "award":
        return _read_award(problems, names, fields, item, path)
    if kind == "multiply":
        return _read_multiply(problems, names, item, path)
    if kind == "badge":
        badge = problems.known(item, path, names.badges, "badge")
        return None if badge is None else GrantBadge(badge)
    if kind == "freeze":
        streak = problems.known(item, path, names.streaks, "streak")
        return None if streak is None else GrantFreeze(streak)
    if kind in ("tag", "untag"):
        tag = problems.known(item, path, names.tags, "tag")
        return None if tag is None else SetTag(tag, kind == "tag")
    if kind == "nudge":
        nudge = problems.known(item, path, names.nudges, "nudge")
        return None if nudge is None else SendNudge(nudge)
    if kind == "webhook":
        return _read_webhook(problems, fields, item, path)
    if kind == "advance":
        return _read_advance(problems, names, item, path)
    near = problems.nearest(kind, EFFECTS)
    words = "" if near else f"; effects are {', '.join(EFFECTS)}"
    problems.add(path, f"unknown effect {shown(kind)}{words}", suggestion=near, at_key=True)
    return None


def _read_award(problems: Problems, names: Names, fields: Fields, value: t.Any, path: Path) -> Award | None:
    if isinstance(value, dict) and "amount" not in value and not value.keys().isdisjoint(FORMULA_KEYS):
        entries = problems.fields(value, path, FORMULA_KEYS[:1], (*FORMULA_KEYS[1:], "currency", "pending"))
        if entries is None:
            return None
        formula = read_formula(problems, fields, entries, path)
        currency = read_currency(problems, names, entries, path)
        pending = _read_pending(problems, names, fields, entries, path)
        return Award(currency, 0, formula, pending) if currency is not None and formula is not None else None
    units = read_units(problems, names, value, path, ("pending",))
    if units is None:
        return None
    entries, at = units
    amount = None
    if "amount" in entries:
        amount = problems.integer(entries["amount"], at, 1, INTEGER_MAX)
    currency = read_currency(problems, names, entries, path, alone=at == path)
    pending = _read_pending(problems, names, fields, entries, path)
    return Award(currency, amount, None, pending) if currency is not None and amount is not None else None


def _read_pending(
    problems: Problems, names: Names, fields: Fields, entries: Mapping, path: Path
) -> Pending | None:
    if "pending" not in entries:
        return None
    trigger = None if fields.properties is None else ""
    if fields.event in (names.events or {}):
        trigger = fields.event
    at = (*path, "pending")
    return read_pending(problems, names.events, names.personal_properties, trigger, entries["pending"], at)


def _read_advance(problems: Problems, names: Names, value: t.Any, path: Path) -> AdvanceQuest | None:
    at, by = path, 1
    if isinstance(value, dict):
        entries = problems.fields(value, path, ("quest",), ("by",))
        if entries is None or "quest" not in entries:
            return None
        at, value = (*path, "quest"), entries["quest"]
        number = problems.integer(entries.get("by", 1), (*path, "by"), 1, INTEGER_MAX)
        if number is None:
            return None
        by = number
    quest = problems.known(value, at, names.quests, "quest")
    if quest is None:
        return None
    if names.quests is not None and names.advancing is not None and quest not in names.advancing:
        problems.add(at, "only a quest with one goal, and that no distinct values, can be advanced")
    return AdvanceQuest(quest, by)


def _read_webhook(problems: Problems, fields: Fields, value: t.Any, path: Path) -> CallWebhook | None:
    """Only what the event itself says can go with it: that is in the log."""
    if not isinstance(value, dict):
        name = problems.identifier(value, path)
        return None if name is None else CallWebhook(name)
    entries = problems.fields(value, path, ("name",), ("send",))
    if entries is None:
        return None
    name = problems.identifier(entries["name"], (*path, "name")) if "name" in entries else None
    properties: list[str] = []
    sent = problems.items(entries["send"], (*path, "send"), SENT_MAX, least=1) if "send" in entries else ()
    for index, item in enumerate(sent or ()):
        at = (*path, "send", index)
        declared = read_field_type(problems, fields, item, at)
        if declared is not None and not item.startswith(PROPERTY):
            problems.add(at, f"must be a property of the event, as in {PROPERTY}value")
        elif declared is not None:
            properties.append(item.removeprefix(PROPERTY))
    whole = name is not None and sent is not None and len(properties) == len(sent)
    return CallWebhook(name or "", tuple(properties)) if whole else None


def _read_multiply(problems: Problems, names: Names, value: t.Any, path: Path) -> Multiply | None:
    if isinstance(value, int | float):
        problems.add(path, f"must be a mapping, as in 'multiply: {{by: {shown(value)}}}'")
        return None
    entries = problems.fields(value, path, ("by",), ("currency",))
    if entries is None:
        return None
    thousandths = None
    if "by" in entries:
        thousandths = read_decimal(problems, entries["by"], (*path, "by"), 3, Decimal("0.001"), FACTOR_MAX)
    currency = read_currency(problems, names, entries, path)
    return Multiply(currency, thousandths) if currency is not None and thousandths is not None else None
