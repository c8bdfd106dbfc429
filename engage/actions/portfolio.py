"""The portfolio of all companies, and what their contracts brought. Nothing here scans history or writes.

Owns what is kept of the portfolio between two requests. All that it is made of is read for each; where that is the same
as the last time, it is not reckoned again. So it is never older than the request, whichever process wrote meanwhile.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping
from datetime import date
from typing import Any, Final
from weakref import WeakKeyDictionary

import msgspec
from msgspec.structs import replace

from engage import clock
from engage.actions.book import current_book
from engage.actions.effects import decode_effects
from engage.actions.late_goals import decode_late
from engage.actions.report import not_scored
from engage.actions.settings import floor
from engage.core import portfolio as portfolios
from engage.core.accuracy import CalibrationCard
from engage.core.book import Book
from engage.core.calendar import local_day_hour, utc_day, week_of
from engage.core.economics import Customer, economics
from engage.core.outcomes import outcomes
from engage.core.portfolio import Particulars, Standing, Summary
from engage.core.reports import Portfolio
from engage.core.terms import contract_on, has_left
from engage.core.worth import Outcomes
from engage.store.database import Database
from engage.store.portfolio import (
    KEPT_COMPANIES_MAX,
    AllCompanies,
    Kept,
    Read,
    look_at_companies,
    read_companies,
)
from engage.store.settings import read_setting
from engage.store.signal import CALIBRATION_SETTING, EFFECTS_SETTING, LATE_GOALS_SETTING, load_newest_scores
from engage.store.statements import Statements

_decode_card = msgspec.json.Decoder(CalibrationCard).decode


class _Remembered:
    """Of one database: what was read last, and the portfolio that was made of it.

    Reckoned in threads, one at a time: whoever comes second finds what the first has made, and events are accepted
    meanwhile. Each answer is made of what was read for it, so it does not matter who keeps his last.
    """

    def __init__(self) -> None:
        self._alone = threading.Lock()
        self._rows = Kept()
        self._companies: AllCompanies | None = None
        self._besides: tuple[Any, ...] = ()
        """What else it was made of."""
        self._portfolio: Portfolio | None = None

    def tell(self, read: Read, book: Book) -> AllCompanies:
        with self._alone:
            return self._rows.tell(read, book)

    def newest(self, read: Read, k: int, book: Book) -> Portfolio:
        """The portfolio of the newest scores."""
        with self._alone:
            companies = self._rows.tell(read, book)
            newest = _newest(companies.summaries)
            besides = (newest or _utc_last_sunday(), k, book)
            found = self._portfolio
            if found is None or not companies.same_as(self._companies) or besides != self._besides:
                found = _reckon(companies, companies.summaries, newest, *besides)
                if len(companies.named) <= KEPT_COMPANIES_MAX:
                    self._companies, self._besides, self._portfolio = companies, besides, found
        return found


_remembered: Final[WeakKeyDictionary[Database, _Remembered]] = WeakKeyDictionary()


async def portfolio(database: Database, as_of: date | None = None) -> Portfolio:
    """Every company with its newest score up to the day (None: of all), the largest value at risk first."""
    if as_of is not None:
        return await _portfolio_until(database, as_of)
    known = _remembered.setdefault(database, _Remembered())
    async with database.read() as s:
        book, k, read = await current_book(), await floor(), await read_companies(s)
        kept = await read_setting(CALIBRATION_SETTING)
        effects = await read_setting(EFFECTS_SETTING)
        late = await read_setting(LATE_GOALS_SETTING)
    found = await asyncio.to_thread(known.newest, read, k, book)
    return replace(
        found,
        calibration=_decode_card(kept) if kept else None,
        interventions=decode_effects(effects) if effects else (),
        late_goals=decode_late(late) if late else (),
    )


class Readiness:
    """Makes the portfolio before somebody waits for it, and does nothing while nothing seems to have changed."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._seen: tuple[object, ...] = ()
        self._kept = True

    async def make(self, *, anew: bool) -> bool:
        """Whether it is kept: not of more than KEPT_COMPANIES_MAX companies. `anew`: also when nothing has changed."""
        async with self._database.read() as s:
            seen = (_utc_last_sunday(), await current_book(), await floor(), await look_at_companies(s))
        if anew or seen != self._seen:
            self._seen = ()  # until it is made: else what fails now would not be tried again
            self._kept = len((await portfolio(self._database)).data) <= KEPT_COMPANIES_MAX
            self._seen = seen
        return self._kept


