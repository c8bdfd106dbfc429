"""Delivering notices: at least once, in order per company, signed so that other people's verifiers agree."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from engage.actions import deliver, score, webhooks
from engage.actions.backtest import backtest
from engage.actions.deliver import FAILING_DAYS_MAX, KEPT_DAYS, RETRY_SECONDS, Answer, Courier
from engage.actions.dry_run import Assumed, Tried, try_event
from engage.actions.score import score_companies
from engage.actions.score_company import Company, measure_and_score
from engage.actions.score_company import Host as Scored
from engage.actions.terms import record_terms
from engage.core.calendar import DAY, HOUR, SECOND
from engage.core.decisions import calls
from engage.errors import InvalidRequest, NotFound
from engage.store.webhooks import EndpointRow, load_endpoint
from tests.actions.host import Host
from tests.actions.signal_host import TODAY, accept, call, publish_default, working
from tests.actions.test_backtest import EVER
from tests.places import ON_SQLITE

URL = "https://host.example/hooks"


@dataclass
class Receiver:
    """The host's end: answers as it is told to, and keeps what it was sent."""

    answer: Answer = field(default_factory=lambda: Answer(204))
    sent: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)

    async def post(self, url: str, headers: dict[str, str], body: bytes) -> Answer:
        self.sent.append((url, headers, body))
        return self.answer

    def bodies(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, _, body in self.sent]

    def told(self) -> list[tuple[str, str, str]]:
        """(company, member, what)."""
        said = [(body["type"], body["data"]) for body in self.bodies()]
        return [(data["company"], data["member"], data.get("level") or data["badge"]) for _, data in said]


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


@pytest.fixture
def courier(host: Host, receiver: Receiver) -> Courier:
    return Courier(host.database, receiver.post, lambda: host.now)


async def add(host: Host, *types: str) -> EndpointRow:
    return await webhooks.add_endpoint(host.database, URL, list(types), "", private=False, now=host.now)


async def stored(host: Host, id: int) -> EndpointRow:
    async with host.database.read():
        row = await load_endpoint(id)
    assert row is not None
    return row


async def test_what_happened_is_told_once_in_order_and_signed(
    host: Host, courier: Courier, receiver: Receiver
) -> None:
    await host.publish()
    endpoint = await add(host)
    await host.send(host.track("ann"), host.track("ann", "Deal Won", properties={"value": 2000}))
    await host.send(host.track("bob", company="globex"))
    assert await courier.run() == 4
    acme = [one for one in receiver.told() if one[0] == "acme"]
    assert acme == [("acme", "ann", "bronze"), ("acme", "ann", "silver"), ("acme", "ann", "closer")]
    assert set(receiver.told()) - set(acme) == {("globex", "bob", "bronze")}
    verifier = Webhook(endpoint.secrets[0][0])
    headers = [headers for _, headers, _ in receiver.sent]
    assert len({one["webhook-id"] for one in headers}) == 4
    assert int(headers[0]["webhook-timestamp"]) == host.now // SECOND
    for _, said, body in receiver.sent:
        assert "." not in said["webhook-id"]
        # Its own clock is the machine's: the signature is what it must find right.
        with pytest.raises(WebhookVerificationError, match="too old"):
            verifier.verify(body, said)
        with pytest.raises(WebhookVerificationError, match="No matching signature"):
            Webhook(webhooks.new_secret()).verify(body, _now(said))
    assert await courier.run() == 0


CALLING = """
name: Calling
currencies: {points: {}}
badges: {closer: {}}
events:
  Deal Won: {properties: {value: {type: number}, plan: {type: string}}}
rules:
  - id: big
    trigger: Deal Won
    conditions: {field: event.properties.value, op: ge, value: 10}
    effects:
      - webhook: {name: flowers, send: [event.properties.value, event.properties.plan]}
      - webhook: ticket
    limits: [{per: member, window: day, count: 1}]
  - {id: closer, trigger: Deal Won, effects: [badge: closer]}
  - {id: granted, trigger: {badge: closer}, effects: [webhook: ticket]}
"""


