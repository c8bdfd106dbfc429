"""What charts are drawn with: rectangles, lines and letters as SVG text, and how wide words are.

Owns how a colour is written: twice, as a presentation attribute, so that a drawing stands by itself (in a document, in
print), and as a class, by which the style sheet of the pages swaps it for the dark scheme. Every text goes through
`escape` here. Knows no chart.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from markupsafe import Markup, escape

from engage.formats.palette import light

SIZE: Final = 12
"""Height of the letters, in pixels."""


def path(points: Sequence[tuple[float, float]]) -> str:
    """From each to the next, in straight lines."""
    return "M" + "L".join(f"{_pixels(x)} {_pixels(y)}" for x, y in points)


def dot(
    x: float, y: float, radius: float, role: str, *, hint: str = "", opacity: float = 1, seam: bool = False
) -> str:
    """`seam`: with a rim in the colour of what lies behind, so that it stands out from what it covers."""
    rim = f' stroke="{light("card")}" stroke-width="1.5"' if seam else ""
    circle = f'<circle cx="{_pixels(x)}" cy="{_pixels(y)}" r="{_pixels(radius)}" {fill(role, opacity)}{rim}'
    return f"{circle}>{_hint(hint)}</circle>" if hint else f"{circle}/>"


def rect(x: float, y: float, wide: float, tall: float, paint: str, *, hint: str = "", corner: int = 2) -> str:
    round_ = f' rx="{corner}"' if corner else ""
    frame = f'<rect x="{_pixels(x)}" y="{_pixels(y)}" width="{_pixels(wide)}" height="{_pixels(tall)}"{round_} {paint}'
    return f"{frame}>{_hint(hint)}</rect>" if hint else f"{frame}/>"


def line(x1: float, y1: float, x2: float, y2: float, role: str, *, thick: float = 1, dash: str = "") -> str:
    width = f' stroke-width="{_pixels(thick)}"' if thick != 1 else ""
    gaps = f' stroke-dasharray="{dash}"' if dash else ""
    ends = f'x1="{_pixels(x1)}" y1="{_pixels(y1)}" x2="{_pixels(x2)}" y2="{_pixels(y2)}"'
    return f"<line {ends} {_stroke(role)}{width}{gaps}/>"


def curve(points: Sequence[tuple[float, float]], role: str, thick: float, *, dash: str = "") -> str:
    gaps = f' stroke-dasharray="{dash}"' if dash else ""
    ends = ' stroke-linejoin="round" stroke-linecap="round"'
    return (
        f'<path d="{path(points)}" fill="none" {_stroke(role)} stroke-width="{_pixels(thick)}"{ends}{gaps}/>'
    )


def text(
    x: float,
    y: float,
    words: str,
    *,
    anchor: str = "start",
    role: str = "muted",
    size: int = SIZE,
    strong: bool = False,
    hint: str = "",
) -> str:
    weight = ' font-weight="600"' if strong else ""
    where = "" if anchor == "start" else f' text-anchor="{anchor}"'
    height = "" if size == SIZE else f' font-size="{size}"'
    return (
        f'<text x="{_pixels(x)}" y="{_pixels(y)}"{where}{height}{weight} {fill(role)}>'
        f"{escape(words)}{_hint(hint) if hint else ''}</text>"
    )


def svg(
    name: str,
    width: int,
    height: int,
    title: str,
    description: str,
    body: Sequence[str],
    *,
    fixed: bool = False,
) -> Markup:
    """The whole picture. `name` must be unique on a page; `fixed`: it never grows with its place."""
    told = f'<desc id="{escape(name)}-d">{escape(description)}</desc>' if description else ""
    named = f"{name}-t {name}-d" if description else f"{name}-t"
    across = f'width="{width}" height="{height}"' if fixed else 'width="100%"'
    return Markup(  # noqa: S704 - every text above and below went through escape()
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" class="chart" viewBox="0 0 {width} {height}" '
        f'{across} aria-labelledby="{escape(named)}" font-family="sans-serif" font-size="{SIZE}">'
        f'<title id="{escape(name)}-t">{escape(title)}</title>{told}{"".join(body)}</svg>'
    )


def fill(role: str, opacity: float = 1) -> str:
    """The paint of a surface, in the colour of a role of the palette."""
    faint = f' fill-opacity="{opacity}"' if opacity != 1 else ""
    return f'class="f {role}" fill="{light(role)}"{faint}'


def _stroke(role: str) -> str:
    return f'class="s {role}" stroke="{light(role)}"'


def hidden_frame() -> str:
    """The paint of what is hidden: an outline that holds nothing."""
    return f'fill="none" {_stroke("muted")} stroke-dasharray="3 3"'


def _hint(words: str) -> str:
    return f"<title>{escape(words)}</title>"


def _pixels(value: float) -> str:
    """A coordinate: one decimal at most, no trailing zero."""
    return f"{value:.1f}".removesuffix(".0")


def width_of(words: str, size: int = SIZE) -> float:
    """About how many pixels words take: letters over half their height, East Asian ones and percent signs all of it."""
    return sum(1.0 if ord(c) > 0x2E7F or c == "%" else 0.57 for c in words) * size


def fit(words: str, room: float, size: int = SIZE) -> str:
    """The words, or as many as fit and an ellipsis. The whole name is in the table beside the chart."""
    if width_of(words, size) <= room:
        return words
    kept = ""
    for character in words:
        if width_of(kept + character, size) > room - 0.9 * size:
            break
        kept += character
    return kept.rstrip() + "…"
