"""Dumping a PostgreSQL database with PostgreSQL's own pg_dump: consistent, beside any load, restored by pg_restore.

Owns which programs are called and with what; must not know where the file goes in the end. Passwords travel in the
environment, never on a command line, where every user of the machine could read them.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit, urlunsplit

import asyncpg

from engage.errors import InvalidRequest, Unavailable
from engage.store.database import shown
from engage.store.postgres_connections import TROUBLE, Unreachable, connect, told

DUMP: Final = "pg_dump"
RESTORE: Final = "pg_restore"
SAID_CHARS_MAX: Final = 500
_KNOWN: Final = frozenset(
    {"host", "port", "user", "dbname", "passfile", "service", "target_session_attrs", "connect_timeout"}
    | {"sslmode", "sslcert", "sslkey", "sslrootcert", "sslcrl", "gssencmode", "krbsrvname"}
)
_OURS: Final = "SELECT to_regclass('engage_company') IS NOT NULL AS known"
_NOTE: Final = (
    "INSERT INTO engage_setting (name, value) VALUES ($1, $2) "
    "ON CONFLICT (name) DO UPDATE SET value = excluded.value"
)


def dump_postgres(url: str, target: Path) -> None:
    """Dump what is committed by now into the file `target`, in pg_dump's custom format, durably.

    Raises Unavailable when the database cannot be read or the file not written, InvalidRequest when the program is not
    installed, or the database not ours.
    """
    for program in (DUMP, RESTORE):
        if shutil.which(program) is None:
            raise InvalidRequest(
                f"{program} is not in PATH; it comes with PostgreSQL's client programs, "
                "which must not be older than the server (Debian: apt-get install postgresql-client)"
            )
    if not _ask(url, _OURS)[0]["known"]:
        raise InvalidRequest(f"{shown(url)} is no database of Engage")
    address, secret = _for_programs(url)
    _run(DUMP, "--format=custom", "--no-owner", "--no-privileges", f"--file={target}", address, **secret)


def check_dump(path: Path) -> str | None:
    """What is wrong with a dump, or None. Reads all of it."""
    try:
        _run(RESTORE, f"--file={os.devnull}", str(path))
    except Unavailable as error:
        return error.message
    return None


def note_dump(url: str, name: str, value: str) -> None:
    """Keep a setting in the database. Raises Unavailable."""
    _ask(url, _NOTE, name, value)


def _for_programs(url: str) -> tuple[str, Mapping[str, str]]:
    """The URL as PostgreSQL's programs take it, and the environment with what may not stand in it.

    What they do not know in a URL is a setting of our sessions.
    """
    parts = urlsplit(url)
    asked = dict(parse_qsl(parts.query))
    password = asked.pop("password", None) or (unquote(parts.password) if parts.password else None)
    query = urlencode({name: value for name, value in asked.items() if name in _KNOWN})
    user, at, host = parts.netloc.rpartition("@")
    bare = parts._replace(netloc=f"{user.partition(':')[0]}{at}{host}", query=query)
    return urlunsplit(bare), {"PGPASSWORD": password} if password else {}


def _run(program: str, *arguments: str, **environment: str) -> None:
    done = subprocess.run(  # noqa: S603 - a program of PostgreSQL's, by its name
        [program, *arguments],
        env=os.environ | environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        check=False,
    )
    if done.returncode:
        raise Unavailable(f"{program} failed: {done.stderr.decode(errors='replace')[:SAID_CHARS_MAX]}")


def _ask(url: str, sql: str, *values: str) -> list[Any]:
    """The rows of one statement, on a connection and a loop of their own: whoever asks may be within another."""

    async def ask() -> list[Any]:
        connection = await connect(url)
        try:
            found: list[Any] = await connection.fetch(sql, *values)
            return found
        finally:
            await connection.close()

    with ThreadPoolExecutor(1) as thread:
        try:
            return thread.submit(asyncio.run, ask()).result()
        except (*TROUBLE, Unreachable, asyncpg.PostgresError) as error:
            raise Unavailable(f"cannot read {shown(url)}: {told(error)}") from error
