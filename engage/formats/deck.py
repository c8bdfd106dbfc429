"""A report as slides: one message each, with a chart that can be edited, drawn from the figures it holds.

A hidden figure is a gap in a chart and words in a table, and a line below says that something is hidden.
"""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from copy import deepcopy
from datetime import date
from typing import Any, Final, NamedTuple

from pptx import Presentation
from pptx.chart.data import BubbleChartData, CategoryChartData
from pptx.dml.color import RGBColor
from pptx.enum.chart import XL_CHART_TYPE, XL_LABEL_POSITION, XL_LEGEND_POSITION, XL_TICK_LABEL_POSITION
from pptx.enum.text import MSO_ANCHOR, PP_ALIGN
from pptx.oxml.ns import qn
from pptx.util import Emu, Inches, Pt

from engage.core.language import Language, speak, translate
from engage.core.outline import Row, Section, drawn, is_drawn, is_told
from engage.core.outline_portfolio import MAPPED_DAYS, is_urgent
from engage.core.privacy import Figure
from engage.core.reports import BAND_LABELS, Column, Table
from engage.formats.cover import EDGES, NO_BREAK, Cover, capital, in_cell, room, short_day, wide, with_number
from engage.formats.numbers import SIGNED_TENTHS, WHOLE, as_worded, percent_format
from engage.formats.palette import SERIES, light
from engage.formats.paper import Paper
from engage.formats.slide_room import LETTER_WIDE, LINE_HIGH, WORDS_APART, reach, words_size

WIDTH, HEIGHT = Inches(13.333), Inches(7.5)
MARGIN: Final = Inches(0.7)
INNER: Final = Emu(WIDTH - 2 * MARGIN)
TOP: Final = Inches(1.75)
BRIEF_SIZE: Final = 20.0
"""Of the message above all that is told, in points."""
GUTTER: Final = Inches(0.4)
"""Between sections beside each other."""
ROWS_MAX: Final = 9
"""Rows of a table on one slide; it goes on on the next."""
LINES_MAX: Final = 12
"""And of one in which each takes a single line."""
ROW_HIGH, TABLE_HIGH = 0.42, 4.85
"""Inches, of a row and of all the room there is for a table."""
TURNED_COLUMNS, TURNED_ROWS = 6, 3
"""A table of more columns and no more rows than these is turned: what would be a line of small print is a list."""
TURNED_SIZE, TURNED_LETTERS = 14.0, 122
"""Of its letters, in points, and how many of them stand beside each other."""
CELL_EDGES: Final = 7.2
"""Above and below what stands in a cell, in points."""
TABLE_SIZES: Final = ((5, 16.0), (8, 12.0), (100, 9.0))
"""Up to so many columns -> points of their letters."""
BARS_MAX: Final = 10
NAMED_MAX: Final = 8
"""Companies of a map that carry their names: the urgent ones, and those that pay most."""
NAME_LETTER, NAME_HIGH = 0.01, 0.06
"""Of a letter's width and a line's height, beside those of the map."""
BUBBLE_OPACITY: Final = "65000"
"""In thousandths of a per cent: a name may lie over another company's bubble, and one bubble over another."""
LABELS_MAX: Final = 13
"""Weeks named below a chart."""
NOTE_LETTERS, NOTE_HIGH = 140, Inches(0.2)
"""Of a line of a chart's notes."""
OWN: Final = ("sentiment",)
"""Sections for customer success itself: slides are shown to the customer."""

# Fonts that the readers of such files have; a deck does not carry any.
FONT, CHINESE_FONT = "Calibri", "Microsoft YaHei"
_CHARTS: Final = {
    "lines": XL_CHART_TYPE.LINE_MARKERS,
    "columns": XL_CHART_TYPE.COLUMN_STACKED,
    "bars": XL_CHART_TYPE.BAR_CLUSTERED,
    "signed": XL_CHART_TYPE.BAR_CLUSTERED,
}


