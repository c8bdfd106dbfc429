"""From a report to what a template needs: filtered and sorted rows, charts, and the tables beside them.

Pure: no requests, no storage. A hidden figure stays the `Figure` it came as, so that a template can only show its
words; charts get its value, which is None.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from operator import attrgetter
from typing import Any, Final
from urllib.parse import urlencode

from markupsafe import Markup

from engage.core.digest import advice, movers, said_of_few
from engage.core.language import Language, speak, translate
from engage.core.outline import STANDS_STILL, Section, outline, reasons
from engage.core.outline import Row as OutlineRow
from engage.core.outline_portfolio import called, map_section, nobody
from engage.core.reports import (
    BAND_FLOORS,
    BAND_LABELS,
    CompanyReport,
    Driver,
    Portfolio,
    PortfolioRow,
)
from engage.core.telling import in_language
from engage.formats import charts, rows
from engage.formats.cover import capital
from engage.formats.drawing import MAP_HIGH, draw
from engage.formats.paper import Paper
from engage.web.console.drawing import (
    Weekly,
    as_drawn,
    drawn_length,
    shares,
    told_course,
    week_labels,
    weekly,
)
from engage.web.console.formats import tenths
from engage.web.console.people import PeopleView, people_view

ROWS_PER_PAGE: Final = 25
CALLS_MAX: Final = 5
"""How many companies are put at the top. The list of all is below."""
MAP_WIDE, MAP_HIGH_WIDE = 460, 500
"""Of the map beside them: as high as CALLS_MAX of them."""

SEARCH_CHARS_MAX: Final = 100
RENEWALS: Final = {"30": 30, "60": 60, "90": 90, "180": 180}
"""Renewal windows by their name in the address, in days from the day after the report's last."""

Key = Callable[[PortfolioRow], Any]
SORTS: Final[dict[str, tuple[Key, bool]]] = {
    "stake": (attrgetter("value_at_risk_cents"), True),
    "company": (lambda row: row.name.casefold(), False),
    "score": (attrgetter("score"), False),
    "change": (attrgetter("change_4w"), False),
    "seats": (attrgetter("seats"), True),
    "revenue": (attrgetter("monthly_revenue_cents"), True),
    "renewal": (attrgetter("days_to_renewal"), False),
}
"""Column -> (its value, whether the largest comes first unless the address says `-column`)."""


@dataclass(frozen=True)
class PortfolioQuery:
    """What the address asks of the portfolio. Whatever cannot be read is left out, as a person would expect."""

    band: str = ""
    q: str = ""
    renewal: str = ""
    tier: str = ""
    sort: str = "stake"
    as_of: str = ""
    page: int = 1

    @classmethod
    def read(cls, params: Mapping[str, str]) -> PortfolioQuery:
        page = params.get("page", "1")
        sort = params.get("sort", "")
        return cls(
            band=params.get("band", "") if params.get("band") in BAND_LABELS else "",
            q=params.get("q", "").strip()[:SEARCH_CHARS_MAX],
            renewal=params.get("renewal", "") if params.get("renewal") in {*RENEWALS, "past"} else "",
            tier=params.get("tier", "")[:SEARCH_CHARS_MAX],
            sort=sort if sort.removeprefix("-") in SORTS else "stake",
            as_of=params.get("as_of", ""),
            page=min(int(page), 10_000) if page.isascii() and page.isdigit() and page != "0" else 1,
        )

    @property
    def filtered(self) -> bool:
        return bool(self.band or self.q or self.renewal or self.tier)

    def url(self, **changes: str | int) -> str:
        """The address with some of it changed. Everything but a change of page starts at page one again."""
        wanted = replace(self, **{"page": 1, **changes})  # type: ignore[arg-type]
        default = PortfolioQuery()
        names = ("band", "q", "renewal", "tier", "sort", "as_of", "page")
        pairs = [(n, getattr(wanted, n)) for n in names if getattr(wanted, n) != getattr(default, n)]
        return "/console/" + (f"?{urlencode(pairs)}" if pairs else "")

    def fitting(self, tiers: Collection[str]) -> PortfolioQuery:
        """Without a tier that the host's book has no more: the list would be empty, and the form say All tiers."""
        return self if self.tier in tiers else replace(self, tier="")

    def download(self, form: str) -> str:
        url = self.url()
        return f"{url}{'&' if '?' in url else '?'}format={form}"

    def sorted_by(self, column: str) -> str | None:
        """The column's aria-sort value."""
        if self.sort.removeprefix("-") != column:
            return None
        down = SORTS[column][1] != self.sort.startswith("-")
        return "descending" if down else "ascending"

    def sort_url(self, column: str) -> str:
        return self.url(sort=f"-{column}" if self.sort == column else column)

    def choose(self, rows: Sequence[PortfolioRow]) -> tuple[PortfolioRow, ...]:
        chosen = [row for row in rows if self._wants(row)] if self.filtered else rows
        key, down = SORTS[self.sort.removeprefix("-")]
        down = down != self.sort.startswith("-")
        known = [row for row, value in zip(chosen, map(key, chosen), strict=True) if value is not None]
        known.sort(key=key, reverse=down)
        if len(known) == len(chosen):
            return tuple(known)
        # What is not known comes last, whichever way the rest is turned.
        return (*known, *(row for row in chosen if key(row) is None))

    def _wants(self, row: PortfolioRow) -> bool:
        if self.band and row.band != self.band:
            return False
        if self.tier and row.tier != self.tier:
            return False
        if self.q and self.q.casefold() not in f"{row.name}\n{row.company}".casefold():
            return False
        days = row.days_to_renewal
        if self.renewal == "past":
            return days is not None and days < 0
        return not self.renewal or (days is not None and 0 <= days <= RENEWALS[self.renewal])


