"""Batches over HTTP into the real service, beside the same rows written by the driver alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from msgspec import Struct

from engage.bench import recording
from engage.bench.client import Shot
from engage.bench.figures import Sample, beside
from engage.bench.processes import serving
from engage.bench.programs import QUICKSTART, RULES_EVENTS, document, everything, fifty_rules
from engage.bench.traffic import EVENT, USUAL, Population, Traffic, batch_request
from engage.bench.workshop import Case, EngineName, Round, Workshop

CALLS_PER_ROUND: Final = 32_000
CALLS_PER_WARM_BATCH: Final = 500
CONNECTIONS: Final = 4
Calls = list[dict[str, Any]]


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

    def calls(self, workshop: Workshop) -> tuple[list[Calls], list[Calls]]:
        """Batches that let everybody act once, and those of a round."""
        traffic = Traffic(self.population, events=self.events)
        warm = list(traffic.first_of_everyone(CALLS_PER_WARM_BATCH))
        return warm, [traffic.batch(self.size) for _ in range(workshop.scaled(CALLS_PER_ROUND) // self.size)]

    @contextmanager
    def prepare(self, workshop: Workshop) -> Iterator[Callable[[], Round]]:
        engine = workshop.engine(self.on)
        template = engine.prepare(workshop.folder, self.program)
        warm, timed = self.calls(workshop)
        calls = len(timed) * self.size
        warm_shots, timed_shots = shots(warm, template.key), shots(timed, template.key)
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


class Programs(Struct, frozen=True):
    """The same batches decided by two programs: what the one has beyond the other is what it costs."""

    name: str
    program: str
    limit: str
    batches: Batches

    def case(self) -> Case:
        return Case((self.name,), self.prepare)

    @contextmanager
    def prepare(self, workshop: Workshop) -> Iterator[Callable[[], Round]]:
        engine = workshop.engine(self.batches.on)
        warm, timed = self.batches.calls(workshop)
        calls = len(timed) * self.batches.size

        def by(program: str, name: str) -> Callable[[], Sample]:
            folder = workshop.folder / name
            folder.mkdir()
            template = engine.prepare(folder, program)
            warm_shots, timed_shots = shots(warm, template.key), shots(timed, template.key)

            def drive() -> Sample:
                with engine.copy(template) as url, serving(url, profile=workshop.profile) as server:
                    server.drive(warm_shots, CONNECTIONS)
                    cpu = server.cpu_seconds()
                    report = server.drive(timed_shots, CONNECTIONS)
                    details = {name: (server.cpu_seconds() - cpu) / calls * 1e6}
                    return Sample(calls / report.seconds, details=details)

            return drive

        one, other = by(self.program, "server_cpu_us"), by(self.limit, "limit_cpu_us")

        def measure() -> Round:
            value, limit = workshop.in_turns(one, other)
            return {self.name: beside(value, limit)}

        yield measure


def shots(batches: list[Calls], key: str) -> list[Shot]:
    return [Shot(batch_request(batch, key), len(batch)) for batch in batches]


FIFTY: Final = Batches({"rules_50": CONNECTIONS}, program=document(fifty_rules()), events=RULES_EVENTS)
CASES: Final = (
    Batches({"sqlite_batch_500": 4, "sqlite_batch_500_one": 1}, in_quick=("sqlite_batch_500",)).case(),
    Batches({"sqlite_batch_100": 4}, size=100).case(),
    FIFTY.case(),
    Programs("rules_50_everything", document(everything()), FIFTY.program, FIFTY).case(),
    Batches(
        {"postgres_batch_500": 4, "postgres_batch_500_one": 1},
        on="postgres",
        in_quick=("postgres_batch_500",),
    ).case(),
    Batches({"postgres_batch_100": 4}, size=100, on="postgres").case(),
    Batches({"one_company": 4}, population=Population(companies=1, members=10_000)).case(),
    Batches({"companies_1000": 4}, population=Population(companies=1_000, members=10_000)).case(),
)
