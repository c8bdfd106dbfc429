"""The company log in the database: what a turn loads and writes, and what replay reads back.

A constant number of statements for any number of events: look-ups by lists of keys, rows written in blocks.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Final

from msgspec import Struct, field

from engage.core.chain import GENESIS
from engage.core.decisions import Record, decode_record
from engage.core.event import Entry, encode_body, entry_of
from engage.core.ledger import Transfer
from engage.core.state import (
    CompanyState,
    DayRollup,
    MemberState,
    decode_company,
    decode_day,
    decode_member,
    encode_state,
    first_state,
)
from engage.store.agenda import INSERT_AGENDA
from engage.store.companies import HOST, NEWEST_VERSION
from engage.store.leaderboards import INSERT_STANDINGS
from engage.store.outbox import INSERT_OUTBOX
from engage.store.referral import INSERT_REFERRED
from engage.store.scope import EVERY_COMPANY, Scope
from engage.store.statements import Check, Insert, Row, Statements, Transaction
from engage.store.terms import INSERT_STATED

HEADS: Final = (
    "SELECT h.company_id, h.seq, h.links, h.chain, h.program_id, h.state "
    "FROM {keys} k JOIN engage_head h ON h.company_id = k.column1"
)
HEADS_SEEN: Final = (
    "SELECT h.company_id, h.seq, h.chain FROM {keys} k JOIN engage_head h ON h.company_id = k.column1"
)
MAKE_HEADS: Final = (
    "INSERT INTO engage_head (company_id, seq, links, chain, program_id, state) {rows} ON CONFLICT DO NOTHING"
)
INSERT_HEADS: Final = (
    "INSERT INTO engage_head (company_id, seq, links, chain, program_id, state) {rows} "
    "ON CONFLICT (company_id) DO UPDATE SET seq = excluded.seq, links = excluded.links, "
    "chain = excluded.chain, program_id = excluded.program_id, state = excluded.state"
)
INSERT_MEMBERS: Final = (
    "INSERT INTO engage_member (company_id, id, external_id, state) {rows} "
    "ON CONFLICT (company_id, id) DO UPDATE SET state = excluded.state"
)
INSERT_ENTRIES: Final = (
    "INSERT INTO engage_entry (company_id, seq, kind, member_id, previous, at, received_at, day, hour, "
    "program_id, name, body, decision) {rows}"
)
INSERT_MESSAGES: Final = "INSERT INTO engage_message (company_id, day, hash, seq, digest) {rows}"
INSERT_TRANSFERS: Final = (
    "INSERT INTO engage_transfer (company_id, seq, n, currency, source, target, amount, rule) {rows}"
)
INSERT_LINKS: Final = "INSERT INTO engage_link (company_id, number, last_seq, hash) {rows}"
INSERT_ROLLUPS: Final = (
    "INSERT INTO engage_rollup (company_id, day, document) {rows} "
    "ON CONFLICT (company_id, day) DO UPDATE SET document = excluded.document"
)
LOOKUPS_WORTH_A_SEEK: Final = 256
ENTRY_COLUMNS: Final = (
    "seq, kind, member_id, previous, at, received_at, day, hour, program_id, name, body, decision"
)


MessageKey = tuple[int, int, bytes]
"""What a message is known by: company, UTC day of its own timestamp, hash of its id."""


class Head(Struct):
    """The head of a company's log: whoever holds it has the company's turn."""

    company_id: int
    seq: int = 0
    links: int = 0
    chain: bytes = GENESIS
    program_id: int = 0
    state: CompanyState = field(default_factory=CompanyState)


class Stored(Struct, frozen=True):
    """An entry with its decision, as the log has them."""

    entry: Entry
    record: Record
    decision: bytes
    transfers: tuple[Transfer, ...] = ()


async def load_heads(s: Statements, ids: Collection[int]) -> dict[int, Head]:
    """The heads of the companies, new ones for those without a log yet.

    Inside a transaction this is the turn: nobody else writes to these companies before it ends. What is not there
    cannot be locked, so companies without a log get a blank head first; of two that hurry to make one the second waits
    for the first.
    """
    keys: list[Row] = [(id,) for id in sorted(ids)]
    if isinstance(s, Transaction):
        rows = await s.lookup(HEADS, keys, scope=ids, lock=True)
        if s.locks_rows and len(rows) < len(keys):
            missing = {id for (id,) in keys} - {row[0] for row in rows}
            blank = [(id, 0, 0, GENESIS, 0, encode_state(first_state())) for id in sorted(missing)]
            await s.insert([(MAKE_HEADS, blank)], scope=ids)
            rows = await s.lookup(HEADS, keys, scope=ids, lock=True)
    else:
        rows = await s.lookup(HEADS, keys, scope=ids)
    heads = {row[0]: Head(row[0], row[1], row[2], row[3], row[4], decode_company(row[5])) for row in rows}
    return {id: heads[id] if id in heads else Head(id, state=first_state()) for (id,) in keys}


async def load_members(
    s: Statements, keys: Sequence[tuple[int, str]], scope: Scope
) -> dict[tuple[int, str], tuple[int, MemberState]]:
    """(company, external id) -> (number, state), for those who are known."""
    rows = await s.lookup(
        "SELECT m.company_id, m.external_id, m.id, m.state FROM {keys} k "
        "JOIN engage_member m ON m.company_id = k.column1 AND m.external_id = k.column2",
        keys,
        scope=scope,
    )
    return {(row[0], row[1]): (row[2], decode_member(row[3])) for row in rows}


async def load_memberships(s: Statements, external_ids: Iterable[str]) -> dict[str, set[int]]:
    """The companies each person is known in."""
    rows = await s.lookup(
        "SELECT m.external_id, m.company_id FROM {keys} k JOIN engage_member m ON m.external_id = k.column1",
        [(id,) for id in sorted(set(external_ids))],
        scope=EVERY_COMPANY,
    )
    found: dict[str, set[int]] = {}
    for external_id, company_id in rows:
        found.setdefault(external_id, set()).add(company_id)
    return found


async def load_messages(
    s: Statements, keys: Collection[MessageKey], scope: Scope
) -> dict[MessageKey, tuple[int, int]]:
    """Message -> (seq, digest), for those that are known."""
    if len(keys) > LOOKUPS_WORTH_A_SEEK:
        newest = await _newest_days(s, {key[0] for key in keys}, scope)
        keys = [key for key in keys if key[1] <= newest.get(key[0], -1)]
    rows = await s.lookup(
        "SELECT m.company_id, m.day, m.hash, m.seq, m.digest FROM {keys} k JOIN engage_message m "
        "ON m.company_id = k.column1 AND m.day = k.column2 AND m.hash = k.column3",
        sorted(keys),
        scope=scope,
    )
    return {(row[0], row[1], row[2]): (row[3], row[4]) for row in rows}


async def _newest_days(s: Statements, ids: Collection[int], scope: Scope) -> dict[int, int]:
    """The newest day a company knows a message of. What is stamped later is new: history that is imported in order
    needs no look-up at all but for its newest day."""
    rows = await s.lookup(
        "SELECT k.column1, (SELECT MAX(m.day) FROM engage_message m WHERE m.company_id = k.column1) FROM {keys} k",
        [(id,) for id in sorted(ids)],
        scope=scope,
    )
    return {company_id: day for company_id, day in rows if day is not None}


async def find_message(s: Statements, company_id: int, hash: bytes) -> int | None:
    """The seq of a message when the day it was stamped with is not known: one seek for each day there is.

    Days below 0 hold the keys of corrections, which are nobody's messages.
    """
    rows = await s.rows(
        "WITH RECURSIVE days(company_id, day) AS ("
        " SELECT h.company_id, (SELECT MIN(m.day) FROM engage_message m"
        " WHERE m.company_id = h.company_id AND m.day >= 0) FROM engage_head h WHERE {h.scope}"
        " UNION ALL SELECT d.company_id, (SELECT MIN(m.day) FROM engage_message m"
        " WHERE m.company_id = d.company_id AND m.day > d.day) FROM days d WHERE d.day IS NOT NULL)"
        " SELECT m.seq FROM days d JOIN engage_message m"
        " ON m.company_id = d.company_id AND m.day = d.day AND m.hash = ? LIMIT 1",
        [hash],
        scope=[company_id],
    )
    return rows[0][0] if rows else None


async def load_rollups(
    s: Statements, keys: Sequence[tuple[int, int]], scope: Scope
) -> dict[tuple[int, int], DayRollup]:
    rows = await s.lookup(
        "SELECT r.company_id, r.day, r.document FROM {keys} k "
        "JOIN engage_rollup r ON r.company_id = k.column1 AND r.day = k.column2",
        keys,
        scope=scope,
    )
    return {(row[0], row[1]): decode_day(row[2]) for row in rows}


async def load_days(s: Statements, company_id: int, first: int, last: int) -> dict[int, DayRollup]:
    """The rollups of the local days `first` to `last`."""
    rows = await s.rows(
        "SELECT day, document FROM engage_rollup WHERE {scope} AND day BETWEEN ? AND ? ORDER BY day",
        [first, last],
        scope=[company_id],
    )
    return {day: decode_day(document) for day, document in rows}


async def load_entry_rows(s: Statements, company_id: int, after: int, last: int) -> list[Row]:
    """ENTRY_COLUMNS of the entries above `after` up to `last`, in order."""
    return await s.rows(
        f"SELECT {ENTRY_COLUMNS} FROM engage_entry WHERE {{scope}} AND seq > ? AND seq <= ? ORDER BY seq",
        [after, last],
        scope=[company_id],
    )


async def load_entries(s: Statements, company_id: int, after: int, last: int) -> list[Stored]:
    """The entries above `after` up to `last`, in order, with their transfers."""
    rows = await load_entry_rows(s, company_id, after, last)
    return with_transfers(rows, await load_moves(s, company_id, after, last))


async def load_moves(s: Statements, company_id: int, after: int, last: int) -> list[Row]:
    """(seq, currency, source, target, amount, rule) of the transfers of the entries above `after` up to `last`, in
    order."""
    return await s.rows(
        "SELECT seq, currency, source, target, amount, rule FROM engage_transfer "
        "WHERE {scope} AND seq > ? AND seq <= ? ORDER BY seq, n",
        [after, last],
        scope=[company_id],
    )


async def find_period(s: Statements, company_id: int, first_at: int, end_at: int) -> tuple[int, int] | None:
    """The first and the last entry that were received from `first_at` on and before `end_at`; None without any."""
    rows = await s.rows(
        "SELECT MIN(seq), MAX(seq) FROM engage_entry WHERE {scope} AND received_at >= ? AND received_at < ?",
        [first_at, end_at],
        scope=[company_id],
    )
    return (rows[0][0], rows[0][1]) if rows and rows[0][0] is not None else None


async def load_entry(s: Statements, company_id: int, seq: int) -> Stored | None:
    found = await load_entries(s, company_id, seq - 1, seq)
    return found[0] if found else None


async def load_member_rows(s: Statements, company_id: int, newest: int, limit: int) -> list[Row]:
    """ENTRY_COLUMNS of a member's entries from the entry `newest` back, along the chain of `previous`."""
    return await s.rows(
        "WITH RECURSIVE history(company_id, seq, depth) AS ("
        " SELECT company_id, seq, 1 FROM engage_entry WHERE {scope} AND seq = ?"
        " UNION ALL SELECT e.company_id, e.previous, h.depth + 1 FROM history h JOIN engage_entry e"
        " ON e.company_id = h.company_id AND e.seq = h.seq WHERE e.previous > 0 AND h.depth < ?)"
        " SELECT e.seq, e.kind, e.member_id, e.previous, e.at, e.received_at, e.day, e.hour, e.program_id,"
        " e.name, e.body, e.decision FROM history h JOIN engage_entry e"
        " ON e.company_id = h.company_id AND e.seq = h.seq ORDER BY e.seq DESC",
        [newest, limit],
        scope=[company_id],
    )


