"""Rejects: the calls that could not be accepted, with their reasons, newest first."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from engage.core.calendar import to_rfc3339
from engage.store.held import load_rejects
from engage.web import shapes
from engage.web.endpoint import SERVER, Asked, endpoint
from engage.web.paging import Number, Paging, cut, decode_cursor


def _call(said: bytes) -> Any:
    """The call as far as it was kept: a long one is cut, and then it is text and no longer JSON."""
    try:
        return msgspec.json.decode(said)
    except (msgspec.DecodeError, RecursionError):
        return said.decode(errors="replace")


@endpoint("GET", "/v1/rejects", kinds=SERVER, summary="List rejected calls, newest first", tag="events")
async def list_rejects(asked: Asked[None, Paging]) -> shapes.Rejects:
    before = decode_cursor(asked.query.cursor, tuple[Number, Number, Number])
    async with asked.services.database.read() as s:
        rows = await load_rejects(s, before, asked.query.limit + 1)
    page, cursor = cut(rows, asked.query.limit, lambda row: (row[1], row[2], row[3]))
    return shapes.Rejects(
        [
            shapes.Reject(
                id=f"{received_at}-{company_id}-{n}",
                received_at=to_rfc3339(received_at),
                company=company,
                code=code,
                message=message,
                call=_call(said),
            )
            for company, received_at, company_id, n, code, message, said in page
        ],
        cursor,
    )


ENDPOINTS: Final = [list_rejects]
