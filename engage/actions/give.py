"""Giving: a member recognises a colleague, from an allowance. Two entries in one transaction, both or none."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from msgspec import Struct

from engage.actions.adjust import NO_DAY
from engage.actions.turns import Appended, Turn, Turns
from engage.core.call import clean_text, message_hash
from engage.core.event import Body, Kind
from engage.core.gifts import GIVE, RECEIVE, gift_lacks, left_to_give
from engage.core.state import AMOUNT_MAX
from engage.errors import Archived, Conflict, InvalidRequest, Lacking, NotFound
from engage.store.companies import existing_company
from engage.store.database import Database
from engage.store.log import load_entry
from engage.store.statements import Transaction

MESSAGE_CHARS_MAX: Final = 500


class Gift(Struct, frozen=True):
    seq: int
    at: int
    left: int
    """Of the giver's allowance, now."""
    repeated: bool = False


async def give(
    database: Database,
    *,
    company: str,
    member: str,
    to: str,
    currency: str,
    amount: int,
    message: str,
    actor: str,
    idempotency_key: str,
    now: int,
) -> Gift:
    """Give `amount` units from the member's allowance to a colleague.

    Raises NotFound (company, either member), InvalidRequest (currency, amount, oneself), Lacking with what the
    allowance does not allow, and Conflict when the key was used for something else.
    """
    if not 1 <= amount <= AMOUNT_MAX:
        raise InvalidRequest(f"amount must be a whole number from 1 to {AMOUNT_MAX}")
    message = clean_text(message)
    if len(message) > MESSAGE_CHARS_MAX:
        raise InvalidRequest(f"message has at most {MESSAGE_CHARS_MAX} characters")
    if member == to:
        raise InvalidRequest("nobody can give to themselves")
    if not idempotency_key:
        raise InvalidRequest("an Idempotency-Key is required: without one a retry would give twice")

    async def work(tx: Transaction) -> Gift:
        id = await existing_company(company)
        turns = Turns(tx)
        await turns.take([id])
        key = (id, NO_DAY, message_hash(f"gift:{idempotency_key}"))
        await turns.load([(id, member), (id, to)], [key])
        turn = turns[id]
        for name in (member, to):
            if name not in turn.members:
                raise NotFound(f"member {name!r} is not known in company {company!r}")
        giver, receiver = turn.member(member).number, turn.member(to).number
        gift = {"currency": currency, "amount": amount, "message": message, "actor": actor}
        said = {"step": GIVE, "to": receiver, **gift}
        if key in turns.known:
            return await _repeated(tx, turn, turns.known[key][0], member, said, now)
        if turn.program is None or currency not in turn.program.giving:
            raise InvalidRequest(f"the program of {company!r} has no allowance for giving {currency!r}")
        given = turn.append(member, Kind.GIFT, now, now, "", Body(f"gift:{idempotency_key}", said))
        if given.decision.record.status != "given":
            raise _lacking(turn, member, given)
        turns.remember(key, given.entry.seq)
        said = {"step": RECEIVE, "from": giver, **gift}
        if turn.append(to, Kind.GIFT, now, now, "", Body("", said)).decision.record.status != "received":
            raise Conflict(f"the balance of {to!r} would pass {AMOUNT_MAX}")
        await turns.save()
        return Gift(given.entry.seq, given.entry.at, _left(turn, member, currency, given.entry.day))

    return await database.write(work)


def _left(turn: Turn, member: str, currency: str, day: int) -> int:
    giving = turn.program.giving.get(currency) if turn.program else None
    return left_to_give(giving, turn.member(member).state, day) if giving else 0


def _lacking(turn: Turn, member: str, refused: Appended) -> Lacking:
    assert refused.program is not None
    said, state = refused.entry.body.data, turn.member(member).state
    giving = refused.program.giving[said["currency"]]
    found = gift_lacks(giving, state, said["to"], said["amount"], refused.entry.day)
    errors = [{"message": lack.text, **msgspec.to_builtins(lack)} for lack in found]
    return Lacking(", ".join(lack.text for lack in found), errors=errors)


async def _repeated(
    tx: Transaction, turn: Turn, seq: int, member: str, said: dict[str, Any], now: int
) -> Gift:
    stored = await load_entry(tx, turn.head.company_id, seq)
    if stored is None:
        raise Archived("this Idempotency-Key was used for a gift that is archived")
    entry = stored.entry
    if entry.member != turn.member(member).number or entry.body.data != said:
        raise Conflict("this Idempotency-Key was used for another gift")
    return Gift(seq, entry.at, _left(turn, member, said["currency"], entry.day), repeated=True)
