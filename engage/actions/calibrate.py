"""Calibrating: the expert score and the fitted forecast, held against how the host's terms ended.

Owns reading what is needed, once, and keeping the card for the portfolio page. Reads frozen weeks and contract facts.
"""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Final

import msgspec
from msgspec.structs import replace

from engage import clock
from engage.actions import fitting
from engage.actions.book import current_book
from engage.actions.settings import floor
from engage.core.accuracy import (
    THRESHOLDS,
    TOO_SMALL,
    Accuracy,
    Calibration,
    CalibrationCard,
    insufficient,
    measure,
    riskiest,
    threshold,
)
from engage.core.book import Book
from engage.core.calendar import utc_day
from engage.core.calibration import (
    HORIZONS,
    Case,
    Past,
    cases,
    is_called,
    is_too_small,
    last_week_before,
    lead_days,
)
from engage.core.stage_words import Stage, lasting_of
from engage.core.terms import customer_since
from engage.store.database import Database
from engage.store.scope import EVERY_COMPANY
from engage.store.settings import put_setting
from engage.store.signal import (
    CALIBRATION_SETTING,
    load_followed,
    load_measured,
    load_scores,
    load_weeks,
)
from engage.store.statements import Statements
from engage.store.terms import load_stated, load_terms

COMPANIES_PER_READ: Final = 200


async def calibrate(database: Database, trial: Book | None = None) -> Calibration:
    """Measures both forecasts and keeps the card. A term that ended before anything was measured counts with contract
    facts; one that ends after, or is yet to end, counts once the week before is measured.

    `trial`: a book to be tried, in place of the host's: its definition of the score is measured, and nothing is kept.
    """
    async with database.read() as s:
        terms = await load_terms(s, EVERY_COMPANY)
        k, book = await floor(), trial or await current_book()
        ended = [id for id, own in terms.items() if any(term.outcome != "open" for term in own)]
        followed = await load_followed(s, ended) if ended else []
        measured_from, until = await load_measured(s) or (0, last_week_before(utc_day(clock.now())))
    found: dict[int, list[Case]] = {days: [] for days in HORIZONS}
    leads: list[int] = []
    for start in range(0, len(followed), COMPANIES_PER_READ):
        part = followed[start : start + COMPANIES_PER_READ]
        async with database.read() as s:
            ids = [one.id for one in part]
            weeks = await load_weeks(s, ids, 0, date.max.toordinal())
            stated = await load_stated(s, ids)
            lasting = await _lasting(s, ids) if book.score.asks_stage else {}
        pasts = [
            Past(
                one.external_id,
                terms[one.id],
                weeks.get(one.id, {}),
                one.state.seats,
                customer_since(one.state.traits),
                book.score,
                book.stages,
                lasting.get(one.id, {}),
                {term.start: term.end for term in stated.get(one.id, ())},
                until,
            )
            for one in part
        ]
        for days in HORIZONS:
            found[days] += await asyncio.to_thread(cases, pasts, days, k)
        leads += await asyncio.to_thread(lead_days, pasts, k)
    lead = round(statistics.median(leads)) if leads else None
    expert = {str(days): _expert(own, lead, k) for days, own in found.items()}
    fitted: dict[str, Accuracy] = {}
    if fitting.available():
        fitted = {str(days): await asyncio.to_thread(_fitted, own, k) for days, own in found.items()}
    ends = [term.end for own in terms.values() for term in own if term.outcome != "open"]
    made = Calibration(expert, fitted, sum(last_week_before(end) < measured_from for end in ends))
    if trial is not None:
        return made
    card = CalibrationCard(datetime.now(UTC).date().isoformat(), made)
    text = msgspec.json.encode(card).decode()
    await database.write(lambda _: put_setting(CALIBRATION_SETTING, text))
    return made


async def _lasting(s: Statements, ids: Sequence[int]) -> dict[int, dict[int, Stage]]:
    """company -> Sunday -> the stage that had lasted by then, as it was frozen."""
    scores = await load_scores(s, ids, 0, date.max.toordinal())
    return {
        id: {day: stage for day, one in own.items() if (stage := lasting_of(one.stage)) is not None}
        for id, own in scores.items()
    }


def _expert(found: Sequence[Case], lead: int | None, k: int) -> Accuracy:
    churned = [case.churned for case in found]
    risks = [case.risk for case in found]
    accuracy = measure(risks, [case.probability for case in found], churned, _whose(found))
    bands = tuple(
        threshold(name, [is_called(case, least, k) for case in found], churned)
        for name, least in THRESHOLDS
        if found
    )
    small = [is_too_small(case, k) for case in found]
    if any(small):
        bands = (*bands, threshold(TOO_SMALL, small, churned))
    scored = sum(case.score is not None for case in found)
    return replace(accuracy, scored=scored, thresholds=bands, lead_days=lead)


def _fitted(found: Sequence[Case], k: int) -> Accuracy:
    churned = [case.churned for case in found]
    why = insufficient(churned, {case.company for case in found if case.churned})
    scored = sum(case.score is not None for case in found)
    if why:
        return Accuracy(len(found), sum(churned), scored=scored, text=why)
    chances = fitting.foretell(found)
    # It has no bands: it calls as many as the expert's score does.
    bands = tuple(
        threshold(name, riskiest(chances, sum(is_called(case, least, k) for case in found)), churned)
        for name, least in THRESHOLDS
    )
    return replace(measure(chances, chances, churned, _whose(found)), scored=scored, thresholds=bands)


def _whose(found: Sequence[Case]) -> list[str]:
    return [case.company for case in found]
