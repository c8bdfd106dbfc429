"""Rules of a valid program that can never fire: each award is more than a limit or budget that refuses lets through.

Owns what is worth telling whoever wrote it; nothing is refused for it. Must not know how a limit counts.
"""

from __future__ import annotations

import typing as t
from collections.abc import Iterator

from engage.core.problems import Mapping, Path, Problem, pointer
from engage.core.program import THOUSANDTHS_ONE, Award, Multiply, Over, Program, Rule

Bound = tuple[Path, str | None, int, Over, bool]
"""Where it stands, the currency, how much it allows, what becomes of more, and whether only this rule uses it up."""


def idle_rules(program: Program, document: Mapping) -> list[Problem]:
    """One for each such rule, at what refuses it. `document`: the plain data that the program was read from."""
    effects = [effect for rule in program.rules for effect in rule.effects]
    lowered = {
        effect.currency
        for effect in effects
        if isinstance(effect, Multiply) and effect.thousandths < THOUSANDTHS_ONE
    }
    found: list[Problem] = []
    for rule, at in zip(program.rules, _places(document), strict=True):
        awarded: dict[str, int] = {}
        for effect in rule.effects:
            if isinstance(effect, Award) and effect.currency not in lowered:
                awarded[effect.currency] = awarded.get(effect.currency, 0) + effect.amount
        for currency, amount in awarded.items():
            bounds = (bound for bound in _bounds(program, rule, at) if bound[1] == currency)
            refusing = _refusing(amount, bounds)
            if refusing is not None:
                place, most = refusing
                words = f"it awards {amount} at once, and this refuses what goes beyond {most}"
                cut = f"'over: cut' would give {most}"
                found.append(Problem(pointer(place), f"rule '{rule.id}' never fires: {words}; {cut}"))
                break
    return found


def _refusing(amount: int, bounds: t.Iterable[Bound]) -> tuple[Path, int] | None:
    """The first bound that refuses so much every time, and what it allows."""
    for place, _currency, most, over, alone in bounds:
        if over == "refuse" and most < amount:
            return place, most
        if over == "cut" and not alone:
            return None  # what others have used of it may leave little enough for those after it
        if over == "cut":
            amount = min(amount, most)
    return None


def _bounds(program: Program, rule: Rule, at: Path) -> Iterator[Bound]:
    """What an award of the rule is held against, in that order."""
    for index, limit in enumerate(rule.limits):
        yield (*at, "limits", index), limit.currency, limit.amount or 0, limit.over, True
    if rule.campaign:
        campaign, place = program.campaigns[rule.campaign], ("campaigns", rule.campaign)
        for index, limit in enumerate(campaign.limits):
            yield (*place, "limits", index), limit.currency, limit.amount or 0, limit.over, False
        for index, budget in enumerate(campaign.budgets):
            yield (*place, "budgets", index), budget.currency, budget.amount, budget.over, False
    for index, whole in enumerate(program.budgets):
        yield ("budgets", index), whole.currency, whole.amount, whole.over, False


def _places(document: Mapping) -> Iterator[Path]:
    """Where the rules of a program stand, in its order."""
    yield from (("rules", index) for index in range(len(document.get("rules") or ())))
    for id, campaign in (document.get("campaigns") or {}).items():
        for index in range(len(campaign.get("rules") or ())):
            yield "campaigns", id, "rules", index
