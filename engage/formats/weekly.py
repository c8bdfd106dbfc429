"""The weekly figures of all companies as one Parquet file, for a data warehouse: what reports show, a figure a row.

Takes whole reports, so that it can hold nothing that a report does not show. A hidden figure has no value, and its
words, its reason and the range that may be told, as everywhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from engage.core.reports import CompanyReport
from engage.errors import Conflict

ROWS_PER_GROUP: Final = 50_000
MAGIC: Final = b"PAR1"
"""How every Parquet file begins."""
_FIELDS: Final[list[pa.Field[Any]]] = [
    pa.field("company", pa.string(), nullable=False),
    pa.field("name", pa.string(), nullable=False),
    pa.field("week", pa.date32(), nullable=False),  # its Monday
    pa.field("figure", pa.string(), nullable=False),
    pa.field("label", pa.string(), nullable=False),
    pa.field("unit", pa.string(), nullable=False),
    pa.field("value", pa.float64()),
    pa.field("low", pa.float64()),
    pa.field("high", pa.float64()),
    pa.field("hidden", pa.string()),  # why there is no value
    pa.field("shown", pa.string(), nullable=False),
]
COLUMNS: Final = pa.schema(_FIELDS)


def weekly_rows(report: CompanyReport) -> Iterator[dict[str, Any]]:
    """One per series and week of the report, the score first."""
    series = (report.score_history, *report.activity, *report.rhythm, *report.classes, *report.incentives)
    named = [(one.name, one) for one in series]
    named += [(f"issued:{one.name}", one) for one in report.points]
    for name, one in named:
        for monday, figure in zip(one.weeks, one.figures, strict=True):
            yield {
                "company": report.company,
                "name": report.name,
                "week": date.fromisoformat(monday),
                "figure": name,
                "label": one.label,
                "unit": one.unit,
                "value": figure.value,
                "low": figure.low,
                "high": figure.high,
                "hidden": figure.hidden or None,
                "shown": figure.text,
            }


class WeeklyFile:
    """Written beside its name and put in its place at the end, so that a reader never sees half of one. It takes the
    place of a Parquet file alone: a slip of the hand would else be the end of the database. Raises Conflict."""

    def __init__(self, path: Path) -> None:
        if path.exists() and not _may_be_replaced(path):
            raise Conflict(f"{path} is there already, and is no Parquet file that could be replaced")
        self.path = path
        self.rows = 0
        self._beside = path.with_name(f".{path.name}.part")
        self._waiting: list[dict[str, Any]] = []
        self._writer = pq.ParquetWriter(self._beside, COLUMNS, compression="zstd")

    def __enter__(self) -> WeeklyFile:
        return self

    def add(self, report: CompanyReport) -> None:
        self._waiting += weekly_rows(report)
        if len(self._waiting) >= ROWS_PER_GROUP:
            self._write()

    def _write(self) -> None:
        self._writer.write_table(pa.Table.from_pylist(self._waiting, COLUMNS))
        self.rows += len(self._waiting)
        self._waiting = []

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None and self._waiting:
            self._write()
        self._writer.close()
        if kind is None:
            self._beside.replace(self.path)
        else:
            self._beside.unlink()


def _may_be_replaced(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(len(MAGIC)) in (MAGIC, b"")