def deck(paper: Paper, language: Language) -> bytes:
    """The verdict, a slide for each section that the customer may see, and what is hidden."""
    head = paper.cover
    slides = _Deck(head, language)
    if paper.brief:
        slides.only(paper.sections, paper.hidden(language))
        return slides.saved()
    slides.first()
    for section in paper.sections:
        if section.name not in OWN:
            slides.section(section)
    slides.words(paper.hidden_title(language), paper.hidden(language))
    return slides.saved()


class Place(NamedTuple):
    """Where something stands on a slide, and its letters in points."""

    left: int
    top: int
    width: int
    high: int
    letters: float


WHOLE_SLIDE: Final = Place(MARGIN, TOP, INNER, Inches(4.8), 12)


class _Deck:
    """The slides in the making."""

    def __init__(self, head: Cover, language: Language) -> None:
        self.deck = Presentation()
        self.deck.slide_width, self.deck.slide_height = WIDTH, HEIGHT
        self.deck.core_properties.title = head.title
        self.deck.core_properties.author = ""
        self.deck.core_properties.language = _tag(language)
        self.head, self.language = head, language
        self._runs: dict[tuple[float, str, bool], Any] = {}
        """Words as they look, by size, role and weight: a run made anew takes ten times as long as a copy of one."""

    def saved(self) -> bytes:
        out = io.BytesIO()
        self.deck.save(out)
        return out.getvalue()

    def slide(self, message: str, over: str = "", size: float = 24) -> Any:
        """With its message on top and what it is about above it; the number and whose it is below."""
        slide = self.deck.slides.add_slide(self.deck.slide_layouts[5])
        title = slide.shapes.title
        title.left, title.top, title.width, title.height = MARGIN, Inches(0.75), INNER, Inches(0.95)
        title.text_frame.word_wrap = True
        title.text_frame.vertical_anchor = MSO_ANCHOR.TOP
        title.text_frame.text = ""
        title.text_frame.margin_left = title.text_frame.margin_right = 0
        title.text_frame.paragraphs[0].alignment = PP_ALIGN.LEFT
        self.write(title.text_frame.paragraphs[0], message, size, "ink", bold=True)
        if over:
            self.text(slide, MARGIN, Inches(0.4), INNER, Inches(0.35), over, 12, "muted")
        number = len(self.deck.slides)
        foot = f"{self.head.company}  ·  {self.head.period}  ·  {number}"
        self.text(slide, MARGIN, Inches(6.98), INNER, Inches(0.3), foot, 10, "muted")
        return slide

    def write(self, paragraph: Any, words: str, size: float, role: str, *, bold: bool = False) -> None:
        words = with_number(words)
        known = self._runs.get((size, role, bold))
        if known is not None:
            copied = deepcopy(known)
            copied.text = words
            paragraph._p._insert_r(copied)
            return
        run = paragraph.add_run()
        run.text = words
        font = run.font
        font.size, font.bold, font.name = Pt(size), bold, FONT
        font.color.rgb = _colour(role)
        properties = run._r.get_or_add_rPr()
        properties.set("lang", _tag(self.language))
        east = properties.makeelement(qn("a:ea"), {"typeface": CHINESE_FONT})
        properties.find(qn("a:latin")).addnext(east)
        self._runs[size, role, bold] = run._r

    def text(
        self, slide: Any, left: int, top: int, width: int, height: int, words: str, size: float, role: str
    ) -> Any:
        box = slide.shapes.add_textbox(left, top, width, height)
        frame = box.text_frame
        frame.word_wrap = True
        frame.margin_left = frame.margin_right = 0
        self.write(frame.paragraphs[0], words, size, role)
        return frame

    def first(self) -> None:
        head = self.head
        slide = self.slide(head.verdict or head.title, head.title if head.verdict else "")
        slide.shapes.title.height = Inches(1.4)
        box = self.text(slide, MARGIN, Inches(2.4), Inches(3.6), Inches(1.8), head.score, 96, head.band)
        self.write(box.add_paragraph(), head.band_label, 20, head.band, bold=True)
        frame = self.text(slide, Inches(4.6), Inches(2.5), Inches(8), Inches(0.4), head.period, 16, "muted")
        for label, value in head.facts:
            line = frame.add_paragraph()
            line.space_before = Pt(8)
            self.write(line, f"{label}  ", 16, "muted")
            self.write(line, value, 16, "ink", bold=True)

    def only(self, sections: Sequence[Section], notes: Sequence[str]) -> None:
        """All of a brief paper on one slide: its sections beside each other, their notes and what is hidden below."""
        head = self.head
        slide = self.slide(
            head.verdict or head.title, head.title if head.verdict else head.period, BRIEF_SIZE
        )
        top = Inches(1.4)
        if head.score:
            top = Inches(2.4)
            self.text(slide, MARGIN, Inches(1.4), Inches(1.4), Inches(0.9), head.score, 44, head.band)
            frame = self.text(slide, Inches(2.2), Inches(1.55), Inches(10.4), Inches(0.8), "", 12, "ink")
            self.write(frame.paragraphs[0], f"{head.band_label}   ", 14, head.band, bold=True)
            for label, value in (("", head.period), *head.facts):
                self.write(frame.paragraphs[0], f"{label} ".replace(" ", NO_BREAK), 12, "muted")
                self.write(frame.paragraphs[0], f"{value}    ", 12, "ink", bold=bool(label))
        rows = -(-len(sections) // 2)
        width, high = Emu((INNER - GUTTER) // 2), Emu((Inches(6.35) - top) // max(1, rows))
        for index, section in enumerate(sections):
            left, down = MARGIN + (index % 2) * (width + GUTTER), top + (index // 2) * high
            self.part(slide, section, Place(left, down, width, high, 10))
        frame = self.text(slide, MARGIN, Inches(6.4), INNER, Inches(0.6), "", 9, "muted")
        beside = [note for section in sections if section.table is not None for note in section.notes]
        self.write(frame.paragraphs[0], " ".join((*beside, *notes)), 9, "muted")

    def part(self, slide: Any, section: Section, place: Place) -> None:
        """A section with others on its slide: its title, and its chart, else its table, else its words."""
        left, top, width, high, letters = place
        frame = self.text(slide, left, top, width, Inches(0.35), "", 14, "ink")
        self.write(frame.paragraphs[0], section.title, 14, "ink", bold=True)
        if section.message:
            self.write(frame.paragraphs[0], f"   {capital(section.message)}", 12, "muted")
        below = Place(left, top + Inches(0.38), width, high - Inches(0.5), letters)
        if section.table is None:
            frame = self.text(slide, left, below.top, width, below.high, "", 12, "ink")
            for index, note in enumerate(section.notes):
                line = frame.add_paragraph() if index else frame.paragraphs[0]
                line.space_after = Pt(5)
                self.write(line, f"•  {note}", 12, "ink")
        elif section.chart is not None and is_drawn(section.chart, section.table):
            self.chart(slide, section, below)
        else:
            laid = _laid(section.table, self.language)._replace(size=11)
            self.table(slide, laid, laid.table.rows[-ROWS_MAX:], below)

    def section(self, section: Section) -> None:
        if section.table is None:
            self.words(section.title, section.notes)
            return
        over = section.title if section.message else ""
        message = capital(section.message or section.title)
        if section.chart is None:
            self.tables(section.table, message, over)
            return
        if not is_drawn(section.chart, section.table):
            laid = _laid(section.table, self.language)
            self.table(self.slide(message, over), laid, laid.table.rows[-ROWS_MAX:])
            return
        slide = self.slide(message, over)
        if section.chart.kind == "map":
            self.map(slide, section, section.table, TOP)
            return
        words = " ".join(section.notes)
        lines = -(-wide(words) // NOTE_LETTERS)
        if self.chart(slide, section, WHOLE_SLIDE._replace(high=WHOLE_SLIDE.high - lines * NOTE_HIGH)):
            hidden = speak(
                self.language,
                "To protect individuals some figures are left out of the chart, or drawn at the least they may be.",
            )
            self.text(slide, MARGIN, Inches(6.62), INNER, Inches(0.3), hidden, 11, "muted")
        if words:
            top = Inches(6.62) - lines * NOTE_HIGH
            self.text(slide, MARGIN, top, INNER, lines * NOTE_HIGH, words, 11, "muted")

    def chart(self, slide: Any, section: Section, place: Place) -> bool:
        """Whether something of it is hidden."""
        table, spec = section.table, section.chart
        assert table is not None
        assert spec is not None
        weekly = spec.kind in ("lines", "columns")
        rows = table.rows if weekly else table.rows[:BARS_MAX]
        data = CategoryChartData()
        names = [column.name for column in table.columns]
        first = names.index(spec.columns[0])
        data.categories = [_category(row[0], row[first], weekly, self.language) for row in rows]
        columns = [[row[names.index(name)] for row in rows] for name in spec.columns]
        for name, cells in zip(spec.columns, columns, strict=True):
            data.add_series(table.columns[names.index(name)].label, [_drawn(cell) for cell in cells])
        beside = spec.kind == "signed"
        width = Emu(place.width * (6 if place.width == INNER else 5) // 10) if beside else place.width
        frame = slide.shapes.add_chart(_CHARTS[spec.kind], place.left, place.top, width, place.high, data)
        frame.name = section.title
        self.describe(frame, section)
        chart = frame.chart
        scale = (0.0, spec.top)
        if beside:
            scale = reach([drawn(cell) or 0.0 for cell in columns[0]], brief=place.width != INNER)
        named = len(columns) > 1 or (weekly and table.columns[first].label != section.title)
        self.dress(chart, spec.kind, scale, named, place.letters)
        if beside:
            for index, cell in enumerate(columns[0]):
                fill = chart.plots[0].series[0].points[index].format.fill
                fill.solid()
                up = isinstance(cell, Figure) and (cell.value or 0) >= 0
                fill.fore_color.rgb = _colour("thriving" if up else "at_risk")
            words = Place(
                place.left + width + Inches(0.2),
                place.top,
                place.width - width - Inches(0.2),
                place.high,
                place.letters,
            )
            self.seen(slide, table, words)
        return any(
            isinstance(cell, Figure) and cell.hidden not in ("", "missing")
            for cells in columns
            for cell in cells
        )

    def describe(self, frame: Any, section: Section) -> None:
        """What a screen reader says of a chart; its figures are in the workbook inside."""
        frame._element.nvGraphicFramePr.cNvPr.set("descr", capital(section.message or section.title))

    def map(self, slide: Any, section: Section, table: Table, top: int) -> None:
        """A bubble for each company, a series for each band, and the names of those that matter most.

        The worst come last: they lie on top, and LibreOffice leaves out the first series of such a chart.
        """
        data = BubbleChartData()
        bands: dict[str, list[tuple[str, list[float]]]] = {}
        for row in reversed(table.rows):
            figures = [float(cell.value or 0) for cell in row[1:4] if isinstance(cell, Figure)]
            bands.setdefault(str(row[4]), []).append((str(row[0]), figures))
        for label, companies in bands.items():
            series = data.add_series(label)
            for _, (days, score, revenue) in companies:
                series.add_data_point(min(max(days, 0), MAPPED_DAYS), score, max(revenue, 1))
        frame = slide.shapes.add_chart(XL_CHART_TYPE.BUBBLE, MARGIN, top, INNER, Inches(5.1), data)
        frame.name = section.title
        self.describe(frame, section)
        chart = frame.chart
        chart.has_title, chart.has_legend = False, True
        chart.legend.position, chart.legend.include_in_layout = XL_LEGEND_POSITION.BOTTOM, False
        chart.font.size, chart.font.name = Pt(12), FONT
        chart.font.color.rgb = _colour("muted")
        scale = chart.plots[0]._element
        scale.find(qn("c:bubbleScale")).set("val", "30")
        self.axis(chart.category_axis, table.columns[1].label, MAPPED_DAYS, 90)
        self.axis(chart.value_axis, table.columns[2].label, 100, 20)
        roles = {translate(label, self.language): band for band, label in BAND_LABELS.items()}
        all_of = [
            (is_urgent(figures[0], figures[1]), figures[2], label, index)
            for label, own in bands.items()
            for index, (_, figures) in enumerate(own)
        ]
        names: list[_Name] = []
        for _, _, label, index in sorted(all_of, reverse=True)[:NAMED_MAX]:
            company, (days, score, _) = bands[label][index]
            name = _Name(label, index, min(max(days, 0), MAPPED_DAYS) / MAPPED_DAYS, score / 100, company)
            if not any(map(name.meets, names)):
                names.append(name)
        named = {(one.label, one.number) for one in names}
        for series, (label, companies) in zip(chart.plots[0].series, bands.items(), strict=True):
            fill = series.format.fill
            fill.solid()
            fill.fore_color.rgb = _colour(roles[label])
            colour = series._element.find(".//" + qn("a:srgbClr"))
            colour.append(colour.makeelement(qn("a:alpha"), {"val": BUBBLE_OPACITY}))
            series.format.line.color.rgb = _colour("card")
            for index, (company, _) in enumerate(companies):
                if (label, index) in named:
                    text = series.points[index].data_label
                    text.position = XL_LABEL_POSITION.RIGHT
                    self.write(text.text_frame.paragraphs[0], company, 11, "ink")

    def axis(self, axis: Any, label: str, most: float, step: float) -> None:
        axis.minimum_scale, axis.maximum_scale, axis.major_unit = 0, most, step
        axis.has_title = True
        self.write(axis.axis_title.text_frame.paragraphs[0], label, 12, "muted")
        axis.has_major_gridlines = True
        axis.major_gridlines.format.line.color.rgb = _colour("rule")
        axis.format.line.color.rgb = _colour("rule")

    def dress(
        self, chart: Any, kind: str, scale: tuple[float, float | None], named: bool, letters: float
    ) -> None:
        chart.has_title = False
        chart.font.size, chart.font.name = Pt(letters), FONT
        chart.font.color.rgb = _colour("muted")
        chart.has_legend = named
        if named:
            chart.legend.position, chart.legend.include_in_layout = XL_LEGEND_POSITION.BOTTOM, False
        plot = chart.plots[0]
        values, categories = chart.value_axis, chart.category_axis
        values.major_gridlines.format.line.color.rgb = _colour("rule")
        values.format.line.fill.background()
        categories.format.line.color.rgb = _colour("rule")
        categories.tick_label_position = XL_TICK_LABEL_POSITION.LOW
        every = -(-len(plot.categories) // LABELS_MAX) if kind in ("lines", "columns") else 1
        if every > 1:
            # The library has no name for it; in a category axis it stands before c:noMultiLvlLbl.
            axis = categories._element
            axis.find(qn("c:noMultiLvlLbl")).addprevious(
                axis.makeelement(qn("c:tickLblSkip"), {"val": str(every)})
            )
        values.tick_labels.number_format, values.tick_labels.number_format_is_linked = WHOLE, False
        values.minimum_scale, top = scale
        if top is not None:
            values.maximum_scale = top
        if kind in ("bars", "signed"):
            categories.reverse_order = True
            values.visible, values.has_major_gridlines = False, False
            plot.has_data_labels = True
            labels = plot.data_labels
            labels.show_value, labels.font.size = True, Pt(letters)
            labels.number_format = (
                SIGNED_TENTHS if kind == "signed" else percent_format(self.language) if top == 100 else WHOLE
            )
            labels.number_format_is_linked = False
        if kind != "lines":
            plot.gap_width = 60
        if kind == "columns":
            plot.overlap = 100
        for index, series in enumerate(plot.series):
            colour = _colour(SERIES[index % len(SERIES)])
            if kind == "lines":
                series.smooth = False
                series.format.line.color.rgb, series.format.line.width = colour, Pt(2.5)
                series.marker.size = 5
                series.marker.format.fill.solid()
                series.marker.format.fill.fore_color.rgb = colour
                series.marker.format.line.color.rgb = colour
            else:
                series.invert_if_negative = False
                series.format.fill.solid()
                series.format.fill.fore_color.rgb = colour

    def seen(self, slide: Any, table: Table, place: Place) -> None:
        """What was seen of each row, in words beside the chart."""
        frame = self.text(slide, place.left, place.top, place.width, place.high, "", place.letters, "ink")
        for index, row in enumerate(table.rows[:ROWS_MAX]):
            line = frame.add_paragraph() if index else frame.paragraphs[0]
            line.space_after = Pt(5)
            self.write(line, f"{row[0]}: ", place.letters, "ink", bold=True)
            self.write(line, str(row[1]), place.letters, "muted")

    def tables(self, table: Table, message: str, over: str) -> None:
        """A slide, or as many as it takes, each with as much: the last is not to be left with two rows. Rows of which
        nothing may be told are left out where others tell something."""
        laid = _laid(table, self.language)
        rows = laid.table.rows
        told = tuple(filter(is_told, rows)) or rows
        most = LINES_MAX if laid.takes_single_lines(told) else ROWS_MAX
        slides = -(-len(told) // most) or 1
        while slides < len(told) and not laid.fits(told, -(-len(told) // slides)):
            slides += 1
        each = -(-len(told) // slides)
        for number, first in enumerate(range(0, max(1, len(told)), max(1, each)), 1):
            slide = self.slide(message, f"{over or table.title} · {number}/{slides}" if slides > 1 else over)
            self.table(slide, laid, told[first : first + each])
            if len(told) < len(rows):
                words = speak(self.language, "To protect individuals some rows are left out.")
                self.text(slide, MARGIN, Inches(6.62), INNER, Inches(0.3), words, 11, "muted")

    def table(self, slide: Any, laid: _Laid, rows: Sequence[Row], place: Place = WHOLE_SLIDE) -> None:
        table, shares = laid.table, laid.shares
        high = min(
            ROW_HIGH, (TABLE_HIGH if place.width == INNER else place.high / Inches(1)) / (len(rows) + 1)
        )
        shape = slide.shapes.add_table(
            len(rows) + 1,
            len(table.columns),
            place.left,
            place.top,
            place.width,
            Inches(high) * (len(rows) + 1),
        )
        grid = shape.table
        grid.horz_banding = False
        for column, share in zip(grid.columns, shares, strict=True):
            column.width = Emu(place.width * share // sum(shares))
        properties = shape._element.graphic.graphicData.tbl.tblPr
        style = properties.find(qn("a:tableStyleId"))
        style.text = "{2D5ABB26-0587-4C30-8999-92F81FD0307C}"  # PowerPoint's own "No Style, No Grid"
        for index, column in enumerate(table.columns):
            self.cell(grid.cell(0, index), column.label, "muted", laid.size, right=column.unit != "text")
            for below, row in enumerate(rows, 1):
                cell = row[index]
                hidden = isinstance(cell, Figure) and cell.value is None
                words = cell.text if isinstance(cell, Figure) else in_cell(cell, column, index, self.language)
                role = "muted" if hidden else "ink"
                self.cell(grid.cell(below, index), words, role, laid.size, right=column.unit != "text")

    def cell(self, cell: Any, words: str, role: str, size: float, *, right: bool) -> None:
        paragraph = cell.text_frame.paragraphs[0]
        paragraph.alignment = PP_ALIGN.RIGHT if right else PP_ALIGN.LEFT
        self.write(paragraph, words, size, role)

    def words(self, title: str, notes: Sequence[str]) -> None:
        slide = self.slide(title)
        size = words_size(notes, float(INNER.pt))
        frame = self.text(slide, MARGIN, TOP, INNER, Inches(4.8), "", size, "ink")
        for index, note in enumerate(notes):
            line = frame.add_paragraph() if index else frame.paragraphs[0]
            line.space_after = Pt(WORDS_APART)
            self.write(line, note, size, "ink")


class _Name(NamedTuple):
    """A company's name on a map, to the right of its place, which is from 0 to 1 both ways."""

    label: str
    number: int
    x: float
    y: float
    company: str

    def meets(self, other: _Name) -> bool:
        """Whether the one would be written over the other."""
        first, second = sorted((self, other), key=lambda one: one.x)
        return abs(self.y - other.y) < NAME_HIGH and second.x - first.x < NAME_LETTER * wide(first.company)


class _Laid(NamedTuple):
    """A table as it stands on a slide: the share of the width that each column gets, and its letters in points."""

    table: Table
    shares: Sequence[int]
    size: float

    def takes_single_lines(self, rows: Sequence[Row]) -> bool:
        return all(self.lines(row) == 1 for row in rows)

    def lines(self, row: Row) -> int:
        """Of its longest cell, over the whole width of a slide."""
        letters = float(INNER.pt) / (LETTER_WIDE * self.size)
        return max(
            math.ceil(
                (wide(cell.text if isinstance(cell, Figure) else cell) + EDGES)
                * sum(self.shares)
                / (letters * share)
            )
            for cell, share in zip(row, self.shares, strict=True)
        )

    def fits(self, rows: Sequence[Row], each: int) -> bool:
        """Whether so many rows fit on a slide, and a heading of two lines above them."""
        highs = [LINE_HIGH * self.size * self.lines(row) + CELL_EDGES for row in rows]
        head = 2 * LINE_HIGH * self.size + CELL_EDGES
        return all(
            head + sum(highs[first : first + each]) <= 72 * TABLE_HIGH for first in range(0, len(rows), each)
        )


def _laid(table: Table, language: Language) -> _Laid:
    columns = len(table.columns)
    if columns > TURNED_COLUMNS and len(table.rows) <= TURNED_ROWS:
        return _turned(table, language)
    size = next(size for most, size in TABLE_SIZES if columns <= most)
    return _Laid(table, [room(table, index, language) for index in range(columns)], size)


def _turned(table: Table, language: Language) -> _Laid:
    """Its columns as rows; the first row says whose they are."""
    first, *others = table.columns
    names = (in_cell(str(row[0]), first, 0, language) for row in table.rows)
    columns = (Column("what", first.label), *(Column(f"of_{n}", name) for n, name in enumerate(names)))
    rows = tuple(
        (
            column.label,
            *(
                cell if isinstance(cell, Figure) else in_cell(cell, column, index, language)
                for cell in (row[index] for row in table.rows)
            ),
        )
        for index, column in enumerate(others, 1)
    )
    labels = max(wide(column.label) for column in table.columns) + 2 * EDGES
    each = max(labels, (TURNED_LETTERS - labels) // len(table.rows))
    turned = Table(table.name, table.title, columns, rows, table.note)
    return _Laid(turned, [labels, *(each for _ in table.rows)], TURNED_SIZE)


def _category(cell: str | Figure, figure: str | Figure, weekly: bool, language: Language) -> str:
    """The name of a bar; what is hidden says so there, for no bar is no answer."""
    words = cell if isinstance(cell, str) else cell.text
    if weekly:
        # LibreOffice takes no label to be skipped: it breaks each into lines where it can, and leaves out the others.
        day = date.fromisoformat(words)
        return (
            f"{day.month}/{day.day}"
            if language == "zh-Hans"
            else short_day(day, language).replace(" ", NO_BREAK)
        )
    return f"{words} ({figure.text})" if isinstance(figure, Figure) and figure.hidden else words


def _tag(language: Language) -> str:
    """Of the language, as Office has it."""
    return "zh-CN" if language == "zh-Hans" else "en-GB"


def _drawn(cell: str | Figure) -> float | None:
    return as_worded(cell, drawn(cell)) if isinstance(cell, Figure) else None


def _colour(role: str) -> RGBColor:
    return RGBColor.from_string(light(role).removeprefix("#").upper())
