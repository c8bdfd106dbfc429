"""Adjusting a member's points by hand, with a reason and an actor."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from engage.actions.turns import Member, Turns
from engage.core.call import message_hash
from engage.core.event import Body, Kind
from engage.core.state import AMOUNT_MAX, Wallet
from engage.errors import Archived, Conflict, InvalidRequest, NotFound
from engage.store.companies import company_id as find_company_id
from engage.store.database import Database
from engage.store.log import load_entry
from engage.store.statements import Transaction

REASON_CHARS_MAX = 500
NO_DAY = -1
"""The dedupe day of corrections. No message can have it, so no client can take a correction's key by naming it."""


class Adjustment(Struct, frozen=True):
    seq: int
    currency: str
    amount: int
    reason: str
    actor: str
    repeated: bool
    """The same Idempotency-Key was seen before: this is what it did then."""
    wallet: Wallet
    """As it is now. Read within the transaction: an error after it would say that nothing was kept."""


async def adjust(
    database: Database,
    *,
    company: str,
    member: str,
    currency: str,
    amount: int,
    reason: str,
    actor: str,
    idempotency_key: str,
    now: int,
) -> Adjustment:
    """Add `amount` whole units, or take them when negative.

    Raises NotFound (company, member), InvalidRequest (currency, amount, reason) and Conflict when the balance would
    fall below zero, or when the key was used for something else.
    """
    if amount == 0 or abs(amount) > AMOUNT_MAX:
        raise InvalidRequest(f"amount must be a whole number other than 0, at most {AMOUNT_MAX}")
    if not reason.strip() or len(reason) > REASON_CHARS_MAX:
        raise InvalidRequest(f"reason is required, at most {REASON_CHARS_MAX} characters")
    if not idempotency_key:
        raise InvalidRequest("an Idempotency-Key is required: without one a retry would count twice")

    async def work(tx: Transaction) -> Adjustment:
        id = await find_company_id(company)
        if id is None:
            raise NotFound(f"company {company!r} is not known")
        turns = Turns(tx)
        await turns.take([id])
        key = (id, NO_DAY, message_hash(f"adjustment:{idempotency_key}"))
        await turns.load([(id, member)], [key])
        said = {"currency": currency, "amount": amount, "reason": reason, "actor": actor}
        if key in turns.known:
            return await _repeated(tx, id, turns.known[key][0], turns[id].member(member), said)
        if member not in turns[id].members:
            raise NotFound(f"member {member!r} is not known in company {company!r}")
        program = turns[id].program
        if program is None or currency not in program.program.currencies:
            raise InvalidRequest(f"the program of {company!r} declares no currency {currency!r}")
        wallet = turns[id].member(member).state.wallets.get(currency)
        balance = wallet.active if wallet else 0
        if amount < 0 and balance + amount < 0:
            raise Conflict(f"the balance is {balance} {currency}; {-amount} cannot be taken")
        if max(balance, wallet.earned if wallet else 0) + amount > AMOUNT_MAX:
            raise Conflict(f"the balance would pass {AMOUNT_MAX}")
        body = Body(f"adjustment:{idempotency_key}", said)
        appended = turns[id].append(member, Kind.ADJUSTMENT, now, now, "", body)
        turns.remember(key, appended.entry.seq)
        await turns.save()
        wallet = turns[id].member(member).state.wallets[currency]
        return Adjustment(appended.entry.seq, currency, amount, reason, actor, repeated=False, wallet=wallet)

    return await database.write(work)


async def _repeated(
    tx: Transaction, company_id: int, seq: int, member: Member, said: dict[str, Any]
) -> Adjustment:
    stored = await load_entry(tx, company_id, seq)
    if stored is None:
        raise Archived("this Idempotency-Key was used for an adjustment that is archived")
    if stored.entry.member != member.number or stored.entry.body.data != said:
        raise Conflict("this Idempotency-Key was used for another adjustment")
    wallet = member.state.wallets.get(said["currency"], Wallet())
    return Adjustment(seq, repeated=True, wallet=wallet, **stored.entry.body.data)
