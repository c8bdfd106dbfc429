"""What a company's members have, spend and are about to lose: points, streaks and levels in a week.

Owns these counts. Must not know floors, figures or pages. Sums come from the days' books; how many people stand behind
them, and what is about to be lost, from the members. What members have is known for now only, so weeks that are
measured later than the week after, as when history is imported, say nothing of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from engage.core.activity import is_marked
from engage.core.eligible import NOT_TO_FEW, Eligible
from engage.core.levels import level_at
from engage.core.outstanding import NONE, NOT_KNOWN, Behind, Flows, Had, ends_quarter, lasting
from engage.core.program import Program
from engage.core.runs import had_before, lost_in, period_of
from engage.core.state import DayRollup, MemberState

if TYPE_CHECKING:
    from engage.core.measures import WeekMeasures

WEEK: Final = 7
AHEAD_DAYS: Final = 28
"""How far ahead something is about to be lost."""


class CurrencyWeek(Struct, array_like=True):
    """One currency in one week. Stored: fields are only ever appended, with a default."""

    spent: int = 0
    spenders: int = 0
    expired: int = 0
    losers: int = 0
    """Members some of whose points expired."""
    outstanding: int = 0
    """Units that members have at the week's end, set aside and pending ones included."""
    holders: int = 0
    expiring: int = 0
    """Of them, units that expire in the 28 days after."""
    at_risk: int = 0
    """Members who have some of these."""
    behind: tuple[int, int] = (0, 0)
    """At the end of a quarter: who is behind what was issued, and what expired, in it; `engage.core.outstanding`."""
    waiting: Flows = NONE
    """Of what was issued, spent and expired so far: what does not count yet; see `engage.core.outstanding`."""
    room: int = 0
    """How much can have been issued that does not count yet."""
    hidden: int = 0
    """The Monday of the newest week of which anything is hidden of what was issued and spent; 0: of none."""
    lasts: int = 0
    """How many days they last at most; 0: for ever."""
    dearest: int = 0
    """The cost of the dearest reward that it buys."""
    lump: int = 0
    """How much of what expired counts together."""
    gone: tuple[int, int] = (0, 0)
    """How much can have been spent, and have expired, that does not count yet."""
    few: tuple[int, ...] = ()
    """At the end of a quarter: who is behind what few spent, in it, in the newest two, and so on."""
    quarters: int = 0
    """Ends of quarters since what few spent counted last."""
    came: tuple[int, ...] = ()
    """Of what expires: how much can have been issued that has not, by quarters, the newest first."""
    cheapest: int = 0
    """The cost of the cheapest reward that it buys."""
    to_few: int = NOT_TO_FEW
    """Whether some rule brings it to fewer members than the floor alone, and how; see `engage.core.eligible`."""
    few_at_end: int = NOT_TO_FEW
    """The same as far as it is known of this week alone."""
    had: Had = NOT_KNOWN
    """What members can have had to spend, and have at the week's end, from what is told."""
    adjusted: int = 0
    """Put right by hand, more or less; not kept of weeks that were frozen before."""
    few_besides: tuple[int, ...] = ()
    """Like `few`: in how many of these weeks others spent than those who did in most."""


