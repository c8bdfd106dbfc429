"""Campaigns, from the document: their dates, audience and budgets, and the rules written within them."""

from __future__ import annotations

import re
import typing as t
from datetime import date

from engage.core.campaign_counters import WITHIN
from engage.core.check_days import read_bound
from engage.core.check_limits import ALERTS_DEFAULT, OVER, read_alerts, read_limits
from engage.core.check_names import Names, label_of, read_currency
from engage.core.check_rules import RULES_MAX, read_audience, read_rules
from engage.core.conditions import INTEGER_MAX
from engage.core.problems import Mapping, Path, Problems
from engage.core.program import Campaign, CampaignBudget, Over, Rule

CAMPAIGNS_MAX = 200
CAMPAIGN_DAYS_MAX = 366
HOLDOUT_MAX = 50
_PER_CENT = re.compile(r"(\d{1,3}) ?%")


def campaign_ids(problems: Problems, value: t.Any) -> tuple[str, ...] | None:
    """What rules may name. None where that could not be read."""
    declared = problems.named(value, ("campaigns",), CAMPAIGNS_MAX, ids=True)
    return None if declared is None else tuple(declared)


def read_campaigns(problems: Problems, names: Names, value: t.Any) -> dict[str, Campaign | None]:
    """The campaigns by id, None for one that was reported."""
    declared = value if isinstance(value, dict) and names.campaigns is not None else {}
    found = {id: _read_campaign(problems, names, declared[id], ("campaigns", id)) for id in declared}
    _check_holdouts(problems, found)
    return found


def read_all_rules(problems: Problems, names: Names, top: Mapping) -> tuple[Rule, ...]:
    """The program's own rules, then those within its campaigns."""
    first_use: dict[str, Path] = {}
    rules = read_rules(problems, names, top.get("rules"), ("rules",), first_use=first_use)
    for id in names.campaigns or ():
        entries = top["campaigns"][id]
        if isinstance(entries, dict):
            path = ("campaigns", id, "rules")
            rules += read_rules(problems, names, entries.get("rules"), path, id, first_use)
    if len(rules) > RULES_MAX:
        problems.add(("campaigns",), f"with those of its campaigns a program has at most {RULES_MAX} rules")
    return rules


def _read_campaign(problems: Problems, names: Names, value: t.Any, path: Path) -> Campaign | None:
    entries = problems.fields(
        value, path, ("from", "until"), ("name", "audience", "budgets", "limits", "holdout", "rules")
    )
    if entries is None:
        return None
    name = problems.text(entries["name"], (*path, "name")) if "name" in entries else label_of(str(path[-1]))
    first, last = (read_bound(problems, entries, key, path) or 0 for key in ("from", "until"))
    if first and last and last < first:
        problems.add((*path, "until"), f"must not be before its first day, {date.fromordinal(first)}")
    elif first and last and last - first >= CAMPAIGN_DAYS_MAX:
        problems.add((*path, "until"), f"a campaign lasts at most {CAMPAIGN_DAYS_MAX} days")
    audience = read_audience(problems, names, entries, path)
    budgets = _read_budgets(problems, names, entries.get("budgets"), (*path, "budgets"))
    id, where = f"{WITHIN}{path[-1]}", (*path, "limits")
    limits = read_limits(problems, names, entries.get("limits"), where, id, None)
    holdout = _read_holdout(problems, entries["holdout"], (*path, "holdout")) if "holdout" in entries else 0
    return None if name is None else Campaign(name, first, last, audience, budgets, limits, holdout)


def _read_holdout(problems: Problems, value: t.Any, path: Path) -> int:
    """Per cent, as in `10 %`."""
    found = _PER_CENT.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        problems.add(
            path, "must be a whole share of all members, such as 10 %", suggestion=_share_meant(value)
        )
        return 0
    if not 1 <= int(found[1]) <= HOLDOUT_MAX:
        problems.add(path, f"must be from 1 % to {HOLDOUT_MAX} %, not {value}")
        return 0
    return int(found[1])


def _share_meant(value: t.Any) -> str | None:
    """Of 20 and of 0.2 it is 20 %."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    percent = value if isinstance(value, int) else round(value * 100, 6)
    return f"{percent:.0f} %" if 1 <= percent <= HOLDOUT_MAX and percent == int(percent) else None


def _check_holdouts(problems: Problems, campaigns: dict[str, Campaign | None]) -> None:
    """One at a time is measured: two draws from the same members would tell of those whom they do not share."""
    seen: list[tuple[int, int, str]] = []
    for id, campaign in campaigns.items():
        if campaign is None or not campaign.holdout or campaign.last_day < campaign.first_day:
            continue
        first, last = campaign.first_day, campaign.last_day
        other = next((name for start, end, name in seen if start <= last and first <= end), None)
        if other is not None:
            words = f"members are held out of campaign {other} at that time already: one at a time can be measured"
            problems.add(("campaigns", id, "holdout"), words)
        seen.append((first, last, id))


def _read_budgets(problems: Problems, names: Names, value: t.Any, path: Path) -> tuple[CampaignBudget, ...]:
    budgets: list[CampaignBudget] = []
    for index, item in enumerate(problems.items(value, path, len(names.currencies or ()) or 1) or ()):
        at = (*path, index)
        entries = problems.fields(item, at, ("amount",), ("currency", "over", "alerts"))
        if entries is None:
            continue
        currency = read_currency(problems, names, entries, at)
        amount = None
        if "amount" in entries:
            amount = problems.integer(entries["amount"], (*at, "amount"), 1, INTEGER_MAX)
        over = problems.choice(entries.get("over", "cut"), (*at, "over"), OVER)
        alerts = read_alerts(problems, entries.get("alerts", ALERTS_DEFAULT), (*at, "alerts"))
        if currency is None or amount is None or over is None:
            continue
        if any(found.currency == currency for found in budgets):
            problems.add(at, f"there is a budget of {currency} already")
        budgets.append(CampaignBudget(currency, amount, t.cast(Over, over), alerts))
    return tuple(budgets)
