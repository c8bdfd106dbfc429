"""The decoder of answers: from decoded JSON to the values of `models`.

It is lenient forwards and strict about what is used: unknown fields are ignored, missing or null optional ones take
their default, and a missing required or wrongly typed one is an InvalidResponse that names its place.
"""

from __future__ import annotations

import dataclasses
import functools
import types
import typing
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any, TypeVar

from .errors import InvalidResponse

T = TypeVar("T")


def decode(kind: type[T], value: Any) -> T:
    """A value of this type from decoded JSON, or InvalidResponse."""
    convert: Convert = _converter(kind)  # type: ignore[arg-type]
    result: T = convert(value, "")
    return result


Convert = Callable[[Any, str], Any]
_MISSING = object()


@functools.cache
def _converter(kind: Any) -> Convert:
    if kind is Any:
        return lambda value, where: value
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        return functools.partial(_object, kind)
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is types.UnionType:
        (inner,) = (argument for argument in arguments if argument is not type(None))
        convert = _converter(inner)
        return lambda value, where: None if value is None else convert(value, where)
    if origin is tuple:
        return functools.partial(_array, _converter(arguments[0]))
    if origin is Mapping:
        return functools.partial(_mapping, _converter(arguments[1]))
    return _SCALARS[kind]


@functools.cache
def _fields(kind: type) -> list[tuple[str, str, Convert, bool]]:
    hints = typing.get_type_hints(kind)
    return [
        (
            entry.name,
            entry.metadata.get("wire", entry.name),
            _converter(hints[entry.name]),
            entry.default is dataclasses.MISSING and entry.default_factory is dataclasses.MISSING,
        )
        for entry in dataclasses.fields(kind)
    ]


def _object(kind: type, value: Any, where: str) -> Any:
    if not isinstance(value, dict):
        raise _wrong(where, "an object", value)
    arguments: dict[str, Any] = {}
    for name, wire, convert, required in _fields(kind):
        found = value.get(wire, _MISSING)
        if found is not _MISSING and (found is not None or required):
            arguments[name] = convert(found, f"{where}/{wire}")
        elif required:
            raise InvalidResponse(f"the answer lacks {where}/{wire}")
    return kind(**arguments)


def _array(convert: Convert, value: Any, where: str) -> tuple[Any, ...]:
    if not isinstance(value, list):
        raise _wrong(where, "an array", value)
    return tuple(convert(item, f"{where}/{n}") for n, item in enumerate(value))


def _mapping(convert: Convert, value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _wrong(where, "an object", value)
    return {key: convert(item, f"{where}/{key}") for key, item in value.items()}


def _text(value: Any, where: str) -> str:
    if isinstance(value, str):
        return value
    raise _wrong(where, "a string", value)


def _boolean(value: Any, where: str) -> bool:
    if isinstance(value, bool):
        return value
    raise _wrong(where, "true or false", value)


def _integer(value: Any, where: str) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    raise _wrong(where, "an integer", value)


def _number(value: Any, where: str) -> float:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    raise _wrong(where, "a number", value)


def _datetime(value: Any, where: str) -> datetime:
    try:
        at = datetime.fromisoformat(_text(value, where))
    except ValueError:
        raise _wrong(where, "a time", value) from None
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)


def _date(value: Any, where: str) -> date:
    try:
        return date.fromisoformat(_text(value, where)[:10])
    except ValueError:
        raise _wrong(where, "a date", value) from None


_SCALARS: dict[Any, Convert] = {
    str: _text,
    bool: _boolean,
    int: _integer,
    float: _number,
    datetime: _datetime,
    date: _date,
}


def _wrong(where: str, wanted: str, value: Any) -> InvalidResponse:
    return InvalidResponse(f"the answer has {type(value).__name__} at {where or '/'}, not {wanted}")
