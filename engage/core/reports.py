"""The shapes of what customer success reads: a company's adoption report and the portfolio of companies.

Owns the shapes and their comma-separated form. Every number about members is a `Figure` of `engage.core.privacy`;
plain numbers here are contract facts, scores (functions of figures) and counts of weeks. Must not know how a
report is computed (`engage.core.adoption`), stored or drawn.

Shapes only grow: pages, the API and hosts' own programs read them, so a field is added with a default, never
renamed or removed. Dates are ISO text (2026-11-15), weeks are named by their Monday, money is in cents.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from itertools import chain
from operator import attrgetter
from typing import Any, Final, Literal

from msgspec import Struct

from engage.core.accuracy import CalibrationCard
from engage.core.care_shapes import CareView, EffectView, LateGoal
from engage.core.language import Language, Text, say, translate
from engage.core.privacy import Figure, Unit
from engage.core.scored_as import ScoredAs
from engage.core.stage_words import STAGE_LABELS, CompanyStage, Stage
from engage.core.worth import CompanyTier, Outcomes, TierColumn

Band = Literal["thriving", "healthy", "watch", "at_risk", "unscored"]
Confidence = Literal["high", "medium", "low"]

BAND_LABELS: Final[dict[Band, str]] = {
    "thriving": say("Thriving"),
    "healthy": say("Healthy"),
    "watch": say("Watch"),
    "at_risk": say("At risk"),
    "unscored": say("Not scored"),
}
BAND_FLOORS: Final[tuple[tuple[Band, int], ...]] = (
    ("thriving", 80),
    ("healthy", 60),
    ("watch", 40),
    ("at_risk", 0),
)
"""The least score of each band. Gainsight's three (red to 50, green from 76) with the middle split in two."""


class Period(Struct, frozen=True):
    """A run of whole ISO weeks. `text` says how the weeks were chosen."""

    name: str  # as asked for: last-12-weeks, last-26-weeks, 2026-Q1, 2026-03
    label: Text
    first: str  # a Monday
    last: str  # a Sunday
    weeks: int
    text: Text


class Series(Struct, frozen=True):
    """One figure per week, oldest first; `weeks` are the Mondays, as many as there are figures."""

    name: str
    label: Text
    unit: Unit
    weeks: tuple[str, ...]
    figures: tuple[Figure, ...]


class Column(Struct, frozen=True):
    name: str
    label: Text
    unit: Unit | Literal["text"] = "text"
    told: bool = (
        False  # its cells are our words, not the host's names: they are read in the reader's language
    )


class Table(Struct, frozen=True):
    """Rows of cells in the order of the columns: text in text columns, figures in all others."""

    name: str
    title: Text
    columns: tuple[Column, ...]
    rows: tuple[tuple[str | Figure, ...], ...]
    note: Text = ""

    def column(self, name: str) -> tuple[str | Figure, ...]:
        index = [column.name for column in self.columns].index(name)
        return tuple(row[index] for row in self.rows)


class Driver(Struct, frozen=True):
    """An input of the score. Contributions are signed points around a neutral 50 and add up to the score."""

    name: str  # activity, habit, breadth, features, trend, seats, levels, tenure; version 1: momentum
    label: Text
    value: float | None  # None when the figure behind it is hidden; `text` then says what may be told
    score: float  # 0-100
    weight: float  # 0-1, after the weight of missing inputs was shared out
    contribution: float  # weight x (score - 50), in tenths; the score is 50 plus all of them, rounded
    text: Text
    change: float = 0.0  # of the contribution, against four weeks before
    between: tuple[float, float] | None = None  # where the value is hidden: the range that may be told


class Health(Struct, frozen=True):
    """The health of a company as of a Sunday. Not scored: `score` None, and `verdict` says why."""

    as_of: str
    score: int | None
    band: Band
    confidence: Confidence
    verdict: Text  # one sentence
    drivers: tuple[Driver, ...] = ()  # the largest contribution first, whatever its sign
    notes: tuple[Text, ...] = ()  # missing inputs and where their weight went; why confidence is not high
    change_4w: int | None = None
    change_13w: int | None = None
    version: int = 1
    profile: ScoredAs | None = None  # of the host's definition; None: the built-in weights and bounds
    slid: Text = ""  # of half a band lost in 13 weeks: what was seen of the driver that lost most

    @property
    def counted(self) -> tuple[Driver, ...]:
        """The drivers that say something: one that counts for nothing under the profile, and has not moved, would be
        read as one that stands at the neutral middle."""
        return tuple(one for one in self.drivers if one.weight or one.contribution or one.change)


def health_notice(
    health: Health, score_before: int | None, band_before: str | None, profile_before: str | None
) -> dict[str, Any]:
    """What a receiver is told of a change: what the pages show, and no figure besides. Before: as last told."""
    return {
        "as_of": health.as_of,
        "score": health.score,
        "band": health.band,
        "score_before": score_before,
        "band_before": band_before,
        "confidence": health.confidence,
        "verdict": health.verdict,
        "profile": health.profile.id if health.profile else None,
        "profile_before": profile_before,
    }


