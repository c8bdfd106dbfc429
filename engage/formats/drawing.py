"""A section's chart as SVG, at any width: for documents and pages."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from engage.core.language import Language, speak, translate
from engage.core.outline import Chart, Section, drawn
from engage.core.outline_portfolio import CALL_DAYS, HEALTHY, MAPPED_DAYS, is_urgent
from engage.core.privacy import Figure
from engage.core.reports import BAND_FLOORS, BAND_LABELS, Table
from engage.formats import charts, rows
from engage.formats.cover import short_day
from engage.formats.palette import SERIES

BARS_MAX: Final = 12
"""Bars of a chart; the table beside it has all rows."""


MAP_HIGH: Final = 320


def draw(
    section: Section,
    spec: Chart,
    table: Table,
    language: Language,
    width: int,
    name: str,
    *,
    map_high: int = MAP_HIGH,
) -> str:
    """The section's chart, or nothing where no figure may be drawn."""
    names = [column.name for column in table.columns]
    cells = [[row[names.index(name)] for row in table.rows] for name in spec.columns]
    if all(drawn(cell) is None for column in cells for cell in column):
        return ""
    told: dict[str, Any] = {"title": section.title, "description": section.message or section.title}
    if spec.kind == "map":
        return _map(table, language, width, name, map_high)
    if spec.kind in ("lines", "columns"):
        labels = [short_day(date.fromisoformat(str(row[0])), language) for row in table.rows]
        series = [
            charts.Series(table.columns[names.index(name)].label, [drawn(cell) for cell in column], role)
            for name, column, role in zip(spec.columns, cells, SERIES, strict=False)
        ]
        if spec.kind == "columns":
            return str(charts.stacked(name, width, labels=labels, series=series, **told))
        zones = _zones(language) if spec.top == 100 else ()
        return str(charts.lines(name, width, labels=labels, series=series, zones=zones, top=spec.top, **told))
    bars = [
        charts.Bar(_words(row[0]), drawn(cell), _words(cell), _role(spec, drawn(cell)))
        for row, cell in zip(table.rows[:BARS_MAX], cells[0][:BARS_MAX], strict=True)
    ]
    if spec.kind == "signed":
        return str(charts.signed_bars(name, width, bars=bars, **told))
    top = spec.top or max((bar.value or 0 for bar in bars), default=1)
    return str(rows.bars(name, width, bars=bars, top=top, **told))


def _map(table: Table, language: Language, width: int, name: str, height: int) -> str:
    """Days to renewal across, score up, the size of a dot the revenue: who is low and soon is called first."""
    labels = {translate(label, language): band for band, label in BAND_LABELS.items()}
    cells = [tuple(map(_number, row[1:4])) for row in table.rows]
    most = max((revenue for *_, revenue in cells), default=0) or 1
    dots = [
        charts.Dot(
            label=_words(row[0]),
            x=days / MAPPED_DAYS,
            y=score,
            text=speak(
                language,
                "score {score:d}, {days:,} days to renewal, {revenue_name} a month",
                score=round(score),
                days=round(days),
                revenue_name=_words(row[3]),
            ),
            weight=revenue / most,
            role=labels[_words(row[4])],
            urgent=is_urgent(days, score),
        )
        for row, (days, score, revenue) in zip(table.rows, cells, strict=True)
    ]
    days = tuple((day / MAPPED_DAYS, str(day)) for day in (90, 180, 270))
    return str(
        charts.scatter(
            name,
            width,
            title=speak(language, "Score and days to renewal of each company"),
            description=speak(
                language,
                "Companies to the left renew soon, companies at the bottom have a low score, large dots pay more. The "
                "same figures are in the table of companies.",
            ),
            dots=dots,
            x_label=speak(language, "Days to renewal"),
            y_label=speak(language, "Score"),
            x_marks=((0.0, speak(language, "today")), *days, (1.0, f"{MAPPED_DAYS}+")),
            top=100,
            shade=(CALL_DAYS / MAPPED_DAYS, HEALTHY),
            height=height,
        )
    )


def _number(cell: str | Figure) -> float:
    return 0.0 if isinstance(cell, str) else float(cell.value or 0)


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
