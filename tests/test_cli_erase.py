"""`engage erase` as a person and a script meet it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.commands import Ended, run_command

Engage = Callable[..., Ended]
ERASE = ("erase", "--company", "acme", "--member")


@pytest.fixture
def engage(tmp_path: Path) -> Engage:
    (tmp_path / "history.csv").write_text(
        "messageId,event,groupId,userId,timestamp\n"
        + "".join(f"m{n},Report Exported,acme,emp-{n % 3},2026-06-{n + 1:02}T09:00:00Z\n" for n in range(9))
    )

    def run(*arguments: str) -> Ended:
        done = run_command([*arguments], tmp_path, dict(os.environ), 60)
        assert "Traceback" not in done.error, done.error
        return done

    assert run("import", "history.csv").code == 0
    return run


def test_people_are_erased_once_it_was_said_that_it_is_meant(engage: Engage, tmp_path: Path) -> None:
    unasked = engage(*ERASE, "emp-1")
    assert unasked.code == 2
    assert "say that you mean it" in unasked.error
    rehearsed = engage(*ERASE, "emp-1", "--dry-run", "--json")
    assert json.loads(rehearsed.out)["entries"] == 3
    assert b"emp-1" in (tmp_path / "engage.db").read_bytes()
    done = engage(*ERASE, "emp-1", "--member", "emp-2", "--yes")
    assert (done.code, done.out.splitlines()[0]) == (0, "erased 2 members of acme")
    assert "6" in done.out.splitlines()[1].split()
    assert not any(name in (tmp_path / "engage.db").read_bytes() for name in (b"emp-1", b"emp-2"))
    again = engage(*ERASE, "emp-1", "--yes")
    assert again.code == 1
    assert "never was, or was erased" in again.error
    assert engage("verify").code == 0
    assert "cannot be decided again" in engage("verify", "--from-start").error


def test_files_of_the_archive_are_named_or_written_anew(engage: Engage, tmp_path: Path) -> None:
    assert engage("archive", "--to", "archive", "--before", "2099-01-01").code == 0
    plain = engage(*ERASE, "emp-1", "--yes")
    [told] = plain.error.splitlines()
    assert told.endswith("of the archive may hold entries of theirs, and keeps them")
    anew = json.loads(engage(*ERASE, "emp-2", "--archive", "archive", "--yes", "--json").out)
    assert (anew["files"], anew["archived"], anew["members"]) == (1, [], 1)
    later = engage(*ERASE[:-1], "--archive", "archive")
    assert (later.code, later.out[:1]) == (0, "1")
    assert engage(*ERASE[:-1], "--archive", "archive", "--json").json["files"] == 0
    [path] = (tmp_path / "archive").rglob("*.parquet")
    assert path.name.endswith(".2.parquet")
    assert "name whom to erase" in engage(*ERASE[:-1]).error
    assert engage("verify").code == 0
