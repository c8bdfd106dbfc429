"""From what the host passed to the bytes of one message.

Owns the cheap half that runs in the caller's thread (`Draft`, `new_id`, `identifier`) and the costly half
that runs where messages are sent (`render`). Knows nothing of queues or HTTP.
"""

from __future__ import annotations

import enum
import itertools
import json
import math
import os
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import partial
from typing import Any, NamedTuple, TypeAlias

from . import _limits
from .errors import MessageInvalid, ValueNotSent

Message: TypeAlias = dict[str, Any]
Id: TypeAlias = "str | int | uuid.UUID"
BeforeSend: TypeAlias = Callable[[Message], "Message | None"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Draft(NamedTuple):
    """A message as the caller's thread leaves it: nothing converted, nothing serialised.

    `fields` are the kind's own; its properties or traits are a shallow copy, so nested lists and dicts are
    still the host's and must not be changed until they are sent. `at` is nanoseconds since the epoch, or what
    the host passed.
    """

    kind: str
    message_id: str
    at: object
    member: str
    company: str | None
    fields: dict[str, Any]


# A NamedTuple's own constructor is a Python function, and a draft is made in the host's thread.
new_draft: Callable[[tuple[str, str, object, str, str | None, dict[str, Any]]], Draft] = partial(
    tuple.__new__, Draft
)


class Encoded(NamedTuple):
    """A message ready to be sent, and its readable form for `on_error`."""

    draft: Draft
    message: Message
    data: bytes


# uuid.uuid4 asks the operating system each time, which costs more than the rest of track(). So the front of an
# id is random once per process and its end counts: as unique, and cheap. A fork must start anew, or parent and
# child would hand out the same ids.
_front = ""
_counter = itertools.count()


def _start_ids() -> None:
    global _front, _counter
    _front = str(uuid.uuid4())[:24]
    # The last 12 digits; from the lower half, so that they do not run over.
    _counter = itertools.count(int.from_bytes(os.urandom(6)) >> 1)


_start_ids()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_ids)


def new_id() -> str:
    """A unique id in the form of a version 4 UUID. Not a secret: the next one can be guessed."""
    return f"{_front}{next(_counter):012x}"


def identifier(value: object, what: str) -> str:
    """A host's id as text. Integers and UUIDs are common keys; True and 1.0 are mistakes that would make members."""
    if type(value) is str and value:
        return value
    if isinstance(value, str):
        if value:
            return str(value)
        raise MessageInvalid(f"{what} must not be empty")
    if isinstance(value, (int, uuid.UUID)) and not isinstance(value, bool):
        return str(value)
    raise MessageInvalid(f"{what} must be a string, an integer or a UUID, not {type(value).__name__}")


def message_identifier(value: object) -> str:
    """A host's own message id, within the wire's bound."""
    text = identifier(value, "message_id")
    if len(text) > _limits.MESSAGE_ID_CHARS_MAX:
        raise MessageInvalid(f"message_id is longer than {_limits.MESSAGE_ID_CHARS_MAX} characters")
    return text


def rfc3339(at: datetime) -> str:
    """UTC with microseconds and a Z. A naive time is taken as UTC."""
    if at.tzinfo is None:
        at = at.replace(tzinfo=UTC)
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def rfc3339_of(seconds: float) -> str:
    """The same for seconds since the epoch."""
    return rfc3339(_EPOCH + timedelta(seconds=seconds))


