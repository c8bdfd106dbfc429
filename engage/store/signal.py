"""The signal in the database: frozen weeks and scores, and what freezing a week reads.

Reports read small tables by primary key; only freezing touches members and rollups. How the stored shapes may
change: weeks are arrays that only grow at the end, scores are maps that only gain fields with defaults.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from typing import Final, NamedTuple

import msgspec
from msgspec import Struct

from engage.core.measured import decode_measured
from engage.core.measures import WeekMeasures
from engage.core.portfolio import (
    SCORES_SHOWN,
    CompanyFacts,
    Summary,
    decode_facts,
    decode_summary,
    encode_summary,
    summary_of,
)
from engage.core.reports import Health
from engage.core.stage_words import CompanyStage
from engage.core.state import (
    CompanyState,
    DayRollup,
    MemberState,
    decode_company,
    decode_day,
    decode_member,
)
from engage.store.scope import EVERY_COMPANY, EveryCompany, Scope
from engage.store.statements import Row, Statements, Transaction

FLOOR_SETTING: Final = "privacy_floor"
"""The setting that raises the floor k; see `engage.core.privacy`."""
PEERS_SETTING: Final = "peers"
"""How companies stand as of the newest week, as JSON; see `engage.core.peers`."""
CALIBRATION_SETTING: Final = "calibration"
"""The newest calibration card, as JSON; see `engage.core.accuracy`."""
EFFECTS_SETTING: Final = "effects"
"""What became of scores after the newest interventions, as JSON; see `engage.actions.effects`."""
LATE_GOALS_SETTING: Final = "late-goals"
"""Whose goals are behind or missed, as JSON; see `engage.actions.late_goals`."""
RECENT_SCORES: Final = SCORES_SHOWN + 1
"""Scores kept with each score: those shown and the one before, so that the portfolio reads one row a company."""


class Followed(Struct):
    """A company as the signal sees it. Without a log yet its state is empty."""

    id: int
    external_id: str
    state: CompanyState
    created_at: int = 0

    @property
    def name(self) -> str:
        return self.state.name or self.external_id


class Known(Struct, gc=False):
    """A company as lists show it: what the host says of it, and nothing of its log."""

    id: int
    external_id: str
    facts: CompanyFacts
    created_at: int

    @property
    def name(self) -> str:
        return self.facts.name or self.external_id


class Scored(Struct):
    """A stored score with the scores of the weeks before it, oldest first, its own last."""

    health: Health
    recent: list[int | None] = []
    stage: CompanyStage | None = None
    """None: nothing could be said, or it was scored before there were stages."""

    @property
    def summary(self) -> Summary:
        return summary_of(self.health, self.recent[1:], self.stage.stage if self.stage else None)


_INSERT_WEEKS: Final = (
    "INSERT INTO engage_week (company_id, monday, document) {rows} ON CONFLICT (company_id, monday) "
)
_INSERT_SCORES: Final = (
    "INSERT INTO engage_score (company_id, as_of, document) {rows} ON CONFLICT (company_id, as_of) "
)
_INSERT_SUMMARIES: Final = (
    "INSERT INTO engage_summary (company_id, document) {rows} ON CONFLICT (company_id) "
)
_KEEP: Final = "DO NOTHING"
_REPLACE: Final = "DO UPDATE SET document = excluded.document"

_encode = msgspec.msgpack.Encoder().encode
_decode_week = msgspec.msgpack.Decoder(WeekMeasures).decode
_decode_scored = msgspec.msgpack.Decoder(Scored).decode


async def load_followed(s: Statements, scope: Scope = EVERY_COMPANY) -> list[Followed]:
    """The companies with their state, in the order in which they were created."""
    named = await _named(s, scope)
    rows = await s.rows("SELECT company_id, state FROM engage_head WHERE {scope}", scope=scope)
    heads: dict[int, bytes] = {row[0]: row[1] for row in rows}
    return [
        Followed(id, external_id, decode_company(heads[id]) if id in heads else CompanyState(), created_at)
        for id, external_id, created_at in named
    ]


async def load_known(s: Statements, ids: Collection[int]) -> list[Known]:
    """Companies with what the host says of them, in the order in which they were created."""
    named = await _named(s, ids)
    rows = await s.rows("SELECT company_id, state FROM engage_head WHERE {scope}", scope=ids)
    heads: dict[int, bytes] = {row[0]: row[1] for row in rows}
    return [
        Known(id, external_id, decode_facts(heads[id]) if id in heads else CompanyFacts(), created_at)
        for id, external_id, created_at in named
    ]


async def _named(s: Statements, scope: Scope) -> list[Row]:
    """(number, external id, microseconds UTC of its creation), in the order of creation. However many are asked for:
    each as an argument of one statement would be too many."""
    columns = "c.id, c.external_id, c.created_at"
    if isinstance(scope, EveryCompany):
        return await s.rows(f"SELECT {columns} FROM engage_company c ORDER BY c.id", scope=scope)
    return await s.lookup(
        f"SELECT {columns} FROM {{keys}} k JOIN engage_company c ON c.id = k.column1 ORDER BY c.id",
        [(id,) for id in set(scope)],
        scope=scope,
    )


async def load_names(s: Statements, ids: Collection[int], members_max: int, least: int) -> set[str]:
    """The events that `least` or more of the first members of these companies have used: a name that fewer have used
    would tell, by being there, that somebody did."""
    rows = await s.rows("SELECT state FROM engage_member WHERE {scope} AND id <= ?", [members_max], scope=ids)
    used = Counter(name for row in rows for name in decode_member(row[0]).features)
    return {name for name, members in used.items() if members >= least}


async def load_states(s: Statements, ids: Collection[int]) -> dict[int, tuple[list[int], list[bytes]]]:
    """company -> its members' numbers and, in their order, states: encoded, a company of many is decoded one by one."""
    rows = await s.rows(
        "SELECT company_id, id, state FROM engage_member WHERE {scope} ORDER BY company_id, id", scope=ids
    )
    found: dict[int, tuple[list[int], list[bytes]]] = {}
    for company_id, number, state in rows:
        numbers, states = found.setdefault(company_id, ([], []))
        numbers.append(number)
        states.append(state)
    return found


