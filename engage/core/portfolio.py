"""The portfolio: every company by what is at stake, for whoever decides whom to call.

Owns the reckoning of risk and value, the order, and what is kept of a newest score so that a list of ten thousand
companies opens at once. Reads health and contracts only, never a measure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, Final

import msgspec
from msgspec import Struct, field
from msgspec.structs import replace

from engage.core.book import Book, Worth, tier_in, tier_table
from engage.core.conditions import fold_name
from engage.core.definitions import PORTFOLIO_DEFINITIONS
from engage.core.drivers import TENURE, tenure_points
from engage.core.health import WEIGHTS
from engage.core.language import say
from engage.core.reports import BAND_FLOORS, Band, Confidence, Contract, Health, Portfolio, PortfolioRow
from engage.core.score_changes import HALF_A_BAND, PROFILE
from engage.core.stage_words import Stage
from engage.core.terms import customer_since, day_of, money_cents

MONTHS: Final = 12
SEGMENT_CHARS_MAX: Final = 100
SCORES_SHOWN: Final = 13
"""Weeks of scores beside a company, its newest among them."""
RISK_UNKNOWN: Final = 0.5
"""Of a company that is not scored, four months after it became a customer: neither good news nor bad."""
RISK_QUIET: Final = 0.9
"""Of one that was scored in the weeks shown and has since fallen below the floor of active members: as bad as a score
of 10. What it did is not told; that it is not scored any more is."""


class CompanyFacts(Struct, array_like=True, gc=False):
    """What a `CompanyState` begins with, which is all that is read of those of ten thousand companies."""

    name: str = ""
    timezone: str = "UTC"
    seats: int | None = None
    traits: dict[str, Any] = field(default_factory=dict)


class Particulars(Struct, frozen=True, gc=False):
    """What counts here of what the host says of a company. Days are ordinals."""

    name: str = ""
    seats: int | None = None
    since: int | None = None
    """A customer from this day on."""
    segment: str = ""
    gmv_cents: int | None = None


class Summary(Struct, array_like=True, frozen=True, gc=False):
    """The newest score of a company, in short. Stored with the score: fields are only appended, with a default."""

    as_of: int
    """A Sunday, as an ordinal."""
    score: int | None
    band: Band
    confidence: Confidence
    change_4w: int | None
    change_13w: int | None
    verdict: str
    top_driver: str | None = None
    """The driver that takes the most away; None: none takes away anything."""
    history: tuple[int | None, ...] = ()
    """Scores of the weeks before and its own, oldest first."""
    stage: Stage | None = None
    fell: str = ""
    """Of a sharp fall: what was seen of the driver that lost most."""
    slid: str = ""
    """The same of a slow one."""


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Summary).decode
_decode_facts = msgspec.msgpack.Decoder(CompanyFacts).decode


def decode_facts(state: bytes) -> CompanyFacts:
    return _decode_facts(state)


def particulars(facts: CompanyFacts, book: Book) -> Particulars:
    """`book` names the traits that hold segment and GMV."""
    traits = facts.traits
    if not traits:
        return Particulars(facts.name, facts.seats)
    segment, gmv = fold_name(book.segment_trait), fold_name(book.gmv_trait)
    return Particulars(
        facts.name,
        facts.seats,
        customer_since(traits),
        str(traits.get(segment) or "")[:SEGMENT_CHARS_MAX] if segment else "",
        money_cents(traits.get(gmv)) if gmv else None,
    )


def encode_summary(summary: Summary) -> bytes:
    return _encode(summary)


def decode_summary(data: bytes) -> Summary:
    return _decode(data)


def summary_of(health: Health, history: Sequence[int | None] = (), stage: Stage | None = None) -> Summary:
    worst = min(health.drivers, key=lambda driver: driver.contribution, default=None)
    return Summary(
        as_of=date.fromisoformat(health.as_of).toordinal(),
        score=health.score,
        band=health.band,
        confidence=health.confidence,
        change_4w=health.change_4w,
        change_13w=health.change_13w,
        verdict=health.verdict,
        top_driver=worst.name if worst is not None and worst.contribution < 0 else None,
        history=tuple(history),
        stage=stage,
        fell=_fell(health),
        slid=health.slid,
    )


def fell_sharply(health: Health) -> bool:
    """In four weeks; what came with another profile of the score alone is no fall of the company's."""
    if health.change_4w is None:
        return False
    by_profile = sum(driver.change for driver in health.drivers if driver.name == PROFILE)
    return health.change_4w - by_profile <= -HALF_A_BAND


def _fell(health: Health) -> str:
    if not fell_sharply(health):
        return ""
    others = (driver for driver in health.drivers if driver.name != PROFILE)
    most = min(others, key=lambda driver: driver.change, default=None)
    return most.text if most is not None and most.change < 0 else ""


class Standing(Struct, frozen=True, gc=False):
    """A company with what the portfolio needs of it. `left`: its contract has ended."""

    company: str
    name: str
    summary: Summary
    contract: Contract
    left: bool = False


