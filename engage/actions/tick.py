"""Telling members the time: the ticks that are due, for those who do nothing themselves.

Owns finding them, in small transactions. Whoever acts is brought up to date by their own entry (`Turn.bring_up_to`), so
any number of schedulers, late or at once, come to the same log: what one has told leaves nothing for the other.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from msgspec import Struct

from engage.actions.turns import Turn, Turns, program_version
from engage.core.agenda import keeps_time
from engage.core.calendar import DAY, local_day_hour, utc_day
from engage.store.agenda import (
    insert_agenda,
    insert_timetable,
    load_due_companies,
    load_due_members,
    load_timetables,
)
from engage.store.companies import HOST, company_id, current_programs, name_companies, newest_version
from engage.store.database import Database
from engage.store.members import list_members
from engage.store.statements import Transaction

MEMBERS_PER_TRANSACTION: Final = 500
PASTS_PER_TRANSACTION: Final = 25
"""Where the whole past of each may have to be read."""
COMPANIES_PER_READ: Final = 1000


class Ticked(Struct):
    """What one run did."""

    companies: int = 0
    members: int = 0
    """How often a member was brought up to date."""
    renewed: int = 0
    """Companies whose agenda was made anew for another program."""


class Timekeeper:
    """Remembers, between two runs, which publication it has seen."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._seen: int | None = None

    async def run(self, clock: Callable[[], int]) -> Ticked:
        """Append every tick that is due. `clock` tells the time in microseconds UTC."""
        done = Ticked()
        async with self.database.read() as s:
            newest = await newest_version(s)
        if newest != self._seen:
            await self._renew_all(clock, done)
            self._seen = newest
        async with self.database.read() as s:
            # Tomorrow has begun somewhere: each company is asked for its own day.
            due = await load_due_companies(s, utc_day(clock() + DAY))
        for id in due:
            members = await _tell(self.database, id, clock)
            done.members += members
            done.companies += bool(members)
        return done

    # --- another program, another agenda ---

    async def _renew_all(self, clock: Callable[[], int], done: Ticked) -> None:
        after = HOST
        while True:
            async with self.database.read() as s:
                ids = [id for id, _ in await name_companies(s, after, COMPANIES_PER_READ)]
                if not ids:
                    return
                versions = await current_programs(s, ids)
                made_by = await load_timetables(s, ids)
            after = ids[-1]
            for id in ids:
                if versions[id] != made_by.get(id, 0):
                    await self._renew(id, made_by.get(id, 0), clock)
                    done.renewed += 1

    async def _renew(self, company_id: int, before: int, clock: Callable[[], int]) -> None:
        """Make the agenda of all the company's members, unless neither program keeps one."""
        after: int | None = 0
        while after is not None:
            after = await self._renew_some(company_id, before, after, clock())

    async def _renew_some(self, company_id: int, before: int, after: int, now: int) -> int | None:
        """Those above number `after`; up to whom that was, or None when there are no more."""

        async def work(tx: Transaction) -> int | None:
            turns = Turns(tx)
            await turns.take([company_id])
            turn = turns[company_id]
            members = []
            if await self._keeps_time(turn, before) and turn.head.state.members:
                turn.adopt_program(now)
                members = await list_members(tx, company_id, after, MEMBERS_PER_TRANSACTION)
            agenda = [(company_id, number, turn.next_due(state)) for number, _, state in members]
            more = len(members) == MEMBERS_PER_TRANSACTION
            made = [] if more else [insert_timetable(company_id, turn.program_id)]
            await tx.insert([insert_agenda(agenda), *made], scope=[company_id])
            await turns.save()
            return members[-1][0] if more else None

        return await self.database.write(work)

    async def _keeps_time(self, turn: Turn, before: int) -> bool:
        """Whether something can await members now, or could by the program that the agenda was made by."""
        old = await program_version(before)
        known = [program for program in (turn.program, old) if program is not None]
        return any(keeps_time(program) or program.recounts for program in known)


async def tell_what_is_due(database: Database, company: str | None, now: int) -> None:
    """Tell the members of a company, or of all that follow the host's default (None), what is due to them by the
    version in force: by the next one, midnights before its own did not happen."""
    day = utc_day(now + DAY)
    async with database.read() as s:
        if company is None:
            due = await load_due_companies(s, day)
            versions = await current_programs(s, [HOST, *due])
            due = [id for id in due if versions[id] == versions[HOST]]
        else:
            known = await company_id(company)
            due = await load_due_companies(s, day, [known]) if known is not None else []
    for id in due:
        await _tell(database, id, lambda: now)


async def _tell(database: Database, id: int, clock: Callable[[], int]) -> int:
    """Bring all of a company's members up to date to whom a tick is due; how many had waited."""
    found, members = 1, 0
    while found:
        found, told = await _tell_some(database, id, clock())
        members += told
    return members


async def _tell_some(database: Database, id: int, now: int) -> tuple[int, int]:
    """Bring some of a company's members up to date: how many the agenda named, and how many had waited."""

    async def work(tx: Transaction) -> tuple[int, int]:
        turns = Turns(tx)
        await turns.take([id])
        turn = turns[id]
        today, _ = local_day_hour(now, turn.head.state.timezone)
        most = MEMBERS_PER_TRANSACTION
        if turn.program is not None and turn.program.recounts:
            most = PASTS_PER_TRANSACTION
        due = await load_due_members(tx, id, today, most)
        await turns.load([(id, name) for _, name in due], [])
        members = [turn.member(name) for _, name in due]
        # Where the agenda is not what the state says, it is mended: else they would be found again and again.
        idle = [member for member in members if not turn.bring_up_to(member, now)]
        rows = [(id, member.number, turn.next_due(member.state)) for member in idle]
        await tx.insert([insert_agenda(rows)], scope=[id])
        await turns.save()
        return len(due), len(due) - len(idle)

    return await database.write(work)
