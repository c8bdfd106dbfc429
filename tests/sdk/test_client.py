"""The blocking client against a real socket: it delivers, never raises, never blocks, and answers typed."""

from __future__ import annotations

import gc
import json
import threading
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from engage_sdk import (
    APIError,
    Client,
    ClientClosed,
    ClientDisabled,
    ConfigurationError,
    ConnectionFailed,
    EngageError,
    InvalidArgument,
    InvalidResponse,
    MessageInvalid,
    NotDelivered,
    QueueFull,
    RateLimitedError,
    RetryPolicy,
    TimedOut,
)

QUICK = RetryPolicy(base_seconds=0.01)
MEMBER = {
    "id": "emp-1",
    "company": "acme",
    "balances": {"points": {"active": 10, "later_field": 1}},
    "level": {"id": "silver", "name": "Silver", "rank": 2},
    "next_level": None,
    "badges": [{"id": "first", "name": "First", "at": "2026-11-22T01:16:09.123456Z"}],
    "later_field": {"x": 1},
}
Note = Callable[..., None]


def test_the_contracts_example_works(service: Any) -> None:
    with Client(service.url, key="sk_secret") as client:
        client.track("emp-1", "Report Exported", company="acme", properties={"pages": 3})
        client.flush()
        service.answer(200, MEMBER)
        assert client.members.get("acme", "emp-1").balances["points"].active == 10
    (message,) = service.messages
    assert message["type"] == "track"
    assert (message["userId"], message["event"]) == ("emp-1", "Report Exported")
    assert message["context"] == {"groupId": "acme"}
    assert message["properties"] == {"pages": 3}
    assert service.requests[0].headers["authorization"] == "Bearer sk_secret"
    assert service.requests[1].path == "/v1/companies/acme/members/emp-1"


def test_every_kind_of_call_has_the_wire_shape_of_the_tracking_api(service: Any) -> None:
    with Client(service.url, key="k") as client:
        client.identify("e", company="c", traits={"name": "Eve", "left": None}, anonymous_id="anon-1")
        client.group("e", "c", traits={"seats": 5})
        client.group(None, "c", traits={"seats": 6})
        client.page("e", "Home", company="c", properties={"url": "/"})
        client.screen("e", company="c")
        client.alias("e", "anon-1")
    shapes = [{k: v for k, v in m.items() if k not in ("messageId", "timestamp")} for m in service.messages]
    context = {"groupId": "c"}
    assert shapes == [
        {
            "type": "identify",
            "userId": "e",
            "context": context,
            "traits": {"name": "Eve", "left": None},
            "anonymousId": "anon-1",
        },
        {"type": "group", "userId": "e", "groupId": "c", "traits": {"seats": 5}},
        {"type": "group", "anonymousId": "host", "groupId": "c", "traits": {"seats": 6}},
        {"type": "page", "userId": "e", "context": context, "name": "Home", "properties": {"url": "/"}},
        {"type": "screen", "userId": "e", "context": context, "properties": {}},
        {"type": "alias", "userId": "e", "previousId": "anon-1"},
    ]


def test_a_message_is_sent_without_a_flush(service: Any) -> None:
    client = Client(service.url, key="k", flush_interval=0.01)
    client.track("e", "Opened", company="c")
    assert service.entered.wait(5)
    assert client.close()


def test_a_full_batch_does_not_wait_for_the_interval(service: Any) -> None:
    client = Client(service.url, key="k", flush_interval=60)
    for _ in range(100):
        client.track("e", "Opened", company="c")
    assert service.entered.wait(5)
    assert client.close()


def test_track_answers_the_id_that_is_sent(service: Any) -> None:
    with Client(service.url, key="k") as client:
        given = client.track("e", "Opened", company="c")
        own = client.track("e", "Opened", company="c", message_id="order-7")
    assert [message["messageId"] for message in service.messages] == [given, own]
    assert own == "order-7"


