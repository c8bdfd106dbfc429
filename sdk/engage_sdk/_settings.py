"""What a client is built with, checked once, and the headers and address every request of it shares.

Knows httpx only for what both drivers need in common: how its exceptions and answers become ours.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import TypeAlias
from urllib.parse import urlsplit

import httpx

from . import _limits
from ._delivery import Delivery
from ._message import BeforeSend, Draft, Message, readable
from ._outbox import DropPolicy, Outbox
from ._retry import RetryPolicy
from ._version import __version__
from ._wire import Remark, Report, Request, Response, counted
from .errors import (
    ClientClosed,
    ClientDisabled,
    ConfigurationError,
    ConnectionFailed,
    EngageError,
    NotDelivered,
    TimedOut,
)

OnError: TypeAlias = Callable[[EngageError, Sequence[Message]], object]

log = logging.getLogger("engage_sdk")


@dataclass(frozen=True, slots=True)
class Settings:
    """See the README's table; defaults are in the clients' signatures."""

    base_url: str
    key: str = field(repr=False)
    timeout: float
    flush_interval: float
    flush_at: int
    queue_size: int
    drop: DropPolicy
    retry: RetryPolicy
    compress: bool
    on_error: OnError | None
    before_send: BeforeSend | None
    disabled: bool
    exit_timeout: float
    clock: Callable[[], float] = time.time
    random: Callable[[], float] = random.random
    remarked: set[str] = field(default_factory=set, compare=False, repr=False)

    def __post_init__(self) -> None:
        if not _is_address(self.base_url):
            raise ConfigurationError(
                f"the address must look like https://engage.example.com, not {self.base_url!r}"
            )
        if self.base_url.rstrip("/").endswith("/v1"):
            raise ConfigurationError(
                f"the address must end before /v1, which the client adds: {self.base_url!r}"
            )
        if not _is_key(self.key):
            raise ConfigurationError("the key must be the text printed by `engage key create`")
        if self.drop not in ("newest", "oldest"):
            raise ConfigurationError(f"drop must be 'newest' or 'oldest', not {self.drop!r}")
        for name in ("timeout", "queue_size", "flush_at", "flush_interval", "exit_timeout"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise ConfigurationError(f"{name} must be a number, not {value!r}")
        for name in ("compress", "disabled"):  # "false", as an environment variable says it, would be true
            if not isinstance(value := getattr(self, name), bool):
                raise ConfigurationError(f"{name} must be True or False, not {value!r}")
        for name in ("on_error", "before_send"):
            if (value := getattr(self, name)) is not None and not callable(value):
                raise ConfigurationError(f"{name} must be a function, not {value!r}")
        if not isinstance(self.retry, RetryPolicy):
            raise ConfigurationError(f"retry must be a RetryPolicy, not {self.retry!r}")
        for name in ("timeout", "queue_size", "flush_at"):
            if not getattr(self, name) > 0:
                raise ConfigurationError(f"{name} must be above 0")
        for name in ("flush_interval", "exit_timeout"):
            if not getattr(self, name) >= 0:
                raise ConfigurationError(f"{name} must not be negative")
        for name, value in asdict(self.retry).items():
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise ConfigurationError(f"retry.{name} must be a number, not {value!r}")
        if self.retry.tries_max < 1:
            raise ConfigurationError("retry.tries_max must be at least 1")

    def outbox(self) -> Outbox:
        """A new queue with these bounds."""
        return Outbox(self.queue_size, self.drop, min(self.flush_at, _limits.BATCH_MESSAGES_MAX))

    def delivery(self) -> Delivery:
        """What the pure half needs of these settings."""
        return Delivery(self.retry, self.clock, self.random, self.before_send, self.compress)

    def url(self, request: Request) -> str:
        """The whole address; the service may be mounted below a path."""
        return self.base_url.rstrip("/") + request.path

    def headers(self, request: Request) -> dict[str, str]:
        """The request's own headers, who calls, and with which key."""
        return {
            "Authorization": f"Bearer {self.key}",
            "User-Agent": f"engage-sdk-python/{__version__}",
            "Accept": "application/json",
            **request.headers,
        }

    def tell(self, report: Report) -> None:
        """Calls `on_error`, whose own failures stay here: it must not be able to stop delivery."""
        if self.on_error is None:
            log.warning("%s (%s)", report.error, counted(len(report.messages)))
            return
        try:
            self.on_error(report.error, report.messages)
        except Exception:
            log.exception("on_error failed")

    def remark(self, remark: Remark) -> None:
        """Into the log, whoever listens to `on_error`."""
        if remark.once:
            if remark.text in self.remarked or len(self.remarked) >= _limits.REMARKS_MAX:
                return
            self.remarked.add(remark.text)
        log.warning("%s", remark.text)

    def tell_failure(self, error: Exception, drafts: Sequence[Draft]) -> None:
        """A mistake of this package: logged with its traceback, and the batch it cost is reported."""
        log.error("delivery failed", exc_info=error)
        failed = NotDelivered(f"delivery failed: {type(error).__name__}")
        failed.__cause__ = error
        self.tell(Report(failed, [readable(draft) for draft in drafts]))

    def check_answers(self, outbox: Outbox) -> None:
        """Raises where the client cannot ask the service anything."""
        if self.disabled:
            raise ClientDisabled("the client is disabled, so it has no answer")
        if outbox.closed:
            raise ClientClosed("the client is closed")

    def tell_all(self, outbox: Outbox) -> None:
        """Reports what the callers' threads left to be reported."""
        reports, lost = outbox.take_reports()
        try:
            for report in reports:
                self.tell(report)
            if lost:
                log.warning("%d more problems were found and not kept", lost)
        finally:
            outbox.told()


def response(answer: httpx.Response) -> Response:
    """An httpx answer as ours."""
    return Response(answer.status_code, answer.content, answer.headers.get("retry-after"))


def connection_failed(error: Exception, base_url: str) -> ConnectionFailed:
    """What an exchange that raised means to callers. Its words name the address, never a key or a password."""
    parts = urlsplit(base_url)
    address = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
    kind = TimedOut if isinstance(error, httpx.TimeoutException) else ConnectionFailed
    words = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    failed = kind(f"{address}: {words}")
    failed.__cause__ = error
    return failed


def _is_address(value: object) -> bool:
    if not isinstance(value, str):
        return False
    try:
        parts = urlsplit(value)
        parts.port  # noqa: B018 - reading it is what checks it
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and not (parts.query or parts.fragment)


def _is_key(value: object) -> bool:
    # Anything else would break the header, or be another key than the one meant.
    return isinstance(value, str) and value.isascii() and value.isprintable() and value == value.strip() != ""
