"""A large adjustment waits for a second person: nothing moves before, it moves once, and only another may let it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from engage.actions.adjust import Adjustment, settle
from engage.errors import Conflict, InvalidRequest, NotFound, WrongStep
from tests.actions.host import PROGRAM, Host


@pytest.fixture
async def careful(host: Host) -> Host:
    await host.publish(f"{PROGRAM}adjustments: {{approval_above: 100}}\n")
    await host.send(host.track("ann"))
    return host


async def take(
    host: Host, adjustment: int, step: str = "approve", key: str = "s", **changes: Any
) -> Adjustment:
    asked: dict[str, Any] = {
        "company": "acme",
        "adjustment": adjustment,
        "step": step,
        "reason": "looked at it",
        "actor": "second",
        "idempotency_key": key,
        "now": host.now,
    }
    return await settle(host.database, **(asked | changes))


async def test_up_to_the_bound_nobody_else_is_needed(careful: Host) -> None:
    assert (await careful.adjust("ann", 100, "a")).status == "done"
    assert (await careful.adjust("ann", -100, "b")).status == "done"
    assert await careful.balance("ann") == 10


async def test_above_it_nothing_moves_before_a_second_person_approves(careful: Host) -> None:
    asked = await careful.adjust("ann", 101, "a")
    assert (asked.status, asked.wallet.active, await careful.balance("ann")) == ("requested", 10, 10)
    assert (await careful.verify()).difference is None
    with pytest.raises(Conflict, match="test asked for it: a second person must approve"):
        await take(careful, asked.seq, actor="test")
    await careful.checkpoint()
    done = await take(careful, asked.seq)
    assert (done.status, done.wallet.active, done.actor) == ("done", 111, "test")
    member = await careful.member("ann")
    assert member is not None
    assert (member.level, member.adjustments) == ("silver", {})
    with pytest.raises(WrongStep, match="done already"):
        await take(careful, asked.seq, "decline", key="t")
    assert (await careful.verify()).difference is None


async def test_what_is_declined_never_moves(careful: Host) -> None:
    asked = await careful.adjust("ann", 500, "a")
    assert (await take(careful, asked.seq, "decline")).status == "declined"
    assert await careful.balance("ann") == 10
    with pytest.raises(WrongStep, match="declined already"):
        await take(careful, asked.seq, key="t")
    assert (await careful.verify()).difference is None


async def test_a_retry_is_told_what_became_of_it(careful: Host) -> None:
    first = await careful.adjust("ann", 500, "a")
    assert (await careful.adjust("ann", 500, "a")).status == "requested"
    await take(careful, first.seq)
    rows = careful.stored_rows()
    again = await careful.adjust("ann", 500, "a")
    assert (again.seq, again.status, again.repeated, again.wallet.active) == (first.seq, "done", True, 510)
    assert (await take(careful, first.seq)).repeated
    with pytest.raises(Conflict, match="Idempotency-Key"):
        await take(careful, first.seq, actor="third")
    assert careful.stored_rows() == rows


async def test_the_balance_of_then_decides(careful: Host) -> None:
    await careful.adjust("ann", 100, "a")
    asked = await careful.adjust("ann", -110, "b")
    await careful.adjust("ann", -50, "c")
    with pytest.raises(Conflict, match="the balance is 60"):
        await take(careful, asked.seq)
    assert (await take(careful, asked.seq, "decline")).status == "declined"


async def test_many_who_approve_at_once_move_it_once(careful: Host) -> None:
    asked = await careful.adjust("ann", 500, "a")
    done = await asyncio.gather(
        *(take(careful, asked.seq, key=f"k{n}", actor=f"p{n}") for n in range(16)), return_exceptions=True
    )
    assert [type(one) for one in done].count(Adjustment) == 1
    assert await careful.balance("ann") == 510


async def test_what_is_not_known_is_named(careful: Host) -> None:
    with pytest.raises(NotFound, match="no adjustment 7"):
        await take(careful, 7)
    with pytest.raises(NotFound, match="beta"):
        await take(careful, 7, company="beta")
    with pytest.raises(InvalidRequest, match="reason"):
        await take(careful, 7, reason=" ")


async def test_a_request_that_is_gone_is_found(careful: Host) -> None:
    await careful.adjust("ann", 500, "a")
    careful.tamper("DELETE FROM engage_adjustment")
    assert (await careful.verify()).difference is not None
