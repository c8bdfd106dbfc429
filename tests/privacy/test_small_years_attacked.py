"""Privacy as an attack, on years of a few months that show what one rule of cohorts is for; see `year_attacks.py`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random

import pytest
from msgspec.structs import replace

from engage.core import cohort_room, published, published_cohorts, remembered_cohorts
from engage.core.calendar import month_end
from engage.core.cohort_room import Known, _ByThen
from engage.core.measures import WeekMeasures
from engage.core.privacy import Figure
from engage.core.published import publish_people, remember_peaks
from engage.core.published_people import publish_cohorts
from tests.privacy import year_attacks
from tests.privacy.populations import FIRST, MONTH, WEEK
from tests.privacy.year_attacks import Came, attack_members, growing_members, weeks_of_year


def _wave(cohort: int, first: int, *active: int) -> list[Came]:
    """So many of it are active in each month from the first in which somebody came."""
    counts = (*[0] * max(0, first), *active)
    return [Came(cohort, first, tuple(int(one < count) for count in counts)) for one in range(max(counts))]


by_then = cohort_room._by_then


def _not_of_cohorts_alone(told: Known) -> _ByThen:
    return by_then(told)._replace(of_cohorts=dict.fromkeys(told.months, 0))


def test_of_the_first_who_came_and_came_alone_some_are_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Six came in a month in which nobody else can have been active; four of them are later."""
    monkeypatch.setattr(year_attacks, "MONTHS", 4)
    waves = [
        [Came(-1, 4, (0,) * 4)] * 3,
        _wave(24291, 0, 6, 4, 4, 4),
        _wave(24292, 1, 8, 5, 8),
        _wave(24292, 2, 4, 4),
        _wave(24294, 3, 5),
    ]
    members = [one for wave in waves for one in wave]
    assert attack_members(members, members[-1:], 3, FIRST) == []
    monkeypatch.setattr(cohort_room, "_by_then", _not_of_cohorts_alone)
    assert attack_members(members, members[-1:], 3, FIRST) != []


