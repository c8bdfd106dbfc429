"""Adjustments by hand: a large one waits until a second person approves it, or declines.

Must not know who is who: an actor is a text, and the second is another one.
"""

from __future__ import annotations

from typing import Final

from engage.core.cascade import concluded
from engage.core.compiled import CompiledProgram
from engage.core.course import Course
from engage.core.decisions import Decision, More, Record
from engage.core.event import Entry
from engage.core.ledger import ACTIVE, ADJUSTED, Transfer, account
from engage.core.state import Asked, CompanyState, MemberState

APPROVE, DECLINE = STEPS = ("approve", "decline")
REQUESTED: Final = Decision(Record(more=More(status="requested")))
DECLINED: Final = Decision(Record(more=More(status="declined")))
REFUSED: Final = Decision(Record(more=More(status="refused")))
"""A step that is not possible. Nobody appends one."""


def decide_adjustment(
    program: CompiledProgram | None, company: CompanyState, member: MemberState, entry: Entry
) -> Decision:
    """A correction by hand, or a step with one that waits. It corrects what was earned too, so a level can rise."""
    said = entry.body.data
    step = said.get("step")
    if step is None:
        most = program.program.adjustments_approved_to if program else None
        if most is not None and abs(said["amount"]) > most:
            return REQUESTED
        return _moved(program, company, member, entry, said["currency"], said["amount"])
    asked = member.adjustments.get(said["adjustment"])
    if asked is None:
        return REFUSED
    if step == DECLINE:
        return DECLINED
    if said["actor"] == asked.actor:
        return REFUSED
    return _moved(program, company, member, entry, asked.currency, asked.amount)


def _moved(
    program: CompiledProgram | None,
    company: CompanyState,
    member: MemberState,
    entry: Entry,
    currency: str,
    amount: int,
) -> Decision:
    outside, spendable = account(0, ADJUSTED), account(entry.member, ACTIVE)
    source, target = (outside, spendable) if amount > 0 else (spendable, outside)
    transfer = Transfer(currency, source, target, abs(amount))
    if program is None:
        return Decision(Record(), (transfer,), ((currency, amount),))
    course = Course(program, company, member, entry)
    course.transfer(transfer)
    return concluded(course)


def fold_adjustment(member: MemberState, entry: Entry, decision: Decision) -> None:
    """Remember what waits, and forget what does not any more."""
    said, status = entry.body.data, decision.record.status
    if status == "requested":
        member.adjustments[entry.seq] = Asked(said["currency"], said["amount"], said["actor"])
    elif status != "refused" and "adjustment" in said:
        del member.adjustments[said["adjustment"]]
