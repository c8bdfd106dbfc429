"""The portfolio as sections: whom to call, what is coming, and what contracts brought; see `engage.core.outline`.

Owns which companies each section lists. Scores, contract facts and sums of these alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from engage.core.care_shapes import EffectView, LateGoal
from engage.core.language import Text, say
from engage.core.outline import MINUS, Chart, Row, Section, tabled
from engage.core.outline_care import STANDINGS
from engage.core.portfolio import MONTHS, RISK_QUIET, too_quiet, why
from engage.core.privacy import Figure, Unit, fact
from engage.core.reports import BAND_FLOORS, BAND_LABELS, Band, Column, Portfolio, PortfolioRow
from engage.core.worth import Growth, Outcomes, TierColumn

CALLED: Final = ("at_risk", "watch")
LISTED_MAX: Final = 18
"""Companies of a list in a file: two slides. The workbook has all of them."""
MAPPED_MAX: Final = 60
"""How many companies the map shows, those with most at stake: more would be a cloud."""
MAPPED_DAYS: Final = 365
"""Renewals further away are at the map's edge, those that are past at its beginning."""
CALL_DAYS: Final = 90
"""A renewal this close comes before one that leaves more time, however much is at stake."""
HEALTHY: Final = dict(BAND_FLOORS)["healthy"]
"""Below this score, and that close to a renewal, somebody should call."""
AT_RISK: Final = dict(BAND_FLOORS)["watch"]
"""Below this score a company is at risk."""
BANDS: Final[tuple[Band, ...]] = (*(band for band, _ in reversed(BAND_FLOORS)), "unscored")


def stake(row: PortfolioRow) -> int:
    return row.value_at_risk_cents or 0


def called(rows: Sequence[PortfolioRow], k: int) -> list[PortfolioRow]:
    """Whom to call: first those whose term ends within CALL_DAYS, for them it is soon too late; then the most at stake.
    Of the former a fall is enough, sharp or slow, or to be too quiet for a score. With an ended contract nothing is."""
    found = [
        row
        for row in rows
        if row.band in CALLED
        or row.risk >= RISK_QUIET
        or (_is_soon(row) and (row.fell or row.slid or too_quiet(row.score, row.risk, row.seats, k)))
    ]
    return sorted((row for row in found if row.value_at_risk_cents != 0), key=_urgency)


def _urgency(row: PortfolioRow) -> tuple[bool, int]:
    return not _is_soon(row), -stake(row)


def _is_soon(row: PortfolioRow) -> bool:
    return row.days_to_renewal is not None and row.days_to_renewal <= CALL_DAYS


def is_urgent(days: float, score: float) -> bool:
    """Below HEALTHY and about to renew, or at risk: on a map these carry their names first."""
    return score < AT_RISK or (score < HEALTHY and 0 <= days <= CALL_DAYS)


def portfolio_outline(portfolio: Portfolio) -> tuple[Section, ...]:
    rows = portfolio.data
    named = [
        map_section(rows),
        _calls(rows, portfolio.k),
        _falls(rows),
        _renewals(rows),
        _bands(rows),
        _late_goals(portfolio.late_goals),
        _effects(portfolio.interventions, {row.company: row.name for row in rows}),
        _tiers(portfolio.tiers),
    ]
    if portfolio.outcomes is not None:
        named.append(_outcomes(portfolio.outcomes))
        if portfolio.outcomes.economics is not None:
            named.append(_growth(portfolio.outcomes.economics.growth))
    return tuple(section for section in named if section is not None)


def map_section(rows: Sequence[PortfolioRow]) -> Section | None:
    """Days to renewal across, score up, revenue as size, by band: those at the bottom left are called first."""
    placed = [row for row in rows if row.days_to_renewal is not None and row.score is not None]
    if len(placed) < 2:
        return None
    soon = [
        row for row in placed if row.days_to_renewal is not None and 0 <= row.days_to_renewal <= CALL_DAYS
    ]
    urgent = [row for row in soon if row.score is not None and row.score < HEALTHY]
    shown = sorted(placed, key=stake, reverse=True)[:MAPPED_MAX]
    shown.sort(key=lambda row: BANDS.index(row.band))
    columns = (
        Column("company", say("Company")),
        Column("days", say("Days to renewal"), "days"),
        Column("score", say("Score"), "score"),
        Column("revenue", say("Revenue per month"), "each"),
        Column("band", say("Band"), told=True),
    )
    cells: tuple[Row, ...] = tuple(
        (
            row.name,
            _known(row.days_to_renewal, "days"),
            _score(row),
            _units(row.monthly_revenue_cents),
            _band(row),
        )
        for row in shown
    )
    message = say(
        "Scores below {score:d} that renew within {days:d} days: {count:,}, worth {revenue:,} a year",
        count=len(urgent),
        score=HEALTHY,
        days=CALL_DAYS,
        revenue=round(sum(row.monthly_revenue_cents or 0 for row in urgent) * MONTHS / 100),
    )
    title = say("Score and renewal")
    chart = Chart("map", ("days", "score", "revenue"), 100)
    return tabled("map", title, columns, cells, message if urgent else "", chart=chart)


