"""Campaigns of a company: where they stand, what they cost and moved; pausing, ending and copying one."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from engage.actions.campaigns import clone_campaign, steer_campaign
from engage.actions.turns import program_version
from engage.core.calendar import local_day_hour, to_rfc3339
from engage.core.campaigns import END, PAUSE, RESUME, days_of, figures, state_of
from engage.core.program import Program
from engage.core.state import CompanyState
from engage.errors import NotFound
from engage.store.companies import current_programs, find_company
from engage.store.log import load_days
from engage.store.members import load_company_state
from engage.store.statements import Statements
from engage.web import program_shapes, shapes
from engage.web.api.members import actor_of
from engage.web.endpoint import SERVER, Asked, endpoint

CAMPAIGNS: Final = "/v1/companies/{company}/campaigns"


async def _shown(
    s: Statements, company_id: int, program: Program, state: CompanyState, id: str, now: int
) -> program_shapes.Campaign:
    campaign, today = program.campaigns[id], local_day_hour(now, state.timezone)[0]
    before, _, last = days_of(program, id, today)
    found = figures(program, state, id, today, await load_days(s, company_id, before, last))
    stop = state.campaigns.get(id)
    budgets = {budget.currency: budget.amount for budget in campaign.budgets}
    return program_shapes.Campaign(
        id=id,
        name=campaign.name,
        state=state_of(program, state, id, today),
        first_day=date.fromordinal(campaign.first_day).isoformat(),
        last_day=date.fromordinal(campaign.last_day).isoformat(),
        audience=campaign.audience or None,
        rules=[rule.id for rule in program.rules if rule.campaign == id],
        stopped=None
        if stop is None
        else program_shapes.CampaignStop(
            "end" if stop.ended else "pause", stop.actor, stop.reason, to_rfc3339(stop.at)
        ),
        awarded=found.awarded,
        budgets={
            currency: program_shapes.CampaignBudget(amount, amount - found.awarded.get(currency, 0))
            for currency, amount in budgets.items()
        },
        firings=found.firings,
        members=found.members,
        activity=program_shapes.CampaignActivity(found.days, found.events, found.events_before),
    )


async def _program_and_state(s: Statements, company: str) -> tuple[int, Program | None, CompanyState]:
    company_id = await find_company(s, company)
    compiled = await program_version((await current_programs(s, [company_id]))[company_id])
    found = await load_company_state(s, company_id)
    return company_id, compiled.program if compiled else None, found[0] if found else CompanyState()


@endpoint(
    "GET",
    CAMPAIGNS,
    kinds=SERVER,
    summary="List a company's campaigns: where they stand, what they cost and moved",
    tag="campaigns",
    description="Those of the program in force. `activity` counts the events that its rules are triggered by, by "
    "anybody: in its days so far, and in as many before.",
)
async def list_campaigns(asked: Asked[None, None]) -> program_shapes.Campaigns:
    now = asked.services.now()
    async with asked.services.database.read() as s:
        company_id, program, state = await _program_and_state(s, asked.path["company"])
        shown = []
        if program is not None:
            ids = sorted(program.campaigns, key=lambda id: (program.campaigns[id].first_day, id))
            shown = [await _shown(s, company_id, program, state, id, now) for id in ids]
    return program_shapes.Campaigns(shown)


@endpoint(
    "GET", f"{CAMPAIGNS}/{{campaign}}", kinds=SERVER, summary="Read a campaign of a company", tag="campaigns"
)
async def get_campaign(asked: Asked[None, None]) -> program_shapes.Campaign:
    return await _one(asked)


async def _one(asked: Asked[Any, Any]) -> program_shapes.Campaign:
    id = asked.path["campaign"]
    async with asked.services.database.read() as s:
        company_id, program, state = await _program_and_state(s, asked.path["company"])
        if program is None or id not in program.campaigns:
            raise NotFound(f"there is no campaign {id[:64]!r} in the program of this company")
        return await _shown(s, company_id, program, state, id, asked.services.now())


async def _steer(asked: Asked[program_shapes.CampaignStep, None], step: str) -> program_shapes.Campaign:
    await steer_campaign(
        asked.services.database,
        asked.path["company"],
        asked.path["campaign"],
        step,
        reason=asked.body.reason,
        actor=actor_of(asked, asked.body.actor),
        now=asked.services.now(),
    )
    return await _one(asked)


@endpoint(
    "POST",
    f"{CAMPAIGNS}/{{campaign}}/pause",
    kinds=SERVER,
    summary="Pause a campaign",
    tag="campaigns",
    description="From the next event on its rules do not fire, whenever the event happened. 409 when it is over.",
    errors=(409,),
)
async def pause_campaign(asked: Asked[program_shapes.CampaignStep, None]) -> program_shapes.Campaign:
    return await _steer(asked, PAUSE)


@endpoint(
    "POST",
    f"{CAMPAIGNS}/{{campaign}}/resume",
    kinds=SERVER,
    summary="Let a paused campaign go on",
    tag="campaigns",
    errors=(409,),
)
async def resume_campaign(asked: Asked[program_shapes.CampaignStep, None]) -> program_shapes.Campaign:
    return await _steer(asked, RESUME)


@endpoint(
    "POST",
    f"{CAMPAIGNS}/{{campaign}}/end",
    kinds=SERVER,
    summary="End a campaign before its last day, for good",
    tag="campaigns",
    errors=(409,),
)
async def end_campaign(asked: Asked[program_shapes.CampaignStep, None]) -> program_shapes.Campaign:
    return await _steer(asked, END)


@endpoint(
    "POST",
    f"{CAMPAIGNS}/{{campaign}}/clone",
    kinds=SERVER,
    summary="Copy a campaign into the draft, under another id and dates",
    tag="campaigns",
    description="Of the draft, or else of the program in force. Its rules are copied with it, as `RULE-ID`.",
    errors=(409, 422),
)
async def create_campaign_copy(asked: Asked[program_shapes.NewCampaignCopy, None]) -> shapes.Draft:
    draft = await clone_campaign(
        asked.services.database,
        asked.path["company"],
        asked.path["campaign"],
        new=asked.body.id,
        first_day=asked.body.first_day,
        last_day=asked.body.last_day,
        actor=actor_of(asked, asked.body.actor),
        now=asked.services.now(),
    )
    return shapes.Draft(draft.document, draft.actor, to_rfc3339(draft.updated_at), True)


ENDPOINTS: Final = [
    list_campaigns,
    get_campaign,
    pause_campaign,
    resume_campaign,
    end_campaign,
    create_campaign_copy,
]
