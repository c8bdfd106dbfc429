"""Host-wide choices that every process and command must agree on, and that the database therefore keeps."""

from __future__ import annotations

from engage.core.privacy import K_DEFAULT, K_MIN
from engage.errors import InvalidRequest
from engage.store.companies import UNKNOWN_COMPANIES
from engage.store.database import Database
from engage.store.settings import put_setting, read_setting
from engage.store.signal import FLOOR_SETTING


async def floor() -> int:
    """The floor k: the default, or what the host raised it to. Within a read or a transaction."""
    setting = await read_setting(FLOOR_SETTING)
    return max(K_MIN, int(setting)) if setting and setting.isdecimal() else K_DEFAULT


async def set_floor(database: Database, k: int) -> None:
    """The smallest group of members a figure may be told about, from now on. Raises InvalidRequest below K_MIN."""
    if k < K_MIN:
        raise InvalidRequest(f"the floor k is at least {K_MIN}, not {k}")
    await database.write(lambda _: put_setting(FLOOR_SETTING, str(k)))


async def set_unknown_companies(database: Database, choice: str) -> None:
    """Whether a server key's call creates a company it names ("create") or is to be tried again later ("refuse")."""
    await database.write(lambda _: put_setting(UNKNOWN_COMPANIES, choice))
