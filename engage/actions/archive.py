"""Archiving: entries past a horizon go into files, one per company and month, and are then dropped.

For each company in this order, so that a command that is killed anywhere is simply run again: replay it, for only what
agrees may be let go; write the files, whole and synced; take a checkpoint that says which files there are and up to
which entry; drop the entries, a few commits at a time. What was begun is recognised by its files and finished first.
The writer is never held for longer than one of those small transactions.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime
from typing import Final, NamedTuple, Protocol

from msgspec import Struct

from engage.actions.checkpoint import take_checkpoint
from engage.actions.replay import Difference, Replay, Replayed
from engage.actions.verify import catch_up, companies_named, replay_all
from engage.core.calendar import to_datetime
from engage.core.decisions import Record, decode_record
from engage.core.event import Kind
from engage.errors import Conflict
from engage.store.archived import (
    INSERT_MOMENTS,
    File,
    drop_entries,
    first_entry,
    last_link,
    load_arrivals,
    load_files,
    name_members,
)
from engage.store.checkpoints import load_links, newest_checkpoint
from engage.store.database import Database
from engage.store.log import load_entry_rows, load_heads
from engage.store.statements import Row

ENTRIES_PER_READ: Final = 2000
BATCH_ENTRIES: Final = 1_000_000
BATCH_MONTHS: Final = 24
"""Files that are open at once: each holds some megabytes before they are written."""
ENTRIES_DROPPED_AT_ONCE: Final = 1000
"""Or one commit, if that is larger."""
MOMENTS_PER_TRANSACTION: Final = 1000
REST_SHARE: Final = 2
"""After each transaction others have the writer for at least as many times as long as it took."""
REST_SECONDS_MIN: Final = 0.005
TRIES_MAX: Final = 5


class Batch(Protocol):
    """See `store.parquet.Batch`, which this must not know."""

    def add(self, month: str, rows: Sequence[Row], names: dict[int, str]) -> None: ...
    def end(self) -> list[File]: ...
    def abandon(self) -> None: ...


class Folder(Protocol):
    def tidy(self, company: str) -> None: ...
    def settle(self, file: File) -> None: ...
    def begun(self, company: str, after: int) -> list[tuple[int, int]]: ...
    def batch(self, company: str, first: int, last: int) -> Batch: ...


class ArchivedCompany(Struct):
    """What was done with one company."""

    company: str
    entries: int = 0
    files: int = 0
    bytes: int = 0
    dropped: int = 0
    """As many as archived, or more, when an earlier command was cut short."""
    checkpoint: int | None = None
    """The seq of its CHECKPOINT entry."""
    difference: str | None = None
    """Why it was left alone: its log does not agree with what is stored."""


class _Stretch(NamedTuple):
    first: int
    last: int


def horizon(today: datetime, months: int) -> int:
    """The first moment of the month that lies `months` before today's, UTC: what arrived before is archived."""
    count = today.year * 12 + today.month - 1 - months
    return int(datetime(count // 12, count % 12 + 1, 1, tzinfo=UTC).timestamp()) * 1_000_000


async def archive(
    database: Database,
    folder: Folder,
    *,
    before: int,
    company: str | None = None,
    now: int,
    progress: Callable[[str, int], None] = lambda company, entries: None,
) -> list[ArchivedCompany]:
    """Archive what arrived before `before` (microseconds UTC), of one company or of all; those it concerned.

    `progress` is told how many entries of a company were looked at, written or dropped since it was last called.
    Raises NotFound, and Conflict for a folder that holds something else, or when another process does the same.
    """
    async with database.read() as s:
        companies = await companies_named(s, company)
    done = []
    for id, name in companies:
        one = _Archiving(database, folder, id, name, before, now, progress)
        await one.run()
        if one.done.dropped or one.done.difference is not None:
            done.append(one.done)
    return done


class _Archiving:
    """One company."""

    def __init__(
        self,
        database: Database,
        folder: Folder,
        id: int,
        name: str,
        before: int,
        now: int,
        progress: Callable[[str, int], None],
    ) -> None:
        self.database = database
        self.folder = folder
        self.id = id
        self.name = name
        self.before = before
        self.now = now
        self.progress = progress
        self.done = ArchivedCompany(name)
        self.archived = 0

    async def run(self) -> None:
        async with self.database.read() as s:
            self.archived = (await load_heads(s, [self.id]))[self.id].state.archived
            for file in await load_files(
                s, self.id
            ):  # an erasure that was cut short may have left another beside it
                self.folder.settle(file)
        await self._drop()
        last = await self._horizon()
        if last <= self.archived:
            return
        self.folder.tidy(self.name)
        stretches = await self._stretches(last)
        replay = Replay(self.id, self.name, Replayed(), lambda entries: self.progress(self.name, entries))
        try:
            await replay_all(self.database, replay)
            files = [file for stretch in stretches for file in await self._write(stretch)]
            self.done.checkpoint = await self._seal(replay, last, files)
        except Difference as difference:
            async with self.database.read() as s:
                if await newest_checkpoint(s, self.id) != max(replay.checkpoints, default=0):
                    raise self._not_alone() from difference
            self.done.difference = str(difference)
            return
        finally:
            replay.close()
        self.done.entries = last - self.archived
        self.done.files, self.done.bytes = len(files), sum(file.size for file in files)
        self.archived = last
        await self._drop()

    def _not_alone(self) -> Conflict:
        return Conflict(f"another process is archiving {self.name}")

    async def _horizon(self) -> int:
        """The last entry to archive: the end of the last commit before the first entry of a member that arrived too
        late for it. What arrived before that one, but is logged after it, waits for another time.

        What concerns the company alone is in nobody's history and is never undone, so it may go early: an import of
        history begins with what the company is called today.
        """
        last = seen = self.archived
        async with self.database.read() as s:
            while arrivals := await load_arrivals(s, self.id, seen, ENTRIES_PER_READ):
                for seq, received_at, member in arrivals:
                    if received_at < self.before:
                        last = seq
                    elif member:
                        return (await last_link(s, self.id, last))[1]
                    seen = seq
            return (await last_link(s, self.id, last))[1]

    async def _stretches(self, last: int) -> list[_Stretch]:
        """What to write, a batch each: first those that were begun, then the rest up to `last`."""
        found: list[_Stretch] = []
        reached = self.archived
        for stretch in self.folder.begun(self.name, self.archived):
            if stretch[0] != reached + 1 or stretch[1] > last:
                words = f"the folder holds entries {stretch[0]} to {stretch[1]} of {self.name} already"
                raise Conflict(
                    f"{words}, but {reached + 1} to {last} are to be archived; choose another folder"
                )
            found.append(_Stretch(*stretch))
            reached = stretch[1]
        async with self.database.read() as s:
            first, months = reached + 1, set[str]()
            while reached < last and (arrivals := await load_arrivals(s, self.id, reached, ENTRIES_PER_READ)):
                for seq, received_at, _ in arrivals:
                    if seq > last:
                        break
                    months.add(month_of(received_at))
                    if len(months) > BATCH_MONTHS or seq - first == BATCH_ENTRIES:
                        found.append(_Stretch(first, seq - 1))
                        first, months = seq, {month_of(received_at)}
                    reached = seq
        if first <= last:
            found.append(_Stretch(first, last))
        return found

    async def _write(self, stretch: _Stretch) -> list[File]:
        batch = self.folder.batch(self.name, *stretch)
        try:
            async for rows, names in self._entries(stretch):
                by_month: dict[str, list[Row]] = {}
                for row in rows:
                    by_month.setdefault(month_of(row[5]), []).append(row)
                for month, some in by_month.items():
                    batch.add(month, some, names)
                await self._keep_moments(rows)
                self.progress(self.name, len(rows))
            return batch.end()
        except BaseException:
            batch.abandon()
            raise

    async def _entries(self, stretch: _Stretch) -> AsyncIterator[tuple[list[Row], dict[int, str]]]:
        for after in range(stretch.first - 1, stretch.last, ENTRIES_PER_READ):
            async with self.database.read() as s:
                last = min(after + ENTRIES_PER_READ, stretch.last)
                rows = await load_entry_rows(s, self.id, after, last)
                if len(rows) < last - after:  # a replay has just seen them
                    raise self._not_alone()
                yield rows, await name_members(s, self.id, {row[2] for row in rows if row[2]})

    async def _keep_moments(self, rows: Sequence[Row]) -> None:
        """Badges and nudges say which entry granted, sent or opened them, and when is shown."""
        moments = [(self.id, row[0], row[4]) for row in rows if _is_shown(row[1], decode_record(row[11]))]
        for start in range(0, len(moments), MOMENTS_PER_TRANSACTION):
            some = moments[start : start + MOMENTS_PER_TRANSACTION]
            await self.database.write(
                lambda tx, some=some: tx.insert([(INSERT_MOMENTS, some)], scope=[self.id])  # type: ignore[misc]
            )

    async def _seal(self, replay: Replay, last: int, files: Sequence[File]) -> int:
        for _ in range(TRIES_MAX):
            await catch_up(self.database, replay)
            entry = await take_checkpoint(self.database, replay, archived=last, files=files, now=self.now)
            if entry is not None:
                return entry
        raise Conflict(f"old events of {self.name} are being reversed again and again; try later")

    async def _drop(self) -> None:
        """Drop what is archived, whole commits at a time, and leave the writer to others in between."""
        while True:
            async with self.database.read() as s:
                first = await first_entry(s, self.id)
                if first is None or first > self.archived:
                    return
                number, last = await last_link(
                    s, self.id, min(first + ENTRIES_DROPPED_AT_ONCE - 1, self.archived)
                )
                if last < first:
                    [(_, last, _)] = await load_links(s, self.id, number, 1)
            began = time.monotonic()
            dropped = await self.database.write(lambda tx, last=last: drop_entries(tx, self.id, last))  # type: ignore[misc]
            self.done.dropped += dropped
            self.progress(self.name, dropped)
            await asyncio.sleep(max(REST_SECONDS_MIN, REST_SHARE * (time.monotonic() - began)))


def _is_shown(kind: int, record: Record) -> bool:
    if kind == Kind.REVERSAL:
        return False
    return kind == Kind.NUDGE or bool(record.badges or record.nudges)


def month_of(at: int) -> str:
    """The month of a moment, UTC: 2026-05."""
    return to_datetime(at).strftime("%Y-%m")
