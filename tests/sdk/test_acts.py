"""What people do by hand, in the fake: gifts, adjustments that wait for a second person, messages seen."""

from __future__ import annotations

import pytest
from engage_sdk import Client, ConflictError, NotFoundError
from engage_sdk.testing import FakeEngage


@pytest.fixture
def fake() -> FakeEngage:
    fake = FakeEngage()
    for name in ("ann", "bob"):
        fake.set_member("acme", name, balances={"points": 10})
    fake.set_allowance("acme", "points", 30)
    return fake


def points(client: Client, member: str) -> tuple[int, int]:
    balance = client.members.get("acme", member).balances["points"]
    return balance.active, balance.earned


def test_a_gift_leaves_the_allowance_and_is_not_earned(fake: FakeEngage) -> None:
    client = fake.client()
    gift = client.members.give("acme", "ann", to="bob", currency="points", amount=20, message="thanks")
    assert (gift.giver, gift.to, gift.amount, gift.left) == ("ann", "bob", 20, 10)
    assert (points(client, "ann"), points(client, "bob")) == ((10, 0), (30, 0))
    [received] = client.members.transfers("acme", "bob")
    assert (received.kind, received.colleague, received.message) == ("gift", "ann", "thanks")
    with pytest.raises(ConflictError) as caught:
        client.members.give("acme", "ann", to="bob", currency="points", amount=11)
    assert caught.value.code == "lacking"
    for wrong in ({"to": "ann", "currency": "points"}, {"to": "bob", "currency": "gems"}):
        with pytest.raises(ConflictError):
            client.members.give("acme", "ann", amount=1, **wrong)
    with pytest.raises(NotFoundError):
        client.members.give("acme", "ann", to="nobody", currency="points", amount=1)


def test_an_adjustment_above_the_limit_waits_for_a_second_person(fake: FakeEngage) -> None:
    fake.set_approval("acme", 50)
    client = fake.client()
    asked = {"currency": "points", "reason": "a mistake of ours", "actor": "robin"}
    assert client.members.adjust("acme", "ann", amount=50, **asked).status == "done"
    waiting = client.members.adjust("acme", "ann", amount=-51, **asked)
    assert (waiting.status, points(client, "ann")) == ("requested", (60, 0))
    [found] = client.adjustments.list("acme")
    assert (found.id, found.member, found.amount, found.actor) == (waiting.id, "ann", -51, "robin")
    with pytest.raises(ConflictError):
        client.adjustments.approve("acme", found.id, reason="looked at it", actor="robin")
    done = client.adjustments.approve("acme", found.id, reason="looked at it", actor="kim")
    assert (done.status, points(client, "ann")) == ("done", (9, 0))
    with pytest.raises(ConflictError) as caught:
        client.adjustments.decline("acme", found.id, reason="no", actor="kim")
    assert caught.value.code == "wrong_step"
    other = client.members.adjust("acme", "bob", amount=80, **asked)
    assert client.adjustments.decline("acme", other.id, reason="no").status == "declined"
    assert points(client, "bob") == (10, 0)
    assert [one.settled_by for one in client.adjustments.list("acme", status="done")] == ["kim"]
    with pytest.raises(NotFoundError):
        client.adjustments.approve("acme", "999", reason="which one")


def test_a_message_is_unseen_until_it_is_opened(fake: FakeEngage) -> None:
    fake.send_nudge("acme", "ann", "welcome", "Welcome.")
    client = fake.client()
    [nudge] = client.members.get("acme", "ann").nudges
    assert (nudge.id, nudge.text, nudge.opened) == ("welcome", "Welcome.", False)
    seen = client.members.open_nudge("acme", "ann", "welcome")
    assert client.members.open_nudge("acme", "ann", "welcome") == seen
    assert client.members.get("acme", "ann").nudges == (seen,)
    with pytest.raises(NotFoundError):
        client.members.open_nudge("acme", "bob", "welcome")


def test_who_is_erased_is_not_known_any_more(fake: FakeEngage) -> None:
    client = fake.client()
    client.track("ann", "Report Exported", company="acme")
    client.flush()
    rehearsed = client.members.erase("acme", "ann", dry_run=True)
    assert (rehearsed.id, rehearsed.entries, points(client, "ann")[0]) == (None, 1, 10)
    done = client.members.erase("acme", "ann", actor="robin", idempotency_key="k")
    assert done.id is not None
    assert client.members.erase("acme", "ann", idempotency_key="k") == done
    for asked in (client.members.get, client.members.erase):
        with pytest.raises(NotFoundError):
            asked("acme", "ann")
    assert [one.id for one in client.members.list("acme")] == ["bob"]
