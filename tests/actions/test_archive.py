"""Archiving: what is let go is in the files exactly, and nothing else changes."""

from __future__ import annotations

import asyncio
import random
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from engage.actions import archive as archiving
from engage.actions.archive import horizon, month_of
from engage.actions.companies import set_company
from engage.errors import Archived, Conflict
from engage.store.archived import last_link
from engage.store.database import Database
from engage.store.parquet import Folder
from tests.actions.archives import MONTH, archived, columns, files, six_months, start_of
from tests.actions.host import DAY, HOUR, Host
from tests.actions.test_verify import History
from tests.places import ON_SQLITE, SqlitePlace

pytestmark = pytest.mark.usefixtures("small_steps")


# --- what it does -------------------------------------------------------------------------------------------


async def test_entries_past_the_horizon_are_in_files_and_gone_and_nothing_else_has_changed(
    host: Host, folder: Folder
) -> None:
    await six_months(host)
    before, log = host.stored_rows(), await host.log()
    months = sorted({month_of(one.entry.received_at) for one in log})
    [other, acme] = await archived(host, folder, start_of(months[-2]))
    assert (acme.company, other.company) == ("acme", "Café/Zürich & Söhne")
    assert acme.difference is None
    assert (
        acme.entries == acme.dropped == sum(month_of(one.entry.received_at) < months[-2] for one in log) > 80
    )
    after = host.stored_rows()
    changed = {table for table in before if before[table] != after[table]}
    assert changed == {
        *("engage_entry", "engage_head", "engage_link"),
        *("engage_checkpoint", "engage_checkpoint_part", "engage_archive", "engage_moment"),
    }
    assert set(before["engage_link"]) < set(after["engage_link"])
    kept = [one.entry.seq for one in await host.log()]
    assert kept == [*range(acme.entries + 1, len(log) + 2)]
    verified = await host.verify()
    assert (verified.difference, verified.archived) == (None, acme.entries + other.entries)
    whole = await host.verify(archive=folder)
    assert (whole.difference, whole.archived, whole.chained) == (None, 0, 0)
    assert whole.entries == host.count("entry") + acme.entries + other.entries
    assert whole.transfers == verified.transfers == host.count("transfer")


async def test_the_files_are_by_company_and_month_and_can_be_read(host: Host, folder: Folder) -> None:
    await six_months(host)
    log = await host.log()
    last_month = month_of(log[-1].entry.received_at)
    await archived(host, folder, start_of(last_month))
    names = sorted(files(folder))
    assert {name.split("/")[0] for name in names} == {"acme", "Caf%C3%A9%2FZ%C3%BCrich %26 S%C3%B6hne"}
    for name in names:
        [month] = {month_of(one[2]) for one in _times(folder, name)}
        assert name.split("/")[1] == month
    told = columns(
        folder, "member", "event", "kind", "at", "properties", "badges", "level_after", "message_id"
    )
    mine = [row for row in told if row[0] == "acme"]
    assert [row[1] for row in mine] == [*range(1, len(mine) + 1)]
    deals = [row for row in mine if row[3] == "Deal Won" and row[4] == "track"]
    assert deals[0][2:] == (
        *("ann", "Deal Won", "track", datetime.fromtimestamp(log[4].entry.at / 1e6, UTC)),
        *('{"value":1000}', ["closer"], "silver", "d0-0"),
    )
    assert {row[2] for row in told if row[0] != "acme"} == {"zoe", None}
    assert {row[4] for row in mine} == {"program", "track", "reversal", "adjustment"}


def _times(folder: Folder, name: str) -> list[tuple[Any, ...]]:
    table = pq.ParquetFile(folder.path / name).read(["company", "seq", "received_at"]).to_pydict()
    at = [int(one.timestamp() * 1e6) for one in table["received_at"]]
    return list(zip(table["company"], table["seq"], at, strict=True))


async def test_a_second_run_does_nothing_and_a_later_one_adds_files(host: Host, folder: Folder) -> None:
    await six_months(host)
    log = await host.log()
    months = sorted({month_of(one.entry.received_at) for one in log})
    middle = start_of(months[2]) + 12 * DAY  # in the middle of a month
    await archived(host, folder, middle)
    first, rows = files(folder), host.stored_rows()
    assert await archived(host, folder, middle) == []
    assert (files(folder), host.stored_rows()) == (first, rows)
    await archived(host, folder, start_of(months[-1]))
    second = files(folder)
    assert {name: second[name] for name in first} == first
    assert len(second) > len(first)
    seqs = [row[1] for row in columns(folder) if row[0] == "acme"]
    assert seqs == [*range(1, len(seqs) + 1)], "nothing is lost or doubled"
    assert (await host.verify()).difference is None
    assert (await host.verify(archive=folder)).difference is None


