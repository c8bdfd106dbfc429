"""Importing history: calls from files, put in order, then accepted as if each had arrived when it happened.

Files need not be sorted, and one company's calls may be spread over several: everything is sorted before the first
is decided, each company by time. A call that names no company belongs to the only one its user was seen in, in
these files or before; what remains open is passed on last and waits as it would if a client had sent it. An import
that was cut short is simply run again: what was accepted is known by its messageId. Must not know file formats.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from hashlib import blake2b
from typing import Any, ClassVar, Final, TypeVar

import msgspec
from msgspec import Struct

from engage import clock
from engage.actions.group_commit import Ingestion
from engage.actions.import_rejects import Imported, Origin, Rejects, Unread
from engage.actions.ingest import Outcome
from engage.actions.settings import IMPORT_SECONDS, say_importing
from engage.core.call import INTEGER_MAX, Call
from engage.core.event import Kind
from engage.store.database import Database
from engage.store.log import load_memberships
from engage.store.staging import Staged, Staging
from engage.store.tables import Company

T = TypeVar("T")

CALLS_PER_COMMIT: Final = 4000
"""Enough that a commit's fixed costs vanish, few enough that a service beside the import waits under a second."""

BLOCKS_AHEAD: Final = 2

SAY_SECONDS: Final = IMPORT_SECONDS / 10

FILES_MAX: Final = 1 << 14
CALLS_PER_ROW: Final = 1 << 12
"""A line may hold a batch. Calls of one moment beyond these keep no order among themselves."""

RANKS: Final[dict[int, int]] = {Kind.GROUP: 0, Kind.IDENTIFY: 1, Kind.ALIAS: 1}
"""Of calls with the same time, those that say who somebody is come before what somebody did."""
OTHER_RANK: Final = 2


class Tracks(Struct, frozen=True):
    """Track calls as columns, all of the same length: an object for each would cost as much as all the rest."""

    rows: Sequence[int]
    message_ids: Sequence[str]
    members: Sequence[str]
    anonymous: Sequence[str]
    companies: Sequence[str]
    names: Sequence[str]
    properties: Sequence[dict[str, Any]]
    times: Sequence[int]


class Reading(Struct):
    """Some rows of one file. `size` is what they took of all the files' bytes."""

    file: int
    size: int
    tracks: Tracks | None = None
    calls: list[tuple[int, Call]] = []
    unread: list[Unread] = []


class Progress(Struct, frozen=True):
    """READING: `done` bytes of the files. IMPORTING: `done` of `total` calls."""

    READING: ClassVar = "reading"
    IMPORTING: ClassVar = "importing"

    phase: str
    done: int
    total: int


Listener = Callable[[Progress], None]


class _Packed(Struct, array_like=True):
    """A call on its way through the sort, without its company and time, which the sort has. Lives as long as one
    import."""

    kind: int
    message_id: str
    member: str
    anonymous: str
    name: str
    data: dict[str, Any]
    original_at: int | None = None
    """None: the same as the call's time."""
    previous_id: str = ""
    warnings: list[str] = []


_pack = msgspec.msgpack.Encoder().encode
# Without an id of its own a row is known by what it says: that must not depend on the order of a file's columns.
_pack_sorted = msgspec.msgpack.Encoder(order="sorted").encode
_unpack = msgspec.msgpack.Decoder(list[_Packed]).decode


async def import_calls(
    database: Database,
    readings: Iterator[Reading],
    origins: Sequence[Origin],
    *,
    now: int,
    listen: Listener = lambda progress: None,
) -> Imported:
    """Import every call. `now` (microseconds UTC) stamps companies created.

    Raises Unavailable when the database cannot be written or the sort finds no room; what was committed by then
    stays, and the same import can be run again.
    """
    return await _Import(database, origins, now, listen).run(readings)