def test_ids_of_hosts_may_be_integers(service: Any) -> None:
    with Client(service.url, key="k") as client:
        client.track(7, "Opened", company=42)
    assert (service.messages[0]["userId"], service.messages[0]["context"]["groupId"]) == ("7", "42")


class Hostile:
    def __getattribute__(self, name: str) -> Any:
        raise RuntimeError("hostile")

    def __repr__(self) -> str:
        raise RuntimeError("hostile")


@pytest.mark.parametrize(
    "arguments",
    [
        {"member": ""},
        {"member": None},
        {"member": True},
        {"member": 1.5},
        {"member": Hostile()},
        {"event": ""},
        {"event": None},
        {"event": 5},
        {"event": Hostile()},
        {"company": ""},
        {"company": []},
        {"company": Hostile()},
        {"properties": [("a", 1)]},
        {"properties": "text"},
        {"properties": Hostile()},
        {"timestamp": object()},
        {"timestamp": Hostile()},
        {"message_id": ""},
        {"message_id": "x" * 101},
    ],
    ids=lambda arguments: "-".join(arguments),
)
def test_wrong_arguments_are_reported_and_never_raised(
    arguments: dict[str, Any], service: Any, problems: list[Any], note: Note
) -> None:
    with Client(service.url, key="k", on_error=note) as client:
        call: dict[str, Any] = {"member": "e", "event": "Opened", "company": "c", **arguments}
        client.track(call.pop("member"), call.pop("event"), **call)
        client.track("e", "Opened", company="c")
    assert len(service.messages) == 1
    ((error, messages),) = problems
    assert isinstance(error, MessageInvalid)
    assert len(messages) == 1


def test_hostile_values_cost_their_own_message_at_most(service: Any, problems: list[Any], note: Note) -> None:
    with Client(service.url, key="k", on_error=note) as client:
        client.track("e", "Opened", company="c", properties={"bad": Hostile(), "good": 1})
        client.track("e", "Opened", company="c", properties={Hostile(): 1})  # type: ignore[dict-item]
        client.track("e", "Opened", company="c", properties={"nan": float("nan"), "good": 1})
        client.track("e", "Last", company="c")
    assert service.messages[-1]["event"] == "Last"
    assert {"good": 1} in [message["properties"] for message in service.messages]
    assert problems


def test_properties_are_copied_at_their_outer_level(service: Any) -> None:
    with Client(service.url, key="k", flush_interval=60) as client:
        properties = {"pages": 3}
        client.track("e", "Opened", company="c", properties=properties)
        properties["pages"] = 99
    assert service.messages[0]["properties"] == {"pages": 3}


def test_a_full_queue_drops_the_newest_and_counts_them(service: Any, problems: list[Any], note: Note) -> None:
    service.gate.clear()
    client = Client(service.url, key="k", queue_size=5, flush_at=1, on_error=note)
    client.track("e", "First", company="c")
    assert service.entered.wait(5)
    answers = [client.track("e", f"Event {n}", company="c") for n in range(8)]
    service.gate.set()
    assert client.close()
    assert [message["event"] for message in service.messages] == ["First", *(f"Event {n}" for n in range(5))]
    assert answers[5:] == [None] * 3
    ((error, messages),) = problems
    assert isinstance(error, QueueFull)
    assert error.dropped == 3
    assert [message["event"] for message in messages] == ["Event 5", "Event 6", "Event 7"]


def test_a_full_queue_can_drop_the_oldest_instead(service: Any, problems: list[Any], note: Note) -> None:
    service.gate.clear()
    client = Client(service.url, key="k", queue_size=5, flush_at=1, drop="oldest", on_error=note)
    client.track("e", "First", company="c")
    assert service.entered.wait(5)
    for n in range(8):
        client.track("e", f"Event {n}", company="c")
    service.gate.set()
    assert client.close()
    assert [message["event"] for message in service.messages] == [
        "First",
        *(f"Event {n}" for n in range(3, 8)),
    ]
    ((error, messages),) = problems
    assert isinstance(error, QueueFull)
    assert [message["event"] for message in messages] == ["Event 0", "Event 1", "Event 2"]