@ON_SQLITE
async def test_one_company_alone(host: Host, folder: Folder) -> None:
    await six_months(host)
    [one] = await archived(host, folder, host.now, company="acme")
    assert one.company == "acme"
    assert {name.split("/")[0] for name in files(folder)} == {"acme"}
    assert (await host.verify()).difference is None


@ON_SQLITE
async def test_nothing_to_archive_is_no_checkpoint(host: Host, folder: Folder) -> None:
    await six_months(host)
    rows = host.stored_rows()
    assert await archived(host, folder, 0) == []
    assert host.stored_rows() == rows
    assert files(folder) == {}


@ON_SQLITE
async def test_what_is_logged_after_something_newer_waits(host: Host, folder: Folder) -> None:
    """An import of old events beside live ones, or a clock that was set: the log is dropped from its front only."""
    await host.publish()
    await host.send(host.track("ann"))
    host.now += MONTH
    await host.send(host.track("ann"))
    newer = host.now
    host.now -= 2 * MONTH
    await host.send(*(host.track("bob") for _ in range(5)))
    host.now += 3 * MONTH
    await host.send(host.track("cat"))
    [one] = await archived(host, folder, newer)
    assert one.entries == 2
    [one] = await archived(host, folder, newer + 1)
    assert one.entries == 6
    assert len(files(folder)) == 3
    assert (await host.verify(archive=folder)).difference is None


@ON_SQLITE
async def test_a_setting_of_today_does_not_keep_the_history_that_was_imported_after_it(
    host: Host, folder: Folder
) -> None:
    await set_company(host.database, "acme", seats=9, now=host.now + 12 * MONTH)
    await host.publish()
    for _ in range(3):
        host.now += MONTH
        await host.send(*(host.track("ann") for _ in range(5)))
    [one] = await archived(host, folder, host.now)
    assert one.entries == 12  # setting, program, two months
    assert (await host.verify(archive=folder)).difference is None


@ON_SQLITE
async def test_a_commit_is_archived_as_a_whole_or_not_at_all(host: Host, folder: Folder) -> None:
    await host.publish()
    old = [host.track("ann") for _ in range(4)]
    horizon_at = host.now + HOUR
    host.now += 2 * HOUR
    await host.send(*old, host.track("bob"))  # one commit, of which the last arrived too late
    host.now += HOUR
    await host.send(host.track("cat"))
    assert await archived(host, folder, horizon_at) == []
    [one] = await archived(host, folder, horizon_at + 2 * HOUR)
    assert one.entries == 6


def test_months_are_kept_as_a_whole() -> None:
    today = datetime(2026, 11, 17, 8, tzinfo=UTC)
    told = {
        months: datetime.fromtimestamp(horizon(today, months) / 1e6, UTC) for months in (0, 1, 10, 11, 24)
    }
    assert {months: f"{at:%Y-%m-%d %H:%M}" for months, at in told.items()} == {
        0: "2026-11-01 00:00",
        1: "2026-10-01 00:00",
        10: "2026-01-01 00:00",
        11: "2025-12-01 00:00",
        24: "2024-11-01 00:00",
    }


@pytest.mark.parametrize(
    "company, name",
    [
        ("acme", "acme"),
        ("../../etc", "%2E.%2F..%2Fetc"),
        (".", "%2E"),
        ("a/b\\c\0d", "a%2Fb%5Cc%00d"),
        ("ü" * 200, "%C3%BC" * 20 + "~e4b32aadb4d5d4a9"),
    ],
)
def test_a_companys_folder_is_a_folder_whatever_its_id(folder: Folder, company: str, name: str) -> None:
    home = folder.home(company)
    assert home.parent == folder.path
    assert len(home.name) < 200
    assert home.name.split("~")[0] == name.split("~")[0]


async def test_the_last_link_is_found_by_halving(host: Host) -> None:
    await host.publish()
    for count in (1, 3, 2, 5, 1):
        await host.send(*(host.track("ann") for _ in range(count)))
    async with host.database.read() as s:
        found = [await last_link(s, 1, seq) for seq in range(15)]
        assert await last_link(s, 9, 5) == (0, 0)
    ends = [2, 5, 7, 12, 13]
    assert found == [
        (sum(end <= seq for end in ends), max((end for end in ends if end <= seq), default=0))
        for seq in range(15)
    ]


