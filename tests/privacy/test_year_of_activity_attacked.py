"""Privacy as an attack, on a year of who was active, has the habit, stands in which stage and works where, while
members join, leave and move; see `year_activity.py`. ENGAGE_ATTACKS=3000 attacks more companies."""

from __future__ import annotations

import os
from random import Random

import pytest

from engage.core import presence, published_stages
from engage.core.measures import WeekMeasures
from engage.core.presence import Presence
from engage.core.published import remember_peaks
from engage.core.published_stages import stages_of
from engage.core.stage_weeks import no_stages
from engage.core.state import MemberState
from tests.privacy import year_activity, year_population
from tests.privacy.populations import FIRST, MONTH, WEEK
from tests.privacy.year_activity import acquaintances, attack_year
from tests.privacy.year_population import MONTHS, STAYS, Person, Year, random_year, with_absences

YEARS = int(os.environ.get("ENGAGE_ATTACKS", "0")) // 5
QUICK = {("",): (1001, 2001, 2003, 2008, 2009), ("sales", "it"): (2001,)}
"""Departments -> companies of few ways through the year, attacked at every run; YEARS others besides."""


def learned_of(seed: int, departments: tuple[str, ...]) -> list[str]:
    random = Random(seed)
    year = random_year(random, departments)
    return attack_year(year, acquaintances(random, year))


@pytest.mark.parametrize("departments", QUICK, ids=len)
def test_a_year_of_activity_tells_of_no_group_below_the_floor(departments: tuple[str, ...]) -> None:
    for seed in (*QUICK[departments], *range(3000, 3000 + YEARS)):
        assert learned_of(seed, departments) == [], f"company {seed}"


def _only_listed(presence: Presence, member: MemberState, *_: object) -> None:
    """Nobody is taken to be absent."""
    if member.left:
        presence._list(member.left)


def test_without_who_cannot_have_come_a_year_tells_of_those_who_stayed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert learned_of(1001, ("",)) == []
    monkeypatch.setattr(Presence, "count", _only_listed)
    assert learned_of(1001, ("",)) != []


AWAY = range(6, 10)
HERE = [week for week in range(12) if week not in AWAY]
SEASON = Year(
    3,
    [Person(0, STAYS, ("",) * MONTHS, 0xFFF)] * 4
    + [
        Person(
            0,
            STAYS,
            ("",) * MONTHS,
            sum(1 << week for week in HERE if (week + one) % 8 not in (1, 4, 6)),
            away=(AWAY.start, AWAY.stop),
        )
        for one in range(8)
    ],
)
"""Four come every week. Eight come in most, but had left for four weeks of twelve, so that none of them has a habit."""


def _within(months: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (year_population, year_activity):
        monkeypatch.setattr(module, "MONTHS", months)
    monkeypatch.setattr(year_population, "WEEKS", 4 * months)


@pytest.mark.parametrize("seed", [986_000_026, *range(6000, 6000 + YEARS)])
def test_members_who_come_back_tell_of_no_group_below_the_floor(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first one learned of three who came in a month before it was remembered who had left."""
    _within(5, monkeypatch)
    random = Random(seed)
    year = with_absences(random, random_year(random))
    assert attack_year(year, acquaintances(random, year)) == []


def test_who_came_back_cannot_have_come_while_they_had_left(monkeypatch: pytest.MonkeyPatch) -> None:
    _within(3, monkeypatch)
    assert attack_year(SEASON, SEASON.members[:1]) == []
    monkeypatch.setattr(presence, "is_marked", lambda *_: False)
    assert attack_year(SEASON, SEASON.members[:1]) != []


YOUNG = Year(
    3,
    [
        Person(0, STAYS, ("",) * MONTHS, weeks)
        for weeks, members in ((0, 2), (0b1, 2), (0b10, 5), (0b1000, 2), (0b10000, 3))
        for _ in range(members)
    ],
)
"""Each comes once; in two weeks so few come that these are quiet."""


def test_those_who_came_in_quiet_weeks_of_a_young_company_tell_nothing_of_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _within(3, monkeypatch)
    assert attack_year(YOUNG, YOUNG.members[:1]) == []


MEMBERS = 20


def _two_months(before: int, new: int, k: int) -> list[WeekMeasures]:
    """So many came in the first month; in the second they came again, and others for the first time."""
    weeks = []
    for at, (active, first) in enumerate(((before, before), (before + new, new))):
        week = WeekMeasures(FIRST + MONTH * at + 3 * WEEK, members=MEMBERS, definition=2, floor=k)
        week.active_4w = week.activated = active
        week.month, week.month_members = [active] * 4, [MEMBERS] * 4
        week.stages = no_stages() | {"new": first, "active": active - first, "invited": MEMBERS - active}
        weeks.append(week)
    remember_peaks(weeks, None, k)
    return weeks


def _left_to_come(k: int) -> list[tuple[int, int]]:
    """Who had come in the first month and came first in the second, where it is told how many never did."""
    found = []
    for before in range(k, MEMBERS + 1):
        for new in range(MEMBERS - before + 1):
            first, second = (stages_of(week, k) for week in _two_months(before, new, k))
            least = first["invited"].floor - (second["new"].ceiling or 0)
            most = (first["invited"].ceiling or 0) - second["new"].floor
            if MEMBERS - before - new < k and most - max(0, least) < 1:
                found.append((before, new))
    return found


def test_who_is_new_does_not_tell_that_all_have_come(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _left_to_come(3) == []
    monkeypatch.setattr(published_stages, "_before", lambda _: None)
    assert _left_to_come(3) != []


@pytest.mark.parametrize("idle", [8, 9, 10, 12, 13])
def test_who_left_lately_and_who_left_before_are_told_alike(idle: int) -> None:
    """Thirteen left, eight of them before the month: how many of the other five came is told to nobody."""
    week = WeekMeasures(739_018, members=60, definition=2, month=[20] * 4, stages=no_stages())
    week.active_4w, week.activated = 40, 45
    week.month_absent, week.month_left = [0] * 4, (8, 13)
    week.stages["left_never"] = idle
    assert stages_of(week, 5)["left"].text == "not shown"
