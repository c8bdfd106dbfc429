"""Verifying: replay each company's log and compare everything with what is stored.

Nothing stored is trusted but the entries themselves: each is decided again by its program version, and its decision
and transfers must come out the same; the chain must link; and the state folded from them must equal the stored one.
What lies before a company's newest checkpoint is not decided again unless asked: see `engage.actions.replay`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

from msgspec import field

from engage.actions.compare_versions import compare_versions
from engage.actions.replay import ArchivedLog, Difference, Replay, Replayed
from engage.core.event import SEMANTICS
from engage.errors import Archived, Conflict
from engage.store.archived import File, load_files
from engage.store.checkpoints import newest_checkpoint
from engage.store.companies import HOST, existing_company, name_companies, nameless_logs
from engage.store.database import Database
from engage.store.members import list_members
from engage.store.statements import Statements

COMPANIES_PER_READ: Final = 200
TRIES_MAX: Final = 5


class Verified(Replayed):
    """What was replayed, and the first difference, in words, or None when all agrees."""

    companies: int = 0
    difference: str | None = None
    other_rules: list[str] = field(default_factory=list)
    """Companies decided by the rules of another release, of whom nothing has come since: only that can replay them."""


class Archive(Protocol):
    """A folder of archived entries. Its logs raise for a file that is not as it was written."""

    def log(self, company: str, files: list[File]) -> ArchivedLog: ...


async def verify(
    database: Database,
    *,
    company: str | None = None,
    from_start: bool = False,
    archive: Archive | None = None,
    progress: Callable[[int], None] = lambda entries: None,
) -> Verified:
    """Replay one company, or all. `progress` is told how many entries were followed since it was last called.

    From the newest checkpoint, else from the start; `from_start` decides every entry again, for which archived ones
    are read back from `archive`. Raises Archived when it is needed and not given.
    """
    done = Verified()
    async with database.read() as s:
        companies = await companies_named(s, company)
        nameless = await nameless_logs(s) if company is None else []
    try:
        if nameless:
            raise Difference(f"there is a log of company number {nameless[0]}, and no such company")
        for id, external_id in companies:
            if await _verify(database, id, external_id, done, from_start, archive, progress):
                done.companies += 1
            else:
                done.other_rules.append(external_id)
            await compare_versions(database, id, external_id)
        await compare_versions(database, HOST, "the host's default program")
    except Difference as difference:
        done.difference = str(difference)
    return done


async def companies_named(s: Statements, company: str | None) -> list[tuple[int, str]]:
    """(number, external id) of the one company, or of all. Raises NotFound."""
    if company is not None:
        id = await existing_company(company)
        return [(id, company)]
    found: list[tuple[int, str]] = []
    while page := await name_companies(s, found[-1][0] if found else 0, COMPANIES_PER_READ):
        found += page
    return found


async def _verify(
    database: Database,
    id: int,
    name: str,
    done: Replayed,
    from_start: bool,
    archive: Archive | None,
    progress: Callable[[int], None],
) -> bool:
    """False: it was decided by other rules, and not replayed."""
    for _ in range(TRIES_MAX):
        own = Replayed()
        async with database.read() as s:
            newest = await newest_checkpoint(s, id)
            log = archive.log(name, await load_files(s, id)) if archive else None
        replay = Replay(id, name, own, progress, from_start=from_start or archive is not None, archive=log)
        try:
            if await _decided_by_other_rules(database, replay):
                return False
            await replay_all(database, replay)
        except Difference:
            async with database.read() as s:
                if newest != await newest_checkpoint(s, id):
                    continue  # an archive was written and entries dropped under our eyes
            raise
        finally:
            replay.close()
        for count in Replayed.__struct_fields__:
            setattr(done, count, getattr(done, count) + getattr(own, count))
        return True
    raise Conflict(f"{name} is being archived again and again; try later")


async def _decided_by_other_rules(database: Database, replay: Replay) -> bool:
    """As the company's state says, unless that is damaged: then it does not know all members."""
    async with database.read() as s:
        head = await replay.head(s)
        if not head.links or head.state.semantics == SEMANTICS:
            return False
        return not await list_members(s, replay.id, head.state.members, 1)


async def replay_all(database: Database, replay: Replay) -> None:
    """Replay a company up to its head and compare."""
    async with database.read() as s:
        await replay.open(s)
    if replay.from_start and replay.archived and replay.archive is None:
        words = (
            f"entries 1 to {replay.archived} of {replay.name} are archived; name the folder with --archive"
        )
        raise Archived(words)
    await catch_up(database, replay)


async def catch_up(database: Database, replay: Replay) -> None:
    """Replay what was appended since, and compare.

    Most of it on what is committed by now, for entries do not change; only the last commits and the comparison need
    a snapshot, so that what is accepted meanwhile is no difference, and need it for a short time.
    """
    async with database.read() as s:
        await replay.advance(s, (await replay.head(s)).seq)
    async with database.snapshot() as s:
        head = await replay.head(s)
        await replay.advance(s, head.seq)
        await replay.compare(s, head)
