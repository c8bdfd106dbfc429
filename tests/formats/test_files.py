"""Files of a report hold what its JSON holds: the same numbers, the same words for what is hidden, in two languages."""

from __future__ import annotations

import io
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from typing import Any

import msgspec
import openpyxl
import pptx
import pypdf
import pytest
from msgspec.structs import replace
from pptx.oxml.ns import qn

from engage.core.adoption import company_report
from engage.core.calendar import month_end
from engage.core.care_shapes import Compared, EffectView
from engage.core.department import department_report
from engage.core.digest import digest
from engage.core.language import LANGUAGES, Language, translate
from engage.core.outline import Chart, Row, Section, drawn, is_hint, outline, tells
from engage.core.outline_portfolio import portfolio_outline
from engage.core.privacy import Figure, fact, missing
from engage.core.reports import BAND_LABELS, Column, CompanyReport, Contract, Portfolio, Table
from engage.core.telling import in_language
from engage.core.worth import Outcomes, TierColumn
from engage.errors import NotInstalled
from engage.formats import files
from engage.formats.cover import NO_BREAK, Cover, dated, in_cell, room, wide, with_number
from engage.formats.deck import LINES_MAX, TURNED_SIZE, deck
from engage.formats.files import FileFormat, render, render_portfolio
from engage.formats.numbers import as_worded
from engage.formats.paper import Paper
from engage.formats.slide_room import LETTER_WIDE
from engage.formats.workbook import workbook
from tests.core.test_campaign_weeks import a_month
from tests.core.test_reports import report, source, source_of_departments
from tests.web.console_samples import portfolio

PROTECTED: dict[Language, str] = {
    "en": "To protect individuals some figures are left out of the chart",
    "zh-Hans": "为保护个人，部分数字未绘入图中",
}


@cache
def found() -> CompanyReport:
    return report()


@cache
def made(format: FileFormat, language: Language) -> bytes:
    return render(found(), format, language)


def sections(language: Language) -> tuple[Section, ...]:
    return in_language(outline(found()), language)


def figures() -> list[Figure]:
    """Everything a report tells in its sections."""
    tables = [section.table for section in outline(found()) if section.table]
    return [cell for table in tables for row in table.rows for cell in row if isinstance(cell, Figure)]


def test_the_outline_holds_every_figure_of_the_report() -> None:
    told = {(figure.text, figure.value) for figure in figures()}
    whole = found()
    shown = [step.figure for step in whole.funnel] + [one.figure for one in whole.summary]
    shown += [
        cell for row in (*whole.breadth.rows, *whole.levels.rows) for cell in row if isinstance(cell, Figure)
    ]
    shown += [f for one in (*whole.activity, *whole.incentives, whole.score_history) for f in one.figures]
    assert {(figure.text, figure.value) for figure in shown} <= told


# --- the workbook -------------------------------------------------------------------------------------------


def sheets(content: bytes) -> dict[str, list[list[Any]]]:
    book = openpyxl.load_workbook(io.BytesIO(content))
    return {sheet.title: [list(row) for row in sheet.iter_rows(values_only=True)] for sheet in book}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_workbook_has_numbers_as_numbers_and_hidden_figures_as_words(language: Language) -> None:
    book = sheets(made("xlsx", language))
    for section in sections(language):
        assert section.table is not None
        rows = book[section.title[:31]][3 : 3 + len(section.table.rows)]
        for expected, row in zip(section.table.rows, rows, strict=True):
            for cell, value in zip(expected, row, strict=False):
                if isinstance(cell, Figure):
                    assert value == (cell.text if cell.value is None else cell.value)
                    assert isinstance(value, str) == (cell.value is None)


