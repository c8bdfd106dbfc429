"""Inviting colleagues: an invitation with its code, taking one up, and what people do with it on the way.

The core decides under the company's turn; joining and becoming active are decided with the colleague's own events. A
code is no secret: it says whose invitation it is, and brings nothing but through what the colleague then does.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from engage.actions.adjust import NO_DAY
from engage.actions.inviting import offer_invitation, send_invitation
from engage.actions.turns import Turn, Turns
from engage.core.calendar import local_day_hour
from engage.core.call import message_hash
from engage.core.event import Body, Kind
from engage.core.offers import Offer
from engage.core.program import Referral
from engage.core.referral import offer_lack
from engage.core.rewards import Lack
from engage.errors import Conflict, InvalidRequest, Lacking, NotFound
from engage.store.companies import existing_company
from engage.store.database import Database
from engage.store.referral import (
    INSERT_INVITATIONS,
    Invitation,
    find_invitation,
    invitation_row,
    load_invitation,
)
from engage.store.statements import Transaction


class Taken(Struct, frozen=True):
    """An invitation taken up by a colleague."""

    invitation: Invitation
    status: str
    """offered: the colleague will join by the first event; joined or active, where that has happened."""
    repeated: bool = False


async def invite(
    database: Database,
    *,
    company: str,
    member: str,
    to: str | None,
    channel: str | None,
    actor: str,
    idempotency_key: str,
    now: int,
) -> Invitation:
    """Invite `to`, a colleague by the host's own id, or whoever takes up the invitation by its code.

    Raises NotFound (company, member), InvalidRequest (no referral, channel), Lacking with what stands in the way, and
    Conflict when the key was used for something else.
    """
    if not idempotency_key:
        raise InvalidRequest("an Idempotency-Key is required: without one a retry would invite twice")

    async def work(tx: Transaction) -> Invitation:
        id = await existing_company(company)
        turns = Turns(tx)
        await turns.take([id])
        key = (id, NO_DAY, message_hash(f"invitation:{idempotency_key}"))
        await turns.load([(id, name) for name in (member, to) if name], [key])
        turn = turns[id]
        if key in turns.known:
            return await _repeated(tx, id, turns.known[key][0], member, to)
        if member not in turn.members:
            raise NotFound(f"member {member!r} is not known in company {company!r}")
        by = _channel(_policy(turn, company), channel)
        message = f"invitation:{idempotency_key}"
        one, lacks = send_invitation(turn, member, to or "", by, actor, now, message)
        if one is None:
            raise lacking(lacks)
        turns.remember(key, one.id)
        await turns.save()
        await tx.insert([(INSERT_INVITATIONS, [invitation_row(id, one)])], scope=[id])
        return one

    return await database.write(work)


async def take_up(database: Database, *, company: str, code: str, member: str, actor: str, now: int) -> Taken:
    """A colleague takes up an invitation: they join by it with their first event, or at once where that has come.

    The same again changes nothing. Raises NotFound (company, code) and Lacking with why it cannot be.
    """

    async def work(tx: Transaction) -> Taken:
        id = await existing_company(company)
        turns = Turns(tx)
        await turns.take([id])
        one = await _existing(tx, id, company, code)
        await turns.load([(id, member)], [])
        turn = turns[id]
        known = turn.member(member).state.referral
        if known is not None and known.via is not None and known.via.invitation == one.id:
            return Taken(one, "active" if known.active else "joined", repeated=True)
        if known is not None and known.via is None and any(o.invitation == one.id for o in known.offers):
            return Taken(one, "offered", repeated=True)
        status = _offer(turn, one, member, actor, now)
        await turns.save()
        return Taken(one, status)

    return await database.write(work)


async def note_shown(
    database: Database,
    *,
    company: str,
    code: str,
    step: str,
    channel: str | None,
    visitor: str,
    trusted: bool,
    now: int,
) -> bool:
    """Somebody saw, understood or forwarded an invitation: counted once for each `visitor`. False: it was already.

    Raises NotFound (company, code) and InvalidRequest (channel).
    """

    async def work(tx: Transaction) -> bool:
        id = await existing_company(company)
        turns = Turns(tx)
        await turns.take([id])
        one = await _existing(tx, id, company, code)
        message = f"invitation:{one.id}:{step}:{visitor}"
        key = (id, NO_DAY, message_hash(message))
        await turns.load([], [key])
        if key in turns.known:
            return False
        turn = turns[id]
        by = one.channel if channel is None else _channel(_policy(turn, company), channel)
        said = {"step": step, "channel": by, "invitation": one.id}
        body = Body(message, said, None, trusted)
        turns.remember(key, turn.append("", Kind.REFERRAL, now, now, "", body).entry.seq)
        await turns.save()
        return True

    return await database.write(work)


def _policy(turn: Turn, company: str) -> Referral:
    policy = turn.program.program.referral if turn.program is not None else None
    if policy is None:
        raise InvalidRequest(f"the program of {company!r} has no referral")
    return policy


def _channel(policy: Referral, channel: str | None) -> str:
    if channel is not None and channel not in policy.channels:
        raise InvalidRequest(f"channel must be one of {', '.join(policy.channels)}")
    return channel or policy.channels[0]


async def _existing(tx: Transaction, company_id: int, company: str, code: str) -> Invitation:
    one = await find_invitation(tx, company_id, code)
    if one is None:
        raise NotFound(f"company {company!r} has no invitation with this code")
    return one


def _offer(turn: Turn, one: Invitation, member: str, actor: str, now: int) -> str:
    colleague = turn.member(member)
    day, _ = local_day_hour(now, turn.head.state.timezone)
    offer = Offer(one.id, one.member, one.day, one.channel)
    policy = turn.program.program.referral if turn.program is not None else None
    lack = offer_lack(policy, colleague.state, colleague.number, offer, day)
    if lack is not None:
        raise lacking([lack])
    return offer_invitation(turn, one, member, actor, now)


def lacking(found: list[Lack]) -> Lacking:
    errors: list[dict[str, Any]] = [{"message": lack.text, **msgspec.to_builtins(lack)} for lack in found]
    return Lacking(", ".join(lack.text for lack in found), errors=errors)


async def _repeated(tx: Transaction, company_id: int, seq: int, member: str, to: str | None) -> Invitation:
    one = await load_invitation(tx, company_id, seq)
    if one is None or one.member_id != member or (one.to_id or None) != to:
        raise Conflict("this Idempotency-Key was used for another invitation")
    return one
