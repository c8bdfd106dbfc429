"""Benefits, reviews and leaderboards through both clients, from the fake."""

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
        fake.set_member(
            "acme", "emp-1", level="silver", benefits={"export": True}, review=review, stage="new"
        )
        async with fake.async_client() as client:
            assert await client.members.benefit("acme", "emp-1", "export")
            assert await client.members.benefits("acme", "new") == ()
            member = await client.members.get("acme", "emp-1")
        assert member.review is not None
        assert (member.review.day, member.review.falls_on) == (date(2027, 1, 1), date(2027, 1, 21))
        assert member.review.level is not None
        assert (member.review.missing, member.stage) == (3, "new")


def test_a_leaderboard_has_ranks_and_neighbours() -> None:
    with FakeEngage() as fake:
        fake.set_leaderboard("acme", "month", {"ann": 30, "bob": 20, "cid": 20, "dan": 5})
        fake.set_member("acme", "dan")
        client = fake.client()
        found = client.leaderboards.get("acme", "month", member="dan", around=1, limit=3)
        assert [(one.rank, one.member) for one in found] == [(1, "ann"), (2, "bob"), (2, "cid")]
        assert [(one.rank, one.member) for one in found.around] == [(2, "cid"), (4, "dan")]
        assert found.me is not None
        assert (found.me.rank, found.me.score) == (4, 5)
        assert client.members.prefer("acme", "dan", leaderboard=True).leaderboard
