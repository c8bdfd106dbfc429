"""A migrated file, made once and copied for each test."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from engage.store.database import Database
from engage.store.migrate import migrate


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("migrated") / "engage.db"
    asyncio.run(migrate(f"sqlite:///{path}"))
    return path


@pytest.fixture
def path(tmp_path: Path, migrated_file: Path) -> Path:
    copy = tmp_path / "engage.db"
    shutil.copyfile(migrated_file, copy)
    return copy


@pytest.fixture
async def database(path: Path) -> AsyncIterator[Database]:
    opened = await Database.open(f"sqlite:///{path}")
    try:
        yield opened
    finally:
        await opened.close()
