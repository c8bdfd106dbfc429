"""Who was a member when, and who cannot have come: who joined after a time, or had left before it as the host said.

Owns this reckoning alone, from what the host's own list says. Whoever reads a report and knows the list takes these off
the group at once: "12 of 20 came" tells of each one where eight had left before. Must not know floors or figures; what
is left of a group is judged by it in `engage.core.published`.

Who comes after the host said that they left is taken to be absent all the same, until the host says otherwise: were
they not, a figure that is told, or ends one higher, would tell of that one that they came. Who is back stays absent
from the weeks between, whenever these are measured. What somebody did before the host named them, as is heard where
events arrive late, would tell as much; see `as_listed`.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from engage.core.activity import is_marked, since_named
from engage.core.calendar import month_end, week_of
from engage.core.quiet import HABIT_WEEKS, HABIT_WEEKS_LEAST, MONTH_WEEKS, WEEK, Activity, nth
from engage.core.state import MemberState

if TYPE_CHECKING:
    from engage.core.measures import WeekMeasures
    from engage.core.segments import GroupWeek

_NO_LEVEL: Final = ""
_OF_THE_MONTH: Final = WEEK * (HABIT_WEEKS - MONTH_WEEKS)
"""By so many bits the weeks of a habit are shifted, so that those of the month are left."""


class Presence:
    """What the members lack in `weeks`, one after the other. Bits are those of `activity`: one in seven."""

    def __init__(self, weeks: Sequence[WeekMeasures], activity: Activity) -> None:
        self.weeks = weeks
        self.activity = activity
        self.habits = [
            activity.habit(activity.loud, index).bit_count() >= HABIT_WEEKS_LEAST
            for index in range(len(weeks))
        ]
        """Per week: whether anybody can have the habit."""
        for week in weeks:
            week.month_absent = [0] * MONTH_WEEKS

    def count(self, member: MemberState, groups: Sequence[Sequence[GroupWeek]]) -> None:
        """`groups`: per week, those that the member is in."""
        activity = self.activity
        if member.left:
            self._list(member.left)
        since = member.joined
        listed = ever_left(member)
        if since < activity.first + WEEK and not listed:
            return
        possible = self._possible(member)
        for index, week in enumerate(self.weeks):
            end, (_, _, loud) = activity.ends[index], activity.places[index]
            if listed:
                week.absent += since < week.monday + WEEK and is_gone(member, week.monday)
                first = end - WEEK * (MONTH_WEEKS - 1)
                for at, monday in enumerate(range(first, end + WEEK, WEEK)):
                    week.month_absent[at] += since < monday + WEEK and is_gone(member, monday)
            if since >= end + WEEK:
                continue
            habit = activity.habit(possible, index)
            absent = bool(loud) and not habit >> _OF_THE_MONTH
            no_habit = self.habits[index] and habit.bit_count() < HABIT_WEEKS_LEAST
            week.absent_4w += absent
            week.no_habit += no_habit
            for group in groups[index]:
                group.absent += absent
                group.no_habit += no_habit

    def is_absent(self, member: MemberState, index: int) -> bool:
        """Whether `count` takes a member, who is known by then, to be absent in the month of the week `index`."""
        possible, loud = self._possible(member), self.activity.places[index][2]
        return bool(loud) and not self.activity.habit(possible, index) >> _OF_THE_MONTH

    def _list(self, left: int) -> None:
        for week, end in zip(self.weeks, self.activity.ends, strict=True):
            before, by_end = week.month_left
            week.month_left = (before + (left < end - WEEK * (MONTH_WEEKS - 1)), by_end + (left < end + WEEK))

    def _possible(self, member: MemberState) -> int:
        """The weeks in which a member can have come: the first bit of each, beside others."""
        activity = self.activity
        first = max(0, member.joined - activity.first - WEEK + 1)
        after = max(0, (member.left or activity.last) - activity.first + 1)
        possible = (1 << after) - 1 >> first << first
        if member.away[1]:
            mondays = range(activity.first, activity.last, WEEK)
            possible &= ~sum(
                1 << monday - activity.first for monday in mondays if is_marked(member.away, monday)
            )
        return possible


def ever_left(member: MemberState) -> bool:
    """Whether the host ever said that the member left, be it taken back since."""
    return member.left > 0 or member.away[1] > 0


def is_gone(member: MemberState, monday: int) -> bool:
    """Whether the host had said before the week that the member left, and did not take it back in it."""
    return 0 < member.left < monday or is_marked(member.away, monday)


def as_listed(members: Sequence[MemberState], floor: int) -> list[MemberState]:
    """The members, without what they did before the week in which they were named. Of those named in the first week of
    all, if they are 2 `floor` - 1 or more, it counts from when `floor` of them had come: they were members since, for a
    host may name everybody and then send what they did."""
    first = week_of(min((member.joined for member in members if member.joined), default=0))
    named_first = [one for one in members if first <= one.joined < first + WEEK]
    came = [week_of(one.days_base) for one in named_first if one.days and one.days_base < first]
    began = nth(came, floor) if len(named_first) >= 2 * floor - 1 else 0
    return [
        replace(one, joined=began) if began and first <= one.joined < first + WEEK else since_named(one)
        for one in members
    ]


def remember_sizes(members: Sequence[MemberState], weeks: Sequence[WeekMeasures]) -> None:
    """Members when the week and each one of the month ended, and those of the month at no level."""
    joined = sorted(member.joined for member in members)
    for week in weeks:
        week.members = max(week.members, bisect_left(joined, week.monday + WEEK))
        end = month_end(week.monday) + WEEK
        later = len(joined) - bisect_left(joined, week.monday + WEEK)
        week.month_members = [
            week.members + later - (len(joined) - bisect_left(joined, end - WEEK * back))
            for back in reversed(range(MONTH_WEEKS))
        ]
        if week.levels:
            without = max(0, week.month_members[-1] - sum(count for _, count in week.levels))
            week.levels.insert(0, (_NO_LEVEL, without))
