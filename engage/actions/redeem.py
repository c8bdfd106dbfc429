"""Buying a reward: asking for it, and each step after that, with who did it and why.

The core decides under the company's turn, so that neither stock nor a limit is passed by two who ask at once. Codes are
handed out in the transaction of the entry that fulfils, and never stand in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec
from msgspec import Struct

from engage.actions.adjust import NO_DAY, REASON_CHARS_MAX
from engage.actions.turns import Appended, Turn, Turns
from engage.core.calendar import local_day_hour
from engage.core.call import clean_text, message_hash
from engage.core.event import Body, Kind
from engage.core.language import say
from engage.core.ledger import EXPIRED, place
from engage.core.rewards import ALLOWED, APPROVE, CANCEL, FULFIL, REQUEST, Lack, is_refundable, lacks
from engage.errors import Archived, Conflict, InvalidRequest, Lacking, NotFound, WrongStep
from engage.store.companies import existing_company
from engage.store.database import Database
from engage.store.log import load_entry
from engage.store.rewards import (
    Step,
    StoredRedemption,
    add_codes,
    codes_left,
    codes_promised,
    hand_out_code,
    insert_redemption,
    load_redemption,
)
from engage.store.statements import Transaction

ENGAGE: Final = "engage"
"""The actor of what nobody had to do."""
CODES_MAX: Final = 10_000
"""Of one upload."""
CODE_CHARS_MAX: Final = 255


class Redeemed(Struct, frozen=True):
    """A redemption as it stands now."""

    redemption: StoredRedemption
    allowed: Sequence[str]
    """What can be done with it now."""
    repeated: bool = False
    """The same Idempotency-Key was seen before: nothing was done now."""


class Uploaded(Struct, frozen=True):
    added: int
    known: int
    """Uploaded before, or twice in this upload."""
    left: int
    """That are nobody's yet."""


async def request(
    database: Database,
    *,
    company: str,
    member: str,
    reward: str,
    reason: str,
    actor: str,
    idempotency_key: str,
    now: int,
) -> Redeemed:
    """Ask for a reward in a member's name. What needs no approval is approved, and a code handed out, at once.

    Raises NotFound (company, member), InvalidRequest (reward), Lacking with all that stands in the way, and Conflict
    when the key was used for something else.
    """
    _check(reason, required=False)
    if not idempotency_key:
        raise InvalidRequest("an Idempotency-Key is required: without one a retry would buy twice")

    async def work(tx: Transaction) -> Redeemed:
        id = await existing_company(company)
        turns = Turns(tx)
        await turns.take([id])
        key = (id, NO_DAY, message_hash(f"redemption:{idempotency_key}"))
        await turns.load([(id, member)], [key])
        said = {"step": REQUEST, "reward": reward, "actor": actor, "reason": reason}
        turn = turns[id]
        if key in turns.known:
            return await _repeated(tx, turn, turns.known[key][0], turn.member(member).number, said, now)
        if member not in turn.members:
            raise NotFound(f"member {member!r} is not known in company {company!r}")
        if turn.program is None or reward not in turn.program.rewards:
            raise InvalidRequest(f"the program of {company!r} has no reward {reward!r}")
        if turn.program.rewards[reward].codes and not await _code_left(tx, id, reward):
            raise _lacking([Lack("codes", say("no codes left"))])
        body = Body(f"redemption:{idempotency_key}", said)
        appended = turn.append(member, Kind.REDEMPTION, now, now, "", body)
        status = appended.decision.record.status
        if status not in ALLOWED:
            raise _lacking(_lacks(turn, member, reward, appended))
        seq = appended.entry.seq
        turns.remember(key, seq)
        state = turn.member(member).state.redemptions[seq]
        steps = [Step(REQUEST, now, actor, reason)]
        one = StoredRedemption(
            seq, appended.entry.member, status, now, now, state.amount, reward, state.currency, steps, member
        )
        return await _save(tx, turns, id, one, now)

    return await database.write(work)


async def take_step(
    database: Database,
    *,
    company: str,
    redemption: int,
    step: str,
    reason: str,
    actor: str,
    idempotency_key: str,
    now: int,
) -> Redeemed:
    """Approve, fulfil or cancel a redemption.

    Raises NotFound, WrongStep with its status and what is allowed, and Conflict when there is no code to hand out.
    """
    _check(reason, required=True)
    assert idempotency_key
    assert step in (APPROVE, FULFIL, CANCEL)

    async def work(tx: Transaction) -> Redeemed:
        id = await existing_company(company)
        turns = Turns(tx)
        await turns.take([id])
        one = await load_redemption(tx, id, redemption)
        if one is None:
            raise NotFound(f"company {company!r} has no redemption {redemption}")
        message = f"redemption:{redemption}:{step}:{idempotency_key}"
        key = (id, NO_DAY, message_hash(message))
        await turns.load([(id, one.member_id)], [key])
        said = {"step": step, "redemption": redemption, "actor": actor, "reason": reason}
        turn = turns[id]
        if key in turns.known:
            return await _repeated(tx, turn, turns.known[key][0], one.member, said, now)
        appended = turn.append(one.member_id, Kind.REDEMPTION, now, now, "", Body(message, said))
        if appended.decision.record.status not in ALLOWED:
            raise _wrong_step(turn, one, step, appended)
        turns.remember(key, appended.entry.seq)
        if step == FULFIL and _hands_out(turn, one) and not await hand_out_code(tx, id, one.reward, one.id):
            raise Conflict(f"there is no code left for {one.reward!r}: upload some")
        return await _save(tx, turns, id, _after(one, appended), now)

    return await database.write(work)


