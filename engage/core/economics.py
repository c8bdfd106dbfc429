"""What customers are worth and what winning them costs: LTV, CAC, GMV, and where the revenue comes from.

Owns the definitions; see engage/docs/reports.md for each with its source. Reads contract terms, facts of companies and
the host's book, nothing of members. What is not known is None, never zero, and `notes` say what is missing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import Final, NamedTuple

from msgspec import Struct

from engage.core.book import Book
from engage.core.language import mark, say
from engage.core.outcomes import MONTHS, YEAR_DAYS, paid
from engage.core.terms import Term
from engage.core.worth import Economics, Growth

SEGMENTS_MAX: Final = 20
ALL: Final = mark("All companies")
OTHER: Final = mark("Other")
UNSAID: Final = mark("Not said")


class Customer(Struct, frozen=True, gc=False):
    """A company, as its worth is reckoned. Days are ordinals."""

    terms: Sequence[Term]
    since: int
    """Known from this day on."""
    segment: str = ""
    gmv_cents: int | None = None


class _Year(NamedTuple):
    customer: Customer
    then: int
    """Cents a month, a year ago."""
    now: int


def economics(customers: Sequence[Customer], book: Book, day: int) -> Economics:
    """Of all companies, as of a day."""
    notes: list[str] = []
    years = [_Year(one, *paid(one.terms, day)) for one in customers]
    existing = [one for one in years if one.then]
    left = sum(not one.now for one in existing)
    churn_rate = left / len(existing) if existing else None
    ltv = _ltv(years, churn_rate, book, notes)
    months = last_months(day)
    spent = _spent(book, months, notes)
    won = _won(customers, months)
    if not won:
        notes.append(say("No company began to pay in the last twelve whole months: CAC cannot be said."))
    cac = round(spent / won) if spent is not None and won else None
    traded = [one.gmv_cents for one in customers if one.gmv_cents is not None]
    if not book.gmv_trait:
        notes.append(say("GMV is not known: the book names no trait for it."))
    elif not traded:
        notes.append(say("GMV is not known: no company has the trait that the book names."))
    return Economics(
        gross_margin=book.gross_margin,
        start_companies=len(existing),
        left_companies=left,
        churn_rate=None if churn_rate is None else round(churn_rate, 4),
        ltv_cents=ltv,
        months=f"{months[0]} to {months[-1]}",
        acquisition_cents=spent,
        won_companies=won,
        cac_cents=cac,
        ltv_to_cac=round(ltv / cac, 2) if ltv is not None and cac else None,
        gmv_cents=sum(traded) if traded else None,
        gmv_companies=len(traded),
        growth=_growth(years, book, day),
        notes=tuple(notes),
    )


def _ltv(years: Sequence[_Year], churn_rate: float | None, book: Book, notes: list[str]) -> int | None:
    """A year's ARPA x gross margin / the share of companies lost in a year."""
    paying = [one.now for one in years if one.now]
    if book.gross_margin is None:
        notes.append(say("LTV is not known: the book does not say the gross margin."))
    elif churn_rate is None:
        notes.append(
            say("LTV is not known: nobody paid a year ago, so no share of companies lost can be said.")
        )
    elif not churn_rate:
        notes.append(say("LTV is not known: nobody left in the year, and so it has no bound."))
    elif not paying:
        notes.append(say("LTV is not known: nobody pays now."))
    else:
        return round(sum(paying) / len(paying) * MONTHS * book.gross_margin / churn_rate)
    return None


def last_months(day: int) -> list[str]:
    """The twelve newest whole months, by name: those that are over by the end of the day."""
    after = date.fromordinal(day + 1)
    last = after.year * MONTHS + after.month - 1
    return [f"{month // MONTHS:04d}-{month % MONTHS + 1:02d}" for month in range(last - MONTHS, last)]


def _spent(book: Book, months: Sequence[str], notes: list[str]) -> int | None:
    unsaid = [month for month in months if month not in book.acquisition_cents]
    if unsaid:
        notes.append(
            say(
                "CAC is not known: the book does not say what was spent in {month_list}.",
                month_list=", ".join(unsaid),
            )
        )
        return None
    return sum(book.acquisition_cents[month] for month in months)


def _won(customers: Sequence[Customer], months: Sequence[str]) -> int:
    """How many companies began to pay, for the first time, in these months."""
    begin, end = date.fromisoformat(f"{months[0]}-01").toordinal(), _month_after(months[-1])
    won = 0
    for one in customers:
        paid = [term.start for term in one.terms if term.monthly_revenue_cents]
        won += bool(paid) and begin <= min(paid) < end
    return won


def _month_after(month: str) -> int:
    """The first day of the month after."""
    year, number = map(int, month.split("-"))
    return date(year + number // MONTHS, number % MONTHS + 1, 1).toordinal()


def _growth(years: Sequence[_Year], book: Book, day: int) -> tuple[Growth, ...]:
    """All companies, and then each segment, the largest first."""
    rows = [_segment(ALL, years, day)]
    if book.segment_trait:
        counted = Counter(one.customer.segment or UNSAID for one in years)
        named = [name for name, _ in counted.most_common(SEGMENTS_MAX)]
        by_name: dict[str, list[_Year]] = {}
        for one in years:
            name = one.customer.segment or UNSAID
            by_name.setdefault(name if name in named else OTHER, []).append(one)
        rows += sorted(
            (_segment(name, own, day) for name, own in by_name.items()),
            key=lambda row: (-row.mrr_cents, row.segment),
        )
    return tuple(rows)


def _segment(name: str, years: Sequence[_Year], day: int) -> Growth:
    """new x conversion x purchase + existing x retention x repurchase is the monthly revenue there is now."""
    existing = [one for one in years if one.then]
    new = [one for one in years if not one.then and (one.now or one.customer.since > day - YEAR_DAYS)]
    bought, kept = [one.now for one in new if one.now], [one.now for one in existing if one.now]
    return Growth(
        segment=name,
        new=len(new),
        conversion=round(len(bought) / len(new), 4) if new else None,
        purchase_cents=round(sum(bought) / len(bought)) if bought else None,
        existing=len(existing),
        retention=round(len(kept) / len(existing), 4) if existing else None,
        repurchase_cents=round(sum(kept) / len(kept)) if kept else None,
        mrr_cents=sum(bought) + sum(kept),
    )
