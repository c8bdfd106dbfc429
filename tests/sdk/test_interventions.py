"""What was done for companies, as the client says it."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from engage_sdk import Client


def test_interventions_are_logged_corrected_and_withdrawn(service: Any) -> None:
    kept = {"id": "w", "what": "A workshop", "day": "2026-05-04", "companies": ["acme"], "withdrawn": False}
    change = {"text": "withdrawn", "actor": "lee", "reason": "a mistake", "at": 1}
    with Client(service.url, key="k") as client:
        service.answer(200, kept)
        logged = client.interventions.log(
            "w", what="A workshop", day=date(2026, 5, 4), companies=["acme"], hold_out=0.0
        )
        service.answer(200, kept | {"withdrawn": True, "changes": [change]})
        gone = client.interventions.withdraw("w", reason="a mistake", actor="lee")
        service.answer(200, {"data": [kept]})
        listed = client.interventions.list()
        service.answer(200, {"intervention": kept, "scores": [{"weeks": 4, "text": "Too few"}]})
        judged = client.interventions.get("w")
    body = {"what": "A workshop", "day": "2026-05-04", "companies": ["acme"], "hold_out": 0.0}
    assert [(one.method, one.path) for one in service.requests] == [
        ("PUT", "/v1/interventions/w"),
        ("POST", "/v1/interventions/w/withdraw"),
        ("GET", "/v1/interventions"),
        ("GET", "/v1/interventions/w"),
    ]
    assert json.loads(service.requests[0].body) == body
    assert (logged.day, logged.withdrawn, listed) == (date(2026, 5, 4), False, (logged,))
    assert (gone.withdrawn, gone.changes[0].reason) == (True, "a mistake")
    assert judged.scores[0].weeks == 4
