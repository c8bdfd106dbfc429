"""A database of its own for each test, and a host on it; closed whatever happens: an open one would hang the exit."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from engage.store.database import Database
from tests.actions.host import Host
from tests.places import Place


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
