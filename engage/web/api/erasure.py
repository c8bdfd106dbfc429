"""Erasing a member. For server keys alone."""

from __future__ import annotations

from typing import Annotated, Final
from uuid import uuid4

from msgspec import Meta, Struct

from engage.actions.erase import erase
from engage.web.api.members import actor_of
from engage.web.endpoint import SERVER, Asked, endpoint


class How(Struct, forbid_unknown_fields=True):
    """Query parameters."""

    actor: (
        Annotated[str, Meta(max_length=255, description="Who decided it; without one, the key.")] | None
    ) = None
    dry_run: Annotated[bool, Meta(description="Say what would be done, and do nothing.")] = False


class Erasure(Struct):
    """What was done. Who it was is not said: whoever asked knows."""

    id: Annotated[str, Meta(description="The entry of the company's log that says so.")] | None
    entries: Annotated[int, Meta(description="Of theirs, of which nothing but numbers is left.")]
    notices: Annotated[int, Meta(description="Dropped from the outbox, sent or not.")]
    rejects: Annotated[int, Meta(description="Refused calls, dropped.")]
    archive_files: Annotated[
        list[str], Meta(description="Files of the archive that may hold entries of theirs, and keep them.")
    ]


@endpoint(
    "DELETE",
    "/v1/companies/{company}/members/{member}",
    kinds=SERVER,
    summary="Erase a member: id, traits, events' properties and words",
    tag="members",
    description="Nothing brings it back. What was counted stays, under a number that leads to nobody. 404 when the "
    "member is not known, be it that they were erased before; `id` is null where nothing was done.",
    errors=(409,),
    idempotent_by_key=True,
)
async def delete_member(asked: Asked[None, How]) -> Erasure:
    done = await erase(
        asked.services.database,
        company=asked.path["company"],
        members=[asked.path["member"]],
        actor=actor_of(asked, asked.query.actor),
        idempotency_key=asked.idempotency_key or uuid4().hex,
        rehearse=asked.query.dry_run,
        now=asked.services.now(),
    )
    return Erasure(
        str(done.seq) if done.seq else None, done.entries, done.notices, done.rejects, [*done.archived]
    )


ENDPOINTS: Final = [delete_member]
