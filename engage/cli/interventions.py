"""intervention list, show, log and withdraw: what was done for companies, so that its effect can be judged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from engage.cli.output import AsJson, say, say_json, say_table
from engage.cli.programs import actor_name
from engage.cli.running import DatabaseUrl, with_database
from engage.clock import now

if TYPE_CHECKING:
    from engage.core.care import Intervention
    from engage.core.care_shapes import Compared
    from engage.store.database import Database

Id = Annotated[str, typer.Argument(metavar="ID", help="The intervention's id.", show_default=False)]
WhyCorrected = Annotated[str, typer.Option(help="Why a known one is corrected.")]
WhyWithdrawn = Annotated[str, typer.Option(help="Why it is withdrawn.", show_default=False)]


def register(app: typer.Typer) -> None:
    intervention = typer.Typer(no_args_is_help=True, help="What was done for companies, and what followed.")
    intervention.command("list")(list_interventions)
    intervention.command("show")(show)
    intervention.command("log")(log)
    intervention.command("withdraw")(withdraw)
    app.add_typer(intervention, name="intervention")


def list_interventions(database: DatabaseUrl = None, as_json: AsJson = False) -> None:
    """What was done, the newest first."""
    from engage.actions.care import all_interventions
    from engage.core.plans import intervention_view

    found = with_database(database, all_interventions, create=False)
    if as_json:
        say_json({"data": [intervention_view(one) for one in found]})
    elif not found:
        say("no intervention is logged")
    else:
        columns = ("id", "day", "what", "by", "companies", "held out", "")
        say_table(
            columns,
            [
                (
                    one.id,
                    one.day,
                    one.what,
                    one.actor,
                    f"{len(one.companies):,}",
                    f"{len(one.held_out):,}",
                    "withdrawn" if one.withdrawn else "",
                )
                for one in found
            ],
        )


def show(id: Id, database: DatabaseUrl = None, as_json: AsJson = False) -> None:
    """One: for which companies, what was corrected, and scores before and after beside those without."""
    from engage.actions.care import judge_intervention
    from engage.core.plans import intervention_view

    async def work(opened: Database) -> tuple[Intervention, tuple[Compared, ...]]:
        return await judge_intervention(opened, id)

    found, scores = with_database(database, work, create=False)
    if as_json:
        say_json({"intervention": intervention_view(found), "scores": scores})
        return
    told = [("intervention", f"{found.id}: {found.what}"), ("day", found.day), ("logged by", found.actor)]
    told.append(("companies", ", ".join(found.companies)))
    told += [("held out", ", ".join(found.held_out))] if found.held_out else []
    told += [("corrected", f"{one.text}, by {one.actor}: {one.reason}") for one in found.changes]
    told += [(f"after {one.weeks} weeks", one.text) for one in scores]
    say_table(("", ""), told)


def log(
    id: Id,
    what: Annotated[str, typer.Option(help="What was done.", show_default=False)],
    day: Annotated[str, typer.Option(help="When, as in 2026-05-04.", show_default=False)],
    company: Annotated[list[str], typer.Option(help="For whom; once for each company.", show_default=False)],
    hold_out: Annotated[float, typer.Option(min=0, max=0.5, help="The share that goes without.")] = 0.0,
    reason: WhyCorrected = "",
    database: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Log what was done; the same id again corrects it, which asks for a reason."""
    from engage.actions.care import set_intervention
    from engage.core.care import Intervention

    said = Intervention(id, what, day, actor_name(), tuple(company), now())
    kept = with_database(
        database, lambda opened: set_intervention(opened, said, hold_out, reason), create=False
    )
    _told(kept, f"{id} is logged for {len(kept.companies)} companies", as_json)


def withdraw(id: Id, reason: WhyWithdrawn, database: DatabaseUrl = None, as_json: AsJson = False) -> None:
    """Withdraw one that was logged by mistake: it is judged no more, and stays readable."""
    from engage.actions.care import withdraw_intervention

    kept = with_database(
        database,
        lambda opened: withdraw_intervention(opened, id, actor=actor_name(), reason=reason, now=now()),
        create=False,
    )
    _told(kept, f"{id} is withdrawn", as_json)


def _told(kept: Intervention, words: str, as_json: bool) -> None:
    from engage.core.plans import intervention_view

    if as_json:
        say_json(intervention_view(kept))
    else:
        say(words)
