"""An open database of each kind, and the file of the one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from engage.store.database import Database
from tests.places import Place, Places, SqlitePlace


@pytest.fixture
def migrated_file(places: Places) -> Path:
    return places.migrated_file


@pytest.fixture
def path(place: Place) -> Path:
    """For tests marked ON_SQLITE."""
    assert isinstance(place, SqlitePlace)
    return place.path


@pytest.fixture
async def database(place: Place) -> AsyncIterator[Database]:
    opened = await Database.open(place.url)
    try:
        yield opened
    finally:
        await opened.close()
