"""Importing a file of history, beside the rows it becomes written by the driver alone."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import msgspec

from engage.actions.importing import import_calls
from engage.bench.errors import RoundFailed
from engage.bench.figures import Sample, beside
from engage.bench.processes import environment
from engage.bench.programs import QUICKSTART
from engage.bench.recording import Commit, record_work
from engage.bench.traffic import USUAL, Traffic
from engage.bench.workshop import Case, Round, Workshop
from engage.sources.calls import read_calls
from engage.sources.files import open_sources, origins
from engage.store.database import Database

NAME: Final = "import"
CALLS: Final = 100_000
DAYS: Final = 60


@contextmanager
def _prepare(workshop: Workshop) -> Iterator[Callable[[], Round]]:
    engine = workshop.engine("sqlite")
    template = engine.prepare(workshop.folder, QUICKSTART)
    count = workshop.scaled(CALLS)
    file = workshop.folder / "history.ndjson"
    span = timedelta(days=DAYS)
    traffic = Traffic(USUAL, start=datetime.now(UTC) - span, step=span / (count + 1))
    with file.open("wb") as out:
        for call in traffic.batch(count):
            out.write(msgspec.json.encode(call) + b"\n")
    with engine.copy(template) as url:
        replay = engine.replay(_recorded(url, file), before=0)

    def by_engage() -> Sample:
        with engine.copy(template) as url:
            done = subprocess.run(
                [sys.executable, "-m", "engage.cli", "import", str(file), "--database", url, "--json"],
                env=environment(),
                capture_output=True,
                check=False,
            )
        told = msgspec.json.decode(done.stdout) if done.returncode == 0 else {}
        if told.get("accepted") != count:
            raise RoundFailed(f"the import ended with {done.returncode}: {told} {done.stderr[-500:]!r}")
        return Sample(count / told["seconds"])

    def by_driver() -> Sample:
        with engine.copy(template) as url:
            return Sample(count / replay(url).seconds)

    yield lambda: {NAME: beside(*workshop.in_turns(by_engage, by_driver))}


def _recorded(url: str, file: Path) -> list[Commit]:
    sources = open_sources([str(file)], {})

    async def work(database: Database) -> None:
        await import_calls(database, read_calls(sources, {}, 1), origins(sources), now=1)

    return asyncio.run(record_work(url, work))


CASES: Final = (Case((NAME,), _prepare),)
