"""NDJSON, CSV and Parquet files as a stream of chunks: columns of a table, or documents of a text file.

Owns opening, formats and what is wrong with a file or one of its rows. Memory stays bounded whatever the file's
size. A file that cannot be imported at all is said before the first row of any file is read; a row that cannot be
read is a `BadRow` and costs no other. Must not know what the columns mean.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO, Final, Literal

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from msgspec import Struct

from engage.actions.import_rejects import Origin
from engage.errors import InvalidRequest

ROWS_PER_CHUNK: Final = 8192
LINE_BYTES_MAX: Final = 4 * 1024 * 1024
"""A longer line is one bad row; a batch of Segment's is at most half a megabyte."""
SHOWN_CHARS_MAX: Final = 500
SPREADSHEETS: Final = frozenset({".xlsx", ".xls", ".xlsm", ".ods", ".numbers"})
SAVE_AS: Final = "save it as CSV in UTF-8"
NOT_UTF_8: Final = "the line is not UTF-8: save the file in UTF-8"
"""A name read with other letters would be another one."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

Format = Literal["json", "csv", "parquet"]
FORMATS: Final[dict[str, Format]] = {
    ".ndjson": "json",
    ".jsonl": "json",
    ".json": "json",
    ".csv": "csv",
    ".tsv": "csv",
    ".parquet": "parquet",
    ".pq": "parquet",
}
SEPARATORS: Final = ",;\t|"
SPREAD: Final = frozenset({"properties", "traits"})
"""A Parquet file may hold these objects of the wire format as structs: their fields count as columns."""


class Source(Struct, frozen=True):
    path: Path
    name: str
    """The file as the caller wrote it."""
    format: Format
    zipped: bool
    size: int
    """Bytes on disk."""
    changed_at: int
    """Microseconds UTC."""
    columns: tuple[str, ...] = ()
    """Of a table, as the file has them."""
    separator: str = ","


class BadRow(Struct, frozen=True):
    row: int
    message: str
    content: Any
    broke_off: bool = False
    """The rest of the file cannot be read."""


class Chunk(Struct):
    """Some rows of a file. Tables have `columns`, all as long as `numbers`; text has `documents`."""

    file: int
    size: int
    """How many of all the sources' bytes these rows took, more or less."""
    numbers: Sequence[int] = ()
    """The rows' numbers: lines of a text file, else rows from 1."""
    columns: dict[str, list[Any]] = {}
    times: set[str] = set()
    """The columns whose values are times, in microseconds UTC."""
    cells: bool = False
    """The columns hold text cells; `cell_value` says what they mean."""
    documents: list[Any] = []
    bad: list[BadRow] = []


def open_sources(paths: Sequence[str], mapping: Mapping[str, str]) -> list[Source]:
    """What the files are. Raises InvalidRequest for the first that cannot be imported. `mapping` is column -> field.

    The same file named twice is read once: its rows are the same rows.
    """
    sources: list[Source] = []
    seen: set[Path] = set()
    for name in paths:
        with _readable(name):
            path = Path(name).resolve(strict=True)
            if path.is_dir():
                raise InvalidRequest(f"{name} is a directory; name the files in it")
            if not path.is_file():
                raise InvalidRequest(f"{name} is not a regular file, and an import reads its files twice")
            if path not in seen:
                sources.append(_open_source(name, path))
            seen.add(path)
    columns = {column for source in sources for column in source.columns}
    unknown = [column for column in mapping if column not in columns]
    if unknown and all(source.format != "json" for source in sources):
        raise InvalidRequest(f"no file has a column {unknown[0]!r}; columns: {', '.join(sorted(columns))}")
    for source in sources:
        fields = [mapping.get(column, column) for column in source.columns]
        twice = sorted({field for field in fields if fields.count(field) > 1})
        if twice:
            raise InvalidRequest(f"{source.name} has more than one column for {twice[0]!r}")
    return sources