async def load_member_entries(s: Statements, company_id: int, newest: int, limit: int) -> list[Stored]:
    """A member's history from the entry `newest` back, with the transfers."""
    rows = await load_member_rows(s, company_id, newest, limit)
    transfers = await s.lookup(
        "SELECT t.seq, t.currency, t.source, t.target, t.amount, t.rule FROM {keys} k "
        "JOIN engage_transfer t ON t.company_id = k.column1 AND t.seq = k.column2 ORDER BY t.seq, t.n",
        [(company_id, row[0]) for row in rows],
        scope=[company_id],
    )
    return with_transfers(rows, transfers)


async def load_past(s: Statements, company_id: int, newest: int, after: int) -> list[Row]:
    """ENTRY_COLUMNS of a member's entries from the entry `newest` back to those above `after`, oldest first."""
    return await s.rows(
        "WITH RECURSIVE history(company_id, seq) AS ("
        " SELECT company_id, seq FROM engage_entry WHERE {scope} AND seq = ?"
        " UNION ALL SELECT e.company_id, e.previous FROM history h JOIN engage_entry e"
        " ON e.company_id = h.company_id AND e.seq = h.seq WHERE e.previous > ?)"
        " SELECT e.seq, e.kind, e.member_id, e.previous, e.at, e.received_at, e.day, e.hour, e.program_id,"
        " e.name, e.body, e.decision FROM history h JOIN engage_entry e"
        " ON e.company_id = h.company_id AND e.seq = h.seq ORDER BY e.seq",
        [newest, after],
        scope=[company_id],
    )


