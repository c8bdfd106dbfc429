"""Gifts: what a member gives to a colleague, from an allowance that is not their own points.

A gift is two entries in one commit: `give` for the giver and `receive` for the colleague, each decided alone. The
units are drawn into the giver's account for giving in the moment they are given, and pass through the company's account
TRANSIT, on which nothing is left. What is received can be spent and does not count toward levels: those follow from
what the program awards, and two who give each other their allowances climb none.

Must not know names or messages.
"""

from __future__ import annotations

from typing import Final

from engage.core.compiled import CompiledProgram
from engage.core.decisions import Decision, More, Record
from engage.core.event import Entry
from engage.core.language import mark, say
from engage.core.ledger import ACTIVE, GIVING, ISSUED, TRANSIT, Transfer, account
from engage.core.limits import window_end, window_start
from engage.core.program import Giving
from engage.core.rewards import REFUSED, Lack, again_from
from engage.core.state import AMOUNT_MAX, Given, MemberState, Wallet

GIVE, RECEIVE = SIDES = ("give", "receive")
_LEFT: Final = {
    "allowance": mark("{left:d} of {most:d} {currency_name} left to give"),
    "to_one": mark("{left:d} of {most:d} {currency_name} left to give to this colleague"),
}
_DONE: Final = {GIVE: Record(more=More(status="given")), RECEIVE: Record(more=More(status="received"))}


def given_in(giving: Giving, member: MemberState, day: int) -> Given:
    """What a member gave in the window that a local day lies in."""
    start = window_start(giving.window, day)
    given = member.given.get(giving.currency)
    return given if given is not None and given.start == start else Given(start)


def left_to_give(giving: Giving, member: MemberState, day: int) -> int:
    """What is left of the allowance on a local day; nothing, where a lower one was published since."""
    return max(0, giving.allowance - given_in(giving, member, day).total)


def gift_lacks(giving: Giving, member: MemberState, to: int, amount: int, day: int) -> list[Lack]:
    """What stands in the way of a gift: the allowance, and how much of it one colleague may get."""
    bounds = [("allowance", left_to_give(giving, member, day), giving.allowance)]
    if giving.to_one is not None:
        left = max(0, giving.to_one - given_in(giving, member, day).to.get(to, 0))
        bounds.append(("to_one", left, giving.to_one))
    found: list[Lack] = []
    for code, left, most in bounds:
        if amount > left:
            told = say(_LEFT[code], left=left, most=most, currency_name=giving.currency)
            told = again_from(told, window_end(giving.window, day))
            found.append(Lack(code, told, missing=amount - left, currency=giving.currency))
    return found


def decide_gift(program: CompiledProgram | None, member: MemberState, entry: Entry) -> Decision:
    """One side of a gift."""
    said, own = entry.body.data, entry.member
    currency, amount = said["currency"], said["amount"]
    if said["step"] == RECEIVE:
        wallet = member.wallets.get(currency) or Wallet()
        if max(wallet.active, wallet.earned) + amount > AMOUNT_MAX:
            return REFUSED
        return Decision(_DONE[RECEIVE], (Transfer(currency, TRANSIT, account(own, ACTIVE), amount),))
    giving = program.giving.get(currency) if program else None
    if giving is None or said["to"] == own or gift_lacks(giving, member, said["to"], amount, entry.day):
        return REFUSED
    allowance = account(own, GIVING)
    drawn = Transfer(currency, ISSUED, allowance, amount)
    return Decision(_DONE[GIVE], (drawn, Transfer(currency, allowance, TRANSIT, amount)))


def fold_gift(program: CompiledProgram | None, member: MemberState, entry: Entry, decision: Decision) -> None:
    """Remember what was given, and to whom. Older windows are forgotten: a gift happens when it is given."""
    said = entry.body.data
    if decision.record.status != "given" or program is None:
        return
    giving = program.giving[said["currency"]]
    given = given_in(giving, member, entry.day)
    given.total += said["amount"]
    given.to[said["to"]] = given.to.get(said["to"], 0) + said["amount"]
    member.given[giving.currency] = given
