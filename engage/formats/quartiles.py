"""A company beside its peers: on a scale of 100 the band in which the middle half of them stand, their median, and
where the company stands. Drawn as `engage.formats.charts` draws.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from engage.formats.charts import SIZE, _column, _fill, _fit, _hint, _line, _n, _rect, _svg, _text, _wide
from engage.formats.charts import Bar as Labelled
from engage.formats.palette import light


@dataclass(frozen=True)
class Among:
    """All from 0 to 100; `text` is what is written at the end."""

    label: str
    value: float
    lower: float
    median: float
    upper: float
    text: str


def quartiles(name: str, width: int, *, title: str, description: str, rows: Sequence[Among]) -> Markup:
    beside = width >= 480
    left = _column([Labelled(one.label, one.value, one.text) for one in rows], width) + 6 if beside else 8.0
    right = max((_wide(one.text) for one in rows), default=0) + 14
    row = 32 if beside else 46
    inner = width - left - right
    body = []
    for index, one in enumerate(rows):
        y = 4 + index * row + (0 if beside else 18)
        if beside:
            body.append(_text(left - 10, y + 13, _fit(one.label, left - 6), anchor="end", role="ink"))
        else:
            body.append(_text(8, y - 5, _fit(one.label, width - 16), role="ink"))

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
    return _svg(name, width, row * len(rows) + 8, title, description, body)
