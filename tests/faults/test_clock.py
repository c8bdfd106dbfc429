"""Clocks that are set: the server's own, back and forth under load, and that of its clients."""

from __future__ import annotations

import os
import signal
import sys
import time
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest

from tests.faults.account import Account, answers_again, client_of, eventually, load, settled
from tests.faults.serving import Engage
from tests.places import ON_SQLITE

pytestmark = ON_SQLITE

STEPS = (-3600.0, -3 * 86_400.0, 2 * 86_400.0, -2.5)
"""Seconds from the true time, one after the other. Fewer than the 30 days after which an event is too late to count."""
ADJUSTABLE = f"""
import signal, sys, time
steps = iter({STEPS})
true_time, true_time_ns, off = time.time, time.time_ns, 0.0
def step(*_):
    global off
    off = next(steps)
time.time = lambda: true_time() + off
time.time_ns = lambda: true_time_ns() + int(off * 1e9)
signal.signal(signal.SIGUSR1, step)
if __name__ == "__main__":
    from engage.cli import run
    sys.exit(run(["serve", *sys.argv[1:]]))
"""


@pytest.fixture
def stopped(stopped: Engage, tmp_path: Path) -> Engage:
    """A server whose clock takes its next step at SIGUSR1, as one does that is set: timers go on as before.

    From a file, which the process that it decides in runs as well.
    """
    program = tmp_path / "adjustable.py"
    program.write_text(ADJUSTABLE)
    stopped.command = (sys.executable, str(program))
    return stopped


async def told_clock(engage: Engage, off: float) -> bool:
    """Whether the server tells the time as it is `off` seconds from the true one."""
    async with client_of(engage) as client:
        told = parsedate_to_datetime((await client.get("/healthz")).headers["date"])
    return abs(told.timestamp() - time.time() - off) < 2.4


async def test_a_servers_clock_that_is_set_loses_nothing_and_counts_nothing_twice(
    engage: Engage, account: Account
) -> None:
    async with load(account, engage) as running:
        for step in STEPS:
            await running.until(60)
            for pid in engage.pids:
                os.kill(pid, signal.SIGUSR1)
            await eventually(lambda off=step: told_clock(engage, off), 5, "the clock was not set")  # type: ignore[misc]
            await answers_again(account, engage)
        await running.until(60)
    await settled(account, engage)


async def test_clients_whose_clocks_are_set_count_once(engage: Engage, account: Account) -> None:
    """The time of an event and the time it is sent may then be days apart, in either direction."""
    off = 0.0
    account.clock = lambda: time.time() + off
    async with load(account, engage) as running:
        for step in STEPS:
            await running.until(40)
            off = step
        await running.until(40)
    await settled(account, engage)
