"""Invitations by their codes, and the colleagues who joined by them, as they are listed.

What is written here goes with the entry that decides it, in one commit. The members' states decide, and `verify`
compares.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from engage.core.event import Entry
from engage.core.offers import Referred
from engage.core.state import MemberState
from engage.store.statements import Row, Statements

INSERT_INVITATIONS: Final = (
    "INSERT INTO engage_invitation (company_id, id, member_id, to_id, sent_at, day, channel, code) {rows}"
)
INSERT_REFERRED: Final = (
    "INSERT INTO engage_referred (company_id, member_id, invitation, inviter_id, joined, active, brought, "
    "changed_at) {rows} ON CONFLICT (company_id, member_id) DO UPDATE SET invitation = excluded.invitation, "
    "inviter_id = excluded.inviter_id, joined = excluded.joined, active = excluded.active, "
    "brought = excluded.brought, changed_at = excluded.changed_at"
)
_INVITATIONS: Final = (
    "SELECT i.id, i.member_id, m.external_id, i.to_id, t.external_id, i.sent_at, i.day, i.channel, i.code "
    "FROM engage_invitation i JOIN engage_member m ON m.company_id = i.company_id AND m.id = i.member_id "
    "LEFT JOIN engage_member t ON t.company_id = i.company_id AND t.id = i.to_id WHERE {i.scope}"
)


class Invitation(Struct, frozen=True):
    id: int
    """The seq of its entry."""
    member: int
    member_id: str
    """The host's own id of who sent it, and of whom it names, if it does."""
    to: int
    to_id: str | None
    sent_at: int
    day: int
    channel: str
    code: str


class Listed(Struct, frozen=True):
    """What the row of an invitation says, by its columns."""

    member_id: int
    to_id: int
    sent_at: int
    day: int
    channel: str
    code: str


class Colleague(Struct, frozen=True):
    """One who joined by an invitation."""

    invitation: int
    member_id: str
    active: bool
    changed_at: int
    """When they joined or, of those who are, became active."""
    brought: tuple[tuple[str, int], ...]
    """(currency, units) that the inviter got."""


def invitation_row(company_id: int, one: Invitation) -> Row:
    return company_id, one.id, one.member, one.to, one.sent_at, one.day, one.channel, one.code


def referred_row(company_id: int, number: int, member: MemberState, by: Entry, brought: int) -> Row:
    """Of a member whose referral has just moved on, or back; `brought`: the entry that brought the inviter theirs."""
    known = member.referral or Referred()
    via, at = known.via, by.received_at
    invitation, inviter = (via.invitation, via.by) if via is not None else (0, 0)
    return company_id, number, invitation, inviter, known.joined_by, known.active, brought, at


async def find_invitation(s: Statements, company_id: int, code: str) -> Invitation | None:
    rows = await s.rows(_INVITATIONS + " AND i.code = ?", [code], scope=[company_id])
    return Invitation(*rows[0]) if rows else None


async def load_invitation(s: Statements, company_id: int, id: int) -> Invitation | None:
    rows = await s.rows(_INVITATIONS + " AND i.id = ?", [id], scope=[company_id])
    return Invitation(*rows[0]) if rows else None


async def list_invitations(
    s: Statements, company_id: int, *, member: int, before: int, limit: int
) -> list[Invitation]:
    """A member's, newest first, those below number `before`."""
    rows = await s.rows(
        _INVITATIONS + " AND i.member_id = ? AND i.id < ? ORDER BY i.id DESC LIMIT ?",
        [member, before, limit],
        scope=[company_id],
    )
    return [Invitation(*row) for row in rows]


