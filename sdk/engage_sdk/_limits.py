"""Every bound of this package, named once.

Owns numbers only. The wire bounds follow the Segment tracking API, which the service speaks; the others keep
a host's process safe from an absent or slow service.
"""

from __future__ import annotations

from typing import Final

BATCH_MESSAGES_MAX: Final = 100
BATCH_BYTES_MAX: Final = 500_000
MESSAGE_BYTES_MAX: Final = 32 * 1024
MESSAGE_ID_CHARS_MAX: Final = 100

# Values inside properties and traits.
VALUE_DEPTH_MAX: Final = 32
VALUE_NODES_MAX: Final = 10_000
INTEGER_BITS_MAX: Final = 1_024  # what a double can hold; json refuses far longer ones with an exception

QUEUE_MESSAGES_MAX: Final = 10_000
FLUSH_AT_MESSAGES: Final = BATCH_MESSAGES_MAX
FLUSH_INTERVAL_SECONDS: Final = 0.5
# Problems found in the caller's thread wait here until the sender reports them.
REPORTS_MAX: Final = 1_000
REMARKS_MAX: Final = 20  # a host may well send thousands of events that no program declares
DROPPED_SAMPLE_MAX: Final = 100  # dropped messages handed to on_error with one QueueFull; all are counted

FLUSH_TIMEOUT_SECONDS: Final = 10.0
EXIT_TIMEOUT_SECONDS: Final = 2.0
HTTP_TIMEOUT_SECONDS: Final = 10.0

DELIVERY_TRIES_MAX: Final = 10
CALL_TRIES_MAX: Final = 3
BACKOFF_BASE_SECONDS: Final = 0.5
BACKOFF_SECONDS_MAX: Final = 8.0
RETRY_AFTER_SECONDS_MAX: Final = 120.0
# A read blocks its caller, so it never sleeps long: beyond this it raises and tells retry_after.
CALL_WAIT_SECONDS_MAX: Final = 10.0

PAGE_SIZE: Final = 50