# --- nothing needs what is gone -----------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(2))
async def test_a_history_goes_on_as_that_of_an_unarchived_twin(
    host: Host, twin: Host, folder: Folder, seed: int
) -> None:
    histories = [History(one, seed) for one in (host, twin)]
    chance = random.Random(seed)
    archived_at_all = 0
    for _ in range(8):
        for _ in range(12):
            for history in histories:
                await history.step()
        before = host.now - chance.choice((DAY, 9 * DAY, 30 * DAY))
        for one in await archived(host, folder, before):
            archived_at_all += one.entries
            # The checkpoint is an entry: the twin takes one as well, so that what follows has the same numbers.
            await twin.checkpoint(one.company)
        for history in histories:
            history.sent.clear()  # what is archived can be reversed only in the twin
    assert archived_at_all > 20
    assert await state_of(host) == await state_of(twin)
    for verified in (
        await host.verify(),
        await host.verify(archive=folder),
        await twin.verify(),
        await twin.verify(from_start=True),
    ):
        assert verified.difference is None
    whole = await host.verify(archive=folder)
    assert whole.entries == twin.count("entry") == host.count("entry") + archived_at_all


async def state_of(host: Host) -> dict[str, Any]:
    """Everything but the entries, and what a checkpoint says."""
    rows = host.stored_rows()
    tables = ("member", "message", "transfer", "rollup", "held", "reject", "week", "score", "term")
    state: dict[str, Any] = {table: rows[f"engage_{table}"] for table in tables}
    for name in ("acme", "beta"):
        company = await host.company(name)
        company.archived = 0
        state[name] = company
    state["heads"] = [row[:3] for row in rows["engage_head"]]
    state["links"] = [row[:3] for row in rows["engage_link"]]
    return state


async def test_the_archived_history_sent_again_changes_nothing(host: Host, folder: Folder) -> None:
    await host.publish()
    sent = []
    for _ in range(4):
        host.now += MONTH
        sent += [
            host.track(member, event, timestamp=datetime.fromtimestamp(host.now / 1e6, UTC).isoformat())
            for member in ("ann", "bob")
            for event in ("Report Exported", "Page Clicked")
        ]
        await host.send(*sent[-4:])
    await archived(host, folder, host.now)
    rows = host.stored_rows()
    outcomes = await host.send(*sent)
    assert {outcome.status for outcome in outcomes} == {"duplicate"}
    assert host.stored_rows() == rows


async def test_what_needs_an_archived_entry_is_refused_and_says_why(host: Host, folder: Folder) -> None:
    await host.publish()
    await host.send(host.track("ann", messageId="old"), host.track("ann", messageId="undone"))
    first = await host.adjust("ann", 5, "k")
    await host.reverse("undone", key="k")
    host.now += MONTH
    await host.send(host.track("ann", messageId="new"))
    await archived(host, folder, host.now)
    for message in ("old", "undone"):
        with pytest.raises(Archived, match="is archived") as told:
            await host.reverse(message, key="k")
        assert told.value.code == "archived"
    with pytest.raises(Archived, match="is archived"):
        await host.adjust("ann", 5, "k")
    assert first.amount == 5
    assert (await host.reverse("new")).effects[0]["amount"] == -10
    assert await host.balance("ann") == 15
    assert (await host.verify()).difference is None


