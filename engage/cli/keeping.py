"""backup."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from engage.cli.output import AsJson, complain, progress, say, say_json
from engage.cli.running import DatabaseUrl, now, with_database
from engage.interpreter import run_for_throughput
from engage.settings import read_settings

if TYPE_CHECKING:
    from engage.store.database import Database


def register(app: typer.Typer) -> None:
    app.command()(backup)


def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where to write it.", show_default=False)],
    force: Annotated[bool, typer.Option("--force", help="Replace FILE if it exists.")] = False,
    verify: Annotated[
        bool, typer.Option("--verify", help="Replay the logs of the copy too, as engage verify does.")
    ] = False,
    database: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Copy the database to FILE while the service runs: everything acknowledged before this began is in it.

    The copy is checked, synced and only then given its name. It holds what the database holds; guard it alike.
    """
    from engage.actions.backup import back_up

    url = read_settings(database_url=database).database_url
    with progress() as bars:
        task = bars.add_task("copying", total=None)
        done = back_up(
            url,
            file,
            force=force,
            now=now(),
            listen=lambda copied, total: bars.update(task, completed=copied, total=total),
        )
    difference = _verified(file) if verify else None
    if as_json:
        say_json({"file": done.file, "bytes": done.bytes, "verified": verify and difference is None})
    else:
        say(f"{done.file}: {done.bytes / 1024**2:,.1f} MiB{', and everything agrees' if verify else ''}")
    if difference is not None:
        complain(difference)
        raise typer.Exit(1)


def _verified(copy: Path) -> str | None:
    """The first difference in a backup, or None."""
    from engage.actions.verify import verify

    run_for_throughput()

    async def work(opened: Database) -> str | None:
        return (await verify(opened)).difference

    return with_database(f"sqlite:///{copy.absolute()}", work)
