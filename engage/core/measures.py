"""What a company's week came to: aggregates over its members, from bitmaps and daily rollups, in one pass.

Owns the definitions of the measures. Must not know about floors (`engage.core.privacy`), scores or storage: what
is counted here stays inside until privacy has made figures of it.

Definitions, for the ISO week that starts on `monday`, in the company's own days:

- active: did something (an event, page or screen) on at least one day of the week.
- The month: the newest four weeks, of a calendar of four-week months that never shifts, that are over when the week
  is. Windows of several weeks end with it, so that no two overlap and their difference tells of nobody.
- A quiet week: one with fewer active members than the floor. In windows of several weeks it counts as a week in
  which nobody was active: what happened in it can then be worked out from no window that contains it.
- active_4w: active in the month (the 28 days of GitLab's and Sourcegraph's seat use, and Pendo's 30).
- habitual: active in at least 9 of the 12 weeks that end with the month (Microsoft Viva Insights, "habit").
- activated: active at least once by the end of the month; members: everybody the host has named so far, active or not.
- days: active days summed over members. Divided by active members it is the depth of use.
- features: key events; without a program, every event name. Members who used one, in the week and in the month.
- earners: members who were awarded something, of any currency; receivers: by currency; unrewarded: members some of
  whose events earned nothing.
- organic_4w: members who used, in the four weeks, a declared event that no rule rewards.
- levels: how many stood at each level when the month ended, from today's count and what changed since; risen and
  fallen: members who stood higher or lower when the week ended than when it began.
- classes, departments, cohorts and the like: see `engage.core.segments`; what members have: `engage.core.balances`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import repeat
from typing import Final

from msgspec import Struct, field

from engage.core.activity import window_bits
from engage.core.balances import Balances, CurrencyWeek
from engage.core.calendar import month_end, week_of
from engage.core.campaign_weeks import HeldOutMonth, count_held_out, measured_campaign
from engage.core.feature_weeks import count_earning, count_features, count_often
from engage.core.presence import Presence, as_listed, remember_sizes
from engage.core.prices import Prices, prices_of
from engage.core.program import Program
from engage.core.quiet import HABIT_WEEKS_LEAST, Activity
from engage.core.segments import Begun, Came, GroupWeek, Segments, cohort_of
from engage.core.sharing import Shared, Sharing
from engage.core.stage_weeks import TWO_WEEKS, active_part, close_stages, count_left, idle_part, no_stages
from engage.core.state import CompanyState, DayRollup, MemberState, add_to

WEEK: Final = 7
HABIT_WEEKS: Final = 12
MONTH_WEEKS: Final = 4
FEATURES_MAX: Final = 300
"""Key events measured per company: as many names as a rollup keeps."""

FLOOR: Final = 5  # unless the host chose another
DEFINITION: Final = 2
"""Of what a week holds; see `WeekMeasures.definition`."""


class FeatureWeek(Struct, array_like=True):
    """One key event in one week."""

    members: int = 0
    members_4w: int = 0
    events: int = 0
    again: int = -1
    """Members who have used it in two months so far, counted up to the floor. -1: not kept yet, as is the one below."""
    room: int = -1
    """How many can have used it in the month besides those told before. -1: anybody can again."""
    often: int = 0
    """Members who have used it in two weeks so far, counted up to the floor."""
    organic: bool = False  # no rule rewards it, as far as that was kept
    shared: Shared = Shared()


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
    """The Monday of the week in which as many members as the floor had become active; 0: not so many yet."""
    definition: int = 0
    """0: frozen before the fields below were measured; 1: with them, but `earners` are all who used an event that a
    rule rewards, and who stands behind what was awarded is not known; 2: with all of them."""
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
    """The last Monday of the month of the first active week -> members who came first in it, those of them active in
    four weeks. By former rules months of the calendar, as 12 x year + month - 1."""
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
    month: list[int] = field(default_factory=list)
    """Members active in each week of the month; 0 in a quiet one."""
    floor: int = FLOOR
    """Below so many active members a week was a quiet one."""
    peak: int = 0
    """The most that may have been told to be active in this month or one before."""
    spread: tuple[int, int] = (1, 1)  # not kept any more
    leading: tuple[int, int, int] = (0, 0, 0)
    """Events of the member with most, of the last of the `floor` - 1 with most, and of all others: 255 each at most."""
    month_members: list[int] = field(default_factory=list)
    """Members when each week of the month ended: who came since is in no figure of it. Empty: not kept yet."""
    cohort_peaks: dict[int, int] = field(default_factory=dict)  # not kept any more
    months_told: list[tuple[int, int]] = field(default_factory=list)
    """The least and the most that are told to be active in the month, and in the three before, the newest first."""
    receivers: dict[str, int] = field(default_factory=dict)
    """Currency -> members who were awarded some."""
    unrewarded: int = 0
    streaks: int = 0
    """Members who had a streak to lose."""
    weekly_streaks: bool = False
    """Whether a streak asks for any activity in each week: who loses it was active in the week before, not in this."""
    active_before: tuple[int, int] = (0, 0)
    """The least and the most that are told to have been active in the week before."""
    visits_told: list[int] = field(default_factory=list)
    """Of the months in `months_told`: the least to which the active members of their weeks add up."""
    top_leading: list[tuple[int, int, int]] = field(default_factory=list)
    """As `leading`, of four weeks: of the top tenth, and of the others."""
    held_out: HeldOutMonth | None = None
    """What a campaign moved in the month that this week ends."""
    cohort_most: dict[int, int] = field(default_factory=dict)  # not kept any more
    cohorts_within: dict[int, int] = field(default_factory=dict)  # not kept any more
    activated_told: tuple[int, int] = (0, 0)  # not kept any more
    activated_before: dict[int, int] = field(default_factory=dict)  # not kept any more
    activated_room: int = 0  # not kept any more
    cohort_least: dict[int, int] = field(default_factory=dict)  # not kept any more
    cohorts_hidden: list[int] = field(default_factory=list)  # not kept any more
    awards: Prices = field(default_factory=dict)
    """What one event brought; see `engage.core.prices`. Empty: not kept yet."""
    absent: int = 0
    """Members who cannot have come in the week: the host had said that they left. See `engage.core.presence`."""
    month_absent: list[int] = field(default_factory=list)
    """Likewise in each week of the month. Empty: not kept yet."""
    absent_4w: int = 0
    """Likewise in any week of the month that was not quiet, and because they joined after these."""
    no_habit: int = 0
    """Likewise in nine of the twelve weeks."""
    funnel_months: dict[str, int] = field(default_factory=dict)
    """Funnel -> how many months before this one the beginners counted began. Empty: in four weeks of no month."""
    month_left: tuple[int, int] = (0, 0)
    """Members of whom the host had said that they left: before the month, and by its end."""
    funnel_begins: dict[str, tuple[str, int]] = field(default_factory=dict)
    """Funnel -> its first step, and how many had taken it in two months. Empty: not kept yet, as are those below."""
    begun: dict[str, dict[int, Begun]] = field(default_factory=dict)
    """First step -> the last Monday of a month -> its beginners; see `engage.core.published_beginners`."""
    begun_room: dict[str, int] = field(default_factory=dict)
    """Funnel -> how many can have begun in the month counted besides those told before. Missing: anybody can again."""
    activated_most: list[int] = field(default_factory=list)
    """The most who are told to have been activated by the end of the months in `months_told`."""
    organic_again: int = -1
    organic_room: int = -1
    """Of `organic_4w`, as of a key event. -1: not kept yet, as are those below."""
    earners_often: int = -1
    """Members who were awarded something in two weeks so far, counted up to the floor, as are those below."""
    unrewarded_often: int = -1
    """Members some of whose events earned nothing in two weeks so far."""
    receivers_often: dict[str, int] = field(default_factory=dict)
    """Currency -> members who were awarded some in two weeks so far."""
    cohort_months: dict[int, list[object]] = field(default_factory=dict)  # not kept any more
    funnel_keys: dict[str, str] = field(default_factory=dict)
    funnel_steps: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Funnel -> the steps and weeks it was counted for, as its `key` says them; its events. Empty: not kept yet."""
    beyond_days: list[int] = field(default_factory=list)
    """Of this week and those before: see `engage.core.published_classes`. -1: not told. Empty: not kept yet."""
    alike: int = 0  # the most members who had equally many events, fewer than 255; 0: not counted yet
    department_peaks: dict[str, int] = field(default_factory=dict)
    """Department -> so many of its members, activated, will do for all that is told of who was active in a month."""
    role_peaks: dict[str, int] = field(default_factory=dict)
    """Likewise of roles, while there were no departments."""
    groups_told: list[dict[str, int]] = field(default_factory=list)
    """Department, or role -> its active members of the month, where they are told, and of the two before, the newest
    first. Empty: there was none."""
    rewarded_shared: Shared = Shared()
    """Of events that earned something, and of those that did not."""
    unrewarded_shared: Shared = Shared()
    came: Came = field(default_factory=Came)
    """Empty: not kept yet."""
    cohorts_told: dict[int, tuple[int, int]] = field(default_factory=dict)
    """The last Monday of a month -> the least and the most of who came first in it who are told to be active. Empty:
    nothing is told."""
    stages_told: dict[str, tuple[int, int, int]] = field(default_factory=dict)
    """Stage -> the least and the most who are told to be in it, and the most who could be. Empty: not kept yet."""
    knows_conditions: bool = False
    """Whether it is told by rules that know that, by conditions, some events earn something only sometimes."""

    @property
    def weeks_known(self) -> int:
        """How many weeks of activity there are, this one included."""
        return (self.monday - self.since) // WEEK + 1 if self.since else 0


