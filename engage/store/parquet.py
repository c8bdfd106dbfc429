"""The archive's folder: dropped entries as Parquet files, one per company, month and batch, written once.

Owns names, columns, and that a file bears its name only when it is whole and synced. A batch is a stretch of a
company's log; its entries lie in a file for each month in which they arrived, named after the whole batch:

    FOLDER/acme/2026-05/entries-000000000001-000000020000.parquet

The columns are for readers; of them `seq`, `kind`, `member_number`, `previous`, the times, `day`, `hour`, `program`,
`event`, `body` and `decision` are exactly the entry, byte for byte. How they may change: a column is only ever added.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import blake2b
from heapq import heappop, heappush
from pathlib import Path
from typing import Any, Final, Protocol
from urllib.parse import quote

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from engage.core.chain import LINK_BYTES
from engage.core.decisions import decode_record
from engage.core.event import KIND_NAMES, decode_body
from engage.errors import Conflict
from engage.store.archived import File
from engage.store.statements import Row

ROWS_PER_GROUP: Final = 20_000
BYTES_PER_GROUP: Final = 8 * 1024**2
"""Of bodies: what is held in memory for each month that a batch has entries of, before it goes into the file."""
ROWS_PER_READ: Final = 2000
READ_BYTES: Final = 1024**2
NAME_CHARS_MAX: Final = 120
SEQ_DIGITS: Final = 12
PARTIAL: Final = ".partial"
DAY_OF_EPOCH: Final = 719_163
"""1970-01-01 as ordinal."""
MONTH: Final = re.compile(r"\d{4,}-\d\d")
BATCH: Final = re.compile(r"entries-(\d+)-(\d+)\.parquet")
WRITTEN: Final = re.compile(r"entries-(\d+)-(\d+)(?:\.(\d+))?\.parquet")
"""How often it was written anew, too."""

_KINDS: Final = {name: kind for kind, name in KIND_NAMES.items()}
_json = msgspec.json.Encoder().encode
_INSTANT: Final[Any] = pa.timestamp("us", "UTC")
_EXACT: Final = (
    *("seq", "kind", "member_number", "previous", "at", "received_at", "day", "hour", "program", "event"),
    *("body", "decision"),
)
_COLUMNS: Final[dict[str, Any]] = {
    "company": pa.string(),
    "seq": pa.int64(),
    "kind": pa.string(),
    "member": pa.string(),
    "member_number": pa.int64(),
    "event": pa.string(),
    "message_id": pa.string(),
    "at": _INSTANT,
    "received_at": _INSTANT,
    "original_at": _INSTANT,
    "day": pa.date32(),
    "hour": pa.int64(),
    "trusted": pa.bool_(),
    "properties": pa.string(),
    "program": pa.int64(),
    "previous": pa.int64(),
    "undecided": pa.int64(),
    "verdicts": pa.list_(pa.int64()),
    "badges": pa.list_(pa.string()),
    "level_before": pa.string(),
    "level_after": pa.string(),
    "body": pa.binary(),
    "decision": pa.binary(),
}
SCHEMA: Final = pa.schema(_COLUMNS)


class DamagedArchive(Exception):
    """A file is not what was written. Says which."""


class Folder:
    """The archive. Entries go in a batch at a time and come out as rows of ENTRY_COLUMNS."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @contextmanager
    def alone(self) -> Iterator[None]:
        """One archiving command at a time. Raises Conflict."""
        self.path.mkdir(parents=True, exist_ok=True)
        with (self.path / ".lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise Conflict(f"another process is archiving to {self.path}") from error
            yield

    def home(self, company: str) -> Path:
        """A company's own folder. Ids may hold anything; what no file name may is percent-encoded."""
        name = quote(company, safe=" @+,")
        if len(name) > NAME_CHARS_MAX:
            name = f"{name[:NAME_CHARS_MAX]}~{blake2b(company.encode(), digest_size=8).hexdigest()}"
        return self.path / (f"%2E{name[1:]}" if name.startswith(".") else name)

    def tidy(self, company: str) -> None:
        """Remove what a command left unfinished. Only for who is `alone`."""
        for path in self.home(company).glob(f"*/.entries-*{PARTIAL}"):
            path.unlink()

    def begun(self, company: str, after: int) -> list[tuple[int, int]]:
        """(first, last) of the batches beyond entry `after` that were begun here: some of their files are there."""
        found = set()
        for path in self.home(company).glob("*/entries-*.parquet"):
            matched = BATCH.fullmatch(path.name)
            if matched and MONTH.fullmatch(path.parent.name) and int(matched[2]) > after:
                found.add((int(matched[1]), int(matched[2])))
        return sorted(found)

    def names(self, file: File) -> dict[int, str]:
        """What the members are called in a file, by number. Raises Conflict for one that is damaged."""
        try:
            return _read_names(Log(self, [file]).path(file))
        except DamagedArchive as error:
            raise Conflict(str(error)) from error

    def rewrite(
        self, company: str, file: File, names: Mapping[int, str], redact: Callable[[Row], bytes]
    ) -> File | None:
        """Write a file anew beside the old one, with the bodies that `redact` leaves and the members in `names` called
        so. None when that changes nothing."""
        try:
            path = Log(self, [file]).path(file)
            known = _read_names(path)
            if known.keys().isdisjoint(names) and all(redact(row) == row[10] for row in _read(path)):
                return None
            return _rewritten(self, company, file, path, known | dict(names), redact)
        except DamagedArchive as error:
            raise Conflict(f"{error}; it was left as it is") from error

    def settle(self, file: File) -> None:
        """Remove what stands beside a file that is there: as it was before, or as it was to become."""
        path = self.path / file.name
        matched = WRITTEN.fullmatch(path.name)
        if matched is None or not path.is_file():
            return
        for other in path.parent.glob(f"entries-{matched[1]}-{matched[2]}*.parquet"):
            if other != path:
                other.unlink()
        _sync(path.parent)

    def batch(self, company: str, first: int, last: int) -> Batch:
        return Batch(self, company, first, last)

    def log(self, company: str, files: list[File]) -> Log:
        return Log(self, files)


# --- writing ------------------------------------------------------------------------------------------------


class _Sink(Protocol):
    """Where a month's entries go: a new file, or one that must hold just these."""

    def add(self, rows: Sequence[Row], names: Mapping[int, str]) -> None: ...
    def end(self) -> None: ...
    def abandon(self) -> None: ...


class Batch:
    """The entries of one stretch, on their way into files. `add` them in order, then `end`, or `abandon`."""

    def __init__(self, folder: Folder, company: str, first: int, last: int) -> None:
        self.folder = folder
        self.company = company
        self.name = f"entries-{first:0{SEQ_DIGITS}}-{last:0{SEQ_DIGITS}}.parquet"
        self._months: dict[str, _Month] = {}

    def add(self, month: str, rows: Sequence[Row], names: Mapping[int, str]) -> None:
        """`rows`: ENTRY_COLUMNS. `names`: member numbers with the external ids they have by now."""
        if month not in self._months:
            self._months[month] = _Month(self.folder, self.company, month, self.name)
        self._months[month].add(rows, names)

    def end(self) -> list[File]:
        """Every file whole, synced and named. Raises Conflict when one of that name holds anything else."""
        return [month.end() for _, month in sorted(self._months.items())]

    def abandon(self) -> None:
        for month in self._months.values():
            month.sink.abandon()


class _Month:
    def __init__(self, folder: Folder, company: str, month: str, name: str) -> None:
        self.path = folder.home(company) / month / name
        self.name = str(self.path.relative_to(folder.path))
        self.month = month
        self.first = self.last = self.entries = 0
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.sink: _Sink = _Same(self.path) if self.path.exists() else _New(self.path, company)

    def add(self, rows: Sequence[Row], names: Mapping[int, str]) -> None:
        self.first = self.first or rows[0][0]
        self.last = rows[-1][0]
        self.entries += len(rows)
        self.sink.add(rows, names)

    def end(self) -> File:
        self.sink.end()
        size, hash = _fingerprint(self.path)
        return File(self.first, self.last, self.entries, size, self.month, self.name, hash)


class _New:
    """A file in the making, under another name."""

    def __init__(self, path: Path, company: str) -> None:
        self.path = path
        self.company = company
        self.partial = path.with_name(f".{path.name}{PARTIAL}")
        self._file = self.partial.open("wb")
        about = {"engage": json.dumps({"company": company, "shape": 1})}
        self._writer = pq.ParquetWriter(self._file, SCHEMA.with_metadata(about), compression="zstd")
        self._held: list[tuple[Row, str | None]] = []
        self._size = 0

    def add(self, rows: Sequence[Row], names: Mapping[int, str]) -> None:
        for row in rows:
            self._held.append((row, names.get(row[2])))
            self._size += len(row[10])
            if len(self._held) == ROWS_PER_GROUP or self._size >= BYTES_PER_GROUP:
                self._flush()

    def _flush(self) -> None:
        if self._held:
            self._writer.write_table(_table(self.company, self._held))
        self._held, self._size = [], 0

    def end(self) -> None:
        self._flush()
        self._writer.close()
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        self.partial.rename(self.path)
        for folder in (self.path.parent, self.path.parent.parent, self.path.parent.parent.parent):
            _sync(folder)

    def abandon(self) -> None:
        self._file.close()
        self.partial.unlink(missing_ok=True)


def _rewritten(
    folder: Folder,
    company: str,
    file: File,
    path: Path,
    names: Mapping[int, str],
    redact: Callable[[Row], bytes],
) -> File:
    matched = WRITTEN.fullmatch(path.name)
    assert matched is not None
    again = f"entries-{matched[1]}-{matched[2]}.{int(matched[3] or 0) + 1}.parquet"
    sink = _New(path.with_name(again), company)
    try:
        for row in _read(path):
            sink.add([(*row[:10], redact(row), row[11])], names)
        sink.end()
    except BaseException:
        sink.abandon()
        raise
    size, hash = _fingerprint(sink.path)
    return file._replace(size=size, hash=hash, name=str(sink.path.relative_to(folder.path)))


class _Same:
    """A file that was written before, by a command that was cut short: what it holds is what would be written."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._rows = _read(path)

    def add(self, rows: Sequence[Row], names: Mapping[int, str]) -> None:
        for row in rows:
            if next(self._rows, None) != tuple(row):
                raise self._other()

    def end(self) -> None:
        if next(self._rows, None) is not None:
            raise self._other()

    def abandon(self) -> None: ...

    def _other(self) -> Conflict:
        return Conflict(f"{self.path} holds other entries than this database; choose another folder")


def _table(company: str, held: Sequence[tuple[Row, str | None]]) -> pa.Table:
    seqs, kinds, numbers, previous, at, received, days, hours, programs, events, bodies, decisions = zip(
        *(row for row, _ in held), strict=True
    )
    said = [decode_body(body) for body in bodies]
    records = [decode_record(decision) for decision in decisions]
    columns: dict[str, pa.Array[Any]] = {
        "company": pa.array([company] * len(held), pa.string()),
        "seq": pa.array(seqs, pa.int64()),
        "kind": pa.array([KIND_NAMES[kind] for kind in kinds], pa.string()),
        "member": pa.array([name for _, name in held], pa.string()),
        "member_number": pa.array(numbers, pa.int64()),
        "event": pa.array(events, pa.string()),
        "message_id": pa.array([body.message_id or None for body in said], pa.string()),
        "at": _instants(at),
        "received_at": _instants(received),
        "original_at": _instants([body.original_at for body in said]),
        "day": pa.array([day - DAY_OF_EPOCH for day in days], pa.int32()).cast(pa.date32()),
        "hour": pa.array(hours, pa.int64()),
        "trusted": pa.array([body.trusted for body in said], pa.bool_()),
        "properties": pa.array([_json(body.data).decode() for body in said], pa.string()),
        "program": pa.array(programs, pa.int64()),
        "previous": pa.array(previous, pa.int64()),
        "undecided": pa.array([record.undecided for record in records], pa.int64()),
        "verdicts": pa.array([record.verdicts for record in records], pa.list_(pa.int64())),
        "badges": pa.array([record.badges for record in records], pa.list_(pa.string())),
        "level_before": pa.array([record.level_before or None for record in records], pa.string()),
        "level_after": pa.array([record.level_after or None for record in records], pa.string()),
        "body": pa.array(bodies, pa.binary()),
        "decision": pa.array(decisions, pa.binary()),
    }
    return pa.Table.from_arrays([columns[name] for name in SCHEMA.names], schema=SCHEMA)


def _instants(values: Sequence[int | None]) -> pa.Array[Any]:
    return pa.array(values, pa.int64()).cast(_INSTANT)


def _sync(folder: Path) -> None:
    """A new name is durable once its folder is."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _fingerprint(path: Path) -> tuple[int, bytes]:
    """Size and hash of a file's bytes."""
    hash, size = blake2b(digest_size=LINK_BYTES), 0
    with path.open("rb") as file:
        while block := file.read(READ_BYTES):
            hash.update(block)
            size += len(block)
    return size, hash.digest()


# --- reading ------------------------------------------------------------------------------------------------


class Log:
    """A company's archived entries, in order although months may interleave."""

    def __init__(self, folder: Folder, files: list[File]) -> None:
        self.folder = folder
        self.files = files
        self._checked: set[str] = set()
        self._coming: Iterator[Row] | None = None
        self._next: Row | None = None

    def rows(self, after: int, last: int) -> list[Row]:
        """Those above `after` up to `last`. To be asked for in order."""
        if self._coming is None:
            self._coming = self._merged()
            self._next = next(self._coming, None)
        found = []
        while self._next is not None and self._next[0] <= last:
            if self._next[0] > after:
                found.append(self._next)
            self._next = next(self._coming, None)
        return found

    def row(self, seq: int) -> Row | None:
        for file in self.files:
            if file.first_seq <= seq <= file.last_seq:
                for row in _read(self.path(file), seq):
                    if row[0] == seq:
                        return row
        return None

    def _merged(self) -> Iterator[Row]:
        """Files are opened when their first entry is due, so few are open at once."""
        heap: list[tuple[int, int, Row, Iterator[Row]]] = []
        for number, file in enumerate(self.files):
            while heap and heap[0][0] < file.first_seq:
                yield _advance(heap)
            rows = _read(self.path(file))
            if (row := next(rows, None)) is not None:
                heappush(heap, (row[0], number, row, rows))
        while heap:
            yield _advance(heap)

    def path(self, file: File) -> Path:
        path = self.folder.path / file.name
        if file.name not in self._checked:
            if not path.is_file():
                raise DamagedArchive(f"{path} is not there")
            if _fingerprint(path) != (file.size, file.hash):
                raise DamagedArchive(f"{path} is not as it was written")
            self._checked.add(file.name)
        return path


def _advance(heap: list[tuple[int, int, Row, Iterator[Row]]]) -> Row:
    _, number, row, rows = heappop(heap)
    if (following := next(rows, None)) is not None:
        heappush(heap, (following[0], number, following, rows))
    return row


def _read(path: Path, seq: int | None = None) -> Iterator[Row]:
    """The rows of a file; with `seq`, of those groups of it that may hold that entry."""
    try:
        with pq.ParquetFile(path) as file:
            groups = [
                number
                for number in range(file.metadata.num_row_groups)
                if seq is None or _may_hold(file.metadata.row_group(number), seq)
            ]
            for batch in file.iter_batches(ROWS_PER_READ, groups, columns=list(_EXACT)):
                yield from _rows(batch)
    except (pa.ArrowException, OSError, KeyError) as error:
        raise DamagedArchive(f"{path} cannot be read: {error}") from error


def _read_names(path: Path) -> dict[int, str]:
    """What the members are called in a file, by number."""
    try:
        columns = pq.ParquetFile(path).read(["member_number", "member"]).to_pydict()
    except (pa.ArrowException, OSError, KeyError) as error:
        raise DamagedArchive(f"{path} cannot be read: {error}") from error
    pairs = zip(columns["member_number"], columns["member"], strict=True)
    return {number: name for number, name in pairs if name is not None}


def _may_hold(group: pq.RowGroupMetaData, seq: int) -> bool:
    found: Any = group.column(SCHEMA.names.index("seq")).statistics
    return found is None or not found.has_min_max or found.min <= seq <= found.max


def _rows(batch: pa.RecordBatch) -> Iterator[Row]:
    columns = {name: batch.column(name) for name in _EXACT}
    for name in ("at", "received_at"):
        columns[name] = columns[name].cast(pa.int64())
    columns["day"] = columns["day"].cast(pa.int32())
    values: dict[str, list[Any]] = {name: column.to_pylist() for name, column in columns.items()}
    values["kind"] = [_KINDS[name] for name in values["kind"]]
    values["day"] = [day + DAY_OF_EPOCH for day in values["day"]]
    # In the order of ENTRY_COLUMNS.
    return zip(*(values[name] for name in _EXACT), strict=True)
