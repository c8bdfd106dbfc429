"""Programs: the draft, publishing it, and the versions there are, for the host's default and for one company."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta, Struct

from engage.actions.drafts import check_unchanged, draft_or_in_force, keep_draft, owner_of
from engage.actions.level_forecast import forecast_levels
from engage.actions.publish import publish
from engage.actions.templates import told
from engage.actions.turns import program_version
from engage.core.calendar import to_rfc3339
from engage.core.call import parse_time
from engage.core.diff import Change, diff_programs
from engage.core.idle_rules import idle_rules
from engage.core.program import Program
from engage.document import DOCUMENT_BYTES_MAX, LocatedProblem, read_further, read_program
from engage.errors import InvalidRequest, NotFound, TooLarge, Unprocessable
from engage.store.companies import current_programs
from engage.store.programs import list_versions, load_draft, newest_version
from engage.web import shapes
from engage.web.api.members import actor_of
from engage.web.endpoint import SERVER, Asked, Endpoint, endpoint
from engage.web.paging import Number, Paging, cut, decode_cursor

HOST_PATH: Final = "/v1/program"
COMPANY_PATH: Final = "/v1/companies/{company}/program"
MEDIA_TYPES: Final = ("application/yaml", "application/json", "text/plain")


BasedOn = Annotated[str, Meta(max_length=40, description="`updated_at` of the draft that was looked at.")]


class Author(Struct):
    """Query parameters of a change."""

    actor: Annotated[str, Meta(max_length=255, description="Who makes the change.")] | None = None


class Edit(Author):
    based_on: BasedOn | None = None


class Publication(shapes.NewVersion, forbid_unknown_fields=True):
    based_on: BasedOn | None = None


def _moment(based_on: str | None) -> int | None:
    at = parse_time(based_on)
    if based_on is not None and at is None:
        raise InvalidRequest("based_on: must be the updated_at of a draft, such as 2026-11-22T09:00:00Z")
    return at


def checked(document: str) -> Program:
    """The program of a text. Raises Unprocessable with every error, each with its JSON pointer and place."""
    found = read_program(document)
    if found.program is None:
        raise refusal(found.problems, "program")
    return found.program


def refusal(problems: list[LocatedProblem], what: str) -> Unprocessable:
    """The error that lists every mistake of a document."""
    count = len(problems)
    words = f"the {what} has {count} {'mistake' if count == 1 else 'mistakes'}"
    return Unprocessable(words, errors=[told(one) for one in problems])


def document_of(body: bytes) -> str:
    if len(body) > DOCUMENT_BYTES_MAX:
        raise TooLarge(f"a document is at most {DOCUMENT_BYTES_MAX} bytes")
    try:
        document = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidRequest(f"the document is not UTF-8 (byte {error.start})") from None
    if _is_wrapped(document):
        raise InvalidRequest("the body is the document itself: send what stands in 'document'")
    return document


def _is_wrapped(text: str) -> bool:
    """As GET answers it: all that a document needs would be missing."""
    try:
        said = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return False
    return isinstance(said, dict) and isinstance(said.get("document"), str)


def _company(asked: Asked[Any, Any]) -> str | None:
    return asked.path.get("company")


@endpoint(
    "GET",
    "/draft",
    kinds=SERVER,
    summary="Read the draft",
    tag="programs",
    description="Without a draft, the program in force, to begin with.",
    errors=(404,),
)
async def get_draft(asked: Asked[None, None]) -> shapes.Draft:
    async with asked.services.database.read() as s:
        draft, published = await draft_or_in_force(s, await owner_of(_company(asked)))
    if draft is not None:
        changed = published is None or draft.document != published.document
        return shapes.Draft(draft.document, draft.actor, to_rfc3339(draft.updated_at), changed)
    if published is None:
        raise NotFound("there is no draft, and no program in force")
    return shapes.Draft(published.document, published.actor, to_rfc3339(published.published_at), False)


@endpoint(
    "PUT",
    "/draft",
    kinds=SERVER,
    summary="Check a program and keep it as the draft",
    tag="programs",
    description="The body is the program, as YAML 1.2 or as JSON. One with mistakes is not kept: 422 lists them all. "
    "With `based_on`, 409 where somebody kept another draft since.",
    errors=(409, 422),
    body_media_types=MEDIA_TYPES,
)
async def put_draft(asked: Asked[bytes, Edit]) -> shapes.Draft:
    document = document_of(asked.body)
    checked(document)
    draft = await keep_draft(
        asked.services.database,
        document,
        company=_company(asked),
        actor=actor_of(asked, asked.query.actor),
        now=asked.services.now(),
        based_on=_moment(asked.query.based_on),
    )
    async with asked.services.database.read():
        newest = await newest_version(await owner_of(_company(asked)))
    changed = newest is None or newest.document != document
    return shapes.Draft(draft.document, draft.actor, to_rfc3339(draft.updated_at), changed)


@endpoint(
    "GET",
    "/draft/diff",
    kinds=SERVER,
    summary="What publishing the draft would change",
    tag="programs",
    description="Thing by thing, against the program in force, and how many members would rise or fall by it. "
    "Reads every member when levels differ.",
    errors=(404, 422),
)
async def diff_draft(asked: Asked[None, None]) -> shapes.Changes:
    async with asked.services.database.read() as s:
        owner = await owner_of(_company(asked))
        draft = await load_draft(owner)
        in_force = await program_version((await current_programs(s, [owner]))[owner])
    if draft is None:
        raise NotFound("there is no draft to compare")
    old, new = in_force.program if in_force is not None else None, checked(draft.document)
    levels = await forecast_levels(
        asked.services.database, new, company=_company(asked), now=asked.services.now()
    )
    idle = read_further(draft.document, lambda document: idle_rules(new, document))
    changes = [change_shape(one) for one in diff_programs(old, new)]
    return shapes.Changes(changes, levels, [told(one) for one in idle])


def change_shape(change: Change) -> shapes.Change:
    return shapes.Change(change.kind, change.pointer, change.old, change.new, change.text)


@endpoint(
    "POST",
    "/publish",
    kinds=SERVER,
    summary="Publish the draft",
    tag="programs",
    description="Makes an immutable version, in force from the next event on. Without a difference nothing is made. "
    "With `based_on`, 409 where the draft is not the one that was looked at.",
    errors=(404, 409, 422),
    body_optional=True,
)
async def publish_draft(asked: Asked[Publication, None]) -> shapes.Published:
    company = _company(asked)
    async with asked.services.database.read():
        draft = await load_draft(await owner_of(company))
    if draft is None:
        raise NotFound("there is no draft to publish")
    check_unchanged(draft, None, _moment(asked.body.based_on))
    # Checked again: a release in between may be stricter than the one that kept it.
    program, now = checked(draft.document), asked.services.now()
    levels = await forecast_levels(asked.services.database, program, company=company, now=now)
    done = await publish(
        asked.services.database,
        program,
        draft.document,
        company=company,
        actor=actor_of(asked, asked.body.actor),
        now=now,
    )
    return shapes.Published(done.number, done.hash, done.unchanged, levels)


@endpoint(
    "GET", "/versions", kinds=SERVER, summary="List the published versions, newest first", tag="programs"
)
async def list_program_versions(asked: Asked[None, Paging]) -> shapes.Versions:
    before = decode_cursor(asked.query.cursor, Number)
    async with asked.services.database.read():
        rows = await list_versions(await owner_of(_company(asked)), before, asked.query.limit + 1)
    page, cursor = cut(rows, asked.query.limit, lambda row: row.number)
    return shapes.Versions(
        [
            shapes.Version(row.number, row.hash, row.actor or None, to_rfc3339(row.published_at))
            for row in page
        ],
        cursor,
    )


def _at(prefix: str, one: Endpoint, subject: str) -> Endpoint:
    whose = "of one company" if subject == "company" else "of the host's default program"
    return replace(
        one, path=prefix + one.path, name=f"{one.name}_of_{subject}", summary=f"{one.summary} {whose}"
    )


_EACH: Final = (get_draft, put_draft, diff_draft, publish_draft, list_program_versions)
ENDPOINTS: Final = [
    *(_at(HOST_PATH, one, "host") for one in _EACH),
    *(_at(COMPANY_PATH, one, "company") for one in _EACH),
]
