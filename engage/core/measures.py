"""What a company's week came to: aggregates over its members, from bitmaps and daily rollups, in one pass.

Owns the definitions of the measures. Must not know about floors (`engage.core.privacy`), scores or storage: what
is counted here stays inside until privacy has made figures of it.

Definitions, for the ISO week that starts on `monday`, in the company's own days:

- active: did something (an event, page or screen) on at least one day of the week; active_4w: of the four weeks
  that end with it (the 28-day month of GitLab's and Sourcegraph's seat use, and Pendo's of 30).
- habitual: active in at least 9 of the 12 weeks that end with it (Microsoft Viva Insights, "habit").
- activated: active at least once so far; members: everybody the host has named so far, active or not.
- days: active days summed over members. Divided by active members it is the depth of use.
- features: the program's key events; without a program, every event name. Members who used one, in the week and in
  the four weeks.
- earners: members who used an event that a rule rewards: those who could have earned.
- organic_4w: members who used, in the four weeks, a declared event that no rule rewards.
- levels: how many stood at each level when the week ended, from today's count and what changed since; risen and
  fallen: members who stood higher or lower when the week ended than when it began.
- classes, departments, roles, cohorts, funnels, the top tenth: see `engage.core.segments`.
- what members spent, have and are about to lose: see `engage.core.balances`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

from msgspec import Struct, field

from engage.core.activity import window_bits
from engage.core.balances import Balances, CurrencyWeek
from engage.core.calendar import week_of
from engage.core.program import Program
from engage.core.segments import GroupWeek, Segments, cohort_of
from engage.core.stage_weeks import TWO_WEEKS, active_part, close_stages, count_left, idle_part, no_stages
from engage.core.state import CompanyState, DayRollup, MemberState, add_to

WEEK: Final = 7
HABIT_WEEKS: Final = 12
HABIT_WEEKS_LEAST: Final = 9
MONTH_WEEKS: Final = 4
FEATURES_MAX: Final = 300
"""Key events measured per company: as many names as a rollup keeps."""

DEFINITION: Final = 1
"""Of what a week holds; see `WeekMeasures.definition`."""

_NO_LEVEL: Final = ""


class FeatureWeek(Struct, array_like=True):
    """One key event in one week."""

    members: int = 0
    members_4w: int = 0
    events: int = 0


class WeekMeasures(Struct, array_like=True):
    """A company's week. Stored, once, when the week is over: fields are only ever appended, with a default."""

    monday: int
    members: int = 0
    joined: int = 0
    activated: int = 0
    active: int = 0
    active_4w: int = 0
    habitual: int = 0
    days: int = 0
    events: int = 0
    incentivised: int = 0
    earners: int = 0
    issued: dict[str, int] = field(default_factory=dict)
    """Currency -> units awarded less units reversed."""
    levels: list[tuple[str, int]] = field(default_factory=list)
    """(level id, members), lowest first; "" is no level. Empty: the program has no levels."""
    features: dict[str, FeatureWeek] = field(default_factory=dict)
    """Event name -> its week. Holds every key event, used or not: their number is the breadth there could be."""
    since: int = 0
    """The Monday of the first week with any activity; 0: none so far."""
    definition: int = 0
    """0: frozen before the fields below were measured; 1: with them."""
    organic_4w: int = 0
    risen: int = 0
    fallen: int = 0
    classes: list[int] = field(default_factory=list)
    """Activated members by class of use: power, habitual, novice, low, none."""
    top: tuple[int, int, int] = (0, 0, 0)
    """Of four weeks: members in the top tenth, their events, all events."""
    departments: dict[str, GroupWeek] = field(default_factory=dict)
    roles: dict[str, GroupWeek] = field(default_factory=dict)
    cohorts: dict[int, tuple[int, int]] = field(default_factory=dict)
    """Month of activation (12 x year + month - 1) -> members activated in it, those of them active in four weeks."""
    funnels: dict[str, list[int]] = field(default_factory=dict)
    """Funnel -> members who reached each step, of those who began in the four weeks counted."""
    currencies: dict[str, CurrencyWeek] = field(default_factory=dict)
    streaks_broken: int = 0
    """Members who lost a streak."""
    standing: bool = False
    """Whether what members have, and are about to lose, was measured."""
    falling: int = 0
    """Members whose level falls in the 28 days after, unless they earn enough."""
    stages: dict[str, int] = field(default_factory=dict)
    """Part of a stage -> members; see `engage.core.stage_weeks`. Empty: frozen before there were stages."""

    @property
    def weeks_known(self) -> int:
        """How many weeks of activity there are, this one included."""
        return (self.monday - self.since) // WEEK + 1 if self.since else 0


