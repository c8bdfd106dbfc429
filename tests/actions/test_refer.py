"""Inviting colleagues on real databases: who joins by whose invitation, and both sides once."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from engage.actions.dry_run import Assumed, try_event, try_recorded
from engage.actions.refer import Taken, invite, note_shown, take_up
from engage.actions.turns import Turn
from engage.core.backtest_report import Pair
from engage.core.calendar import HOUR, to_datetime
from engage.core.compiled import compile_program
from engage.core.event import Kind
from engage.errors import Conflict, InvalidRequest, Lacking, NotFound
from engage.store.database import Database
from engage.store.log import load_days, load_entry
from engage.store.referral import Invitation, load_colleagues
from tests.actions.host import DAY, Host, program
from tests.actions.test_backtest import differences, tried
from tests.places import ON_SQLITE, Place

REFERRAL = """
name: Referral
currencies: {points: {}}
events: {Lesson Finished: {}, Logged In: {}}
levels: {currency: points, steps: [{id: bronze, name: Bronze, threshold: 100}]}
rules: [{id: login, trigger: Logged In, effects: [{award: 1}], limits: [{per: member, window: day, count: 1}]}]
referral:
  window: 30
  active: {event: Lesson Finished, count: 2}
  invited: {effects: [{award: 50}]}
  inviter: {effects: [{award: 100}], limits: [{per: member, window: year, count: 3}]}
  invitations: [{per: member, window: day, count: 4}]
  channels: [chat, mail]
