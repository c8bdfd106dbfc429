"""Erasing people from the archive: files that have to do with them are written anew, beside the old ones.

The new files are whole and synced before the transaction that erases takes them for the archive's; only then the old
ones go. Cut short in between, either the old or the new are in force, and the next erasure removes the others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from engage.actions.sealing import seal
from engage.actions.turns import Turns, program_version
from engage.core.compiled import CompiledProgram
from engage.core.erasure import Person, is_erased, name_of, redacted
from engage.errors import Conflict
from engage.store.archived import File, load_files
from engage.store.companies import current_programs, existing_company
from engage.store.database import Database
from engage.store.erasing import list_erased, replace_files
from engage.store.statements import Row, Transaction


class Folder(Protocol):
    """See `store.parquet.Folder`, which this must not know."""

    def names(self, file: File) -> dict[int, str]: ...
    def rewrite(
        self, company: str, file: File, names: Mapping[int, str], redact: Callable[[Row], bytes]
    ) -> File | None: ...
    def settle(self, file: File) -> None: ...


async def erase_from_files(database: Database, folder: Folder, company: str, *, now: int) -> int:
    """Erase from the archive who was erased of a company without it; how many files were written anew.

    What they were called is in the files themselves. Raises NotFound, and Conflict when it was archived meanwhile.
    """
    async with database.read() as s:
        id = await existing_company(company)
        files, gone = await load_files(s, id), set(await list_erased(s, id))
        program = await program_version((await current_programs(s, [id]))[id])
        names = {
            number: name
            for file in files
            for number, name in folder.names(file).items()
            if number in gone and not is_erased(name)
        }
    people = [person_in(program, number, name) for number, name in sorted(names.items())]
    rewriting = Rewriting(folder, company, files, people)
    if people:
        rewriting.write()

    async def work(tx: Transaction) -> None:
        turns = Turns(tx)
        await turns.take([id])
        await rewriting.take(tx, id, people)
        await seal(tx, turns[id], now)

    if rewriting.written:
        try:
            await database.write(work)
        except Conflict:
            rewriting.settle(done=False)
            raise
        rewriting.settle(done=True)
    return len(rewriting.written)


def person_in(program: CompiledProgram | None, number: int, name: str) -> Person:
    """As the program in force says how events invite."""
    policy = program.program.referral if program is not None else None
    return Person(number, name, policy.invites, policy.to) if policy is not None else Person(number, name)


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
