"""A history made of copies is one that the service could have written itself."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from engage.actions.verify import Verified, verify
from engage.bench.client import Shot
from engage.bench.databases import Sqlite
from engage.bench.errors import CannotRun
from engage.bench.histories import Compared
from engage.bench.processes import serving
from engage.bench.programs import QUICKSTART
from engage.bench.stored import History, build
from engage.bench.traffic import Population, Traffic, batch_request, member_request
from engage.bench.workshop import Workshop
from engage.store.database import Database
from engage.store.members import list_companies
from engage.store.signal import load_scores

PEOPLE = Population(companies=4, members=20)


async def verified(url: str) -> tuple[Verified, list[str], int]:
    database = await Database.open(url)
    try:
        async with database.read() as s:
            companies = [one[1] for one in await list_companies(s, 0, 100)]
            scores = await load_scores(s, range(1, 5), 0, 10**7)
        return await verify(database), companies, sum(map(len, scores.values()))
    finally:
        await database.close()


def test_verify_agrees_with_a_built_history_and_its_people_go_on(tmp_path: Path) -> None:
    engine = Sqlite()
    template = engine.prepare(tmp_path, QUICKSTART)
    build(engine, template.url, History(PEOPLE, 2_000, days=100))
    found, companies, scores = asyncio.run(verified(template.url))
    assert found.difference is None
    assert (found.companies, found.transfers) == (4, 2_000)
    assert companies == [f"company-{n}" for n in range(4)]
    assert scores > 0, "scoring has nothing left to do while the clock runs"
    reads = [Shot(member_request(*PEOPLE.person(n), template.key)) for n in range(PEOPLE.members)]
    batch = Traffic(PEOPLE, seed=1).batch(50)
    with serving(template.url) as server:
        server.drive(reads, 4)  # each is there before the first new event
        server.drive([Shot(batch_request(batch, template.key), 50)], 1)
    found, _, _ = asyncio.run(verified(template.url))
    assert (found.difference, found.transfers) == (None, 2_050)


def test_without_room_on_the_disk_it_says_so(tmp_path: Path) -> None:
    case = Compared("history_20m", History(PEOPLE, 10**13), None).case()
    workshop = Workshop(tmp_path, frozenset(case.figures), {"sqlite": Sqlite})
    with pytest.raises(CannotRun, match=r"events need 3500000\.0 GB"), case.prepare(workshop):
        pytest.fail("it was built")
