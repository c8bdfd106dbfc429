"""The colours of the pages and charts, one light and one dark value per role.

The style sheet repeats these values as variables of the same names, because a strict content security policy
leaves no other way to hand them over; a test keeps the two equal and the contrasts legible. The charts write
the light value as a presentation attribute too, so that they can stand outside the pages, in a document.
"""

from __future__ import annotations

from typing import Final

PALETTE: Final[dict[str, tuple[str, str]]] = {
    "page": ("#f5f6f8", "#101319"),
    "card": ("#ffffff", "#181c24"),
    "ink": ("#191d26", "#e9ecf2"),
    "muted": ("#596273", "#a3acbb"),
    "rule": ("#dfe3e9", "#2d3440"),
    "accent": ("#3451d1", "#94a7ff"),
    "second": ("#b4560f", "#f2a65e"),
    "thriving": ("#187245", "#57c98f"),
    "healthy": ("#17707f", "#58c2d4"),
    "watch": ("#8a5d00", "#e3b34f"),
    "at_risk": ("#b92f26", "#ff8f80"),
    "unscored": ("#5f6777", "#9aa4b4"),
    "level_0": ("#7f8897", "#7d8797"),
    "level_1": ("#6e8bd8", "#5670c9"),
    "level_2": ("#4565d6", "#7f95ee"),
    "level_3": ("#2c43a8", "#aebcff"),
    "level_4": ("#182766", "#dfe5ff"),
}
"""Role -> (light, dark)."""

SERIES: Final = ("accent", "second", "healthy", "watch", "unscored")
"""Roles of the series of a chart, in their order; a chart has no more."""

BANDS: Final = ("at_risk", "watch", "healthy", "thriving", "unscored")

TEXT_ROLES: Final = ("ink", "muted", "accent", "second", *BANDS)
"""Roles in which words are set: 4.5:1 against page and card, in both schemes."""

SHAPE_ROLES: Final = (*TEXT_ROLES, "level_0", "level_1", "level_2", "level_3", "level_4")
"""Roles in which marks are drawn: 3:1 against the card, in both schemes."""


def light(role: str) -> str:
    return PALETTE[role][0]
