"""Erasing people: nothing is left that says who it was, and everything that was counted stands."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from engage.actions import erase as erasing
from engage.actions.adjust import settle
from engage.actions.dry_run import try_recorded
from engage.actions.erase import Erased, erase
from engage.actions.give import give
from engage.actions.leave import take_leave
from engage.actions.preferences import set_preferences
from engage.actions.redeem import request
from engage.actions.refer import invite
from engage.actions.report import company_report
from engage.actions.score import score_companies
from engage.actions.tick import tell_what_is_due
from engage.core.event import Kind
from engage.errors import Conflict, InvalidRequest, NotFound
from engage.store import erasing as stored_erasing
from engage.store.database import Database
from tests.actions.host import DAY, Host
from tests.actions.signal_host import TODAY, accept, publish_default, seats, working
from tests.actions.test_backtest import day_of, differences, tried
from tests.commands import Forked

JANE = "jane.roe@acme.example"
EVERYTHING = """
name: Everything
currencies: {points: {}, gems: {}}
traits: {member: {team: {type: string}, name: {type: string}}}
department: member.traits.team
events:
  Report Exported: {properties: {title: {type: string}}}
  Deal Won: {properties: {title: {type: string}, customer: {type: string}}}
  Invited: {properties: {colleague: {type: string}}}
badges: {closer: {name: Closer}}
levels: {currency: gems, steps: [{id: bronze, name: Bronze, threshold: 10}, {id: silver, name: Silver, threshold: 60}]}
rules:
  - id: export
    trigger: Report Exported
    effects:
      - award: {currency: points, amount: 10, pending: {until_event: Deal Won, match: title, within: {days: 60}}}
  - id: deal
    trigger: Deal Won
    effects:
      - {award: {currency: gems, amount: 50}}
      - {badge: closer}
      - {webhook: {name: flowers, send: [event.properties.customer]}}
  - {id: asked, trigger: Invited, effects: [{webhook: {name: asked, send: [event.properties.colleague]}}]}
quests:
  - id: titles
    goal: {event: Report Exported, distinct: event.properties.title, reach: 5}
    effects: [{award: {currency: gems, amount: 5}}]
streaks: [{id: daily, event: Report Exported}]
giving: [{currency: gems, window: week, allowance: 50}]
adjustments: {approval_above: 100}
redemptions: {approval_above: 1}
rewards: [{id: mug, cost: {currency: gems, amount: 5}}]
leaderboards:
  - {id: gems, of: {currency: gems}, period: month}
  - {id: teams, by: department, of: {currency: gems}, period: month}
referral:
  window: 30
  active: {event: Report Exported, count: 1}
  invites: {event: Invited, to: event.properties.colleague}
  invited: {effects: [{award: {currency: gems, amount: 1}}]}
  inviter: {effects: [{award: {currency: gems, amount: 1}}]}
  channels: [chat]
