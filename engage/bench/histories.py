"""The same traffic on databases that hold more: more events of the past, more members."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from msgspec import Struct

from engage.bench.client import Shot
from engage.bench.databases import Engine, Prepared
from engage.bench.errors import CannotRun
from engage.bench.figures import Sample, beside
from engage.bench.processes import serving
from engage.bench.programs import QUICKSTART
from engage.bench.stored import History, build
from engage.bench.traffic import Population, Traffic, batch_request
from engage.bench.workshop import Case, EngineName, Round, Workshop

BATCH: Final = 500
CONNECTIONS: Final = 4
WARM_BATCHES: Final = 20
CALLS_PER_ROUND: Final = 24_000
BYTES_PER_EVENT: Final = 350
"""What a stored event is reckoned at when it is asked whether the disk has room."""
COMPANIES: Final = 100
FEW: Final = Population(COMPANIES, 10_000)
MANY: Final = Population(COMPANIES, 1_000_000)
MILLION: Final = 1_000_000


class Compared(Struct, frozen=True):
    """A figure whose limit is the same on a smaller history; None: on a database that is empty but for its members."""

    name: str
    larger: History
    smaller: History | None
    on: EngineName = "sqlite"

    def case(self) -> Case:
        return Case((self.name,), self.prepare)

    @contextmanager
    def prepare(self, workshop: Workshop) -> Iterator[Callable[[], Round]]:
        engine = workshop.engine(self.on)
        larger = _built(workshop, engine, "larger", self.larger)
        smaller = None if self.smaller is None else _built(workshop, engine, "smaller", self.smaller)
        empty = _prepared(workshop, engine, "empty")

        def on_larger() -> Sample:
            return _rate(workshop, larger.url, larger.key, self.larger.population, "larger")

        def on_smaller() -> Sample:
            if smaller is not None and self.smaller is not None:
                return _rate(workshop, smaller.url, smaller.key, self.smaller.population, "smaller")
            with engine.copy(empty) as url:
                return _rate(workshop, url, empty.key, self.larger.population, "smaller", everyone=True)

        yield lambda: {self.name: beside(*workshop.in_turns(on_larger, on_smaller))}


def _prepared(workshop: Workshop, engine: Engine, name: str) -> Prepared:
    folder = workshop.folder / name
    folder.mkdir()
    return engine.prepare(folder, QUICKSTART)


def _built(workshop: Workshop, engine: Engine, name: str, history: History) -> Prepared:
    free, needed = shutil.disk_usage(workshop.folder).free, history.events * BYTES_PER_EVENT
    if free < needed:
        raise CannotRun(
            f"{history.events:,} events need {needed / 1e9:.1f} GB, and {_device(workshop.folder)} has "
            f"{free / 1e9:.1f} GB free; --folder names another place"
        )
    workshop.note(f"building {history.events:,} events of {history.population.members:,} members")
    template = _prepared(workshop, engine, name)
    build(engine, template.url, history)
    return template


def _device(folder: Path) -> str:
    return str(folder.anchor if len(folder.parts) < 2 else folder.parents[1])


def _rate(
    workshop: Workshop, url: str, key: str, population: Population, side: str, *, everyone: bool = False
) -> Sample:
    """Events per second; `everyone` acts first where nobody is known yet."""
    traffic = Traffic(population, seed=1 + workshop.rounds_done)
    before = list(traffic.first_of_everyone(BATCH)) if everyone else []
    before += [traffic.batch(BATCH) for _ in range(WARM_BATCHES)]
    timed = [traffic.batch(BATCH) for _ in range(workshop.scaled(CALLS_PER_ROUND) // BATCH)]
    calls = len(timed) * BATCH
    with serving(url, profile=workshop.profile) as server:
        server.drive([Shot(batch_request(batch, key), len(batch)) for batch in before], CONNECTIONS)
        cpu = server.cpu_seconds()
        report = server.drive([Shot(batch_request(batch, key), BATCH) for batch in timed], CONNECTIONS)
        spent = (server.cpu_seconds() - cpu) / calls * 1e6
    return Sample(calls / report.seconds, details={f"{side}_cpu_us": spent})


CASES: Final = (
    Compared("history_1m", History(FEW, MILLION), None).case(),
    Compared("history_20m", History(FEW, 20 * MILLION), History(FEW, MILLION)).case(),
    Compared("members_1m", History(MANY, MILLION), History(FEW, MILLION)).case(),
    Compared("postgres_members_1m", History(MANY, MILLION), History(FEW, MILLION), on="postgres").case(),
)
