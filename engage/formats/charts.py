"""Charts as SVG text: numbers in, one `<svg>` out. No script, no style attributes, no knowledge of reports.

What they are drawn with, and how a colour is written, is in `pen`. A value of None may not be published or was
never measured: it is drawn as a gap, never as zero.

A chart is one picture to a screen reader (role="img" with a title and a description); the figures themselves
are in the table that the page puts beside it. `name` must be unique on a page.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from engage.formats import pen

WIDE: Final = 560
NARROW: Final = 326
"""Widths in CSS pixels at which a chart is drawn: beside another on a desk, and alone on a phone."""

POINTS_MAX: Final = 520
"""The most values of a series, bars or dots that are drawn: ten years of weeks."""
NAMED_MAX: Final = 6
"""Dots that carry their names."""
NAME_ROOM, NAME_ROOM_LEAST = 220, 130
"""Of a dot's name, where there is as much, and else."""

LEGEND_ROW: Final = 18


@dataclass(frozen=True)
class Series:
    label: str
    values: Sequence[float | None]
    role: str = "accent"
    dashed: bool = False
    texts: Sequence[str] = ()
    """How each value reads, if not as its number: "96 or more"."""

    def hint(self, index: int, when: str) -> str:
        value = self.values[index]
        text = self.texts[index] if self.texts else "–" if value is None else _number(value)
        return f"{when}: {self.label} {text}"


@dataclass(frozen=True)
class Zone:
    """A horizontal stripe behind a line chart, from `low` to `high`, such as the band of a score."""

    label: str
    low: float
    high: float
    role: str


@dataclass(frozen=True)
class Bar:
    """`text` is what is written at the bar's end; `value` is its length, None when it is hidden."""

    label: str
    value: float | None
    text: str
    role: str = "accent"


@dataclass(frozen=True)
class Dot:
    """`x` and `weight` run from 0 to 1; `y` is in the units of the axis, zero or more."""

    label: str
    x: float
    y: float
    text: str
    weight: float = 0.0
    role: str = "accent"
    urgent: bool = False


def responsive(name: str, draw: Callable[[str, int], Markup], *, wide: int = WIDE) -> Markup:
    """The chart at both widths. The style sheet shows the one that fits, so letters never shrink."""
    both = Markup('<div class="wide">{}</div><div class="narrow">{}</div>')
    return both.format(draw(f"{name}-w", wide), draw(f"{name}-n", NARROW))


def ticks(top: float, wanted: int = 5) -> list[int]:
    """Whole numbers from 0 to at least `top`, in steps of 1, 2, 5 or 10 times a power of ten."""
    raw = max(1.0, top / wanted)
    power = 10 ** math.floor(math.log10(raw))
    step = next(int(power * m) for m in (1, 2, 5, 10) if power * m >= raw - 1e-9)
    return list(range(0, step * max(1, math.ceil(top / step - 1e-9)) + 1, step))


def lines(
    name: str,
    width: int,
    *,
    title: str,
    description: str,
    labels: Sequence[str],
    series: Sequence[Series],
    zones: Sequence[Zone] = (),
    top: float | None = None,
    area: bool = False,
    height: int = 220,
) -> Markup:
    """Values over time, one line per series, a gap for each None. `area` fills below the first series."""
    known = [v for s in series for v in s.values if v is not None]
    marks = ticks(top if top is not None else max(known, default=1))
    legend = [(s.label, s.role, s.dashed) for s in series] if len(series) > 1 else []
    head = 12 + LEGEND_ROW * _legend_rows(legend, width)
    plot = _Plot(width, height, marks, right=68 if zones else 14, head=head)
    body = [_zone(zone, plot) for zone in zones]
    body += plot.grid(labels)
    xs = plot.centres(len(labels))
    for index, one in enumerate(series):
        points = [(x, plot.y(v)) if v is not None else None for x, v in zip(xs, one.values, strict=True)]
        for run in _runs(points):
            if area and index == 0 and len(run) > 1:
                outline = pen.path([*run, (run[-1][0], plot.base), (run[0][0], plot.base)])
                body.append(f'<path d="{outline}Z" {pen.fill(one.role, 0.12)}/>')
            if len(run) > 1:
                body.append(pen.curve(run, one.role, 2, dash="5 4" if one.dashed else ""))
        body += [
            pen.dot(*point, 3 if len(labels) <= 26 else 2, one.role, hint=one.hint(i, labels[i]))
            for i, point in enumerate(points)
            if point is not None
        ]
    body += _legend(legend, width)
    if not known:
        body.append(pen.text(plot.left + plot.inner / 2, height / 2, "–", anchor="middle"))
    return pen.svg(name, width, height, title, description, body)


