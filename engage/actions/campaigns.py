"""Campaigns: pausing, resuming and ending one, each an entry with who and why; and copying one into the draft."""

from __future__ import annotations

from engage.actions.adjust import REASON_CHARS_MAX
from engage.actions.drafts import owner_of
from engage.actions.templates import refuse, refuse_closed
from engage.actions.turns import Turns
from engage.core.calendar import local_day_hour
from engage.core.campaigns import END, PAUSE, RESUME, cloned, state_of
from engage.core.check import check
from engage.core.event import Body, Kind
from engage.document import read_plain, rewrite_document
from engage.errors import Conflict, InvalidRequest, NotFound
from engage.store.companies import current_programs, existing_company
from engage.store.database import Database
from engage.store.programs import DraftRow, load_draft, load_versions, save_draft
from engage.store.statements import Transaction

DONE = {PAUSE: "paused", END: "ended", RESUME: "running"}
_FROM = {PAUSE: ("planned", "running"), RESUME: ("paused",), END: ("planned", "running", "paused")}


async def steer_campaign(
    database: Database, company: str, campaign: str, step: str, *, reason: str, actor: str, now: int
) -> None:
    """Pause, resume or end a campaign of the program in force; to an ended one nothing can be done.

    Raises NotFound, InvalidRequest without a reason, and Conflict where the step makes no sense. What was done already
    leaves no second entry.
    """
    if not reason.strip() or len(reason) > REASON_CHARS_MAX:
        raise InvalidRequest(f"reason is required, at most {REASON_CHARS_MAX} characters")

    async def work(tx: Transaction) -> None:
        id = await existing_company(company)
        turns = Turns(tx)
        await turns.take([id])
        turn = turns[id]
        if turn.program is None or campaign not in turn.program.program.campaigns:
            raise NotFound(f"the program of {company!r} has no campaign {campaign!r}")
        state = turn.head.state
        stop = state.campaigns.get(campaign)
        stands = state_of(turn.program.program, state, campaign, local_day_hour(now, state.timezone)[0])
        if stands == "planned" and stop is not None:
            stands = "paused"
        if stands == DONE[step]:
            return
        if stands not in _FROM[step]:
            raise Conflict(f"campaign {campaign!r} is {stands}: it cannot be {DONE[step]}")
        said = {"campaign": campaign, "step": step, "reason": reason, "actor": actor}
        turn.append("", Kind.CAMPAIGN, now, now, "", Body("", said))
        await turns.save()

    await database.write(work)


async def clone_campaign(
    database: Database,
    company: str,
    campaign: str,
    *,
    new: str,
    first_day: str,
    last_day: str,
    actor: str,
    now: int,
) -> DraftRow:
    """Copy a campaign of the draft, or else of the program in force, into the draft under another id and dates.

    Raises NotFound, Conflict when there is one of that id, and Unprocessable with every mistake of what it makes.
    """

    async def work(tx: Transaction) -> DraftRow:
        owner = await owner_of(company)
        draft = await load_draft(owner)
        in_force = (await current_programs(tx, [owner]))[owner]
        published = (await load_versions({in_force})).get(in_force)
        source = draft.document if draft is not None else published.document if published is not None else ""
        document = read_plain(source) if source else {}
        campaigns = document.get("campaigns") or {}
        if campaign not in campaigns:
            raise NotFound(f"the program of {company!r} has no campaign {campaign!r}")
        if new in campaigns:
            raise Conflict(f"there is a campaign {new!r} already")
        made = cloned(document, campaign, new, first_day, last_day)
        refuse(check(made)[1], "the copy")
        row = DraftRow(rewrite_document(source, made), actor, now)
        await refuse_closed(owner, row.document)
        await save_draft(owner, row)
        return row

    return await database.write(work)
