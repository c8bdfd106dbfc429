"""Cases measured for real, but small: each gives a sample with a limit for every figure it is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from engage.bench import batches, footprint, histories, imports, pages, portfolios, requests, together
from engage.bench.places import Places
from engage.bench.stored import History
from engage.bench.traffic import Population
from engage.bench.workshop import Case, Workshop

FEW = Population(companies=4, members=40)


@pytest.fixture(scope="module")
def places() -> Iterator[Places]:
    with ExitStack() as held:
        yield Places(None, None, held)


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    changes: dict[Any, dict[str, Any]] = {
        batches: {"CALLS_PER_ROUND": 500},
        requests: {"REQUESTS_PER_ROUND": 200, "USUAL": FEW, "STEADY_SECONDS": 0.2},
        histories: {"CALLS_PER_ROUND": 500, "WARM_BATCHES": 1},
        footprint: {"STORED_CALLS": 500, "LOADED_CALLS": 500, "LOADED_SINGLES": 50, "USUAL": FEW},
        imports: {"CALLS": 500},
        pages: {"HISTORY": History(FEW, 400), "VIEWS": dict.fromkeys(pages.VIEWS, 4), "BLANKS": 20},
        portfolios: {"HISTORY": History(FEW, 400), "VIEWS": 4},
        together: {"MANY": FEW, "CALLS_PER_ROUND": 400},
    }
    for module, values in changes.items():
        for name, value in values.items():
            monkeypatch.setattr(module, name, value)


SMALL = [
    batches.Batches({"postgres_batch_100": 2}, size=100, population=FEW, on="postgres").case(),
    requests.Requests("single_64", 0.5, "single_64_p99").case(),
    histories.Compared("history_1m", History(FEW, 400), None).case(),
    histories.Compared("postgres_members_1m", History(FEW, 400), History(FEW, 100), on="postgres").case(),
    *footprint.CASES,
    *imports.CASES,
    *pages.CASES,
    *portfolios.CASES,
    together.Together("postgres_two_processes", mixed=False).case(),
]


@pytest.mark.parametrize("case", SMALL, ids=lambda case: case.figures[0])
def test_a_case_measures_each_of_its_figures_beside_its_limit(
    case: Case, tmp_path: Path, places: Places
) -> None:
    engines = {"sqlite": places.sqlite, "postgres": places.postgres}
    workshop = Workshop(tmp_path, frozenset(case.figures), engines)
    with case.prepare(workshop) as measure:
        found = measure()
    assert set(found) == set(case.figures)
    assert all(sample.value > 0 and sample.limit and sample.limit > 0 for sample in found.values())
