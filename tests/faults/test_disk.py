"""A disk that is full and a file that may not be written, in the middle of the load, and both mended again."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from tests.faults.account import Account, Load, answers_again, client_of, eventually, load, settled
from tests.faults.disks import full, immutable, limited, read_only, small_disk
from tests.faults.serving import Engage, run
from tests.places import ON_SQLITE

pytestmark = ON_SQLITE

REFUSALS = 5
PADDING = "x" * 6_000
"""In each event, so that a file of some megabytes is soon written."""
CHECKPOINT_BYTES = 4 * 1024**2
"""At this size of the log beside it, SQLite writes into the database file itself."""


def size(file: Path) -> int:
    return file.stat().st_size


async def refused_and_read(engage: Engage, running: Load) -> None:
    """Writes are refused in the documented form; what is stored can be read all the time."""
    await running.until_refused(REFUSALS)
    async with client_of(engage) as client:
        for path in ("/healthz", "/readyz", "/v1/companies", "/v1/companies/company-0/members/member-0"):
            assert (await client.get(path)).status_code == 200, path


@pytest.fixture
def disk(tmp_path: Path, file: Path, stopped: Engage) -> Iterator[Path | None]:
    """A small disk with the database on it; None where none can be made."""
    folder = tmp_path / "disk"
    folder.mkdir()
    with small_disk(folder) as made:
        if made:
            shutil.copyfile(file, folder / "engage.db")
            stopped.database_url = f"sqlite:///{folder / 'engage.db'}"
        yield folder if made else None
        stopped.end()


async def test_a_full_disk_refuses_writes_and_loses_nothing(
    disk: Path | None, engage: Engage, account: Account, file: Path
) -> None:
    await answers_again(account, engage)
    async with load(account, engage) as running:
        for _ in range(3):
            await running.until(20)
            with limited(engage.pids, size(file) // 2) if disk is None else full(disk):
                await refused_and_read(engage, running)
            await answers_again(account, engage)
    await settled(account, engage)


async def test_files_that_may_grow_no_more_refuse_writes_and_lose_nothing(
    engage: Engage, account: Account, file: Path
) -> None:
    """The database file cannot grow first, when its log is carried over, and then the log cannot."""
    most = 2 * CHECKPOINT_BYTES
    padded = account.message
    account.message = lambda *given, **more: padded(*given, properties={"note": PADDING}, **more)  # type: ignore[method-assign]
    async with load(account, engage) as running:
        await eventually(lambda: size(file) > CHECKPOINT_BYTES, 60, "nothing was carried over")
        with limited(engage.pids, size(file)):
            await refused_and_read(engage, running)
        await answers_again(account, engage)
    assert size(file) < most
    await settled(account, engage)


async def test_a_file_made_read_only_refuses_writes_and_loses_nothing(
    engage: Engage, account: Account, file: Path
) -> None:
    async with load(account, engage) as running:
        for _ in range(2):
            await running.until(20)
            with read_only(file.parent, engage.pids):
                await refused_and_read(engage, running)
            await answers_again(account, engage)
    await settled(account, engage)


@pytest.fixture
def forbidden(file: Path) -> Iterator[AbstractContextManager[object]]:
    """Forbids to write the file and its folder: to root by making them immutable, to others by their modes."""
    if os.geteuid() == 0:
        yield immutable(file, file.parent)
        return
    file.chmod(0o444)
    file.parent.chmod(0o555)
    yield immutable()
    file.parent.chmod(0o755)
    file.chmod(0o644)


async def test_a_server_that_may_not_write_says_so_in_a_line_and_does_not_start(
    stopped: Engage, forbidden: AbstractContextManager[object]
) -> None:
    with forbidden:
        code, said = await run("serve", "--port", "0", database_url=stopped.database_url)
    assert code == 1
    assert said.startswith("engage: error: ")
    assert said.count("\n") == 1
