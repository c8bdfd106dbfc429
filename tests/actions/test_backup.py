"""Backing up beside a busy service: whole, checked, as of one moment, and never mistaken for one when it is not."""

from __future__ import annotations

import asyncio
import fcntl
import os
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from engage.actions.backup import back_up
from engage.bench.postgres_server import database
from engage.errors import Conflict, InvalidRequest, Unavailable
from engage.store import backup as store_backup
from engage.store.database import Database
from tests.actions.host import Host
from tests.actions.test_kill import acknowledged, start
from tests.places import ON_POSTGRES, ON_SQLITE, Places, PostgresPlace, SqlitePlace

NOW = 1_780_488_000_000_000


@pytest.fixture
def target(tmp_path: Path) -> Path:
    folder = tmp_path / "backups"
    folder.mkdir()
    return folder / "backup.db"


def url(host: Host) -> str:
    return f"sqlite:///{host.place.path}"


def beside(target: Path) -> list[str]:
    """The names in the folder of the backups."""
    return sorted(path.name for path in target.parent.iterdir())


def put(target: Path, text: str) -> None:
    target.write_text(text)


def text_of(target: Path) -> str | None:
    return target.read_text() if target.exists() else None


def size_and_mode(target: Path) -> tuple[int, str]:
    status = target.stat()
    return status.st_size, stat.filemode(status.st_mode)


async def restored(copy: Path) -> Host:
    """A backup put in place: what the operator does with it, and a service that opens it."""
    return Host(await Database.open(f"sqlite:///{copy}"), SqlitePlace(copy))


@ON_SQLITE
async def test_everything_acknowledged_before_it_began_is_in_a_backup_under_load(
    host: Host, target: Path
) -> None:
    await host.publish()
    process = await asyncio.to_thread(start, host, 0, 4000)
    try:
        assert process.stdout is not None
        before = [await asyncio.to_thread(process.stdout.readline) for _ in range(400)]
        await asyncio.to_thread(back_up, url(host), target, now=NOW)
        assert process.poll() is None, "the load ended before the backup did: nothing was tried"
    finally:
        process.kill()
        await asyncio.to_thread(process.communicate)
    copy = await restored(target)
    try:
        verified = await copy.verify()
        assert (verified.difference, verified.companies) == (None, 3)
        stored = {
            int(one.entry.body.message_id[1:])
            for company in ("c0", "c1", "c2")
            for one in await copy.log(company)
            if one.entry.body.message_id
        }
        known = acknowledged("".join(before)).keys()
        assert known
        assert known <= stored
    finally:
        await copy.database.close()


