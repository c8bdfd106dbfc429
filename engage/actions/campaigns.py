"""Campaigns: where they stand; pausing, resuming and ending one, each an entry with who and why; and copying one into
the draft."""

from __future__ import annotations

from datetime import date

from msgspec import Struct

from engage.actions.adjust import check_reason
from engage.actions.drafts import owner_of
from engage.actions.settings import floor
from engage.actions.templates import refuse, refuse_closed
from engage.actions.turns import Turns, program_version
from engage.core.calendar import local_day_hour, month_end, to_rfc3339, week_of
from engage.core.campaign_weeks import MONTH_WEEKS, WEEK
from engage.core.campaigns import END, PAUSE, RESUME, cloned, days_of, figures, state_of
from engage.core.check import check
from engage.core.event import Body, Kind
from engage.core.program import Campaign, Program
from engage.core.published_campaigns import CampaignMonth, publish_campaign_month
from engage.core.state import CampaignStop, CompanyState
from engage.document import read_plain, rewrite_document
from engage.errors import Conflict, NotFound
from engage.store.companies import current_programs, existing_company, find_company
from engage.store.database import Database
from engage.store.log import load_days
from engage.store.members import load_company_state
from engage.store.programs import DraftRow, load_draft, load_versions, save_draft
from engage.store.signal import load_chosen_weeks
from engage.store.statements import Statements, Transaction

DONE = {PAUSE: "paused", END: "ended", RESUME: "running"}
_FROM = {PAUSE: ("planned", "running"), RESUME: ("paused",), END: ("planned", "running", "paused")}


class Stopped(Struct, frozen=True):
    """Why a campaign does not take its course, and whose doing that is."""

    step: str
    actor: str
    reason: str
    at: str


class BudgetLeft(Struct, frozen=True):
    amount: int
    left: int


class Moved(Struct, frozen=True):
    """Events that trigger a campaign's rules: in its days so far, and in as many before."""

    days: int
    events: int
    events_before: int


class Standing(Struct, frozen=True):
    """Where a campaign of a company stands, what it cost and moved. Both days are local, and included."""

    id: str
    name: str
    state: str
    first_day: str
    last_day: str
    audience: str | None
    rules: list[str]
    quests: list[str]
    stopped: Stopped | None
    awarded: dict[str, int]
    budgets: dict[str, BudgetLeft]
    firings: int
    members: int
    activity: Moved
    holdout: int
    """Per cent of all members who are held out of it."""
    measured: list[CampaignMonth]
    """What it moved, by four-week month, the oldest first; as customer success sees it."""


async def standings(s: Statements, company: str, now: int) -> list[Standing]:
    """The campaigns of the program in force, by their first day. Raises NotFound without such a company."""
    company_id, program, state = await _program_and_state(s, company)
    campaigns = program.campaigns if program is not None else {}
    ids = sorted(campaigns, key=lambda id: (campaigns[id].first_day, id))
    return [await _standing(s, company_id, program, state, id, now) for id in ids if program is not None]


async def standing(s: Statements, company: str, campaign: str, now: int) -> Standing:
    """One of them. Raises NotFound."""
    company_id, program, state = await _program_and_state(s, company)
    if program is None or campaign not in program.campaigns:
        raise NotFound(f"there is no campaign {campaign[:64]!r} in the program of {company!r}")
    return await _standing(s, company_id, program, state, campaign, now)


async def _program_and_state(s: Statements, company: str) -> tuple[int, Program | None, CompanyState]:
    company_id = await find_company(s, company)
    compiled = await program_version((await current_programs(s, [company_id]))[company_id])
    found = await load_company_state(s, company_id)
    return company_id, compiled.program if compiled else None, found[0] if found else CompanyState()


async def _standing(
    s: Statements, company_id: int, program: Program, state: CompanyState, id: str, now: int
) -> Standing:
    campaign, today = program.campaigns[id], local_day_hour(now, state.timezone)[0]
    before, _, last = days_of(program, id, today)
    found = figures(program, state, id, today, await load_days(s, company_id, before, last))
    return Standing(
        id=id,
        name=campaign.name,
        state=state_of(program, state, id, today),
        first_day=date.fromordinal(campaign.first_day).isoformat(),
        last_day=date.fromordinal(campaign.last_day).isoformat(),
        audience=campaign.audience or None,
        rules=[rule.id for rule in program.rules if rule.campaign == id],
        quests=[quest.id for quest in program.quests if quest.campaign == id],
        stopped=_stopped(state.campaigns.get(id)),
        awarded=found.awarded,
        budgets={
            budget.currency: BudgetLeft(budget.amount, budget.amount - found.awarded.get(budget.currency, 0))
            for budget in campaign.budgets
        },
        firings=found.firings,
        members=found.members,
        activity=Moved(found.days, found.events, found.events_before),
        holdout=campaign.holdout,
        measured=await _measured(s, company_id, campaign, id) if campaign.holdout else [],
    )


async def _measured(s: Statements, company_id: int, campaign: Campaign, id: str) -> list[CampaignMonth]:
    """Of the months that ended while it ran, or with weeks of it in them."""
    first = month_end(week_of(campaign.first_day))
    months = range(first, campaign.last_day + WEEK * MONTH_WEEKS, WEEK * MONTH_WEEKS)
    weeks = await load_chosen_weeks(s, company_id, months)
    k = await floor()
    found = [publish_campaign_month(weeks[monday], k) for monday in months if monday in weeks]
    return [month for month in found if month is not None and month.campaign == id]


def _stopped(stop: CampaignStop | None) -> Stopped | None:
    if stop is None:
        return None
    return Stopped(END if stop.ended else PAUSE, stop.actor, stop.reason, to_rfc3339(stop.at))


async def steer_campaign(
    database: Database, company: str, campaign: str, step: str, *, reason: str, actor: str, now: int
) -> None:
    """Pause, resume or end a campaign of the program in force; to an ended one nothing can be done.

    Raises NotFound, InvalidRequest without a reason, and Conflict where the step makes no sense. What was done already
    leaves no second entry.
    """
    check_reason(reason)

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