def require_columns(source: Source, mapping: Mapping[str, str], needed: Sequence[Sequence[str]]) -> None:
    """Raises InvalidRequest when a table lacks columns that rows cannot do without, and names them all with what may be
    meant. `needed`: fields of which a table has one or another."""
    fields = {mapping.get(column, column) for column in source.columns}
    missing = [choice[0] for choice in needed if not fields.intersection(choice)]
    if source.format == "json" or not missing:
        return
    unused = [column for column in source.columns if column not in mapping]
    maps = [f"--map {_meant(field, unused)}={field}" for field in missing]
    several = len(missing) > 1
    raise InvalidRequest(
        f"{source.name} has no column{'s' if several else ''} {', '.join(map(repr, missing))}; say which "
        f"{'ones they are' if several else 'one it is'} with {' '.join(maps)} (columns: {', '.join(source.columns)})"
    )


def _meant(field: str, columns: Sequence[str]) -> str:
    """The column of that name in another spelling, or of a part of it; COLUMN where there is none."""
    wanted = _joined(field)
    for column in columns:
        told = _joined(column)
        if len(told) > 2 and (wanted.startswith(told) or wanted.endswith(told)):
            return f'"{column}"' if " " in column else column
    return "COLUMN"


def _joined(name: str) -> str:
    return re.sub(r"[\W_]+", "", name).lower()


def origins(sources: Sequence[Source]) -> list[Origin]:
    """What an import needs to know of its files, in their order."""
    return [Origin(source.name, source.changed_at) for source in sources]


