"""backup, archive and erase."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import nullcontext
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from engage.cli.output import AsJson, complain, note, progress, say, say_json, say_table
from engage.cli.programs import actor_name
from engage.cli.running import DatabaseUrl, with_database
from engage.clock import now
from engage.core.calendar import from_datetime, to_rfc3339
from engage.interpreter import run_for_throughput
from engage.settings import read_settings

if TYPE_CHECKING:
    from engage.actions.archive import ArchivedCompany
    from engage.actions.erase import Erased
    from engage.store.database import Database
    from engage.store.parquet import Folder


def register(app: typer.Typer) -> None:
    app.command()(backup)
    app.command()(archive)
    app.command()(erase)


def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where to write it.", show_default=False)],
    force: Annotated[bool, typer.Option("--force", help="Replace FILE if it exists.")] = False,
    verify: Annotated[
        bool,
        typer.Option("--verify", help="Replay the logs of the copy too, as engage verify does; on SQLite."),
    ] = False,
    database: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Copy the database to FILE while the service runs: everything acknowledged before this began is in it.

    The copy is checked, synced and only then given its name. It holds what the database holds; guard it alike. Of
    PostgreSQL it is a dump, made by pg_dump; pg_restore restores it.
    """
    from engage.actions.backup import back_up
    from engage.store.database import is_postgres

    url = read_settings(database_url=database).database_url
    if verify and is_postgres(url):
        raise typer.BadParameter("a dump must be restored first; then engage verify", param_hint="'--verify'")
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


def archive(
    to: Annotated[
        Path,
        typer.Option(
            "--to", metavar="DIR", help="The archive's folder; always the same.", show_default=False
        ),
    ],
    months: Annotated[
        int | None,
        typer.Option(
            metavar="N", help="Keep this month and the N before it.", min=0, max=1200, show_default=False
        ),
    ] = None,
    before: Annotated[
        str | None,
        typer.Option(metavar="DATE", help="Archive what arrived before this day, UTC.", show_default=False),
    ] = None,
    company: Annotated[str | None, typer.Option(metavar="ID", help="Only this company.")] = None,
    database: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Move old entries of the logs into Parquet files, one per company and month, and drop them from the database.

    Points, levels, limits, reports and what is known of messages stay. The service may run meanwhile. A company whose
    log does not agree with what is stored is left alone, and the exit code is 1. A command that was cut short is
    simply run again.
    """
    horizon = _horizon(months, before)
    from engage.actions import archive as action
    from engage.store.parquet import Folder

    run_for_throughput()
    folder = Folder(to)

    async def work(opened: Database) -> list[ArchivedCompany]:
        with progress() as bars:
            task = bars.add_task("archiving", total=None)

            def tell(name: str, entries: int) -> None:
                bars.update(task, description=f"archiving {name}", advance=entries)

            with folder.alone():
                return await action.archive(
                    opened, folder, before=horizon, company=company, now=now(), progress=tell
                )

    done = with_database(database, work, create=False)
    if as_json:
        say_json({"before": to_rfc3339(horizon), "companies": done})
    else:
        _tell(done)
    differences = [one.difference for one in done if one.difference is not None]
    for difference in differences:
        complain(difference)
    if differences:
        raise typer.Exit(1)


def _erase_from_files(
    folder: Folder | None, company: str, dry_run: bool, database: str | None, *, as_json: bool
) -> None:
    """Of people who are erased already, what the archive still has: nobody needs to be asked."""
    from engage.actions.erase_files import erase_from_files

    if folder is None or dry_run:
        raise typer.BadParameter("name whom to erase", param_hint="'--member'")

    async def work(opened: Database) -> int:
        with folder.alone():
            return await erase_from_files(opened, folder, company, now=now())

    written = with_database(database, work, create=False)
    if as_json:
        say_json({"company": company, "files": written})
    else:
        files = "1 file" if written == 1 else f"{written:,} files"
        say(f"{files} of the archive written anew, without who was erased of {company} before")


def _folder(path: Path | None) -> Folder | None:
    from engage.store.parquet import Folder

    return Folder(path) if path is not None else None


def _horizon(months: int | None, before: str | None) -> int:
    if (months is None) == (before is None):
        raise typer.BadParameter("give one of the two", param_hint="'--months' / '--before'")
    if months is not None:
        from engage.actions.archive import horizon

        return horizon(datetime.now(UTC), months)
    assert before is not None
    try:
        day = date.fromisoformat(before)
    except ValueError as error:
        raise typer.BadParameter(
            f"{before!r} is not a day such as 2026-05-01", param_hint="'--before'"
        ) from error
    return from_datetime(datetime(day.year, day.month, day.day, tzinfo=UTC))


def _tell(done: Sequence[ArchivedCompany]) -> None:
    done = [one for one in done if one.difference is None]
    if not done:
        say("nothing to archive")
        return
    say_table(
        ("company", "entries", "files", "MiB", "dropped"),
        [
            (
                one.company,
                f"{one.entries:,}",
                f"{one.files:,}",
                f"{one.bytes / 1024**2:,.1f}",
                f"{one.dropped:,}",
            )
            for one in done
        ],
        right=(1, 2, 3, 4),
    )


def erase(
    company: Annotated[
        str, typer.Option(metavar="ID", help="The company they are members of.", show_default=False)
    ],
    member: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ID", help="Whom to erase. Give it again for more, up to 100.", show_default=False
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    archive: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="The archive's folder: erase them from its files too. Without --member whoever was erased before.",
            show_default=False,
        ),
    ] = None,
    database: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Erase people: their ids, traits and events' properties, and what was written about them. Nothing brings it back.

    What was counted stays, under a number that leads to nobody: every balance, report and chain is as before. All who
    are named are erased, or none. The service may run meanwhile. Backups keep what they hold, and so do files of the
    archive without --archive.
    """
    from engage.actions import erase as action

    folder = _folder(archive)
    if not member:
        _erase_from_files(folder, company, dry_run, database, as_json=as_json)
        return
    if not dry_run and not yes:
        if not sys.stdin.isatty():
            raise typer.BadParameter("nothing brings it back; say that you mean it", param_hint="'--yes'")
        typer.confirm(f"erase {', '.join(member)} of {company}? Nothing brings it back", abort=True, err=True)

    async def work(opened: Database) -> Erased:
        with folder.alone() if folder is not None else nullcontext():
            return await action.erase(
                opened,
                company=company,
                members=member,
                actor=actor_name(),
                rehearse=dry_run,
                archive=folder,
                now=now(),
            )

    done = with_database(database, work, create=False)
    if as_json:
        say_json({"company": company, "dry_run": dry_run, **msgspec.structs.asdict(done)})
        return
    people = "1 member" if done.members == 1 else f"{done.members:,} members"
    say(f"{'would erase' if dry_run else 'erased'} {people} of {company}")
    say_table(
        ("", ""),
        [
            ("entries of theirs, left without what they said", f"{done.entries:,}"),
            ("notices dropped from the outbox", f"{done.notices:,}"),
            ("refused calls dropped", f"{done.rejects:,}"),
            ("files of the archive written anew", f"{done.files:,}"),
        ],
        right=(1,),
    )
    for name in done.archived:
        note(f"{name} of the archive may hold entries of theirs, and keeps them")
