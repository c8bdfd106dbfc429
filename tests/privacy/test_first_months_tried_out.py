"""The first months of a company, tried out: all ways in which its members can have come, and what is told of them.

Who first came in a month is active in it, or came in a quiet week alone; who came before is active or not. Whoever
knows all the rules thinks of every way of which the same is told: by these nothing may be one number below the floor.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from itertools import product
from typing import NamedTuple

import pytest

from engage.core import published_activated, published_cohorts, published_stages
from engage.core.measures import WeekMeasures
from engage.core.privacy import Figure
from engage.core.published import publish_people, remember_peaks
from engage.core.published_people import publish_cohorts
from engage.core.published_stages import stages_of
from engage.core.stage_weeks import no_stages
from tests.privacy.populations import FIRST, MONTH, WEEK

K = 3


class Way(NamedTuple):
    """Members who came in the first month, and in the second; active and in quiet weeks alone; and who came again."""

    first: int
    first_quiet: int
    new: int
    new_quiet: int
    again: int


def _ways(first: int, members: int, quiet: tuple[int, int]) -> Iterator[Way]:
    """So many are active in the first month: that is told."""
    few = [range((K - 1) * weeks + 1) for weeks in quiet]
    for first_quiet, new, new_quiet in product(few[0], range(members - first + 1), few[1]):
        came = first + first_quiet
        if came + new + new_quiet <= members:
            yield from (Way(first, first_quiet, new, new_quiet, again) for again in range(came + 1))


def _weeks(way: Way, members: int, quiet: tuple[int, int]) -> list[WeekMeasures]:
    ends = [FIRST + MONTH * at + 3 * WEEK for at in range(2)]
    came = way.first + way.first_quiet
    cohorts = (
        {ends[0]: (came, way.first)},
        {ends[0]: (came, way.again), ends[1]: (way.new + way.new_quiet, way.new)},
    )
    weeks = []
    for end, of_month, quiet_weeks in zip(ends, cohorts, quiet, strict=True):
        week = WeekMeasures(end, members=members, definition=2, floor=K, since=FIRST, cohorts=of_month)
        week.activated, week.active_4w = (sum(each) for each in zip(*of_month.values(), strict=True))
        new = of_month[end][1]
        week.stages = no_stages() | {
            "new": new,
            "active": week.active_4w - new,
            "invited": members - week.activated,
        }
        week.stages["dormant"] = week.activated - week.active_4w
        week.month = [0] * quiet_weeks + [max(K, week.active_4w - K)] * (4 - quiet_weeks)
        weeks.append(week)
    empty = WeekMeasures(FIRST - WEEK, definition=2, floor=K, month=[0] * 4, month_members=[0] * 4)
    remember_peaks([empty, *weeks], None, K)
    return weeks


def _told(weeks: list[WeekMeasures]) -> list[dict[str, Figure]]:
    """Each figure by its name, where of each month it is told how many were active."""
    found = []
    for week in weeks:
        people = publish_people(week, K)
        figures = {"active": people.active_4w, "activated": people.activated}
        figures |= {f"stage {stage}": figure for stage, figure in stages_of(week, K).items()}
        figures |= {f"cohort of {end}": figure for end, figure in publish_cohorts(week, K).items()}
        found.append(figures)
    return found if all(figures["active"].value is not None for figures in found) else []


GROUPS: dict[str, Callable[[Way], int]] = {
    "came in the first month": lambda way: way.first + way.first_quiet,
    "came in quiet weeks of the first month alone": lambda way: way.first_quiet,
    "came again": lambda way: way.again,
    "did not come again": lambda way: way.first + way.first_quiet - way.again,
    "came first in the second": lambda way: way.new + way.new_quiet,
    "active of these": lambda way: way.new,
    "came in quiet weeks of the second month alone": lambda way: way.new_quiet,
}


def _learned(first: int, members: int, quiet: tuple[int, int]) -> set[tuple[str, int]]:
    alike: dict[str, list[Way]] = defaultdict(list)
    for way in _ways(first, members, quiet):
        if told := _told(_weeks(way, members, quiet)):
            alike[str(told)].append(way)
    assert len(alike) > 9
    known = {name for name, weeks in zip(list(GROUPS)[1::5], quiet, strict=True) if not weeks}
    return {
        (name, group(ways[0]))
        for ways in alike.values()
        for name, group in GROUPS.items()
        if name not in known and group(ways[0]) < K and len({group(way) for way in ways}) == 1
    }


COMPANIES = [
    (8, 20, (0, 0)), (9, 24, (0, 0)), (12, 19, (0, 0)), (8, 20, (1, 0)), (11, 20, (2, 0)), (8, 17, (0, 1)),
    (9, 19, (1, 1)),
]  # fmt: skip
"""Active in the first month, of how many members, and how many weeks of the first and of the second were quiet."""


@pytest.mark.parametrize("first, members, quiet", COMPANIES)
def test_the_first_two_months_tell_of_no_group_below_the_floor(
    first: int, members: int, quiet: tuple[int, int]
) -> None:
    assert _learned(first, members, quiet) == set()


DEFENCES: dict[str, tuple[int, tuple[str, int], str, Callable[..., object]]] = {
    "who came in quiet weeks": (
        3,
        ("came in quiet weeks of the first month alone", 0),
        "in_quiet_weeks",
        lambda _: 0,
    ),
    "nobody came before the first month": (0, ("came again", 0), "is_first_month", lambda _: False),
    "what cohorts are told in": (
        0,
        ("did not come again", 1),
        "cohort_bands",
        lambda counts, *_: [(count, count) for count in counts],
    ),
}
"""Which of the companies shows it, what is learned, and what is put in its place."""


@pytest.mark.parametrize("defence", DEFENCES)
def test_without_one_defence_few_are_told_of(defence: str, monkeypatch: pytest.MonkeyPatch) -> None:
    company, learned, name, without = DEFENCES[defence]
    for module in (published_activated, published_cohorts, published_stages):
        if hasattr(module, name):
            monkeypatch.setattr(module, name, without)
    assert learned in _learned(*COMPANIES[company])


@pytest.mark.parametrize("first, members, quiet", COMPANIES)
def test_of_the_first_month_it_is_known_that_nobody_had_come_before(
    first: int, members: int, quiet: tuple[int, int]
) -> None:
    """Told of more, the band of those who are activated would leave fewer of whom it can be so."""
    few = (K - 1) * quiet[0]
    ways = [Way(first, came, 0, 0, first) for came in range(few + 1)]
    told = [_told(_weeks(way, members, quiet))[0]["activated"] for way in ways]
    assert min(figure.floor for figure in told) == first
    assert max(figure.ceiling or 0 for figure in told) == first + few
