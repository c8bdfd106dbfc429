"""Rows of files as calls: which column is which field of the wire, and what a row without one of them is.

Owns the wire's field names in tables, the defaults of an import (a row without a type is a track) and its times: an
imported call was received when it happened. Must not know formats, or what becomes of the calls.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec

from engage.actions.import_rejects import UNREADABLE_FILE, Unread
from engage.actions.importing import Reading, Tracks
from engage.core.call import (
    CALL_BYTES_MAX,
    ID_CHARS_MAX,
    MESSAGE_ID_CHARS_MAX,
    NAME_CHARS_MAX,
    Call,
    Refusal,
    Refused,
    clean,
    clean_text,
    parse_time,
    read_call,
)
from engage.core.event import ACTIVITY
from engage.sources.files import Chunk, Source, cell_value, read_chunks, require_columns, time_text

NEEDED: Final = (("timestamp", "originalTimestamp"), ("userId", "anonymousId"), ("event", "type"))
ENVELOPE: Final = ("sentAt", "receivedAt", "writeKey", "integrations", "channel", "version")
"""Fields of the wire that say how a call travelled: in a table they are neither fields nor properties here."""
FIELDS: Final = (
    *("messageId", "type", "event", "userId", "anonymousId", "groupId", "previousId"),
    *("timestamp", "originalTimestamp", "context"),
)
LONGEST: Final = {"messageId": MESSAGE_ID_CHARS_MAX, "event": NAME_CHARS_MAX}
MILLISECOND_DIGITS: Final = 12
"""A number of fewer digits in a CSV is not a time in milliseconds."""

_size = msgspec.msgpack.Encoder().encode


def read_calls(sources: Sequence[Source], mapping: Mapping[str, str], now: int) -> Iterator[Reading]:
    """Every call of the files. Raises InvalidRequest at once when a table lacks a column no call can do without."""
    for source in sources:
        require_columns(source, mapping, NEEDED)
    return _read_calls(sources, mapping, now)


def _read_calls(sources: Sequence[Source], mapping: Mapping[str, str], now: int) -> Iterator[Reading]:
    for chunk in read_chunks(sources):
        reading = Reading(chunk.file, chunk.size)
        for bad in chunk.bad:
            code = UNREADABLE_FILE if bad.broke_off else "unreadable_row"
            reading.unread.append(Unread(bad.row, Refusal(code, bad.message), bad.content))
        if chunk.columns:
            _read_table(chunk, mapping, now, reading)
        for row, document in zip(chunk.numbers, chunk.documents, strict=False):
            for raw in _calls_of(document):
                if mapping and isinstance(raw, dict):
                    raw = {mapping.get(key, key): value for key, value in raw.items()}
                _take(reading, row, raw, now)
        yield reading


def _calls_of(document: Any) -> list[Any]:
    """The calls of one line: one, or a batch as a client sends it."""
    if isinstance(document, dict) and isinstance(document.get("batch"), list):
        document = document["batch"]
    return document if isinstance(document, list) else [document]


def _take(reading: Reading, row: int, raw: Any, now: int) -> None:
    call = import_call(raw, now)
    if isinstance(call, Call):
        reading.calls.append((row, call))
    else:
        reading.unread.append(Unread(row, call, raw))


def import_call(raw: Any, now: int) -> Call | Refusal:
    """One call of history. Its `timestamp` is taken as corrected already, as archives have it; `originalTimestamp`,
    where there is one, is what the client had stamped, and so part of the message's identity."""
    if not isinstance(raw, dict):
        return read_call(raw, verb=None, received_at=now, sent_at=None, trusted=True, new_id=str)
    original_at = parse_time(raw.get("originalTimestamp"))
    stamp = raw.get("timestamp")
    at = parse_time(stamp) if stamp is not None else original_at
    verb = raw.get("type") or "track"
    raw = {key: value for key, value in raw.items() if key not in ENVELOPE}
    call = read_call(
        {**raw, "type": verb}, verb=None, received_at=now, sent_at=None, trusted=True, new_id=str
    )
    if isinstance(call, Refusal):
        return call
    refusal = _wrong_time(stamp if stamp is not None else raw.get("originalTimestamp"), at, now)
    if refusal is not None:
        code, message = refusal
        return Refusal(code, message, call.message_id, call.company)
    assert at is not None
    call.at = call.received_at = at
    call.original_at = at if original_at is None else original_at
    if call.kind in ACTIVITY:
        # Nothing to a rule, and what a table has for a property that was not sent.
        call.data = {name: value for name, value in call.data.items() if value is not None}
    return call


def _wrong_time(stamp: Any, at: int | None, now: int) -> tuple[str, str] | None:
    if stamp is None:
        return "missing_timestamp", "history needs a timestamp: without one it has no place in the log"
    if at is None:
        return "invalid_timestamp", f"{str(stamp)[:80]!r} is not a time; write 2026-11-22T09:30:00Z"
    if at > now:
        return "future_timestamp", f"{time_text(at)} is still to come; import it when it has happened"
    if at < 0:
        return "invalid_timestamp", f"{str(stamp)[:80]!r} is before 1970"
    return None


# --- tables -------------------------------------------------------------------------------------------------


