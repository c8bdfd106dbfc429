"""Signing in to the pages: a link that opens once, and the browser session it turns into.

Owns how long each lives and that a link is used once, whoever hurries. Must not know cookies or HTTP. Secrets are
kept as SHA-256, as keys are.
"""

from __future__ import annotations

import hashlib
import secrets
from typing import Final
from urllib.parse import quote

from msgspec import Struct

from engage import clock
from engage.errors import InvalidRequest
from engage.store.database import Database
from engage.store.sessions import (
    SessionRow,
    delete_expired_sessions,
    delete_session,
    find_session,
    insert_session,
)

LINK_SECONDS: Final = 24 * 3600
SESSION_SECONDS: Final = 7 * 24 * 3600
NAME_CHARS_MAX: Final = 255
CUSTOMER_SUCCESS: Final = "customer_success"
SHARED_NAME: Final = "customer success"
"""Of a link that was made for nobody in particular."""
SIGN_IN_PATH: Final = "/console/sign-in"

_LINK: Final = "link"
_SESSION: Final = "session"
_SECRET_BYTES: Final = 32
_SECOND: Final = 1_000_000


class SignedIn(Struct, frozen=True):
    """Who a session belongs to. `name` is the actor that every human write carries."""

    name: str
    role: str


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode(errors="surrogatepass")).hexdigest()


def _row(secret: str, kind: str, seconds: int, name: str, role: str) -> SessionRow:
    now = clock.now()
    return SessionRow(_hash(secret), kind, role, name, now, now + seconds * _SECOND)


async def create_sign_in_link(
    database: Database,
    base_url: str,
    *,
    name: str = SHARED_NAME,
    role: str = CUSTOMER_SUCCESS,
    seconds: int = LINK_SECONDS,
) -> str:
    """A link to hand to one person. It opens once, within `seconds`."""
    if not 0 < len(name) <= NAME_CHARS_MAX:
        raise InvalidRequest(f"a person's name has from 1 to {NAME_CHARS_MAX} characters")
    secret = secrets.token_urlsafe(_SECRET_BYTES)

    async def keep(_: object) -> None:
        await delete_expired_sessions(clock.now())
        await insert_session(_row(secret, _LINK, seconds, name, role))

    await database.write(keep)
    return f"{base_url.rstrip('/')}{SIGN_IN_PATH}?token={quote(secret, safe='')}"


async def redeem_sign_in(database: Database, token: str) -> str | None:
    """The secret of a new session; None when the link is unknown, used already, or has run out."""
    secret = secrets.token_urlsafe(_SECRET_BYTES)

    async def redeem(_: object) -> str | None:
        link = await find_session(_hash(token), _LINK, clock.now())
        # Two that hurry both find the row; only one deletes it.
        if link is None or not await delete_session(link.hash, _LINK):
            return None
        await insert_session(_row(secret, _SESSION, SESSION_SECONDS, link.name, link.role))
        return secret

    return await database.write(redeem)


async def session_for(database: Database, secret: str) -> SignedIn | None:
    """Who is signed in with this secret, if anybody."""
    async with database.read():
        found = await find_session(_hash(secret), _SESSION, clock.now())
    return None if found is None else SignedIn(found.name, found.role)


async def end_session(database: Database, secret: str) -> None:
    """From now on the secret opens nothing. An unknown one is no mistake."""
    await database.write(lambda _: delete_session(_hash(secret), _SESSION))