def test_a_workbook_prints_a_number_as_the_report_says_it() -> None:
    """A difference in points that reads as percent is another figure."""
    columns = (Column("figure", "Figure"), Column("change", "Change", "percent"))
    known = (
        Figure("−11.5 points", "percent", -11.5),
        Figure("+32 %", "percent", 32.2),
        Figure("about 4,460", "points", 4460),
        Figure("no change", "percent", 0.3),
        Figure("16%", "percent", 16.4),
        fact(1234, "members"),
    )
    table = Table("summary", "Summary", columns, tuple((one.text, one) for one in known))
    head = Cover("Acme", "Acme", "", "72", "healthy", "Healthy", "Well", (("Revenue", "4,900"),), ())
    book = openpyxl.load_workbook(
        io.BytesIO(workbook(Paper(head, (Section("s", "Figures", table=table),)), "en"))
    )
    assert [cell.number_format for (cell,) in book["Figures"]["B4:B9"]] == [
        '+#,##0.0" points";"−"#,##0.0" points";#,##0.0" points"',
        '+#,##0.0" %";"−"#,##0.0" %";#,##0.0" %"',
        '"about "#,##0',
        '"no change"',
        '#,##0.0"%"',
        "#,##0",
    ]
    assert [(cell.value, cell.number_format) for cell in book["Summary"]["B"][4:]][-1] == (4900, "#,##0")


def test_a_name_that_looks_like_a_formula_is_text() -> None:
    book = openpyxl.load_workbook(io.BytesIO(made("xlsx", "en")))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert [cell.data_type for cell in cells if cell.value == "=Export"] == ["s"]
    assert not [cell for cell in cells if cell.data_type == "f"]


def test_a_workbooks_charts_draw_no_hidden_figure_as_zero() -> None:
    """A word in a cell is drawn as zero; so such a column is drawn from cells that are empty there."""
    book = openpyxl.load_workbook(io.BytesIO(made("xlsx", "en")))
    charts = 0
    for section in sections("en"):
        if section.chart is None or section.table is None:
            continue
        sheet = book[section.title[:31]]
        (chart,) = sheet._charts
        charts += 1
        names = [column.name for column in section.table.columns]
        for name, series in zip(section.chart.columns, chart.series, strict=True):
            reference = series.val.numRef.f.rsplit("!", 1)[1].replace("$", "")
            values = [row[0].value for row in sheet[reference]]
            cells = [row[names.index(name)] for row in section.table.rows]
            assert values == [drawn(cell) for cell in cells][: len(values)]
    assert charts == sum(1 for section in sections("en") if section.chart) > 6


# --- the slides ---------------------------------------------------------------------------------------------


def texts(slide: Any) -> Iterator[str]:
    """A percent sign is kept on the line of its number, which is not looked at here."""
    for shape in slide.shapes:
        if shape.has_text_frame:
            yield shape.text_frame.text.replace(NO_BREAK, " ")
        if shape.has_table:
            yield from (cell.text.replace(NO_BREAK, " ") for row in shape.table.rows for cell in row.cells)


@pytest.mark.parametrize("language", LANGUAGES)
def test_slides_have_charts_with_the_figures_in_them(language: Language) -> None:
    whole = pptx.Presentation(io.BytesIO(made("pptx", language)))
    assert whole.core_properties.language == {"en": "en-GB", "zh-Hans": "zh-CN"}[language]
    slides = iter(whole.slides)
    next(slides)  # the verdict
    for section in filter(tells, sections(language)):
        slide = next(slides)
        words = "\n".join(texts(slide))
        assert section.title in words
        assert section.table is not None
        if not any(shape.has_chart for shape in slide.shapes):
            assert section.chart is None or all(
                drawn(c) is None for row in section.table.rows for c in row[1:]
            )
            expected = {
                c.text if isinstance(c, Figure) else dated(c, language)
                for row in section.table.rows
                if any(isinstance(one, Figure) and is_hint(one) for one in row)
                for c in row
            }
            told = set(texts(slide))
            while not expected <= told:
                slide = next(slides)
                assert section.title in "\n".join(texts(slide))
                told |= set(texts(slide))
            continue
        (chart,) = [shape.chart for shape in slide.shapes if shape.has_chart]
        assert section.chart is not None
        names = [column.name for column in section.table.columns]
        for name, series in zip(section.chart.columns, chart.plots[0].series, strict=True):
            cells = [row[names.index(name)] for row in section.table.rows]
            assert list(series.values) == [
                as_worded(one, drawn(one)) for one in cells if isinstance(one, Figure)
            ]
        (frame,) = [shape for shape in slide.shapes if shape.has_chart]
        described = frame._element.nvGraphicFramePr.cNvPr.get("descr")
        assert described.casefold() == (section.message or section.title).casefold()
        # Editable: the figures are in a workbook inside.
        assert chart.part.chart_workbook.xlsx_part is not None
        protected = [getattr(row[names.index(name)], "hidden", "") for row in section.table.rows]
        assert (PROTECTED[language] in words) == bool(set(protected) - {"", "missing"})
    last = "".join(texts(next(slides)))
    assert {"en": "What is hidden", "zh-Hans": "隐藏了什么"}[language] in last
    left_out = [section.title for section in sections(language) if not tells(section)]
    assert left_out
    assert all(title in last for title in left_out)
    assert next(slides, None) is None