def _read_table(chunk: Chunk, mapping: Mapping[str, str], now: int, reading: Reading) -> None:
    """Column by column where all is well, which is ten times as fast; row by row where anything is not."""
    columns = {mapping.get(name, name): values for name, values in chunk.columns.items()}
    times = {mapping.get(name, name) for name in chunk.times}
    fields: dict[str, list[Any]] = {name: columns.pop(name) for name in FIELDS if name in columns}
    for name in ENVELOPE:
        columns.pop(name, None)
    if chunk.cells:
        columns = {name: [cell_value(cell) for cell in cells] for name, cells in columns.items()}
        fields = {name: [cell or None for cell in cells] for name, cells in fields.items()}
        for name in ("timestamp", "originalTimestamp"):
            if name in fields:
                fields[name] = [_cell_time(cell) for cell in fields[name]]
    for name in times & columns.keys():
        columns[name] = [None if at is None else time_text(at) for at in columns[name]]
    odd = _read_columns(chunk.numbers, fields, columns, times, now, reading)
    for index in odd:
        _take(reading, chunk.numbers[index], _raw_call(index, fields, columns, times), now)


def _cell_time(cell: str | None) -> str | int | None:
    if cell is not None and len(cell) >= MILLISECOND_DIGITS and cell.isdecimal():
        return int(cell)
    return cell


def _raw_call(
    index: int, fields: Mapping[str, list[Any]], columns: Mapping[str, list[Any]], times: set[str]
) -> dict[str, Any]:
    """A row of a table as the call it stands for."""
    raw: dict[str, Any] = {}
    for name, values in fields.items():
        value = values[index]
        if value is not None:
            raw[name] = time_text(value) if name in times else value
    data = {name: values[index] for name, values in columns.items() if values[index] is not None}
    verb = raw.get("type")
    if verb in ("page", "screen") and "name" in data:
        raw["name"] = data["name"]
    if data:
        raw["traits" if verb in ("identify", "group") else "properties"] = data
    return raw


def _read_columns(
    rows: Sequence[int],
    fields: Mapping[str, list[Any]],
    columns: Mapping[str, list[Any]],
    times: set[str],
    now: int,
    reading: Reading,
) -> Sequence[int]:
    """Take the rows that are plain track calls as columns, and tell which ones `import_call` must look at.

    Whatever is taken here is what `import_call` would make of the same row; a test compares the two.
    """
    count = len(rows)
    nothing = [""] * count
    if fields.keys() & {"context", "originalTimestamp", "previousId"}:
        return range(count)
    tidy: dict[str, list[str]] = {}
    for name in ("messageId", "userId", "anonymousId", "groupId", "event", "type"):
        values = _tidy(fields[name], LONGEST.get(name, ID_CHARS_MAX)) if name in fields else nothing
        if values is None:
            return range(count)
        tidy[name] = values
    stamps = fields.get("timestamp", nothing)
    moments = stamps if "timestamp" in times else [parse_time(stamp) for stamp in stamps]
    properties = _properties(count, columns)
    if properties is None:
        return range(count)
    users, visitors, names, verbs = tidy["userId"], tidy["anonymousId"], tidy["event"], tidy["type"]
    odd = {index for index, name in enumerate(names) if not name or not (users[index] or visitors[index])}
    odd |= {index for index, verb in enumerate(verbs) if verb and verb != "track"}
    odd |= {index for index, at in enumerate(moments) if at is None or not 0 <= at <= now}
    odd |= {index for index, data in enumerate(properties) if data is None}
    taken: list[Sequence[Any]] = [
        *(rows, tidy["messageId"], users, visitors, tidy["groupId"], names, properties, moments)
    ]
    if odd:
        fine = [index for index in range(count) if index not in odd]
        taken = [[column[index] for index in fine] for column in taken]
    reading.tracks = Tracks(*taken)
    return sorted(odd)


def _tidy(values: list[Any], longest: int) -> list[str] | None:
    """The column when all of it is text that needs no cleaning, with empty text for nothing."""
    try:
        texts = ["" if value is None else value for value in values] if None in values else values
        joined = "".join(texts)
    except TypeError:  # not all of it is text
        return None
    if not joined:
        return texts
    if joined.isascii() and "\0" not in joined and joined.split(None, 1) == [joined]:
        # No white space at all, so none to strip: the common case of ids.
        return texts if max(map(len, texts)) <= longest else None
    for value in set(texts):
        if len(value) > longest or clean_text(value).strip() != value:
            return None
    return texts


def _properties(count: int, columns: Mapping[str, list[Any]]) -> list[dict[str, Any] | None] | None:
    """Each row's properties; None in place of those that are too large, or of all when some cannot be cleaned."""
    try:
        cleaned = {
            clean_text(name): [clean(value, 1) for value in values]
            for name, values in columns.items()
            if values.count(None) < count
        }
    except Refused:
        return None
    if not cleaned:
        return [{} for _ in range(count)]
    rows: list[dict[str, Any] | None]
    if len(cleaned) == 1:
        [(name, values)] = cleaned.items()
        rows = [{} if value is None else {name: value} for value in values]
    else:
        names = tuple(cleaned)
        rows = [
            {name: value for name, value in zip(names, row, strict=True) if value is not None}
            for row in zip(*cleaned.values(), strict=True)
        ]
    if sum(len(name) * 4 + _bytes_max(values) for name, values in cleaned.items()) > CALL_BYTES_MAX:
        return [None if len(_size(row)) > CALL_BYTES_MAX else row for row in rows]
    return rows


def _bytes_max(values: list[Any]) -> int:
    """What the largest of the values takes at most; nested ones could be anything."""
    most = 16
    for value in values:
        if value.__class__ is str:
            most = max(most, len(value) * 4 + 8)
        elif value.__class__ in (list, dict):
            return CALL_BYTES_MAX
    return most
