"""Scoring: freeze the measures of every complete week once, and score each company from them.

Owns which weeks are due and the transaction that freezes them. A frozen week is never measured again, so that a late
event cannot change a figure somebody has seen, nor two looks at it be subtracted. Scores may be made again: they are
reckoned from the figures alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from datetime import date
from operator import itemgetter
from typing import Final

import msgspec
from msgspec import Struct

from engage import clock
from engage.actions.book import current_book
from engage.actions.effects import newest_effects
from engage.actions.late_goals import keep_late_goals
from engage.actions.score_company import Company, Host, contract_of, measure_and_score
from engage.actions.score_news import new_signals, news, place_behind, signal_now
from engage.actions.settings import floor
from engage.core.calendar import local_day_hour, month_end, week_of
from engage.core.campaign_weeks import holds_out
from engage.core.care import Ceiling, Sentiment
from engage.core.health import WEEKS_NEEDED
from engage.core.measures import WEEK, WeekMeasures
from engage.core.peers import Peers, gather
from engage.core.reports import Contract, Health
from engage.core.signal import Signal
from engage.core.stage_words import Stage
from engage.errors import Conflict, InvalidRequest
from engage.store.care import load_care
from engage.store.companies import current_programs, load_program
from engage.store.database import Database
from engage.store.destinations import insert_signals, load_signals
from engage.store.outbox import insert_notices
from engage.store.settings import put_setting, read_setting
from engage.store.signal import (
    EFFECTS_SETTING,
    PEERS_SETTING,
    RECENT_SCORES,
    Followed,
    Frozen,
    Scored,
    decoded,
    is_any_frozen,
    load_days,
    load_first_days,
    load_followed,
    load_frozen,
    load_names,
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
"""When hardly anybody has had an event for longer, nothing is known of the days since: they are not scored as idle."""
TRIES_MAX: Final = 20
"""For some companies, where other runs freeze their weeks first: each of these does so once."""

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
    `again` scores past weeks anew by the definition in force, from what is frozen. `hands`: who else scores companies.

    Each batch of companies is a transaction of its own, and what is frozen stays: cut short, a run is gone on with by
    the next, and two at once agree.
    """
    async with database.read() as s:
        followed = await load_followed(s)
        versions = await current_programs(s, [one.id for one in followed])
        programs = {id: await load_program(id) for id in sorted(set(versions.values())) if id}
        without = [one.id for one in followed if not versions[one.id]][:CATALOGUE_COMPANIES_MAX]
        k, book = await floor(), await current_book()
        if on is not None:
            _refuse_forgotten(followed, on)
        catalogue = await load_names(s, without, CATALOGUE_MEMBERS_MAX, k) if without else set()
        ended = await _end_of_data(s, followed, clock.now(), k) if on is None else None
    following = {one.id: programs.get(versions[one.id]) for one in followed}
    host = Host(following, catalogue, k, book.stages, book.score, on or ended, again)
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
        # A score that is frozen for ever is no measure of those who stay.
        stay = [
            (one.health, contract)
            for one, contract in zip(done, contracts, strict=True)
            if one.stage != "churned"
        ]
        await _compare(database, gather(as_of, stay))
        await _judge(database)
        await keep_late_goals(database)
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
    """Freeze and score the due weeks of some companies, in one transaction. Where another run froze some of them
    meanwhile all is done once more, from what that one froze. Raises Conflict where that does not end."""
    for _ in range(TRIES_MAX):
        async with database.read() as s:
            companies = await _load(s, await load_followed(s, ids), host)
        # Off the event loop: measuring large companies takes a while, and requests go on meanwhile.
        weeks, scores = await asyncio.to_thread(measure_and_score, companies, host)
        signals = new_signals(companies)
        if not (weeks or scores or signals):
            break
        last = {company.followed.id: company.signal for company in companies}
        told = news(companies, scores)
        if await _freeze(database, weeks, scores, told, signals, last, again=host.again):
            break
    else:
        raise Conflict(
            f"other runs froze weeks of the same companies {TRIES_MAX} times meanwhile; "
            "score again when they are done: what they froze is kept"
        )
    sundays = [company.last_monday + WEEK - 1 for company in companies]
    return ScoredBatch(
        tuple(
            ScoredCompany(
                one.followed.external_id,
                one.followed.name,
                one.scores[sunday].health,
                signal_now(one).account_stage or None,
            )
            for one, sunday in zip(companies, sundays, strict=True)
        ),
        tuple(contract_of(one, sunday) for one, sunday in zip(companies, sundays, strict=True)),
        len(weeks),
        bool(weeks or scores),
    )


