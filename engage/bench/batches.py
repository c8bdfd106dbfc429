"""Batches over HTTP into the real service, beside the same rows written by the driver alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from msgspec import Struct

from engage.bench import recording
from engage.bench.client import Shot
from engage.bench.figures import Sample, beside
from engage.bench.processes import serving
from engage.bench.programs import QUICKSTART, RULES_EVENTS, fifty_rules
from engage.bench.traffic import EVENT, USUAL, Population, Traffic, batch_request
from engage.bench.workshop import Case, EngineName, Round, Workshop

CALLS_PER_ROUND: Final = 32_000
CALLS_PER_WARM_BATCH: Final = 500


class Batches(Struct, frozen=True):
    """`connections`: by the name of each figure."""

    connections: dict[str, int]
    size: int = 500
    population: Population = USUAL
    program: str = QUICKSTART
    events: tuple[str, ...] = (EVENT,)
    on: EngineName = "sqlite"
    in_quick: tuple[str, ...] = ()

    def case(self) -> Case:
        return Case(tuple(self.connections), self.prepare, self.in_quick)

    @contextmanager
    def prepare(self, workshop: Workshop) -> Iterator[Callable[[], Round]]:
        engine = workshop.engine(self.on)
        template = engine.prepare(workshop.folder, self.program)
        traffic = Traffic(self.population, events=self.events)
        warm = list(traffic.first_of_everyone(CALLS_PER_WARM_BATCH))
        timed = [traffic.batch(self.size) for _ in range(workshop.scaled(CALLS_PER_ROUND) // self.size)]
        calls = len(timed) * self.size
        warm_shots = [Shot(batch_request(batch, template.key), len(batch)) for batch in warm]
        timed_shots = [Shot(batch_request(batch, template.key), len(batch)) for batch in timed]
        with engine.copy(template) as url:
            replay = engine.replay(recording.record(url, [*warm, *timed]), before=len(warm))

        def by_engage() -> dict[str, Sample]:
            found = {}
            for name in filter(workshop.wanted.__contains__, self.connections):
                with engine.copy(template) as url, serving(url, profile=workshop.profile) as server:
                    server.drive(warm_shots, self.connections[name])
                    cpu, others = server.cpu_seconds(), engine.cpu_seconds()
                    report = server.drive(timed_shots, self.connections[name])
                    details = {"server_cpu_us": (server.cpu_seconds() - cpu) / calls * 1e6}
                    if apart := engine.cpu_seconds() - others:
                        details["database_cpu_us"] = apart / calls * 1e6
                    found[name] = Sample(calls / report.seconds, details=details)
            return found

        def by_driver() -> Sample:
            with engine.copy(template) as url:
                spent = replay(url)
            return Sample(calls / spent.seconds, details={"raw_cpu_us": spent.cpu_seconds / calls * 1e6})

        def measure() -> Round:
            values, limit = workshop.in_turns(by_engage, by_driver)
            return {name: beside(value, limit) for name, value in values.items()}

        yield measure


CASES: Final = (
    Batches({"sqlite_batch_500": 4, "sqlite_batch_500_one": 1}, in_quick=("sqlite_batch_500",)).case(),
    Batches({"sqlite_batch_100": 4}, size=100).case(),
    Batches({"rules_50": 4}, program=fifty_rules(), events=RULES_EVENTS).case(),
    Batches(
        {"postgres_batch_500": 4, "postgres_batch_500_one": 1},
        on="postgres",
        in_quick=("postgres_batch_500",),
    ).case(),
    Batches({"postgres_batch_100": 4}, size=100, on="postgres").case(),
    Batches({"one_company": 4}, population=Population(companies=1, members=10_000)).case(),
    Batches({"companies_1000": 4}, population=Population(companies=1_000, members=10_000)).case(),
)
