"""Commands of `engage` as processes of their own, without the second that a fresh interpreter takes.

One process imports what commands import, once, and is forked for each: what a command leaves behind ends with it.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

PRELOADED = (
    *("engage.cli", "engage.app", "engage.store.sqlite", "engage.store.postgres", "engage.store.backup"),
    *("engage.actions.archive", "engage.actions.importing", "engage.actions.verify"),
    *(f"migrations.{path.stem}" for path in Path(__file__).parents[1].glob("migrations/0*.py")),
    # What libraries import when they are first used.
    *("tortoise.backends.sqlite.client", "tortoise.backends.asyncpg.client", "tortoise.converters"),
    *("typer._adapters", "typer._click.decorators", "typer._click._textwrap", "importlib.readers", "tzdata"),
)

_context = get_context("forkserver")
_context.set_forkserver_preload(["tests.commands", *PRELOADED, "tests.frozen"])


@dataclass(frozen=True)
class Ended:
    code: int
    out: str
    error: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def run_command(
    arguments: Sequence[str], folder: Path, environment: Mapping[str, str], seconds: float
) -> Ended:
    """Raises TimeoutError when it takes longer."""
    with TemporaryDirectory() as kept:
        out, error = Path(kept, "out"), Path(kept, "error")
        process = _context.Process(target=_run, args=(list(arguments), folder, dict(environment), out, error))
        process.start()
        process.join(seconds)
        if process.exitcode is None:
            process.kill()
            raise TimeoutError(f"engage {' '.join(arguments)}: {error.read_text()}")
        return Ended(process.exitcode, out.read_text(), error.read_text())


def _run(arguments: list[str], folder: Path, environment: dict[str, str], out: Path, error: Path) -> None:
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    for number, path, way in (
        (0, Path(os.devnull), os.O_RDONLY),
        (1, out, os.O_WRONLY),
        (2, error, os.O_WRONLY),
    ):
        opened = os.open(path, way | os.O_CREAT, 0o600)
        os.dup2(opened, number)
        os.close(opened)
    for name, number in (("stdout", 1), ("stderr", 2)):
        setattr(sys, name, os.fdopen(number, "w", encoding="utf-8"))
    sys.argv = ["engage", *arguments]
    from engage.cli import main

    main()


def run_script(script: str, arguments: Sequence[str], seconds: float = 60) -> int:
    """The exit code of a script, negative for the signal that ended it."""
    process = _context.Process(target=_run_script, args=(script, list(arguments)))
    process.start()
    process.join(seconds)
    if process.exitcode is None:
        process.kill()
        raise TimeoutError(script)
    return process.exitcode


def _run_script(script: str, arguments: list[str]) -> None:
    sys.argv = ["script", *arguments]
    exec(compile(script, "script", "exec"), {"__name__": "__main__"})
