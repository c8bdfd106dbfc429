"""Scoring: freeze the measures of every complete week once, and score each company from them.

Owns which weeks are due and the transaction that freezes them. A frozen week is never measured again unless asked,
so that a late event cannot change a figure somebody has seen, nor two looks at it be subtracted.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from datetime import date
from typing import Any, Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from engage.actions.book import current_book
from engage.actions.effects import newest_effects
from engage.core.calendar import DAY, local_day_hour, month_end, week_of
from engage.core.campaign_weeks import holds_out
from engage.core.care import LOWERED, Ceiling, Sentiment, lowered, no_longer_lowered
from engage.core.company_stages import GROWTH_WEEKS, CompanyStages, Situation, contract_grew, decide_stage
from engage.core.health import WEEKS_NEEDED, frozen, not_compared, score
from engage.core.measures import WEEK, WeekMeasures, measure_weeks
from engage.core.notices import HEALTH_CHANGED, STAGE_CHANGED
from engage.core.peers import Peers, gather
from engage.core.privacy import K_DEFAULT, K_MIN
from engage.core.program import Program
from engage.core.published import publish_people, remember_peaks, weeks_known
from engage.core.reports import Contract, Health, health_notice
from engage.core.signal import Signal, has_changed, is_older, says_other_health, signal_of
from engage.core.stage_words import CompanyStage, Stage, stage_notice
from engage.core.state import DayRollup
from engage.core.terms import Term, contract_on, customer_since, day_of, has_left, term_on
from engage.store.care import load_care
from engage.store.companies import current_programs, load_program
from engage.store.database import Database
from engage.store.destinations import insert_signals, load_signals
from engage.store.outbox import insert_notices, load_last
from engage.store.settings import put_setting, read_setting
from engage.store.signal import (
    EFFECTS_SETTING,
    FLOOR_SETTING,
    PEERS_SETTING,
    RECENT_SCORES,
    Followed,
    Frozen,
    Scored,
    decoded,
    load_days,
    load_first_days,
    load_followed,
    load_frozen,
    load_names,
    load_numbers,
    load_scores,
    load_states,
    load_weeks,
    save_signal,
)
from engage.store.statements import Row, Statements, Transaction
from engage.store.terms import load_terms

COMPANIES_PER_TRANSACTION: Final = 50
MEMBERS_PER_TRANSACTION: Final = 20_000
"""Read at once; a company of more is read alone."""
BACKFILL_WEEKS_MAX: Final = 52
"""Weeks measured of the past: bitmaps go back 64 weeks, and a habit looks at 12."""
QUIET_DAYS: Final = 7
"""When no company has had an event for longer, nothing is known of the days since: they are not scored as idle."""

CATALOGUE_COMPANIES_MAX: Final = 50
CATALOGUE_MEMBERS_MAX: Final = 200
"""Where no program is published, the events that these have used are the features there are."""

_decode_peers = msgspec.json.Decoder(Peers).decode

Progress = Callable[[int, int], None]
"""Called with how many companies are done, of how many."""


class ScoredCompany(Struct, frozen=True):
    company: str
    name: str
    health: Health
    stage: Stage | None = None


class Scoring(Struct, frozen=True):
    """What one run did. `as_of`: the newest Sunday scored; companies in other time zones may be a week apart."""

    as_of: str | None
    weeks: int  # frozen by this run
    companies: tuple[ScoredCompany, ...]
    data_until: str | None = None  # as_of, when it is because the data ends that nothing newer is scored


class _Company(Struct):
    """A company with all that its due weeks need. `frozen` and `scores` reach back as far as a score looks."""

    followed: Followed
    program: Program | None
    terms: Sequence[Term]
    mondays: Sequence[int]
    """The weeks looked at, oldest first: those before are frozen and scored without a gap."""
    last_monday: int
    frozen: dict[int, WeekMeasures]
    scores: dict[int, Scored]
    due: Sequence[int] = ()
    """Of these, the weeks to be measured."""
    states: Sequence[bytes] = ()
    numbers: Sequence[int] = ()
    """Of these members; only where a campaign may be measured."""
    days: Mapping[int, DayRollup] = {}
    sentiment: Sentiment | None = None
    signal: Signal | None = None
    """As it was last said to other systems."""
    ceilings: Collection[Ceiling] = ()


class Host(Struct, frozen=True):
    """What scoring any of the host's companies needs."""

    programs: Mapping[int, Program | None]
    """company -> the program it follows"""
    catalogue: Collection[str]
    k: int
    stages: CompanyStages
    on: date | None
    again: bool


