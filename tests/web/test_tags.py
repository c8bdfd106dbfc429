"""Tags and nudges over HTTP: effects of the event, and shown with the member."""

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
