"""What stands where on paper."""

from __future__ import annotations

import io

import pypdf

from engage.core.outline import Section
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
