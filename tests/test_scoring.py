"""Scoring in several processes: the same scores as in one, also when one of them dies."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from multiprocessing import active_children

import pytest

from engage import scoring
from engage.actions import score as scores
from engage.actions.portfolio import portfolio
from engage.actions.score import Hand, ScoredBatch, score_companies
from engage.actions.score_company import Host
from engage.scoring import hands_beside
from engage.store.database import Database
from engage.store.settings import read_setting
from engage.store.signal import PEERS_SETTING
from tests.actions.signal_host import TODAY, accept, publish_default, working
from tests.places import ON_SQLITE, Place

pytestmark = ON_SQLITE
COMPANIES = 6


@pytest.fixture
async def database(place: Place, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Database]:
    """With some companies, each a batch of its own."""
    monkeypatch.setattr(scores, "COMPANIES_PER_TRANSACTION", 1)
    monkeypatch.setattr(scoring, "cores", lambda: 2)
    opened = await Database.open(place.url)
    try:
        await publish_default(opened)
        for number in range(COMPANIES):
            await accept(opened, working(f"company-{number}", 5 + number, 2 + number % 2))
        yield opened
    finally:
        await opened.close()


async def test_another_process_scores_its_share_alike_until_it_dies(database: Database, place: Place) -> None:
    asked: list[ScoredBatch | None] = []
    shown: list[tuple[int, int]] = []

    @asynccontextmanager
    async def dying(host: Host, members: int) -> AsyncIterator[Sequence[Hand]]:
        async with hands_beside(database.url, members_least=members)(host, members) as (hand,):

            async def one(ids: Sequence[int]) -> ScoredBatch | None:
                asked.append(await hand(ids))
                (process,) = active_children()
                process.kill()
                assert await hand(ids) is None
                return asked[-1]

            yield [one]

    found = await score_companies(database, TODAY, lambda *done: shown.append(done), hands=dying)
    assert asked[0] is not None
    assert (asked[0].companies[0].company, asked[0].changed) == ("company-1", True)
    assert active_children() == []
    weeks = sum(2 + number % 2 for number in range(COMPANIES))
    assert [one.company for one in found.companies] == [f"company-{n}" for n in range(COMPANIES)]
    assert found.weeks == weeks
    assert place.rows("SELECT COUNT(*) FROM engage_week") == [(weeks,)]
    assert shown == [(done, COMPANIES) for done in range(1, COMPANIES + 1)]
    rows = (await portfolio(database)).data
    alone = await score_companies(database, TODAY, again=True)
    assert (alone.companies, (await portfolio(database)).data) == (found.companies, rows)


async def test_what_a_process_that_is_gone_leaves_is_scored_here(database: Database) -> None:
    @asynccontextmanager
    async def gone(host: Host, members: int) -> AsyncIterator[Sequence[Hand]]:
        async def nobody(ids: Sequence[int]) -> ScoredBatch | None:
            return None

        yield [nobody]

    found = await score_companies(database, TODAY, hands=gone)
    assert [one.company for one in found.companies] == [f"company-{n}" for n in range(COMPANIES)]


async def test_a_run_that_was_cut_short_before_it_compared_is_gone_on_with(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def cut(*of: object) -> None:
        raise InterruptedError

    monkeypatch.setattr(scores, "_compare", cut)
    with pytest.raises(InterruptedError):
        await score_companies(database, TODAY)
    monkeypatch.undo()
    assert (await score_companies(database, TODAY)).weeks == 0
    async with database.read():
        assert await read_setting(PEERS_SETTING)


@pytest.mark.parametrize("members, count", [(1, 0), (100, 1)])
async def test_nobody_is_started_for_little_work(
    database: Database, monkeypatch: pytest.MonkeyPatch, members: int, count: int
) -> None:
    started: list[object] = []
    monkeypatch.setattr(scoring, "_Helper", lambda *of: started.append(of) or _Idle())
    async with hands_beside(database.url, members_least=100)(None, members) as hands:  # type: ignore[arg-type]
        assert (len(hands), len(started)) == (count, count)


class _Idle:
    score = None

    def end(self) -> None:
        """Nothing was begun."""
