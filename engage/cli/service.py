"""serve, migrate, sign-in, key create, key list, key revoke."""

from __future__ import annotations

import asyncio
from enum import StrEnum
from typing import Annotated
from urllib.parse import urlsplit

import typer

from engage.cli.output import AsJson, note, say, say_json, say_table
from engage.cli.running import DatabaseUrl, with_database
from engage.core.calendar import to_rfc3339
from engage.settings import read_settings


class KeyKind(StrEnum):
    SERVER = "server"
    WRITE = "write"
    REPORT = "report"


def register(app: typer.Typer) -> None:
    app.command()(serve)
    app.command()(migrate)
    app.command("sign-in")(sign_in)
    key = typer.Typer(no_args_is_help=True, help="API keys.")
    key.command("create")(create_key)
    key.command("list")(list_keys)
    key.command("revoke")(revoke_key)
    app.add_typer(key, name="key")


def serve(
    database: DatabaseUrl = None,
    host: Annotated[
        str | None, typer.Option(help="Address to listen on; else ENGAGE_HOST, else 127.0.0.1.")
    ] = None,
    port: Annotated[
        int | None, typer.Option(help="Port, 0 for any free one; else ENGAGE_PORT, else 8000.")
    ] = None,
    workers: Annotated[int | None, typer.Option(help="Processes; above 1 with PostgreSQL only.")] = None,
) -> None:
    """Run the service: the API, the pages, and hourly scoring.

    Creates and migrates the database. Prints the address when ready, and a link to sign in to the pages once.
    """
    settings = read_settings(database_url=database, host=host, port=port, workers=workers)
    from engage.app import run_server

    run_server(settings, announce=say)


def migrate(
    database: DatabaseUrl = None,
    distribute: Annotated[
        bool, typer.Option("--distribute", help="Then spread it over a Citus cluster, by company.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Bring the database to the newest schema, creating it if need be. Two at once do no harm."""

    async def opened(_: object) -> None:
        """Opening it is the proof."""

    with_database(database, opened)
    from engage.store import migrate as migrations
    from engage.store.database import shown

    url = read_settings(database_url=database).database_url
    tables = asyncio.run(migrations.distribute(url)) if distribute else []
    if as_json:
        say_json({"database": shown(url), "migrated": True} | ({"distributed": tables} if distribute else {}))
        return
    say(f"{shown(url)} is up to date")
    if distribute:
        say(f"distributed: {', '.join(tables)}" if tables else "every table was distributed before")


def sign_in(
    name: Annotated[
        str, typer.Option(help="Whom it is for: what is logged on the pages is by this name.")
    ] = "",
    url: Annotated[
        str | None,
        typer.Option(help="Where browsers find the service; else the address it listens on."),
    ] = None,
    database: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Print a link that signs one person in to the pages: once, within a day, for seven days."""
    from engage.actions.sessions import SHARED_NAME, create_sign_in_link

    settings = read_settings(database_url=database)
    base = url or f"http://{settings.host}:{settings.port}"
    if urlsplit(base).scheme not in ("http", "https") or not urlsplit(base).hostname:
        raise typer.BadParameter("must begin with https:// or http:// and name a host", param_hint="'--url'")
    link = with_database(
        database,
        lambda opened: create_sign_in_link(opened, base, name=name.strip() or SHARED_NAME),
        create=False,
    )
    if as_json:
        say_json({"name": name.strip(), "url": link})
    else:
        say(link)
        note("It opens once, within a day. Give it to nobody else.")


def create_key(
    kind: Annotated[
        KeyKind,
        typer.Option(help="server: the host's back end. write: sends events only. report: aggregates only."),
    ],
    name: Annotated[str, typer.Option(help="What it is for, to recognise it by.")] = "",
    database: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Make an API key and print it, once: only its hash is kept."""
    from engage.actions import keys

    text = with_database(database, lambda opened: keys.create_key(opened, kind.value, name))
    if as_json:
        say_json({"kind": kind.value, "name": name, "key": text})
    else:
        say(text)
        note("This is the only time it is shown.")


def list_keys(database: DatabaseUrl = None, as_json: AsJson = False) -> None:
    """List the keys, without their secrets."""
    from engage.actions import keys

    found = with_database(database, keys.list_all)
    columns = ("number", "kind", "name", "created", "revoked")
    rows = [
        (
            str(key.id),
            key.kind,
            key.name,
            to_rfc3339(key.created_at),
            to_rfc3339(key.revoked_at) if key.revoked_at else "",
        )
        for key in found
    ]
    if as_json:
        say_json([dict(zip(columns, row, strict=True)) for row in rows])
    else:
        say_table(columns, rows, right=(0,))


def revoke_key(
    number: Annotated[int, typer.Argument(metavar="NUMBER", help="As `engage key list` shows it.")],
    database: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """End a key. A service that runs refuses it within 5 seconds."""
    from engage.actions import keys

    with_database(database, lambda opened: keys.revoke(opened, number))
    if as_json:
        say_json({"number": number, "revoked": True})
    else:
        say(f"key {number} is revoked")