async def test_a_rule_calls_a_webhook_once_for_each_time_it_fires(
    host: Host, courier: Courier, receiver: Receiver
) -> None:
    await host.publish(CALLING)
    await add(host, "rule.fired")
    big, small = {"value": 12, "plan": 7}, {"value": 1}
    call = host.track("ann", "Deal Won", messageId="m", properties=big)
    await host.send(host.track("bob", "Deal Won", properties=small))
    told = await try_event(host.database, None, call, company="acme", assumed=Assumed())
    assert calls_of(told) == [("big", "flowers"), ("big", "ticket"), ("granted", "ticket")]
    await host.send(call, call)
    await host.send(call, host.track("ann", "Deal Won", properties=big))
    await host.reverse("m")
    assert (await host.verify()).difference is None
    await backtest(host.database, None, company=None, first_day=EVER[0], last_day=EVER[1])
    assert await courier.run() == 4
    cause = {"company": "acme", "member": "ann", "event": "Deal Won", "messageId": "m"}
    assert [body["data"] for body in receiver.bodies()][1:] == [
        cause | {"rule": "big", "webhook": "flowers", "properties": {"value": 12, "plan": None}},
        cause | {"rule": "big", "webhook": "ticket"},
        cause | {"rule": "granted", "webhook": "ticket"},
    ]


def calls_of(told: Tried) -> list[tuple[str, str]]:
    appended = told.appended
    assert appended.program is not None
    record = appended.decision.record
    rules = appended.program.rules_considered(appended.entry.name, record.occasions)
    return [(rule.id, call.webhook) for rule, call in calls(record, rules)]


def _now(headers: dict[str, str]) -> dict[str, str]:
    return headers | {"webhook-timestamp": str(int(time.time()))}


async def test_a_failing_endpoint_is_tried_again_on_schedule_and_in_order(
    host: Host, courier: Courier, receiver: Receiver
) -> None:
    await host.publish()
    endpoint = await add(host)
    await host.send(host.track("ann"), host.track("ann", "Deal Won", properties={"value": 2000}))
    receiver.answer = Answer(500)
    assert await courier.run() == 0
    assert await courier.run() == 0  # its time has not come
    assert len(receiver.sent) == 1
    assert (await stored(host, endpoint.id)).failure == "answered 500"
    first = receiver.sent[0]
    host.now += 6 * SECOND
    await courier.run()
    assert len(receiver.sent) == 2
    assert receiver.sent[1][1]["webhook-id"] == first[1]["webhook-id"]
    assert receiver.sent[1][1]["webhook-timestamp"] != first[1]["webhook-timestamp"]
    assert receiver.sent[1][2] == first[2]
    receiver.answer = Answer(200)
    host.now += HOUR
    assert await courier.run() == 3
    assert [one[2] for one in receiver.told()[-3:]] == ["bronze", "silver", "closer"]
    assert (await stored(host, endpoint.id)).failing_since is None


async def test_one_companys_trouble_does_not_keep_another_waiting(host: Host, receiver: Receiver) -> None:
    await host.publish()
    await add(host)
    await host.send(host.track("ann"), host.track("bob", company="globex"))

    async def picky(url: str, headers: dict[str, str], body: bytes) -> Answer:
        refused = json.loads(body)["data"]["company"] == "acme"
        return Answer(503, retry_after=3600) if refused else await receiver.post(url, headers, body)

    courier = Courier(host.database, picky, lambda: host.now)
    assert await courier.run() == 1
    host.now += 30 * 60 * SECOND
    assert await courier.run() == 0  # it asked for an hour
    assert host.place.rows("SELECT attempts FROM engage_delivery WHERE attempts > 0") == [(1,)]


async def test_after_the_last_attempt_the_next_notice_has_its_turn(
    host: Host, courier: Courier, receiver: Receiver
) -> None:
    await host.publish()
    endpoint = await add(host)
    await host.send(host.track("ann"))
    receiver.answer = Answer(0, error="no answer")
    for seconds in (0, *RETRY_SECONDS):
        host.now += int(seconds * 1.2) * SECOND
        await courier.run()
        await webhooks.alter_endpoint(host.database, endpoint.id, private=False, now=host.now, enabled=True)
    assert len(receiver.sent) == len(RETRY_SECONDS) + 1
    await host.send(host.track("bob"))
    receiver.answer = Answer(200)
    await courier.run()
    assert receiver.told()[-1] == ("acme", "bob", "bronze")