def _open_source(name: str, path: Path) -> Source:
    suffixes = [suffix.lower() for suffix in path.suffixes]
    zipped = bool(suffixes) and suffixes[-1] == ".gz"
    suffix = (suffixes[-2:-1] or [""])[0] if zipped else (suffixes or [""])[-1]
    format = FORMATS.get(suffix)
    if format is None or (zipped and format == "parquet"):
        known = ", ".join(FORMATS)
        if suffix in SPREADSHEETS:
            raise InvalidRequest(f"{name} is a spreadsheet: {SAVE_AS}")
        raise InvalidRequest(
            f"{name}: what kind of file is it? Name it {known}; .gz after it for packed text"
        )
    status = path.stat()
    source = Source(path, name, format, zipped, status.st_size, status.st_mtime_ns // 1000)
    if format == "parquet":
        with pq.ParquetFile(path) as file:
            return msgspec.structs.replace(source, columns=_spread_names(file.schema_arrow))
    with _open_text(source) as (text, _):
        first = text.readline(LINE_BYTES_MAX)
    if format == "json":
        return source
    try:
        header = first.decode("utf-8-sig").rstrip("\r\n")
    except UnicodeDecodeError:
        raise InvalidRequest(f"{name} is not UTF-8: {SAVE_AS}") from None
    if not header.strip():
        raise InvalidRequest(f"{name} is empty; a table starts with the names of its columns")
    separator = max(SEPARATORS, key=header.count)
    columns = tuple(next(csv.reader([header], delimiter=separator), []))
    return msgspec.structs.replace(source, columns=columns, separator=separator)


def _spread_names(schema: pa.Schema) -> tuple[str, ...]:
    names: list[str] = []
    for field in schema:
        if field.name in SPREAD and pa.types.is_struct(field.type):
            names += [inner.name for inner in field.type]
        else:
            names.append(field.name)
    return tuple(names)


@contextmanager
def _readable(name: str) -> Iterator[None]:
    """A file that cannot be opened, said in one sentence."""
    try:
        yield
    except FileNotFoundError:
        raise InvalidRequest(f"{name}: no such file") from None
    except (OSError, EOFError, zlib.error) as error:
        raise InvalidRequest(f"{name} cannot be read: {_reason(error)}") from error
    except (pa.ArrowException, csv.Error) as error:
        raise InvalidRequest(f"{name} cannot be read: {_reason(error)}") from error


def _reason(error: Exception) -> str:
    """One line, without the file's name in it once more."""
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return (text.splitlines() or ["unknown reason"])[0][:SHOWN_CHARS_MAX].rstrip(".")


@contextmanager
def _open_text(source: Source) -> Iterator[tuple[BinaryIO, BinaryIO]]:
    """The text's bytes, and the file on disk whose position tells how far along it is."""
    with source.path.open("rb") as file:
        if source.zipped:
            with gzip.GzipFile(fileobj=file) as unpacked:
                yield io.BufferedReader(unpacked), file
        else:
            yield file, file


def read_chunks(sources: Sequence[Source]) -> Iterator[Chunk]:
    """Every row of every file, in order."""
    readers = {"json": _read_documents, "csv": _read_csv, "parquet": _read_parquet}
    for number, source in enumerate(sources):
        row = 0
        try:
            for chunk in readers[source.format](source, number):
                row = chunk.numbers[-1] if chunk.numbers else row
                yield chunk
        except (OSError, EOFError, zlib.error, pa.ArrowException) as error:
            message = f"the rest of the file cannot be read: {_reason(error)}"
            yield Chunk(number, 0, bad=[BadRow(row + 1, message, None, broke_off=True)])


# --- text ---------------------------------------------------------------------------------------------------


def _lines(text: BinaryIO) -> Iterator[bytes | None]:
    """Lines, None in place of one that is too long."""
    while line := text.readline(LINE_BYTES_MAX):
        if len(line) < LINE_BYTES_MAX or line.endswith(b"\n"):
            yield line
            continue
        while line and not line.endswith(b"\n"):
            line = text.readline(LINE_BYTES_MAX)
        yield None


def _read_documents(source: Source, file: int) -> Iterator[Chunk]:
    decode = msgspec.json.Decoder().decode
    with _open_text(source) as (text, disk):
        chunk, start, numbers = Chunk(file, 0), 0, list[int]()
        for number, line in enumerate(_lines(text), start=1):
            if line is None:
                chunk.bad.append(BadRow(number, f"the line is longer than {LINE_BYTES_MAX} bytes", None))
                continue
            if number == 1:
                line = line.removeprefix(b"\xef\xbb\xbf")
            if line.isspace():
                continue
            try:
                chunk.documents.append(decode(line))
            except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
                # NaN, lone surrogates and the like, which real clients send, are cleaned later.
                document = _lenient(line, number)
                if isinstance(document, BadRow):
                    chunk.bad.append(document)
                    continue
                chunk.documents.append(document)
            numbers.append(number)
            if len(numbers) == ROWS_PER_CHUNK:
                chunk.size, start, chunk.numbers = disk.tell() - start, disk.tell(), numbers
                yield chunk
                chunk, numbers = Chunk(file, 0), []
        chunk.size, chunk.numbers = disk.tell() - start, numbers
        yield chunk


def _lenient(line: bytes, number: int) -> Any:
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError:
        return BadRow(number, NOT_UTF_8, line.decode("utf-8", "replace")[:SHOWN_CHARS_MAX])
    try:
        return json.loads(text)
    except RecursionError:
        return BadRow(number, "the JSON is nested too deeply", text[:SHOWN_CHARS_MAX])
    except ValueError as error:
        reason = error.msg if isinstance(error, json.JSONDecodeError) else "a number with too many digits"
        return BadRow(number, f"not valid JSON: {reason}", text[:SHOWN_CHARS_MAX])


def _read_csv(source: Source, file: int) -> Iterator[Chunk]:
    width = len(source.columns)
    with _open_text(source) as (raw, disk):
        text = io.TextIOWrapper(raw, "utf-8-sig", errors="surrogateescape", newline="")
        reader = csv.reader(text, delimiter=source.separator)
        start, more = 0, True
        next(reader, None)
        while more:
            chunk, rows, numbers = Chunk(file, 0), list[list[str]](), list[int]()
            while len(rows) < ROWS_PER_CHUNK:
                try:
                    row = next(reader, None)
                except csv.Error as error:
                    chunk.bad.append(BadRow(reader.line_num, f"not readable as a row: {error}", None))
                    continue
                if row is None:
                    more = False
                    break
                wrong = _wrong(row, width)
                if wrong:
                    shown = source.separator.join(row)[:SHOWN_CHARS_MAX]
                    shown = shown.encode(errors="surrogateescape").decode(errors="replace")
                    chunk.bad.append(BadRow(reader.line_num, wrong, shown))
                elif row:
                    rows.append(row)
                    numbers.append(reader.line_num)
            chunk.columns = dict(zip(source.columns, map(list, zip(*rows, strict=True)), strict=False))
            chunk.cells = True
            chunk.numbers, chunk.size, start = numbers, disk.tell() - start, disk.tell()
            yield chunk


def _wrong(row: list[str], width: int) -> str:
    """Of a row that is there. One with letters in another encoding would name others than were meant."""
    if row and len(row) != width:
        return f"the row has {len(row)} cells, the header {width}"
    text = "".join(row)
    if not text.isascii() and _ESCAPED.search(text):
        return f"the row is not UTF-8: {SAVE_AS}"
    return ""


_ESCAPED = re.compile("[\udc80-\udcff]")
"""Bytes that were none of UTF-8, as Python keeps them."""
_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,15})")
_FLOAT = re.compile(r"-?(0|[1-9][0-9]{0,15})(\.[0-9]+)?([eE][-+]?[0-9]{1,3})?")
_BOOLEANS = {"true": True, "false": False, "True": True, "False": False, "TRUE": True, "FALSE": False}


