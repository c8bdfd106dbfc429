"""HTML from function calls, escaped unless it was built here. A product would use its template engine instead.

Owns escaping and nothing else: `tag("p", name)` can not inject, because only a `Markup` passes through unescaped.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import TypeAlias


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


Child: TypeAlias = "str | int | Iterable[Child] | None"

_EMPTY = frozenset({"br", "input", "link", "meta"})


def tag(name: str, /, *children: Child, **attributes: str | int | float | bool | None) -> Markup:
    """One element. `class_` and `for_` lose their underscore, other underscores become hyphens."""
    parts = [name]
    for key, value in attributes.items():
        if value is None or value is False:
            continue
        label = key.rstrip("_").replace("_", "-")
        parts.append(label if value is True else f'{label}="{escape(str(value))}"')
    opening = f"<{' '.join(parts)}>"
    return Markup(opening if name in _EMPTY else f"{opening}{join(*children)}</{name}>")


def join(*children: Child) -> Markup:
    """Children one after the other; None is nothing, lists are flattened."""
    return Markup("".join(_render(child) for child in children))


def _render(child: Child) -> str:
    if child is None:
        return ""
    if isinstance(child, Markup):
        return child
    if isinstance(child, str | int):
        return escape(str(child))
    return join(*child)
