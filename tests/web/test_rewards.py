"""Rewards over HTTP: what is there and what is missing, every step, and the answers to a wrong one."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from engage_sdk import models

from tests.web.conftest import PROGRAM, Running

ACME = "/v1/companies/acme"
REWARDS = (
    PROGRAM
    + """
redemptions: {approval_above: 10}
rewards:
  - {id: mug, cost: 10, stock: 3, description: With a handle., limits: [{per: member, window: day, count: 2}]}
  - {id: jacket, cost: 20}
  - {id: voucher, cost: 5, codes: true}
  - {id: dinner, cost: 500, level: silver, from: 2000-01-01, until: 2000-12-31}
"""
)


@pytest.fixture
async def shop(running: Running) -> Running:
    await running.publish(REWARDS)
    await running.track()
    await running.track()
    return running


async def post(running: Running, path: str, body: dict[str, Any], status: int, key: str = "") -> Any:
    headers = {"idempotency-key": key} if key else {}
    answer = await running.server.post(f"{ACME}/{path}", json=body, headers=headers)
    assert answer.status_code == status, answer.text
    return answer.json()


async def get(running: Running, path: str) -> Any:
    answer = await running.server.get(f"{ACME}/{path}")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_the_catalogue_tells_what_a_member_lacks(shop: Running) -> None:
    mug, jacket, voucher, dinner = (await get(shop, "rewards"))["data"]
    assert mug == {
        "id": "mug",
        "name": "Mug",
        "cost": {"currency": "points", "amount": 10},
        "needs_approval": False,
        "description": "With a handle.",
        "limits": [{"per": "member", "window": "day", "count": 2}],
        "stock": 3,
        "stock_left": 3,
    }
    assert (jacket["needs_approval"], voucher["codes_left"]) == (True, 0)
    assert (dinner["from"], dinner["until"]) == ("2000-01-01", "2000-12-31")
    read = models.decode(models.Reward, dinner)
    assert (read.cost, str(read.from_day), read.lacks) == (models.Cost("points", 500), "2000-01-01", None)
    lacking = {one["id"]: one["lacks"] for one in (await get(shop, "rewards?member=emp-1"))["data"]}
    assert lacking["mug"] == lacking["jacket"] == []
    assert lacking["voucher"] == [{"code": "codes", "text": "no codes left"}]
    assert lacking["dinner"] == [
        {"code": "over", "text": "was available until 2000-12-31", "day": "2000-12-31"},
        {
            "code": "level",
            "text": "level Silver needed: 10 earned points to go",
            "missing": 10,
            "currency": "points",
            "level": "silver",
        },
        {"code": "balance", "text": "480 points short", "missing": 480, "currency": "points"},
    ]
    refused = await post(shop, "members/emp-1/redemptions", {"reward": "dinner"}, 409)
    assert refused["code"] == "lacking"
    assert [{k: v for k, v in one.items() if k != "message"} for one in refused["errors"]] == lacking[
        "dinner"
    ]
    assert (await shop.server.get(f"{ACME}/rewards?member=nobody")).status_code == 404


async def test_a_redemption_from_the_request_to_the_refund(shop: Running) -> None:
    asked = await post(
        shop, "members/emp-1/redemptions", {"reward": "jacket", "actor": "emp-1"}, 201, key="once"
    )
    again = await post(
        shop, "members/emp-1/redemptions", {"reward": "jacket", "actor": "emp-1"}, 201, key="once"
    )
    assert asked == again
    assert (asked["status"], asked["member"], asked["allowed"]) == ("held", "emp-1", ["approve", "cancel"])
    member = await get(shop, "members/emp-1")
    assert {k: member["balances"]["points"][k] for k in ("active", "held", "spent")} == {
        "active": 0,
        "held": 20,
        "spent": 0,
    }
    assert member["redemptions"] == [
        {"id": asked["id"], "reward": "jacket", "status": "held", "currency": "points", "amount": 20}
    ]
    assert (await get(shop, "redemptions?status=held"))["data"] == [asked]
    path = f"redemptions/{asked['id']}"
    wrong = await post(shop, f"{path}/fulfil", {"reason": "here you are"}, 409)
    assert (wrong["code"], wrong["errors"][0]["status"], wrong["errors"][0]["allowed"]) == (
        "wrong_step",
        "held",
        ["approve", "cancel"],
    )
    assert (await post(shop, f"{path}/approve", {}, 400))["code"] == "invalid_request"
    await post(shop, f"{path}/approve", {"reason": "deserved", "actor": "robin"}, 200, key="a")
    approved = await post(shop, f"{path}/approve", {"reason": "deserved", "actor": "robin"}, 200, key="a")
    assert (approved["status"], approved["steps"][1]["actor"]) == ("approved", "robin")
    assert (await post(shop, f"{path}/fulfil", {"reason": "here"}, 200))["allowed"] == ["cancel"]
    done = await post(shop, f"{path}/cancel", {"reason": "did not fit"}, 200)
    assert (done["status"], done["allowed"]) == ("cancelled", [])
    assert await get(shop, path) == done
    read = models.decode(models.Redemption, done)
    assert (read.status, [step.actor for step in read.steps][:2]) == ("cancelled", ["emp-1", "robin"])
    assert (await get(shop, "members/emp-1/redemptions"))["data"] == [done]
    moved = (await get(shop, "members/emp-1/transfers"))["data"]
    assert [(one["amount"], one["from"], one["to"]) for one in moved if one["kind"] == "redemption"] == [
        (20, "spent", "active"),
        (-20, "held", "spent"),
        (-20, "active", "held"),
    ]
    assert {one["redemption"] for one in moved if one["kind"] == "redemption"} == {asked["id"]}
    balance = (await get(shop, "members/emp-1"))["balances"]["points"]
    assert (balance["active"], balance["held"], balance["spent"]) == (20, 0, 0)


async def test_codes_are_uploaded_counted_and_shown_to_whom_they_belong(shop: Running) -> None:
    uploaded = await post(shop, "rewards/voucher/codes", {"codes": ["A-1", "A-2", "A-1"]}, 200)
    assert uploaded == {"added": 2, "known": 1, "left": 2}
    done = await post(shop, "members/emp-1/redemptions", {"reward": "voucher"}, 201)
    assert (done["status"], done["code"], done["steps"][1]["actor"]) == ("fulfilled", "A-1", "engage")
    assert [one.get("codes_left") for one in (await get(shop, "rewards"))["data"]] == [None, None, 1, None]
    for codes in ([], [""], ["x" * 256]):
        await post(shop, "rewards/voucher/codes", {"codes": codes}, 400)


async def test_a_list_is_read_page_by_page(shop: Running) -> None:
    for _ in range(3):
        await shop.track()
    for reward in ("mug", "jacket", "mug"):
        await post(shop, "members/emp-1/redemptions", {"reward": reward}, 201)
    first = await get(shop, "redemptions?limit=2")
    second = await get(shop, f"redemptions?limit=2&cursor={first['next_cursor']}")
    assert [one["reward"] for one in first["data"] + second["data"]] == ["mug", "jacket", "mug"]
    assert second["next_cursor"] is None
    assert [one["reward"] for one in (await get(shop, "redemptions?status=approved"))["data"]] == [
        "mug",
        "mug",
    ]
    assert (await shop.server.get(f"{ACME}/redemptions?status=lost")).status_code == 400


@pytest.mark.parametrize("id", ["0", "77", "x", "1e3", "٣", "9" * 30])
async def test_what_is_no_redemption_is_not_found(shop: Running, id: str) -> None:
    assert (await shop.server.get(f"{ACME}/redemptions/{id}")).status_code == 404
    answer: httpx.Response = await shop.server.post(
        f"{ACME}/redemptions/{id}/approve", json={"reason": "because"}
    )
    assert answer.status_code == 404


async def test_rewards_are_for_server_keys(shop: Running) -> None:
    for path in ("rewards", "redemptions", "redemptions/1", "members/emp-1/redemptions"):
        for client in (shop.report, shop.write):
            assert (await client.get(f"{ACME}/{path}")).status_code == 403


async def test_without_a_program_there_are_no_rewards(running: Running) -> None:
    await running.track()
    assert await get(running, "rewards") == {"data": []}


async def test_a_gift_is_shown_to_both(running: Running) -> None:
    await running.publish(REWARDS + "giving: [{currency: points, window: day, allowance: 20, to_one: 15}]\n")
    await running.track()
    await running.track(userId="emp-2")
    body = {
        "to": "emp-2",
        "amount": 15,
        "currency": "points",
        "message": "For the weekend.",
        "actor": "emp-1",
    }
    given = await post(running, "members/emp-1/gifts", body, 201, key="g")
    assert given == await post(running, "members/emp-1/gifts", body, 201, key="g")
    assert {k: v for k, v in given.items() if k not in ("id", "at", "message")} == {
        "giver": "emp-1",
        "to": "emp-2",
        "currency": "points",
        "amount": 15,
        "left": 5,
    }
    assert models.decode(models.Gift, given).left == 5
    member = await get(running, "members/emp-1")
    allowance = member["giving"]["points"]
    assert (allowance["allowance"], allowance["window"], allowance["left"]) == (20, "day", 5)
    read = models.decode(models.Member, member)
    assert read.giving["points"].left == 5
    gifts = [one for one in (await get(running, "members/emp-2/transfers"))["data"] if one["kind"] == "gift"]
    assert [
        (one["amount"], one["from"], one["to"], one["colleague"], one["message"], one["actor"])
        for one in gifts
    ] == [(15, "transit", "active", "emp-1", "For the weekend.", "emp-1")]
    gifts = [one for one in (await get(running, "members/emp-1/transfers"))["data"] if one["kind"] == "gift"]
    assert [(one["amount"], one["from"], one["to"], one["colleague"]) for one in gifts] == [
        (15, "issued", "giving", "emp-2"),
        (-15, "giving", "transit", "emp-2"),
    ]
    refused = await post(running, "members/emp-1/gifts", {**body, "amount": 6}, 409)
    assert (refused["code"], [one["code"] for one in refused["errors"]]) == (
        "lacking",
        ["allowance", "to_one"],
    )
    await post(running, "members/emp-1/gifts", {**body, "to": "emp-1"}, 400)
    await post(running, "members/emp-1/gifts", {**body, "amount": 0}, 400)
    listed = (await get(running, "members"))["data"]
    assert [one["giving"]["points"]["left"] for one in listed] == [5, 20]


async def test_a_large_adjustment_waits_for_a_second_person(running: Running) -> None:
    await running.publish(REWARDS + "adjustments: {approval_above: 100}\n")
    await running.track()
    body = {"currency": "points", "amount": 101, "reason": "moved", "actor": "ann"}
    asked = await post(running, "members/emp-1/adjustments", body, 201)
    assert (asked["status"], asked["balance"]["active"]) == ("requested", 10)
    [waiting] = (await get(running, "adjustments"))["data"]
    assert (waiting["id"], waiting["member"], waiting["amount"], waiting["actor"]) == (
        asked["id"],
        "emp-1",
        101,
        "ann",
    )
    path = f"adjustments/{asked['id']}"
    await post(running, f"{path}/approve", {"reason": "checked", "actor": "ann"}, 409)
    done = await post(running, f"{path}/approve", {"reason": "checked", "actor": "bob"}, 200, key="k")
    assert (done["status"], done["balance"]["active"]) == ("done", 111)
    assert done == await post(running, f"{path}/approve", {"reason": "checked", "actor": "bob"}, 200, key="k")
    assert (await post(running, f"{path}/decline", {"reason": "late"}, 409))["code"] == "wrong_step"
    [settled] = (await get(running, "adjustments?status=done"))["data"]
    assert (settled["settled_by"], settled["settled_for"]) == ("bob", "checked")
    assert (await get(running, "adjustments"))["data"] == []
    await post(running, "adjustments/x/approve", {"reason": "checked"}, 404)
