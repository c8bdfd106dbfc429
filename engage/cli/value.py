"""book, outcomes and export."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from engage.cli.output import AsJson, progress, say, say_json, say_table
from engage.cli.programs import actor_name, read_text, refuse_problems
from engage.cli.running import DatabaseUrl, with_database
from engage.clock import now

if TYPE_CHECKING:
    from engage.core.book import Book
    from engage.core.worth import Outcomes
    from engage.store.database import Database

File = Annotated[str, typer.Argument(metavar="FILE", help="The book, YAML or JSON.", show_default=False)]


def register(app: typer.Typer) -> None:
    book = typer.Typer(
        no_args_is_help=True, help="The host's book: margin, cost, segments, tiers, the score."
    )
    book.command("check")(check)
    book.command("set")(set_book)
    book.command("show")(show)
    app.add_typer(book, name="book")
    app.command()(outcomes)
    app.command()(export)


def read_book_file(file: str, as_json: bool) -> tuple[str, Book]:
    """The text and the book in it; every mistake is printed, and ends the command."""
    from engage.document import read_book

    text = read_text(file)
    found = read_book(text, filename=file)
    if found.book is not None:
        return text, found.book
    refuse_problems(file, found.problems, as_json)
    raise typer.Exit(1)


def check(file: File, as_json: AsJson = False) -> None:
    """Name every mistake of a book by file, line, column and field. Needs no database."""
    _, book = read_book_file(file, as_json)
    if as_json:
        say_json({"file": file, "valid": True, "problems": []})
    else:
        say(f"{file} is valid: {_contents(book)}")


def set_book(file: File, database: DatabaseUrl = None, as_json: AsJson = False) -> None:
    """Replace the host's book. It holds at once."""
    text, book = read_book_file(file, as_json)

    async def work(opened: Database) -> None:
        from engage.actions.book import keep_book

        await keep_book(opened, book, text, actor=actor_name(), now=now())

    with_database(database, work)
    if as_json:
        say_json(
            {
                "file": file,
                "tiers": [tier.id for tier in book.tiers],
                "profiles": [one.id for one in book.score.profiles],
                "definition": book.score.version or None,
            }
        )
    else:
        say(f"the book is that of {file}: {_contents(book)}")
        if book.score.profiles:
            say("it scores the weeks to come; engage score --again scores the past ones anew")


def _contents(book: Book) -> str:
    tiers, profiles = len(book.tiers), len(book.score.profiles)
    told = f"{tiers} tier{'' if tiers == 1 else 's'}"
    if not profiles:
        return told
    return f"{told}, {profiles} profile{'' if profiles == 1 else 's'} of the score, definition {book.score.version}"


def show(database: DatabaseUrl = None) -> None:
    """Print the host's book as it was written."""

    async def work(opened: Database) -> str:
        from engage.actions.book import read_kept_book

        async with opened.read():
            return (await read_kept_book()).document

    text = with_database(database, work, create=False)
    typer.echo(text, nl=not text.endswith("\n")) if text else say("nobody has written a book yet")


def outcomes(
    database: DatabaseUrl = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="As comma-separated values.")] = False,
    as_json: AsJson = False,
) -> None:
    """Say what the contracts of all companies brought: revenue, what of it was kept, LTV, CAC, growth."""
    from engage.actions.portfolio import company_outcomes

    found = with_database(database, company_outcomes, create=False)
    if as_json:
        say_json(found)
    elif as_csv:
        from engage.core.outcomes import outcomes_csv

        typer.echo(outcomes_csv(found), nl=False)
    else:
        _tell(found)


def _tell(found: Outcomes) -> None:
    economics = found.economics
    assert economics is not None
    say(f"as of {found.as_of}; money in units of your currency")
    rows = [
        ("revenue per month (MRR)", _money(found.mrr_cents)),
        ("revenue per year (ARR)", _money(found.arr_cents)),
        ("per company and month (ARPA)", _money(found.arpa_cents)),
        ("kept (GRR)", _share(found.grr)),
        ("kept with growth (NRR)", _share(found.nrr)),
        ("renewal rate", _share(found.renewal_rate)),
        ("share of the key fifth", _share(found.key_share)),
        ("worth of a customer (LTV)", _money(economics.ltv_cents)),
        ("cost to win one (CAC)", _money(economics.cac_cents)),
        ("LTV / CAC", "not known" if economics.ltv_to_cac is None else f"{economics.ltv_to_cac:.1f}"),
        ("traded per month (GMV)", _money(economics.gmv_cents)),
    ]
    say_table(("figure", "value"), rows, right=(1,))
    say("")
    columns = ("segment", "new", "convert", "purchase", "existing", "kept", "repurchase", "MRR")
    growth = [
        (
            one.segment,
            str(one.new),
            _share(one.conversion),
            _money(one.purchase_cents),
            str(one.existing),
            _share(one.retention),
            _money(one.repurchase_cents),
            _money(one.mrr_cents),
        )
        for one in economics.growth
    ]
    say_table(columns, growth, right=range(1, 8))
    for note in (*found.notes, *economics.notes):
        say(note)


def export(
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="The Parquet file to write.", show_default=False)
    ],
    weeks: Annotated[int, typer.Option(min=1, max=52, help="How many weeks, the newest last.")] = 52,
    database: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Write the weekly published figures of all companies into a Parquet file."""

    async def work(opened: Database) -> tuple[int, int]:
        from engage.actions.report import company_report, every_company
        from engage.formats.weekly import WeeklyFile

        companies = await every_company(opened)
        with progress() as bars, WeeklyFile(Path(file)) as out:
            for company in bars.track(companies, description="exporting"):
                out.add(await company_report(opened, company, f"last-{weeks}-weeks"))
        return len(companies), out.rows

    companies, rows = with_database(database, work, create=False)
    if as_json:
        say_json({"file": file, "companies": companies, "rows": rows})
    else:
        say(f"{file}: {rows:,} figures of {companies:,} companies")


def _money(cents: int | None) -> str:
    return "not known" if cents is None else f"{cents / 100:,.0f}"


def _share(share: float | None) -> str:
    return "not known" if share is None else f"{share:.1%}"
