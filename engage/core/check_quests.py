"""Quests, from the document to checked ones: goals, tiers, prerequisites and what completing them brings."""

from __future__ import annotations

import typing as t
from datetime import date

import msgspec

from engage.core.check_conditions import Fields, read_condition, read_field_type
from engage.core.check_days import read_bound, read_day
from engage.core.check_names import Names, label_of
from engage.core.check_rules import fields_of, read_audience, read_effects
from engage.core.conditions import INTEGER_MAX, PROPERTY
from engage.core.goals import is_advancing
from engage.core.occasions import QUEST, Occasion
from engage.core.problems import Mapping, Path, Problems
from engage.core.program import Campaign, Effect, Goal, Join, PropertyType, Quest, Repeats, Requires, Tier

QUESTS_MAX = 200
GOALS_MAX = 10  # per quest
TIERS_MAX = 20  # per quest
REQUIRED_MAX = 10  # of quests and of badges, per quest
DISTINCT_MAX = 200  # values that a goal may ask for: they are remembered
JOINS = ("all", "any", "in_order")
REPEATS = ("once", "always", "day", "week", "month", "quarter", "year")
WAYS = ("goal", "goals", "repeats", "tiers", "effects", "requires", "audience")
OPTIONAL = ("name", *WAYS, "from", "until", "counts_from", "silently", "campaign")
LAUNCH, JOIN = "launch", "join"


def read_quests(
    problems: Problems, names: Names, value: t.Any
) -> tuple[tuple[Quest, ...], dict[str, int] | None]:
    """The quests, and by id how many tiers each has; None when a quest could not be read."""
    quests: list[Quest] = []
    tiers: dict[str, int] = {}
    whole = True
    items = problems.items(value, ("quests",), QUESTS_MAX)
    for index, item in enumerate(items or ()):
        at: Path = ("quests", index)
        entries = problems.fields(item, at, ("id",), OPTIONAL) or {}
        quest_id = problems.identifier(entries["id"], (*at, "id")) if "id" in entries else None
        if quest_id is not None and quest_id in tiers:
            problems.add((*at, "id"), f"duplicate quest id '{quest_id}'")
        names = with_quests(names, quests, tiers)
        quest = _read_quest(problems, names, entries, at, quest_id, tiers)
        if quest is not None:
            quests.append(quest)
        if quest_id is not None:
            tiers[quest_id] = len(quest.tiers) if quest is not None else TIERS_MAX
        whole = whole and quest_id is not None
    return tuple(quests), tiers if whole and items is not None else None


def within_campaigns(
    problems: Problems, quests: tuple[Quest, ...], campaigns: t.Mapping[str, Campaign | None]
) -> tuple[Quest, ...]:
    """The quests, each open on days of its campaign alone."""
    return tuple(
        _within(problems, quest, campaigns.get(quest.campaign), ("quests", index))
        for index, quest in enumerate(quests)
    )


def _within(problems: Problems, quest: Quest, campaign: Campaign | None, path: Path) -> Quest:
    if campaign is None:
        return quest
    last = min(quest.last_day or campaign.last_day, campaign.last_day)
    first = max(quest.first_day, campaign.first_day)
    if last < first and campaign.first_day <= campaign.last_day:
        words = f"the quest is open on no day of campaign '{quest.campaign}'"
        problems.add((*path, "campaign"), words)
    return msgspec.structs.replace(quest, first_day=first, last_day=last)


def with_quests(names: Names, quests: t.Iterable[Quest], tiers: dict[str, int] | None) -> Names:
    """The names with those of quests, as far as they are known."""
    advancing = frozenset(quest.id for quest in quests if is_advancing(quest))
    return msgspec.structs.replace(names, quests=tiers, advancing=advancing)