async def test_a_reversal_while_the_files_are_written_is_not_lost(
    host: Host, folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It undoes an entry that is about to go. The checkpoint must lie behind it, or nobody could decide it again."""
    await six_months(host)
    sealing = archiving.take_checkpoint
    reversed_meanwhile = iter(("d0-0", "d1-0"))

    async def interrupted(*arguments: Any, **named: Any) -> int | None:
        message = next(reversed_meanwhile, None)
        if message:
            await host.reverse(message)
        return await sealing(*arguments, **named)

    monkeypatch.setattr(archiving, "take_checkpoint", interrupted)
    [_, one] = await archived(host, folder, host.now)
    assert one.checkpoint is not None
    assert next(reversed_meanwhile, None) is None
    assert host.count("checkpoint") == 2
    assert (await host.verify()).difference is None
    assert (await host.verify(archive=folder)).difference is None


async def test_the_service_goes_on_meanwhile(host: Host, folder: Folder) -> None:
    await six_months(host)
    stopped = False

    async def busy() -> int:
        commits = 0
        while not stopped:
            await host.send(host.track("ann"), host.track(f"v{commits}", company=f"c{commits % 3}"))
            commits += 1
        return commits

    working = asyncio.create_task(busy())
    before = host.now - MONTH
    done = await archived(host, folder, before)
    found = [await host.verify() for _ in range(2)]
    stopped = True
    assert await working > 10
    assert [one.difference for one in done] == [None, None]
    assert [one.difference for one in found] == [None, None]
    assert (await host.verify(archive=folder)).difference is None


async def test_verifying_while_entries_are_dropped_is_no_difference(host: Host, folder: Folder) -> None:
    await six_months(host)
    stopped = False

    async def verifying() -> list[str | None]:
        found = []
        while not stopped:
            found.append((await host.verify()).difference)
        return found

    working = asyncio.create_task(verifying())
    months = sorted({month_of(one.entry.received_at) for one in await host.log()})
    for month in months:
        await archived(host, folder, start_of(month))
    stopped = True
    assert set(await working) == {None}


# --- what does not agree is not let go ----------------------------------------------------------------------


async def test_a_company_that_does_not_verify_is_left_alone(host: Host, folder: Folder) -> None:
    await six_months(host)
    host.tamper("UPDATE engage_transfer SET amount = 9 WHERE seq = 2 AND company_id = 2")
    entries = [row for row in host.stored_rows()["engage_entry"] if row[0] == 2]
    [other, acme] = await archived(host, folder, host.now)
    assert str(acme.difference).startswith("acme: entry 2")
    assert (acme.entries, acme.dropped, other.difference) == (0, 0, None)
    assert other.dropped > 0
    assert [row for row in host.stored_rows()["engage_entry"] if row[0] == 2] == entries
    assert {name.split("/")[0] for name in files(folder)} == {"Caf%C3%A9%2FZ%C3%BCrich %26 S%C3%B6hne"}


@ON_SQLITE
async def test_two_commands_at_once_are_one(host: Host, folder: Folder) -> None:
    with folder.alone(), pytest.raises(Conflict, match="another process"), folder.alone():
        pass
    with folder.alone():
        pass


async def test_two_folders_at_once_end_in_one(host: Host, folder: Folder, tmp_path: Path) -> None:
    await six_months(host)
    other = Folder(tmp_path / "other")
    done = await asyncio.gather(
        archived(host, folder, host.now), archived(host, other, host.now), return_exceptions=True
    )
    assert sum(isinstance(one, Conflict) for one in done) == 1, done
    assert (await host.verify()).difference is None
    whole = other if isinstance(done[0], Conflict) else folder
    assert (await host.verify(archive=whole)).difference is None


async def test_a_folder_that_holds_another_history_is_refused(host: Host, twin: Host, folder: Folder) -> None:
    for one, member in ((host, "ann"), (twin, "bob")):
        await one.send(*(one.track(member, messageId=f"{member}{n}") for n in range(20)))
        one.now += MONTH
        await one.send(one.track("cat"))
    await archived(twin, folder, twin.now)
    before, rows = files(folder), host.stored_rows()
    with pytest.raises(Conflict, match="other entries than this database"):
        await archived(host, folder, host.now)
    await host.send(host.track("ann"))
    host.now += MONTH
    with pytest.raises(Conflict, match="choose another folder"):
        await archived(host, folder, 0 if host.now < 0 else host.now - 2 * MONTH + 1)
    assert files(folder) == before
    after = host.stored_rows()
    assert not {table for table in rows if rows[table] != after[table]} & {
        "engage_checkpoint",
        "engage_archive",
    }


@ON_SQLITE
async def test_a_database_restored_from_before_finds_its_files_and_goes_on(
    host: Host, folder: Folder, tmp_path: Path
) -> None:
    await six_months(host)
    backup = SqlitePlace(tmp_path / "backup.db")
    host.place.change("VACUUM INTO ?", str(backup.path))
    months = sorted({month_of(one.entry.received_at) for one in await host.log()})
    await archived(host, folder, start_of(months[2]))
    await archived(host, folder, start_of(months[4]))
    before = files(folder)
    restored = Host(await Database.open(backup.url), backup, host.now)
    try:
        # The checkpoint of the first run stands in none of its files: they lie behind it.
        await archived(restored, folder, start_of(months[4]))
        assert files(folder) == before
        assert (await restored.verify(archive=folder)).difference is None
    finally:
        await restored.database.close()
