"""template publish, list, show, start, proposal, accept, decline and leave."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from engage.cli.output import AsJson, say, say_json, say_table
from engage.cli.programs import actor_name, print_changes, read_text, refuse_problems
from engage.cli.running import DatabaseUrl, with_database
from engage.clock import now
from engage.errors import InvalidRequest, NotFound

if TYPE_CHECKING:
    from engage.core.templates import Template
    from engage.store.database import Database
    from engage.store.templates import TemplateRow

File = Annotated[str, typer.Argument(metavar="FILE", help="The template, YAML or JSON.", show_default=False)]
Id = Annotated[str, typer.Argument(metavar="TEMPLATE", help="The template's id.", show_default=False)]
Company = Annotated[str, typer.Argument(metavar="COMPANY", help="The company's id.", show_default=False)]
Version = Annotated[int | None, typer.Option("--version", min=1, metavar="N", help="Else the newest.")]
Number = Annotated[int, typer.Option("--version", min=1, metavar="N", help="The version that was looked at.")]
Take = Annotated[
    list[str] | None,
    typer.Option("--take", metavar="POINTER", help="There the template's holds; may be repeated."),
]


def register(app: typer.Typer) -> None:
    template = typer.Typer(no_args_is_help=True, help="Programs to start from: the host's templates.")
    template.command("publish")(publish)
    template.command("list")(list_templates)
    template.command("show")(show)
    template.command("start")(start)
    template.command("proposal")(proposal)
    template.command("accept")(accept)
    template.command("decline")(decline)
    template.command("leave")(leave)
    app.add_typer(template, name="template")


def _template(file: str, as_json: bool) -> tuple[str, Template]:
    from engage.document import read_template

    text = read_text(file)
    read = read_template(text, filename=file)
    if read.template is None:
        refuse_problems(file, read.problems, as_json)
        raise typer.Exit(1)
    return text, read.template


def publish(file: File, database: DatabaseUrl = None, as_json: AsJson = False) -> None:
    """Publish a template as its next version. Companies that follow it are proposed the change."""
    text, template = _template(file, as_json)
    from engage.actions.templates import publish_template

    done = with_database(
        database, lambda opened: publish_template(opened, template, text, actor=actor_name(), now=now())
    )
    if as_json:
        say_json(
            {
                "template": template.id,
                "version": done.number,
                "hash": done.hash,
                "unchanged": done.unchanged,
            }
        )
    elif done.unchanged:
        say(f"version {done.number} of template {template.id} says the same already")
    else:
        say(f"published version {done.number} of template {template.id}")


def list_templates(
    industry: Annotated[str | None, typer.Option("--industry", metavar="ID")] = None,
    scene: Annotated[str | None, typer.Option("--scene", metavar="ID")] = None,
    database: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """The templates there are, each with its newest version."""
    from engage.store import templates as store

    async def work(opened: Database) -> list[TemplateRow]:
        async with opened.read():
            return await store.list_templates("", TEMPLATES_SHOWN)

    rows = [
        row
        for row in with_database(database, work, create=False)
        if industry in (None, row.template.industry) and scene in (None, row.template.scene)
    ]
    if as_json:
        say_json([_summary(row) for row in rows])
        return
    cells = [
        (row.template.id, str(row.number), row.template.industry, row.template.scene, row.template.name)
        for row in rows
    ]
    say_table(("template", "version", "industry", "scene", "name"), cells, right=(1,))


TEMPLATES_SHOWN = 1000


def _summary(row: TemplateRow) -> dict[str, Any]:
    template = row.template
    return {
        "id": template.id,
        "version": row.number,
        "name": template.name,
        "industry": template.industry or None,
        "scene": template.scene or None,
        "open": list(template.open),
        "hash": row.hash,
        "actor": row.actor,
    }


def show(id: Id, version: Version = None, database: DatabaseUrl = None, as_json: AsJson = False) -> None:
    """A template as it was written."""
    from engage.store.templates import load_template

    async def work(opened: Database) -> TemplateRow | None:
        async with opened.read():
            return await load_template(id, version)

    found = with_database(database, work, create=False)
    if found is None:
        which = "template" if version is None else f"version {version} of template"
        raise NotFound(f"there is no {which} {id!r}")
    if as_json:
        say_json(_summary(found) | {"document": found.document})
    else:
        say(found.document.rstrip("\n"))


def start(
    id: Id,
    company: Company,
    overrides: Annotated[
        str | None,
        typer.Option("--overrides", metavar="FILE", help="JSON pointer: value, as YAML or JSON."),
    ] = None,
    version: Version = None,
    database: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Make a template, with a company's own choices, the company's draft."""
    from engage.actions.templates import start_from_template
    from engage.document import read_further, read_plain

    said: Any = {}
    if overrides is not None:
        text = read_text(overrides)
        unreadable = read_further(text, lambda _: [], filename=overrides)
        if unreadable:
            raise InvalidRequest(str(unreadable[0]))
        said = read_plain(text) or {}
        if not isinstance(said, dict):
            raise InvalidRequest(f"{overrides}: must be a mapping of JSON pointers to values")
    draft = with_database(
        database,
        lambda opened: start_from_template(
            opened, company, id, said, number=version, actor=actor_name(), now=now()
        ),
    )
    if as_json:
        say_json({"company": company, "template": id, "document": draft.document})
    else:
        say(draft.document.rstrip("\n"))


def proposal(
    company: Company, take: Take = None, database: DatabaseUrl = None, as_json: AsJson = False
) -> None:
    """What the newest version of a company's template would change in its program."""
    from engage.actions import templates as action

    async def work(opened: Database) -> action.Proposed:
        async with opened.read():
            return await action.proposal(company, take or ())

    found = with_database(database, work, create=False)
    if as_json:
        say_json(found)
        return
    say(f"version {found.number} of template {found.template}; {company} has version {found.base}")
    print_changes(found.changes)
    for conflict in found.conflicts:
        say(f"! {conflict.text}")
    for problem in found.problems:
        say(f"! {problem.pointer}: {problem.message}")


def accept(
    company: Company,
    version: Number,
    take: Take = None,
    database: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Make the proposed program the company's draft; publishing it is another step."""
    from engage.actions.templates import accept_proposal

    draft = with_database(
        database,
        lambda opened: accept_proposal(
            opened, company, number=version, take=take or (), actor=actor_name(), now=now()
        ),
        create=False,
    )
    if as_json:
        say_json({"company": company, "version": version, "document": draft.document})
    else:
        say(f"the draft of {company} is made from version {version} now")


def decline(company: Company, version: Number, database: DatabaseUrl = None) -> None:
    """Say no to a version of a company's template; the next one is proposed again."""
    from engage.actions.templates import decline_proposal

    with_database(
        database,
        lambda opened: decline_proposal(opened, company, number=version, actor=actor_name(), now=now()),
        create=False,
    )
    say(f"{company} declined version {version}")


def leave(company: Company, database: DatabaseUrl = None) -> None:
    """Let a company go on without its template."""
    from engage.actions.templates import leave_template

    with_database(database, lambda opened: leave_template(opened, company), create=False)
    say(f"{company} follows no template any more")
