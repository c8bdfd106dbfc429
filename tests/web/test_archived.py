"""What a host sees of a member whose older entries were archived: balances whole, the history cut, and said so."""

from __future__ import annotations

from pathlib import Path

import pytest

from engage.actions.archive import archive
from engage.core.calendar import DAY
from engage.store.parquet import Folder
from tests.web.conftest import PROGRAM, Running
from tests.web.test_events import assert_problem

MEMBER = "/v1/companies/acme/members/emp-1"


async def archived(running: Running, tmp_path: Path) -> None:
    """Everything up to now."""
    now = running.service.services().now()
    [one] = await archive(running.database, Folder(tmp_path / "archive"), before=now + DAY, now=now)
    assert one.difference is None


@pytest.fixture
async def old(running: Running, tmp_path: Path) -> Running:
    """Three events archived, two that came after."""
    await running.publish()
    for number in range(2):
        await running.track(messageId=f"old-{number}")
    await running.track("Deal Won", messageId="deal", properties={"value": 5000})
    await archived(running, tmp_path)
    for number in range(2):
        await running.track(messageId=f"new-{number}")
    return running


async def test_points_level_and_badges_are_what_they_were(old: Running) -> None:
    member = (await old.server.get(MEMBER)).json()
    assert member["balances"]["points"]["active"] == 90
    assert member["level"]["id"] == "silver"
    [badge] = member["badges"]
    assert (badge["id"], badge["at"][:2]) == ("closer", "20")
    assert (await old.server.get("/v1/companies/acme/members")).json()["data"] == [member]


async def test_messages_are_listed_with_their_times_as_before(running: Running, tmp_path: Path) -> None:
    """What was sent, and what was opened, stand in entries that are gone."""
    text = PROGRAM.replace("{award: 10}", "{award: 10}, {nudge: first}, {nudge: second}")
    await running.publish(text + "nudges: {first: {text: One.}, second: {text: Two.}}\n")
    await running.track()
    assert (await running.server.post(f"{MEMBER}/nudges/second/opened")).status_code == 200
    before = (await running.server.get(MEMBER)).json()
    assert [nudge["opened"] for nudge in before["nudges"]] == [False, True]
    await archived(running, tmp_path)
    assert (await running.server.get(MEMBER)).json() == before


@pytest.mark.parametrize("what", ["decisions", "transfers"])
async def test_a_history_ends_where_the_archive_begins_and_says_so(old: Running, what: str) -> None:
    page = (await old.server.get(f"{MEMBER}/{what}")).json()
    assert [one["message_id"] for one in page["data"]] == ["new-1", "new-0"]
    assert (page["next_cursor"], page["archived"]) == (None, True)
    first = (await old.server.get(f"{MEMBER}/{what}", params={"limit": 1})).json()
    assert (len(first["data"]), first["archived"]) == (1, False)
    second = (await old.server.get(f"{MEMBER}/{what}", params={"cursor": first["next_cursor"]})).json()
    assert [one["message_id"] for one in second["data"]] == ["new-0"]
    assert (second["next_cursor"], second["archived"]) == (None, True)


@pytest.mark.parametrize("what", ["decisions", "transfers"])
async def test_a_cursor_from_before_the_archive_ends_as_gracefully(
    running: Running, tmp_path: Path, what: str
) -> None:
    await running.publish()
    for number in range(3):
        await running.track(messageId=f"old-{number}")
    first = (await running.server.get(f"{MEMBER}/{what}", params={"limit": 1})).json()
    assert not first["archived"]
    await archived(running, tmp_path)
    for cursor in (first["next_cursor"], None):
        page = (
            await running.server.get(f"{MEMBER}/{what}", params={"cursor": cursor} if cursor else {})
        ).json()
        assert page == {"data": [], "next_cursor": None, "archived": True}


async def test_a_history_that_was_never_archived_does_not_say_so(running: Running) -> None:
    await running.publish()
    await running.track()
    for what in ("decisions", "transfers"):
        page = (await running.server.get(f"{MEMBER}/{what}")).json()
        assert (len(page["data"]), page["next_cursor"], page["archived"]) == (1, None, False)


async def test_what_is_archived_cannot_be_reversed(old: Running) -> None:
    answer = await old.server.post("/v1/companies/acme/events/deal/reversal")
    assert_problem(answer, 409, "archived")
    assert (await old.server.post("/v1/companies/acme/events/new-0/reversal")).status_code == 200
    assert (await old.track(messageId="old-0"))["status"] == "duplicate"
