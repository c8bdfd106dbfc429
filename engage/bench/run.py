"""A run: the cases chosen, round after round, and what came of them.

Owns the order and the results. A case that cannot run here, or a round that failed, is told with its reason and
never left out in silence.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from engage.bench import batches, footprint, histories, imports, pages, portfolios, requests, together, track
from engage.bench.errors import CannotRun, RoundFailed
from engage.bench.figures import FIGURES, Result, Sample, choose, summarise
from engage.bench.machine import Machine, describe
from engage.bench.places import Places
from engage.bench.workshop import Case, Workshop

ROUNDS: Final = 5
QUICK_ROUNDS: Final = 2
CASES: Final[tuple[Case, ...]] = (
    *batches.CASES,
    *requests.CASES,
    *histories.CASES,
    *together.CASES,
    *pages.CASES,
    *portfolios.CASES,
    *imports.CASES,
    *footprint.CASES,
    *track.CASES,
)


class Outcome(Struct, frozen=True):
    """`not_run` and `failed`: figure -> why."""

    machine: Machine
    figures: dict[str, Result]
    not_run: dict[str, str]
    failed: dict[str, str]


class Wanted(Struct, frozen=True):
    only: Sequence[str] = ()
    quick: bool = False
    rounds: int | None = None
    folder: Path | None = None
    profile: Path | None = None
    postgres: str | None = None
    """A server to measure on, by a URL whose user may create databases; None: one of its own."""


def run(wanted: Wanted, note: Callable[[str], None], cases: Sequence[Case] | None = None) -> Outcome:
    """Measure. `note` hears of every case and round. Raises InvalidRequest for a figure that does not exist."""
    names = set(choose(wanted.only))
    samples: dict[str, list[Sample]] = {}
    not_run: dict[str, str] = {}
    failed: dict[str, str] = {}
    with (
        tempfile.TemporaryDirectory(prefix="engage-bench-", dir=wanted.folder) as folder,
        ExitStack() as held,
    ):
        machine = describe(Path(folder))
        places = Places(wanted.postgres, wanted.folder, held)
        for case in CASES if cases is None else cases:
            chosen = [name for name in case.figures if name in names]
            if wanted.quick and not wanted.only:
                not_run |= {name: "left out by --quick" for name in chosen if name not in case.in_quick}
                chosen = [name for name in chosen if name in case.in_quick]
            if not chosen:
                continue
            note(", ".join(chosen))
            try:
                with (
                    _workshop(Path(folder), places, wanted, chosen, note) as workshop,
                    case.prepare(workshop) as measure,
                ):
                    for _ in range(wanted.rounds or (QUICK_ROUNDS if wanted.quick else ROUNDS)):
                        for name, sample in measure().items():
                            samples.setdefault(name, []).append(sample)
                            note(f"  {name}: {_words(sample)}")
                        workshop.rounds_done += 1
            except CannotRun as error:
                not_run |= dict.fromkeys(chosen, error.message)
            except RoundFailed as error:
                failed |= dict.fromkeys(chosen, error.message)
                for name in chosen:
                    samples.pop(name, None)  # a figure of fewer rounds than were asked for is none
    figures = {
        figure.name: summarise(figure, samples[figure.name])
        for figure in FIGURES
        if figure.name in names and figure.name in samples
    }
    machine = replace(machine, postgres=places.postgres_told)
    return Outcome(machine, figures, not_run, failed)


@contextmanager
def _workshop(
    folder: Path, places: Places, wanted: Wanted, names: Sequence[str], note: Callable[[str], None]
) -> Iterator[Workshop]:
    with tempfile.TemporaryDirectory(dir=folder) as own:
        try:
            yield Workshop(
                Path(own),
                frozenset(names),
                {"sqlite": places.sqlite, "postgres": places.postgres},
                wanted.quick,
                wanted.profile,
                lambda text: note(f"  {text}"),
            )
        finally:
            places.clear()


def _words(sample: Sample) -> str:
    more = "".join(f"; {name} {value:,.4g}" for name, value in sample.details.items())
    if not sample.limit:
        return f"{sample.value:,.4g}{more}"
    return f"{sample.value:,.4g} of {sample.limit:,.4g}: {sample.value / sample.limit:.3f}{more}"
