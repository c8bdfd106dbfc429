"""The service as a process: it says when it listens, real clients reach it, and it ends in good order."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from segment.analytics.client import Client as SegmentClient

from engage.actions.keys import create_key
from engage.actions.publish import publish
from engage.actions.verify import verify
from engage.document import read_program
from engage.store.database import Database
from engage.store.migrate import migrate
from tests.places import Place
from tests.web.test_events import bomb

PROGRAM = """
name: Quickstart
currencies: {points: {}}
events: {Report Exported: {}}
rules: [{id: export, trigger: Report Exported, effects: [{award: 10}]}]
"""
START = """
import sys
from engage.app import run_server
from engage.settings import read_settings
run_server(read_settings(database_url=sys.argv[1], port=int(sys.argv[2])), lambda line: print(line, flush=True))
"""
SECONDS_MAX = 30


@dataclass
class Process:
    """A running service: its address, what it printed, and a server key."""

    url: str
    database_url: str
    key: str
    lines: list[str]
    popen: subprocess.Popen[str]

    def stop(self, number: int = signal.SIGTERM) -> int:
        self.popen.send_signal(number)
        return self.popen.wait(SECONDS_MAX)


async def prepared(url: str) -> str:
    await migrate(url)
    database = await Database.open(url)
    try:
        found = read_program(PROGRAM)
        assert found.program is not None
        await publish(database, found.program, PROGRAM, company=None, actor="test", now=1)
        return await create_key(database, "server")
    finally:
        await database.close()


def start(url: str, port: int, folder: Path) -> subprocess.Popen[str]:
    errors = (folder / "stderr").open("w")
    with errors:
        return subprocess.Popen(
            [sys.executable, "-c", START, url, str(port)],
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env={**os.environ, "PYTHONPATH": str(Path.cwd())},
        )


@pytest.fixture
def process(place: Place, tmp_path: Path) -> Iterator[Process]:
    url = place.url
    key = asyncio.run(prepared(url))
    with start(url, 0, tmp_path) as popen:
        try:
            assert popen.stdout is not None
            lines = [popen.stdout.readline().strip() for _ in range(2)]
            yield Process(lines[0].rpartition(" ")[2], url, key, lines, popen)
        finally:
            popen.kill()


def points(process: Process, member: str) -> int:
    answer = httpx.get(
        f"{process.url}/v1/companies/acme/members/{member}",
        headers={"authorization": f"Bearer {process.key}"},
    )
    return int(answer.json()["balances"]["points"]["active"]) if answer.status_code == 200 else 0


def test_it_prints_its_real_address_and_a_link_that_signs_in_once(process: Process) -> None:
    assert re.fullmatch(r"listening on http://127\.0\.0\.1:[1-9]\d*", process.lines[0])
    link = process.lines[1].rpartition(" ")[2]
    assert httpx.get(f"{process.url}/readyz").json() == {"status": "ok"}
    with httpx.Client() as browser:
        answer = browser.get(link)
        assert answer.status_code == 303
        cookie = answer.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=lax" in cookie
        assert browser.get(f"{process.url}/console/").status_code == 200
    assert httpx.get(link).status_code == 401
    assert httpx.get(f"{process.url}/console/").status_code == 401


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_drains_and_ends_with_0(process: Process, number: int, tmp_path: Path) -> None:
    assert process.stop(number) == 0
    assert "Traceback" not in (tmp_path / "stderr").read_text()


def test_what_was_answered_before_a_signal_is_kept(process: Process) -> None:
    """Requests run while the signal comes; whoever was told ok finds it in the log of the next start."""
    answered: list[str] = []

    def send(n: int) -> None:
        for i in range(1000):
            body = {"messageId": f"{n}-{i}", "userId": "emp", "event": "Report Exported", "groupId": "acme"}
            try:
                answer = httpx.post(f"{process.url}/v1/track", json=body, auth=(process.key, ""))
            except httpx.TransportError:
                return
            if answer.status_code == 200:
                answered.append(body["messageId"])

    threads = [threading.Thread(target=send, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    while len(answered) < 20:
        assert process.popen.poll() is None
        time.sleep(0.01)
    assert process.stop() == 0
    for thread in threads:
        thread.join(SECONDS_MAX)
    assert asyncio.run(awards_of(process.database_url)) >= len(answered)


async def awards_of(url: str) -> int:
    database = await Database.open(url)
    try:
        report = await verify(database)
        assert report.difference is None
        return report.transfers
    finally:
        await database.close()


def test_a_taken_port_is_one_line_and_no_traceback(process: Process, tmp_path: Path) -> None:
    port = int(process.url.rpartition(":")[2])
    second = subprocess.run(
        [sys.executable, "-c", START, process.database_url, str(port)],
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
        env={**os.environ, "PYTHONPATH": str(Path.cwd())},
    )
    assert f"cannot listen on 127.0.0.1:{port}" in second.stderr
    assert second.returncode != 0


def test_no_secret_reaches_the_log(process: Process, tmp_path: Path) -> None:
    token = process.lines[1].rpartition("=")[2]
    for path in (f"/console/sign-in?token={token}", "/v1/companies?cursor=secret", "/%ff", "/v1/batch"):
        httpx.get(f"{process.url}{path}", headers={"authorization": f"Bearer {process.key}"})
    with socket.create_connection(("127.0.0.1", int(process.url.rpartition(":")[2]))) as broken:
        broken.sendall(f"GET /{process.key} NONSENSE\r\n\r\n".encode())
        broken.recv(1000)
    process.stop()
    log = (tmp_path / "stderr").read_text()
    assert process.key not in log
    assert token not in log


# --- bodies over a real socket ------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["known", "unknown"])
def test_twenty_megabytes_over_a_socket_are_answered(process: Process, key: str) -> None:
    """The answer must arrive, instead of a connection reset in the middle of sending."""
    connection = HTTPConnection(process.url.removeprefix("http://"), timeout=SECONDS_MAX)
    headers = {"x-write-key": process.key if key == "known" else "wk_unknown"}
    connection.request("POST", "/v1/batch", b"x" * 20_000_000, headers)
    answer = connection.getresponse()
    wanted = (413, "body_too_large") if key == "known" else (401, "unauthorized")
    assert (answer.status, json.loads(answer.read())["code"]) == wanted
    connection.close()


def test_a_gzip_bomb_leaves_the_service_small_and_alive(process: Process) -> None:
    body = bomb(1000)
    headers = {"content-encoding": "gzip"}
    for _ in range(3):
        answer = httpx.post(f"{process.url}/v1/batch", content=body, headers=headers, auth=(process.key, ""))
        assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
    status = Path(f"/proc/{process.popen.pid}/status")
    if status.exists():
        kilobytes = int(re.search(r"VmHWM:\s+(\d+)", status.read_text())[1])  # type: ignore[index]
        assert kilobytes < 400_000
    assert httpx.get(f"{process.url}/healthz").status_code == 200


# --- real clients -------------------------------------------------------------------------------------------


class Forgetful(ThreadingHTTPServer):
    """Stands between a client and the service, and loses every third answer after the service gave it."""

    daemon_threads = True

    def __init__(self, url: str) -> None:
        super().__init__(("127.0.0.1", 0), ForgetfulHandler)
        self.upstream = url
        self.requests = 0
        self.turn = threading.Lock()


class ForgetfulHandler(BaseHTTPRequestHandler):
    server: Forgetful

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        headers = {
            name: value for name, value in self.headers.items() if name.lower() not in ("host", "connection")
        }
        answer = httpx.post(f"{self.server.upstream}{self.path}", content=body, headers=headers)
        with self.server.turn:
            self.server.requests += 1
            lost = self.server.requests % 3 == 1
        if lost:
            self.close_connection = True
            return
        self.send_response(answer.status_code)
        self.send_header("content-length", str(len(answer.content)))
        self.end_headers()
        self.wfile.write(answer.content)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def forgetful(process: Process) -> Iterator[Forgetful]:
    server = Forgetful(process.url)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize("compressed", [False, True], ids=["plain", "gzip"])
def test_segments_python_client_sends_1000_events_twice_and_they_count_once(
    process: Process, forgetful: Forgetful, compressed: bool
) -> None:
    errors: list[Any] = []
    for _ in range(2):
        client = SegmentClient(
            process.key,
            host=f"http://127.0.0.1:{forgetful.server_port}",
            gzip=compressed,
            max_retries=10,
            on_error=lambda error, batch: errors.append(error),
        )
        for n in range(1000):
            client.track(
                f"emp-{n % 10}",
                "Report Exported",
                {"pages": float("nan") if n % 100 == 0 else n},
                context={"groupId": "acme"},
                message_id=f"event-{n}",
            )
        client.flush()
        client.join()
    assert not errors
    assert forgetful.requests > 20
    assert sum(points(process, f"emp-{n}") for n in range(10)) == 10_000
    assert process.stop() == 0
    assert asyncio.run(awards_of(process.database_url)) == 1000
