"""Rows of an import that were not taken: counted, the first of them shown, and all of them kept with the rejects.

Owns the summary an import ends with. Must not know what kind of rows they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import Any, Final

import msgspec
from msgspec import Struct

from engage.actions.ingest import REJECT_BYTES_MAX
from engage.core.call import Refusal, parse_time
from engage.store.companies import HOST, load_company_ids
from engage.store.database import Database
from engage.store.held import insert_rejects
from engage.store.statements import Row

OVERLAPS_SHOWN: Final = 10
REJECTS_SHOWN: Final = 20
REJECTS_PER_WRITE: Final = 1000
UNREADABLE_FILE: Final = "unreadable_file"


class Unread(Struct, frozen=True):
    """A row that cannot be taken: why, and what it holds."""

    row: int
    refusal: Refusal
    content: Any


class Origin(Struct, frozen=True):
    """A file: its name for people, and when it was last changed, microseconds UTC."""

    name: str
    changed_at: int


class Problem(Struct, frozen=True):
    """A row that was not taken. `row` is the line of a text file."""

    file: str
    row: int
    code: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.row}: {self.message}"


class NewCompany(Struct):
    company: str
    meant: str | None = None
    """One known before that is spelt almost so."""


class Imported(Struct):
    """What an import did. accepted + duplicates + rejected = rows; undecided is a part of accepted."""

    rows: int = 0
    accepted: int = 0
    duplicates: int = 0
    """Known already, so nothing was done."""
    rejected: int = 0
    undecided: int = 0
    """Recorded, but nothing was decided; `reasons` counts why."""
    companies: int = 0
    """That rows were about."""
    created: int = 0
    """Of these, companies that nobody had named before a row of terms did: new ones, or misspelt."""
    new: list[NewCompany] = []
    """The first NEW_SHOWN of them."""
    overlaps: list[str] = []
    """Terms of one company that run in the same days, the first OVERLAPS_SHOWN pairs: both count."""
    told_twice: list[str] = []
    """Rows that say different things of one term, the first OVERLAPS_SHOWN pairs: the later counts."""
    broken_files: int = 0
    """Files that could not be read to their end."""
    reasons: dict[str, int] = {}
    problems: list[Problem] = []
    """The first REJECTS_SHOWN rejected rows."""


class Rejects:
    """Counts into a summary, and writes what was unreadable in pieces."""

    def __init__(self, database: Database, origins: Sequence[Origin], summary: Imported, now: int) -> None:
        self.database = database
        self.origins = origins
        self.summary = summary
        self.now = now
        self._kept: list[tuple[int, Unread]] = []

    def tell(self, file: int, row: int, code: str, message: str) -> None:
        """Count a row that somebody else keeps."""
        self.summary.rejected += 1
        if len(self.summary.problems) < REJECTS_SHOWN:
            self.summary.problems.append(Problem(self.origins[file].name, row, code, message))

    async def keep(self, file: int, unread: Sequence[Unread]) -> None:
        for one in unread:
            self.summary.rows += 1
            self.summary.broken_files += one.refusal.code == UNREADABLE_FILE
            self.tell(file, one.row, one.refusal.code, one.refusal.message)
        self._kept += [(file, one) for one in unread]
        if len(self._kept) >= REJECTS_PER_WRITE:
            await self.write()

    async def write(self) -> None:
        """A row is kept once, however often its file is imported: so it is dated by what it says, else by its file,
        and numbered by what it holds."""
        kept, self._kept = self._kept, []
        if not kept:
            return
        async with self.database.read() as s:
            ids = await load_company_ids(s, {one.refusal.company for _, one in kept if one.refusal.company})
        rows = [self._row(self.origins[file], one, ids) for file, one in kept]
        insert, companies = insert_rejects(rows), {row[0] for row in rows}
        await self.database.write(lambda tx: tx.insert([insert], scope=companies))

    def _row(self, origin: Origin, one: Unread, ids: dict[str, int]) -> Row:
        refusal = one.refusal
        content = msgspec.json.encode(one.content, enc_hook=str)[:REJECT_BYTES_MAX]
        number = blake2b(content + f"{one.row}:{refusal.code}".encode(), digest_size=8).digest()
        at = parse_time(one.content.get("timestamp")) if isinstance(one.content, dict) else None
        return (
            ids.get(refusal.company, HOST),
            at if at is not None and 0 < at <= self.now else origin.changed_at,
            int.from_bytes(number, "big") >> 2,
            refusal.code,
            f"{origin.name}:{one.row}: {refusal.message}",
            content,
        )
