"""Webhook endpoints over HTTP: made, read, changed and ended, and their secret shown once."""

from __future__ import annotations

from tests.web.conftest import Running

PATH = "/v1/webhook-endpoints"


async def test_an_endpoint_from_beginning_to_end(running: Running) -> None:
    client = running.server
    made = await client.post(
        PATH, json={"url": "https://host.example/hooks", "types": ["member.level.changed"]}
    )
    assert made.status_code == 201
    secret, id = made.json()["secret"], made.json()["id"]
    assert secret.startswith("whsec_")
    assert (await client.get(f"{PATH}/{id}")).json() == made.json() | {"secret": None}
    changed = await client.patch(f"{PATH}/{id}", json={"enabled": False, "description": "old"})
    assert (changed.json()["enabled"], changed.json()["description"]) == (False, "old")
    assert changed.json()["types"] == ["member.level.changed"]
    rotated = await client.post(f"{PATH}/{id}/rotate")
    assert rotated.json()["secret"] not in (None, secret)
    replayed = await client.post(f"{PATH}/{id}/replay", json={"since": "2026-01-31T08:00:00Z"})
    assert replayed.json()["since"] == "2026-01-31T08:00:00Z"
    assert [one["id"] for one in (await client.get(PATH)).json()["data"]] == [id]
    assert (await client.delete(f"{PATH}/{id}")).status_code == 200
    assert (await client.get(f"{PATH}/{id}")).status_code == 404
    assert (await client.get(PATH)).json()["data"] == []


async def test_what_is_wrong_is_named(running: Running) -> None:
    client = running.server
    for said, words in (
        ({"url": "http://host.example/"}, "must begin with https://"),
        ({"url": "https://host.example/a b"}, "holds a space"),
        ({"url": " https://host.example/"}, "holds a space"),
        ({"url": "https://host.example:99999/"}, "has no port from 1 to 65535"),
        ({"url": "https://host.example:0/"}, "has no port from 1 to 65535"),
        ({"url": "https://host.example/", "types": ["nothing"]}, "there is no type 'nothing'"),
    ):
        answer = await client.post(PATH, json=said)
        assert answer.status_code == 400
        assert words in answer.json()["message"]
    assert (await client.get(f"{PATH}/abc")).status_code == 404
    made = (await client.post(PATH, json={"url": "https://host.example/"})).json()
    for since, words in (
        ("yesterday", "since must be a time"),
        ("2999-01-01T00:00:00Z", "must not lie ahead"),
    ):
        answer = await client.post(f"{PATH}/{made['id']}/replay", json={"since": since})
        assert (answer.status_code, words in answer.json()["message"]) == (400, True)


async def test_a_replay_from_the_beginning_of_time_is_one_of_all(running: Running) -> None:
    """Year 0 in UTC: kept as it is, it could never be told again, and no list of endpoints be made."""
    made = (await running.server.post(PATH, json={"url": "https://host.example/"})).json()
    asked = {"since": "0001-01-01T00:00:00+14:00"}
    answer = await running.server.post(f"{PATH}/{made['id']}/replay", json=asked)
    assert (answer.status_code, answer.json().get("since")) == (200, "1970-01-01T00:00:00Z")
    assert (await running.server.get(PATH)).status_code == 200