class _Import:
    def __init__(self, database: Database, origins: Sequence[Origin], now: int, listen: Listener) -> None:
        self.database = database
        self.now = now
        self.listen = listen
        self.summary = Imported()
        self.rejects = Rejects(database, origins, self.summary, now)
        self._thread = ThreadPoolExecutor(1, "import")
        self._done = 0
        self._say_at = 0.0
        self._name = f" {secrets.token_hex(4)}"
        """Others may be coming in side by side."""
        self._company = ""

    async def run(self, readings: Iterator[Reading]) -> Imported:
        staging = Staging()
        try:
            await self._stage(staging, readings)
            await self._attribute(staging)
            await self._accept(staging)
        finally:
            # After whatever the thread still does when this task was cancelled.
            self._thread.submit(staging.close)
            self._thread.shutdown()
        return self.summary

    def _submit(self, work: Callable[[], T]) -> Future[T]:
        """Let the import's one thread do work that waits for the disk."""
        return self._thread.submit(work)

    async def _aside(self, work: Callable[[], T]) -> T:
        return await asyncio.wrap_future(self._submit(work))

    async def _stage(self, staging: Staging, readings: Iterator[Reading]) -> None:
        done = 0

        def read_some() -> Reading | None:
            reading = next(readings, None)
            if reading is not None:
                _stage(staging, reading)
            return reading

        while reading := await self._aside(read_some):
            done += reading.size
            await self.rejects.keep(reading.file, reading.unread)
            self.listen(Progress(Progress.READING, done, 0))
        await self.rejects.write()
        self.summary.rows += staging.rows

    async def _attribute(self, staging: Staging) -> None:
        """What the database knows of users whose rows name no company counts as well."""
        for users in staging.users_without_company():
            async with self.database.read() as s:
                known = await load_memberships(s, users)
                ids = {id for found in known.values() for id in found}
                names = {company.id: company.external_id for company in await Company.filter(id__in=ids)}
            staging.know((user, names[id]) for user, found in known.items() for id in found)
        await self._aside(staging.attribute)

    async def _accept(self, staging: Staging) -> None:
        ingestion = Ingestion(self.database, clock=lambda: self.now, tell_effects=False, patient=True)
        ingestion.start()
        await self._say_importing()
        try:
            await self._accept_blocks(staging, ingestion)
            await say_importing(self.database, clock.now(), self._name, over=True)
        finally:
            await ingestion.stop()

    async def _say_importing(self) -> None:
        """So that the service scores nothing meanwhile: it would freeze a company's weeks while they lack what is about
        to come, for ever."""
        if time.monotonic() >= self._say_at:
            self._say_at = time.monotonic() + SAY_SECONDS
            await say_importing(self.database, clock.now(), self._name)

    async def _accept_blocks(self, staging: Staging, ingestion: Ingestion) -> None:
        """A block is read while the one before it is decided and the one before that is written."""
        total, names = staging.rows, _Names()
        blocks = staging.in_order(CALLS_PER_COMMIT)

        def read_block() -> tuple[list[Staged], list[Call]] | None:
            block = next(blocks, None)
            return (block, _calls(block, names)) if block else None

        async def count(block: list[Staged], accepting: asyncio.Task[list[Outcome]]) -> None:
            for row, outcome in zip(block, await accepting, strict=True):
                self._count(row, outcome)
            self._done += len(block)
            await self._say_importing()
            self.listen(Progress(Progress.IMPORTING, self._done, total))

        coming = self._submit(read_block)
        accepting: deque[tuple[list[Staged], asyncio.Task[list[Outcome]]]] = deque()
        while read := await asyncio.wrap_future(coming):
            coming = self._submit(read_block)
            block, calls = read
            accepting.append((block, asyncio.create_task(ingestion.accept(calls))))
            if len(accepting) > BLOCKS_AHEAD:
                await count(*accepting.popleft())
        while accepting:
            await count(*accepting.popleft())

    def _count(self, row: Staged, outcome: Outcome) -> None:
        summary, reason = self.summary, outcome.reason
        if row[0] != self._company:
            self._company = row[0]
            summary.companies += bool(row[0])
        if outcome.status == "duplicate":
            summary.duplicates += 1
        elif outcome.status == "ok":
            summary.accepted += 1
            if reason is not None:
                summary.undecided += 1
                summary.reasons[reason.code] = summary.reasons.get(reason.code, 0) + 1
        else:
            assert reason is not None
            self.rejects.tell(*_file_and_row(row[2]), reason.code, reason.message)


def _place(rank: int, file: int, row: int, index: int = 0) -> int:
    """What orders calls of one moment, and tells where each came from: rank, file, row, position in the row."""
    return rank << 60 | file << 46 | row << 12 | min(index, CALLS_PER_ROW - 1)


def _file_and_row(place: int) -> tuple[int, int]:
    return place >> 46 & (FILES_MAX - 1), place >> 12 & ((1 << 34) - 1)


