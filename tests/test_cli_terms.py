"""Contract terms on the command line."""

from __future__ import annotations

from pathlib import Path

from tests.test_cli import Engage
from tests.test_cli import engage as engage  # the fixture


def test_terms_that_run_in_the_same_days_are_told(engage: Engage, tmp_path: Path) -> None:
    rows = ("acme,2026-01-01,2027-01-01", "acme,2026-06-01,2027-06-01", "acme,2027-06-01,2028-06-01")
    (tmp_path / "t.csv").write_text("\n".join(["groupId,term_start,term_end", *rows]))
    told = engage("import", "--kind", "terms", "t.csv")
    words = "acme: 2026-01-01 to 2027-01-01 and 2026-06-01 to 2027-06-01"
    assert told.error.splitlines()[1] == f"two terms run in the same days, and both count: {words}"
    assert told.error.splitlines()[2].endswith("the old term ends on the day on which the new one starts")
    assert engage("import", "--kind", "terms", "t.csv", "--json").json["overlaps"] == [words]


def test_two_rows_of_one_term_are_told_where_they_differ(engage: Engage, tmp_path: Path) -> None:
    rows = (
        "acme,2026-01-01,2027-01-01,100",
        "acme,2026-01-01,2999-01-01,300",
        "acme,2026-01-01,2999-01-01,300",
    )
    (tmp_path / "t.csv").write_text("\n".join(["groupId,term_start,term_end,monthly_revenue", *rows]))
    told = engage("import", "--kind", "terms", "t.csv")
    words = "acme: 2026-01-01 to 2027-01-01 and 2026-01-01 to 2999-01-01"
    assert told.error.splitlines()[1:] == [
        f"two rows are of one company and first day, so of one term, and the later counts: {words}"
    ]
    assert engage("import", "--kind", "terms", "t.csv", "--json").json["told_twice"] == [words]
    assert engage("outcomes", "--json").json["mrr_cents"] == 30_000
