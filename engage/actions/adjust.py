"""Adjusting a member's points by hand, with a reason and an actor; a large one with a second actor."""

from __future__ import annotations

from typing import Any, Literal, cast

import msgspec
from msgspec import Struct

from engage.actions.turns import Member, Turns
from engage.core.adjustments import APPROVE, STEPS
from engage.core.call import message_hash
from engage.core.event import Body, Kind
from engage.core.state import AMOUNT_MAX, MemberState, Wallet
from engage.errors import Archived, Conflict, InvalidRequest, NotFound, WrongStep
from engage.store.adjustments import StoredRequest, insert_request, load_request
from engage.store.companies import existing_company
from engage.store.database import Database
from engage.store.log import load_entry
from engage.store.statements import Transaction

REASON_CHARS_MAX = 500
NO_DAY = -1
"""The dedupe day of corrections. No message can have it, so no client can take a correction's key by naming it."""


Status = Literal["done", "requested", "declined"]


class Adjustment(Struct, frozen=True):
    seq: int
    currency: str
    amount: int
    reason: str
    actor: str
    repeated: bool
    """The same Idempotency-Key was seen before: this is what it did then."""
    status: Status
    """`requested`: it waits for a second person, and nothing has moved."""
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
    check_reason(reason)
    if not idempotency_key:
        raise InvalidRequest("an Idempotency-Key is required: without one a retry would count twice")

    async def work(tx: Transaction) -> Adjustment:
        id = await existing_company(company)
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
        turns[id].bring_up_to(turns[id].member(member), now)
        _check_balance(turns[id].member(member), currency, amount)
        body = Body(f"adjustment:{idempotency_key}", said)
        appended = turns[id].append(member, Kind.ADJUSTMENT, now, now, "", body)
        seq, waits = appended.entry.seq, appended.decision.record.status == "requested"
        turns.remember(key, seq)
        await turns.save()
        if waits:
            asked = StoredRequest(
                seq, appended.entry.member, now, amount, "requested", currency, actor, reason
            )
            await tx.insert([insert_request(id, asked)], scope=[id])
        wallet = turns[id].member(member).state.wallets.get(currency, Wallet())
        status: Status = "requested" if waits else "done"
        return Adjustment(seq, currency, amount, reason, actor, repeated=False, status=status, wallet=wallet)

    return await database.write(work)


def check_reason(reason: str) -> None:
    """Raises InvalidRequest where nobody says why."""
    if not reason.strip() or len(reason) > REASON_CHARS_MAX:
        raise InvalidRequest(f"reason is required, at most {REASON_CHARS_MAX} characters")


async def _repeated(
    tx: Transaction, company_id: int, seq: int, member: Member, said: dict[str, Any]
) -> Adjustment:
    stored = await load_entry(tx, company_id, seq)
    if stored is None:
        raise Archived("this Idempotency-Key was used for an adjustment that is archived")
    if stored.entry.member != member.number or stored.entry.body.data != said:
        raise Conflict("this Idempotency-Key was used for another adjustment")
    asked = await load_request(tx, company_id, seq)
    status = cast(Status, asked.status) if asked else "done"
    wallet = member.state.wallets.get(said["currency"], Wallet())
    return Adjustment(seq, repeated=True, status=status, wallet=wallet, **stored.entry.body.data)


def _check_balance(member: Member, currency: str, amount: int) -> None:
    wallet = member.state.wallets.get(currency) or Wallet()
    if amount < 0 and wallet.active + amount < 0:
        raise Conflict(f"the balance is {wallet.active} {currency}; {-amount} cannot be taken")
    if max(wallet.active, wallet.earned) + amount > AMOUNT_MAX:
        raise Conflict(f"the balance would pass {AMOUNT_MAX}")


# --- one that waits for a second person ---------------------------------------------------------------------


async def settle(
    database: Database,
    *,
    company: str,
    adjustment: int,
    step: str,
    reason: str,
    actor: str,
    idempotency_key: str,
    now: int,
) -> Adjustment:
    """Approve or decline an adjustment that waits.

    Raises NotFound when it never did, WrongStep when it does no more, and Conflict when who asked approves, or the
    balance does not allow it any more.
    """
    check_reason(reason)
    assert step in STEPS

    async def work(tx: Transaction) -> Adjustment:
        id = await existing_company(company)
        turns = Turns(tx)
        await turns.take([id])
        message = f"adjustment:{adjustment}:{step}:{idempotency_key}"
        key = (id, NO_DAY, message_hash(message))
        said = {"step": step, "adjustment": adjustment, "reason": reason, "actor": actor}
        asked = await load_request(tx, id, adjustment)
        if asked is None:
            raise NotFound(f"company {company!r} has no adjustment {adjustment} that was to be approved")
        await turns.load([(id, asked.member_id)], [key])
        member = turns[id].member(asked.member_id)
        if key in turns.known:
            stored = await load_entry(tx, id, turns.known[key][0])
            if stored is not None and stored.entry.body.data != said:
                raise Conflict("this Idempotency-Key was used for another adjustment")
            return _settled(asked, member.state, repeated=True)
        if asked.status != "requested":
            raise WrongStep(
                f"adjustment {asked.id} is {asked.status} already",
                errors=[{"message": f"it is {asked.status}", "status": asked.status, "allowed": []}],
            )
        if step == APPROVE and actor == asked.actor:
            raise Conflict(f"{actor} asked for it: a second person must approve")
        turns[id].bring_up_to(member, now)
        if step == APPROVE:
            _check_balance(member, asked.currency, asked.amount)
        appended = turns[id].append(asked.member_id, Kind.ADJUSTMENT, now, now, "", Body(message, said))
        assert appended.decision.record.status != "refused", "the list says otherwise than the state"
        turns.remember(key, appended.entry.seq)
        await turns.save()
        status = "done" if step == APPROVE else "declined"
        done = msgspec.structs.replace(asked, status=status, settled_by=actor, settled_for=reason)
        await tx.insert([insert_request(id, done)], scope=[id])
        return _settled(done, member.state, repeated=False)

    return await database.write(work)


def _settled(asked: StoredRequest, state: MemberState, *, repeated: bool) -> Adjustment:
    return Adjustment(
        asked.id,
        asked.currency,
        asked.amount,
        asked.reason,
        asked.actor,
        repeated=repeated,
        status=cast(Status, asked.status),
        wallet=state.wallets.get(asked.currency, Wallet()),
    )