def stacked(
    name: str,
    width: int,
    *,
    title: str,
    description: str,
    labels: Sequence[str],
    series: Sequence[Series],
    height: int = 220,
) -> Markup:
    """Columns over time, first series at the bottom. One with a hidden part is left out: it would look smaller."""
    columns = list(zip(*(s.values for s in series), strict=True))
    sums = [sum(v for v in column if v is not None) for column in columns if None not in column]
    legend = [(s.label, s.role, False) for s in series]
    head = 12 + LEGEND_ROW * _legend_rows(legend, width)
    plot = _Plot(width, height, ticks(max(sums, default=1)), right=14, head=head)
    body = plot.grid(labels)
    step = plot.inner / max(1, len(labels))
    thick = max(2.0, min(30.0, step * 0.68))
    for index, (x, column) in enumerate(zip(plot.centres(len(labels)), columns, strict=True)):
        if None in column:
            body.append(pen.text(x, plot.base - 4, "–", anchor="middle", hint=f"{labels[index]}: –"))
            continue
        below = 0.0
        for one, value in zip(series, column, strict=True):
            if value is not None and value > 0:
                high, low = plot.y(below + value), plot.y(below)
                gap = 1 if below else 0
                hint = one.hint(index, labels[index])
                tall = max(0.5, low - high - gap)
                body.append(
                    pen.rect(x - thick / 2, high, thick, tall, pen.fill(one.role), hint=hint, corner=0)
                )
            below += value or 0
    body += _legend(legend, width)
    return pen.svg(name, width, height, title, description, body)


def signed_bars(name: str, width: int, *, title: str, description: str, bars: Sequence[Bar]) -> Markup:
    """What pushed a number up and what pulled it down: bars to both sides of a line, in the order given."""
    bars = bars[:POINTS_MAX]
    reach = max((abs(b.value) for b in bars if b.value is not None), default=1) or 1
    beside = width >= 480
    left = label_column(bars, width) if beside else 8.0
    row, bar_high = (28, 18) if beside else (50, 18)
    edge = 46.0
    half = (width - left - 2 * edge) / 2
    zero = left + edge + half
    height = row * len(bars) + 12
    body = [pen.line(zero, 2, zero, height - 6, "muted")]
    for index, bar in enumerate(bars):
        top = 6 + index * row + (0 if beside else 18)
        middle = top + bar_high / 2
        if beside:
            body.append(pen.text(0, middle + 4, pen.fit(bar.label, left), role="ink"))
        else:
            body.append(pen.text(8, top - 5, pen.fit(bar.label, width - 16), role="ink"))
        if bar.value is None:
            body.append(pen.text(zero + 8, middle + 4, bar.text))
            continue
        long = abs(bar.value) / reach * half
        start = zero if bar.value >= 0 else zero - long
        hint = f"{bar.label}: {bar.text}"
        body.append(pen.rect(start, top, max(long, 1), bar_high, pen.fill(bar.role), hint=hint))
        at, anchor = (zero + long + 6, "start") if bar.value >= 0 else (zero - long - 6, "end")
        body.append(pen.text(at, middle + 4, bar.text, anchor=anchor, role="ink", strong=True))
    return pen.svg(name, width, height, title, description, body)


def heat(
    name: str,
    width: int,
    *,
    title: str,
    description: str,
    columns: Sequence[str],
    rows: Sequence[tuple[str, Sequence[Bar | None]]],
) -> Markup:
    """Tinted fields, one row each, by shares of 100; in each its bar's label, or the share. A hidden one is a dash, and
    None is an empty place."""
    rows = rows[:POINTS_MAX]
    left = max((pen.width_of(label) for label, _ in rows), default=0) + 12
    step = (width - left) / max(1, len(columns))
    tall, head = 28, 22
    body = [
        pen.text(left + step * (i + 0.5), 14, label, anchor="middle", size=11)
        for i, label in enumerate(columns)
    ]
    for index, (label, cells) in enumerate(rows):
        y = head + index * (tall + 2)
        body.append(pen.text(0, y + 18, label, role="ink"))
        for column, cell in enumerate(cells):
            if cell is None:
                continue
            x = left + step * column
            hint = f"{label}, {columns[column]}: {cell.text}"
            shade = 0.06 if cell.value is None else 0.06 + 0.44 * min(1.0, cell.value / 100)
            body.append(pen.rect(x + 1, y, step - 2, tall, pen.fill(cell.role, shade), hint=hint))
            words = "–" if cell.value is None else cell.label or f"{cell.value:.0f}"
            body.append(pen.text(x + step / 2, y + 18, words, anchor="middle", role="ink", size=11))
    return pen.svg(name, width, head + len(rows) * (tall + 2), title, description, body)


