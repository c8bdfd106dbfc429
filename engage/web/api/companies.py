"""Companies: listing them, reading one, creating or changing one."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Final

from engage.actions.companies import set_company
from engage.actions.report import company_stages, company_tiers
from engage.actions.turns import program_version
from engage.core.calendar import to_rfc3339
from engage.core.call import clean_text
from engage.core.state import CompanyState
from engage.errors import InvalidRequest
from engage.store.companies import current_programs, find_company
from engage.store.members import list_companies
from engage.store.programs import load_versions
from engage.store.statements import Statements
from engage.web import shapes
from engage.web.endpoint import AGGREGATES, SERVER, Asked, endpoint
from engage.web.paging import Number, Paging, cut, decode_cursor

CompanyRow = tuple[int, str, int, CompanyState, int]


async def programs_in_force(s: Statements, ids: Collection[int]) -> dict[int, shapes.ProgramInForce | None]:
    """What each company follows now; its own log may not have met it yet."""
    current = await current_programs(s, ids)
    versions = await load_versions({id for id in current.values() if id})
    names = {}
    for id in versions:
        compiled = await program_version(id)
        names[id] = compiled.program.name if compiled is not None else ""
    return {
        company: shapes.ProgramInForce(
            version=versions[id].number, own=versions[id].owner == company, name=names[id]
        )
        if id in versions
        else None
        for company, id in current.items()
    }


async def _shown(s: Statements, rows: Sequence[CompanyRow], *, live: bool) -> list[shapes.Company]:
    """`live`: with the members named so far. Beside the frozen number of a report that would tell who came since."""
    ids = [row[0] for row in rows]
    programs = await programs_in_force(s, ids)
    tiers, stages = await company_tiers(s, ids), await company_stages(s, ids)
    return [
        shapes.Company(
            id=external_id,
            name=state.name or None,
            timezone=state.timezone,
            seats=state.seats,
            traits=state.traits,
            members=state.members if live else None,
            stage=stages.get(id),
            tier=tiers.get(id),
            program=programs[id],
            created_at=to_rfc3339(created_at),
        )
        for id, external_id, created_at, state, _ in rows
    ]


async def _one(s: Statements, company: str, *, live: bool) -> shapes.Company:
    id = await find_company(s, company)
    return (await _shown(s, await list_companies(s, id - 1, 1), live=live))[0]


def _is_live(asked: Asked[Any, Any]) -> bool:
    return asked.principal is None or asked.principal.kind != "report"


@endpoint("GET", "/v1/companies", kinds=AGGREGATES, summary="List companies", tag="companies")
async def list_all_companies(asked: Asked[None, Paging]) -> shapes.Companies:
    """In the order in which they were created."""
    after = decode_cursor(asked.query.cursor, Number) or 0
    async with asked.services.database.read() as s:
        rows = await list_companies(s, after, asked.query.limit + 1)
        page, cursor = cut(rows, asked.query.limit, lambda row: row[0])
        return shapes.Companies(await _shown(s, page, live=_is_live(asked)), cursor)


@endpoint(
    "POST",
    "/v1/companies",
    kinds=SERVER,
    summary="Create or change a company",
    tag="companies",
    description="What is absent stays as it is. 201 when the company was created, 200 when it was known.",
    status=201,
    statuses=(200,),
)
async def create_company(asked: Asked[shapes.NewCompany, None]) -> shapes.Company:
    given = asked.body
    check_id("id", given.id)
    created = await set_company(
        asked.services.database,
        given.id,
        name=given.name,
        timezone=given.timezone,
        seats=given.seats,
        now=asked.services.now(),
    )
    asked.status = 201 if created else 200
    async with asked.services.database.read() as s:
        return await _one(s, given.id, live=_is_live(asked))


def check_id(name: str, id: str) -> None:
    """Only what a call could name as well: ids of calls are cleaned, and both must mean one company or member."""
    if clean_text(id).strip() != id:
        raise InvalidRequest(f"{name}: must have no NUL and no spaces around it")


@endpoint("GET", "/v1/companies/{company}", kinds=AGGREGATES, summary="Read a company", tag="companies")
async def get_company(asked: Asked[None, None]) -> shapes.Company:
    async with asked.services.database.read() as s:
        return await _one(s, asked.path["company"], live=_is_live(asked))


ENDPOINTS: Final = [list_all_companies, create_company, get_company]