async def test_an_endpoint_that_does_not_answer_keeps_no_other_waiting(
    host: Host, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a thousand companies its time-outs add up to minutes."""
    monkeypatch.setattr(deliver, "LOOK_SECONDS", 0.01)
    await host.publish()
    await add(host)
    await webhooks.add_endpoint(host.database, "https://slow.example/", [], "", private=False, now=host.now)
    answers, told = asyncio.Event(), asyncio.Event()

    async def one_is_slow(url: str, headers: dict[str, str], body: bytes) -> Answer:
        if url != URL:
            await answers.wait()
            return Answer(204)
        told.set()
        return await receiver.post(url, headers, body)

    courier = Courier(host.database, one_is_slow, lambda: host.now)
    await host.send(host.track("ann"))
    running = asyncio.create_task(courier.run())
    for name in ("bob", "eve"):
        await asyncio.wait_for(told.wait(), 10)
        told.clear()
        await host.send(host.track(name))
    await asyncio.wait_for(told.wait(), 10)
    assert not running.done()
    answers.set()
    # Either is told all three, once.
    assert await running + await courier.run() == 6
    assert [one[1] for one in receiver.told()] == ["ann", "bob", "eve"]


@pytest.mark.parametrize("what", ["removed", "disabled"])
async def test_an_endpoint_that_is_ended_is_told_no_more(
    host: Host, receiver: Receiver, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """A round may take long: many wait, or it is slow."""
    monkeypatch.setattr(deliver, "COMPANIES_AT_ONCE", 1)
    await host.publish()
    endpoint = await add(host)
    await host.send(*(host.track("ann", company=name) for name in ("acme", "globex", "initech")))

    async def ending(url: str, headers: dict[str, str], body: bytes) -> Answer:
        if what == "removed":
            await webhooks.remove_endpoint(host.database, endpoint.id)
        else:
            await webhooks.alter_endpoint(
                host.database, endpoint.id, private=False, now=host.now, enabled=False
            )
        return await receiver.post(url, headers, body)

    await Courier(host.database, ending, lambda: host.now).run()
    assert len(receiver.sent) == 1


@pytest.mark.parametrize("reason", ["gone", "days of failure"])
async def test_an_endpoint_that_is_no_more_is_disabled(
    host: Host, courier: Courier, receiver: Receiver, reason: str
) -> None:
    await host.publish()
    endpoint = await add(host)
    await host.send(host.track("ann"))
    receiver.answer = Answer(410 if reason == "gone" else 500)
    await courier.run()
    if reason != "gone":
        assert (await stored(host, endpoint.id)).disabled_at is None
        host.now += (FAILING_DAYS_MAX + 1) * DAY
        await courier.run()
    assert (await stored(host, endpoint.id)).disabled_at == host.now
    sent = len(receiver.sent)
    host.now += DAY
    await courier.run()
    assert len(receiver.sent) == sent
    # Enabled again it goes on where it was.
    receiver.answer = Answer(200)
    await webhooks.alter_endpoint(host.database, endpoint.id, private=False, now=host.now, enabled=True)
    host.now += DAY
    assert await courier.run() == 1


@pytest.mark.parametrize("change", [{"enabled": True}, {"url": "https://host.example/other"}])
async def test_an_endpoint_that_is_put_right_is_tried_at_once(
    host: Host, courier: Courier, receiver: Receiver, change: dict[str, Any]
) -> None:
    """After some failures the next attempt may be a day ahead."""
    await host.publish()
    endpoint = await add(host)
    await host.send(host.track("ann"))
    receiver.answer = Answer(410, retry_after=86_400)
    await courier.run()
    receiver.answer = Answer(200)
    await webhooks.alter_endpoint(host.database, endpoint.id, private=False, now=host.now, enabled=True)
    assert await courier.run() == 1
    receiver.answer = Answer(503, retry_after=86_400)
    await host.send(host.track("bob"))
    assert await courier.run() == 0
    receiver.answer = Answer(200)
    host.now += HOUR
    assert await courier.run() == 0
    await webhooks.alter_endpoint(host.database, endpoint.id, private=False, now=host.now, **change)
    assert await courier.run() == 1


async def test_only_the_types_and_the_time_asked_for(
    host: Host, courier: Courier, receiver: Receiver
) -> None:
    await host.publish()
    await host.send(host.track("ann"))
    host.now += SECOND
    endpoint = await add(host, "member.badge.granted")
    await host.send(host.track("ann", "Deal Won", properties={"value": 2000}))
    assert await courier.run() == 1
    assert receiver.told() == [("acme", "ann", "closer")]
    await webhooks.replay_from(host.database, endpoint.id, host.now - DAY, host.now)
    await webhooks.alter_endpoint(host.database, endpoint.id, private=False, now=host.now, types=[])
    assert await courier.run() == 3
    assert [one[2] for one in receiver.told()[1:]] == ["bronze", "silver", "closer"]
    assert receiver.sent[0][1]["webhook-id"] == receiver.sent[3][1]["webhook-id"]


async def test_what_waits_is_told_though_a_replay_begins_later(
    host: Host, courier: Courier, receiver: Receiver
) -> None:
    await host.publish()
    endpoint = await add(host)
    receiver.answer = Answer(503)
    await host.send(host.track("ann"))
    assert await courier.run() == 0
    host.now += 2 * DAY
    await host.send(host.track("ann", "Deal Won", properties={"value": 2000}))
    replayed = await webhooks.replay_from(host.database, endpoint.id, host.now - DAY, host.now)
    assert replayed.since < host.now - DAY
    receiver.answer = Answer(200)
    assert await courier.run() == 3
    assert [one[2] for one in receiver.told()[1:]] == ["bronze", "silver", "closer"]


async def test_notices_are_dropped_in_the_end(host: Host, courier: Courier) -> None:
    await host.publish()
    await host.send(host.track("ann"))
    host.now += (KEPT_DAYS - 1) * DAY
    await courier.run()
    assert host.count("outbox") == 1
    host.now += 2 * DAY
    await courier.run()
    assert host.count("outbox") == 0


async def test_undoing_an_event_tells_what_was_taken_back(
    host: Host, courier: Courier, receiver: Receiver
) -> None:
    await host.publish()
    await add(host)
    call = host.track("ann", "Deal Won", properties={"value": 2000})
    await host.send(call)
    await host.reverse(call.message_id)
    await courier.run()
    assert [(body["type"], body["data"].get("level")) for body in receiver.bodies()] == [
        ("member.level.changed", "bronze"),
        ("member.badge.granted", None),
        ("member.level.changed", None),
        ("member.badge.revoked", None),
    ]


async def test_what_is_to_be_told_again_is_though_something_was_just_being_told(
    host: Host, receiver: Receiver
) -> None:
    await host.publish()
    endpoint = await add(host)
    await host.send(host.track("ann"), host.track("ann", "Deal Won", properties={"value": 2000}))

    async def slow(url: str, headers: dict[str, str], body: bytes) -> Answer:
        if len(receiver.sent) == 1:
            await webhooks.replay_from(host.database, endpoint.id, host.now - DAY, host.now)
        return await receiver.post(url, headers, body)

    courier = Courier(host.database, slow, lambda: host.now)
    assert await courier.run() == 3
    assert await courier.run() == 3
    assert [one[2] for one in receiver.told()] == ["bronze", "silver", "closer"] * 2


@ON_SQLITE
async def test_a_health_score_that_changed_is_told_once_and_without_a_member(
    host: Host, receiver: Receiver
) -> None:
    await publish_default(host.database)
    await accept(host.database, working("acme", 12, 20))
    for days in (0, 7, 7, 28):
        await score_companies(host.database, TODAY + timedelta(days=days))
    told = host.place.rows("SELECT seq, n, data FROM engage_outbox WHERE type = 'account.health.changed'")
    scores = [json.loads(data)["score"] for *_, data in told]
    assert len(set(scores)) == 3
    assert [json.loads(data)["score_before"] for *_, data in told] == [None, *scores[:2]]
    for *_, data in told:
        said = json.loads(data)
        assert said.keys() == {
            *("as_of", "score", "band", "score_before", "band_before", "confidence", "verdict"),
            *("profile", "profile_before"),
        }
    row = {"groupId": "acme", "term_start": "2025-07-01", "term_end": "2026-07-10", "outcome": "churned"}
    await record_terms(host.database, [row])
    for _ in range(2):
        await score_companies(host.database, TODAY + timedelta(days=35))
    stages = host.place.rows("SELECT data FROM engage_outbox WHERE type = 'account.stage.changed'")
    *_, last = [json.loads(data) for (data,) in stages]
    assert last == {
        "as_of": "2026-08-02",
        "stage": "churned",
        "before": "at_risk",
        "text": "The contract has ended.",
    }


@ON_SQLITE
async def test_a_change_is_one_from_what_was_last_told_and_the_past_is_nobodys_news(host: Host) -> None:
    """After a pause of weeks the week before was scored too, but nobody was told of it; nor is anybody of a score of
    the past."""
    await publish_default(host.database)
    await accept(host.database, working("acme", 12, 20, idle_last=6))
    before_the_pause = TODAY - timedelta(days=42)
    for day in (before_the_pause, TODAY, before_the_pause - timedelta(days=300)):
        await score_companies(host.database, day)
    rows = host.place.rows("SELECT data FROM engage_outbox WHERE type = 'account.health.changed' ORDER BY n")
    first, last = [json.loads(data) for (data,) in rows]
    assert (first["score_before"], last["score_before"]) == (None, first["score"])
    assert last["as_of"] == "2026-06-28"
    assert last["band_before"] == first["band"]


async def test_a_week_scored_again_and_an_idle_companys_next_week_are_told_in_order(
    host: Host, courier: Courier, receiver: Receiver
) -> None:
    """All of it after the same entry of the log: no event lies between."""
    await publish_default(host.database)
    await accept(host.database, working("acme", 12, 20))
    await add(host, "account.health.changed", "account.stage.changed")

    async def told(days: int, seats: int) -> list[str]:
        row = {"groupId": "acme", "term_start": "2025-07-01", "term_end": "2027-07-01", "seats": str(seats)}
        await record_terms(host.database, [row])
        await score_companies(host.database, TODAY + timedelta(days=days), again=True)
        receiver.sent.clear()
        host.now += HOUR
        await courier.run()
        return [body["data"]["as_of"] for body in receiver.bodies()]

    assert set(await told(0, 12)) == {"2026-06-28"}
    for seats in (40, 12, 400):
        assert set(await told(0, seats)) == {"2026-06-28"}
    assert set(await told(7, 24)) == {"2026-07-05"}
    assert "2026-07-26" in await told(28, 400)
    [(entries,)] = host.place.rows(
        "SELECT COUNT(DISTINCT seq) FROM engage_outbox WHERE type LIKE 'account.%'"
    )
    assert entries == 1


async def test_a_score_is_told_though_an_event_was_told_while_it_was_made(
    host: Host, courier: Courier, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Placed behind the entry at which the score was begun, it would lie before what is settled, and never be sent."""
    await publish_default(host.database)
    await accept(host.database, working("acme", 12, 20))
    await add(host)
    measured, go_on = threading.Event(), threading.Event()

    def slowly(companies: Sequence[Company], of: Scored) -> Any:
        found = measure_and_score(companies, of)
        measured.set()
        assert go_on.wait(30)
        return found

    monkeypatch.setattr(score, "measure_and_score", slowly)
    scoring = asyncio.create_task(score_companies(host.database, TODAY))
    await asyncio.to_thread(measured.wait, 30)
    await accept(host.database, [call("acme", "new", "Report Exported", TODAY)])
    assert await courier.run() == 1
    go_on.set()
    await scoring
    assert await courier.run() == 2
    told = [body["type"] for body in receiver.bodies()]
    assert told == ["member.level.changed", "account.health.changed", "account.stage.changed"]


async def test_what_another_run_told_meanwhile_is_not_told_twice(host: Host) -> None:
    await publish_default(host.database)
    await accept(host.database, working("acme", 12, 20))
    await asyncio.gather(*(score_companies(host.database, TODAY) for _ in range(2)))
    told = host.place.rows("SELECT type FROM engage_outbox WHERE type LIKE 'account.%' ORDER BY n")
    assert told == [("account.health.changed",), ("account.stage.changed",)]


@pytest.mark.parametrize(
    "url, message",
    [
        ("http://host.example/", "must begin with https://"),
        ("ftp://host.example/", "must begin with https://"),
        ("https:///path", "name a host"),
        ("https://user:secret@host.example/", "neither a user name"),
        ("https://host.example/#here", "nor a fragment"),
        ("https://xn--/", "is not a URL"),
        ("https://host.example/" + "x" * 2000, "at most 2000"),
    ],
)
async def test_a_url_that_cannot_be_one_is_refused(host: Host, url: str, message: str) -> None:
    with pytest.raises(InvalidRequest, match=message):
        await webhooks.add_endpoint(host.database, url, [], "", private=False, now=host.now)


async def test_an_unknown_type_or_endpoint_is_named(host: Host) -> None:
    with pytest.raises(InvalidRequest, match=r"there is no type .member\.levl.; types are member"):
        await add(host, "member.levl")
    with pytest.raises(NotFound, match="there is no webhook endpoint 7"):
        await webhooks.rotate_secret(host.database, 7, host.now)
