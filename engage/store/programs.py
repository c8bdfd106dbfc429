"""Published versions and the draft being edited, as rows. An owner is a company's number, or HOST for the default."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from typing import Final

from msgspec import Struct

from engage.store.tables import Draft, Program

VERSIONS_PER_READ: Final = 16


class VersionRow(Struct, frozen=True):
    id: int
    owner: int
    number: int
    hash: str
    document: str
    actor: str
    published_at: int


class DraftRow(Struct, frozen=True):
    document: str
    actor: str
    updated_at: int


def _version(row: Program) -> VersionRow:
    return VersionRow(row.id, row.company_id, row.number, row.hash, row.document, row.actor, row.published_at)


async def load_versions(ids: Collection[int]) -> dict[int, VersionRow]:
    """By id, those that exist."""
    found = await Program.filter(id__in=sorted(ids)) if ids else []
    return {row.id: _version(row) for row in found}


async def newest_version(owner: int) -> VersionRow | None:
    found = await Program.filter(company_id=owner).order_by("-number").first()
    return None if found is None else _version(found)


async def list_versions(owner: int, before: int | None, limit: int) -> list[VersionRow]:
    """Newest first, those numbered below `before`."""
    query = Program.filter(company_id=owner)
    if before is not None:
        query = query.filter(number__lt=before)
    return [_version(row) for row in await query.order_by("-number").limit(limit)]


async def every_version(owner: int) -> AsyncIterator[tuple[VersionRow, bytes]]:
    """Each with its canonical bytes, in the order they were published, a few in memory at a time."""
    after = 0
    while (
        found := await Program.filter(company_id=owner, id__gt=after).order_by("id").limit(VERSIONS_PER_READ)
    ):
        for row in found:
            yield _version(row), bytes(row.canonical)
        after = found[-1].id


async def owner_of_version(id: int) -> int | None:
    """Whose version it is; None where there is none."""
    found = await Program.get_or_none(id=id)
    return None if found is None else found.company_id


async def load_draft(owner: int) -> DraftRow | None:
    found = await Draft.filter(company_id=owner).first()
    return None if found is None else DraftRow(found.document, found.actor, found.updated_at)


async def save_draft(owner: int, row: DraftRow) -> None:
    """Within a transaction."""
    changed = await Draft.filter(company_id=owner).update(
        document=row.document, actor=row.actor, updated_at=row.updated_at
    )
    if not changed:
        await Draft.create(
            company_id=owner, document=row.document, actor=row.actor, updated_at=row.updated_at
        )
