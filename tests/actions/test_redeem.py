"""Buying rewards on real databases: held, approved, fulfilled or given back, and never more than there is."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from engage.actions.redeem import Redeemed, Uploaded, request, take_step, upload_codes
from engage.core.event import Kind
from engage.core.rewards import REFUND_DAYS
from engage.errors import Conflict, InvalidRequest, Lacking, NotFound, WrongStep
from engage.store.database import Database
from tests.actions.host import DAY, NOON, Host
from tests.places import Place

REWARDS = """
name: Rewards
currencies: {points: {}}
traits: {member: {team: {type: string}}}
events: {Report Exported: {}}
levels:
  currency: points
  steps: [{id: bronze, name: Bronze, threshold: 10}, {id: gold, name: Gold, threshold: 500}]
rules: [{id: export, trigger: Report Exported, effects: [{award: 100}]}]
redemptions: {approval_above: 50}
rewards:
  - {id: mug, cost: 30, stock: 2}
  - {id: jacket, cost: 80, limits: [{per: member, window: month, count: 1}]}
  - {id: dinner, cost: 50, level: gold, from: 2026-12-01}
  - {id: seat, cost: 10, stock: 20, approval: required}
  - {id: voucher, cost: 20, codes: true}
  - {id: course, cost: 40, codes: true, approval: required}
  - {id: desk, cost: 5, conditions: {field: member.traits.team, op: eq, value: sales}}
"""


class Shop:
    """Short ways to ask."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.asked = 0

    async def request(self, reward: str, member: str = "ann", key: str = "", **changes: Any) -> Redeemed:
        self.asked += 1
        asked: dict[str, Any] = {
            "company": "acme",
            "member": member,
            "reward": reward,
            "reason": "",
            "actor": member,
            "idempotency_key": key or f"key-{self.asked}",
            "now": self.host.now,
        }
        return await request(self.host.database, **(asked | changes))

    async def step(self, step: str, redemption: int, key: str = "", **changes: Any) -> Redeemed:
        self.asked += 1
        asked: dict[str, Any] = {
            "company": "acme",
            "redemption": redemption,
            "step": step,
            "reason": "as agreed",
            "actor": "boss",
            "idempotency_key": key or f"key-{self.asked}",
            "now": self.host.now,
        }
        return await take_step(self.host.database, **(asked | changes))

    async def upload(self, reward: str, *codes: str) -> Uploaded:
        return await upload_codes(
            self.host.database, company="acme", reward=reward, codes=codes, actor="boss", now=self.host.now
        )

    async def purse(self, member: str = "ann") -> tuple[int, int, int]:
        """(active, held, spent)"""
        state = await self.host.member(member)
        assert state is not None
        wallet = state.wallets["points"]
        return wallet.active, wallet.held, wallet.spent

    async def agrees(self) -> bool:
        return (await self.host.verify()).difference is None


@pytest.fixture
async def shop(host: Host) -> Shop:
    await host.publish(REWARDS)
    await host.send(host.track("ann"), host.track("bob"))
    return Shop(host)


async def test_a_redemption_holds_then_spends(shop: Shop) -> None:
    asked = (await shop.request("jacket")).redemption
    assert (asked.status, asked.member_id, asked.amount, await shop.purse()) == (
        *("held", "ann", 80),
        (20, 80, 0),
    )
    approved = await shop.step("approve", asked.id)
    assert (approved.redemption.status, approved.allowed, await shop.purse()) == (
        "approved",
        ("fulfil", "cancel"),
        (20, 80, 0),
    )
    done = (await shop.step("fulfil", asked.id)).redemption
    assert (done.status, await shop.purse()) == ("fulfilled", (20, 0, 80))
    assert [(one.step, one.actor, one.reason) for one in done.steps] == [
        ("request", "ann", ""),
        ("approve", "boss", "as agreed"),
        ("fulfil", "boss", "as agreed"),
    ]
    state = await shop.host.member("ann")
    assert state is not None
    assert (state.wallets["points"].earned, state.level) == (100, "bronze"), "spending lowers neither"
    assert await shop.agrees()


@pytest.mark.parametrize("steps", [[], ["approve"], ["approve", "fulfil"]])
async def test_a_cancellation_restores_all(shop: Shop, steps: list[str]) -> None:
    before = await shop.host.member("ann")
    asked = (await shop.request("seat")).redemption
    assert (await shop.host.company()).usage
    for step in steps:
        await shop.step(step, asked.id)
    done = await shop.step("cancel", asked.id)
    assert (done.redemption.status, done.allowed) == ("cancelled", ())
    after = await shop.host.member("ann")
    assert before is not None and after is not None  # noqa: PT018
    assert (after.wallets, after.usage, after.redemptions) == (before.wallets, before.usage, {})
    assert (await shop.host.company()).usage == {}
    assert await shop.agrees()


