"""Sign-in links open once, sessions run out, and neither is kept in the clear. Member tokens cannot be forged."""

from __future__ import annotations

import asyncio
import time
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest

from engage import clock
from engage.actions import sessions, tokens
from engage.errors import InvalidRequest, Unauthorized
from engage.store.database import Database
from tests.places import Place

SECRET = "a secret of the operator, 32 characters or more"


async def new_token(database: Database, **settings: int) -> str:
    link = await sessions.create_sign_in_link(database, "http://127.0.0.1:8000/", name="Chen", **settings)
    assert urlsplit(link).path == "/console/sign-in"
    return parse_qs(urlsplit(link).query)["token"][0]


async def test_a_link_opens_a_session_of_its_person(database: Database) -> None:
    secret = await sessions.redeem_sign_in(database, await new_token(database))
    assert secret is not None
    found = await sessions.session_for(database, secret)
    assert found == sessions.SignedIn("Chen", sessions.CUSTOMER_SUCCESS)


async def test_a_link_opens_once_even_for_twenty_at_a_time(database: Database) -> None:
    token = await new_token(database)
    opened = await asyncio.gather(*(sessions.redeem_sign_in(database, token) for _ in range(20)))
    assert sum(secret is not None for secret in opened) == 1
    assert await sessions.redeem_sign_in(database, token) is None


async def test_a_link_runs_out(database: Database) -> None:
    assert await sessions.redeem_sign_in(database, await new_token(database, seconds=-1)) is None


async def test_a_session_runs_out(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = await sessions.redeem_sign_in(database, await new_token(database))
    assert secret is not None
    later = clock.now() + (sessions.SESSION_SECONDS + 1) * 1_000_000
    monkeypatch.setattr(clock, "now", lambda: later)
    assert await sessions.session_for(database, secret) is None


async def test_a_link_is_no_session_and_a_session_no_link(database: Database) -> None:
    token = await new_token(database)
    assert await sessions.session_for(database, token) is None
    secret = await sessions.redeem_sign_in(database, token)
    assert secret is not None
    assert await sessions.redeem_sign_in(database, secret) is None


async def test_an_ended_session_opens_nothing(database: Database) -> None:
    secret = await sessions.redeem_sign_in(database, await new_token(database))
    assert secret is not None
    await sessions.end_session(database, secret)
    await sessions.end_session(database, "never was one \ud800")
    assert await sessions.session_for(database, secret) is None


@pytest.mark.untouched
async def test_no_secret_is_kept_in_the_clear(database: Database, place: Place) -> None:
    token = await new_token(database)
    secret = await sessions.redeem_sign_in(database, token)
    assert secret is not None
    await database.close()
    stored = place.stored_bytes()
    assert sessions._hash(secret).encode() in stored
    assert token.encode() not in stored
    assert secret.encode() not in stored


async def test_a_person_needs_a_name(database: Database) -> None:
    with pytest.raises(InvalidRequest):
        await sessions.create_sign_in_link(database, "http://127.0.0.1", name="")


def test_a_member_token_says_whose_it_is() -> None:
    holder = tokens.TokenHolder("acme", "emp-1", "https://app.example.com")
    made = tokens.create_member_token(SECRET, holder, 60)
    assert tokens.read_member_token(SECRET, made.token) == holder
    assert jwt.get_unverified_header(made.token)["alg"] == "HS256"
    assert jwt.decode(made.token, options={"verify_signature": False})["aud"] == "engage-member"


@pytest.mark.parametrize(
    "token",
    [
        "",
        "a.b.c",
        jwt.encode({"aud": "engage-member", "sub": "m", "company": "c", "iat": 1, "exp": 2}, SECRET, "HS256"),
        jwt.encode({"aud": "other", "sub": "m", "company": "c", "iat": 1, "exp": 1 << 40}, SECRET, "HS256"),
        jwt.encode({"aud": "engage-member", "sub": "m", "company": "c", "iat": 1}, SECRET, "HS256"),
        jwt.encode({"aud": "engage-member", "sub": "m", "iat": 1, "exp": 1 << 40}, "another" * 8, "HS256"),
        jwt.encode(
            {"aud": "engage-member", "sub": "m", "company": "c", "iat": 1, "exp": 1 << 40}, None, "none"
        ),
    ],
    ids=["empty", "garbage", "expired", "other audience", "no expiry", "other secret", "unsigned"],
)
def test_a_token_that_is_not_ours_is_refused(token: str) -> None:
    with pytest.raises(Unauthorized):
        tokens.read_member_token(SECRET, token)


def test_a_clock_a_little_behind_believes_a_token_and_one_far_behind_does_not() -> None:
    """The clock that reads it may be another machine's, or may have been set back."""
    holder = {"aud": "engage-member", "sub": "m", "company": "c", "exp": 1 << 40}
    now = int(time.time())
    near, far = (
        jwt.encode({**holder, "iat": now + ahead}, SECRET, "HS256")
        for ahead in (tokens.CLOCK_SECONDS_OFF_MAX - 2, 60)
    )
    assert tokens.read_member_token(SECRET, near).member == "m"
    with pytest.raises(Unauthorized):
        tokens.read_member_token(SECRET, far)


async def test_processes_that_start_together_sign_alike(database: Database) -> None:
    made = await asyncio.gather(*(tokens.signing_secret(database, None) for _ in range(5)))
    assert len(set(made)) == 1
    assert len(made[0]) >= 32
    assert await tokens.signing_secret(database, SECRET) == SECRET
