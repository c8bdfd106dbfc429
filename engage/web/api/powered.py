"""Powered-by links, and which company recommended which: of companies alone."""

from __future__ import annotations

from typing import Final

from engage.actions.powered import follow, make_link, recommend
from engage.core.calendar import to_rfc3339
from engage.errors import NotFound
from engage.store.companies import find_company, name_numbers
from engage.store.powered import (
    RecommendationRow,
    count_recommended,
    follows,
    list_recommendations,
    load_code,
    load_recommendation,
)
from engage.web import referral_shapes as shapes
from engage.web.api.members import actor_of
from engage.web.endpoint import AGGREGATES, INGESTION, SERVER, Asked, endpoint
from engage.web.paging import Number, cut, decode_cursor

POWERED: Final = "/v1/companies/{company}/powered-by"


async def _powered(asked: Asked[None, None]) -> shapes.PoweredBy:
    async with asked.services.database.read() as s:
        id = await find_company(s, asked.path["company"])
        code, followed, recommended = await load_code(id), await follows(id), await count_recommended(id)
    if code is None:
        raise NotFound("this company has no powered-by link yet")
    return shapes.PoweredBy(code, sum(followed.values()), followed, recommended)


@endpoint(
    "PUT",
    POWERED,
    kinds=SERVER,
    summary="The code of a company's powered-by link",
    tag="referral",
    description="Made when it is asked for first, and kept. Put it into the link to you that your product prints.",
    body_optional=True,
)
async def put_powered_by(asked: Asked[None, None]) -> shapes.PoweredBy:
    await make_link(asked.services.database, company=asked.path["company"], now=asked.services.now())
    return await _powered(asked)


@endpoint(
    "GET",
    POWERED,
    kinds=SERVER,
    summary="How often a company's powered-by link was followed, and who came by it",
    tag="referral",
)
async def get_powered_by(asked: Asked[None, None]) -> shapes.PoweredBy:
    return await _powered(asked)


@endpoint(
    "POST",
    "/v1/powered-by/{code}/follows",
    kinds=INGESTION,
    summary="Somebody followed a powered-by link",
    tag="referral",
    description="Counted by day and channel; nothing of who it was is taken.",
)
async def create_follow(asked: Asked[shapes.NewFollow, None]) -> shapes.Counted:
    await follow(
        asked.services.database,
        code=asked.path["code"],
        channel=asked.body.channel,
        now=asked.services.now(),
    )
    return shapes.Counted(counted=True)


def _recommendation(row: RecommendationRow, names: dict[int, str]) -> shapes.Recommendation:
    return shapes.Recommendation(
        names[row.company], names[row.by], row.channel, to_rfc3339(row.at), row.actor
    )


@endpoint(
    "PUT",
    "/v1/companies/{company}/recommendation",
    kinds=SERVER,
    summary="A new company came by another one's powered-by link",
    tag="referral",
    errors=(409,),
    description="The first counts; the same again changes nothing. 409 when another company recommended it already, "
    "or for one that came later than it.",
)
async def put_recommendation(asked: Asked[shapes.NewRecommendation, None]) -> shapes.Recommendation:
    row = await recommend(
        asked.services.database,
        company=asked.path["company"],
        code=asked.body.code,
        channel=asked.body.channel,
        actor=actor_of(asked, asked.body.actor),
        now=asked.services.now(),
    )
    async with asked.services.database.read():
        return _recommendation(row, await name_numbers([row.company, row.by]))


@endpoint(
    "GET",
    "/v1/companies/{company}/recommendation",
    kinds=AGGREGATES,
    summary="Which company recommended this one",
    tag="referral",
)
async def get_recommendation(asked: Asked[None, None]) -> shapes.Recommendation:
    async with asked.services.database.read() as s:
        row = await load_recommendation(await find_company(s, asked.path["company"]))
        if row is None:
            raise NotFound("no company recommended this one")
        return _recommendation(row, await name_numbers([row.company, row.by]))


@endpoint(
    "GET",
    "/v1/recommendations",
    kinds=AGGREGATES,
    summary="Which companies came by whose recommendation",
    tag="referral",
    description="In the order in which they came; `by` lists those that one company recommended.",
    errors=(404,),
)
async def list_all_recommendations(asked: Asked[None, shapes.InPages]) -> shapes.Recommendations:
    after = decode_cursor(asked.query.cursor, Number) or 0
    async with asked.services.database.read() as s:
        by = await find_company(s, asked.query.by) if asked.query.by is not None else None
        rows = await list_recommendations(after, asked.query.limit + 1, by)
        page, cursor = cut(rows, asked.query.limit, lambda row: row.company)
        names = await name_numbers({number for row in page for number in (row.company, row.by)})
    return shapes.Recommendations([_recommendation(row, names) for row in page], cursor)


ENDPOINTS: Final = [
    put_powered_by,
    get_powered_by,
    create_follow,
    put_recommendation,
    get_recommendation,
    list_all_recommendations,
]
