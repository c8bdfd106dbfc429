"""The demo's launcher: ports, signals, the data folder, and what a person is told when something is in the way."""

from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import pytest

from examples.demo import __main__ as launcher
from examples.demo import processes
from examples.demo.processes import DemoError, Service, Stopped, free_port, run, stop_signals
from examples.demo.seeding import FORMAT, DataFolder, Seeding

DAY = date(2026, 11, 22)


@contextmanager
def listening() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_a_taken_port_gives_the_next_free_one() -> None:
    with listening() as taken:
        chosen = free_port(taken)
        assert taken < chosen <= taken + processes.PORTS_TRIED_MAX
        assert free_port(chosen, avoid=(chosen,)) > chosen


def test_without_a_free_port_the_message_says_what_to_do() -> None:
    with listening() as taken, pytest.raises(DemoError, match="--port"):
        free_port(taken, avoid=range(taken, taken + 100))


def test_a_failing_command_is_told_with_its_own_words(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "import sys; sys.exit('no such company')"]
    with pytest.raises(DemoError) as raised:
        run(command, os.environ, tmp_path)
    assert raised.value.details == "no such company"


def test_a_stop_signal_ends_the_command_that_is_running(tmp_path: Path) -> None:
    mark = tmp_path / "pid"
    script = f"import os, signal, time; open({str(mark)!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    waiting = f"while not pathlib.Path({str(mark)!r}).exists(): time.sleep(0.02)"
    stopping = f"time.sleep(0.2); os.kill({os.getpid()}, {int(signal.SIGTERM)})"
    stopper = subprocess.Popen([sys.executable, "-c", f"import os, pathlib, time\n{waiting}\n{stopping}"])
    with pytest.raises(Stopped), stop_signals():
        run([sys.executable, "-c", script], os.environ, tmp_path)
    stopper.wait()
    with pytest.raises(ProcessLookupError):
        os.kill(int(mark.read_text()), 0)


def test_a_service_that_ends_by_itself_is_told_with_its_last_lines(tmp_path: Path) -> None:
    lines: list[str] = []
    command = [sys.executable, "-c", "print('listening on nothing'); raise SystemExit(3)"]
    service = Service("engage serve", command, os.environ, tmp_path, tmp_path / "log", lines.append)
    with pytest.raises(DemoError, match="exit status 3") as raised:
        service.wait_until(lambda: False, 10)
    assert lines == ["listening on nothing"]
    assert raised.value.details == "listening on nothing"
    service.stop()


def test_a_service_that_will_not_stop_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "STOP_SECONDS_MAX", 0.3)
    lines: list[str] = []
    deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN)"
    script = f"{deaf}; print('up', flush=True); time.sleep(60)"
    service = Service(
        "x", [sys.executable, "-c", script], os.environ, tmp_path, tmp_path / "log", lines.append
    )
    service.wait_until(lambda: bool(lines), 10)
    began = time.monotonic()
    service.stop()
    assert not service.running
    assert time.monotonic() - began < 5


def test_the_folder_remembers_its_day_and_what_is_done(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path / "demo")
    state = folder.state(DAY, 7)
    state.done.append("write")
    folder.save(state)
    again = folder.state(date(2027, 1, 1), 9)
    assert (again.until, again.seed, again.done) == (DAY, 7, ["write"])


def test_a_lost_database_means_starting_again(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path / "demo")
    state = folder.state(DAY, 7)
    state.done += ["write", "migrate", "publish"]
    folder.save(state)
    assert folder.state(DAY, 7).done == []


def test_a_broken_state_file_means_starting_again(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path / "demo")
    (folder.path / "state.json").write_text('{"until": 5}')
    assert folder.state(DAY, 7).done == []


def test_reset_removes_only_what_the_demo_made(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path / "demo")
    folder.save(folder.state(DAY, 7))
    (folder.path / "notes.txt").write_text("mine")
    folder.reset()
    assert [path.name for path in folder.path.iterdir()] == ["notes.txt"]


def test_a_second_demo_in_the_same_folder_is_refused(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path / "demo")
    with folder.locked(), pytest.raises(DemoError, match=f"process {os.getpid()}"), folder.locked():
        pass


def test_files_of_the_folder_are_the_owners_only(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path / "demo")
    folder.save(folder.state(DAY, 7))
    assert stat.S_IMODE((folder.path / "state.json").stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.path.stat().st_mode) == 0o700


def test_steps_that_are_done_are_not_done_again(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path / "demo")
    state = folder.state(DAY, 7)
    seeding = Seeding(folder, state, show=False)
    state.done += list(seeding.steps())
    assert seeding.complete
    told: list[str] = []
    seeding.run(told.append, told.append)
    assert told == []


@pytest.mark.parametrize("finished", [True, False])
def test_a_folder_of_an_older_demo_is_used_as_it_is_or_begun_anew(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], finished: bool
) -> None:
    folder = DataFolder(tmp_path / "demo")
    state = folder.state(DAY, 7)
    older = [step for step in Seeding(folder, state, show=False).steps() if step != "purchases"]
    state.format, state.done = FORMAT - 1, older if finished else older[:6]
    folder.database.touch()
    folder.save(state)
    assert launcher.main(["--no-serve", "--data", str(folder.path)]) == (0 if finished else 1)
    told = capsys.readouterr().out
    assert ("another version of the demo began to fill" in told) is not finished
    assert "python -m examples.demo --reset" in told


def test_the_sign_in_link_is_found_among_what_serve_prints() -> None:
    printed = [
        "listening on http://127.0.0.1:8000",
        "sign in once: http://127.0.0.1:8000/sign-in?token=abc-DEF",
    ]
    assert launcher._sign_in_link(printed) == "http://127.0.0.1:8000/sign-in?token=abc-DEF"


def test_a_port_that_is_no_port_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as raised:
        launcher.main(["--port", "99999"])
    assert raised.value.code == 2
    assert "1 to 65535" in capsys.readouterr().err
