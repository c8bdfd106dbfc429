"""The calibration card as text: how well each forecast ranked, what calling by it would have met, how far it was off.

Owns the words and the tables, each within 80 columns. Must not know how a forecast is made or measured.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from textwrap import fill
from typing import Final

from engage.cli.output import say, say_table
from engage.core.accuracy import CHURNED_LEAST, COMPANIES_LEAST, Accuracy, Calibration

WIDTH: Final = 80
FEW: Final = "too few"
CALLED: Final = {
    "at_risk": "at risk",
    "watch": "on watch or worse",
    "too_small": "too small to be scored",
}


def tell(found: Calibration) -> None:
    forecasts = {"score": found.expert, "fitted": found.fitted}
    if not any(one.n for one in found.expert.values()):
        _tell("No term is known that has ended: `engage import --kind terms FILE` brings them.")
        return
    _first(found.expert.values())
    _ranks(forecasts)
    _calls(forecasts)
    for name, by_days in forecasts.items():
        _bins(name, by_days)
    _lead(found.expert)
    if found.before:
        _tell(
            f"{found.before:,} terms ended before the first week that was measured: no more than their "
            "contracts is known of these, so they make a forecast look worse than it is."
        )
    for name, by_days in forecasts.items():
        _tell_words(name, by_days)


def _first(by_days: Collection[Accuracy]) -> None:
    """What to do before this can tell anything."""
    if not any(one.scored for one in by_days):
        _tell(
            "Run `engage score` first: no company was scored by the time that one of its terms ended. It measures the "
            "weeks of the imported events, and nothing else is read here."
        )
        say("")


def _ranks(forecasts: Mapping[str, Mapping[str, Accuracy]]) -> None:
    _tell("How well each forecast ranked the terms that ended, some days before their end:")
    rows = [
        (
            *(name, days, f"{one.n:,}", f"{one.churned:,}", f"{one.scored:,}"),
            *(*_ranked(one), _number(one.brier, 4), _number(one.base_brier, 4)),
            _share(one.calibration_error),
        )
        for name, by_days in forecasts.items()
        for days, one in by_days.items()
    ]
    columns = ("forecast", "days", "terms", "left", "scored", "AUC", "95 in 100", "Brier", "base", "off by")
    say_table(columns, rows, right=range(1, 10))
    if any(FEW in row for row in rows):
        _tell(
            f"{FEW}: fewer than {CHURNED_LEAST} terms left or stayed, or they are of fewer than {COMPANIES_LEAST} "
            "companies; the AUC is no more than a hint."
        )


def _calls(forecasts: Mapping[str, Mapping[str, Accuracy]]) -> None:
    rows = [
        (
            *(name, days, CALLED[one.name], f"{one.flagged:,}", f"{one.churned:,}"),
            *(_share(one.precision), _share(one.recall)),
        )
        for name, by_days in forecasts.items()
        for days, accuracy in by_days.items()
        for one in accuracy.thresholds
    ]
    if rows:
        say("")
        _tell("Had you called all companies in a band; by the fitted forecast, as many of the riskiest:")
        columns = ("forecast", "days", "band of the score", "calls", "left", "precision", "recall")
        say_table(columns, rows, right=(1, 3, 4, 5, 6))


def _bins(name: str, by_days: Mapping[str, Accuracy]) -> None:
    told = {days: one.bins for days, one in by_days.items() if one.bins}
    if not told:
        return
    say("")
    _tell(f"{name}: percent foretold to leave, and that left; in parts of as many terms, least likely first:")
    rows = [
        (
            str(part + 1),
            *(
                f"{100 * bins[part].foretold:.1f} {100 * bins[part].churned:5.1f}"
                if part < len(bins)
                else "-"
                for bins in told.values()
            ),
        )
        for part in range(max(map(len, told.values())))
    ]
    columns = ("part", *(f"{days} days" for days in told))
    say_table(columns, rows, right=range(len(columns)))


def _lead(expert: Mapping[str, Accuracy]) -> None:
    lead = next((one.lead_days for one in expert.values() if one.lead_days is not None), None)
    if lead is not None:
        say("")
        _tell(
            f"Lead time: half of those that left and were to be called had been so for {lead} days or more."
        )


def _tell_words(name: str, by_days: Mapping[str, Accuracy]) -> None:
    """What is missing, and what must not be read into the rest, each with the days that it is said of."""
    said: dict[str, list[str]] = {}
    for days, one in by_days.items():
        for text in (one.text, *one.notes):
            if text:
                said.setdefault(text, []).append(days)
    for text, days_said in said.items():
        _tell(f"{name}, {', '.join(days_said)} days: {text}")


def _tell(text: str) -> None:
    say(fill(text, WIDTH))


def _number(number: float | None, digits: int) -> str:
    return "-" if number is None else f"{number:.{digits}f}"


def _ranked(one: Accuracy) -> tuple[str, str]:
    """The AUC, and between what it lies. Where that is not known, three digits would be read for more than they are."""
    if one.auc is None:
        return "-", "-"
    if one.auc_low is None or one.auc_high is None:
        return f"~{one.auc:.1f}", FEW
    return f"{one.auc:.3f}", f"{one.auc_low:.2f}-{one.auc_high:.2f}"


def _share(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.1f} %"
