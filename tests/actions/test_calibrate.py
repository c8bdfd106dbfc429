"""Calibrating on a real database: companies that fade leave, and the card is kept for the portfolio."""

from __future__ import annotations

import random
import sys
from datetime import date, timedelta

import msgspec
import pytest

from engage.actions import fitting
from engage.actions.book import keep_book
from engage.actions.calibrate import calibrate
from engage.actions.portfolio import portfolio
from engage.actions.terms import record_terms
from engage.core.book import Book
from engage.core.calendar import week_of
from engage.core.measures import FeatureWeek, WeekMeasures
from engage.core.profiles import Profile, ScoreDefinition
from engage.store.database import Database
from engage.store.signal import load_followed, save_signal
from tests.places import ON_SQLITE

START = date(2026, 1, 5)
WEEKS = 16


async def seeded(database: Database, companies: int, leavers: int) -> None:
    """Companies of 40 seats with one term of 112 days. Those that leave fade, most of them; some others do too."""
    chance = random.Random(7)
    first = week_of(START.toordinal())
    rows = [
        {
            "groupId": f"c{number}",
            "term_start": START.isoformat(),
            "term_end": date.fromordinal(first + 7 * WEEKS).isoformat(),
            "monthly_revenue": 100 + number,
            "seats": 40,
            "outcome": "churned" if number < leavers else "renewed",
        }
        for number in range(companies)
    ]
    assert (await record_terms(database, rows)).recorded == companies
    async with database.read() as s:
        followed = await load_followed(s)
    weeks = []
    for one in followed:
        fading = chance.random() < (0.8 if int(one.external_id[1:]) < leavers else 0.1)
        for index in range(WEEKS):
            active = max(6, 34 - chance.randrange(6) - (2 * index if fading else 0))
            days, events = active * (1 if fading else 3), active * 5
            weeks.append(
                (
                    one.id,
                    WeekMeasures(
                        first + 7 * index,
                        40,
                        0,
                        38,
                        active,
                        active,
                        10,
                        days,
                        events,
                        features={"Export": FeatureWeek(active, active, events)},
                        since=first,
                    ),
                )
            )
    await database.write(lambda tx: save_signal(tx, weeks, [], again=False))


@ON_SQLITE
async def test_both_forecasts_tell_leavers_and_say_the_same_again(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fitting, "DEALS", 1)
    monkeypatch.setattr(fitting, "TREES", 10)
    await seeded(database, 150, 25)
    found = await calibrate(database)
    assert list(found.expert) == list(found.fitted) == ["0", "30", "60", "90", "180"]
    expert, fitted = found.expert["0"], found.fitted["0"]
    assert (expert.n, expert.churned, expert.scored) == (150, 25, 150)
    assert expert.auc is not None
    assert expert.auc > 0.75
    assert fitted.auc is not None
    assert fitted.auc > 0.75
    assert fitted.brier is not None
    assert fitted.base_brier is not None
    assert fitted.brier < 0.8 * fitted.base_brier
    assert fitted.calibration_error is not None
    assert fitted.calibration_error < 0.1
    assert [one.flagged for one in fitted.thresholds] == [one.flagged for one in expert.thresholds]
    assert (found.expert["180"].n, found.expert["180"].auc) == (0, None)
    assert (await calibrate(database)) == found


@ON_SQLITE
async def test_outcomes_at_random_cannot_be_foretold(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A model that saw whom it is tried on would do better than chance here."""
    monkeypatch.setattr(fitting, "DEALS", 1)
    monkeypatch.setattr(fitting, "TREES", 10)
    await seeded(database, 130, 25)
    async with database.read() as s:
        ids = [one.external_id for one in await load_followed(s)]
    random.Random(3).shuffle(ids)
    end = date.fromordinal(week_of(START.toordinal()) + 7 * WEEKS).isoformat()
    rows = [
        {"groupId": id, "term_start": START.isoformat(), "term_end": end, "outcome": outcome}
        for id, outcome in zip(ids, ["churned"] * 25 + ["renewed"] * 105, strict=True)
    ]
    await record_terms(database, rows)
    fitted = (await calibrate(database)).fitted["0"]
    assert fitted.auc is not None
    assert fitted.auc < 0.65


async def test_few_outcomes_are_said_to_be_insufficient_on_the_portfolio_too(database: Database) -> None:
    await seeded(database, 130, 19)
    assert (await portfolio(database)).calibration is None
    found = await calibrate(database)
    card = (await portfolio(database)).calibration
    assert card is not None
    assert card.calibration == found
    assert found.fitted["0"].text.startswith("insufficient: 19 churned and 111 renewed")
    assert found.fitted["0"].auc is None
    assert found.expert["0"].auc is not None


async def test_terms_that_ended_before_anything_was_measured_are_counted_apart(database: Database) -> None:
    await seeded(database, 20, 5)
    ago = [
        {"groupId": f"c{number}", "term_start": "2024-01-01", "term_end": "2025-01-01", "outcome": "churned"}
        for number in range(7)
    ]
    await record_terms(database, ago)
    found = await calibrate(database)
    assert (found.expert["0"].n, found.expert["0"].churned, found.before) == (27, 12, 7)


async def test_a_term_is_looked_at_once_the_week_before_its_end_is_measured(database: Database) -> None:
    """One renewed early, or of which it is known that it will not be, has not ended: nothing is known of its use then,
    and it would count as that of a company that nobody uses the product of."""
    await seeded(database, 30, 5)
    end = date.fromordinal(week_of(START.toordinal()) + 7 * WEEKS)
    for later in (timedelta(weeks=1), timedelta(weeks=500)):
        row = {"groupId": "c7", "term_start": f"{end}", "term_end": f"{end + later}", "outcome": "renewed"}
        await record_terms(database, [row])
        assert (await calibrate(database)).expert["0"].n == 30


@pytest.mark.parametrize("measured", [True, False])
async def test_what_is_said_of_a_term_to_come_is_no_outcome_yet(database: Database, measured: bool) -> None:
    if measured:
        await seeded(database, 3, 1)
    row = {"groupId": "c", "term_start": "2025-01-06", "term_end": "9998-01-01", "outcome": "churned"}
    await record_terms(database, [row])
    assert (await calibrate(database)).expert["0"].n == (3 if measured else 0)


async def test_without_the_model_library_the_score_is_measured_all_the_same(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "sklearn", None)
    await seeded(database, 20, 5)
    found = await calibrate(database)
    assert found.fitted == {}
    assert found.expert["0"].n == 20


async def test_a_host_without_terms_gets_an_answer(database: Database) -> None:
    found = await calibrate(database)
    assert {one.n for one in found.expert.values()} == {0}
    assert msgspec.json.encode(found)


@ON_SQLITE
async def test_a_definition_of_the_score_is_tried_and_nothing_is_kept(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fitting, "available", lambda: False)
    await seeded(database, 40, 8)
    kept = await calibrate(database)
    profile = Profile("time", "Time", {"tenure": 1.0})
    tried = await calibrate(database, Book(score=ScoreDefinition((profile,))))
    assert tried.expert["0"].auc == 0.5  # all are customers for as long
    assert kept.expert["0"].auc != 0.5
    card = (await portfolio(database)).calibration
    assert card is not None
    assert card.calibration == kept
    await keep_book(database, Book(score=ScoreDefinition((profile,))), "", actor="test", now=0)
    assert await calibrate(database) == tried
