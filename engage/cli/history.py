"""import."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer
from msgspec.structs import asdict

from engage.cli.output import AsJson, complain, note, progress, say, say_json, say_table
from engage.cli.running import DatabaseUrl, with_database
from engage.clock import now
from engage.interpreter import run_for_throughput

if TYPE_CHECKING:
    from rich.progress import Progress

    from engage.actions import importing
    from engage.actions.import_rejects import Imported
    from engage.sources.files import Source
    from engage.store.database import Database


class Kind(StrEnum):
    EVENTS = "events"
    COMPANIES = "companies"
    TERMS = "terms"


WORDS = {Kind.EVENTS: ("event", "events"), Kind.COMPANIES: ("row", "rows"), Kind.TERMS: ("term", "terms")}


def register(app: typer.Typer) -> None:
    app.command("import")(import_files)


def import_files(
    files: Annotated[
        list[str], typer.Argument(metavar="FILE...", help="NDJSON, CSV or Parquet.", show_default=False)
    ],
    kind: Annotated[
        Kind,
        typer.Option(
            help="events: Segment calls. companies: groupId and traits (name, timezone, seats, any other). "
            "terms: contract terms."
        ),
    ] = Kind.EVENTS,
    map: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COLUMN=FIELD", help="What a column is; may be given several times.", show_default=False
        ),
    ] = None,
    database: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Import history, as if each event had arrived when it happened. A second run changes nothing.

    NDJSON holds Segment calls, one or a batch per line. The columns of CSV and Parquet are named as on the wire:
    messageId, type (track if there is none), event, userId, anonymousId, groupId, timestamp. Any other column is
    a property. Files need not be sorted; companies' time zones are best imported before their events.

    A row without a messageId is known by what it says: equal rows of one file all count, the same row in another
    file is the same event. Rows that cannot be taken are listed here and by `engage rejects`, and stop no other.
    """
    mapping = _mapping(map or [])
    from engage.sources.files import open_sources

    sources = open_sources(files, mapping)
    run_for_throughput()
    started = time.monotonic()
    total = sum(source.size for source in sources)
    with progress("{task.fields[speed]}", bytes=kind is not Kind.EVENTS) as bars:
        work = _events if kind is Kind.EVENTS else _facts(kind)
        done = work(sources, mapping, bars, total, database)
    seconds = time.monotonic() - started
    if as_json:
        rate = round(done.rows / seconds)
        say_json(
            {"kind": kind.value} | asdict(done) | {"seconds": round(seconds, 3), "rows_per_second": rate}
        )
    else:
        _tell(done, kind, seconds)
        if kind is Kind.TERMS:
            _tell_unread(sources, mapping)
    if done.broken_files:
        complain("a file could not be read to its end; what was read is imported")
        raise typer.Exit(1)
    if done.rows and done.rejected == done.rows:
        complain(f"none of the {done.rows:,} rows could be imported")
        raise typer.Exit(1)


def _tell_unread(sources: Sequence[Source], mapping: dict[str, str]) -> None:
    """An export that calls its outcomes otherwise is read without them, and nothing else would show it."""
    from engage.core.terms import COLUMNS
    from engage.sources.facts import unread_columns

    unread = unread_columns(sources, mapping, COLUMNS)
    if unread:
        note(f"not read: {', '.join(unread)}; say what a column is with --map COLUMN=FIELD")


def _tell_new(done: Imported) -> None:
    """A misspelt id makes a company of its own, and the one that was meant goes without its term."""
    names = ", ".join(
        f"{one.company} (did you mean {one.meant}?)" if one.meant else one.company for one in done.new
    )
    more = f" and {done.created - len(done.new):,} more" if done.created > len(done.new) else ""
    word = "1 company is" if done.created == 1 else f"{done.created:,} companies are"
    note(f"{word} new, named by terms alone: {names}{more}")


