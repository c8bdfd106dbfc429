"""Workbooks, beyond what every kind of file tells."""

from __future__ import annotations

import io

import openpyxl

from engage.core.outline import Section
from engage.core.privacy import fact
from engage.core.reports import Column, Table
from engage.formats.cover import Cover
from engage.formats.paper import Paper
from engage.formats.workbook import workbook


def test_the_name_of_a_sheet_ends_with_a_word() -> None:
    table = Table(
        "a", "A", (Column("level", "Level"), Column("members", "Members")), (("One", fact(3, "each")),)
    )
    titles = ("Funnel: From inspection to report", "Funnel: From inspection to send", "A" * 40)
    sections = tuple(Section(f"s{index}", title, table=table) for index, title in enumerate(titles))
    head = Cover("Acme", "Acme", "", "", "unscored", "", "", (), ())
    named = openpyxl.load_workbook(io.BytesIO(workbook(Paper(head, sections), "en"))).sheetnames[1:4]
    assert named == ["Funnel From inspection to…", "Funnel From inspection to send", "A" * 30 + "…"]
