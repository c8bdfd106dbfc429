"""A database of its own for each test, and a host on it; closed whatever happens: an open one would hang the exit."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from engage.store.database import Database
from engage.store.parquet import Folder
from tests.actions.archives import take_small_steps
from tests.actions.host import Host
from tests.places import Place, Places


@pytest.fixture
async def database(place: Place) -> AsyncIterator[Database]:
    opened = await Database.open(place.url)
    try:
        yield opened
    finally:
        await opened.close()


@pytest.fixture
def host(database: Database, place: Place) -> Host:
    return Host(database, place)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """Where entries are archived."""
    return Folder(tmp_path / "archive")


@pytest.fixture
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    take_small_steps(monkeypatch)


@pytest.fixture
async def twin(places: Places, place: Place, tmp_path: Path) -> AsyncIterator[Host]:
    """Another host, on another database of the same kind."""
    (tmp_path / "twin").mkdir()
    with places.migrated(place.dialect, tmp_path / "twin") as other:
        opened = await Database.open(other.url)
        try:
            yield Host(opened, other)
        finally:
            await opened.close()