class Balances:
    """What the members add to `weeks`, one after the other."""

    def __init__(
        self, program: Program | None, weeks: Sequence[WeekMeasures], days: Mapping[int, DayRollup]
    ) -> None:
        self.weeks = weeks
        self.days = days
        self.streaks = {streak.id: streak.every for streak in program.streaks} if program else {}
        self.ranks = program.levels.ranks if program and program.levels else {}
        last = weeks[-1]
        self.eligible = Eligible(program, weeks[0].monday, last.monday + WEEK - 1, last.floor)
        last.standing = max(days, default=0) <= last.monday + 2 * WEEK - 1
        weekly = any(one.every == "week" and not one.event for one in program.streaks) if program else False
        for week in weeks:
            week.weekly_streaks = weekly
            week.currencies = {
                name: CurrencyWeek(lasts=lasts, dearest=max(costs), cheapest=min(costs))
                for name, lasts, costs in self._policies(program)
            }
        self.behind = [
            (currency, found, Behind(week.monday, week.floor))
            for week in weeks
            if ends_quarter(week.monday)
            for currency, found in week.currencies.items()
        ]

    @staticmethod
    def _policies(program: Program | None) -> list[tuple[str, int, list[int]]]:
        """Of each currency how long it lasts, and what the rewards that it buys cost."""
        if program is None:
            return []
        return [
            (
                name,
                lasting(currency.expires),
                [reward.cost for reward in program.rewards if reward.currency == name] or [0],
            )
            for name, currency in program.currencies.items()
        ]

    def count(self, member: MemberState) -> None:
        self.eligible.count(member)
        if member.wallets or member.spending:
            self._count_points(member)
        if member.rises and member.rises[-1][0] >= self.weeks[0].monday:
            self._count_moves(member)
        if member.streaks:
            self._count_streaks(member)
        last = self.weeks[-1]
        falls = member.standing.falls if member.standing is not None else 0
        if last.standing and last.monday + WEEK <= falls < last.monday + WEEK + AHEAD_DAYS:
            last.falling += 1

    def _count_points(self, member: MemberState) -> None:
        for currency, _, behind in self.behind:
            behind.count(member, currency)
        for currency, spent_in in member.spending.items():
            for week in self.weeks:
                if is_marked(spent_in, week.monday) and currency in week.currencies:
                    week.currencies[currency].spenders += 1
        last = self.weeks[-1]
        end = last.monday + WEEK
        for currency, wallet in member.wallets.items():
            if wallet.expired:
                for week in self.weeks:
                    if currency in week.currencies:
                        gone = any(week.monday <= day < week.monday + WEEK for day, _ in wallet.expired)
                        week.currencies[currency].losers += gone
            found = last.currencies.get(currency)
            if found is None or not last.standing:
                continue
            has = wallet.active + wallet.held
            if wallet.pending:
                has += sum(one.units for one in wallet.pending)
            found.outstanding += has
            found.holders += has > 0
            if wallet.lots and 0 < wallet.lots[0][0] < end + AHEAD_DAYS:  # the soonest to expire come first
                expiring = sum(units for day, units in wallet.lots if end <= day < end + AHEAD_DAYS)
                found.expiring += expiring
                found.at_risk += expiring > 0

    def _count_moves(self, member: MemberState) -> None:
        for week in self.weeks:
            before = self.ranks.get(level_at(member, week.monday), 0)
            after = self.ranks.get(level_at(member, week.monday + WEEK), 0)
            week.risen += after > before
            week.fallen += after < before

    def _count_streaks(self, member: MemberState) -> None:
        for week in self.weeks:
            lost = had = False
            for id, run in member.streaks.items():
                if every := self.streaks.get(id):
                    first = period_of(every, week.monday)
                    lost = lost or lost_in(run, first, period_of(every, week.monday + WEEK - 1))
                    had = had or had_before(run, first)
            week.streaks_broken += lost
            week.streaks += lost or had

    def close(self) -> None:
        """Add what the days' books say; of what members have now, take back what came after the week."""
        for week in self.weeks:
            for currency, found in week.currencies.items():
                found.to_few = found.few_at_end = self.eligible.to_few(currency)
            for day in range(week.monday, week.monday + WEEK):
                if day in self.days:
                    for currency, found in week.currencies.items():
                        found.spent += self.days[day].spent.get(currency, 0)
                        found.expired += self.days[day].expired.get(currency, 0)
                        found.adjusted += self.days[day].adjusted.get(currency, 0)
        for _, found, behind in self.behind:
            found.behind = behind.people()
            found.few, found.few_besides = behind.few()
        last = self.weeks[-1]
        if last.standing:
            for day, rollup in self.days.items():
                if day >= last.monday + WEEK:
                    for currency, found in last.currencies.items():
                        found.outstanding -= _change(rollup, currency)


def _change(rollup: DayRollup, currency: str) -> int:
    """How much more members have after the day than before it."""
    came = rollup.issued.get(currency, 0) + rollup.adjusted.get(currency, 0)
    return came - rollup.spent.get(currency, 0) - rollup.expired.get(currency, 0)
