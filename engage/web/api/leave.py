"""Leave, and streaks restored. For server keys alone."""

from __future__ import annotations

from typing import Any, Final
from uuid import uuid4

from engage.actions.leave import Left, restore_streak, take_leave
from engage.core.calendar import local_day_hour
from engage.days import read_day
from engage.store.companies import find_company
from engage.store.members import load_company_state
from engage.web import progress_shapes as shapes
from engage.web.api.members import actor_of
from engage.web.api.streaks import streak_shapes
from engage.web.endpoint import SERVER, Asked, endpoint


async def _streaks(asked: Asked[Any, Any], left: Left) -> shapes.Streaks:
    state, made = left
    async with asked.services.database.read() as s:
        found = await load_company_state(s, await find_company(s, asked.path["company"]))
    today, _ = local_day_hour(asked.services.now(), found[0].timezone if found else "UTC")
    return shapes.Streaks(streak_shapes(made, state, today))


@endpoint(
    "POST",
    "/v1/companies/{company}/members/{member}/leave",
    kinds=SERVER,
    summary="Pause a member's streaks, or excuse days that have passed",
    tag="members",
    status=201,
    errors=(409,),
    idempotent_by_key=True,
)
async def create_leave(asked: Asked[shapes.NewLeave, None]) -> shapes.Streaks:
    given = asked.body
    left = await take_leave(
        asked.services.database,
        company=asked.path["company"],
        member=asked.path["member"],
        first=read_day("from", given.from_),
        last=read_day("to", given.to),
        reason=given.reason or "",
        actor=actor_of(asked, given.actor),
        idempotency_key=asked.idempotency_key or uuid4().hex,
        now=asked.services.now(),
    )
    return await _streaks(asked, left)


@endpoint(
    "POST",
    "/v1/companies/{company}/members/{member}/streaks/{streak}/restore",
    kinds=SERVER,
    summary="Let a member's lost streak go on",
    tag="members",
    errors=(409,),
    idempotent_by_key=True,
    body_optional=True,
)
async def create_restored_streak(asked: Asked[shapes.NewRestore, None]) -> shapes.Streaks:
    left = await restore_streak(
        asked.services.database,
        company=asked.path["company"],
        member=asked.path["member"],
        streak=asked.path["streak"],
        reason=asked.body.reason or "",
        actor=actor_of(asked, asked.body.actor),
        idempotency_key=asked.idempotency_key or uuid4().hex,
        now=asked.services.now(),
    )
    return await _streaks(asked, left)


ENDPOINTS: Final = [create_leave, create_restored_streak]
