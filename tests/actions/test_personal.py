"""What a program declares personal is stored nowhere: the bytes of the file are searched for it."""

from __future__ import annotations

import pytest

from tests.actions.host import PROGRAM, Host


@pytest.mark.untouched
async def test_a_personal_property_is_nowhere_in_the_file(host: Host) -> None:
    """Neither in the log nor in a trait, nor in what waits, nor in what was refused."""
    await host.publish()
    secrets = [f"Jane Roe {n} of Secret Lane" for n in range(10)]

    def deal(n: int) -> dict[str, object]:
        return {"properties": {"value": 2000, "customer": secrets[n]}}

    await host.send(
        host.track("ann", "Deal Won", **deal(0)),
        host.call("identify", "ann", groupId="acme", traits={"phone": secrets[1], "Phone": secrets[2]}),
        host.call("group", "ann", groupId="acme", traits={"owner": secrets[3]}),
    )
    await host.send(host.visit("v1", "Deal Won", **deal(4)), host.visit("v2", "Deal Won", "acme", **deal(5)))
    await host.send(host.track("bob", "Deal Won", None, **deal(6)))
    await host.send(host.track("ann", messageId="x"), host.track("ann", "Deal Won", messageId="x", **deal(7)))
    await host.send(host.track("ann", company="beta"), host.track("ann", "Deal Won", None, **deal(8)))
    await host.send(host.call("identify", "", anonymousId="v3", traits={"phone": secrets[9]}))
    assert host.count("reject") == 2
    assert host.count("held") == 4
    stored = host.place.stored_bytes()
    assert b"Deal Won" in stored
    assert [secret for secret in secrets if secret.encode() in stored] == []
    await host.send(host.call("identify", "cat", anonymousId="v1", groupId="acme"))
    assert await host.balance("cat") == 50


@pytest.mark.untouched
async def test_a_companys_own_program_says_what_is_personal_in_it(host: Host) -> None:
    await host.publish(PROGRAM.replace(", personal: true", ""))
    await host.publish(PROGRAM, company="acme")
    said = {"properties": {"value": 2000, "customer": "Jane Roe of Secret Lane"}}
    await host.send(host.visit("v1", "Deal Won", "acme", **said), host.track("ann", "Deal Won", **said))
    await host.send(host.track("ann", messageId="x"), host.track("ann", "Deal Won", messageId="x", **said))
    assert (host.count("held"), host.count("reject")) == (1, 1)
    assert b"Jane Roe" not in host.place.stored_bytes()
    await host.send(host.track("bob", "Deal Won", company="beta", **said))
    assert b"Jane Roe" in host.place.stored_bytes(), "the search finds what is there"


async def test_a_retry_of_a_call_that_lost_its_personal_part_is_a_plain_duplicate(host: Host) -> None:
    await host.publish()
    said = {"messageId": "x", "properties": {"value": 2000, "customer": "Jane Roe"}}
    await host.send(host.track("ann", "Deal Won", None, **said))
    await host.send(host.call("group", "ann", groupId="acme"))
    (outcome,) = await host.send(host.track("ann", "Deal Won", None, **said))
    assert (outcome.status, outcome.reason) == ("duplicate", None)
    (outcome,) = await host.send(
        host.track("ann", "Deal Won", None, messageId="x", properties={"value": 2000})
    )
    assert outcome.reason is not None
    assert outcome.reason.code == "conflicting_duplicate"
