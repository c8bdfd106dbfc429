"""A program document, checked: plain dictionaries and lists in, a Program or every problem out.

Owns the document's shape above rules and the order of checking: what others refer to comes first. Must not
know YAML, JSON or lines; `engage.document` turns pointers into places. Never raises, whatever the document.
"""

from __future__ import annotations

import typing as t

from msgspec.structs import replace

from engage.core.check_audiences import read_audiences, read_department, read_roles, role_trait, with_members
from engage.core.check_campaigns import campaign_ids, read_all_rules, read_campaigns
from engage.core.check_funnels import read_funnels
from engage.core.check_groups import read_groups
from engage.core.check_leaderboards import read_leaderboards
from engage.core.check_levels import may_fall, read_levels
from engage.core.check_lifecycle import read_lifecycle
from engage.core.check_limits import read_budgets
from engage.core.check_names import Names, label_of
from engage.core.check_points import read_expires
from engage.core.check_quests import read_quests, with_quests, within_campaigns
from engage.core.check_referral import read_referral
from engage.core.check_rewards import read_approval, read_giving, read_rewards
from engage.core.check_rules import read_audience
from engage.core.check_streaks import read_calendar, read_streaks
from engage.core.check_tags import read_nudges, read_tags, with_tags
from engage.core.conditions import COMPANY_TRAIT, MEMBER_TRAIT, PROPERTY, fold_name
from engage.core.problems import Mapping, Path, Problem, Problems, shown
from engage.core.program import (
    LATE_DAYS_DEFAULT,
    Badge,
    Currency,
    Debt,
    EventType,
    Lifecycle,
    Multipliers,
    Program,
    Property,
    PropertyType,
)

LATE_DAYS_MAX = 3650
CURRENCIES_MAX = 20
EVENTS_MAX = 500
PROPERTIES_MAX = 200  # per event
TRAITS_MAX = 200
BADGES_MAX = 500

TYPES = ("string", "integer", "number", "boolean", "list")
REQUIRED = ("name", "currencies", "events")
OPTIONAL = (
    *("late_days", "multipliers", "traits", "badges", "levels", "rules", "budgets", "groups"),
    *("rewards", "redemptions", "giving", "adjustments", "quests", "calendar", "streaks"),
    *("campaigns", "leaderboards", "funnels", "lifecycle", "referral"),
)
ELSEWHERE = dict.fromkeys(
    ("timezone", "time_zone", "tz"), "each company has its own, told by a group call or POST /v1/companies"
)
OF_MEMBERS = ("department", "role", "audiences", "audience", "tags", "nudges")


def check(document: t.Any) -> tuple[Program | None, list[Problem]]:
    """The program, or None and everything that is wrong with the document; what is UNREADABLE in it was
    reported by whoever put that there."""
    problems = Problems()
    entries = problems.fields(document, (), REQUIRED, (*OPTIONAL, *OF_MEMBERS), elsewhere=ELSEWHERE)
    if entries is None:
        return None, problems.found
    name, late_days, multipliers = _read_head(problems, entries)
    currencies = _read_currencies(problems, entries)
    member_traits, company_traits = _read_all_traits(problems, entries)
    events = _read_events(problems, entries)
    badges = _read_badges(problems, entries.get("badges"))
    names = _names(currencies, badges, events, member_traits, company_traits)
    levels, level_ids = read_levels(problems, names, entries.get("levels"))
    names = replace(names, levels=level_ids, levels_fall=may_fall(levels, level_ids))
    tags, nudges = read_tags(problems, entries.get("tags")), read_nudges(problems, entries.get("nudges"))
    names = with_tags(names, tags, nudges)
    names, lifecycle = _read_people(problems, names, entries)
    audience = read_audience(problems, names, entries, ())
    names = replace(names, groups=read_groups(problems, names, entries.get("groups")))
    calendar = read_calendar(problems, entries.get("calendar"))
    streaks, streak_ids = read_streaks(problems, names, entries.get("streaks"))
    campaigned = campaign_ids(problems, entries.get("campaigns"))
    names = replace(names, streaks=streak_ids, referral="referral" in entries, campaigns=campaigned)
    quests, quest_tiers = read_quests(problems, names, entries.get("quests"))
    names = with_quests(names, quests, quest_tiers)
    rules = read_all_rules(problems, names, entries)
    campaigns = read_campaigns(problems, names, entries.get("campaigns"))
    quests = within_campaigns(problems, quests, campaigns)
    budgets = read_budgets(problems, names, entries.get("budgets"))
    rewards = read_rewards(problems, names, entries.get("rewards"))
    giving = read_giving(problems, names, entries.get("giving"))
    referral = read_referral(problems, names, entries.get("referral"))
    leaderboards = read_leaderboards(problems, names, entries.get("leaderboards"))
    funnels = read_funnels(problems, names, entries.get("funnels"))
    approved_to, adjusted_to = (read_approval(problems, entries, of) for of in ("redemptions", "adjustments"))
    if problems.found or problems.incomplete or name is None or late_days is None or multipliers is None:
        return None, problems.found
    return Program(
        name=name,
        currencies=_sorted(currencies),
        events=_sorted(events),
        late_days=late_days,
        multipliers=t.cast(Multipliers, multipliers),
        member_traits=_sorted(member_traits),
        company_traits=_sorted(company_traits),
        badges=_sorted(badges),
        tags=_sorted(tags),
        nudges=_sorted(nudges),
        levels=levels,
        rules=rules,
        budgets=budgets,
        groups=_sorted(names.groups),
        audiences=_sorted(names.audiences),
        audience=audience,
        department=names.department or "",
        rewards=rewards,
        redemptions_approved_to=approved_to or 0,
        adjustments_approved_to=adjusted_to,
        quests=quests,
        giving=giving,
        campaigns=_sorted(campaigns),
        calendar=calendar,
        streaks=streaks,
        leaderboards=leaderboards,
        role=role_trait(names.roles),
        funnels=funnels,
        lifecycle=lifecycle,
        referral=referral,
    ), []


