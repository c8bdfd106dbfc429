"""How a company's members differ in a week: by habit, department, role, first month and way through a funnel.

Owns these divisions and their counting, member by member. Must not know floors, figures or pages.

- classes: power, habitual, novice, low and no use, of activated members by the twelve weeks that end with the month
  (Microsoft's `vivainsights`, `identify_usage_segments`): habit is activity in 9 of 12 weeks; a power user has the
  habit and 15 events a week in the mean, a novice one event a week, a low user any.
- top: the tenth of active members who did most in four weeks, rounded up, and their events, of all events. An
  event beyond the 255th of a week does not count, so that a script does not outweigh a company.
- departments, roles: by the traits that members have when the week is measured; "" is none.
- cohorts: by the four-week month of the first active week.
- funnels: beginners of the newest month of four weeks that is as long over as a funnel waits for its later steps; quiet
  weeks count as in other figures of the month, within whose active members beginners are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Final

from msgspec import Struct, field

from engage.core.calendar import month_end
from engage.core.funnels import has_begun_again, steps_reached
from engage.core.program import Program
from engage.core.state import MemberState

if TYPE_CHECKING:
    from engage.core.measures import WeekMeasures
    from engage.core.quiet import Activity

WEEK: Final = 7
CLASS_WEEKS: Final = 12
POWER_EVENTS: Final = 15
"""Events a week, in the mean."""
MONTH_WEEKS: Final = 4
TOP_SHARE: Final = 10
"""One in so many."""
GROUPS_MAX: Final = 60
GROUP_OTHER: Final = "(other)"
GROUP_CHARS_MAX: Final = 100

POWER, HABITUAL, NOVICE, LOW, NONE = range(5)


class GroupWeek(Struct, array_like=True):
    """The members of one department, or role, in one week. Stored: fields are only ever appended, with a default."""

    members: int = 0
    activated: int = 0
    active: int = 0
    active_4w: int = 0
    habitual: int = 0
    days: int = 0
    absent: int = 0
    """Members who cannot have come in the four weeks; see `engage.core.presence`."""
    no_habit: int = 0
    """Likewise in nine of the twelve weeks."""


class Begun(Struct, array_like=True):
    """Beginners of one month: how many it is told that there were, and members who had left before. Stored likewise."""

    told: int
    gone: int
    most: int = 0
    """The most that there can have been, by what is told."""


class Came(Struct, array_like=True):
    """How many came first between months, by all that is told; see `engage.core.published_cohorts`. Stored likewise."""

    ends: list[int] = field(default_factory=list)
    """The last Monday of each, the oldest first."""
    most: list[list[int]] = field(default_factory=list)


class Segments:
    """What the members add to `weeks`, one after the other."""

    def __init__(
        self, program: Program | None, weeks: Sequence[WeekMeasures], activity: Activity | None = None
    ) -> None:
        self.weeks = weeks
        self.department = program.department if program else ""
        role = program.role if program else None
        self.role = role.trait if role else ""
        self.roles = {value: one for one, values in role.values.items() for value in values} if role else {}
        self.grouped = bool(self.department or self.role)
        self.funnels = [(funnel, funnel.key) for funnel in program.funnels] if program else []
        self.did: list[dict[int, int]] = [{} for _ in weeks]
        """Per week: how many events in four weeks -> how many members."""
        self.groups: list[list[GroupWeek]] = [[] for _ in weeks]
        """Per week: the department and the role of the member at hand."""
        for week in weeks:
            week.classes = [0] * 5
            week.funnels = {funnel.id: [0] * len(funnel.steps) for funnel, _ in self.funnels}
            week.funnel_steps = {funnel.id: funnel.steps for funnel, _ in self.funnels}
            week.funnel_keys = {funnel.id: key for funnel, key in self.funnels}
            week.funnel_months = {funnel.id: -(-funnel.weeks // MONTH_WEEKS) for funnel, _ in self.funnels}
            week.funnel_begins = {funnel.id: (funnel.steps[0], 0) for funnel, _ in self.funnels}
        self.loud = [
            {ago: activity.loud_weeks(week.monday, ago) for ago in week.funnel_months.values()}
            if activity
            else {}
            for week in weeks
        ]
        """Per week: of the months of beginners, the weeks that were not quiet."""

    def name(self, member: MemberState) -> None:
        """Count somebody whom the host has named, active or not, where a program has departments or roles."""
        department, role = self.department_of(member), self.role_of(member)
        for groups, week in zip(self.groups, self.weeks, strict=True):
            groups.clear()
            if member.joined < week.monday + WEEK:
                if self.department:
                    groups.append(_group(week.departments, department))
                if self.role:
                    groups.append(_group(week.roles, role))
                if member.joined < month_end(week.monday) + WEEK:  # the others are in no figure of the month
                    for group in groups:
                        group.members += 1

    def department_of(self, member: MemberState) -> str:
        department = member.traits.get(self.department)
        return department[:GROUP_CHARS_MAX] if isinstance(department, str) else ""

    def role_of(self, member: MemberState) -> str:
        role = member.traits.get(self.role)
        return self.roles.get(role, "") if isinstance(role, str) else ""

    def come(self, index: int, days: int) -> None:
        """Count a member who was active on so many days of the week `index`."""
        for group in self.groups[index]:
            group.active += 1
            group.days += days

    def use(self, member: MemberState, index: int, monday: int, habit: int, cohort: int) -> None:
        """Count a member who was activated by the end of the month of the week `index`; its last Monday is `monday`.
        `habit`: the twelve weeks that end with it, one bit in seven, the last the highest; `cohort`: that of the first
        active week."""
        week = self.weeks[index]
        recent = habit >> WEEK * (CLASS_WEEKS - MONTH_WEEKS)
        has_habit = habit.bit_count() >= 9
        base, counts = member.uses
        end = max(0, (monday - base) // WEEK + 1)
        week.classes[_class(sum(counts[max(0, end - CLASS_WEEKS) : end]), has_habit)] += 1
        activated, active_4w = week.cohorts.get(cohort, (0, 0))
        week.cohorts[cohort] = (activated + 1, active_4w + (recent > 0))
        if recent:
            did, events = self.did[index], sum(counts[max(0, end - MONTH_WEEKS) : end])
            did[events] = did.get(events, 0) + 1
        for group in self.groups[index]:
            group.activated += 1
            group.active_4w += recent > 0
            group.habitual += has_habit
        for funnel, key in self.funnels:
            ago = week.funnel_months[funnel.id]
            began = monday - WEEK * MONTH_WEEKS * ago
            reached = steps_reached(member, key, began, MONTH_WEEKS, self.loud[index][ago])
            if has_begun_again(member, key, began):
                event, again = week.funnel_begins[funnel.id]
                week.funnel_begins[funnel.id] = (event, again + 1)
            reached_by = week.funnels[funnel.id]
            for step in range(reached):
                reached_by[step] += 1

    def begin(self, named: int) -> None:
        """Let cohorts begin with the month of the Monday in whose week the host named the first member.

        Were they to begin with the first who came, they would tell when that was, and that nobody had come before.
        """
        for week in self.weeks:
            if 0 < named <= month_end(week.monday):
                week.cohorts.setdefault(cohort_of(named), (0, 0))

    def close(self) -> None:
        """What is known once all members were seen."""
        for week, did in zip(self.weeks, self.did, strict=True):
            top, others = _top(did)
            theirs = _events(top)
            week.top = (sum(members for _, members in top), theirs, theirs + _events(others))
            week.top_leading = [_leading(part, week.floor) for part in (top, others)]


def _group(groups: dict[str, GroupWeek], name: str) -> GroupWeek:
    found = groups.get(name)
    if found is None:
        if len(groups) >= GROUPS_MAX:
            name = GROUP_OTHER
        found = groups.setdefault(name, GroupWeek())
    return found


def _class(events: int, has_habit: bool) -> int:
    if has_habit:
        return POWER if events >= POWER_EVENTS * CLASS_WEEKS else HABITUAL
    return NOVICE if events >= CLASS_WEEKS else LOW if events else NONE


def _top(did: Mapping[int, int]) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """(events, members) of the top tenth, and of the others, those who did most first."""
    left = -(-sum(did.values()) // TOP_SHARE)
    top, others = [], []
    for events in sorted(did, reverse=True):
        taken = min(left, did[events])
        left -= taken
        top.append((events, taken))
        others.append((events, did[events] - taken))
    return top, others


def _leading(did: Sequence[tuple[int, int]], floor: int) -> tuple[int, int, int]:
    """As in `WeekMeasures.leading`, of those who did most first."""
    most = list(islice((events for events, members in did for _ in range(members)), floor - 1)) or [0]
    return most[0], most[-1], _events(did) - sum(most)


def _events(did: Sequence[tuple[int, int]]) -> int:
    return sum(events * members for events, members in did)


def cohort_of(monday: int) -> int:
    """The last Monday of the four-week month of a week."""
    return month_end(monday + WEEK * (MONTH_WEEKS - 1))


def month_ends(monday: int, months: int) -> list[int]:
    """The last Monday of each of so many four-week months that are over with the week of `monday`, the newest first."""
    return [month_end(monday) - WEEK * MONTH_WEEKS * ago for ago in range(months)]