def slide_of(section: Section) -> list[Any]:
    head = Cover("Acme", "Acme", "", "", "unscored", "", "", (), ())
    return list(pptx.Presentation(io.BytesIO(deck(Paper(head, (section,)), "en"))).slides)[1:-1]


def test_a_chart_on_a_slide_rounds_as_the_words_do() -> None:
    """58.5 reads "58 %", and whoever opens the deck would have seen 59 on the bar."""
    columns = (Column("feature", "Feature"), Column("share", "Share", "percent"))
    table = Table("shares", "Shares", columns, tuple((f"{n}", fact(n, "percent")) for n in (58.5, 2.5, 0.4)))
    (slide,) = slide_of(Section("shares", "Shares", chart=Chart("bars", ("share",), 100), table=table))
    (chart,) = [shape.chart for shape in slide.shapes if shape.has_chart]
    assert list(chart.plots[0].series[0].values) == [58, 2, 0.4]
    assert chart.plots[0].data_labels.number_format == '[=0]0" %";[<1]0.0" %";#,##0" %"'


def test_the_slides_of_a_long_table_are_numbered() -> None:
    columns = (Column("figure", "Figure"), Column("amount", "Amount", "each"))
    rows: tuple[Row, ...] = tuple((f"Row {n}", fact(n, "each")) for n in range(LINES_MAX + 2))
    made = slide_of(Section("long", "Long", "It is long", table=Table("long", "Long", columns, rows)))
    assert ["Long · 1/2" in set(texts(slide)) for slide in made] == [True, False]
    assert "Long · 2/2" in set(texts(made[1]))


def test_no_heading_figure_or_day_is_broken_beside_a_long_sentence() -> None:
    columns = (Column("day", "日期"), Column("change", "近 4 周", "score"), Column("what", "原因", told=True))
    row: Row = ("2026-11-22", Figure("about 33,000", "each", 33_000), "很长的一句话" * 20)
    table = Table("calls", "Calls", columns, (row,))
    assert room(table, 0, "zh-Hans") > wide("2026年11月22日")
    assert room(table, 1, "zh-Hans") > len("about 33,000")


def test_no_figure_is_broken_for_want_of_room_beside_a_long_sentence() -> None:
    columns = (Column("at_risk", "At risk a year", "each"), Column("why", "Why", told=True))
    table = Table(
        "calls", "Calls", columns, ((fact(22_968, "each"), "A customer for a year or more, but. " * 3),)
    )
    assert room(table, 0, "en") > len("22,968")
    assert room(table, 1, "en") == 60


def test_rows_of_which_nothing_may_be_told_are_left_out_of_a_slide() -> None:
    columns = (Column("figure", "Figure"), Column("amount", "Amount", "each"))
    hidden = Figure("not shown", "each", hidden="few")
    table = Table("some", "Some", columns, (("Told", fact(7, "each")), ("Hidden", hidden)))
    (slide,) = slide_of(Section("some", "Some", table=table))
    words = set(texts(slide))
    assert "Told" in words
    assert "Hidden" not in words
    assert "To protect individuals some rows are left out." in words


def test_a_wide_table_of_few_rows_is_turned_on_its_slide() -> None:
    columns = (Column("goal", "Goal"), *(Column(f"c{n}", f"Column {n}", "each") for n in range(7)))
    row: Row = ("Every wing", *(fact(n, "each") for n in range(7)))
    (slide,) = slide_of(Section("wide", "Wide", table=Table("wide", "Wide", columns, (row,))))
    (table,) = [shape.table for shape in slide.shapes if shape.has_table]
    assert [[cell.text for cell in row.cells] for row in table.rows][:3] == [
        ["Goal", "Every wing"],
        ["Column 0", "0"],
        ["Column 1", "1"],
    ]


