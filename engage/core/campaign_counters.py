"""What a campaign counts: how often its rules fire, for whom, and what they award, within its budget if it has one.

Counters as those of limits and budgets, so that undoing gives them back. Must not know when a campaign runs.
"""

from __future__ import annotations

from typing import Final

from engage.core.limits import Counter, alert_units
from engage.core.program import Campaign, CampaignBudget, Limit, Program, Rule
from engage.core.verdicts import Extended, Kept, campaign_code, extended_code

UNLIMITED: Final = 2**62
PREFIX: Final = "campaign:"
"""Of the counters. No rule's id has a colon."""
WITHIN: Final = "within:"
"""What a campaign's limits are counted under, in place of a rule's id: its rules share them."""
REACHED: Final = ":members"


def limits_of(program: Program, rule: Rule) -> tuple[Limit, ...]:
    """A rule's own limits, then those of its campaign: the index that a verdict names."""
    return (*rule.limits, *program.campaigns[rule.campaign].limits) if rule.campaign else rule.limits


def campaign_key(campaign: str) -> str:
    """The counter of firings, for a member and for the company."""
    return f"{PREFIX}{campaign}"


def reached_key(campaign: str) -> str:
    """The company's counter of members for whom a rule of the campaign fired."""
    return f"{PREFIX}{campaign}{REACHED}"


def awarded_key(campaign: str, currency: str) -> str:
    """The company's counter of what the campaign's rules awarded."""
    return f"{PREFIX}{campaign}/{currency}"


def campaign_budgets(program: Program) -> dict[str, tuple[str, CampaignBudget]]:
    """The campaign and its budget, by the counter of what that bounds."""
    return {
        awarded_key(id, budget.currency): (id, budget)
        for id, campaign in program.campaigns.items()
        for budget in campaign.budgets
    }


def firing_counters(campaign: str) -> tuple[Counter, ...]:
    """What counts, and never limits, how often a campaign's rules fire."""
    key = campaign_key(campaign)
    return tuple(Counter(company, key, "lifetime", UNLIMITED, 0, 0) for company in (False, True))


def awarding_counter(id: str, campaign: Campaign, currency: str) -> Counter:
    """What a campaign's rules award in a currency, within its budget if it has one."""
    key = awarded_key(id, currency)
    for index, budget in enumerate(campaign.budgets):
        if budget.currency == currency:
            cut = extended_code(Extended.CUT_BY_CAMPAIGN, index) if budget.over == "cut" else 0
            return Counter(
                True,
                key,
                "lifetime",
                budget.amount,
                campaign_code(Kept.BUDGET, index),
                cut,
                alerts=alert_units(budget.amount, budget.alerts),
            )
    return Counter(True, key, "lifetime", UNLIMITED, 0, 0)
