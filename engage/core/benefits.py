"""Benefits: what a level entitles to. A level has those of the levels below it, unless it says otherwise itself."""

from __future__ import annotations

from msgspec import Struct

from engage.core.compiled import CompiledProgram

Value = bool | int | str


class Entitlement(Struct, frozen=True):
    value: Value
    level: str
    """The level that says so: the member's own, or one below."""

    @property
    def granted(self) -> bool:
        """False and 0 say that the benefit is not had."""
        return bool(self.value)


def benefits_of(program: CompiledProgram, level: str) -> dict[str, Entitlement]:
    """By id; none for a member without a level, or with one that is gone."""
    levels, found = program.program.levels, dict[str, Entitlement]()
    for step in levels.steps[: program.level_ranks.get(level, 0)] if levels is not None else ():
        found |= {name: Entitlement(value, step.id) for name, value in step.benefits.items()}
    return dict(sorted(found.items()))
