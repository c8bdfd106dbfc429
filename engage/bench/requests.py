"""Single requests over many connections, beside the same server that answers once it has decoded them."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from msgspec import Struct

from engage.bench.client import Shot
from engage.bench.figures import Sample, beside
from engage.bench.processes import BARE, Server, serving
from engage.bench.programs import QUICKSTART
from engage.bench.traffic import USUAL, Traffic, batch_request, member_request, track_request
from engage.bench.workshop import Case, EngineName, Round, Workshop

CONNECTIONS: Final = 64
REQUESTS_PER_ROUND: Final = 12_000
STEADY_SECONDS: Final = 4
STEADY_SHARE: Final = 0.7
"""Of the load that the service takes at most: where latencies are looked at."""


class Requests(Struct, frozen=True):
    """Requests of which a share only reads a member, the others report one event. `p99`: the figure of the latency
    at a steady load, if that is looked at as well."""

    name: str
    reads: float
    p99: str = ""
    on: EngineName = "sqlite"
    in_quick: bool = False

    def case(self) -> Case:
        figures = (self.name, *filter(None, [self.p99]))
        return Case(figures, self.prepare, figures if self.in_quick else ())

    @contextmanager
    def prepare(self, workshop: Workshop) -> Iterator[Callable[[], Round]]:
        engine = workshop.engine(self.on)
        template = engine.prepare(workshop.folder, QUICKSTART)
        traffic = Traffic(USUAL)
        warm = [
            Shot(batch_request(batch, template.key), len(batch)) for batch in traffic.first_of_everyone(500)
        ]
        shots = self._shots(traffic, template.key, workshop.scaled(REQUESTS_PER_ROUND))
        steady = 0.0

        def drive(server: Server, *, expects: bool) -> tuple[Sample, Sample | None]:
            """(requests per second, p99 in ms)."""
            nonlocal steady
            side = "server" if expects else "bare"
            kept = shots if expects else [Shot(shot.data) for shot in shots]
            server.drive(warm if expects else [Shot(shot.data) for shot in warm], 4)
            cpu = server.cpu_seconds()
            report = server.drive(kept, CONNECTIONS)
            details = {
                f"{side}_cpu_us": (server.cpu_seconds() - cpu) / len(kept) * 1e6,
                f"{side}_p99_ms": report.p99_ms,
            }
            rate = len(kept) / report.seconds
            if expects:
                steady = STEADY_SHARE * rate
            if self.p99 not in workshop.wanted:
                return Sample(rate, details=details), None
            fresh = self._shots(traffic, template.key, workshop.scaled(int(steady * STEADY_SECONDS)))
            calm = server.drive(
                fresh if expects else [Shot(shot.data) for shot in fresh], CONNECTIONS, steady
            )
            told = {f"{side}_p50_ms": calm.p50_ms, f"{side}_max_ms": calm.max_ms, "rate": steady}
            return Sample(rate, details=details), Sample(calm.p99_ms, details=told)

        def by_engage() -> tuple[Sample, Sample | None]:
            with engine.copy(template) as url, serving(url, profile=workshop.profile) as server:
                return drive(server, expects=True)

        def by_bare() -> tuple[Sample, Sample | None]:
            with engine.copy(template) as url, serving(url, module=BARE) as server:
                return drive(server, expects=False)

        def measure() -> Round:
            (rate, p99), (rate_limit, p99_limit) = workshop.in_turns(by_engage, by_bare)
            found = {self.name: beside(rate, rate_limit)}
            if p99 is not None and p99_limit is not None:
                found[self.p99] = beside(p99, p99_limit)
            return found

        yield measure

    def _shots(self, traffic: Traffic, key: str, count: int) -> list[Shot]:
        chance = random.Random(count)
        return [
            Shot(member_request(*USUAL.person(chance.randrange(USUAL.members)), key))
            if chance.random() < self.reads
            else Shot(track_request(traffic.batch(1)[0], key), 1)
            for _ in range(count)
        ]


CASES: Final = (
    Requests("single_64", 0.0, "single_64_p99", in_quick=True).case(),
    Requests("member_read", 1.0, in_quick=True).case(),
    Requests("postgres_single_64", 0.0, "postgres_single_64_p99", on="postgres").case(),
    Requests("postgres_member_read", 1.0, on="postgres").case(),
    Requests("mixed_80_20", 0.8).case(),
)
