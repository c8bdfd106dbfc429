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
from engage.actions.erase_files import Folder, Rewriting, person_in
from engage.actions.sealing import seal
from engage.actions.turns import Member, Turn, Turns, program_version
from engage.core.call import message_hash
from engage.core.erasure import is_erased, redacted, told_of, without_colleague
from engage.core.event import Body, Kind, decode_body
from engage.core.gifts import GIVE, RECEIVE
from engage.core.referral import INVITE
from engage.errors import Archived, Conflict, InvalidRequest, NotFound
from engage.store.archived import load_files
from engage.store.companies import HOST, current_programs, existing_company
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
from engage.store.log import load_entry, load_members
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
    files: int = 0
    """Of the archive, written anew without them."""
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
    archive: Folder | None = None,
    now: int,
) -> Erased:
    """Erase members of a company: all who are named, or nobody. `rehearse`: do nothing, and say what would be done.
    `archive`: the folder of its archive, to be erased from as well.

    Raises NotFound (company, and members who are not known, or not any more), InvalidRequest (too many), Archived, and
    Conflict when the key was used for something else.
    """
    names = list(dict.fromkeys(members))
    if not 0 < len(names) <= MEMBERS_MAX:
        raise InvalidRequest(f"from 1 to {MEMBERS_MAX} members at once")

    files = await _rewriting(database, archive, company, names) if archive and not rehearse else None

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
        if files is not None:
            await files.take(tx, id, [one.person for one in erasing])
            done = replace(done, archived=(), files=len(files.written))
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
    except (
        Conflict,
        NotFound,
    ):  # of any other error nobody can tell whether it came before the end or after it
        if files is not None:
            files.settle(done=False)
        raise
    if files is not None:
        files.settle(done=not done.repeated)
    await database.forget()
    return done


async def _rewriting(database: Database, folder: Folder, company: str, names: Sequence[str]) -> Rewriting:
    """The files without these members, written beside those that are in force."""
    async with database.read() as s:
        id = await existing_company(company)
        program = await program_version((await current_programs(s, [id]))[id])
        known = await load_members(s, [(id, name) for name in names], [id])
        people = [person_in(program, known[id, name][0], name) for name in names if (id, name) in known]
        found = Rewriting(folder, company, await load_files(s, id), people)
    if len(people) == len(names):  # else the transaction says who is not known
        found.write()
    return found


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
        self.person = person_in(turn.program, member.number, member.external_id)
        self.quoted = msgspec.json.encode(self.person.name)
        self.entries = self.notices = self.rejects = 0
        self.archived: list[str] = []

    async def redact(self) -> None:
        """All but the external id itself, which goes once the log has said so."""
        person = self.person
        for asked in self.member.state.adjustments.values():
            asked.actor = "" if asked.actor == person.name else asked.actor
        await self._redact_entries()
        if person.invites:
            async for rows in events_called(self.tx, self.id, person.invites):
                await self._rewrite(rows)
        await redact_listed(self.tx, self.id, person.number, person.name)
        self.notices = await redact_notices(self.tx, self.id, self._notice)
        for owner in (self.id, HOST):
            self.rejects += await drop_rejects(self.tx, owner, self._is_refused)

    async def _redact_entries(self) -> None:
        oldest = self.member.state.last_seq
        async for rows in entries_back(self.tx, self.id, self.member.state.last_seq):
            oldest = rows[-1][3]
            others = [other for row in rows if (other := await self._other_side(row)) is not None]
            self.entries += await self._rewrite(rows)
            await self._rewrite(others)
        if oldest:
            files = await load_files(self.tx, self.id)
            self.archived = [file.name for file in files if file.first_seq <= oldest]

    async def _other_side(self, row: Row) -> Row | None:
        """The colleague's entry of a gift, or of an invitation."""
        if row[1] not in (Kind.GIFT, Kind.REFERRAL):
            return None
        said = decode_body(row[BODY]).data
        before = said["step"] == RECEIVE
        colleague = said["from"] if before else said.get("to") if said["step"] in (GIVE, INVITE) else None
        if not colleague:
            return None
        return await other_side(self.tx, self.id, row[0], row[1], colleague, after=not before)

    async def _rewrite(self, rows: Sequence[Row]) -> int:
        """How many are others than before."""
        bodies = [(row, redacted(self.person, row)) for row in rows]
        changed = [one for one in bodies if one[1] != one[0][BODY]]
        await rewrite(self.tx, self.id, changed)
        return len(changed)

    def _notice(self, data: bytes) -> bytes:
        """What is left of the data of a notice; nothing where it is theirs."""
        if self.quoted not in data:
            return data
        said: dict[str, Any] = msgspec.json.decode(data)
        if said.get("member") == self.person.name:
            return b""
        left = without_colleague(said.get("properties"), self.person.name, self.person.to)
        return data if left is None else msgspec.json.encode(said | {"properties": left})

    def _is_refused(self, call: bytes) -> bool:
        """Whether a refused call concerns them. Of a long one the end is not kept: then that it may is enough."""
        if self.quoted not in call:
            return False
        try:
            said: dict[str, Any] = msgspec.json.decode(call)
        except msgspec.DecodeError:
            return True
        return told_of(said, self.person.name, self.person.to)
