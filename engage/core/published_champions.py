"""Champions as figures: how many carry the product, and how many departments rest on a single one.

A part of `engage.core.published`, with the same duty. A champion has the habit. How many departments show k champions
or more is counted from their figures, so it says nothing that these do not. Of the others it is told in bands how many
rest on one champion, and what follows of it for those without: never which, and of few departments nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from engage.core.measures import WeekMeasures
from engage.core.privacy import Figure, fact, not_shown
from engage.core.published import People
from engage.core.published_classes import publish_classes
from engage.core.published_floors import floor_of
from engage.core.published_parts import SMALLER
from engage.core.published_people import publish_departments
from engage.core.segments import GROUP_OTHER, GroupWeek
from engage.core.windows import between, publish_flow


class Champions(NamedTuple):
    members: Figure
    power: Figure
    """Of them, power users."""
    departments: int
    """The company has."""
    covered: Figure
    """Departments with k champions or more, by their figures."""
    single: Figure
    """Departments that rest on one champion."""
    without: Figure


def publish_champions(week: WeekMeasures, people: People, k: int) -> Champions:
    k = floor_of(week, k)
    names = [name for name in week.departments if name not in ("", GROUP_OTHER)]
    shown = publish_departments(week, people, k)
    covered = {
        one.name: one.habitual for one in shown if one.name not in ("", SMALLER) and one.habitual.floor >= k
    }
    groups = [week.departments[name] for name in names if name not in covered]
    single, without = _divided(groups, _rest(week, people, covered.values()), k)
    return Champions(
        people.habitual,
        publish_classes(week, people, k)[0],
        len(names),
        fact(len(covered), "each"),
        single,
        without,
    )


def _rest(week: WeekMeasures, people: People, covered: Collection[Figure]) -> tuple[int, int] | None:
    """The least and the most champions outside the covered departments; None: how many there are is not told."""
    if people.habitual.value is None:
        return None
    most = int(people.habitual.value - sum(one.floor for one in covered))
    apart = sum(week.departments[name].members for name in ("", GROUP_OTHER) if name in week.departments)
    least = int(people.habitual.value - sum(one.ceiling or 0 for one in covered)) - apart
    return max(0, least), most


def _divided(groups: Sequence[GroupWeek], rest: tuple[int, int] | None, k: int) -> tuple[Figure, Figure]:
    """Of departments with so many champions in all: those with one, those without. `rest`: the least and the most
    champions that they can have together, by what is told; None: nothing is. Who left, or joined too late for a habit,
    can be none.

    Those with one are told in bands, which leave room below the most that there can be, and above the least: where
    departments of several can hold no more, the others rest on those with one. Those without are what follows: a band
    of their own, beside the other and the number of champions, could leave a single way, and that no department has a
    second champion would tell of everybody in each whose champion is known.
    """
    if rest is None:
        return (not_shown("each"),) * 2
    sizes = sorted((able for group in groups if (able := group.members - group.no_habit) > 0), reverse=True)
    low, high = (min(one, sum(sizes)) for one in rest)
    # The most first grows with the champions, up to one in each department, and then falls.
    ends = [_most_single(sizes, champions) for champions in (low, min(max(low, len(sizes)), high), high)]
    sure, most = min(ends), max(ends)
    least = max(0, high - sum(size for size in sizes if size > 1))
    single = publish_flow(sum(group.habitual == 1 for group in groups), 2 * k, least, sure, most)
    fewest, highest = int(single.floor), int(single.ceiling or 0)
    others = -(-max(0, low - fewest) // sizes[0]) if sizes else 0
    several = (high - highest) // 2
    without = between(len(groups) - highest - several, len(groups) - fewest - others, len(groups))
    return single, without


def _most_single(sizes: Sequence[int], champions: int) -> int:
    """How many departments, those first where most can be, can have one champion where all together have so many."""
    single = min(len(sizes), champions)
    while single + sum(sizes[: len(sizes) - single]) < champions:
        single -= 1
    return single
