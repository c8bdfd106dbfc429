"""Importing what a host knows of its companies: their traits, and their contract terms.

Both are upserts: what is known already changes nothing, so a file may be imported every night. Must not know file
formats.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from hashlib import blake2b
from typing import Any, Final

import msgspec
from msgspec import Struct

from engage.actions.import_rejects import OVERLAPS_SHOWN, Imported, NewCompany, Origin, Rejects, Unread
from engage.actions.ingest import accept_calls
from engage.actions.remarks import wrong_trait
from engage.actions.terms import ROWS_MAX, record_terms
from engage.core.call import Call, Refusal, parse_time, read_call
from engage.core.conditions import fold_name
from engage.core.fold import merge_traits
from engage.core.problems import nearest
from engage.store.companies import load_company_ids, name_companies
from engage.store.database import Database
from engage.store.signal import load_followed

COMPANIES_PER_COMMIT: Final = 1000
NEW_SHOWN: Final = 20
COMPARED_MAX: Final = 20_000
"""With how many companies the name of a new one is compared."""

Facts = dict[str, Any]
"""A row: field -> value. `groupId` names the company; in rows about companies `timestamp` says since when."""

_pack_sorted = msgspec.msgpack.Encoder(order="sorted").encode


class FactReading(Struct):
    """Some rows of one file. `size` is what they took of all the files' bytes."""

    file: int
    size: int
    rows: list[tuple[int, Facts]] = []
    unread: list[Unread] = []


Listener = Callable[[int], None]
"""Told how many bytes of the files are done."""


async def import_companies(
    database: Database,
    readings: Iterator[FactReading],
    origins: Sequence[Origin],
    *,
    now: int,
    listen: Listener = lambda done: None,
) -> Imported:
    """Record companies' traits, as `group` calls would; `name`, `timezone` and `seats` are the company's own.

    A row without a `timestamp` holds from now on, and is a duplicate when the company is like that already. Nothing
    here makes events imported later late: lateness counts from activity alone.
    """
    summary, done = Imported(), 0
    rejects = Rejects(database, origins, summary, now)
    seen: set[str] = set()
    for reading in readings:
        await rejects.keep(reading.file, reading.unread)
        for start in range(0, len(reading.rows), COMPANIES_PER_COMMIT):
            block = reading.rows[start : start + COMPANIES_PER_COMMIT]
            calls: list[tuple[int, Call]] = []
            unread: list[Unread] = []
            for row, facts in block:
                call = _group_call(facts, now)
                if isinstance(call, Call):
                    calls.append((row, call))
                else:
                    unread.append(Unread(row, call, facts))
            await rejects.keep(reading.file, unread)
            summary.rows += len(calls)
            seen |= {call.company for _, call in calls}
            news = await _changing(database, calls)
            summary.duplicates += len(calls) - len(news)
            outcomes = await accept_calls(database, [call for _, call in news], now=now, tell_effects=False)
            for (row, _), outcome in zip(news, outcomes, strict=True):
                if outcome.status == "ok":
                    summary.accepted += 1
                elif outcome.status == "duplicate":
                    summary.duplicates += 1
                else:
                    assert outcome.reason is not None
                    rejects.tell(reading.file, row, outcome.reason.code, outcome.reason.message)
        done += reading.size
        listen(done)
    await rejects.write()
    summary.companies = len(seen)
    return summary


def _group_call(facts: Facts, now: int) -> Call | Refusal:
    """The row as a `group` call about the company alone."""
    company, stamp = facts.get("groupId"), facts.get("timestamp")
    traits = {name: value for name, value in facts.items() if name not in NOT_TRAITS}
    for name, value in traits.items():
        wrong = wrong_trait(fold_name(name), value)
        if wrong:
            return Refusal("invalid_trait", wrong, company=str(company))
    at = now if stamp is None else parse_time(stamp)
    if at is None or not 0 <= at <= now:
        return Refusal("invalid_timestamp", f"timestamp {str(stamp)[:80]!r} is not a time in the past")
    # A client's group call says who joined; this one concerns nobody, so the visitor is only there to be read.
    raw = {"type": "group", "anonymousId": "-", "groupId": company, "traits": traits}
    call = read_call(raw, verb=None, received_at=at, sent_at=None, trusted=True, new_id=str)
    if isinstance(call, Call):
        digest = blake2b(_pack_sorted((call.company, call.data, at)), digest_size=16).hexdigest()
        call.anonymous, call.message_id, call.original_at = "", f"import-{digest}", at
    return call


NOT_TRAITS: Final = frozenset({"groupId", "timestamp", "messageId", "type", "userId", "anonymousId"})


async def _changing(database: Database, calls: Sequence[tuple[int, Call]]) -> list[tuple[int, Call]]:
    """The calls that say something new of their company, also after the ones before them."""
    async with database.read() as s:
        ids = await load_company_ids(s, {call.company for _, call in calls})
        followed = await load_followed(s, ids.values())
    known = {one.external_id: one.state.traits for one in followed if one.state.last_seq}
    news: list[tuple[int, Call]] = []
    for row, call in calls:
        traits = known.get(call.company)
        after = dict(traits or {})
        merge_traits(after, call.data)
        if traits is None or after != traits:
            news.append((row, call))
        known[call.company] = after
    return news


async def import_terms(
    database: Database,
    readings: Iterator[FactReading],
    origins: Sequence[Origin],
    *,
    now: int,
    listen: Listener = lambda done: None,
) -> Imported:
    """Record contract terms. The same term again is written again, as the same: it counts as accepted. One that stays
    as the API said is a duplicate."""
    summary, done = Imported(), 0
    rejects = Rejects(database, origins, summary, now)
    seen: set[str] = set()
    new: list[str] = []
    for reading in readings:
        await rejects.keep(reading.file, reading.unread)
        for start in range(0, len(reading.rows), ROWS_MAX):
            block = reading.rows[start : start + ROWS_MAX]
            recorded = await record_terms(database, [facts for _, facts in block])
            summary.rows += recorded.recorded
            summary.accepted += recorded.recorded - recorded.left
            summary.duplicates += recorded.left
            summary.created += len(recorded.created)
            new += recorded.created[: NEW_SHOWN - len(new)]
            overlaps = [one for one in recorded.overlaps if one not in summary.overlaps]
            summary.overlaps += overlaps[: OVERLAPS_SHOWN - len(summary.overlaps)]
            summary.told_twice += recorded.told_twice[: OVERLAPS_SHOWN - len(summary.told_twice)]
            refused = {one.index: one.message for one in recorded.refused}
            await rejects.keep(
                reading.file,
                [
                    Unread(block[index][0], Refusal("invalid_term", message), block[index][1])
                    for index, message in refused.items()
                ],
            )
            seen |= {str(facts["groupId"]) for index, (_, facts) in enumerate(block) if index not in refused}
        done += reading.size
        listen(done)
    await rejects.write()
    summary.companies = len(seen)
    summary.new = await _with_meant(database, new, seen)
    return summary


async def _with_meant(database: Database, new: Sequence[str], named: set[str]) -> list[NewCompany]:
    """With the company that was probably meant: one that none of the rows names."""
    if not new:
        return []
    async with database.read() as s:
        known = [name for _, name in await name_companies(s, 0, COMPARED_MAX) if name not in named]
    return await asyncio.to_thread(lambda: [NewCompany(one, nearest(one, known)) for one in new])
