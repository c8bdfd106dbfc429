"""Backtesting: what a program would have awarded over a recorded period, beside what was awarded. Writes nothing.

Owns which entries the period consists of, and how the answer comes by its members' names. The trial begins with the
state exactly as it stood when the period began, and decides every entry from there to the end of the period in the
order in which they arrived; so a draft backtested is the draft as if it had been published at that moment.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from decimal import Decimal
from operator import itemgetter
from typing import Any

from msgspec import Struct

from engage.actions.history import add_rows
from engage.actions.replay import ArchivedLog
from engage.actions.retelling import ENTRIES_PER_READ, BeforeErasure, Block, Retelling, Told, stretches
from engage.actions.turns import program_version
from engage.actions.verify import Archive, companies_named
from engage.core.backtest import Backtest
from engage.core.backtest_counts import Counts
from engage.core.backtest_people import People
from engage.core.backtest_recorded import Recorded
from engage.core.backtest_report import BacktestReport, report
from engage.core.calendar import midnight
from engage.core.campaign_counters import campaign_budgets
from engage.core.compiled import CompiledProgram
from engage.core.event import Kind, decode_body
from engage.core.history import Tally, awaiting_count
from engage.core.simple_awards import simple_awards
from engage.errors import Archived, InvalidRequest
from engage.store.archived import first_entry, load_files, name_members
from engage.store.checkpoints import load_bodies
from engage.store.database import Database
from engage.store.log import find_period, load_entry, load_entry_rows, load_moves
from engage.store.members import load_company_state
from engage.store.statements import Row, Statements


class Progress(Struct, frozen=True):
    """How far a backtest is: entries gone through, of how many, of the company at hand."""

    company: str
    done: int
    total: int


Watch = Callable[[Progress], object]


class Period(Struct, frozen=True):
    """The entries of one company that a backtest decides by the trial: from the first that was received in the
    period to the last one."""

    first: int
    last: int
    first_at: int
    end_at: int
    awaited: frozenset[int]
    """Entries that are undone later."""


async def backtest(
    database: Database,
    program: CompiledProgram | None,
    *,
    company: str | None,
    first_day: date,
    last_day: date,
    archive: Archive | None = None,
    prices: Mapping[str, Decimal] | None = None,
    watch: Watch = lambda progress: None,
    beside_others: bool = False,
) -> BacktestReport:
    """Try `program` on what one company recorded, or all of them, on the local days `first_day` to `last_day`.

    None tries the versions that were in force, which must give what is recorded. `beside_others`: leave the event
    loop to a service's requests half of the time. To cancel it, cancel the task. Raises NotFound for a company that
    is not known, InvalidRequest for a period that ends before it begins, Archived when it takes archived entries
    and no `archive` is given, and Conflict for a company of whom members were erased since; of all companies these are
    left out.
    """
    if last_day < first_day:
        raise InvalidRequest(f"the period ends on {last_day}, before it begins on {first_day}")
    async with database.read() as s:
        companies = await companies_named(s, company)
    whole = _Whole(database, program, first_day, last_day, archive, watch, beside_others)
    for id, name in companies:
        try:
            await whole.add(id, name)
        except BeforeErasure:
            if company is not None:
                raise
            whole.left_out.append(name)
    return await whole.found({name: id for id, name in companies}, prices or {})


class _Whole:
    """A backtest under way."""

    def __init__(
        self,
        database: Database,
        program: CompiledProgram | None,
        first_day: date,
        last_day: date,
        archive: Archive | None,
        watch: Watch,
        beside_others: bool,
    ) -> None:
        self.database = database
        self.program = program
        self.first_day = first_day
        self.last_day = last_day
        self.archive = archive
        self.watch = watch
        self.beside_others = beside_others
        self.awards = simple_awards(program)
        self.told = Told()
        self.counts = Counts()
        self.people = People(program.program if program is not None else None)
        self.versions: dict[int, CompiledProgram] = {}
        self.companies = 0
        self.left_out: list[str] = []
        """Companies of whom members were erased since the period began."""

    async def add(self, id: int, name: str) -> None:
        """One more company, if anything was received from it in the period."""
        async with self.database.read() as s:
            log = await self._archived_log(s, id, name)
            period = await self._period(s, id, name)
            if period is None:
                return
            retelling = Retelling(id, name, log, self.told)
            await retelling.begin(s, period.first)
        try:
            await self._try(retelling, period)
        finally:
            retelling.close()
        self.companies += 1

    async def _try(self, retelling: Retelling, period: Period) -> None:
        start = retelling.seq
        total = period.last - start
        async for block in retelling.blocks(self.database, period.first - 1):
            async for rows in stretches(block.rows, beside_others=self.beside_others):
                retelling.tell(rows, block)
            self.watch(Progress(retelling.name, retelling.seq - start, total))
        members = retelling.members.__getitem__
        recorded = Recorded(
            self.counts,
            retelling.company.levels,
            members,
            name=retelling.name,
            first_at=period.first_at,
            end_at=period.end_at,
            by_day=self.program is not None and bool(campaign_budgets(self.program.program)),
        )
        test = Backtest(
            self.program,
            self.counts,
            retelling.company,
            members,
            name=retelling.name,
            first_at=period.first_at,
            end_at=period.end_at,
            awaited=period.awaited,
            pasts=await self._pasts(retelling, period),
            awards=self.awards,
        )
        test.expect(retelling.members.in_order())
        async for block in retelling.blocks(self.database, period.last):
            self.versions |= {id: one for id, one in block.programs.items() if one is not None}
            transfers = await self._transfers(retelling.id, block)
            taken = 0
            async for rows in stretches(block.rows, beside_others=self.beside_others):
                until = bisect_right(transfers, rows[-1][0], lo=taken, key=itemgetter(0))
                recorded.add(rows, transfers[taken:until])
                taken = until
                test.add(rows, block.programs, block.undone)
            retelling.seq = block.rows[-1][0]
            self.watch(Progress(retelling.name, retelling.seq - start, total))
        test.finish()
        self.people.stand(retelling.company.levels, recorded.levels)
        self.people.add(retelling.name, retelling.members.in_order())

    async def _pasts(self, retelling: Retelling, period: Period) -> dict[int, dict[str, Any]]:
        """What everybody did before the period, as far as the trial counts that once it is published; as a publication
        does, from what is not archived."""
        first, named = period.first, period.awaited
        program, company, id = self.program, retelling.company, retelling.id
        if program is None or not program.recounts:
            return {}
        tallies: dict[int, Tally] = {}
        async with self.database.read() as s:
            bodies = await load_bodies(s, id, company.archived, Kind.REVERSAL, first - 1)
            undone = {decode_body(body).data["seq"] for body in bodies}
            for after in range(company.archived, first - 1, ENTRIES_PER_READ):
                rows = await load_entry_rows(s, id, after, min(after + ENTRIES_PER_READ, first - 1))
                async for some in stretches(rows, beside_others=self.beside_others):
                    for row in some:
                        if row[9] in program.counting and row[0] not in undone:
                            tally = tallies.get(row[2])
                            if tally is None:
                                state = retelling.members[row[2]].state
                                quests = awaiting_count(program, company, state)
                                tally = tallies[row[2]] = Tally(program, company, state, quests, named)
                            await add_rows(tally, [row], program_version)
        return {number: tally.said() for number, tally in sorted(tallies.items()) if tally.quests}

    async def _transfers(self, id: int, block: Block) -> list[Row]:
        """Those recorded for the entries of a block."""
        async with self.database.read() as s:
            return await load_moves(s, id, block.rows[0][0] - 1, block.rows[-1][0])

    # --- which entries ------------------------------------------------------------------------------------

    async def _archived_log(self, s: Statements, id: int, name: str) -> ArchivedLog | None:
        return self.archive.log(name, await load_files(s, id)) if self.archive is not None else None

    async def _period(self, s: Statements, id: int, name: str) -> Period | None:
        found = await load_company_state(s, id)
        if found is None:
            return None
        state = found[0]
        first_at = midnight(self.first_day.toordinal(), state.timezone)
        end_at = midnight(self.last_day.toordinal() + 1, state.timezone)
        bounds = await find_period(s, id, first_at, end_at)
        seqs = set(bounds or ())
        undone = [decode_body(body).data["seq"] for body in await load_bodies(s, id, 0, Kind.REVERSAL)]
        if await self._begins_archived(s, id, first_at):
            log = await self._archived_log(s, id, name)
            if log is None:
                raise Archived(
                    f"entries up to {state.archived} of {name} are archived, and some of them may be of this "
                    "period; name the folder with --archive"
                )
            for row in _archived_rows(log, state.archived):
                if first_at <= row[5] < end_at:
                    seqs.add(row[0])
                if row[1] == Kind.REVERSAL:
                    undone.append(decode_body(row[10]).data["seq"])
                seqs = {min(seqs), max(seqs)} if seqs else seqs
        if not seqs:
            return None
        return Period(min(seqs), max(seqs), first_at, end_at, frozenset(undone))

    async def _begins_archived(self, s: Statements, id: int, first_at: int) -> bool:
        """Whether entries received in the period may be archived and gone."""
        oldest = await first_entry(s, id)
        if oldest is None or oldest == 1:
            return False
        stored = await load_entry(s, id, oldest)
        return stored is not None and first_at <= stored.entry.received_at

    # --- the answer ---------------------------------------------------------------------------------------

    async def found(self, ids: Mapping[str, int], prices: Mapping[str, Decimal]) -> BacktestReport:
        people = self.people
        wanted: dict[str, set[int]] = {}
        for one in (*people.movers, *(one for best in people.winners.values() for one in best)):
            wanted.setdefault(one.company, set()).add(one.number)
        names: dict[tuple[str, int], str] = {}
        async with self.database.read() as s:
            for company, numbers in wanted.items():
                found = await name_members(s, ids[company], numbers)
                names |= {(company, number): name for number, name in found.items()}
        return report(
            self.counts,
            people,
            names,
            self.program,
            self.versions,
            days=(self.first_day.toordinal(), self.last_day.toordinal()),
            companies=self.companies,
            prices=prices,
            left_out=self.left_out,
        )


def _archived_rows(log: ArchivedLog, last: int) -> Iterable[Row]:
    for after in range(0, last, ENTRIES_PER_READ):
        yield from log.rows(after, min(after + ENTRIES_PER_READ, last))
