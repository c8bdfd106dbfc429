"""Counts of groups that divide the same people, as figures: departments, roles.

A part of `engage.core.published`, with the same duty. Each group's size is the host's list, and the counts add up to a
figure that is shown besides, exact or not: no hidden one may follow from these. Who was active of different groups, in
whichever months, are different members, and those of a month who are of no group that is told of are of the others:
together no fewer can be activated, and what is told of that leaves room above.
Who has the habit was active in each of three months: those of a group are judged within what was told of it in these.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from msgspec.structs import replace

from engage.core.calendar import month_end
from engage.core.measures import HABIT_WEEKS, MONTH_WEEKS, WeekMeasures
from engage.core.privacy import NOT_SHOWN, Figure, fact, publish_count
from engage.core.segments import GROUP_OTHER, GroupWeek

if TYPE_CHECKING:
    from engage.core.published import People

SMALLER: Final = "(smaller)"
"""The row of departments that are too small each to tell anything of."""


class Group(NamedTuple):
    """A department or role; "" is none, SMALLER those too small each."""

    name: str
    members: Figure
    active_4w: Figure
    habitual: Figure


def rows_of(groups: Mapping[str, GroupWeek], k: int, *, merged: bool) -> dict[str, GroupWeek]:
    """The largest first, then who is in none, then, of departments, those that are too small each."""
    large: dict[str, GroupWeek] = {}
    small = GroupWeek()
    for name, group in groups.items():
        if merged and name and (group.members < 2 * k - 1 or name in (GROUP_OTHER, SMALLER)):
            for one in GroupWeek.__struct_fields__:
                setattr(small, one, getattr(small, one) + getattr(group, one))
        else:
            large[name] = group
    if small.members:
        large[SMALLER] = small
    names = sorted(large, key=lambda name: (name in ("", SMALLER), -large[name].members, name))
    return {name: large[name] for name in names}


def active_parts(rows: Mapping[str, GroupWeek], active_4w: Figure, k: int) -> list[Figure]:
    """The active members of each, before what is told of the habit may hide them."""
    shown = rows.values()
    sizes = [fact(group.members, "members") for group in shown]
    absent = [group.absent for group in shown]
    return publish_parts([group.active_4w for group in shown], sizes, active_4w, k, absent)


def publish_groups(
    week: WeekMeasures, groups: Mapping[str, GroupWeek], people: People, k: int, *, merged: bool
) -> tuple[Group, ...]:
    rows = rows_of(groups, k, merged=merged)
    shown = list(rows.values())
    sizes = [fact(group.members, "members") for group in shown]
    active_4w = active_parts(rows, people.active_4w, k)
    earlier = week.groups_told[1:]
    able = [
        min([group.members - group.no_habit, *(told[name] for told in earlier if name in told)])
        for name, group in rows.items()
    ]
    most = _most_steady(active_4w, able, people)
    # What groups leave of those who can have the habit is told where it is k more than are told to.
    near = people.habitual.floor + k
    if most < min(near, people.active_4w.ceiling or 0, sum(able)):
        active_4w = [untold(size) for size in sizes]
    unable = [max(0, group.active_4w - one) for group, one in zip(shown, able, strict=True)]
    # Where it was not told how many of a group were active in a month, those with the habit would say it of the least.
    within = [
        cell if all(name in told for told in earlier) else untold(cell)
        for name, cell in zip(rows, active_4w, strict=True)
    ]
    habitual = publish_parts([group.habitual for group in shown], within, people.habitual, k, unable)
    left = [one if cell.value is None else int(cell.value) for cell, one in zip(habitual, able, strict=True)]
    if left != [cell.value for cell in habitual] and _most_steady(active_4w, left, people) < min(near, most):
        habitual = [untold(one) for one in active_4w]
    return tuple(Group(*row) for row in zip(rows, sizes, active_4w, habitual, strict=True))


def _most_steady(active_4w: Sequence[Figure], able: Sequence[int], people: People) -> int:
    """The most who can have the habit, where so many of each group can, and so many are told to be active."""
    least = sum(cell.floor for cell in active_4w)
    each = list(zip(active_4w, able, strict=True))
    steady = sum(min(cell.floor, most) for cell, most in each)
    room = sum(max(0, min(cell.ceiling or 0, most) - cell.floor) for cell, most in each)
    return int(steady + min(room, (people.active_4w.ceiling or 0) - least))


def remember_groups(week: WeekMeasures, before: WeekMeasures | None, active_4w: Figure) -> int:
    """Write into a new week how many of each group will do for all that is told of who was active in a month so far.
    Returns how many these are: no fewer than must have been activated. A month is told by its first look."""
    kept = before or WeekMeasures(week.monday)
    week.department_peaks, week.role_peaks = kept.department_peaks, kept.role_peaks
    told = kept is before and month_end(kept.monday) == month_end(week.monday)
    if not told or (kept.departments, kept.roles) != (week.departments, week.roles):
        week.department_peaks = _peaks(kept.department_peaks, week.departments, week, active_4w, merged=True)
        roles = {} if any(week.departments) else week.roles
        week.role_peaks = _peaks(kept.role_peaks, roles, week, active_4w, merged=False)
    return max(sum(week.department_peaks.values()), sum(week.role_peaks.values()))


def remember_told(week: WeekMeasures, before: WeekMeasures | None, people: People) -> None:
    """Write into a new week how many of each group are told to be active in the month, and were in the two before."""
    divided = any(week.departments)
    earlier = before.groups_told[month_end(before.monday) == month_end(week.monday) :] if before else []
    if before and divided is not any(before.departments):
        earlier = [{} for _ in earlier]
    groups = week.departments if divided else week.roles
    week.groups_told = [{}, *earlier][: HABIT_WEEKS // MONTH_WEEKS]
    told = publish_groups(week, groups, people, week.floor, merged=divided)
    week.groups_told[0] = {
        one.name: int(one.active_4w.value) for one in told if one.active_4w.value is not None
    }


def _peaks(
    kept: Mapping[str, int],
    groups: Mapping[str, GroupWeek],
    week: WeekMeasures,
    active_4w: Figure,
    *,
    merged: bool,
) -> dict[str, int]:
    """Whoever else was active in the month is taken to be of the groups that leave most room. Fewer of others might do
    for all months: then bands leave more room above than they must."""
    rows = rows_of(groups, week.floor, merged=merged)
    cells = dict(zip(rows, active_parts(rows, active_4w, week.floor), strict=True))
    found = {**kept, **{name: max(kept.get(name, 0), int(cell.floor)) for name, cell in cells.items()}}
    room = {name: max(0, int(cell.ceiling or 0) - found[name]) for name, cell in cells.items()}
    others = int(active_4w.floor) - sum(
        min(found[name], int(cell.ceiling or 0)) for name, cell in cells.items()
    )
    for name in sorted(room, key=lambda name: -room[name]):
        more = max(0, min(others, room[name]))
        found[name] += more
        others -= more
    return {name: least for name, least in found.items() if least}


def publish_parts(
    counts: Sequence[int],
    wholes: Sequence[Figure],
    total: Figure,
    k: int,
    absent: Sequence[int] = (),
) -> list[Figure]:
    """How many of each of several groups, none of whom is in two; together they are the figure `total`.

    Where the total is hidden for being small, or nearly all, so is every part by itself. `absent`: of each, who cannot
    be counted, as everybody knows.
    """
    if any(absent):
        able = [
            whole if whole.value is None else fact(whole.value - away, "members")
            for whole, away in zip(wholes, absent, strict=True)
        ]
        cells = publish_parts(counts, able, total, k)
        return [_of_all(cell, whole, k) for cell, whole in zip(cells, wholes, strict=True)]
    cells = [_part(count, whole, k) for count, whole in zip(counts, wholes, strict=True)]
    hidden = [cell for cell in cells if cell.value is None]
    if not hidden and total.value is not None:
        return cells
    known = sum(int(cell.value) for cell in cells if cell.value is not None)
    left = [int(end) - known for end in (total.floor, total.ceiling or 0)]
    # The smallest group first: its size is known, while which of the counts is smallest would tell of them.
    for at in sorted(range(len(cells)), key=lambda at: (wholes[at].floor, at)):
        count, size = cells[at].value, int(wholes[at].floor)
        if count is None:
            continue
        if all(_is_concealed(hidden, end, k) for end in left):
            return cells
        if size < 3 * k:  # It can be fewer than k numbers, so it could not hide another.
            continue
        left = [end + int(count) for end in left]
        cells[at] = Figure(NOT_SHOWN, "members", hidden="protects", low=k, high=size - k)
        hidden.append(cells[at])
    # Nothing is left to hide. That must not be seen in the telling cases only, or it would tell them.
    return [untold(whole) for whole in wholes]


def _of_all(cell: Figure, whole: Figure, k: int) -> Figure:
    """A part of those who can be counted, told of the whole group: its range must not say how many these are."""
    match cell.hidden:
        case "few":
            return untold(whole) if cell.text == NOT_SHOWN else cell
        case "most":
            return replace(cell, high=whole.ceiling)
        case "protects":
            return replace(cell, high=(whole.ceiling or 0) - k)
        case _:
            return cell


def untold(whole: Figure) -> Figure:
    return Figure(NOT_SHOWN, "members", hidden="few", low=0, high=whole.ceiling)


def _part(count: int, whole: Figure, k: int) -> Figure:
    if whole.value is None:
        return untold(whole)
    return publish_count(count, k, whole)


def _is_concealed(hidden: Sequence[Figure], together: int, k: int) -> bool:
    """Whether each of the hidden parts keeps k values, where so many are `together` in all of them.

    Whoever knows the rules knows of one that joined that those before were not concealed without it. That they may have
    been the least that they can be, or up to k - 1 more, whatever had joined them; or as few less than the most. So
    these must be k from either, which leaves k values; and the last that joined has to have room for all the others
    that one of the two ends leaves.
    """
    if len(hidden) < 2 or any((cell.ceiling or 0) < k - 1 for cell in hidden):
        return False
    near = min(
        together - sum(int(cell.floor) for cell in hidden),
        sum(int(cell.ceiling or 0) for cell in hidden) - together,
    )
    last = hidden[-1]
    return near >= k and (last.hidden != "protects" or near <= (last.ceiling or 0) - last.floor)
