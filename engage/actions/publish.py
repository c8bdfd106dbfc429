"""Publishing a program: an immutable version, in force for each follower from its next entry on."""

from __future__ import annotations

from msgspec import Struct

from engage.actions.companies import check_company_id
from engage.actions.templates import refuse_closed
from engage.actions.tick import tell_what_is_due
from engage.core.program import Program, canonical, program_hash
from engage.store import tables
from engage.store.companies import HOST, create_companies, latest_version
from engage.store.database import Database
from engage.store.statements import Transaction


class Published(Struct, frozen=True):
    number: int
    hash: str
    """Hex of the program's hash."""
    unchanged: bool
    """The newest version said the same already; nothing was published."""


async def publish(
    database: Database, program: Program, document: str, *, company: str | None, actor: str, now: int
) -> Published:
    """Publish a checked program for a company, created if need be, or as the host's default (None).

    What is due to members by the version before is told first. `document` is kept as it was written. Companies
    without a program of their own follow the default. Raises Unprocessable where it differs from the company's
    template and may not.
    """
    if company is not None:
        check_company_id(company)
    await tell_what_is_due(database, company, now)

    async def work(tx: Transaction) -> Published:
        owner = HOST if company is None else (await create_companies(tx, [company], now))[company]
        await refuse_closed(owner, document)
        newest = await latest_version(owner)
        hash = program_hash(program).hex()
        if newest is not None and newest.hash == hash:
            return Published(newest.number, hash, unchanged=True)
        number = newest.number + 1 if newest else 1
        await tables.Program.create(
            company_id=owner,
            number=number,
            hash=hash,
            canonical=canonical(program),
            document=document,
            actor=actor,
            published_at=now,
        )
        return Published(number, hash, unchanged=False)

    return await database.write(work)
