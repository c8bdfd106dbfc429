"""Erasing people: what was said of them goes, what is counted of them stays under a number that leads to nobody.

All in one transaction: an entry of the log says that a member was erased, and by whom; their entries, and the rows that
name them, are rewritten; and a checkpoint is taken, since what rested on their properties cannot be decided again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from engage.actions.adjust import NO_DAY
from engage.actions.sealing import seal
from engage.actions.turns import Member, Turn, Turns
from engage.core.call import message_hash
from engage.core.erasure import is_erased, redacted, told_of, without_colleague
from engage.core.event import Body, Kind, decode_body, encode_body
from engage.core.gifts import GIVE
from engage.core.referral import INVITE
from engage.errors import Archived, Conflict, InvalidRequest, NotFound
from engage.store.archived import load_files
from engage.store.companies import HOST, existing_company
from engage.store.database import Database
from engage.store.erasing import (
    BODY,
    drop_rejects,
    entries_back,
    events_called,
    other_side,
    redact_listed,
    redact_notices,
    rename,
    rewrite,
)
from engage.store.log import load_entry
from engage.store.statements import Row, Transaction

UNKNOWN_TOLD: Final = 5
MEMBERS_MAX: Final = 100
"""Of one company at once: each is some work, for which the company waits."""


class Erased(Struct, frozen=True, omit_defaults=True):
    """What was done. Who it was is not said: whoever asked knows."""

    members: int
    entries: int
    """Of theirs, of which nothing but numbers is left."""
    notices: int
    """Dropped from the outbox, sent or not."""
    rejects: int
    """Calls that were refused, dropped."""
    archived: tuple[str, ...]
    """Files of the archive that may hold entries of theirs, and keep them."""
    seq: int = 0
    """Of the first entry of the log that says so; 0 where nothing was done."""
    repeated: bool = False


async def erase(
    database: Database,
    *,
    company: str,
    members: Sequence[str],
    actor: str,
    idempotency_key: str = "",
    rehearse: bool = False,
    now: int,
) -> Erased:
    """Erase members of a company: all who are named, or nobody. `rehearse`: do nothing, and say what would be done.

    Raises NotFound (company, and members who are not known, or not any more), InvalidRequest (too many), Archived, and
    Conflict when the key was used for something else.
    """
    names = list(dict.fromkeys(members))
    if not 0 < len(names) <= MEMBERS_MAX:
        raise InvalidRequest(f"from 1 to {MEMBERS_MAX} members at once")

    async def work(tx: Transaction) -> Erased:
        id = await existing_company(company)
        turns = Turns(tx)
        await turns.take([id])
        # The host's key may say whom it is about.
        message = f"erasure:{message_hash(f'erasure:{idempotency_key}').hex()}" if idempotency_key else ""
        key = (id, NO_DAY, message_hash(message))
        await turns.load([(id, name) for name in names], [key] if message else [])
        unknown = [name for name in names if name not in turns[id].members or is_erased(name)]
        if message and key in turns.known:
            return await _repeated(tx, id, turns.known[key][0], names, unknown)
        if unknown:
            raise _unknown(unknown, company)
        erasing = [_Erasing(tx, id, turns[id], turns[id].member(name)) for name in names]
        for one in erasing:
            turns[id].bring_up_to(one.member, now)
        await turns.save()
        for one in erasing:
            await one.redact()
        done = Erased(
            members=len(names),
            entries=sum(one.entries for one in erasing),
            notices=sum(one.notices for one in erasing),
            rejects=sum(one.rejects for one in erasing),
            archived=tuple(dict.fromkeys(file for one in erasing for file in one.archived)),
        )
        if rehearse:
            raise _Rehearsed(done)
        said = {"actor": "the member" if actor in names else actor} | msgspec.to_builtins(done)
        seqs = [
            turns[id].append(name, Kind.ERASURE, now, now, "", Body(message, said)).entry.seq
            for name in names
        ]
        if message:
            turns.remember(key, seqs[0])
        await turns.save()
        for one in erasing:
            await rename(tx, id, one.member.number, one.member.state)
        await seal(tx, turns[id], now)
        return replace(done, seq=seqs[0])

    try:
        done = await database.write(work)
    except _Rehearsed as rehearsed:
        return rehearsed.would_be
    await database.forget()
    return done


class _Rehearsed(Exception):
    """Ends a transaction of which nothing is to be kept, with what it would have done."""

    def __init__(self, would_be: Erased) -> None:
        super().__init__()
        self.would_be = would_be


async def _repeated(
    tx: Transaction, company_id: int, seq: int, names: Sequence[str], unknown: Sequence[str]
) -> Erased:
    """What the key did before. Whom it named is forgotten, so all that can be told is that none of these is left."""
    stored = await load_entry(tx, company_id, seq)
    if stored is None:
        raise Archived("this Idempotency-Key was used for an erasure that is archived")
    said = {name: value for name, value in stored.entry.body.data.items() if name != "actor"}
    done = msgspec.convert(said | {"seq": seq, "repeated": True}, Erased)
    if (len(names), len(unknown)) != (done.members, done.members):
        raise Conflict("this Idempotency-Key was used for another erasure")
    return done


def _unknown(names: Sequence[str], company: str) -> NotFound:
    told = ", ".join(repr(name) for name in names[:UNKNOWN_TOLD])
    more = f" and {len(names) - UNKNOWN_TOLD} more" if len(names) > UNKNOWN_TOLD else ""
    known = "is not known" if len(names) == 1 else "are not known"
    return NotFound(
        f"member {told}{more} {known} in company {company!r}: never was, or was erased, of which no id is kept"
    )


class _Erasing:
    """One member, within the transaction."""

    def __init__(self, tx: Transaction, id: int, turn: Turn, member: Member) -> None:
        self.tx = tx
        self.id = id
        self.turn = turn
        self.member = member
        self.name = member.external_id
        policy = turn.program.program.referral if turn.program is not None else None
        self.invites = policy.invites if policy is not None else ""
        self.to = policy.to if policy is not None else ""
        self.quoted = msgspec.json.encode(self.name)
        self.entries = self.notices = self.rejects = 0
        self.archived: list[str] = []

    async def redact(self) -> None:
        """All but the external id itself, which goes once the log has said so."""
        for asked in self.member.state.adjustments.values():
            asked.actor = self._other(asked.actor)
        await self._redact_entries()
        if self.invites:
            async for rows in events_called(self.tx, self.id, self.invites):
                await self._rewrite([(row, self._uninvited(row)) for row in rows])
        await redact_listed(self.tx, self.id, self.member.number, self.name)
        self.notices = await redact_notices(self.tx, self.id, self._notice)
        for owner in (self.id, HOST):
            self.rejects += await drop_rejects(self.tx, owner, self._is_refused)

    def _other(self, actor: str) -> str:
        return "" if actor == self.name else actor

    async def _redact_entries(self) -> None:
        oldest = 0
        async for rows in entries_back(self.tx, self.id, self.member.state.last_seq):
            oldest = rows[-1][3]
            bodies: list[tuple[Row, Body]] = []
            for row in rows:
                body = decode_body(row[BODY])
                bodies.append((row, redacted(row[1], row[0], body, self.name)))
                if row[1] == Kind.GIFT:
                    bodies.append(await self._other_side(row[0], body))
                elif row[1] == Kind.REFERRAL and body.data.get("step") == INVITE and body.data["to"]:
                    bodies.append(await self._offer(row[0], body))
            self.entries += await self._rewrite(bodies)
        if oldest:
            files = await load_files(self.tx, self.id)
            self.archived = [file.name for file in files if file.first_seq <= oldest]

    async def _other_side(self, seq: int, body: Body) -> tuple[Row, Body]:
        """The colleague's entry of a gift, without the words that went with it."""
        given = body.data["step"] == GIVE
        colleague = body.data["to" if given else "from"]
        row = await other_side(self.tx, self.id, seq, Kind.GIFT, colleague, after=given)
        other = decode_body(row[BODY])
        data = other.data | {"message": "", "actor": self._other(other.data["actor"])}
        return row, replace(other, data=data)

    async def _offer(self, seq: int, body: Body) -> tuple[Row, Body]:
        """The colleague's entry of an invitation, without who sent it, or by which message."""
        row = await other_side(self.tx, self.id, seq, Kind.REFERRAL, body.data["to"], after=True)
        other = decode_body(row[BODY])
        return row, replace(other, data=other.data | {"actor": ""})

    def _uninvited(self, row: Row) -> Body:
        body = decode_body(row[BODY])
        left = without_colleague(body.data, self.name, self.to)
        return body if left is None else replace(body, data=left)

    async def _rewrite(self, bodies: Sequence[tuple[Row, Body]]) -> int:
        """How many are others than before."""
        encoded = {row[0]: (row, encode_body(body)) for row, body in bodies}
        changed = [one for one in encoded.values() if one[1] != one[0][BODY]]
        await rewrite(self.tx, self.id, changed)
        return len(changed)

    def _notice(self, data: bytes) -> bytes:
        """What is left of the data of a notice; nothing where it is theirs."""
        if self.quoted not in data:
            return data
        said: dict[str, Any] = msgspec.json.decode(data)
        if said.get("member") == self.name:
            return b""
        left = without_colleague(said.get("properties"), self.name, self.to)
        return data if left is None else msgspec.json.encode(said | {"properties": left})

    def _is_refused(self, call: bytes) -> bool:
        """Whether a refused call concerns them. Of a long one the end is not kept: then that it may is enough."""
        if self.quoted not in call:
            return False
        try:
            said: dict[str, Any] = msgspec.json.decode(call)
        except msgspec.DecodeError:
            return True
        return told_of(said, self.name, self.to)