class Step(Struct, frozen=True):
    """A step of the funnel from seats to habit; each is a part of the one before it, seats aside."""

    name: str  # seats, members, activated, active, habitual, level_2
    label: Text
    figure: Figure
    share: Figure  # percent of seats, or of members where seats are unknown
    text: Text  # what the step means


class Comparison(Struct, frozen=True):
    """A key figure of the period beside the period before; `change` is in percent, of percentages in points."""

    name: str
    label: Text
    figure: Figure
    before: Figure
    change: Figure


class Contract(Struct, frozen=True):
    """Facts agreed with the company, not about its members. None: not known."""

    plan: str | None = None
    seats: int | None = None
    monthly_revenue_cents: int | None = None
    term_start: str | None = None
    renewal_date: str | None = None  # the day the current term ends
    days_to_renewal: int | None = None  # from the day after `as_of`
    customer_since: str | None = None

    @property
    def term_ended(self) -> bool:
        return self.days_to_renewal is not None and self.days_to_renewal < 0


class Definition(Struct, frozen=True):
    term: Text
    text: Text
    source: Text = ""


class CompanyReport(Struct, frozen=True):
    """The adoption report, in reading order."""

    company: str  # the host's id
    name: str
    timezone: str
    as_of: str  # the last day of the last week in it
    period: Period
    before: Period
    k: int
    contract: Contract
    health: Health
    score_history: Series
    funnel: tuple[Step, ...]
    summary: tuple[Comparison, ...]
    activity: tuple[Series, ...]  # active_week, active_4w: members per week of the period
    breadth: Table  # feature (text), members, share, before, events, rewarded (text); most used first
    levels: Table  # level (text), members, share; lowest first, "No level" before it
    incentives: tuple[Series, ...]  # organic and incentivised: events per week of the period
    points: tuple[Series, ...]  # issued, per currency
    notes: tuple[Text, ...]  # what is hidden and why, weeks without measures
    definitions: tuple[Definition, ...]
    data_until: str = ""  # the Sunday of the newest week measured of the company; empty: none yet
    tier: CompanyTier | None = None
    rhythm: tuple[Series, ...] = ()  # active_day and stickiness: per week of the period
    classes: tuple[Series, ...] = ()  # power, habitual, novice, low, none: members per week of the period
    habits: Table | None = None  # class (text), members, share, before
    departments: Table | None = None  # department (text), members, active, share, before, habitual
    roles: Table | None = None  # role (text), as departments
    cohorts: Table | None = None  # last_day (text), month_0 and on: members active so many months later
    funnels: tuple[Table, ...] = ()  # step (text), members, share, step_share, before
    balances: Table | None = (
        None  # currency (text), issued, spent, expired, outstanding, breakage, expiring, at_risk
    )
    moves: Table | None = None  # what (text), members, before
    peers: Table | None = None  # measure (text), value, percentile, lower, median, upper
    care: CareView | None = None  # goals, interventions, sentiment; None: there are none
    stage: CompanyStage | None = None  # as decided with the score; None: nothing can be said
    stages: Table | None = None  # of its members: stage (text), members, share; None: not measured
    champions: Table | None = None  # what (text), count, before
    campaigns: Table | None = (
        None  # campaign, month, weeks (text), members, active, held_out, and on; what they moved
    )
    score_notes: tuple[Text, ...] = ()  # when in score_history another profile or definition came into use


class PortfolioRow(Struct, frozen=True):
    """A company among all. `value_at_risk_cents` is a year's recurring revenue times the risk."""

    company: str
    name: str
    score: int | None
    band: Band
    confidence: Confidence
    change_4w: int | None
    change_13w: int | None
    seats: int | None
    monthly_revenue_cents: int | None
    renewal_date: str | None
    days_to_renewal: int | None  # from the day after its own last week, as on its report
    risk: float  # 0-1
    value_at_risk_cents: int | None
    top_driver: str | None  # the driver that takes the most away; its name
    text: Text  # one sentence: whom to call, or why not
    history: tuple[int | None, ...] = ()  # scores of the last 13 weeks, oldest first
    tier: str | None = None  # its id
    stage: Stage | None = None
    fell: Text = ""  # of a score that fell sharply in four weeks: what was seen of the driver that lost most
    slid: Text = ""  # the same of as much in 13 weeks


class Portfolio(Struct, frozen=True):
    """Every company, the largest value at risk first."""

    as_of: str
    k: int
    data: tuple[PortfolioRow, ...]
    bands: dict[Band, int]  # how many companies stand in each
    monthly_revenue_cents: int
    value_at_risk_cents: int
    notes: tuple[Text, ...] = ()
    definitions: tuple[Definition, ...] = ()
    data_until: str = ""  # the Sunday of the newest score; empty: none yet
    calibration: CalibrationCard | None = None  # how well the score foretold; None: never asked
    outcomes: Outcomes | None = None  # what contracts brought; None: there are no terms
    tiers: tuple[TierColumn, ...] = ()  # the highest first; empty: the host has none
    interventions: tuple[EffectView, ...] = ()  # the newest first, as judged with the newest scores
    late_goals: tuple[LateGoal, ...] = ()  # behind or missed by the newest scores, the nearest day first
    chosen_of: int | None = None
    """How many companies there are, where it tells only of some; None: it tells of all."""


