"""Leaderboards: what a member scored in the period under way and the one before, for those who want to be compared.

Owns what counts, by the event's own local day, and what of it is kept: two numbers per board in the member's state.
Must not know who else is on a board: ranks are made when somebody looks, from rows that are derived from these.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Final, NamedTuple

from engage.core.calendar import month_of, quarter_of, week_of, year_of
from engage.core.compiled import CompiledProgram
from engage.core.decisions import QUESTS, Decision
from engage.core.event import Entry, Kind
from engage.core.program import BoardPeriod, Leaderboard
from engage.core.state import CompanyState, MemberState

PREFERENCE: Final = "leaderboard"
"""The preference of a member who wants to be seen by colleagues. Nobody is without having said so."""
DEPARTMENT_CHARS_MAX: Final = 200
WEEK_DAYS: Final = 7


class Standing(NamedTuple):
    """One row of a board: in `slot` 0 or 1, which two periods one after the other never share."""

    board: str
    slot: int
    start: int
    score: int
    department: str
    shown: int


def period_start(period: BoardPeriod, day: int) -> int:
    """The first day of the period in which a local day lies; 0 for the lifetime."""
    if period == "day":
        return day
    if period == "week":
        return week_of(day)
    if period == "month":
        return month_of(day)
    if period == "quarter":
        return quarter_of(day)
    return year_of(day) if period == "year" else 0


def start_before(period: BoardPeriod, start: int) -> int:
    """The first day of the period before."""
    return period_start(period, start - 1) if start else 0


def slot(period: BoardPeriod, start: int) -> int:
    if period == "day":
        return start % 2
    if period == "week":
        return start // WEEK_DAYS % 2
    if not start:
        return 0
    first = date.fromordinal(start)
    if period == "year":
        return first.year % 2
    months = first.year * 12 + first.month - 1
    return (months // 3 if period == "quarter" else months) % 2


def name_of(board: Leaderboard, company: CompanyState) -> str:
    """A board that counts something else, or came back after it was gone, is another one that begins anew."""
    return f"{board.id}@{company.boards.get(board.key, 0)}"


def boards_since(program: CompiledProgram | None, company: CompanyState, seq: int) -> dict[str, int]:
    """Board -> the seq of the publication that brought it, once `program` is in force by entry `seq`."""
    boards = program.program.leaderboards if program is not None else ()
    return {board.key: company.boards.get(board.key, seq) for board in boards}


def score(
    program: CompiledProgram, company: CompanyState, member: MemberState, entry: Entry, decision: Decision
) -> None:
    """Count what an entry brought, or what undoing one takes back, on each board. Part of the fold."""
    boards = program.program.leaderboards
    kept = {name_of(board, company) for board in boards}
    for board in boards:
        change = _change(board, member, entry, decision)
        counted = {"currency": board.what, "quests": QUESTS}.get(board.of)
        for one in decision.released:
            if one.currency == counted:
                change -= one.change
                if one.by >= company.boards.get(board.key, 0):
                    _add(member, kept, board, company, one.day, one.change)
        if not change:
            continue
        day = entry.day
        if entry.kind == Kind.REVERSAL:
            day = decision.undone_on
            if day <= 0 or entry.body.data["seq"] < company.boards.get(board.key, 0):
                continue
        _add(member, kept, board, company, day, change)


def _add(
    member: MemberState, kept: set[str], board: Leaderboard, company: CompanyState, day: int, change: int
) -> None:
    for gone in [name for name in member.scores if name not in kept]:
        del member.scores[gone]
    _count(member.scores.setdefault(name_of(board, company), {}), board.period, day, change)


def _change(board: Leaderboard, member: MemberState, entry: Entry, decision: Decision) -> int:
    if board.of == "currency":
        return sum(change for currency, change in decision.earned if currency == board.what)
    if board.of == "event":
        if entry.name != board.what or decision.record.undecided:
            return 0
        return {Kind.TRACK: 1, Kind.REVERSAL: -1}.get(entry.kind, 0)
    return sum(
        quested.times - (member.quests[id].times if id in member.quests else 0)
        for id, quested in decision.quests
    )


def _count(scores: dict[int, int], period: BoardPeriod, day: int, change: int) -> None:
    """In the period of its day, if that is the newest in which the member scored or the one before it."""
    start = period_start(period, day)
    oldest = start_before(period, max(start, *scores) if scores else start)
    for gone in [one for one in scores if one < oldest]:
        del scores[gone]
    if start >= oldest:
        scores[start] = scores.get(start, 0) + change


def standings(program: CompiledProgram, company: CompanyState, member: MemberState) -> Iterator[Standing]:
    """The rows of a member, for each board of the program and each period that is kept."""
    shown = int(member.preferences.get(PREFERENCE, False))
    for board in program.program.leaderboards:
        name = name_of(board, company)
        department = str(member.traits.get(board.trait, ""))[:DEPARTMENT_CHARS_MAX] if board.trait else ""
        for start, total in member.scores.get(name, {}).items():
            yield Standing(name, slot(board.period, start), start, total, department, shown)
