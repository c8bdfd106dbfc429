"""Runs the text tables of `tests/scenarios/service`: what a host and its companies say to the running service, and what
comes of it, to the letter.

Owns the words of these tables, which README.md beside the stories lists. What a program decides is told by the stories
one folder up; here is what only the tables of a database know.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.places import ON_SQLITE
from tests.scenarios.test_scenarios import cells, properties
from tests.web.conftest import Running

pytestmark = ON_SQLITE
FOLDER = Path(__file__).resolve().parent.parent / "scenarios" / "service"
STORIES = sorted(FOLDER.glob("*.md"))
HEADINGS = ["Who", "What", "What comes of it"]
COMPANIES = ("acme", "newco", "other")
STEPS = {"approves": "approve", "fulfils": "fulfil", "cancels": "cancel"}


class Told:
    """A story as it is told to the service."""

    def __init__(self, running: Running) -> None:
        self.running = running
        self.codes: dict[str, str] = {}
        """Company -> the code of its link."""
        self.redemptions: dict[tuple[str, str], str] = {}
        """(member, reward) -> the last one."""

    async def ask(self, method: str, path: str, **body: Any) -> Any:
        """What the service answers; of a refusal the message."""
        answer = await self.running.server.request(method, f"/v1{path}", json=body or None)
        said = answer.json()
        return said if answer.is_success else said["message"]

    async def tell(self, who: str, what: str) -> str:
        for words, act in WORDS.items():
            if found := re.fullmatch(words, what):
                return await act(self, who, *found.groups())
        raise AssertionError(f"nobody knows what {what!r} means")

    async def does(self, who: str, what: str) -> str:
        event, _, said = what.partition(" ")
        done = await self.running.track(event, userId=who, properties=properties(said))
        return ", ".join(f"{one['amount']:+} {one['currency']}" for one in done["effects"]) or "nothing"

    async def upload(self, _: str, codes: str, reward: str) -> str:
        said = await self.ask("POST", f"/companies/acme/rewards/{reward}/codes", codes=codes.split())
        known = f"{said['known']} known already, " if said["known"] else ""
        return f"{said['added']} added, {known}{said['left']} left"

    async def redeem(self, who: str, reward: str) -> str:
        said = await self.ask("POST", f"/companies/acme/members/{who}/redemptions", reward=reward)
        if isinstance(said, str):
            return said.partition(": ")[2] or said
        self.redemptions[who, reward] = said["id"]
        return redeemed(said)

    async def step(self, _: str, verb: str, reward: str, member: str) -> str:
        path = f"/companies/acme/redemptions/{self.redemptions[member, reward]}/{STEPS[verb]}"
        return redeemed(await self.ask("POST", path, reason="as told"))

    async def holds(self, who: str) -> str:
        balance = (await self.ask("GET", f"/companies/acme/members/{who}"))["balances"]["points"]
        return f"{balance['active']} points active, {balance['held']} held"

    async def prefer(self, who: str, wish: str) -> str:
        path = f"/companies/acme/members/{who}/preferences"
        said = await self.ask("PUT", path, leaderboard=wish == "to be compared")
        return "shown" if said["leaderboard"] else "not shown"

    async def neighbours(self, who: str, around: str, board: str) -> str:
        path = f"/companies/acme/leaderboard?board={board}&member={who}&around={around}&limit=0"
        said = await self.ask("GET", path)
        near = ", ".join(f"{one['rank']}. {one['member']} {one['score']}" for one in said["around"])
        return near or f"nobody, own score {said['me']['score']}"

    async def link(self, company: str) -> str:
        code = (await self.ask("PUT", f"/companies/{company}/powered-by"))["code"]
        before = self.codes.setdefault(company, "")
        self.codes[company] = code
        return "the same code" if code == before else "a code"

    async def follow(self, _: str, company: str, channel: str) -> str:
        path = f"/powered-by/{self.codes[company]}/follows"
        return "counted" if (await self.ask("POST", path, channel=channel))["counted"] else "not counted"

    async def came(self, company: str, by: str, channel: str) -> str:
        path = f"/companies/{company}/recommendation"
        said = await self.ask("PUT", path, code=self.codes[by], channel=channel)
        return said if isinstance(said, str) else f"recommended by {said['by']} on {said['channel']}"

    async def followed(self, company: str) -> str:
        said = await self.ask("GET", f"/companies/{company}/powered-by")
        channels = ", ".join(f"{times} on {name}" for name, times in sorted(said["by_channel"].items()))
        where = f" ({channels})" if channels else ""
        return f"followed {said['followed']} times{where}, {said['recommended']} recommended"


WORDS: dict[str, Callable[..., Awaitable[str]]] = {
    "does (.+)": Told.does,
    r"uploads (.+) for (\S+)": Told.upload,
    r"redeems (\S+)": Told.redeem,
    r"(approves|fulfils|cancels) (\S+) of (\S+)": Told.step,
    "holds": Told.holds,
    "prefers (to be compared|not to be)": Told.prefer,
    r"sees (\d+) on each side in (\S+)": Told.neighbours,
    "asks for its link": Told.link,
    r"follows the link of (\S+) on (\S+)": Told.follow,
    r"came by the link of (\S+) on (\S+)": Told.came,
    "counts its link": Told.followed,
}


def redeemed(said: Any) -> str:
    if isinstance(said, str):
        return said
    return f"{said['status']} with code {said['code']}" if said["status"] == "fulfilled" else said["status"]


async def tell(running: Running, text: str) -> tuple[list[str], list[str]]:
    """The rows as they are written, and as they came out."""
    [program] = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    await running.publish(program)
    for company in COMPANIES:
        await running.server.post("/v1/companies", json={"id": company})
    told, written, real = Told(running), [], []
    for row in (cells(line) for line in text.splitlines() if line.startswith("|")):
        if row != HEADINGS and not row[0].startswith("-"):
            written.append(" | ".join(row))
            real.append(" | ".join([*row[:2], await told.tell(*row[:2])]))
    return written, real


@pytest.mark.parametrize("text", [path.read_text("utf-8") for path in STORIES], ids=[p.stem for p in STORIES])
async def test_the_story_comes_out_as_written(running: Running, text: str) -> None:
    written, real = await tell(running, text)
    assert written, "a story without a row proves nothing"
    assert real == written
