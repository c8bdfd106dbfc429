"""The fitted forecast: a regularised logistic model of churn, each company foretold by models that never saw it.

Owns the model and how it is tried. Needs scikit-learn, the extra `models`. Reads the facts and published figures of
`engage.core.calibration`, never a member.

Logistic regression, because its forecasts are calibrated by construction: it maximises the likelihood, and without
class weights its mean forecast is the base rate of the terms it was fitted on. With a few dozen churned terms its ridge
penalty is one stated number, not another thing to learn from them; forecasts are the mean over several ways to deal
the companies out, since with so few the way they fall weighs more than anything in the model.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any, Final

from engage.core.accuracy import FOLDS, folds
from engage.core.calibration import Case

MISSING: Final = "the fitted model needs scikit-learn: pip install 'engage[models]'"
STRENGTH: Final = 0.1
"""Inverse ridge penalty on inputs of unit spread: one spread alone seldom moves the odds by more than two thirds."""
DEALS: Final = 10


def available() -> bool:
    return find_spec("sklearn") is not None


def foretell(cases: Sequence[Case]) -> list[float]:
    """The probability of churn of each case, the mean of DEALS models fitted without its company."""
    import numpy as np

    names = sorted({name for case in cases for name in case.features})
    inputs = np.array([[case.features.get(name, np.nan) for name in names] for case in cases], dtype=float)
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
                total[test] += _model().fit(inputs[train], churned[train]).predict_proba(inputs[test])[:, 1]
    return [round(float(one), 6) for one in total / DEALS]


def _model() -> Any:
    """Means for what is missing, with a column that says so: that a company is too quiet to be scored is a fact."""
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(
        SimpleImputer(strategy="mean", add_indicator=True, keep_empty_features=True),
        StandardScaler(),
        LogisticRegression(C=STRENGTH, max_iter=2000),
    )
