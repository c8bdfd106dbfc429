"""Privacy as an attack, on years of a few months that show what one rule is for; see `year_attacks.py`."""

from __future__ import annotations

from random import Random

import pytest

from engage.core import published, published_parts
from engage.core.measures import WeekMeasures
from engage.core.privacy import Figure
from engage.core.published import publish_people, remember_peaks
from engage.core.published_cohorts import had_come
from engage.core.published_parts import active_parts, rows_of
from engage.core.published_people import publish_cohorts
from engage.core.segments import GroupWeek
from tests.privacy import year_attacks
from tests.privacy.populations import FIRST, MONTH, WEEK
from tests.privacy.year_attacks import Came, attack_members, growing_members, weeks_of_year


def _wave(first: int, *active: int) -> list[Came]:
    """So many of it are active in each month from the first in which somebody came."""
    counts = (*[0] * max(0, first), *active)
    cohort = year_attacks.cohort_of(FIRST, 4 * first)
    return [Came(cohort, first, tuple(int(one < count) for count in counts)) for one in range(max(counts))]


@pytest.mark.parametrize("since", [FIRST, FIRST - WEEK])
def test_of_months_after_the_first_in_which_anybody_came_some_who_never_did_are_missed(since: int) -> None:
    """Whoever knows that nobody came before the first month knows that thirteen came first, and none but these."""
    ends = [FIRST + MONTH * at - WEEK for at in (1, 2)]
    cohorts = ({ends[0]: (13, 13)}, {ends[0]: (13, 9), ends[1]: (11, 11)})
    weeks = [
        WeekMeasures(
            end, members=27, activated=activated, active_4w=active, month=month, cohorts=cohorts[at], since=since,
            floor=3, definition=1,
        )
        for at, (end, activated, active, month) in enumerate(
            zip(ends, (13, 24), (13, 20), ([3, 5, 8, 11], [11, 12, 13, 16]), strict=True)
        )
    ]  # fmt: skip
    for week in weeks:
        week.cohorts[ends[0] - MONTH] = (0, 0)
    remember_peaks(weeks, None, 3)
    assert publish_people(weeks[0], 3).activated.ceiling == 17
    most = 13 if since == FIRST else 17
    assert had_come(weeks[0])[ends[0]] == (11, most)
    assert [cell.ceiling for cell in publish_cohorts(weeks[1], 3).values()] == [most - 4, 16]


@pytest.mark.parametrize("place", [0, 1], ids=["departments", "roles"])
def test_of_whoever_came_of_different_groups_in_different_months_some_are_missed(
    place: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seven and ten were active at least, so that nobody else of seventeen was activated."""
    monkeypatch.setattr(year_attacks, "MONTHS", 2)
    groups = {"sales": (_wave(-1, 7, 5), 4), "it": (_wave(-1, 7, 10), 3)}
    members = []
    for name, (wave, idle) in groups.items():
        work = ("", name) if place else (name, "")
        members += [one._replace(work=work) for one in (*wave, *[Came(-1, 2, (0, 0))] * idle)]
    departments, roles = ((), tuple(groups)) if place else (tuple(groups), ())
    assert attack_members(members, members[:1], 3, FIRST, None, departments, roles) == []
    monkeypatch.setattr(published, "remember_groups", lambda *_: 0)
    assert attack_members(members, members[:1], 3, FIRST, None, departments, roles) != []


def _told_alone(
    kept: dict[str, int], groups: dict[str, GroupWeek], week: WeekMeasures, active_4w: Figure, *, merged: bool
) -> dict[str, int]:
    """Of whom else it is told that they were active is not remembered."""
    rows = rows_of(groups, week.floor, merged=merged)
    cells = zip(rows, active_parts(rows, active_4w, week.floor), strict=True)
    return kept | {name: max(kept.get(name, 0), int(cell.floor)) for name, cell in cells}


def test_of_whoever_came_beside_a_group_that_had_more_active_before_some_are_missed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Twenty of one role were active, and then fifteen beside those of it, so that nobody else of 35 was activated."""
    monkeypatch.setattr(year_attacks, "MONTHS", 2)
    roles = {"it": (_wave(-1, 20, 18), 12), "ops": (_wave(-1, 7, 7) + _wave(1, 8), 6), "": ([], 6)}
    members = []
    for role, (waves, idle) in roles.items():
        members += [one._replace(work=("", role)) for one in (*waves, *[Came(-1, 2, (0, 0))] * idle)]
    assert attack_members(members, members[:1], 3, FIRST, None, (), tuple(roles)) == []
    monkeypatch.setattr(published_parts, "_peaks", _told_alone)
    assert attack_members(members, members[:1], 3, FIRST, None, (), tuple(roles)) != []


def test_of_growing_companies_cohorts_are_told_in_most_months(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(year_attacks, "MONTHS", 6)
    months = bands = narrow = 0
    for seed in range(150):
        random = Random(seed)
        k, start = random.choice((3, 4, 5)), FIRST + MONTH * random.randrange(40)
        for week in weeks_of_year(growing_members(random, k, start), k, start):
            cells = publish_cohorts(week, k).values()
            months += bool(cells)
            bands += sum(cell.floor > 0 for cell in cells)
            narrow += sum(cell.floor > 0 and (cell.ceiling or 0) - cell.floor < 2 * k for cell in cells)
    assert (months, bands, narrow) == (743, 1405, 785)
