"""A migrated database of its own for each test, closed whatever happens: an open one would hang the exit."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from engage.store.database import Database
from engage.store.migrate import migrate
from tests.actions.host import Host


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Migrated once; a test works on a copy."""
    path = tmp_path_factory.mktemp("migrated") / "engage.db"
    asyncio.run(migrate(f"sqlite:///{path}"))
    return path


@pytest.fixture
async def host(tmp_path: Path, migrated_file: Path) -> AsyncIterator[Host]:
    path = tmp_path / "engage.db"
    shutil.copyfile(migrated_file, path)
    opened = await Database.open(f"sqlite:///{path}")
    try:
        yield Host(opened, path)
    finally:
        await opened.close()
