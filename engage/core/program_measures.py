"""What a program says of how use is measured, as frozen data: who is which role, and funnels of ordered events.

Stored within programs, so it changes as they do: a field is added with a default, never renamed or removed.
"""

from __future__ import annotations

from hashlib import blake2b

import msgspec


class Shape(msgspec.Struct, frozen=True, omit_defaults=True):
    """Defaults are left out of the bytes."""


class RoleTrait(Shape, frozen=True):
    """Which member trait says the role, and which of its values mean which role."""

    trait: str  # folded
    values: dict[str, tuple[str, ...]]


class Funnel(Shape, frozen=True):
    """Events that are expected one after another. A step is reached by its event after the step before it."""

    id: str
    name: str
    steps: tuple[str, ...]
    weeks: int = 4
    """Until the end of how many weeks after the one of the first step the others count."""

    @property
    def key(self) -> str:
        """The counter's name: other steps, or another length, begin anew; another name does not."""
        meaning = "\n".join((*self.steps, str(self.weeks))).encode()
        return f"{self.id}/{blake2b(meaning, digest_size=4).hexdigest()}"
