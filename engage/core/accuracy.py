"""How well a forecast did: measures of forecasts of churn beside what came.

Owns the measures, each by its usual definition, and who is in which fold. Must not know where a forecast comes from.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import groupby
from math import sqrt
from typing import Final
from zlib import crc32

from msgspec import Struct
from msgspec.structs import replace

from engage.core.intervals import Z
from engage.core.language import Text, say

FOLDS: Final = 5
BINS: Final = 10
CHURNED_LEAST: Final = 20
RENEWED_LEAST: Final = 100
"""Fewer outcomes, and nothing is fitted: with 20 churned an AUC is known to a tenth (Hanley and McNeil, 1982)."""
COMPANIES_LEAST: Final = FOLDS
"""Companies that churned, so that each fold has one."""
COIN: Final = 0.5
THRESHOLDS: Final = (("at_risk", 0.6), ("watch", 0.4))
"""Bands by the risk of a score below 40 and below 60: a company is called in this band or a worse one, and where it is
too quiet to be scored."""
TOO_SMALL: Final = "too_small"
"""Beside these: who is not called, because no score could ever be told."""


class Bin(Struct, frozen=True):
    """Cases of like probability: what was foretold, and what came."""

    n: int
    foretold: float
    churned: float


class Threshold(Struct, frozen=True):
    """What calling every company at or above a risk would have met."""

    name: str  # at_risk, watch: these and worse; too_small
    flagged: int
    churned: int
    precision: float | None
    recall: float | None


class Accuracy(Struct, frozen=True):
    """How well one forecast did. None: undefined, and `text` says why."""

    n: int
    churned: int
    auc: float | None = None
    brier: float | None = None
    base_brier: float | None = None
    calibration_error: float | None = None
    scored: int = 0
    lead_days: int | None = None
    bins: tuple[Bin, ...] = ()
    thresholds: tuple[Threshold, ...] = ()
    text: Text = ""
    auc_low: float | None = None
    auc_high: float | None = None
    """Between these the AUC lies, 95 times in 100; None: too few left, or stayed."""
    notes: tuple[Text, ...] = ()
    """What must not be read into the measures."""


class Calibration(Struct, frozen=True):
    """Days before a term's end -> how well each forecast did. `fitted` is empty where scikit-learn is missing."""

    expert: dict[str, Accuracy]
    fitted: dict[str, Accuracy]
    before: int = 0
    """Terms that ended before the first week that was measured: they count with contract facts alone."""


class CalibrationCard(Struct, frozen=True):
    """A calibration kept for the portfolio. `as_of`: the day on which it was made."""

    as_of: str
    calibration: Calibration


def measure(
    risks: Sequence[float], chances: Sequence[float], churned: Sequence[bool], companies: Sequence[str] = ()
) -> Accuracy:
    """`risks` order the cases; `chances` are probabilities; `companies`: whose each case is, its own where none are
    given. Undefined measures are None, and the text says why."""
    n, lost = len(churned), sum(churned)
    if not n:
        return Accuracy(0, 0, text=say("No term has ended that could be looked at so early."))
    share = lost / n
    low, high = auc_range(risks, churned, companies or range(n)) or (None, None)
    found = Accuracy(
        n,
        lost,
        auc=auc(risks, churned),
        brier=round(sum((p - c) ** 2 for p, c in zip(chances, churned, strict=True)) / n, 5),
        base_brier=round(share * (1 - share), 5),
        bins=bins(chances, churned),
        text="" if 0 < lost < n else say("All ended alike: there is nothing to tell apart."),
        auc_low=low,
        auc_high=high,
    )
    error = sum(one.n * abs(one.foretold - one.churned) for one in found.bins) / n
    return replace(found, calibration_error=round(error, 5), notes=tuple(_cautions(found)))


def _cautions(found: Accuracy) -> Iterator[Text]:
    if found.auc_low is None or found.auc_high is None:
        return  # of so few nothing is claimed
    if found.auc_high < COIN:
        yield say("It ranks worse than chance: those that left had the lower risk.")
    elif found.auc_low <= COIN:
        yield say("It ranks no better than chance, as far as can be told.")
    if (found.brier or 0.0) >= (found.base_brier or 0.0):
        yield say("Its probabilities are no better than always saying the share that leaves.")


def auc(risks: Sequence[float], churned: Sequence[bool]) -> float | None:
    """The chance that a churned case has the higher risk of two, ties counting half (Mann and Whitney, 1947)."""
    lost = sum(churned)
    kept = len(churned) - lost
    if not lost or not kept:
        return None
    ordered = sorted(zip(risks, churned, strict=True))
    rank_sum, position = 0.0, 0
    for _, tied in groupby(ordered, key=lambda one: one[0]):
        outcomes = [outcome for _, outcome in tied]
        rank_sum += sum(outcomes) * (position + (len(outcomes) + 1) / 2)
        position += len(outcomes)
    return round((rank_sum - lost * (lost + 1) / 2) / (lost * kept), 4)