def test_beside_a_week_before_the_newest_cohort_a_hidden_one_leaves_room(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In the last month's first week twenty-five came of the first three cohorts: two more than are told of the second
    and third, and of the first no more than two can be active."""
    monkeypatch.setattr(year_attacks, "MONTHS", 4)
    waves = [
        [Came(-1, 4, (0,) * 4)] * 7,
        _wave(24291, 0, 6, 2, 2, 2),
        _wave(24292, 1, 14, 14, 14),
        _wave(24293, 2, 9, 9),
        _wave(24294, 3, 4),
    ]
    *_, before, last = weeks_of_year([one for wave in waves for one in wave], 3, FIRST)

    def told() -> Mapping[int, Figure]:
        week = replace(last, month=[25, *last.month[1:]])
        remember_peaks([week], before, 3)
        return publish_cohorts(week, publish_people(week, 3), 3)

    assert not any(cell.floor for cell in told().values())
    monkeypatch.setattr(cohort_room, "_leaves_in_weeks", lambda *_: True)
    first, second, third, _ = told().values()
    assert first.value is None
    assert first.ceiling == 25 - (second.value or 0) - (third.value or 0)


@pytest.mark.parametrize("since", [FIRST, FIRST - WEEK])
def test_of_months_after_the_first_in_which_anybody_came_some_who_never_did_are_missed(since: int) -> None:
    """Thirteen came first, at most, and eleven of the twenty of the next month besides nine of these: by its end no
    more than twenty-four of twenty-seven, and it is told that they are no fewer."""
    cohorts = ({24290: (0, 0), 24291: (13, 13)}, {24290: (0, 0), 24291: (13, 9), 24292: (11, 11)})
    weeks = [
        WeekMeasures(
            FIRST + MONTH * (at + 1) - WEEK,
            members=27,
            activated=activated,
            active_4w=active,
            month=month,
            cohorts=cohorts[at],
            since=since,
            floor=3,
            definition=1,
        )
        for at, (activated, active, month) in enumerate(((13, 13, [3, 5, 8, 11]), (24, 20, [11, 12, 13, 16])))
    ]
    remember_peaks(weeks, None, 3)
    people = publish_people(weeks[1], 3)
    assert (people.activated.text, people.active_4w.value) == ("24 or more", 20)
    cells = publish_cohorts(weeks[1], people, 3)
    assert [cell.value for cell in cells.values()] == ([None] * 3 if since == FIRST else [None, 9, None])


@pytest.mark.parametrize("place", [0, 1], ids=["departments", "roles"])
def test_of_whoever_came_of_different_groups_in_different_months_some_are_missed(
    place: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seven and ten were active at least, so that nobody else of seventeen was activated."""
    monkeypatch.setattr(year_attacks, "MONTHS", 2)
    groups = {"sales": (_wave(24290, -1, 7, 5), 4), "it": (_wave(24290, -1, 7, 10), 3)}
    members = []
    for name, (wave, idle) in groups.items():
        work = ("", name) if place else (name, "")
        members += [one._replace(work=work) for one in (*wave, *[Came(-1, 2, (0, 0))] * idle)]
    departments, roles = ((), tuple(groups)) if place else (tuple(groups), ())
    assert attack_members(members, members[:1], 3, FIRST, None, departments, roles) == []
    monkeypatch.setattr(published, "remember_groups", lambda *_: 0)
    assert attack_members(members, members[:1], 3, FIRST, None, departments, roles) != []


who_came, leaves_by_then = remembered_cohorts._came, cohort_room._leaves_by_then


def _without_hidden(told: Known) -> _ByThen:
    months = {monday: replace(month, hidden=None) for monday, month in told.months.items()}
    return by_then(told._replace(months=months))


Switch = tuple[object, str, Callable[..., object]]
GROWING: dict[str, tuple[int, int, tuple[Switch, ...]]] = {
    "cohorts that came within four weeks": (
        800400343,
        -1,
        (
            (remembered_cohorts, "_near", lambda *_: []),
            (published_cohorts, "_is_within", lambda *_: False),
        ),
    ),
    "a month in which few can have come": (
        800000290,
        39,
        (
            (
                remembered_cohorts,
                "_came",
                lambda week, most, cells, month, _: who_came(week, most, cells, month, 10**6),
            ),
        ),
    ),
    "beside many who must have come": (
        800402668,
        -1,
        ((cohort_room, "_leaves_before", lambda *_: True),),
    ),
    "a cohort hidden in several months": (
        806710107,
        29,
        ((cohort_room, "_leaves_to_hidden", lambda *_: True),),
    ),
    "a cohort that came in part before a month": (
        800300027,
        28,
        ((cohort_room, "_since", lambda month, activated: [(month.after, activated)]),),
    ),
    "the most of hidden cohorts beside the others of a month": (
        800300027,
        28,
        ((cohort_room, "_by_then", _without_hidden),),
    ),
}
"""Companies of some months, and who is known."""


@pytest.mark.parametrize("defence", GROWING)
def test_without_one_defence_of_cohorts_a_growing_company_tells_of_few(
    defence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seed, known, switches = GROWING[defence]
    random = Random(seed)
    k, start = random.choice((3, 4, 5)), FIRST + MONTH * random.randrange(40)
    monkeypatch.setattr(year_attacks, "MONTHS", random.choice((4, 6, 13)))
    members = growing_members(random, random.choice((k, k, 2)), start)
    assert attack_members(members, [members[known]], k, start) == []
    for where, name, without in switches:
        monkeypatch.setattr(where, name, without)
    assert attack_members(members, [members[known]], k, start) != []


OLDER: dict[str, Switch] = {
    "older ones beside who was activated before": (remembered_cohorts, "_together", lambda *_: {}),
    "room for k numbers": (
        cohort_room,
        "_leaves_by_then",
        lambda by_then, told, anyway, _: leaves_by_then(by_then, told, anyway, 1),
    ),
}


@pytest.mark.parametrize("defence", OLDER)
def test_of_those_who_came_since_older_ones_leave_some_to_be_missed(
    defence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of all but two who came before the fourth month it is told that they were active: nearly all others of it came
    in it, so three of these in the sixth leave four who were not. All but one must have been activated by then."""
    monkeypatch.setattr(year_attacks, "MONTHS", 6)
    waves = [
        _wave(24307, -1, 1, 1, 1, 1, 1, 1),
        _wave(24308, -1, 4, 7, 7, 8, 7, 7),
        _wave(24309, 0, 1, 1, 1, 1, 1, 1),
        newer := _wave(24312, 3, 7, 4, 3),
        _wave(24314, 5, 7),
    ]
    members = [one for wave in waves for one in wave]
    assert attack_members(members, newer[3:4], 3, FIRST + 20 * MONTH) == []
    where, name, without = OLDER[defence]
    monkeypatch.setattr(where, name, without)
    assert attack_members(members, newer[3:4], 3, FIRST + 20 * MONTH) != []


def test_of_weeks_in_which_other_cohorts_were_hidden_none_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beside what was told of them by the rule of then, those that were hidden would follow."""
    monkeypatch.setattr(year_attacks, "MONTHS", 6)
    random = Random(0)
    k, start = random.choice((3, 4, 5)), FIRST + MONTH * random.randrange(40)
    *_, before, last = weeks_of_year(growing_members(random, k, start), k, start)

    def told(week: WeekMeasures) -> bool:
        cells = publish_cohorts(week, publish_people(week, k), k).values()
        return any(cell.floor for cell in cells)

    assert told(last)
    assert not told(replace(last, cohort_months=before.cohort_months))
    former = replace(last, activated_room=last.activated)
    assert not told(former)
    again = replace(last, monday=last.monday + WEEK)
    remember_peaks([again], last, k)
    assert told(again)
    remember_peaks([again], former, k)
    assert not told(again)
    assert month_end(again.monday) == last.monday


def test_of_growing_companies_cohorts_are_told_in_most_months(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(year_attacks, "MONTHS", 6)
    months = exact = ranges = 0
    for seed in range(150):
        random = Random(seed)
        k, start = random.choice((3, 4, 5)), FIRST + MONTH * random.randrange(40)
        for week in weeks_of_year(growing_members(random, k, start), k, start):
            cells = publish_cohorts(week, publish_people(week, k), k).values()
            told = [cell.value for cell in cells if cell.value is not None]
            months += bool(told)
            exact += len(told)
            ranges += sum(cell.value is None and cell.floor > 0 for cell in cells)
    assert (months, exact, ranges) == (601, 3013, 534)