def _read_people(problems: Problems, names: Names, entries: Mapping) -> tuple[Names, Lifecycle]:
    """What says who a member is: department, role, stage and audiences."""
    department = read_department(problems, names, entries.get("department"))
    names = with_members(names, department, read_roles(problems, names, entries.get("role")))
    lifecycle = read_lifecycle(problems, names, entries)
    audiences = read_audiences(problems, names, entries.get("audiences"))
    return replace(names, audiences=audiences, leaves=lifecycle.left is not None), lifecycle


def _read_head(problems: Problems, entries: Mapping) -> tuple[str | None, int | None, str | None]:
    """(name, late_days, multipliers), None for one that was reported."""
    name = problems.text(entries["name"], ("name",)) if "name" in entries else ""
    late_days = problems.integer(
        entries.get("late_days", LATE_DAYS_DEFAULT), ("late_days",), 0, LATE_DAYS_MAX
    )
    multipliers = problems.choice(
        entries.get("multipliers", "largest"), ("multipliers",), ("largest", "compound", "add")
    )
    return name, late_days, multipliers


T = t.TypeVar("T")


def _sorted(declared: dict[str, T | None] | None) -> dict[str, T]:
    """In order of name, as in the canonical bytes, so that a program read back from those is the same."""
    return {name: item for name, item in sorted((declared or {}).items()) if item is not None}


def _names(
    currencies: dict[str, Currency | None] | None,
    badges: dict[str, Badge | None] | None,
    events: dict[str, EventType | None] | None,
    member_traits: dict[str, Property | None] | None,
    company_traits: dict[str, Property | None] | None,
) -> Names:
    def types(declared: t.Mapping[str, Property | None]) -> dict[str, str]:
        return {name: found.type if found is not None else "" for name, found in declared.items()}

    def personal(declared: t.Mapping[str, Property | None] | None) -> list[str]:
        return [name for name, found in (declared or {}).items() if found is not None and found.personal]

    readable = {name: event for name, event in (events or {}).items() if event is not None}
    return Names(
        currencies=None if currencies is None else tuple(currencies),
        badges=None if badges is None else tuple(badges),
        tags=None,
        nudges=None,
        events=None
        if events is None
        else {name: types(readable[name].properties) if name in readable else None for name in events},
        member_traits=None if member_traits is None else types(member_traits),
        company_traits=None if company_traits is None else types(company_traits),
        levels=None,
        groups=None,
        department="",
        roles=None,
        audiences=None,
        quests=None,
        advancing=None,
        streaks=None,
        personal=frozenset(MEMBER_TRAIT + fold_name(name) for name in personal(member_traits))
        | frozenset(COMPANY_TRAIT + fold_name(name) for name in personal(company_traits)),
        personal_properties={
            name: frozenset(PROPERTY + found for found in personal(event.properties))
            for name, event in readable.items()
        },
    )