def measure_weeks(
    program: Program | None,
    company: CompanyState,
    members: Iterable[MemberState],
    days: Mapping[int, DayRollup],
    mondays: Sequence[int],
    catalogue: Collection[str] = (),
    floor: int = FLOOR,
    numbers: Sequence[int] = (),
    names: Sequence[str] = (),
) -> list[WeekMeasures]:
    """The weeks that start on `mondays` (ascending ordinals), in one pass over the members.

    `days`: the rollups from the end of the first week's month until now, later ones included: what stood at the end
    of a past month is today's count less what came after. `catalogue`: the key events where there is no program;
    `names`: where those of an earlier look count. `floor`: a week in which fewer were active is a quiet one.
    `numbers`: those of the members, where a campaign may be measured.
    """
    names, listed = names or features_of(program, catalogue), as_listed(list(members), floor)
    rewarded = {rule.trigger for rule in program.rules} if program else set()
    weeks = [
        WeekMeasures(
            monday,
            features={name: FeatureWeek(again=0, organic=name not in rewarded) for name in names},
            stages=no_stages(),
            floor=floor,
            organic_again=0,
            earners_often=0,
            unrewarded_often=0,
        )
        for monday in mondays
    ]
    if not weeks:
        return weeks
    activity = Activity(weeks, listed, floor)
    segments, balances = Segments(program, weeks, activity), Balances(program, weeks, days)
    presence = Presence(weeks, activity)
    features = {name: [week.features[name] for week in weeks] for name in names}
    sharing = Sharing(weeks, names)
    for member, used in zip(listed, activity.used, strict=True):
        if segments.grouped:
            segments.name(member)
        presence.count(member, segments.groups)
        if member.days:
            _count_activity(member, used, weeks, activity, segments)
        else:
            count_left(member, weeks)
        count_features(member, weeks, features, rewarded, activity, sharing.features)
        sharing.count(member)
        count_earning(member, weeks)
        count_often(member, weeks)
        balances.count(member)
    awards = prices_of(program) if program else {}
    for index, week in enumerate(weeks):
        week.definition, week.awards, week.knows_conditions = DEFINITION, awards, True
        activity.describe(index, week)
        _add_days(week, days)
    sharing.describe()
    _stand_at_the_end(program, company, days, weeks)
    remember_sizes(listed, weeks)
    close_stages(program, weeks)
    if program is not None and numbers:
        _count_held_out(program, company, listed, numbers, segments, presence)
    segments.begin(week_of(min((member.joined for member in listed if member.joined), default=0)))
    segments.close()
    balances.close()
    return weeks