class ScoredBatch(Struct, frozen=True):
    """What became of some companies, in the order asked for."""

    companies: tuple[ScoredCompany, ...]
    contracts: tuple[Contract, ...]
    weeks: int
    """Frozen just now."""
    changed: bool


Hand = Callable[[Sequence[int]], Awaitable[ScoredBatch | None]]
"""Scores the companies of these numbers in another process; None: that process is gone."""
Hands = Callable[[Host, int], AbstractAsyncContextManager[Sequence[Hand]]]
"""The hands there are for so many members."""


async def score_companies(
    database: Database,
    on: date | None = None,
    progress: Progress | None = None,
    *,
    again: bool = False,
    hands: Hands = lambda host, members: nullcontext(()),
) -> Scoring:
    """Freeze and score every complete week before the day `on`.

    None: today in each company's zone; but where the data ended more than QUIET_DAYS ago, the day after its end.
    Weeks before the last are frozen and scored as well where they are not yet, BACKFILL_WEEKS_MAX of them.
    `again` measures weeks anew that are frozen already, with what is known by now. `hands`: who else scores companies.

    Each batch of companies is a transaction of its own, and what is frozen stays: cut short, a run is gone on with by
    the next, and two at once agree.
    """
    async with database.read() as s:
        followed = await load_followed(s)
        versions = await current_programs(s, [one.id for one in followed])
        programs = {id: await load_program(id) for id in sorted(set(versions.values())) if id}
        without = [one.id for one in followed if not versions[one.id]][:CATALOGUE_COMPANIES_MAX]
        catalogue = await load_names(s, without, CATALOGUE_MEMBERS_MAX) if without else set()
        k, stages = await floor(), (await current_book()).stages
    ended = _end_of_data(followed, time.time_ns() // 1000) if on is None else None
    following = {one.id: programs.get(versions[one.id]) for one in followed}
    host = Host(following, catalogue, k, stages, on or ended, again)
    members = sum(one.state.members for one in followed)
    batches = [[one.id for one in batch] for batch in _batches(followed)]
    del followed  # each batch is read again, as it is by then
    async with hands(host, members) as others:
        found = await _share(database, host, batches, others, progress)
    done = tuple(one for batch in found for one in batch.companies)
    as_of = max((one.health.as_of for one in done), default=None)
    changed = any(batch.changed for batch in found)
    if as_of and (changed or await _compared_until(database) < as_of):
        contracts = (one for batch in found for one in batch.contracts)
        await _compare(database, gather(as_of, zip((one.health for one in done), contracts, strict=True)))
        await _judge(database)
    return Scoring(as_of, sum(batch.weeks for batch in found), done, as_of if ended else None)


async def _share(
    database: Database,
    host: Host,
    batches: Sequence[Sequence[int]],
    hands: Sequence[Hand],
    progress: Progress | None,
) -> list[ScoredBatch]:
    """All batches, in their order. Whoever is ready takes the next; those of a hand that is gone are done here."""
    found: dict[int, ScoredBatch] = {}
    waiting = iter(enumerate(batches))
    total = sum(map(len, batches))

    async def work(hand: Hand | None) -> None:
        for index, ids in waiting:
            done = await hand(ids) if hand is not None else None
            found[index] = done or await score_batch(database, host, ids)
            if progress:
                progress(sum(len(one.companies) for one in found.values()), total)

    working = [asyncio.create_task(work(hand)) for hand in (None, *hands)]
    try:
        await asyncio.gather(*working)
    finally:
        for one in working:
            one.cancel()
        await asyncio.wait(working)
    return [found[index] for index in range(len(batches))]


async def score_batch(database: Database, host: Host, ids: Sequence[int]) -> ScoredBatch:
    """Freeze and score the due weeks of some companies, in one transaction."""
    async with database.read() as s:
        companies = await _load(s, await load_followed(s, ids), host)
    # Off the event loop: measuring large companies takes a while, and requests go on meanwhile.
    weeks, scores = await asyncio.to_thread(_measure_and_score, companies, host)
    signals = _signals(companies)
    if weeks or scores or signals:
        last = {company.followed.id: company.signal for company in companies}
        await _freeze(database, weeks, scores, _news(companies, scores), signals, last, again=host.again)
    sundays = [company.last_monday + WEEK - 1 for company in companies]
    return ScoredBatch(
        tuple(
            ScoredCompany(
                one.followed.external_id,
                one.followed.name,
                one.scores[sunday].health,
                _signal(one).account_stage or None,
            )
            for one, sunday in zip(companies, sundays, strict=True)
        ),
        tuple(_contract(one, sunday) for one, sunday in zip(companies, sundays, strict=True)),
        len(weeks),
        bool(weeks or scores),
    )


def _end_of_data(followed: Sequence[Followed], now: int) -> date | None:
    """The day after the newest event of any company, when the host has been quiet for longer than QUIET_DAYS."""
    newest = max(followed, key=lambda one: one.state.head_at, default=None)
    if newest is None or not newest.state.head_at or now - newest.state.head_at <= QUIET_DAYS * DAY:
        return None
    day, _ = local_day_hour(newest.state.head_at, newest.state.timezone)
    return date.fromordinal(day + 1)


def _batches(followed: Sequence[Followed]) -> Iterator[list[Followed]]:
    batch: list[Followed] = []
    members = 0
    for one in followed:
        if batch and (
            len(batch) == COMPANIES_PER_TRANSACTION or members + one.state.members > MEMBERS_PER_TRANSACTION
        ):
            yield batch
            batch, members = [], 0
        batch.append(one)
        members += one.state.members
    if batch:
        yield batch


async def floor() -> int:
    """The floor k: the default, or what the host raised it to. Within a read or a transaction."""
    setting = await read_setting(FLOOR_SETTING)
    return max(K_MIN, int(setting)) if setting and setting.isdecimal() else K_DEFAULT


async def _freeze(
    database: Database,
    weeks: Sequence[tuple[int, WeekMeasures]],
    scores: Sequence[tuple[int, int, Scored]],
    notices: Sequence[Row],
    signals: Sequence[tuple[int, int, Signal]],
    last: Mapping[int, Signal | None],
    *,
    again: bool,
) -> None:
    """`last`: company -> what was told of it when its news were made. Of whom another run has told something since,
    this one tells nothing: the next run will, if need be."""

    async def write(tx: Transaction) -> None:
        await save_signal(tx, weeks, scores, again=again)
        about = {row[0] for row in (*notices, *signals)}
        known = await load_signals(tx, about) if about else {}
        about = {id for id in about if known.get(id) == last[id]}
        if about:
            placed = await _placed(tx, [row for row in notices if row[0] in about])
            told = [insert_notices(placed), insert_signals([one for one in signals if one[0] in about])]
            await tx.insert(told, scope=about)

    await database.write(write)


async def _placed(tx: Transaction, notices: Sequence[Row]) -> list[Row]:
    """Each behind all that was told after the same entry. No entry lies between two weeks of a company that is idle,
    nor between two runs over one week."""
    last = await load_last(tx, {(company, seq) for company, seq, *_ in notices})
    rows: list[Row] = []
    for company, seq, day, *rest in notices:
        last[company] = n = max(last.get(company, 0) + 1, day)
        rows.append((company, seq, n, *rest))
    return rows


async def _compare(database: Database, peers: Peers) -> None:
    """Keep how companies stand, unless what is kept is newer."""

    async def write(tx: Transaction) -> None:
        kept = await read_setting(PEERS_SETTING)
        if not kept or _decode_peers(kept).as_of <= peers.as_of:
            await put_setting(PEERS_SETTING, msgspec.json.encode(peers).decode())

    await database.write(write)


async def _compared_until(database: Database) -> str:
    """The Sunday as of which companies were compared last: a run may have been cut short before it did."""
    async with database.read():
        kept = await read_setting(PEERS_SETTING)
    return _decode_peers(kept).as_of if kept else ""


async def _judge(database: Database) -> None:
    """Keep what became of scores after interventions: no page reads all scores of several weeks."""
    async with database.read() as s:
        effects = await newest_effects(s)
        known = await read_setting(EFFECTS_SETTING)
    if effects or known:
        kept = msgspec.json.encode(effects).decode()
        await database.write(lambda _: put_setting(EFFECTS_SETTING, kept))


def _signals(companies: Sequence[_Company]) -> list[tuple[int, int, Signal]]:
    """What other systems are to be told, of companies of which they know something else."""
    now = time.time_ns() // 1000
    found = []
    for company in companies:
        signal = _signal(company)
        if has_changed(signal, company.signal) and not is_older(signal, company.signal):
            found.append((company.followed.id, now, signal))
    return found


def _signal(company: _Company) -> Signal:
    newest = company.scores[company.last_monday + WEEK - 1]
    return signal_of(newest.health, newest.stage)


def _news(companies: Sequence[_Company], scores: Sequence[tuple[int, int, Scored]]) -> list[Row]:
    """For the outbox, with the day for a number: whose newest score, band or stage is not what was last told of it. The
    past is nobody's news.

    Not the week before: after a pause of weeks nobody has been told of that one.
    """
    new = {(id, sunday) for id, sunday, _ in scores}
    now = time.time_ns() // 1000
    rows: list[Row] = []
    for company in companies:
        one, sunday = company.followed, company.last_monday + WEEK - 1
        if (one.id, sunday) not in new:
            continue
        scored, signal, last = company.scores[sunday], _signal(company), company.signal
        if is_older(signal, last):
            continue
        told: list[tuple[str, Any]] = []
        if says_other_health(signal, last):
            was = (last.health_score, last.health_band) if last else (None, None)
            told.append((HEALTH_CHANGED, health_notice(scored.health, *was)))
        was_in = _stage_told(company, sunday)
        if signal.account_stage != was_in:
            told.append((STAGE_CHANGED, stage_notice(scored.stage, was_in, signal.as_of)))
        rows += [
            (one.id, one.state.last_seq, sunday, now, type, msgspec.json.encode(data)) for type, data in told
        ]
    return rows


def _stage_told(company: _Company, sunday: int) -> str | None:
    """Where what was last told was told without a stage, that of the week before."""
    last = company.signal
    if last is not None and last.account_stage == "":
        before = company.scores.get(sunday - WEEK)
        return before.stage.stage if before is not None and before.stage else None
    return last.account_stage if last is not None else None


def _last_monday(one: Followed, on: date | None) -> int:
    """The Monday of the last complete week before the day."""
    if on is not None:
        return week_of(on.toordinal()) - WEEK
    today, _ = local_day_hour(time.time_ns() // 1000, one.state.timezone)
    return week_of(today) - WEEK


async def _load(s: Statements, batch: Sequence[Followed], host: Host) -> list[_Company]:
    ids = [one.id for one in batch]
    lasts = {one.id: _last_monday(one, host.on) for one in batch}
    newest, earliest = max(lasts.values()), min(lasts.values()) - WEEK * (BACKFILL_WEEKS_MAX - 1)
    first_days = await load_first_days(s, ids)
    known = {} if host.again else await load_frozen(s, ids, earliest, newest)
    terms = await load_terms(s, ids)
    signals = await load_signals(s, ids)
    sentiments, ceilings = await load_care(s, Sentiment, ids), await load_care(s, Ceiling, ids)
    mondays = {id: _weeks_to_look_at(last, first_days.get(id), known.get(id)) for id, last in lasts.items()}
    first = min((weeks[0] if weeks else lasts[id] for id, weeks in mondays.items()))
    scores = await load_scores(s, ids, first - WEEK * RECENT_SCORES, newest + WEEK - 1)
    # Most runs find nothing to do, and then look at no week.
    waiting = [
        id for id in ids if host.again or mondays[id] or lasts[id] + WEEK - 1 not in scores.get(id, {})
    ]
    frozen = await load_weeks(s, waiting, first - WEEK * WEEKS_NEEDED, newest) if waiting else {}
    companies = [
        _Company(
            one,
            host.programs[one.id],
            terms.get(one.id, ()),
            mondays[one.id],
            lasts[one.id],
            frozen.get(one.id, {}),
            scores.get(one.id, {}),
            signal=signals.get(one.id),
            sentiment=sentiments.get(one.id, {}).get("current"),
            ceilings=tuple(ceilings.get(one.id, {}).values()),
        )
        for one in batch
    ]
    for company in companies:
        company.due = [week for week in company.mondays if host.again or week not in company.frozen]
    due = {company.followed.id: company.due[0] for company in companies if company.due}
    if due:
        states = await load_states(s, due)
        days = await load_days(s, due, month_end(min(due.values())))
        drawn = [one.followed.id for one in companies if one.due and holds_out(one.program)]
        numbers = await load_numbers(s, drawn) if drawn else {}
        for company in companies:
            company.states = states.get(company.followed.id, ())
            company.numbers = numbers.get(company.followed.id, [])[: len(company.states)]
            company.days = days.get(company.followed.id, {})
    return companies


def _weeks_to_look_at(last_monday: int, first_day: int | None, known: Frozen | None) -> range:
    """From the first week not frozen; or from the very first, where something lies before what is frozen."""
    if first_day is None or first_day >= last_monday + WEEK:
        return range(0)
    first = max(week_of(first_day), last_monday - WEEK * (BACKFILL_WEEKS_MAX - 1))
    if known and known.first <= first and known.weeks == (known.last - known.first) // WEEK + 1:
        first = known.last + WEEK
    return range(first, last_monday + 1, WEEK)


def _measure_and_score(
    companies: Sequence[_Company], host: Host
) -> tuple[list[tuple[int, WeekMeasures]], list[tuple[int, int, Scored]]]:
    """The new weeks and the new scores, by company and Sunday; they are put to those the companies have."""
    new_weeks: list[tuple[int, WeekMeasures]] = []
    new_scores: list[tuple[int, int, Scored]] = []
    for company in companies:
        id = company.followed.id
        if company.due:
            members = decoded(company.states)
            state = company.followed.state
            weeks = measure_weeks(
                company.program,
                state,
                members,
                company.days,
                company.due,
                host.catalogue,
                host.k,
                company.numbers,
            )
            remember_peaks(weeks, company.frozen.get(weeks[0].monday - WEEK), host.k)
            company.frozen.update((week.monday, week) for week in weeks)
            new_weeks += [(id, week) for week in weeks]
        for monday in company.mondays or [company.last_monday]:
            sunday = monday + WEEK - 1
            if host.again or sunday not in company.scores:
                company.scores[sunday] = scored = _scored(company, monday, host)
                new_scores.append((id, sunday, scored))
    return new_weeks, new_scores


def _scored(company: _Company, monday: int, host: Host) -> Scored:
    sunday = monday + WEEK - 1
    window = range(monday - WEEK * (WEEKS_NEEDED - 1), monday + 1, WEEK)
    weeks = [company.frozen[one] for one in window if one in company.frozen]
    contract = _contract(company, sunday)
    since = day_of(contract.customer_since)
    as_of = date.fromordinal(sunday).isoformat()
    left, before = has_left(term_on(company.terms, sunday), sunday), company.scores.get(sunday - WEEK)
    if left and before is not None:
        health = frozen(before.health, as_of)
    else:
        health = score(as_of, weeks, contract.seats, None if since is None else sunday - since, host.k)
        health = lowered(health, company.sentiment, company.ceilings)
        health = _compared(health, company.scores, sunday)
    earlier = range(sunday - WEEK * (RECENT_SCORES - 1), sunday, WEEK)
    recent = [company.scores[day].health.score if day in company.scores else None for day in earlier]
    recent.append(health.score)
    month = company.frozen.get(monday - WEEK * GROWTH_WEEKS)
    known = weeks_known(weeks[-1]) * WEEK if weeks else 0
    found = decide_stage(
        host.stages,
        Situation(
            age_days=(known or None) if since is None else sunday - since,
            scores=recent,
            seats=contract.seats,
            people=publish_people(weeks[-1], host.k) if weeks else None,
            before=publish_people(month, host.k).active_4w if month is not None else None,
            k=host.k,
            left=left,
            contract_grew=contract_grew(company.terms, sunday, host.stages.expanding_growth),
        ),
    )
    return Scored(health, recent, _staged(found, before.stage if before else None, as_of))


def _staged(found: tuple[Stage, str] | None, before: CompanyStage | None, as_of: str) -> CompanyStage | None:
    if found is None:
        return None
    stage, text = found
    goes_on = before is not None and before.stage == stage
    return CompanyStage(stage, before.since if before is not None and goes_on else as_of, text)


def _contract(company: _Company, sunday: int) -> Contract:
    state = company.followed.state
    return contract_on(company.terms, sunday, state.seats, customer_since(state.traits))


def _compared(health: Health, scores: Mapping[int, Scored], sunday: int) -> Health:
    """With the changes since 4 and 13 weeks before, and each driver's share in the first."""
    others: list[int] = []

    def change(weeks: int) -> int | None:
        before = scores.get(sunday - WEEK * weeks)
        if before is None or before.health.score is None or health.score is None:
            return None
        if before.health.version != health.version:
            others.append(before.health.version)  # the difference would be the definition's
            return None
        return health.score - before.health.score

    drivers, quarter = health.drivers, change(13)
    month = change(4)
    if month is not None:
        then = {one.name: one.contribution for one in scores[sunday - WEEK * 4].health.drivers}
        drivers = tuple(
            replace(one, change=round(one.contribution - then.get(one.name, 0.0), 2)) for one in drivers
        )
        if LOWERED in then and not any(one.name == LOWERED for one in drivers):
            drivers = (*drivers, no_longer_lowered(then[LOWERED]))
    notes = (*health.notes, not_compared(others[-1])) if others else health.notes
    return replace(health, change_4w=month, change_13w=quarter, drivers=drivers, notes=notes)
