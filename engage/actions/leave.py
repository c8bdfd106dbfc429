"""A member's leave, which pauses all streaks, and a streak restored: by the host, with a reason and an actor."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from engage.actions.adjust import NO_DAY, REASON_CHARS_MAX
from engage.actions.turns import Turns
from engage.core.call import message_hash
from engage.core.compiled import CompiledProgram
from engage.core.event import Body, Kind
from engage.core.state import MemberState
from engage.errors import Archived, Conflict, InvalidRequest, NotFound
from engage.store.companies import existing_company
from engage.store.database import Database
from engage.store.log import load_entry
from engage.store.statements import Transaction

LEAVE_DAYS_MAX: Final = 366

Left = tuple[MemberState, CompiledProgram]
"""The member as of now, and the program in force."""


async def take_leave(
    database: Database,
    *,
    company: str,
    member: str,
    first: date,
    last: date,
    reason: str,
    actor: str,
    idempotency_key: str,
    now: int,
) -> Left:
    """Pause all of a member's streaks from `first` to `last`, both included; days that have passed are excused.

    Raises NotFound (company, member), InvalidRequest (days, reason), and Conflict when the key was used otherwise.
    """
    if not 0 <= (last - first).days < LEAVE_DAYS_MAX:
        raise InvalidRequest(
            f"to: must be on or after 'from', and at most {LEAVE_DAYS_MAX} days of leave at once"
        )
    said = {"from": first.isoformat(), "to": last.isoformat(), "reason": reason, "actor": actor}
    return await _append(database, company, member, said, idempotency_key, now)


async def restore_streak(
    database: Database,
    *,
    company: str,
    member: str,
    streak: str,
    reason: str,
    actor: str,
    idempotency_key: str,
    now: int,
) -> Left:
    """Excuse what was missed since a member's streak was lost last, so that it goes on; nothing where it was not.

    Raises NotFound (company, member, streak), InvalidRequest (reason), and Conflict when the key was used otherwise.
    """
    said = {"restore": streak, "reason": reason, "actor": actor}
    return await _append(database, company, member, said, idempotency_key, now)


async def _append(
    database: Database, company: str, member: str, said: dict[str, Any], idempotency_key: str, now: int
) -> Left:
    if len(said["reason"]) > REASON_CHARS_MAX:
        raise InvalidRequest(f"reason: at most {REASON_CHARS_MAX} characters")
    assert idempotency_key

    async def work(tx: Transaction) -> Left:
        id = await existing_company(company)
        turns = Turns(tx)
        await turns.take([id])
        turn = turns[id]
        key = (id, NO_DAY, message_hash(f"leave:{idempotency_key}"))
        await turns.load([(id, member)], [key])
        if member not in turn.members:
            raise NotFound(f"member {member!r} is not known in company {company!r}")
        program, found = turn.program, turn.member(member)
        if program is None or not program.program.streaks:
            raise NotFound(f"the program of {company!r} has no streaks")
        if "restore" in said and said["restore"] not in {one.id for one in program.program.streaks}:
            raise NotFound(f"the program of {company!r} has no streak {said['restore']!r}")
        if key in turns.known:
            stored = await load_entry(tx, id, turns.known[key][0])
            if stored is None:
                raise Archived("this Idempotency-Key was used for a leave that is archived")
            if stored.entry.member != found.number or stored.entry.body.data != said:
                raise Conflict("this Idempotency-Key was used for something else")
            return found.state, program
        body = Body(f"leave:{idempotency_key}", said)
        appended = turn.append(member, Kind.LEAVE, now, now, "", body)
        turns.remember(key, appended.entry.seq)
        await turns.save()
        return found.state, program

    return await database.write(work)
