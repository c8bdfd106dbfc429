"""Webhook endpoints: where the host is told of what happened, signed as Standard Webhooks 1.0.0 says."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from engage.actions.webhooks import (
    add_endpoint,
    alter_endpoint,
    remove_endpoint,
    replay_from,
    rotate_secret,
)
from engage.core.calendar import from_datetime, to_rfc3339
from engage.core.notices import TYPES
from engage.errors import InvalidRequest, NotFound
from engage.store.webhooks import EndpointRow, load_endpoint, load_endpoints
from engage.web import shapes
from engage.web.endpoint import SERVER, Asked, endpoint

PATH: Final = "/v1/webhook-endpoints"
KNOWN: Final = "Types: " + "; ".join(f"`{name}`: {words}" for name, words in TYPES.items())


def _time(at: int | None) -> str | None:
    return None if at is None else to_rfc3339(at)


def _shape(row: EndpointRow, *, secret: bool = False) -> shapes.WebhookEndpoint:
    return shapes.WebhookEndpoint(
        id=row.id,
        url=row.url,
        types=list(row.types),
        description=row.description,
        enabled=row.disabled_at is None,
        since=to_rfc3339(row.since),
        created_at=to_rfc3339(row.created_at),
        failing_since=_time(row.failing_since),
        failure=row.failure or None,
        disabled_at=_time(row.disabled_at),
        secret=row.secrets[0][0] if secret else None,
    )


def _id(asked: Asked[Any, Any]) -> int:
    given = asked.path["endpoint"]
    if not (given.isascii() and given.isdigit() and len(given) < 19):
        raise NotFound(f"there is no webhook endpoint {given!r}")
    return int(given)


def _private(asked: Asked[Any, Any]) -> bool:
    return asked.services.settings.webhook_networks == "any"


@endpoint("GET", PATH, kinds=SERVER, summary="List the webhook endpoints", tag="webhooks")
async def list_endpoints(asked: Asked[None, None]) -> shapes.WebhookEndpoints:
    async with asked.services.database.read():
        return shapes.WebhookEndpoints([_shape(row) for row in await load_endpoints()])


@endpoint(
    "POST",
    PATH,
    kinds=SERVER,
    summary="Add a webhook endpoint",
    tag="webhooks",
    description=f"It is told what happens from now on. The answer alone shows the secret. {KNOWN}",
    status=201,
)
async def create_endpoint(asked: Asked[shapes.NewWebhookEndpoint, None]) -> shapes.WebhookEndpoint:
    said = asked.body
    row = await add_endpoint(
        asked.services.database,
        said.url,
        said.types,
        said.description,
        private=_private(asked),
        now=asked.services.now(),
    )
    return _shape(row, secret=True)


@endpoint("GET", PATH + "/{endpoint}", kinds=SERVER, summary="Read a webhook endpoint", tag="webhooks")
async def get_endpoint(asked: Asked[None, None]) -> shapes.WebhookEndpoint:
    id = _id(asked)
    async with asked.services.database.read():
        row = await load_endpoint(id)
    if row is None:
        raise NotFound(f"there is no webhook endpoint {id}")
    return _shape(row)


@endpoint(
    "PATCH",
    PATH + "/{endpoint}",
    kinds=SERVER,
    summary="Change a webhook endpoint",
    tag="webhooks",
    description="What is absent stays as it is. One that is enabled again goes on where it was.",
)
async def patch_endpoint(asked: Asked[shapes.WebhookEndpointChange, None]) -> shapes.WebhookEndpoint:
    said = asked.body
    return _shape(
        await alter_endpoint(
            asked.services.database,
            _id(asked),
            private=_private(asked),
            now=asked.services.now(),
            url=said.url,
            types=said.types,
            description=said.description,
            enabled=said.enabled,
        )
    )


@endpoint(
    "DELETE",
    PATH + "/{endpoint}",
    kinds=SERVER,
    summary="Remove a webhook endpoint",
    tag="webhooks",
    description="Nothing is sent to it any more. The answer is what it was.",
)
async def delete_endpoint(asked: Asked[None, None]) -> shapes.WebhookEndpoint:
    return _shape(await remove_endpoint(asked.services.database, _id(asked)))


@endpoint(
    "POST",
    PATH + "/{endpoint}/rotate",
    kinds=SERVER,
    summary="Give a webhook endpoint a new secret",
    tag="webhooks",
    description="For a day each delivery is signed with the secret before as well. The answer alone shows the new one.",
)
async def rotate(asked: Asked[None, None]) -> shapes.WebhookEndpoint:
    row = await rotate_secret(asked.services.database, _id(asked), asked.services.now())
    return _shape(row, secret=True)


@endpoint(
    "POST",
    PATH + "/{endpoint}/replay",
    kinds=SERVER,
    summary="Tell a webhook endpoint again what happened",
    tag="webhooks",
    description="Everything from `since` on is sent again with the `webhook-id` of the first time. "
    "Notices are kept for 30 days.",
)
async def replay(asked: Asked[shapes.Replay, None]) -> shapes.WebhookEndpoint:
    try:
        since = from_datetime(datetime.fromisoformat(asked.body.since))
    except (ValueError, TypeError):
        raise InvalidRequest(
            f"since must be a time with its offset, as in 2026-01-31T08:00:00Z, not {asked.body.since!r}"
        ) from None
    return _shape(await replay_from(asked.services.database, _id(asked), since, asked.services.now()))


ENDPOINTS: Final = [
    list_endpoints,
    create_endpoint,
    get_endpoint,
    patch_endpoint,
    delete_endpoint,
    rotate,
    replay,
]
