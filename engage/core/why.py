"""What became of each rule that was considered, in words: the codes that are stored, as people read them.

Owns the wording. Off the hot path by design: words are made when somebody asks.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from engage.core.campaign_counters import WITHIN, limits_of
from engage.core.decisions import Record
from engage.core.explain import formula_text, node_text, span_text
from engage.core.language import mark, say
from engage.core.program import Award, Budget, CampaignBudget, Limit, Program, Rule
from engage.core.verdicts import KEPT, VERDICTS, Extended, Kept, Verdict, as_extended

WORDS: Final = {
    Verdict.FIRED: "fired",
    Verdict.CONDITION: "condition",
    Verdict.LIMIT: "limit",
    Verdict.BUDGET: "budget",
    Verdict.CUT_BY_LIMIT: "cut",
    Verdict.CUT_BY_BUDGET: "cut",
    Verdict.CEILING: "ceiling",
}
EXTENDED_WORDS: Final = {
    Extended.MISSING: "formula",
    Extended.BELOW_ONE: "formula",
    Extended.FIRED_MISSING: "fired",
    Extended.FIRED_BELOW_ONE: "fired",
    Extended.LOST: "group",
    Extended.AUDIENCE: "audience",
    Extended.PROGRAM_AUDIENCE: "audience",
    Extended.CROWDED: "pending",
    Extended.CAMPAIGN: "campaign",
    Extended.CUT_BY_CAMPAIGN: "cut",
}
PERIODS: Final = {
    "day": mark("daily"),
    "week": mark("weekly"),
    "month": mark("monthly"),
    "quarter": mark("quarterly"),
    "year": mark("yearly"),
    "lifetime": mark("lifetime"),
}

_NOTHING: Final = {
    "": mark("{formula} comes to less than 1"),
    "integer": mark("{value_name} is not given, or not a whole number"),
    "number": mark("{value_name} is not given, or not a number"),
}
"""What is said of a formula that is worth nothing, by the type it reads; "" where it has what it reads."""
_WITHOUT: Final = {
    "": mark("fired without its {currency_name}: {formula} comes to less than 1"),
    "integer": mark("fired without its {currency_name}: {value_name} is not given, or not a whole number"),
    "number": mark("fired without its {currency_name}: {value_name} is not given, or not a number"),
}
"""The same where the rule did something else."""


def explain_rules(record: Record, rules: tuple[Rule, ...], program: Program) -> list[dict[str, Any]]:
    """Each rule considered, with its verdict in words."""
    return [
        {
            "rule": rule.id,
            "name": rule.name,
            "verdict": verdict_word(code),
            "text": verdict_text(code, rule, rules, program, record.stopped_by),
        }
        for rule, code in zip(rules, record.verdicts, strict=True)
    ]


def verdict_word(code: int) -> str:
    verdict = code % VERDICTS
    if verdict != Verdict.EXTENDED:
        return WORDS[verdict]
    index, extended = as_extended(code)
    by_budget = extended == Extended.CAMPAIGN and index % KEPT == Kept.BUDGET
    return WORDS[Verdict.BUDGET] if by_budget else EXTENDED_WORDS[extended]


def verdict_text(
    code: int, rule: Rule, rules: tuple[Rule, ...], program: Program, stopped_by: Mapping[str, str]
) -> str:
    """`stopped_by`: who paused or ended campaigns, as the record has it; nobody where many records are one."""
    index, verdict = divmod(code, VERDICTS)
    match verdict:
        case Verdict.FIRED:
            return say("fired")
        case Verdict.CONDITION:
            assert rule.conditions is not None
            return say("condition not met: {clause}", clause=node_text(rule.conditions, index))
        case Verdict.LIMIT:
            return limit_text(limits_of(program, rule)[index])
        case Verdict.CUT_BY_LIMIT:
            return say("cut: {reason}", reason=limit_text(limits_of(program, rule)[index]))
        case Verdict.BUDGET:
            return _budget_text(program.budgets[index])
        case Verdict.CUT_BY_BUDGET:
            return say("cut: {reason}", reason=_budget_text(program.budgets[index]))
        case Verdict.EXTENDED:
            index, extended = as_extended(code)
            if extended in (Extended.CAMPAIGN, Extended.CUT_BY_CAMPAIGN):
                return _campaign_text(index, extended, rule, program, stopped_by)
            return _extended_text(index, extended, rule, rules, program)
        case _:
            return say("the balance would pass the largest amount possible")


def _budget_text(budget: Budget) -> str:
    parts = {"period": PERIODS[budget.window], "amount": budget.amount, "currency_name": budget.currency}
    if budget.over == "refuse":  # some of it may be left, only not enough
        return say(
            "the award would pass the company's {period} budget of {amount:d} {currency_name}", **parts
        )
    return say("the company's {period} budget of {amount:d} {currency_name} is used up", **parts)


def _extended_text(index: int, extended: int, rule: Rule, rules: tuple[Rule, ...], program: Program) -> str:
    if extended == Extended.LOST:
        return say(
            "{rule_name} fired instead, of group {group_name}",
            rule_name=rules[index].id,
            group_name=rule.group,
        )
    if extended == Extended.AUDIENCE:
        return say(
            "not in audience {audience_name}: {clause}",
            audience_name=rule.audience,
            clause=_clause_of(program, rule.audience, index),
        )
    if extended == Extended.PROGRAM_AUDIENCE:
        return say(
            "the program is for audience {audience_name} only: {clause}",
            audience_name=program.audience,
            clause=_clause_of(program, program.audience, index),
        )
    if extended == Extended.CROWDED:
        return say("as many awards wait already as can at once")
    return _formula_text(index, extended, rule)


def _campaign_text(
    index: int, extended: int, rule: Rule, program: Program, stopped_by: Mapping[str, str]
) -> str:
    id, campaign = rule.campaign, program.campaigns[rule.campaign]
    if extended == Extended.CUT_BY_CAMPAIGN:
        return say("cut: {reason}", reason=_campaign_budget_text(id, campaign.budgets[index]))
    index, kept = divmod(index, KEPT)
    match kept:
        case Kept.BEFORE:
            day = date.fromordinal(campaign.first_day)
            return say("campaign {campaign_name} starts on {day_name}", campaign_name=id, day_name=day)
        case Kept.OVER:
            day = date.fromordinal(campaign.last_day)
            return say("campaign {campaign_name} ended on {day_name}", campaign_name=id, day_name=day)
        case Kept.PAUSED | Kept.ENDED:
            return _stopped_text(id, kept, stopped_by.get(id, ""))
        case Kept.HELD_OUT:
            return say("held out of campaign {campaign_name} to measure it", campaign_name=id)
        case Kept.AUDIENCE:
            return say(
                "campaign {campaign_name} is for audience {audience_name} only: {clause}",
                campaign_name=id,
                audience_name=campaign.audience,
                clause=_clause_of(program, campaign.audience, index),
            )
    return _campaign_budget_text(id, campaign.budgets[index])


def _stopped_text(id: str, kept: int, by: str) -> str:
    if kept == Kept.PAUSED and by:
        return say("campaign {campaign_name} is paused by {actor_name}", campaign_name=id, actor_name=by)
    if kept == Kept.PAUSED:
        return say("campaign {campaign_name} is paused", campaign_name=id)
    if by:
        return say(
            "campaign {campaign_name} was ended early by {actor_name}", campaign_name=id, actor_name=by
        )
    return say("campaign {campaign_name} was ended early", campaign_name=id)


def _campaign_budget_text(id: str, budget: CampaignBudget) -> str:
    parts = {"amount": budget.amount, "currency_name": budget.currency, "campaign_name": id}
    if budget.over == "refuse":
        return say(
            "the award would pass the budget of {amount:d} {currency_name} of campaign {campaign_name}",
            **parts,
        )
    return say("the budget of {amount:d} {currency_name} of campaign {campaign_name} is used up", **parts)


def _clause_of(program: Program, audience: str, node: int) -> str:
    return node_text(program.audiences[audience].conditions, node)


def _formula_text(index: int, extended: int, rule: Rule) -> str:
    award = rule.effects[index]
    assert isinstance(award, Award)
    assert award.formula is not None
    missing = extended in (Extended.MISSING, Extended.FIRED_MISSING)
    reads = award.formula.type if missing else ""
    parts = {"value_name": award.formula.of, "formula": formula_text(award.formula)}
    if extended in (Extended.FIRED_MISSING, Extended.FIRED_BELOW_ONE):
        return say(_WITHOUT[reads], currency_name=award.currency, **parts)
    return say(_NOTHING[reads], **parts)


def limit_text(limit: Limit) -> str:
    told = _whose(limit, _reached_text(limit))
    if limit.amount is None or limit.over != "refuse":
        return told
    return say("the award would pass the {limit}", limit=told)  # some of it may be left, only not enough


def _whose(limit: Limit, text: str) -> str:
    if limit.per == "company":
        return say("company's {limit}", limit=text)
    return say("department's {limit}", limit=text) if limit.per == "department" else text


def _campaign_of(limit: Limit) -> str:
    """The campaign whose limit it is; "" for a rule's own."""
    return limit.rule.removeprefix(WITHIN) if limit.rule.startswith(WITHIN) else ""


