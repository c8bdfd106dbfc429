"""The host's book: keeping it, and reading what it says of one company."""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec import Struct

from engage.core.book import Book
from engage.store.database import Database
from engage.store.settings import put_setting, read_setting

BOOK_SETTING: Final = "book"


class KeptBook(Struct, frozen=True):
    """As it is kept: what it says, and the text it was written as."""

    book: Book = Book()
    document: str = ""
    actor: str = ""
    updated_at: int = 0
    """Microseconds UTC; 0: nobody has written one yet."""


_decode = msgspec.json.Decoder(KeptBook).decode


async def keep_book(database: Database, book: Book, document: str, *, actor: str, now: int) -> KeptBook:
    """In force at once, for everything that is read from now on."""
    kept = KeptBook(book, document, actor, now)
    await database.write(lambda _: put_setting(BOOK_SETTING, msgspec.json.encode(kept).decode()))
    return kept


async def read_kept_book() -> KeptBook:
    """An empty one when nobody has written one. Within a read or a transaction."""
    kept = await read_setting(BOOK_SETTING)
    return _decode(kept) if kept else KeptBook()


async def current_book() -> Book:
    """Within a read or a transaction."""
    return (await read_kept_book()).book
