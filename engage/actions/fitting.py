"""The fitted forecast: a regularised model of churn, each company foretold by models that never saw it.

Owns the model and how it is tried. Needs scikit-learn, the extra `models`. Reads the facts and published figures of
`engage.core.calibration`, never a member.

The forecast is the mean of three models. Two are logistic regressions, one on how much is done in a quarter and one on
how much in a month and by how many: they maximise the likelihood, and without class weights their mean forecast is the
base rate of the terms they were fitted on. What they cannot say is said by the third, boosted trees on all of it: that
a fall matters below some level and not above, or for young customers only. Of trees it is demanded that more use never
raises the risk; that keeps them from learning by heart who left.

With a few dozen churned terms there is no telling which is the best one, and what lies between them errs less than any.
For the same reason their penalties are stated numbers, not another thing to learn, and the companies are dealt out in
several ways. It is their probabilities that are averaged: the mean forecast of each is the base rate, and so is that of
their mean. A mean of log odds lies below it, the more so the less the models agree, and would have too few leave.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any, Final

from engage.core.accuracy import FOLDS, folds
from engage.core.calibration import EVENTS, OTHER, QUARTER, SCORED, TENURE, TREND, USES, Case

MISSING: Final = "the fitted model needs scikit-learn: pip install 'engage[models]'"
QUARTER_STRENGTH: Final = 0.3
MONTH_STRENGTH: Final = 0.1
"""Inverse ridge penalties on inputs of unit spread: one spread alone seldom moves the odds by more than three
quarters, or two thirds where twice as many inputs share what there is to say."""
TREES: Final = 50
TREE_RATE: Final = 0.08
TREE_QUESTIONS: Final = 2
"""One after the other, in each tree: what a second asks may hang on the answer to the first, and no more."""
TREE_TERMS_LEAST: Final = 15
TREE_PENALTY: Final = 5.0
"""Every tree moves the log odds by little, and by less where few terms have spoken."""
DEALS: Final = 5
TELLS_USE: Final = (EVENTS, OTHER, USES, QUARTER, TREND, TENURE, SCORED)
"""How the names of what never raises the risk begin."""


def available() -> bool:
    return find_spec("sklearn") is not None


def foretell(cases: Sequence[Case]) -> list[float]:
    """The probability of churn of each case, between DEALS times three models fitted without its company."""
    import sklearn.ensemble  # noqa: F401  # only of what is loaded are the threads limited
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):  # of fits so small, several threads would mostly wait for each other
        return _foretell(cases)


def _foretell(cases: Sequence[Case]) -> list[float]:
    import numpy as np

    names = sorted({name for case in cases for name in case.features})
    month = [name for name in names if not name.startswith(QUARTER)]
    quarter = [name for name in names if name not in month or not _is_of_a_month(name)]
    views = (
        (_inputs(cases, quarter), _linear(QUARTER_STRENGTH)),
        (_inputs(cases, month), _linear(MONTH_STRENGTH)),
        (_inputs(cases, names), _trees(names)),
    )
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
                for inputs, model in views:
                    model.fit(inputs[train], churned[train])
                    total[test] += model.predict_proba(inputs[test])[:, 1]
    return [round(float(one), 6) for one in total / DEALS / len(views)]


def _is_of_a_month(name: str) -> bool:
    return name.startswith((TREND, EVENTS, OTHER, USES))


def _inputs(cases: Sequence[Case], names: Sequence[str]) -> Any:
    """A row for each case. Of events of which nothing is told: none; of anything else: not known."""
    import numpy as np

    absent = [0.0 if name.removeprefix(QUARTER).startswith((EVENTS, OTHER)) else np.nan for name in names]
    rows = [[case.features.get(name, gap) for name, gap in zip(names, absent, strict=True)] for case in cases]
    return np.array(rows, dtype=float)


def _linear(strength: float) -> Any:
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


def _trees(names: Sequence[str]) -> Any:
    """What is not known goes the way that the known outcomes speak for."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    return HistGradientBoostingClassifier(
        learning_rate=TREE_RATE,
        max_iter=TREES,
        max_depth=TREE_QUESTIONS,
        min_samples_leaf=TREE_TERMS_LEAST,
        l2_regularization=TREE_PENALTY,
        max_bins=32,
        monotonic_cst=[-1 if name.startswith(TELLS_USE) else 0 for name in names],
        early_stopping=False,
        random_state=0,
    )