def auc_range(
    risks: Sequence[float], churned: Sequence[bool], companies: Sequence[str | int]
) -> tuple[float, float] | None:
    """Between what the AUC lies, 95 times in 100; None: too few left for it to be known.

    The terms of a company are alike, so it is companies that are taken for drawn by chance (Obuchowski, 1997).
    """
    lost = sum(churned)
    kept = len(churned) - lost
    if lost < CHURNED_LEAST or kept < CHURNED_LEAST:
        return None
    wins: dict[float, tuple[float, float]] = {}
    over = under = 0
    for risk, tied in groupby(sorted(zip(risks, churned, strict=True)), key=lambda one: one[0]):
        outcomes = Counter(outcome for _, outcome in tied)
        # Of either kind: the share of the other kind that is in the right order beside a case of this risk.
        wins[risk] = (1 - (over + outcomes[True] / 2) / lost, (under + outcomes[False] / 2) / kept)
        over, under = over + outcomes[True], under + outcomes[False]
    mean = sum(wins[risk][True] for risk, outcome in zip(risks, churned, strict=True) if outcome) / lost
    stayed: defaultdict[str | int, float] = defaultdict(float)
    left: defaultdict[str | int, float] = defaultdict(float)
    for risk, outcome, company in zip(risks, churned, companies, strict=True):
        (left if outcome else stayed)[company] += wins[risk][outcome] - mean
    whole = len(left.keys() | stayed.keys())
    if min(len(stayed), len(left)) < COMPANIES_LEAST:
        return None
    spread = (
        sum(one * one for one in left.values()) * len(left) / (len(left) - 1) / lost**2
        + sum(one * one for one in stayed.values()) * len(stayed) / (len(stayed) - 1) / kept**2
        + 2
        * sum(part * stayed.get(one, 0.0) for one, part in left.items())
        * whole
        / (whole - 1)
        / (lost * kept)
    )
    margin = Z * sqrt(max(0.0, spread))
    return round(max(0.0, mean - margin), 4), round(min(1.0, mean + margin), 4)


def bins(chances: Sequence[float], churned: Sequence[bool]) -> tuple[Bin, ...]:
    """BINS of as many cases each, the least probable first. The calibration error is their mean distance, by n."""
    ordered = sorted(zip(chances, churned, strict=True))
    found = []
    for index in range(BINS):
        part = ordered[len(ordered) * index // BINS : len(ordered) * (index + 1) // BINS]
        if part:
            foretold = sum(chance for chance, _ in part) / len(part)
            found.append(
                Bin(len(part), round(foretold, 5), round(sum(lost for _, lost in part) / len(part), 5))
            )
    return tuple(found)


def threshold(name: str, flagged: Sequence[bool], churned: Sequence[bool]) -> Threshold:
    """Precision: of those called, who churned; recall: of those who churned, who was called. Of none: None."""
    called, lost = sum(flagged), sum(churned)
    met = sum(one and other for one, other in zip(flagged, churned, strict=True))
    return Threshold(
        name,
        called,
        met,
        round(met / called, 4) if called else None,
        round(met / lost, 4) if lost else None,
    )


def riskiest(risks: Sequence[float], count: int) -> list[bool]:
    """The `count` cases of the highest risk: a forecast without bands is held against one with them like this."""
    first = set(sorted(range(len(risks)), key=lambda index: (-risks[index], index))[:count])
    return [index in first for index in range(len(risks))]


def folds(outcomes: Mapping[str, bool], deal: int = 0) -> dict[str, int]:
    """company -> its fold. All its terms are in one: a model never meets in a test whom it was fitted on.

    `outcomes`: company -> whether it churned; both kinds are dealt out evenly, in an order that says nothing of them.
    `deal`: another number deals them out another way.
    """
    dealt = sorted(
        outcomes, key=lambda company: (outcomes[company], crc32(f"{deal}/{company}".encode()), company)
    )
    return {company: index % FOLDS for index, company in enumerate(dealt)}


def insufficient(churned: Sequence[bool], companies: Collection[str]) -> str:
    """Why nothing can be fitted; empty: it can. `companies`: those that churned."""
    lost = sum(churned)
    kept = len(churned) - lost
    if lost >= CHURNED_LEAST and kept >= RENEWED_LEAST and len(companies) >= COMPANIES_LEAST:
        return ""
    return say(
        "insufficient: {lost:d} churned and {kept:d} renewed terms, of {left:d} company that left; fitting needs "
        "{lost_least:d} and {kept_least:d}, and {left_least:d} companies"
        if len(companies) == 1
        else "insufficient: {lost:d} churned and {kept:d} renewed terms, of {left:d} companies that left; fitting "
        "needs {lost_least:d} and {kept_least:d}, and {left_least:d} companies",
        lost=lost,
        kept=kept,
        left=len(companies),
        lost_least=CHURNED_LEAST,
        kept_least=RENEWED_LEAST,
        left_least=COMPANIES_LEAST,
    )
