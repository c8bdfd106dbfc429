"""A company's week as figures: what the score and the reports may read of the measures.

Owns which group stands within which, so that privacy can keep the remainders too. Must not know about scores,
periods or pages. Whoever needs a measure for customer success takes it from here, never from the measures.

    members > activated > active in the month; members > active in the week; active in the month > active in each of
    its weeks; active in the month > habitual (9 of 12 weeks leave no room for four idle ones); members = all levels;
    active in the month > users of a feature
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from engage.core.activity import USES_MAX
from engage.core.calendar import month_end
from engage.core.measures import HABIT_WEEKS, MONTH_WEEKS, WEEK, WeekMeasures
from engage.core.prices import Price, band_of_issued
from engage.core.privacy import (
    NOT_SHOWN,
    Figure,
    Published,
    fact,
    is_dominated,
    not_shown,
    publish_amount,
    publish_amounts,
    publish_count,
    publish_days,
    publish_split,
    total,
)
from engage.core.published_activated import if_none_came_before, publish_activated
from engage.core.published_beginners import (
    behind_award,
    behind_events,
    event_parts,
    most_begun,
    remember_beginners,
    remember_users,
)
from engage.core.published_classes import remember_beyond_days
from engage.core.published_cohorts import came_since, had_come, remember_cohorts
from engage.core.published_floors import floor_of, is_told
from engage.core.published_parts import remember_groups, remember_told
from engage.core.quiet import HABIT_WEEKS_LEAST
from engage.core.rounding import balance_step, bounds_told, in_two_digits, rounded
from engage.core.windows import add_bands, between, publish_bands, publish_union

HABIT_MONTHS = HABIT_WEEKS // MONTH_WEEKS
MONTHS_TOLD = HABIT_MONTHS + 1
"""Those of a habit, and the one whose beginners are counted after twelve weeks."""


class People(NamedTuple):
    members: Figure
    activated: Figure
    active_4w: Figure
    active: Figure
    habitual: Figure


def publish_month_members(week: WeekMeasures) -> Figure:
    """The size of the company when the month ended. Its figures stay as they are while the company grows."""
    return fact(week.month_members[-1] if week.month_members else week.members, "members")


def publish_active(count: int, k: int, members: int, absent: int) -> Figure:
    """Members active in a week, within those who can have come; nothing where these are too few."""
    if members - absent < 2 * k - 1:
        return Figure(NOT_SHOWN, "members", hidden="few", low=0, high=members)
    return publish_count(count, k, _present(members, absent))


def _present(members: int, absent: int) -> Figure:
    """A group by which counts are judged: no more than is left without those who cannot have come."""
    return between(members - absent, members, members)


def publish_month_weeks(week: WeekMeasures, k: int) -> list[Figure]:
    """Members active in each week of the month, as they were published; in a quiet one it is told that it was."""
    k = floor_of(week, k)
    return [publish_active(count, k, size, away) for count, size, away in _sizes(week)]


def _sizes(week: WeekMeasures) -> list[tuple[int, int, int]]:
    """Of each week of the month: who was active, who was a member, who of these cannot have come."""
    none = [0] * len(week.month)
    sizes = week.month_members or [week.members] * len(week.month)
    return list(zip(week.month, sizes, week.month_absent or none, strict=False))


def publish_month(week: WeekMeasures, k: int) -> Figure:
    """Members active in the month. Weeks measured under a lower floor show nothing: their quiet weeks are others."""
    members, k = publish_month_members(week), floor_of(week, k)
    if not is_told(week, k):
        return Figure(NOT_SHOWN, "members", hidden="few", low=0, high=members.value)
    whole = int(members.floor)
    if week.absent_4w and whole - week.absent_4w < 2 * k - 1:
        return between(0, whole, whole)
    told = zip(publish_month_weeks(week, k), _sizes(week), strict=True)
    loud = [(one, size - away) for one, (count, size, away) in told if count]
    visits = sum(min(int(one.ceiling or 0), able) for one, able in loud)
    each = [one for one, _ in loud]
    return publish_union(week.active_4w, k, each, _present(whole, week.absent_4w), visits)


def remember_peaks(weeks: Sequence[WeekMeasures], before: WeekMeasures | None, k: int) -> None:
    """Write into new weeks how many may have been told to be active in a month so far; `before`: the week before."""
    peak = before.peak if before else 0
    for week in weeks:
        month = publish_month(week, k)
        same = before is not None and month_end(before.monday) == month_end(week.monday)
        told, visits = (int(month.floor), int(month.ceiling or 0)), _visits(week, k)
        months, earlier = (before.months_told[same:], before.visits_told[same:]) if before else ([], [])
        week.months_told = [told, *months][:MONTHS_TOLD]
        week.visits_told = [visits, *earlier][:HABIT_MONTHS]
        remember_beginners(week, before, k)
        remember_users(week, month, k)
        groups = remember_groups(week, before, month)
        peak = week.peak = max(peak, int(month.ceiling or 0), most_begun(week), groups)
        most = before.activated_most[same:] if before else []
        week.activated_most = [week.members, *most]
        whole = publish_month_members(week)
        activated = publish_activated(week, k, month, whole)
        known = if_none_came_before(week, activated, month)
        remember_cohorts(week, before, month, known, k)
        _, by_then = had_come(week).get(month_end(week.monday), (0, 0))
        highest = by_then if known is activated else int(activated.ceiling or 0)
        week.activated_most = [highest, *most][:MONTHS_TOLD]
        if before and before.monday == week.monday - WEEK:
            active = publish_active(before.active, k, before.members, before.absent)
            week.active_before = (int(active.floor), int(active.ceiling or 0))
        if week.departments or week.roles or (before and before.groups_told):
            remember_told(week, before, publish_people(week, k))
        remember_beyond_days(week, before, _all_events(week, k), publish_week_days(week, k))
        before = week


def _visits(week: WeekMeasures, k: int) -> int:
    """Active members summed over the weeks of the month, as far as they are told: of quiet ones none."""
    return sum(int(one.floor) for one in publish_month_weeks(week, k))


def publish_people(week: WeekMeasures, k: int) -> People:
    members, k = fact(week.members, "members"), floor_of(week, k)
    active_4w = publish_month(week, k)
    active = publish_active(week.active, k, week.members, week.absent)
    if not is_told(week, k):
        return People(members, active_4w, active_4w, active, active_4w)
    activated = publish_activated(week, k, active_4w, publish_month_members(week))
    habitual = _publish_habitual(week, k, active_4w, int(activated.ceiling or 0))
    return People(members, activated, active_4w, active, habitual)


def _publish_habitual(week: WeekMeasures, k: int, active_4w: Figure, activated: int) -> Figure:
    least, highest = _in_each_month(week, active_4w)
    fewest, most = _by_visits(week, active_4w, activated)
    most = min(most, int(publish_month_members(week).floor) - week.no_habit)
    if most < 2 * k - 1:
        return between(0, highest, week.members)
    within = between(min(least, most), highest, week.members)
    near = max(fewest, 0) + 2 * k - 1
    if fewest <= -k or week.habitual > near:
        return publish_count(week.habitual, k, within)
    return between(fewest, near if near < within.floor - k else highest, week.members)


def _in_each_month(week: WeekMeasures, active_4w: Figure) -> tuple[int, int]:
    """Who has the habit was active in each of the three months of its weeks, and had come by the end of the first: the
    least and the most who can have been, by what is told."""
    months = [(int(active_4w.floor), int(active_4w.ceiling or 0)), *week.months_told[1:HABIT_MONTHS]]
    late = [*came_since(week, len(months) - 1), 0]
    least = min(low - since for (low, _), since in zip(months, late, strict=True))
    return least, min(high for _, high in months)


def _by_visits(week: WeekMeasures, active_4w: Figure, activated: int) -> tuple[int, int]:
    """The least and the most who can have the habit by what the weeks told add up to: nine to twelve weeks for each of
    them, and for each of the others one in a month that they came in, and no more than eight."""
    told = week.months_told[:HABIT_MONTHS]
    if not week.visits_told or len(week.visits_told) != len(told):
        return -week.members, week.members
    visits, others = sum(week.visits_told), HABIT_WEEKS_LEAST - 1
    came = (active_4w.ceiling or 0) + sum(most for _, most in told[1:])
    most = int(visits - came) // (HABIT_WEEKS_LEAST - HABIT_MONTHS)
    return -((others * activated - visits) // (HABIT_WEEKS - others)), most


def publish_members(week: WeekMeasures) -> Figure:
    """The size of the company: the host's own list of people."""
    return fact(week.members, "members")


