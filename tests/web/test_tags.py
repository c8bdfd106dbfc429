"""Tags and nudges over HTTP: effects of the event, shown with the member, and marked as seen."""

from __future__ import annotations

from engage_sdk import models

from tests.web.conftest import Running

PROGRAM = """
name: Tags
currencies: {points: {}}
events: {Report Exported: {}}
tags: {author: {}, known: {}}
nudges: {well-done: {text: Well done.}}
rules: [{id: export, trigger: Report Exported, effects: [tag: known, tag: author, nudge: well-done]}]
"""


async def test_a_member_shows_tags_and_nudges(running: Running) -> None:
    await running.publish(PROGRAM)
    await running.track()
    path = "/v1/companies/acme/members/emp-1"
    shown = (await running.server.get(path)).json()
    assert shown["tags"] == ["author", "known"]
    (nudge,) = shown["nudges"]
    assert (nudge["id"], nudge["text"], len(nudge["at"])) == ("well-done", "Well done.", 27)
    (decision,) = (await running.server.get(f"{path}/decisions")).json()["data"]
    assert {"type": "nudge", "nudge": "well-done", "text": "Well done."} in decision["effects"]
    assert models.decode(models.Member, shown).tags == ("author", "known")


async def test_a_nudge_is_unseen_until_the_host_says_so(running: Running) -> None:
    await running.publish(PROGRAM)
    await running.track()
    path = "/v1/companies/acme/members/emp-1"
    nudges = "/v1/companies/acme/nudges"
    (found,) = (await running.server.get(nudges)).json()["data"]
    assert (found["sent"], found["opened"], found["rates"]) == (1, 0, {"opened": 0.0, "returned": 0.0})
    (nudge,) = (await running.server.get(path)).json()["nudges"]
    assert (nudge["opened"], nudge["opened_at"]) == (False, None)
    first = await running.server.post(f"{path}/nudges/well-done/opened")
    assert first.status_code == 200
    assert first.json()["opened"]
    again = await running.server.post(f"{path}/nudges/well-done/opened", json={"actor": "app"})
    assert again.json() == first.json()
    (nudge,) = (await running.server.get(path)).json()["nudges"]
    assert nudge == first.json()
    (found,) = (await running.server.get(nudges)).json()["data"]
    assert (found["opened"], found["rates"]["opened"]) == (1, 100.0)
    for missing in (f"{path}/nudges/no/opened", "/v1/companies/acme/members/no/nudges/well-done/opened"):
        assert (await running.server.post(missing)).status_code == 404
