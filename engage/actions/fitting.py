"""The fitted forecast: a regularised logistic model of churn, each company foretold by models that never saw it.

Owns the model and how it is tried. Needs scikit-learn, the extra `models`. Reads the facts and published figures of
`engage.core.calibration`, never a member.

Logistic regression, because its forecasts are calibrated by construction: it maximises the likelihood, and without
class weights its mean forecast is the base rate of the terms it was fitted on. The forecast lies between two of them,
one on how much is done in a quarter and one on how much in a month and by how many: with a few dozen churned terms
there is no telling which is the better one, and what lies between them errs less than either. For the same reason their
ridge penalties are stated numbers, not another thing to learn, and the companies are dealt out in several ways. It is
their log odds that are averaged: a mean of probabilities is less sure than any of those it is made of deserves (Ranjan
and Gneiting, 2010).
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any, Final

from engage.core.accuracy import FOLDS, folds
from engage.core.calibration import EVENTS, OTHER, QUARTER, USES, Case

MISSING: Final = "the fitted model needs scikit-learn: pip install 'engage[models]'"
QUARTER_STRENGTH: Final = 0.3
MONTH_STRENGTH: Final = 0.1
"""Inverse ridge penalties on inputs of unit spread: one spread alone seldom moves the odds by more than three
quarters, or two thirds where twice as many inputs share what there is to say."""
DEALS: Final = 5


def available() -> bool:
    return find_spec("sklearn") is not None


def foretell(cases: Sequence[Case]) -> list[float]:
    """The probability of churn of each case, between DEALS pairs of models fitted without its company."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):  # of fits so small, several threads would mostly wait for each other
        return _foretell(cases)


def _foretell(cases: Sequence[Case]) -> list[float]:
    import numpy as np

    names = sorted({name for case in cases for name in case.features})
    month = [name for name in names if not name.startswith(QUARTER)]
    quarter = [name for name in names if name not in month or not _is_of_a_month(name)]
    views = ((_inputs(cases, quarter), QUARTER_STRENGTH), (_inputs(cases, month), MONTH_STRENGTH))
    churned = np.array([case.churned for case in cases])
    outcomes: dict[str, bool] = {}
    for case in cases:
        outcomes[case.company] = outcomes.get(case.company, False) or case.churned
    total = np.zeros(len(cases))
    for deal in range(DEALS):
        fold_of = folds(outcomes, deal)
        fold = np.array([fold_of[case.company] for case in cases])
        for held_out in range(FOLDS):
            train, test = fold != held_out, fold == held_out
            if test.any():
                for inputs, strength in views:
                    model = _model(strength).fit(inputs[train], churned[train])
                    total[test] += model.decision_function(inputs[test])
    odds = np.exp(total / DEALS / len(views))
    return [round(float(one), 6) for one in odds / (1 + odds)]


def _is_of_a_month(name: str) -> bool:
    return name == "trend" or name.startswith((EVENTS, OTHER, USES))


def _inputs(cases: Sequence[Case], names: Sequence[str]) -> Any:
    """A row for each case. Of events of which nothing is told: none; of anything else: not known."""
    import numpy as np

    absent = [0.0 if name.removeprefix(QUARTER).startswith((EVENTS, OTHER)) else np.nan for name in names]
    rows = [[case.features.get(name, gap) for name, gap in zip(names, absent, strict=True)] for case in cases]
    return np.array(rows, dtype=float)


def _model(strength: float) -> Any:
    """What is not known is taken to be the mean of the others: it then says nothing."""
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(
        SimpleImputer(strategy="mean", keep_empty_features=True),
        StandardScaler(),
        LogisticRegression(C=strength, max_iter=2000),
    )
