"""Kinds of members as figures: what reports may read of classes of use, departments, cohorts, funnels and moves.

The second half of `engage.core.published`, with the same duty: it alone reads these counts. Each table names what its
cells are parts of and which of their sums a reader knows, for a hidden cell must not follow from them:

- classes: power + habitual is the figure "habitual", which is shown besides; the other three are what remains of the
  activated members. Each of the two is a table of its own where "habitual" is exact. Where it is "fewer than k",
  habitual members are one cell of a single table. Otherwise nothing is shown, for the others would tell how many are
  habitual.
- departments and roles: the active of each are among its own members, whose number is the host's list, and add up to
  the active members. Departments too small to tell anything of are one row, by their size alone.
- cohorts: those activated in each month that is over, and all who came later or not yet, are all members. The newest
  month is not told before it is over: two looks at it would tell who came between. Who of them is active now adds
  up to the active members. A cohort whose size is hidden shows nothing.
- funnels: each step is within the one before, the first within the members.
- what members have: two weeks' balances differ by what was issued, spent and expired, any of which may be hidden. So
  balances are rounded to two digits.
- active members a day: the month's active days are shown too, so that of four weeks one could be worked out from the
  others. So they are rounded to whole members.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

from engage.core.calendar import month_end
from engage.core.language import say
from engage.core.measures import WEEK, WeekMeasures
from engage.core.privacy import (
    NOT_SHOWN,
    Figure,
    fact,
    feasible,
    missing,
    publish_amount,
    publish_count,
    publish_split,
    publish_table,
    ratio,
)
from engage.core.published import People, publish_members, publish_week_days
from engage.core.segments import CLASS_WEEKS, GROUP_OTHER, GroupWeek, cohort_of

SMALLER: Final = "(smaller)"
"""The row of departments that are too small each to tell anything of."""


def is_measured(week: WeekMeasures) -> bool:
    """Whether it was frozen with what is published here."""
    return week.definition >= 1


# --- classes of use -------------------------------------------------------------------------------------------


def publish_classes(week: WeekMeasures, people: People, k: int) -> tuple[Figure, ...]:
    """Activated members by class of use: power, habitual, novice, low, none; see `engage.core.segments`."""
    if not is_measured(week):
        return (missing("members"),) * 5
    power, habitual, *others = week.classes
    # In its first twelve weeks nobody activated can be without use: a cell that is known protects no other.
    young = week.weeks_known <= CLASS_WEEKS
    if young:
        others = others[:-1]
    whole = people.activated
    if whole.value is None:
        # How many were never activated would follow, so they are a cell as well; who they are is the whole company.
        whole = publish_members(week)
        others.append(week.members - sum(week.classes))
    if people.habitual.value is not None:
        rest = fact(int(whole.value or 0) - people.habitual.value, "members")
        with_habit = publish_table([power, habitual], k, people.habitual, partition=True).cells
        cells = (*with_habit, *publish_table(others, k, rest, partition=True).cells)
    else:
        cells = publish_table([power + habitual, *others], k, whole, partition=True).cells
        if people.habitual.hidden != "few" or cells[0].hidden != "few":
            return (Figure(NOT_SHOWN, "members", hidden="few"),) * 5
        cells = (Figure(NOT_SHOWN, "members", hidden="few", low=0, high=k - 1), *cells)
    # All classes add up to those ever activated, and two looks at that number would tell who came between.
    untold = Figure(NOT_SHOWN, "members", hidden="protects", low=0, high=week.members)
    return (*cells[:3], untold, missing("members")) if young else (*cells[:4], untold)


# --- departments, roles, cohorts ------------------------------------------------------------------------------


def publish_parts(
    counts: Sequence[int], wholes: Sequence[Figure], total: Figure, k: int, members: int | None = None
) -> list[Figure]:
    """How many of each of several groups, none of whom is in two; together they are the figure `total`.

    Where the total is hidden for being small, or nearly all, so is every part by itself. `members`: of all groups
    together, where the size of some is hidden.
    """
    cells = [_part(count, whole, k) for count, whole in zip(counts, wholes, strict=True)]
    if total.value is None:
        return cells
    amount, most = int(total.value), sum(int(whole.ceiling or 0) for whole in wholes)
    # The smallest group first: its size is known, while which of the counts is smallest would tell of them.
    for index in sorted(range(len(cells)), key=lambda i: (wholes[i].ceiling or 0, i)):
        if _is_safe(cells, wholes, amount, most if members is None else members, k):
            break
        if not cells[index].hidden:
            high = int(wholes[index].value or 0) - k
            cells[index] = Figure(NOT_SHOWN, "members", hidden="protects", low=k, high=high)
    if all(cell.hidden for cell in cells):
        # Nothing is left to hide. That must not be seen in the telling cases only, or it would tell them.
        return [_untold(whole) for whole in wholes]
    return cells


def _untold(whole: Figure) -> Figure:
    return Figure(NOT_SHOWN, "members", hidden="few", low=0, high=whole.ceiling)


def _part(count: int, whole: Figure, k: int) -> Figure:
    if whole.value is None:
        return _untold(whole)
    return publish_count(count, k, whole)


def _is_safe(cells: Sequence[Figure], wholes: Sequence[Figure], total: int, most: int, k: int) -> bool:
    """Whether no hidden cell follows, and the hidden ones together leave k who are counted and k who are not."""
    hidden = [index for index, cell in enumerate(cells) if cell.value is None]
    if not hidden:
        return True
    left = total - sum(int(cell.value) for cell in cells if cell.value is not None)
    known = sum(whole.floor for whole, cell in zip(wholes, cells, strict=True) if cell.value is not None)
    room = min(sum(int(wholes[index].ceiling or 0) for index in hidden), most - known)
    above = sum(cells[index].ceiling or 0 for index in hidden) - left
    below = left - sum(cells[index].floor for index in hidden)
    return (
        left >= k
        and room - left >= k
        and min(above, below) >= k - 1
        and all(high - low >= k - 1 for low, high in feasible(cells, total, most))
    )


class Group(NamedTuple):
    """A department or role; "" is none, SMALLER those too small each."""

    name: str
    members: Figure
    activated: Figure
    active_4w: Figure
    active: Figure
    habitual: Figure


def publish_departments(week: WeekMeasures, people: People, k: int) -> tuple[Group, ...]:
    """The largest first; empty where the program does not say what a department is."""
    return _publish_groups(week.departments, people, k, merged=True)


def publish_roles(week: WeekMeasures, people: People, k: int) -> tuple[Group, ...]:
    return _publish_groups(week.roles, people, k, merged=False)


def _publish_groups(
    groups: Mapping[str, GroupWeek], people: People, k: int, *, merged: bool
) -> tuple[Group, ...]:
    large: dict[str, GroupWeek] = {}
    small = GroupWeek()
    for name, group in groups.items():
        if merged and name and (group.members < 2 * k - 1 or name == GROUP_OTHER):
            for one in GroupWeek.__struct_fields__:
                setattr(small, one, getattr(small, one) + getattr(group, one))
        else:
            large[name] = group
    if small.members:
        large[SMALLER] = small
    names = sorted(large, key=lambda name: (name in ("", SMALLER), -large[name].members, name))
    shown = [large[name] for name in names]
    sizes = [fact(group.members, "members") for group in shown]

    def parts(read: Callable[[GroupWeek], int], wholes: Sequence[Figure], total: Figure) -> list[Figure]:
        return publish_parts([read(group) for group in shown], wholes, total, k)

    active_4w = parts(lambda group: group.active_4w, sizes, people.active_4w)
    return tuple(
        Group(*row)
        for row in zip(
            names,
            sizes,
            parts(lambda group: group.activated, sizes, people.activated),
            active_4w,
            parts(lambda group: group.active, active_4w, people.active),
            parts(lambda group: group.habitual, active_4w, people.habitual),
            strict=True,
        )
    )


class Cohort(NamedTuple):
    """Members activated in one month (12 x year + month - 1), and how many of them are active in four weeks."""

    month: int
    activated: Figure
    active_4w: Figure


def publish_cohorts(week: WeekMeasures, people: People, k: int) -> tuple[Cohort, ...]:
    """Oldest first."""
    months = sorted(week.cohorts)
    if not is_measured(week) or not months:
        return ()
    going_on = cohort_of(month_end(week.monday) + WEEK)
    sizes = [0 if month == going_on else week.cohorts[month][0] for month in months]
    later = week.members - sum(sizes)
    table = list(publish_table([*sizes, later], k, publish_members(week), partition=True).cells[:-1])
    table = [
        Figure(NOT_SHOWN, "members", hidden="few", low=0, high=week.members) if month == going_on else size
        for month, size in zip(months, table, strict=True)
    ]
    active = publish_parts(
        [week.cohorts[month][1] for month in months], table, people.active_4w, k, week.members
    )
    return tuple(Cohort(*row) for row in zip(months, table, active, strict=True))


# --- ways, moves, concentration -------------------------------------------------------------------------------


def publish_funnel(week: WeekMeasures, funnel: str, k: int) -> tuple[Figure, ...] | None:
    """Members who reached each step. None: it was not measured."""
    counts = week.funnels.get(funnel)
    if counts is None:
        return None
    within, found = publish_members(week), []
    for count in counts:
        within = publish_count(count, k, within)
        found.append(within)
    return tuple(found)


class Moves(NamedTuple):
    """Members: to a higher level, to a lower one, who lost a streak, whose level falls in four weeks."""

    risen: Figure
    fallen: Figure
    streaks_broken: Figure
    falling: Figure


def publish_moves(week: WeekMeasures, k: int) -> Moves:
    if not is_measured(week):
        return Moves(*(missing("members"),) * 4)
    members = publish_members(week)
    risen, fallen, broken = (
        publish_count(count, k, members) for count in (week.risen, week.fallen, week.streaks_broken)
    )
    falling = publish_count(week.falling, k, members) if week.standing else missing("members")
    return Moves(risen, fallen, broken, falling)


def publish_concentration(week: WeekMeasures, k: int) -> Figure:
    """The share of four weeks' events that the most active tenth of members did."""
    if not is_measured(week):
        return missing("percent")
    top, theirs, total = week.top
    if top < k:
        return Figure(NOT_SHOWN, "percent", hidden="few")
    split = publish_split(theirs, top, total, week.active_4w - top, week.active_4w, k)
    return ratio(split.cells[0], split.total)


