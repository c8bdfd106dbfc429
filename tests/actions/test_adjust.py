"""Correcting by hand: once per key, never below zero, and never under another's key."""

from __future__ import annotations

import pytest

from engage.core.state import AMOUNT_MAX
from engage.errors import Conflict, InvalidRequest, NotFound
from tests.actions.host import DAY, Host


async def with_ann(host: Host, points: int = 1) -> None:
    await host.publish()
    await host.send(*(host.track("ann") for _ in range(points)))


async def test_an_adjustment_moves_points_and_may_raise_a_level(host: Host) -> None:
    await with_ann(host)
    done = await host.adjust("ann", 50, "k")
    assert (done.currency, done.amount, done.reason, done.actor, done.repeated) == (
        "points",
        50,
        "by hand",
        "test",
        False,
    )
    member = await host.member("ann")
    assert member is not None
    assert (member.level, member.wallets["points"].active, member.wallets["points"].earned) == (
        "silver",
        60,
        60,
    )
    assert (await host.verify()).difference is None


async def test_the_same_key_again_changes_nothing_and_says_what_it_did(host: Host) -> None:
    await with_ann(host)
    first = await host.adjust("ann", 5, "k")
    rows = host.stored_rows()
    host.now += 400 * DAY
    again = await host.adjust("ann", 5, "k")
    assert (again.seq, again.amount, again.repeated) == (first.seq, 5, True)
    assert (first.wallet.active, again.wallet.active) == (15, 15), "as it is, told by the transaction itself"
    assert host.stored_rows() == rows


@pytest.mark.parametrize(
    "changed",
    [
        {"amount": 6},
        {"currency": "gems"},
        {"reason": "another"},
        {"actor": "other"},
        {"member": "bob"},
        {"member": "eve"},
    ],
)
async def test_a_key_used_for_something_else_is_a_conflict(host: Host, changed: dict[str, object]) -> None:
    await with_ann(host)
    await host.send(host.track("bob"))
    await host.adjust("ann", 5, "k")
    with pytest.raises(Conflict, match="Idempotency-Key"):
        await host.adjust(**{"member": "ann", "amount": 5, "key": "k", **changed})  # type: ignore[arg-type]
    assert await host.balance("ann") == 15


async def test_a_key_is_the_companys_own(host: Host) -> None:
    await with_ann(host)
    await host.send(host.track("ann", company="beta"))
    await host.adjust("ann", 5, "k")
    assert not (await host.adjust("ann", 7, "k", company="beta")).repeated
    assert (await host.balance("ann"), await host.balance("ann", "beta")) == (15, 17)


async def test_a_key_that_failed_may_be_used_again(host: Host) -> None:
    await with_ann(host)
    with pytest.raises(Conflict, match="balance is 10"):
        await host.adjust("ann", -11, "k")
    assert (await host.adjust("ann", -10, "k")).amount == -10
    assert await host.balance("ann") == 0


async def test_no_balance_is_taken_below_zero(host: Host) -> None:
    await with_ann(host)
    for currency in ("points", "gems"):  # a debt may come from a reversal, never from a hand
        with pytest.raises(Conflict):
            await host.adjust("ann", -11, f"k{currency}", currency=currency)
    assert host.count("transfer") == 1


@pytest.mark.parametrize("amount", [0, AMOUNT_MAX + 1, -AMOUNT_MAX - 1, 10**30])
async def test_an_impossible_amount_is_refused(host: Host, amount: int) -> None:
    await with_ann(host)
    with pytest.raises(InvalidRequest):
        await host.adjust("ann", amount, "k")


async def test_a_balance_reaches_the_largest_amount_and_no_further(host: Host) -> None:
    await with_ann(host)
    await host.adjust("ann", AMOUNT_MAX - 10, "k")
    assert await host.balance("ann") == AMOUNT_MAX
    with pytest.raises(Conflict):
        await host.adjust("ann", 1, "more")
    (outcome,) = await host.send(host.track("ann"))
    assert (outcome.status, outcome.effects) == ("ok", [])
    await host.adjust("ann", -AMOUNT_MAX, "less")
    assert await host.balance("ann") == 0
    assert (await host.verify()).difference is None


@pytest.mark.parametrize("reason", ["", "  ", "x" * 501])
async def test_a_reason_is_required_and_short(host: Host, reason: str) -> None:
    await with_ann(host)
    with pytest.raises(InvalidRequest, match="reason"):
        await host.adjust("ann", 5, "k", reason=reason)


async def test_without_a_key_nothing_could_tell_a_retry(host: Host) -> None:
    await with_ann(host)
    with pytest.raises(InvalidRequest, match="Idempotency-Key"):
        await host.adjust("ann", 5, "")


async def test_what_is_not_known_is_named(host: Host) -> None:
    await with_ann(host)
    with pytest.raises(NotFound, match="'beta'"):
        await host.adjust("ann", 5, "k", company="beta")
    for member in ("eve", "", "ANN", "ann "):
        with pytest.raises(NotFound, match="member"):
            await host.adjust(member, 5, "k")
    with pytest.raises(InvalidRequest, match="'coins'"):
        await host.adjust("ann", 5, "k", currency="coins")
    assert host.count("entry") == 2


async def test_before_any_program_there_is_no_currency(host: Host) -> None:
    await host.send(host.track("ann"))
    with pytest.raises(InvalidRequest, match="currency"):
        await host.adjust("ann", 5, "k")


async def test_an_adjustment_is_the_first_to_follow_a_new_program(host: Host) -> None:
    await with_ann(host)
    await host.publish("name: Other\ncurrencies: {coins: {}}\nevents: {Report Exported: {}}\n")
    with pytest.raises(InvalidRequest):
        await host.adjust("ann", 5, "k")
    await host.adjust("ann", 5, "k", currency="coins")
    assert await host.balance("ann", currency="coins") == 5
    assert await host.balance("ann") == 10
    assert (await host.verify()).difference is None


async def test_a_gift_pays_a_debt_first(host: Host) -> None:
    await host.publish()
    await host.send(host.track("ann", "Deal Won", messageId="d", properties={"value": 1000}))
    await host.adjust("ann", -7, "spent", currency="gems")
    await host.reverse("d")
    assert await host.balance("ann", currency="gems") == -7
    with pytest.raises(Conflict):
        await host.adjust("ann", -1, "more", currency="gems")
    await host.adjust("ann", 10, "gift", currency="gems")
    member = await host.member("ann")
    assert member is not None
    assert (member.wallets["gems"].active, member.wallets["gems"].lots) == (3, [(0, 3)])
    assert (await host.verify()).difference is None
