"""FakeEngage keeps its promises: real clients, a true record, simple points, and no made-up answers."""

from __future__ import annotations

import time

import httpx
import pytest
from engage_sdk import (
    AuthenticationError,
    ConflictError,
    ConnectionFailed,
    MessageInvalid,
    MessageRejected,
    NotDelivered,
    NotFoundError,
    ServiceError,
)
from engage_sdk._settings import Settings
from engage_sdk._wire import Report, Request
from engage_sdk.testing import FakeEngage


@pytest.fixture
def fake() -> FakeEngage:
    return FakeEngage()


def test_what_a_host_tracks_is_found_without_a_flush(fake: FakeEngage) -> None:
    client = fake.client()
    client.track("emp-1", "Report Exported", company="acme", properties={"pages": 3, "pdf": True})
    found = fake.assert_tracked("Report Exported", company="acme", member="emp-1", properties={"pages": 3})
    assert (found.properties["pdf"], found.type) == (True, "track")
    assert [one.event for one in fake.events] == ["Report Exported"]


async def test_an_async_clients_events_are_found_too(fake: FakeEngage) -> None:
    client = fake.async_client()
    client.track("emp-1", "Report Exported", company="acme")
    fake.assert_tracked("Report Exported", member="emp-1", times=1)
    assert await client.flush()
    fake.award("Report Exported", "points", 10)
    client.track("emp-1", "Report Exported", company="acme")
    assert await client.flush()
    assert (await client.members.get("acme", "emp-1")).balances["points"].active == 10
    assert await client.close()
    assert len(fake.events) == 2


def test_a_companys_traits_need_no_member(fake: FakeEngage) -> None:
    client = fake.client()
    client.group(None, "acme", traits={"plan": "gold"})
    assert [(one.company, one.member) for one in fake.groups] == [("acme", None)]
    assert client.companies.get("acme").traits == {"plan": "gold"}
    assert list(client.members.list("acme")) == []


def test_a_failed_assertion_says_what_arrived(fake: FakeEngage) -> None:
    client = fake.client()
    client.track("emp-1", "Report Opened", company="acme", properties={"pages": 3})
    client.track("", "Report Exported", company="acme")
    with pytest.raises(AssertionError) as caught:
        fake.assert_tracked("Report Exported", company="acme", member="emp-2")
    assert str(caught.value).split("\n") == [
        "expected 'Report Exported', company='acme', member='emp-2'",
        "what arrived:",
        "  'Report Opened' company='acme' member='emp-1' {'pages': 3}",
        "  reported to on_error: member must not be empty",
    ]


