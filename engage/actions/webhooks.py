"""Webhook endpoints: adding, changing and removing one, new secrets, and telling it again what it missed."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Collection
from typing import Any, Final

import httpx

from engage.core.calendar import HOUR
from engage.core.notices import TYPES
from engage.errors import InvalidRequest, NotFound
from engage.store.database import Database
from engage.store.outbox import oldest_waiting, start_again, try_now
from engage.store.statements import Transaction
from engage.store.webhooks import (
    EndpointRow,
    change_endpoint,
    delete_endpoint,
    insert_endpoint,
    load_endpoint,
    load_endpoints,
)

SECRET_BYTES: Final = 32
SECRET_PREFIX: Final = "whsec_"  # noqa: S105
PREVIOUS_HOURS: Final = 24
"""How long the secret before the newest is signed with as well."""
ENDPOINTS_MAX: Final = 20
URL_CHARS_MAX: Final = 2000
DESCRIPTION_CHARS_MAX: Final = 255


def new_secret() -> str:
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def check_url(url: str, *, private: bool) -> None:
    """Raises InvalidRequest. Plain HTTP only where private networks are allowed, which is for trying things out."""
    if len(url) > URL_CHARS_MAX:
        raise InvalidRequest(f"url has at most {URL_CHARS_MAX} characters")
    if any(letter.isspace() for letter in url):
        raise InvalidRequest(f"url {url!r} holds a space")
    try:
        parsed = httpx.URL(url)
        host = parsed.host  # which is read only now: a name may be none
    except (httpx.InvalidURL, ValueError) as error:
        raise InvalidRequest(f"url {url!r} is not a URL: {error}") from None
    schemes = ("https", "http") if private else ("https",)
    if parsed.scheme not in schemes or not host:
        raise InvalidRequest(
            f"url must begin with {' or '.join(f'{one}://' for one in schemes)} and name a host"
        )
    if parsed.port is not None and not 0 < parsed.port < 2**16:
        raise InvalidRequest(f"url {url!r} has no port from 1 to {2**16 - 1}")
    if parsed.userinfo or parsed.fragment:
        raise InvalidRequest("url may hold neither a user name nor a fragment")


def check_types(types: Collection[str]) -> None:
    for type in types:
        if type not in TYPES:
            raise InvalidRequest(f"there is no type {type!r}; types are {', '.join(TYPES)}")


async def add_endpoint(
    database: Database, url: str, types: list[str], description: str, *, private: bool, now: int
) -> EndpointRow:
    """One that is told what happens from now on; no types for all. Its secret is in the row."""
    check_url(url, private=private)
    check_types(types)

    async def work(_: Transaction) -> EndpointRow:
        if len(await load_endpoints()) >= ENDPOINTS_MAX:
            raise InvalidRequest(
                f"there are {ENDPOINTS_MAX} webhook endpoints, which is as many as there may be"
            )
        return await insert_endpoint(url, sorted(set(types)), description, new_secret(), now)

    return await database.write(work)


async def alter_endpoint(database: Database, id: int, *, private: bool, now: int, **said: Any) -> EndpointRow:
    """Change what is said of `url`, `types`, `description` and `enabled`. Enabled again, it goes on where it was, and
    at once, as with another address: somebody has put it right."""
    changes = {key: value for key, value in said.items() if value is not None}
    if "url" in changes:
        check_url(changes["url"], private=private)
    if "types" in changes:
        check_types(changes["types"])
        changes["types"] = " ".join(sorted(set(changes["types"])))
    enabled = changes.pop("enabled", None)
    if enabled is True:
        changes |= {"disabled_at": None, "failing_since": None, "failure": ""}
    elif enabled is False:
        changes["disabled_at"] = now

    async def work(tx: Transaction) -> EndpointRow:
        await _existing(id)
        if changes:
            await change_endpoint(id, **changes)
        if enabled or "url" in changes:
            await try_now(tx, id)
        return await _existing(id)

    return await database.write(work)


async def rotate_secret(database: Database, id: int, now: int) -> EndpointRow:
    """A new secret; the one before it is signed with as well for a day."""

    async def work(_: Transaction) -> EndpointRow:
        row = await _existing(id)
        await change_endpoint(
            id,
            secret=new_secret(),
            previous_secret=row.secrets[0][0],
            previous_until=now + PREVIOUS_HOURS * HOUR,
        )
        return await _existing(id)

    return await database.write(work)


async def replay_from(database: Database, id: int, since: int, now: int) -> EndpointRow:
    """Tell it again what happened from `since` on, with the ids of the first time; from the oldest on that it was not
    told of yet, where that is older. Raises InvalidRequest."""
    if since > now:
        raise InvalidRequest("since must not lie ahead: what happens until then would never be told")
    since = max(0, since)  # nothing is older, and what lies before the year 1 is no time that can be told

    async def work(tx: Transaction) -> EndpointRow:
        row = await _existing(id)
        waiting = await oldest_waiting(tx, id, row.since)
        begins = since if waiting is None else min(since, waiting)
        # Who is just telling it knows by another time that all begins anew.
        await change_endpoint(id, since=begins - 1 if begins == row.since else begins)
        await start_again(tx, id)
        return await _existing(id)

    return await database.write(work)


async def remove_endpoint(database: Database, id: int) -> EndpointRow:
    """What it was."""

    async def work(tx: Transaction) -> EndpointRow:
        row = await _existing(id)
        await delete_endpoint(id)
        await start_again(tx, id)
        return row

    return await database.write(work)


async def _existing(id: int) -> EndpointRow:
    row = await load_endpoint(id)
    if row is None:
        raise NotFound(f"there is no webhook endpoint {id}")
    return row
