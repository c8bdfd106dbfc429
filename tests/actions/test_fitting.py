"""The fitted forecast without a database: what its models may learn from cases made by hand."""

from __future__ import annotations

import random

import numpy as np
import pytest

from engage.actions import fitting
from engage.core.accuracy import auc
from engage.core.calibration import Case


def case(number: int, churned: bool, features: dict[str, float]) -> Case:
    return Case(f"c{number}", 1, churned, None, 0.5, 0.1, features)


def test_what_hangs_on_two_things_at_once_is_foretold(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those leave that are small and rich, or large and poor: no sum of the two tells who."""
    monkeypatch.setattr(fitting, "DEALS", 1)
    monkeypatch.setattr(fitting, "TREES", 20)
    chance = random.Random(5)
    found = []
    for number in range(160):
        members, revenue = chance.random(), chance.random()
        leaves = (members < 0.4) == (revenue > 0.6) and chance.random() < 0.8
        found.append(case(number, leaves, {"members": members, "revenue": revenue}))
    ranked = auc(fitting.foretell(found), [one.churned for one in found])
    assert ranked is not None
    assert ranked > 0.65


def test_as_many_are_foretold_to_leave_as_do_where_the_models_disagree() -> None:
    """What is known says nothing of who leaves, so the models tell of chance, each of another."""
    chance = random.Random(1)
    found = [
        case(number, number % 8 == 0, {name: chance.random() for name in "abcdefgh"}) for number in range(160)
    ]
    assert sum(fitting.foretell(found)) == pytest.approx(20, rel=0.02)


@pytest.mark.parametrize("name, learns", [("events Export", False), ("tenure", False), ("seats", True)])
def test_trees_never_learn_that_more_use_raises_the_risk(name: str, learns: bool) -> None:
    values = np.linspace(0, 1, 120).reshape(-1, 1)
    risks = fitting._trees([name]).fit(values, values[:, 0] > 0.5).decision_function(values)
    assert (risks[-1] > risks[0]) == learns
