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

from engage.core.backtest_budgets import BudgetFound
from engage.core.backtest_people import Pair
from engage.core.backtest_report import BacktestReport, RuleFound, Stop
from engage.core.language import ENGLISH, Language, mark, speak, translate
from engage.formats import charts
from engage.formats.cover import MINUS, day, short_day, signed
from engage.formats.palette import PALETTE

BUDGETS_DRAWN_MAX: Final = 12
HEIGHT: Final = 200
COLUMNS: Final = (mark("day"), mark("trial"), mark("actual"), mark("difference"))
BUDGET_COLUMNS: Final = (mark("day"), mark("used by the end of it"), mark("of the budget"), mark("actual"))
WINDOWS: Final = (mark("day"), mark("week"), mark("month"), mark("quarter"), mark("year"), mark("lifetime"))
"""As a program has them."""
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


def backtest_page(found: BacktestReport, program: str = "", language: Language = ENGLISH) -> str:
    """The whole page, as HTML. `program` is the name of the one that was tried."""
    said = partial(speak, language)
    return (
        _environment()
        .get_template("backtest.html")
        .render(
            found=found,
            program=program,
            palette=PALETTE,
            language=language,
            say=said,
            say_one=partial(translate, language=language),
            sums=_sums(found, language),
            days=_days(found, language),
            budgets=[
                _budget(number, one, language) for number, one in enumerate(found.budgets[:BUDGETS_DRAWN_MAX])
            ],
            hits=_hits(found.rules),
            window=partial(_window, language=language),
            day=partial(_day, language=language),
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
    return Row(label, f"{pair.trial:,}", f"{pair.actual:,}", signed(pair.trial - pair.actual))


def _sums(found: BacktestReport, language: Language) -> list[Row]:
    rows = []
    for one in found.currencies:
        rows.append(_row(speak(language, "{currency_name} awarded", currency_name=one.currency), one.awarded))
        if one.returned.trial or one.returned.actual:
            rows.append(
                _row(speak(language, "{currency_name} taken back", currency_name=one.currency), one.returned)
            )
        if one.cost is not None:
            label = speak(language, "{currency_name} cost", currency_name=one.currency)
            rows.append(Row(label, one.cost.trial, one.cost.actual, one.cost.difference.replace("-", MINUS)))
        rows.append(
            _row(speak(language, "members awarded {currency_name}", currency_name=one.currency), one.members)
        )
    rows += [
        _row(speak(language, "members at {level_name}", level_name=one.level), one.members)
        for one in found.levels
    ]
    rows += [
        _row(speak(language, "badge {badge_name}", badge_name=badge), pair)
        for badge, pair in found.badges.items()
    ]
    if found.redemptions.trial or found.redemptions.actual:
        rows.append(_row(speak(language, "rewards redeemed"), found.redemptions))
    return rows + [_row(translate(one.message, language), one.events) for one in found.undecided]


def _days(found: BacktestReport, language: Language) -> list[Drawn]:
    """Each currency, day by day."""
    drawn = []
    for number, currency in enumerate(dict.fromkeys(one.currency for one in found.days)):
        days = [one for one in found.days if one.currency == currency]
        title = speak(language, "{currency_name} awarded by day", currency_name=currency)
        chart = _lines(f"days-{number}", title, language, [(one.day, one.awarded) for one in days])
        rows = [tuple(_row(day(one.day, language), one.awarded)) for one in days]
        drawn.append(Drawn(title, chart, tuple(translate(one, language) for one in COLUMNS), rows))
    return drawn


def _budget(number: int, one: BudgetFound, language: Language) -> Drawn:
    title = speak(
        language,
        "{company_name}: {currency_name}, {window}, budget {amount:,}",
        company_name=one.company,
        currency_name=one.currency,
        window=f"{_window(one, language)} {_day(one.starts, language, none='')}".strip(),
        amount=one.amount,
    )
    days = [(each.day, each.used) for each in one.days]
    chart = _lines(f"budget-{number}", title, language, days, one.amount)
    rows = [
        (day(when, language), f"{used.trial:,}", f"{100 * used.trial / one.amount:.1f} %", f"{used.actual:,}")
        for when, used in days
    ]
    return Drawn(title, chart, tuple(translate(one, language) for one in BUDGET_COLUMNS), rows)


def _day(value: str | None, language: Language, none: str = "–") -> str:
    return none if value is None else day(value, language)


def _window(one: BudgetFound, language: Language) -> str:
    if one.campaign is not None:
        return speak(language, "campaign {campaign_name}", campaign_name=one.campaign)
    return translate(one.window, language)


def _lines(
    name: str, title: str, language: Language, days: Sequence[tuple[str, Pair]], budget: int = 0
) -> Markup:
    days = days[-charts.POINTS_MAX :]
    series = [
        charts.Series(speak(language, "trial"), [pair.trial for _, pair in days], "accent"),
        charts.Series(speak(language, "actual"), [pair.actual for _, pair in days], "second", dashed=True),
    ]
    if budget:
        series.append(charts.Series(speak(language, "budget"), [budget] * len(days), "at_risk"))
    draw = partial(
        charts.lines,
        title=title,
        description=speak(language, "The table below has the figures."),
        labels=[short_day(day, language) for day, _ in days],
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
