"""API keys: making one, knowing one, ending one.

A key is shown once and kept as a SHA-256: it is 256 random bits, so a slow hash would protect nothing more. Owns
the text form of keys and the ring of keys seen lately. Must not know HTTP; no key is ever logged.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final, Literal, cast, get_args

from msgspec import Struct

from engage import clock
from engage.errors import InvalidRequest, NotFound, Unauthorized
from engage.store.database import Database
from engage.store.keys import KeyRow, find_key, insert_key, list_keys, revoke_key

KeyKind = Literal["server", "write", "report"]
KINDS: Final[tuple[KeyKind, ...]] = get_args(KeyKind)
PREFIXES: Final[dict[KeyKind, str]] = {"server": "sk_", "write": "wk_", "report": "rk_"}
NAME_CHARS_MAX: Final = 255
REMEMBERED_SECONDS: Final = 5.0
"""How long a key is believed without asking the database: a revoked key works no longer than this."""
REMEMBERED_KEYS_MAX: Final = 4096

_SECRET_BYTES: Final = 32
_TEXT: Final = re.compile(r"(?:sk|wk|rk)_[A-Za-z0-9_-]{43}")


class Principal(Struct, frozen=True):
    """Who asks: the kind of the key, and its number for the log."""

    kind: KeyKind
    key_id: int


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def new_key_text(kind: KeyKind) -> str:
    return PREFIXES[kind] + secrets.token_urlsafe(_SECRET_BYTES)


async def create_key(database: Database, kind: str, name: str = "") -> str:
    """A new key's text, which cannot be read again. Raises InvalidRequest for a kind or name that is not one."""
    if kind not in KINDS:
        raise InvalidRequest(f"a key's kind is one of {', '.join(KINDS)}, not {kind!r}")
    if len(name) > NAME_CHARS_MAX:
        raise InvalidRequest(f"a key's name has at most {NAME_CHARS_MAX} characters")
    text = new_key_text(kind)
    await database.write(lambda _: insert_key(hash=_hash(text), kind=kind, name=name, created_at=clock.now()))
    return text


async def list_all(database: Database) -> list[KeyRow]:
    """Every key without its secret, revoked ones too."""
    async with database.read():
        return await list_keys()


async def revoke(database: Database, key_id: int) -> None:
    """End a key. Services that run believe it for REMEMBERED_SECONDS more. Raises NotFound."""
    if not await database.write(lambda _: revoke_key(key_id, clock.now())):
        raise NotFound(f"there is no key {key_id} in force")


class KeyRing:
    """Knows keys, and remembers each answer for some seconds, wrong keys as well, so that a request costs no query.

    What is remembered is the key's hash, never its text.
    """

    def __init__(self, database: Database, clock: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._clock = clock
        self._remembered: OrderedDict[str, tuple[float, Principal | None]] = OrderedDict()

    async def authenticate(self, text: str) -> Principal:
        """Who this key belongs to. Raises Unauthorized, in the same words whatever is wrong with it."""
        principal = None
        if _TEXT.fullmatch(text):
            hash = _hash(text)
            found = self._remembered.get(hash)
            if found is not None and self._clock() < found[0]:
                principal = found[1]
            else:
                principal = await self._look_up(hash)
                self._remember(hash, principal)
        if principal is None:
            raise Unauthorized("this key is not known, or was revoked")
        return principal

    async def _look_up(self, hash: str) -> Principal | None:
        async with self._database.read():
            row = await find_key(hash)
        # The index has compared already; once more in constant time, so that no row near by is ever taken for it.
        if row is None or row.revoked_at is not None or not hmac.compare_digest(row.hash, hash):
            return None
        return Principal(cast(KeyKind, row.kind), row.id)

    def _remember(self, hash: str, principal: Principal | None) -> None:
        self._remembered[hash] = (self._clock() + REMEMBERED_SECONDS, principal)
        self._remembered.move_to_end(hash)
        while len(self._remembered) > REMEMBERED_KEYS_MAX:
            self._remembered.popitem(last=False)
