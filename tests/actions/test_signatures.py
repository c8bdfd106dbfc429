"""Deliveries, verified by other people's libraries. Those of Node have `make verify-webhooks`."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
import standardwebhooks.webhooks
import svix.webhooks
from standardwebhooks.webhooks import WebhookVerificationError

from engage.actions import webhooks
from engage.actions.deliver import Answer, Courier
from engage.core.calendar import DAY
from engage.store.webhooks import EndpointRow
from tests.actions.host import MINUTE, Host
from tests.deliveries import Delivery, forgeries
from tests.places import ON_SQLITE

Verify = Callable[[str, Delivery], object]


def by_standardwebhooks(secret: str, delivery: Delivery) -> object:
    return standardwebhooks.webhooks.Webhook(secret).verify(delivery.body, delivery.headers)


def by_svix(secret: str, delivery: Delivery) -> object:
    return svix.webhooks.Webhook(secret).verify(delivery.body, delivery.headers)


pytestmark = [ON_SQLITE, pytest.mark.parametrize("verify", [by_standardwebhooks, by_svix])]


class Sent:
    """What is sent, by the machine's own clock: the libraries look at no other."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.deliveries: list[Delivery] = []

    async def post(self, url: str, headers: dict[str, str], body: bytes) -> Answer:
        self.deliveries.append(Delivery(headers, body))
        return Answer(204)

    async def next(self, member: str) -> Delivery:
        """Of a member who reaches a level."""
        await self.host.send(self.host.track(member))
        return await self.one()

    async def one(self) -> Delivery:
        assert await Courier(self.host.database, self.post, lambda: self.host.now).run() == 1
        return self.deliveries[-1]


async def begin(host: Host, ago: int = 0) -> tuple[EndpointRow, Sent]:
    """An endpoint that was added so many microseconds ago, when it is still then."""
    host.now = time.time_ns() // 1000 - ago
    await host.publish()
    added = await webhooks.add_endpoint(
        host.database, "https://host.example/", [], "", private=False, now=host.now
    )
    return added, Sent(host)


async def test_what_was_signed_is_taken_and_nothing_else(host: Host, verify: Verify) -> None:
    endpoint, sent = await begin(host)
    delivery, secret = await sent.next("ann"), endpoint.secrets[0][0]
    verify(secret, delivery)
    taken = []
    for name, forged in forgeries(delivery, secret).items():
        try:
            verify(secret, forged)
        except WebhookVerificationError:
            continue
        taken.append(name)
    assert taken == []


async def test_for_a_day_after_a_rotation_both_secrets_verify(host: Host, verify: Verify) -> None:
    endpoint, sent = await begin(host, ago=DAY - MINUTE)
    rotated = await webhooks.rotate_secret(host.database, endpoint.id, host.now)
    (new, _), (old, _) = rotated.secrets
    assert old == endpoint.secrets[0][0]
    host.now += DAY - 2 * MINUTE
    delivery = await sent.next("ann")
    assert len(delivery.headers["webhook-signature"].split(" ")) == 2
    verify(new, delivery)
    verify(old, delivery)
    host.now += 2 * MINUTE
    delivery = await sent.next("bob")
    verify(new, delivery)
    with pytest.raises(WebhookVerificationError):
        verify(old, delivery)


async def test_what_is_told_again_verifies_again_under_its_id(host: Host, verify: Verify) -> None:
    endpoint, sent = await begin(host, ago=DAY)
    first = await sent.next("ann")
    with pytest.raises(WebhookVerificationError):
        verify(endpoint.secrets[0][0], first)
    await webhooks.replay_from(host.database, endpoint.id, host.now, host.now)
    host.now += DAY
    again = await sent.one()
    verify(endpoint.secrets[0][0], again)
    assert again.headers["webhook-id"] == first.headers["webhook-id"]
    assert again.body == first.body
