"""Everything that is told of a company at once: nothing but what follows from the figures of its weeks, which are
attacked one by one. Where all figures are the same in another life, score, drivers, stage, texts, digest and all."""

from __future__ import annotations

import os
from collections.abc import Sequence
from random import Random

import pytest

from engage.core import drivers
from engage.core.measures import WeekMeasures
from engage.core.published import days_told
from tests.privacy.lives import changed, play, random_life

WEEKS = 13
OTHERS = 5
COMPANIES = max(2, int(os.environ.get("ENGAGE_ATTACKS", "0")) // 5)


def bypassed(seed: int) -> tuple[int, list[str]]:
    """In how many weeks of other lives the figures are the same so far, and of which of them something else is not."""
    random, alike, found = Random(seed), 0, []
    members, did = random_life(random, WEEKS)
    weeks = [(told.figures, list(told.besides)) for told in play(members, did, WEEKS)]
    for _ in range(OTHERS):
        other = changed(random, did, len(members), WEEKS)
        differ = {week for one, week in {*did, *other} if did.get((one, week)) != other.get((one, week))}
        for at, told in enumerate(play(members, other, WEEKS)):
            figures, besides = weeks[at]
            if told.figures != figures:
                break
            if at >= min(differ, default=WEEKS):
                alike += 1
                if any(one != own for one, own in zip(told.besides, besides, strict=True)):
                    found.append(f"company {seed}, week {at}")
    return alike, found


def test_no_report_says_more_than_the_figures_of_its_weeks() -> None:
    for seed in range(COMPANIES):
        alike, found = bypassed(seed)
        assert found == []
        assert alike > OTHERS


def test_a_driver_that_counts_what_is_not_told_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    def counted(weeks: Sequence[WeekMeasures], k: int) -> float:
        return days_told(weeks, k) + sum(week.features["Export"].members for week in weeks)

    monkeypatch.setattr(drivers, "days_told", counted)
    assert bypassed(1)[1] != []