def test_a_turned_table_breaks_no_label_and_keeps_ranges_and_what_is_not_known() -> None:
    unknown, between = (
        Figure("–", "each", hidden="missing"),
        Figure("+1 to +33 points", "percent", hidden="few"),
    )
    labels = ("Members held out", "Difference, 95 % interval", "Of those active", "A", "B", "C", "D")
    columns = (Column("campaign", "Campaign"), *(Column(label, label, "percent") for label in labels))
    cells = (fact(83, "members"), between, *(unknown for _ in labels[2:]))
    rows: tuple[Row, ...] = (("One", *cells), ("Two", *cells))
    (slide,) = slide_of(Section("wide", "Wide", table=Table("wide", "Wide", columns, rows)))
    (table,) = [shape.table for shape in slide.shapes if shape.has_table]
    assert [with_number(text) for text in ("Campaign", *labels)] == [row.cells[0].text for row in table.rows]
    assert table.columns[0].width.pt > LETTER_WIDE * TURNED_SIZE * max(map(len, labels))
    assert "To protect individuals some rows are left out." not in set(texts(slide))


def test_a_sheet_without_anything_to_draw_has_no_empty_chart() -> None:
    columns = (Column("week", "Week"), Column("active", "Active", "members"))
    table = Table("a", "Active", columns, (("2026-11-16", Figure("fewer than 5", "members", hidden="few")),))
    section = Section("a", "Active", chart=Chart("lines", ("active",)), table=table)
    head = Cover("Acme", "Acme", "", "", "unscored", "", "", (), ())
    book = openpyxl.load_workbook(io.BytesIO(workbook(Paper(head, (section,)), "en")))
    assert not book["Active"]._charts


def test_a_section_of_which_little_is_told_is_named_and_gets_no_room() -> None:
    columns = (Column("level", "Level"), Column("members", "Members", "members"))
    hidden, between = Figure("not shown", "members", hidden="few"), Figure("3 to 9", "members", low=3, high=9)
    nothing = Section("a", "Nothing", table=Table("a", "Nothing", columns, (("One", hidden),)))
    little = Section("b", "Little", table=Table("b", "Little", columns, (("One", between),)))
    enough = Section("c", "Enough", table=Table("c", "Enough", columns, (("One", fact(3, "members")),)))
    assert [tells(one) for one in (nothing, little, enough)] == [False, False, True]
    narrow, unknown = Figure("40 to 49", "members", hidden="protects", low=40, high=49), missing("members")
    for cells, is_told in (
        ((narrow, between, between, between), True),
        ((fact(3, "members"), *(unknown,) * 9), True),
        ((unknown, unknown), False),
        ((hidden, hidden, hidden, hidden, fact(3, "members")), False),
    ):
        rows = tuple(("One", cell) for cell in cells)
        made = Section("d", "D", table=Table("d", "D", columns, rows))
        assert tells(made) is is_told
        assert not tells(msgspec.structs.replace(made, untold="told once there are more"))
    head = Cover("Acme", "Acme", "", "", "unscored", "", "", (), ("Why.",))
    paper = Paper(head, (enough,), untold=(nothing, little))
    slides = list(pptx.Presentation(io.BytesIO(deck(paper, "en"))).slides)
    assert len(slides) == 3
    note = "Left out, as too little of it may be told, or was measured: {}."
    assert note.format("Nothing, Little") in "\n".join(texts(slides[-1]))
    book = sheets(workbook(paper, "en"))
    assert {"Enough", "Little"} < book.keys()
    assert "Nothing" not in book
    assert note.format("Nothing") in [cell for row in book["What is hidden"] for cell in row]


@pytest.mark.parametrize("format", ["xlsx", "pptx", "pdf"])
def test_what_campaigns_moved_together_is_in_every_file(format: FileFormat) -> None:
    made, *periods = source()
    weeks = {monday: a_month(400, 200, 1600, 1200) for monday in made.weeks if month_end(monday) == monday}
    for monday, week in weeks.items():
        week.monday, week.classes = monday, [0] * 5
    found = company_report(msgspec.structs.replace(made, weeks={**made.weeks, **weeks}), *periods)
    assert found.campaigns is not None
    assert found.campaigns.column("campaign") == ("spring",) * 3 + ("All together, on average",)
    content = render(found, format, "zh-Hans")
    if format == "xlsx":
        assert any("全部合计（平均）" in row for rows in sheets(content).values() for row in rows)