Cell = str | int | float | None

# What a spreadsheet would run as a formula; OWASP, "CSV Injection". Only text is guarded: -5 stays a number.
_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")


def _guarded(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def as_csv(rows: Iterable[Sequence[Cell]]) -> str:
    """With a byte order mark, because Excel reads Chinese names as noise without one; lines end as RFC 4180 says."""
    out = io.StringIO(newline="")
    out.write("\ufeff")
    csv.writer(out, lineterminator="\r\n").writerows(
        [_guarded(cell) if isinstance(cell, str) else cell for cell in row] for row in rows
    )
    return out.getvalue()


def report_csv(report: CompanyReport, language: Language) -> str:
    """One figure per line: section, item, week or period, unit, value (empty when hidden), what is shown.

    The report is in `language` already; names of columns, sections and units are the same in every language.
    """
    name = report.period.name
    rows: list[tuple[Cell, ...]] = [("section", "item", "when", "unit", "value", "shown")]
    health, contract = report.health, report.contract
    rows += [
        ("company", "id", "", "text", None, report.company),
        ("company", "name", "", "text", None, report.name),
        ("company", "period", report.as_of, "text", None, f"{report.period.first} to {report.period.last}"),
        ("health", "score", health.as_of, "score", health.score, health.verdict),
        ("health", "band", health.as_of, "text", None, translate(BAND_LABELS[health.band], language)),
        ("health", "confidence", health.as_of, "text", None, health.confidence),
    ]
    if health.profile is not None:
        rows.append(
            ("health", "profile", health.as_of, "text", None, f"{health.profile.name}: {health.profile.text}")
        )
    rows += [("driver", d.label, health.as_of, "score", d.contribution, d.text) for d in health.drivers]
    rows += [
        ("contract", "seats", report.as_of, "seats", contract.seats, ""),
        ("contract", "monthly revenue", report.as_of, "cents", contract.monthly_revenue_cents, ""),
        ("contract", "renewal", report.as_of, "text", None, contract.renewal_date or ""),
    ]
    if report.stage is not None:
        label = translate(STAGE_LABELS[report.stage.stage], language)
        rows.append(("stage", label, report.stage.since, "text", None, report.stage.text))
    if report.tier is not None:
        rows.append(("tier", "name", report.as_of, "text", None, report.tier.name))
        rows += [
            ("tier", name, report.as_of, "text", None, words) for name, words in report.tier.benefits.items()
        ]
    for goal in report.care.goals if report.care else ():
        rows.append(
            ("goal", goal.name, goal.by, goal.measure, goal.value, f"{goal.standing}, target {goal.target:g}")
        )
    for done in report.care.interventions if report.care else ():
        rows.append(("intervention", done.id, done.day, "text", None, done.what))
    rows += [_line("funnel", step.label, report.as_of, step.figure) for step in report.funnel]
    for one in report.summary:
        rows.append(_line("summary", one.label, name, one.figure))
        rows.append(_line("summary", one.label, report.before.name, one.before))
    weekly = (report.activity, report.rhythm, report.classes, report.incentives, report.points)
    for series in (report.score_history, *chain.from_iterable(weekly)):
        for week, figure in zip(series.weeks, series.figures, strict=True):
            rows.append(_line("week", series.label, week, figure))
    for table in _tables(report):
        for row in table.rows:
            for column, cell in zip(table.columns, row, strict=True):
                if isinstance(cell, Figure):
                    rows.append(_line(table.name, f"{row[0]}: {column.label}", name, cell))
    notes = (*health.notes, *report.score_notes, *report.notes)
    rows += [("note", "", "", "text", None, note) for note in notes]
    return as_csv(rows)


def _tables(report: CompanyReport) -> list[Table]:
    found = (
        *(report.breadth, report.levels, report.habits, report.departments, report.roles, report.cohorts),
        *(*report.funnels, report.balances, report.moves, report.peers, report.stages),
        report.champions,
        report.campaigns,
    )
    return [table for table in found if table is not None]


def _line(section: str, item: str, when: str, figure: Figure) -> tuple[Cell, ...]:
    return (section, item, when, figure.unit, figure.value, figure.text)


PORTFOLIO_COLUMNS: Final = tuple(name for name in PortfolioRow.__struct_fields__ if name != "history")


def portfolio_csv(portfolio: Portfolio) -> str:
    """One company per line, columns named as in JSON."""
    return as_csv(chain([PORTFOLIO_COLUMNS], map(attrgetter(*PORTFOLIO_COLUMNS), portfolio.data)))
