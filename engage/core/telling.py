"""A report in the language of its reader: every text in it said again, everything else as it is.

Owns which fields hold texts: those declared as `engage.core.language.Text`, the cells of table columns that say so, and
whatever holds such. Machine-readable fields, the host's names and numbers are never touched.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final, TypeVar, get_type_hints

from msgspec import Struct
from msgspec.structs import replace

from engage.core.language import ENGLISH, Language, Text, translate
from engage.core.privacy import Figure
from engage.core.reports import Table

T = TypeVar("T")

_PLAIN: Final = (str, int, float, bool, type(None))


def in_language(value: T, language: Language) -> T:
    """`value` with its texts in that language: a report, a portfolio, or anything made of them."""
    return value if language == ENGLISH else _told(value, language)


def _told(value: Any, language: Language) -> Any:
    if isinstance(value, _PLAIN):
        return value
    if isinstance(value, tuple | list):
        return type(value)(_told(one, language) for one in value)
    if isinstance(value, dict):
        return {key: _told(one, language) for key, one in value.items()}
    if isinstance(value, Figure):
        return replace(value, text=translate(value.text, language))
    if not isinstance(value, Struct):
        return value
    texts = _texts(type(value))
    changed = {
        name: _said(getattr(value, name), language)
        if name in texts
        else _told(getattr(value, name), language)
        for name in value.__struct_fields__
    }
    if isinstance(value, Table):
        changed["rows"] = _rows(value, language)
    return replace(value, **changed)


def _said(text: Any, language: Language) -> Any:
    """Of a field of texts: one, none, or several."""
    if isinstance(text, str):
        return translate(text, language)
    if isinstance(text, tuple | list):
        return type(text)(_said(one, language) for one in text)
    return text


def _rows(table: Table, language: Language) -> tuple[tuple[str | Figure, ...], ...]:
    return tuple(
        tuple(
            translate(cell, language) if column.told and isinstance(cell, str) else _told(cell, language)
            for column, cell in zip(table.columns, row, strict=True)
        )
        for row in table.rows
    )


@cache
def _texts(shape: type[Struct]) -> frozenset[str]:
    """The fields of a shape that hold texts: `Text`, `Text | None` or tuples of them."""
    hints = get_type_hints(shape, include_extras=True)
    return frozenset(name for name, hint in hints.items() if _holds_text(hint))


def _holds_text(hint: Any) -> bool:
    return hint == Text or any(_holds_text(part) for part in getattr(hint, "__args__", ()) if hint != Text)
