"""Ticks: once each, in order, whoever tells the time, whenever; and the agenda finds whom they are due to."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from engage.actions import tick as tick_module
from engage.actions.tick import Ticked, Timekeeper
from engage.core.calendar import DAY, HOUR, from_datetime, local_day_hour
from engage.core.event import Kind
from tests.actions.host import NOON, Host
from tests.places import ON_SQLITE

DAILY = """
name: Daily
currencies: {points: {}}
events: {Report Exported: {}}
rules:
  - {id: export, trigger: Report Exported, effects: [award: 10]}
  - {id: daily, trigger: {clock: daily}, effects: [award: 1]}
"""
SILENT = DAILY.replace("  - {id: daily, trigger: {clock: daily}, effects: [award: 1]}\n", "")


async def tick(host: Host, now: int, keeper: Timekeeper | None = None) -> Ticked:
    return await (keeper or Timekeeper(host.database)).run(lambda: now)


async def ticked_days(host: Host, company: str = "acme") -> list[tuple[int, int]]:
    """(member, local day), in order of the log."""
    log = await host.log(company)
    return [(one.entry.member, one.entry.day) for one in log if one.entry.kind == Kind.TICK]


async def test_each_day_is_told_once_to_each_member(host: Host) -> None:
    await host.publish(DAILY)
    await host.send(host.track("ann"), host.track("bob"))
    today, _ = local_day_hour(NOON, "UTC")
    assert await tick(host, NOON + 3 * HOUR) == Ticked(renewed=1)
    assert await tick(host, NOON + 2 * DAY) == Ticked(companies=1, members=2)
    assert await ticked_days(host) == [(1, today + 1), (1, today + 2), (2, today + 1), (2, today + 2)]
    assert await tick(host, NOON + 2 * DAY) == Ticked()
    assert await host.balance("ann") == 12
    assert (await host.verify()).difference is None


@pytest.mark.parametrize("damage", ["DELETE FROM engage_agenda", "UPDATE engage_agenda SET due = due + 1"])
async def test_a_midnight_that_nobody_would_tell_is_found(host: Host, damage: str) -> None:
    """Whoever does nothing is told the time by the agenda alone."""
    await host.publish(DAILY)
    await host.send(host.track("ann"), host.track("bob"))
    await tick(host, NOON)
    due = local_day_hour(NOON, "UTC")[0] + 1
    host.tamper(f"{damage} WHERE member_id = 2")
    words = f"acme: member number 2 is not in the agenda of day {due}, when a tick is due"
    assert (await host.verify()).difference == words
    host.tamper("DELETE FROM engage_timetable")
    assert (await host.verify()).difference is None, "the scheduler is to make it anew"
    await tick(host, NOON)
    assert (await host.verify()).difference is None


@pytest.mark.parametrize("company", ["acme", None])
async def test_midnights_before_a_publication_are_told_by_the_version_of_then(
    host: Host, company: str | None
) -> None:
    """Also after an outage, when the publication comes before the scheduler."""
    await host.publish(DAILY, company)
    await host.send(host.track("ann"), host.track("bob"))
    await tick(host, NOON)
    host.now += 2 * DAY
    await host.publish(DAILY.replace("award: 1]", "award: 5]"), company)
    assert [await host.balance(name) for name in ("ann", "bob")] == [12, 12]
    await tick(host, host.now)
    await tick(host, NOON + 3 * DAY)
    assert [await host.balance(name) for name in ("ann", "bob")] == [17, 17]
    assert (await host.verify()).difference is None


async def test_whoever_acts_is_brought_up_to_date_first(host: Host) -> None:
    await host.publish(DAILY)
    await host.send(host.track("ann"))
    host.now += 3 * DAY
    await host.send(host.track("ann"))
    kinds = [one.entry.kind for one in await host.log()]
    assert kinds == [Kind.PROGRAM, Kind.TRACK, Kind.TICK, Kind.TICK, Kind.TICK, Kind.TRACK]
    assert (await tick(host, host.now)).members == 0
    assert await host.balance("ann") == 23
    assert (await host.verify()).difference is None


async def test_any_number_of_schedulers_and_senders_tell_each_day_once(host: Host) -> None:
    await host.publish(DAILY)
    people = [f"p{number}" for number in range(30)]
    await host.send(*[host.track(name) for name in people])
    await tick(host, NOON)
    host.now += 2 * DAY
    calls = [host.track(name) for name in people]
    await asyncio.gather(
        *(tick(host, host.now) for _ in range(4)), *(host.send(*calls[start::5]) for start in range(5))
    )
    days = await ticked_days(host)
    assert len(days) == len(set(days)) == 60
    assert [await host.balance(name) for name in people] == [22] * 30
    assert (await host.verify()).difference is None


async def test_a_company_has_its_own_midnight(host: Host) -> None:
    await host.publish(DAILY)
    await host.send(host.call("group", "ann", groupId="acme", traits={"timezone": "Pacific/Auckland"}))
    await host.send(host.call("group", "eve", groupId="west", traits={"timezone": "Pacific/Honolulu"}))
    at = from_datetime(datetime(2026, 6, 3, 12, 30, tzinfo=UTC))  # 4 June in Auckland, 02:30 in Honolulu
    await tick(host, NOON - 12 * HOUR)
    done = await tick(host, at)
    assert done.companies == 1
    assert [day for _, day in await ticked_days(host)] == [local_day_hour(at, "Pacific/Auckland")[0]]
    assert await ticked_days(host, "west") == []


async def test_a_publication_makes_the_agenda_anew_for_those_who_stay_silent(host: Host) -> None:
    await host.publish(SILENT)
    await host.send(host.track("ann"), host.track("bob"))
    keeper = Timekeeper(host.database)
    await tick(host, NOON, keeper)
    assert host.count("agenda") == 0
    await host.publish(DAILY)
    assert await tick(host, NOON + HOUR, keeper) == Ticked(renewed=1)
    assert await tick(host, NOON + DAY, keeper) == Ticked(companies=1, members=2)
    await host.publish(SILENT)
    assert (await tick(host, NOON + 3 * DAY, keeper)).members == 0
    assert len(await ticked_days(host)) == 2
    assert host.place.rows("SELECT MAX(due) FROM engage_agenda") == [(0,)]
    assert (await host.verify()).difference is None


EXPIRING = SILENT.replace("points: {}", "points: {expires: {after: {days: 20}}}")
WARNED = "  - {id: warned, trigger: {expiring: {currency: points, days: 10}}, effects: [award: 3]}\n"


@ON_SQLITE
async def test_who_acts_first_after_a_publication_is_told_what_it_says_of_today(host: Host) -> None:
    """And not on a day before it, on which nobody could be told."""
    await host.publish(EXPIRING)
    await host.send(host.track("ann"))
    host.now += 15 * DAY
    await host.publish(EXPIRING + WARNED)
    await host.send(host.track("ann", "Undeclared"))
    today, _ = local_day_hour(host.now, "UTC")
    assert await ticked_days(host) == [(1, today)]
    assert await host.balance("ann") == 13
    assert (await host.verify()).difference is None


@ON_SQLITE
async def test_who_stays_silent_slips_at_midnight_once_and_no_other_midnight_is_told(host: Host) -> None:
    rules = "  - {id: slips, trigger: {stage: slipping}, effects: [award: 3]}\n"
    await host.publish(SILENT + rules)
    await host.send(host.track("ann"), host.track("bob"))
    today, _ = local_day_hour(NOON, "UTC")
    assert await tick(host, NOON + 14 * DAY) == Ticked(renewed=1)
    for _ in range(2):
        await tick(host, NOON + 20 * DAY)
    await tick(host, NOON + 60 * DAY)
    assert await ticked_days(host) == [(1, today + 15), (2, today + 15)]
    assert [await host.balance(name) for name in ("ann", "bob")] == [13, 13]
    host.now += 61 * DAY
    await host.send(host.track("ann"))
    assert (await tick(host, host.now + 20 * DAY)).members == 1
    assert await host.balance("ann") == 26
    assert (await host.verify()).difference is None


async def test_an_agenda_that_is_wrong_is_mended(host: Host) -> None:
    await host.publish(DAILY)
    await host.send(host.track("ann"))
    await tick(host, NOON)
    host.place.change("UPDATE engage_agenda SET due = 5")
    assert await tick(host, NOON) == Ticked()
    today, _ = local_day_hour(NOON, "UTC")
    assert host.place.rows("SELECT due FROM engage_agenda") == [(today + 1,)]
    assert await ticked_days(host) == []


@ON_SQLITE
async def test_many_members_are_told_in_small_transactions(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = [f"p{number}" for number in range(1_100)]
    await host.publish(DAILY)
    await host.send(*[host.track(name) for name in people])
    monkeypatch.setattr(tick_module, "MEMBERS_PER_TRANSACTION", 400)
    links = host.count("link")
    assert (await tick(host, NOON + DAY)).members == 1_100
    assert len(await ticked_days(host)) == 1_100
    assert host.count("link") == links + 3