def test_what_cannot_be_drawn_is_told_on_its_slide() -> None:
    columns = (Column("week", "Week"), Column("active", "Active", "members"))
    hidden = Figure("not shown", "members", hidden="protects")
    table = Table("active", "Active", columns, (("2026-11-16", hidden),))
    (slide,) = slide_of(Section("active", "Active", chart=Chart("lines", ("active",)), table=table))
    assert not any(shape.has_chart for shape in slide.shapes)
    assert {"16 Nov 2026", "not shown"} <= set(texts(slide))


def test_what_customer_success_thinks_is_for_itself_and_on_no_slide() -> None:
    head = Cover("Acme", "Acme", "", "", "unscored", "", "", (), ("Why.",))
    felt = Section("sentiment", "Sentiment", notes=("Sentiment: poor", "Their new head dislikes us."))
    paper = Paper(head, (felt,))
    slides = pptx.Presentation(io.BytesIO(deck(paper, "en"))).slides
    assert not [text for slide in slides for text in texts(slide) if "entiment" in text or "dislikes" in text]
    book = sheets(workbook(paper, "en"))
    assert "Their new head dislikes us." in [cell for rows in book.values() for row in rows for cell in row]


# --- the document -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_pdf_can_be_read_by_people_and_programs(language: Language) -> None:
    document = pypdf.PdfReader(io.BytesIO(made("pdf", language)))
    words = "".join("".join(page.extract_text().split()) for page in document.pages)
    assert document.trailer["/Root"]["/MarkInfo"]["/Marked"], "tagged for screen readers"
    for section in sections(language):
        assert "".join(section.title.split()) in words
        assert section.table is not None
        if not tells(section):
            continue
        # Of weekly tables the newest thirteen weeks are printed; charts show all.
        for row in section.table.rows[-13:]:
            for cell in row:
                if isinstance(cell, Figure):
                    assert "".join(cell.text.split()) in words, (section.name, cell)


def test_a_name_is_printed_and_never_read_as_markup() -> None:
    content = render(replace(found(), name='#panic("x") <b>&amp; $x^2$ *bold* @ref'), "pdf", "en")
    words = "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages)
    assert '#panic("x") <b>&amp; $x^2$ *bold* @ref' in words


# --- all of them --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("format", ["pdf", "pptx", "xlsx"])
def test_names_with_any_characters_are_in_a_file(format: FileFormat) -> None:
    """Letters and emoji that the document's own font lacks, and what no XML may hold."""
    names = "Rockets 🚀 สวัสดี Bell\x07 and none\ufffe"
    written = msgspec.json.encode(found()).replace(b'"=Export"', msgspec.json.encode(names))
    whole = replace(msgspec.json.decode(written, type=CompanyReport), name=names)
    assert [row[0] for row in whole.breadth.rows].count(names) == 1
    assert render(whole, format, "en")


@pytest.mark.parametrize("format", ["pdf", "pptx", "xlsx"])
def test_a_company_below_the_floor_gets_words_in_every_format(format: FileFormat) -> None:
    """What three people did is in none of them."""
    content = render(report(active=3, users=3), format, "en")
    assert content
    if format == "xlsx":
        numbers = {
            v for rows in sheets(content).values() for row in rows for v in row if isinstance(v, int | float)
        }
        assert not {300, 900, 3000} & numbers


def test_the_portfolio_is_a_workbook_with_the_numbers_of_its_json() -> None:
    whole: Portfolio = portfolio()
    rows = sheets(render_portfolio(whole, "xlsx", "zh-Hans"))["客户组合"]
    assert rows[0][:3] == ["公司", "编号", "健康评分"]
    assert [row[1] for row in rows[1:]] == [one.company for one in whole.data]
    assert [row[2] for row in rows[1:]] == [one.score for one in whole.data]
    assert [row[13] and row[13] * 100 for row in rows[1:]] == [one.value_at_risk_cents for one in whole.data]
    assert [row[14] for row in rows[1:]] == [translate(one.text, "zh-Hans") for one in whole.data]


def test_the_portfolios_workbook_can_be_filtered_by_stage_and_tier() -> None:
    first, *rest = portfolio().data
    whole = replace(
        portfolio(),
        data=(replace(first, stage="at_risk", tier="a"), *rest),
        tiers=(TierColumn("a", "Strategic", 1, {}),),
    )
    rows = sheets(render_portfolio(whole, "xlsx", "en"))["Portfolio"]
    assert rows[0][4:6] == ["Stage", "Tier"]
    assert [row[4:6] for row in rows[1:3]] == [["At risk", "Strategic"], [None, None]]


