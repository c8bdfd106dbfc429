"""Trying one event: what live traffic would do, as things stand or stood, and not a row written."""

from __future__ import annotations

from typing import Any

import pytest

from engage.actions.dry_run import Assumed, Tried, try_event, try_recorded
from engage.core.compiled import CompiledProgram, compile_program
from engage.core.event import Kind
from engage.errors import Archived, Conflict, NotFound, Unprocessable
from engage.store.parquet import Folder
from tests.actions.archives import archived, six_months
from tests.actions.host import DAY, HOUR, PROGRAM, Host, program
from tests.actions.test_verify import EVENTS, History
from tests.places import ON_SQLITE


async def tried(
    host: Host,
    member: str = "ann",
    event: str = "Report Exported",
    draft: CompiledProgram | None = None,
    *,
    company: str | None = "acme",
    assumed: Assumed | None = None,
    **raw: Any,
) -> Tried:
    call = host.track(member, event, company, **raw)
    return await try_event(host.database, draft, call, company=company, assumed=assumed or Assumed())


@pytest.mark.parametrize("seed", range(2))
async def test_a_dry_run_tells_what_then_happens_and_writes_nothing(host: Host, seed: int) -> None:
    history = History(host, seed)
    await host.publish()
    await host.send(host.track("ann"), host.track("ann", company="beta"))
    for _ in range(12):
        await history.step()
        member, event = history.member(), history.chance.choice(EVENTS)
        call = host.track(member, event, properties={"value": history.chance.choice((1, 1000))})
        stored = host.stored_rows()
        companies = host.count("company")
        told = await try_event(host.database, None, call, company="acme", assumed=Assumed())
        assert (host.stored_rows(), host.count("company")) == (stored, companies)
        before = await host.member(member)
        assert told.before == before
        await host.send(call)
        log = await host.log()
        assert log[-1].record == told.appended.decision.record
        assert log[-1].transfers == told.appended.decision.transfers
        assert told.after == await host.member(member)


async def test_somebody_new_is_tried_and_stays_unknown(host: Host) -> None:
    await host.publish()
    await host.send(host.track("ann"))
    told = await tried(host, "zoe", "Deal Won", properties={"value": 1000})
    assert told.before is None
    assert told.after.wallets["points"].active == 50
    assert await host.member("zoe") is None
    nowhere = await tried(host, "zoe", draft=compile_program(program(PROGRAM)), company=None)
    assert nowhere.after.wallets["points"].active == 10
    with pytest.raises(NotFound):
        await tried(host, company="nowhere")
    assert host.count("company") == 1


@pytest.mark.parametrize("event, meant", [("deal_won", "Deal Won"), ("Deal Lost", ""), ("Deal Won", "")])
async def test_an_event_is_taken_for_a_misspelt_one_as_when_it_is_sent(
    host: Host, event: str, meant: str
) -> None:
    await host.publish()
    await host.send(host.track("ann"))
    told = [f"event {event!r} is not declared; did you mean {meant!r}?"] if meant else []
    assert (await tried(host, event=event)).warnings == told


@ON_SQLITE
async def test_the_clock_may_be_set_and_time_passes_first(host: Host) -> None:
    """A limit of the day is new tomorrow, and what a clock brings until then has come."""
    clock = "\n  - {id: weekly, trigger: {clock: {weekly: monday}}, effects: [{award: {currency: points, amount: 3}}]}"
    await host.publish(PROGRAM + clock.removeprefix("\n").replace("\n  -", "  -"))
    for _ in range(2):
        await host.send(host.track("ann", "Deal Won", properties={"value": 1000}))
    assert not (await tried(host, event="Deal Won", properties={"value": 1000})).appended.decision.transfers
    host.now += 8 * DAY
    later = await tried(host, event="Deal Won", properties={"value": 1000})
    assert later.before is not None
    assert later.before.wallets["points"].active == 103  # what the event does is the rest
    assert later.after.wallets["points"].active == 153
    assert (await host.balance("ann")) == 100


