"""What charts and colours promise: legible, whole-numbered, named, escaped, honest about gaps."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

import engage.web.console as console
from engage.core.privacy import Figure, missing, not_shown
from engage.core.reports import Series
from engage.formats import charts, pen, rows
from engage.formats.palette import PALETTE, SHAPE_ROLES, TEXT_ROLES
from engage.web.console.drawing import weekly

CSS = (Path(console.__file__).parent / "static" / "console.css").read_text(encoding="utf-8")
SVG = "{http://www.w3.org/2000/svg}"
WEEKS = ("5 Oct", "12 Oct", "19 Oct", "26 Oct")

Draw = Callable[[str, int], Markup]
DRAWINGS: dict[str, Draw] = {
    "lines": lambda name, width: charts.lines(
        name,
        width,
        title="T",
        description="D",
        labels=WEEKS,
        series=[
            charts.Series("A <b>", [1, None, 3, 4]),
            charts.Series("B", [2, 2, 2, 2], "second", dashed=True),
        ],
        zones=[charts.Zone("Watch", 0, 2, "watch")],
        area=True,
    ),
    "stacked": lambda name, width: charts.stacked(
        name,
        width,
        title="T",
        description="D",
        labels=WEEKS,
        series=[charts.Series("A", [1, None, 3, 4]), charts.Series("B", [2, 2, 2, 0], "second")],
    ),
    "signed_bars": lambda name, width: charts.signed_bars(
        name,
        width,
        title="T",
        description="D",
        bars=[charts.Bar("Up", 4, "+4", "thriving"), charts.Bar("Down", -2, "−2", "at_risk")],
    ),
    "bars": lambda name, width: rows.bars(
        name,
        width,
        title="T",
        description="D",
        bars=[charts.Bar("Seats", 10, "10"), charts.Bar("Habitual", None, "fewer than 5")],
        top=10,
    ),
    "heat": lambda name, width: charts.heat(
        name,
        width,
        title="T",
        description="D",
        columns=["0", "1"],
        rows=[
            ("2026-01", [charts.Bar("", 80, "80 %"), charts.Bar("", None, "not shown")]),
            ("2026-02", [None, None]),
        ],
    ),
    "partial": lambda name, width: charts.stacked(
        name,
        width,
        title="T",
        description="D",
        labels=["1 Jan", "8 Jan"],
        series=[
            charts.Series("A name that needs room", [5, None]),
            charts.Series("Another such name", [None, None]),
        ],
    ),
    "spark": lambda name, width: charts.spark(name, title="T", values=[1, None, 50], role="watch"),
    "scatter": lambda name, width: charts.scatter(
        name,
        width,
        title="T",
        description="D",
        dots=[charts.Dot("Ærø & Søn", 0.9, 1200, "x", 1.0, "at_risk"), charts.Dot("B", 0.1, 10, "y")],
        x_label="Risk",
        y_label="Revenue",
        x_marks=((0, "today"), (0.25, "90"), (1, "a year")),
        top=1200,
        shade=(0.25, 60),
    ),
}


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two `#rrggbb` colours, 1 to 21 (WCAG 2.2, "contrast ratio")."""
    bright, dim = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def _luminance(colour: str) -> float:
    """Relative luminance of an sRGB colour (WCAG 2.2, "relative luminance")."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("ground", ["page", "card"])
def test_words_in_every_text_colour_can_be_read(scheme: int, ground: str) -> None:
    for role in TEXT_ROLES:
        assert contrast(PALETTE[role][scheme], PALETTE[ground][scheme]) >= 4.5, role


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_marks_stand_out_from_the_card(scheme: int) -> None:
    for role in SHAPE_ROLES:
        assert contrast(PALETTE[role][scheme], PALETTE["card"][scheme]) >= 3, role


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_the_main_button_can_be_read(scheme: int) -> None:
    assert contrast(PALETTE["card"][scheme], PALETTE["accent"][scheme]) >= 4.5


def test_neighbouring_levels_differ_in_lightness() -> None:
    for scheme in (0, 1):
        for lower, upper in (("level_1", "level_2"), ("level_2", "level_3"), ("level_3", "level_4")):
            assert contrast(PALETTE[lower][scheme], PALETTE[upper][scheme]) >= 1.4, (lower, scheme)


def test_the_style_sheet_has_the_palette() -> None:
    light, dark = (
        dict(re.findall(r"--(\w+): (#\w{6});", part)) for part in CSS.split("@media screen", 2)[:2]
    )
    assert light == {role: colours[0] for role, colours in PALETTE.items()}
    assert dark == {role: colours[1] for role, colours in PALETTE.items()}


def test_every_colour_class_of_a_chart_is_in_the_style_sheet() -> None:
    for draw in DRAWINGS.values():
        for role in re.findall(r'class="[fs] (\w+)"', draw("x", charts.WIDE)):
            assert f".{role} {{ color: var(--{role}) }}" in CSS


@pytest.mark.parametrize("kind", DRAWINGS)
@pytest.mark.parametrize("width", [charts.WIDE, charts.NARROW])
def test_a_chart_is_one_named_picture_without_inline_style(kind: str, width: int) -> None:
    text = DRAWINGS[kind]("x", width)
    root = ElementTree.fromstring(text)
    assert root.get("role") == "img"
    ids = {node.get("id"): node.text for node in root.iter() if node.get("id")}
    assert {ids[i] for i in (root.get("aria-labelledby") or "").split()} <= {"T", "D"}
    assert "style=" not in text
    assert "<script" not in text
    for node in root.iter():
        if "f " in (node.get("class") or ""):
            assert node.get("fill", "").startswith("#"), "readable without the style sheet too"


@pytest.mark.parametrize("kind", [k for k in DRAWINGS if k != "spark"])
@pytest.mark.parametrize("width", [charts.WIDE, charts.NARROW])
def test_nothing_is_drawn_outside_the_frame(kind: str, width: int) -> None:
    root = ElementTree.fromstring(DRAWINGS[kind]("x", width))
    height = float((root.get("viewBox") or "").split()[3])
    for node in root.iter():
        for name, end in (("x", width), ("cx", width), ("x2", width), ("y", height), ("cy", height)):
            assert -0.1 <= float(node.get(name, "0")) <= end + 0.1, ElementTree.tostring(node)
        if node.tag == f"{SVG}rect":
            assert float(node.get("x", "0")) + float(node.get("width", "0")) <= width + 0.1


def test_names_are_escaped() -> None:
    assert "A &lt;b&gt;" in DRAWINGS["lines"]("x", charts.WIDE)
    assert "Ærø &amp; Søn" in DRAWINGS["scatter"]("x", charts.WIDE)


def test_a_hidden_value_breaks_the_line_and_is_no_zero() -> None:
    text = charts.lines(
        "x",
        charts.WIDE,
        title="T",
        description="D",
        labels=WEEKS,
        series=[charts.Series("A", [8, 8, None, 8])],
    )
    root = ElementTree.fromstring(text)
    ends = [d.count("L") for d in (p.get("d", "") for p in root.iter(f"{SVG}path"))]
    assert ends == [1], "one stretch of two points; the lone third is a dot"
    assert len(list(root.iter(f"{SVG}circle"))) == 3


def test_a_hidden_bar_says_why_and_has_no_length() -> None:
    root = ElementTree.fromstring(DRAWINGS["bars"]("x", charts.WIDE))
    assert "fewer than 5" in "".join(root.itertext())
    frames = [r for r in root.iter(f"{SVG}rect") if r.get("stroke-dasharray")]
    assert len(frames) == 1
    assert frames[0].get("fill") == "none"


@given(st.floats(min_value=0, max_value=1e12, allow_nan=False))
def test_axis_marks_are_few_whole_numbers_that_cover_the_values(top: float) -> None:
    marks = charts.ticks(top)
    assert all(isinstance(mark, int) for mark in marks)
    assert marks[0] == 0
    assert marks[-1] >= top * (1 - 1e-9)
    assert 2 <= len(marks) <= 7
    assert len({b - a for a, b in pairwise(marks)}) == 1


@given(st.lists(st.one_of(st.none(), st.floats(min_value=0, max_value=1e9)), max_size=60))
def test_any_history_draws_well_formed_pictures(values: list[float | None]) -> None:
    labels = [str(i) for i in range(len(values))]
    series = [charts.Series("A", values), charts.Series("B", values, "second")]
    for draw in (charts.lines, charts.stacked):
        text = draw("x", charts.NARROW, title="T", description="D", labels=labels, series=series)
        ElementTree.fromstring(text)
        assert "nan" not in text
    ElementTree.fromstring(charts.spark("x", title="T", values=values, role="watch"))


def test_both_widths_are_in_the_page_with_different_ids() -> None:
    both = charts.responsive("activity", DRAWINGS["lines"])
    ids = re.findall(r' id="([^"]+)"', both)
    assert len(ids) == len(set(ids)) == 4


def test_a_dots_name_is_whole_where_there_is_room_for_it() -> None:
    def named(width: int, at: float, *others: charts.Dot) -> str:
        dot = charts.Dot("Redgum Mining Services", at, 36, "", urgent=True)
        return charts.scatter(
            "x",
            width,
            title="T",
            description="D",
            dots=[dot, *others],
            x_label="X",
            y_label="Y",
            x_marks=(),
            top=100,
            shade=(0.25, 60),
        )

    assert ">Redgum Mining Services</text>" in named(charts.WIDE, 0.05)
    assert ">Redgum Mining Servi…</text>" in named(165, 0.05)
    # With another to its right it has room over itself, from the edge on; its middle would be beyond it.
    assert ">Redgum Mining Services</text>" in named(charts.WIDE, 0.05, charts.Dot("B", 0.15, 36, ""))


def test_the_last_label_of_many_ends_within_the_chart() -> None:
    labels = [f"11月{at}日" for at in range(11, 31)] * 4
    series = [charts.Series("A", [1] * len(labels))]
    drawn = charts.lines("x", charts.NARROW, title="T", description="D", labels=labels, series=series)
    (at,) = re.findall(r'<text x="([\d.]+)"[^>]*>11月30日</text>', drawn)[-1:]
    assert float(at) + pen.width_of("11月30日", 11) / 2 <= charts.NARROW + 0.1


def test_a_field_of_shares_is_darker_for_more_and_says_what_is_hidden() -> None:
    drawn = DRAWINGS["heat"]("x", charts.WIDE)
    assert 'fill-opacity="0.41' in drawn
    assert "<title>2026-01, 1: not shown</title>" in drawn
    assert drawn.count("<rect") == 2  # an empty place is empty


def test_of_a_column_with_a_hidden_part_nothing_is_drawn() -> None:
    """It would be read as a smaller whole, and the first week with all parts as a leap."""
    assert DRAWINGS["partial"]("x", charts.WIDE).count("<rect") == 0


def test_a_legend_takes_the_rows_that_it_needs() -> None:
    one, two = (DRAWINGS["partial"]("x", width) for width in (charts.WIDE, 200))
    assert 'y="14" class="f muted" fill="#596273">Another' in one
    assert 'y="32" class="f muted" fill="#596273">Another' in two


def test_a_table_of_weeks_has_no_column_of_which_nothing_is_told() -> None:
    weeks = ("2026-11-09", "2026-11-16")

    def of(label: str, *figures: Figure) -> Series:
        return Series(label, label, "members", weeks, figures)

    some = of("Low users", not_shown("members"), Figure("fewer than 17", "members", hidden="rough", high=16))
    none = of("Power users", *(not_shown("members"),) * 2)
    never = of("No use", *(missing("members"),) * 2)
    found = weekly("Members by kind of use", [none, some, never], "en")
    assert (found.labels, found.untold) == (("Low users", "No use"), ("Power users",))
    assert [[one.text for one in figures] for _, figures in found.rows] == [
        ["fewer than 17", "not measured"],
        ["not shown", "not measured"],
    ]
    alone = weekly("Members by kind of use", [none], "en")
    assert (alone.labels, alone.untold) == (("Power users",), ())
