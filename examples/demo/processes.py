"""Starting, watching and stopping the demo's processes, and the signals that end it.

Owns ports, children and their logs. Knows nothing of what is seeded or served.
"""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

PORTS_TRIED_MAX = 20
STOP_SECONDS_MAX = 10.0
TAIL_LINES = 12

# Windows has no SIGHUP; there, closing the window ends the children with it.
_STOPPING = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


class Stopped(BaseException):
    """Somebody asked the demo to end: Ctrl-C, SIGTERM or a closed terminal. Not an error."""


class DemoError(Exception):
    """Something a person can mend, in one line, with what the failing command said."""

    def __init__(self, message: str, details: str = "") -> None:
        super().__init__(message)
        self.details = details.strip()


@contextmanager
def stop_signals() -> Iterator[None]:
    """Turns stop signals into `Stopped`; a second one while stopping is ignored, as stopping is bounded anyway."""

    def stop(number: int, frame: FrameType | None) -> None:
        for other in _STOPPING:
            signal.signal(other, signal.SIG_IGN)
        raise Stopped

    before = {number: signal.signal(number, stop) for number in _STOPPING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def free_port(wanted: int, avoid: Sequence[int] = ()) -> int:
    """The wanted port of the local machine, or the next one nobody listens on."""
    for port in range(wanted, min(wanted + PORTS_TRIED_MAX, 65536)):
        if port not in avoid and not _taken(port):
            return port
    raise DemoError(f"no free port from {wanted} on; choose another with --port or --host-port")


def _taken(port: int) -> bool:
    # Binding alone is not enough: where a listener allows sharing, a second bind succeeds as well.
    with socket.socket() as asking:
        asking.settimeout(0.3)
        if asking.connect_ex(("127.0.0.1", port)) == 0:
            return True
    with socket.socket() as binding:
        if os.name == "posix":
            binding.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            binding.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


def run(command: Sequence[str], environment: Mapping[str, str], cwd: Path, show: bool = False) -> str:
    """Runs a command to its end and gives what it printed. `show` lets it draw on the terminal instead."""
    pipe = None if show else subprocess.PIPE
    with subprocess.Popen(  # noqa: S603 - a command this demo made itself
        command, env=dict(environment), cwd=cwd, stdout=pipe, stderr=pipe, text=True, start_new_session=True
    ) as child:
        try:
            out, error = child.communicate()
        except BaseException:
            _end(child)
            raise
    if child.returncode:
        words = " ".join(command[command.index("engage.cli") + 1 :] if "engage.cli" in command else command)
        raise DemoError(f"`engage {words}` failed with exit status {child.returncode}", error or out or "")
    return out or ""


class Service:
    """A child that runs until it is stopped. All it prints goes to a log file and past `on_line`."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        environment: Mapping[str, str],
        cwd: Path,
        log: Path,
        on_line: Callable[[str], None] = lambda line: None,
    ) -> None:
        self.name = name
        self.log = log
        # Own session: Ctrl-C reaches only the launcher, which then stops everybody in order.
        self._child = subprocess.Popen(  # noqa: S603 - the same
            command,
            env=dict(environment),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, args=(on_line,), daemon=True)
        self._reader.start()

    def _read(self, on_line: Callable[[str], None]) -> None:
        # Somebody must always read: a full pipe would stop the child in the middle of a request.
        assert self._child.stdout is not None
        with self._child.stdout as lines, self.log.open("w", encoding="utf-8") as log:
            for line in lines:
                log.write(line)
                log.flush()
                on_line(line.rstrip("\n"))

    @property
    def running(self) -> bool:
        return self._child.poll() is None

    def failed(self) -> DemoError:
        """What to say about a child that ended by itself."""
        self._reader.join(1.0)
        lines = self.log.read_text("utf-8").splitlines() if self.log.exists() else []
        status = self._child.poll()
        return DemoError(
            f"{self.name} ended by itself with exit status {status}", "\n".join(lines[-TAIL_LINES:])
        )

    def wait_until(self, ready: Callable[[], bool], seconds_max: float) -> None:
        """Returns once `ready`; DemoError if the child ends first or time runs out."""
        deadline = time.monotonic() + seconds_max
        while not ready():
            if not self.running:
                raise self.failed()
            if time.monotonic() > deadline:
                raise DemoError(f"{self.name} was not ready after {seconds_max:.0f} s; see {self.log}")
            time.sleep(0.05)

    def stop(self) -> None:
        _end(self._child)
        self._reader.join(1.0)


def _end(child: subprocess.Popen[str]) -> None:
    if child.poll() is not None:
        return
    child.terminate()
    try:
        child.wait(STOP_SECONDS_MAX)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def answers(port: int, path: str) -> bool:
    """Whether something on the local machine answers 200 to this path."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=1.0)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
