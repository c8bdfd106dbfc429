"""Batches over HTTP into the real service, beside the same rows written by the driver alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from msgspec import Struct

from engage.bench import raw_sqlite, recording
from engage.bench.client import Shot
from engage.bench.databases import prepare_sqlite, sqlite_copy
from engage.bench.figures import Sample, beside
from engage.bench.processes import serving
from engage.bench.programs import QUICKSTART, RULES_EVENTS, fifty_rules
from engage.bench.traffic import USUAL, Population, Traffic, batch_request
from engage.bench.workshop import Case, Round, Workshop
from engage.store.database import SQLITE_SCHEME

CALLS_PER_ROUND: Final = 32_000
CALLS_PER_WARM_BATCH: Final = 500


class Batches(Struct, frozen=True):
    """`connections`: by the name of each figure."""

    connections: dict[str, int]
    size: int = 500
    population: Population = USUAL
    program: str = QUICKSTART
    events: tuple[str, ...] = ("Report Exported",)

    def case(self) -> Case:
        return Case(tuple(self.connections), self.on_sqlite)

    @contextmanager
    def on_sqlite(self, workshop: Workshop) -> Iterator[Callable[[], Round]]:
        template = prepare_sqlite(workshop.folder, self.program)
        traffic = Traffic(self.population, events=self.events)
        warm = list(traffic.first_of_everyone(CALLS_PER_WARM_BATCH))
        timed = [traffic.batch(self.size) for _ in range(workshop.scaled(CALLS_PER_ROUND) // self.size)]
        calls = len(timed) * self.size
        warm_shots = [Shot(batch_request(batch, template.key), len(batch)) for batch in warm]
        timed_shots = [Shot(batch_request(batch, template.key), len(batch)) for batch in timed]
        with sqlite_copy(template, "recorded.db") as url:
            recorded = recording.record(url, [*warm, *timed])
        flat = [raw_sqlite.flatten(commit) for commit in recorded]

        def by_engage() -> dict[str, Sample]:
            found = {}
            for name in filter(workshop.wanted.__contains__, self.connections):
                with (
                    sqlite_copy(template, "engage.db") as url,
                    serving(url, profile=workshop.profile) as server,
                ):
                    server.drive(warm_shots, self.connections[name])
                    cpu = server.cpu_seconds()
                    report = server.drive(timed_shots, self.connections[name])
                    details = {"server_cpu_us": (server.cpu_seconds() - cpu) / calls * 1e6}
                    found[name] = Sample(calls / report.seconds, details=details)
            return found

        def by_driver() -> Sample:
            with sqlite_copy(template, "raw.db") as url:
                path = url.removeprefix(SQLITE_SCHEME)
                spent = raw_sqlite.replay(path, flat[: len(warm)], flat[len(warm) :])
                return Sample(calls / spent.seconds, details={"raw_cpu_us": spent.cpu_seconds / calls * 1e6})

        def measure() -> Round:
            values, limit = workshop.in_turns(by_engage, by_driver)
            return {name: beside(value, limit) for name, value in values.items()}

        yield measure


CASES: Final = (
    Batches({"sqlite_batch_500": 4, "sqlite_batch_500_one": 1}).case(),
    Batches({"sqlite_batch_100": 4}, size=100).case(),
    Batches({"rules_50": 4}, program=fifty_rules(), events=RULES_EVENTS).case(),
    Batches({"one_company": 4}, population=Population(companies=1, members=10_000)).case(),
    Batches({"companies_1000": 4}, population=Population(companies=1_000, members=10_000)).case(),
)
