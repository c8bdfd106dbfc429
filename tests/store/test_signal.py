"""What the signal reads of companies, however many there are."""

from __future__ import annotations

from engage.store.companies import create_companies
from engage.store.database import Database
from engage.store.signal import load_followed, load_known

MANY = range(1, 40_000)
"""PostgreSQL takes 32,767 arguments with one statement."""


async def test_any_number_of_companies_is_asked_for_at_once(database: Database) -> None:
    created = await database.write(lambda tx: create_companies(tx, ["acme", "globex"], 1))
    async with database.read() as s:
        followed, known = await load_followed(s, MANY), await load_known(s, MANY)
        assert await load_followed(s, []) == await load_known(s, []) == []
    assert [(one.external_id, one.id, one.created_at) for one in followed] == [
        (name, id, 1) for name, id in sorted(created.items(), key=lambda one: one[1])
    ]
    assert [one.id for one in known] == [one.id for one in followed]
