"""Champions as figures: how many carry the product, and how many departments rest on a single one.

A part of `engage.core.published`, with the same duty. A champion has the habit. How many departments show k champions
or more is counted from their figures, so it says nothing that these do not. The others are divided, in bands as levels
are, by whether several, one or none of their members is a champion: never which, and of few departments nothing.
"""

from __future__ import annotations

from typing import NamedTuple

from engage.core.measures import WeekMeasures
from engage.core.privacy import NOT_SHOWN, Figure, fact
from engage.core.published import People
from engage.core.published_people import SMALLER, publish_classes, publish_departments
from engage.core.segments import GROUP_OTHER
from engage.core.windows import publish_bands


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
    names = [name for name in week.departments if name not in ("", GROUP_OTHER)]
    shown = publish_departments(week, people, k)
    covered = {one.name for one in shown if one.name not in ("", SMALLER) and one.habitual.floor >= k}
    counts = [week.departments[name].habitual for name in names if name not in covered]
    single, without = _divided(counts, people, k)
    return Champions(
        people.habitual,
        publish_classes(week, people, k)[0],
        len(names),
        fact(len(covered), "each"),
        single,
        without,
    )


def _divided(counts: list[int], people: People, k: int) -> tuple[Figure, Figure]:
    """Of departments with so many champions: those with one, those without."""
    if people.habitual.value is None:
        return (Figure(NOT_SHOWN, "each", hidden="few"),) * 2
    kinds = [sum(count > 1 for count in counts), counts.count(1), counts.count(0)]
    _, single, without = publish_bands(kinds, k, fact(len(counts), "each"))
    return single, without
