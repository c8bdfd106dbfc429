"""For whom rules are: which currencies some rule brings to fewer members than the floor, by what it asks of a member.

What such a rule brings has no end in a week, and whoever knows its audience knows whose it is. Owns this reckoning
alone, by traits, tags and levels as they are when a week is measured; members of whom the host said that they left make
no audience large, but are one until the week in which they left is over, and of several weeks if they came back in
these. What a condition asks of an event, too, is taken to hold. What an invitation brings is told of whoever may
invite. Must not know figures.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from engage.core.conditions import All, Clause, Condition, Facts, holds, nodes, reads
from engage.core.effects import Award, Effect, Multiply
from engage.core.goals import referral_rules
from engage.core.lifecycle import stage_on
from engage.core.presence import ever_left, is_gone
from engage.core.program import Program
from engage.core.quiet import WEEK
from engage.core.state import MemberState

NOT_TO_FEW, MULTIPLIED, AWARDED = range(3)
"""Nothing of a currency is brought to few alone; some is multiplied for them; some is awarded."""

Asked = tuple[Condition, ...]


class Eligible:
    """What the members add, one after the other."""

    def __init__(self, program: Program | None, first: int, last: int, floor: int) -> None:
        """`first`, `last`: the local days in which the rules fired, of whole weeks."""
        self.program, self.last, self.floor = program, last, floor
        self.mondays = range(first, last, WEEK)
        self.ranks = program.levels.ranks if program and program.levels else {}
        self.brought: dict[Asked, dict[str, int]] = {}
        for asked, effects in _rules(program, first, last) if program else ():
            for effect in effects:
                if asked and isinstance(effect, Award | Multiply):
                    brought = self.brought.setdefault(asked, {})
                    how = AWARDED if isinstance(effect, Award) else MULTIPLIED
                    brought[effect.currency] = max(how, brought.get(effect.currency, NOT_TO_FEW))
        self.members = dict.fromkeys(self.brought, 0)
        """Those for whom each is, counted up to the floor."""
        self.open: Final = set(self.members)
        self.gone: Final = set[Asked]()
        """For whom each was who left in these days."""
        self.reads_stage = any(reads(one, "member.stage") for asked in self.open for one in asked)

    def count(self, member: MemberState) -> None:
        gone = sum(is_gone(member, monday) for monday in self.mondays) if ever_left(member) else 0
        all_along = gone == len(self.mondays)
        if not self.open or all_along or member.joined > self.last or self.program is None:
            return
        stage = stage_on(self.program.lifecycle, member, self.last) if self.reads_stage else ""
        rank = self.ranks.get(member.level, 0)
        facts = Facts({}, member.traits, {}, rank, tags=member.tags, stage=stage)
        for asked in tuple(self.open):
            if all(holds(condition, facts) for condition in asked):
                if member.left or gone:
                    self.gone.add(asked)
                    continue
                self.members[asked] += 1
                if self.members[asked] >= self.floor:
                    self.open.discard(asked)

    def to_few(self, currency: str) -> int:
        """NOT_TO_FEW, MULTIPLIED or AWARDED."""
        few = (self.brought[asked] for asked in self.open if self.members[asked] or asked in self.gone)
        return max((brought.get(currency, NOT_TO_FEW) for brought in few), default=NOT_TO_FEW)


def _rules(program: Program, first: int, last: int) -> Iterator[tuple[Asked, Sequence[Effect]]]:
    """What each rule that can have fired asks of a member, and what it does."""
    running = {"": ""} | {
        id: one.audience
        for id, one in program.campaigns.items()
        if one.first_day <= last and one.last_day >= first
    }
    inviting = program.referral.audience if program.referral is not None else ""
    rules = [(rule, rule.audience) for rule in program.rules]
    for rule, audience in (*rules, *((rule, inviting) for rule in referral_rules(program))):
        if rule.campaign in running:
            audiences = (program.audience, running[rule.campaign], audience)
            yield _asked(program, audiences, rule.conditions), rule.effects
    for quest in program.quests:
        if quest.campaign in running:
            audiences = (program.audience, running[quest.campaign], quest.audience)
            effects = [effect for tier in quest.tiers for effect in tier.effects]
            yield _asked(program, audiences, None), effects


def _asked(program: Program, audiences: Sequence[str], condition: Condition | None) -> Asked:
    found = dict.fromkeys(
        one for id in audiences if id for one in _of_members(program.audiences[id].conditions)
    )
    return (*found, *_of_members(condition)) if condition is not None else tuple(found)


def _of_members(condition: Condition) -> Iterator[Condition]:
    """What must hold of a member alone."""
    clauses = [node for node, _ in nodes(condition) if isinstance(node, Clause)]
    if all(clause.field.startswith("member.") for clause in clauses):
        yield condition
    elif isinstance(condition, All):
        for one in condition.of:
            yield from _of_members(one)
