"""Charts of one row for each thing, with its name and a few words: lengths to compare, and a company beside its peers.
Drawn as `engage.formats.charts` draws.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from engage.formats import pen
from engage.formats.charts import POINTS_MAX, Bar, label_column


class Rows:
    """Rows with a name each: beside what is drawn, or above it where that would leave too little."""

    def __init__(self, width: int, labelled: Sequence[Bar]) -> None:
        self._width, self._beside = width, width >= 480
        self._high = 26 if self._beside else 46
        right = max((pen.width_of(one.text) for one in labelled if one.value is not None), default=0) + 14
        self.left = label_column(labelled, width) + 6 if self._beside else 8.0
        self.inner = width - self.left - right
        """What is left between the names and the words at the end."""
        self.height = self._high * len(labelled) + 8

    def top(self, index: int) -> int:
        """Where what is drawn in a row begins."""
        return 4 + index * self._high + (0 if self._beside else 18)

    def label(self, index: int, text: str) -> str:
        y = self.top(index)
        if self._beside:
            return pen.text(self.left - 10, y + 13, pen.fit(text, self.left - 6), anchor="end", role="ink")
        return pen.text(8, y - 5, pen.fit(text, self._width - 16), role="ink")


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
            body.append(pen.rect(left, y, max(pen.width_of(bar.text) + 16, 60), bar_high, pen.hidden_frame()))
            body.append(pen.text(left + 8, y + 13, bar.text))
            continue
        long = min(1.0, bar.value / top) * inner if top > 0 else 0
        hint = f"{bar.label}: {bar.text}"
        body.append(pen.rect(left, y, inner, bar_high, pen.fill("rule", 0.6)))
        body.append(pen.rect(left, y, max(long, 1), bar_high, pen.fill(bar.role), hint=hint))
        body.append(pen.text(left + inner + 8, y + 13, bar.text, role="ink"))
    return pen.svg(name, width, rows.height, title, description, body)


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
        body.append(pen.line(left, middle, left + inner, middle, "rule"))
        wide = max(2.0, at(one.upper) - at(one.lower))
        body.append(pen.rect(at(one.lower), y + 2, wide, 14, pen.fill("unscored", 0.35)))
        body.append(pen.rect(at(one.median) - 1, y, 2, 18, pen.fill("unscored"), corner=0))
        role = "at_risk" if one.value < one.lower else "thriving" if one.value > one.upper else "accent"
        hint = f"{one.label}: {one.text}"
        body.append(pen.dot(at(one.value), middle, 5.5, role, hint=hint, seam=True))
        body.append(pen.text(left + inner + 10, middle + pen.SIZE / 3, one.text, role="ink"))
    return pen.svg(name, width, laid.height, title, description, body)
