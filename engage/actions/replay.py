"""Replaying one company's log, from its first entry or from its newest checkpoint, and comparing with what is stored.

Owns what is decided again, what is only checked against the chain, and what is compared. The entries after the
checkpoint are decided again. Those before it are checked against the chain as far as they are there; where they are
archived the links, transfers and known messages they left must be those that the checkpoint's hash covers. Memory
does not grow with the log, nor much with the members.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final, Protocol

from msgspec import Struct

from engage.actions.adjust import NO_DAY
from engage.actions.history import Recount
from engage.actions.replay_compare import compare_agenda, compare_members, compare_standings
from engage.actions.replay_listed import Listed
from engage.actions.replayed_members import BALANCES, Members
from engage.actions.turns import program_version, undone
from engage.core.calendar import utc_day
from engage.core.call import message_hash
from engage.core.chain import GENESIS, Item, link
from engage.core.checkpoint import Checkpoint, Of, Rows, checkpoint_hash, state_hash, state_items
from engage.core.checkpoint import said as checkpoint_said
from engage.core.decide import decide
from engage.core.decisions import checkpoint_record, encode_record
from engage.core.event import ACTIVITY, SEMANTICS, Body, Entry, Kind
from engage.core.fold import fold
from engage.core.history import counted_after
from engage.core.ledger import TRANSIT, owner, place
from engage.core.program import canonical_hash
from engage.core.referral import BRING
from engage.core.state import (
    DayRollup,
    MemberState,
    add_to,
    decode_company,
    decode_day,
    decode_member,
    first_state,
    merge_days,
)
from engage.errors import Conflict, EngageError
from engage.store.archived import files_hash, load_files, moments_hash
from engage.store.checkpoints import (
    count_messages,
    count_strays,
    load_checkpoints,
    load_items,
    load_links,
    load_transfers,
    messages_hash,
)
from engage.store.companies import HOST, load_published
from engage.store.erasing import list_erased
from engage.store.log import (
    Head,
    MessageKey,
    Stored,
    load_days,
    load_entry,
    load_entry_rows,
    load_heads,
    load_messages,
    with_transfers,
)
from engage.store.programs import owner_of_version
from engage.store.statements import Row, Statements

ENTRIES_PER_READ: Final = 2000
LINKS_PER_READ: Final = 2000
NAMED: Final = ACTIVITY | {Kind.REVERSAL}
"""The kinds that have a name. A reversal has that of what it undoes."""
EVERY_DAY: Final = (0, 4_000_000)
DIFFERENCE_CHARS_MAX: Final = 2000


class Replayed(Struct):
    """What was replayed, of all companies so far."""

    entries: int = 0
    """Decided again."""
    transfers: int = 0
    chained: int = 0
    """Entries before a checkpoint that were only checked against the chain."""
    archived: int = 0
    """Entries that are not there, but in the archive."""
    uncounted: int = 0
    """Pasts that launches of quests counted, and that were not counted again: some of each is archived."""


class Difference(Exception):
    """Carries the first disagreement out of the replay."""


class ArchivedLog(Protocol):
    """A company's archived entries, read back from files."""

    def rows(self, after: int, last: int) -> list[Row]:
        """ENTRY_COLUMNS of those above `after` up to `last`, in order. Asked for in order."""

    def row(self, seq: int) -> Row | None: ...


