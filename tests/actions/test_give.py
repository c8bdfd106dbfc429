"""Giving on real databases: both sides or none, once per key, and never more than the allowance."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from engage.actions.give import Gift, give
from engage.core.ledger import TRANSIT
from engage.core.state import AMOUNT_MAX
from engage.errors import Conflict, InvalidRequest, Lacking, NotFound
from engage.store.database import Database
from tests.actions.host import DAY, Host
from tests.places import Place

GIVING = """
name: Giving
currencies: {points: {}, gems: {}}
events: {Report Exported: {}}
rules: [{id: export, trigger: Report Exported, effects: [{award: {currency: points, amount: 10}}]}]
giving: [{currency: points, window: week, allowance: 50, to_one: 30}]
"""


@pytest.fixture
async def team(host: Host) -> Host:
    await host.publish(GIVING)
    await host.send(*(host.track(who) for who in ("ann", "bob", "cid")))
    return host


async def gift(host: Host, amount: int, key: str, **changes: Any) -> Gift:
    asked: dict[str, Any] = {
        "company": "acme",
        "member": "ann",
        "to": "bob",
        "currency": "points",
        "amount": amount,
        "message": "Thank you for the weekend!",
        "actor": "ann",
        "idempotency_key": key,
        "now": host.now,
    }
    return await give(host.database, **(asked | changes))


async def test_a_gift_leaves_the_allowance_and_arrives(team: Host) -> None:
    done = await gift(team, 20, "k")
    assert (done.left, done.repeated) == (30, False)
    assert [await team.balance(who) for who in ("ann", "bob")] == [10, 30]
    bob = await team.member("bob")
    assert bob is not None
    assert bob.wallets["points"].earned == 10, "a gift counts toward no level"
    assert (await team.verify()).difference is None


async def test_the_same_key_again_gives_nothing_more(team: Host) -> None:
    first = await gift(team, 20, "k")
    rows = team.stored_rows()
    again = await gift(team, 20, "k")
    assert (again.seq, again.left, again.repeated) == (first.seq, 30, True)
    assert team.stored_rows() == rows
    for changed in ({"to": "cid"}, {"message": "Other"}, {"member": "cid"}, {"amount": 21}):
        with pytest.raises(Conflict, match="Idempotency-Key"):
            await gift(**{"host": team, "amount": 20, "key": "k", **changed})  # type: ignore[arg-type]


async def test_the_allowance_and_its_share_for_one_are_told(team: Host) -> None:
    await gift(team, 30, "a")
    with pytest.raises(Lacking, match="0 of 30 points left to give to this colleague; again from 2026-06-08"):
        await gift(team, 1, "b")
    with pytest.raises(Lacking) as told:
        await gift(team, 25, "c", to="cid")
    assert [(e["code"], e["missing"]) for e in told.value.errors] == [("allowance", 5)]
    team.now += 7 * DAY
    assert (await gift(team, 30, "d")).left == 20


async def test_what_cannot_be_given_is_refused(team: Host) -> None:
    for changed, error in (
        ({"to": "ann"}, InvalidRequest),
        ({"to": "eve"}, NotFound),
        ({"member": "eve"}, NotFound),
        ({"company": "beta"}, NotFound),
        ({"currency": "gems"}, InvalidRequest),
        ({"message": "x" * 501}, InvalidRequest),
        ({"amount": 0}, InvalidRequest),
        ({"amount": AMOUNT_MAX + 1}, InvalidRequest),
    ):
        with pytest.raises(error):
            await gift(**{"host": team, "amount": 1, "key": "k", **changed})  # type: ignore[arg-type]
    await team.adjust("bob", AMOUNT_MAX - 10, "rich")
    with pytest.raises(Conflict, match="'bob' would pass"):
        await gift(team, 1, "k")
    assert [await team.balance(who) for who in ("ann", "bob")] == [10, AMOUNT_MAX]
    ann = await team.member("ann")
    assert ann is not None
    assert ann.given == {}, "neither side without the other"


async def test_64_at_once_give_no_more_than_the_allowance(team: Host, place: Place) -> None:
    """Two processes, three pairs, and gifts back and forth."""
    other = await Database.open(place.url)
    try:
        rival = Host(other, place, team.now)
        calls = [
            gift((team, rival)[n % 2], 7, f"k{n}", member=giver, to=to)
            for n, (giver, to) in enumerate(
                [("ann", "bob"), ("ann", "cid"), ("bob", "ann"), ("cid", "bob")] * 16
            )
        ]
        done = await asyncio.gather(*calls, return_exceptions=True)
    finally:
        await other.close()
    assert {type(one) for one in done} == {Gift, Lacking}
    for giver, most in (("ann", 50), ("bob", 30), ("cid", 30)):
        member = await team.member(giver)
        assert member is not None
        given = member.given["points"]
        assert given.total == most // 7 * 7
        assert max(given.to.values()) <= 30
    assert sum(isinstance(one, Gift) for one in done) == 7 + 4 + 4
    assert (await team.verify()).difference is None


async def test_a_gift_that_did_not_arrive_is_found(team: Host) -> None:
    """A receiving half that is gone, as no commit leaves it."""
    await gift(team, 20, "k")
    team.tamper(f"DELETE FROM engage_transfer WHERE source = {TRANSIT}")
    difference = (await team.verify()).difference
    assert difference is not None


async def test_the_message_stands_with_the_gift_alone(team: Host) -> None:
    await gift(team, 20, "k", message="A private word")
    rows = team.stored_rows()
    assert str(rows.pop("engage_entry")).count("A private word") == 2
    assert "A private word" not in str(rows)
