"""What every test shares: a clean environment, the hypothesis profiles, the repository and the browser.

Owns only what all folders need; fixtures of one area live in that folder's own conftest. Must not know a
table, a route or a rule.
"""

from __future__ import annotations

import asyncio
import gc
import os
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.places import DIALECTS, Place, Places

REPOSITORY = Path(__file__).resolve().parent.parent

WAITING = ("tests/faults/", "tests/bench/test_cases", "tests/actions/test_kill", "tests/sdk/test_processes")

# Many times what the longest takes on a busy machine.
TEST_SECONDS_MAX = 200

# A test that asks for today's date twice must get the same: none begins later than this before midnight.
BEFORE_MIDNIGHT_SECONDS = 5
DAY_SECONDS = 86_400

# The names the Makefile looks for as well, in its order.
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")

# For what is imported from here on, and for every process that a test starts:
# compiled modules are kept, or half of each start would be spent compiling;
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False
# nobody is asked who would have to be trusted, and each client would read all the world's certificates;
os.environ.pop("SSL_CERT_FILE", None)
os.environ["SSL_CERT_DIR"] = str(REPOSITORY / "tests")
# and small matrices are not dealt out to threads, which spend more on waiting for each other than on arithmetic.
os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")

# A deadline measures the machine, and a busy one would fail a right property. In CI the same examples are
# tried on every run, so that a red run can be repeated; at home they differ, so that new ones are found.
settings.register_profile("home", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", settings.get_profile("home"), derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "home")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that mostly wait, for servers that die and clocks that run, come first: run last, a core would wait with
    them. Run side by side they leave the cores to the others. Within a file one kind of database comes after the
    other: with each change the ORM prepares everything anew."""
    files = {path: number for number, path in enumerate(dict.fromkeys(item.path for item in items))}

    def turn(item: pytest.Item) -> tuple[bool, int, bool]:
        waits = any(part in item.nodeid for part in WAITING)
        return not waits, files[item.path], "[postgres" in item.nodeid

    items.sort(key=turn)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol() -> Iterator[None]:
    """A test that hangs fails by itself, and so does what hangs after it. What does not even listen to a signal ends
    its whole process a while later: see faulthandler_timeout."""
    left = DAY_SECONDS - time.time() % DAY_SECONDS
    if left < BEFORE_MIDNIGHT_SECONDS:
        time.sleep(left)
    usual = signal.signal(signal.SIGALRM, _has_hung)
    signal.setitimer(signal.ITIMER_REAL, TEST_SECONDS_MAX, TEST_SECONDS_MAX)
    try:
        return (yield)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, usual)


def _has_hung(*_: object) -> None:
    """Says what each task waits for: the stack of the test itself ends in the loop."""
    with suppress(RuntimeError):  # no loop is running
        for task in asyncio.all_tasks():
            task.print_stack(file=sys.stderr)
    pytest.fail(f"took longer than {TEST_SECONDS_MAX} s")


def pytest_collection_finish() -> None:
    """Thousands of tests are there to stay: to look through them for cycles all the time takes a tenth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """A developer's own ENGAGE_DATABASE_URL must neither steer a test nor be written to by one."""
    for name in [name for name in os.environ if name.startswith("ENGAGE_")]:
        monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def repository() -> Path:
    """The top of the checkout."""
    return REPOSITORY


@pytest.fixture(scope="session")
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Places]:
    """Where databases of both kinds come from. A missing server fails what needs it, never skips."""
    made = Places(tmp_path_factory.mktemp("places"))
    yield made
    made.close()


@pytest.fixture(params=DIALECTS)
def place(request: pytest.FixtureRequest, places: Places, tmp_path: Path) -> Iterator[Place]:
    """A migrated database of the test's own, of each kind, unless it is marked ON_SQLITE or ON_POSTGRES."""
    untouched = request.node.get_closest_marker("untouched") is not None
    with places.migrated(request.param, tmp_path, untouched=untouched) as made:
        yield made


@pytest.fixture(params=DIALECTS)
def new_place(request: pytest.FixtureRequest, places: Places, tmp_path: Path) -> Iterator[Place]:
    """One that nobody has migrated yet."""
    with places.new(request.param, tmp_path) as made:
        yield made


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a headless browser. Missing fails, never skips: `make test` installs one or says how."""
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        pytest.fail(f"no headless browser: none of {', '.join(BROWSERS)} is in PATH, and CHROMIUM is not set")
    return found
