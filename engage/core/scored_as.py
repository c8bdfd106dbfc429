"""By which profile a company was scored: the shape in which that is kept with each score and read.

A score states the weights and bounds it was reckoned with, so that it can be explained when the host has long stated
others. Must not know how a profile is chosen (`engage.core.profiles`).
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from engage.core.language import Text, mark

STANDARD_ID: Final = "standard"
STANDARD_NAME: Final = mark("Standard")


class ScoredAs(Struct, frozen=True, omit_defaults=True):
    """Frozen with the score: a field is added with a default. Only scores by a definition of the host's have one."""

    id: str
    name: str
    """As the host wrote it."""
    text: Text
    """Why this one, in one sentence."""
    definition: str
    """The version of the host's definition: another one, and scores are not compared."""
    weights: dict[str, float]
    """Driver -> its share. Those that are not named count for nothing."""
    bounds: dict[str, tuple[float, float]] = {}
    """Driver -> where its points are 0 and 100, of those that have bounds of the profile's own."""


def is_same(one: ScoredAs | None, other: ScoredAs | None) -> bool:
    """Whether both weigh alike: the same profile of the same definition, or both the built-in weights."""
    return profile_key(one) == profile_key(other)


def profile_key(one: ScoredAs | None) -> tuple[str, str]:
    return ("", "") if one is None else (one.definition, one.id)


def definition_of(one: ScoredAs | None) -> str:
    """Empty: the built-in one."""
    return "" if one is None else one.definition