@ON_SQLITE
async def test_commits_of_others_neither_restart_nor_enter_it(
    host: Host, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await host.send(*(host.track(f"u{n}") for n in range(300)))
    monkeypatch.setattr(store_backup, "PAGES_PER_STEP", 4)
    told: list[tuple[int, int]] = []

    def listen(done: int, total: int) -> None:
        told.append((done, total))
        host.place.change("INSERT INTO engage_setting (name, value) VALUES (?, '')", done)

    back_up(url(host), target, now=NOW, listen=listen)
    assert told == [(min(4 * n, told[0][1]), told[0][1]) for n in range(1, len(told) + 1)]
    assert len(told) > 10
    assert told[-1][0] == told[-1][1]
    copy = await restored(target)
    try:
        assert (copy.count("entry"), copy.count("setting")) == (300, 0)
        assert host.count("setting") == len(told) + 1  # and when it was backed up
        assert (await copy.verify()).difference is None
    finally:
        await copy.database.close()


@ON_SQLITE
async def test_a_backup_is_one_file_for_its_owners_eyes(host: Host, target: Path) -> None:
    await host.send(host.track("ann"))
    done = back_up(url(host), target, now=NOW)
    assert (done.file, done.bytes, "-rw-------") == (str(target), *size_and_mode(target))
    assert beside(target) == ["backup.db"]


@ON_SQLITE
async def test_the_service_keeps_its_own_copy_of_what_a_backup_lacks(host: Host, target: Path) -> None:
    """A backup reads: the database goes on as if nothing had been."""
    await host.send(host.track("ann"))
    rows = host.stored_rows()
    back_up(url(host), target, now=NOW)
    assert host.stored_rows() == rows


@ON_SQLITE
async def test_nothing_is_replaced_unless_it_is_asked_for(host: Host, target: Path) -> None:
    put(target, "precious")
    put(target.with_name("backup.db-wal"), "of the precious one")
    with pytest.raises(Conflict, match="--force"):
        back_up(url(host), target, now=NOW)
    assert text_of(target) == "precious"
    back_up(url(host), target, force=True, now=NOW)
    assert beside(target) == ["backup.db"], "an old log would be taken for the new copy's"
    assert store_backup.check_copy(target) is None


@ON_SQLITE
async def test_what_cannot_be_backed_up_is_said_and_leaves_nothing(host: Host, target: Path) -> None:
    other = target.with_name("other.db")
    sqlite3.connect(other).execute("CREATE TABLE t (x)").connection.close()
    text = target.with_name("text.db")
    put(text, "no database at all, only words " * 100)
    for source, error, words in (
        (target.with_name("nope.db"), InvalidRequest, "there is no database"),
        (other, InvalidRequest, "no database of Engage"),
        (text, Unavailable, "cannot copy"),
    ):
        with pytest.raises(error, match=words):
            back_up(f"sqlite:///{source}", target, now=NOW)
    with pytest.raises(InvalidRequest, match="is a folder"):
        back_up(url(host), target.parent, now=NOW)
    with pytest.raises(InvalidRequest, match="the database itself"):
        back_up(url(host), host.place.path, force=True, now=NOW)
    assert beside(target) == ["other.db", "text.db"]


@ON_SQLITE
async def test_a_damaged_database_makes_no_backup(host: Host, target: Path) -> None:
    await host.send(*(host.track(f"u{n}") for n in range(300)))
    await host.database.close()
    sound = host.place.path.read_bytes()
    at = sound.rindex(b"Report Exported") // 4096 * 4096
    host.place.path.write_bytes(sound[:at] + b"\x0d\xff\xff\xff" * 1024 + sound[at + 4096 :])
    put(target, "the one before")
    with pytest.raises(Unavailable, match="damaged"):
        back_up(url(host), target, force=True, now=NOW)
    assert beside(target) == ["backup.db"]
    assert text_of(target) == "the one before"


KILLED = """
import os, sys
from pathlib import Path
from engage.actions.backup import back_up
from engage.store import backup
backup.PAGES_PER_STEP = 4

def listen(done, total):
    if done > 20:
        os.kill(os.getpid(), 9)

back_up(sys.argv[1], Path(sys.argv[2]), now=1, listen=listen)
"""


def killed(host: Host, target: Path) -> int:
    folder = Path(__file__).resolve().parents[2]
    command = [sys.executable, "-c", KILLED, url(host), str(target)]
    return subprocess.run(command, cwd=folder, check=False).returncode


@ON_SQLITE
async def test_a_backup_that_was_killed_is_no_backup_and_in_nobodys_way(host: Host, target: Path) -> None:
    await host.send(*(host.track(f"u{n}") for n in range(300)))
    assert await asyncio.to_thread(killed, host, target) == -9
    assert beside(target) == ["backup.db.partial"]
    back_up(url(host), target, now=NOW)
    assert store_backup.check_copy(target) is None
    assert beside(target) == ["backup.db"]


@ON_SQLITE
async def test_two_at_once_do_not_write_one_file(host: Host, target: Path) -> None:
    partial = target.with_name("backup.db.partial")
    other = os.open(partial, os.O_RDWR | os.O_CREAT)
    fcntl.flock(other, fcntl.LOCK_EX)
    with pytest.raises(Conflict, match="another backup"):
        back_up(url(host), target, now=NOW)
    assert beside(target) == [partial.name]
    os.close(other)
    back_up(url(host), target, now=NOW)


# --- PostgreSQL ---------------------------------------------------------------------------------------------


@pytest.fixture
def programs(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    """pg_dump as old as the server."""
    monkeypatch.setenv("PATH", f"{places.server.programs}:{os.environ['PATH']}")


@ON_POSTGRES
@pytest.mark.usefixtures("programs")
async def test_a_dump_under_load_restores_to_all_that_was_acknowledged(
    host: Host, places: Places, target: Path
) -> None:
    await host.publish()
    process = await asyncio.to_thread(start, host, 0, 20_000)
    try:
        assert process.stdout is not None
        before = [await asyncio.to_thread(process.stdout.readline) for _ in range(400)]
        await asyncio.to_thread(back_up, host.place.url, target, now=NOW)
        assert process.poll() is None, "the load ended before the backup did: nothing was tried"
    finally:
        process.kill()
        await asyncio.to_thread(process.communicate)
    assert size_and_mode(target)[1] == "-rw-------"
    with database(places.server) as empty:
        await asyncio.to_thread(restore, empty, target)
        opened = await Database.open(empty)
        try:
            copy = Host(opened, PostgresPlace(places.server, empty.partition("@/")[2].partition("?")[0]))
            assert (await copy.verify()).difference is None
            stored = {
                int(one.entry.body.message_id[1:])
                for company in ("c0", "c1", "c2")
                for one in await copy.log(company)
                if one.entry.body.message_id
            }
            known = acknowledged("".join(before)).keys()
            assert known
            assert known <= stored
            assert (await copy.send(copy.track("ann", company="c0")))[0].status == "ok"
        finally:
            await opened.close()
    assert host.place.rows("SELECT value FROM engage_setting WHERE name = 'last_backup'") == [(str(NOW),)]


def restore(url: str, dump: Path) -> None:
    """As the documentation has it."""
    command = ["pg_restore", "--no-owner", "--exit-on-error", "--dbname", url, str(dump)]
    subprocess.run(command, check=True, capture_output=True)


@ON_POSTGRES
@pytest.mark.usefixtures("programs")
async def test_what_cannot_be_dumped_is_said_and_leaves_nothing(
    host: Host, places: Places, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(target, "the one before")
    nowhere = host.place.url.replace("@/", "@/no_such_")
    with database(places.server) as empty:
        for address, error, words in (
            (nowhere, Unavailable, "does not exist"),
            (empty, InvalidRequest, "no database of Engage"),
        ):
            with pytest.raises(error, match=words):
                back_up(address, target, force=True, now=NOW)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(InvalidRequest, match="pg_dump is not in PATH"):
        back_up(host.place.url, target, force=True, now=NOW)
    assert text_of(target) == "the one before"
    assert beside(target) == ["backup.db"]


@ON_POSTGRES
@pytest.mark.usefixtures("programs")
async def test_no_password_stands_on_a_command_line(host: Host, target: Path, tmp_path: Path) -> None:
    """Where every user of the machine could read it."""
    said = tmp_path / "said"
    fake = '#!/bin/sh\necho "$@ with $PGPASSWORD" >> ' + str(said)
    for name in ("pg_dump", "pg_restore"):
        executable(tmp_path / name, fake)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
        for url in (
            host.place.url.replace("engage@", "engage:s%20ecret@"),
            f"{host.place.url}&password=s%20ecret&work_mem=8MB",
        ):
            back_up(url, target, force=True, now=NOW)
    dump, _, again, _ = str(text_of(said)).splitlines()
    assert dump == again
    assert "s%20ecret" not in dump
    assert "postgresql://engage@/" in dump
    assert "work_mem" not in dump, "a setting of the service's sessions"
    assert dump.endswith(" with s ecret")


def executable(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o755)