@lru_cache(maxsize=65_536)
def cell_value(text: str) -> str | int | float | bool | None:
    """What a CSV cell means: nothing, a number, true or false, else text. 007 and +1 are text."""
    if not text:
        return None
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text


# --- Parquet ------------------------------------------------------------------------------------------------


def _read_parquet(source: Source, file: int) -> Iterator[Chunk]:
    with pq.ParquetFile(source.path, memory_map=True) as parquet:
        row, total = 0, max(parquet.metadata.num_rows, 1)
        for batch in parquet.iter_batches(ROWS_PER_CHUNK, use_threads=False):
            columns: dict[str, pa.Array[Any]] = {}
            for name, column in zip(batch.schema.names, batch.columns, strict=True):
                if name in SPREAD and pa.types.is_struct(column.type):
                    for index, inner in enumerate(column.type):
                        columns[inner.name] = pc.struct_field(column, [index])
                else:
                    columns[name] = column
            numbers = range(row + 1, row + batch.num_rows + 1)
            row += batch.num_rows
            yield Chunk(
                file,
                source.size * batch.num_rows // total,
                numbers,
                {name: _values(column) for name, column in columns.items()},
                {name for name, column in columns.items() if pa.types.is_timestamp(column.type)},
            )


def _values(column: pa.Array[Any]) -> list[Any]:
    """Plain values. Times are microseconds UTC, and UTC is assumed of one without a zone; bytes are hex digits."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    kind = column.type
    if pa.types.is_timestamp(kind):
        # A finer unit than ours is cut, not refused.
        column = column.cast(pa.timestamp("us", kind.tz), safe=False).cast(pa.int64())
    elif pa.types.is_decimal(kind):
        column = column.cast(pa.float64())
    elif pa.types.is_date(kind) or pa.types.is_time(kind):
        column = column.cast(pa.string())
    elif pa.types.is_duration(kind):
        column = column.cast(pa.int64())
    values: list[Any] = column.to_pylist()
    primitive = pa.types.is_primitive(kind) or pa.types.is_string(kind) or pa.types.is_large_string(kind)
    return values if primitive or pa.types.is_decimal(kind) else [_plain(value) for value in values]


def _plain(value: Any) -> Any:
    """A nested value as JSON has it."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, date | time):  # and datetime, which is a date
        return value.isoformat()
    return value if value is None or isinstance(value, str | int | float) else str(value)


def time_text(at: int) -> str:
    """Microseconds UTC as RFC 3339."""
    try:
        return (_EPOCH + timedelta(microseconds=at)).isoformat().replace("+00:00", "Z")
    except OverflowError:
        return f"{at} microseconds since 1970"