def _timestamp(at: object) -> str:
    if isinstance(at, int) and not isinstance(at, bool):
        return rfc3339(_EPOCH + timedelta(microseconds=at // 1000))
    if isinstance(at, datetime):
        return rfc3339(at)
    if isinstance(at, str) and at:
        return at
    raise MessageInvalid(f"timestamp must be a datetime or an RFC 3339 string, not {type(at).__name__}")


def readable(draft: Draft) -> Message:
    """The message in the shape of the wire, values as the host gave them. For `on_error`; never fails."""
    message: Message = {"type": draft.kind, "messageId": draft.message_id}
    if draft.member:
        message["userId"] = draft.member
    if draft.company is not None:
        message["context"] = {"groupId": draft.company}
    message.update(draft.fields)
    return message


def render(draft: Draft, before_send: BeforeSend | None) -> tuple[Encoded | None, list[ValueNotSent]]:
    """Bytes for one draft, and the values left out. None where `before_send` kept it back.

    Raises MessageInvalid when it cannot be sent at all: too large, or a value that fails when it is looked
    at.
    """
    message = readable(draft)
    try:
        message["timestamp"] = _timestamp(draft.at)
    except Exception as error:
        raise MessageInvalid(f"the timestamp could not be read: {_describe(error)}") from error
    if before_send is not None:
        try:
            kept = before_send(message)
        except Exception as error:
            # Hosts remove personal data here: sending what it failed to clean would be the worse mistake.
            raise MessageInvalid(
                f"before_send failed, so the message was not sent: {_describe(error)}"
            ) from error
        if kept is None:
            return None, []
        if not isinstance(kept, dict):
            raise MessageInvalid("before_send must return the message or None")
        message = kept
        message["messageId"] = draft.message_id  # a retry must be recognised, whatever before_send did
    data, left_out = _encode(message)
    if len(data) > _limits.MESSAGE_BYTES_MAX:
        raise MessageInvalid(f"the message has {len(data)} bytes, more than {_limits.MESSAGE_BYTES_MAX}")
    return Encoded(draft, message, data), left_out


def _encode(message: Message) -> tuple[bytes, list[ValueNotSent]]:
    try:
        data = _dumps(message)
    except Exception:  # noqa: BLE001 - anything unusual goes the careful way, which says what it was
        data = b""
    # Nothing nests deeper than it has brackets, and counting them is the cheapest look at depth there is.
    if data and data.count(b"[") + data.count(b"{") <= _limits.VALUE_DEPTH_MAX:
        return data, []
    cleaner = _Cleaner()
    try:
        return _dumps(cleaner.value(message, "", 0)), cleaner.left_out
    except MessageInvalid:
        raise
    except Exception as error:
        raise MessageInvalid(f"a value could not be read: {_describe(error)}") from error


def _dumps(value: Any) -> bytes:
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode("utf-8")


def _describe(error: BaseException) -> str:
    try:
        return f"{type(error).__name__}: {error}"
    except Exception:  # noqa: BLE001 - a hostile __str__ must not hide what happened
        return type(error).__name__


_LEAVE_OUT = object()


class _Cleaner:
    """Rewrites a value as JSON can carry it and lists what it could not. Bounded in depth and size."""

    def __init__(self) -> None:
        self.left_out: list[ValueNotSent] = []
        self._nodes = 0
        self._inside: set[int] = set()

    def value(self, value: Any, path: str, depth: int) -> Any:
        self._nodes += 1
        if self._nodes > _limits.VALUE_NODES_MAX:
            raise MessageInvalid(f"more than {_limits.VALUE_NODES_MAX} values in one message")
        if value is None or value is True or value is False:
            return value
        if isinstance(value, enum.Enum):
            return self.value(value.value, path, depth + 1) if depth < _limits.VALUE_DEPTH_MAX else _LEAVE_OUT
        if isinstance(value, (str, int, float, Decimal)):
            return self._scalar(value, path)
        if isinstance(value, datetime):
            return rfc3339(value)
        if isinstance(value, (date, time)):
            return value.isoformat()
        if isinstance(value, timedelta):
            return value.total_seconds()
        if isinstance(value, uuid.UUID):
            return str(value)
        if isinstance(value, (Mapping, list, tuple, set, frozenset)):
            return self._container(value, path, depth)
        return self._leave_out(path, f"{type(value).__name__} has no form in JSON")

    def _scalar(self, value: str | int | float | Decimal, path: str) -> Any:
        if isinstance(value, str):
            # Half of a surrogate pair cannot be UTF-8.
            return str.encode(value, "utf-8", "replace").decode("utf-8")
        if isinstance(value, int):
            if int.bit_length(value) > _limits.INTEGER_BITS_MAX:
                return self._leave_out(path, "the integer is too large")
            return int(value)
        # math.isfinite raises for a signalling NaN
        if not (value.is_finite() if isinstance(value, Decimal) else math.isfinite(value)):
            return self._leave_out(path, f"{value} is not a number in JSON")
        if isinstance(value, Decimal):
            if value.adjusted() > 300:
                return self._leave_out(path, "the decimal is too large")
            return int(value) if value == value.to_integral_value() else float(value)
        return float(value)

    def _container(self, value: Any, path: str, depth: int) -> Any:
        if depth >= _limits.VALUE_DEPTH_MAX:
            return self._leave_out(path, f"nested deeper than {_limits.VALUE_DEPTH_MAX}")
        if id(value) in self._inside:
            return self._leave_out(path, "contains itself")
        self._inside.add(id(value))
        try:
            if isinstance(value, Mapping):
                return self._mapping(value, path, depth)
            items = _ordered(value) if isinstance(value, (set, frozenset)) else value
            cleaned = [self.value(item, f"{path}/{n}", depth + 1) for n, item in enumerate(items)]
            # null keeps the positions of the others, which a host may rely on
            return [None if item is _LEAVE_OUT else item for item in cleaned]
        finally:
            self._inside.discard(id(value))

    def _mapping(self, value: Mapping[Any, Any], path: str, depth: int) -> dict[str, Any]:
        cleaned: dict[str, Any] = {}
        for key, item in value.items():
            name = self._key(key)
            if name is None:
                self._leave_out(path, f"a key of type {type(key).__name__} has no form in JSON")
                continue
            kept = self.value(item, f"{path}/{name}", depth + 1)
            if kept is not _LEAVE_OUT:
                cleaned[name] = kept
        return cleaned

    def _key(self, key: Any) -> str | None:
        if isinstance(key, enum.Enum):
            key = key.value
        if isinstance(key, str):
            return str.encode(key, "utf-8", "replace").decode("utf-8")
        if key is None or isinstance(key, bool):
            return {None: "null", True: "true", False: "false"}[key]
        if isinstance(key, datetime):
            return rfc3339(key)
        if isinstance(key, (int, float, Decimal, uuid.UUID, date)):
            return str(key)
        return None

    def _leave_out(self, path: str, reason: str) -> Any:
        self.left_out.append(ValueNotSent(path or "/", reason))
        return _LEAVE_OUT


def _ordered(values: set[Any] | frozenset[Any]) -> list[Any]:
    # The same set must give the same bytes in every process, where it can be ordered at all.
    try:
        return sorted(values)
    except TypeError:
        return list(values)
