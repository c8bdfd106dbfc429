"""A report as a document to print or send: PDF, tagged for screen readers, with its own font for Chinese.

Typst sets it from `report.typ`. Everything that is said goes there as data, never as markup, so a host's name can do
nothing but be printed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final

import msgspec
import pylopdf_fonts_zh_cn
import typst

from engage.core.language import Language, speak, translate
from engage.core.outline import Chart, Section, drawn, outline
from engage.core.privacy import Figure
from engage.core.reports import BAND_FLOORS, BAND_LABELS, CompanyReport, Table
from engage.core.telling import in_language
from engage.formats import charts
from engage.formats.cover import capital, cover, day, short_day
from engage.formats.palette import PALETTE, SERIES, light

TEMPLATE: Final = Path(__file__).parent / "report.typ"
FONTS: Final = pylopdf_fonts_zh_cn.sans_path().parent
WIDE, NARROW = 520, 360
"""Of a chart above its table, and of one beside it."""
BARS_MAX: Final = 12
WEEKS_LISTED_MAX: Final = 13
"""Newest weeks of a table; the chart has them all."""


def document(report: CompanyReport, language: Language) -> bytes:
    head = cover(report, language)
    sections = in_language(outline(report), language)
    definitions = in_language(report, language).definitions
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
        "sections": [_section(section, language) for section in sections],
        "hidden": {"title": speak(language, "What is hidden, and why"), "notes": head.notes},
        "words": {
            "title": speak(language, "What the words mean"),
            "entries": [(one.term, one.text, one.source) for one in definitions],
        },
        "page": speak(language, "Page"),
        "colours": {role: pair[0] for role, pair in PALETTE.items()},
    }
    return compile_pdf(TEMPLATE, data)


def compile_pdf(template: Path, data: Any) -> bytes:
    """The template with this data as PDF. Only our own font is used, so the same data gives the same pages anywhere."""
    made = typst.compile(
        template.read_bytes(),
        font_paths=[FONTS],
        ignore_system_fonts=True,
        format="pdf",
        sys_inputs={"data": msgspec.json.encode(data).decode()},
        pdf_standards=["ua-1"],
    )
    assert isinstance(made, bytes)
    return made


def _section(section: Section, language: Language) -> dict[str, Any]:
    table = section.table
    weekly = section.chart is not None and section.chart.kind in ("lines", "columns")
    return {
        "title": section.title,
        "message": capital(section.message),
        "chart": ""
        if section.chart is None or table is None
        else chart_svg(section, section.chart, table, language),
        "described": section.message or section.title,
        "table": None if table is None else _table(table, language, weekly=weekly),
        "notes": section.notes,
        "beside": weekly,
    }


def _table(table: Table, language: Language, *, weekly: bool) -> dict[str, Any]:
    rows = table.rows[-WEEKS_LISTED_MAX:] if weekly else table.rows
    return {
        "columns": [(column.label, column.unit == "text") for column in table.columns],
        "rows": [
            [_cell(cell, weekly and index == 0, language) for index, cell in enumerate(row)] for row in rows
        ],
    }


def _cell(cell: str | Figure, is_week: bool, language: Language) -> tuple[str, bool]:
    """(words, whether it is hidden)"""
    if isinstance(cell, Figure):
        return cell.text, bool(cell.hidden)
    return (day(cell, language) if is_week else capital(cell)), False


def chart_svg(section: Section, spec: Chart, table: Table, language: Language) -> str:
    """The section's chart, or nothing where no figure may be drawn."""
    names = [column.name for column in table.columns]
    cells = [[row[names.index(name)] for row in table.rows] for name in spec.columns]
    if all(drawn(cell) is None for column in cells for cell in column):
        return ""
    told: dict[str, Any] = {"title": section.title, "description": section.message or section.title}
    if spec.kind in ("lines", "columns"):
        labels = [short_day(date.fromisoformat(str(row[0])), language) for row in table.rows]
        series = [
            charts.Series(table.columns[names.index(name)].label, [drawn(cell) for cell in column], role)
            for name, column, role in zip(spec.columns, cells, SERIES, strict=False)
        ]
        if spec.kind == "columns":
            return str(charts.stacked(section.name, NARROW, labels=labels, series=series, **told))
        zones = _zones(language) if spec.top == 100 else ()
        return str(
            charts.lines(
                section.name, NARROW, labels=labels, series=series, zones=zones, top=spec.top, **told
            )
        )
    bars = [
        charts.Bar(capital(_words(row[0])), drawn(cell), _words(cell), _role(spec, drawn(cell)))
        for row, cell in zip(table.rows[:BARS_MAX], cells[0][:BARS_MAX], strict=True)
    ]
    if spec.kind == "signed":
        return str(charts.signed_bars(section.name, WIDE, bars=bars, **told))
    top = spec.top or max((bar.value or 0 for bar in bars), default=1)
    return str(charts.bars(section.name, WIDE, bars=bars, top=top, **told))


def _role(spec: Chart, value: float | None) -> str:
    if spec.kind != "signed":
        return "accent"
    return "thriving" if (value or 0) >= 0 else "at_risk"


def _words(cell: str | Figure) -> str:
    return cell if isinstance(cell, str) else cell.text


def _zones(language: Language) -> Sequence[charts.Zone]:
    tops = (100, *(floor for _, floor in BAND_FLOORS))
    return [
        charts.Zone(translate(BAND_LABELS[band], language), low, high, band)
        for (band, low), high in zip(BAND_FLOORS, tops, strict=False)
    ]