def test_the_portfolio_is_a_deck_with_an_editable_map_and_the_worst_first() -> None:
    whole = portfolio()
    slides = list(pptx.Presentation(io.BytesIO(render_portfolio(whole, "pptx", "zh-Hans"))).slides)
    assert "8 家公司中需联系 4 家" in "".join(texts(slides[0]))
    (chart,) = [shape.chart for shape in slides[1].shapes if shape.has_chart]
    placed = {
        (series.name, days, score, size)
        for series in chart.plots[0].series
        for days, score, size in zip(
            _numbers(series, "xVal"), series.values, _numbers(series, "bubbleSize"), strict=True
        )
    }
    assert placed == {
        (
            translate(BAND_LABELS[one.band], "zh-Hans"),
            max(0, one.days_to_renewal),
            one.score,
            one.monthly_revenue_cents / 100,
        )
        for one in whole.data
        if one.days_to_renewal is not None and one.score is not None and one.monthly_revenue_cents
    }
    (table,) = [shape.table for shape in slides[2].shapes if shape.has_table]
    first = [row.cells[0].text for row in table.rows][1:]
    assert first == ["Nordwind Logistics", "Brightwater Clinics", "北京智联科技", "Granite Works"]


def test_no_companys_name_is_written_over_another_s_on_the_map() -> None:
    """The one with more at stake keeps its name."""
    columns = [Column(name, name, "each") for name in ("days", "score", "revenue")]
    places = {"Big": (100, 60, 9), "Beside it": (105, 61, 5), "Far away": (300, 61, 1)}
    rows: tuple[Row, ...] = tuple(
        (name, *(fact(value, "each") for value in place), "Healthy") for name, place in places.items()
    )
    table = Table("map", "Map", (Column("company", "Company"), *columns, Column("band", "Band")), rows)
    section = Section("map", "Map", chart=Chart("map", ("days", "score", "revenue"), 100), table=table)
    (slide,) = slide_of(section)
    (chart,) = [shape.chart for shape in slide.shapes if shape.has_chart]
    told = "".join(chart.plots[0]._element.itertext())
    assert "Far away" in told
    assert "Big" in told
    assert "Beside it" not in told


def test_a_companys_name_can_be_read_over_another_s_bubble() -> None:
    slides = list(pptx.Presentation(io.BytesIO(render_portfolio(portfolio(), "pptx", "en"))).slides)
    (chart,) = [shape.chart for shape in slides[1].shapes if shape.has_chart]
    for series in chart.plots[0].series:
        (seen_through,) = series._element.findall(f"{qn('c:spPr')}/{qn('a:solidFill')}//{qn('a:alpha')}")
        assert int(seen_through.get("val")) < 100_000


def test_a_message_about_an_estimate_is_chinese_too() -> None:
    about = Figure("about 85.1", "events", 85.1)
    grown = tuple(replace(one, figure=about) if one.name == "events" else one for one in found().summary)
    told = {one.name: one for one in in_language(outline(replace(found(), summary=grown)), "zh-Hans")}
    assert told["summary"].message.startswith("每周事件数：约 85.1，")


def test_a_departments_files_name_the_company_and_take_the_department_for_none() -> None:
    department = department_report(*source(), "sales")
    assert department is not None
    (slide,) = pptx.Presentation(io.BytesIO(render(department, "pptx", "en"))).slides
    assert any(text.startswith(f"sales · {department.company_name}  ·") for text in texts(slide))
    book = sheets(render(department, "xlsx", "en"))
    assert "Company" not in {row[0] for row in book["Summary"]}


def _numbers(series: Any, name: str) -> list[float]:
    return [float(one.text) for one in series._element.findall(f".//{qn(f'c:{name}')}//{qn('c:v')}")]


def test_a_sentence_in_a_cell_begins_like_one_and_a_name_stays() -> None:
    seen, segment = Column("seen", "Seen", told=True), Column("segment", "Segment", told=True)
    assert in_cell("a customer for a year", seen, 1, "en") == "A customer for a year"
    assert in_cell("enterprise", segment, 0, "en") == "enterprise"
    assert in_cell("kim", Column("owner", "Owner"), 3, "en") == "kim"


