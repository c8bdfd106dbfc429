"""The draft of a program: what is being edited, apart from what is in force. Keeping one publishes nothing."""

from __future__ import annotations

from engage.actions.templates import refuse_closed
from engage.errors import NotFound
from engage.store.companies import HOST, company_id
from engage.store.database import Database
from engage.store.programs import DraftRow, save_draft
from engage.store.statements import Transaction


async def owner_of(company: str | None) -> int:
    """The number of a company, HOST for None. Raises NotFound. Within a read or a transaction."""
    if company is None:
        return HOST
    found = await company_id(company)
    if found is None:
        raise NotFound(f"there is no company {company!r}")
    return found


async def keep_draft(
    database: Database, document: str, *, company: str | None, actor: str, now: int
) -> DraftRow:
    """Keep a checked document as the draft of a company, or of the host's default.

    Raises NotFound, and Unprocessable where it differs from the company's template and may not.
    """
    row = DraftRow(document, actor, now)

    async def work(_: Transaction) -> DraftRow:
        owner = await owner_of(company)
        await refuse_closed(owner, document)
        await save_draft(owner, row)
        return row

    return await database.write(work)
