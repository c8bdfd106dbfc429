"""Two server processes on one PostgreSQL beside one: what an event costs them in processor time.

The machine's cores are shared with the database and the load, so events per second would say little; a second process
that only waits, or decides everything twice, shows in the time that the processes use.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import Final

from msgspec import Struct

from engage.bench.client import Shot
from engage.bench.figures import Sample, beside
from engage.bench.processes import Server, serving
from engage.bench.programs import QUICKSTART
from engage.bench.traffic import Population, Traffic, batch_request
from engage.bench.workshop import Case, Round, Workshop

MANY: Final = Population(companies=1_000, members=10_000)
CONNECTIONS: Final = 4
"""To all processes together."""
BATCH: Final = 100
CALLS_PER_ROUND: Final = 32_000


class Together(Struct, frozen=True):
    """Batches that reach either process by chance. `mixed`: each of all companies, else each of one."""

    name: str
    mixed: bool

    def case(self) -> Case:
        return Case((self.name,), self.prepare)

    @contextmanager
    def prepare(self, workshop: Workshop) -> Iterator[Callable[[], Round]]:
        engine = workshop.engine("postgres")
        template = engine.prepare(workshop.folder, QUICKSTART)
        traffic, chance = Traffic(MANY), random.Random(1)

        def batch() -> list[dict[str, object]]:
            return traffic.batch(BATCH, None if self.mixed else chance.randrange(MANY.companies))

        warm = [Shot(batch_request(one, template.key), len(one)) for one in traffic.first_of_everyone(500)]
        timed = [
            Shot(batch_request(batch(), template.key), BATCH)
            for _ in range(workshop.scaled(CALLS_PER_ROUND) // BATCH)
        ]
        calls = len(timed) * BATCH

        def by(processes: int) -> Sample:
            with engine.copy(template) as url, ExitStack() as held:
                servers = [held.enter_context(serving(url)) for _ in range(processes)]
                _drive(servers, warm)
                cpu = sum(server.cpu_seconds() for server in servers)
                rate = calls / _drive(servers, timed)
                spent = sum(server.cpu_seconds() for server in servers) - cpu
            return Sample(calls / spent, details={f"events_per_second_by_{processes}": rate})

        yield lambda: {self.name: beside(*workshop.in_turns(lambda: by(2), lambda: by(1)))}


def _drive(servers: Sequence[Server], shots: Sequence[Shot]) -> float:
    """Seconds until all have answered all; each gets every so manieth."""
    connections = CONNECTIONS // len(servers)
    with ThreadPoolExecutor(len(servers)) as threads:
        reports = [
            threads.submit(server.drive, shots[place :: len(servers)], connections)
            for place, server in enumerate(servers)
        ]
        return max(report.result().seconds for report in reports)


CASES: Final = (
    Together("postgres_two_processes", mixed=False).case(),
    Together("postgres_two_processes_mixed", mixed=True).case(),
)