"""
SECRETS = (
    *("Jane Roe", "Roe's report", "Roe's customer", "the lanes", "Roe is ill", "Roe asked", "for Roe's desk"),
    *(
        "well done, Roe",
        "thank you from Roe",
        "roe-key",
        "roe-message",
        "roe-invites",
        "approved for Roe",
        "roe refused",
    ),
)
"""What was said of her, in each place where something can be said."""


REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def _few_rows_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored_erasing, "ROWS_PER_READ", 1)


async def erased(host: Host, *members: str, **changes: Any) -> Erased:
    asked: dict[str, Any] = {
        "company": "acme",
        "members": members or (JANE,),
        "actor": "dpo",
        "now": host.now,
    }
    return await erase(host.database, **(asked | changes))


async def sound(host: Host) -> None:
    assert (await host.verify()).difference is None


async def a_life(host: Host) -> None:
    """Jane does all that can be done, and all is said of her that can be said."""
    await host.publish(EVERYTHING)
    asked: dict[str, Any] = {"company": "acme", "actor": JANE, "now": host.now}
    await host.send(*(host.track(who, "Report Exported") for who in ("ann", "bob")))
    await host.send(*(host.track(who, "Invited", properties={"colleague": JANE}) for who in ("ann", "bob")))
    said = {"title": "Roe's report", "customer": "Roe's customer"}
    await host.send(
        host.call("identify", JANE, groupId="acme", traits={"name": "Jane Roe", "team": "the lanes"}),
        host.track(JANE, messageId="roe-message", properties=said),
        host.track(JANE, "Deal Won", properties={"customer": "Roe's customer"}),
        host.track(JANE, "Deal Won", messageId="undone", properties={"customer": "Roe's customer"}),
        host.track(JANE, messageId="roe-message", properties={"title": "roe refused"}),
        host.call("track", "", event="roe refused", previousId=JANE, userId=JANE, groupId="acme" * 100),
    )
    host.now += DAY
    await host.reverse("undone", key="roe-key")
    await host.adjust(JANE, 30, "roe-key-1", reason="Roe asked", currency="gems")
    waits = await host.adjust(JANE, 300, "roe-key-2", reason="Roe asked", actor=JANE)
    settled = await host.adjust(JANE, 400, "roe-key-3", reason="Roe asked")
    step: dict[str, Any] = {"step": "approve", "reason": "approved for Roe", "idempotency_key": "roe-key-4"}
    await settle(host.database, adjustment=settled.seq, **(asked | step))
    assert waits.status == "requested"
    for reason in ("for Roe's desk", "the lanes"):
        buys: dict[str, Any] = {"reward": "mug", "reason": reason, "idempotency_key": f"roe-key-5 {reason}"}
        await request(host.database, member=JANE, **buys, **asked)
    gives: dict[str, Any] = {"currency": "gems", "amount": 3}
    for giver, to, message in ((JANE, "bob", "thank you from Roe"), ("ann", JANE, "well done, Roe")):
        key = f"{giver} gives"
        asked_by = asked | {"actor": giver}
        await give(
            host.database, member=giver, to=to, message=message, idempotency_key=key, **gives, **asked_by
        )
    await set_preferences(host.database, member=JANE, preferences={"leaderboard": True}, **asked)
    day = date(2026, 6, 8)
    ill: dict[str, Any] = {"first": day, "last": day, "reason": "Roe is ill", "idempotency_key": "roe-key-6"}
    await take_leave(host.database, member=JANE, **ill, **asked)
    for invited in (None, "cid"):
        await invite(
            host.database,
            member=JANE,
            to=invited,
            channel=None,
            idempotency_key=f"roe-key-7 {invited}",
            **asked,
        )
    await host.send(host.track(JANE, "Invited", messageId="roe-invites", properties={"colleague": "dan"}))


def stored(host: Host) -> bytes:
    """All that lies on the disk for the database, once the server has cleaned up."""
    if host.place.dialect == "postgres":
        host.place.change("VACUUM FULL")
    return host.place.stored_bytes()


def found(host: Host, *more: str) -> list[str]:
    within = stored(host)
    return [secret for secret in (JANE, *SECRETS, *more) if secret.encode() in within]


@pytest.mark.untouched
async def test_nothing_is_left_that_says_who_it_was(host: Host) -> None:
    await a_life(host)
    [(code,)] = host.place.rows("SELECT code FROM engage_invitation WHERE to_id = 0")
    told = [row[5] for row in host.stored_rows()["engage_outbox"]]
    assert sum(JANE.encode() in bytes(data) for data in told) > 3
    missing = {JANE, *SECRETS, code} - {*found(host, code)}
    assert missing == set(), "the search finds what is there"
    await sound(host)
    done = await erased(host, idempotency_key="roe-key-8")
    assert done.entries > 12
    assert done.notices >= 3
    assert done.rejects == 2
    await sound(host)
    assert found(host, code, "undone") == []
    left = [row[5] for row in host.stored_rows()["engage_outbox"] if row[4] == "rule.fired"]
    assert [msgspec.json.decode(data)["properties"] for data in left] == [{}, {}]


async def test_what_was_counted_stands_under_a_number_of_somebody_who_has_left(host: Host) -> None:
    await a_life(host)
    before, was = host.stored_rows(), await host.member(JANE)
    assert was is not None
    await erased(host)
    after = host.stored_rows()
    for table in ("transfer", "message", "rollup", "week", "score", "code", "referred", "agenda"):
        assert after[f"engage_{table}"] == before[f"engage_{table}"], table
    now = await host.member(" erased:3")
    assert now is not None
    assert (now.traits, now.preferences, now.left > 0) == ({}, {}, True)
    assert was.quests["titles"].windows  # hashes of what the titles were
    assert [one.key for one in was.wallets["points"].pending] != [b""]
    assert (now.quests, [one.key for one in now.wallets["points"].pending]) == ({}, [b""])
    kept = (
        "level",
        "badges",
        "days",
        "uses",
        "features",
        "events",
        "joined",
        "streaks",
        "tags",
        "scores",
        "given",
    )
    assert [name for name in kept if getattr(now, name) != getattr(was, name)] == []
    for currency, wallet in was.wallets.items():
        left = now.wallets[currency]
        assert (left.active, left.earned, left.held, left.lots) == (
            wallet.active,
            wallet.earned,
            wallet.held,
            wallet.lots,
        )
        assert [one.units for one in left.pending] == [one.units for one in wallet.pending]
    assert (await host.company()).members == 5
    assert (await host.company()).levels == {"silver": 1}


async def test_the_log_says_that_somebody_was_erased_and_by_whom_and_not_who(host: Host) -> None:
    await host.publish()
    await host.send(host.track(JANE))
    done = await erased(host)
    [entry] = [one.entry for one in await host.log() if one.entry.kind == Kind.ERASURE]
    assert (done.seq, entry.seq, entry.member) == (entry.seq, entry.seq, 1)
    gone = {"members": 1, "entries": 1, "notices": 1, "rejects": 0, "archived": []}
    assert entry.body.data == {"actor": "dpo"} | gone
    await host.send(host.track(JANE))
    await erased(host, actor=JANE)
    assert [one.entry.body.data["actor"] for one in await host.log() if one.entry.kind == Kind.ERASURE] == [
        "dpo",
        "the member",
    ]
    await sound(host)


async def test_reports_are_the_same_to_the_byte(database: Database) -> None:
    """Also of the next period, until the next week is frozen."""
    await publish_default(database)
    await accept(database, [seats("acme", 80), *working("acme", 28, 20)])
    await score_companies(database, TODAY)
    periods = ("last-1-weeks", "last-4-weeks", "last-13-weeks", "2026-06")

    async def told() -> list[bytes]:
        return [msgspec.json.encode(await company_report(database, "acme", period)) for period in periods]

    before = await told()
    now = int(TODAY.toordinal() - 719_163) * DAY
    await erase(database, company="acme", members=["emp-3", "emp-4"], actor="dpo", now=now)
    assert await told() == before
    await score_companies(database, TODAY)
    assert await told() == before


async def test_an_old_event_sent_again_counts_not_again_and_brings_nobody_back(host: Host) -> None:
    await host.publish()
    events = [
        host.track(JANE, messageId="a"),
        host.track(JANE, "Deal Won", messageId="b", properties={"value": 9}),
    ]
    await host.send(*events)
    await erased(host)
    rows = host.count("entry"), host.count("transfer")
    assert [one.status for one in await host.send(*events)] == ["duplicate", "duplicate"]
    assert (host.count("entry"), host.count("transfer")) == rows
    assert await host.member(JANE) is None
    await sound(host)


async def test_who_comes_again_is_somebody_else(host: Host) -> None:
    await host.publish()
    await host.send(host.track(JANE), host.call("identify", JANE, groupId="acme", traits={"role": "chief"}))
    await erased(host)
    await host.send(host.track(JANE))
    now = await host.member(JANE)
    assert now is not None
    assert (now.events, now.traits, now.wallets["points"].active) == (1, {}, 10)
    assert (await host.company()).members == 2
    await erased(host)
    assert await host.member(JANE) is None
    assert [name for (name,) in host.place.rows("SELECT external_id FROM engage_member ORDER BY id")] == [
        " erased:1",
        " erased:2",
    ]
    await sound(host)


async def test_nobody_else_is_touched(host: Host) -> None:
    """Neither colleagues nor the same person in another company."""
    await host.publish()
    said: dict[str, Any] = {"value": 5, "title": "Jane"}
    await host.send(*(host.track(who, "Deal Won", properties=said) for who in (JANE, "bob", JANE, "cid")))
    await host.send(host.track(JANE, company="beta", properties=said))
    log, beta = await host.log(), await host.log("beta")
    await erased(host)
    assert await host.log("beta") == beta
    now = {one.entry.seq: one for one in await host.log()}
    others = [one for one in log if one.entry.member != 1]
    assert [now[one.entry.seq] for one in others] == others
    assert await host.balance(JANE, "beta") == 10
    await sound(host)


# --- asking ---------------------------------------------------------------------------------------------------


async def test_who_is_not_known_is_named_and_nobody_is_erased(host: Host) -> None:
    await host.publish()
    await host.send(host.track(JANE))
    rows = host.stored_rows()
    with pytest.raises(
        NotFound, match=r"member 'jane' is not known in company 'acme': never was, or was erased"
    ):
        await erased(host, JANE, "jane")
    with pytest.raises(NotFound, match="company"):
        await erased(host, company="beta")
    with pytest.raises(InvalidRequest, match="from 1 to 100"):
        await erased(host, *(f"u{n}" for n in range(101)))
    assert host.stored_rows() == rows
    await erased(host)
    for name in (JANE, " erased:1"):
        with pytest.raises(NotFound, match="was erased, of which no id is kept"):
            await erased(host, name)


async def test_the_same_key_again_says_that_it_is_done(host: Host) -> None:
    await host.publish()
    await host.send(host.track(JANE), host.track("bob"))
    first = await erased(host, idempotency_key="k")
    rows = host.stored_rows()
    again = await erased(host, idempotency_key="k")
    assert again == replace(first, repeated=True)
    assert host.stored_rows() == rows
    for members in (("bob",), (JANE, "bob")):
        with pytest.raises(Conflict, match="used for another erasure"):
            await erased(host, *members, idempotency_key="k")
    await host.send(host.track(JANE))
    with pytest.raises(Conflict, match="used for another erasure"):
        await erased(host, idempotency_key="k")
    await sound(host)


async def test_a_rehearsal_says_what_would_be_done_and_does_nothing(host: Host) -> None:
    await a_life(host)
    rows = host.stored_rows()
    said = await erased(host, rehearse=True)
    assert (said.seq, host.stored_rows()) == (0, rows)
    done = await erased(host)
    assert replace(done, seq=0) == said


async def test_several_are_erased_together_or_not_at_all(host: Host) -> None:
    await host.publish()
    await host.send(*(host.track(who) for who in ("ann", "bob", "cid", "ann")))
    done = await erased(host, "ann", "cid", "ann")
    assert (done.members, done.entries, host.count("checkpoint")) == (2, 3, 1)
    assert [await host.balance(who) for who in ("ann", "bob", "cid")] == [None, 10, None]
    await sound(host)


# --- afterwards -----------------------------------------------------------------------------------------------


async def test_what_follows_is_decided_again_and_what_came_before_is_said_not_to_be(host: Host) -> None:
    await host.publish()
    await host.send(*(host.track(who) for who in (JANE, "bob", "bob")))
    await erased(host)
    await host.send(host.track("bob"), host.track("cid"))
    verified = await host.verify()
    assert (verified.difference, verified.chained, verified.entries) == (None, 5, 3)
    with pytest.raises(
        Conflict, match="members of acme were erased, and what they did cannot be decided again"
    ):
        await host.verify(from_start=True)
    host.tamper("UPDATE engage_entry SET decision = x'90' WHERE seq = 2")
    assert (await host.verify()).difference is not None


async def test_an_event_of_who_was_erased_cannot_be_reversed(host: Host) -> None:
    await host.publish()
    await host.send(host.track(JANE, messageId="a"), host.track("bob", messageId="b"))
    await erased(host)
    with pytest.raises(Conflict, match="event 'a' is of a member who was erased"):
        await host.reverse("a")
    await host.reverse("b")
    await sound(host)


async def test_no_backtest_and_no_dry_run_begins_before_it(host: Host) -> None:
    """Of all companies, one of whom members were erased is left out; what came after is decided as it was."""
    await host.publish()
    await host.send(host.track(JANE), host.track("bob", messageId="b"), host.track("cid", company="beta"))
    await erased(host)
    days = (day_of(host.now), day_of(host.now) + timedelta(days=9))
    with pytest.raises(
        Conflict, match=r"before members were erased, until 2026-06-03, cannot be decided again"
    ):
        await tried(host, days=days)
    both = await tried(host, days=days, company=None)
    assert (both.companies, both.left_out, both.events) == (1, ("acme",), 1)
    with pytest.raises(Conflict, match="before members were erased"):
        await try_recorded(host.database, None, company="acme", message_id="b")
    host.now += DAY
    await host.send(host.track("bob", messageId="c"), host.track("dan"))
    after = await tried(host, days=(day_of(host.now), days[1]))
    assert (differences(after), after.events, after.left_out) == ([], 2, ())
    assert (
        await try_recorded(host.database, None, company="acme", message_id="c")
    ).appended.decision.transfers


async def test_gifts_and_referrals_go_on_without_names(host: Host) -> None:
    """A colleague whom she invited becomes active only now."""
    await a_life(host)
    await erased(host)
    await host.send(host.track("cid"))
    inviter = await host.member(" erased:3")
    assert inviter is not None
    assert inviter.referral is not None
    assert inviter.referral.brought == 1
    await sound(host)


async def test_points_expire_and_wait_as_before(host: Host) -> None:
    text = EVERYTHING.replace("gems: {}", "gems: {expires: {after: {days: 90}}}")
    await a_life(host)
    await host.publish(text)
    await host.send(host.track(JANE, "Deal Won"))
    await erased(host)
    was = await host.member(" erased:3")
    assert was is not None
    assert was.wallets["points"].pending
    host.now += 100 * DAY
    await tell_what_is_due(host.database, None, host.now)
    now = await host.member(" erased:3")
    assert now is not None
    assert now.wallets["points"].pending == ()
    assert now.wallets["gems"].active < was.wallets["gems"].active
    await sound(host)


async def test_what_time_brings_her_in_that_moment_names_her_no_more(host: Host) -> None:
    """Her streak broke days ago, and nobody has looked since."""
    rule = "  - {id: broken, trigger: {streak: daily, broken: true}, effects: [webhook: {name: missed}]}"
    await host.publish(EVERYTHING.replace("quests:\n", f"{rule}\nquests:\n"))
    await host.send(host.track(JANE))
    host.now += 5 * DAY
    await erased(host)
    assert [one.record.verdicts != () for one in await host.log() if one.entry.kind == Kind.TICK] == [True]
    assert host.count("outbox") == 0
    await sound(host)


# --- at once, and cut short -----------------------------------------------------------------------------------


async def test_two_at_once_erase_once(host: Host) -> None:
    await host.publish()
    await host.send(host.track(JANE), host.track("bob"))
    results = await asyncio.gather(*(erased(host) for _ in range(3)), return_exceptions=True)
    assert sorted(type(one).__name__ for one in results) == ["Erased", "NotFound", "NotFound"]
    await sound(host)


async def test_while_events_arrive_each_is_theirs_or_somebody_new(host: Host) -> None:
    await host.publish()
    await host.send(host.track(JANE))
    sends, outcomes = 40, []

    async def busy() -> None:
        for _ in range(sends):
            outcomes.extend(await host.send(host.track(JANE), host.track("bob")))

    async def erasing_her() -> int:
        done = 0
        while len(outcomes) < 2 * sends or done < 4:
            with suppress(NotFound):
                await erased(host)
                done += 1
            await asyncio.sleep(0.005)
        return done

    done, _ = await asyncio.gather(erasing_her(), busy())
    states = host.place.rows("SELECT external_id FROM engage_member ORDER BY id")
    assert {one.status for one in outcomes} == {"ok"}
    assert sum("erased" in name for (name,) in states) == done
    total = host.place.rows("SELECT SUM(amount) FROM engage_transfer")[0][0]
    assert total == 10 * (2 * sends + 1)
    await sound(host)


ERASING = """
import asyncio, sys
from engage.actions import erase as erasing
from engage.store.database import Database

