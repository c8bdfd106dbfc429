"""In which weeks a company's members were active, and which of these weeks were quiet.

Owns the folding of day bitmaps to weeks, and the rule about quiet weeks: fewer active members than the floor, and the
week counts, in every window of several weeks, as one in which nobody was active. Figures of the windows then say
nothing about such a week, whatever is subtracted from what. Must not know what is measured of the windows.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from engage.core.activity import window_bits
from engage.core.calendar import month_end, week_of
from engage.core.state import MemberState

if TYPE_CHECKING:
    from engage.core.measures import WeekMeasures

WEEK: Final = 7
HABIT_WEEKS: Final = 12
HABIT_WEEKS_LEAST: Final = 9
MONTH_WEEKS: Final = 4
WEEKS_BACK: Final = HABIT_WEEKS + MONTH_WEEKS
"""Habits, and the month whose beginners are counted after twelve weeks."""
_ADDED_MAX: Final = 127
"""Bitmaps of which the bits of a week can be added up within its seven."""


class Activity:
    """From fifteen weeks before the end of the first month to the last week; bit i of a bitmap is week i of these."""

    def __init__(self, weeks: Sequence[WeekMeasures], members: Sequence[MemberState], floor: int) -> None:
        self.first = month_end(weeks[0].monday) - WEEK * (WEEKS_BACK - 1)
        self.last = weeks[-1].monday + WEEK - 1
        self.starts = _starts((weeks[-1].monday - self.first) // WEEK + 1)
        """The first bit of each of these weeks."""
        self.floor = floor
        self.used = [self._fold(member) if member.days else 0 for member in members]
        """Per member: the first bit of seven of each week in which they were active."""
        self.counts = self._count()
        self.loud = sum(1 << WEEK * index for index, count in enumerate(self.counts) if count >= floor)
        self.ends = [month_end(week.monday) for week in weeks]
        """Per week: the last Monday of its month."""
        self.began = nth([week_of(member.days_base) for member in members if member.days], floor)
        self.origin = month_end(weeks[0].monday) - WEEK * (MONTH_WEEKS - 1)
        """The first week of the first month."""
        self.places = [self._place(week.monday) for week in weeks]
        """Per week, from `origin` on: itself, the first week of its month, the weeks of it that were not quiet."""

    def _fold(self, member: MemberState) -> int:
        bits = window_bits(member, self.first, self.last)
        pairs = bits | bits >> 1
        fours = pairs | pairs >> 2
        return (fours | fours >> 3) & self.starts

    def _count(self) -> list[int]:
        """How many were active in each week: bitmaps are added like numbers of base 128."""
        counts = [0] * self.starts.bit_count()
        for start in range(0, len(self.used), _ADDED_MAX):
            added = sum(self.used[start : start + _ADDED_MAX])
            for index in range(len(counts)):
                counts[index] += added >> WEEK * index & 0x7F
        return counts

    def _month(self, end: int) -> list[int]:
        after = (end - self.first) // WEEK + 1
        return self.counts[after - MONTH_WEEKS : after]

    def loud_weeks(self, monday: int, ago: int) -> int:
        """Those of the month so many before that of the week `monday`, quiet ones aside; the first bit is the last."""
        counts = reversed(self._month(month_end(monday) - WEEK * MONTH_WEEKS * ago))
        return sum(1 << back for back, count in enumerate(counts) if count >= self.floor)

    def _place(self, monday: int) -> tuple[int, int, int]:
        end = month_end(monday)
        loud = sum(1 << index for index, count in enumerate(self._month(end)) if count >= self.floor)
        return (monday - self.origin) // WEEK, (end - self.origin) // WEEK - (MONTH_WEEKS - 1), loud

    def habit(self, used: int, index: int) -> int:
        """The weeks, quiet ones aside, of the twelve that end with the month of the week `index`: in every seventh
        bit."""
        shift = self.ends[index] - self.first - WEEK * (HABIT_WEEKS - 1)
        return (used & self.loud) >> shift & _HABIT

    def describe(self, index: int, week: WeekMeasures) -> None:
        week.month = [count if count >= self.floor else 0 for count in self._month(self.ends[index])]
        week.since = self.began if self.began <= week.monday else 0


def nth(firsts: list[int], floor: int) -> int:
    return sorted(firsts)[floor - 1] if len(firsts) >= floor else 0


@lru_cache(maxsize=128)
def _starts(weeks: int) -> int:
    """The first bit of each of so many weeks."""
    return sum(1 << WEEK * index for index in range(weeks))


_HABIT: Final = _starts(HABIT_WEEKS)
