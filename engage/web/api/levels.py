"""Levels: where a member stands between two, what the next review would find, and benefits. For server keys alone."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from engage.actions.today import bring_to_now
from engage.actions.turns import program_version
from engage.core.benefits import benefits_of
from engage.core.compiled import CompiledProgram
from engage.core.outlook import outlook, points_now
from engage.core.program import Level
from engage.core.state import CompanyState, MemberState
from engage.store.companies import current_programs, find_company
from engage.store.members import load_member_and_program
from engage.web import shapes
from engage.web.endpoint import SERVER, Asked, endpoint

# --- within the member view ---------------------------------------------------------------------------------


def standing(
    state: MemberState, program: CompiledProgram | None, today: int
) -> tuple[shapes.Level | None, shapes.NextLevel | None, float | None]:
    """The level held, the one above, and how far between the two. A level the program no longer has has rank 0."""
    levels = program.program.levels if program else None
    if program is None or levels is None:
        return None, None, None
    steps, rank = levels.steps, program.level_ranks.get(state.level, 0)
    held = _level(program, state.level)
    if rank == len(steps):
        return held, None, None
    points = points_now(program, state, today)
    return held, _next(steps[rank], points), _progress(steps, rank, points)


def _level(program: CompiledProgram, id: str) -> shapes.Level | None:
    levels, rank = program.program.levels, program.level_ranks.get(id, 0)
    if not id or levels is None:
        return None
    return shapes.Level(id, levels.steps[rank - 1].name if rank else id, rank)


def _next(step: Level, points: int) -> shapes.NextLevel:
    return shapes.NextLevel(step.id, step.name, step.threshold, max(0, step.threshold - points))


def _progress(steps: tuple[Level, ...], rank: int, points: int) -> float:
    floor = steps[rank - 1].threshold if rank else 0
    width = steps[rank].threshold - floor
    return round(min(1.0, max(0.0, (points - floor) / width)), 4) if width > 0 else 0.0


def review(
    state: MemberState, program: CompiledProgram | None, company: CompanyState
) -> shapes.LevelReview | None:
    found = outlook(program, company, state) if program is not None else None
    if program is None or found is None:
        return None
    return shapes.LevelReview(
        day=date.fromordinal(found.day).isoformat(),
        level=_level(program, found.level),
        missing=found.missing,
        falls_on=date.fromordinal(found.falls).isoformat() if found.falls else None,
    )


# --- benefits -----------------------------------------------------------------------------------------------


async def _entitlements(asked: Asked[Any, Any]) -> tuple[str, dict[str, shapes.Benefit]]:
    """The member's level and benefits. Whoever is not known yet has neither, for every employee begins so."""
    async with asked.services.database.read() as s:
        id = await find_company(s, asked.path["company"])
        name = asked.path["member"]
        found = await load_member_and_program(s, id, name)
        level, version = "", found[2] if found is not None else (await current_programs(s, [id]))[id]
        program = await program_version(version)
        if found is not None:
            number, state, _, company = found
            await bring_to_now(s, id, number, name, state, version, company, asked.services.now())
            level = state.level
    benefits = benefits_of(program, level) if program is not None else {}
    return level, {
        name: shapes.Benefit(name, one.granted, one.value, one.level) for name, one in benefits.items()
    }


@endpoint(
    "GET",
    "/v1/companies/{company}/members/{member}/benefits",
    kinds=SERVER,
    summary="What a member's level entitles to",
    tag="members",
    description="With those of the levels below, unless a level says otherwise itself. Who is not known yet has none.",
)
async def list_benefits(asked: Asked[None, None]) -> shapes.Benefits:
    level, benefits = await _entitlements(asked)
    return shapes.Benefits(level or None, list(benefits.values()))


@endpoint(
    "GET",
    "/v1/companies/{company}/members/{member}/benefits/{benefit}",
    kinds=SERVER,
    summary="Whether a member has a benefit, and its value",
    tag="members",
    description="What no level of the member's has, or nobody declares, is not granted: an answer, not a 404.",
)
async def get_benefit(asked: Asked[None, None]) -> shapes.Benefit:
    _, benefits = await _entitlements(asked)
    name = asked.path["benefit"]
    return benefits.get(name) or shapes.Benefit(name, granted=False, value=None, level=None)


ENDPOINTS: Final = [list_benefits, get_benefit]
