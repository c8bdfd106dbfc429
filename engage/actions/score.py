"""Scoring: freeze the measures of every complete week once, and score each company from them.

Owns which weeks are due and the transaction that freezes them. A frozen week is never measured again unless asked,
so that a late event cannot change a figure somebody has seen, nor two looks at it be subtracted.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from engage.core.calendar import local_day_hour, week_of
from engage.core.conditions import fold_name
from engage.core.health import WEEKS_NEEDED, score
from engage.core.measures import WEEK, WeekMeasures, measure_weeks
from engage.core.privacy import K_DEFAULT, K_MIN
from engage.core.program import Program
from engage.core.reports import Health
from engage.core.state import CompanyState, DayRollup
from engage.core.terms import Term, contract_on, day_of
from engage.store.companies import current_programs, load_program
from engage.store.database import Database
from engage.store.settings import read_setting
from engage.store.signal import (
    FLOOR_SETTING,
    RECENT_SCORES,
    Followed,
    Scored,
    decoded,
    load_days,
    load_first_days,
    load_followed,
    load_names,
    load_scores,
    load_states,
    load_terms,
    load_weeks,
    save_signal,
)
from engage.store.sqlite import Statements, Transaction

COMPANIES_PER_TRANSACTION: Final = 50
BACKFILL_WEEKS_MAX: Final = 52
"""Weeks measured of the past: bitmaps go back 64 weeks, and a habit looks at 12."""

CATALOGUE_COMPANIES_MAX: Final = 50
CATALOGUE_MEMBERS_MAX: Final = 200
"""Where no program is published, the events that these have used are the features there are."""

Progress = Callable[[int, int], None]
"""Called with how many companies are done, of how many."""


class ScoredCompany(Struct, frozen=True):
    company: str
    name: str
    health: Health


class Scoring(Struct, frozen=True):
    """What one run did. `as_of`: the newest Sunday scored; companies in other time zones may be a week apart."""

    as_of: str | None
    weeks: int  # frozen by this run
    companies: tuple[ScoredCompany, ...]


class _Company(Struct):
    """A company with all that its due weeks need. `frozen` and `scores` reach back as far as a score looks."""

    followed: Followed
    program: Program | None
    terms: Sequence[Term]
    mondays: Sequence[int]
    """The weeks to be frozen by now, oldest first; empty when nothing has happened yet."""
    last_monday: int
    frozen: dict[int, WeekMeasures]
    scores: dict[int, Scored]
    due: Sequence[int]
    states: Sequence[bytes] = ()
    days: dict[int, DayRollup] = {}


async def score_companies(
    database: Database, on: date | None = None, progress: Progress | None = None, *, again: bool = False
) -> Scoring:
    """Freeze and score every complete week before the day `on` (today in each company's zone when None).

    Weeks before the last are frozen and scored as well where they are not yet, BACKFILL_WEEKS_MAX of them.
    `again` measures weeks anew that are frozen already, with what is known by now.
    """
    async with database.read() as s:
        followed = await load_followed(s)
        versions = await current_programs(s, [one.id for one in followed])
        programs = {id: await load_program(id) for id in sorted(set(versions.values())) if id}
        without = [one.id for one in followed if not versions[one.id]][:CATALOGUE_COMPANIES_MAX]
        catalogue = await load_names(s, without, CATALOGUE_MEMBERS_MAX) if without else set()
        k = await floor()
    done: list[ScoredCompany] = []
    weeks_frozen = 0
    for start in range(0, len(followed), COMPANIES_PER_TRANSACTION):
        batch = followed[start : start + COMPANIES_PER_TRANSACTION]
        new_weeks: list[tuple[int, WeekMeasures]] = []
        new_scores: list[tuple[int, int, Scored]] = []
        async with database.read() as s:
            first_days = await load_first_days(s, [one.id for one in batch])
            terms = await load_terms(s, [one.id for one in batch])
            for one in batch:
                company = await _load(
                    s,
                    one,
                    programs.get(versions[one.id]),
                    terms.get(one.id, []),
                    _last_monday(one, on),
                    first_days.get(one.id),
                    again=again,
                )
                # Off the event loop: measuring a large company takes a while, and requests go on meanwhile.
                weeks, scores = await asyncio.to_thread(_measure_and_score, company, catalogue, k, again)
                new_weeks += [(one.id, week) for week in weeks]
                new_scores += [(one.id, as_of, scored) for as_of, scored in scores.items()]
                newest = company.scores[company.last_monday + WEEK - 1]
                done.append(ScoredCompany(one.external_id, one.name, newest.health))
        if new_weeks or new_scores:
            await _freeze(database, new_weeks, new_scores, again=again)
        weeks_frozen += len(new_weeks)
        if progress:
            progress(len(done), len(followed))
    return Scoring(max((one.health.as_of for one in done), default=None), weeks_frozen, tuple(done))


async def floor() -> int:
    """The floor k: the default, or what the host raised it to. Within a read or a transaction."""
    setting = await read_setting(FLOOR_SETTING)
    return max(K_MIN, int(setting)) if setting and setting.isdecimal() else K_DEFAULT


async def _freeze(
    database: Database,
    weeks: Sequence[tuple[int, WeekMeasures]],
    scores: Sequence[tuple[int, int, Scored]],
    *,
    again: bool,
) -> None:
    async def write(tx: Transaction) -> None:
        await save_signal(tx, weeks, scores, again=again)

    await database.write(write)


def _last_monday(one: Followed, on: date | None) -> int:
    """The Monday of the last complete week before the day."""
    if on is not None:
        return week_of(on.toordinal()) - WEEK
    today, _ = local_day_hour(time.time_ns() // 1000, one.state.timezone)
    return week_of(today) - WEEK


async def _load(
    s: Statements,
    followed: Followed,
    program: Program | None,
    terms: Sequence[Term],
    last_monday: int,
    first_day: int | None,
    *,
    again: bool,
) -> _Company:
    earliest = last_monday - WEEK * (BACKFILL_WEEKS_MAX - 1)
    if first_day is None or first_day >= last_monday + WEEK:
        mondays = range(0)
    else:
        mondays = range(max(week_of(first_day), earliest), last_monday + 1, WEEK)
    first = mondays[0] if mondays else last_monday
    frozen = await load_weeks(s, followed.id, first - WEEK * WEEKS_NEEDED, last_monday)
    sunday = first + WEEK - 1
    scores = await load_scores(s, followed.id, sunday - WEEK * RECENT_SCORES, last_monday + WEEK - 1)
    due = [monday for monday in mondays if again or monday not in frozen]
    company = _Company(followed, program, terms, mondays, last_monday, frozen, scores, due)
    if due:
        company.states = await load_states(s, followed.id)
        company.days = await load_days(s, followed.id, due[0])
    return company


def _measure_and_score(
    company: _Company, catalogue: Collection[str], k: int, again: bool
) -> tuple[list[WeekMeasures], dict[int, Scored]]:
    """The new weeks and the new scores by Sunday; both are put to those the company has."""
    weeks = measure_weeks(
        company.program,
        company.followed.state,
        decoded(company.states),
        company.days,
        company.due,
        catalogue,
    )
    company.frozen.update((week.monday, week) for week in weeks)
    scores: dict[int, Scored] = {}
    for monday in company.mondays or [company.last_monday]:
        sunday = monday + WEEK - 1
        if again or sunday not in company.scores:
            company.scores[sunday] = scores[sunday] = _scored(company, monday, k)
    return weeks, scores


def _scored(company: _Company, monday: int, k: int) -> Scored:
    sunday = monday + WEEK - 1
    window = range(monday - WEEK * (WEEKS_NEEDED - 1), monday + 1, WEEK)
    weeks = [company.frozen[one] for one in window if one in company.frozen]
    state = company.followed.state
    contract = contract_on(company.terms, sunday, state.seats, customer_since(state))
    since = day_of(contract.customer_since)
    as_of = date.fromordinal(sunday).isoformat()
    health = score(as_of, weeks, contract.seats, None if since is None else sunday - since, k)
    health = _compared(health, company.scores, sunday)
    before = range(sunday - WEEK * (RECENT_SCORES - 1), sunday, WEEK)
    recent = [company.scores[day].health.score if day in company.scores else None for day in before]
    return Scored(health, [*recent, health.score])


def _compared(health: Health, scores: Mapping[int, Scored], sunday: int) -> Health:
    """With the changes since 4 and 13 weeks before, and each driver's share in the first."""

    def change(weeks: int) -> int | None:
        before = scores.get(sunday - WEEK * weeks)
        if before is None or before.health.score is None or health.score is None:
            return None
        return health.score - before.health.score

    drivers = health.drivers
    month = change(4)
    if month is not None:
        then = {one.name: one.contribution for one in scores[sunday - WEEK * 4].health.drivers}
        drivers = tuple(
            replace(one, change=round(one.contribution - then.get(one.name, 0.0), 2)) for one in drivers
        )
    return replace(health, change_4w=month, change_13w=change(13), drivers=drivers)


def customer_since(state: CompanyState) -> int | None:
    """What the company's traits say, as a day."""
    return day_of(state.traits.get(fold_name("customer_since")))