"""


@pytest.fixture
async def team(host: Host) -> Host:
    await host.publish(REFERRAL)
    await host.send(host.track("ann", "Logged In"), host.track("bob", "Logged In"))
    return host


async def invited(host: Host, key: str = "k", **changes: Any) -> Invitation:
    asked: dict[str, Any] = {
        "company": "acme",
        "member": "ann",
        "to": None,
        "channel": None,
        "actor": "ann",
        "idempotency_key": key,
        "now": host.now,
    }
    return await invite(host.database, **(asked | changes))


async def taken(host: Host, code: str, member: str = "cid") -> Taken:
    return await take_up(host.database, company="acme", code=code, member=member, actor="app", now=host.now)


async def lessons(host: Host, member: str, count: int) -> list[str]:
    """The ids of the messages."""
    calls = [host.track(member, "Lesson Finished") for _ in range(count)]
    await host.send(*calls)
    return [call.message_id for call in calls]


async def sound(host: Host) -> None:
    assert (await host.verify()).difference is None


async def test_an_active_colleague_pays_both_sides_once(team: Host) -> None:
    one = await invited(team)
    assert (one.channel, one.to_id) == ("chat", None)
    assert (await taken(team, one.code)).status == "offered"
    await lessons(team, "cid", 1)
    assert [await team.balance(who) for who in ("ann", "cid")] == [1, 0]
    assert (await taken(team, one.code)).status == "joined"
    messages = await lessons(team, "cid", 3)
    assert [await team.balance(who) for who in ("ann", "cid")] == [101, 50]
    ann = await team.member("ann")
    assert ann is not None
    assert ann.level == "bronze", "what it brings counts like anything that is earned"
    assert (await taken(team, one.code)).status == "active"
    await team.send(*(team.track("cid", "Lesson Finished", messageId=message) for message in messages))
    assert await team.balance("ann") == 101
    await sound(team)


async def test_a_named_colleague_joins_without_a_code(team: Host) -> None:
    one = await invited(team, to="cid", channel="mail")
    assert one.to_id == "cid"
    await lessons(team, "cid", 2)
    async with team.database.read() as s:
        found = await load_colleagues(s, 1, [one.id])
    assert [(c.member_id, c.active, c.brought) for c in found[one.id]] == [("cid", True, (("points", 100),))]
    await sound(team)


@ON_SQLITE
async def test_join_and_activity_in_the_first_batch(team: Host) -> None:
    """Both happen in one commit, which has not met the inviter yet."""
    await invited(team, to="cid")
    await lessons(team, "cid", 2)
    assert [await team.balance(who) for who in ("ann", "cid")] == [101, 50]


@ON_SQLITE
async def test_the_first_invitation_that_still_counts_wins(team: Host) -> None:
    early = await invited(team, "early", to="cid")
    team.now += 20 * DAY
    later = await invited(team, "later", member="bob", to="cid")
    await invited(team, "both", member="bob", to="dan")
    await invited(team, "second", to="dan")
    team.now += 15 * DAY
    await lessons(team, "cid", 2)
    await lessons(team, "dan", 2)
    assert early.id < later.id
    assert [await team.balance(who) for who in ("ann", "bob", "cid", "dan")] == [1, 201, 50, 50]
    await sound(team)


@ON_SQLITE
async def test_what_cannot_be_is_refused(team: Host) -> None:
    one = await invited(team, "k")
    for changed, error in (
        ({"to": "ann"}, Lacking),
        ({"to": "bob"}, Lacking),
        ({"member": "eve"}, NotFound),
        ({"company": "beta"}, NotFound),
        ({"channel": "pigeon"}, InvalidRequest),
    ):
        with pytest.raises(error):
            await invited(**{"host": team, "key": "other", **changed})  # type: ignore[arg-type]
    for member, words in (("ann", "nobody can invite themselves"), ("bob", "used the product before")):
        with pytest.raises(Lacking, match=words):
            await taken(team, one.code, member)
    with pytest.raises(NotFound):
        await taken(team, "guess")
    with pytest.raises(Conflict, match="Idempotency-Key"):
        await invited(team, "k", to="cid")
    assert (await invited(team, "k")).code == one.code
    assert await team.member("eve") is None
    team.now += 31 * DAY
    with pytest.raises(Lacking, match="the invitation counted until"):
        await taken(team, one.code)
    await sound(team)


@ON_SQLITE
async def test_chains_never_close(team: Host) -> None:
    await invited(team, to="cid")
    with pytest.raises(Lacking, match="has not used the product yet"):
        await invited(team, "c", member="cid", to="dan")
    await lessons(team, "cid", 1)
    await invited(team, "d", member="cid", to="dan")
    await lessons(team, "dan", 1)
    with pytest.raises(Lacking, match="who invited the member"):
        await invited(team, "e", member="cid", to="ann")
    with pytest.raises(Lacking, match="used the product before this invitation"):
        await invited(team, "f", member="dan", to="ann")
    link = await invited(team, "g", member="dan")
    with pytest.raises(Lacking, match="used the product before this invitation"):
        await taken(team, link.code, "ann")


@ON_SQLITE
async def test_invitations_are_limited(team: Host) -> None:
    for n in range(4):
        await invited(team, f"k{n}")
    with pytest.raises(Lacking, match="4 of 4; again from 2026-06-04"):
        await invited(team, "more")


async def test_undoing_what_made_active_takes_both_sides_back(team: Host) -> None:
    await invited(team, to="cid")
    _, last = await lessons(team, "cid", 2)
    await team.reverse(last)
    assert [await team.balance(who) for who in ("ann", "cid")] == [1, 0]
    ann, cid = await team.member("ann"), await team.member("cid")
    assert ann is not None
    assert cid is not None
    assert ann.level == ""
    assert ann.referral is not None
    assert (ann.referral.sent, ann.referral.brought) == (1, 0)
    assert cid.referral is not None
    assert (cid.referral.count, cid.referral.active) == (1, 0)
    async with team.database.read() as s:
        own = await load_entry(s, 1, ann.last_seq)
    assert own is not None
    assert own.entry.body.data.keys() - {"seq", "actor"} == {"reason"}
    assert own.entry.body.data["reason"] == "", "what was said of cid's event is not ann's"
    await sound(team)
    await lessons(team, "cid", 1)
    assert [await team.balance(who) for who in ("ann", "cid")] == [101, 50]
    with pytest.raises(Conflict):
        await team.reverse(last)
    async with team.database.read() as s:
        days = await load_days(s, 1, 0, 4_000_000)
    counted: dict[str, int] = {}
    for rollup in days.values():
        for name, times in rollup.referral.items():
            counted[name] = counted.get(name, 0) + times
    assert counted == {"chat/sent": 1, "chat/joined": 1, "chat/active": 1}
    await sound(team)


@ON_SQLITE
async def test_undoing_the_joining_event_undoes_joining(team: Host) -> None:
    await invited(team, to="cid")
    [first] = await lessons(team, "cid", 1)
    await team.reverse(first)
    cid = await team.member("cid")
    assert cid is not None
    assert cid.referral is not None
    assert (cid.referral.via, cid.referral.count) == (None, 0)
    await sound(team)
    await lessons(team, "cid", 2)
    assert await team.balance("ann") == 101
    await sound(team)


@ON_SQLITE
async def test_what_is_done_with_an_invitation_is_counted_once_for_each_visitor(team: Host) -> None:
    one = await invited(team)

    async def shown(step: str, visitor: str, channel: str | None = None) -> bool:
        return await note_shown(
            team.database,
            company="acme",
            code=one.code,
            step=step,
            channel=channel,
            visitor=visitor,
            trusted=False,
            now=team.now,
        )

    assert [await shown("seen", v) for v in ("x", "x", "y")] == [True, False, True]
    assert await shown("forwarded", "y", "mail")
    async with team.database.read() as s:
        [day] = (await load_days(s, 1, 0, 4_000_000)).values()
    assert day.referral == {"chat/sent": 1, "chat/seen": 2, "mail/forwarded": 1}
    await sound(team)


async def test_64_who_take_up_one_invitation_at_once_pay_once_each(team: Host, place: Place) -> None:
    """Two processes; the same code, the same colleagues and the same messages, again and again."""
    one = await invited(team)
    other = await Database.open(place.url)
    rival = Host(other, place, team.now)

    async def attempt(n: int) -> None:
        host, name = (team, rival)[n % 2], ("cid", "dan")[n // 2 % 2]
        await take_up(host.database, company="acme", code=one.code, member=name, actor="app", now=host.now)
        calls = [host.track(name, "Lesson Finished", messageId=f"{name}{i}") for i in range(3)]
        await host.send(*calls)

    try:
        await asyncio.gather(*(attempt(n) for n in range(64)))
    finally:
        await other.close()
    assert [await team.balance(who) for who in ("ann", "cid", "dan")] == [201, 50, 50]
    steps = [s.entry.body.data["step"] for s in await team.log() if s.entry.kind == Kind.REFERRAL]
    assert (steps.count("offer"), steps.count("bring")) == (2, 2)
    await sound(team)


@ON_SQLITE
@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM engage_referred",
        "UPDATE engage_referred SET inviter_id = 2",
        "UPDATE engage_referred SET brought = 0",
        "DELETE FROM engage_invitation",
    ],
)
async def test_what_is_listed_otherwise_is_found(team: Host, damage: str) -> None:
    await invited(team, to="cid")
    await lessons(team, "cid", 2)
    team.tamper(damage)
    assert (await team.verify()).difference is not None


@ON_SQLITE
async def test_an_inviter_who_was_not_told_is_found(team: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    """As no commit leaves it, though its chain is whole."""
    await invited(team, to="cid")
    monkeypatch.setattr(Turn, "_refer", lambda turn, member, appended, led: appended)
    await lessons(team, "cid", 2)
    assert "inviters were not told" in str((await team.verify()).difference)


@ON_SQLITE
async def test_a_backtest_decides_referrals_by_the_draft(team: Host) -> None:
    """What the live program brought to inviters is not there for the draft, and what it did not bring is."""
    await invited(team, to="cid")
    await invited(team, "dan", to="dan")
    _, last = await lessons(team, "cid", 2)
    await lessons(team, "dan", 1)
    await team.reverse(last)
    await lessons(team, "cid", 1)
    assert differences(await tried(team)) == []
    assert differences(await tried(team, compile_program(program(REFERRAL)))) == []
    easy = REFERRAL.replace("count: 2", "count: 1").replace("award: 100", "award: 7")
    found = await tried(team, compile_program(program(easy)))
    assert {one.member: one.awarded for one in found.winners} == {
        "ann": Pair(15, 101),
        "bob": Pair(1, 1),
        "cid": Pair(50, 50),
        "dan": Pair(50, 0),
    }
    without = REFERRAL[: REFERRAL.index("referral:")]
    found = await tried(team, compile_program(program(without)))
    assert {one.member: one.awarded for one in found.winners} == {
        "ann": Pair(1, 101),
        "bob": Pair(1, 1),
    }


@ON_SQLITE
async def test_a_backtest_undoes_what_was_brought_before_its_period(team: Host) -> None:
    await invited(team, to="cid")
    _, last = await lessons(team, "cid", 2)
    team.now += 3 * DAY
    await team.reverse(last)
    whole = compile_program(program(REFERRAL.replace("Referral", "Draft", 1)))
    found = await tried(team, whole, (to_datetime(team.now).date(), to_datetime(team.now).date()))
    [points] = found.currencies
    assert points.returned == Pair(150, 150)


@ON_SQLITE
async def test_a_dry_run_tells_what_the_inviter_would_get(team: Host) -> None:
    await invited(team, to="cid")
    await lessons(team, "cid", 1)
    call = team.track("cid", "Lesson Finished")
    done = await try_event(team.database, None, call, company="acme", assumed=Assumed())
    assert done.brought is not None
    assert (done.brought.member, [t.amount for t in done.brought.appended.decision.transfers]) == (
        "ann",
        [100],
    )
    assert [await team.balance(who) for who in ("ann", "cid")] == [1, 0]
    [message] = await lessons(team, "cid", 1)
    again = await try_recorded(team.database, None, company="acme", message_id=message)
    assert again.brought is not None
    assert (again.brought.member, again.brought.appended.decision.transfers) == (
        "ann",
        done.brought.appended.decision.transfers,
    )


@ON_SQLITE
@pytest.mark.parametrize("hours", [0, 24 * 400, -24])
async def test_a_dry_run_follows_the_invitation_of_an_event(team: Host, hours: int) -> None:
    """Of a draft and of what is in force, at any time: who joins, becomes active, and what it brings the inviter."""
    text = f"{TOLD}  invites: {{event: Invited, to: event.properties.who}}\n".replace(
        "count: 2}", "count: 2, conditions: {field: event.properties.score, op: ge, value: 5}}"
    ).replace("Lesson Finished: {}", "Lesson Finished: {properties: {score: {type: number}}}")
    await team.publish(text)
    team.now += hours * HOUR
    stored = team.stored_rows()
    draft = compile_program(program(text.replace("award: 100}", "award: 70}")))
    for which, brought in ((None, 100), (draft, 70)):
        call = team.track("ann", "Invited", properties={"who": "cid"})
        done = await try_event(team.database, which, call, company="acme", assumed=Assumed())
        found = done.followed
        assert found is not None
        assert (found.colleague, found.lacks, found.event, found.times) == ("cid", [], "Lesson Finished", 2)
        assert [
            (one.stage, one.member, [t.amount for t in one.appended.decision.transfers])
            for one in found.steps
        ] == [("joined", "cid", []), ("active", "cid", [50]), ("brought", "ann", [brought])]
        assert done.after.wallets["points"].active == 1
        assert done.after.referral is not None
        assert done.after.referral.sent == 0
    assert team.stored_rows() == stored


@ON_SQLITE
async def test_a_dry_run_follows_the_invitation_of_a_recorded_event(team: Host) -> None:
    """As things stood then: the colleague, active by now, had not been invited."""
    await team.publish(f"{TOLD}  invites: {{event: Invited, to: event.properties.who}}\n")
    await team.send(team.track("ann", "Invited", properties={"who": "cid"}, messageId="told"))
    await lessons(team, "cid", 2)
    stored = team.stored_rows()
    done = await try_recorded(team.database, None, company="acme", message_id="told")
    assert done.followed is not None
    assert [
        (one.stage, one.member, [t.amount for t in one.appended.decision.transfers])
        for one in done.followed.steps
    ] == [("joined", "cid", []), ("active", "cid", [50]), ("brought", "ann", [100])]
    assert team.stored_rows() == stored


@ON_SQLITE
async def test_a_dry_run_says_why_nobody_would_be_invited(team: Host) -> None:
    await team.publish(f"{TOLD}  invites: {{event: Invited, to: event.properties.who}}\n")
    call = team.track("ann", "Invited", properties={"who": "bob"})
    done = await try_event(team.database, None, call, company="acme", assumed=Assumed())
    assert done.followed is not None
    assert [lack.code for lack in done.followed.lacks] == ["member"]
    assert done.followed.steps == []


TOLD = REFERRAL.replace("Logged In: {}", "Logged In: {}, Invited: {properties: {who: {type: string}}}")


async def test_an_event_can_say_who_was_invited(team: Host) -> None:
    """In the same batch as what the colleague then does, and again and again."""
    await team.publish(f"{TOLD}  invites: {{event: Invited, to: event.properties.who}}\n")
    told = team.track("ann", "Invited", properties={"who": "cid"})
    calls = [told, told, *(team.track("cid", "Lesson Finished") for _ in range(2))]
    outcomes = await team.send(*calls)
    assert [one.status for one in outcomes] == ["ok", "duplicate", "ok", "ok"]
    assert [await team.balance(who) for who in ("ann", "cid")] == [101, 50]
    await sound(team)


@ON_SQLITE
async def test_an_event_that_invites_in_vain_says_why(team: Host) -> None:
    await team.publish(f"{TOLD}  invites: {{event: Invited, to: event.properties.who}}\n")
    said = [{"who": "bob"}, {"who": "ann"}, {"who": 7}, {}]
    outcomes = await team.send(*(team.track("ann", "Invited", properties=one) for one in said))
    assert [one.status for one in outcomes] == ["ok"] * 4
    assert [one.warnings for one in outcomes[:2]] == [
        ["not invited: used the product before this invitation"],
        ["not invited: nobody can invite themselves"],
    ]
    [forged] = await team.send(team.track("ann", "Invited", properties={"who": "dan"}, trusted=False))
    assert forged.status == "ok"
    assert await team.member("dan") is None
    await sound(team)


async def test_a_stranger_who_was_invited_in_vain_shares_no_number_with_who_comes_next(team: Host) -> None:
    await team.publish(f"{TOLD}  invites: {{event: Invited, to: event.properties.who}}\n")
    calls = [team.track("ann", "Invited", properties={"who": f"new {n}"}) for n in range(5)]
    outcomes = await team.send(*calls, team.track("eve", "Logged In"), team.track("new 4", "Logged In"))
    assert [len(one.warnings) for one in outcomes] == [0, 0, 0, 0, 1, 0, 0]
    assert [await team.balance(who) for who in ("eve", "new 4")] == [1, 1]
    await sound(team)


@ON_SQLITE
async def test_a_call_that_waited_can_invite(team: Host) -> None:
    """Whom it names is looked up, though nobody knew who it was by."""
    await team.publish(f"{TOLD}  invites: {{event: Invited, to: event.properties.who}}\n")
    await team.send(team.visit("v1", "Invited", properties={"who": "cid"}, company="acme"))
    await team.send(team.visit("v1", "Invited", properties={"who": "bob"}, company="acme"))
    bob = await team.member("bob")
    await team.send(team.call("identify", "ann", anonymousId="v1", context={"groupId": "acme"}))
    cid = await team.member("cid")
    assert cid is not None
    assert cid.referral is not None
    assert len(cid.referral.offers) == 1
    assert await team.member("bob") == bob
    await sound(team)
