"""A report on the command line before anything is measured."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.test_cli import Engage
from tests.test_cli import engage as engage  # the fixture


def test_on_the_first_day_a_report_says_once_that_nothing_is_measured(engage: Engage, tmp_path: Path) -> None:
    today = datetime.now(UTC).date()
    rows = [f"m{n},Report Exported,acme,e{n},{today}T00:00:00Z" for n in range(6)]
    (tmp_path / "today.csv").write_text("\n".join(("messageId,event,groupId,userId,timestamp", *rows, "")))
    assert engage("import", "today.csv").code == 0
    told = engage("report", "acme").out
    assert "not measured" not in told
    sunday = today + timedelta(6 - today.weekday())
    assert told.count(f"No week is measured yet. The first can be the one that ends on {sunday};") == 1
