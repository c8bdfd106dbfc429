"""The Python interpreter: how many cores it has, and settings for processes of our own. A host that embeds the service
keeps its own."""

from __future__ import annotations

import gc
import os
import sys
from typing import Final

SWITCH_SECONDS: Final = 0.0005
COLLECT_AFTER: Final = (50_000, 50, 50)


def run_for_throughput() -> None:
    """For processes that decide events by the thousand.

    They make millions of objects without cycles: looking for cycles as often as Python does takes a third of the time.
    And each statement on SQLite's thread gives the interpreter away: to get it back while events are decided takes a
    switch interval, 5 ms by default, longer than most statements.
    """
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)
    sys.setswitchinterval(SWITCH_SECONDS)


def cores() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
