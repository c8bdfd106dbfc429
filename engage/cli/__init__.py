"""The command line: `engage`.

Owns the commands' names and how a mistake ends: one line on stderr and an exit code, 0 done, 1 failed or found
problems, 2 asked for wrongly, 130 interrupted. Each command reads settings, opens the database and calls one action;
what an action needs is imported when its command runs, so that `--help` is quick.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Annotated, Final

import typer
from typer._click.exceptions import ClickException, NoArgsIsHelpError, UsageError

from engage.cli import (
    bench,
    campaigns,
    companies,
    history,
    interventions,
    keeping,
    programs,
    service,
    signal,
    templates,
    upkeep,
    value,
    what_if,
)
from engage.cli.output import complain, say
from engage.errors import EngageError

INTERRUPTED: Final = 130
BROKEN_PIPE: Final = 141
"""As a shell reports it: whoever read our output has seen enough."""
_WORDS: Final = {
    "Value error, ": "",
    "Input should be a valid integer, unable to parse string as an integer": "must be a whole number",
    "Input should be a valid number, unable to parse string as a number": "must be a number",
    "Input should be greater than or equal to": "must be at least",
    "Input should be less than or equal to": "must be at most",
}
"""Of the library that reads arguments -> ours."""


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"engage {version('engage')}")
        raise typer.Exit


def build() -> typer.Typer:
    app = typer.Typer(
        name="engage",
        help="Points, levels and recognition for the people inside your customers' companies, and a health signal.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        # Boxes and colours are for people; what is piped stays plain.
        rich_markup_mode="rich" if sys.stdout.isatty() else None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )

    @app.callback()
    def top(
        version: Annotated[
            bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
        ] = False,
    ) -> None:
        """Points, levels and recognition for the people inside your customers' companies, and a health signal."""

    for commands in (
        service,
        companies,
        programs,
        templates,
        what_if,
        campaigns,
        history,
        interventions,
        signal,
        value,
        upkeep,
        keeping,
        bench,
    ):
        commands.register(app)
    return app


def _in_our_words(message: str) -> str:
    for theirs, ours in _WORDS.items():
        message = message.replace(theirs, ours)
    return message


def run(arguments: Sequence[str] | None = None) -> int:
    """Run a command; its exit code. Our own mistakes are not caught: their traceback is what mends them."""
    try:
        code = build()(args=arguments, prog_name="engage", standalone_mode=False)
        sys.stdout.flush()
    except NoArgsIsHelpError as help:
        typer.echo(help.format_message())
        return help.exit_code
    except UsageError as error:
        hint = f"; see {error.ctx.command_path} --help" if error.ctx is not None else ""
        complain(_in_our_words(error.format_message()).rstrip(".") + hint)
        return error.exit_code
    except ClickException as error:
        complain(error.format_message())
        return error.exit_code
    except EngageError as error:
        for one in error.errors:
            say(f"{one['pointer']}: {one['message']}")
        complain(error.message)
        return 1
    except (KeyboardInterrupt, typer.Abort):
        code = INTERRUPTED
    except BrokenPipeError:
        # Python would complain once more when it closes stdout at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    except OSError as error:
        complain(f"{error.filename}: {error.strerror}" if error.filename else str(error.strerror or error))
        return 1
    if code == INTERRUPTED:  # typer turns most Ctrl-Cs into this exit code, and says nothing
        complain("interrupted")
    return code if isinstance(code, int) else 0


def main() -> None:
    sys.exit(run())