def weeks_known(week: WeekMeasures) -> int:
    """For how many weeks there has been activity, this one included."""
    return week.weeks_known


def has_features(week: WeekMeasures) -> bool:
    """Whether any key event is declared."""
    return bool(week.features)


def publish_week_days(week: WeekMeasures, k: int) -> Figure:
    """Active days in the week, summed over its active members."""
    k = floor_of(week, k)
    return _week_days(week.days, week.active, week.members, week.absent, k)


@lru_cache(maxsize=1 << 16)  # the same week is looked at by 26 weeks' scores
def _week_days(days: int, active: int, members: int, absent: int, k: int) -> Figure:
    return publish_days(days, publish_active(active, k, members, absent), k, WEEK)


def days_told(weeks: Sequence[WeekMeasures], k: int) -> float:
    """Active days of some weeks as far as they are told of each; of a week of which nothing is told: none."""
    return sum(publish_week_days(week, k).estimate or 0.0 for week in weeks)


def days_of_month(weeks: Sequence[WeekMeasures], k: int) -> float:
    """Active days of the newest month that is over, from `weeks` (oldest first), as far as they are told."""
    return days_told(_month_of(weeks), k)


def days_there(weeks: Sequence[WeekMeasures]) -> int:
    """How many days of the newest month that is over members could be active on, as far as it was measured: of a month
    in which the company began, those since the Monday of its first week. All, where no week of it is left."""
    first = weeks[-1].monday - WEEK * (weeks_known(weeks[-1]) - 1)
    return WEEK * (sum(1 for week in _month_of(weeks) if week.monday >= first) or MONTH_WEEKS)