def portfolio(
    as_of: str, standings: Iterable[Standing], k: int, data_until: str = "", book: Book | None = None
) -> Portfolio:
    """The largest value at risk first; then the highest risk; then by name, so that the order is stable."""
    book = book or Book()
    rows = [_row(standing, book) for standing in standings]
    rows.sort(key=lambda row: (-(row.value_at_risk_cents or 0), -row.risk, row.name, row.company))
    counted = Counter(row.band for row in rows)
    unknown = sum(1 for row in rows if row.monthly_revenue_cents is None)
    notes = (
        [say("Data until {day}, the end of the last week measured.", day=data_until)] if data_until else []
    )
    if unknown:
        notes.append(
            say("The revenue of 1 company is not known; it comes last.")
            if unknown == 1
            else say("The revenue of {count:,} companies is not known; they come last.", count=unknown)
        )
    return Portfolio(
        as_of=as_of,
        k=k,
        data=tuple(rows),
        bands={band: counted[band] for band in (*(band for band, _ in BAND_FLOORS), "unscored")},
        monthly_revenue_cents=sum(row.monthly_revenue_cents or 0 for row in rows),
        value_at_risk_cents=sum(row.value_at_risk_cents or 0 for row in rows),
        notes=tuple(notes),
        definitions=PORTFOLIO_DEFINITIONS,
        data_until=data_until,
        tiers=tier_table(book.tiers, Counter(row.tier for row in rows if row.tier is not None)),
    )


def portfolio_of(whole: Portfolio, rows: tuple[PortfolioRow, ...]) -> Portfolio:
    """Some of its companies, or all of them in another order. What is counted, summed and told is theirs; what
    contracts brought is known of all companies alone."""
    if len(rows) == len(whole.data):
        return replace(whole, data=rows)
    ids = {row.company for row in rows}
    bands, tiers = Counter(row.band for row in rows), Counter(row.tier for row in rows)
    return replace(
        whole,
        data=rows,
        bands={band: bands[band] for band in whole.bands},
        monthly_revenue_cents=sum(row.monthly_revenue_cents or 0 for row in rows),
        value_at_risk_cents=sum(row.value_at_risk_cents or 0 for row in rows),
        outcomes=None,
        tiers=tuple(replace(tier, companies=tiers[tier.id]) for tier in whole.tiers),
        interventions=tuple(one for one in whole.interventions if not one.company or one.company in ids),
        late_goals=tuple(goal for goal in whole.late_goals if goal.company in ids),
        chosen_of=len(whole.data),
    )


def worth_of(score: int | None, contract: Contract) -> Worth:
    """What tiers ask for, of a company whose contract runs."""
    revenue = contract.monthly_revenue_cents
    return Worth(None if revenue is None else revenue * MONTHS, score, contract.seats)


def _row(standing: Standing, book: Book) -> PortfolioRow:
    summary, contract, left = standing.summary, standing.contract, standing.left
    risk = risk_on(summary.as_of, summary.score, summary.history, contract)
    revenue = 0 if left else contract.monthly_revenue_cents
    tier = None if left or not book.tiers else tier_in(book, worth_of(summary.score, contract))
    return PortfolioRow(
        company=standing.company,
        name=standing.name,
        score=summary.score,
        band=summary.band,
        confidence=summary.confidence,
        change_4w=summary.change_4w,
        change_13w=summary.change_13w,
        seats=contract.seats,
        monthly_revenue_cents=revenue,
        renewal_date=None if left else contract.renewal_date,
        days_to_renewal=None if left else contract.days_to_renewal,
        risk=risk,
        value_at_risk_cents=None if revenue is None else round(revenue * MONTHS * risk),
        top_driver=summary.top_driver,
        text=say("Contract ended on {day}.", day=contract.renewal_date) if left else summary.verdict,
        history=summary.history,
        tier=tier,
        stage=summary.stage,
        fell="" if left else summary.fell,
        slid="" if left else summary.slid,
    )


def why(row: PortfolioRow) -> str:
    """What pulls the score down, and what fell of late where that is something else."""
    if row.fell:
        if row.fell in row.text:
            return row.text
        return say("{verdict} Fell in four weeks, most of all: {what}.", verdict=row.text, what=row.fell)
    if row.slid:
        points = -(row.change_13w or 0)
        if row.slid in row.text:
            return say(
                "{verdict} Fell slowly, by {points:d} points in 13 weeks.", verdict=row.text, points=points
            )
        return say(
            "{verdict} Fell slowly, by {points:d} points in 13 weeks, most of all: {what}.",
            verdict=row.text,
            points=points,
            what=row.slid,
        )
    return row.text


def too_quiet(score: int | None, risk: float, seats: int | None, k: int) -> bool:
    """Not scored, though it was before, or though it has the seats: a company of fewer than 2k − 1 never can be."""
    return score is None and (risk >= RISK_QUIET or (seats or 0) >= 2 * k - 1)


def risk_on(day: int, score: int | None, history: Sequence[float | None], contract: Contract) -> float:
    """Of a company on a day, by its scores of the weeks shown, up to then."""
    since = day_of(contract.customer_since)
    age = None if since is None else day - since
    return risk_of(score, was_scored=any(past is not None for past in history), age_days=age)


def risk_of(score: int | None, *, was_scored: bool, age_days: int | None = None) -> float:
    """`was_scored`: in one of the weeks before; `age_days`: how long it has been a customer. Both are read where there
    is no score: nothing may be told then but contract facts, and all drivers but the time with us count as middling."""
    if score is not None:
        return round(1 - score / 100, 2)
    if was_scored or age_days is None:
        return RISK_QUIET if was_scored else RISK_UNKNOWN
    return round(RISK_UNKNOWN - WEIGHTS[TENURE] * (tenure_points(age_days) / 100 - 0.5), 2)
