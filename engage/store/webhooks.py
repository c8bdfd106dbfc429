"""Webhook endpoints as rows."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from engage.store.tables import WebhookEndpoint


class EndpointRow(Struct, frozen=True):
    id: int
    url: str
    types: tuple[str, ...]
    """Those it wants to be told; empty for all."""
    description: str
    secrets: tuple[tuple[str, int], ...]
    """(secret, until when it is signed with; 0 for ever), the newest first."""
    since: int
    created_at: int
    failing_since: int | None
    failure: str
    disabled_at: int | None


def _row(found: WebhookEndpoint) -> EndpointRow:
    secrets = [(found.secret, 0)]
    if found.previous_secret:
        secrets.append((found.previous_secret, found.previous_until))
    return EndpointRow(
        found.id,
        found.url,
        tuple(found.types.split()),
        found.description,
        tuple(secrets),
        found.since,
        found.created_at,
        found.failing_since,
        found.failure,
        found.disabled_at,
    )


async def insert_endpoint(url: str, types: list[str], description: str, secret: str, now: int) -> EndpointRow:
    """Within a transaction."""
    return _row(
        await WebhookEndpoint.create(
            url=url,
            types=" ".join(types),
            description=description,
            secret=secret,
            previous_secret="",
            previous_until=0,
            since=now,
            created_at=now,
            failing_since=None,
            failure="",
            disabled_at=None,
        )
    )


async def load_endpoints(*, enabled: bool = False) -> list[EndpointRow]:
    """All of them, or those that are not disabled, oldest first."""
    query = WebhookEndpoint.filter(disabled_at__isnull=True) if enabled else WebhookEndpoint.all()
    return [_row(found) for found in await query.order_by("id")]


async def load_endpoint(id: int) -> EndpointRow | None:
    found = await WebhookEndpoint.get_or_none(id=id)
    return None if found is None else _row(found)


async def change_endpoint(id: int, **changes: Any) -> None:
    """Within a transaction. Keys are columns."""
    await WebhookEndpoint.filter(id=id).update(**changes)


async def delete_endpoint(id: int) -> None:
    """Within a transaction."""
    await WebhookEndpoint.filter(id=id).delete()