def spark(name: str, *, title: str, values: Sequence[float | None], role: str, span: float = 30) -> Markup:
    """A line the size of a word, for a row of a table; its last known value carries a dot.

    The height stands for the values' own range, but for no less than `span`, so that a flat line looks flat.
    """
    width, height, pad = 96, 30, 4
    values = values[-POINTS_MAX:]
    known = [v for v in values if v is not None]
    high, low = max(known, default=0), min(known, default=0)
    reach = max(span, high - low)
    floor = (high + low - reach) / 2
    step = (width - 2 * pad) / max(1, len(values) - 1)
    points = [
        (pad + i * step, height - pad - (height - 2 * pad) * (v - floor) / reach) if v is not None else None
        for i, v in enumerate(values)
    ]
    body = [pen.curve(run, role, 1.6) for run in _runs(points) if len(run) > 1]
    last = next((p for p in reversed(points) if p is not None), None)
    if last is not None:
        body.append(pen.dot(*last, 2.6, role))
    return pen.svg(name, width, height, title, "", body, fixed=True)


def scatter(
    name: str,
    width: int,
    *,
    title: str,
    description: str,
    dots: Sequence[Dot],
    x_label: str,
    y_label: str,
    x_marks: Sequence[tuple[float, str]],
    top: float,
    shade: tuple[float, float],
    height: int = 320,
) -> Markup:
    """Two measures against each other. Some dots, the urgent before the largest, carry their names.

    `x_marks`: (share of the way, words); `shade`: the corner to look at first, up to this share of the way and this
    value.
    """
    dots = dots[:POINTS_MAX]
    marks = ticks(top)
    left = max(pen.width_of(_number(m), 11) for m in marks) + 10
    plot = _Plot(width, height, marks, right=14, head=26, left=left, foot=38)
    high, across = plot.y(shade[1]), plot.x(shade[0]) - plot.left
    body = [
        pen.rect(plot.left, high, across, plot.base - high, pen.fill("at_risk", 0.08), corner=0),
        *plot.grid(),
        pen.text(0, 13, y_label, size=11),
        pen.text(plot.left + plot.inner / 2, height - 4, x_label, anchor="middle", size=11),
    ]
    for share, words in x_marks:
        anchor = "start" if share <= 0 else "end" if share >= 1 else "middle"
        body.append(pen.text(plot.x(share), height - 20, words, anchor=anchor, size=11))
        if 0 < share < 1:
            body.append(pen.line(plot.x(share), plot.head, plot.x(share), plot.base, "rule"))
    placed: list[tuple[float, float, float, float]] = []
    spots = [(d, plot.x(d.x), plot.y(d.y), 4.5 + 5.5 * math.sqrt(max(0.0, d.weight))) for d in dots]
    for dot, x, y, radius in sorted(spots, key=lambda s: -s[3]):
        hint = f"{dot.label}: {dot.text}"
        body.append(pen.dot(x, y, radius, dot.role, hint=hint, opacity=0.85, seam=True))
        placed.append((x - radius, y - radius, x + radius, y + radius))
    for dot, x, y, radius in sorted(spots, key=lambda s: (not s[0].urgent, -s[0].weight))[:NAMED_MAX]:
        frame = (plot.left, plot.head, width - 2.0, plot.base)
        for label in (pen.fit(dot.label, NAME_ROOM, 11), pen.fit(dot.label, NAME_ROOM_LEAST, 11)):
            spot = _place(x, y, radius, pen.width_of(label, 11), placed, frame)
            if spot is not None:
                placed.append(spot)
                body.append(pen.text(spot[0], spot[3] - 3, label, role="ink", size=11))
                break
    return pen.svg(name, width, height, title, description, body)


