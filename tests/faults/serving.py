"""`engage serve` as a process of its own, which a test may kill, and the command line beside it.

Owns starting, ending and watching real processes. Knows nothing of what is sent to them.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from engage.bench import usage
from tests.commands import Forked, run_command

START_SECONDS_MAX = 30
"""A process that does not listen by then has failed, however slow the machine."""
STOP_SECONDS_MAX = 30
ENGAGE = (sys.executable, "-m", "engage.cli")
SERVING = "import sys; from engage.cli import run; sys.exit(run(['serve', *sys.argv[1:]]))"
REPOSITORY = Path(__file__).resolve().parents[2]


def environment(**more: str) -> dict[str, str]:
    """With its bytecode kept, as where it is installed: half of a start would be spent compiling."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPATH": os.pathsep.join([str(REPOSITORY), *sys.path]), **more}


@dataclass
class Engage:
    """One server process, started again on the port it had: forked from one that has everything imported, or where
    there is a `command`, before the arguments, one that begins with nothing."""

    database_url: str
    folder: Path
    key: str
    script: str = SERVING
    command: Sequence[str] = ()
    port: int = 0
    popen: Forked | subprocess.Popen[str] | None = None
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        assert self.popen is not None
        return self.popen.pid

    @property
    def pids(self) -> list[int]:
        """Of the server, then of the process it decides in, if it has one."""
        return [one.pid for one in usage.family(self.pid) if not is_helper(one.pid)]

    @property
    def log(self) -> str:
        """What it said on stderr, over all its starts."""
        return "".join(path.read_text() for path in sorted(self.folder.glob("stderr-*")))

    def check_log(self) -> None:
        """No fault is a mistake of ours, so none leaves a traceback."""
        lines = self.log.splitlines()
        first = next((n for n, line in enumerate(lines) if "raceback" in line), None)
        assert first is None, "\n".join(line.replace("\\n", "\n") for line in lines[first : first + 20])

    async def start(self) -> None:
        """Returns when it listens. Raises when it ends instead."""
        await asyncio.to_thread(self._start)

    def _start(self) -> None:
        assert self.popen is None or self.popen.poll() is not None, "it runs already"
        arguments = ["--database", self.database_url, "--port", str(self.port)]
        variables = environment(**self.variables)
        errors = self.folder / f"stderr-{self.port}-{time.monotonic_ns()}"
        if self.command:
            with errors.open("w") as opened:
                self.popen = subprocess.Popen(
                    [*self.command, *arguments],
                    cwd=self.folder,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=opened,
                    text=True,
                    env=variables,
                )
        else:
            self.popen = Forked(self.script, arguments, self.folder, errors, variables)
        assert self.popen.stdout is not None
        line = self.popen.stdout.readline()  # ends without a line when the process ends
        if not line.startswith("listening on "):
            self.popen.kill()
            raise RuntimeError(f"it did not start: {line}{self.log}")
        self.port = int(line.rpartition(":")[2])

    def kill(self) -> None:
        """SIGKILL: nothing of it runs on."""
        assert self.popen is not None
        self.popen.kill()
        self._reap()

    async def stop(self, number: int = signal.SIGTERM, seconds: float = STOP_SECONDS_MAX) -> int:
        """Its exit code after a signal. Raises subprocess.TimeoutExpired when it does not end in time."""
        assert self.popen is not None
        self.popen.send_signal(number)
        await asyncio.to_thread(self.popen.wait, seconds)
        return self._reap()

    def _reap(self) -> int:
        assert self.popen is not None
        code = self.popen.wait(STOP_SECONDS_MAX)
        if self.popen.stdout is not None:
            self.popen.stdout.close()
        return code

    def end(self) -> None:
        """Whatever state it is in, it runs no more."""
        if self.popen is not None:
            self.popen.kill()
            self._reap()

    # --- what the system says of it -------------------------------------------------------------------------

    def open_files(self) -> int:
        return len(list(Path(f"/proc/{self.pid}/fd").iterdir()))

    def megabytes_at_most(self) -> float:
        """The most memory it and its children ever had."""
        return sum(one.peak_bytes for one in usage.family(self.pid)) / 2**20


def is_helper(pid: int) -> bool:
    """Whether that has ended, or only cleans up after others."""
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return True
    return not command or b"resource_tracker" in command


async def run(*words: str, database_url: str, seconds: float = 60) -> tuple[int, str]:
    """Exit code and words of one `engage` command."""
    arguments = [*words, "--database", database_url]
    done = await asyncio.to_thread(run_command, arguments, REPOSITORY, environment(), seconds)
    return done.code, done.out + done.error


def with_bounds(**bounds: float) -> str:
    """A script that serves with other bounds: `web__server__HEAD_SECONDS_MAX=1` for that of `engage.web.server`."""
    lines = ["import importlib"]
    for name, value in bounds.items():
        module, _, constant = name.rpartition("__")
        path = "engage." + module.replace("__", ".")
        # A name that is not there would change nothing, and the test would prove nothing.
        lines.append(f"vars(importlib.import_module({path!r}))[{constant!r}]; ")
        lines.append(f"importlib.import_module({path!r}).{constant} = {value}")
    return "\n".join([*lines, SERVING])