@dataclass(frozen=True)
class Row:
    data: PortfolioRow
    spark: Markup


@dataclass(frozen=True)
class PortfolioView:
    portfolio: Portfolio
    query: PortfolioQuery
    calls: tuple[PortfolioRow, ...]
    nobody: str
    """Said where there are none."""
    chosen: tuple[PortfolioRow, ...]
    rows: tuple[Row, ...]
    page: int
    pages: int
    map: Markup | None
    tier_names: Mapping[str, str]
    names: Mapping[str, str]
    """Of the companies for which alone something was done."""


def portfolio_view(portfolio: Portfolio, query: PortfolioQuery, language: Language) -> PortfolioView:
    """Of the portfolio in English: only what is shown is put into the language, not every company's words."""
    chosen = query.choose(portfolio.data)
    pages = max(1, -(-len(chosen) // ROWS_PER_PAGE))
    page = min(query.page, pages)
    shown = chosen[(page - 1) * ROWS_PER_PAGE : page * ROWS_PER_PAGE]
    alone = {one.company for one in portfolio.interventions if one.company}
    return PortfolioView(
        portfolio=portfolio,
        query=query,
        calls=tuple(called(portfolio.data, portfolio.k)[:CALLS_MAX]),
        nobody=translate(nobody(portfolio.data), language),
        chosen=chosen,
        rows=tuple(Row(row, _spark(index, row, language)) for index, row in enumerate(shown)),
        page=page,
        pages=pages,
        map=_map(chosen, language),
        tier_names={tier.id: tier.name for tier in portfolio.tiers},
        names={row.company: row.name for row in portfolio.data if row.company in alone},
    )


def reason(row: PortfolioRow, language: Language) -> str:
    """The row's sentence without what stands beside it already, its band and score."""
    text = translate(row.text, language)
    if row.score is None:
        return capital(text.removeprefix(translate(BAND_LABELS["unscored"], language)).lstrip(":： "))
    band = BAND_LABELS[row.band]
    beside, _, _ = speak(
        language, "{band} at {score:d} of 100: {why}.", band=band, score=row.score, why=_CUT
    ).partition(_CUT)
    return capital(text.removeprefix(beside))


_CUT: Final = "\0"


def _spark(index: int, row: PortfolioRow, language: Language) -> Markup:
    known = [score for score in row.history if score is not None]
    if len(known) < 2:
        return Markup("")
    title = speak(
        language,
        "Score over {count:d} weeks: from {first:d} to {last:d}",
        count=len(row.history),
        first=known[0],
        last=known[-1],
    )
    return charts.spark(f"spark-{index}", title=title, values=row.history, role=row.band)


def _map(rows: Sequence[PortfolioRow], language: Language) -> Markup | None:
    found = map_section(rows)
    section = None if found is None else in_language(found, language)
    if section is None or section.chart is None or section.table is None:
        return None
    spec, table = section.chart, section.table

    def drawn(name: str, width: int) -> Markup:
        high = MAP_HIGH_WIDE if width == MAP_WIDE else MAP_HIGH
        return Markup(draw(section, spec, table, language, width, name, map_high=high))  # noqa: S704 - our own SVG

    return charts.responsive("map", drawn, wide=MAP_WIDE)


@dataclass(frozen=True)
class CompanyView:
    report: CompanyReport
    period: str
    periods: tuple[tuple[str, str], ...]
    drivers: Markup | None
    history: Markup | None
    history_table: Weekly
    funnel: Markup | None
    activity: Markup | None
    activity_note: str
    activity_table: Weekly
    breadth: Markup | None
    incentives: Markup | None
    incentives_table: Weekly
    summary: Sequence[OutlineRow]
    """Label, the period's figure, that of the period before, and the change."""
    people: PeopleView
    movers: tuple[Driver, ...]
    """Of the last four weeks, the largest first; none where those weeks are not known."""
    advice: tuple[str, ...]
    few: str
    """Why most of it says nothing; empty where it says enough."""
    left_out: Collection[str]
    """Names of sections of which nothing at all is told."""
    untold: Mapping[str, Sequence[str]]
    """Why, in half a sentence -> their titles."""


def company_view(report: CompanyReport, period: str, today: date, language: Language) -> CompanyView:
    """Of the report in that language already: what is drawn has its words in it."""
    left_out = tuple(section for section in outline(report) if section.untold)
    return CompanyView(
        report=report,
        period=period,
        periods=period_choices(
            _newest(report, today), report.period.name, capital(report.period.label), language
        ),
        drivers=_drivers(report, language),
        history=_history(report, language),
        history_table=weekly(speak(language, "Score per week"), [report.score_history], language),
        funnel=_funnel(report, language),
        activity=_activity(report, language),
        activity_note=STANDS_STILL,
        activity_table=weekly(speak(language, "Active members per week"), report.activity, language),
        breadth=shares(report.breadth, "share"),
        incentives=_incentives(report, language),
        incentives_table=weekly(
            speak(language, "Events and points per week"), (*report.incentives, *report.points), language
        ),
        summary=[(one.label, one.figure, one.before, one.change) for one in report.summary],
        people=people_view(report, language),
        movers=movers(report.health) if report.health.change_4w is not None else (),
        advice=tuple(translate(text, language) for text in advice(report)),
        few=translate(said_of_few(report), language),
        left_out=[section.name for section in left_out],
        untold=reasons(in_language(left_out, language)),
    )


def _newest(report: CompanyReport, today: date) -> date:
    """The newest day to offer periods of. A report of an old quarter must still offer the ones after it."""
    as_of = date.fromisoformat(report.as_of)
    return as_of if report.period.name.startswith("last-") else min(today, as_of + timedelta(days=366))


def period_choices(as_of: date, chosen: str, label: str, language: Language) -> tuple[tuple[str, str], ...]:
    """The periods offered: the last weeks, then quarters and months that have begun, newest first."""
    found = [
        (f"last-{count}-weeks", capital(speak(language, "last {count:d} weeks", count=count)))
        for count in (12, 26)
    ]
    year, quarter = as_of.year, (as_of.month + 2) // 3
    for _ in range(4):
        label_of = speak(language, "quarter {quarter:d} of {year:d}", quarter=quarter, year=year)
        found.append((f"{year}-Q{quarter}", capital(label_of)))
        year, quarter = (year, quarter - 1) if quarter > 1 else (year - 1, 4)
    month = as_of.replace(day=1)
    for _ in range(6):
        found.append((f"{month:%Y-%m}", translate(f"{month:%B %Y}", language)))
        month = (month - timedelta(days=1)).replace(day=1)
    if chosen not in [name for name, _ in found]:
        found.insert(0, (chosen, label))
    return tuple(found)


def _drivers(report: CompanyReport, language: Language) -> Markup | None:
    if not report.health.drivers:
        return None
    bars = [
        charts.Bar(
            driver.label,
            driver.contribution,
            tenths(driver.contribution),
            "thriving" if driver.contribution >= 0 else "at_risk",
        )
        for driver in report.health.drivers
        if driver.weight or driver.contribution  # others tell of a change, or count for nothing
    ]
    told = ", ".join(f"{bar.label} {bar.text}" for bar in bars)
    return charts.responsive(
        "drivers",
        lambda name, width: charts.signed_bars(
            name,
            width,
            title=speak(language, "What moves the score"),
            description=speak(language, "Points around 50: {told_name}.", told_name=told),
            bars=bars,
        ),
    )


def _zones(language: Language) -> list[charts.Zone]:
    tops = (100, *(floor for _, floor in BAND_FLOORS))
    return [
        charts.Zone(translate(BAND_LABELS[band], language), low, high, band)
        for (band, low), high in zip(BAND_FLOORS, tops, strict=False)
    ]


def _history(report: CompanyReport, language: Language) -> Markup | None:
    series = report.score_history
    if not any(figure.value is not None for figure in series.figures):
        return None
    return charts.responsive(
        "history",
        lambda name, width: charts.lines(
            name,
            width,
            title=speak(language, "Health score per week"),
            description=told_course([series], language),
            labels=week_labels(series, language),
            series=[as_drawn(series, "ink")],
            zones=_zones(language),
            top=100,
        ),
    )


def _funnel(report: CompanyReport, language: Language) -> Markup | None:
    top = max((drawn_length(step.figure) or 0 for step in report.funnel), default=0)
    if not top:
        return None
    bars = [
        charts.Bar(
            step.label,
            drawn_length(step.figure),
            step.figure.text if step.share.value is None else f"{step.figure.text} · {step.share.text}",
        )
        for step in report.funnel
    ]
    told = ", ".join(f"{bar.label}: {bar.text}" for bar in bars)
    return charts.responsive(
        "funnel",
        lambda name, width: rows.bars(
            name, width, title=speak(language, "From seats to habit"), description=told, bars=bars, top=top
        ),
    )


def _activity(report: CompanyReport, language: Language) -> Markup | None:
    if not any(drawn_length(figure) is not None for one in report.activity for figure in one.figures):
        return None
    # The wider window first: it is filled, and the narrower line runs within it.
    wide = sorted(report.activity, key=lambda one: one.name != "active_4w")
    drawn = [
        as_drawn(one, role, dashed=index > 0)
        for index, (one, role) in enumerate(zip(wide, ("accent", "second", "healthy"), strict=False))
    ]
    return charts.responsive(
        "activity",
        lambda name, width: charts.lines(
            name,
            width,
            title=speak(language, "Active members per week"),
            description=told_course(wide, language),
            labels=week_labels(wide[0], language),
            series=drawn,
            area=True,
        ),
    )


def _incentives(report: CompanyReport, language: Language) -> Markup | None:
    columns = zip(*(one.figures for one in report.incentives), strict=True)
    if all(any(drawn_length(figure) is None for figure in column) for column in columns):
        return None
    drawn = [as_drawn(one, role) for one, role in zip(report.incentives, ("accent", "second"), strict=False)]
    return charts.responsive(
        "incentives",
        lambda name, width: charts.stacked(
            name,
            width,
            title=speak(language, "Organic and incentivised events per week"),
            description=told_course(report.incentives, language),
            labels=week_labels(report.incentives[0], language),
            series=drawn,
        ),
    )


@dataclass(frozen=True)
class Drawn:
    """A section with its chart."""

    section: Section
    chart: Markup | None

    @property
    def weekly(self) -> bool:
        """Drawn week by week: the figures behind it are folded."""
        return self.section.chart is not None and self.section.chart.kind in ("lines", "columns")


@dataclass(frozen=True)
class PaperView:
    """A digest or a department's page, and where it came from."""

    paper: Paper
    sections: tuple[Drawn, ...]
    company: str
    query: Mapping[str, str]
    k: int


def paper_view(paper: Paper, company: str, query: Mapping[str, str], k: int, language: Language) -> PaperView:
    """`query`: what the address says besides the format and the language."""
    return PaperView(
        paper, tuple(Drawn(one, _chart(one, language)) for one in paper.sections), company, dict(query), k
    )


def _chart(section: Section, language: Language) -> Markup | None:
    spec, table = section.chart, section.table
    if spec is None or table is None or not draw(section, spec, table, language, charts.WIDE, "try"):
        return None
    return charts.responsive(
        f"paper-{section.name}",
        lambda name, width: Markup(draw(section, spec, table, language, width, name)),  # noqa: S704 - our own SVG
    )
