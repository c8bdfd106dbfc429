"""The error tree: what calls raise and what `on_error` is told.

Owns the classes and the translation of an error answer into one of them. Knows no HTTP library. Arguments are
kept in `args`, so every error survives pickling (task queues do that).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

ERRORS_TOLD_MAX = 3  # in an error's text; `errors` has all of them


class EngageError(Exception):
    """Everything this package raises or reports."""


class ConfigurationError(EngageError, ValueError):
    """The client was built with settings that cannot work."""


class InvalidArgument(EngageError, ValueError):
    """A call that answers was given an argument that cannot be right; nothing was sent."""


class ClientDisabled(EngageError):
    """The client was built with `disabled=True`, so it has no answer to give."""


class ClientClosed(EngageError):
    """The client was closed before this call."""


class ConnectionFailed(EngageError):
    """No answer came: refused, reset, unresolved, or broken off. What was sent may or may not have arrived."""


class TimedOut(ConnectionFailed):
    """No answer came in time."""


class InvalidResponse(EngageError):
    """An answer came that Engage would not give, such as a proxy's page."""


class APIError(EngageError):
    """The service answered with an error: its `code`, HTTP `status`, `message` and, where many, `errors`."""

    def __init__(
        self,
        code: str,
        status: int,
        message: str,
        errors: Sequence[Mapping[str, Any]] = (),
        retry_after: float | None = None,
    ) -> None:
        super().__init__(code, status, message, errors, retry_after)
        self.code = code
        self.status = status
        self.message = message
        self.errors = tuple(errors)
        self.retry_after = retry_after

    def __str__(self) -> str:
        more = [one for one in self.errors if str(one.get("message")) not in self.message]
        told = [f"{one.get('pointer') or '/'}: {one.get('message')}" for one in more[:ERRORS_TOLD_MAX]]
        left = [f"and {len(more) - len(told)} more"] if len(more) > len(told) else []
        return "; ".join([f"{self.status} {self.code}: {self.message}", *told, *left])


class InvalidRequestError(APIError):
    """400 or 422: the service understood that the request is wrong; `errors` says where."""


class AuthenticationError(APIError):
    """401: the key is unknown or missing."""


class PermissionDeniedError(APIError):
    """403: the key is of a kind that may not do this."""


class NotFoundError(APIError):
    """404: no such company, member or message."""


class ConflictError(APIError):
    """409: already done, or changed meanwhile."""


class TooLargeError(APIError):
    """413: the body is larger than the service takes."""


class RateLimitedError(APIError):
    """429: too many requests; `retry_after` says in how many seconds to try again, where known."""


class ServiceError(APIError):
    """5xx: the service failed or is not available."""


class DeliveryError(EngageError):
    """Something about queued messages. Only ever reported to `on_error`, never raised."""


class MessageInvalid(DeliveryError):
    """A message was refused here, before it was sent. It is lost."""


class ValueNotSent(DeliveryError):
    """A value that JSON cannot carry was left out (`path` says where). The rest of its message was sent."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(path, reason)
        self.path = path
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}"


class QueueFull(DeliveryError):
    """The queue was full and `dropped` messages were lost, by the drop policy the client was built with."""

    def __init__(self, dropped: int, policy: str) -> None:
        super().__init__(dropped, policy)
        self.dropped = dropped
        self.policy = policy

    def __str__(self) -> str:
        return f"the queue was full: {self.dropped} messages dropped ({self.policy} first)"


class MessageRejected(DeliveryError):
    """The service took the batch and rejected this message for good: `code` and `message` say why."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message

    def __str__(self) -> str:
        return f"rejected, {self.code}: {self.message}"


class NotDelivered(DeliveryError):
    """Tries or time ran out. `__cause__` is the last error, if there was one. The messages may have arrived."""


_BY_STATUS: dict[int, type[APIError]] = {
    400: InvalidRequestError,
    401: AuthenticationError,
    403: PermissionDeniedError,
    404: NotFoundError,
    409: ConflictError,
    413: TooLargeError,
    422: InvalidRequestError,
    429: RateLimitedError,
}


def api_error(status: int, document: Any, retry_after: float | None) -> APIError:
    """The error for a status and its decoded body. The body may be anything: a proxy's page has no `code`."""
    fields: Mapping[str, Any] = document if isinstance(document, dict) else {}
    code = fields.get("code")
    text = fields.get("message") or fields.get("detail") or fields.get("title")
    listed = fields.get("errors")
    errors = [entry for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []
    kind = _BY_STATUS.get(status) or (ServiceError if status >= 500 else APIError)
    return kind(
        code if isinstance(code, str) and code else f"http_{status}",
        status,
        text if isinstance(text, str) and text else f"the service answered {status}",
        errors,
        retry_after,
    )
