"""Rows of files as plain records: what a host knows of its companies, and their contract terms.

Must not know what the columns mean, except that text cells of a CSV are left to whoever does.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Final

from engage.actions.company_facts import FactReading
from engage.actions.import_rejects import UNREADABLE_FILE, Unread
from engage.core.call import Refusal
from engage.sources.files import Chunk, Source, cell_value, read_chunks, require_columns, time_text

COMPANY: Final = "groupId"
TEXTS: Final = frozenset({COMPANY, "timestamp", "name", "timezone"})
"""Never numbers, whatever they look like."""


def read_facts(
    sources: Sequence[Source],
    mapping: Mapping[str, str],
    *,
    required: Sequence[str] = (COMPANY,),
    typed: bool,
) -> Iterator[FactReading]:
    """Every row of the files, without what is empty. `typed`: CSV cells become numbers and booleans where they look
    like it; else they stay text. Raises InvalidRequest at once when a table lacks a required column."""
    for source in sources:
        require_columns(source, mapping, [(field,) for field in required])
    return _read_facts(sources, mapping, typed)


def unread_columns(
    sources: Sequence[Source], mapping: Mapping[str, str], known: Collection[str]
) -> list[str]:
    """The columns of tables that mean nothing to whoever reads these alone."""
    columns = dict.fromkeys(column for source in sources for column in source.columns)
    return [column for column in columns if mapping.get(column, column) not in known]


def _read_facts(sources: Sequence[Source], mapping: Mapping[str, str], typed: bool) -> Iterator[FactReading]:
    for chunk in read_chunks(sources):
        reading = FactReading(chunk.file, chunk.size)
        for bad in chunk.bad:
            code = UNREADABLE_FILE if bad.broke_off else "unreadable_row"
            reading.unread.append(Unread(bad.row, Refusal(code, bad.message), bad.content))
        for row, record in _records(chunk, mapping, typed):
            if isinstance(record, dict):
                reading.rows.append((row, record))
            else:
                reading.unread.append(Unread(row, Refusal("invalid_row", "a row must be an object"), record))
        yield reading


def _records(chunk: Chunk, mapping: Mapping[str, str], typed: bool) -> Iterator[tuple[int, Any]]:
    for row, document in zip(chunk.numbers, chunk.documents, strict=False):
        if isinstance(document, dict):
            document = {mapping.get(name, name): value for name, value in document.items()}
            traits = document.get("traits")
            if isinstance(traits, dict):
                # A `group` call says the same with its traits in an object of their own.
                document = {name: value for name, value in document.items() if name != "traits"} | traits
        yield row, document
    columns = {mapping.get(name, name): values for name, values in chunk.columns.items()}
    for name in {mapping.get(name, name) for name in chunk.times}:
        columns[name] = [None if at is None else time_text(at) for at in columns[name]]
    if chunk.cells and typed:
        columns = {
            name: values if name in TEXTS else [cell_value(cell) for cell in values]
            for name, values in columns.items()
        }
    for index, row in enumerate(chunk.numbers if columns else ()):
        record = {name: values[index] for name, values in columns.items()}
        yield row, {name: value for name, value in record.items() if value not in (None, "")}
