"""When points expire: the day of a lot by its currency's policy, and what the passing of time does to lots.

A lot's day is written down when its points become active, and is what counts from then on: another policy, published
later, leaves it alone. From the beginning of that day on the points are gone.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import lru_cache
from typing import Final

from engage.core.calendar import months_later
from engage.core.compiled import CompiledProgram, Notice
from engage.core.course import Course
from engage.core.ledger import EXPIRED, NEVER, PLAIN, Transfer, account, points_due
from engage.core.occasions import next_yearly
from engage.core.program import Expires, Length
from engage.core.state import CompanyState, MemberState, Wallet

ROUND_MONTHS: Final = {"month": 1, "quarter": 3, "year": 12}


def expiry_day(program: CompiledProgram, currency: str, day: int, last_active: int) -> int:
    """The day of the lot of points that become active on a local day; NEVER, if they do not expire."""
    expires = program.expires.get(currency)
    if expires is None:
        return NEVER
    return lot_day(expires, day if expires.idle is None else max(day, last_active))


@lru_cache(maxsize=4096)
def lot_day(expires: Expires, day: int) -> int:
    """The first day on which points are gone that were earned, or for `idle` last kept awake, on `day`."""
    if expires.idle is not None:
        return later(expires.idle, day)
    least = day if expires.after is None else later(expires.after, day)
    if expires.on:
        after = least if expires.after is None else least - 1
        return min(next_yearly(*_month_day(text), after) for text in expires.on) + 1
    return least if expires.round is None else _end(expires.round, least)


def later(length: Length, day: int) -> int:
    if length.unit == "days":
        return day + length.n
    return months_later(day, length.n * (12 if length.unit == "years" else 1))


def _end(period: str, day: int) -> int:
    """The first day after the month, quarter or year that a day lies in."""
    months = ROUND_MONTHS[period]
    today = date.fromordinal(day)
    first = date(today.year, (today.month - 1) // months * months + 1, 1)
    return months_later(first.toordinal(), months)


def _month_day(text: str) -> tuple[int, int]:
    return int(text[:2]), int(text[3:])


def expires_text(expires: Expires) -> str:
    """A currency's policy in words."""
    if expires.idle is not None:
        return f"{length_text(expires.idle)} after the last activity"
    after = f"{length_text(expires.after)} after" if expires.after is not None else ""
    if expires.on:
        days = " or ".join(expires.on)
        return f"at the end of {days}, at least {after}" if after else f"at the end of the next {days}"
    if expires.round is not None:
        return f"at the end of the {expires.round}{f' {after}' if after else ''}"
    return after


def length_text(length: Length) -> str:
    return f"{length.n} {length.unit if length.n != 1 else length.unit.removesuffix('s')}"


# --- time passes --------------------------------------------------------------------------------------------


def expire(course: Course) -> None:
    """Take what has expired by the course's day, one transfer per currency."""
    for currency, wallet in course.member.wallets.items():
        units = sum(units for day, units in wallet.lots if day != NEVER and day <= course.day)
        if units:
            course.transfer(Transfer(currency, course.spendable, account(0, EXPIRED), units), PLAIN)


def slide(program: CompiledProgram, member: MemberState, day: int) -> None:
    """Move the lots that expire by inactivity to where an activity on `day` puts them; never to an earlier day."""
    if not member.points_due:
        return
    for currency, length in program.sliding:
        wallet = member.wallets.get(currency)
        if wallet is None or not wallet.lots or wallet.lots[0][0] == NEVER:
            continue
        until = later(length, day)
        moved: dict[int, int] = {}
        for lot, units in wallet.lots:
            new = max(lot, until) if lot != NEVER else NEVER
            moved[new] = moved.get(new, 0) + units
        wallet.lots = list(moved.items())  # in order still: lots move together, or stay behind the others
    member.points_due = points_due(member.wallets)


# --- what rules want to know before -------------------------------------------------------------------------


def notice_days(
    program: CompiledProgram, company: CompanyState, member: MemberState
) -> Iterator[tuple[Notice, int]]:
    """The notices that await the member, each with the day it is due: so many days before the next lot expires of which
    it was not given. What was published, or earned, later than that is told at once."""
    for notice in program.notices:
        wallet = member.wallets.get(notice.currency)
        day = _untold(wallet, notice.days) if wallet is not None else NEVER
        if day != NEVER:
            yield notice, max(day - notice.days, company.program_since, member.ticked)


def _untold(wallet: Wallet, days: int) -> int:
    """The day of the first lot of which nothing was told so many days ahead."""
    return next((day for day, _ in wallet.lots if day != NEVER and (days, day) not in wallet.told), NEVER)


def give_notice(course: Course) -> None:
    for notice, day in notice_days(course.program, course.company, course.member):
        if day <= course.day < _untold(course.member.wallets[notice.currency], notice.days):
            course.happen(notice.occasion)


def note_notices(program: CompiledProgram, member: MemberState, day: int) -> None:
    """Remember what a tick of `day` told, as long as the lots may be there."""
    for notice in program.notices:
        wallet = member.wallets.get(notice.currency)
        if wallet is not None:
            told = {(ahead, lot) for ahead, lot in wallet.told if lot > day}
            told |= {
                (notice.days, lot) for lot, _ in wallet.lots if lot != NEVER and lot - notice.days <= day
            }
            wallet.told = tuple(sorted(told))
