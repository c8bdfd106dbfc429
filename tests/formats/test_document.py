"""What stands where on paper."""

from __future__ import annotations

import io

import pypdf

from engage.core.outline import Chart, Section
from engage.core.privacy import fact
from engage.core.reports import Column, Table
from engage.formats.cover import Cover
from engage.formats.document import document
from engage.formats.paper import Paper


def test_a_short_table_is_on_one_page_and_a_long_one_goes_on_overleaf() -> None:
    columns = (Column("name", "Name"), Column("members", "Members", "members"))

    def table(name: str, rows: int) -> Section:
        listed = tuple((f"{name} {at}", fact(at, "members")) for at in range(rows))
        return Section(name, name, table=Table(name, name, columns, listed))

    head = Cover("Acme", "Acme", "", "", "unscored", "", "", (), ())
    content = document(Paper(head, (table("Long", 42), table("Short", 9))), "en")
    first, second = (page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages)
    assert "Long 41" in first
    assert "Short" not in first
    assert all(f"Short {at}" in second for at in range(9))
    longer = document(Paper(head, (table("Long", 60),)), "en")
    assert len(pypdf.PdfReader(io.BytesIO(longer)).pages) == 2


def test_a_digest_with_all_that_it_can_say_is_one_page() -> None:
    drivers = (Column("driver", "Driver"), Column("seen", "Seen"), Column("points", "Points", "score"))
    moved = tuple((f"Driver {at}", "What was seen of it " * 3, fact(-at, "score")) for at in (3, 2, 1))
    steps = (
        Column("step", "Step"),
        Column("members", "Members", "members"),
        Column("share", "Share", "percent"),
    )
    seats = tuple((one, fact(50, "members"), fact(50, "percent")) for one in ("Seats", "Active", "Habitual"))
    money = (Column("money", "Money"), Column("amount", "Amount", "each"))
    amounts = tuple((one, fact(2900, "each")) for one in ("Per month", "Per year", "At risk"))
    sections = (
        Section("moved", "Moved", "", Chart("signed", ("points",)), Table("moved", "Moved", drivers, moved)),
        Section("seats", "Seats", "31", Chart("bars", ("members",)), Table("seats", "Seats", steps, seats)),
        Section("money", "Money", table=Table("money", "Money", money, amounts)),
        Section("advice", "What to do", notes=("Invite those who have a seat and never came.",) * 5),
    )
    facts = tuple((f"Fact {at}", "4 Dec 2026") for at in range(9))
    verdict, notes = (
        "At risk: hardly any activity in four weeks. " * 3,
        ("All figures are for whole weeks. " * 4,) * 3,
    )
    head = Cover("Acme", "Digest: Acme", "Last 12 weeks", "36", "at_risk", "At risk", verdict, facts, notes)
    content = document(Paper(head, sections, brief=True), "en")
    assert len(pypdf.PdfReader(io.BytesIO(content)).pages) == 1
