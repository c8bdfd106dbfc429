"""campaign pause, resume, end and clone."""

from __future__ import annotations

from typing import Annotated

import typer

from engage.cli.output import AsJson, say, say_json
from engage.cli.programs import actor_name
from engage.cli.running import DatabaseUrl, now, with_database

Company = Annotated[str, typer.Argument(metavar="COMPANY", help="The company's id.", show_default=False)]
Campaign = Annotated[str, typer.Argument(metavar="CAMPAIGN", help="The campaign's id.", show_default=False)]
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; it is kept.", show_default=False)]


def register(app: typer.Typer) -> None:
    campaign = typer.Typer(no_args_is_help=True, help="A company's campaigns: pause, end or copy one.")
    campaign.command("pause")(pause)
    campaign.command("resume")(resume)
    campaign.command("end")(end)
    campaign.command("clone")(clone)
    app.add_typer(campaign, name="campaign")


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
