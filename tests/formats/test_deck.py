"""What stands where on a slide."""

from __future__ import annotations

import re
from io import BytesIO

import pytest
from msgspec.structs import replace
from pptx import Presentation

from engage.core.digest import digest
from engage.core.language import Language, say
from engage.core.outline import Chart, Section
from engage.core.privacy import fact
from engage.core.reports import Column, Contract, Table
from engage.formats.deck import LINES_MAX, ROWS_MAX, deck
from engage.formats.paper import paper
from engage.formats.slide_room import reach
from tests.core.test_reports import report
from tests.formats.test_files import slide_of, texts


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


def test_the_slide_of_a_digest_says_in_which_weeks_members_are_counted() -> None:
    page = paper(digest(report()), "en")
    (seats,) = [one for one in page.sections if one.name == "seats"]
    assert re.search(r"counted in the four weeks up to \d+ \w+ 2026;", seats.notes[0])
    (slide,) = Presentation(BytesIO(deck(page, "en"))).slides
    assert any(seats.notes[0] in shape.text_frame.text for shape in slide.shapes if shape.has_text_frame)


@pytest.mark.parametrize("language, told", [("en", "5 Oct 2026"), ("zh-Hans", "2026年10月5日")])
def test_days_in_sentences_of_ours_are_told_as_people_write_them(language: Language, told: str) -> None:
    day = "2026-10-05"
    whole = report()
    frozen = replace(
        whole.health,
        verdict=say("Not scored: there is no score as of {day} yet.", day=day),
        notes=(say("Frozen when the contract ended: the score is that of {day}.", day=day),),
    )
    over = Contract(days_to_renewal=-1, renewal_date=day, monthly_revenue_cents=86_000)
    whole = replace(whole, health=frozen, contract=over)
    page = paper(digest(whole), language)
    (drivers,) = [one for one in paper(whole, language).sections if one.name == "drivers"]
    (advice,) = [one for one in page.sections if one.name == "advice"]
    paid = {"en": "Revenue per month until then", "zh-Hans": "到期前月收入"}[language]
    assert (paid, "860") in page.cover.facts
    for words in (page.cover.verdict, *drivers.notes, advice.notes[0]):
        assert told in words
        assert day not in words


@pytest.mark.parametrize(
    "word, most, split",
    [
        ("", LINES_MAX, [7, 7]),
        ("long " * 15, ROWS_MAX, [6, 5]),
        ("long " * 45, ROWS_MAX, [4, 4, 3]),  # more would be written over the foot of the slide
    ],
)
def test_a_long_table_is_spread_evenly_over_its_slides(word: str, most: int, split: list[int]) -> None:
    columns = (Column("figure", "Figure"), Column("more", "More"), Column("amount", "Amount", "each"))
    rows = tuple((f"Row {n}", word, fact(n, "each")) for n in range(most + 2))
    made = slide_of(Section("long", "Long", table=Table("long", "Long", columns, rows)))
    told = [[text for text in texts(slide) if text.startswith("Row")] for slide in made]
    assert [len(one) for one in told] == split
    assert [text for one in told for text in one] == [f"Row {n}" for n in range(most + 2)]


def test_all_that_is_said_in_sentences_has_room_above_the_foot_of_its_slide() -> None:
    few, many = ("Why.",), ("A sentence that goes on to the end of its line. " * 4,) * 9
    sizes = []
    for notes in (few, many):
        (slide,) = slide_of(Section("why", "Why", notes=notes))
        (frame,) = [
            shape.text_frame
            for shape in slide.shapes
            if shape.has_text_frame and shape.text_frame.text == "\n".join(notes)
        ]
        sizes.append(frame.paragraphs[0].runs[0].font.size.pt)
    assert sizes[0] == 16
    assert sizes[1] < 16


def test_a_number_beyond_its_bar_does_not_touch_the_bars_name() -> None:
    """Both ends of a scale leave room where bars go to them, and none where none goes."""
    assert reach([-15.1, 2.6, -2.1], brief=True) == pytest.approx((-27.49, 14.99))
    assert reach([-3.2, -1.9], brief=True) == pytest.approx((-5.44, 0))
    assert reach([14.0, 1.5], brief=False) == pytest.approx((0, 16.8))
    assert reach([0.0], brief=False) == pytest.approx((0, 0.2))
    columns = (Column("driver", "Driver"), Column("seen", "Seen"), Column("points", "Points", "score"))
    rows = tuple((f"Driver {n}", "Seen", fact(n, "score")) for n in (-15.1, 2.6))
    made = Section("moved", "Moved", chart=Chart("signed", ("points",)), table=Table("m", "M", columns, rows))
    (slide,) = slide_of(made)
    (axis,) = [shape.chart.value_axis for shape in slide.shapes if shape.has_chart]
    assert (axis.minimum_scale, axis.maximum_scale) == pytest.approx((-18.64, 6.14))