def features_of(program: Program | None, catalogue: Collection[str] = ()) -> list[str]:
    """The names that count toward breadth."""
    if program is None:
        return sorted(catalogue)[:FEATURES_MAX]
    return [name for name, event in program.events.items() if event.key][:FEATURES_MAX]


def _count_activity(
    member: MemberState, used: int, weeks: list[WeekMeasures], activity: Activity, segments: Segments
) -> None:
    """`used`: the weeks in which the member was active, see `Activity`."""
    first = activity.ends[0] - WEEK
    bits = window_bits(member, first, weeks[-1].monday + WEEK - 1)
    since = week_of(member.days_base)
    cohort = cohort_of(since)
    for index, week in enumerate(weeks):
        days = (bits >> week.monday - first & 0b1111111).bit_count()
        if days:
            week.active += 1
            segments.come(index, days)
        end = activity.ends[index]
        if since > end:
            if member.left:
                count_left(member, (week,))
            continue
        week.activated += 1
        habit = activity.habit(used, index)
        segments.use(member, index, end, habit, cohort)
        if habit >> WEEK * (HABIT_WEEKS - MONTH_WEEKS):
            week.active_4w += 1
            has_habit = habit.bit_count() >= HABIT_WEEKS_LEAST
            week.habitual += has_habit
            age = end + WEEK - member.days_base
            week.stages[active_part(bits >> end - WEEK - first & TWO_WEEKS, has_habit, age)] += 1
        else:
            week.stages[idle_part(member, end)] += 1