async def load_colleagues(
    s: Statements, company_id: int, invitations: Sequence[int]
) -> dict[int, list[Colleague]]:
    """By invitation, those who joined by it, the first first, with what each brought the inviter."""
    keys: list[Row] = [(company_id, id) for id in invitations]
    rows = await s.lookup(
        "SELECT r.invitation, r.member_id, r.active, r.changed_at, r.brought, r.joined FROM {keys} k "
        "JOIN engage_referred r ON r.company_id = k.column1 AND r.invitation = k.column2",
        keys,
        scope=[company_id],
    )
    names = await name_numbers(s, [(company_id, row[1]) for row in rows])
    moved = await s.lookup(
        "SELECT t.seq, t.currency, t.amount FROM {keys} k "
        "JOIN engage_transfer t ON t.company_id = k.column1 AND t.seq = k.column2 ORDER BY t.seq, t.n",
        [(company_id, row[4]) for row in rows if row[4]],
        scope=[company_id],
    )
    brought: dict[int, list[tuple[str, int]]] = {}
    for seq, currency, amount in moved:
        brought.setdefault(seq, []).append((currency, amount))
    found: dict[int, list[Colleague]] = {}
    for invitation, number, active, at, seq, _ in sorted(rows, key=lambda row: row[5]):
        name = names[company_id, number]
        one = Colleague(invitation, name, bool(active), at, tuple(brought.get(seq, ())))
        found.setdefault(invitation, []).append(one)
    return found


async def find_brought(s: Statements, company_id: int, member: int) -> int:
    """The entry that brought the inviter of a member theirs; 0 when there is none."""
    rows = await s.rows(
        "SELECT brought FROM engage_referred WHERE {scope} AND member_id = ?", [member], scope=[company_id]
    )
    return int(rows[0][0]) if rows else 0


async def name_numbers(s: Statements, members: Sequence[tuple[int, int]]) -> dict[tuple[int, int], str]:
    """(company, number) -> external id."""
    rows = await s.lookup(
        "SELECT m.company_id, m.id, m.external_id FROM {keys} k "
        "JOIN engage_member m ON m.company_id = k.column1 AND m.id = k.column2",
        members,
        scope={company_id for company_id, _ in members},
    )
    return {(row[0], row[1]): row[2] for row in rows}


# --- for comparing ------------------------------------------------------------------------------------------


async def every_referred(s: Statements, company_id: int) -> dict[int, tuple[int, int, int, int, bool]]:
    """Member's number -> (invitation, inviter, joined by, active by, whether it brought the inviter an entry)."""
    rows = await s.rows(
        "SELECT member_id, invitation, inviter_id, joined, active, brought FROM engage_referred "
        "WHERE {scope} AND invitation > 0",
        scope=[company_id],
    )
    return {row[0]: (row[1], row[2], row[3], row[4], row[5] > 0) for row in rows}


async def count_invitations(s: Statements, company_id: int) -> dict[int, int]:
    """Member's number -> invitations sent."""
    rows = await s.rows(
        "SELECT member_id, COUNT(*) FROM engage_invitation WHERE {scope} GROUP BY member_id",
        scope=[company_id],
    )
    return {row[0]: row[1] for row in rows}


async def load_listed(s: Statements, company_id: int, ids: Sequence[int]) -> dict[int, Listed]:
    """Invitations by number, as they are listed: without names."""
    rows = await s.lookup(
        "SELECT i.id, i.member_id, i.to_id, i.sent_at, i.day, i.channel, i.code FROM {keys} k "
        "JOIN engage_invitation i ON i.company_id = k.column1 AND i.id = k.column2",
        [(company_id, id) for id in ids],
        scope=[company_id],
    )
    return {row[0]: Listed(*row[1:]) for row in rows}


async def count_listed(s: Statements, company_id: int, after: int) -> int:
    """How many invitations above number `after` there are."""
    rows = await s.rows(
        "SELECT COUNT(*) FROM engage_invitation WHERE {scope} AND id > ?", [after], scope=[company_id]
    )
    return int(rows[0][0])


async def last_moves(s: Statements, company_id: int) -> dict[int, tuple[int, int]]:
    """Member's number -> when their referral last moved on, or back, and the entry that brought the inviter theirs."""
    rows = await s.rows(
        "SELECT member_id, changed_at, brought FROM engage_referred WHERE {scope}", scope=[company_id]
    )
    return {row[0]: (row[1], row[2]) for row in rows}
