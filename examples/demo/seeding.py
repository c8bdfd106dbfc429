"""The demo's data folder: what is in it, and filling it through the `engage` command line, step by step.

A step that is done is written down, and every step may be repeated: a seeding run that was broken off goes on
where it stopped, with the same history, because the folder remembers the day and the seed it began with.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import IO, Any

import httpx

from examples.demo import activity, contracts, plans
from examples.demo.companies import COMPANIES
from examples.demo.own_program import own_program
from examples.demo.processes import DemoError, Service, answers, free_port, run
from examples.demo.purchases import import_with_purchases

if sys.platform != "win32":
    import fcntl

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = Path("examples/programs/demo.yaml")

#: Raise it when the generator or the program changes, so that an older folder says it is out of date.
FORMAT = 5

_OURS = (
    "state.json",
    "server.key",
    "events.ndjson",
    "companies.csv",
    "terms.csv",
    "book.json",
    "program.json",
    "engage.db",
    "engage.db-wal",
    "engage.db-shm",
    "engage.log",
    "fieldnote.log",
)

#: Where a service listens for as long as it is told something; the next free port is as good.
SEEDING_PORT = 8000
READY_SECONDS_MAX = 60.0

Tell = Callable[[str], None]


@dataclass(slots=True)
class State:
    """What the folder remembers between starts."""

    until: date
    seed: int
    done: list[str] = field(default_factory=list)
    format: int = FORMAT


class DataFolder:
    """A folder with a database, the history it came from, and the keys to it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir(parents=True, exist_ok=True, mode=0o700)

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Keeps a second demo out of this folder for as long as the first one lives."""
        with (self.path / "lock").open("a+") as lock:
            _lock(lock, self.path)
            yield

    def reset(self) -> None:
        """Removes what a demo made, and nothing else that somebody may have put here."""
        for name in _OURS:
            (self.path / name).unlink(missing_ok=True)

    def state(self, until: date, seed: int) -> State:
        """The remembered state, or a new one with this day and seed."""
        try:
            kept: dict[str, Any] = json.loads((self.path / "state.json").read_text("utf-8"))
            state = State(date.fromisoformat(kept["until"]), kept["seed"], kept["done"], kept["format"])
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return State(until, seed)
        if "migrate" in state.done and not self.database.exists():
            return State(until, seed)
        return state

    def save(self, state: State) -> None:
        document = {
            "format": state.format,
            "until": state.until.isoformat(),
            "seed": state.seed,
            "done": state.done,
        }
        _write(self.path / "state.json", json.dumps(document).encode())

    @property
    def database(self) -> Path:
        return self.path / "engage.db"

    @property
    def server_key(self) -> str:
        return (self.path / "server.key").read_text("utf-8").strip()

    def environment(self) -> dict[str, str]:
        """The environment in which the service finds this folder's database and nothing else of the machine's."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("ENGAGE_")}
        return {
            **kept,
            "ENGAGE_DATABASE_URL": f"sqlite:///{self.database.resolve().as_posix()}",
            "PYTHONUNBUFFERED": "1",
        }


def _lock(lock: IO[str], path: Path) -> None:
    if sys.platform == "win32":  # no such lock there; a second demo finds the ports taken
        return
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.seek(0)
        process = lock.read().strip()
        named = f" (process {process})" if process else ""
        raise DemoError(f"another demo{named} is running from {path}; stop it first") from None
    lock.truncate(0)
    lock.write(str(os.getpid()))
    lock.flush()


