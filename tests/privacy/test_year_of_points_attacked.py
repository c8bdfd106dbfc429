"""Privacy as an attack, on a year of points; see `year_points.py`. ENGAGE_ATTACKS=3000 attacks more companies."""

from __future__ import annotations

import os
from collections.abc import Callable
from random import Random

import pytest

from engage.core import balances, outstanding, published_outstanding, published_people
from engage.core.measures import WeekMeasures
from engage.core.outstanding import Behind, Told
from tests.privacy import year_points
from tests.privacy.year_points import attack_year_of_points

YEARS = int(os.environ.get("ENGAGE_ATTACKS", "0")) // 5


def learned_of(seed: int, *, expiring: bool, weeks: int = 26) -> list[str]:
    return attack_year_of_points(Random(seed), weeks, expiring=expiring)


@pytest.mark.parametrize("expiring", [False, True], ids=["lasting", "expiring"])
def test_a_year_of_points_tells_of_nothing_that_few_did(expiring: bool) -> None:
    for seed in range(30_000, 30_000 + YEARS):
        assert learned_of(seed, expiring=expiring, weeks=52) == [], f"company {seed}"


# --- with one defence switched off ----------------------------------------------------------------------------


def _counts_at_once(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(balances, "ends_quarter", lambda monday: True)
    patch.setattr(Behind, "people", lambda behind: (99, 99, 99))


def _told(change: Callable[[WeekMeasures, Told], Told]) -> Callable[[pytest.MonkeyPatch], None]:
    def switch(patch: pytest.MonkeyPatch) -> None:
        patch.setattr(
            published_outstanding,
            "_told_issued",
            lambda week, k: {name: change(week, one) for name, one in told_issued(week, k).items()},
        )

    return switch


def _any_band(patch: pytest.MonkeyPatch) -> None:
    for module in (outstanding, year_points):
        patch.setattr(
            module,
            "band_around",
            lambda amount, _, width, __: (amount // width * width, amount // width * width + width - 1),
        )


def _all_of_it(week: WeekMeasures, told: Told) -> Told:
    return told._replace(least=week.issued.get("points", 0), most=week.issued.get("points", 0))


told_issued = published_outstanding._told_issued

DEFENCES: dict[str, tuple[int, bool, Callable[[pytest.MonkeyPatch], None]]] = {
    "what few spent counts later": (0, False, _counts_at_once),
    "the floor behind what counts later": (
        6,
        False,
        lambda patch: patch.setattr(Behind, "people", lambda behind: (99, 99, 99)),
    ),
    "the least that is told to be issued": (5, False, _told(_all_of_it)),
    "room for what else may have been issued": (1156, False, _any_band),
    "nothing of what expires while something is hidden": (
        13,
        True,
        lambda patch: patch.setattr(published_people, "may_be_told", lambda *_: True),
    ),
    "lumps of what expired": (
        58,
        True,
        lambda patch: patch.setattr(outstanding, "lump", lambda _, width, __: width),
    ),
}


@pytest.mark.parametrize("defence", DEFENCES)
def test_without_one_defence_it_is_learned_what_few_did(
    defence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seed, expiring, switch = DEFENCES[defence]
    assert learned_of(seed, expiring=expiring) == []
    switch(monkeypatch)
    assert learned_of(seed, expiring=expiring) != []
