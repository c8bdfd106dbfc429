"""The door between tenants: what does not say whose rows it touches never reaches the database."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tortoise import connections

import engage.store
from engage.store.database import Database
from engage.store.log import INSERT_LINKS
from engage.store.orm import ALIAS
from engage.store.scope import EVERY_COMPANY, GROWING, PREFIX, ScopeError
from engage.store.sqlite import expand_scope
from engage.store.statements import Transaction
from engage.store.tables import Company
from tests.places import ON_SQLITE

LINK = "INSERT INTO engage_link (company_id, number, last_seq, hash) {rows}"


def shown(file: Path, sql: str) -> list[Any]:
    driver = sqlite3.connect(file)
    try:
        return driver.execute(sql).fetchall()
    finally:
        driver.close()


async def add_links(database: Database, *rows: tuple[int, int]) -> None:
    links = [(company, number, 1, b"hash") for company, number in rows]
    await database.write(lambda tx: tx.insert([(INSERT_LINKS, links)], scope=EVERY_COMPANY))


@ON_SQLITE
def test_every_table_of_companies_rows_is_known_to_the_door(path: Path) -> None:
    """A new table with company_id in its primary key cannot be forgotten."""
    tables = [name for (name,) in shown(path, "SELECT name FROM sqlite_master WHERE type = 'table'")]
    assert len(tables) > 15
    keyed = {}
    for table in tables:
        columns = shown(path, f"SELECT name, pk FROM pragma_table_info('{table}') WHERE pk > 0 ORDER BY pk")
        if "company_id" in [name for name, _ in columns]:
            keyed[table] = columns[0][0]
    assert set(keyed) == GROWING
    assert set(keyed.values()) == {"company_id"}, "company_id stands first in every key"


@ON_SQLITE
def test_every_unique_index_of_a_growing_table_starts_with_the_company(path: Path) -> None:
    for table in sorted(GROWING):
        for (index,) in shown(path, f"SELECT name FROM pragma_index_list('{table}') WHERE \"unique\""):
            columns = shown(path, f"SELECT name FROM pragma_index_info('{index}') ORDER BY seqno")
            assert columns[0] == ("company_id",), index


@ON_SQLITE
def test_growing_tables_keep_a_companys_rows_together(path: Path) -> None:
    tables = dict(shown(path, "SELECT name, sql FROM sqlite_master WHERE type = 'table'"))
    for table in GROWING - {"engage_head"}:  # whose key is the row's own number
        assert "WITHOUT ROWID" in tables[table], table


@pytest.mark.parametrize("table", sorted(GROWING))
async def test_no_growing_table_is_read_without_a_scope(database: Database, table: str) -> None:
    async with database.read() as s:
        for sql in (
            f"SELECT * FROM {table}",
            f'SELECT * FROM "{table}"',
            f"SELECT * FROM [{table}]",
            f"SELECT * FROM main.{table.upper()}",
            f"SELECT * FROM engage_company c JOIN {table} t ON t.company_id = c.id",
            f"SELECT * FROM engage_company WHERE id IN (SELECT company_id FROM {table})",
            f"SELECT * FROM {table} WHERE company_id = 1",
        ):
            with pytest.raises(ScopeError):
                await s.rows(sql, scope=[1])
            with pytest.raises(ScopeError):
                await s.lookup(sql, [(1,)], scope=[1])


@pytest.mark.parametrize("table", sorted(GROWING))
async def test_the_orm_reaches_no_growing_table(database: Database, table: str) -> None:
    async def work(tx: Transaction | None = None) -> None:
        client = connections.get(ALIAS)
        for sql in (
            f"SELECT * FROM {table}",
            f'DELETE FROM "{table.upper()}"',
            f"UPDATE {table} SET company_id = 2",
        ):
            for call in (client.execute_query, client.execute_query_dict):
                with pytest.raises(ScopeError):
                    await call(sql)
            with pytest.raises(ScopeError):
                await client.execute_insert(sql, [])
            with pytest.raises(ScopeError):
                await client.execute_many(sql, [[]])
            with pytest.raises((ScopeError, NotImplementedError)):
                await client.execute_script(sql)

    async with database.read():
        await work()
    await database.write(work)


async def test_the_orm_reads_and_writes_host_tables(database: Database) -> None:
    async def work(tx: Transaction) -> int:
        return int((await Company.create(external_id="acme", created_at=1)).id)

    id = await database.write(work)
    async with database.read():
        assert (await Company.get(id=id)).external_id == "acme"


async def test_no_growing_table_is_changed_without_a_scope(database: Database) -> None:
    await add_links(database, (1, 1), (2, 1))
    for sql in ("DELETE FROM engage_link", "UPDATE engage_link SET last_seq = 0 WHERE company_id = 2"):
        with pytest.raises(ScopeError):
            await database.write(lambda tx, sql=sql: tx.execute(sql, scope=[1]))
    async with database.read() as s:
        assert len(await s.rows("SELECT * FROM engage_link WHERE {scope}", scope=EVERY_COMPANY)) == 2


@pytest.mark.parametrize(
    "sql",
    [
        LINK.replace("company_id, number", "number, company_id"),
        LINK.replace(" (company_id, number, last_seq, hash)", ""),
        "INSERT INTO engage_link SELECT 2, 1, 1, x'00'",
        "INSERT INTO engage_link (company_id, number, last_seq, hash) SELECT 2, 1, 1, x'00'",
        "DELETE FROM engage_link",
        "REPLACE INTO engage_link (number, company_id, last_seq, hash) {rows}",
        LINK + "; DELETE FROM engage_link",
        LINK + " ON CONFLICT (company_id, number) DO UPDATE SET company_id = 2",
    ],
)
async def test_an_insert_says_the_company_first(database: Database, sql: str) -> None:
    """Otherwise the first column of the rows, which is checked, would not be the company that is written."""
    with pytest.raises(ScopeError):
        await database.write(lambda tx: tx.insert([(sql, [(1, 2, 1, b"")])], scope=[1]))


async def test_rows_of_another_company_are_refused(database: Database) -> None:
    async with database.read() as s:
        with pytest.raises(ScopeError, match="outside the scope"):
            await s.lookup(
                "SELECT l.hash FROM {keys} k JOIN engage_link l ON l.company_id = k.column1 AND l.number = k.column2",
                [(1, 1), (2, 1)],
                scope=[1],
            )
    with pytest.raises(ScopeError, match="outside the scope"):
        await database.write(lambda tx: tx.insert([(LINK, [(1, 1, 1, b""), (2, 1, 1, b"")])], scope=[1]))
    async with database.read() as s:
        assert await s.rows("SELECT * FROM engage_link WHERE {scope}", scope=EVERY_COMPANY) == []


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT l.hash FROM {keys} k JOIN engage_link l ON l.number = k.column1",
        "SELECT l.hash FROM {keys} k JOIN engage_link l ON l.number = k.column2",
        "SELECT l.hash FROM {keys} k, engage_link l",
        "SELECT l.hash FROM {keys} k JOIN engage_link l ON l.company_id > k.column1",
    ],
)
async def test_a_lookup_is_joined_on_the_company(database: Database, sql: str) -> None:
    async with database.read() as s:
        with pytest.raises(ScopeError):
            await s.lookup(sql, [(1, 1)], scope=[1])


async def test_a_scope_shows_its_companies_and_no_others(database: Database) -> None:
    await add_links(database, *((company, 1) for company in range(1, 6)))
    async with database.read() as s:

        async def seen(scope: Any) -> list[int]:
            rows = await s.rows("SELECT company_id FROM engage_link WHERE {scope} ORDER BY 1", scope=scope)
            return [row[0] for row in rows]

        assert await seen([2]) == [2]
        assert await seen({4, 2}) == [2, 4]
        assert await seen([]) == []
        assert await seen([99]) == []
        assert await seen(EVERY_COMPANY) == [1, 2, 3, 4, 5]


async def test_a_scope_of_very_many_companies_works(database: Database) -> None:
    await add_links(database, *((company, 1) for company in range(1, 40_001)))
    async with database.read() as s:
        rows = await s.rows("SELECT COUNT(*) FROM engage_link WHERE {scope}", scope=range(1, 35_001))
        assert rows == [(35_000,)]
        found = await s.lookup(
            "SELECT l.company_id FROM {keys} k JOIN engage_link l ON l.company_id = k.column1 AND l.number = 1",
            [(n,) for n in range(1, 40_001)],
            scope=range(1, 40_001),
        )
        assert len(found) == 40_000


def test_company_ids_are_bound_never_written_into_the_statement() -> None:
    sql, bound = expand_scope("SELECT 1 FROM engage_link l WHERE {l.scope}", [7, 5])
    assert (sql, bound) == ("SELECT 1 FROM engage_link l WHERE l.company_id IN (?, ?)", [5, 7])


def statements() -> Iterator[tuple[str, str]]:
    """Every string of the store that names a growing table, f-strings and joined lines as Python reads them."""
    for module in pkgutil.iter_modules(engage.store.__path__):
        found = importlib.import_module(f"engage.store.{module.name}")
        tree = ast.parse(Path(str(found.__file__)).read_text())
        documentation = {
            id(node.value)
            for node in ast.walk(tree)
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        }
        inside = {
            id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.JoinedStr):
                text = "".join(
                    str(part.value) if isinstance(part, ast.Constant) else "x" for part in node.values
                )
            elif (
                isinstance(node, ast.Constant)
                and isinstance(node.value, str)
                and id(node) not in inside | documentation
            ):
                text = node.value
            else:
                continue
            if any(re.search(rf"\b{table}\b", text) for table in GROWING) and " " in text:
                yield module.name, text


def test_every_statement_of_the_store_carries_a_mark() -> None:
    """Also those that no test happens to run."""
    found = list(statements())
    assert len(found) > 20
    bare = [text for _, text in found if not re.search(r"scope\}|\{keys\}|\{rows\}", text) and PREFIX in text]
    assert bare == []
