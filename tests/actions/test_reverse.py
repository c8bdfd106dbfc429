"""Undoing an event: exactly its own effects, once, whatever happened since, and the same again in a replay."""

from __future__ import annotations

import pytest

from engage.actions import history
from engage.core.call import Call
from engage.core.event import Kind
from engage.errors import Conflict, NotFound
from tests.actions.host import DAY, PROGRAM, Host


def deal(host: Host, id: str, member: str = "ann", value: int = 1000) -> Call:
    return host.track(member, "Deal Won", messageId=id, properties={"value": value})


async def test_an_event_cannot_take_the_key_of_a_correction(host: Host) -> None:
    """A write key is public: whoever has it must not be able to block a correction by naming its key."""
    await host.publish()
    await host.send(host.track("ann", messageId="x"))
    (entry,) = [stored.entry for stored in await host.log() if stored.entry.kind == Kind.TRACK]
    forged = [
        host.track("eve", "Page Clicked", messageId=id, trusted=False)
        for id in (f"reversal:{entry.seq}", "adjustment:gift")
    ]
    assert [outcome.status for outcome in await host.send(*forged)] == ["ok", "ok"]
    assert (await host.reverse("x")).effects[0]["amount"] == -10
    assert not (await host.adjust("ann", 5, "gift")).repeated
    await host.send(host.track("ann", messageId="adjustment:other"))
    assert not (await host.adjust("ann", 5, "other")).repeated
    assert (await host.reverse("adjustment:other")).effects[0]["amount"] == -10
    assert (await host.verify()).difference is None


async def test_a_reversal_takes_back_points_badge_and_level(host: Host) -> None:
    await host.publish()
    await host.send(host.track("ann"), deal(host, "x"))
    reversal = await host.reverse("x")
    assert reversal.effects == [
        {"type": "award", "currency": "points", "amount": -50, "rule": "deal"},
        {"type": "award", "currency": "gems", "amount": -7, "rule": "deal"},
        {"type": "badge", "badge": "closer"},
        {"type": "level", "level": "bronze"},
    ]
    member = await host.member("ann")
    assert member is not None
    assert (member.level, member.badges, member.wallets["points"].active) == ("bronze", {}, 10)
    assert member.events == 2
    company = await host.company()
    assert company.levels == {"bronze": 1}
    assert (await host.verify()).difference is None


async def test_what_followed_is_not_read_where_no_launch_can_have_counted_the_event(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    await host.publish()
    await host.send(deal(host, "x"), *(host.track("ann") for _ in range(3)))

    async def read(*_: object) -> None:
        raise AssertionError("what a member did since may be years of events")

    monkeypatch.setattr(history, "load_past", read)
    assert (await host.reverse("x")).effects
    assert (await host.verify()).difference is None


async def test_a_reversal_gives_back_the_share_of_a_limit(host: Host) -> None:
    await host.publish()
    await host.send(deal(host, "a"), deal(host, "b"), deal(host, "c"))
    assert await host.balance("ann") == 100
    await host.reverse("a")
    await host.send(deal(host, "d"), deal(host, "e"))
    assert await host.balance("ann") == 100
    assert (await host.verify()).difference is None


async def test_an_event_is_reversed_once(host: Host) -> None:
    await host.publish()
    await host.send(host.track("ann", messageId="x"))
    await host.reverse("x", key="k")
    for key in ("", "other"):
        with pytest.raises(Conflict, match="reversed before"):
            await host.reverse("x", key=key)
    assert await host.balance("ann") == 0


async def test_a_retry_under_the_same_key_is_told_what_was_done(host: Host) -> None:
    await host.publish()
    await host.send(host.track("ann", messageId="x"))
    first = await host.reverse("x", key="k")
    rows = host.stored_rows()
    host.now += 40 * DAY
    assert await host.reverse("x", key="k") == first
    assert host.stored_rows() == rows


async def test_a_reversed_message_sent_again_stays_reversed(host: Host) -> None:
    await host.publish()
    await host.send(host.track("ann", messageId="x"))
    await host.reverse("x")
    (outcome,) = await host.send(host.track("ann", messageId="x"))
    assert outcome.status == "duplicate"
    assert await host.balance("ann") == 0


async def test_what_is_not_there_cannot_be_reversed(host: Host) -> None:
    await host.publish()
    await host.send(host.track("ann", messageId="x"), host.visit("v", messageId="held"))
    for message_id, company in (("y", "acme"), ("x", "beta"), ("", "acme"), ("held", "acme"), ("x", "")):
        with pytest.raises(NotFound):
            await host.reverse(message_id, company)


async def test_only_an_event_can_be_reversed(host: Host) -> None:
    await host.publish()
    await host.send(
        host.call("identify", "ann", groupId="acme", messageId="i"),
        host.call("group", "ann", groupId="acme", messageId="g"),
        host.call("page", "ann", groupId="acme", messageId="p"),
    )
    for message_id in ("i", "g", "p"):
        with pytest.raises(Conflict, match="not an event"):
            await host.reverse(message_id)
    assert await host.rejects() == []


async def test_an_event_that_did_nothing_can_be_reversed_into_nothing(host: Host) -> None:
    await host.send(host.track("ann", messageId="early"))
    await host.publish()
    await host.send(host.track("ann", "Undeclared", messageId="u"), deal(host, "small", value=1))
    for message_id in ("early", "u", "small"):
        assert (await host.reverse(message_id)).effects == []
    assert (await host.verify()).difference is None


async def test_spent_points_become_a_debt_only_where_the_program_allows_it(host: Host) -> None:
    await host.publish()
    await host.send(deal(host, "x"))
    await host.adjust("ann", -30, "spent")
    await host.adjust("ann", -5, "gems", currency="gems")
    effects = (await host.reverse("x")).effects
    assert [effect.get("amount") for effect in effects[:2]] == [-20, -7]
    assert await host.balance("ann") == 0
    assert await host.balance("ann", currency="gems") == -5
    assert (await host.verify()).difference is None


async def test_new_points_pay_a_debt_first(host: Host) -> None:
    await host.publish()
    await host.send(deal(host, "x"))
    await host.adjust("ann", -5, "gems", currency="gems")
    await host.reverse("x")
    await host.send(deal(host, "y"))
    member = await host.member("ann")
    assert member is not None
    assert (member.wallets["gems"].active, member.wallets["gems"].lots) == (2, [(0, 2)])
    assert (await host.verify()).difference is None


async def test_an_event_decided_by_an_older_program_is_reversed_by_that_one(host: Host) -> None:
    await host.publish()
    await host.send(deal(host, "x"))
    await host.publish("""
name: Others
currencies: {coins: {}}
events: {Deal Won: {}}
rules: [{id: deal, trigger: Deal Won, effects: [{award: 3}]}]
""")
    assert [effect.get("amount") for effect in (await host.reverse("x")).effects[:2]] == [-50, -7]
    assert await host.balance("ann") == 0
    assert (await host.verify()).difference is None


async def test_a_released_event_can_be_reversed_by_its_id(host: Host) -> None:
    await host.publish(PROGRAM)
    await host.send(host.visit("v", messageId="x"))
    await host.send(host.call("identify", "ann", groupId="acme", anonymousId="v"))
    assert (await host.reverse("x")).effects[0]["amount"] == -10
    assert (await host.verify()).difference is None
