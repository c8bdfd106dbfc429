"""Undoing one event: its own effects exactly, whatever happened since; later decisions stand."""

from __future__ import annotations

from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from engage.actions.adjust import NO_DAY
from engage.actions.turns import Turns, undone
from engage.core.call import message_hash
from engage.core.decide import Undone
from engage.core.decisions import Record, effects
from engage.core.erasure import is_erased
from engage.core.event import Body, Kind
from engage.core.history import counted_after
from engage.core.ledger import Transfer
from engage.errors import Archived, Conflict, NotFound
from engage.store.companies import company_id as find_company_id
from engage.store.database import Database
from engage.store.log import Stored, find_message, load_entry
from engage.store.members import external_id_of
from engage.store.referral import find_brought
from engage.store.statements import Transaction


class Reversal(Struct, frozen=True):
    seq: int
    message_id: str
    effects: list[dict[str, Any]]
    """What was undone: amounts are negative."""


async def reverse(
    database: Database,
    *,
    company: str,
    message_id: str,
    reason: str,
    actor: str,
    idempotency_key: str = "",
    now: int,
) -> Reversal:
    """Undo the event `message_id`.

    Raises NotFound, Archived, and Conflict when it is no event or was undone before; a retry with the same
    `idempotency_key` is told what the first try did.
    """

    async def work(tx: Transaction) -> Reversal:
        id = await find_company_id(company)
        seq = await find_message(tx, id, message_hash(message_id)) if id is not None else None
        if id is None or seq is None:
            raise NotFound(f"company {company!r} has no event {message_id!r}")
        turns = Turns(tx)
        await turns.take([id])
        if seq <= turns[id].head.state.archived:
            raise Archived(f"event {message_id!r} is archived; correct what it did by an adjustment")
        stored = await load_entry(tx, id, seq)
        if stored is None:
            raise NotFound(f"event {message_id!r} is not in the log")
        if stored.entry.kind != Kind.TRACK:
            raise Conflict(f"{message_id!r} is not an event; only events can be reversed")
        key = (id, NO_DAY, message_hash(f"reversal:{stored.entry.seq}"))
        member = await external_id_of(tx, id, stored.entry.member)
        if is_erased(member):
            raise Conflict(f"event {message_id!r} is of a member who was erased; nothing says what to undo")
        await turns.load([(id, member)], [key])
        if key in turns.known:
            first = await load_entry(tx, id, turns.known[key][0])
            if first is None or not idempotency_key or first.entry.body.data["key"] != idempotency_key:
                raise Conflict(f"event {message_id!r} was reversed before")
            return _told(
                message_id, first.entry.seq, first.record, first.transfers, await undone(tx, id, stored)
            )
        undoing = await _undoing(tx, turns, id, member, stored, now)
        said = {
            "seq": stored.entry.seq,
            "message_id": message_id,
            "reason": reason,
            "actor": actor,
            "key": idempotency_key,
        }
        body = Body(f"reversal:{stored.entry.seq}", said)
        brought = await _brought(tx, turns, id, undoing)
        appended = turns[id].append(member, Kind.REVERSAL, now, now, stored.entry.name, body, undoing)
        turns.remember(key, appended.entry.seq)
        if brought is not None:
            _withdraw(turns, id, brought, actor, now)
        await turns.save()
        decision = appended.decision
        return _told(message_id, appended.entry.seq, decision.record, decision.transfers, undoing)

    return await database.write(work)


async def _undoing(
    tx: Transaction, turns: Turns, company_id: int, name: str, stored: Stored, now: int
) -> Undone:
    """What is to be undone, with what launches of quests made of it: also one that counts the member's past right
    before the reversal."""
    turn = turns[company_id]
    member = turn.member(name)
    seq = stored.entry.seq
    newest = member.state.last_seq if counted_after(member.state, seq) else 0
    turn.bring_up_to(member, now)
    undoing = await undone(tx, company_id, stored, newest)
    return replace(undoing, launches=(*undoing.launches, *turn.launches(member, seq)))


class Brought(Struct, frozen=True):
    """What an event brought to whoever had invited the member."""

    inviter: str
    undoing: Undone


async def _brought(tx: Transaction, turns: Turns, company_id: int, undoing: Undone) -> Brought | None:
    led = undoing.record.led
    if led is None or not led.active:
        return None
    found = await load_entry(tx, company_id, await find_brought(tx, company_id, undoing.entry.member))
    if found is None or found.entry.body.data["active"] != undoing.entry.seq:
        return None  # another event made the member active since
    name = await external_id_of(tx, company_id, led.by)
    await turns.load([(company_id, name)], [])
    return Brought(name, await undone(tx, company_id, found))


def _withdraw(turns: Turns, company_id: int, brought: Brought, actor: str, now: int) -> None:
    """The words are the colleague's: of those nothing stays when they are erased."""
    seq = brought.undoing.entry.seq
    message = f"reversal:{seq}"
    body = Body(message, {"seq": seq, "reason": "", "actor": actor})
    appended = turns[company_id].append(brought.inviter, Kind.REVERSAL, now, now, "", body, brought.undoing)
    turns.remember((company_id, NO_DAY, message_hash(message)), appended.entry.seq)


def _told(
    message_id: str, seq: int, record: Record, transfers: tuple[Transfer, ...], undoing: Undone
) -> Reversal:
    made, first = undoing.program, undoing.record
    rules = made.rules_considered(undoing.entry.name, first.occasions) if made else ()
    return Reversal(seq, message_id, effects(record, transfers, rules, made.program if made else None))
