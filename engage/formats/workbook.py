"""A report as a workbook: numbers as numbers, hidden figures as words, charts that can be edited.

A chart takes its figures from cells beside the table wherever one of them is hidden: a word in a cell would be drawn as
zero, an empty cell is a gap.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, Final

import xlsxwriter

from engage.core.language import Language, mark, speak, translate
from engage.core.outline import Section, drawn, hints, is_drawn
from engage.core.outline_portfolio import MAPPED_DAYS, portfolio_outline
from engage.core.privacy import Figure, Unit, fact
from engage.core.reports import BAND_LABELS, Column, Definition, Portfolio, PortfolioRow, Table
from engage.core.stage_words import STAGE_LABELS
from engage.core.telling import in_language
from engage.formats.cover import dated, in_cell
from engage.formats.numbers import WHOLE, number_format, percent_format, read_number
from engage.formats.palette import SERIES, light
from engage.formats.paper import Paper

NAME_CHARS_MAX: Final = 31
CHARTED_MAX: Final = 12
"""Rows of names that a chart shows; weeks are shown all."""
CHART_COLUMNS: Final = 3
"""Columns left free between a table and what its chart is drawn from."""

CHART_HIGH, ROW_HIGH = 320, 20
"""Pixels, of a chart and of a row beside it."""
LINE_HIGH: Final = 16
DAYS: Final = frozenset({"week", "day", "last_day", "by"})
"""Text columns that are days, and become dates that can be reckoned with."""
CELL_CHARS_MAX: Final = 60
"""The widest column of a table; a longer text takes more lines."""

_CHARTS: Final = {
    "lines": {"type": "line"},
    "columns": {"type": "column", "subtype": "stacked"},
    "bars": {"type": "bar"},
    "signed": {"type": "bar"},
}


def workbook(paper: Paper, language: Language) -> bytes:
    """A sheet of the essentials, one for each section, and one of what is hidden and what the words mean."""
    out = io.BytesIO()
    # Names may begin with "=" or look like an address: they are text.
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    book = _Book(xlsxwriter.Workbook(out, options), language)
    head = paper.cover
    facts = [(speak(language, "Period"), head.period)]
    if head.company != head.title:
        facts.insert(0, (speak(language, "Company"), head.company))
    if head.score:
        facts += [
            (speak(language, "Health score"), head.score),
            (speak(language, "Band"), head.band_label),
            (speak(language, "Verdict"), head.verdict),
        ]
    book.facts(speak(language, "Summary"), head.title, [*facts, *head.facts])
    for section in (*paper.sections, *filter(hints, paper.untold)):
        book.section(section)
    left_out = [section for section in paper.untold if not hints(section)]
    book.words(speak(language, "What is hidden"), paper.hidden(language, left_out), paper.definitions)
    book.book.close()
    return out.getvalue()


def portfolio_workbook(portfolio: Portfolio, language: Language) -> bytes:
    """One company a line, in the order given, with a filter on every column; then what the words mean."""
    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    book = _Book(xlsxwriter.Workbook(out, options), language)
    told = in_language(portfolio, language)
    sheet = book.sheet(speak(language, "Portfolio"))
    columns = _columns(language, {tier.id: tier.name for tier in portfolio.tiers})
    for index, (label, _, width, unit) in enumerate(columns):
        sheet.set_column(index, index, width)
        sheet.write_string(0, index, label, book.headed(index, is_text=unit is None))
    for below, row in enumerate(told.data, 1):
        for index, (_, read, _, unit) in enumerate(columns):
            book.fact(sheet, below, index, read(row), unit)
    sheet.freeze_panes(1, 1)
    sheet.autofilter(0, 0, len(told.data), len(columns) - 1)
    for section in in_language(portfolio_outline(portfolio), language):
        book.section(section)
    notes = [dated(note, language) for note in told.notes]
    book.words(speak(language, "What the words mean"), notes, told.definitions)
    book.book.close()
    return out.getvalue()


Fact = str | int | float | date | None


Columned = tuple[str, Callable[[PortfolioRow], Fact], int, Unit | None]


def _columns(language: Language, tiers: Mapping[str, str]) -> tuple[Columned, ...]:
    """Label, what stands in it, width, and of numbers the unit. Money in whole units of the host's currency.

    The verdict is last: a sentence runs on over the empty cells beside it.
    """

    def units(cents: int | None) -> float | None:
        return None if cents is None else cents / 100

    named: tuple[Columned, ...] = (
        (mark("Company"), lambda row: row.name, 30, None),
        (mark("Id"), lambda row: row.company, 16, None),
        (mark("Health score"), lambda row: row.score, 14, "score"),
        (mark("Band"), lambda row: translate(BAND_LABELS[row.band], language), 14, None),
        (mark("Stage"), lambda row: row.stage and translate(STAGE_LABELS[row.stage], language), 14, None),
        (mark("Tier"), lambda row: row.tier and tiers.get(row.tier, row.tier), 14, None),
        (mark("Change in 4 weeks"), lambda row: row.change_4w, 19, "score"),
        (mark("Change in 13 weeks"), lambda row: row.change_13w, 19, "score"),
        (mark("Seats"), lambda row: row.seats, 10, "each"),
        (mark("Revenue per month"), lambda row: units(row.monthly_revenue_cents), 20, "each"),
        (mark("Renewal"), lambda row: row.renewal_date and date.fromisoformat(row.renewal_date), 13, None),
        (mark("Days to renewal"), lambda row: row.days_to_renewal, 17, "days"),
        (mark("Risk"), lambda row: 100 * row.risk, 8, "percent"),
        (mark("Value at risk a year"), lambda row: units(row.value_at_risk_cents), 20, "each"),
        (mark("Verdict"), lambda row: dated(row.text, language), 60, None),
    )
    return tuple((translate(label, language), read, width, unit) for label, read, width, unit in named)


class _Book:
    """The workbook in the making, its looks, and the names its sheets have so far."""

    def __init__(self, book: Any, language: Language) -> None:
        self.book, self.language = book, language
        self.names: set[str] = set()
        self.title = book.add_format({"bold": True, "font_size": 14, "font_color": light("ink")})
        self.head = book.add_format({"bold": True, "bottom": 1, "bottom_color": light("rule")})
        self.right = book.add_format(
            {"bold": True, "bottom": 1, "bottom_color": light("rule"), "align": "right"}
        )
        self.text = book.add_format({"valign": "top", "text_wrap": True})
        # Text beside a number that ends at the same line would be read as one with it.
        self.beside = book.add_format({"align": "left", "valign": "top", "text_wrap": True, "indent": 1})
        self.line = book.add_format({"align": "left", "valign": "top", "indent": 1})
        self.head_beside = book.add_format(
            {"bold": True, "bottom": 1, "bottom_color": light("rule"), "indent": 1}
        )
        self.term = book.add_format({"bold": True, "valign": "top"})
        self.hidden = book.add_format(
            {"italic": True, "font_color": light("muted"), "align": "right", "valign": "top"}
        )
        self.day = book.add_format({"num_format": "yyyy-mm-dd", "align": "left", "valign": "top"})
        self.day_beside = book.add_format(
            {"num_format": "yyyy-mm-dd", "align": "left", "valign": "top", "indent": 1}
        )
        self.quiet = book.add_format({"font_color": light("muted"), "valign": "top"})
        self.numbers: dict[tuple[str, str], Any] = {}

    def sheet(self, name: str) -> Any:
        """A new sheet; names are short, without some characters, and unlike each other."""
        base = " ".join(re.sub(r"[\[\]:*?/\\]", " ", name).split()).strip("' ") or "-"
        if len(base) > NAME_CHARS_MAX:
            base = base[: NAME_CHARS_MAX - 1]
            base = (base.rpartition(" ")[0] or base).rstrip("' ") + "…"
        name, number = base, 2
        while name.casefold() in self.names:
            tail = f" {number}"
            name, number = base[: NAME_CHARS_MAX - len(tail)] + tail, number + 1
        self.names.add(name.casefold())
        sheet = self.book.add_worksheet(name)
        sheet.hide_gridlines(2)
        sheet.set_paper(9)
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
        return sheet

    def number(self, value: float, words: str, align: str = "right") -> Any:
        """The looks of a number that reads like these words."""
        looks = number_format(words, value)
        if (looks, align) not in self.numbers:
            self.numbers[looks, align] = self.book.add_format(
                {"num_format": looks, "valign": "top", "align": align}
            )
        return self.numbers[looks, align]

    def headed(self, index: int, *, is_text: bool) -> Any:
        """The looks of a column's label, over what stands in the column."""
        if not is_text:
            return self.right
        return self.head_beside if index else self.head

    def wrapped(self, sheet: Any, row: int, text: str, chars: int) -> None:
        """Text in the second column, over as many lines as it takes: not every reader of such files makes rows higher
        by itself."""
        lines = -(-_wide(text) // chars)
        sheet.write_string(row, 1, text, self.text)
        sheet.set_row(row, LINE_HIGH * max(1, lines))

    def facts(self, name: str, title: str, facts: Sequence[tuple[str, str]]) -> None:
        sheet = self.sheet(name)
        sheet.set_column(0, 0, 24)
        sheet.set_column(1, 1, 80)
        sheet.write_string(0, 0, title, self.title)
        for row, (label, value) in enumerate(facts, 2):
            sheet.write_string(row, 0, label, self.quiet)
            number = read_number(value)
            if number is None:
                self.wrapped(sheet, row, value, 80)
            else:
                sheet.write_number(row, 1, number, self.number(number, value, "left"))

    def fact(self, sheet: Any, row: int, column: int, value: Fact, unit: Unit | None) -> None:
        """A cell of its own kind, on one line; what is not known stays empty."""
        if isinstance(value, str):
            sheet.write_string(row, column, value, self.line if column else None)
        elif isinstance(value, date):
            sheet.write_datetime(row, column, value, self.day_beside)
        elif value is not None:
            words = translate(fact(value, unit or "each").text, self.language)
            sheet.write_number(row, column, value, self.number(value, words))

    def section(self, section: Section) -> None:
        sheet = self.sheet(section.title)
        sheet.write_string(0, 0, section.message or section.title, self.title)
        row = 2
        if section.table is not None:
            row = self.table(sheet, row, section.table)
            if section.chart is not None and section.chart.kind == "map":
                self.map(sheet, section.table)
            elif section.chart is not None and is_drawn(section.chart, section.table):
                self.chart(sheet, section)
                # A note is longer than the table is wide, and a chart beside the table would stand over it.
                row = max(row, 2 + CHART_HIGH // ROW_HIGH + 1)
        for note in section.notes:
            sheet.write_string(row, 0, note, self.quiet)
            row += 1

    def table(self, sheet: Any, top: int, table: Table) -> int:
        """The row after it."""
        for index, column in enumerate(table.columns):
            is_text = column.unit == "text"
            cells = [_shown(row[index]) for row in table.rows]
            wide = max([_wide(column.label), *map(_wide, cells)])
            sheet.set_column(index, index, min(CELL_CHARS_MAX, max(12, wide + 2)))
            sheet.write_string(top, index, column.label, self.headed(index, is_text=is_text))
        for below, row in enumerate(table.rows, 1):
            lines = max(-(-_wide(_shown(cell)) // (CELL_CHARS_MAX - 2)) for cell in row)
            if lines > 1:
                sheet.set_row(top + below, LINE_HIGH * lines)
            for index, cell in enumerate(row):
                self.cell(sheet, top + below, index, cell, table.columns[index])
        sheet.freeze_panes(top + 1, 1)
        return top + len(table.rows) + 2

    def cell(self, sheet: Any, row: int, column: int, cell: str | Figure, of: Column) -> None:
        if isinstance(cell, str):
            if of.name in DAYS:
                sheet.write_datetime(row, column, date.fromisoformat(cell), self.day)
            else:
                words = in_cell(cell, of, column, self.language)
                sheet.write_string(row, column, words, self.beside if column else self.text)
        elif cell.value is None:
            sheet.write_string(row, column, cell.text, self.hidden)
        else:
            sheet.write_number(row, column, cell.value, self.number(cell.value, cell.text))

    def map(self, sheet: Any, table: Table) -> None:
        """A series for each band: its companies stand together."""
        chart = self.book.add_chart({"type": "scatter"})
        roles = {translate(label, self.language): band for band, label in BAND_LABELS.items()}
        first = 0
        while first < len(table.rows):
            label = table.rows[first][4]
            last = first
            while last + 1 < len(table.rows) and table.rows[last + 1][4] == label:
                last += 1
            colour = {"color": light(roles[str(label)])}
            chart.add_series(
                {
                    "name": label,
                    "categories": [sheet.get_name(), first + 3, 1, last + 3, 1],
                    "values": [sheet.get_name(), first + 3, 2, last + 3, 2],
                    "marker": {"type": "circle", "size": 8, "fill": colour, "border": colour},
                }
            )
            first = last + 1
        grid = {"major_gridlines": {"visible": True, "line": {"color": light("rule")}}, "min": 0}
        chart.set_x_axis({**grid, "name": table.columns[1].label, "max": MAPPED_DAYS})
        chart.set_y_axis({**grid, "name": table.columns[2].label, "max": 100})
        chart.set_legend({"position": "bottom"})
        chart.set_size({"width": 720, "height": 420})
        sheet.insert_chart(2, len(table.columns) + 1, chart, {"description": table.title})

    def chart(self, sheet: Any, section: Section) -> None:
        table, spec = section.table, section.chart
        assert table is not None
        assert spec is not None
        weekly = spec.kind in ("lines", "columns")
        rows = table.rows if weekly else table.rows[:CHARTED_MAX]
        first, last = 3, 2 + len(rows)
        names = [column.name for column in table.columns]
        chart = self.book.add_chart(_CHARTS[spec.kind])
        spare = len(table.columns) + CHART_COLUMNS + 8
        for number, name in enumerate(spec.columns):
            index = names.index(name)
            cells = [row[index] for row in rows]
            column = index
            if any(isinstance(cell, Figure) and cell.hidden for cell in cells):
                column, spare = spare, spare + 1
                label = speak(self.language, "Drawn: {label}", label=table.columns[index].label)
                sheet.set_column(column, column, None, None, {"hidden": True})
                sheet.write_string(2, column, label, self.quiet)
                for row, cell in enumerate(cells, first):
                    if (value := drawn(cell)) is not None:
                        sheet.write_number(row, column, value, self.quiet)
            colour = light(SERIES[number % len(SERIES)])
            paint = (
                {"line": {"color": colour, "width": 2}}
                if spec.kind == "lines"
                else {"fill": {"color": colour}}
            )
            series: dict[str, Any] = {
                "name": [sheet.get_name(), 2, index],
                "categories": [sheet.get_name(), first, 0, last, 0],
                "values": [sheet.get_name(), first, column, last, column],
                "gap": 60,
                **paint,
            }
            if spec.kind == "signed":
                ups = [isinstance(cell, Figure) and (cell.value or 0) >= 0 for cell in cells]
                series["points"] = [{"fill": {"color": light("thriving" if up else "at_risk")}} for up in ups]
            chart.add_series(series)
        chart.set_title({"name": section.title, "name_font": {"size": 12, "bold": False}})
        chart.show_blanks_as("gap")
        chart.show_hidden_data()
        quiet = {"num_font": {"color": light("muted")}, "line": {"color": light("rule")}}
        # Without a space to break at LibreOffice leaves out some labels instead of breaking each into lines.
        days = "m/d" if self.language == "zh-Hans" else 'd"\N{NO-BREAK SPACE}"mmm'
        of_all = spec.kind == "bars" and spec.top == 100
        amounts = {**quiet, "num_format": percent_format(self.language) if of_all else WHOLE}
        grid = {"major_gridlines": {"visible": True, "line": {"color": light("rule")}}}
        if weekly:
            chart.set_x_axis({**quiet, "num_format": days, "text_axis": True, "label_position": "low"})
            chart.set_y_axis({**amounts, **grid, "min": 0, "max": spec.top})
        else:
            chart.set_x_axis({**amounts, **grid, "max": spec.top})
            chart.set_y_axis({**quiet, "reverse": True, "label_position": "low"})
        first_label = table.columns[names.index(spec.columns[0])].label
        named = len(spec.columns) > 1 or (weekly and first_label != section.title)
        chart.set_legend({"position": "bottom"} if named else {"none": True})
        chart.set_size({"width": 640, "height": CHART_HIGH})
        sheet.insert_chart(
            2, len(table.columns) + 1, chart, {"description": section.message or section.title}
        )

    def words(self, name: str, notes: Sequence[str], definitions: Sequence[Definition]) -> None:
        sheet = self.sheet(name)
        sheet.set_column(0, 0, 28)
        sheet.set_column(1, 1, 90)
        sheet.write_string(0, 0, name, self.title)
        row = 2
        for note in notes:
            self.wrapped(sheet, row, note, 90)
            row += 1
        row += 1
        for one in definitions:
            sheet.write_string(row, 0, one.term, self.term)
            source = f" ({one.source})" if one.source else ""
            self.wrapped(sheet, row, f"{one.text}{source}", 90)
            row += 1


def _wide(text: str) -> int:
    """In letters; a Chinese one takes the room of two."""
    return sum(2 if ord(letter) > 0x2E7F else 1 for letter in text)


def _shown(cell: str | Figure) -> str:
    return cell if isinstance(cell, str) else cell.text
