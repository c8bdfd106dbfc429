"""The Python client of Engage.

`Client` and `AsyncClient` report what members do and read what came of it; `errors` is what they raise or
report, `models` what they answer, `testing` what stands in for the service in a host's own tests.
"""

from __future__ import annotations

from ._retry import RetryPolicy
from ._version import __version__
from .async_client import AsyncClient
from .client import Client
from .errors import (
    APIError,
    AuthenticationError,
    ClientClosed,
    ClientDisabled,
    ConfigurationError,
    ConflictError,
    ConnectionFailed,
    DeliveryError,
    EngageError,
    InvalidArgument,
    InvalidRequestError,
    InvalidResponse,
    MessageInvalid,
    MessageRejected,
    NotDelivered,
    NotFoundError,
    PermissionDeniedError,
    QueueFull,
    RateLimitedError,
    ServiceError,
    TimedOut,
    TooLargeError,
    ValueNotSent,
)

__all__ = [
    "APIError",
    "AsyncClient",
    "AuthenticationError",
    "Client",
    "ClientClosed",
    "ClientDisabled",
    "ConfigurationError",
    "ConflictError",
    "ConnectionFailed",
    "DeliveryError",
    "EngageError",
    "InvalidArgument",
    "InvalidRequestError",
    "InvalidResponse",
    "MessageInvalid",
    "MessageRejected",
    "NotDelivered",
    "NotFoundError",
    "PermissionDeniedError",
    "QueueFull",
    "RateLimitedError",
    "RetryPolicy",
    "ServiceError",
    "TimedOut",
    "TooLargeError",
    "ValueNotSent",
    "__version__",
]
