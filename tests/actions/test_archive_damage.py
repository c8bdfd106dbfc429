"""What is done to an archive behind its back is found, and a command that is killed anywhere is simply run again."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from engage.errors import Archived
from engage.store.parquet import Folder
from tests.actions.archives import MONTH, archived, columns, files, six_months
from tests.actions.host import DAY, Host
from tests.actions.test_checkpoint import KEPT
from tests.actions.test_verify import TAMPERINGS
from tests.actions.told_once import told_once
from tests.commands import run_script
from tests.places import ON_SQLITE

pytestmark = pytest.mark.usefixtures("small_steps")


# --- tampering ----------------------------------------------------------------------------------------------


@told_once
async def honest(host: Host, folder: Folder) -> None:
    """The history of test_verify, twice, the first time archived."""
    await host.publish()
    for time in range(2):
        await host.send(
            host.track("ann"),
            host.track("bob"),
            host.track("ann", "Deal Won", messageId=f"d{time}", properties={"value": 1000}),
        )
        await host.adjust("ann", 5, f"k{time}")
        host.now += DAY
        await host.send(
            host.track("bob"), host.call("identify", "ann", groupId="acme", traits={"role": "chief"})
        )
        await host.reverse(f"d{time}")
        host.now += MONTH
        if not time:
            await host.send(host.track("bob"))
            await archived(host, folder, host.now)
    assert (await host.verify()).difference is None
    assert (await host.verify(archive=folder)).difference is None
    assert len(files(folder)) == 1


GONE = {"two entries swapped", "one checkpoint for the other", "a file that is not"}
"""What cannot be done to this history."""


@ON_SQLITE
@pytest.mark.parametrize("what", [one for one in (*TAMPERINGS, *KEPT) if one not in GONE])
async def test_tampering_with_the_database_is_found(host: Host, folder: Folder, what: str) -> None:
    await honest(host, folder)
    tampering = (TAMPERINGS | KEPT)[what]
    if isinstance(tampering, str) and "seq" in tampering and "engage_entry" in tampering:
        # The same of what came after.
        tampering = re.sub(
            r"(seq|previous) = ([1-4])\b", lambda found: f"{found[1]} = {int(found[2]) + 9}", tampering
        )
    rows = host.stored_rows()
    host.tamper(tampering)
    assert host.stored_rows() != rows, "the tampering changed nothing"
    difference = (await host.verify()).difference
    assert difference is not None
    assert difference.startswith("acme: ")


LOST = {
    "a moment": "UPDATE engage_moment SET at = at + 1",
    "a moment gone": "DELETE FROM engage_moment",
    "a file gone from the list": "DELETE FROM engage_archive",
    "a file's hash": "UPDATE engage_archive SET hash = zeroblob(32)",
    "an entry that nobody archived gone": "DELETE FROM engage_entry WHERE seq = 9",
    "a dropped entry back": "INSERT INTO engage_entry SELECT company_id, 8, kind, member_id, previous, at, "
    "received_at, day, hour, program_id, name, body, decision FROM engage_entry WHERE seq = 11",
}


@ON_SQLITE
@pytest.mark.parametrize("what", LOST)
async def test_tampering_with_what_archiving_left_is_found(host: Host, folder: Folder, what: str) -> None:
    await honest(host, folder)
    rows = host.stored_rows()
    host.tamper(LOST[what])
    assert host.stored_rows() != rows, "the tampering changed nothing"
    assert (await host.verify()).difference is not None


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def rewrite(path: Path, column: str, change: Callable[[Any], Any]) -> None:
    table = pq.ParquetFile(path).read()
    values = table.column(column).to_pylist()
    values[2] = change(values[2])
    index = table.column_names.index(column)
    pq.write_table(
        table.set_column(index, table.schema.field(index), [values]).cast(table.schema),
        path,
        compression="zstd",
    )


FILES: dict[str, Callable[[Path], object]] = {
    "a bit": flip,
    "a byte more": lambda path: path.write_bytes(path.read_bytes() + b"\0"),
    "nothing left": lambda path: path.write_bytes(b""),
    "no file": lambda path: path.unlink(),
    "another name": lambda path: path.rename(path.with_name("entries-2-3.parquet")),
    "an event's name": lambda path: rewrite(path, "event", lambda name: "Deal Won"),
    "a time": lambda path: rewrite(path, "at", lambda at: at.replace(microsecond=1)),
    "a member": lambda path: rewrite(path, "member_number", lambda number: 1),
    "who it was": lambda path: rewrite(path, "member", lambda member: "eve"),
    "properties": lambda path: rewrite(path, "properties", lambda text: '{"value":7}'),
    "a decision": lambda path: rewrite(path, "decision", lambda decision: b"\x95\x00\x90\x90\xa0\xa0"),
}


@ON_SQLITE
@pytest.mark.parametrize("what", FILES)
async def test_tampering_with_a_file_is_found(host: Host, folder: Folder, what: str) -> None:
    await honest(host, folder)
    [name] = files(folder)
    before = files(folder)
    FILES[what](folder.path / name)
    assert files(folder) != before, "the tampering changed nothing"
    difference = (await host.verify(archive=folder)).difference
    assert difference is not None
    assert difference.startswith("acme: ")
    assert name in difference
    assert (await host.verify()).difference is None, "without the files they are not looked at"


@ON_SQLITE
async def test_a_whole_replay_needs_the_files(host: Host, folder: Folder) -> None:
    await honest(host, folder)
    with pytest.raises(Archived, match="--archive"):
        await host.verify(from_start=True)


# --- killed -------------------------------------------------------------------------------------------------

KILLED = """
import asyncio, os, sys
from pathlib import Path
from engage.actions import archive as archiving, checkpoint as taking, replay as replaying
from engage.store import parquet
from engage.store.database import Database

