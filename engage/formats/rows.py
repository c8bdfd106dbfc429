"""Charts of one row for each thing, with its name and a few words: lengths to compare, and a company beside its peers.
Drawn as `engage.formats.charts` draws.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from engage.formats.charts import (
    POINTS_MAX,
    SIZE,
    Bar,
    _column,
    _fill,
    _fit,
    _frame,
    _hint,
    _line,
    _n,
    _rect,
    _svg,
    _text,
    _wide,
)
from engage.formats.palette import light


class Rows:
    """Rows with a name each: beside what is drawn, or above it where that would leave too little."""

    def __init__(self, width: int, labelled: Sequence[Bar]) -> None:
        self._width, self._beside = width, width >= 480
        self._high = 32 if self._beside else 46
        right = max((_wide(one.text) for one in labelled if one.value is not None), default=0) + 14
        self.left = _column(labelled, width) + 6 if self._beside else 8.0
        self.inner = width - self.left - right
        """What is left between the names and the words at the end."""
        self.height = self._high * len(labelled) + 8

    def top(self, index: int) -> int:
        """Where what is drawn in a row begins."""
        return 4 + index * self._high + (0 if self._beside else 18)

    def label(self, index: int, text: str) -> str:
        y = self.top(index)
        if self._beside:
            return _text(self.left - 10, y + 13, _fit(text, self.left - 6), anchor="end", role="ink")
        return _text(8, y - 5, _fit(text, self._width - 16), role="ink")


def bars(name: str, width: int, *, title: str, description: str, bars: Sequence[Bar], top: float) -> Markup:
    """Lengths to compare, one row each, `top` filling the width. A hidden one is a dashed frame."""
    bars = bars[:POINTS_MAX]
    rows, bar_high = Rows(width, bars), 18
    left, inner = rows.left, rows.inner
    body = []
    for index, bar in enumerate(bars):
        y = rows.top(index)
        body.append(rows.label(index, bar.label))
        if bar.value is None:
            body.append(_rect(left, y, max(_wide(bar.text) + 16, 60), bar_high, _frame()))
            body.append(_text(left + 8, y + 13, bar.text))
            continue
        long = min(1.0, bar.value / top) * inner if top > 0 else 0
        hint = f"{bar.label}: {bar.text}"
        body.append(_rect(left, y, inner, bar_high, _fill("rule", 0.6)))
        body.append(_rect(left, y, max(long, 1), bar_high, _fill(bar.role), hint=hint))
        body.append(_text(left + inner + 8, y + 13, bar.text, role="ink"))
    return _svg(name, width, rows.height, title, description, body)


@dataclass(frozen=True)
class Among:
    """A company beside its peers: the band in which the middle half of them stand, their median, and where the company
    stands. All from 0 to 100; `text` is what is written at the end."""

    label: str
    value: float
    lower: float
    median: float
    upper: float
    text: str


def quartiles(name: str, width: int, *, title: str, description: str, rows: Sequence[Among]) -> Markup:
    laid = Rows(width, [Bar(one.label, one.value, one.text) for one in rows])
    left, inner = laid.left, laid.inner
    body = []
    for index, one in enumerate(rows):
        y = laid.top(index)
        body.append(laid.label(index, one.label))

        def at(share: float) -> float:
            return left + inner * min(100.0, max(0.0, share)) / 100

        middle = y + 9
        body.append(_line(left, middle, left + inner, middle, "rule"))
        wide = max(2.0, at(one.upper) - at(one.lower))
        body.append(_rect(at(one.lower), y + 2, wide, 14, _fill("unscored", 0.35)))
        body.append(_rect(at(one.median) - 1, y, 2, 18, _fill("unscored"), corner=0))
        dot = f'cx="{_n(at(one.value))}" cy="{_n(middle)}" r="5.5"'
        seam = f'stroke="{light("card")}" stroke-width="1.5"'
        role = "at_risk" if one.value < one.lower else "thriving" if one.value > one.upper else "accent"
        body.append(f"<circle {dot} {_fill(role)} {seam}>{_hint(f'{one.label}: {one.text}')}</circle>")
        body.append(_text(left + inner + 10, middle + SIZE / 3, one.text, role="ink"))
    return _svg(name, width, laid.height, title, description, body)