def test_track_does_not_wait_for_a_service_that_does_not_answer(service: Any) -> None:
    service.gate.clear()
    client = Client(service.url, key="k", flush_at=1)
    client.track("e", "Opened", company="c")
    assert service.entered.wait(5)
    for _ in range(1_000):
        client.track("e", "Opened", company="c")
    assert client.pending == 1_001
    assert not client.flush(timeout=0.01)
    service.gate.set()
    assert client.close()
    assert len(service.messages) == 1_001


def test_lost_answers_are_sent_again_with_the_same_ids(service: Any) -> None:
    service.answer(500, {"code": "internal", "message": "oops"})
    service.answer(200, b"not json")
    with Client(service.url, key="k", retry=QUICK) as client:
        client.track("e", "Opened", company="c")
    assert len(service.batches) == 3
    assert len({message["messageId"] for message in service.messages}) == 1


def test_on_error_runs_on_the_senders_thread_and_may_fail_or_track(service: Any) -> None:
    threads = []

    def on_error(error: EngageError, messages: object) -> None:
        threads.append(threading.current_thread())
        if len(threads) == 1:
            client.track("e", "From on_error", company="c")
            assert client.flush() is False
        raise RuntimeError("a host's mistake")

    client = Client(service.url, key="k", on_error=on_error)
    client.track("", "Opened")
    client.track("", "Opened")
    client.track("e", "Opened", company="c")
    assert client.flush()
    assert client.flush()
    assert client.close()
    assert len(threads) == 2
    assert threading.main_thread() not in threads
    assert {message["event"] for message in service.messages} == {"Opened", "From on_error"}


def test_a_disabled_client_sends_nothing_and_has_no_answers(service: Any, note: Note) -> None:
    with Client(service.url, key="k", disabled=True, on_error=note) as client:
        assert client.track("e", "Opened", company="c") is None
        client.track("", "Opened")
        assert client.flush()
        with pytest.raises(ClientDisabled):
            client.members.get("c", "e")
    assert service.requests == []


def test_a_closed_client_reports_what_comes_later(service: Any, problems: list[Any], note: Note) -> None:
    client = Client(service.url, key="k", on_error=note)
    client.track("e", "Opened", company="c")
    assert client.close()
    assert client.track("e", "Too late", company="c") is None
    assert client.close()
    assert [type(error) for error, _ in problems] == [NotDelivered]
    with pytest.raises(ClientClosed):
        client.members.get("c", "e")


def test_close_gives_up_in_time_and_reports_what_is_left(
    service: Any, problems: list[Any], note: Note
) -> None:
    service.answer(503, {"code": "unavailable", "message": "later"}, Retry_After="100")
    client = Client(service.url, key="k", on_error=note)
    client.track("e", "Opened", company="c")
    started = time.monotonic()
    assert client.close(timeout=0.3) is False
    assert time.monotonic() - started < 5
    ((error, messages),) = problems
    assert isinstance(error, NotDelivered)
    assert "503 unavailable: later" in str(error)
    assert [message["event"] for message in messages] == ["Opened"]


def test_close_does_not_wait_for_a_hanging_answer(service: Any, problems: list[Any], note: Note) -> None:
    service.gate.clear()
    client = Client(service.url, key="k", on_error=note)
    client.track("e", "Opened", company="c")
    client.flush(timeout=0.01)
    assert service.entered.wait(5)
    assert client.close(timeout=0.1) is False
    assert [type(error) for error, _ in problems] == [NotDelivered]


def test_a_forgotten_client_delivers_what_it_has_and_ends_its_thread(service: Any) -> None:
    client = Client(service.url, key="k")
    client.track("e", "Opened", company="c")
    thread = client._sender._thread
    assert thread is not None
    del client
    gc.collect()
    thread.join(5)
    assert not thread.is_alive()
    assert len(service.messages) == 1


