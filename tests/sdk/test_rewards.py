"""Rewards through the client: what is asked, how answers are read, and that the fake keeps the same steps."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from engage_sdk import Client, ConflictError, InvalidArgument, InvalidRequestError, NotFoundError, models
from engage_sdk.testing import FakeEngage

REDEMPTION = {
    "id": "7",
    "member": "ann",
    "reward": "mug",
    "status": "held",
    "cost": {"currency": "points", "amount": 30},
    "requested_at": "2026-11-22T09:00:00Z",
    "allowed": ["approve", "cancel"],
    "steps": [{"step": "request", "at": "2026-11-22T09:00:00Z", "actor": "ann"}],
    "code": "TOP-SECRET",
}


@pytest.fixture
def fake() -> FakeEngage:
    fake = FakeEngage()
    fake.set_member("acme", "ann", balances={"points": 100})
    fake.set_reward("acme", "mug", cost=30, stock=2)
    fake.set_reward("acme", "jacket", cost=80, needs_approval=True)
    fake.set_reward("acme", "voucher", cost=10, codes=["A", "B"])
    return fake


def purse(client: Client) -> tuple[int, int, int]:
    balance = client.members.get("acme", "ann").balances["points"]
    return balance.active, balance.held, balance.spent


def test_what_is_asked_and_how_it_is_read(service: Any) -> None:
    for answer in (REDEMPTION, REDEMPTION, {"data": [REDEMPTION], "next_cursor": None}):
        service.answer(200, answer)
    with Client(service.url, key="k") as client:
        asked = client.redemptions.request("a/b", "ann", "mug", actor="ann", idempotency_key="once")
        client.redemptions.cancel("acme", "7", reason="too late")
        assert [one.id for one in client.redemptions.list("acme", status="held", page_size=5)] == ["7"]
    assert asked.cost == models.Cost("points", 30)
    assert asked.requested_at == datetime(2026, 11, 22, 9, tzinfo=UTC)
    assert (asked.steps[0].step, asked.allowed, asked.code) == (
        "request",
        ("approve", "cancel"),
        "TOP-SECRET",
    )
    assert "TOP-SECRET" not in repr(asked)
    first, second, third = service.requests
    assert (first.path, first.headers["idempotency-key"]) == (
        "/v1/companies/a%2Fb/members/ann/redemptions",
        "once",
    )
    assert first.document == {"reward": "mug", "actor": "ann"}
    assert (second.path, second.document) == (
        "/v1/companies/acme/redemptions/7/cancel",
        {"reason": "too late"},
    )
    assert third.path == "/v1/companies/acme/redemptions?status=held&limit=5"


def test_a_reason_and_a_reward_are_needed() -> None:
    client = Client("http://127.0.0.1:1", key="k")
    with pytest.raises(InvalidArgument):
        client.redemptions.approve("acme", "7", reason="")
    with pytest.raises(InvalidArgument):
        client.redemptions.request("acme", "ann", "")


def test_the_catalogue_is_read_with_what_is_missing(service: Any) -> None:
    lack = {"code": "balance", "text": "20 points short", "missing": 20, "currency": "points"}
    reward = {"id": "mug", "name": "Mug", "cost": REDEMPTION["cost"], "from": "2026-12-01", "lacks": [lack]}
    service.answer(200, {"data": [reward, {**reward, "lacks": None}]})
    with Client(service.url, key="k") as client:
        found, other = client.rewards.list("acme", member="ann")
    assert found.lacks == (models.Lack("balance", "20 points short", 20, "points"),)
    assert (found.from_day, found.stock_left, other.lacks) == (date(2026, 12, 1), None, None)
    assert service.requests[0].path == "/v1/companies/acme/rewards?member=ann"


def test_the_fake_holds_spends_and_gives_back(fake: FakeEngage) -> None:
    client = fake.client()
    asked = client.redemptions.request("acme", "ann", "jacket")
    assert (asked.status, purse(client)) == ("held", (20, 80, 0))
    with pytest.raises(ConflictError) as caught:
        client.redemptions.fulfil("acme", asked.id, reason="here")
    assert caught.value.code == "wrong_step"
    client.redemptions.approve("acme", asked.id, reason="deserved", actor="robin")
    done = client.redemptions.fulfil("acme", asked.id, reason="here")
    assert ([step.step for step in done.steps], purse(client)) == (
        ["request", "approve", "fulfil"],
        (20, 0, 80),
    )
    client.redemptions.cancel("acme", asked.id, reason="did not fit")
    assert purse(client) == (100, 0, 0)
    assert client.redemptions.get("acme", asked.id).status == "cancelled"
    assert [one.redemption for one in client.members.transfers("acme", "ann")] == [asked.id, asked.id]
    assert client.members.get("acme", "ann").balances["points"].earned == 0


def test_the_fake_says_what_is_missing(fake: FakeEngage) -> None:
    client = fake.client()
    client.redemptions.request("acme", "ann", "jacket")
    with pytest.raises(ConflictError) as caught:
        client.redemptions.request("acme", "ann", "mug")
    assert (caught.value.code, caught.value.errors[0]["missing"]) == ("lacking", 10)
    mug = client.rewards.list("acme", member="ann")[0]
    assert mug.lacks is not None
    assert (mug.lacks[0].text, mug.stock_left) == ("10 points short", 2)
    with pytest.raises(InvalidRequestError):
        client.redemptions.request("acme", "ann", "car")
    with pytest.raises(NotFoundError):
        client.redemptions.get("acme", "99")


def test_the_fake_hands_out_each_code_once(fake: FakeEngage) -> None:
    client = fake.client()
    given = [client.redemptions.request("acme", "ann", "voucher").code for _ in range(2)]
    assert given == ["A", "B"]
    with pytest.raises(ConflictError, match="no codes left"):
        client.redemptions.request("acme", "ann", "voucher")
    assert client.rewards.upload_codes("acme", "voucher", ["B", "C"]) == models.CodesUploaded(1, 1, 1)
    assert [one.code for one in client.redemptions.list("acme", member="ann", page_size=1)] == ["B", "A"]


def test_a_gift_is_asked_for_and_read(service: Any) -> None:
    answer = {
        "id": "9",
        "giver": "ann",
        "to": "bob",
        "currency": "points",
        "amount": 5,
        "message": "Hm",
        "left": 3,
    }
    service.answer(201, answer)
    with Client(service.url, key="k") as client:
        done = client.members.give("acme", "ann", to="bob", currency="points", amount=5, message="Hm")
    assert (done.left, "Hm" in repr(done)) == (3, False)
    assert (service.requests[0].path, service.requests[0].document) == (
        "/v1/companies/acme/members/ann/gifts",
        {"to": "bob", "currency": "points", "amount": 5, "message": "Hm"},
    )


def test_a_second_person_settles_an_adjustment(service: Any) -> None:
    waiting = {"id": "5", "member": "ann", "currency": "points", "amount": 500, "status": "requested"}
    service.answer(200, {"data": [waiting], "next_cursor": None})
    service.answer(200, {"id": "5", "currency": "points", "amount": 500, "status": "done"})
    with Client(service.url, key="k") as client:
        [found] = client.adjustments.list("acme")
        done = client.adjustments.approve("acme", found.id, reason="checked", actor="bob")
    assert (found.member, done.status) == ("ann", "done")
    assert service.requests[1].path == "/v1/companies/acme/adjustments/5/approve"
    assert service.requests[1].document == {"reason": "checked", "actor": "bob"}