class Replay:
    """One company's log. `open` it, `advance` it as far as wanted, in any number of steps, and `compare`."""

    def __init__(
        self,
        id: int,
        name: str,
        done: Replayed,
        progress: Callable[[int], None] = lambda entries: None,
        *,
        from_start: bool = False,
        archive: ArchivedLog | None = None,
    ) -> None:
        self.id = id
        self.name = name
        self.done = done
        self.progress = progress
        self.from_start = from_start
        self.archive = archive
        self.seq = 0
        self.number = 0
        """How many links were followed, and up to which entry."""
        self.chain = GENESIS
        self.semantics = SEMANTICS
        """The rules that decided the entries that follow."""
        self.company = first_state()
        self.members = Members()
        self.rollups: dict[int, DayRollup] = {}
        self.messages = 0
        self.transit: dict[str, int] = {}
        """Currency -> units of gifts that were given and not received."""
        self.owed: set[tuple[int, int]] = set()
        """(inviter, entry that made a colleague of theirs active) of those not told yet that it did, or was undone."""
        self.recount = Recount()
        self.listed = Listed(self)
        self.transfers = Rows()
        self.link_rows = Rows()
        self.checkpoints: dict[int, Checkpoint] = {}
        """By the seq of their CHECKPOINT entry."""
        self.base: Checkpoint | None = None
        """Where deciding again begins; None: at the first entry."""
        self._newest: Checkpoint | None = None
        self._due: list[Checkpoint] = []
        """The checkpoints not yet reached, oldest first."""

    def close(self) -> None:
        self.members.close()

    async def open(self, s: Statements) -> None:
        """Look at the company's checkpoints."""
        with self._told():
            self.checkpoints = dict(await load_checkpoints(s, self.id))
            before = GENESIS
            for entry, checkpoint in self.checkpoints.items():
                self.same(f"checkpoint {entry} follows another", checkpoint.previous, before)
                before = checkpoint_hash(checkpoint)
                self._newest = checkpoint
            self._due = sorted(self.checkpoints.values(), key=lambda checkpoint: checkpoint.seq)
            self.base = None if self.from_start else self._newest
            if self._due:
                self.semantics = self.company.semantics = self._due[0].decided_by
            others = [one.seq for one in self._due if one.decided_by != SEMANTICS]
        if self.from_start and others:
            words = f"entries up to {max(others)} of {self.name} were decided by the rules of another release"
            raise Conflict(f"{words}; only that one can decide them again")
        if self.from_start and await list_erased(s, self.id):
            words = f"members of {self.name} were erased, and what they did cannot be decided again"
            raise Conflict(f"{words}; verify from the newest checkpoint, which was taken with it")

    def _told(self) -> _Told:
        return _Told(self)

    @property
    def archived(self) -> int:
        """Entries up to this one may be gone."""
        return self._newest.archived if self._newest else 0

    @property
    def deciding(self) -> bool:
        return self.base is None or self.seq >= self.base.seq

    async def head(self, s: Statements) -> Head:
        with self._told():
            return (await load_heads(s, [self.id]))[self.id]

    # --- following the log ------------------------------------------------------------------------------

    async def advance(self, s: Statements, last: int) -> None:
        """Follow the log up to entry `last`, or to where its links end."""
        with self._told():
            while self.seq < last:
                links = await load_links(s, self.id, self.number, LINKS_PER_READ)
                within = [one for one in links if one[1] <= last]
                for some in self._some(within):
                    await self._follow(s, some)
                if len(within) < LINKS_PER_READ:
                    break

    def _some(self, links: Sequence[tuple[int, int, bytes]]) -> Iterator[list[tuple[int, int, bytes]]]:
        """Links whose entries are read at once: a bounded number, and no checkpoint between two of them."""
        some: list[tuple[int, int, bytes]] = []
        for one in links:
            some.append(one)
            ends = self._due and one[1] >= self._due[0].seq
            if ends or one[1] - self.seq >= ENTRIES_PER_READ:
                yield some
                some = []
        if some:
            yield some

    async def _follow(self, s: Statements, links: Sequence[tuple[int, int, bytes]]) -> None:
        first, last = self.seq, links[-1][1]
        transfers = await load_transfers(s, self.id, first, last)
        rows = await self._rows(s, first, last)
        stored = with_transfers(rows, (row[:1] + row[2:] for row in transfers))
        self.transfers.add(transfers)
        self._fold_transfers(transfers)
        self.link_rows.add(links)
        start = 0
        for number, last_seq, expected in links:
            self.same("the links are not numbered without a gap", number, self.number + 1)
            if last_seq <= self.seq:
                raise self.difference(f"link {number} reaches no further than the one before it")
            end = start
            while end < len(stored) and stored[end].entry.seq <= last_seq:
                end += 1
            await self._commit(s, number, last_seq, expected, stored[start:end])
            start = end
        await self._compare_messages(s, stored)
        await self.listed.compare(s, stored)
        self.progress(last - first)
        if self._due and self.seq >= self._due[0].seq:
            await self._reach(s, self._due.pop(0))

    async def _rows(self, s: Statements, after: int, last: int) -> list[Row]:
        if self.archive is None or after >= self.archived:
            return await load_entry_rows(s, self.id, after, last)
        rows = self.archive.rows(after, min(last, self.archived))
        return rows + await load_entry_rows(s, self.id, max(after, self.archived), last)

    async def _commit(
        self, s: Statements, number: int, last_seq: int, expected: bytes, stored: Sequence[Stored]
    ) -> None:
        """Follow one link: its entries are all there, or archived and all gone."""
        if not stored and last_seq <= self.archived and not self.deciding:
            self.done.archived += last_seq - self.seq
            self.listed.pass_over(last_seq)
            self.chain = expected
        else:
            items = await self._items(s, stored, last_seq)
            self.same(f"link {number} of the chain differs", expected, link(self.chain, items))
            self.chain = expected
        self.number, self.seq = number, last_seq

    async def _items(self, s: Statements, stored: Sequence[Stored], last_seq: int) -> list[Item]:
        if self.deciding:
            self.same(f"entry {last_seq} was decided by other rules", self.semantics, SEMANTICS)
        seq, items = self.seq, list[Item]()
        rollups: dict[int, DayRollup] = {}
        self.recount.begin()
        for one in stored:
            seq += 1
            self.same("the entries are not numbered without a gap", one.entry.seq, seq)
            if one.entry.kind == Kind.CHECKPOINT:
                self._compare_entry(one)
            if one.entry.name and one.entry.kind not in NAMED:
                raise self.difference(f"entry {seq} has no name of its own, and {one.entry.name!r} is stored")
            record = await self._decide(s, one, rollups) if self.deciding else one.decision
            items.append((one.entry, record, one.transfers))
        self.same("the entries are not numbered without a gap", seq, last_seq)
        self.same("inviters were not told of their colleagues", set(), self.owed)
        for day, more in rollups.items():
            merge_days(self.rollups.setdefault(day, DayRollup()), more)
        if self.deciding:
            self.done.entries += len(stored)
        else:
            self.done.chained += len(stored)
        return items

    async def _decide(self, s: Statements, stored: Stored, rollups: dict[int, DayRollup]) -> bytes:
        """Decide an entry again and fold it; its decision as it is to be stored."""
        program = await program_version((entry := stored.entry).program)
        member = self.members.state(entry.member) if entry.member else MemberState()
        undoing, archived = None, self.archive.row if self.archive else None
        if entry.kind == Kind.REVERSAL:
            stored_then = await self._undone(s, entry)
            undone_name = stored_then.entry.name
            self.same(f"entry {entry.seq} names another event than it undoes", entry.name, undone_name)
            newest = entry.previous if counted_after(member, stored_then.entry.seq) else 0
            undoing = await undone(s, self.id, stored_then, newest, archived)
        self.same(f"entry {entry.seq} names another previous entry", entry.previous, member.last_seq)
        self.recount.note(program, self.company, member, entry)
        if entry.kind == Kind.HISTORY and self.archive is None and self.company.archived < self.archived:
            self.done.uncounted += 1
        elif entry.kind == Kind.HISTORY:
            who = (self.id, self.company, member)
            past = await self.recount.said(s, program_version, program, *who, entry, archived)
            self.same(f"entry {entry.seq} counts another past", entry.body.data, past)
        decision = decide(program, self.company, member, entry, undoing)
        record = encode_record(decision.record)
        self.same(f"entry {entry.seq} was decided otherwise", stored.decision, record)
        self.same(f"entry {entry.seq} has other transfers", stored.transfers, decision.transfers)
        fold(program, self.company, member, rollups.setdefault(entry.day, DayRollup()), entry, decision)
        if (led := decision.record.led) is not None and led.active:
            self.owed.add((led.by, entry.body.data["seq"] if undoing else entry.seq))
        if entry.kind == Kind.REFERRAL and entry.body.data["step"] == BRING:
            self._settle_owed(entry, entry)
        elif undoing is not None and undoing.entry.kind == Kind.REFERRAL:
            self._settle_owed(entry, undoing.entry)
        return record

    def _settle_owed(self, entry: Entry, brought: Entry) -> None:
        """An inviter is brought something, or it is taken back, by what a colleague did in the same commit alone."""
        key = (entry.member, brought.body.data["active"])
        self.same(f"entry {entry.seq} belongs to nothing that happened", key in self.owed, True)
        self.owed.discard(key)

    async def _undone(self, s: Statements, entry: Entry) -> Stored:
        seq = entry.body.data["seq"]
        found = await load_entry(s, self.id, seq)
        row = self.archive.row(seq) if found is None and self.archive is not None else None
        if row is not None:
            transfers = await load_transfers(s, self.id, seq - 1, seq)
            [found] = with_transfers([row], (one[:1] + one[2:] for one in transfers))
        if found is None:
            raise self.difference(f"entry {entry.seq} undoes an entry that is not there")
        return found

    def _fold_transfers(self, transfers: Sequence[Row]) -> None:
        for _, _, currency, source, target, amount, _ in transfers:
            for account, change in ((source, -amount), (target, amount)):
                if owner(account) and place(account) in BALANCES:
                    kept = self.members.of(owner(account))
                    balances = kept.balances.setdefault(place(account), {})
                    balances[currency] = balances.get(currency, 0) + change
                elif account == TRANSIT:
                    add_to(self.transit, currency, change)
        self.done.transfers += len(transfers)

    async def _compare_messages(self, s: Statements, stored: Sequence[Stored]) -> None:
        """Every message that was accepted is known, so that none can be accepted again."""
        keys = {
            _message_key(self.id, one.entry): one.entry.seq for one in stored if one.entry.body.message_id
        }
        known = await load_messages(s, sorted(keys), [self.id])
        for key, seq in keys.items():
            by, digest = known.get(key, (0, 0))
            self.same(f"the message of entry {seq} is not known by it", by, seq)
            if key[1] == NO_DAY:
                self.same(f"engage_message has a digest of entry {seq}, which no call made", digest, 0)
        if self.deciding:
            self.messages += len(keys)

    # --- checkpoints ------------------------------------------------------------------------------------

    def _compare_entry(self, stored: Stored) -> None:
        """A CHECKPOINT entry says of its checkpoint what is stored of it."""
        seq, said = stored.entry.seq, stored.entry.body
        checkpoint = self.checkpoints.get(seq)
        if checkpoint is None:
            raise self.difference(f"what checkpoint {seq} covers is not there")
        record = encode_record(checkpoint_record(checkpoint_hash(checkpoint)))
        self.same(f"checkpoint {seq} differs from its hash in the log", record, stored.decision)
        self.same(
            f"entry {seq} says otherwise of its checkpoint", said, Body("", checkpoint_said(checkpoint))
        )

    async def _reach(self, s: Statements, checkpoint: Checkpoint) -> None:
        """The log stands where a checkpoint was taken: all it covers must be as it was."""
        what = f"at the checkpoint of entry {checkpoint.seq}"
        self.same(f"{what} another entry ends a commit", self.seq, checkpoint.seq)
        self.same(
            f"the links up to {what} differ", (self.number, self.chain), (checkpoint.links, checkpoint.chain)
        )
        self.same(f"the links up to {what} differ", self.link_rows.digest(), checkpoint.link_rows)
        self.same(f"the transfers up to {what} differ", self.transfers.digest(), checkpoint.transfers)
        if checkpoint is self.base:
            await self._load(s, checkpoint, what)
        elif self.deciding:
            items = state_items(self.company, self.rollups, self.members.states())
            self.same(f"the state {what} differs", checkpoint.state, state_hash(items))
        self.semantics = checkpoint.semantics
        if checkpoint is self._newest:
            await self._compare_kept(s, checkpoint, what)

    async def _load(self, s: Statements, checkpoint: Checkpoint, what: str) -> None:
        rows = Rows()
        async for items in load_items(s, self.id, checkpoint.kept_as):
            rows.add((item.of, item.key, item.document) for item in items)
            for item in items:
                if item.of == Of.COMPANY:
                    self.company = decode_company(item.document)
                elif item.of == Of.DAY:
                    self.rollups[item.key] = decode_day(item.document)
                else:
                    self.members.of(item.key).state = decode_member(item.document)
        self.same(f"the state {what} differs", rows.digest(), checkpoint.state)
        self.messages = checkpoint.messages

    async def _compare_kept(self, s: Statements, checkpoint: Checkpoint, what: str) -> None:
        """What outlives the entries is still what it was."""
        count, hash = await messages_hash(s, self.id, checkpoint.seq)
        stands = (checkpoint.messages, checkpoint.message_rows)
        self.same(f"the messages known {what} differ", (count, hash), stands)
        files = await files_hash(s, self.id)
        self.same(f"the list of archived files {what} differs", files, checkpoint.files)
        moments = await moments_hash(s, self.id, checkpoint.archived)
        self.same(f"the times kept of archived entries {what} differ", moments, checkpoint.moments)

    # --- comparing --------------------------------------------------------------------------------------

    async def compare(self, s: Statements, head: Head) -> None:
        """The stored state beside the replayed one, and every balance beside the fold of its transfers."""
        with self._told():
            self.same("the log ends before its head", head.seq, self.seq)
            self.same("the head's hash is not that of the last link", head.chain, self.chain)
            self.same("the number of links differs", head.links, self.number)
            beyond = await load_links(s, self.id, self.number, 1)
            self.same("there is a link beyond the head", beyond, [])
            for checkpoint in self._due:
                raise self.difference(f"the log does not reach its checkpoint of entry {checkpoint.seq}")
            newest = max(self.checkpoints, default=0)
            self.same("the newest checkpoint is not in the log", newest <= self.seq, True)
            if not self.checkpoints:
                self.same("files are archived without a checkpoint", await load_files(s, self.id), [])
            strays = await count_strays(s, self.id, head.seq)
            self.same("entries or transfers stand outside the log", strays, 0)
            known = await count_messages(s, self.id)
            self.same("the number of known messages differs", known, self.messages)
            self.same("gifts did not arrive", {}, self.transit)
            self.same("the company's state differs", head.state, self.company)
            await compare_members(s, self)
            await self.listed.compare_counts(s)
            in_force = await self._in_force(s, head.seq)
            self.same("the version in force differs", head.program_id, in_force)
            if in_force:
                whose = await owner_of_version(in_force)
                self.same("the version in force is another company's", whose in (HOST, self.id), True)
                published, hash = await load_published(in_force)
                self.same("the program in force has another hash", hash, canonical_hash(published).hex())
            await compare_standings(s, self, await program_version(in_force))
            await compare_agenda(s, self, in_force)
            days = await load_days(s, self.id, *EVERY_DAY)
            self.same("the daily rollups differ", days, self.rollups)

    async def _in_force(self, s: Statements, last: int) -> int:
        """The version by which the last entry was decided."""
        stored = await load_entry(s, self.id, last)
        return stored.entry.program if stored is not None else 0

    def same(self, what: str, stored: object, replayed: object) -> None:
        """Raises Difference, in these words."""
        same(self.name, what, stored, replayed)

    def difference(self, what: str) -> Difference:
        return difference(self.name, what)


def same(company: str, what: str, stored: object, replayed: object) -> None:
    """Raises Difference, in these words."""
    if stored != replayed:
        raise difference(company, f"{what}: stored {stored!r}, replayed {replayed!r}")


def difference(company: str, what: str) -> Difference:
    return Difference(f"{company}: {what}"[:DIFFERENCE_CHARS_MAX])


class _Told:
    """Whatever damaged bytes break is a difference, not a crash."""

    def __init__(self, replay: Replay) -> None:
        self.replay = replay

    def __enter__(self) -> None: ...

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, Exception) and not isinstance(error, Difference | EngageError):
            what = f"what is stored after entry {self.replay.seq} cannot be replayed"
            raise self.replay.difference(f"{what}: {type(error).__name__}: {error}") from error


def _message_key(company_id: int, entry: Entry) -> MessageKey:
    """The key an entry was accepted under: a message's own day, or the corrections'."""
    body, day = entry.body, NO_DAY
    if entry.kind <= Kind.ALIAS:
        day = 0 if body.original_at is None else utc_day(body.original_at)
    return company_id, day, message_hash(body.message_id)