async def _portfolio_until(database: Database, as_of: date) -> Portfolio:
    known = _remembered.setdefault(database, _Remembered())
    async with database.read() as s:
        book, k = await current_book(), await floor()
        companies = await asyncio.to_thread(known.tell, await read_companies(s), book)
        summaries = await _until(s, companies.summaries, as_of)
        kept = await read_setting(CALIBRATION_SETTING)
    newest, end = _newest(summaries), as_of.toordinal()
    found = await asyncio.to_thread(_reckon, companies, summaries, newest, end, k, book, asked=True)
    return replace(found, calibration=_decode_card(kept) if kept else None)


def _newest(summaries: Mapping[int, Summary]) -> int | None:
    return max((one.as_of for one in summaries.values()), default=None)


def _reckon(
    companies: AllCompanies,
    summaries: Mapping[int, Summary],
    newest: int | None,
    end: int,
    k: int,
    book: Book,
    *,
    asked: bool = False,
) -> Portfolio:
    """`asked`: somebody chose the day `end`, so all contracts are of that day."""
    data_until = date.fromordinal(newest).isoformat() if newest else ""
    unscored = portfolios.summary_of(not_scored(end))
    # A report counts from the end of the company's own last week, which west of UTC ends hours after others'.
    weeks_end = {} if asked else {id: one.as_of for id, one in summaries.items()}
    unknown, standings = Particulars(), []
    for id, external_id, _ in companies.named:
        own, said = companies.terms.get(id, ()), companies.particulars.get(id, unknown)
        standings.append(
            Standing(
                company=external_id,
                name=said.name or external_id,
                summary=summaries.get(id, unscored),
                contract=contract_on(own, weeks_end.get(id, end), said.seats, said.since),
                left=has_left(own, end),
            )
        )
    found = portfolios.portfolio(date.fromordinal(end).isoformat(), standings, k, data_until, book)
    return replace(found, outcomes=_outcomes(companies, book, end)) if companies.terms else found


async def _until(s: Statements, newest: Mapping[int, Summary], as_of: date) -> dict[int, Summary]:
    """company -> its newest score up to the day, in short; those without a score are left out."""
    until = as_of.toordinal()
    later = [id for id, one in newest.items() if one.as_of > until]
    older = await load_newest_scores(s, later, until) if later else {}
    return {id: one for id, one in newest.items() if one.as_of <= until} | {
        id: scored.summary for id, (_, scored) in older.items()
    }


async def company_outcomes(database: Database, as_of: date | None = None) -> Outcomes:
    """What the contracts of all companies brought, up to the end of the day (None: of yesterday, in UTC)."""
    known = _remembered.setdefault(database, _Remembered())
    async with database.read() as s:
        book, read = await current_book(), await read_companies(s)
    companies = await asyncio.to_thread(known.tell, read, book)
    day = as_of.toordinal() if as_of is not None else _utc_today() - 1
    return await asyncio.to_thread(_outcomes, companies, book, day)


def _outcomes(companies: AllCompanies, book: Book, day: int) -> Outcomes:
    unknown, customers = Particulars(), []
    for id, _, created_at in companies.named:
        own, said = companies.terms.get(id, ()), companies.particulars.get(id, unknown)
        since = utc_day(created_at)
        if own and own[0].start < since:
            since = own[0].start
        if said.since is not None and said.since < since:
            since = said.since
        customers.append(Customer(own, since, said.segment, said.gmv_cents))
    return replace(outcomes(companies.terms, day), economics=economics(customers, book, day))


def _utc_today() -> int:
    return local_day_hour(clock.now(), "UTC")[0]


def _utc_last_sunday() -> int:
    return week_of(_utc_today()) - 1