def _count_held_out(
    program: Program,
    company: CompanyState,
    members: Sequence[MemberState],
    numbers: Sequence[int],
    segments: Segments,
    presence: Presence,
) -> None:
    activity = presence.activity
    for index, week in enumerate(presence.weeks):
        measured = measured_campaign(program, company, week.monday)
        if measured is None:
            continue
        week.held_out = HeldOutMonth(*measured, among={})
        group_of = segments.department_of if segments.department else segments.role_of
        since = WEEK * (HABIT_WEEKS - MONTH_WEEKS)
        active = [activity.habit(used, index) >> since > 0 for used in activity.used]
        absent = map(presence.is_absent, members, repeat(index))
        everybody = list(zip(numbers, members, active, absent, strict=True))
        count_held_out(program, week.held_out, week.monday, everybody, group_of)


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
    """Members when each week ended, levels when its month did: walk back from today, newest week first."""
    steps = program.levels.steps if program and program.levels else ()
    joined = sorted((day for day in days if days[day].joined), reverse=True)
    moved = sorted((day for day in days if days[day].levels), reverse=True)
    members, levels = company.members, dict(company.levels)
    came = stood = 0
    for week in reversed(weeks):
        while came < len(joined) and joined[came] >= week.monday + WEEK:
            members -= days[joined[came]].joined
            came += 1
        while stood < len(moved) and moved[stood] >= month_end(week.monday) + WEEK:
            for level, count in days[moved[stood]].levels.items():
                levels[level] = levels.get(level, 0) - count
            stood += 1
        week.members = max(0, members)
        if steps:
            week.levels = [(step.id, max(0, levels.get(step.id, 0))) for step in steps]
