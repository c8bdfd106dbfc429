"""Kinds of members as figures: what reports may read of departments, cohorts, funnels and moves.

The second half of `engage.core.published`, with the same duty: it alone reads these counts. Each table names what its
cells are parts of and which of their sums a reader knows, for a hidden cell must not follow from them:

- departments: the active of each are among its own members, whose number is the host's list, and add up to the active
  members, exact or not. Departments too small to tell anything of are one row, by their size alone.
- roles: likewise, where there are no departments; see `publish_roles`.
- cohorts: the active members are divided by the month in which they came first, in bands, where their number is exact.
  How many came in a month is not told: it would stay the same while what stands beside it changes.
- funnels: each step is within the one before; of the first see `engage.core.published_beginners`.
- moves: who rises was active in the week, who falls stood at a level, who lost a streak had one. All are told in bands.
- members who have what expires in four weeks: in bands, for the four weeks of two reports overlap.
- what members have, spend and lose: most of it may be one person's, and two weeks' balances differ by what was issued,
  spent and expired, any of which may be hidden. So all are rounded to a fifth of themselves or more.
- active members a day: the month's active days are shown too, so that of four weeks one could be worked out from the
  others. So they are rounded to whole members.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil, floor
from typing import NamedTuple

from engage.core.balances import CurrencyWeek
from engage.core.measures import MONTH_WEEKS, WEEK, WeekMeasures
from engage.core.outstanding import expiring_band, gone_band, may_be_told, spent_band
from engage.core.privacy import (
    NOT_SHOWN,
    Figure,
    fact,
    is_dominated,
    missing,
    not_shown,
    publish_amount,
    publish_split,
    ratio,
)
from engage.core.privacy import total as add_up
from engage.core.published import (
    People,
    publish_levels,
    publish_members,
    publish_month_days,
    publish_week_days,
)
from engage.core.published_beginners import (
    publish_beginners,
    publish_features,
    publish_steps,
    within_room,
)
from engage.core.published_cohorts import publish_active_cohorts
from engage.core.published_floors import floor_of, is_measured, is_told
from engage.core.published_parts import Group, publish_groups, untold
from engage.core.rounding import (
    BALANCE_STEPS,
    amount_between,
    at_most,
    balance_step,
    bounds_told,
    in_two_digits,
    rounded,
    two_digits,
)
from engage.core.state import AMOUNT_MAX
from engage.core.windows import publish_any, publish_flow, publish_part

# --- departments, roles, cohorts ------------------------------------------------------------------------------


def publish_departments(week: WeekMeasures, people: People, k: int) -> tuple[Group, ...]:
    """The largest first; empty where the program does not say what a department is."""
    return publish_groups(week, week.departments, people, floor_of(week, k), merged=True)


def publish_roles(week: WeekMeasures, people: People, k: int) -> tuple[Group, ...]:
    """By their size alone beside departments: both divide the same members, and who knows who is in which could
    subtract the one from the other."""
    found = publish_groups(week, week.roles, people, floor_of(week, k), merged=False)
    if not any(week.departments):
        return found
    return tuple(Group(one.name, one.members, untold(one.members), untold(one.members)) for one in found)


def publish_cohorts(week: WeekMeasures, k: int) -> Mapping[int, Figure]:
    """The last Monday of a month -> those active in the four weeks who came first in it; the oldest first. Of the
    first, those who had come by then."""
    return publish_active_cohorts(week) if is_told(week, k) else {}


# --- ways, moves, concentration -------------------------------------------------------------------------------


def publish_funnel(week: WeekMeasures, people: People, funnel: str, k: int) -> tuple[Figure, ...] | None:
    """Members who reached each step. None: it was not measured."""
    counts = week.funnels.get(funnel)
    if counts is None:
        return None
    if not is_told(week, k):
        return tuple(untold(people.members) for _ in counts)
    k = floor_of(week, k)
    began = publish_beginners(week, people.activated, funnel, k)
    return began, *publish_steps(week, began, people.active_4w, funnel, k)


class Moves(NamedTuple):
    """Members: to a higher level, to a lower one, who lost a streak, whose level falls in four weeks."""

    risen: Figure
    fallen: Figure
    streaks_broken: Figure
    falling: Figure


def publish_moves(week: WeekMeasures, people: People, k: int) -> Moves:
    """In bands, as levels are: exact numbers of some weeks add up to who stands where, or stayed, and those of what is
    ahead overlap from week to week. Who falls from a level, or may, stood at one; who lost a streak had one."""
    if not is_measured(week):
        return Moves(*(missing("members"),) * 4)
    if not is_told(week, k):
        hidden = untold(people.members)
        return Moves(hidden, hidden, hidden, hidden if week.standing else missing("members"))
    k = floor_of(week, k)
    levels = publish_levels(week, k)
    upper = int(levels.above.floor) if levels else 0
    return Moves(
        _publish_risen(week, people, k),
        publish_part(week.fallen, 2 * k, 0, upper, week.members),
        _publish_streaks_broken(week, people, k),
        publish_part(week.falling, 2 * k, 0, upper, week.members) if week.standing else missing("members"),
    )


def _publish_risen(week: WeekMeasures, people: People, k: int) -> Figure:
    """Of those active in the week, in bands, as levels are: exact numbers of some weeks add up to who stands where."""
    return publish_part(week.risen, 2 * k, 0, int(people.active.floor), week.members)


def _publish_streaks_broken(week: WeekMeasures, people: People, k: int) -> Figure:
    """In bands that leave as much room among those who had a streak; and, of streaks of weeks, among those who stayed
    away, and beside how many fewer than the week before came."""
    active, low, sure = people.active, 0, week.streaks
    if week.weekly_streaks:
        low = max(0, week.active_before[1] - int(active.floor))
        sure = min(sure, week.active_before[0], week.members - int(active.ceiling or 0))
    return publish_flow(week.streaks_broken, 2 * k, low, sure, week.members)


def publish_concentration(week: WeekMeasures, k: int) -> Figure:
    """The share of four weeks' events that the most active tenth of members did, unless it is nearly one's share, or
    of either side it would tell that each did one thing."""
    if not is_measured(week):
        return missing("percent")
    top, theirs, events = week.top
    others, k = week.active_4w - top, floor_of(week, k)
    if not is_told(week, k) or _is_one_sided(week, (top, others)):
        return not_shown("percent")
    split = publish_split(theirs, top, events, others, week.active_4w, k)
    return ratio(split.cells[0], split.total)


def _is_one_sided(week: WeekMeasures, sides: tuple[int, int]) -> bool:
    known = week.floor - 2
    # As few events of the others as there were weeks to come in: each had one, and the tenth came in all of them.
    is_one_a_week = any(last + others < sum(week.month) for _, last, others in week.top_leading[1:])
    return is_one_a_week or any(
        is_dominated(*leading, people - known)
        for leading, people in zip(week.top_leading, sides, strict=False)
    )


def publish_organic(week: WeekMeasures, people: People, k: int) -> Figure:
    """Members who did something in four weeks that no rule rewards."""
    if not is_measured(week):
        return missing("members")
    if not is_told(week, k):
        return untold(people.members)
    users, k = publish_features(week, k, people.active_4w).members, floor_of(week, k)
    within = within_room(people.active_4w, week.organic_room, k)
    if within is None:
        return Figure(NOT_SHOWN, "members", hidden="protects", low=0, high=people.active_4w.ceiling)
    each = [users[name] for name, used in week.features.items() if used.organic]
    return publish_any(week.organic_4w, k, each, within)


def publish_active_a_day(week: WeekMeasures, k: int) -> Figure:
    """The mean over the days of the week."""
    return rounded(ratio(publish_week_days(week, k), fact(WEEK, "days"), "members"), 1)


def publish_days_each(weeks: Sequence[WeekMeasures], active_4w: Figure, k: int) -> Figure:
    """Active days of the newest month that is over, from `weeks` (oldest first), per member active in it: nobody has
    more than there are."""
    return at_most(ratio(publish_month_days(weeks, k), active_4w, "each"), WEEK * MONTH_WEEKS)


# --- points ---------------------------------------------------------------------------------------------------


class Points(NamedTuple):
    """One currency in one week, and what members have of it at its end."""

    spent: Figure
    expired: Figure
    outstanding: Figure
    expiring: Figure
    """Units that expire in the four weeks after."""
    at_risk: Figure
    """Members who have some of these."""


def publish_points(week: WeekMeasures, currency: str, k: int) -> Points:
    found = week.currencies.get(currency)
    if found is None:
        return Points(*(missing("points"),) * 4, missing("members"))
    k, told = floor_of(week, k), may_be_told(week, found)
    spent = _publish_spent(found, k)
    expired = _publish_gone(found.expired, found.losers if told else 0, gone_band(found.expired, found), k)
    if not week.standing:
        return Points(spent, expired, missing("points"), missing("points"), missing("members"))
    return Points(
        spent,
        expired,
        _publish_outstanding(found, k) if told else _publish_may_be_left(found, k),
        _publish_gone(found.expiring, found.at_risk if told else 0, expiring_band(found), k),
        publish_part(found.at_risk, 2 * k, 0, found.holders, week.members)
        if is_told(week, k)
        else untold(publish_members(week)),
    )


def _publish_spent(found: CurrencyWeek, k: int) -> Figure:
    """What is told of it tells nothing of the single reward: that nobody bought the dear one, or that somebody did."""
    figure = publish_amount(found.spent, found.spenders, k, "points")
    if figure.value is None or not found.cheapest:
        return _about(figure)
    return _within(*spent_band(found, k))


def _publish_gone(amount: int, people: int, band: tuple[int, int], k: int) -> Figure:
    """What expired, or will."""
    figure = publish_amount(amount, people, k, "points")
    return figure if figure.value is None else _within(*band)


def _within(low: int, high: int) -> Figure:
    """The middle of a band, where that is no wider than it must be; else the band."""
    if low >= (BALANCE_STEPS - 1) * (high - low):
        return in_two_digits(fact((low + high) // 2, "points"))
    return amount_between(low, high, "points")


def _publish_outstanding(found: CurrencyWeek, k: int) -> Figure:
    """Without what counts later; where that may be more than a fifth of it, the bounds of all that members have."""
    issued, spent, expired = found.waiting
    counted = found.outstanding - issued + spent + expired
    figure = publish_amount(counted, found.holders if counted > 0 else 0, k, "points")
    if figure.value is None:
        return figure
    low, high, gone = counted, counted, sum(found.gone)
    if found.lasts:
        # Beside what is told to be left at most, the rest would be what expired before.
        most = found.had.left if counted <= found.had.left else AMOUNT_MAX
        band = publish_part(counted, max(1, found.lump), 0, most, most)
        low, high, gone = int(band.floor), int(band.ceiling or 0), max(gone, found.lump)
    # What was given back may be beyond: what is told is true of it too.
    low, high = min(low - gone, found.outstanding), max(high + found.room, found.outstanding)
    if counted >= BALANCE_STEPS * (high - low):
        return _about(fact((low + high) // 2, "points"))
    return amount_between(max(0, low), high, "points")


def _publish_may_be_left(found: CurrencyWeek, k: int) -> Figure:
    """The most that members can have of what expires, from what is told of what was issued, and what was put right by
    hand; or what they have, where more was given back."""
    if found.holders < k:
        return publish_amount(0, 0, k, "points")
    return amount_between(0, max(sum(found.came), found.outstanding), "points")


def _about(amount: Figure) -> Figure:
    """Most of what is spent, lost or had may be one person's."""
    return amount if amount.value is None else rounded(amount, balance_step(int(amount.value)))


