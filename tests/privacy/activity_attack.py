"""What an attacker concludes about who was active when, from every figure of some weeks.

The unknown: how many of the others were active in just these weeks, for every choice of weeks; on how many days they
were active in each; and how many of them used a feature in a month.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy

from engage.core import measures
from engage.core.measures import WeekMeasures
from engage.core.published import publish_people, publish_week_days
from engage.core.published_beginners import publish_features
from tests.privacy.attacker import Attack, Sum
from tests.privacy.populations import FEATURE, FIRST, WEEK, Population

MONTH_WEEKS = 4


class Group(NamedTuple):
    """Members who have something in common: how many there are, and how many of these the attacker does not know."""

    name: str
    terms: Sum
    size: int
    unknown: int


class _Reader:
    """Reads the figures week by week, and lists the groups that they are about."""

    def __init__(self, people: Population, known: set[int], *, whole: bool) -> None:
        self.people, self.known = people, known | people.left
        self.patterns = numpy.arange(1 << people.weeks)
        self.own = numpy.array([people.pattern(member) for member in range(people.members)])
        self.strangers = numpy.array([member not in self.known for member in range(people.members)])
        self.here = numpy.array([member not in people.left for member in range(people.members)])
        self.dimension = len(self.patterns) + 2 * people.weeks
        self.attack = Attack(self.dimension, whole=whole)
        self.groups: list[Group] = []
        self.windows: dict[int, int] = {}
        """The last week of a window -> its weeks, one bit each, quiet ones aside."""
        others = int(self.strangers.sum())
        self.attack.knows(self._terms(self.patterns >= 0), others, others)

    def _terms(self, chosen: Any) -> Sum:
        terms = numpy.zeros(self.dimension)
        terms[: len(self.patterns)] = chosen
        return terms

    def _single(self, place: int) -> Sum:
        terms = numpy.zeros(self.dimension)
        terms[len(self.patterns) + place] = 1
        return terms

    def group(self, name: str, chosen: Any) -> Group:
        """Those whose pattern is among the chosen."""
        inside = chosen[self.own]
        sizes = int((inside & self.here).sum()), int((inside & self.strangers).sum())
        found = Group(name, self._terms(chosen), *sizes)
        if chosen.any():
            self.groups.append(found)
        return found

    def read_week(self, index: int, week: WeekMeasures) -> None:
        active = self.group(f"active in week {index}", self.patterns & 1 << index > 0)
        self.group(f"idle in week {index}", self.patterns & 1 << index == 0)
        known = active.size - active.unknown
        self.attack.reads(publish_people(week, self.people.k).active, active.terms, known)
        days = self._single(index)
        self.attack.knows(days - active.terms, 0)
        self.attack.knows(7 * active.terms - days, 0)
        figure = publish_week_days(week, self.people.k)
        if figure.ceiling is not None:
            self.attack.reads(figure, days, sum(self.people.days[member][index] for member in self.known))

    def read_month(self, index: int, week: WeekMeasures, *, quiet: bool) -> None:
        """The month that is over when the week is; `quiet`: whether quiet weeks are left out, as the docs say."""
        end = (measures.month_end(week.monday) - FIRST) // WEEK
        if end < MONTH_WEEKS - 1 or end in self.windows:
            return
        k = self.people.k
        window = sum(
            1 << at
            for at in range(end - MONTH_WEEKS + 1, end + 1)
            if not quiet or sum(own[at] > 0 for own in self.people.days) >= k
        )
        if not window:
            return
        self.windows[end] = window
        active = self.group(f"active in the month to {end}", self.patterns & window > 0)
        self.group(f"idle in the month to {end}", self.patterns & window == 0)
        figure = publish_people(week, k).active_4w
        self.attack.reads(figure, active.terms, active.size - active.unknown)
        uses = [any(use and window >> at & 1 for at, use in enumerate(own)) for own in self.people.uses]
        known = sum(uses[member] for member in self.known)
        users = self._single(self.people.weeks + end)
        self.attack.knows(active.terms - users, 0)
        self.attack.reads(publish_features(week, k, figure).members[FEATURE], users, known)
        self.groups.append(Group(f"users in the month to {end}", users, sum(uses), sum(uses) - known))
        rest = active.size - sum(uses), active.unknown - sum(uses) + known
        self.groups.append(Group(f"in the month to {end} without using it", active.terms - users, *rest))

    def compare(self) -> None:
        """The groups between two figures: who is in one of them and not in the other."""
        for end, window in self.windows.items():
            often = numpy.array([int(pattern & window).bit_count() > 1 for pattern in self.patterns])
            self.group(f"more than once in the month to {end}", often)
            for at in range(self.people.weeks):
                if window >> at & 1:
                    besides = (self.patterns & window > 0) & (self.patterns & 1 << at == 0)
                    self.group(f"in the month to {end} but not in week {at}", besides)
            before = self.windows.get(end - 1)
            if before:
                left = (self.patterns & before > 0) & (self.patterns & window == 0)
                self.group(f"in the month to {end - 1} but not to {end}", left)

    def learned(self) -> Iterator[str]:
        k, others = self.people.k, int(self.strangers.sum())
        self.attack.look_around([one.terms for one in self.groups])
        for one in self.groups:
            if (one.size < k or one.unknown in (0, others)) and self.attack.pins(one.terms):
                yield f"{one.size} {one.name}"
        for index in range(self.people.weeks):
            yield from self._days_learned(index)

    def _days_learned(self, index: int) -> Iterator[str]:
        """That each of the others who came in the week came on one day only, or on all."""
        days = {
            own[index] for own, stranger in zip(self.people.days, self.strangers, strict=True) if stranger
        }
        active = self._terms(self.patterns & 1 << index > 0)
        if days - {0} == {1} and self.attack.pins(self._single(index) - active):
            yield f"all on one day of week {index}"
        if days - {0} == {7} and self.attack.pins(7 * active - self._single(index)):
            yield f"all on every day of week {index}"


def attack_activity(
    people: Population,
    weeks: Sequence[WeekMeasures],
    known: set[int],
    *,
    whole: bool = False,
    quiet: bool = True,
) -> list[str]:
    """What was learned: groups of fewer than k, or of nobody or everybody unknown, whose size is certain."""
    reader = _Reader(people, known, whole=whole)
    for index, week in enumerate(weeks):
        reader.read_week(index, week)
    for index, week in enumerate(weeks):
        reader.read_month(index, week, quiet=quiet)
    reader.compare()
    return list(reader.learned())
