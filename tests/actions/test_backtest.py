"""Backtesting a real log: it writes nothing, agrees with what is stored, and knows where it may begin."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import pytest

from engage.actions import retelling
from engage.actions.backtest import Progress, backtest
from engage.core.backtest_people import Pair
from engage.core.backtest_report import BacktestReport
from engage.core.calendar import local_day_hour, to_datetime
from engage.core.compiled import CompiledProgram, compile_program
from engage.core.simple_awards import simple_awards
from engage.core.simple_code import Award
from engage.errors import Archived, InvalidRequest, NotFound
from engage.store.parquet import Folder
from tests.actions.archives import archived, six_months
from tests.actions.host import DAY, NOON, PROGRAM, Host, program
from tests.actions.test_give import GIVING, gift
from tests.actions.test_redeem import Shop
from tests.actions.test_verify import History
from tests.places import ON_SQLITE

EVER = date(2000, 1, 1), date(2100, 1, 1)


async def tried(
    host: Host, draft: CompiledProgram | None = None, days: tuple[date, date] = EVER, **asked: Any
) -> BacktestReport:
    asked.setdefault("company", "acme")
    return await backtest(host.database, draft, first_day=days[0], last_day=days[1], **asked)


def draft(*changes: tuple[str, str]) -> CompiledProgram:
    text = PROGRAM
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return compile_program(program(text))


def day_of(at: int) -> date:
    return to_datetime(at).date()


def differences(found: BacktestReport) -> list[object]:
    """Where the two sides differ."""
    pairs = [pair for one in found.currencies for pair in (one.awarded, one.returned, one.members)]
    pairs += [one.awarded for one in (*found.days, *found.by_company, *found.winners)]
    pairs += [one.members for one in found.levels] + [*found.badges.values()]
    pairs += [one.events for one in found.undecided]
    pairs += [pair for one in found.rules for pair in (one.considered, one.fired, *one.awarded.values())]
    return [pair for pair in pairs if pair.trial != pair.actual] + [*found.level_changes, *found.movers]


@pytest.mark.parametrize("seed", range(4))
async def test_what_was_in_force_gives_what_is_recorded(
    host: Host, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of all companies and any period, with publications in it, and with hardly a member in memory."""
    monkeypatch.setattr(retelling, "ENTRIES_PER_READ", 7)
    monkeypatch.setattr(retelling, "MEMBERS_IN_MEMORY", 2)
    history = History(host, seed)
    for _ in range(60):
        await history.step()
    stored = host.stored_rows()
    whole = await tried(host, company=None)
    assert differences(whole) == []
    assert whole.companies == 2
    assert whole.entries == host.count("entry")
    for company in ("acme", "beta"):
        issued: dict[tuple[str, str], int] = {}
        for day, rollup in (await host.days(company)).items():
            for currency, amount in rollup.issued.items():
                issued[(date.fromordinal(day).isoformat(), currency)] = amount
        found = await tried(host, company=company)
        assert {
            (one.day, one.currency): one.awarded.actual for one in found.days if one.awarded.actual
        } == issued
        log = await host.log(company)
        middle = day_of(log[len(log) // 2].entry.received_at)
        first, later = (
            await tried(host, company=company, days=(EVER[0], middle)),
            await tried(host, company=company, days=(middle + timedelta(days=1), EVER[1])),
        )
        assert differences(first) == differences(later) == []
        assert first.entries + later.entries == len(log)
    assert host.stored_rows() == stored


async def test_a_draft_begins_with_the_state_of_the_first_day(host: Host) -> None:
    """What limits had used and levels had been reached by then stands; nothing is decided again before."""
    await host.publish()
    host.now = NOON
    await host.send(*(host.track("ann", "Deal Won", properties={"value": 1000}) for _ in range(2)))
    half = draft(("amount: 50}", "amount: 25}"), ("window: day, count: 2", "window: lifetime, count: 3"))
    host.now += DAY
    await host.send(*(host.track("ann", "Deal Won", properties={"value": 1000}) for _ in range(2)))
    whole = await tried(host, half)
    assert whole.currencies[1].awarded == Pair(75, 200)
    day = day_of(NOON + DAY)
    found = await tried(host, half, (day, day))
    assert found.currencies[1].awarded == Pair(50, 100)  # a new counter begins with nothing
    assert (await tried(host, draft(), (day, day))).currencies[1].awarded == Pair(100, 100)
    assert [(one.level, one.members) for one in found.levels] == [("silver", Pair(1, 1))]


async def test_what_a_version_makes_of_events_is_made_once_for_all_companies(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    await host.publish()
    companies = ("acme", "beta", "gamma")
    for _ in range(2):
        host.now += DAY
        await host.send(*(host.track("ann", company=company) for company in companies for _ in range(2)))
    made: list[CompiledProgram | None] = []

    def make(of: CompiledProgram | None) -> Mapping[str, Award]:
        made.append(of)
        return simple_awards(of)

    monkeypatch.setattr(retelling, "simple_awards", make)
    day = day_of(host.now)
    found = await tried(host, draft(), (day, day), company=None)
    assert (found.companies, differences(found)) == (3, [])
    assert len([one for one in made if one is not None]) == 1


async def test_members_who_would_change_level_are_named(host: Host) -> None:
    await host.publish()
    await host.send(
        *(host.track(member, "Deal Won", properties={"value": 1000}) for member in ("ann", "bob"))
    )
    await host.send(host.track("bob"))
    found = await tried(host, draft(("threshold: 60", "threshold: 55"), ("amount: 10}", "amount: 1}")))
    assert [(one.members, one.level.trial, one.level.actual) for one in found.level_changes] == [
        (1, "bronze", "silver")
    ]
    assert [one.member for one in found.movers] == ["bob"]
    assert [(one.member, one.currency, one.awarded) for one in found.winners] == [
        ("ann", "gems", Pair(7, 7)),
        ("bob", "gems", Pair(7, 7)),
        ("bob", "points", Pair(51, 60)),
        ("ann", "points", Pair(50, 50)),
    ]


async def test_who_was_taken_more_than_the_draft_awards_ends_below_zero(host: Host) -> None:
    await host.publish()
    await host.send(host.track("ann"), host.track("bob"))
    await host.adjust("ann", -9, "k")
    assert (await tried(host, draft(("amount: 10}", "amount: 1}")))).below_zero == 1
    assert (await tried(host, draft())).below_zero == 0


async def test_an_undone_event_takes_back_what_the_draft_awarded_for_it(host: Host) -> None:
    await host.publish()
    await host.send(host.track("ann", messageId="first"), host.track("ann"))
    await host.reverse("first")
    found = await tried(host, draft(("amount: 10}", "amount: 4}")))
    [points] = found.currencies
    assert (points.awarded, points.returned) == (Pair(8, 20), Pair(4, 10))
    assert points.cost is None


@ON_SQLITE
async def test_a_price_makes_a_cost(host: Host) -> None:
    from decimal import Decimal

    await host.publish()
    await host.send(host.track("ann"))
    [points] = (
        await tried(host, draft(("amount: 10}", "amount: 3}")), prices={"points": Decimal("0.25")})
    ).currencies
    assert points.cost is not None
    assert (points.cost.trial, points.cost.actual, points.cost.difference) == ("0.75", "2.50", "-1.75")


@pytest.mark.parametrize("anew", [True, False])
async def test_it_begins_at_a_checkpoint_and_finds_the_same(host: Host, anew: bool) -> None:
    await six_months(host)
    before = host.now
    if anew:
        await host.checkpoint()
    host.now += 3 * DAY
    await host.send(host.track("ann"), host.track("ann", "Deal Won", properties={"value": 1000}))
    later = day_of(before + 3 * DAY), EVER[1]
    steps: list[Progress] = []
    found = await tried(host, draft(("amount: 10}", "amount: 7}")), later, watch=steps.append)
    assert [one.awarded for one in found.currencies] == [Pair(7, 7), Pair(57, 60)]
    assert steps[-1].done == steps[-1].total
    assert (steps[-1].total < 10) == anew


@ON_SQLITE
async def test_archived_entries_are_asked_for_and_read_back(
    host: Host, folder: Folder, small_steps: None
) -> None:
    await six_months(host)
    july = date(2026, 7, 1), date(2026, 9, 30)
    wanted = await tried(host, None, july)
    assert wanted.entries > 20
    await archived(host, folder, host.now - 40 * DAY)
    assert (await host.company()).archived > 0
    with pytest.raises(Archived, match="--archive"):
        await tried(host, None, july)
    with pytest.raises(Archived, match="--archive"):
        await tried(host, None, (date(2026, 11, 1), EVER[1]))
    assert await tried(host, None, july, archive=folder) == wanted
    assert (await tried(host, None, archive=folder)).entries == len(await host.log()) + (
        await host.company()
    ).archived


@ON_SQLITE
async def test_a_cancelled_backtest_ends(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retelling, "ENTRIES_PER_READ", 2)
    await host.publish()
    await host.send(*(host.track("ann") for _ in range(50)))
    steps: list[Progress] = []

    def watch(step: Progress) -> None:
        steps.append(step)
        if len(steps) == 3:
            task.cancel()

    task = asyncio.ensure_future(tried(host, draft(), watch=watch))
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(steps) == 3
    assert (await tried(host, draft())).events == 50


@ON_SQLITE
async def test_what_cannot_be_is_refused(host: Host) -> None:
    with pytest.raises(NotFound):
        await tried(host, draft())
    await host.send(host.track("ann"))
    with pytest.raises(InvalidRequest, match="before it begins"):
        await tried(host, draft(), (EVER[1], EVER[0]))
    nothing = await tried(host, draft(), (EVER[0], EVER[0]))
    assert (nothing.companies, nothing.entries, nothing.rules) == (0, 0, [])


@ON_SQLITE
async def test_a_company_s_days_are_its_own(host: Host) -> None:
    await host.publish()
    await host.send(host.call("group", "ann", traits={"timezone": "Asia/Tokyo"}, groupId="acme"))
    host.now = NOON + DAY // 4  # three in the morning of the next day in Tokyo
    await host.send(host.track("ann"))
    day = local_day_hour(host.now, "Asia/Tokyo")[0]
    found = await tried(host, draft(), (date.fromordinal(day), date.fromordinal(day)))
    assert (found.events, [one.day for one in found.days]) == (1, [date.fromordinal(day).isoformat()])


@ON_SQLITE
async def test_a_gift_that_the_draft_refuses_is_not_received(host: Host) -> None:
    """And one that is received is the receiver's, not the giver's."""
    await host.publish(GIVING)
    await host.send(host.track("ann"), host.track("bob"))
    await gift(host, 20, "k1")
    await gift(host, 5, "k2")
    small = compile_program(program(GIVING.replace("allowance: 50", "allowance: 10").replace("30", "10")))
    found = await tried(host, small)
    [points] = found.currencies
    assert points.awarded == Pair(25, 45)
    assert [(one.member, one.awarded) for one in found.winners] == [
        ("bob", Pair(15, 35)),
        ("ann", Pair(10, 10)),
    ]
    assert differences(await tried(host)) == []


@ON_SQLITE
async def test_a_reward_is_asked_for_again_and_refused_where_the_draft_s_points_do_not_suffice(
    host: Host,
) -> None:
    text = GIVING + "rewards: [{id: mug, cost: 15}]\n"
    text = text.replace(", gems: {}", "")
    await host.publish(text)
    await host.send(host.track("ann"), host.track("ann"), host.track("bob"), host.track("bob"))
    shop = Shop(host)
    for member in ("ann", "bob"):
        done = await shop.request("mug", member)
        await shop.step("approve", done.redemption.id)
        await shop.step("fulfil", done.redemption.id)
    await host.send(host.track("bob"))
    assert differences(await tried(host)) == []
    dear = compile_program(program(text.replace("amount: 10", "amount: 7")))
    found = await tried(host, dear)
    assert found.redemptions == Pair(0, 2)
    assert found.below_zero == 0
    assert found.currencies[0].awarded == Pair(35, 50)
