"""The draft of a program: what is being edited, apart from what is in force. Keeping one publishes nothing."""

from __future__ import annotations

from engage.actions.templates import refuse_closed
from engage.core.calendar import to_rfc3339
from engage.errors import Conflict, NotFound
from engage.store.companies import HOST, company_id, current_programs
from engage.store.database import Database
from engage.store.programs import DraftRow, VersionRow, load_draft, load_versions, save_draft
from engage.store.statements import Statements, Transaction


async def owner_of(company: str | None) -> int:
    """The number of a company, HOST for None. Raises NotFound. Within a read or a transaction."""
    if company is None:
        return HOST
    found = await company_id(company)
    if found is None:
        raise NotFound(f"there is no company {company!r}")
    return found


async def draft_or_in_force(s: Statements, owner: int) -> tuple[DraftRow | None, VersionRow | None]:
    """The draft there is, and the version in force to begin one with. Within a read or a transaction."""
    in_force = (await current_programs(s, [owner]))[owner]
    return await load_draft(owner), (await load_versions({in_force})).get(in_force)


def check_unchanged(draft: DraftRow | None, in_force: VersionRow | None, based_on: int | None) -> None:
    """Raises Conflict where this is not what somebody saw who says when that was made."""
    if based_on is None:
        return
    if draft is not None:
        at, who = draft.updated_at, draft.actor
    elif in_force is not None:
        at, who = in_force.published_at, in_force.actor
    else:
        raise Conflict("there is neither a draft nor a version that it could be based on: leave based_on out")
    if based_on != at:
        by = f" by {who}" if who else ""
        raise Conflict(f"the draft is another by now, kept{by} at {to_rfc3339(at)}: read it again")


async def keep_draft(
    database: Database,
    document: str,
    *,
    company: str | None,
    actor: str,
    now: int,
    based_on: int | None = None,
) -> DraftRow:
    """Keep a checked document as the draft of a company, or of the host's default. `based_on`: when what it was made
    from had been kept.

    Raises NotFound, Conflict where another was kept since, and Unprocessable where it differs from the company's
    template and may not.
    """
    row = DraftRow(document, actor, now)

    async def work(tx: Transaction) -> DraftRow:
        owner = await owner_of(company)
        if based_on is not None:
            check_unchanged(*await draft_or_in_force(tx, owner), based_on)
        await refuse_closed(owner, document)
        await save_draft(owner, row)
        return row

    return await database.write(work)
