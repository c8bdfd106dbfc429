"""A test that hangs fails, says where, and the run goes on."""

from __future__ import annotations

import asyncio
import signal

import pytest


async def waits_for_ever() -> None:
    await asyncio.Event().wait()


def test_a_test_that_hangs_fails_and_says_what_it_waits_for(capsys: pytest.CaptureFixture[str]) -> None:
    left, again = signal.getitimer(signal.ITIMER_REAL)
    assert 0 < left <= again, "the alarm is set for the test and for what comes after it"
    signal.setitimer(signal.ITIMER_REAL, 0.05, again)
    with pytest.raises(pytest.fail.Exception, match="took longer than"):
        asyncio.run(waits_for_ever())
    assert "await asyncio.Event().wait()" in capsys.readouterr().err
