"""Host-wide settings kept in the database, by name, as text."""

from __future__ import annotations

from engage.store.tables import Setting


async def read_setting(name: str) -> str | None:
    found = await Setting.filter(name=name).first()
    return None if found is None else found.value


async def read_settings_named(beginning: str) -> dict[str, str]:
    """Those whose names begin so."""
    return {found.name: found.value for found in await Setting.filter(name__startswith=beginning)}


async def drop_setting(name: str) -> None:
    """Within a transaction."""
    await Setting.filter(name=name).delete()


async def keep_setting(name: str, value: str) -> str:
    """The value kept under this name: the one already there, else this one. Within a transaction."""
    found = await read_setting(name)
    if found is not None:
        return found
    await Setting.create(name=name, value=value)
    return value


async def put_setting(name: str, value: str) -> None:
    """Within a transaction."""
    if not await Setting.filter(name=name).update(value=value):
        await Setting.create(name=name, value=value)
