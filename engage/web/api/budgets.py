"""How much of its budgets a company has used."""

from __future__ import annotations

from datetime import date
from typing import Final

from msgspec import UNSET

from engage.actions.turns import program_version
from engage.core.calendar import local_day_hour
from engage.core.limits import TOLD, used, window_end, window_start
from engage.core.program import Budget
from engage.core.state import CompanyState
from engage.store.companies import current_programs, find_company
from engage.store.members import load_company_state
from engage.web import budget_shapes as shapes
from engage.web.endpoint import SERVER, Asked, endpoint


@endpoint(
    "GET",
    "/v1/companies/{company}/budgets",
    kinds=SERVER,
    summary="How much of its budgets a company has used",
    tag="companies",
    description="Of the program in force, in the windows of today by the company's clock.",
)
async def list_budgets(asked: Asked[None, None]) -> shapes.Budgets:
    async with asked.services.database.read() as s:
        id = await find_company(s, asked.path["company"])
        program = await program_version((await current_programs(s, [id]))[id])
        found = await load_company_state(s, id)
    company = found[0] if found else CompanyState()
    day, _ = local_day_hour(asked.services.now(), company.timezone)
    budgets = program.program.budgets if program is not None else ()
    return shapes.Budgets([_shown(budget, company, day) for budget in budgets])


def _shown(budget: Budget, company: CompanyState, day: int) -> shapes.Budget:
    start, end = window_start(budget.window, day), window_end(budget.window, day)
    awarded = used(company.usage, budget.key, start)
    return shapes.Budget(
        currency=budget.currency,
        window=budget.window,
        amount=budget.amount,
        used=awarded,
        left=max(0, budget.amount - awarded),
        percent=awarded * 100 // budget.amount,
        over=budget.over,
        alerts=list(budget.alerts),
        told=used(company.usage, budget.key + TOLD, start),
        from_=date.fromordinal(start).isoformat() if end else UNSET,
        until=date.fromordinal(end - 1).isoformat() if end else UNSET,
    )


ENDPOINTS: Final = [list_budgets]
