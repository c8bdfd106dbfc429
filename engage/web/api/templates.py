"""Program templates: the host's versions of them, and the company that starts from one and is asked about the next."""

from __future__ import annotations

from typing import Annotated, Any, Final

from msgspec import Meta, Struct

from engage.actions.templates import (
    Followed,
    accept_proposal,
    decline_proposal,
    followed,
    leave_template,
    proposal,
    publish_template,
    start_from_template,
    told,
)
from engage.core.calendar import to_rfc3339
from engage.core.problems import pointer
from engage.document import read_template
from engage.errors import InvalidRequest, NotFound
from engage.store.templates import (
    TemplateRow,
    list_template_versions,
    list_templates,
    load_template,
)
from engage.web import program_shapes, shapes
from engage.web.api.members import actor_of
from engage.web.api.programs import MEDIA_TYPES, Author, change_shape, document_of, refusal
from engage.web.endpoint import SERVER, Asked, endpoint
from engage.web.paging import Number, Paging, cut, decode_cursor

FOLLOWED: Final = "/v1/companies/{company}/program/template"


class Shelf(Paging):
    """Query parameters of the list of templates."""

    industry: Annotated[str, Meta(max_length=64)] | None = None
    scene: Annotated[str, Meta(max_length=64)] | None = None


class Which(Struct):
    version: Annotated[int, Meta(ge=1, description="Else the newest.")] | None = None


class Taking(Struct):
    take: (
        Annotated[
            str,
            Meta(
                max_length=4096, description="JSON pointers, separated by commas: there the template's holds."
            ),
        ]
        | None
    ) = None


def _summary(row: TemplateRow) -> dict[str, Any]:
    template = row.template
    return {
        "id": template.id,
        "name": template.name,
        "industry": template.industry or None,
        "scene": template.scene or None,
        "description": template.description or None,
        "version": row.number,
        "hash": row.hash,
        "open": list(template.open),
        "actor": row.actor or None,
        "published_at": to_rfc3339(row.published_at),
    }


@endpoint(
    "GET",
    "/v1/program-templates",
    kinds=SERVER,
    summary="List the program templates, each with its newest version",
    tag="templates",
    description="By industry or scene, if asked for. A page may be short of `limit` and still have a `next_cursor`.",
)
async def list_program_templates(asked: Asked[None, Shelf]) -> program_shapes.Templates:
    after = decode_cursor(asked.query.cursor, str) or ""
    async with asked.services.database.read():
        rows = await list_templates(after, asked.query.limit + 1)
    page, cursor = cut(rows, asked.query.limit, lambda row: row.template.id)
    wanted = [
        row
        for row in page
        if asked.query.industry in (None, row.template.industry)
        and asked.query.scene in (None, row.template.scene)
    ]
    return program_shapes.Templates(
        [program_shapes.TemplateSummary(**_summary(row)) for row in wanted], cursor
    )


@endpoint(
    "GET",
    "/v1/program-templates/{template}",
    kinds=SERVER,
    summary="Read a program template",
    tag="templates",
)
async def get_program_template(asked: Asked[None, Which]) -> program_shapes.Template:
    async with asked.services.database.read():
        found = await load_template(asked.path["template"], asked.query.version)
    if found is None:
        which = "template" if asked.query.version is None else f"version {asked.query.version} of template"
        raise NotFound(f"there is no {which} {asked.path['template'][:64]!r}")
    return program_shapes.Template(**_summary(found), document=found.document, program=found.template.program)


@endpoint(
    "GET",
    "/v1/program-templates/{template}/versions",
    kinds=SERVER,
    summary="List the versions of a program template, newest first",
    tag="templates",
)
async def list_versions_of_template(asked: Asked[None, Paging]) -> program_shapes.Templates:
    before = decode_cursor(asked.query.cursor, Number)
    async with asked.services.database.read():
        rows = await list_template_versions(asked.path["template"], before, asked.query.limit + 1)
    page, cursor = cut(rows, asked.query.limit, lambda row: row.number)
    return program_shapes.Templates([program_shapes.TemplateSummary(**_summary(row)) for row in page], cursor)


@endpoint(
    "PUT",
    "/v1/program-templates/{template}",
    kinds=SERVER,
    summary="Publish a version of a program template",
    tag="templates",
    description="The body is the template, as YAML 1.2 or as JSON. Companies that follow it are proposed the change; "
    "nothing of theirs changes by itself.",
    errors=(422,),
    body_media_types=MEDIA_TYPES,
)
async def put_program_template(asked: Asked[bytes, Author]) -> shapes.Published:
    document = document_of(asked.body)
    read = read_template(document)
    if read.template is None:
        raise refusal(read.problems, "template")
    if read.template.id != asked.path["template"]:
        raise InvalidRequest(f"the template's id is {read.template.id!r}, not that of the address")
    done = await publish_template(
        asked.services.database,
        read.template,
        document,
        actor=actor_of(asked, asked.query.actor),
        now=asked.services.now(),
    )
    return shapes.Published(done.number, done.hash, done.unchanged)


