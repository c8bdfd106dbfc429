"""Quests that count what happened before their launch: once for everybody, whoever looks first, and replayed."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Any

import pytest

from engage.actions import archive as archiving
from engage.actions.backtest import backtest
from engage.actions.dry_run import Assumed, try_event
from engage.actions.group_commit import Ingestion
from engage.actions.tick import Timekeeper
from engage.core.backtest_people import Pair
from engage.core.compiled import compile_program
from engage.core.event import Kind
from engage.core.history import Tally
from engage.errors import Conflict
from engage.store.parquet import Folder
from tests.actions.archives import archived
from tests.actions.host import DAY, HOUR, NOON, PROGRAM, Host, program
from tests.actions.test_backtest import EVER, day_of, differences
from tests.places import ON_SQLITE

QUEST = """quests:
  - id: exporter
    goal: {event: Report Exported, reach: 3}
    counts_from: join
    repeats: always
    effects: [{award: {currency: gems, amount: 5}}]
rules:
"""
COUNTING = PROGRAM.replace("rules:\n", QUEST)


async def tick(host: Host, now: int) -> int:
    return (await Timekeeper(host.database).run(lambda: now)).members


async def gems(host: Host, *members: str) -> list[int | None]:
    return [await host.balance(member, currency="gems") for member in members]


async def counted(host: Host) -> list[int]:
    """Whose past was counted, in order of the log."""
    return [one.entry.member for one in await host.log() if one.entry.kind == Kind.HISTORY]


async def before_the_launch(host: Host) -> None:
    """Ann exports 4 times and bob 7 times, each once before there is a program; one of ann's is undone."""
    await host.send(host.track("ann"), host.track("bob"))
    host.now += DAY
    await host.publish()
    await host.send(*(host.track("ann", messageId=f"a{n}") for n in range(4)))
    await host.send(*(host.track("bob") for _ in range(6)), host.track("eve", "Page Clicked"))
    await host.reverse("a3")
    host.now += DAY


async def test_the_past_counts_once_for_who_acts_and_for_who_does_not(host: Host) -> None:
    await before_the_launch(host)
    await host.publish(COUNTING)
    await host.send(host.track("ann"))
    assert await gems(host, "ann", "bob") == [5, 0]
    assert await tick(host, host.now) == 2
    assert await tick(host, host.now + HOUR) == 0
    assert await gems(host, "ann", "bob") == [5, 10]
    assert await counted(host) == [1, 2, 3]
    host.now += DAY
    await host.send(host.track("ann"), host.track("new"), host.track("bob"))
    assert await gems(host, "ann", "bob", "new") == [10, 10, 0]
    await host.publish(COUNTING.replace("amount: 5}", "amount: 6}"))
    await host.send(host.track("bob"), host.track("new"))
    assert await counted(host) == [1, 2, 3]
    assert await gems(host, "bob") == [16]
    assert (await host.verify()).difference is None
    found = await backtest(host.database, None, company="acme", first_day=EVER[0], last_day=EVER[1])
    assert differences(found) == []


async def test_what_counted_already_is_not_counted_again(host: Host) -> None:
    await host.publish(COUNTING.replace("    counts_from: join\n", ""))
    await host.send(host.track("ann"), host.track("ann"))
    await host.publish(COUNTING)
    await host.send(host.track("bob"), host.track("ann"))
    assert await gems(host, "ann") == [5]
    assert await counted(host) == [1]
    assert (await host.verify()).difference is None