def _read_quest(
    problems: Problems,
    names: Names,
    entries: Mapping,
    path: Path,
    quest_id: str | None,
    known: dict[str, int],
) -> Quest | None:
    if not entries:
        return None
    name = problems.text(entries["name"], (*path, "name")) if "name" in entries else label_of(quest_id or "")
    repeats = problems.choice(entries.get("repeats", "once"), (*path, "repeats"), REPEATS)
    first = read_bound(problems, entries, "from", path)
    last = read_bound(problems, entries, "until", path)
    if first and last and last < first:
        problems.add((*path, "until"), "must not be before 'from'")
    requires = _read_requires(problems, names, entries.get("requires"), (*path, "requires"), known)
    audience = read_audience(problems, names, entries, path)
    past = _read_past(problems, entries, path)
    campaign = ""
    if "campaign" in entries:
        found = problems.known(entries["campaign"], (*path, "campaign"), names.campaigns, "campaign")
        campaign = found or ""
    tiered = "tiers" in entries
    join, goals = _read_goals(problems, names, entries, path, tiered=tiered)
    on = Occasion(QUEST, quest_id or "")
    if tiered:
        if "effects" in entries:
            problems.add((*path, "effects"), "goes with the tiers of a quest that has some", at_key=True)
        tiers = _read_tiers(problems, names, on, entries["tiers"], (*path, "tiers"))
    else:
        tiers = _read_only_tier(problems, names, on, entries, path)
    if quest_id is None or name is None or repeats is None or goals is None or tiers is None:
        return None
    if tiered:
        goals = tuple(_reaching(goal, tiers[-1].reach) for goal in goals)
        _check_distinct(problems, goals[0], (*path, "tiers", len(tiers) - 1))
    if first is None or last is None or requires is None:
        return None
    joined, repeated = t.cast(Join, join), t.cast(Repeats, repeats)
    days = (first, last)
    return Quest(quest_id, name, goals, tiers, joined, repeated, *days, requires, audience, *past, campaign)


def _read_past(problems: Problems, entries: Mapping, path: Path) -> tuple[int, bool]:
    """From which local day on history counts, and whether silently."""
    value, since = entries.get("counts_from", LAUNCH), int(entries.get("counts_from") == JOIN)
    if value not in (LAUNCH, JOIN) and not problems.passed_over(value):
        day = read_day(Problems(), value, path, yearly=False)
        since = date.fromisoformat(day).toordinal() if day else 0
        if not day:
            near = problems.nearest(value, (LAUNCH, JOIN)) if isinstance(value, str) else None
            words = f"must be {LAUNCH}, {JOIN} or a date, as in 2026-12-24"
            problems.add((*path, "counts_from"), words, suggestion=near)
    if "silently" not in entries:
        return since, False
    silently = problems.boolean(entries["silently"], (*path, "silently"))
    if silently and value == LAUNCH:
        words = f"says how history counts; with 'counts_from: {JOIN}' or a date"
        problems.add((*path, "silently"), words, at_key=True)
    return since, bool(silently)


def _reaching(goal: Goal, reach: int) -> Goal:
    return Goal(goal.event, reach, goal.sum, goal.distinct, goal.type, goal.conditions)


def _read_requires(
    problems: Problems, names: Names, value: t.Any, path: Path, known: dict[str, int]
) -> Requires | None:
    if value is None:
        return Requires()
    entries = problems.fields(value, path, (), ("quests", "badges", "level"))
    if entries is None:
        return None
    quests = _read_names(problems, entries.get("quests"), (*path, "quests"), known, "earlier quest")
    badges = _read_names(problems, entries.get("badges"), (*path, "badges"), names.badges, "badge")
    level = None
    if "level" in entries:
        level = problems.known(entries["level"], (*path, "level"), names.levels, "level")
    return Requires(quests, badges, level)


def _read_names(
    problems: Problems, value: t.Any, path: Path, names: t.Collection[str] | None, kind: str
) -> tuple[str, ...]:
    items = problems.items(value, path, REQUIRED_MAX) or ()
    found = [problems.known(item, (*path, index), names, kind) for index, item in enumerate(items)]
    return tuple(name for name in found if name is not None)


# --- goals --------------------------------------------------------------------------------------------------


def _read_goals(
    problems: Problems, names: Names, entries: Mapping, path: Path, *, tiered: bool
) -> tuple[str, tuple[Goal, ...] | None]:
    """How the goals join, and the goals."""
    if ("goal" in entries) == ("goals" in entries):
        words = "not both" if "goal" in entries else "to say what is to be done"
        problems.add(path, f"needs 'goal' or 'goals', {words}")
        return "all", None
    if "goal" in entries:
        goal = _read_goal(problems, names, entries["goal"], (*path, "goal"), tiered=tiered)
        return "all", None if goal is None else (goal,)
    at: Path = (*path, "goals")
    if tiered:
        problems.add(at, "a quest with tiers has one 'goal'", at_key=True)
        return "all", None
    joint = problems.fields(entries["goals"], at, (), JOINS)
    if joint is None:
        return "all", None
    if len(joint) != 1:
        if not joint.keys() ^ entries["goals"].keys():  # a misspelt one was reported
            problems.add(at, f"needs one of {', '.join(JOINS)}, with a list of goals")
        return "all", None
    ((join, listed),) = joint.items()
    at = (*at, join)
    items = problems.items(listed, at, GOALS_MAX, least=2)
    if items is None:
        return join, None
    read = [_read_goal(problems, names, item, (*at, index), tiered=False) for index, item in enumerate(items)]
    goals = tuple(goal for goal in read if goal is not None)
    return join, goals if len(goals) == len(read) else None