def publish_month_days(weeks: Sequence[WeekMeasures], k: int) -> Figure:
    """The same as a figure: the sum of those of its weeks, a range of ranges."""
    each = [publish_week_days(week, k) for week in _month_of(weeks)]
    if all(one.value is not None for one in each) or any(one.ceiling is None for one in each):
        return total(each, "days")
    low, high = (
        int(sum(ends)) for ends in zip(*((one.floor, one.ceiling or 0) for one in each), strict=True)
    )
    return bounds_told(low, high, "days")


def _month_of(weeks: Sequence[WeekMeasures]) -> list[WeekMeasures]:
    last = month_end(weeks[-1].monday)
    return [week for week in weeks if last - WEEK * MONTH_WEEKS < week.monday <= last]


def publish_nothing_issued() -> Figure:
    """Of a currency in which nothing was issued in the week: that would be said of everybody."""
    return not_shown("points")


def was_scored(week: WeekMeasures, k: int) -> bool:
    """Whether it is told that so many were active in the month that the company was scored."""
    return publish_month(week, k).floor >= k


def publish_feature_events(week: WeekMeasures, k: int) -> dict[str, Figure]:
    """How often each key event happened in the week. Which of them earned points is as it was when it was frozen: with
    the rules in force the cell hidden beside a small one would change."""
    if not is_told(week, k):
        return dict.fromkeys(week.features, not_shown("events"))
    k = floor_of(week, k)
    active = 0 if _is_dominated(week) else _most_active(week, k)
    # Shown besides the week's events: those that earned. The points that they brought are told too roughly to count.
    cells = publish_amounts(event_parts(week, k, active), week.events, active, k, apart=True)
    return dict(zip(week.features, cells, strict=False))


class Levels(NamedTuple):
    """Members at each level, lowest first ("" is none), and at the second level or above."""

    members: Sequence[tuple[str, Figure]]
    upper: Figure
    above: Figure
    """At any level."""


