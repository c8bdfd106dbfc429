"""Host-wide choices that every process and command must agree on, and that the database therefore keeps."""

from __future__ import annotations

from typing import Final

from engage.core.privacy import K_DEFAULT, K_MIN
from engage.errors import InvalidRequest
from engage.store.companies import UNKNOWN_COMPANIES
from engage.store.database import Database
from engage.store.settings import drop_setting, put_setting, read_setting, read_settings_named
from engage.store.signal import FLOOR_SETTING
from engage.store.statements import Transaction


async def floor() -> int:
    """The floor k: the default, or what the host raised it to. Within a read or a transaction."""
    setting = await read_setting(FLOOR_SETTING)
    return max(K_MIN, int(setting)) if setting and setting.isdecimal() else K_DEFAULT


async def set_floor(database: Database, k: int) -> None:
    """The smallest group of members a figure may be told about, from now on. Raises InvalidRequest below K_MIN."""
    if k < K_MIN:
        raise InvalidRequest(f"the floor k is at least {K_MIN}, not {k}")
    await database.write(lambda _: put_setting(FLOOR_SETTING, str(k)))


_IMPORTING: Final = "importing"
"""So begin the settings that hold the moment, microseconds UTC, until which an import may be coming in."""
IMPORT_SECONDS: Final = 600
"""An import that was not heard of for so long is none: it was killed."""


async def say_importing(database: Database, now: int, which: str = "", *, over: bool = False) -> None:
    """History is coming in by an import of this name, for IMPORT_SECONDS at most unless that is said again; `over`: it
    has come."""

    async def work(_: Transaction) -> None:
        for name, until in (await read_settings_named(_IMPORTING)).items():
            if not _seconds_left(until, now):
                await drop_setting(name)
        if over:
            await drop_setting(_IMPORTING + which)
        else:
            await put_setting(_IMPORTING + which, str(now + IMPORT_SECONDS * 1_000_000))

    await database.write(work)


async def importing_seconds(now: int) -> float:
    """For how long history may be coming in; 0: none is. Within a read or a transaction."""
    known = await read_settings_named(_IMPORTING)
    return max((_seconds_left(until, now) for until in known.values()), default=0)


def _seconds_left(until: str, now: int) -> float:
    left = (int(until) - now) / 1_000_000 if until.isdecimal() else 0
    return left if 0 < left <= IMPORT_SECONDS else 0


async def set_unknown_companies(database: Database, choice: str) -> None:
    """Whether a server key's call creates a company it names ("create") or is to be tried again later ("refuse")."""
    await database.write(lambda _: put_setting(UNKNOWN_COMPANIES, choice))
