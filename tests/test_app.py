"""The service's lifetime: started, mounted in a host's own application, and ended, more than once."""

from __future__ import annotations

import asyncio
import socket
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from engage import schedule
from engage.actions.keys import create_key
from engage.app import create_app
from engage.errors import Unavailable
from engage.settings import Settings
from engage.store.migrate import migrate
from engage.web.server import listen
from tests.places import Place


@pytest.fixture
def settings(new_place: Place) -> Settings:
    return Settings(database_url=new_place.url)


def client(app: Any) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://engage.test")


async def test_before_the_start_it_lives_and_is_not_ready(settings: Settings) -> None:
    async with client(create_app(settings)) as outside:
        assert (await outside.get("/healthz")).status_code == 200
        for path in ("/readyz", "/v1/companies"):
            answer = await outside.get(path)
            assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
            assert int(answer.headers["retry-after"]) > 0


async def test_a_service_starts_again_after_its_end(settings: Settings) -> None:
    service = create_app(settings)
    for _ in range(2):
        async with service.lifespan(), client(service) as outside:
            assert (await outside.get("/readyz")).status_code == 200
        async with client(service) as outside:
            assert (await outside.get("/readyz")).status_code == 503


async def test_a_host_mounts_it_and_every_address_still_works(settings: Settings) -> None:
    service = create_app(settings)
    host = Starlette(routes=[Mount("/engage", service)])
    async with service.lifespan(), client(host) as outside:
        key = await create_key(service.services().database, "server")
        headers = {"authorization": f"Bearer {key}"}
        body = {"userId": "a/b", "event": "E", "groupId": "c/d"}
        for path in ("/engage/v1/track", "/engage/any/v1/track"):
            assert (await outside.post(path, json=body, headers=headers)).status_code == 200
        member = await outside.get("/engage/v1/companies/c%2Fd/members/a%2Fb", headers=headers)
        assert member.json()["id"] == "a/b"
        document = (await outside.get("/engage/openapi.json")).json()
        assert document["servers"] == [{"url": "/engage"}]


async def test_two_services_in_one_process_keep_apart(tmp_path: Path) -> None:
    first, second = (create_app(Settings(database_url=f"sqlite:///{tmp_path / name}.db")) for name in "ab")
    async with first.lifespan(), second.lifespan():
        key = await create_key(first.services().database, "server")
        headers = {"authorization": f"Bearer {key}"}
        async with client(first) as to_first, client(second) as to_second:
            answers = await asyncio.gather(
                *(
                    each.get("/v1/companies", headers=headers)
                    for _ in range(20)
                    for each in (to_first, to_second)
                )
            )
    assert [answer.status_code for answer in answers] == [200, 401] * 20


async def test_a_database_that_cannot_be_opened_is_said_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "engage.db").write_bytes(b"this is no database, and long enough to be told" * 100)
    service = create_app(Settings(database_url=f"sqlite:///{tmp_path / 'engage.db'}"))
    with pytest.raises(Unavailable):
        async with service.lifespan():
            pass


async def test_the_floor_chosen_is_the_floor_reported(settings: Settings) -> None:
    url = settings.database_url
    async with create_app(Settings(database_url=url, k=10)).lifespan():
        pass
    service = create_app(Settings(database_url=url))
    async with service.lifespan(), client(service) as outside:
        key = await create_key(service.services().database, "report")
        portfolio = await outside.get("/v1/portfolio", headers={"authorization": f"Bearer {key}"})
    assert portfolio.json()["k"] == 10


async def test_complete_weeks_are_scored_without_being_asked(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schedule, "SCORING_SECONDS", 0.05)
    service = create_app(settings)
    async with service.lifespan(), client(service) as outside:
        key = await create_key(service.services().database, "server")
        outside.headers["authorization"] = f"Bearer {key}"
        today = datetime.now(UTC)
        batch = [
            {
                "type": "track",
                "messageId": f"{week}-{member}",
                "userId": f"emp-{member}",
                "event": "E",
                "groupId": "acme",
                "timestamp": date.fromordinal(today.toordinal() - 7 * week).isoformat(),
            }
            for week in range(1, 8)
            for member in range(8)
        ]
        await outside.post("/v1/batch", json={"batch": batch})
        for _ in range(200):
            history = (await outside.get("/v1/companies/acme/health/history")).json()["data"]
            if history:
                break
            await asyncio.sleep(0.02)
        assert history


async def test_scoring_that_fails_is_logged_and_tried_again(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    tried = asyncio.Event()
    attempts = 0

    async def broken(_: Any) -> None:
        nonlocal attempts
        attempts += 1
        if attempts == 2:
            tried.set()
        raise RuntimeError("scoring is broken")

    monkeypatch.setattr(schedule, "SCORING_SECONDS", 0)
    monkeypatch.setattr(schedule, "score_companies", broken)
    service = create_app(settings)
    async with service.lifespan(), client(service) as outside:
        await asyncio.wait_for(tried.wait(), 5)
        assert (await outside.get("/readyz")).status_code == 200
    assert "scoring is broken" in caplog.text


async def test_what_is_cut_short_by_a_database_that_is_away_is_one_line(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    tried = asyncio.Event()

    async def away(_: Any) -> None:
        tried.set()
        raise Unavailable("the database is away")

    monkeypatch.setattr(schedule, "score_companies", away)
    async with create_app(settings).lifespan():
        await asyncio.wait_for(tried.wait(), 5)
        await asyncio.sleep(0)
    said = [record for record in caplog.records if "the database is away" in record.getMessage()]
    assert [record.exc_info for record in said] == [None]


async def test_a_migrated_database_starts_as_well(settings: Settings) -> None:
    await migrate(settings.database_url)
    async with create_app(settings).lifespan():
        pass


async def test_a_server_that_runs_lifespans_starts_and_ends_it(settings: Settings) -> None:
    service = create_app(settings)
    incoming: asyncio.Queue[dict[str, str]] = asyncio.Queue()
    outgoing: asyncio.Queue[dict[str, str]] = asyncio.Queue()
    running = asyncio.create_task(service({"type": "lifespan", "state": {}}, incoming.get, outgoing.put))
    await incoming.put({"type": "lifespan.startup"})
    assert (await outgoing.get())["type"] == "lifespan.startup.complete"
    async with client(service) as outside:
        assert (await outside.get("/readyz")).status_code == 200
    await incoming.put({"type": "lifespan.shutdown"})
    assert (await outgoing.get())["type"] == "lifespan.shutdown.complete"
    await running
    with pytest.raises(Unavailable):
        service.services()


def test_answers_are_not_held_back_by_nagles_algorithm() -> None:
    """asyncio switches it off on sockets that say they are TCP, and only there."""
    with listen("127.0.0.1", 0) as listener:
        assert listener.proto == socket.IPPROTO_TCP