def _write(path: Path, content: bytes) -> None:
    """Writes a whole file or none of it, readable by its owner only."""
    part = path.with_name(f"{path.name}.part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as out:
        out.write(content)
    part.replace(path)


@dataclass(frozen=True, slots=True)
class Seeding:
    """One run of the steps over a folder."""

    folder: DataFolder
    state: State
    show: bool

    def steps(self) -> Mapping[str, tuple[str, Callable[[], str]]]:
        """Name: (what to tell, what to do). In order; each answers what it did, in a few words."""
        return {
            "write": ("Writing half a year of activity", self._write_history),
            "migrate": ("Creating the database", lambda: self._engage("migrate")),
            "publish": ("Publishing the program", lambda: self._engage("program", "publish", str(PROGRAM))),
            "key": ("Creating a server key", self._create_key),
            "companies": ("Importing companies", lambda: self._import("companies.csv", "companies")),
            "campaign": ("Publishing a company's own program, with a campaign", self._publish_own),
            "terms": ("Importing contract terms", lambda: self._import("terms.csv", "terms")),
            "purchases": ("Importing a company's weeks, with what its people bought", self._import_purchases),
            "events": ("Importing events", lambda: self._import("events.ndjson", "events")),
            "book": ("Setting the book", lambda: self._engage("book", "set", self._file("book.json"))),
            "score": ("Scoring companies", lambda: self._engage("score", "--json")),
            "plans": ("Telling goals and interventions", self._tell_plans),
            "calibrate": (
                "Comparing scores with how terms ended",
                lambda: self._engage("calibrate", "--json"),
            ),
        }

    @property
    def complete(self) -> bool:
        """By the last step: those before it that an older demo did not have are not for its folder."""
        return list(self.steps())[-1] in self.state.done

    def run(self, started: Tell, finished: Tell) -> None:
        for name, (label, act) in self.steps().items():
            if name in self.state.done:
                continue
            started(label)
            result = act()
            self.state.done.append(name)
            self.folder.save(self.state)
            finished(f"{label}: {result}" if result else label)

    def _engage(self, *arguments: str, show: bool = False) -> str:
        run([sys.executable, "-m", "engage.cli", *arguments], self.folder.environment(), ROOT, show)
        return ""

    def _import(self, name: str, kind: str) -> str:
        # Events take seconds and draw their own progress bar, so they get the terminal, if there is one.
        show = self.show and kind == "events"
        arguments = [] if kind == "events" else ["--kind", kind]
        return self._engage("import", *arguments, self._file(name), show=show)

    def _file(self, name: str) -> str:
        return str((self.folder.path / name).resolve())

    def _write_history(self) -> str:
        until, seed = self.state.until, self.state.seed
        # The day is remembered before anything is written: a broken run must go on with the same history.
        self.folder.save(self.state)
        lines = list(activity.write_lines(until, seed))
        _write(self.folder.path / "companies.csv", contracts.companies_csv(until).encode())
        _write(self.folder.path / "terms.csv", contracts.terms_csv(until).encode())
        _write(self.folder.path / "book.json", json.dumps(plans.book(until), indent=2).encode())
        _write(self.folder.path / "events.ndjson", b"".join(lines))
        return f"{len(lines):,} calls"

    def _publish_own(self) -> str:
        """Named after the one company it is for: the others follow the host's default."""
        running = [company for company in COMPANIES if company.campaign]
        for company in running:
            program = own_program(company, ROOT / PROGRAM, self.state.until)
            _write(self.folder.path / "program.json", json.dumps(program).encode())
            self._engage("program", "publish", self._file("program.json"), "--company", company.id)
        return ", ".join(company.name for company in running)

    def _import_purchases(self) -> str:
        """Those of its events that are imported here are known when all are."""
        url, events = self.folder.environment()["ENGAGE_DATABASE_URL"], self.folder.path / "events.ndjson"
        buying = [company for company in COMPANIES if company.campaign]
        bought = sum(import_with_purchases(url, events, one, self.state.until) for one in buying)
        return f"{bought} rewards"

    def _create_key(self) -> str:
        command = [sys.executable, "-m", "engage.cli", "key", "create", "--kind", "server", "--name", "demo"]
        printed = run([*command, "--json"], self.folder.environment(), ROOT)
        found = re.search(r"sk_[\w\-]+", printed)
        if found is None:
            raise DemoError("`engage key create` printed no server key")
        _write(self.folder.path / "server.key", found[0].encode())
        return "kept in server.key"

    def _tell_plans(self) -> str:
        """Over HTTP, which is how a host's own tools would tell them: the service runs for as long as that takes."""
        port = free_port(SEEDING_PORT)
        command = [sys.executable, "-m", "engage.cli", "serve", "--host", "127.0.0.1", "--port", str(port)]
        service = Service(
            "engage serve", command, self.folder.environment(), ROOT, self.folder.path / "engage.log"
        )
        told = 0
        try:
            service.wait_until(lambda: answers(port, "/readyz"), READY_SECONDS_MAX)
            with httpx.Client(
                base_url=f"http://127.0.0.1:{port}", auth=(self.folder.server_key, ""), timeout=60.0
            ) as client:
                for one in plans.said(self.state.until):
                    answer = client.request(one.method, one.path, json=one.body)
                    if answer.is_error:
                        raise DemoError(f"{one.method} {one.path} was refused", answer.text)
                    told += 1
        finally:
            service.stop()
        return f"{told} of them"


def yesterday_ends() -> date:
    """Today by UTC: the history stops where it begins, so that nothing lies in the future anywhere."""
    return datetime.now(UTC).date()
