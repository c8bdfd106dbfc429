"""A database with a program and a key, a server on it, and chance that can be repeated."""

from __future__ import annotations

import asyncio
import os
import random
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from engage.actions.keys import create_key
from engage.actions.publish import publish
from engage.document import read_program
from engage.store.database import Database
from tests.faults.account import PROGRAM, Account
from tests.faults.serving import Engage, with_bounds
from tests.places import Place, SqlitePlace

SEED = "FAULTS_SEED"


@pytest.fixture
def chance() -> random.Random:
    """Another seed at each run, in CI always the same; FAULTS_SEED repeats one."""
    seed = os.environ.get(SEED) or ("1" if os.environ.get("CI") else str(random.randrange(10**9)))
    print(f"to repeat: {SEED}={seed}")  # shown when the test fails
    return random.Random(seed)


@pytest.fixture
def account(chance: random.Random) -> Account:
    return Account(chance)


async def prepare(url: str) -> str:
    """Publish the program, make a server key: that key."""
    database = await Database.open(url)
    try:
        text = PROGRAM.format(name="Faults")
        found = read_program(text)
        assert found.program is not None, found.problems
        await publish(database, found.program, text, company=None, actor="test", now=1)
        return await create_key(database, "server")
    finally:
        await database.close()


@pytest.fixture
def key(place: Place) -> str:
    """A server key of the database, which also has its program."""
    return asyncio.run(prepare(place.url))


@pytest.fixture
def file(place: Place) -> Path:
    assert isinstance(place, SqlitePlace)
    return place.path


@pytest.fixture
def stopped(place: Place, key: str, tmp_path: Path) -> Iterator[Engage]:
    """A server that is not started yet."""
    engage = Engage(place.url, tmp_path, key)
    try:
        yield engage
    finally:
        engage.end()


Start = Callable[..., Awaitable[Engage]]


@pytest.fixture
def bounded(stopped: Engage) -> Start:
    """Starts the server with other bounds; see `with_bounds`."""

    async def start(**bounds: float) -> Engage:
        stopped.script = with_bounds(**bounds)
        if stopped.command:
            stopped.command = (sys.executable, "-c", stopped.script)
        await stopped.start()
        return stopped

    return start


@pytest.fixture
async def engage(stopped: Engage) -> AsyncIterator[Engage]:
    """A server that runs. Whatever happened to it, it logged no traceback."""
    await stopped.start()
    yield stopped
    stopped.check_log()


@pytest.fixture
async def servers(engage: Engage, place: Place, tmp_path: Path) -> AsyncIterator[list[Engage]]:
    """All that may serve one database at once: one on SQLite, and on PostgreSQL two stand for many."""
    if place.dialect == "sqlite":
        yield [engage]
        return
    folder = tmp_path / "second"
    folder.mkdir()
    second = Engage(place.url, folder, engage.key)
    try:
        await second.start()
        yield [engage, second]
        second.check_log()
    finally:
        second.end()
