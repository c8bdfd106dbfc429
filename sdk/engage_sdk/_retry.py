"""When to try again and how long to wait. Pure: the time and the random number come in as arguments."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime

from . import _limits

_RETRIED_STATUSES = frozenset({408, 425, 429})


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How a failed batch or call is tried again.

    Waits `base_seconds * 2**n`, at most `backoff_seconds_max`, less up to `jitter` of itself, so that many
    processes do not come back at the same instant. A `Retry-After` goes first, up to
    `retry_after_seconds_max`.
    """

    tries_max: int = _limits.DELIVERY_TRIES_MAX
    base_seconds: float = _limits.BACKOFF_BASE_SECONDS
    backoff_seconds_max: float = _limits.BACKOFF_SECONDS_MAX
    retry_after_seconds_max: float = _limits.RETRY_AFTER_SECONDS_MAX
    jitter: float = 0.25

    def delay(self, failures: int, retry_after: float | None, random: float) -> float:
        """Seconds to wait after `failures` failures in a row (1 is the first); `random` is in [0, 1)."""
        if retry_after is not None and retry_after > 0:
            return min(retry_after, self.retry_after_seconds_max)
        # The exponent is capped too: 2.0**2000 overflows, and a host may set many tries.
        backoff: float = self.base_seconds * 2.0 ** min(failures - 1, 30)
        return min(backoff, self.backoff_seconds_max) * (1 - self.jitter * random)


DEFAULT_RETRY = RetryPolicy()


def is_retryable(status: int) -> bool:
    """Whether the same request may succeed later. Redirects are not: they mean a wrong address."""
    return status in _RETRIED_STATUSES or status >= 500


def parse_retry_after(header: str | None, now: float) -> float | None:
    """Seconds from a `Retry-After` header, in seconds or an HTTP date (RFC 9110, section 10.2.3); None if useless."""
    if not header:
        return None
    text = header.strip()
    if text.isascii() and text.isdigit() and len(text) < 10:
        return float(text)
    try:
        at = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    if at.tzinfo is None:
        at = at.replace(tzinfo=UTC)
    return max(0.0, at.timestamp() - now)
