"""The one clock of the service. The core has none: it is told the time."""

from __future__ import annotations

import time


def now() -> int:
    """Microseconds UTC."""
    return time.time_ns() // 1000
