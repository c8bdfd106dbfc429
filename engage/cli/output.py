"""What a command prints: lines, tables and JSON on stdout; complaints and progress on stderr.

Tables have lines and colours on a terminal only; piped, they are columns of plain text.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from engage.core.language import LANGUAGES

if TYPE_CHECKING:
    from rich.progress import Progress

AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


def _lang(text: str) -> str:
    if text not in LANGUAGES:
        raise typer.BadParameter(f"{text!r} is not one of {', '.join(LANGUAGES)}")
    return text


_LANG_HELP = f"The language of the words: {' or '.join(LANGUAGES)}."
Lang = Annotated[str, typer.Option(callback=_lang, help=_LANG_HELP)]
LangOfReport = Annotated[
    str, typer.Option(callback=_lang, help=f"{_LANG_HELP} As text it has its labels in English.")
]


def say(text: str) -> None:
    typer.echo(text)


def complain(text: str) -> None:
    """An error, in one line whatever it quotes."""
    typer.echo(f"engage: error: {' '.join(text.split())}", err=True)


def note(text: str) -> None:
    """A word beside the result, for people."""
    typer.echo(text, err=True)


def say_json(value: Any) -> None:
    import msgspec

    typer.echo(msgspec.json.format(msgspec.json.encode(value), indent=2))


def say_table(columns: Sequence[str], rows: Sequence[Sequence[str]], *, right: Sequence[int] = ()) -> None:
    """`right`: the columns of numbers. Without names of columns there is no header."""
    if sys.stdout.isatty():
        from rich import box
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text

        table = Table(box=box.SIMPLE_HEAD, header_style="bold", show_header=any(columns))
        for index, column in enumerate(columns):
            table.add_column(column, justify="right" if index in right else "left")
        for row in rows:
            table.add_row(*map(Text, row))
        Console().print(table)
        return
    lines = [columns, *rows]
    widths = [max(len(line[index]) for line in lines) for index in range(len(columns))]
    for line in lines if any(columns) else rows:
        cells = [
            cell.rjust(width) if index in right else cell.ljust(width)
            for index, (cell, width) in enumerate(zip(line, widths, strict=True))
        ]
        typer.echo("  ".join(cells).rstrip())


@contextmanager
def progress(*extra: str, bytes: bool = False) -> Iterator[Progress]:
    """Progress bars on stderr, shown to a terminal only."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, MofNCompleteColumn, Progress, TextColumn

    columns = [
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn() if bytes else MofNCompleteColumn(),
        *(TextColumn(text) for text in extra),
    ]
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as shown:
        yield shown
