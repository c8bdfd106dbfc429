"""The service and its bare twin as the benchmark starts them, and the load generator that drives both."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

import httpx
import pytest

from engage.bench.client import Shot
from engage.bench.databases import Prepared, Sqlite
from engage.bench.errors import RoundFailed
from engage.bench.processes import BARE, Server, serving
from engage.bench.programs import QUICKSTART
from engage.bench.traffic import Population, Traffic, batch_request, member_request, track_request
from engage.bench.usage import family

PEOPLE = Population(companies=3, members=30)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    return Sqlite().prepare(tmp_path_factory.mktemp("bench"), QUICKSTART)


@pytest.fixture(scope="module")
def bare(template: Prepared) -> Iterator[Server]:
    with serving(template.url, module=BARE) as server:
        yield server


@pytest.fixture
def engage(template: Prepared) -> Iterator[Server]:
    with serving(template.url) as server:
        yield server


def outside(server: Server, key: str) -> httpx.Client:
    return httpx.Client(base_url=f"http://{server.host}:{server.port}", auth=(key, ""))


def test_the_bare_server_still_asks_who_is_there_and_reads_what_was_sent(
    bare: Server, template: Prepared
) -> None:
    call = Traffic(PEOPLE).batch(1)[0]
    with outside(bare, template.key) as known, outside(bare, "sk_" + "0" * 43) as stranger:
        assert known.post("/v1/batch", json={"batch": [call]}).json() == {"success": True}
        assert known.post("/v1/track", json=call).json() == {"success": True}
        assert known.post("/v1/batch", content=b"{").status_code == 400
        assert known.get("/v1/companies/a/members/b").text == "null"
        assert stranger.post("/v1/track", json=call).status_code == 401
        assert stranger.get("/v1/companies/a/members/b").status_code == 401
        assert httpx.get(f"{known.base_url}/console/").status_code == 401


def test_the_bare_server_keeps_nothing(bare: Server, template: Prepared, engage: Server) -> None:
    call = Traffic(PEOPLE, seed=2).batch(1)[0]
    with outside(bare, template.key) as client:
        client.post("/v1/track", json=call).raise_for_status()
    with outside(engage, template.key) as client:
        assert client.post("/v1/track", json=call).json()["results"][call["messageId"]]["status"] == "ok"


def test_everybody_acts_once_and_is_there_to_be_read(engage: Server, template: Prepared) -> None:
    traffic = Traffic(PEOPLE, seed=3)
    warm = [Shot(batch_request(batch, template.key), len(batch)) for batch in traffic.first_of_everyone(7)]
    assert sum(shot.oks for shot in warm) == PEOPLE.members
    engage.drive(warm, 2)
    reads = [Shot(member_request(*PEOPLE.person(n), template.key)) for n in range(PEOPLE.members)]
    singles = [Shot(track_request(traffic.batch(1)[0], template.key), 1) for _ in range(20)]
    report = engage.drive([*reads, *singles], 8)
    assert report.answered == PEOPLE.members + 20
    assert 0 < report.p50_ms <= report.p99_ms <= report.max_ms


def test_an_answer_that_is_no_success_fails_the_round(engage: Server, template: Prepared) -> None:
    batch = Traffic(PEOPLE, seed=4).batch(5)
    shot = Shot(batch_request(batch, template.key), 5)
    engage.drive([shot], 1)
    with pytest.raises(RoundFailed, match="1 of 1 requests were answered and 1 failed"):
        engage.drive([shot], 1)  # the second time all are duplicates
    with pytest.raises(RoundFailed, match="401 Unauthorized"):
        engage.drive([Shot(batch_request(batch, "sk_wrong"), 5)], 1)


def test_a_service_that_ends_fails_the_round(template: Prepared) -> None:
    traffic = Traffic(PEOPLE, seed=5)
    with serving(template.url) as server:
        server._popen.kill()
        server._popen.wait()
        with pytest.raises(RoundFailed, match="the load generator ended with 1"):
            server.drive([Shot(track_request(traffic.batch(1)[0], template.key), 1)], 1)


def test_a_service_that_does_not_start_says_why() -> None:
    with (
        pytest.raises(RoundFailed, match="not a database URL"),
        serving("mysql://nowhere"),
    ):
        pytest.fail("it started")


def test_a_fixed_rate_is_kept_and_latency_counts_from_when_a_request_was_due(
    bare: Server, template: Prepared
) -> None:
    traffic = Traffic(PEOPLE, seed=6)
    shots = [Shot(track_request(traffic.batch(1)[0], template.key)) for _ in range(40)]
    started = time.monotonic()
    report = bare.drive(shots, 4, rate=100)
    assert report.answered == 40
    assert 0.35 < report.seconds < time.monotonic() - started
    # One connection cannot keep up with this rate, so the last waits for almost as long as all of them take.
    late = bare.drive(shots, 1, rate=1_000_000)
    assert late.max_ms > late.seconds * 900


def test_what_a_process_uses_is_told_by_the_system() -> None:
    before = family(os.getpid())[0]
    assert before.pid == os.getpid()
    deadline = time.process_time() + 0.1
    while time.process_time() < deadline:
        pass
    after = family(os.getpid())[0]
    assert after.cpu_seconds - before.cpu_seconds > 0.05
    assert after.peak_bytes > 10_000_000