def measure_week(
    program: Program | None,
    company: CompanyState,
    members: Iterable[MemberState],
    days: Mapping[int, DayRollup],
    monday: int,
    catalogue: Collection[str] = (),
) -> WeekMeasures:
    """One week; see `measure_weeks`."""
    return measure_weeks(program, company, members, days, [monday], catalogue)[0]


def measure_weeks(
    program: Program | None,
    company: CompanyState,
    members: Iterable[MemberState],
    days: Mapping[int, DayRollup],
    mondays: Sequence[int],
    catalogue: Collection[str] = (),
) -> list[WeekMeasures]:
    """The weeks that start on `mondays` (ascending ordinals), in one pass over the members.

    `days`: the rollups from the first Monday until now, later ones included: what stood at the end of a past week is
    today's count less what came after. `catalogue`: the names that count as features where there is no program.
    """
    names = features_of(program, catalogue)
    weeks = [
        WeekMeasures(monday, features={name: FeatureWeek() for name in names}, stages=no_stages())
        for monday in mondays
    ]
    if not weeks:
        return weeks
    rewarded = {rule.trigger for rule in program.rules} if program else set()
    span = (weeks[-1].monday - weeks[0].monday) // WEEK + HABIT_WEEKS
    week_starts = _repeat(span)
    segments, balances = Segments(program, weeks), Balances(program, weeks, days)
    features = {name: [week.features[name] for week in weeks] for name in names}
    for member in members:
        if segments.grouped:
            segments.name(member)
        _count_activity(member, weeks, week_starts, segments)
        _count_features(member, weeks, features, rewarded)
        balances.count(member)
    for week in weeks:
        week.definition = DEFINITION
        _add_days(week, days)
    _stand_at_the_end(program, company, days, weeks)
    close_stages(program, weeks)
    segments.close()
    balances.close()
    return weeks


def features_of(program: Program | None, catalogue: Collection[str] = ()) -> list[str]:
    """The names that count toward breadth."""
    if program is None:
        return sorted(catalogue)[:FEATURES_MAX]
    return [name for name, event in program.events.items() if event.key][:FEATURES_MAX]


def _repeat(weeks: int) -> int:
    """The first bit of each of so many weeks."""
    return sum(1 << WEEK * index for index in range(weeks))


_MONTH: Final = _repeat(MONTH_WEEKS)
_HABIT: Final = _repeat(HABIT_WEEKS)