def _label(problems: Problems, entries: Mapping, path: Path, otherwise: str) -> str | None:
    return problems.text(entries["name"], (*path, "name")) if "name" in entries else otherwise


def _read_currencies(problems: Problems, top: Mapping) -> dict[str, Currency | None] | None:
    if "currencies" not in top:
        return None
    declared = problems.named(top["currencies"], ("currencies",), CURRENCIES_MAX, ids=True, least=1)
    if not declared:
        return None
    currencies: dict[str, Currency | None] = {}
    for key, value in declared.items():
        path = ("currencies", key)
        entries = problems.fields(value, path, (), ("name", "debt", "expires")) or {}
        name = _label(problems, entries, path, label_of(key))
        debt = problems.choice(entries.get("debt", "refuse"), (*path, "debt"), ("refuse", "allow"))
        expires = read_expires(problems, entries.get("expires"), (*path, "expires"))
        made = name is not None and debt is not None
        currencies[key] = Currency(str(name), t.cast(Debt, debt), expires) if made else None
    return currencies


def _read_all_traits(problems: Problems, entries: Mapping) -> list[dict[str, Property | None] | None]:
    """Those of members and those of companies."""
    traits = problems.fields(entries.get("traits"), ("traits",), (), ("member", "company"))
    return [_read_traits(problems, traits, whose) for whose in ("member", "company")]


def _read_traits(problems: Problems, traits: Mapping | None, whose: str) -> dict[str, Property | None] | None:
    if traits is None:
        return None
    path: Path = ("traits", whose)
    declared = _read_properties(problems, traits.get(whose), path, TRAITS_MAX)
    spelt: dict[str, str] = {}
    for name in declared or {}:
        other = spelt.setdefault(fold_name(name), name)
        if other != name:
            problems.add((*path, name), f"{shown(name)} and {shown(other)} are one trait", at_key=True)
    return declared


def _read_properties(
    problems: Problems, value: t.Any, path: Path, most: int
) -> dict[str, Property | None] | None:
    declared = problems.named(value, path, most, ids=False)
    if declared is None:
        return None
    properties: dict[str, Property | None] = {}
    for name, item in declared.items():
        at = (*path, name)
        properties[name] = None
        if isinstance(item, str):
            problems.add(at, f"must be a mapping, as in '{{type: {item[:20]}}}'")
            continue
        entries = problems.fields(item, at, ("type",), ("personal",)) or {}
        kind = problems.choice(entries["type"], (*at, "type"), TYPES) if "type" in entries else None
        personal = problems.boolean(entries.get("personal", False), (*at, "personal"))
        if kind is not None and personal is not None:
            properties[name] = Property(t.cast(PropertyType, kind), personal)
    return properties


def _read_events(problems: Problems, top: Mapping) -> dict[str, EventType | None] | None:
    """Events, None for one that could not be read; within one, None for a property that was reported."""
    if "events" not in top:
        return None
    declared = problems.named(top["events"], ("events",), EVENTS_MAX, ids=False, least=1)
    if not declared:
        return None
    events: dict[str, EventType | None] = {}
    for name, value in declared.items():
        path = ("events", name)
        events[name] = None
        entries = problems.fields(value, path, (), ("name", "key", "browser", "properties"))
        if entries is None:
            continue
        label = _label(problems, entries, path, name)
        key = problems.boolean(entries.get("key", True), (*path, "key"))
        browser = problems.boolean(entries.get("browser", False), (*path, "browser"))
        at = (*path, "properties")
        properties = _read_properties(problems, entries.get("properties"), at, PROPERTIES_MAX)
        if properties is not None:
            kept = t.cast("dict[str, Property]", dict(sorted(properties.items())))
            events[name] = EventType(label or name, key is not False, browser is True, kept)
    return events


def _read_badges(problems: Problems, value: t.Any) -> dict[str, Badge | None] | None:
    declared = problems.named(value, ("badges",), BADGES_MAX, ids=True)
    if declared is None:
        return None
    badges: dict[str, Badge | None] = {}
    for key, item in declared.items():
        path = ("badges", key)
        entries = problems.fields(item, path, (), ("name",)) or {}
        name = _label(problems, entries, path, label_of(key))
        badges[key] = None if name is None else Badge(name)
    return badges
