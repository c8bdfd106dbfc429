"""A database under strain, whichever it is: cancelled callers, work that fails, readers beside it, and its end."""

from __future__ import annotations

import asyncio
import random

import pytest

from engage.errors import InvalidRequest, Unavailable
from engage.store.database import Database, shown, sqlite_path
from engage.store.orm import APPLIED, is_newest
from engage.store.scope import EVERY_COMPANY
from engage.store.statements import Transaction
from engage.store.tables import Company
from tests.places import Place
from tests.store.terms import COUNT, add, stored

# --- a ledger that says enough ------------------------------------------------------------------------------------


def test_a_ledger_of_all_migrations_is_the_newest_and_none_else_is(place: Place) -> None:
    applied = [name for (name,) in place.rows(APPLIED)]
    assert is_newest(applied)
    assert not is_newest(applied[:-1]), "one is missing"
    assert not is_newest([*applied, "9999_of_a_later_release"])


# --- cancelled callers ------------------------------------------------------------------------------------------


async def test_a_cancelled_caller_loses_nothing_and_stops_nobody(database: Database) -> None:
    """Hundreds of callers cancelled at chance moments: what was acknowledged is there, no commit is half, and the
    writer still works."""
    chance = random.Random(7)
    acknowledged: set[int] = set()

    async def caller(number: int) -> None:
        acknowledged.add(await database.write(lambda tx: add(tx, number, rows=3)))

    for round in range(60):
        tasks = [asyncio.create_task(caller(round * 10 + n)) for n in range(6)]
        for task in tasks:
            for _ in range(chance.randrange(4)):
                await asyncio.sleep(0)
            if chance.random() < 0.7:
                await asyncio.sleep(chance.random() / 1000)
                task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    assert await asyncio.wait_for(database.write(lambda tx: add(tx, 10_000)), 10) == 10_000
    async with database.read() as s:
        rows = await s.rows(
            "SELECT company_id, COUNT(*) FROM engage_term WHERE {scope} AND company_id < 10000 GROUP BY 1",
            scope=EVERY_COMPANY,
        )
    assert {count for _, count in rows} == {3}
    assert acknowledged <= {company for company, _ in rows}
    assert 50 < len(acknowledged) < 360


async def test_a_transaction_outlives_the_caller_who_went_away(database: Database) -> None:
    started, go_on = asyncio.Event(), asyncio.Event()

    async def slow(tx: Transaction) -> None:
        await add(tx, 1)
        started.set()
        await go_on.wait()
        await add(tx, 2)

    caller = asyncio.create_task(database.write(slow))
    await started.wait()
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    go_on.set()
    assert await database.write(lambda tx: add(tx, 3)) == 3
    assert await stored(database) == {1, 2, 3}


async def test_a_reader_cancelled_midway_leaves_the_next_one_alone(database: Database) -> None:
    chance = random.Random(3)
    for _ in range(200):
        task = asyncio.create_task(stored(database))
        await asyncio.sleep(chance.random() / 2000)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert await asyncio.wait_for(stored(database), 5) == set()


async def test_a_loop_that_ends_in_a_transaction_leaves_none_open(place: Place) -> None:
    """asyncio.run cancels every task, ours too; a command line stopped by Ctrl-C ends like this."""

    async def interrupted(pause: float) -> None:
        database = await Database.open(place.url)
        try:
            task = asyncio.create_task(database.write(lambda tx: add(tx, 1, rows=50)))
            await asyncio.sleep(pause)
            for running in database._running:
                running.cancel()
            await asyncio.gather(task, return_exceptions=True)
            assert await asyncio.wait_for(database.write(lambda tx: add(tx, 2)), 5) == 2
            await database.write(lambda tx: tx.execute("DELETE FROM engage_term WHERE {scope}", scope=[1, 2]))
        finally:
            await asyncio.wait_for(database.close(), 5)

    for n in range(30):
        await interrupted(n / 4000)


# --- transactions -----------------------------------------------------------------------------------------------


async def test_work_that_raises_leaves_nothing(database: Database) -> None:
    async def work(tx: Transaction) -> None:
        await add(tx, 1)
        await Company.create(external_id="acme", created_at=1)
        raise KeyError("on purpose")

    with pytest.raises(KeyError):
        await database.write(work)
    assert await stored(database) == set()
    async with database.read():
        assert await Company.all().count() == 0
    assert await database.write(lambda tx: add(tx, 2)) == 2


