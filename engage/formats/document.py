"""A report as a document to print or send: PDF, tagged for screen readers, with its own font for Chinese.

Typst sets it from `report.typ`. Everything that is said goes there as data, never as markup, so a host's name can do
nothing but be printed.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

import msgspec
import pylopdf_fonts_zh_cn
import typst

from engage.core.language import Language, speak
from engage.core.outline import Section
from engage.core.privacy import Figure
from engage.core.reports import Column, Table
from engage.formats.cover import capital, in_cell, room, wide
from engage.formats.drawing import draw
from engage.formats.palette import PALETTE, light
from engage.formats.paper import Paper

TEMPLATE: Final = Path(__file__).parent / "report.typ"
FONTS: Final = pylopdf_fonts_zh_cn.sans_path().parent
ACCESSIBLE: Final = "ua-1"
LACKED: Final = "PDF/UA-1 error: the text"
"""How Typst begins to say that it has no font for a letter, or that PDF/UA allows none of its kind."""
ROOM, GUTTER, LETTER, EDGES = 493, 10, 4.4, 10
"""Points: of a page between its margins, between a chart and its table, of a table's letter, and of a cell's edges."""
ALONE, ALONE_BRIEF = 0.74, 0.7
"""The share of the page that a chart above its table takes; the second where everything is to fit on one."""
DRAWN: Final = 0.7
"""Points for each unit of a chart: so that the letters of all come out alike."""
CHART_LEAST: Final = 300
BESIDE_COLUMNS_MAX: Final = 4
"""A wider table stands below its chart."""
LINES_WHOLE, LINES_WHOLE_DRAWN = 18, 24
"""A table that takes no more lines is not divided between two pages; the second with its chart."""
LINE_LETTERS: Final = 45
"""Of one cell: about."""
WEEKS_LISTED_MAX: Final = 13
"""Newest weeks of a table; the chart has them all."""


def document(paper: Paper, language: Language) -> bytes:
    head = paper.cover
    brief = paper.brief
    data = {
        "language": "zh" if language == "zh-Hans" else "en",
        "title": head.title,
        "company": head.company,
        "period": head.period,
        "score": head.score,
        "band": head.band_label,
        "colour": light(head.band),
        "verdict": head.verdict,
        "facts": head.facts,
        "sections": [_section(section, language, brief=brief) for section in paper.sections],
        "hidden": {"title": paper.hidden_title(language), "notes": paper.hidden(language)},
        "words": {
            "title": speak(language, "What the words mean"),
            "entries": [(one.term, one.text, one.source) for one in paper.definitions],
        },
        "page": speak(language, "Page"),
        "brief": brief,
        "alone": ALONE_BRIEF if brief else ALONE,
        "colours": {role: pair[0] for role, pair in PALETTE.items()},
    }
    return compile_pdf(TEMPLATE, data)


def compile_pdf(template: Path, data: Any) -> bytes:
    """The template with this data as PDF. Only our own font is used, so the same data gives the same pages anywhere;
    but for names with letters or emoji that it lacks, which the machine's own fonts may have. What nobody has is a box,
    and the file then no PDF/UA, which knows no boxes."""
    for own in (True, False):
        try:
            return _compile(template, data, own=own, accessible=True)
        except typst.TypstError as error:
            if LACKED not in str(error):
                raise
    return _compile(template, data, own=False, accessible=False)


@cache
def _fonts(own: bool) -> typst.Fonts:
    """Found once: to look through a machine's fonts takes as long as to set a page."""
    return typst.Fonts(include_system_fonts=not own, font_paths=[FONTS])


def _compile(template: Path, data: Any, *, own: bool, accessible: bool) -> bytes:
    made = typst.compile(
        template.read_bytes(),
        font_paths=_fonts(own),
        format="pdf",
        sys_inputs={"data": msgspec.json.encode(data).decode()},
        pdf_standards=[ACCESSIBLE] if accessible else [],
    )
    assert isinstance(made, bytes)
    return made


def _section(section: Section, language: Language, *, brief: bool) -> dict[str, Any]:
    table = section.table
    weekly = section.chart is not None and section.chart.kind in ("lines", "columns")
    narrow = BESIDE_COLUMNS_MAX if weekly else BESIDE_COLUMNS_MAX - 1
    # Whom the map shows is listed in the sections after it.
    mapped = section.chart is not None and section.chart.kind == "map"
    signed = section.chart is not None and section.chart.kind == "signed"
    beside = section.chart is not None and not signed and table is not None and len(table.columns) <= narrow
    points = ROOM * (ALONE_BRIEF if brief else ALONE)
    if beside and table is not None:
        points = ROOM - GUTTER - _width(table, language)
    width = max(CHART_LEAST, round(points / DRAWN))
    chart = (
        ""
        if section.chart is None or table is None
        else draw(section, section.chart, table, language, width, section.name)
    )
    listed = None if table is None or mapped else _table(table, language, weekly=weekly)
    lines = LINES_WHOLE if chart == "" else LINES_WHOLE_DRAWN
    return {
        "title": section.title,
        "message": capital(section.message),
        "chart": chart,
        "described": section.message or section.title,
        "table": listed,
        "notes": section.notes,
        "beside": beside and chart != "",
        "whole": listed is None or sum(map(_lines, listed["rows"])) <= lines,
    }


def _lines(row: Sequence[tuple[str, bool]]) -> int:
    """That the cells of a row take, about."""
    return max(-(-wide(words) // LINE_LETTERS) for words, _ in row)


def _width(table: Table, language: Language) -> float:
    """Of a table on paper, in points: about."""
    longest = (
        max(
            [wide(column.label)] + [wide(_cell(row[index], index, column, language)[0]) for row in table.rows]
        )
        for index, column in enumerate(table.columns)
    )
    return sum(EDGES + LETTER * letters for letters in longest)


def _table(table: Table, language: Language, *, weekly: bool) -> dict[str, Any]:
    rows = table.rows[-WEEKS_LISTED_MAX:] if weekly else table.rows
    return {
        "columns": [
            (column.label, column.unit == "text", room(table, index, language))
            for index, column in enumerate(table.columns)
        ],
        "rows": [
            [_cell(cell, index, table.columns[index], language) for index, cell in enumerate(row)]
            for row in rows
        ],
    }


def _cell(cell: str | Figure, index: int, column: Column, language: Language) -> tuple[str, bool]:
    """(words, whether it is hidden)"""
    if isinstance(cell, Figure):
        return cell.text, bool(cell.hidden)
    return in_cell(cell, column, index, language), False