async def upload_codes(
    database: Database, *, company: str, reward: str, codes: Sequence[str], actor: str, now: int
) -> Uploaded:
    """Add codes to those that a reward hands out. One that is known already is not added again.

    Raises NotFound and InvalidRequest.
    """
    if not 1 <= len(codes) <= CODES_MAX:
        raise InvalidRequest(f"codes: from 1 to {CODES_MAX:,} at a time, not {len(codes):,}")
    cleaned = [clean_text(code).strip() for code in codes]
    for n, code in enumerate(cleaned):
        if not 1 <= len(code) <= CODE_CHARS_MAX:
            raise InvalidRequest(f"codes[{n}]: a code has from 1 to {CODE_CHARS_MAX} characters")

    async def work(tx: Transaction) -> Uploaded:
        id = await existing_company(company)
        turns = Turns(tx)
        await turns.take([id])
        program = turns[id].program
        found = program.rewards.get(reward) if program else None
        if found is None:
            raise NotFound(f"the program of {company!r} has no reward {reward!r}")
        if not found.codes:
            raise InvalidRequest(f"reward {reward!r} hands out no codes: its `codes` is not true")
        added = await add_codes(tx, id, reward, cleaned, actor, now)
        left = await codes_left(tx, id)
        return Uploaded(added, len(codes) - added, left.get(reward, 0))

    return await database.write(work)


# --- parts --------------------------------------------------------------------------------------------------


def _check(reason: str, *, required: bool) -> None:
    if (required and not reason.strip()) or len(reason) > REASON_CHARS_MAX:
        need = "is required, at most" if required else "has at most"
        raise InvalidRequest(f"reason {need} {REASON_CHARS_MAX} characters")


async def _code_left(tx: Transaction, company_id: int, reward: str) -> bool:
    """Whether there is a code beyond those that open redemptions will want."""
    left, promised = await codes_left(tx, company_id), await codes_promised(tx, company_id)
    return left.get(reward, 0) > promised.get(reward, 0)


def _lacks(turn: Turn, member: str, reward: str, refused: Appended) -> list[Lack]:
    assert refused.program is not None
    entry, state = refused.entry, turn.member(member).state
    found = refused.program.rewards[reward]
    return lacks(refused.program, turn.head.state, state, found, entry.day)


def _lacking(found: list[Lack]) -> Lacking:
    errors = [{"message": lack.text, **msgspec.to_builtins(lack)} for lack in found]
    return Lacking(", ".join(lack.text for lack in found), errors=errors)


def _wrong_step(turn: Turn, one: StoredRedemption, step: str, refused: Appended) -> WrongStep:
    allowed = list(allowed_steps(turn, one, refused.entry.day))
    can = " or ".join(allowed) if allowed else "nothing"
    words = f"redemption {one.id} is {one.status}: it cannot {step}; {can} is possible"
    error = {"message": words, "status": one.status, "allowed": allowed}
    return WrongStep(words, errors=[error])


def allowed_steps(turn: Turn, one: StoredRedemption, day: int) -> Sequence[str]:
    """What can be done with a redemption. One that was fulfilled too long ago the state does not know any more."""
    state = turn.member(one.member_id).state.redemptions.get(one.id)
    if one.status == "fulfilled" and (state is None or not is_refundable(state.fulfilled, day)):
        return ()
    return ALLOWED[one.status]


def _hands_out(turn: Turn, one: StoredRedemption) -> bool:
    return turn.member(one.member_id).state.redemptions[one.id].codes


def _after(one: StoredRedemption, appended: Appended) -> StoredRedemption:
    said, at = appended.entry.body.data, appended.entry.at
    expired = sum(t.amount for t in appended.decision.transfers if place(t.target) == EXPIRED)
    step = Step(said["step"], at, said["actor"], said["reason"], expired)
    status = appended.decision.record.status
    return msgspec.structs.replace(one, status=status, changed_at=at, steps=[*one.steps, step])


async def _save(tx: Transaction, turns: Turns, id: int, one: StoredRedemption, now: int) -> Redeemed:
    """Write it all. What is approved and wants nothing but a code gets it now, if there is one."""
    turn = turns[id]
    if one.status == "approved" and _hands_out(turn, one) and await hand_out_code(tx, id, one.reward, one.id):
        said = {
            "step": FULFIL,
            "redemption": one.id,
            "actor": ENGAGE,
            "reason": "approved, and a code was there",
        }
        one = _after(one, turn.append(one.member_id, Kind.REDEMPTION, now, now, "", Body("", said)))
    await turns.save()
    await tx.insert([insert_redemption(id, one)], scope=[id])
    saved = await load_redemption(tx, id, one.id)
    assert saved is not None
    return Redeemed(saved, ALLOWED[saved.status])


async def _repeated(
    tx: Transaction, turn: Turn, seq: int, member: int, said: dict[str, Any], now: int
) -> Redeemed:
    """What a step with this key did, which must have been the same step."""
    company_id = turn.head.company_id
    stored = await load_entry(tx, company_id, seq)
    if stored is None:
        raise Archived("this Idempotency-Key was used for a step that is archived")
    if stored.entry.member != member or stored.entry.body.data != said:
        raise Conflict("this Idempotency-Key was used for another redemption")
    saved = await load_redemption(tx, company_id, said.get("redemption", seq))
    assert saved is not None
    day, _ = local_day_hour(now, turn.head.state.timezone)
    return Redeemed(saved, allowed_steps(turn, saved, day), repeated=True)