def publish_levels(week: WeekMeasures, k: int) -> Levels | None:
    """In bands, for levels mostly rise; None: the program has no levels."""
    if not week.levels:
        return None
    members = publish_month_members(week)
    counts = [count for _, count in week.levels]
    cells = (
        publish_bands(counts, floor_of(week, k), members)
        if is_told(week, k)
        else [between(0, int(members.floor), int(members.floor)) for _ in counts]
    )
    shown = [(level, cell) for (level, _), cell in zip(week.levels, cells, strict=True)]
    upper = add_bands(cells[2:], members, cells[:2]) if cells[2:] else fact(0, "members")
    return Levels(shown, upper, add_bands(cells[1:], members))


def _is_dominated(week: WeekMeasures) -> bool:
    """Whether most of the week's events were one member's, or all had as many, but for those that one may know."""
    largest, last, others = week.leading
    if largest == USES_MAX:  # no more are counted of one member
        largest = week.events - others
    return is_dominated(largest, last, others, week.active - (week.floor - 2), week.alike)


def _most_active(week: WeekMeasures, k: int) -> int:
    """Who can have been active by what is told, so that nothing judged by it tells more; nobody, where few were."""
    told = publish_active(week.active, k, week.members, week.absent)
    return min(int(told.ceiling or 0), week.members - week.absent) if week.active >= k else 0


class Amounts(NamedTuple):
    events: Figure
    organic: Figure
    incentivised: Figure
    issued: Mapping[str, Figure]


def _all_events(week: WeekMeasures, k: int) -> Figure:
    return publish_split(0, 0, week.events, 0, week.active, k, dominated=_is_dominated(week)).total


def publish_events(week: WeekMeasures, k: int) -> Amounts:
    """Events of the week, apart by whether they earned something, and the points they earned."""
    k = floor_of(week, k)
    behind, besides = behind_events(week, k)
    split: Published = publish_split(
        week.incentivised,
        behind,
        week.events,
        besides,
        _most_active(week, k),
        k,
        dominated=_is_dominated(week),
    )
    incentivised, organic = split.cells
    issued = {
        currency: _publish_issued(
            week,
            currency,
            publish_amount(
                amount, 0 if incentivised.hidden else behind_award(week, currency, k), k, "points"
            ),
            k,
        )
        for currency, amount in week.issued.items()
    }
    return Amounts(split.total, organic, incentivised, issued)


def issued_band(week: WeekMeasures, currency: str, k: int) -> tuple[int, int]:
    """The least and the most that are told to have been issued."""
    prices, amount = week.awards.get(currency, {}), week.issued[currency]
    told = _told_of(week, prices, k)
    alone, ends = len(week.awards) == 1, week.knows_conditions
    return band_of_issued(amount, prices, told, week.incentivised, k, alone=alone, ends=ends)


def _told_of(week: WeekMeasures, prices: Mapping[str, Price], k: int) -> dict[str, int]:
    """How often each event that brings some happened, where that is told."""
    shown = publish_feature_events(week, k)
    return {
        event: int(shown[event].value or 0) for event in prices if event in shown and not shown[event].hidden
    }


def _is_endless(week: WeekMeasures, currency: str, k: int) -> bool:
    """Whether what is not told may have brought any amount: no band is wide enough."""
    prices = week.awards.get(currency, {})
    endless = {event: price for event, price in prices.items() if price.is_endless}
    return bool(endless) and _told_of(week, endless, k).keys() != endless.keys()


def _publish_issued(week: WeekMeasures, currency: str, figure: Figure, k: int) -> Figure:
    """`figure`: hidden, or the number itself."""
    if figure.value is None:
        return figure
    if not is_told(week, k) or _is_endless(week, currency, k):
        return not_shown("points")
    if currency not in week.awards:  # measured before it was kept what events bring
        return rounded(figure, balance_step(int(figure.value)))
    low, high = issued_band(week, currency, k)
    middle = (low + high) // 2
    return Figure(f"{low:,}", "points", low) if low == high else in_two_digits(fact(middle, "points"), 2)