def _count_activity(
    member: MemberState, weeks: list[WeekMeasures], week_starts: int, segments: Segments
) -> None:
    """Fold the day bitmap to one bit per week (the first of seven), then read each window with a mask.

    `week_starts`: that first bit of every week from eleven before the first of `weeks` to the last.
    """
    if not member.days:
        count_left(member, weeks)
        return
    first = weeks[0].monday - WEEK * (HABIT_WEEKS - 1)
    last = weeks[-1].monday + WEEK - 1
    bits = window_bits(member, first, last)
    pairs = bits | bits >> 1
    fours = pairs | pairs >> 2
    used = (fours | fours >> 3) & week_starts
    since = week_of(member.days_base)
    cohort = cohort_of(since)
    for index, week in enumerate(weeks):
        if since > week.monday:
            if member.left:
                count_left(member, (week,))
            continue
        week.activated += 1
        if not week.since or since < week.since:
            week.since = since
        offset = week.monday - first
        habit = used >> (offset - WEEK * (HABIT_WEEKS - 1)) & _HABIT
        segments.use(member, index, habit, (bits >> offset & 0b1111111).bit_count(), cohort)
        if habit >> WEEK * (HABIT_WEEKS - MONTH_WEEKS) & _MONTH:
            week.active_4w += 1
            week.active += habit >> WEEK * (HABIT_WEEKS - 1)
            has_habit = habit.bit_count() >= HABIT_WEEKS_LEAST
            week.habitual += has_habit
            age = week.monday + WEEK - member.days_base
            week.stages[active_part(bits >> offset - WEEK & TWO_WEEKS, has_habit, age)] += 1
        else:
            week.stages[idle_part(member, week.monday)] += 1


def _count_features(
    member: MemberState,
    weeks: list[WeekMeasures],
    features: Mapping[str, list[FeatureWeek]],
    rewarded: Collection[str],
) -> None:
    """Shift each feature's weeks so that bit 3 is the first of `weeks`; its four weeks are then the lowest bits."""
    origin = weeks[0].monday - WEEK * (MONTH_WEEKS - 1)
    earning = organic = 0
    single = len(weeks) == 1
    for name, (base, bits) in member.features.items():
        shift = (origin - base) // WEEK
        used = bits >> shift if shift >= 0 else bits << -shift
        if single:
            used &= 0b1111
        if not used:
            continue
        if name in rewarded:
            earning |= used
        else:
            organic |= used
        if single:
            if name in features:
                feature = features[name][0]
                feature.members_4w += 1
                feature.members += used >> 3
            continue
        for week, feature in zip(weeks, features.get(name, ()), strict=False):
            window = used >> (week.monday - origin) // WEEK - (MONTH_WEEKS - 1) & 0b1111
            if window:
                feature.members_4w += 1
                feature.members += window >> 3
    for week in weeks:
        index = (week.monday - origin) // WEEK
        week.earners += earning >> index & 1
        week.organic_4w += (organic >> index - (MONTH_WEEKS - 1) & 0b1111) > 0


def _add_days(week: WeekMeasures, days: Mapping[int, DayRollup]) -> None:
    for day in range(week.monday, week.monday + WEEK):
        rollup = days.get(day)
        if rollup is None:
            continue
        week.joined += rollup.joined
        week.days += rollup.members
        week.events += rollup.events
        week.incentivised += rollup.incentivised
        for name, count in rollup.names.items():
            if name in week.features:
                week.features[name].events += count
        for currency, amount in rollup.issued.items():
            add_to(week.issued, currency, amount)


def _stand_at_the_end(
    program: Program | None, company: CompanyState, days: Mapping[int, DayRollup], weeks: list[WeekMeasures]
) -> None:
    """Members and levels as they were when each week ended: walk back from today, newest week first."""
    steps = program.levels.steps if program and program.levels else ()
    members = company.members
    levels = dict(company.levels)
    later = sorted((day for day in days if day > weeks[0].monday), reverse=True)
    position = 0
    for week in reversed(weeks):
        while position < len(later) and later[position] >= week.monday + WEEK:
            rollup = days[later[position]]
            members -= rollup.joined
            for level, moved in rollup.levels.items():
                levels[level] = levels.get(level, 0) - moved
            position += 1
        # Late events may activate a member on a day before the one on which they were first seen.
        week.members = max(members, week.activated)
        if steps:
            standing = [(step.id, max(0, levels.get(step.id, 0))) for step in steps]
            without = max(0, week.members - sum(count for _, count in standing))
            week.levels = [(_NO_LEVEL, without), *standing]