def _stage(staging: Staging, reading: Reading) -> None:
    if reading.tracks is not None:
        _stage_tracks(staging, reading.file, reading.tracks)
    rows: list[Staged] = []
    loose: list[tuple[int, int, bytes, str, str]] = []
    last, index = -1, 0
    for row, call in reading.calls:
        last, index = row, index + 1 if row == last else 0
        place = _place(RANKS.get(call.kind, OTHER_RANK), reading.file, row, index)
        packed = [call.kind, call.message_id, call.member, call.anonymous, call.name, call.data]
        if call.previous_id or call.warnings or call.original_at != call.at:
            packed += [call.original_at, call.previous_id, call.warnings]
        if call.company:
            rows.append((call.company, call.at, place, _pack(packed)))
        else:
            loose.append((call.at, place, _pack(packed), call.member, call.anonymous))
    staging.add(rows)
    staging.add_loose(loose)
    at_home = [call for _, call in reading.calls if call.company]
    staging.know(
        {(call.member, call.company) for call in at_home if call.member},
        {(call.anonymous, call.company) for call in at_home if call.anonymous},
    )


def _stage_tracks(staging: Staging, file: int, tracks: Tracks) -> None:
    base = _place(OTHER_RANK, file, 0)
    places = [base | row << 12 for row in tracks.rows]
    columns = zip(
        tracks.message_ids, tracks.members, tracks.anonymous, tracks.names, tracks.properties, strict=True
    )
    payloads = [
        _pack((Kind.TRACK, id, member, visitor, name, data)) for id, member, visitor, name, data in columns
    ]
    homes = tracks.companies
    staged = zip(homes, tracks.times, places, payloads, strict=True)
    if all(homes):
        staging.add(list(staged))
    else:
        rows = list(staged)
        staging.add([row for row in rows if row[0]])
        people = zip(rows, tracks.members, tracks.anonymous, strict=True)
        staging.add_loose(
            [
                (at, place, payload, who, visitor)
                for (home, at, place, payload), who, visitor in people
                if not home
            ]
        )
    staging.know(
        {pair for pair in set(zip(tracks.members, homes, strict=True)) if all(pair)},
        {pair for pair in set(zip(tracks.anonymous, homes, strict=True)) if all(pair)},
    )


def _calls(block: Sequence[Staged], names: _Names) -> list[Call]:
    # One array for all of them: unpacking each by itself takes twice as long.
    packed = _unpack(b"\xdd" + len(block).to_bytes(4, "big") + b"".join([row[3] for row in block]))
    return [
        Call(
            call.kind,
            call.message_id or names.name(company, at, place, call),
            call.member,
            call.anonymous,
            company,
            call.name,
            call.data,
            at,
            at,
            at if call.original_at is None else call.original_at,
            call.previous_id,
            True,
            call.warnings,
        )
        for (company, at, place, _), call in zip(block, packed, strict=True)
    ]


class _Names:
    """Message ids for rows that have none: what the row says, and which of the equal rows of its file it is.

    So equal rows all count, and a second import changes nothing. Equal rows have the same company and time, so they
    follow one another and only those of the current moment are remembered. The company is no part of the id: it may
    be found out later than the row was first imported.
    """

    def __init__(self) -> None:
        self._moment: tuple[str, int] = ("", 0)
        self._seen: dict[tuple[int, bytes], int] = {}

    def name(self, company: str, at: int, place: int, call: _Packed) -> str:
        if self._moment != (company, at):
            self._moment = (company, at)
            self._seen.clear()
        says = (at, call.kind, call.member, call.anonymous, call.name, _whole(call.data), call.original_at)
        digest = blake2b(_pack_sorted((says, call.previous_id)), digest_size=16).digest()
        key = (_file_and_row(place)[0], digest)
        copy = self._seen[key] = self._seen.get(key, 0) + 1
        return f"import-{digest.hex()}-{copy}"


def _whole(value: Any) -> Any:
    """With 200.0 as 200: which of the two a number is read as depends on the format, not on what it says."""
    if isinstance(value, float) and value.is_integer() and abs(value) <= INTEGER_MAX:
        return int(value)
    if isinstance(value, dict):
        return {name: _whole(item) for name, item in value.items()}
    return [_whole(item) for item in value] if isinstance(value, list) else value
