"""What waits for an identity or a company: released once, completely, in the order it happened."""

from __future__ import annotations

import pytest

from engage.actions import ingest
from tests.actions.host import HOUR, MINUTE, NOON, Host, iso


def statuses(outcomes: list[ingest.Outcome]) -> list[str]:
    return [outcome.status for outcome in outcomes]


def reasons(outcomes: list[ingest.Outcome]) -> list[str]:
    return [outcome.reason.code if outcome.reason else "" for outcome in outcomes]


@pytest.mark.parametrize("opener", ["group", "identify", "track"])
@pytest.mark.parametrize("together", [True, False])
async def test_who_is_known_nowhere_waits_for_the_first_call_in_a_company(
    host: Host, opener: str, together: bool
) -> None:
    await host.publish()
    waiting = [host.track("ann", company=None), host.track("ann", company=None)]
    opening = host.call(opener, "ann", event="Deal Won", groupId="acme")
    if together:
        outcomes = await host.send(*waiting, opening)
    else:
        outcomes = await host.send(*waiting)
        assert host.count("held") == 2
        outcomes += await host.send(opening)
    assert statuses(outcomes) == ["ok"] * 3
    assert reasons(outcomes)[:2] == ["held_unattributed"] * 2
    assert host.count("held") == 0
    assert await host.balance("ann") == 20


async def test_what_is_held_earns_nothing_and_is_in_no_log(host: Host) -> None:
    await host.publish()
    outcomes = await host.send(host.visit("v1"), host.visit("v1", company="acme"))
    assert reasons(outcomes) == ["held_anonymous"] * 2
    assert [outcome.effects for outcome in outcomes] == [[], []]
    assert host.count("entry") == 0


@pytest.mark.parametrize("verb", ["identify", "alias"])
@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize("company", ["", "acme"])
async def test_a_visitors_events_are_released_in_their_order(
    host: Host, verb: str, together: bool, company: str
) -> None:
    await host.publish()
    names = [f"Step {n}" for n in range(12)]
    visits = [host.visit("v1", name, company) for name in names]
    who = {"anonymousId": "v1"} if verb == "identify" else {"previousId": "v1"}
    known = host.call(verb, "ann", groupId="acme", **who)
    if together:
        await host.send(*visits, known)
    else:
        await host.send(*visits)
        await host.send(known)
    assert await host.names() == names
    assert host.count("held") == 0
    assert (await host.verify()).difference is None


async def test_released_events_are_ordered_by_their_time_not_by_their_arrival(host: Host) -> None:
    late = host.visit("v1", "second", timestamp=iso(NOON - MINUTE))
    early = host.visit("v1", "first", "acme", timestamp=iso(NOON - HOUR))
    await host.send(late)
    await host.send(early)
    await host.send(host.call("identify", "ann", groupId="acme", anonymousId="v1"))
    assert await host.names() == ["first", "second"]


@pytest.mark.parametrize("pieces", [1, 2, 3])
async def test_visit_then_identify_then_group_loses_nothing(host: Host, pieces: int) -> None:
    """What Segment's browser client sends: the identify names no company, only the group call after it does."""
    await host.publish()
    calls = [
        host.visit("v1"),
        host.call("identify", "ann", anonymousId="v1", traits={"role": "chief"}),
        host.call("group", "ann", anonymousId="v1", groupId="acme"),
    ]
    if pieces == 1:
        await host.send(*calls)
    elif pieces == 2:
        await host.send(*calls[:2])
        await host.send(calls[2])
    else:
        for call in calls:
            await host.send(call)
    assert await host.balance("ann") == 10
    assert host.count("held") == 0
    member = await host.member("ann")
    assert member is not None
    assert member.traits == {"role": "chief"}


async def test_what_a_visitor_does_after_the_release_waits_for_the_next_one(host: Host) -> None:
    """In one batch: what was held before is released, what comes later is held, and neither is lost."""
    await host.publish()
    await host.send(host.visit("v1"))
    identify = {"groupId": "acme", "anonymousId": "v1"}
    await host.send(host.call("identify", "ann", **identify), host.visit("v1"))
    assert await host.balance("ann") == 10
    assert host.count("held") == 1
    await host.send(host.call("identify", "ann", **identify))
    assert await host.balance("ann") == 20
    assert host.count("held") == 0


@pytest.mark.parametrize("company", ["", "acme"])
async def test_a_released_message_sent_again_is_a_duplicate(host: Host, company: str) -> None:
    await host.publish()
    visit = {"messageId": "x", "properties": {"a": 1}}
    await host.send(host.visit("v1", company=company, **visit))
    await host.send(host.call("identify", "ann", groupId="acme", anonymousId="v1"))
    outcomes = await host.send(host.visit("v1", company=company, **visit))
    assert (statuses(outcomes), reasons(outcomes)) == (["duplicate"], [""])
    assert host.count("held") == 0


