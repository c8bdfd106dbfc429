"""Requests and answers as plain data, and the four steps that pure code asks its driver to take.

The sans-I/O seam: `_delivery` and `_calls` are generators that yield steps and are sent back what came of
them. They never open a socket, sleep or read a clock of their own, so the threaded and the asyncio driver
behave alike and a test can drive them by hand.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from ._message import Draft, Message
from .errors import ConnectionFailed, EngageError


def counted(messages: int) -> str:
    """So many messages, in words."""
    return f"{messages} {'message' if messages == 1 else 'messages'}"


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request. `path` starts with a slash, is already quoted, and is relative to the service's address."""

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None


@dataclass(frozen=True, slots=True)
class Response:
    """One HTTP answer. `retry_after` is the raw header."""

    status: int
    body: bytes
    retry_after: str | None = None

    def document(self) -> Any:
        """The decoded body, or None where it is not JSON."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None


Answer: TypeAlias = "Response | ConnectionFailed"


@dataclass(frozen=True, slots=True)
class Send:
    """Exchange this request; send the answer back."""

    request: Request


@dataclass(frozen=True, slots=True)
class Wait:
    """Do nothing for this long, because of what went wrong."""

    seconds: float
    cause: EngageError | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """Tell `on_error`."""

    error: EngageError
    messages: Sequence[Message]


@dataclass(frozen=True, slots=True)
class Remark:
    """Say in the log what costs no message, but may surprise; what is said of many of them, `once`."""

    text: str
    once: bool = False


@dataclass(frozen=True, slots=True)
class Settle:
    """These drafts need no further work: delivered, refused, rejected or given up."""

    drafts: Sequence[Draft]


Step: TypeAlias = "Send | Wait | Report | Remark | Settle"
