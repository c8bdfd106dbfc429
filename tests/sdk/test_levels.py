"""Benefits and reviews through both clients, from the fake."""

from __future__ import annotations

from datetime import date

from engage_sdk.testing import FakeEngage


def test_a_benefit_is_true_when_it_is_granted() -> None:
    with FakeEngage() as fake:
        fake.set_member("acme", "emp-1", level="gold", benefits={"export": True, "rows": 5000, "beta": False})
        members = fake.client().members
        assert members.benefit("acme", "emp-1", "export")
        assert members.benefit("acme", "emp-1", "rows").value == 5000
        assert not members.benefit("acme", "emp-1", "beta")
        assert not members.benefit("acme", "emp-1", "unheard-of")
        assert not members.benefit("acme", "new", "export")
        assert [one.id for one in members.benefits("acme", "emp-1")] == ["export", "rows", "beta"]
        assert members.benefit("acme", "emp-1", "export").level == "gold"


async def test_the_async_client_answers_alike() -> None:
    with FakeEngage() as fake:
        review = {"day": "2027-01-01", "level": {"id": "bronze"}, "missing": 3, "falls_on": "2027-01-21"}
        fake.set_member("acme", "emp-1", level="silver", benefits={"export": True}, review=review)
        async with fake.async_client() as client:
            assert await client.members.benefit("acme", "emp-1", "export")
            assert await client.members.benefits("acme", "new") == ()
            member = await client.members.get("acme", "emp-1")
        assert member.review is not None
        assert (member.review.day, member.review.falls_on) == (date(2027, 1, 1), date(2027, 1, 21))
        assert member.review.level is not None
        assert member.review.missing == 3
