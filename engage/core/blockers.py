"""Which clauses stopped a rule, and which of them alone: what to change if a rule should fire more often.

A decision stops at the first clause of a rule that fails, which is all that it needs. Here each of them is asked.
Owns how a rule's conditions fall into parts that must all hold; off the hot path of live traffic by design.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import Struct

from engage.core.codegen import Match, generate
from engage.core.compiled import CompiledProgram
from engage.core.conditions import All, Condition, size


class Part(Struct, frozen=True):
    """One of the conditions of a rule that must all hold."""

    rule: int  # among the rules of its trigger
    node: int  # as decisions have it
    condition: Condition


class Blockers(Struct, frozen=True):
    """The parts of all rules of one trigger, and the function that answers for each: 0 when it holds."""

    parts: tuple[Part, ...]
    rules: tuple[int, ...]
    """Whose they are."""
    match: Match


def blockers(program: CompiledProgram) -> dict[str, Blockers]:
    """By event, where some rule has several parts: of a rule with a single one the verdict tells all."""
    found = {}
    for event, matcher in program.matchers.items():
        by_rule = [list(parts(rule.conditions)) for rule in matcher.rules]
        several = tuple(
            Part(rule, node, condition)
            for rule, found_parts in enumerate(by_rule)
            if len(found_parts) > 1
            for node, condition in found_parts
        )
        if several:
            rules = tuple(dict.fromkeys(part.rule for part in several))
            found[event] = Blockers(several, rules, generate([part.condition for part in several]))
    return found


def parts(condition: Condition | None, number: int = 1) -> Iterator[tuple[int, Condition]]:
    """What of a condition must all hold: (number of the node, condition), as a decision goes through them."""
    if condition is None:
        return
    if not isinstance(condition, All):
        yield number, condition
        return
    number += 1
    for child in condition.of:
        yield from parts(child, number)
        number += size(child)


def stopped_alone(blockers: Blockers, answers: Mapping[tuple[int, ...], int]) -> dict[tuple[int, int], int]:
    """(rule, node) -> how many events it alone kept from the rule, by how often each combination of answers came."""
    alone: dict[tuple[int, int], int] = {}
    for answer, times in answers.items():
        failed: dict[int, list[int]] = {}
        for part, stopped in zip(blockers.parts, answer, strict=True):
            if stopped:
                failed.setdefault(part.rule, []).append(part.node)
        for rule, nodes in failed.items():
            if len(nodes) == 1:
                alone[(rule, nodes[0])] = alone.get((rule, nodes[0]), 0) + times
    return alone