def with_transfers(rows: list[Row], transfers: Iterable[Row]) -> list[Stored]:
    """Rows of ENTRY_COLUMNS with those of their transfers: (seq, currency, source, target, amount, rule), in order."""
    by_seq: dict[int, list[Transfer]] = {}
    for seq, currency, source, target, amount, rule in transfers:
        by_seq.setdefault(seq, []).append(Transfer(currency, source, target, amount, rule))
    return [
        Stored(
            entry_of(row),
            decode_record(row[11]),
            row[11],
            tuple(by_seq.get(row[0], ())),
        )
        for row in rows
    ]


class Writes(Struct):
    """What one commit adds, as rows of the tables."""

    heads: list[Row] = []
    members: list[Row] = []
    entries: list[Row] = []
    messages: list[Row] = []
    transfers: list[Row] = []
    links: list[Row] = []
    rollups: list[Row] = []
    agenda: list[Row] = []
    outbox: list[Row] = []
    standings: list[Row] = []
    stated_terms: list[Row] = []
    referred: list[Row] = []

    def add_entry(
        self, company_id: int, entry: Entry, decision: bytes, transfers: tuple[Transfer, ...]
    ) -> None:
        self.entries.append(
            (
                company_id,
                entry.seq,
                entry.kind,
                entry.member,
                entry.previous,
                entry.at,
                entry.received_at,
                entry.day,
                entry.hour,
                entry.program,
                entry.name,
                encode_body(entry.body),
                decision,
            )
        )
        for n, t in enumerate(transfers):
            self.transfers.append(
                (company_id, entry.seq, n, t.currency, t.source, t.target, t.amount, t.rule)
            )

    def add_head(self, head: Head) -> None:
        state = encode_state(head.state)
        self.heads.append((head.company_id, head.seq, head.links, head.chain, head.program_id, state))

    def inserts(self) -> list[Insert]:
        return [
            (INSERT_ENTRIES, self.entries),
            (INSERT_MESSAGES, sorted(self.messages)),
            (INSERT_TRANSFERS, self.transfers),
            (INSERT_MEMBERS, self.members),
            (INSERT_ROLLUPS, self.rollups),
            (INSERT_AGENDA, self.agenda),
            (INSERT_OUTBOX, self.outbox),
            (INSERT_STANDINGS, self.standings),
            (INSERT_STATED, self.stated_terms),
            (INSERT_REFERRED, self.referred),
            (INSERT_LINKS, self.links),
            (INSERT_HEADS, self.heads),
        ]


