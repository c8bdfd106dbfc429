"""A host played on a file of its own."""

from __future__ import annotations

import asyncio
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.places import Places
from tests.privacy.surfaces import Acts, Played, surfaces


@pytest.fixture
def played(places: Places, tmp_path: Path) -> Played:
    folders = (tmp_path / str(number) for number in count())

    def play(acts: Acts, **asked: Any) -> dict[str, str]:
        folder = next(folders)
        folder.mkdir()
        with places.migrated("sqlite", folder) as place, pytest.MonkeyPatch.context() as patched:
            return asyncio.run(surfaces(place, patched, acts, **asked))

    return play
