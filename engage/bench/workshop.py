"""What every case works with: where its files may be, how thorough to be, and how to alternate.

Owns the shape of a case. A case prepares once and is then asked for rounds; each round measures Engage and the limit
one after the other, in turns first, so that neither profits from a machine that warms up or tires.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Literal, TypeVar

from msgspec import Struct

from engage.bench.databases import Engine
from engage.bench.figures import Sample

T = TypeVar("T")
U = TypeVar("U")

EngineName = Literal["sqlite", "postgres"]
Round = dict[str, Sample]
"""By the figure's name."""


class Workshop(Struct):
    folder: Path
    """For databases; empty at the start of each case."""
    wanted: frozenset[str]
    """The figures asked for: a case of several measures only these."""
    engines: Mapping[EngineName, Callable[[], Engine]]
    """Raises CannotRun for a database that is not to be had here."""
    quick: bool = False
    profile: Path | None = None
    """Where to leave a profile of the service's main thread, which then is slower than it says."""
    note: Callable[[str], None] = lambda text: None
    rounds_done: int = 0

    def engine(self, name: EngineName) -> Engine:
        return self.engines[name]()

    def scaled(self, number: int) -> int:
        """Less of it where the benchmark is to be quick."""
        return max(1, number // 4) if self.quick else number

    def in_turns(self, measure: Callable[[], T], limit: Callable[[], U]) -> tuple[T, U]:
        """Both, the one that came second in the last round first in this."""
        if self.rounds_done % 2 == 0:
            measured = measure()
            return measured, limit()
        bound = limit()
        return measure(), bound


class Case(Struct, frozen=True):
    figures: tuple[str, ...]
    prepare: Callable[[Workshop], AbstractContextManager[Callable[[], Round]]]
    in_quick: tuple[str, ...] = ()
    """Those that are measured when it is to be quick."""
