"""Destinations of the signal: any Segment-compatible service that is to know how healthy companies are."""

from __future__ import annotations

from typing import Annotated, Any, Final

from msgspec import Meta, Struct

from engage.actions.push import KEY_CHARS_MAX, add_destination, remove_destination, resend
from engage.core.calendar import to_rfc3339
from engage.errors import NotFound
from engage.store.destinations import DestinationRow, load_destinations
from engage.web.endpoint import SERVER, Asked, endpoint
from engage.web.shapes import Time

PATH: Final = "/v1/destinations"


class NewDestination(Struct, forbid_unknown_fields=True):
    url: Annotated[
        str,
        Meta(min_length=1, max_length=2000, description="Of its batch call: https://host.example/v1/batch"),
    ]
    key: Annotated[
        str, Meta(min_length=1, max_length=KEY_CHARS_MAX, description="Its write key. Never shown.")
    ]
    description: Annotated[str, Meta(max_length=255)] = ""


class Destination(Struct):
    id: int
    url: str
    description: str
    enabled: bool
    created_at: Time
    failing_since: Time | None
    failure: Annotated[str | None, Meta(description="What was wrong with the last attempt.")]


class Destinations(Struct):
    data: list[Destination]


def _shape(row: DestinationRow) -> Destination:
    return Destination(
        row.id,
        row.url,
        row.description,
        row.disabled_at is None,
        to_rfc3339(row.created_at),
        None if row.failing_since is None else to_rfc3339(row.failing_since),
        row.failure or None,
    )


def _id(asked: Asked[Any, Any]) -> int:
    given = asked.path["destination"]
    if not (given.isascii() and given.isdigit() and len(given) < 19):
        raise NotFound(f"there is no destination {given!r}")
    return int(given)


@endpoint("GET", PATH, kinds=SERVER, summary="List where the signal is pushed to", tag="webhooks")
async def list_destinations(asked: Asked[None, None]) -> Destinations:
    async with asked.services.database.read():
        return Destinations([_shape(row) for row in await load_destinations()])


@endpoint(
    "POST",
    PATH,
    kinds=SERVER,
    summary="Push the signal to a Segment-compatible service",
    tag="webhooks",
    description="It is sent a `group` call for every company, and from then on for each whose signal changes.",
    status=201,
)
async def create_destination(asked: Asked[NewDestination, None]) -> Destination:
    said = asked.body
    row = await add_destination(
        asked.services.database,
        said.url,
        said.key,
        said.description,
        private=asked.services.settings.webhook_networks == "any",
        now=asked.services.now(),
    )
    return _shape(row)


@endpoint(
    "DELETE",
    PATH + "/{destination}",
    kinds=SERVER,
    summary="Push the signal there no more",
    tag="webhooks",
    description="The answer is what it was.",
)
async def delete_destination(asked: Asked[None, None]) -> Destination:
    return _shape(await remove_destination(asked.services.database, _id(asked)))


@endpoint(
    "POST",
    PATH + "/{destination}/resend",
    kinds=SERVER,
    summary="Push the signal of every company again",
    tag="webhooks",
    description="Also after it was disabled.",
)
async def resend_destination(asked: Asked[None, None]) -> Destination:
    return _shape(await resend(asked.services.database, _id(asked)))


ENDPOINTS: Final = [list_destinations, create_destination, delete_destination, resend_destination]