url, folder, before, now, what, count = sys.argv[1:]
archiving.ENTRIES_PER_READ, archiving.BATCH_ENTRIES, archiving.BATCH_MONTHS = 7, 60, 3
archiving.ENTRIES_DROPPED_AT_ONCE = 10
left = int(count)

def dying(function):
    def wrapped(*arguments, **named):
        global left
        left -= 1
        if left < 0:
            os.kill(os.getpid(), 9)
        return function(*arguments, **named)
    return wrapped

places = {
    "group": (parquet._New, "_flush"), "rename": (parquet._New, "end"), "batch": (parquet.Batch, "end"),
    "part": (taking, "_insert_parts"), "seal": (taking, "insert_checkpoint"), "sealed": (taking, "other_parts"),
    "drop": (archiving, "drop_entries"),
}
owner, name = places[what]
setattr(owner, name, dying(getattr(owner, name)))

async def main():
    database = await Database.open(url)
    await archiving.archive(database, parquet.Folder(Path(folder)), before=int(before), now=int(now))
    await database.close()

Path(folder).mkdir(exist_ok=True)
asyncio.run(main())
"""


def killed(host: Host, folder: Folder, before: int, what: str, count: int) -> int:
    return run_script(KILLED, [host.place.url, *map(str, (folder.path, before, host.now)), what, str(count)])


@ON_SQLITE
@pytest.mark.parametrize(
    "what, count, later",
    [
        *(("group", 2, 0), ("rename", 0, MONTH), ("rename", 1, 0), ("rename", 5, MONTH), ("batch", 1, 0)),
        *(
            ("part", 0, MONTH),
            ("part", 1, 0),
            ("seal", 0, 0),
            ("sealed", 0, MONTH),
            ("drop", 0, 0),
            ("drop", 3, MONTH),
        ),
    ],
)
async def test_killed_anywhere_the_next_run_ends_what_was_begun(
    host: Host, folder: Folder, what: str, count: int, later: int
) -> None:
    await six_months(host)
    log = {name: await host.log(name) for name in ("acme", "Café/Zürich & Söhne")}
    rows = host.stored_rows()
    before = host.now - 2 * MONTH
    assert await asyncio.to_thread(killed, host, folder, before, what, count) == -9
    verified = await host.verify()
    assert verified.difference is None, "the service goes on as if nothing had been"
    left = {name: data for name, data in files(folder).items() if not name.endswith(".partial")}
    await archived(host, folder, before + later)
    after = files(folder)
    assert {name: after[name] for name in left} == left, "a file that was written is not changed"
    assert not [name for name in after if name.endswith(".partial")]
    assert (await host.verify()).difference is None
    assert (await host.verify(archive=folder)).difference is None
    for name, whole in log.items():
        gone = [row[1] for row in columns(folder) if row[0] == name]
        there = [one.entry.seq for one in await host.log(name)]
        assert gone + there == [*range(1, len(gone) + len(there) + 1)], "nothing is lost or doubled"
        assert len(gone) == sum(one.entry.received_at < before + later for one in whole)
    unharmed = ("member", "message", "transfer", "rollup")
    assert {table: host.stored_rows()[f"engage_{table}"] for table in unharmed} == {
        table: rows[f"engage_{table}"] for table in unharmed
    }