def publish_organic(week: WeekMeasures, people: People, k: int) -> Figure:
    """Members who did something in four weeks that no rule rewards."""
    if not is_measured(week):
        return missing("members")
    return publish_count(week.organic_4w, k, people.active_4w)


def publish_active_a_day(week: WeekMeasures, k: int) -> Figure:
    """The mean over the days of the week."""
    return _rounded(ratio(publish_week_days(week, k), fact(WEEK, "days"), "members"), 1)


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
    spent = publish_amount(found.spent, found.spenders, k, "points")
    expired = publish_amount(found.expired, found.losers, k, "points")
    if not week.standing:
        return Points(spent, expired, missing("points"), missing("points"), missing("members"))
    outstanding = publish_amount(found.outstanding, found.holders, k, "points")
    digits = 10 ** max(0, len(str(abs(found.outstanding))) - 2)
    return Points(
        spent,
        expired,
        _rounded(outstanding, digits),
        publish_amount(found.expiring, found.at_risk, k, "points"),
        publish_count(found.at_risk, k, publish_members(week)),
    )


def _rounded(figure: Figure, unit: int) -> Figure:
    """To a multiple of `unit`; what is a range already stays one."""
    if figure.value is None:
        return figure
    value = unit * round(figure.value / unit)
    text = say("about {figure}", figure=f"{value:,}") if unit > 1 else f"{value:,}"
    return Figure(text, figure.unit, value)


def breakage(outstanding: Figure, spent: Figure, expired: Figure) -> Figure:
    """Of what members have, what will expire if the share stays what it was: from figures alone."""
    used = spent.value, expired.value
    if outstanding.value is None or used[0] is None or used[1] is None:
        hidden = next(one.hidden for one in (outstanding, spent, expired) if one.value is None)
        return missing("points") if hidden == "missing" else Figure(NOT_SHOWN, "points", hidden="few")
    if used[0] + used[1] <= 0:
        return missing("points")
    value = round(outstanding.value * used[1] / (used[0] + used[1]))
    return _rounded(fact(value, "points"), 10 ** max(0, len(str(abs(value))) - 2))