def test_the_portfolios_files_say_of_interventions_and_contracts_what_its_page_says() -> None:
    """An intervention whose weeks are not over yet has no company to compare, and was done for one all the same."""
    compared = Compared(4, 0, None, 0, None, None, None, None, "These weeks are not over yet.")
    done = EffectView("a", "A call", "2026-11-11", "kim", 1, 0, (compared,))
    worth = Outcomes("2026-11-22", 1, 100, 1200, 100, 100, 3, 0, 0, 0, 0.969, 0.969, 0, 0, None, 1, 1.0)
    whole = replace(portfolio(), interventions=(done,), outcomes=worth)
    told = {section.name: section.table for section in portfolio_outline(whole)}
    effects, outcomes = told["effects"], told["outcomes"]
    assert effects is not None
    assert outcomes is not None
    assert [getattr(cell, "value", None) for cell in effects.column("companies")] == [1]
    (kept,) = [row[1] for row in outcomes.rows if row[0] == "Kept of it (GRR)"]
    assert isinstance(kept, Figure)
    assert (kept.text, kept.value) == ("96.9 %", 96.9)


def test_of_a_portfolio_nothing_is_hidden_so_nothing_is_said_to_be() -> None:
    deck = pptx.Presentation(io.BytesIO(render_portfolio(portfolio(), "pptx", "en")))
    last = set(texts(list(deck.slides)[-1]))
    assert "About these figures" in last
    assert "What is hidden, and why" not in last


def test_a_document_leaves_names_as_they_were_given() -> None:
    tiers = (TierColumn("core", "core plan", 3, {"answer": "within a day"}),)
    content = render_portfolio(replace(portfolio(), tiers=tiers), "pdf", "en")
    words = " ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages)
    for name in ("core plan (3)", "answer", "within a day"):
        assert name in words, name


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_portfolio_is_a_document_too_and_says_when_nobody_needs_a_call(language: Language) -> None:
    whole = portfolio()
    words = "".join(
        page.extract_text()
        for page in pypdf.PdfReader(io.BytesIO(render_portfolio(whole, "pdf", language))).pages
    )
    assert {"en": "Renewals within 90 days", "zh-Hans": "90 天内续约"}[language] in words.replace("\n", " ")
    assert "Nordwind Logistics" in words
    calm = replace(whole, data=tuple(one for one in whole.data if one.band == "thriving"))
    told = [section.name for section in portfolio_outline(calm)]
    assert told == ["calls", "bands"]
    assert render_portfolio(calm, "pptx", language)


@pytest.mark.parametrize("format", ["pdf", "pptx", "xlsx"])
def test_without_the_extra_it_is_said_in_one_line_what_to_install(
    format: FileFormat, monkeypatch: pytest.MonkeyPatch
) -> None:
    libraries = {library for kind in files.KINDS.values() for library in kind.libraries}
    monkeypatch.setattr(files, "find_spec", lambda name: None if name in libraries else find_spec(name))
    with pytest.raises(NotInstalled, match=r"pip install 'engage\[reports\]'") as refused:
        render(found(), format, "en")
    assert "\n" not in refused.value.message


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("format", ["pdf", "pptx", "xlsx"])
def test_the_digest_and_a_departments_page_are_files_too(format: FileFormat, language: Language) -> None:
    contract = Contract("Business", 62, 490_000, "2025-12-24", "2026-12-24", 38, "2023-12-24")
    page = digest(replace(found(), contract=contract))
    department = department_report(*source_of_departments(), "sales")
    assert department is not None
    made = {"digest": render(page, format, language), "department": render(department, format, language)}
    if format == "pdf":
        for content in made.values():
            assert len(pypdf.PdfReader(io.BytesIO(content)).pages) == 1
    if format == "xlsx":
        rows = [row for rows in sheets(made["department"]).values() for row in rows]
        assert 30 in {cell for row in rows for cell in row}
        assert not {cell for row in rows for cell in row} & {60, 50, 40}
    if format == "pptx":
        told = "".join(
            "".join(texts(slide)) for slide in pptx.Presentation(io.BytesIO(made["digest"])).slides
        )
        for text in in_language(page, language).advice:
            assert text in told
        for content in made.values():
            (slide,) = pptx.Presentation(io.BytesIO(content)).slides
            assert any(shape.has_chart for shape in slide.shapes)
