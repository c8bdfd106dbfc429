"""company create."""

from __future__ import annotations

from typing import Annotated

import typer

from engage.cli.output import AsJson, say, say_json
from engage.cli.running import DatabaseUrl, with_database
from engage.clock import now


def register(app: typer.Typer) -> None:
    company = typer.Typer(no_args_is_help=True, help="The host's clients.")
    company.callback()(lambda: None)
    company.command("create")(create)
    app.add_typer(company, name="company")


def create(
    company: Annotated[str, typer.Argument(metavar="ID", help="The host's own id of the company.")],
    name: Annotated[str | None, typer.Option(help="Its name, for people.")] = None,
    timezone: Annotated[str | None, typer.Option(help="IANA time zone, such as Europe/Berlin.")] = None,
    seats: Annotated[int | None, typer.Option(help="How many people it pays for.")] = None,
    database: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Create a company, or change what is given of one that is there."""
    from engage.actions.companies import set_company

    created = with_database(
        database,
        lambda opened: set_company(opened, company, name=name, timezone=timezone, seats=seats, now=now()),
    )
    if as_json:
        say_json({"id": company, "created": created})
    else:
        say(f"company {company} {'created' if created else 'was there already; what was given is recorded'}")
