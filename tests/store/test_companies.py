"""What is remembered of companies: their numbers, for as long as they are certain."""

from __future__ import annotations

import pytest

from engage.store import companies
from engage.store.companies import create_companies, known_company
from engage.store.database import Database
from engage.store.statements import Transaction


async def number(database: Database, external_id: str) -> int | None:
    async with database.read() as s:
        return await known_company(s, external_id)


async def test_a_company_is_asked_for_once(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    created = await database.write(lambda tx: create_companies(tx, ["acme"], 1))
    assert await number(database, "acme") == created["acme"]

    async def ask(*_: object) -> dict[str, int]:
        pytest.fail("the database was asked again")

    monkeypatch.setattr(companies, "load_company_ids", ask)
    assert await number(database, "acme") == created["acme"]


async def test_what_is_not_there_or_was_rolled_back_is_not_remembered(database: Database) -> None:
    assert await number(database, "acme") is None

    async def fail(tx: Transaction) -> None:
        await create_companies(tx, ["acme"], 1)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        await database.write(fail)
    assert await number(database, "acme") is None
    assert await number(database, "x" * 300) is None
    await database.write(lambda tx: create_companies(tx, ["other", "acme"], 1))
    created = await database.write(lambda tx: create_companies(tx, ["acme"], 1))
    assert await number(database, "acme") == created["acme"]


async def test_no_more_are_remembered_than_there_is_room_for(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(companies, "NUMBERS_MAX", 2)
    names = ["a", "b", "c", "d"]
    companies._numbers.clear()  # what is left of databases of other tests
    created = await database.write(lambda tx: create_companies(tx, names, 1))
    for _ in range(2):
        assert {name: await number(database, name) for name in names} == created
    assert max(map(len, companies._numbers.values())) <= 2
