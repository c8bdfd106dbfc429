"""Rewards and giving, from the document to checked ones.

Owns what these may say. Must not know how a redemption or a gift is decided, nor where codes are kept.
"""

from __future__ import annotations

import typing as t

from engage.core.check_audiences import member_fields
from engage.core.check_conditions import read_condition
from engage.core.check_days import read_bound
from engage.core.check_limits import WINDOWS
from engage.core.check_names import Names, label_of, read_currency, read_units
from engage.core.check_rules import read_audience
from engage.core.conditions import INTEGER_MAX
from engage.core.problems import Mapping, Path, Problems
from engage.core.program import Approval, Giving, Reward, RewardLimit, Window

PER = ("member", "company")
REWARDS_MAX = 500
GIVING_MAX = 20  # one per currency
REWARD_LIMITS_MAX = 8  # one per `per` and `window`
DESCRIPTION_CHARS_MAX = 1000
APPROVALS: dict[str, Approval] = {"automatic": "automatic", "required": "required"}


def read_rewards(problems: Problems, names: Names, value: t.Any) -> tuple[Reward, ...]:
    path: Path = ("rewards",)
    rewards: list[Reward] = []
    first_use: dict[str, int] = {}
    for index, item in enumerate(problems.items(value, path, REWARDS_MAX) or ()):
        at = (*path, index)
        entries = problems.fields(
            item,
            at,
            ("id", "cost"),
            (
                "name",
                "description",
                "stock",
                "limits",
                "level",
                "conditions",
                "audience",
                "from",
                "until",
                "approval",
                "codes",
            ),
        )
        if entries is None:
            continue
        reward_id = problems.identifier(entries["id"], (*at, "id")) if "id" in entries else None
        if reward_id is not None and first_use.setdefault(reward_id, index) != index:
            first = first_use[reward_id]
            problems.add((*at, "id"), f"duplicate reward id '{reward_id}', first used by rewards[{first}]")
        reward = _read_reward(problems, names, entries, at, reward_id or "")
        if reward is not None:
            rewards.append(reward)
    return tuple(rewards)


def _read_reward(
    problems: Problems, names: Names, entries: Mapping, path: Path, reward_id: str
) -> Reward | None:
    name: str | None = label_of(reward_id)
    if "name" in entries:
        name = problems.text(entries["name"], (*path, "name"))
    description: str | None = ""
    if "description" in entries:
        description = problems.text(entries["description"], (*path, "description"), DESCRIPTION_CHARS_MAX)
    cost = _read_cost(problems, names, entries, path)
    stock = None
    if "stock" in entries:
        stock = problems.integer(entries["stock"], (*path, "stock"), 0, INTEGER_MAX)
    limits = read_counts(problems, entries.get("limits"), (*path, "limits"))
    level: str | None = ""
    if "level" in entries:
        level = problems.known(entries["level"], (*path, "level"), names.levels, "level")
    conditions = None
    if "conditions" in entries:
        conditions = read_condition(
            problems, member_fields(names), entries["conditions"], (*path, "conditions")
        )
    audience = read_audience(problems, names, entries, path)
    first, last = (read_bound(problems, entries, key, path) or 0 for key in ("from", "until"))
    if first and last and last < first:
        problems.add((*path, "until"), "must not be before 'from'")
    approval = "by_cost"
    if "approval" in entries:
        approval = problems.choice(entries["approval"], (*path, "approval"), tuple(APPROVALS)) or ""
    codes = problems.boolean(entries.get("codes", False), (*path, "codes"))
    if name is None or description is None or cost is None or level is None:
        return None
    return Reward(
        id=reward_id,
        name=name,
        currency=cost[0],
        cost=cost[1],
        description=description,
        stock=stock,
        limits=limits,
        level=level,
        conditions=conditions,
        audience=audience,
        first_day=first,
        last_day=last,
        approval=APPROVALS.get(approval, "by_cost"),
        codes=codes is True,
    )


def _read_cost(problems: Problems, names: Names, entries: Mapping, path: Path) -> tuple[str, int] | None:
    if "cost" not in entries:
        return None
    path = (*path, "cost")
    units = read_units(problems, names, entries["cost"], path)
    if units is None:
        return None
    found, at = units
    amount = problems.integer(found["amount"], at, 1, INTEGER_MAX) if "amount" in found else None
    currency = read_currency(problems, names, found, path, alone=at == path)
    return None if amount is None or currency is None else (currency, amount)


def read_counts(problems: Problems, value: t.Any, path: Path) -> tuple[RewardLimit, ...]:
    """How often something may be done, by member or company and window."""
    limits: list[RewardLimit] = []
    first_use: dict[tuple[str, str], int] = {}
    for index, item in enumerate(problems.items(value, path, REWARD_LIMITS_MAX) or ()):
        at = (*path, index)
        entries = problems.fields(item, at, ("per", "window", "count"))
        if entries is None:
            continue
        per = problems.choice(entries["per"], (*at, "per"), PER) if "per" in entries else None
        window = problems.choice(entries["window"], (*at, "window"), WINDOWS) if "window" in entries else None
        count = None
        if "count" in entries:
            count = problems.integer(entries["count"], (*at, "count"), 1, INTEGER_MAX)
        if per is None or window is None or count is None:
            continue
        first = first_use.setdefault((per, window), index)
        if first != index:
            problems.add(at, f"limits the same thing per {per} and {window} as limits[{first}]")
        limits.append(RewardLimit(t.cast(t.Literal["member", "company"], per), t.cast(Window, window), count))
    return tuple(limits)


def read_approval(problems: Problems, top: Mapping, key: str) -> int | None:
    """Up to how much something needs no approval, as an entry of the document says; None where it does not."""
    entries = problems.fields(top.get(key), (key,), (), ("approval_above",)) or {}
    if "approval_above" not in entries:
        return None
    return problems.integer(entries["approval_above"], (key, "approval_above"), 0, INTEGER_MAX)


def read_giving(problems: Problems, names: Names, value: t.Any) -> tuple[Giving, ...]:
    path: Path = ("giving",)
    found: list[Giving] = []
    first_use: dict[str, int] = {}
    for index, item in enumerate(problems.items(value, path, GIVING_MAX) or ()):
        at = (*path, index)
        entries = problems.fields(item, at, ("allowance", "window"), ("currency", "to_one"))
        if entries is None:
            continue
        currency = read_currency(problems, names, entries, at)
        window = problems.choice(entries["window"], (*at, "window"), WINDOWS) if "window" in entries else None
        allowance, to_one = (
            problems.integer(entries[key], (*at, key), 1, INTEGER_MAX) if key in entries else None
            for key in ("allowance", "to_one")
        )
        if currency is None or window is None or allowance is None:
            continue
        first = first_use.setdefault(currency, index)
        if first != index:
            problems.add(at, f"is for the same currency as giving[{first}]")
        found.append(Giving(currency, t.cast(Window, window), allowance, to_one))
    return tuple(found)