def _reached_text(limit: Limit) -> str:
    campaign = _campaign_of(limit)
    if limit.window == "cooldown":
        span = span_text(limit)
        if campaign:
            return say(
                "cooldown of {span} since campaign {campaign_name} fired last",
                span=span,
                campaign_name=campaign,
            )
        return say("cooldown of {span} since it fired last", span=span)
    if limit.count is None:
        return _amount_text(limit)
    if limit.first and campaign:
        return say(
            "first {count:d} of campaign {campaign_name} are taken", count=limit.count, campaign_name=campaign
        )
    if limit.first:
        return say("first {count:d} are taken", count=limit.count)
    if campaign:
        return say(
            "{period} limit of campaign {campaign_name} reached, {count:d} of {count:d}",
            period=_period_text(limit),
            campaign_name=campaign,
            count=limit.count,
        )
    return count_text(_period_text(limit), limit.count)


def count_text(period: str, count: int) -> str:
    """That something was done so often as it may be in a period."""
    return say("{period} limit reached, {count:d} of {count:d}", period=period, count=count)


def _amount_text(limit: Limit) -> str:
    campaign = _campaign_of(limit)
    parts = {"period": _period_text(limit), "amount": limit.amount, "currency_name": limit.currency}
    if campaign and limit.over == "refuse":
        return say(
            "{period} limit of {amount:d} {currency_name} of campaign {campaign_name}",
            **parts,
            campaign_name=campaign,
        )
    if campaign:
        return say(
            "{period} limit of {amount:d} {currency_name} of campaign {campaign_name} reached",
            **parts,
            campaign_name=campaign,
        )
    if limit.over == "refuse":
        return say("{period} limit of {amount:d} {currency_name}", **parts)
    return say("{period} limit of {amount:d} {currency_name} reached", **parts)


def _period_text(limit: Limit) -> str:
    return say("{days:d}-day", days=limit.days) if limit.window == "rolling" else PERIODS[limit.window]
