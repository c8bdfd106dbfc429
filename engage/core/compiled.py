"""A program made ready to decide: one generated matcher per event, lookups, and a bounded cache of both.

Owns nothing that is stored: everything here is derived from a Program and can be made again. Must not know
limits, balances or where programs are kept; a loader is handed in.
"""

from __future__ import annotations

import typing as t

import msgspec

from engage.core.conditions import Facts
from engage.core.program import Program, Rule

COMPILED_PROGRAMS_MAX = 256  # a 50-rule program is about 0.3 MB compiled


class Matcher(msgspec.Struct, frozen=True):
    """The rules one event triggers, in declared order, and the function that answers for all of them:
    per rule 0 when its conditions hold, else the number of the node that stopped it."""

    rules: tuple[Rule, ...]
    match: t.Callable[[Facts], tuple[int, ...]]


class CompiledProgram(msgspec.Struct, frozen=True):
    program: Program
    hash: bytes
    matchers: dict[str, Matcher]  # only events that some rule is triggered by
    level_ranks: dict[str, int]  # level id -> rank, 1-based
    level_thresholds: tuple[int, ...]  # rank reached = bisect_right(level_thresholds, earned)

    def mistyped(self, event_name: str, properties: dict[str, t.Any]) -> list[str]:
        """The declared properties whose value is present and of the wrong type, hence taken as missing."""
        raise NotImplementedError

    def without_personal(self, event_name: str, properties: dict[str, t.Any]) -> dict[str, t.Any]:
        """The properties that may be logged. The same object when nothing had to go."""
        raise NotImplementedError


def compile_program(program: Program) -> CompiledProgram:
    raise NotImplementedError


def compiled(program_hash: bytes, load: t.Callable[[], Program]) -> CompiledProgram:
    """The compiled program of this hash, made from `load()` when it is not among the last used."""
    raise NotImplementedError
