"""The powered-by link: which company recommended another one to the host.

Companies alone, and at the host's level: nothing here knows a member, and no company is told of another. A code says
whose link was followed. A company is recommended by one that was there before it, so no chain of recommendations can
close.
"""

from __future__ import annotations

import secrets
from typing import Final

from engage.core.calendar import utc_day
from engage.core.call import clean_text
from engage.errors import Conflict, InvalidRequest, NotFound
from engage.store.companies import existing_company
from engage.store.database import Database
from engage.store.powered import (
    RecommendationRow,
    channels_of,
    company_of_code,
    count_follow,
    insert_recommendation,
    keep_code,
    load_code,
    load_recommendation,
)
from engage.store.statements import Transaction

CODE_BYTES: Final = 9
CHANNELS_MAX: Final = 50
"""That a company's follows are counted by. Any further ones count together: who follows a link need not be honest."""
OTHER: Final = "(other)"


async def make_link(database: Database, *, company: str, now: int) -> str:
    """The code of a company's powered-by link, which it keeps. Raises NotFound."""
    code = secrets.token_urlsafe(CODE_BYTES)

    async def work(_: Transaction) -> str:
        id = await existing_company(company)
        return await load_code(id) or await keep_code(id, code, now)

    return await database.write(work)


async def follow(database: Database, *, code: str, channel: str, now: int) -> None:
    """Somebody followed a company's link. Raises NotFound."""
    channel = _channel(channel)

    async def work(_: Transaction) -> None:
        id = await _owner(code)
        known = await channels_of(id)
        within = channel in known or len(known) < CHANNELS_MAX
        await count_follow(id, utc_day(now), channel if within else OTHER)

    await database.write(work)


async def recommend(
    database: Database, *, company: str, code: str, channel: str, actor: str, now: int
) -> RecommendationRow:
    """A company came by another one's link. The same again changes nothing.

    Raises NotFound (company, code), and Conflict where another company did already, or one that came later.
    """
    channel = _channel(channel)

    async def work(_: Transaction) -> RecommendationRow:
        id, by = await existing_company(company), await _owner(code)
        if by >= id:
            words = "itself" if by == id else "a company that came later"
            raise Conflict(f"{company!r} cannot have been recommended by {words}")
        await insert_recommendation(RecommendationRow(id, by, channel, now, actor))
        row = await load_recommendation(id)
        if row is None or row.by != by:
            raise Conflict(f"{company!r} came by the recommendation of another company already")
        return row

    return await database.write(work)


def _channel(channel: str) -> str:
    channel = clean_text(channel).strip()
    if not channel:
        raise InvalidRequest("channel must not be empty")
    return channel


async def _owner(code: str) -> int:
    found = await company_of_code(code)
    if found is None:
        raise NotFound("no company has this code")
    return found
