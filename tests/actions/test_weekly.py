"""The weekly figures as Parquet: what the report shows, hidden figures without a value, all or nothing."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from engage.actions.report import company_report, every_company
from engage.actions.score import score_companies
from engage.errors import Conflict
from engage.formats.weekly import WeeklyFile
from engage.store.database import Database
from tests.actions.signal_host import TODAY, accept, publish_default, working


async def test_the_file_holds_what_reports_show_week_by_week(database: Database, tmp_path: Path) -> None:
    await publish_default(database)
    await accept(database, [*working("acme", 28, 20), *working("tiny", 2, 8)])
    await score_companies(database, TODAY)
    reports = [await company_report(database, name, "last-8-weeks") for name in await every_company(database)]
    path = tmp_path / "weekly.parquet"
    with WeeklyFile(path) as out:
        for report in reports:
            out.add(report)
    rows = pq.read_table(path).to_pylist()
    assert len(rows) == out.rows
    acme, tiny = reports
    newest = {
        row["figure"]: row for row in rows if row["company"] == "acme" and row["week"] == date(2026, 6, 22)
    }
    assert newest["score"]["value"] == acme.health.score
    assert newest["active_4w"]["shown"] == acme.activity[1].figures[-1].text
    assert newest["issued:points"]["value"] == 280
    hidden = [row for row in rows if row["company"] == "tiny"]
    assert hidden
    assert all(row["value"] is None and row["hidden"] for row in hidden)
    assert tiny.health.score is None


def test_a_file_that_broke_off_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), WeeklyFile(tmp_path / "weekly.parquet"):
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_nothing_but_a_parquet_file_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "weekly.parquet"
    for _ in range(2):
        with WeeklyFile(path):
            pass
    other = tmp_path / "engage.db"
    other.write_bytes(b"SQLite format 3")
    for taken in (other, tmp_path):
        with pytest.raises(Conflict, match="is no Parquet file"), WeeklyFile(taken):
            pass
    assert other.read_bytes() == b"SQLite format 3"