def test_errors_are_those_of_all_that_happened_however_slowly_they_are_told(
    fake: FakeEngage, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell = Settings.tell

    def slowly(settings: Settings, report: Report) -> None:
        time.sleep(0.05)
        tell(settings, report)

    monkeypatch.setattr(Settings, "tell", slowly)
    client = fake.client()
    client.track("emp-1", "Report Opened", company="acme")
    client.track("", "Report Exported", company="acme")
    assert [str(error) for error, _ in fake.errors] == ["member must not be empty"]


@pytest.mark.parametrize(
    "wanted",
    [
        {"company": "other"},
        {"member": "other"},
        {"properties": {"pages": 4}},
        {"properties": {"absent": None}},
        {"times": 2},
        {"times": 0},
    ],
    ids=str,
)
def test_an_assertion_compares_all_it_is_given(fake: FakeEngage, wanted: dict[str, object]) -> None:
    fake.client().track("e", "Opened", company="c", properties={"pages": 3})
    with pytest.raises(AssertionError):
        fake.assert_tracked("Opened", **wanted)  # type: ignore[arg-type]


def test_what_must_not_be_tracked_can_be_asserted(fake: FakeEngage) -> None:
    fake.client().track("e", "Opened", company="c")
    fake.assert_not_tracked("Closed")
    fake.assert_not_tracked("Opened", company="other")
    with pytest.raises(AssertionError, match="expected no 'Opened'"):
        fake.assert_not_tracked("Opened")


def test_each_kind_of_call_has_its_record(fake: FakeEngage) -> None:
    client = fake.client()
    client.identify("e", company="c", traits={"name": "Eve"})
    client.group("e", "c", traits={"seats": 5})
    client.page("e", "Home", company="c")
    client.screen("e", "Main", company="c")
    client.alias("e", "anon", company="c")
    assert [one.traits for one in fake.identifies] == [{"name": "Eve"}]
    assert [(one.company, one.traits) for one in fake.groups] == [("c", {"seats": 5})]
    assert [one.name for one in fake.pages + fake.screens] == ["Home", "Main"]
    assert [one.raw["previousId"] for one in fake.aliases] == ["anon"]
    assert client.members.get("c", "e").traits == {"name": "Eve"}
    assert client.companies.get("c").traits == {"seats": 5}


def test_awards_adjustments_and_reversals_add_up_and_are_listed(fake: FakeEngage) -> None:
    fake.award("Exported", "points", 10)
    client = fake.client()
    first = client.track("e", "Exported", company="c")
    client.track("e", "Exported", company="c")
    client.flush()
    client.members.adjust("c", "e", currency="points", amount=5, reason="sorry", idempotency_key="k1")
    again = client.members.adjust("c", "e", currency="points", amount=5, reason="sorry", idempotency_key="k1")
    assert again.balance is not None
    assert again.balance.active == 25
    assert first is not None
    assert client.events.reverse("c", first).effects[0].amount == -10
    with pytest.raises(ConflictError):
        client.events.reverse("c", first)
    assert client.members.get("c", "e").balances["points"].active == 15
    assert [one.kind for one in client.members.transfers("c", "e", page_size=2)] == [
        "reversal",
        "adjustment",
        "award",
        "award",
    ]
    assert [len(one.effects) for one in client.members.decisions("c", "e")] == [1, 1]


def test_the_same_message_again_changes_nothing(fake: FakeEngage) -> None:
    fake.award("Exported", "points", 10)
    client = fake.client()
    for _ in range(3):
        client.track("e", "Exported", company="c", message_id="once")
    client.flush()
    assert client.members.get("c", "e").balances["points"].active == 10
    assert len(fake.events) == 1


def test_a_lost_answer_is_survived_as_in_production(fake: FakeEngage) -> None:
    fake.fail_next(503, times=2)
    fake.fail_next(httpx.ReadTimeout("slow"))
    fake.client().track("e", "Opened", company="c")
    fake.assert_tracked("Opened", times=1)
    assert fake.errors == []


def test_failures_reach_the_host_as_in_production(fake: FakeEngage) -> None:
    client = fake.client()
    fake.fail_next(401)
    with pytest.raises(AuthenticationError):
        client.members.get("c", "e")
    fake.fail_next(ConnectionError("cable"), times=3)
    with pytest.raises(ConnectionFailed):
        client.members.get("c", "e")
    fake.fail_next(500, times=10)
    client.track("e", "Opened", company="c")
    fake.reject("Odd", "invalid_type")
    assert fake.events == []
    client.track("e", "Odd", company="c")
    client.track("e", "")
    kinds = {type(error) for error, _ in fake.errors}
    assert kinds == {NotDelivered, MessageRejected, MessageInvalid}


def test_what_a_test_sets_is_answered(fake: FakeEngage) -> None:
    client = fake.client()
    fake.set_member("c", "e", name="Eve", level="gold", balances={"points": 40}, badges=["first"])
    fake.set_company("c", name="Company", seats=7, stage="active")
    fake.set_health("c", score=71, band="healthy")
    fake.set_report("c", "2026-Q1", {"active": 5})
    member = client.members.get("c", "e")
    assert member.level is not None
    assert (member.level.id, member.name, member.balances["points"].active) == ("gold", "Eve", 40)
    assert [badge.id for badge in member.badges] == ["first"]
    assert client.companies.get("c").seats == 7
    assert client.health.get("c").score == 71
    assert [entry.band for entry in client.portfolio.list()] == ["healthy"]
    assert client.reports.get("c", period="2026-Q1").data == {"active": 5}
    assert client.companies.create("new", name="New").name == "New"
    assert [company.id for company in client.companies.list(page_size=1)] == ["c", "new"]
    assert [one.id for one in client.members.list("c")] == ["e"]
    assert client.members.token("c", "e").token.startswith("fake.")


def test_what_is_not_known_is_not_found(fake: FakeEngage) -> None:
    client = fake.client()
    with pytest.raises(NotFoundError):
        client.companies.get("c")
    fake.set_company("c")
    for ask in (
        lambda: client.members.get("c", "e"),
        lambda: client.reports.get("c", period="2026-Q1"),
        lambda: client.events.reverse("c", "m"),
    ):
        with pytest.raises(NotFoundError):
            ask()
    assert client.health.get("c").band == "unscored"


def test_what_is_not_simulated_is_refused_and_never_made_up(fake: FakeEngage) -> None:
    fake.set_company("c")
    client = fake.client()
    with pytest.raises(ServiceError) as caught:
        client.health.history("c")
    assert caught.value.code == "not_simulated"
    assert client._sender.exchange(Request("GET", "/v1/nothing")).status == 501  # type: ignore[union-attr]


def test_an_event_without_a_company_goes_to_the_members_only_one(fake: FakeEngage) -> None:
    client = fake.client()
    client.track("e", "Early")
    client.group("e", "c")
    client.track("e", "Opened")
    client.group("e", "d")
    client.track("e", "Unclear")
    assert [one.company for one in fake.events] == [None, "c", None]


def test_as_a_context_manager_it_settles_and_closes_its_clients() -> None:
    with FakeEngage() as fake:
        client = fake.client(flush_interval=60)
        client.track("e", "Opened", company="c")
    assert len(fake.events) == 1
    assert client.track("e", "Too late", company="c") is None
    assert len(fake.events) == 1
