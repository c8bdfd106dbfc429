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
from engage.core.program import Award, Limit, Program, Rule
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
    "day": "daily",
    "week": "weekly",
    "month": "monthly",
    "quarter": "quarterly",
    "year": "yearly",
    "lifetime": "lifetime",
}
_A: Final = {"integer": "a whole number", "number": "a number"}


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
            return "fired"
        case Verdict.CONDITION:
            assert rule.conditions is not None
            return f"condition not met: {node_text(rule.conditions, index)}"
        case Verdict.LIMIT:
            return limit_text(limits_of(program, rule)[index])
        case Verdict.CUT_BY_LIMIT:
            return f"cut: {limit_text(limits_of(program, rule)[index])}"
        case Verdict.BUDGET | Verdict.CUT_BY_BUDGET:
            budget = program.budgets[index]
            what = f"the company's {PERIODS[budget.window]} budget of {budget.amount} {budget.currency}"
            if budget.over == "refuse":
                return f"the award would pass {what}"
            return f"{'cut: ' if verdict == Verdict.CUT_BY_BUDGET else ''}{what} is used up"
        case Verdict.EXTENDED:
            index, extended = as_extended(code)
            if extended in (Extended.CAMPAIGN, Extended.CUT_BY_CAMPAIGN):
                return _campaign_text(index, extended, rule, program, stopped_by)
            return _extended_text(index, extended, rule, rules, program)
        case _:
            return "the balance would pass the largest amount possible"


def _extended_text(index: int, extended: int, rule: Rule, rules: tuple[Rule, ...], program: Program) -> str:
    if extended == Extended.LOST:
        return f"{rules[index].id} fired instead, of group {rule.group}"
    if extended == Extended.AUDIENCE:
        return f"not in audience {rule.audience}: {_clause_of(program, rule.audience, index)}"
    if extended == Extended.PROGRAM_AUDIENCE:
        name = program.audience
        return f"the program is for audience {name} only: {_clause_of(program, name, index)}"
    if extended == Extended.CROWDED:
        return "as many awards wait already as can at once"
    return _formula_text(index, extended, rule)


def _campaign_text(
    index: int, extended: int, rule: Rule, program: Program, stopped_by: Mapping[str, str]
) -> str:
    campaign, name = program.campaigns[rule.campaign], f"campaign {rule.campaign}"
    by = f" by {stopped_by[rule.campaign]}" if rule.campaign in stopped_by else ""
    kept = Kept.BUDGET
    if extended == Extended.CAMPAIGN:
        index, kept = divmod(index, KEPT)
    match kept:
        case Kept.BEFORE:
            return f"{name} starts on {date.fromordinal(campaign.first_day)}"
        case Kept.OVER:
            return f"{name} ended on {date.fromordinal(campaign.last_day)}"
        case Kept.PAUSED:
            return f"{name} is paused{by}"
        case Kept.ENDED:
            return f"{name} was ended early{by}"
        case Kept.HELD_OUT:
            return f"held out of {name} to measure it"
        case Kept.AUDIENCE:
            clause = _clause_of(program, campaign.audience, index)
            return f"{name} is for audience {campaign.audience} only: {clause}"
    budget = campaign.budgets[index]
    what = f"the budget of {budget.amount} {budget.currency} of {name}"
    if budget.over == "refuse":
        return f"the award would pass {what}"
    return f"{'cut: ' if extended == Extended.CUT_BY_CAMPAIGN else ''}{what} is used up"


def _clause_of(program: Program, audience: str, node: int) -> str:
    return node_text(program.audiences[audience].conditions, node)


def _formula_text(index: int, extended: int, rule: Rule) -> str:
    award = rule.effects[index]
    assert isinstance(award, Award)
    assert award.formula is not None
    without = f"fired without its {award.currency}: "
    match extended:
        case Extended.MISSING | Extended.FIRED_MISSING:
            words = f"{award.formula.of} is not given, or not {_A[award.formula.type]}"
            return words if extended == Extended.MISSING else without + words
        case _:
            words = f"{formula_text(award.formula)} comes to less than 1"
            return words if extended == Extended.BELOW_ONE else without + words


def limit_text(limit: Limit) -> str:
    whose = "" if limit.per == "member" else f"{limit.per}'s "
    campaign = limit.rule.removeprefix(WITHIN) if limit.rule.startswith(WITHIN) else ""
    of = f" of campaign {campaign}" if campaign else ""
    if limit.window == "cooldown":
        return f"{whose}cooldown of {span_text(limit)} since {of.removeprefix(' of ') or 'it'} fired last"
    if limit.first:
        return f"{whose}first {limit.count}{of} are taken"
    period = f"{limit.days}-day" if limit.window == "rolling" else PERIODS[limit.window]
    if limit.count is not None:
        return f"{whose}{period} limit{of} reached, {limit.count} of {limit.count}"
    what = f"{period} limit of {limit.amount} {limit.currency}{of}"
    if limit.over == "refuse":  # some of it may be left, only not enough
        return f"the award would pass the {whose}{what}"
    return f"{whose}{what} reached"
