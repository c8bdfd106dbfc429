"""What the log says of messages that were taken, or wait: enough to find a misspelt event or a service that is down."""

from __future__ import annotations

from typing import Any

import pytest
from engage_sdk import AsyncClient, Client, RetryPolicy, _limits

QUICK = RetryPolicy(base_seconds=0.01)


def undeclared(*names: str) -> dict[str, Any]:
    reason = {"code": "undeclared_event", "message": "not declared"}
    return {"success": True, "results": {name: {"status": "ok", "reason": reason} for name in names}}


def test_a_misspelt_event_is_said_once(service: Any, caplog: pytest.LogCaptureFixture) -> None:
    problems: list[Any] = []
    with Client(service.url, key="k", on_error=lambda *problem: problems.append(problem)) as client:
        for number in range(3):
            service.answer(200, undeclared(f"m{number}"))
            client.track("e", "Opend", company="c", message_id=f"m{number}")
            client.flush()
    assert caplog.messages == ["Opend: undeclared_event: not declared"]
    assert problems == []


def test_a_host_that_declares_few_of_its_events_has_few_lines(
    service: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with Client(service.url, key="k") as client:
        ids = [f"m{number}" for number in range(90)]
        service.answer(200, undeclared(*ids))
        for id in ids:
            client.track("e", f"Event {id}", company="c", message_id=id)
        client.flush()
    assert len(caplog.messages) == _limits.REMARKS_MAX


def test_a_service_that_is_down_is_named_while_messages_wait(
    service: Any, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(3):
        service.answer(503, {"code": "unavailable", "message": "the disk is full"})
    with Client(service.url, key="k", retry=QUICK) as client:
        client.track("e", "Opened", company="c")
        assert client.flush()
    assert caplog.messages == ["1 message waits and is sent again: 503 unavailable: the disk is full"]


async def test_the_async_client_says_the_same(service: Any, caplog: pytest.LogCaptureFixture) -> None:
    service.answer(503, {"code": "unavailable", "message": "the disk is full"})
    async with AsyncClient(service.url, key="k", retry=QUICK) as client:
        service.answer(200, undeclared("m"))
        client.track("e", "Opend", company="c", message_id="m")
        assert await client.flush()
    assert caplog.messages == [
        "1 message waits and is sent again: 503 unavailable: the disk is full",
        "Opend: undeclared_event: not declared",
    ]
