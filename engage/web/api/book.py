"""The host's book: margin, cost of winning customers, segments, tiers, the score. Every mistake in it is located."""

from __future__ import annotations

from typing import Final

from engage.actions.book import KeptBook, keep_book, read_kept_book
from engage.core.calendar import to_rfc3339
from engage.document import read_book
from engage.web import shapes
from engage.web.api.members import actor_of
from engage.web.api.programs import MEDIA_TYPES, Author, document_of, refusal
from engage.web.endpoint import AGGREGATES, SERVER, Asked, endpoint

PATH: Final = "/v1/book"


def _shape(kept: KeptBook) -> shapes.Book:
    return shapes.Book(
        kept.document,
        kept.actor or None,
        to_rfc3339(kept.updated_at) if kept.updated_at else None,
        kept.book.score.version or None,
    )


@endpoint("GET", PATH, kinds=AGGREGATES, summary="Read the host's book", tag="reports")
async def get_book(asked: Asked[None, None]) -> shapes.Book:
    async with asked.services.database.read():
        return _shape(await read_kept_book())


@endpoint(
    "PUT",
    PATH,
    kinds=SERVER,
    summary="Replace the host's book",
    tag="reports",
    description="The body is the book, as YAML 1.2 or as JSON. One with mistakes is not kept: 422 lists them all. "
    "It holds at once, for whatever is read from then on; a definition of the score in it, for every week that is "
    "scored from then on.",
    errors=(422,),
    body_media_types=MEDIA_TYPES,
)
async def put_book(asked: Asked[bytes, Author]) -> shapes.Book:
    document = document_of(asked.body)
    found = read_book(document)
    if found.book is None:
        raise refusal(found.problems, "book")
    return _shape(
        await keep_book(
            asked.services.database,
            found.book,
            document,
            actor=actor_of(asked, asked.query.actor),
            now=asked.services.now(),
        )
    )


ENDPOINTS: Final = [get_book, put_book]
