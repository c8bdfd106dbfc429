"""bench."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from engage.cli.output import AsJson, complain, note, say, say_json, say_table

if TYPE_CHECKING:
    from engage.bench.figures import Result
    from engage.bench.machine import Machine

PROFILED_MAX = 30


def register(app: typer.Typer) -> None:
    app.command()(bench)


def bench(
    only: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="A figure, or some by a pattern; may be given several times."),
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Fewer figures, and less of each, in under two minutes.")
    ] = False,
    rounds: Annotated[int | None, typer.Option(min=1, max=1000, help="Instead of 5, or 2 if quick.")] = None,
    folder: Annotated[
        Path | None, typer.Option(help="Where the databases are made; else the system's temporary folder.")
    ] = None,
    postgres: Annotated[
        str | None,
        typer.Option(
            metavar="URL", help="A PostgreSQL server to make databases on; else one is started for the run."
        ),
    ] = None,
    profile: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Leave a cProfile of the service's main thread there.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Measure this machine: each figure beside its own limit. Exit 1 when a round failed."""
    from engage.bench.run import Wanted, run

    outcome = run(Wanted(only or [], quick, rounds, folder, profile, postgres), note)
    if as_json:
        say_json(outcome)
    else:
        _say_machine(outcome.machine)
        _say_figures(outcome.figures)
        for why in dict.fromkeys(outcome.not_run.values()):
            names = [name for name, reason in outcome.not_run.items() if reason == why]
            say(f"not run, {why}: {', '.join(names)}")
    if profile is not None:
        _say_profile(profile)
    for name, why in outcome.failed.items():
        complain(f"{name}: {why}")
    if outcome.failed:
        raise typer.Exit(1)


def _say_machine(machine: Machine) -> None:
    say(
        f"{machine.processor}, {machine.cores} cores, {machine.memory_gb:g} GB, {machine.system}, "
        f"{machine.syncs_per_second:,} syncs/s"
    )
    databases = f"SQLite {machine.sqlite}" + (f", PostgreSQL {machine.postgres}" if machine.postgres else "")
    say(f"Python {machine.python}, {databases}, {machine.durability}")
    say(f"Engage {machine.engage}, commit {machine.commit or 'unknown'}, {machine.measured_at}")
    say("")


def _say_figures(figures: dict[str, Result]) -> None:
    columns = ("figure", "value", "unit", "limit", "ratio", "spread", "at least", "aim", "")
    say_table(columns, [_row(name, result) for name, result in figures.items()], right=(1, 3, 4, 5, 6, 7))


def _row(name: str, result: Result) -> tuple[str, ...]:
    spread = result.spread.ratio or result.spread.value
    return (
        name,
        f"{result.value:,.4g}",
        result.unit,
        "" if result.limit is None else f"{result.limit:,.4g}",
        "" if result.ratio is None else f"{result.ratio:.3f}",
        f"{spread[0]:,.4g}..{spread[1]:,.4g}",
        "" if result.at_least is None else f"{result.at_least:g}",
        "" if result.aim is None else f"{result.aim:g}",
        result.met,
    )


def _say_profile(path: Path) -> None:
    import io
    from pstats import Stats

    text = io.StringIO()
    Stats(str(path), stream=text).sort_stats("tottime").print_stats(PROFILED_MAX)
    note(text.getvalue())
