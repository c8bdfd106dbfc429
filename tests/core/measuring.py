"""Measuring members as they are kept: what a measure looks at has to be among what is read of their bytes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from engage.core import measures
from engage.core.measured import decode_measured
from engage.core.measures import WeekMeasures
from engage.core.program import Program
from engage.core.state import CompanyState, DayRollup, MemberState, encode_state


def measure_weeks(
    program: Program | None,
    company: CompanyState,
    members: Iterable[MemberState],
    days: Mapping[int, DayRollup],
    mondays: Sequence[int],
    catalogue: Collection[str] = (),
    floor: int = measures.FLOOR,
) -> list[WeekMeasures]:
    kept = [decode_measured(encode_state(member)) for member in members]
    return measures.measure_weeks(program, company, kept, days, mondays, catalogue, floor)


def measure_week(
    program: Program | None,
    company: CompanyState,
    members: Iterable[MemberState],
    days: Mapping[int, DayRollup],
    monday: int,
    catalogue: Collection[str] = (),
    floor: int = measures.FLOOR,
) -> WeekMeasures:
    return measure_weeks(program, company, members, days, [monday], catalogue, floor)[0]
