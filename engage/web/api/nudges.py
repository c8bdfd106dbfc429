"""Nudges over HTTP: what a member has not seen yet, that it was seen, and what became of all in a company."""

from __future__ import annotations

from typing import Final

from engage.actions.nudges import open_nudge
from engage.actions.turns import program_version
from engage.core.calendar import to_rfc3339
from engage.core.compiled import CompiledProgram
from engage.core.state import MemberState, NudgeCounts
from engage.errors import NotFound
from engage.store.companies import current_programs, find_company
from engage.store.members import load_company_state
from engage.store.times import load_times
from engage.web import progress_shapes as shapes
from engage.web.endpoint import SERVER, Asked, endpoint


def nudge_shapes(
    state: MemberState, made: CompiledProgram | None, times: dict[int, int]
) -> list[shapes.Nudge]:
    """Those that the program has still. `times`: when the entries of `entries_of_nudges` happened."""
    texts = made.program.nudges if made is not None else {}
    found = []
    for id, seq in state.nudges.items():
        if id in texts:
            standing = state.nudged.get(id)
            opened = standing.opened if standing is not None else 0
            at = to_rfc3339(times[opened]) if opened else None
            found.append(shapes.Nudge(id, texts[id].text, to_rfc3339(times[seq]), bool(opened), at))
    return found


def entries_of_nudges(state: MemberState) -> list[int]:
    """The entries whose times are shown with them."""
    return [*state.nudges.values(), *(one.opened for one in state.nudged.values() if one.opened)]


@endpoint(
    "POST",
    "/v1/companies/{company}/members/{member}/nudges/{nudge}/opened",
    kinds=SERVER,
    summary="Say that a member has seen a nudge",
    tag="members",
    description="The first time counts; saying so again changes nothing. One that is sent again is not seen yet.",
    body_optional=True,
)
async def create_opening(asked: Asked[shapes.NewOpening, None]) -> shapes.Nudge:
    nudge, services = asked.path["nudge"], asked.services
    assert asked.principal is not None
    id, state, made = await open_nudge(
        services.database,
        company=asked.path["company"],
        member=asked.path["member"],
        nudge=nudge,
        actor=asked.body.actor or f"key {asked.principal.key_id}",
        now=services.now(),
    )
    async with services.database.read() as s:
        times = await load_times(s, id, entries_of_nudges(state))
    found = next((one for one in nudge_shapes(state, made, times) if one.id == nudge), None)
    if found is None:
        raise NotFound(f"the program has no nudge {nudge[:64]!r} any more")
    return found


@endpoint(
    "GET",
    "/v1/companies/{company}/nudges",
    kinds=SERVER,
    summary="What became of a company's nudges: sent, opened, returned",
    tag="members",
    description="Of the program in force, since the company's beginning.",
)
async def list_nudges(asked: Asked[None, None]) -> shapes.Nudges:
    async with asked.services.database.read() as s:
        company_id = await find_company(s, asked.path["company"])
        made = await program_version((await current_programs(s, [company_id]))[company_id])
        state = await load_company_state(s, company_id)
    counts = state[0].nudges if state is not None else {}
    nudges = made.program.nudges if made is not None else {}
    return shapes.Nudges(
        [_found(id, one.text, counts.get(id) or NudgeCounts()) for id, one in nudges.items()]
    )


def _found(id: str, text: str, n: NudgeCounts) -> shapes.NudgeFound:
    rates = shapes.NudgeRates(_percent(n.opened, n.sent), _percent(n.returned, n.sent))
    return shapes.NudgeFound(id, text, n.sent, n.opened, n.returned, rates)


def _percent(part: int, whole: int) -> float | None:
    return round(100 * part / whole, 1) if whole else None


ENDPOINTS: Final = [create_opening, list_nudges]