async def test_what_is_cheap_needs_no_approval(shop: Shop) -> None:
    assert (await shop.request("mug")).redemption.status == "approved"
    assert (await shop.request("seat")).redemption.status == "held", "which says so itself"


async def test_all_that_is_missing_is_told(shop: Shop) -> None:
    with pytest.raises(Lacking) as told:
        await shop.request("dinner", "bob", now=NOON)
    assert told.value.message == "available from 2026-12-01, level Gold needed: 400 earned points to go"
    assert [(e["code"], e.get("missing")) for e in told.value.errors] == [("not_yet", None), ("level", 400)]
    await shop.request("jacket")
    with pytest.raises(Lacking) as told:
        await shop.request("jacket")
    assert told.value.message == "60 points short, monthly limit reached, 1 of 1; again from 2026-07-01"
    with pytest.raises(Lacking, match="not for this member"):
        await shop.request("desk")
    await shop.request("mug", "bob")
    await shop.request("mug", "bob")
    with pytest.raises(Lacking, match="out of stock"):
        await shop.request("mug", "bob")
    assert shop.host.count("redemption") == 3
    assert await shop.agrees()


@pytest.mark.parametrize(
    "done, step, allowed",
    [
        ([], "fulfil", ["approve", "cancel"]),
        (["approve"], "approve", ["fulfil", "cancel"]),
        (["approve", "fulfil"], "fulfil", ["cancel"]),
        (["cancel"], "cancel", []),
        (["approve", "fulfil", "cancel"], "cancel", []),
    ],
)
async def test_a_wrong_step_names_the_status_and_the_steps_there_are(
    shop: Shop, done: list[str], step: str, allowed: list[str]
) -> None:
    asked = (await shop.request("seat")).redemption
    status = "held"
    for one in done:
        status = (await shop.step(one, asked.id)).redemption.status
    rows = shop.host.stored_rows()
    with pytest.raises(WrongStep) as told:
        await shop.step(step, asked.id)
    assert [(e["status"], e["allowed"]) for e in told.value.errors] == [(status, allowed)]
    assert shop.host.stored_rows() == rows


async def test_what_was_fulfilled_long_ago_stays_so(shop: Shop) -> None:
    first, second = [(await shop.request("mug")).redemption for _ in range(2)]
    for one in (first, second):
        await shop.step("fulfil", one.id)
    shop.host.now += REFUND_DAYS * DAY
    assert (await shop.step("cancel", first.id)).redemption.status == "cancelled"
    shop.host.now += DAY
    with pytest.raises(WrongStep) as told:
        await shop.step("cancel", second.id)
    assert told.value.errors[0]["allowed"] == []
    await shop.request("seat")
    state = await shop.host.member("ann")
    assert state is not None
    assert second.id not in state.redemptions, "and the state forgets it"
    with pytest.raises(WrongStep):
        await shop.step("cancel", second.id)
    assert await shop.agrees()


async def test_the_same_key_again_changes_nothing(shop: Shop) -> None:
    first = await shop.request("seat", key="k")
    approved = await shop.step("approve", first.redemption.id, key="k")
    rows = shop.host.stored_rows()
    again = await shop.request("seat", key="k")
    assert (again.redemption, again.repeated) == (approved.redemption, True)
    assert (await shop.step("approve", first.redemption.id, key="k")).repeated
    assert shop.host.stored_rows() == rows
    for changed in ({"reward": "mug"}, {"member": "bob"}, {"actor": "eve"}):
        with pytest.raises(Conflict, match="Idempotency-Key"):
            await shop.request(**{"reward": "seat", "member": "ann", "key": "k", "actor": "ann", **changed})


async def test_what_is_not_known_is_named(shop: Shop) -> None:
    with pytest.raises(NotFound, match="'beta'"):
        await shop.request("mug", company="beta")
    with pytest.raises(NotFound, match="'eve'"):
        await shop.request("mug", "eve")
    with pytest.raises(InvalidRequest, match="'car'"):
        await shop.request("car")
    with pytest.raises(NotFound, match="no redemption 77"):
        await shop.step("approve", 77)
    with pytest.raises(InvalidRequest, match="reason"):
        await shop.step("approve", 1, reason=" ")
    assert shop.host.count("redemption") == 0


