"""Member tokens: short-lived proof, for a widget in a browser, of which member looks at it.

A token is a JWT (RFC 7519) signed with HS256: no row is kept, so minting one costs no write. Owns the claims and
the signing secret. Must not know HTTP.
"""

from __future__ import annotations

import secrets
import time
from typing import Final

import jwt
from msgspec import Struct

from engage.errors import Unauthorized
from engage.store.database import Database
from engage.store.settings import keep_setting, read_setting

AUDIENCE: Final = "engage-member"
ALGORITHM: Final = "HS256"
TTL_SECONDS_DEFAULT: Final = 300
TTL_SECONDS_MAX: Final = 600
CLOCK_SECONDS_OFF_MAX: Final = 5
"""How far the clock that reads a token may be from the one that signed it: another machine's, or one set back."""

_SIGNING: Final = "member-token-signing"
_SECRET_BYTES: Final = 32


class MemberToken(Struct, frozen=True):
    token: str
    expires_at: int
    """Microseconds UTC."""


class TokenHolder(Struct, frozen=True):
    company: str
    member: str
    origin: str | None = None
    """The only web origin the token is for; None: any."""


async def signing_secret(database: Database, chosen: str | None) -> str:
    """The operator's secret, else the one made at the first start and kept, so that every process signs alike."""
    if chosen is not None:
        return chosen
    async with database.read():
        kept = await read_setting(_SIGNING)
    if kept is not None:
        return kept
    made = secrets.token_urlsafe(_SECRET_BYTES)
    return await database.write(lambda _: keep_setting(_SIGNING, made))


def create_member_token(
    secret: str, holder: TokenHolder, ttl_seconds: int = TTL_SECONDS_DEFAULT
) -> MemberToken:
    assert 0 < ttl_seconds <= TTL_SECONDS_MAX
    now = int(time.time())
    claims: dict[str, str | int] = {
        "aud": AUDIENCE,
        "sub": holder.member,
        "company": holder.company,
        "iat": now,
        "exp": now + ttl_seconds,
    }
    if holder.origin is not None:
        claims["origin"] = holder.origin
    return MemberToken(jwt.encode(claims, secret, ALGORITHM), (now + ttl_seconds) * 1_000_000)


def read_member_token(secret: str, token: str) -> TokenHolder:
    """Whose token this is. Raises Unauthorized for a forged, foreign or expired one."""
    try:
        claims = jwt.decode(
            token,
            secret,
            [ALGORITHM],
            audience=AUDIENCE,
            leeway=CLOCK_SECONDS_OFF_MAX,
            options={"require": ["aud", "exp", "iat", "sub", "company"]},
        )
    except jwt.PyJWTError as error:
        raise Unauthorized("this member token is not valid, or has expired") from error
    return TokenHolder(str(claims["company"]), str(claims["sub"]), claims.get("origin"))