def nobody(rows: Sequence[PortfolioRow]) -> Text:
    """Why nobody is to be called: that is good news only where scores say so."""
    if rows and all(row.score is None for row in rows):
        return say("Whom to call is not known by scores: no company has one.")
    return say("Nobody needs a call this week: no company is at risk or on watch.")


def _calls(rows: Sequence[PortfolioRow], k: int) -> Section:
    found = called(rows, k)
    title = say("Call first")
    if not found:
        return Section("calls", title, notes=(nobody(rows),))
    columns = (
        Column("company", say("Company")),
        Column("score", say("Score"), "score"),
        Column("change", say("4 weeks"), "score"),
        Column("days", say("Days to renewal"), "days"),
        Column("at_risk", say("At risk a year"), "each"),
        Column("confidence", say("Confidence"), told=True),
        Column("why", say("Why"), told=True),
    )
    cells: tuple[Row, ...] = tuple(
        (
            row.name,
            _score(row),
            _change(row.change_4w),
            _known(row.days_to_renewal, "days"),
            _units(row.value_at_risk_cents),
            "–" if row.score is None else row.confidence,
            why(row),
        )
        for row in found[:LISTED_MAX]
    )
    message = say(
        "To call: {count:,}, with {revenue:,} a year at risk",
        count=len(found),
        revenue=round(sum(map(stake, found)) / 100),
    )
    return tabled("calls", title, columns, cells, message, notes=_cut(len(found)))


def _falls(rows: Sequence[PortfolioRow]) -> Section | None:
    fell = [
        row
        for row in rows
        if row.change_4w is not None and row.change_4w < 0 and row.value_at_risk_cents != 0
    ]
    fell.sort(key=lambda row: (row.change_4w, -stake(row)))
    return _list(
        "falls",
        say("Largest falls in four weeks"),
        fell,
        lambda row: _change(row.change_13w),
        say("13 weeks"),
    )


def _renewals(rows: Sequence[PortfolioRow]) -> Section | None:
    soon = [row for row in rows if row.days_to_renewal is not None and 0 <= row.days_to_renewal <= CALL_DAYS]
    soon.sort(key=lambda row: (row.days_to_renewal, -stake(row)))
    return _list(
        "renewals",
        say("Renewals within 90 days"),
        soon,
        lambda row: _known(row.days_to_renewal, "days"),
        say("Days to renewal"),
    )


def _list(
    name: str, title: str, rows: Sequence[PortfolioRow], read: Callable[[PortfolioRow], Figure], label: str
) -> Section | None:
    if not rows:
        return None
    columns = (
        Column("company", say("Company")),
        Column("band", say("Band"), told=True),
        Column("score", say("Score"), "score"),
        Column("change", say("4 weeks"), "score"),
        Column("more", label, "each"),
        Column("revenue", say("Revenue per month"), "each"),
        Column("at_risk", say("At risk a year"), "each"),
    )
    cells: tuple[Row, ...] = tuple(
        (
            row.name,
            _band(row),
            _score(row),
            _change(row.change_4w),
            read(row),
            _units(row.monthly_revenue_cents),
            _units(row.value_at_risk_cents),
        )
        for row in rows[:LISTED_MAX]
    )
    return tabled(name, title, columns, cells, notes=_cut(len(rows)))


def _cut(count: int) -> tuple[str, ...]:
    if count <= LISTED_MAX:
        return ()
    return (say("The first {shown:,} of {count:,}.", shown=LISTED_MAX, count=count),)


def _late_goals(goals: Sequence[LateGoal]) -> Section | None:
    if not goals:
        return None
    columns = (
        Column("company", say("Company")),
        Column("goal", say("Goal")),
        Column("measure", say("Measure"), told=True),
        Column("by", say("By")),
        Column("standing", say("Standing"), told=True),
        Column("owner", say("Owner")),
    )
    cells: tuple[Row, ...] = tuple(
        (one.company_name, one.name, one.label, one.by, STANDINGS[one.standing], one.owner)
        for one in goals[:LISTED_MAX]
    )
    title = say("Goals behind or missed")
    return tabled("late_goals", title, columns, cells, notes=_cut(len(goals)))


def _bands(rows: Sequence[PortfolioRow]) -> Section:
    columns = (
        Column("band", say("Band"), told=True),
        Column("companies", say("Companies"), "each"),
        Column("revenue", say("Revenue per month"), "each"),
        Column("at_risk", say("At risk a year"), "each"),
    )
    cells: list[Row] = []
    for band in BANDS:
        own = [row for row in rows if row.band == band]
        revenue = sum(row.monthly_revenue_cents or 0 for row in own)
        figures = fact(len(own), "each"), _units(revenue), _units(sum(map(stake, own)))
        cells.append((BAND_LABELS[band], *figures))
    title = say("Companies by band")
    return tabled("bands", title, columns, cells, chart=Chart("bars", ("companies",)))