# --- the company that follows one -------------------------------------------------------------------------------


@endpoint(
    "GET",
    FOLLOWED,
    kinds=SERVER,
    summary="Which template a company follows, and what it says otherwise",
    tag="templates",
)
async def get_followed_template(asked: Asked[None, None]) -> program_shapes.FollowedTemplate:
    async with asked.services.database.read():
        return _followed(await followed(asked.path["company"]))


def _followed(found: Followed) -> program_shapes.FollowedTemplate:
    return program_shapes.FollowedTemplate(
        template=found.base.template.id,
        version=found.base.number,
        newest=found.newest,
        proposed=found.newest > max(found.base.number, found.declined),
        open=list(found.base.template.open),
        overrides=[
            program_shapes.Override(pointer(one.path), one.kind, one.value) for one in found.overrides
        ],
    )


@endpoint(
    "PUT",
    FOLLOWED,
    kinds=SERVER,
    summary="Start a company's program from a template",
    tag="templates",
    description="Replaces the draft by the template with the company's own choices: `overrides` is JSON pointer -> "
    "value, null to leave out. 422 lists every choice that is not open or does not fit.",
    errors=(422,),
)
async def put_followed_template(asked: Asked[program_shapes.NewFollowedTemplate, None]) -> shapes.Draft:
    given = asked.body
    draft = await start_from_template(
        asked.services.database,
        asked.path["company"],
        given.template,
        given.overrides,
        number=given.version,
        actor=actor_of(asked, given.actor),
        now=asked.services.now(),
    )
    return shapes.Draft(draft.document, draft.actor, to_rfc3339(draft.updated_at), True)


@endpoint(
    "DELETE",
    FOLLOWED,
    kinds=SERVER,
    summary="Let a company go on without its template",
    tag="templates",
    description="Its draft and its versions stay as they are, and nothing is closed to it any more.",
)
async def delete_followed_template(asked: Asked[None, None]) -> program_shapes.LeftTemplate:
    await leave_template(asked.services.database, asked.path["company"])
    return program_shapes.LeftTemplate(asked.path["company"])


@endpoint(
    "GET",
    f"{FOLLOWED}/proposal",
    kinds=SERVER,
    summary="What the newest version of a company's template would change",
    tag="templates",
    description="404 when the company follows the newest already. Writes nothing.",
)
async def get_template_proposal(asked: Asked[None, Taking]) -> program_shapes.TemplateProposal:
    take = asked.query.take.split(",") if asked.query.take else []
    async with asked.services.database.read():
        found = await proposal(asked.path["company"], take)
    return program_shapes.TemplateProposal(
        template=found.template,
        version=found.base,
        proposed=found.number,
        declined=found.declined,
        document=found.document,
        changes=[change_shape(one) for one in found.changes],
        conflicts=[
            program_shapes.TemplateConflict(c.pointer, c.why, c.kept, c.text) for c in found.conflicts
        ],
        problems=[told(one) for one in found.problems],
    )


@endpoint(
    "POST",
    f"{FOLLOWED}/proposal/accept",
    kinds=SERVER,
    summary="Make the proposed program a company's draft",
    tag="templates",
    description="409 when a newer version is proposed by now. Publishing the draft is a step of its own.",
    errors=(409, 422),
)
async def accept_template_proposal(asked: Asked[program_shapes.ProposalAnswer, None]) -> shapes.Draft:
    draft = await accept_proposal(
        asked.services.database,
        asked.path["company"],
        number=asked.body.version,
        take=asked.body.take,
        actor=actor_of(asked, asked.body.actor),
        now=asked.services.now(),
    )
    return shapes.Draft(draft.document, draft.actor, to_rfc3339(draft.updated_at), True)


@endpoint(
    "POST",
    f"{FOLLOWED}/proposal/decline",
    kinds=SERVER,
    summary="Say no to a version of a company's template",
    tag="templates",
    description="409 when a newer version is proposed by now. The next version is proposed again.",
    errors=(409,),
)
async def decline_template_proposal(
    asked: Asked[program_shapes.ProposalAnswer, None],
) -> program_shapes.FollowedTemplate:
    await decline_proposal(
        asked.services.database,
        asked.path["company"],
        number=asked.body.version,
        actor=actor_of(asked, asked.body.actor),
        now=asked.services.now(),
    )
    async with asked.services.database.read():
        return _followed(await followed(asked.path["company"]))


ENDPOINTS: Final = [
    list_program_templates,
    get_program_template,
    list_versions_of_template,
    put_program_template,
    get_followed_template,
    put_followed_template,
    delete_followed_template,
    get_template_proposal,
    accept_template_proposal,
    decline_template_proposal,
]