def add_points(weeks: Sequence[Figure]) -> Figure:
    """What was spent or lost in some weeks, as far as it is told: no more exact than its parts."""
    if any(one.high is not None for one in weeks):
        most = [AMOUNT_MAX if one.ceiling is None else one.ceiling for one in weeks]
        return amount_between(int(sum(one.floor for one in weeks)), min(AMOUNT_MAX, int(sum(most))), "points")
    return in_two_digits(add_up(weeks, "points"))


def breakage(outstanding: Figure, spent: Figure, expired: Figure) -> Figure:
    """Of what members have, what will expire if the share stays what it was: from figures alone."""
    gone, most, highest = expired.ceiling, outstanding.ceiling, spent.ceiling
    if most is None or highest is None or gone is None:
        hidden = next((one.hidden for one in (outstanding, spent, expired) if one.ceiling is None), "few")
        return missing("points") if hidden == "missing" else not_shown("points")
    if highest + gone <= 0:
        return missing("points")
    if not gone:
        return fact(0, "points")
    least = expired.floor / (highest + expired.floor) if expired.floor else 0.0
    share = gone / (spent.floor + gone)
    if all(one.value is not None for one in (outstanding, spent, expired)):
        return in_two_digits(fact(round(most * share), "points"))
    step = two_digits(round(most * share))
    low, high = step * floor(outstanding.floor * least / step), step * ceil(most * share / step)
    return bounds_told(low, high, "points")
