"""What Engage takes of the disk for an event, and of memory under load."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Final

from engage.bench.client import Shot
from engage.bench.databases import file_of
from engage.bench.errors import RoundFailed
from engage.bench.figures import Sample
from engage.bench.processes import BARE, SERVE, serving
from engage.bench.programs import QUICKSTART
from engage.bench.requests import CONNECTIONS
from engage.bench.traffic import USUAL, Traffic, batch_request, track_request
from engage.bench.workshop import Case, Round, Workshop

STORED_CALLS: Final = 100_000
STORED_DAYS: Final = 10
LOADED_CALLS: Final = 40_000
LOADED_SINGLES: Final = 6_000
BATCH: Final = 500


@contextmanager
def _bytes_per_event(workshop: Workshop) -> Iterator[Callable[[], Round]]:
    """All of the file that was not there before, its empty pages as well."""
    engine = workshop.engine("sqlite")
    template = engine.prepare(workshop.folder, QUICKSTART)
    calls = workshop.scaled(STORED_CALLS)

    def measure() -> Round:
        start = datetime.now(UTC) - timedelta(days=STORED_DAYS)
        step = timedelta(days=STORED_DAYS) / (calls + USUAL.members)
        traffic = Traffic(USUAL, seed=workshop.rounds_done, start=start, step=step)
        batches = [*traffic.first_of_everyone(BATCH), *(traffic.batch(BATCH) for _ in range(calls // BATCH))]
        shots = [Shot(batch_request(batch, template.key), len(batch)) for batch in batches]
        count = sum(map(len, batches))
        with engine.copy(template) as url:
            file = file_of(url)
            before = file.stat().st_size
            with serving(url, profile=workshop.profile) as server:
                server.drive(shots, 4)
            if file.with_name(file.name + "-wal").exists():
                raise RoundFailed("the service ended without folding its log into the file")
            grown = file.stat().st_size - before
        sent = sum(len(shot.data.partition(b"\r\n\r\n")[2]) for shot in shots)
        return {"bytes_per_event": Sample(grown / count, sent / count)}

    yield measure


@contextmanager
def _memory(workshop: Workshop) -> Iterator[Callable[[], Round]]:
    engine = workshop.engine("sqlite")
    template = engine.prepare(workshop.folder, QUICKSTART)
    traffic = Traffic(USUAL)
    loaded = workshop.scaled(LOADED_CALLS) // BATCH
    batches = [*traffic.first_of_everyone(BATCH), *(traffic.batch(BATCH) for _ in range(loaded))]
    in_batches = [Shot(batch_request(batch, template.key), len(batch)) for batch in batches]
    singles = traffic.batch(workshop.scaled(LOADED_SINGLES))
    alone = [Shot(track_request(call, template.key), 1) for call in singles]

    def resident(module: tuple[str, ...]) -> float:
        with engine.copy(template) as url, serving(url, module=module) as server:
            for shots, connections in ((in_batches, 4), (alone, CONNECTIONS)):
                server.drive(shots if module == SERVE else [Shot(shot.data) for shot in shots], connections)
            return server.memory_bytes() / 1e6

    def measure() -> Round:
        value, limit = workshop.in_turns(lambda: resident(SERVE), lambda: resident(BARE))
        return {"memory": Sample(value, limit)}

    yield measure


CASES: Final = (
    Case(("bytes_per_event",), _bytes_per_event, in_quick=("bytes_per_event",)),
    Case(("memory",), _memory, in_quick=("memory",)),
)