def _read_goal(problems: Problems, names: Names, value: t.Any, path: Path, *, tiered: bool) -> Goal | None:
    entries = problems.fields(value, path, ("event",), ("reach", "sum", "distinct", "conditions"))
    if entries is None or "event" not in entries:
        return None
    if tiered == ("reach" in entries) and not problems.misspelt(path, "reach"):
        problems.add(path, "has no 'reach': the tiers say it" if tiered else "missing key 'reach'")
    event = problems.known(entries["event"], (*path, "event"), names.events, "event")
    fields = fields_of(names, event, None)
    reach = None
    if "reach" in entries:
        reach = problems.integer(entries["reach"], (*path, "reach"), 1, INTEGER_MAX)
    condition = None
    if "conditions" in entries:
        condition = read_condition(problems, fields, entries["conditions"], (*path, "conditions"))
    if "sum" in entries and "distinct" in entries:
        problems.add((*path, "distinct"), "a goal is a 'sum' or 'distinct' values, not both", at_key=True)
        return None
    kind: str | None = "integer"
    for key, fitting in (("sum", ("integer", "number")), ("distinct", ("string", "integer"))):
        if key in entries:
            kind = _read_property(problems, fields, entries[key], (*path, key), fitting)
    if event is None or kind is None or (reach is None and not tiered):
        return None
    field_type = t.cast(PropertyType, kind)
    goal = Goal(event, reach or 1, entries.get("sum"), entries.get("distinct"), field_type, condition)
    _check_distinct(problems, goal, path)
    return goal


def _read_property(
    problems: Problems, fields: Fields, value: t.Any, path: Path, fitting: tuple[str, ...]
) -> str | None:
    """The declared type of a property of the event."""
    declared = read_field_type(problems, fields, value, path)
    if declared is None:
        return None
    if not value.startswith(PROPERTY):
        problems.add(path, f"must be a property of the event, as in {PROPERTY}value")
    elif declared not in fitting:
        problems.add(path, f"{value} is of type {declared}, not {' or '.join(fitting)}")
    else:
        return declared
    return None


def _check_distinct(problems: Problems, goal: Goal, path: Path) -> None:
    if goal.distinct is not None and goal.reach > DISTINCT_MAX:
        words = f"must be at most {DISTINCT_MAX} for distinct values, which are remembered, not {goal.reach}"
        problems.add((*path, "reach"), words)


# --- tiers --------------------------------------------------------------------------------------------------


def _read_only_tier(
    problems: Problems, names: Names, on: Occasion, entries: Mapping, path: Path
) -> tuple[Tier, ...] | None:
    if "effects" not in entries:
        return (Tier(0),)
    effects = _read_rewards(problems, names, on, entries["effects"], (*path, "effects"))
    return None if effects is None else (Tier(0, effects),)


def _read_tiers(
    problems: Problems, names: Names, on: Occasion, value: t.Any, path: Path
) -> tuple[Tier, ...] | None:
    items = problems.items(value, path, TIERS_MAX, least=2)
    if items is None:
        return None
    tiers: list[Tier] = []
    highest = 0
    for index, item in enumerate(items):
        at = (*path, index)
        entries = problems.fields(item, at, ("reach",), ("effects",)) or {}
        reach = None
        if "reach" in entries:
            reach = problems.integer(entries["reach"], (*at, "reach"), 1, INTEGER_MAX)
        if reach is not None and reach <= highest:
            problems.add((*at, "reach"), f"must be more than the tier before ({highest}), not {reach}")
        highest = max(highest, reach or 0)
        effects: tuple[Effect, ...] | None = ()
        if "effects" in entries:
            effects = _read_rewards(problems, names, on, entries["effects"], (*at, "effects"))
        if reach is not None and effects is not None:
            tiers.append(Tier(reach, effects))
    return tuple(tiers) if len(tiers) == len(items) else None


def _read_rewards(
    problems: Problems, names: Names, on: Occasion, value: t.Any, path: Path
) -> tuple[Effect, ...] | None:
    return read_effects(problems, names, fields_of(names, "", on), value, path)