def _outcomes(found: Outcomes) -> Section:
    columns = (Column("figure", say("Figure"), told=True), Column("amount", say("Amount"), "each"))
    cells: tuple[Row, ...] = (
        (say("Revenue per month (MRR)"), _units(found.mrr_cents)),
        (say("Per year (ARR)"), _units(found.arr_cents)),
        (say("Per company and month (ARPA)"), _units(found.arpa_cents)),
        (say("Kept of it (GRR)"), _percent(found.grr)),
        (say("Kept with growth (NRR)"), _percent(found.nrr)),
        (say("Renewal rate"), _percent(found.renewal_rate)),
        (say("Share of the key fifth"), _percent(found.key_share)),
    )
    more = found.economics
    if more is not None:
        ratio = _known(None if more.ltv_to_cac is None else round(more.ltv_to_cac, 1), "each")
        cells += (
            (say("Worth of a customer (LTV)"), _units(more.ltv_cents)),
            (say("Cost to win one (CAC)"), _units(more.cac_cents)),
            (say("LTV / CAC"), ratio),
            (say("Traded per month (GMV)"), _units(more.gmv_cents)),
        )
    title = say("What contracts brought")
    notes = (*found.notes, *(more.notes if more is not None else ()))
    return tabled("outcomes", title, columns, cells, notes=notes)


def _growth(growth: Sequence[Growth]) -> Section | None:
    if not growth:
        return None
    columns = (
        Column("segment", say("Segment"), told=True),
        Column("new", say("New"), "each"),
        Column("conversion", say("Conversion"), "percent"),
        Column("purchase", say("Purchase"), "each"),
        Column("existing", say("Existing"), "each"),
        Column("retention", say("Retention"), "percent"),
        Column("repurchase", say("Repurchase"), "each"),
        Column("revenue", say("Per month"), "each"),
    )
    cells: tuple[Row, ...] = tuple(
        (
            one.segment,
            fact(one.new, "each"),
            _percent(one.conversion),
            _units(one.purchase_cents),
            fact(one.existing, "each"),
            _percent(one.retention),
            _units(one.repurchase_cents),
            _units(one.mrr_cents),
        )
        for one in growth
    )
    title = say("Where the revenue comes from")
    return tabled("growth", title, columns, cells)


def _tiers(tiers: Sequence[TierColumn]) -> Section | None:
    if not tiers:
        return None
    columns = (
        Column("service", say("Service")),
        *(Column(f"tier_{one.id}", f"{one.name} ({one.companies:,})") for one in tiers),
    )
    rows: list[Row] = [
        (name, *(one.benefits.get(name) or "–" for one in tiers)) for name in tiers[0].benefits
    ]
    title = say("Tiers and their service")
    return tabled("tiers", title, columns, rows)


def _effects(done: Sequence[EffectView], names: Mapping[str, str]) -> Section | None:
    columns = (
        Column("day", say("Day")),
        Column("what", say("What was done")),
        Column("weeks", say("Weeks"), "each"),
        Column("companies", say("Companies"), "each"),
        Column("change", say("Change"), "score"),
        Column("others", say("Of the others"), "score"),
        Column("difference", say("Difference"), "score"),
        Column("means", say("What it means"), told=True),
    )
    cells: tuple[Row, ...] = tuple(
        (
            one.day,
            f"{names[one.company]}: {one.what}" if one.company in names else one.what,
            fact(found.weeks, "each"),
            fact(one.companies, "each"),
            *(_tenths(value) for value in (found.change, found.others_change, found.difference)),
            found.text,
        )
        for one in done
        for found in one.scores
        if found.companies or found is one.scores[0]
    )
    if not cells:
        return None
    title = say("What was done, and what followed")
    return tabled("effects", title, columns, cells)


# --- cells ------------------------------------------------------------------------------------------------------


def _known(value: float | None, unit: Unit) -> Figure:
    return Figure("–", unit, hidden="missing") if value is None else fact(value, unit)


def _score(row: PortfolioRow) -> Figure:
    return _known(row.score, "score")


def _units(cents: int | None) -> Figure:
    """Whole units of the host's currency."""
    return _known(None if cents is None else round(cents / 100), "each")


def _percent(share: float | None) -> Figure:
    """In tenths, as the page and the cover have it."""
    if share is None:
        return _known(None, "percent")
    tenths = round(100 * share, 1)
    return Figure(say("{share:.1f} %", share=tenths), "percent", tenths)


def _change(points: int | None) -> Figure:
    return _tenths(None if points is None else float(points), "{:+.0f}")


def _tenths(points: float | None, looks: str = "{:+.1f}") -> Figure:
    if points is None:
        return _known(None, "score")
    return Figure(looks.format(points).replace("-", MINUS) if points else "0", "score", points)


def _band(row: PortfolioRow) -> str:
    return BAND_LABELS[row.band]
