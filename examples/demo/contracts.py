"""The companies' facts and contract terms as the two CSV files a host would export from its billing system.

Deterministic. Dates follow the last day of the recorded activity, so that renewals lie ahead of the reader.
"""

from __future__ import annotations

import csv
import io
from calendar import monthrange
from collections.abc import Sequence
from datetime import date, timedelta

from examples.demo.companies import COMPANIES, Company

COMPANY_COLUMNS = ("groupId", "name", "industry", "plan", "timezone", "seats", "customer_since")
TERM_COLUMNS = (
    "groupId",
    "plan",
    "term_start",
    "term_end",
    "monthly_revenue",
    "seats",
    "months",
    "discount",
    "outcome",
)


def companies_csv(until: date) -> str:
    """One row per company, columns named as on the wire, anything else a trait."""
    rows = [
        (c.id, c.name, c.industry, c.plan, c.timezone, c.seats, terms_of(c, until)[0][0].isoformat())
        for c in COMPANIES
    ]
    return _csv(COMPANY_COLUMNS, rows)


def terms_csv(until: date) -> str:
    """Every billing term since a company became a customer; the last is open, or churned where it left."""
    rows: list[tuple[object, ...]] = []
    for company in COMPANIES:
        terms = terms_of(company, until)
        for index, (start, end) in enumerate(terms):
            last = index == len(terms) - 1
            seats, revenue = company.seats, company.monthly_revenue
            if company.before and not last:
                seats, revenue = company.before
            outcome = ("churned" if company.renewal_days < 0 else "open") if last else "renewed"
            rows.append(
                (
                    company.id,
                    company.plan,
                    start.isoformat(),
                    end.isoformat(),
                    f"{revenue:.2f}",
                    seats,
                    company.term_months,
                    f"{company.discount:.2f}",
                    outcome,
                )
            )
    return _csv(TERM_COLUMNS, rows)


def terms_of(company: Company, until: date) -> list[tuple[date, date]]:
    """(start, end) of each term, oldest first: whole terms back from the next renewal to the first."""
    renewal = until + timedelta(days=company.renewal_days)
    became_customer = until - timedelta(weeks=company.customer_weeks)
    terms: list[tuple[date, date]] = []
    count = 0
    while not terms or terms[-1][0] > became_customer:
        end = _months_before(renewal, count * company.term_months)
        start = _months_before(renewal, (count + 1) * company.term_months)
        if terms and start < became_customer:
            break
        terms.append((start, end))
        count += 1
    return terms[::-1]


def _months_before(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _csv(columns: tuple[str, ...], rows: Sequence[tuple[object, ...]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return out.getvalue()
