"""Destinations of the signal over HTTP: the key is never shown, and only server keys may."""

from __future__ import annotations

from tests.web.conftest import Running

PATH = "/v1/destinations"
NEW = {"url": "https://cdp.example/v1/batch", "key": "secret-key", "description": "CDP"}


async def test_a_destination_is_added_sent_again_and_removed(running: Running) -> None:
    made = await running.server.post(PATH, json=NEW)
    assert made.status_code == 201, made.text
    number = made.json()["id"]
    listed = await running.server.get(PATH)
    assert listed.json()["data"] == [made.json()]
    assert "secret-key" not in made.text + listed.text
    assert (await running.server.post(f"{PATH}/{number}/resend")).json()["enabled"] is True
    assert (await running.server.delete(f"{PATH}/{number}")).status_code == 200
    assert (await running.server.get(PATH)).json()["data"] == []
    assert (await running.server.delete(f"{PATH}/{number}")).status_code == 404
    assert (await running.server.delete(f"{PATH}/x")).status_code == 404


async def test_what_may_not_be_is_refused(running: Running) -> None:
    assert (await running.report.get(PATH)).status_code == 403
    inside = await running.server.post(PATH, json=NEW | {"url": "http://cdp.example/v1/batch"})
    assert inside.status_code == 400
