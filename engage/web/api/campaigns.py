"""Campaigns of a company: where they stand, what they cost and moved; pausing, ending and copying one."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from engage.actions.campaigns import Standing, clone_campaign, standing, standings, steer_campaign
from engage.core.calendar import to_rfc3339
from engage.core.campaigns import END, PAUSE, RESUME
from engage.web import program_shapes, shapes
from engage.web.api.members import actor_of
from engage.web.endpoint import SERVER, Asked, endpoint

CAMPAIGNS: Final = "/v1/companies/{company}/campaigns"


def _shown(standing: Standing) -> program_shapes.Campaign:
    return msgspec.convert(standing, program_shapes.Campaign, from_attributes=True)


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
    async with asked.services.database.read() as s:
        found = await standings(s, asked.path["company"], asked.services.now())
    return program_shapes.Campaigns([_shown(one) for one in found])


@endpoint(
    "GET", f"{CAMPAIGNS}/{{campaign}}", kinds=SERVER, summary="Read a campaign of a company", tag="campaigns"
)
async def get_campaign(asked: Asked[None, None]) -> program_shapes.Campaign:
    return await _one(asked)


async def _one(asked: Asked[Any, Any]) -> program_shapes.Campaign:
    async with asked.services.database.read() as s:
        return _shown(await standing(s, asked.path["company"], asked.path["campaign"], asked.services.now()))


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
