"""What is said of a call that was taken, but may not do what was meant: a misspelt event, a value of the wrong type.

Hosts also send events of which a program knows nothing, on purpose and by the thousand. So names must be alike but for
a slip, and of each program only the first are looked up: whoever misspelt something finds it among these.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from engage.core.calendar import is_time_zone
from engage.core.call import Call
from engage.core.compiled import CompiledProgram
from engage.core.conditions import fold_name, typed
from engage.core.event import Kind
from engage.core.fold import SEATS_MAX, is_seats
from engage.core.problems import nearest
from engage.core.program import Trait
from engage.core.terms import CUSTOMER_SINCE, day_of, tells_of_a_term, term_of_traits

SLIPS_ALIKE: Final = 0.9
"""As "Report Export" and "Report Exported" are, and "Report Imported" is not."""
NAMES_MAX: Final = 100
"""Looked up for one program: each takes as long as deciding some events."""
PROGRAMS_MAX: Final = 64
_APART: Final = re.compile(r"[\W_]+")
"""What some write between the words of a name, and others do not."""


def mistyped(program: CompiledProgram, call: Call) -> list[str]:
    """Each declared property or trait that is taken as missing."""
    what, names = "property", program.mistyped(call.name, call.data)
    if call.kind in (Kind.IDENTIFY, Kind.GROUP):
        of_company = call.kind == Kind.GROUP
        declared = program.program.company_traits if of_company else program.program.member_traits
        what, names = "trait", _mistyped_traits(declared, call.data)
    return [f"{what} {name!r} is not of its declared type; taken as missing" for name in names]


def _mistyped_traits(declared: Mapping[str, Trait], given: Mapping[str, Any]) -> list[str]:
    types = {fold_name(name): (name, trait.type) for name, trait in declared.items()}
    told = {fold_name(name): value for name, value in given.items() if value is not None} if types else {}
    return [types[name][0] for name in types if name in told and typed(told[name], types[name][1]) is None]


def unread_traits(given: Mapping[str, Any], traits: Mapping[str, Any]) -> list[str]:
    """What of the traits `given` for a company is a trait and no more, though its name has a meaning. `traits`: all
    that it has now."""
    told = {fold_name(name): value for name, value in given.items() if value is not None}
    wrong = [text for name, value in told.items() if (text := wrong_trait(name, value)) is not None]
    found = [f"{text}; kept as a trait alone" for text in wrong]
    if not found and tells_of_a_term(told):
        term = term_of_traits(traits)
        found += [f"the traits tell of no contract term yet: {term}"] if isinstance(term, str) else []
    return found


def wrong_trait(name: str, value: Any) -> str | None:
    """Why a company's trait (its name folded) cannot be what a trait of that name means."""
    if name == "timezone" and not (isinstance(value, str) and is_time_zone(value)):
        return f"{str(value)[:80]!r} is not an IANA time zone such as Europe/Berlin"
    if name == "seats" and not is_seats(value):
        return f"seats must be a whole number from 0 to {SEATS_MAX:,}, not {str(value)[:80]!r}"
    if name == CUSTOMER_SINCE and day_of(value) is None:
        return f"customer_since must be a date such as 2026-03-31, not {str(value)[:80]!r}"
    return None


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