async def test_a_message_released_into_one_company_is_never_released_into_another(host: Host) -> None:
    """An agency's person works for two: a retry that comes between the two must not count twice."""
    await host.publish()
    await host.send(host.visit("v1", messageId="x"))
    await host.send(host.call("identify", "ann", groupId="acme", anonymousId="v1"))
    await host.send(host.visit("v1", messageId="x"))
    await host.send(host.call("identify", "ann", groupId="beta", anonymousId="v1"))
    assert (await host.balance("ann", "acme"), await host.balance("ann", "beta")) == (10, 0)


async def test_a_batch_of_visit_and_identify_may_be_sent_again_and_again(host: Host) -> None:
    await host.publish()
    batch = [
        host.visit("v1"),
        host.call("identify", "ann", groupId="acme", anonymousId="v1"),
        host.visit("v1"),
        host.call("identify", "ann", groupId="beta", anonymousId="v1"),
    ]
    for _ in range(3):
        await host.send(*batch, batch[0], batch[2])
        assert (await host.balance("ann", "acme"), await host.balance("ann", "beta")) == (10, 10)
    assert await host.rejects() == []
    assert (await host.verify()).difference is None


async def test_another_visit_under_a_released_id_is_dropped_and_visible(host: Host) -> None:
    await host.publish()
    await host.send(host.visit("v1", messageId="x"), host.visit("v2", "Deal Won", messageId="x"))
    await host.send(host.call("identify", "ann", groupId="acme", anonymousId="v1"))
    (outcome,) = await host.send(host.visit("v1", "Page Clicked", messageId="x"))
    assert (outcome.status, reasons([outcome])) == ("duplicate", ["conflicting_duplicate"])
    await host.send(host.call("identify", "bob", groupId="beta", anonymousId="v2"))
    assert await host.rejects() == [("beta", "conflicting_duplicate"), (None, "conflicting_duplicate")]
    assert host.count("held") == 0


async def test_a_call_held_for_its_company_and_sent_again_after_is_a_plain_duplicate(host: Host) -> None:
    await host.publish()
    deal = {"messageId": "x", "properties": {"value": 2000, "customer": "Jane Roe"}}
    await host.send(host.track("ann", "Deal Won", None, **deal))
    await host.send(host.call("group", "ann", groupId="acme"))
    outcomes = await host.send(host.track("ann", "Deal Won", None, **deal))
    assert (statuses(outcomes), reasons(outcomes)) == (["duplicate"], [""])


async def test_no_more_than_the_bound_is_held_for_one_visitor(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingest, "HELD_PER_SUBJECT_MAX", 5)
    first = await host.send(*(host.visit("v1") for _ in range(3)))
    second = await host.send(*(host.visit("v1") for _ in range(4)), host.visit("v2"))
    assert statuses(first + second) == ["ok"] * 5 + ["rejected"] * 2 + ["ok"]
    assert host.count("held") == 6
    assert await host.rejects() == [(None, "held_full")] * 2


async def test_a_release_makes_room_for_more(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingest, "HELD_PER_SUBJECT_MAX", 2)
    await host.send(host.visit("v1"), host.visit("v1"))
    identify = host.call("identify", "ann", groupId="acme", anonymousId="v1")
    outcomes = await host.send(identify, host.visit("v1"), host.visit("v1"), host.visit("v1"))
    assert statuses(outcomes) == ["ok", "ok", "ok", "rejected"]
    assert host.count("held") == 2


async def test_a_visitor_of_one_company_is_not_released_into_another(host: Host) -> None:
    await host.publish()
    await host.send(host.visit("v1", company="acme"))
    await host.send(host.call("identify", "ann", groupId="beta", anonymousId="v1"))
    assert host.count("held") == 1
    assert await host.balance("ann", "beta") == 0


async def test_a_thousand_visitors_are_released_in_one_batch(host: Host) -> None:
    await host.publish()
    await host.send(*(host.visit(f"v{n}") for n in range(1000)))
    await host.send(
        *(host.call("identify", f"u{n}", groupId="acme", anonymousId=f"v{n}") for n in range(1000))
    )
    assert (host.count("held"), host.count("transfer")) == (0, 1000)


@pytest.mark.parametrize("member", ["ann", "mallory"])
async def test_an_identify_sent_again_releases_nothing_least_of_all_to_another_member(
    host: Host, member: str
) -> None:
    """The first call under a messageId counts, and the same again changes nothing."""
    await host.publish()
    said = {"groupId": "acme", "anonymousId": "v1", "messageId": "who"}
    await host.send(host.call("identify", "ann", **said))
    await host.send(host.visit("v1"))
    assert statuses(await host.send(host.call("identify", member, **said))) == ["duplicate"]
    assert (await host.names(), host.count("held")) == ([], 1)
    await host.send(host.call("identify", "ann", groupId="acme", anonymousId="v1"))
    assert (await host.balance("ann"), host.count("held")) == (10, 0)