def decoded(states: Iterable[bytes]) -> Iterable[MemberState]:
    """As measuring reads them."""
    return map(decode_measured, states)


async def load_first_days(s: Statements, ids: Collection[int], least: int) -> dict[int, int]:
    """company -> the first local day on which the host named a member, or `least` or more came. What fewer did before,
    as told late, would by its weeks being there tell that somebody did something."""
    rows = await s.rows(
        "SELECT r.company_id, r.day, r.document FROM engage_rollup r JOIN "
        "(SELECT company_id, MIN(day) AS day FROM engage_rollup WHERE {scope} GROUP BY company_id) f "
        "ON f.company_id = r.company_id AND f.day = r.day WHERE {r.scope}",
        scope=ids,
    )
    first = {company: day for company, day, document in rows if _is_first(document, least)}
    if others := [row[0] for row in rows if row[0] not in first]:
        rows = await s.rows(
            "SELECT company_id, day, document FROM engage_rollup WHERE {scope} ORDER BY company_id, day",
            scope=others,
        )
        for company, day, document in rows:
            if company not in first and _is_first(document, least):
                first[company] = day
    return first


def _is_first(document: bytes, least: int) -> bool:
    day = decode_day(document)
    return day.joined > 0 or day.members >= least


async def load_days(s: Statements, ids: Collection[int], first: int) -> dict[int, dict[int, DayRollup]]:
    """company -> day -> its rollup, from the day `first` on."""
    rows = await s.rows(
        "SELECT company_id, day, document FROM engage_rollup WHERE {scope} AND day >= ?", [first], scope=ids
    )
    days: dict[int, dict[int, DayRollup]] = {}
    for company_id, day, document in rows:
        days.setdefault(company_id, {})[day] = decode_day(document)
    return days


class Frozen(NamedTuple):
    """What is frozen of a company: the oldest and newest Monday, and how many weeks."""

    first: int
    last: int
    weeks: int


async def load_frozen(s: Statements, ids: Collection[int], first: int, last: int) -> dict[int, Frozen]:
    """company -> what is frozen of it, of the weeks from `first` to `last`. Reads no document."""
    rows = await s.rows(
        "SELECT company_id, MIN(monday), MAX(monday), COUNT(*) FROM engage_week "
        "WHERE {scope} AND monday BETWEEN ? AND ? GROUP BY company_id",
        [first, last],
        scope=ids,
    )
    return {row[0]: Frozen(*row[1:]) for row in rows}


async def load_weeks(
    s: Statements, ids: Collection[int], first: int, last: int
) -> dict[int, dict[int, WeekMeasures]]:
    """company -> Monday -> its frozen weeks from `first` to `last`."""
    rows = await s.rows(
        "SELECT company_id, monday, document FROM engage_week WHERE {scope} AND monday BETWEEN ? AND ?",
        [first, last],
        scope=ids,
    )
    weeks: dict[int, dict[int, WeekMeasures]] = {}
    for company_id, monday, document in rows:
        weeks.setdefault(company_id, {})[monday] = _decode_week(document)
    return weeks


async def load_measured(s: Statements) -> tuple[int, int] | None:
    """The first week that was measured of any company, and the newest; None: none was."""
    rows = await s.rows("SELECT MIN(monday), MAX(monday) FROM engage_week WHERE {scope}", scope=EVERY_COMPANY)
    first, newest = rows[0]
    return None if first is None else (first, newest)