class Basis(Struct):
    """What a group was decided on ahead of its transaction. A commit on any other would decide on what is past."""

    heads: dict[int, tuple[int, bytes]] = {}
    """Company -> (seq, chain) of its head. The chain is that of no other history."""
    newest_version: int = 0

    def checks(self) -> list[Check]:
        """The host's head comes last, as turns are taken: what holds or releases calls has its company's first."""
        checks = [Check(NEWEST_VERSION, [], {(self.newest_version,)})]
        for ids in (self.heads.keys() - {HOST}, self.heads.keys() & {HOST}):
            if ids:
                rows = {(id, *self.heads[id]) for id in ids}
                blank = frozenset(row for row in rows if not row[1])
                keys = [(id,) for id in sorted(ids)]
                checks.append(Check(HEADS_SEEN, keys, rows - blank, blank, shared=ids == {HOST}))
        return checks


def proof(inserts: Iterable[Insert]) -> Check | None:
    """What is found if and only if a commit with these rows was kept: its links, as no other history has them."""
    rows = [row for sql, rows in inserts if sql == INSERT_LINKS for row in rows]
    if not rows:
        return None
    sql = (
        "SELECT l.company_id, l.number, l.last_seq, l.hash FROM {keys} k "
        "JOIN engage_link l ON l.company_id = k.column1 AND l.number = k.column2"
    )
    return Check(sql, [row[:2] for row in rows], set(rows))
