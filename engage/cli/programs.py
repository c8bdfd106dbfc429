"""program check, diff and publish."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from engage.cli.output import AsJson, complain, note, say, say_json
from engage.cli.running import DatabaseUrl, with_database
from engage.clock import now
from engage.errors import InvalidRequest

if TYPE_CHECKING:
    from engage.actions.publish import Published
    from engage.core.diff import Change
    from engage.core.level_changes import LevelChange
    from engage.core.program import Program
    from engage.document import LocatedProblem
    from engage.store.database import Database

File = Annotated[str, typer.Argument(metavar="FILE", help="The program, YAML or JSON.", show_default=False)]
Owner = Annotated[
    str | None,
    typer.Option("--company", metavar="ID", help="A company's own program; else the host's default."),
]


def register(app: typer.Typer) -> None:
    program = typer.Typer(no_args_is_help=True, help="The rules: check a program, compare it, publish it.")
    program.command("check")(check)
    program.command("diff")(diff)
    program.command("publish")(publish)
    app.add_typer(program, name="program")


def read_text(file: str) -> str:
    from engage.document import DOCUMENT_BYTES_MAX

    try:
        with Path(file).open("rb") as opened:
            content = opened.read(DOCUMENT_BYTES_MAX + 1)
    except OSError as error:
        raise InvalidRequest(f"{file}: {error.strerror}") from error
    if len(content) > DOCUMENT_BYTES_MAX:
        raise InvalidRequest(f"{file} is larger than {DOCUMENT_BYTES_MAX // 1024} KiB")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise InvalidRequest(f"{file}:{line}: not UTF-8 text") from error


def read(file: str, as_json: bool) -> tuple[str, Program]:
    """The text and its program. Every problem is printed, and then the command ends with 1."""
    from engage.document import read_program

    text = read_text(file)
    read = read_program(text, filename=file)
    if read.program is not None:
        return text, read.program
    refuse_problems(file, read.problems, as_json)
    raise typer.Exit(1)


def refuse_problems(file: str, problems: list[LocatedProblem], as_json: bool) -> None:
    """Print every problem of a document."""
    if as_json:
        say_json({"file": file, "valid": False, "problems": _as_data(problems), "warnings": []})
    else:
        for problem in problems:
            say(str(problem))
    count = len(problems)
    complain(f"{file} has {count} {'problem' if count == 1 else 'problems'}")


def _as_data(problems: list[LocatedProblem]) -> list[dict[str, object]]:
    from engage.core.problems import plain_path

    return [
        {
            "file": problem.file,
            "line": problem.line,
            "column": problem.column,
            "field": plain_path(problem.pointer),
            "pointer": problem.pointer,
            "message": problem.message,
            "suggestion": problem.suggestion,
        }
        for problem in problems
    ]


def _warnings(file: str, text: str, program: Program) -> list[LocatedProblem]:
    """What of a valid program can do nothing."""
    from engage.core.idle_rules import idle_rules
    from engage.document import read_further

    return read_further(text, lambda document: idle_rules(program, document), filename=file)


def check(file: File, as_json: AsJson = False) -> None:
    """Name every mistake of a program by file, line, column and field. Needs no database."""
    text, program = read(file, as_json)
    warnings = _warnings(file, text, program)
    if as_json:
        say_json({"file": file, "valid": True, "problems": [], "warnings": _as_data(warnings)})
        return
    for warning in warnings:
        say(str(warning))
    but = f" but for {len(warnings)} {'warning' if len(warnings) == 1 else 'warnings'}" if warnings else ""
    say(f"{file} is valid{but}: {_size(program)}")


def _size(program: Program) -> str:
    counts = (
        (len(program.events), "event"),
        (len(program.rules), "rule"),
        (len(program.levels.steps) if program.levels else 0, "level"),
        (len(program.badges), "badge"),
        (len(program.quests), "quest"),
        (len(program.streaks), "streak"),
        (len(program.campaigns), "campaign"),
        (len(program.rewards), "reward"),
    )
    return ", ".join(f"{count} {word}{'' if count == 1 else 's'}" for count, word in counts if count)


def diff(file: File, company: Owner = None, database: DatabaseUrl = None, as_json: AsJson = False) -> None:
    """Say what publishing a program would change, thing by thing."""
    _, program = read(file, as_json)

    async def in_force(opened: Database) -> tuple[str, Program, list[LevelChange]] | None:
        from engage.actions.drafts import owner_of
        from engage.actions.level_forecast import forecast_levels
        from engage.store.companies import HOST, latest_version, load_program

        async with opened.read():
            owner = await owner_of(company)
            found = await latest_version(owner)
            if found is None and owner != HOST:
                found = await latest_version(HOST)
            if found is None:
                return None
            whose = "the host's default" if found.company_id == HOST else f"{company}'s own"
            against, old = f"version {found.number}, {whose}", await load_program(found.id)
        return against, old, await forecast_levels(opened, program, company=company, now=now())

    found = with_database(database, in_force, create=False)
    from engage.core.diff import diff_programs

    against, old, levels = found if found is not None else (None, None, [])
    changes = diff_programs(old, program)
    if as_json:
        say_json({"against": against, "changes": changes, "levels": levels})
        return
    if against is None:
        say("nothing is published yet; all of this would be new")
    elif not changes:
        say(f"no change to {against}")
    else:
        say(f"changes to {against}:")
    print_changes(changes)
    _say_levels(levels)


def print_changes(changes: list[Change]) -> None:
    signs = {"added": "+", "removed": "-", "changed": "~"}
    for change in changes:
        say(f"{signs[change.kind]} {change.text}")


def _say_levels(levels: list[LevelChange]) -> None:
    from engage.core.level_changes import change_text

    for change in levels:
        say(f"{'^' if change.rises else 'v'} {change_text(change)}")


def publish(file: File, company: Owner = None, database: DatabaseUrl = None, as_json: AsJson = False) -> None:
    """Publish a program as a new version, in force from the next event on."""
    text, program = read(file, as_json)
    for warning in _warnings(file, text, program):
        note(str(warning))

    async def work(opened: Database) -> tuple[list[LevelChange], Published]:
        from engage.actions import publish as action
        from engage.actions.level_forecast import forecast_levels
        from engage.store.companies import company_id

        async with opened.read():
            known = company is None or await company_id(company) is not None
        levels = await forecast_levels(opened, program, company=company, now=now())
        if not as_json:
            _say_levels(levels)
        if not known:
            note(f"there was no company {company!r}: it is created")
        done = await action.publish(opened, program, text, company=company, actor=actor_name(), now=now())
        return levels, done

    levels, done = with_database(database, work)
    if as_json:
        said = {"version": done.number, "hash": done.hash, "unchanged": done.unchanged, "levels": levels}
        say_json({"company": company, **said})
        return
    whose = "the host's default" if company is None else f"the program of {company}"
    if done.unchanged:
        say(f"version {done.number} of {whose} says the same already")
    else:
        say(f"published version {done.number} of {whose}: {_size(program)}")


def actor_name() -> str:
    try:
        return f"{getpass.getuser()} (command line)"
    except (OSError, KeyError):  # a container's user may have no name
        return "command line"
