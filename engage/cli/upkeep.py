"""verify, rejects and doctor."""

from __future__ import annotations

import platform
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

import typer
from msgspec import Struct

from engage.cli.output import AsJson, complain, progress, say, say_json, say_table
from engage.cli.running import DatabaseUrl, with_database
from engage.clock import now
from engage.core.calendar import DAY, to_rfc3339
from engage.errors import EngageError
from engage.interpreter import run_for_throughput
from engage.settings import Settings, read_settings

if TYPE_CHECKING:
    from engage.actions.verify import Verified
    from engage.store.database import Database

Verdict = Literal["ok", "warning", "failed"]

PACKAGES: Final = ("tortoise-orm", "starlette", "uvicorn", "msgspec", "pyarrow", "tzdata")
DISK_BYTES_NEEDED: Final = 200 * 1024**2
DISK_BYTES_WISE: Final = 2 * 1024**3
REJECTS_COUNTED_MAX: Final = 1000
FREE_MIB_TOLD: Final = 1
BACKUP_DAYS_WISE: Final = 8
"""A weekly backup may be a day late."""
NAMES_MAX: Final = 5


def register(app: typer.Typer) -> None:
    app.command()(verify)
    app.command()(rejects)
    app.command()(doctor)


def verify(
    company: Annotated[str | None, typer.Option(metavar="ID", help="Only this company.")] = None,
    from_start: Annotated[
        bool,
        typer.Option("--from-start", help="Decide every entry again, not only those after a checkpoint."),
    ] = False,
    archive: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="The same, with archived entries read back from this folder.",
            show_default=False,
        ),
    ] = None,
    database: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Replay the logs and recompute every balance, level and chain; exit 1 if anything disagrees."""
    run_for_throughput()

    async def work(opened: Database) -> Verified:
        from engage.actions import verify as action

        folder = None
        if archive is not None:
            from engage.store.parquet import Folder

            folder = Folder(archive)
        with progress("entries") as bars:
            task = bars.add_task("replaying", total=None)
            return await action.verify(
                opened,
                company=company,
                from_start=from_start,
                archive=folder,
                progress=lambda entries: bars.advance(task, entries),
            )

    done = with_database(database, work, create=False)
    if as_json:
        say_json(done)
    else:
        companies = f"{done.companies:,} {'company' if done.companies == 1 else 'companies'}"
        say(f"replayed {done.entries:,} entries and {done.transfers:,} transfers of {companies}")
        if done.chained:
            say(f"followed the chain through {done.chained:,} entries before a checkpoint")
        if done.archived:
            say(f"{done.archived:,} entries are archived; --archive DIR replays them too")
        if done.uncounted:
            say(
                f"{done.uncounted:,} pasts that quests counted were not checked; --archive DIR counts them again"
            )
        if done.other_rules:
            count = len(done.other_rules)
            names = ", ".join(done.other_rules[:NAMES_MAX]) + (", ..." if count > NAMES_MAX else "")
            companies = "1 company was" if count == 1 else f"{count:,} companies were"
            say(f"{companies} decided by the rules of another release, and not replayed: {names}")
            say("verify them with that release; with this one after their next event")
    if done.difference is not None:
        complain(done.difference)
        raise typer.Exit(1)
    if not as_json:
        say("everything replayed agrees" if done.other_rules else "everything agrees")


def rejects(
    limit: Annotated[int, typer.Option(help="How many, the newest first.", min=1, max=10_000)] = 20,
    database: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """List the calls and rows that were refused, and why."""
    from engage.sources.files import time_text
    from engage.store.held import load_rejects

    async def work(opened: Database) -> list[tuple[object, ...]]:
        async with opened.read() as s:
            return await load_rejects(s, None, limit)

    rows = [
        (time_text(int(str(at))), company, str(code), str(message), bytes(call).decode(errors="replace"))  # type: ignore[call-overload]
        for company, at, _, _, code, message, call in with_database(database, work, create=False)
    ]
    if as_json:
        keys = ("received_at", "company", "code", "message", "call")
        say_json([dict(zip(keys, row, strict=True)) for row in rows])
    elif not rows:
        say("nothing was rejected")
    else:
        shown = [(at, str(company or "-"), code, message) for at, company, code, message, _ in rows]
        say_table(("received at", "company", "code", "message"), shown)


# --- doctor -------------------------------------------------------------------------------------------------


class Finding(Struct, frozen=True):
    name: str
    verdict: Verdict
    text: str


def doctor(database: DatabaseUrl = None, as_json: AsJson = False) -> None:
    """Check that this machine and its database are fit to run the service."""
    findings = list(_examine(database))
    failed = sum(finding.verdict == "failed" for finding in findings)
    if as_json:
        say_json({"healthy": not failed, "findings": findings})
    else:
        say_table(("", "", ""), [(one.verdict, one.name, one.text) for one in findings])
    if failed:
        complain(f"{failed} of {len(findings)} checks failed")
        raise typer.Exit(1)


def _examine(url: str | None) -> Iterator[Finding]:
    new_enough = sys.version_info >= (3, 11)
    yield Finding(
        "python", "ok" if new_enough else "failed", f"{platform.python_version()} (3.11 or newer is needed)"
    )
    yield _packages()
    yield _time_zones()
    try:
        settings = read_settings(database_url=url)
    except EngageError as error:
        yield Finding("settings", "failed", error.message)
        return
    from engage.store.database import shown

    yield Finding("settings", "ok", f"database {shown(settings.database_url)}")
    yield from _database(settings)


def _packages() -> Finding:
    found, missing = [], []
    for name in PACKAGES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            missing.append(name)
    if missing:
        return Finding("packages", "failed", f"not installed: {', '.join(missing)}")
    return Finding("packages", "ok", ", ".join(found))


def _time_zones() -> Finding:
    from zoneinfo import available_timezones

    count = len(available_timezones())
    return Finding("time zones", "ok" if count > 300 else "failed", f"{count} known")


def _disk(name: str, folder: Path) -> Finding:
    free = shutil.disk_usage(folder).free
    verdict: Verdict = "failed" if free < DISK_BYTES_NEEDED else "warning" if free < DISK_BYTES_WISE else "ok"
    return Finding(name, verdict, f"{free / 1024**3:.1f} GiB free in {folder}")


def _database(settings: Settings) -> Iterator[Finding]:
    from engage.store.database import is_postgres

    try:
        if not is_postgres(settings.database_url):
            found = list(_file(settings))
            yield from found
            if found[-1].name == "database":
                return
        yield _disk("sorting", Path(tempfile.gettempdir()))
        yield from with_database(settings.database_url, lambda opened: _contents(opened, settings))
    except EngageError as error:
        yield Finding("database", "failed", error.message)


def _file(settings: Settings) -> Iterator[Finding]:
    """Where the file is to be; the last finding is of the database when it cannot be looked at."""
    from engage.store.database import sqlite_path

    path = Path(sqlite_path(settings.database_url)).absolute()
    if not path.parent.is_dir():
        yield Finding("database", "failed", f"the folder {path.parent} does not exist")
        return
    yield _disk("disk", path.parent)
    if not path.exists():
        yield Finding("database", "warning", f"{path} does not exist yet; engage serve or migrate creates it")
        return
    from engage.store.backup import free_bytes

    free = free_bytes(path) / 1024**2
    if free >= FREE_MIB_TOLD:
        yield Finding("file", "ok", f"{free:,.0f} MiB within {path.name} are free for what comes next")


def _backup(at: str | None) -> Finding:
    if at is None:
        return Finding("backup", "warning", "none yet; engage backup FILE makes one")
    days = (now() - int(at)) // DAY
    text = f"the newest was begun at {to_rfc3339(int(at))}"
    return Finding("backup", "warning" if days >= BACKUP_DAYS_WISE else "ok", text)


class _Undone(Exception):
    """Ends the transaction that only tries whether writing is possible."""


async def _contents(opened: Database, settings: Settings) -> list[Finding]:
    from engage.store.archived import total_archived
    from engage.store.backup import LAST_BACKUP
    from engage.store.companies import HOST, latest_version
    from engage.store.held import load_rejects
    from engage.store.keys import list_keys
    from engage.store.settings import put_setting, read_setting
    from engage.store.tables import Company

    async def try_to_write(_: object) -> None:
        await put_setting("doctor", "")
        raise _Undone

    with suppress(_Undone):
        await opened.write(try_to_write)
    findings = [Finding("database", "ok", "reachable, migrated and writable")]
    async with opened.read() as s:
        rejected = len(await load_rejects(s, None, REJECTS_COUNTED_MAX))
        keys = [key for key in await list_keys() if key.revoked_at is None]
        program = await latest_version(HOST)
        companies = await Company.all().count()
        backed_up = await read_setting(LAST_BACKUP)
        total = await total_archived(s)
    findings += [
        Finding(
            "secret", "ok", "ENGAGE_SECRET" if settings.secret else "made by serve and kept in the database"
        ),
        Finding("keys", "ok", f"{len(keys)} in force")
        if keys
        else Finding("keys", "warning", "none yet; engage key create --kind server makes one"),
        Finding("program", "ok", f"version {program.number} is the host's default")
        if program
        else Finding("program", "warning", "no default yet; engage program publish FILE sets one"),
        Finding("companies", "ok", f"{companies:,}"),
        _backup(backed_up),
    ]
    if total.files:
        words = f"{total.entries:,} entries in {total.files:,} files, {total.bytes / 1024**2:,.0f} MiB"
        findings.append(Finding("archive", "ok", words))
    count = f"{rejected:,}" if rejected < REJECTS_COUNTED_MAX else f"{REJECTS_COUNTED_MAX:,} or more"
    text = f"{count} calls were rejected; engage rejects lists them" if rejected else "none"
    return [*findings, Finding("rejects", "warning" if rejected else "ok", text)]