async def test_commits_decided_ahead_wait_for_what_is_on_its_way(host: Host) -> None:
    """The events of the commit before are not to be seen yet when the past is read."""
    await host.publish()
    ingestion = Ingestion(host.database)
    ingestion.start()
    try:
        people = [f"u{n % 4}" for n in range(80)]
        sending = [asyncio.create_task(ingestion.accept([host.track(name)])) for name in people]
        await asyncio.gather(*sending[:20])
        await host.publish(COUNTING)
        await asyncio.gather(*sending, *(ingestion.accept([host.track(name)]) for name in people))
    finally:
        await ingestion.stop()
    assert sorted(await counted(host)) == [1, 2, 3, 4]
    assert await gems(host, "u0", "u3") == [5 * (40 // 3)] * 2
    assert (await host.verify()).difference is None


MOVING = COUNTING.replace(
    "goal: {event: Report Exported, reach: 3}",
    """goal:
      event: Report Exported
      reach: 3
      conditions:
        all:
          - {field: company.traits.plan, op: eq, value: trial}
          - {field: member.level, op: eq, value: bronze}""",
).replace(
    "currency: points\n",
    "currency: points\n  review: {on: 02-01, downgrade: to_basis}\n  basis: calendar_year\n",
)
"""Levels fall with a year without points."""


@ON_SQLITE
async def test_a_past_is_recounted_as_it_stood_when_it_was_read(host: Host) -> None:
    """In the same commit a tick takes the level before the past is counted, and a call the company's plan."""
    await host.publish()
    await host.send(host.call("group", "ann", groupId="acme", traits={"plan": "trial"}))
    await host.send(*(host.track("ann") for _ in range(3)))
    host.now += DAY
    await host.publish(MOVING)
    host.now += 400 * DAY
    await host.send(host.call("group", "bob", groupId="acme", traits={"plan": "paid"}), host.track("ann"))
    [entry] = [one.entry for one in await host.log() if one.entry.kind == Kind.HISTORY]
    assert entry.body.data["counted"]["exporter"] == [[0, 0, 0, 1, 3, 1, 1]]
    assert (await host.verify()).difference is None


@ON_SQLITE
async def test_a_past_that_is_made_up_is_found(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    await before_the_launch(host)
    await host.publish(COUNTING)
    with monkeypatch.context() as forger:
        forger.setattr(Tally, "said", lambda tally: {"counted": {"exporter": [[0, 0, 0, 9]]}, "after": 0})
        await host.send(host.track("ann"))
    assert await gems(host, "ann") == [15]
    assert "counts another past" in str((await host.verify()).difference)


@ON_SQLITE
async def test_the_past_reaches_back_to_what_is_archived_and_stays_counted(
    host: Host, folder: Folder, small_steps: None
) -> None:
    await host.publish()
    await host.send(host.track("ann"), host.track("ann"))
    host.now += 60 * DAY
    await host.send(host.track("ann"), host.track("bob"), host.track("bob"))
    await archived(host, folder, host.now - 20 * DAY)
    assert (await host.company()).archived > 0
    await host.publish(COUNTING)
    await host.send(host.track("ann"), host.track("bob"))
    assert await gems(host, "ann", "bob") == [0, 5]
    host.now += 60 * DAY
    await archived(host, folder, host.now - 20 * DAY)
    await host.send(host.track("ann"))
    assert await gems(host, "ann") == [5]
    assert (await host.verify()).difference is None
    whole = await host.verify(archive=folder, from_start=True)
    assert (whole.difference, whole.uncounted) == (None, 0)


@ON_SQLITE
async def test_a_past_that_is_made_up_is_found_in_the_archive(
    host: Host, folder: Folder, small_steps: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was counted is archived since: it is read back."""
    await before_the_launch(host)
    await host.publish(COUNTING)
    with monkeypatch.context() as forger:
        forger.setattr(Tally, "said", lambda tally: {"counted": {"exporter": [[0, 0, 0, 9]]}, "after": 0})
        await host.send(host.track("ann"))
        host.now += 60 * DAY
        await archived(host, folder, host.now - 20 * DAY)
    assert (await host.verify()).difference is None
    assert "counts another past" in str((await host.verify(archive=folder)).difference)


@ON_SQLITE
async def test_verify_says_which_pasts_it_does_not_count_again(
    host: Host, folder: Folder, small_steps: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bob's is counted while it is being archived: after what the checkpoint covers, and before its entry."""
    await before_the_launch(host)
    host.now += 60 * DAY
    await host.publish(COUNTING)
    take = archiving.take_checkpoint

    async def meanwhile(*asked: Any, **named: Any) -> int | None:
        await host.send(host.track("bob"))
        return await take(*asked, **named)

    monkeypatch.setattr(archiving, "take_checkpoint", meanwhile)
    await archived(host, folder, host.now - 20 * DAY)
    assert await gems(host, "bob") == [10]
    known, whole = await host.verify(), await host.verify(archive=folder)
    assert (known.difference, known.uncounted) == (None, 1)
    assert (whole.difference, whole.uncounted) == (None, 0)


async def test_a_draft_backtested_counts_the_past_as_publishing_it_does(host: Host) -> None:
    await before_the_launch(host)
    days = day_of(host.now), EVER[1]
    await host.send(host.track("ann"), host.track("eve"))
    draft = compile_program(program(COUNTING))
    tried = await backtest(host.database, draft, company="acme", first_day=days[0], last_day=days[1])
    found = tried.currencies[0]
    assert (found.currency, found.awarded) == ("gems", Pair(15, 0))
    await host.publish(COUNTING)
    await host.send(host.track("ann"))
    again = await backtest(host.database, draft, company="acme", first_day=days[0], last_day=days[1])
    assert again.currencies[0].awarded == Pair(20, 10)  # bob's past is yet to be counted
    await tick(host, host.now)
    last = await backtest(host.database, draft, company="acme", first_day=days[0], last_day=days[1])
    assert last.currencies[0].awarded == Pair(20, 20)


async def test_a_dry_run_counts_the_past_first_and_writes_nothing(host: Host) -> None:
    await before_the_launch(host)
    stored = host.stored_rows()
    draft = compile_program(program(COUNTING))
    told = await try_event(host.database, draft, host.track("bob"), company="acme", assumed=Assumed())
    assert told.after.wallets["gems"].active == 10
    assert host.stored_rows() == stored
    assert await tick(host, NOON + 3 * DAY) == 0


@pytest.mark.parametrize("silently", [False, True])
async def test_silently_nothing_reached_in_the_past_is_paid(host: Host, silently: bool) -> None:
    await host.send(*(host.track("ann") for _ in range(4)))
    said = "join\n    silently: true" if silently else "join"
    await host.publish(COUNTING.replace("counts_from: join", f"counts_from: {said}"))
    await host.send(host.track("ann"), host.track("ann"))
    assert await gems(host, "ann") == [5 if silently else 10]
    member = await host.member("ann")
    assert member is not None
    assert member.quests["exporter"].times == 2


@pytest.mark.parametrize("at_once", [True, False])
async def test_undoing_an_event_that_was_counted_takes_back_what_came_of_it(
    host: Host, at_once: bool
) -> None:
    """Of three times five gems and one event over, ann loses five with the second event undone. At once: her past is
    counted in the commit of the first undoing."""
    await host.publish()
    await host.send(*(host.track("ann", messageId=f"a{n}") for n in range(10)))
    await host.publish(COUNTING)
    if not at_once:
        await host.send(host.track("bob"))
        assert await tick(host, host.now) == 1
    await host.reverse("a0")
    assert await gems(host, "ann") == [15]
    again = await host.reverse("a7")
    assert await gems(host, "ann") == [10]
    assert {"type": "award", "currency": "gems", "amount": -5} in again.effects
    with pytest.raises(Conflict, match="reversed before"):
        await host.reverse("a7")
    member = await host.member("ann")
    assert member is not None
    assert (member.quests["exporter"].times, member.quests["exporter"].windows[0].goals) == (2, [{0: 2}])
    await host.send(host.track("ann"))
    assert await gems(host, "ann") == [15]
    assert (await host.verify()).difference is None
    found = await backtest(host.database, None, company="acme", first_day=EVER[0], last_day=EVER[1])
    assert differences(found) == []


@ON_SQLITE
async def test_what_was_counted_is_undone_by_a_trial_as_it_counted_it(host: Host) -> None:
    """The draft's launch counts the past before the period; in it, and in the log, events of that are undone."""
    await host.publish()
    await host.send(*(host.track("ann", messageId=f"a{n}") for n in range(7)))
    host.now += DAY
    today = day_of(host.now)
    await host.send(host.track("eve", "Page Clicked"))
    await host.reverse("a0")
    await host.reverse("a1")
    draft = compile_program(program(COUNTING))

    async def moved(first: date) -> tuple[Pair, Pair]:
        tried = await backtest(host.database, draft, company="acme", first_day=first, last_day=EVER[1])
        [found] = [one for one in tried.currencies if one.currency == "gems"]
        return found.awarded, found.returned

    assert await moved(today) == (Pair(10, 0), Pair(5, 0))
    await host.publish(COUNTING)
    await host.send(host.track("ann"))
    await host.reverse("a2")
    host.now += DAY
    await host.reverse("a3")
    await host.reverse("a4")
    assert await moved(today) == (Pair(15, 10), Pair(10, 5))
    assert await moved(day_of(host.now)) == (Pair(0, 0), Pair(5, 5))
    assert await gems(host, "ann") == [5]
    assert (await host.verify()).difference is None
