"""Awards that wait before they are the member's: for a time, until a date, or until an event confirms them.

What an award waits for is written down with it, in the member's state, and is what counts from then on: a program
published later changes nothing about it. It uses limits and budgets when it is awarded and gives them back when it is
voided; it counts toward levels when it is released.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from hashlib import blake2b
from typing import Any, Final

import msgspec
from msgspec.structs import astuple

from engage.core.compiled import Plan, PlannedAward
from engage.core.course import Course
from engage.core.event import Entry
from engage.core.expiry import expiry_day
from engage.core.ledger import ISSUED, PENDING, Detail, Transfer, account
from engage.core.limits import Counter, Use
from engage.core.program import Pending
from engage.core.state import MemberState, Waiting

WAITING_MAX: Final = 500
"""Awards that may wait at once, of a member in one currency: the state document is read with every event."""
KEY_BYTES: Final = 8

_encode = msgspec.msgpack.Encoder().encode
Awaited = tuple[str, Waiting, bool]
"""(currency, award, whether it is released; else it is voided)"""


def crowded(course: Course, award: PlannedAward) -> bool:
    """Whether the award would have to wait where no more can."""
    wallet = course.member.wallets.get(award.currency)
    waiting = len(wallet.pending) if wallet is not None else 0
    return waiting + sum(detail.waiting is not None for detail in course.details.values()) >= WAITING_MAX


def hold_back(course: Course, plan: Plan, award: PlannedAward, amount: int) -> None:
    """Award it as pending; or at once, where the date it would wait for has come."""
    pending = award.pending
    assert pending is not None
    day = _until(pending, course.day)
    if pending.until and day <= course.day:
        course.award(plan.index, award.currency, amount)
        return
    number = len(course.verdicts) + plan.index
    waiting = Waiting(
        day,
        amount,
        course.entry.seq,
        len(course.transfers),
        tuple(astuple(use) for use in _uses(course, plan, award, amount, number)),
        pending.event,
        pending.voided_by,
        pending.match,
        value_key(pending.match, course.entry.body.data),
    )
    held = account(course.entry.member, PENDING)
    course.transfer(Transfer(award.currency, ISSUED, held, amount, number), Detail(waiting=waiting))


def _until(pending: Pending, day: int) -> int:
    if pending.until:
        return date.fromisoformat(pending.until).toordinal()
    return day + (pending.within if pending.event else pending.days)


def _uses(course: Course, plan: Plan, award: PlannedAward, amount: int, number: int) -> Iterator[Use]:
    """What this award uses of limits and budgets. A rule that does nothing but wait has not fired if the first of its
    awards is voided."""
    counters: list[tuple[Counter, int]] = [(counter, amount) for counter in award.counters]
    if plan.only_waits and all(transfer.rule != number for transfer in course.transfers):
        counters += [(counter, 1) for counter in plan.firings]
    for counter, units in counters:
        yield course.use(counter, units)


def value_key(match: str, properties: dict[str, Any]) -> bytes:
    """What stands in the state for the value that another event must have too; empty when there is none to compare."""
    value = properties.get(match) if match else None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, str | int):
        return b""
    return blake2b(_encode(str(value)), digest_size=KEY_BYTES).digest()


# --- what an event, or a day, settles -----------------------------------------------------------------------


def awaited(member: MemberState, entry: Entry) -> tuple[Awaited, ...]:
    """The awards that an event confirms or voids; one that does both voids."""
    found: tuple[Awaited, ...] = ()
    for currency, wallet in member.wallets.items():
        if wallet.pending:
            found += tuple(_awaited(currency, wallet.pending, entry))
    return found


def _awaited(currency: str, pending: tuple[Waiting, ...], entry: Entry) -> Iterator[Awaited]:
    for waiting in pending:
        if entry.name not in (waiting.event, waiting.voided_by):
            continue
        if not waiting.match or (waiting.key and waiting.key == value_key(waiting.match, entry.body.data)):
            yield currency, waiting, entry.name != waiting.voided_by


def settle(course: Course, found: tuple[Awaited, ...]) -> None:
    """What an event has confirmed or voided. It is kept with the decision, for undoing it."""
    for currency, waiting, confirmed in found:
        if confirmed:
            release(course, currency, waiting, course.day)
        else:
            void(course, currency, waiting)
        course.settled.append((currency, waiting))


def release(course: Course, currency: str, waiting: Waiting, day: int) -> None:
    """It becomes the member's; its points are as old as that."""
    held = account(course.entry.member, PENDING)
    expires = expiry_day(course.program, currency, day, course.member.last_day)
    detail = Detail(expires, waiting, released=(course.day, course.entry.seq))
    course.transfer(Transfer(currency, held, course.spendable, waiting.units), detail)


def void(course: Course, currency: str, waiting: Waiting) -> None:
    held = account(course.entry.member, PENDING)
    course.transfer(Transfer(currency, held, ISSUED, waiting.units), Detail(waiting=waiting))
    for fields in waiting.uses:
        use = Use(*fields)
        course.give_back(msgspec.structs.replace(use, amount=-use.amount))


def pass_time(course: Course) -> None:
    """Release what has waited long enough, and give up what was not confirmed in time."""
    for currency, wallet in course.member.wallets.items():
        for waiting in wallet.pending:
            if waiting.day > course.day:
                continue
            if waiting.event:
                void(course, currency, waiting)
            else:
                release(course, currency, waiting, waiting.day)


def pending_text(pending: Pending) -> str:
    """What an award waits for, in words."""
    which = f" of the same {pending.match}" if pending.match else ""
    words = f"pending until {pending.until}"
    if pending.event:
        words = f"pending until {pending.event}{which} within {pending.within} days"
    elif pending.days:
        words = f"pending for {pending.days} days"
    if not pending.voided_by:
        return words
    return f"{words}, voided by {pending.voided_by}{'' if pending.event else which}"