async def test_the_orm_is_part_of_the_transaction_it_runs_in(database: Database) -> None:
    async def work(tx: Transaction) -> None:
        await Company.create(external_id="acme", created_at=1)
        rows = await tx.rows("SELECT external_id FROM engage_company", scope=[])
        assert rows == [("acme",)]
        async with database.read() as s:
            assert await s.rows("SELECT * FROM engage_company", scope=[]) == [], "not committed yet"

    await database.write(work)
    async with database.read():
        assert await Company.all().count() == 1


async def test_a_read_never_waits_for_a_transaction(database: Database) -> None:
    await database.write(lambda tx: add(tx, 1))
    started, go_on = asyncio.Event(), asyncio.Event()

    async def slow(tx: Transaction) -> None:
        await add(tx, 2)
        started.set()
        await go_on.wait()

    writing = asyncio.create_task(database.write(slow))
    await started.wait()
    for _ in range(10):
        assert await asyncio.wait_for(stored(database), 2) == {1}
    go_on.set()
    await writing
    assert await stored(database) == {1, 2}


async def test_a_snapshot_sees_one_moment(database: Database) -> None:
    await database.write(lambda tx: add(tx, 1))
    async with database.snapshot() as s:
        assert await s.rows(COUNT, scope=EVERY_COMPANY) == [(1, 1)]
        await database.write(lambda tx: add(tx, 2))
        assert await s.rows(COUNT, scope=EVERY_COMPANY) == [(1, 1)]
        assert await stored(database) == {1, 2}
    async with database.snapshot() as s:
        assert await s.rows(COUNT, scope=EVERY_COMPANY) == [(2, 2)]


async def test_a_reader_cannot_write(database: Database) -> None:
    async def delete() -> None:
        async with database.read() as s:
            await s.rows("DELETE FROM engage_term WHERE {scope} RETURNING start", scope=[1])

    async def create() -> None:
        async with database.read():
            await Company.create(external_id="acme", created_at=1)

    await database.write(lambda tx: add(tx, 1))
    for write in (delete, create):
        with pytest.raises(Unavailable, match=r"read-?only"):
            await write()
    assert await stored(database) == {1}


# --- the end ----------------------------------------------------------------------------------------------------


async def test_closing_waits_for_the_transaction_that_runs(place: Place) -> None:
    database = await Database.open(place.url)
    task = asyncio.create_task(database.write(lambda tx: add(tx, 1, rows=20)))
    await asyncio.sleep(0.002)
    await database.close()
    assert await task == 1
    reopened = await Database.open(place.url)
    try:
        assert await stored(reopened) == {1}
    finally:
        await reopened.close()


async def test_a_closed_database_says_so(database: Database) -> None:
    await database.close()
    await database.close()
    with pytest.raises(Unavailable, match="closed"):
        await database.write(lambda tx: add(tx, 1))
    with pytest.raises(Unavailable, match="closed"):
        await stored(database)
    with pytest.raises(Unavailable, match="closed"):
        async with database.snapshot():
            pass


# --- addresses --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("url", ["", "engage.db", "sqlite://", "sqlite:///", "mysql://x", "sqlite:/x"])
def test_a_url_that_is_none_is_explained(url: str) -> None:
    with pytest.raises(InvalidRequest):
        sqlite_path(url)


@pytest.mark.parametrize(
    "url, told",
    [
        ("sqlite:///engage.db", "sqlite:///engage.db"),
        ("postgresql://ann@h/d", "postgresql://ann@h/d"),
        ("postgresql://ann:s3cret@h:5432/d?sslmode=require", "postgresql://ann:***@h:5432/d?sslmode=require"),
        ("postgresql://:s3cret@h/d", "postgresql://:***@h/d"),
        ("postgresql://ann:s3c@ret@h/d", "postgresql://ann:***@h/d"),
        ("postgresql://ann:s3cret@[h/d", "postgresql://..."),
    ],
)
def test_a_password_is_never_shown(url: str, told: str) -> None:
    assert shown(url) == told