async def hang(*_):
    print("about to seal", flush=True)
    await asyncio.sleep(60)

async def main(url, member):
    erasing.seal = hang
    database = await Database.open(url)
    await erasing.erase(database, company="acme", members=[member], actor="dpo", now=1780488000000000)

asyncio.run(main(*sys.argv[1:]))
"""


async def test_a_process_killed_on_the_way_has_erased_nothing(host: Host) -> None:
    await a_life(host)
    rows = host.stored_rows()
    process = await asyncio.to_thread(Forked, ERASING, [host.place.url, JANE], REPOSITORY)
    assert await asyncio.to_thread(process.stdout.readline) == "about to seal\n"
    process.kill()
    await asyncio.to_thread(process.communicate)
    assert host.stored_rows() == rows
    await erased(host)
    await sound(host)


async def test_one_that_fails_at_any_point_leaves_everything_as_it_was(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    await a_life(host)
    rows = host.stored_rows()
    for step in ("rename", "redact_listed", "redact_notices", "drop_rejects", "rewrite", "seal"):

        async def fail(*_: Any) -> None:
            raise ZeroDivisionError

        with monkeypatch.context() as patched:
            patched.setattr(erasing, step, fail)
            with pytest.raises(ZeroDivisionError):
                await erased(host)
        assert host.stored_rows() == rows, step
    await erased(host)
    await sound(host)
