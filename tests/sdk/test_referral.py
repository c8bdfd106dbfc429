"""Invitations through the client: what is asked, how answers are read, and that the fake keeps the same steps."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from engage_sdk import Client, ConflictError, NotFoundError, models
from engage_sdk.testing import FakeEngage

INVITATION = {
    "id": "7",
    "code": "xyz",
    "channel": "chat",
    "sent_at": "2026-11-22T09:00:00Z",
    "until": "2026-12-22",
    "colleagues": [
        {
            "member": "bob",
            "stage": "active",
            "at": "2026-11-23T09:00:00Z",
            "brought": [{"currency": "points", "amount": 100}],
        }
    ],
    "link": "https://app.example.com/join?code=xyz",
}
ONE = {"sent": 1, "seen": 2, "understood": 0, "forwarded": 0, "joined": 1, "active": 1}


def test_what_is_asked_and_how_it_is_read(service: Any) -> None:
    days = {"from": "2026-11-01", "to": "2026-11-22"}
    for answer in (
        INVITATION,
        {"data": [INVITATION], "next_cursor": None},
        {"member": "bob", "inviter": "ann", "status": "offered"},
        {"counted": True},
        {**days, "all": ONE, "channels": {"chat": ONE}},
    ):
        service.answer(200, answer)
    with Client(service.url, key="k") as client:
        sent = client.invitations.send("a/b", "ann", channel="chat", idempotency_key="once")
        [listed] = client.invitations.list("acme", "ann")
        taken = client.invitations.accept("acme", "x/z", "bob")
        assert client.invitations.note("acme", "xyz", "seen", visitor="v1")
        funnel = client.invitations.funnel("acme", first_day=date(2026, 11, 1))
    assert sent == listed
    assert (sent.until, sent.sent_at) == (date(2026, 12, 22), datetime(2026, 11, 22, 9, tzinfo=UTC))
    [colleague] = sent.colleagues
    assert (colleague.stage, colleague.brought) == ("active", (models.Brought("points", 100),))
    assert taken == models.Acceptance("bob", "ann", "offered")
    assert (funnel.channels["chat"].seen, funnel.all.active, funnel.first_day) == (2, 1, date(2026, 11, 1))
    first, _, third, fourth, fifth = service.requests
    assert (first.path, first.headers["idempotency-key"]) == (
        "/v1/companies/a%2Fb/members/ann/invitations",
        "once",
    )
    assert first.document == {"channel": "chat"}
    assert third.path == "/v1/companies/acme/invitations/x%2Fz/acceptance"
    assert fourth.document == {"step": "seen", "visitor": "v1"}
    assert fifth.path == "/v1/companies/acme/referral?from=2026-11-01"


def test_the_fake_keeps_the_steps_of_an_invitation() -> None:
    fake = FakeEngage()
    fake.set_member("acme", "ann")
    with fake, fake.client() as client:
        sent = client.invitations.send("acme", "ann", channel="chat")
        assert client.invitations.accept("acme", sent.code, "bob").status == "offered"
        assert [client.invitations.note("acme", sent.code, "seen", visitor=v) for v in "aab"] == [
            True,
            False,
            True,
        ]
        client.track("bob", "Login", company="acme")
        assert client.flush()
        assert client.invitations.accept("acme", sent.code, "bob").status == "joined"
        [listed] = client.invitations.list("acme", "ann")
        assert [(one.member, one.stage) for one in listed.colleagues] == [("bob", "joined")]
        counted = client.invitations.funnel("acme").channels["chat"]
        assert (counted.sent, counted.seen, counted.joined, counted.active) == (1, 2, 1, 0)
        for member, code in (("ann", sent.code), ("bob", "guess")):
            with pytest.raises((ConflictError, NotFoundError)):
                client.invitations.accept("acme", code, member)
        with pytest.raises(NotFoundError):
            client.invitations.send("acme", "nobody")


async def test_the_fake_knows_who_recommended_whom() -> None:
    fake = FakeEngage()
    fake.set_company("acme")
    fake.set_company("newco")
    with fake:
        async with fake.async_client() as client:
            code = (await client.recommendations.link("acme")).code
            assert await client.recommendations.follow(code, channel="invoice")
            with pytest.raises(NotFoundError):
                await client.recommendations.get("newco")
            made = await client.recommendations.record("newco", code)
            assert made == await client.recommendations.get("newco")
            assert [one.company async for one in client.recommendations.list(by="acme")] == ["newco"]
            link = await client.recommendations.link("acme")
            assert (link.followed, link.by_channel, link.recommended) == (1, {"invoice": 1}, 1)
            with pytest.raises(ConflictError):
                await client.recommendations.record("acme", code)
