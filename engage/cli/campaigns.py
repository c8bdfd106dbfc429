"""campaign list, show, pause, resume, end and clone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from engage.cli.output import AsJson, say, say_json, say_table
from engage.cli.programs import actor_name
from engage.cli.running import DatabaseUrl, with_database
from engage.clock import now

if TYPE_CHECKING:
    from engage.actions.campaigns import Standing
    from engage.store.database import Database

Company = Annotated[str, typer.Argument(metavar="COMPANY", help="The company's id.", show_default=False)]
Campaign = Annotated[str, typer.Argument(metavar="CAMPAIGN", help="The campaign's id.", show_default=False)]
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; it is kept.", show_default=False)]


def register(app: typer.Typer) -> None:
    campaign = typer.Typer(no_args_is_help=True, help="A company's campaigns: see, pause, end or copy them.")
    campaign.command("list")(list_campaigns)
    campaign.command("show")(show)
    campaign.command("pause")(pause)
    campaign.command("resume")(resume)
    campaign.command("end")(end)
    campaign.command("clone")(clone)
    app.add_typer(campaign, name="campaign")


def list_campaigns(company: Company, database: DatabaseUrl = None, as_json: AsJson = False) -> None:
    """The campaigns of the program in force: where they stand, what they cost and moved."""
    from engage.actions.campaigns import standings

    async def work(opened: Database) -> list[Standing]:
        async with opened.read() as s:
            return await standings(s, company, now())

    found = with_database(database, work, create=False)
    if as_json:
        say_json(found)
    elif not found:
        say(f"the program of {company} has no campaigns")
    else:
        columns = ("campaign", "state", "from", "until", "fired", "members", "awarded")
        say_table(columns, [_row(one) for one in found], right=(4, 5))


def _row(one: Standing) -> tuple[str, ...]:
    counted = (str(one.firings), str(one.members), _amounts(one.awarded))
    return (one.id, one.state, one.first_day, one.last_day, *counted)


def _amounts(awarded: dict[str, int]) -> str:
    return ", ".join(f"{amount:,} {currency}" for currency, amount in awarded.items()) or "nothing"


def show(company: Company, campaign: Campaign, database: DatabaseUrl = None, as_json: AsJson = False) -> None:
    """One campaign: where it stands, what it cost and moved, and what is left of its budgets."""
    from engage.actions.campaigns import standing

    async def work(opened: Database) -> Standing:
        async with opened.read() as s:
            return await standing(s, company, campaign, now())

    found = with_database(database, work, create=False)
    if as_json:
        say_json(found)
    else:
        say_table(("", ""), _told(found))


def _told(found: Standing) -> list[tuple[str, str]]:
    told = [("campaign", found.id if found.name == found.id else f"{found.id}: {found.name}")]
    told += [("state", found.state), ("days", f"{found.first_day} to {found.last_day}")]
    if (stop := found.stopped) is not None:
        told.append(("paused by" if stop.step == "pause" else "ended by", stop.actor))
        told.append(("", f"{stop.at}: {stop.reason}"))
    told.append(("for", f"audience {found.audience}" if found.audience else "everybody"))
    told += [("held out", f"{found.holdout} % of all members")] if found.holdout else []
    told.append(("rules", ", ".join(found.rules) or "none"))
    told += [("quests", ", ".join(found.quests))] if found.quests else []
    told.append(("fired", f"{found.firings:,} times, for {found.members:,} members"))
    told.append(("awarded", _amounts(found.awarded)))
    for currency, budget in found.budgets.items():
        told.append(("budget", f"{budget.amount:,} {currency}, {budget.left:,} left"))
    moved = found.activity
    told.append(
        ("events", f"{moved.events:,} in {moved.days} days, {moved.events_before:,} in as many before")
    )
    for month in found.measured:
        told.append(
            (
                "moved",
                f"{month.first_day} to {month.last_day}, ran for {month.weeks} of 4 weeks: {month.text}",
            )
        )
        if month.difference.low is not None:
            told.append(("", f"active: {month.active.text} of {month.members.text} members with it"))
            told.append(("", f"{month.held_out_active.text} of {month.held_out.text} held out"))
            told.append(("", f"difference {month.difference.text} (95 % interval)"))
    return told


def _steer(database: str | None, company: str, campaign: str, step: str, reason: str) -> None:
    from engage.actions.campaigns import DONE, steer_campaign

    with_database(
        database,
        lambda opened: steer_campaign(
            opened, company, campaign, step, reason=reason, actor=actor_name(), now=now()
        ),
        create=False,
    )
    say(f"campaign {campaign} of {company} is {DONE[step]}")


def pause(company: Company, campaign: Campaign, reason: Reason, database: DatabaseUrl = None) -> None:
    """Keep a campaign's rules from firing, from the next event on."""
    _steer(database, company, campaign, "pause", reason)


def resume(company: Company, campaign: Campaign, reason: Reason, database: DatabaseUrl = None) -> None:
    """Let a paused campaign go on."""
    _steer(database, company, campaign, "resume", reason)


def end(company: Company, campaign: Campaign, reason: Reason, database: DatabaseUrl = None) -> None:
    """End a campaign before its last day, for good."""
    _steer(database, company, campaign, "end", reason)


def clone(
    company: Company,
    campaign: Campaign,
    new: Annotated[str, typer.Argument(metavar="NEW", help="The copy's id.", show_default=False)],
    first_day: Annotated[str, typer.Option("--from", metavar="DATE", help="Its first local day.")],
    last_day: Annotated[str, typer.Option("--until", metavar="DATE", help="Its last local day.")],
    database: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Copy a campaign into the company's draft, under another id and dates."""
    from engage.actions.campaigns import clone_campaign

    draft = with_database(
        database,
        lambda opened: clone_campaign(
            opened,
            company,
            campaign,
            new=new,
            first_day=first_day,
            last_day=last_day,
            actor=actor_name(),
            now=now(),
        ),
        create=False,
    )
    if as_json:
        say_json({"company": company, "campaign": new, "document": draft.document})
    else:
        say(draft.document.rstrip("\n"))
