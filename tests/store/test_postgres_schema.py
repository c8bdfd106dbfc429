"""The schema as PostgreSQL has it: made once whoever hurries, and shaped for what is written again and again."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from engage.errors import Unavailable
from engage.store.database import Database
from engage.store.migrate import migrate
from engage.store.scope import GROWING
from tests.places import Place, Places


@pytest.fixture
def place(places: Places, tmp_path: Path) -> Iterator[Place]:
    with places.migrated("postgres", tmp_path) as made:
        yield made


SCHEMA = """
    SELECT c.relname::text, c.relkind::text, c.reloptions::text, a.attname::text, format_type(a.atttypid, a.atttypmod),
        a.attnotnull, a.attcompression::text, a.attstorage::text, n.collname::text, pg_get_indexdef(c.oid)
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
    LEFT JOIN pg_collation n ON n.oid = a.attcollation
    WHERE c.relname LIKE 'engage%' OR c.relname LIKE 'tortoise%' ORDER BY c.relname, a.attnum
"""


@pytest.fixture
def new(places: Places, tmp_path: Path) -> Iterator[Place]:
    with places.new("postgres", tmp_path) as made:
        yield made


def start(code: str, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", code, *arguments]
    folder = Path(__file__).resolve().parents[2]
    return subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


async def test_migrating_again_changes_nothing(place: Place) -> None:
    before = place.rows(SCHEMA), place.rows("SELECT * FROM tortoise_migrations")
    assert len(before[0]) > 100
    await migrate(place.url)
    assert (place.rows(SCHEMA), place.rows("SELECT * FROM tortoise_migrations")) == before


async def test_what_the_ledger_lacks_is_migrated(new: Place) -> None:
    await migrate(new.url)
    new.change("DELETE FROM tortoise_migrations WHERE name LIKE '0001%'")
    with pytest.raises(Unavailable, match="already exists"):
        await migrate(new.url)


async def test_many_migrating_at_once_do_no_harm(new: Place, place: Place) -> None:
    code = "import asyncio, sys; from engage.store.migrate import migrate; asyncio.run(migrate(sys.argv[1]))"
    processes = [start(code, new.url) for _ in range(3)]
    await asyncio.gather(*(migrate(new.url) for _ in range(3)))
    said = [await asyncio.to_thread(process.communicate, timeout=60) for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], said
    assert new.rows(SCHEMA) == place.rows(SCHEMA)
    assert new.rows("SELECT name FROM tortoise_migrations ORDER BY 1") == place.rows(
        "SELECT name FROM tortoise_migrations ORDER BY 1"
    )


DIES = """
import asyncio, os, sys
from engage.store.migrate import migrate
from tortoise.migrations.recorder import MigrationRecorder
record = MigrationRecorder.record_applied
async def die(self, app, name):
    if name.startswith(sys.argv[2]):
        os._exit(9)
    await record(self, app, name)
MigrationRecorder.record_applied = die
asyncio.run(migrate(sys.argv[1]))
"""


@pytest.mark.parametrize("number", ["0001", "0002"])
async def test_a_migration_that_dies_is_done_again_by_the_next(new: Place, place: Place, number: str) -> None:
    """At the worst moment: the tables are made, and Tortoise has not yet written that they are."""
    process = start(DIES, new.url, number)
    await asyncio.to_thread(process.communicate, timeout=60)
    assert process.returncode == 9
    await migrate(new.url)
    assert new.rows(SCHEMA) == place.rows(SCHEMA)


def test_both_databases_have_the_same_tables_and_columns(
    place: Place, places: Places, tmp_path: Path
) -> None:
    columns = {
        (table, column)
        for table, column in place.rows(
            "SELECT table_name::text, column_name::text FROM information_schema.columns WHERE table_name LIKE 'engage%'"
        )
    }
    with places.migrated("sqlite", tmp_path) as other:
        tables = other.rows("SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'engage%'")
        theirs = {
            (table, column)
            for (table,) in tables
            for (column,) in other.rows(f"SELECT name FROM pragma_table_info('{table}')")
        }
    assert columns == theirs


def test_every_unique_index_of_a_growing_table_starts_with_the_company(place: Place) -> None:
    """As Citus needs it, too."""
    rows = place.rows(
        "SELECT i.indrelid::regclass::text, (SELECT a.attname::text FROM pg_attribute a"
        " WHERE a.attrelid = i.indrelid AND a.attnum = i.indkey[0])"
        " FROM pg_index i WHERE i.indisunique AND i.indrelid::regclass::text LIKE 'engage%'"
    )
    keyed = {table: column for table, column in rows if table in GROWING}
    assert set(keyed) == GROWING
    assert {column for table, column in rows if table in GROWING} == {"company_id"}


def test_no_order_of_texts_depends_on_the_system(place: Place) -> None:
    """An update of the system's locales would silently break the indexes of such columns."""
    rows = place.rows(
        "SELECT i.indexrelid::regclass::text, a.attname::text, n.collname::text FROM pg_index i"
        " JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY(i.indkey)"
        " JOIN pg_collation n ON n.oid = a.attcollation"
        " WHERE i.indrelid::regclass::text LIKE 'engage%'"
    )
    ours = [
        row for row in rows if row[0].split("_")[1].rstrip("_pkey") and row[1] in ("external_id", "subject")
    ]
    assert ours
    assert {collation for _, _, collation in ours} == {"C"}


async def test_rows_that_are_written_again_and_again_need_no_new_index_entries(
    database: Database, place: Place
) -> None:
    head = "INSERT INTO engage_head (company_id, seq, links, chain, program_id, state) {rows} "
    head += "ON CONFLICT (company_id) DO UPDATE SET seq = excluded.seq, state = excluded.state"
    place.change("SELECT pg_stat_reset()")  # other tests have used this database
    for number in range(200):
        rows = [(1, number, 0, b"c" * 32, 0, b"s" * 600)]
        await database.write(lambda tx, rows=rows: tx.insert([(head, rows)], scope=[1]))
    await database.close()  # a session that ends says what it did
    [(updates, in_place)] = place.rows(
        "SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables WHERE relname = 'engage_head'"
    )
    assert updates == 199
    assert in_place > 0.9 * updates
