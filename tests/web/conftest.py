"""A running service on a database of its own, and clients that speak to it without a socket."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from engage.actions.keys import create_key
from engage.actions.publish import publish
from engage.app import Service, create_app
from engage.settings import Settings
from engage.store.database import Database
from tests.actions.host import program
from tests.places import Place

SECRET = "of a test, and long enough for HS256"
PROGRAM = """
name: Tests
currencies: {points: {}}
traits: {member: {role: {type: string}}}
events:
  Report Exported: {}
  Deal Won: {properties: {value: {type: number}}}
  Page Clicked: {browser: true}
badges: {closer: {name: Closer}}
levels:
  currency: points
  steps:
    - {id: bronze, name: Bronze, threshold: 0}
    - {id: silver, name: Silver, threshold: 30}
rules:
  - {id: export, trigger: Report Exported, effects: [{award: 10}]}
  - id: deal
    name: Deal won
    trigger: Deal Won
    conditions: {field: event.properties.value, op: ge, value: 1000}
    effects: [{award: 50}, {badge: closer}]
    limits: [{per: member, window: day, count: 1}]
  - {id: click, trigger: Page Clicked, effects: [{award: 1}]}
"""


@dataclass
class Running:
    """The service, its keys, and a client for each kind of key."""

    service: Service
    keys: dict[str, str]
    anonymous: httpx.AsyncClient
    server: httpx.AsyncClient
    write: httpx.AsyncClient
    report: httpx.AsyncClient
    sent: int = field(default=0)

    @property
    def database(self) -> Database:
        return self.service.services().database

    async def publish(self, text: str = PROGRAM, company: str | None = None) -> None:
        now = self.service.services().now()
        await publish(self.database, program(text), text, company=company, actor="test", now=now)

    async def track(self, event: str = "Report Exported", **changes: Any) -> dict[str, Any]:
        """One event of emp-1 in acme with the server key; what became of it."""
        self.sent += 1
        message = {
            "messageId": f"m{self.sent}",
            "userId": "emp-1",
            "event": event,
            "context": {"groupId": "acme"},
            **changes,
        }
        answer = await self.server.post("/v1/track", json=message)
        assert answer.status_code == 200, answer.text
        result: dict[str, Any] = answer.json()["results"][message["messageId"]]
        return result


@pytest.fixture
async def running(place: Place) -> AsyncIterator[Running]:
    settings = Settings(database_url=place.url, secret=SECRET)
    service = create_app(settings)
    transport = httpx.ASGITransport(app=service)

    def client(key: str | None) -> httpx.AsyncClient:
        headers = {"authorization": f"Bearer {key}"} if key else {}
        return httpx.AsyncClient(transport=transport, base_url="http://engage.test", headers=headers)

    async with service.lifespan():
        database = service.services().database
        keys = {kind: await create_key(database, kind) for kind in ("server", "write", "report")}
        async with (
            client(None) as anonymous,
            client(keys["server"]) as server,
            client(keys["write"]) as write,
            client(keys["report"]) as report,
        ):
            yield Running(service, keys, anonymous, server, write, report)
