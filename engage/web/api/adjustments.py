"""Adjustments that wait for a second person: who looks for them, approves and declines. For server keys alone."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal
from uuid import uuid4

import msgspec
from msgspec import UNSET, Meta, Struct

from engage.actions.adjust import settle
from engage.core.calendar import to_rfc3339
from engage.core.state import AMOUNT_MAX
from engage.errors import NotFound
from engage.store.adjustments import list_requests
from engage.store.companies import find_company
from engage.web import shapes
from engage.web.api.members import actor_of, adjusted
from engage.web.endpoint import SERVER, Asked, Endpoint, endpoint
from engage.web.paging import LIMIT_DEFAULT, LIMIT_MAX, Number, cut, decode_cursor


class InStatus(Struct):
    """Query parameters of the list."""

    status: Literal["requested", "done", "declined"] = "requested"
    cursor: (
        Annotated[str, Meta(description="`next_cursor` of the page before; absent for the first page.")]
        | None
    ) = None
    limit: Annotated[int, Meta(ge=1, le=LIMIT_MAX, description="How many items at most.")] = LIMIT_DEFAULT


@endpoint(
    "GET",
    "/v1/companies/{company}/adjustments",
    kinds=SERVER,
    summary="Adjustments that wait for a second person, newest first",
    tag="members",
    description="Or those that waited and were settled, by `status`.",
)
async def list_adjustments(asked: Asked[None, InStatus]) -> shapes.AdjustmentRequests:
    before = decode_cursor(asked.query.cursor, Number) or AMOUNT_MAX
    async with asked.services.database.read() as s:
        id = await find_company(s, asked.path["company"])
        rows = await list_requests(
            s, id, status=asked.query.status, before=before, limit=asked.query.limit + 1
        )
    page, cursor = cut(rows, asked.query.limit, lambda one: one.id)
    found: list[dict[str, Any]] = [
        {
            "id": str(one.id),
            "member": one.member_id,
            "currency": one.currency,
            "amount": one.amount,
            "status": one.status,
            "reason": one.reason,
            "actor": one.actor,
            "requested_at": to_rfc3339(one.requested_at),
            "settled_by": one.settled_by or UNSET,
            "settled_for": one.settled_for or UNSET,
        }
        for one in page
    ]
    given = [{key: value for key, value in one.items() if value is not UNSET} for one in found]
    return shapes.AdjustmentRequests(msgspec.convert(given, list[shapes.AdjustmentRequest]), cursor)


def _step(step: str, summary: str) -> Endpoint:
    async def take(asked: Asked[shapes.NewSettlement, None]) -> shapes.Adjustment:
        number = asked.path["adjustment"]
        if not (number.isascii() and number.isdigit() and len(number) <= 18):
            raise NotFound(f"there is no adjustment {number[:255]!r}")
        done = await settle(
            asked.services.database,
            company=asked.path["company"],
            adjustment=int(number),
            step=step,
            reason=asked.body.reason,
            actor=actor_of(asked, asked.body.actor),
            idempotency_key=asked.idempotency_key or uuid4().hex,
            now=asked.services.now(),
        )
        return adjusted(done)

    take.__name__ = f"{step}_adjustment"
    return endpoint(
        "POST",
        f"/v1/companies/{{company}}/adjustments/{{adjustment}}/{step}",
        kinds=SERVER,
        summary=summary,
        tag="members",
        errors=(409,),
        idempotent_by_key=True,
    )(take)


approve_adjustment = _step("approve", "Approve an adjustment that somebody else asked for")
decline_adjustment = _step("decline", "Decline an adjustment that waits")

ENDPOINTS: Final = [list_adjustments, approve_adjustment, decline_adjustment]