async def _end_of_data(s: Statements, followed: Sequence[Followed], now: int, k: int) -> date | None:
    """The day after the last on which, or since which, `k` members of all companies have come, when that was more than
    QUIET_DAYS ago. By the newest event of all it would be told, of a host that pauses, whether anybody has come.

    None as well where so many have never come: then no score says anything.
    """
    known = ((_head_day(one), one) for one in followed if one.state.head_at)
    heads = sorted(known, key=itemgetter(0), reverse=True)
    if not heads:
        return None
    since = local_day_hour(now, heads[0][1].state.timezone)[0] - QUIET_DAYS
    lately = [one.id for day, one in heads if day >= since]
    came = 0
    for start in range(0, len(lately), COMPANIES_PER_TRANSACTION):
        found = await load_days(s, lately[start : start + COMPANIES_PER_TRANSACTION], since)
        came += sum(max((day.members for day in days.values()), default=0) for days in found.values())
        if came >= k:
            return None
    newest: list[int] = []
    for day, one in heads:
        if len(newest) == k and day <= newest[-1]:
            break
        for _, states in (await load_states(s, [one.id])).values():
            newest += [member.last_day for member in decoded(states) if member.last_day]
        newest = sorted(newest, reverse=True)[:k]
    ended = newest[k - 1] if len(newest) == k else since
    return date.fromordinal(ended + 1) if ended < since else None


def _head_day(one: Followed) -> int:
    """The local day of a company's newest event."""
    return local_day_hour(one.state.head_at, one.state.timezone)[0]


def _refuse_forgotten(followed: Sequence[Followed], on: date) -> None:
    """Days of members are kept back from their newest: weeks before would be taken for idle, and frozen so."""
    first = max((_first_known(one) for one in followed), default=0)
    if _last_week(on) < first:
        least = date.fromordinal(first + WEEK)
        raise InvalidRequest(
            f"what members did day by day is known from {date.fromordinal(first)} on only, so no week before can be "
            f"measured any more; the day must be {least} or later"
        )


def _first_known(one: Followed) -> int:
    """The Monday of the first week that can be measured of a company still."""
    if not one.state.head_at:
        return 0
    return week_of(_head_day(one)) - WEEK * BACKFILL_WEEKS_MAX


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


async def _freeze(
    database: Database,
    weeks: Sequence[tuple[int, WeekMeasures]],
    scores: Sequence[tuple[int, int, Scored]],
    notices: Sequence[Row],
    signals: Sequence[tuple[int, int, Signal]],
    last: Mapping[int, Signal | None],
    *,
    again: bool,
) -> bool:
    """`last`: company -> what was told of it when its news were made. Of whom another run has told something since,
    this one tells nothing: the next run will, if need be. False: some of the weeks are frozen by now, and nothing was
    done; what follows from them would be made of other numbers than theirs, and so be a second look at them."""

    async def write(tx: Transaction) -> bool:
        if await is_any_frozen(tx, weeks):
            return False
        await save_signal(tx, weeks, scores, again=again)
        about = {row[0] for row in (*notices, *signals)}
        known = await load_signals(tx, about) if about else {}
        about = {id for id in about if known.get(id) == last[id]}
        if about:
            placed = await place_behind(tx, [row for row in notices if row[0] in about])
            told = [insert_notices(placed), insert_signals([one for one in signals if one[0] in about])]
            await tx.insert(told, scope=about)
        return True

    return await database.write(write)


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


def _last_week(on: date) -> int:
    """The Monday of the last complete week before the day."""
    return week_of(on.toordinal()) - WEEK


def _last_monday(one: Followed, on: date | None) -> int:
    """The Monday of the last week before the day that is over where the company is: half of one would be frozen."""
    today, _ = local_day_hour(clock.now(), one.state.timezone)
    over = week_of(today) - WEEK
    return over if on is None else min(over, _last_week(on))


async def _load(s: Statements, batch: Sequence[Followed], host: Host) -> list[Company]:
    ids = [one.id for one in batch]
    lasts = {one.id: _last_monday(one, host.on) for one in batch}
    newest, earliest = max(lasts.values()), min(lasts.values()) - WEEK * (BACKFILL_WEEKS_MAX - 1)
    first_days = await load_first_days(s, ids, host.k)
    known = {} if host.again else await load_frozen(s, ids, earliest, newest)
    terms = await load_terms(s, ids)
    signals = await load_signals(s, ids)
    sentiments, ceilings = await load_care(s, Sentiment, ids), await load_care(s, Ceiling, ids)
    for one in batch:
        if one.id in first_days:
            first_days[one.id] = max(first_days[one.id], _first_known(one))
    mondays = {id: _weeks_to_look_at(last, first_days.get(id), known.get(id)) for id, last in lasts.items()}
    first = min((weeks[0] if weeks else lasts[id] for id, weeks in mondays.items()))
    scores = await load_scores(s, ids, first - WEEK * RECENT_SCORES, newest + WEEK - 1)
    # Most runs find nothing to do, and then look at no week.
    waiting = [
        id for id in ids if host.again or mondays[id] or lasts[id] + WEEK - 1 not in scores.get(id, {})
    ]
    frozen = await load_weeks(s, waiting, first - WEEK * WEEKS_NEEDED, newest) if waiting else {}
    companies = [
        Company(
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
        company.due = [week for week in company.mondays if week not in company.frozen]
    due = {company.followed.id: company.due[0] for company in companies if company.due}
    if due:
        states = await load_states(s, due)
        days = await load_days(s, due, month_end(min(due.values())))
        for company in companies:
            numbers, company.states = states.get(company.followed.id, ((), ()))
            company.numbers = numbers if company.due and holds_out(company.program) else ()
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
