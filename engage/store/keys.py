"""API keys as rows. Knows their hashes only; the text of a key never comes this far."""

from __future__ import annotations

from msgspec import Struct

from engage.store.tables import Key


class KeyRow(Struct, frozen=True):
    id: int
    hash: str
    kind: str
    name: str
    created_at: int
    revoked_at: int | None


def _row(key: Key) -> KeyRow:
    return KeyRow(key.id, key.hash, key.kind, key.name, key.created_at, key.revoked_at)


async def insert_key(*, hash: str, kind: str, name: str, created_at: int) -> KeyRow:
    """Within a transaction."""
    return _row(await Key.create(hash=hash, kind=kind, name=name, created_at=created_at))


async def find_key(hash: str) -> KeyRow | None:
    found = await Key.filter(hash=hash).first()
    return None if found is None else _row(found)


async def list_keys() -> list[KeyRow]:
    """Every key, revoked ones too, oldest first."""
    return [_row(key) for key in await Key.all().order_by("id")]


async def revoke_key(key_id: int, revoked_at: int) -> bool:
    """Whether there was such a key in force. Within a transaction."""
    return bool(await Key.filter(id=key_id, revoked_at__isnull=True).update(revoked_at=revoked_at))