async def test_traits_may_be_assumed(host: Host) -> None:
    text = PROGRAM.replace(
        "trigger: Report Exported, ",
        "trigger: Report Exported, conditions: {all: [{field: member.traits.role, op: eq, value: chief}, "
        "{field: company.traits.plan, op: eq, value: pro}]}, ",
    )
    await host.publish(text)
    await host.send(host.track("ann"))
    assert not (await tried(host)).appended.decision.transfers
    assumed = Assumed({"Role": "chief", "phone": "1"}, {"plan": "pro"})
    told = await tried(host, assumed=assumed)
    assert [transfer.amount for transfer in told.appended.decision.transfers] == [10]
    assert told.after.traits == {"role": "chief"}
    stranger = await tried(host, "new", assumed=assumed)
    assert stranger.after.joined == stranger.appended.entry.day
    assert [transfer.amount for transfer in stranger.appended.decision.transfers] == [10]


async def test_what_is_personal_or_of_the_wrong_type_is_told_as_live(host: Host) -> None:
    await host.publish()
    await host.send(host.track("ann"))
    told = await tried(host, event="Deal Won", properties={"value": "no", "customer": "x"})
    assert told.warnings == ["property 'value' is not of its declared type; taken as missing"]
    assert told.appended.entry.body.data == {"value": "no"}


# --- recorded events ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kept", [True, False])
async def test_a_recorded_event_is_tried_as_things_stood(host: Host, kept: bool) -> None:
    """The version that was in force decides it again as it did, whatever happened since."""
    await host.publish()
    history = History(host, 5)
    for _ in range(25):
        await history.step()
    if kept:
        await host.checkpoint()
    for _ in range(15):
        await history.step()
    stored = host.stored_rows()
    log = await host.log()
    events = [one for one in log if one.entry.kind == Kind.TRACK]
    for one in [*events[:3], *events[-3:]]:
        told = await try_recorded(host.database, None, company="acme", message_id=one.entry.body.message_id)
        assert told.appended.entry == one.entry
        assert told.appended.decision.record == one.record
        assert told.appended.decision.transfers == one.transfers
    assert host.stored_rows() == stored


async def test_a_draft_is_tried_on_a_recorded_event(host: Host) -> None:
    await host.publish()
    for number in range(3):
        await host.send(host.track("ann", "Deal Won", messageId=f"d{number}", properties={"value": 1000}))
        host.now += HOUR
    looser = compile_program(program(PROGRAM.replace("window: day, count: 2", "window: day, count: 3")))

    async def awarded(draft: CompiledProgram | None) -> list[int]:
        told = await try_recorded(host.database, draft, company="acme", message_id="d2")
        assert told.before is not None
        assert told.before.wallets["points"].active == 100
        return [transfer.amount for transfer in told.appended.decision.transfers]

    assert await awarded(None) == []
    assert await awarded(looser) == [50, 7]


async def test_what_is_no_recorded_event_cannot_be_tried(
    host: Host, folder: Folder, small_steps: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def trying(message: str, company: str = "acme") -> Tried:
        return await try_recorded(host.database, None, company=company, message_id=message)

    await six_months(host)
    await host.send(host.call("identify", "ann", messageId="who", traits={"role": "x"}, groupId="acme"))
    for message, company in (("none", "acme"), ("d0-0", "nowhere")):
        with pytest.raises(NotFound):
            await trying(message, company)
    with pytest.raises(Conflict, match="not an event"):
        await trying("who")
    assert (await trying("d5-4")).after.events > 0
    monkeypatch.setattr("engage.actions.dry_run.ENTRIES_MAX", 10)
    with pytest.raises(Unprocessable, match="the most is 10"):
        await trying("d5-4")
    await archived(host, folder, host.now - 40 * DAY)
    with pytest.raises(Archived):
        await trying("d0-0")
