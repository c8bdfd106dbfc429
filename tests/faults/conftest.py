"""A database with a program and a key, a server on it, and chance that can be repeated."""

from __future__ import annotations

import asyncio
import os
import random
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from engage.actions.keys import create_key
from engage.actions.publish import publish
from engage.document import read_program
from engage.store.database import Database
from engage.store.migrate import migrate
from tests.faults.account import PROGRAM, Account
from tests.faults.serving import Engage, with_bounds

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
    """Migrate, publish the program, make a server key: that key."""
    await migrate(url)
    database = await Database.open(url)
    try:
        text = PROGRAM.format(name="Faults")
        found = read_program(text)
        assert found.program is not None, found.problems
        await publish(database, found.program, text, company=None, actor="test", now=1)
        return await create_key(database, "server")
    finally:
        await database.close()


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Made once; a test works on a copy."""
    path = tmp_path_factory.mktemp("faults") / "engage.db"
    return path, asyncio.run(prepare(f"sqlite:///{path}"))


@pytest.fixture
def file(prepared: tuple[Path, str], tmp_path: Path) -> Path:
    path = tmp_path / "engage.db"
    shutil.copyfile(prepared[0], path)
    return path


@pytest.fixture
def stopped(file: Path, prepared: tuple[Path, str], tmp_path: Path) -> Iterator[Engage]:
    """A server that is not started yet."""
    engage = Engage(f"sqlite:///{file}", tmp_path, prepared[1])
    try:
        yield engage
    finally:
        engage.end()


Start = Callable[..., Awaitable[Engage]]


@pytest.fixture
def bounded(stopped: Engage) -> Start:
    """Starts the server with other bounds; see `with_bounds`."""

    async def start(**bounds: float) -> Engage:
        stopped.command = with_bounds(**bounds)
        await stopped.start()
        return stopped

    return start


@pytest.fixture
async def engage(stopped: Engage) -> AsyncIterator[Engage]:
    """A server that runs. Whatever happened to it, it logged no traceback."""
    await stopped.start()
    yield stopped
    assert "Traceback" not in stopped.log