def _mapping(pairs: Sequence[str]) -> dict[str, str]:
    mapping: dict[str, str] = {}
    for pair in pairs:
        column, equals, field = pair.partition("=")
        if not (column and equals and field):
            raise typer.BadParameter(f"{pair!r} is not COLUMN=FIELD", param_hint="'--map'")
        if column in mapping:
            raise typer.BadParameter(f"{column!r} is mapped twice", param_hint="'--map'")
        mapping[column] = field
    return mapping


Run = Callable[[Sequence["Source"], dict[str, str], "Progress", int, str | None], "Imported"]


def _events(
    sources: Sequence[Source], mapping: dict[str, str], bars: Progress, total: int, url: str | None
) -> Imported:
    from engage.actions.importing import Progress as Step
    from engage.actions.importing import import_calls
    from engage.sources.calls import read_calls
    from engage.sources.files import origins

    moment = now()
    readings = read_calls(sources, mapping, moment)
    reading = bars.add_task("reading", total=total, speed="")
    importing_task = bars.add_task("importing", total=None, visible=False, speed="")
    began = 0.0

    def listen(step: importing.Progress) -> None:
        nonlocal began
        if step.phase == Step.READING:
            bars.update(reading, completed=step.done)
            return
        began = began or time.monotonic()
        passed = time.monotonic() - began
        speed = f"{step.done / passed:,.0f} events/s" if passed > 1 else ""
        bars.update(reading, visible=False)
        bars.update(importing_task, visible=True, completed=step.done, total=step.total, speed=speed)

    async def work(opened: Database) -> Imported:
        return await import_calls(opened, readings, origins(sources), now=moment, listen=listen)

    return with_database(url, work)


def _facts(kind: Kind) -> Run:
    def run(
        sources: Sequence[Source], mapping: dict[str, str], bars: Progress, total: int, url: str | None
    ) -> Imported:
        from engage.actions.company_facts import FactReading, import_companies, import_terms
        from engage.sources.facts import read_facts
        from engage.sources.files import origins

        required = ("groupId", "term_start", "term_end") if kind is Kind.TERMS else ("groupId",)
        readings: Iterator[FactReading] = read_facts(
            sources, mapping, required=required, typed=kind is Kind.COMPANIES
        )
        task = bars.add_task("importing", total=total, speed="")
        action = import_terms if kind is Kind.TERMS else import_companies

        async def work(opened: Database) -> Imported:
            return await action(
                opened,
                readings,
                origins(sources),
                now=now(),
                listen=lambda done: bars.update(task, completed=done),
            )

        return with_database(url, work)

    return run


def _tell(done: Imported, kind: Kind, seconds: float) -> None:
    word = WORDS[kind][done.rows != 1]
    companies = f"{done.companies:,} {'company' if done.companies == 1 else 'companies'}"
    speed = f", {done.rows / seconds:,.0f} a second" if seconds > 1 else ""
    say(f"{done.rows:,} {word} of {companies} in {seconds:.1f} s{speed}")
    why = ", ".join(f"{code} {count:,}" for code, count in sorted(done.reasons.items()))
    rows = [
        ("accepted", f"{done.accepted:,}", ""),
        ("  of these undecided", f"{done.undecided:,}", why) if done.undecided else None,
        ("duplicates", f"{done.duplicates:,}", ""),
        ("rejected", f"{done.rejected:,}", ""),
    ]
    say_table(("", WORDS[kind][1], ""), [row for row in rows if row], right=(1,))
    if done.created:
        _tell_new(done)
    for overlap in done.overlaps:
        note(f"two terms run in the same days, and both count: {overlap}")
    if done.overlaps:
        note("of a contract renewed early, the old term ends on the day on which the new one starts")
    for pair in done.told_twice:
        note(f"two rows are of one company and first day, so of one term, and the later counts: {pair}")
    for problem in done.problems:
        note(str(problem))
    if done.rejected > len(done.problems):
        note(f"and {done.rejected - len(done.problems):,} more; engage rejects lists them all")
