"""The fitted forecast: a regularised logistic model of churn, each company foretold by models that never saw it.

Owns the model and how it is tried. Needs scikit-learn, the extra `models`. Reads the facts and published figures of
`engage.core.calibration`, never a member.

Logistic regression, because its forecasts are calibrated by construction: it maximises the likelihood, and without
class weights its mean forecast is the base rate of the terms it was fitted on. The forecast is the mean of two of
them, one on how much is done and one that also reads by how many: with a few dozen churned terms there is no telling
which is the better one, and the mean errs less than either. For the same reason their ridge penalties are stated
numbers, not another thing to learn, and forecasts are the mean over several ways to deal the companies out.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any, Final

from engage.core.accuracy import FOLDS, folds
from engage.core.calibration import EVENTS, USES, Case

MISSING: Final = "the fitted model needs scikit-learn: pip install 'engage[models]'"
VOLUME_STRENGTH: Final = 0.3
PEOPLE_STRENGTH: Final = 0.1
"""Inverse ridge penalties on inputs of unit spread: one spread alone seldom moves the odds by more than three
quarters, or two thirds where twice as many inputs share what there is to say."""
DEALS: Final = 5


def available() -> bool:
    return find_spec("sklearn") is not None


def foretell(cases: Sequence[Case]) -> list[float]:
    """The probability of churn of each case, the mean of DEALS pairs of models fitted without its company."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):  # of fits so small, several threads would mostly wait for each other
        return _foretell(cases)


def _foretell(cases: Sequence[Case]) -> list[float]:
    import numpy as np

    names = {name for case in cases for name in case.features}
    volume = sorted(name for name in names if name != "trend" and not name.startswith(USES))
    views = ((_inputs(cases, volume), VOLUME_STRENGTH), (_inputs(cases, sorted(names)), PEOPLE_STRENGTH))
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
                    total[test] += model.predict_proba(inputs[test])[:, 1]
    return [round(float(one), 6) for one in total / DEALS / len(views)]


def _inputs(cases: Sequence[Case], names: Sequence[str]) -> Any:
    """A row for each case. Of events of which nothing is told: none; of anything else: not known."""
    import numpy as np

    absent = [0.0 if name.startswith(EVENTS) else np.nan for name in names]
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
