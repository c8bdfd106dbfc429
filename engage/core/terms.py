"""Contract terms: what a company agreed to pay, for how many seats, from when to when, and how it ended.

Owns the shape of a term, how a row of a billing export becomes one, and which term is in force on a day. Must not
know how members behave. The stored shape grows at the end, with defaults. Days are ordinals, money is in cents.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, Final, Literal

import msgspec
from msgspec import Struct

from engage.core.call import clean_text
from engage.core.reports import Contract

Outcome = Literal["open", "renewed", "churned"]
OUTCOMES: Final[tuple[Outcome, ...]] = ("open", "renewed", "churned")
REVENUE_CENTS_MAX: Final = 10**13
SEATS_MAX: Final = 10_000_000
PLAN_CHARS_MAX: Final = 200
COMPANY_CHARS_MAX: Final = 255


class Term(Struct, array_like=True, frozen=True):
    """One billing term. It runs from the day `start` up to, and not including, the day `end`."""

    start: int
    end: int
    monthly_revenue_cents: int | None = None
    seats: int | None = None
    plan: str = ""
    outcome: Outcome = "open"


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Term).decode


def encode_term(term: Term) -> bytes:
    return _encode(term)


def decode_term(data: bytes) -> Term:
    return _decode(data)


def read_term(row: Mapping[str, Any]) -> tuple[str, Term] | str:
    """(company, term) of a row, or what is wrong with it.

    Columns: groupId, term_start, term_end (ISO dates); monthly_revenue (in units of the currency), seats, plan,
    outcome (open, renewed, churned) may be empty; others are ignored.
    """
    company = _text(row.get("groupId"))
    if not company or len(company) > COMPANY_CHARS_MAX or clean_text(company).strip() != company:
        return f"groupId must be a company's id of 1 to {COMPANY_CHARS_MAX} characters"
    days = []
    for column in ("term_start", "term_end"):
        day = _day(row.get(column))
        if day is None:
            return f"{column} must be a date such as 2026-03-31, not {_shown(row.get(column))}"
        days.append(day)
    if days[1] <= days[0]:
        return "term_end must be after term_start"
    revenue = _number(row.get("monthly_revenue"))
    cents = None if revenue is None else round(revenue * 100)
    if _text(row.get("monthly_revenue")) and (cents is None or not 0 <= cents <= REVENUE_CENTS_MAX):
        return f"monthly_revenue must be a sum of money, not {_shown(row.get('monthly_revenue'))}"
    seats = _number(row.get("seats"))
    if _text(row.get("seats")) and (seats is None or seats != int(seats) or not 0 <= seats <= SEATS_MAX):
        return f"seats must be a whole number, not {_shown(row.get('seats'))}"
    outcome = _text(row.get("outcome")).lower() or "open"
    if outcome not in OUTCOMES:
        return f"outcome must be one of {', '.join(OUTCOMES)}, not {_shown(row.get('outcome'))}"
    plan = _text(row.get("plan"))[:PLAN_CHARS_MAX]
    return company, Term(
        days[0],
        days[1],
        cents,
        None if seats is None else int(seats),
        plan,
        next(known for known in OUTCOMES if known == outcome),
    )


def term_on(terms: Sequence[Term], day: int) -> Term | None:
    """The newest term that had begun by then."""
    return max((term for term in terms if term.start <= day), key=lambda term: term.start, default=None)


def has_left(term: Term | None, day: int) -> bool:
    """Whether the company had ended its contract by then."""
    return term is not None and term.outcome == "churned" and term.end <= day + 1


def contract_on(terms: Sequence[Term], day: int, seats: int | None, since: int | None) -> Contract:
    """The facts on a day. `seats` and `since`: what the company's own traits say, used where no term does."""
    term = term_on(terms, day)
    starts = [term.start for term in terms]
    first = min([*starts, *([since] if since is not None else [])], default=None)
    customer_since = date.fromordinal(first).isoformat() if first is not None else None
    if term is None:
        return Contract(seats=seats, customer_since=customer_since)
    return Contract(
        plan=term.plan or None,
        seats=term.seats if term.seats is not None else seats,
        monthly_revenue_cents=term.monthly_revenue_cents,
        term_start=date.fromordinal(term.start).isoformat(),
        renewal_date=date.fromordinal(term.end).isoformat(),
        days_to_renewal=term.end - day - 1,
        customer_since=customer_since,
    )


def day_of(value: Any) -> int | None:
    """The day of an ISO date or moment, as traits and columns have them."""
    return _day(value)


def _text(value: Any) -> str:
    return "" if value is None else str(value).strip()


def _shown(value: Any) -> str:
    return repr(_text(value)[:60])


def _day(value: Any) -> int | None:
    if isinstance(value, date):
        return value.toordinal()
    match = re.match(r"\d{4}-\d{2}-\d{2}(?![0-9])", _text(value))
    if match is None:
        return None
    try:
        return date.fromisoformat(match.group(0)).toordinal()
    except ValueError:
        return None


def _number(value: Any) -> Decimal | None:
    try:
        number = Decimal(_text(value))
    except InvalidOperation:
        return None
    # Asked before any arithmetic: the exponent may be huge.
    return number if number.is_finite() and (not number or -12 <= number.adjusted() <= 14) else None
