"""What to say of an event that the program does not declare: which declared one was probably meant.

Hosts also send events of which a program knows nothing, on purpose and by the thousand. So the names must be alike but
for a slip, and of each program only the first names are looked up: whoever misspelt something finds it among these.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from engage.core.compiled import CompiledProgram
from engage.core.problems import nearest

SLIPS_ALIKE: Final = 0.9
"""As "Report Export" and "Report Exported" are, and "Report Imported" is not."""
NAMES_MAX: Final = 100
"""Looked up for one program: each takes as long as deciding some events."""
PROGRAMS_MAX: Final = 64
_APART: Final = re.compile(r"[\W_]+")
"""What some write between the words of a name, and others do not."""


def event_meant(program: CompiledProgram, undeclared: str) -> str:
    """Empty where none is so much alike."""
    known = _looked_up(program.hash)
    if undeclared not in known and len(known) < NAMES_MAX:
        declared = {_joined(name): name for name in program.program.events}
        near = nearest(_joined(undeclared), declared, SLIPS_ALIKE)
        known[undeclared] = declared[near] if near else ""
    return known.get(undeclared, "")


def _joined(name: str) -> str:
    return _APART.sub("", name) or name


@lru_cache(maxsize=PROGRAMS_MAX)
def _looked_up(_program: bytes) -> dict[str, str]:
    """By the program's hash: undeclared event -> the one that was meant."""
    return {}
