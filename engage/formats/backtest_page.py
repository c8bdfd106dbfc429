"""A backtest's report as one page in one file, to look at, print and pass on among a company's administrators.

Owns what is drawn and in which order; the figures and words are the report's. Stands by itself: no script, nothing to
load. It names members, so it is for whoever may see them, and no page of customer success.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, partial
from typing import Final, NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from engage.core.backtest_people import Pair
from engage.core.backtest_report import BacktestReport, BudgetFound, RuleFound, Stop
from engage.formats import charts
from engage.formats.palette import PALETTE

BUDGETS_DRAWN_MAX: Final = 12
HEIGHT: Final = 200
LIMITS: Final = frozenset({"limit", "budget", "cut"})


class Row(NamedTuple):
    """One figure on both sides, as text, and the difference."""

    label: str
    trial: str
    actual: str
    difference: str


class Hit(NamedTuple):
    rule: str
    stop: Stop


class Drawn(NamedTuple):
    title: str
    chart: Markup
    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]


def backtest_page(found: BacktestReport, program: str = "") -> str:
    """The whole page, as HTML. `program` is the name of the one that was tried."""
    return (
        _environment()
        .get_template("backtest.html")
        .render(
            found=found,
            program=program,
            palette=PALETTE,
            sums=_sums(found),
            days=_days(found),
            budgets=[_budget(number, one) for number, one in enumerate(found.budgets[:BUDGETS_DRAWN_MAX])],
            hits=_hits(found.rules),
        )
    )


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("engage.formats", ""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["pair"] = lambda pair: _row("", pair)[1:]
    environment.filters["n"] = lambda number: f"{number:,}"
    return environment


def _row(label: str, pair: Pair) -> Row:
    return Row(label, f"{pair.trial:,}", f"{pair.actual:,}", f"{pair.trial - pair.actual:+,}")


def _sums(found: BacktestReport) -> list[Row]:
    rows = []
    for one in found.currencies:
        rows.append(_row(f"{one.currency} awarded", one.awarded))
        if one.returned.trial or one.returned.actual:
            rows.append(_row(f"{one.currency} taken back", one.returned))
        if one.cost is not None:
            rows.append(Row(f"{one.currency} cost", one.cost.trial, one.cost.actual, one.cost.difference))
        rows.append(_row(f"members awarded {one.currency}", one.members))
    rows += [_row(f"members at {one.level}", one.members) for one in found.levels]
    rows += [_row(f"badge {badge}", pair) for badge, pair in found.badges.items()]
    if found.redemptions.trial or found.redemptions.actual:
        rows.append(_row("rewards redeemed", found.redemptions))
    return rows + [_row(one.message, one.events) for one in found.undecided]


def _days(found: BacktestReport) -> list[Drawn]:
    """Each currency, day by day."""
    drawn = []
    for number, currency in enumerate(dict.fromkeys(one.currency for one in found.days)):
        days = [one for one in found.days if one.currency == currency]
        title = f"{currency} awarded by day"
        chart = _lines(f"days-{number}", title, [(one.day, one.awarded) for one in days])
        rows = [tuple(_row(one.day, one.awarded)) for one in days]
        drawn.append(Drawn(title, chart, ("day", "trial", "actual", "difference"), rows))
    return drawn


def _budget(number: int, one: BudgetFound) -> Drawn:
    window = f"{one.window} from {one.starts}" if one.starts else one.window
    title = f"{one.company}: {one.currency}, {window}, budget {one.amount:,}"
    chart = _lines(f"budget-{number}", title, [(day.day, day.used) for day in one.days], one.amount)
    rows = [
        (day.day, f"{day.used.trial:,}", f"{100 * day.used.trial / one.amount:.1f} %", f"{day.used.actual:,}")
        for day in one.days
    ]
    return Drawn(title, chart, ("day", "used by the end of it", "of the budget", "actual"), rows)


def _lines(name: str, title: str, days: Sequence[tuple[str, Pair]], budget: int = 0) -> Markup:
    days = days[-charts.POINTS_MAX :]
    series = [
        charts.Series("trial", [pair.trial for _, pair in days], "accent"),
        charts.Series("actual", [pair.actual for _, pair in days], "second", dashed=True),
    ]
    if budget:
        series.append(charts.Series("budget", [budget] * len(days), "at_risk"))
    draw = partial(
        charts.lines,
        title=title,
        description="The table below has the figures.",
        labels=[day for day, _ in days],
        series=series,
        height=HEIGHT,
    )
    return charts.responsive(name, lambda each, width: draw(each, width))


def _hits(rules: Sequence[RuleFound]) -> list[Hit]:
    """Limits and budgets that stopped or cut a rule, those that did most often first."""
    hits = [
        Hit(one.name or one.rule, stop) for one in rules for stop in one.stopped if stop.verdict in LIMITS
    ]
    return sorted(hits, key=lambda hit: -hit.stop.times)
