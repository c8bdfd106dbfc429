"""What stands where on a slide."""

from __future__ import annotations

from engage.core.outline import Chart, Section
from engage.core.privacy import fact
from engage.core.reports import Column, Table
from tests.formats.test_files import slide_of


def test_what_a_section_notes_stands_below_its_chart_and_never_over_it() -> None:
    columns = (Column("week", "Week"), Column("daily", "Daily use", "members"))
    table = Table("daily", "Daily use", columns, (("2026-11-09", fact(7, "members")),))
    chart = Chart("lines", ("daily",))
    for notes in (("Counted of four weeks.",), ("A long sentence that goes on. " * 9, "And another.")):
        (slide,) = slide_of(Section("daily", "Daily use", chart=chart, table=table, notes=notes))
        (drawn,) = [shape for shape in slide.shapes if shape.has_chart]
        (below,) = [
            shape
            for shape in slide.shapes
            if shape.has_text_frame and shape.text_frame.text == " ".join(notes)
        ]
        assert drawn.top + drawn.height <= below.top


def test_a_chart_of_one_series_says_what_it_draws() -> None:
    def legend(label: str) -> bool:
        columns = (Column("week", "Week"), Column("daily", label, "members"))
        table = Table("daily", "Daily use", columns, (("2026-11-09", fact(7, "members")),))
        (slide,) = slide_of(Section("daily", "Daily use", chart=Chart("lines", ("daily",)), table=table))
        (chart,) = [shape.chart for shape in slide.shapes if shape.has_chart]
        return bool(chart.has_legend)

    assert legend("Active members a day")
    assert not legend("Daily use")
