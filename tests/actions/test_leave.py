"""Leave and restored streaks on real databases: once by their key, and replayed like everything else."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from engage.actions.leave import LEAVE_DAYS_MAX, Left, restore_streak, take_leave
from engage.core.calendar import to_datetime, utc_day
from engage.core.progress import streak_standings
from engage.errors import Conflict, InvalidRequest, NotFound
from tests.actions.host import DAY, Host

STREAKS = """
name: Streaks
currencies: {points: {}}
events: {Report Exported: {}}
streaks: [{id: daily, days: all}]
rules: [{id: three, trigger: {streak: daily, reaches: 3}, effects: [award: 30]}]
"""


@pytest.fixture
async def team(host: Host) -> Host:
    """Ann, two days in a row."""
    await host.publish(STREAKS)
    for _ in range(2):
        await host.send(host.track("ann"))
        host.now += DAY
    return host


def leave(host: Host, first: int, last: int, **changes: Any) -> Any:
    """From and to so many days from now."""
    today = to_datetime(host.now).date()
    asked: dict[str, Any] = {
        "company": "acme",
        "member": "ann",
        "first": today + timedelta(first),
        "last": today + timedelta(last),
        "reason": "holiday",
        "actor": "host",
        "idempotency_key": "k",
        "now": host.now,
    }
    return take_leave(host.database, **(asked | changes))


def restore(host: Host, **changes: Any) -> Any:
    asked: dict[str, Any] = {
        "company": "acme",
        "member": "ann",
        "streak": "daily",
        "reason": "",
        "actor": "host",
        "idempotency_key": "r",
        "now": host.now,
    }
    return restore_streak(host.database, **(asked | changes))


def current(host: Host, left: Left) -> int:
    state, made = left
    return next(streak_standings(made, state, utc_day(host.now))).current


async def test_a_leave_keeps_a_streak_until_its_end(team: Host) -> None:
    assert current(team, await leave(team, 0, 6)) == 2
    team.now += 7 * DAY
    await team.send(team.track("ann"))
    assert await team.balance("ann") == 30
    assert (await team.verify()).difference is None


async def test_a_lost_streak_is_restored(team: Host) -> None:
    team.now += 4 * DAY
    await team.send(team.track("ann"))
    assert await team.balance("ann") == 0
    assert current(team, await restore(team)) == 3
    assert await team.balance("ann") == 30
    assert (await team.verify()).difference is None


async def test_the_same_key_again_does_nothing_more(team: Host) -> None:
    await leave(team, 0, 6)
    rows = team.stored_rows()
    await leave(team, 0, 6)
    assert team.stored_rows() == rows
    with pytest.raises(Conflict, match="Idempotency-Key"):
        await leave(team, 0, 5)


@pytest.mark.parametrize(
    "first, last, changes, error",
    [
        (1, 0, {}, InvalidRequest),
        (0, LEAVE_DAYS_MAX, {}, InvalidRequest),
        (0, 1, {"reason": "x" * 501}, InvalidRequest),
        (0, 1, {"member": "bob"}, NotFound),
        (0, 1, {"company": "globex"}, NotFound),
    ],
)
async def test_what_cannot_be_is_refused(
    team: Host, first: int, last: int, changes: dict[str, Any], error: type[Exception]
) -> None:
    rows = team.stored_rows()
    with pytest.raises(error):
        await leave(team, first, last, **changes)
    with pytest.raises(NotFound, match="no streak"):
        await restore(team, streak="weekly")
    assert team.stored_rows() == rows
