"""Several worker processes behind one address: replaced when one dies, stopped together, and the account is right."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from engage.actions.verify import verify
from engage.store.database import Database
from tests.places import ON_POSTGRES, ON_SQLITE, Place
from tests.web.test_serve import prepared

SECONDS_MAX = 30


@contextmanager
def serving(url: str, repository: Path, *options: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "engage.cli", "serve", "--database", url, "--port", "0", *options]
    environment = {**os.environ, "PYTHONPATH": f"{repository}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"}
    popen = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment
    )
    try:
        yield popen
    finally:
        popen.kill()
        popen.communicate()


def workers_of(popen: subprocess.Popen[str]) -> set[int]:
    """The processes it started that serve."""
    listed = subprocess.run(
        ["ps", "-axwwo", "pid=,ppid=,command="], capture_output=True, text=True, check=True
    )
    rows = [line.split(None, 2) for line in listed.stdout.splitlines()]
    return {int(row[0]) for row in rows if int(row[1]) == popen.pid and "spawn_main" in row[2]}


def runs(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    return True


def track(client: httpx.Client, number: int, key: str) -> bool:
    call = {
        "messageId": f"m{number}",
        "userId": f"emp-{number % 5}",
        "event": "Report Exported",
        "context": {"groupId": f"c{number % 3}"},
    }
    try:
        answer = client.post("/v1/track", json=call, headers={"authorization": f"Bearer {key}"})
    except httpx.TransportError:
        return False
    return answer.status_code == 200


@ON_POSTGRES
async def test_a_worker_that_is_killed_is_replaced_and_nothing_is_lost(
    place: Place, repository: Path
) -> None:
    key = await prepared(place.url)
    with serving(place.url, repository, "--workers", "2") as popen:
        assert popen.stdout is not None
        address = popen.stdout.readline().split()[-1]
        first = workers_of(popen)
        assert len(first) == 2
        acknowledged: set[int] = set()
        for number in range(60):
            # A connection each, so that every worker gets some.
            with httpx.Client(base_url=address, timeout=SECONDS_MAX) as client:
                if track(client, number, key):
                    acknowledged.add(number)
            if number == 20:
                os.kill(min(first), signal.SIGKILL)
        assert len(acknowledged) >= 58
        with httpx.Client(base_url=address, timeout=SECONDS_MAX) as client:
            assert all(track(client, number, key) for number in range(60)), "sent again, all of it"
        until = time.monotonic() + SECONDS_MAX
        while len(workers_of(popen)) < 2:
            assert time.monotonic() < until, "the worker was not replaced"
            await asyncio.sleep(0.1)
        assert min(first) not in workers_of(popen)
        popen.send_signal(signal.SIGTERM)
        assert popen.wait(SECONDS_MAX) == 0
    database = await Database.open(place.url)
    try:
        verified = await verify(database)
    finally:
        await database.close()
    assert verified.difference is None
    assert verified.transfers == 60


@ON_POSTGRES
def test_workers_do_not_outlive_who_started_them(place: Place, repository: Path) -> None:
    with serving(place.url, repository, "--workers", "2") as popen:
        assert popen.stdout is not None
        popen.stdout.readline()
        workers = workers_of(popen)
        popen.kill()
        until = time.monotonic() + SECONDS_MAX
        while any(map(runs, workers)):
            assert time.monotonic() < until, "a worker goes on alone"
            time.sleep(0.1)


@ON_POSTGRES
def test_connections_of_a_burst_are_shared_out(place: Place, repository: Path) -> None:
    """The first process to wake would take them all, and keep them."""

    def sockets(number: int) -> int:
        listed = subprocess.run(
            ["ls", "-l", f"/proc/{number}/fd"], capture_output=True, text=True, check=False
        )
        return listed.stdout.count("socket:")

    with serving(place.url, repository, "--workers", "2") as popen:
        assert popen.stdout is not None
        port = int(popen.stdout.readline().rpartition(":")[2])
        before = {number: sockets(number) for number in workers_of(popen)}
        peers = [socket.create_connection(("127.0.0.1", port)) for _ in range(60)]
        try:
            until = time.monotonic() + SECONDS_MAX
            while sum(map(sockets, before)) < sum(before.values()) + 60:
                assert time.monotonic() < until, "they were not all accepted"
                time.sleep(0.05)
            assert min(sockets(number) - before[number] for number in before) > 15
        finally:
            for peer in peers:
                peer.close()


@ON_POSTGRES
def test_ctrl_c_in_a_terminal_lets_workers_drain(place: Place, repository: Path) -> None:
    """It signals every process of the group; a worker that got two signals would end at once."""
    with serving(place.url, repository, "--workers", "2") as popen:
        assert popen.stdout is not None
        popen.stdout.readline()
        assert {os.getpgid(number) for number in workers_of(popen)} == workers_of(popen)
        popen.send_signal(signal.SIGINT)
        assert popen.wait(SECONDS_MAX) == 0


@ON_POSTGRES
def test_a_database_that_is_not_there_is_told_once(place: Place, repository: Path) -> None:
    url = place.url.replace("/t", "/nowhere-t", 1)
    with serving(url, repository, "--workers", "3") as popen:
        said, _ = popen.communicate(timeout=SECONDS_MAX)
    assert popen.returncode == 1
    assert "Traceback" not in said
    assert len(said.splitlines()) == 1


@ON_POSTGRES
async def test_of_several_processes_one_is_sole(place: Place) -> None:
    one, other = await Database.open(place.url), await Database.open(place.url)
    try:
        async with one.sole("scoring") as first, other.sole("scoring") as second:
            assert (first, second) == (True, False)
            async with other.sole("something else") as third:
                assert third
        async with other.sole("scoring") as again:
            assert again
    finally:
        await one.close()
        await other.close()


@ON_SQLITE
def test_a_file_has_one_process(place: Place, repository: Path) -> None:
    with serving(place.url, repository, "--workers", "2") as popen:
        said, _ = popen.communicate(timeout=SECONDS_MAX)
    assert popen.returncode == 1
    assert "--workers above 1 needs PostgreSQL" in said
