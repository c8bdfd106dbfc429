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
from multiprocessing.connection import Connection
from pathlib import Path
from signal import SIGKILL
from subprocess import TimeoutExpired
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
    _enter(folder, environment)
    with out.open("wb") as told, error.open("wb") as complaints:
        _say_into(told.fileno(), complaints.fileno())
    sys.argv = ["engage", *arguments]
    from engage.cli import main

    main()


def _enter(folder: Path, environment: dict[str, str]) -> None:
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)


def _say_into(out: int, error: int) -> None:
    """What is printed from here on, and nothing can be asked."""
    with Path(os.devnull).open("rb") as nothing:
        for number, opened in ((0, nothing.fileno()), (1, out), (2, error)):
            os.dup2(opened, number)
    for name, number in (("stdout", 1), ("stderr", 2)):
        setattr(sys, name, os.fdopen(number, "w", encoding="utf-8"))


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


class Forked:
    """A script that runs, as `subprocess.Popen` has it: what it prints is text, and `stdout` a pipe."""

    def __init__(
        self,
        script: str,
        arguments: Sequence[str],
        folder: Path,
        errors: Path | None = None,
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        """Without a file for `errors` they come with the rest."""
        receiver, sender = _context.Pipe(duplex=False)
        with receiver, sender:
            self._process = _context.Process(
                target=_start_script, args=(script, [*arguments], folder, dict(environment), sender, errors)
            )
            self._process.start()
            self.stdout = os.fdopen(os.dup(receiver.fileno()), encoding="utf-8")
        assert self._process.pid is not None
        self.pid = self._process.pid

    @property
    def returncode(self) -> int | None:
        return self._process.exitcode

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        self._process.join(timeout)
        code = self._process.exitcode
        if code is None:
            assert timeout is not None
            raise TimeoutExpired(f"process {self.pid}", timeout)
        return code

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(SIGKILL)

    def communicate(self, timeout: float | None = None) -> tuple[str, None]:
        """What it has still to say, and its end."""
        with self.stdout:
            said = self.stdout.read()
        self.wait(timeout)
        return said, None


def _start_script(
    script: str,
    arguments: list[str],
    folder: Path,
    environment: dict[str, str],
    sender: Connection,
    errors: Path | None,
) -> None:
    _enter(folder, environment)
    with sender, (errors or Path(os.devnull)).open("ab") as complaints:
        _say_into(sender.fileno(), complaints.fileno() if errors else sender.fileno())
    _run_script(script, arguments)
