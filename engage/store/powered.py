"""Powered-by links, how often they were followed, and who recommended whom: host-level rows, of companies alone."""

from __future__ import annotations

from msgspec import Struct
from tortoise.expressions import F

from engage.store import tables


class RecommendationRow(Struct, frozen=True):
    company: int
    by: int
    channel: str
    at: int
    actor: str


async def load_code(company_id: int) -> str | None:
    row = await tables.PoweredLink.filter(company_id=company_id).first()
    return None if row is None else row.code


async def keep_code(company_id: int, code: str, now: int) -> str:
    """The company's code: this one, unless it has one."""
    row = tables.PoweredLink(company_id=company_id, code=code, created_at=now)
    await tables.PoweredLink.bulk_create([row], ignore_conflicts=True)
    return await load_code(company_id) or code


async def company_of_code(code: str) -> int | None:
    row = await tables.PoweredLink.filter(code=code).first() if len(code) <= tables.CODE_CHARS_MAX else None
    return None if row is None else row.company_id


async def count_follow(company_id: int, day: int, channel: str) -> None:
    key = {"company_id": company_id, "day": day, "channel": channel}
    await tables.Follow.bulk_create([tables.Follow(**key, times=0)], ignore_conflicts=True)
    await tables.Follow.filter(**key).update(times=F("times") + 1)


async def follows(company_id: int) -> dict[str, int]:
    """Channel -> how often, ever."""
    found: dict[str, int] = {}
    for row in await tables.Follow.filter(company_id=company_id).order_by("channel"):
        found[row.channel] = found.get(row.channel, 0) + row.times
    return found


async def channels_of(company_id: int) -> set[str]:
    rows = await tables.Follow.filter(company_id=company_id).distinct().values_list("channel", flat=True)
    return {str(channel) for channel in rows}


async def count_recommended(company_id: int) -> int:
    return await tables.Recommendation.filter(by_id=company_id).count()


async def load_recommendation(company_id: int) -> RecommendationRow | None:
    row = await tables.Recommendation.filter(company_id=company_id).first()
    return None if row is None else _row(row)


async def insert_recommendation(row: RecommendationRow) -> None:
    """Unless the company has one."""
    made = tables.Recommendation(
        company_id=row.company, by_id=row.by, channel=row.channel, at=row.at, actor=row.actor
    )
    await tables.Recommendation.bulk_create([made], ignore_conflicts=True)


async def list_recommendations(after: int, limit: int, by: int | None) -> list[RecommendationRow]:
    """In the order of the companies' numbers, those above `after`."""
    query = tables.Recommendation.filter(company_id__gt=after)
    if by is not None:
        query = query.filter(by_id=by)
    return [_row(row) for row in await query.order_by("company_id").limit(limit)]


def _row(row: tables.Recommendation) -> RecommendationRow:
    return RecommendationRow(row.company_id, row.by_id, row.channel, row.at, row.actor)