def test_bodies_can_be_compressed(service: Any) -> None:
    with Client(service.url, key="k", compress=True) as client:
        client.track("e", "Opened", company="c")
    assert service.requests[0].headers["content-encoding"] == "gzip"
    assert len(service.messages) == 1


def test_the_service_may_live_below_a_path(service: Any) -> None:
    with Client(f"{service.url}/engage/", key="k") as client:
        client.track("e", "Opened", company="c")
    assert service.requests[0].path == "/engage/v1/batch"


def test_a_signal_handler_may_track_while_track_runs(service: Any) -> None:
    # A handler runs on the same thread, in the middle of whatever holds the queue's lock.
    client = Client(service.url, key="k")
    with client._outbox._lock:
        client.track("e", "From a handler", company="c")
    assert client.close()
    assert len(service.messages) == 1


def test_where_no_thread_can_be_started_flush_and_close_deliver_in_the_callers(
    service: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    real_start = threading.Thread.start

    def start(thread: threading.Thread) -> None:
        if thread.name == "engage-sender":
            raise RuntimeError("can't start new thread at interpreter shutdown")
        real_start(thread)

    service.answer(503, {"code": "unavailable", "message": "later"}, Retry_After="60")
    client = Client(service.url, key="k")
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", start)
        client.track("e", "First", company="c")
        assert client.flush(0.1) is False  # the wait is longer than that, and nothing is given up
        assert client.pending == 1
        flushed = client.flush(5)
        client.track("e", "Second", company="c")
        closed = client.close(5)
    assert (flushed, closed) == (True, True)
    assert [message["event"] for message in service.messages] == ["First", "First", "Second"]


def test_many_threads_lose_nothing(service: Any) -> None:
    client = Client(service.url, key="k")

    def work(name: int) -> None:
        for n in range(200):
            client.track("e", "Opened", company="c", message_id=f"{name}-{n}")

    threads = [threading.Thread(target=work, args=(name,)) for name in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert client.close()
    ids = [message["messageId"] for message in service.messages]
    assert len(ids) == len(set(ids)) == 1_600


@pytest.mark.parametrize(
    "settings",
    [
        {"base_url": "engage.example.com"},
        {"base_url": "ftp://engage.example.com"},
        {"base_url": "http://engage.example.com:port"},
        {"base_url": None},
        {"key": ""},
        {"key": "a\nb"},
        {"key": None},
        {"drop": "random"},
        {"queue_size": 0},
        {"timeout": 0},
        {"timeout": "10"},
        {"queue_size": None},
        {"base_url": "https://engage.example.com/v1/"},
        {"retry": RetryPolicy(tries_max=0)},
        {"retry": RetryPolicy(tries_max="3")},
        {"retry": 3},
        {"disabled": "false"},
        {"on_error": "log"},
        {"before_send": {}},
    ],
    ids=str,
)
def test_settings_that_cannot_work_are_refused_at_once(settings: dict[str, Any]) -> None:
    given = {"base_url": "http://127.0.0.1:1", "key": "k", **settings}
    with pytest.raises(ConfigurationError):
        Client(given.pop("base_url"), **given)


def test_the_key_is_in_no_representation() -> None:
    client = Client("http://127.0.0.1:1", key="sk_secret")
    assert "sk_secret" not in repr(client) + repr(client._sender.settings) + str(vars(client))


def test_ids_are_quoted_into_paths(service: Any) -> None:
    with Client(service.url, key="k") as client:
        for company, member in [("a/b", "x y?z#"), ("..", "."), ("株式会社", "100%")]:
            service.answer(200, {**MEMBER, "id": member})
            client.members.get(company, member)
    assert [request.path for request in service.requests] == [
        "/v1/companies/a%2Fb/members/x%20y%3Fz%23",
        "/v1/companies/%2E%2E/members/%2E",
        "/v1/companies/%E6%A0%AA%E5%BC%8F%E4%BC%9A%E7%A4%BE/members/100%25",
    ]


def test_no_answer_is_a_connection_failure_and_a_late_one_a_timeout(service: Any) -> None:
    retry = RetryPolicy(tries_max=1)
    with Client("http://127.0.0.1:1", key="k", retry=retry) as client, pytest.raises(ConnectionFailed):
        client.members.get("acme", "e")
    service.gate.clear()
    with Client(service.url, key="k", timeout=0.05, retry=retry) as client, pytest.raises(TimedOut):
        client.members.get("acme", "e")


def test_reads_are_retried_three_times_in_all(service: Any) -> None:
    for _ in range(3):
        service.answer(500, {"code": "internal", "message": "oops"})
    with Client(service.url, key="k", retry=QUICK) as client, pytest.raises(APIError, match="500 internal"):
        client.members.get("acme", "e")
    assert len(service.requests) == 3


def test_a_read_raises_rather_than_sleep_long(service: Any) -> None:
    service.answer(429, {"code": "too_many_requests", "message": "slow down"}, Retry_After="60")
    with Client(service.url, key="k") as client, pytest.raises(RateLimitedError) as caught:
        client.members.get("acme", "e")
    assert caught.value.retry_after == 60


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"id": 5, "company": "c"}', b"{}"])
def test_an_answer_that_makes_no_sense_is_said_to_be_one(service: Any, body: bytes) -> None:
    service.answer(200, body)
    with Client(service.url, key="k") as client, pytest.raises(InvalidResponse):
        client.members.get("acme", "e")


def test_an_adjustment_keeps_its_idempotency_key_over_retries(service: Any) -> None:
    answer = {
        "id": "12",
        "currency": "points",
        "amount": 5,
        "reason": "sorry",
        "actor": "ann",
        "balance": {"active": 15},
    }
    service.answer(503, {"code": "unavailable", "message": "later"})
    service.answer(201, answer)
    service.answer(201, answer)
    with Client(service.url, key="k", retry=QUICK) as client:
        done = client.members.adjust("acme", "e", currency="points", amount=5, reason="sorry", actor="ann")
        client.members.adjust("acme", "e", currency="points", amount=5, reason="sorry")
    assert done.balance is not None
    assert done.balance.active == 15
    first, again, other = [request.headers["idempotency-key"] for request in service.requests]
    assert first == again != other
    assert service.requests[0].document == {
        "currency": "points",
        "amount": 5,
        "reason": "sorry",
        "actor": "ann",
    }


@pytest.mark.parametrize("amount", [0, 1.5, True, "5"])
def test_an_amount_must_be_a_whole_number_other_than_zero(amount: Any) -> None:
    client = Client("http://127.0.0.1:1", key="k")
    with pytest.raises(InvalidArgument):
        client.members.adjust("acme", "e", currency="points", amount=amount, reason="r")


def test_lists_are_read_page_by_page_and_only_as_far_as_needed(service: Any) -> None:
    def transfer(n: int) -> dict[str, Any]:
        return {"id": f"{n}-0", "currency": "points", "amount": n, "from": "issued", "to": "active"}

    service.answer(200, {"data": [transfer(1), transfer(2)], "next_cursor": "c+1"})
    service.answer(200, {"data": [transfer(3)], "next_cursor": None})
    with Client(service.url, key="k") as client:
        found = client.members.transfers("acme", "e", page_size=2)
        assert service.requests == []
        assert next(found).amount == 1
        assert len(service.requests) == 1
        assert [(one.amount, one.from_account) for one in found] == [(2, "issued"), (3, "issued")]
    assert [request.path.partition("?")[2] for request in service.requests] == [
        "limit=2",
        "limit=2&cursor=c%2B1",
    ]


def test_a_cursor_that_does_not_move_ends_in_an_error(service: Any) -> None:
    for _ in range(2):
        service.answer(200, {"data": [{"id": "a"}], "next_cursor": "same"})
    with Client(service.url, key="k") as client, pytest.raises(InvalidResponse, match="repeats"):
        list(client.companies.list())


def test_every_other_call_asks_as_documented(service: Any) -> None:
    with Client(service.url, key="k") as client:
        service.answer(200, {"id": "acme", "members": 3, "program": {"version": 2, "own": False}})
        company = client.companies.get("acme")
        service.answer(201, {"id": "new"})
        client.companies.create("new", name="New", timezone="Asia/Tokyo", seats=5)
        driver = {"name": "habit", "change": -1.5, "between": [30.0, 40.0]}
        service.answer(
            200,
            {
                "company": "acme",
                "as_of": "2026-11-22",
                "score": 71,
                "band": "healthy",
                "verdict": "Healthy.",
                "drivers": [driver],
            },
        )
        health = client.health.get("acme")
        service.answer(200, {"data": [{"as_of": "2026-11-15", "score": 70, "band": "healthy"}]})
        history = client.health.history("acme")
        service.answer(200, {"anything": [1]})
        report = client.reports.get("acme", period="2026-Q1")
        service.answer(200, {"as_of": "2026-11-22", "data": [{"company": "acme", "score": None}]})
        portfolio = client.portfolio.list()
        service.answer(200, {"message_id": "m/1", "effects": [{"type": "award", "amount": -10}]})
        reversal = client.events.reverse("acme", "m/1", reason="test")
        service.answer(201, {"token": "jwt", "expires_at": "2026-11-22T01:21:09Z"})
        token = client.members.token("acme", "e", ttl=60)
        service.answer(200, {"data": [{"message_id": "m", "effects": [], "rules": []}], "next_cursor": None})
        decisions = list(client.members.decisions("acme", "e"))
        service.answer(200, {"data": [MEMBER], "next_cursor": None})
        members = list(client.members.list("acme"))
    asked = [
        (request.method, request.path, json.loads(request.body) if request.body else None)
        for request in service.requests
    ]
    assert asked == [
        ("GET", "/v1/companies/acme", None),
        (
            "POST",
            "/v1/companies",
            {"id": "new", "name": "New", "timezone": "Asia/Tokyo", "seats": 5},
        ),
        ("GET", "/v1/companies/acme/health", None),
        ("GET", "/v1/companies/acme/health/history", None),
        ("GET", "/v1/companies/acme/report?period=2026-Q1&format=json", None),
        ("GET", "/v1/portfolio", None),
        ("POST", "/v1/companies/acme/events/m%2F1/reversal", {"reason": "test"}),
        ("POST", "/v1/member-tokens", {"company": "acme", "member": "e", "ttl_seconds": 60}),
        ("GET", "/v1/companies/acme/members/e/decisions?limit=50", None),
        ("GET", "/v1/companies/acme/members?limit=50", None),
    ]
    assert company.program is not None
    assert (company.members, company.program.version, company.seats) == (3, 2, None)
    assert (health.score, health.band, history[0].score) == (71, "healthy", 70)
    assert (health.verdict, health.drivers[0].between) == ("Healthy.", (30.0, 40.0))
    assert report.data == {"anything": [1]}
    assert [entry.company for entry in portfolio] == ["acme"]
    assert reversal.effects[0].amount == -10
    assert token.token == "jwt"
    assert "jwt" not in repr(token)
    assert decisions[0].message_id == "m"
    level = members[0].level
    assert level is not None
    assert (level.id, level.rank, members[0].next_level) == ("silver", 2, None)
    assert members[0].badges[0].at is not None


def test_a_host_may_make_the_http_client(service: Any) -> None:
    seen = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.url.path)
        return httpx.Response(200, json={"success": True})

    with Client(
        "http://engage.example.com",
        key="k",
        make_http=lambda: httpx.Client(transport=httpx.MockTransport(answer)),
    ) as client:
        client.track("e", "Opened", company="c")
    assert seen == ["/v1/batch"]