async def test_a_redemption_outlives_its_reward(shop: Shop) -> None:
    """What was asked for is what is delivered, at the price of then."""
    asked = (await shop.request("jacket")).redemption
    await shop.host.publish(REWARDS.replace("{id: jacket, cost: 80,", "{id: coat, cost: 90,"))
    await shop.step("approve", asked.id)
    await shop.step("fulfil", asked.id)
    assert await shop.purse() == (20, 0, 80)
    assert await shop.agrees()


# --- codes --------------------------------------------------------------------------------------------------


async def test_each_code_is_handed_out_once(shop: Shop) -> None:
    assert await shop.upload("voucher", "A", "B", "A") == Uploaded(2, 1, 2)
    assert await shop.upload("voucher", "B", " C ") == Uploaded(1, 1, 3)
    given = [(await shop.request("voucher", who)).redemption for who in ("ann", "bob", "ann")]
    assert [(one.status, one.code) for one in given] == [("fulfilled", code) for code in "ABC"]
    assert given[0].steps[-1].actor == "engage"
    with pytest.raises(Lacking, match="no codes left"):
        await shop.request("voucher")
    await shop.step("cancel", given[0].id)
    with pytest.raises(Lacking, match="no codes left"):
        await shop.request("voucher")
    assert await shop.agrees()


async def test_a_code_waits_for_whoever_asked_first(shop: Shop) -> None:
    await shop.upload("course", "A")
    first = (await shop.request("course")).redemption
    with pytest.raises(Lacking, match="no codes left"):
        await shop.request("course", "bob")
    done = (await shop.step("approve", first.id)).redemption
    assert (done.status, done.code) == ("fulfilled", "A")


async def test_codes_stand_in_their_table_alone(shop: Shop) -> None:
    await shop.upload("voucher", "TOP-SECRET-1")
    await shop.request("voucher")
    rows = shop.host.stored_rows()
    assert "TOP-SECRET-1" in str(rows.pop("engage_code"))
    assert "TOP-SECRET-1" not in str(rows)


async def test_codes_are_for_rewards_that_hand_them_out(shop: Shop) -> None:
    with pytest.raises(InvalidRequest, match="no codes"):
        await shop.upload("mug", "A")
    with pytest.raises(NotFound):
        await shop.upload("car", "A")
    for code in ("", "x" * 256):
        with pytest.raises(InvalidRequest, match=r"codes\[0\]"):
            await shop.upload("voucher", code)
    with pytest.raises(InvalidRequest):
        await shop.upload("voucher")
    assert shop.host.count("code") == 0


# --- many at once -------------------------------------------------------------------------------------------


async def _all(calls: list[Any]) -> list[Any]:
    return await asyncio.gather(*calls, return_exceptions=True)


async def test_64_at_once_cannot_buy_more_than_there_is(shop: Shop, place: Place) -> None:
    """20 seats, 5 codes, and 100 points each: from two processes' connections."""
    other = await Database.open(place.url)
    try:
        people = [f"p{n}" for n in range(32)]
        await shop.host.send(*(shop.host.track(who) for who in people))
        await shop.upload("voucher", *(f"code-{n}" for n in range(5)))
        rival = Shop(Host(other, place, shop.host.now))
        asked = [
            (shop if n % 2 else rival).request("seat", who, key=f"seat-{n}")
            for n, who in enumerate(people * 2)
        ]
        seats = await _all(asked)
        bought = [one for one in seats if isinstance(one, Redeemed)]
        assert len(bought) == 20
        assert {str(one) for one in seats if not isinstance(one, Redeemed)} == {"out of stock"}
        asked = [
            (shop if n % 2 else rival).request("voucher", who, key=f"voucher-{n}")
            for n, who in enumerate(people * 2)
        ]
        vouchers = await _all(asked)
        codes = [one.redemption.code for one in vouchers if isinstance(one, Redeemed)]
        assert sorted(codes) == [f"code-{n}" for n in range(5)]
        mine = await _all([shop.request("jacket", "ann", key=f"j{n}") for n in range(32)])
        assert sum(isinstance(one, Redeemed) for one in mine) == 1
        assert await shop.purse() == (20, 80, 0)
        steps = await _all(
            [shop.step("approve", bought[0].redemption.id) for _ in range(8)]
            + [rival.step("cancel", bought[0].redemption.id) for _ in range(8)]
        )
        assert sum(isinstance(one, Redeemed) for one in steps) in (1, 2), "approved once, cancelled once"
    finally:
        await other.close()
    assert await shop.agrees()
    kinds = [one.entry.kind for one in await shop.host.log()]
    assert kinds.count(Kind.REDEMPTION) >= 26
