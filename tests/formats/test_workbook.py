"""Workbooks, beyond what every kind of file tells."""

from __future__ import annotations

import io

import openpyxl

from engage.core.outline import Chart, Section
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


def test_no_chart_stands_over_a_note_and_shares_have_their_unit() -> None:
    columns = (Column("name", "Name"), Column("share", "Share", "percent"))
    table = Table("shares", "Shares", columns, (("One", fact(30, "percent")),))
    section = Section("shares", "Shares", "", Chart("bars", ("share",), 100), table, ("A longer note.",))
    head = Cover("Acme", "Acme", "", "", "unscored", "", "", (), ())
    sheet = openpyxl.load_workbook(io.BytesIO(workbook(Paper(head, (section,)), "en")))["Shares"]
    (chart,) = sheet._charts
    (note,) = [row for (row, column), cell in sheet._cells.items() if cell.value == "A longer note."]
    assert note > chart.anchor.to.row + 1
    assert "%" in chart.y_axis.number_format.formatCode
