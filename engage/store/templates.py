"""Published versions of program templates, and which company follows which, as rows."""

from __future__ import annotations

import msgspec
from msgspec import Struct
from tortoise.functions import Max

from engage.core.templates import Template
from engage.store import tables


class TemplateRow(Struct, frozen=True):
    number: int
    hash: str
    template: Template
    document: str
    actor: str
    published_at: int


class AdoptionRow(Struct, frozen=True):
    template: str
    number: int
    """The version that the company's draft is made from."""
    declined: int
    """The newest version that was declined; 0 for none."""
    actor: str
    updated_at: int


def _template(row: tables.Template) -> TemplateRow:
    content = msgspec.json.decode(row.content, type=Template)
    return TemplateRow(row.number, row.hash, content, row.document, row.actor, row.published_at)


async def list_templates(after: str, limit: int) -> list[TemplateRow]:
    """The newest version of each, in the order of their ids, those behind `after`."""
    newest = (
        await tables.Template.filter(template__gt=after)
        .annotate(newest=Max("number"))
        .group_by("template")
        .order_by("template")
        .limit(limit)
        .values_list("template", "newest")
    )
    found = [await load_template(str(id), int(str(number))) for id, number in newest]
    return [row for row in found if row is not None]


async def load_template(id: str, number: int | None = None) -> TemplateRow | None:
    """A version, or the newest."""
    if len(id) > tables.ID_CHARS_MAX:
        return None
    query = tables.Template.filter(template=id)
    if number is not None:
        query = query.filter(number=number)
    found = await query.order_by("-number").first()
    return None if found is None else _template(found)


async def list_template_versions(id: str, before: int | None, limit: int) -> list[TemplateRow]:
    """Newest first, those numbered below `before`."""
    if len(id) > tables.ID_CHARS_MAX:
        return []
    query = tables.Template.filter(template=id)
    if before is not None:
        query = query.filter(number__lt=before)
    return [_template(row) for row in await query.order_by("-number").limit(limit)]


async def insert_template(row: TemplateRow) -> None:
    """Within a transaction."""
    await tables.Template.create(
        template=row.template.id,
        number=row.number,
        hash=row.hash,
        content=msgspec.json.encode(row.template),
        document=row.document,
        actor=row.actor,
        published_at=row.published_at,
    )


async def load_adoption(owner: int) -> AdoptionRow | None:
    found = await tables.Adoption.filter(company_id=owner).first()
    if found is None:
        return None
    return AdoptionRow(found.template, found.number, found.declined, found.actor, found.updated_at)


async def save_adoption(owner: int, row: AdoptionRow) -> None:
    """Within a transaction."""
    changed = await tables.Adoption.filter(company_id=owner).update(
        template=row.template,
        number=row.number,
        declined=row.declined,
        actor=row.actor,
        updated_at=row.updated_at,
    )
    if not changed:
        await tables.Adoption.create(
            company_id=owner,
            template=row.template,
            number=row.number,
            declined=row.declined,
            actor=row.actor,
            updated_at=row.updated_at,
        )


async def forget_adoption(owner: int) -> bool:
    """Within a transaction. Whether there was one."""
    return bool(await tables.Adoption.filter(company_id=owner).delete())
