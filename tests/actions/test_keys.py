"""API keys: shown once, known afterwards by their hash alone, and ended within seconds."""

from __future__ import annotations

import re

import pytest

from engage.actions import keys
from engage.errors import InvalidRequest, NotFound, Unauthorized
from engage.store.database import Database
from tests.places import Place


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize("kind, prefix", [("server", "sk_"), ("write", "wk_"), ("report", "rk_")])
async def test_a_key_names_its_kind_and_is_known_by_it(database: Database, kind: str, prefix: str) -> None:
    text = await keys.create_key(database, kind, "the host")
    assert re.fullmatch(prefix + r"[A-Za-z0-9_-]{43}", text)
    principal = await keys.KeyRing(database).authenticate(text)
    assert principal.kind == kind


@pytest.mark.untouched
async def test_only_the_hash_of_a_key_is_kept(database: Database, place: Place) -> None:
    text = await keys.create_key(database, "server")
    await database.close()
    stored = place.stored_bytes()
    assert keys._hash(text).encode() in stored
    assert text.encode() not in stored
    assert text.removeprefix("sk_").encode() not in stored


@pytest.mark.parametrize("kind", ["", "Server", "admin", "sk_"])
async def test_a_kind_that_is_none_is_refused(database: Database, kind: str) -> None:
    with pytest.raises(InvalidRequest, match="server, write, report"):
        await keys.create_key(database, kind)


async def test_wrong_keys_are_refused_in_the_same_words(database: Database) -> None:
    text = await keys.create_key(database, "server")
    ring = keys.KeyRing(database)
    # The last character of 43 carries two spare bits, so the middle is changed.
    changed = text[:20] + ("A" if text[20] != "A" else "B") + text[21:]
    wrong = [
        "",
        "sk_",
        text[:-1],
        text + "A",
        changed,
        "wk_" + text[3:],
        "\0",
        "é" * 46,
        "\ud800",
        "x" * 10_000,
    ]
    messages = set()
    for attempt in wrong:
        with pytest.raises(Unauthorized) as refused:
            await ring.authenticate(attempt)
        messages.add(refused.value.message)
    assert len(messages) == 1


async def test_a_known_key_costs_no_query_for_some_seconds(database: Database) -> None:
    clock = Clock()
    ring = keys.KeyRing(database, clock)
    text = await keys.create_key(database, "server")
    first = await ring.authenticate(text)
    await database.close()
    assert await ring.authenticate(text) == first


async def test_a_revoked_key_works_no_longer_than_it_is_remembered(database: Database) -> None:
    clock = Clock()
    ring = keys.KeyRing(database, clock)
    text = await keys.create_key(database, "server")
    principal = await ring.authenticate(text)
    await keys.revoke(database, principal.key_id)
    assert keys.REMEMBERED_SECONDS <= 10
    clock.now += keys.REMEMBERED_SECONDS
    with pytest.raises(Unauthorized):
        await ring.authenticate(text)


async def test_a_key_is_revoked_once(database: Database) -> None:
    text = await keys.create_key(database, "write", "shop")
    principal = await keys.KeyRing(database).authenticate(text)
    await keys.revoke(database, principal.key_id)
    with pytest.raises(NotFound):
        await keys.revoke(database, principal.key_id)
    (row,) = await keys.list_all(database)
    assert (row.name, row.kind, row.revoked_at is not None) == ("shop", "write", True)


async def test_the_ring_is_bounded(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "REMEMBERED_KEYS_MAX", 3)
    ring = keys.KeyRing(database)
    for _ in range(10):
        with pytest.raises(Unauthorized):
            await ring.authenticate(keys.new_key_text("server"))
    assert len(ring._remembered) == 3
