"""Erasing people from the archive: files that have to do with them are written anew, beside the old ones.

The new files are whole and synced before the transaction that erases takes them for the archive's; only then the old
ones go. Cut short in between, either the old or the new are in force, and the next erasure removes the others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from engage.core.erasure import Person, name_of, redacted
from engage.errors import Conflict
from engage.store.archived import File, load_files
from engage.store.erasing import replace_files
from engage.store.statements import Row, Transaction


class Folder(Protocol):
    """See `store.parquet.Folder`, which this must not know."""

    def rewrite(
        self, company: str, file: File, names: Mapping[int, str], redact: Callable[[Row], bytes]
    ) -> File | None: ...
    def settle(self, file: File) -> None: ...


class Rewriting:
    """A company's files, as they are and as they are to be. `write` them, `take` them over, then `settle`."""

    def __init__(self, folder: Folder, company: str, files: Sequence[File], people: Sequence[Person]) -> None:
        self.folder = folder
        self.company = company
        self.files = list(files)
        self.people = list(people)
        self.written: dict[File, File] = {}
        self.taken = False

    def write(self) -> None:
        names = {one.number: name_of(one.number) for one in self.people}
        for file in self.files:
            self.folder.settle(file)
            if (anew := self.folder.rewrite(self.company, file, names, self._redact)) is not None:
                self.written[file] = anew

    async def take(self, tx: Transaction, company_id: int, people: Sequence[Person]) -> None:
        """From the end of this transaction on the new files are in force. Raises Conflict when they would not be the
        right ones."""
        if await load_files(tx, company_id) != self.files or people != self.people:
            raise Conflict(f"{self.company} was archived or changed meanwhile; try again")
        await replace_files(tx, company_id, list(self.written.values()))

    def settle(self, *, done: bool) -> None:
        """Remove what is not in force."""
        for before, anew in self.written.items():
            self.folder.settle(anew if done else before)

    def _redact(self, row: Row) -> bytes:
        body: bytes = row[10]
        for person in self.people:
            body = redacted(person, (*row[:10], body, row[11]))
        return body