class _Plot:
    """A frame with a vertical scale from 0 to the last mark."""

    def __init__(
        self,
        width: int,
        height: int,
        marks: Sequence[int],
        *,
        right: float,
        head: int,
        left: float | None = None,
        foot: int = 24,
    ) -> None:
        self.marks = marks
        self.left = left if left is not None else max(pen.width_of(_number(m), 11) for m in marks) + 10
        self.head = head
        self.base = float(height - foot)
        self.right = right
        self.inner = width - self.left - right

    def y(self, value: float) -> float:
        return self.base - (self.base - self.head) * min(value, self.marks[-1]) / (self.marks[-1] or 1)

    def x(self, share: float) -> float:
        return self.left + self.inner * min(1.0, max(0.0, share))

    def centres(self, count: int) -> list[float]:
        return [self.left + self.inner * (i + 0.5) / max(1, count) for i in range(count)]

    def grid(self, labels: Sequence[str] = ()) -> list[str]:
        """Lines with their marks, and as many labels below as fit, counted back from the newest."""
        out = []
        for mark in self.marks:
            y = self.y(mark)
            out.append(pen.line(self.left, y, self.left + self.inner, y, "rule"))
            out.append(pen.text(self.left - 6, y + 4, _number(mark), anchor="end", size=11))
        if labels:
            widest = max(pen.width_of(label, 11) for label in labels) + 10
            every = max(1, math.ceil(widest / (self.inner / len(labels))))
            for i, x in enumerate(self.centres(len(labels))):
                if (len(labels) - 1 - i) % every == 0:
                    at = min(x, self.left + self.inner + self.right - pen.width_of(labels[i], 11) / 2)
                    out.append(pen.text(at, self.base + 16, labels[i], anchor="middle", size=11))
        return out


def _zone(zone: Zone, plot: _Plot) -> str:
    high, low = plot.y(zone.high), plot.y(zone.low)
    stripe = pen.rect(plot.left, high, plot.inner, low - high, pen.fill(zone.role, 0.1), corner=0)
    at = plot.left + plot.inner + 6
    return stripe + pen.text(at, (high + low) / 2 + 4, zone.label, role=zone.role, size=11)


def _legend(entries: Sequence[tuple[str, str, bool]], width: int) -> list[str]:
    """Names beside their strokes, in as many rows as they need."""
    out = []
    for (label, role, dashed), (x, row) in zip(entries, _legend_places(entries, width), strict=True):
        y = 14 + LEGEND_ROW * row
        out.append(pen.line(x, y - 4, x + 16, y - 4, role, thick=3, dash="4 3" if dashed else ""))
        out.append(pen.text(x + 22, y, label))
    return out


def _legend_places(entries: Sequence[tuple[str, str, bool]], width: int) -> list[tuple[float, int]]:
    """(x, row) of each."""
    found: list[tuple[float, int]] = []
    x, row = 0.0, 0
    for label, _, _ in entries:
        long = pen.width_of(label) + 40
        if x and x + long - 18 > width:
            x, row = 0.0, row + 1
        found.append((x, row))
        x += long
    return found


def _legend_rows(entries: Sequence[tuple[str, str, bool]], width: int) -> int:
    return max((row + 1 for _, row in _legend_places(entries, width)), default=0)


def _place(
    x: float,
    y: float,
    radius: float,
    long: float,
    placed: Sequence[tuple[float, float, float, float]],
    frame: tuple[float, float, float, float],
) -> tuple[float, float, float, float] | None:
    """A free box for a label beside its dot, or None: a chart with fewer names beats one nobody can read."""
    tall = 14.0
    over = max(frame[0], min(x - long / 2, frame[2] - long))
    for left, top in (
        (x + radius + 4, y - tall / 2),
        (x - radius - 4 - long, y - tall / 2),
        (over, y - radius - tall - 2),
        (over, y + radius + 2),
    ):
        box = (left, top, left + long, top + tall)
        inside = box[0] >= frame[0] and box[1] >= frame[1] and box[2] <= frame[2] and box[3] <= frame[3]
        if inside and not any(_overlap(box, other) for other in placed):
            return box
    return None


def _overlap(a: tuple[float, float, float, float], b: tuple[float, float, float, float]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def label_column(bars: Sequence[Bar], width: int) -> float:
    """The width of a column of labels: what they need, at most two fifths of the chart."""
    return min(width * 0.4, max((pen.width_of(b.label) for b in bars), default=0) + 10)


def _runs(points: Sequence[tuple[float, float] | None]) -> list[list[tuple[float, float]]]:
    """The stretches between gaps."""
    runs: list[list[tuple[float, float]]] = [[]]
    for point in points:
        if point is not None:
            runs[-1].append(point)
        elif runs[-1]:
            runs.append([])
    return [run for run in runs if run]


def _number(value: float) -> str:
    return f"{value:,.1f}".removesuffix(".0")