async def is_any_frozen(s: Statements, weeks: Sequence[tuple[int, WeekMeasures]]) -> bool:
    """Whether any of these weeks of (company, ...) is."""
    rows = await s.lookup(
        "SELECT w.company_id FROM {keys} k JOIN engage_week w "
        "ON w.company_id = k.column1 AND w.monday = k.column2",
        [(company, week.monday) for company, week in weeks],
        scope={company for company, _ in weeks},
    )
    return bool(rows)


async def load_chosen_weeks(
    s: Statements, company_id: int, mondays: Collection[int]
) -> dict[int, WeekMeasures]:
    """Monday -> the frozen week, of those asked for."""
    rows = await s.lookup(
        "SELECT w.monday, w.document FROM {keys} k JOIN engage_week w "
        "ON w.company_id = k.column1 AND w.monday = k.column2",
        [(company_id, monday) for monday in mondays],
        scope=[company_id],
    )
    return {monday: _decode_week(document) for monday, document in rows}


async def load_last_monday(s: Statements, company_id: int) -> int | None:
    """The newest frozen week."""
    rows = await s.rows("SELECT MAX(monday) FROM engage_week WHERE {scope}", scope=[company_id])
    return rows[0][0] if rows else None


async def load_scores(
    s: Statements, ids: Collection[int], first: int, last: int
) -> dict[int, dict[int, Scored]]:
    """company -> Sunday -> its scores from `first` to `last`, oldest first."""
    rows = await s.rows(
        "SELECT company_id, as_of, document FROM engage_score WHERE {scope} AND as_of BETWEEN ? AND ? "
        "ORDER BY company_id, as_of",
        [first, last],
        scope=ids,
    )
    scores: dict[int, dict[int, Scored]] = {}
    for company_id, as_of, document in rows:
        scores.setdefault(company_id, {})[as_of] = _decode_scored(document)
    return scores


async def load_newest_scores(
    s: Statements, ids: Collection[int], until: int
) -> dict[int, tuple[int, Scored]]:
    """company -> (Sunday, score) of its newest score up to a day: two seeks a company, however long the history."""
    rows = await s.lookup(
        "SELECT s.company_id, s.as_of, s.document FROM {keys} k JOIN engage_score s "
        "ON s.company_id = k.column1 AND s.as_of = (SELECT MAX(n.as_of) FROM engage_score n "
        "WHERE n.company_id = k.column1 AND n.as_of <= k.column2)",
        [(id, until) for id in ids],
        scope=EVERY_COMPANY,
    )
    return {row[0]: (row[1], _decode_scored(row[2])) for row in rows}


async def load_summaries(s: Statements, scope: Scope) -> dict[int, Summary]:
    """company -> its newest score, in short."""
    rows = await s.rows("SELECT company_id, document FROM engage_summary WHERE {scope}", scope=scope)
    return {company_id: decode_summary(document) for company_id, document in rows}


async def save_signal(
    tx: Transaction,
    weeks: Sequence[tuple[int, WeekMeasures]],
    scores: Sequence[tuple[int, int, Scored]],
    *,
    again: bool,
) -> None:
    """Freeze weeks and scores of (company, ...). What is frozen stays as it is, but scores do not where `again`.

    The newest score of a company is kept in short as well, for lists.
    """
    week_rows = [(company, week.monday, _encode(week)) for company, week in weeks]
    score_rows = [(company, as_of, _encode(scored)) for company, as_of, scored in scores]
    await tx.insert(
        [
            (_INSERT_WEEKS + _KEEP, week_rows),
            (_INSERT_SCORES + (_REPLACE if again else _KEEP), score_rows),
            (_INSERT_SUMMARIES + _REPLACE, await _new_summaries(tx, scores, again=again)),
        ],
        scope={row[0] for row in (*week_rows, *score_rows)},
    )


async def _new_summaries(
    tx: Transaction, scores: Sequence[tuple[int, int, Scored]], *, again: bool
) -> list[Row]:
    """Of the companies whose newest score is among these."""
    newest = {company: scored for company, _, scored in sorted(scores, key=lambda one: one[:2])}
    rows = await tx.lookup(
        "SELECT s.company_id, s.document FROM {keys} k JOIN engage_summary s ON s.company_id = k.column1",
        [(company,) for company in newest],
        scope=newest.keys(),
        lock=True,
    )
    known = {company_id: decode_summary(document).as_of for company_id, document in rows}
    found = []
    for company, scored in newest.items():
        summary, before = scored.summary, known.get(company, 0)
        if summary.as_of > before or (again and summary.as_of == before):
            found.append((company, encode_summary(summary)))
    return found
