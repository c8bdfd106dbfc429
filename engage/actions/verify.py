"""Verifying: replay each company's log and compare everything with what is stored.

Nothing stored is trusted but the entries themselves: each is decided again by its program version, and its decision
and transfers must come out the same; the chain must link; and the state folded from them must equal the stored one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import Struct

from engage.actions.adjust import NO_DAY
from engage.actions.turns import program_version, undone
from engage.core.calendar import utc_day
from engage.core.call import message_hash
from engage.core.chain import GENESIS, Item, link
from engage.core.compiled import CompiledProgram
from engage.core.decide import decide
from engage.core.decisions import encode_record
from engage.core.event import Entry, Kind
from engage.core.fold import fold
from engage.core.ledger import ACTIVE, account, owner, place
from engage.core.state import CompanyState, DayRollup, MemberState, merge_days
from engage.errors import EngageError, NotFound
from engage.store.companies import company_id as find_company_id
from engage.store.companies import name_companies
from engage.store.database import Database
from engage.store.log import (
    Head,
    MessageKey,
    Stored,
    count_messages,
    count_strays,
    load_days,
    load_entries,
    load_entry,
    load_heads,
    load_links,
    load_messages,
)
from engage.store.members import every_member
from engage.store.statements import Statements

ENTRIES_PER_READ = 2000
COMPANIES_PER_READ = 200
EVERY_DAY = (0, 4_000_000)
DIFFERENCE_CHARS_MAX = 2000


class Verified(Struct):
    """What was replayed, and the first difference, in words, or None when all agrees."""

    companies: int = 0
    entries: int = 0
    transfers: int = 0
    difference: str | None = None


class Difference(Exception):
    """Carries the first disagreement out of the replay."""


async def verify(
    database: Database, *, company: str | None = None, progress: Callable[[int], None] = lambda entries: None
) -> Verified:
    """Replay one company, or all. `progress` is told how many entries were replayed since it was last called."""
    done = Verified()
    async with database.read() as s:
        companies = await _companies(s, company)
    try:
        for id, external_id in companies:
            # A snapshot, so that what is accepted meanwhile is no difference; for each company one, to be brief.
            async with database.snapshot() as s:
                await Replay(s, id, external_id, done, progress).run()
            done.companies += 1
    except Difference as difference:
        done.difference = str(difference)
    return done


async def _companies(s: Statements, company: str | None) -> list[tuple[int, str]]:
    if company is not None:
        id = await find_company_id(company)
        if id is None:
            raise NotFound(f"company {company!r} is not known")
        return [(id, company)]
    found: list[tuple[int, str]] = []
    while page := await name_companies(s, found[-1][0] if found else 0, COMPANIES_PER_READ):
        found += page
    return found


class Replay:
    """One company's log, replayed from its first entry up to the head it had when the replay began."""

    def __init__(
        self, s: Statements, id: int, name: str, done: Verified, progress: Callable[[int], None]
    ) -> None:
        self.s = s
        self.id = id
        self.name = name
        self.done = done
        self.progress = progress
        self.company = CompanyState()
        self.members: dict[int, MemberState] = {}
        self.rollups: dict[int, DayRollup] = {}
        self.balances: dict[tuple[int, str], int] = {}
        self.commit: list[Item] = []
        self.commit_rollups: dict[int, DayRollup] = {}
        self.messages = 0

    async def run(self) -> None:
        try:
            await self._run()
        except (Difference, EngageError):
            raise
        except Exception as error:  # whatever damaged bytes break is a difference, not a crash
            what = f"{self.name}: what is stored after entry {self.company.last_seq} cannot be replayed"
            raise Difference(f"{what}: {type(error).__name__}: {error}"[:DIFFERENCE_CHARS_MAX]) from error

    async def _run(self) -> None:
        head = (await load_heads(self.s, [self.id]))[self.id]
        links = await load_links(self.s, self.id)
        chain, seq, last_of_commit = GENESIS, 0, iter(links)
        number, last_seq, expected = next(last_of_commit, (0, 0, GENESIS))
        while stored := await load_entries(self.s, self.id, seq, min(seq + ENTRIES_PER_READ, head.seq)):
            for item in stored:
                self._same("the entries are not numbered without a gap", item.entry.seq, seq + 1)
                seq = item.entry.seq
                await self._replay(item)
                if seq == last_seq:
                    chain = link(chain, self.commit)
                    self._same(f"link {number} of the chain differs", expected, chain)
                    self._close_commit()
                    number, last_seq, expected = next(last_of_commit, (number, last_seq, chain))
            await self._compare_messages(stored)
            self.progress(len(stored))
        self._same("the log ends before its head", head.seq, seq)
        self._same("the head's hash is not that of the last link", head.chain, chain)
        self._same(
            "the links are not numbered without a gap", [n for n, _, _ in links], [*range(1, head.links + 1)]
        )
        self._same(
            "entries or transfers stand outside the log", await count_strays(self.s, self.id, head.seq), 0
        )
        self._same(
            "the number of known messages differs", await count_messages(self.s, self.id), self.messages
        )
        await self._compare(head)

    async def _compare_messages(self, stored: Sequence[Stored]) -> None:
        """Every message that was accepted is known, so that none can be accepted again."""
        keys = {
            _message_key(self.id, item.entry): item.entry.seq for item in stored if item.entry.body.message_id
        }
        known = await load_messages(self.s, sorted(keys), [self.id])
        for key, seq in keys.items():
            self._same(f"the message of entry {seq} is not known by it", known.get(key, (0, 0))[0], seq)
        self.messages += len(keys)

    async def _replay(self, stored: Stored) -> None:
        entry = stored.entry
        program: CompiledProgram | None = await program_version(entry.program)
        member = self.members.setdefault(entry.member, MemberState()) if entry.member else MemberState()
        undoing = None
        if entry.kind == Kind.REVERSAL:
            reversed_entry = await load_entry(self.s, self.id, entry.body.data["seq"])
            if reversed_entry is None:
                raise Difference(f"{self.name}: entry {entry.seq} undoes an entry that is not there")
            undoing = await undone(reversed_entry)
        self._same(f"entry {entry.seq} names another previous entry", entry.previous, member.last_seq)
        decision = decide(program, self.company, member, entry, undoing)
        record = encode_record(decision.record)
        self._same(f"entry {entry.seq} was decided otherwise", stored.decision, record)
        self._same(f"entry {entry.seq} has other transfers", stored.transfers, decision.transfers)
        rollup = self.commit_rollups.setdefault(entry.day, DayRollup())
        fold(program, self.company, member, rollup, entry, decision)
        self.commit.append((entry, record, decision.transfers))
        for transfer in stored.transfers:
            for number, change in ((transfer.source, -transfer.amount), (transfer.target, transfer.amount)):
                key = (number, transfer.currency)
                self.balances[key] = self.balances.get(key, 0) + change
        self.done.entries += 1
        self.done.transfers += len(stored.transfers)

    def _close_commit(self) -> None:
        for day, more in self.commit_rollups.items():
            merge_days(self.rollups.setdefault(day, DayRollup()), more)
        self.commit, self.commit_rollups = [], {}

    async def _compare(self, head: Head) -> None:
        """The stored state beside the replayed one, and every balance beside the fold of its transfers."""
        self._same("the company's state differs", head.state, self.company)
        count = 0
        async for number, external_id, state in every_member(self.s, self.id):
            count += 1
            self._same(f"the state of member {external_id!r} differs", state, self.members.get(number))
            for currency, wallet in state.wallets.items():
                folded = self.balances.pop((account(number, ACTIVE), currency), 0)
                self._same(f"the {currency} balance of member {external_id!r} differs", wallet.active, folded)
                lots = sum(units for _, units in wallet.lots)
                self._same(
                    f"the {currency} lots of member {external_id!r} differ", lots, max(wallet.active, 0)
                )
        self._same("the number of members differs", count, len(self.members))
        for (number, currency), balance in self.balances.items():
            if owner(number) and place(number) == ACTIVE and balance:
                raise Difference(
                    f"{self.name}: member number {owner(number)} has no {currency} wallet for {balance}"
                )
        self._same("the daily rollups differ", await load_days(self.s, self.id, *EVERY_DAY), self.rollups)

    def _same(self, what: str, stored: object, replayed: object) -> None:
        if stored != replayed:
            words = f"{self.name}: {what}: stored {stored!r}, replayed {replayed!r}"
            raise Difference(words[:DIFFERENCE_CHARS_MAX])


def _message_key(company_id: int, entry: Entry) -> MessageKey:
    """The key an entry was accepted under: a message's own day, or the corrections'."""
    body, day = entry.body, NO_DAY
    if entry.kind <= Kind.ALIAS:
        day = 0 if body.original_at is None else utc_day(body.original_at)
    return company_id, day, message_hash(body.message_id)
