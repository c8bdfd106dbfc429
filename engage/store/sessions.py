"""Sign-in links and browser sessions as rows. Knows hashes of their secrets only."""

from __future__ import annotations

from msgspec import Struct

from engage.store.tables import Session


class SessionRow(Struct, frozen=True):
    hash: str
    kind: str
    role: str
    name: str
    created_at: int
    expires_at: int


async def insert_session(row: SessionRow) -> None:
    """Within a transaction."""
    await Session.create(
        hash=row.hash,
        kind=row.kind,
        role=row.role,
        name=row.name,
        created_at=row.created_at,
        expires_at=row.expires_at,
    )


async def find_session(hash: str, kind: str, now: int) -> SessionRow | None:
    found = await Session.filter(hash=hash, kind=kind, expires_at__gt=now).first()
    if found is None:
        return None
    return SessionRow(found.hash, found.kind, found.role, found.name, found.created_at, found.expires_at)


async def delete_session(hash: str, kind: str) -> bool:
    """Whether it was still there: of several that delete one row, one is told so. Within a transaction."""
    return bool(await Session.filter(hash=hash, kind=kind).delete())


async def delete_expired_sessions(now: int) -> None:
    """Within a transaction."""
    await Session.filter(expires_at__lte=now).delete()
