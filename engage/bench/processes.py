"""The processes of a round: the service under test, and the load generator that drives it.

Owns starting and stopping them. What they use is in `usage`.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec

from engage.bench.client import Plan, Report, Shot
from engage.bench.errors import RoundFailed
from engage.bench.usage import family

SERVE: Final = ("engage.cli", "serve")
BARE: Final = ("engage.bench.bare",)
STOP_SECONDS: Final = 60
LOAD_SECONDS_MAX: Final = 600
SETTLE_SECONDS_MAX: Final = 120
RESTING_SHARE: Final = 0.05
"""Of one core."""
_PACKAGE = Path(__file__).parents[2]


class Server:
    """A service that listens."""

    def __init__(self, popen: subprocess.Popen[str], host: str, port: int, log: Path) -> None:
        self._popen = popen
        self.host = host
        self.port = port
        self._log = log

    def drive(self, shots: Sequence[Shot], connections: int, rate: float | None = None) -> Report:
        """Send all of it and wait for the answers. Raises RoundFailed unless every one was the success expected."""
        plan = Plan(self.host, self.port, connections, list(shots), rate)
        with tempfile.NamedTemporaryFile(prefix="engage-plan-") as file:
            file.write(msgspec.msgpack.encode(plan))
            file.flush()
            done = subprocess.run(
                [sys.executable, "-m", "engage.bench.client", file.name],
                env=environment(),
                capture_output=True,
                timeout=LOAD_SECONDS_MAX,
                check=False,
            )
        if done.returncode:
            raise RoundFailed(f"the load generator ended with {done.returncode}: {done.stderr[-500:]!r}")
        report = msgspec.json.decode(done.stdout, type=Report)
        if report.failed or report.answered != len(shots):
            told = report.first_failure or "no answer"
            raise RoundFailed(
                f"{report.answered} of {len(shots)} requests were answered and {report.failed} failed: {told}"
                f" {self.complaints()}"
            )
        return report

    def complaints(self) -> str:
        """The end of what the service wrote to stderr."""
        return self._log.read_text(errors="replace")[-1000:]

    def cpu_seconds(self) -> float:
        """Processor time of the service's processes so far."""
        return sum(usage.cpu_seconds for usage in family(self._popen.pid))

    def settle(self) -> None:
        """Wait until it has done what it does by itself after a start: it looks whether a week is to be scored."""
        until = time.monotonic() + SETTLE_SECONDS_MAX
        before, now = 0.0, self.cpu_seconds()
        while now - before > RESTING_SHARE:
            if time.monotonic() > until:
                raise RoundFailed("the service did not come to rest")
            time.sleep(1)
            before, now = now, self.cpu_seconds()

    def memory_bytes(self) -> int:
        """The most memory the service's processes had resident at any one time, added up."""
        return sum(usage.peak_bytes for usage in family(self._popen.pid))


@contextmanager
def serving(
    url: str,
    *,
    module: Sequence[str] = SERVE,
    workers: int = 1,
    profile: Path | None = None,
) -> Iterator[Server]:
    """A service of its own process on that database. `profile`: where a profile of its main thread is left."""
    python = [sys.executable, *(["-m", "cProfile", "-o", str(profile)] if profile else [])]
    command = [*python, "-m", *module, "--database", url, "--port", "0"]
    if workers > 1:
        command += ["--workers", str(workers)]
    with tempfile.NamedTemporaryFile("w", prefix="engage-serve-", suffix=".log") as log:
        popen = subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, stderr=log, text=True)
        try:
            assert popen.stdout is not None
            line = popen.stdout.readline()
            address, listening, port = line.strip().removeprefix("listening on http://").rpartition(":")
            if not listening:
                popen.kill()
                popen.wait()
                raise RoundFailed(f"the service did not start: {line} {Path(log.name).read_text()[-1000:]}")
            yield Server(popen, address, int(port), Path(log.name))
        finally:
            popen.send_signal(signal.SIGTERM)
            try:
                popen.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                popen.kill()
                popen.wait()
            if popen.stdout is not None:
                popen.stdout.close()


def environment() -> dict[str, str]:
    """Of a process of ours: our own settings and nobody else's."""
    path = os.pathsep.join(filter(None, [str(_PACKAGE), os.environ.get("PYTHONPATH", "")]))
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ENGAGE_")}
    return {**kept, "PYTHONPATH": path}
