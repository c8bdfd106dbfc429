"""What the tests of archiving share: a history worth archiving, small steps, and a look into the files."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pyarrow.parquet as pq
import pytest

from engage.actions import archive as archiving
from engage.actions import checkpoint as taking
from engage.actions import replay as replaying
from engage.actions import replayed_members
from engage.actions.archive import ArchivedCompany, archive
from engage.store import archived as stored_archived
from engage.store import checkpoints as stored_checkpoints
from engage.store import parquet
from engage.store.parquet import Folder
from tests.actions.host import DAY, Host
from tests.actions.told_once import told_once

MONTH = 31 * DAY


def take_small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a few hundred entries take every turn that millions would."""
    for module, name, value in (
        (archiving, "ENTRIES_PER_READ", 7),
        (archiving, "BATCH_ENTRIES", 60),
        (archiving, "BATCH_MONTHS", 3),
        (archiving, "ENTRIES_DROPPED_AT_ONCE", 10),
        (archiving, "MOMENTS_PER_TRANSACTION", 2),
        (archiving, "REST_SECONDS_MIN", 0),
        (parquet, "ROWS_PER_GROUP", 9),
        (parquet, "ROWS_PER_READ", 4),
        (stored_archived, "MOMENTS_PER_READ", 3),
        (stored_checkpoints, "PART_BYTES", 200),
        (taking, "PARTS_PER_TRANSACTION", 2),
        (replayed_members, "MEMBERS_IN_MEMORY", 2),
        (replaying, "ENTRIES_PER_READ", 7),
        (replaying, "LINKS_PER_READ", 5),
    ):
        monkeypatch.setattr(module, name, value)


async def archived(host: Host, folder: Folder, before: int, **asked: Any) -> list[ArchivedCompany]:
    with folder.alone():
        return await archive(host.database, folder, before=before, now=host.now, **asked)


def files(folder: Folder) -> dict[str, bytes]:
    """Every file of the archive but its lock."""
    found = (path for path in folder.path.rglob("*") if path.is_file() and path.name != ".lock")
    return {str(path.relative_to(folder.path)): path.read_bytes() for path in found}


def columns(folder: Folder, *names: str) -> list[tuple[Any, ...]]:
    """These columns of every entry archived, by company and seq."""
    rows = []
    for name in files(folder):
        table = pq.ParquetFile(folder.path / name).read(["company", "seq", *names]).to_pydict()
        rows += list(zip(*table.values(), strict=True))
    return sorted(rows)


@told_once
async def six_months(host: Host) -> None:
    """Two companies, a badge, a reversal and an adjustment, over half a year."""
    await host.publish()
    for month in range(6):
        host.now += MONTH - 5 * DAY
        for day in range(5):
            host.now += DAY
            await host.send(
                *(host.track(member) for member in ("ann", "bob", "ann")),
                host.track("ann", "Deal Won", messageId=f"d{month}-{day}", properties={"value": 1000}),
                host.track("zoe", company="Café/Zürich & Söhne"),
            )
        await host.reverse(f"d{month}-3", key="k")
        await host.adjust("bob", 5, f"k{month}")


def start_of(month: str) -> int:
    return int(datetime.strptime(month, "%Y-%m").replace(tzinfo=UTC).timestamp()) * 1_000_000
