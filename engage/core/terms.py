"""Contract terms: what a company agreed to pay, for how many seats, from when to when, and how it ended.

Owns the shape of a term, how a row of a billing export or a company's traits become one, which source wins, and which
term is in force on a day. Must not know how members behave. The stored shape grows at the end, with defaults. Days are
ordinals, money is in cents.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from itertools import pairwise
from typing import Any, Final, Literal

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from engage.core.call import clean_text
from engage.core.conditions import fold_name
from engage.core.reports import Contract

Outcome = Literal["open", "renewed", "churned"]
OUTCOMES: Final[tuple[Outcome, ...]] = ("open", "renewed", "churned")
Source = Literal["import", "api", "group"]
"""Who said it: a billing export, a call about the term, or the company's traits."""
COLUMNS: Final = ("groupId", "term_start", "term_end", "monthly_revenue", "seats", "plan", "outcome")
"""Of a billing export; others are not read."""
SPREADSHEET_DAY_0: Final = date(1899, 12, 30).toordinal()
"""From which spreadsheets count the days."""
TRAITS: Final = ("term_start", "term_end", "monthly_revenue", "term_outcome", "plan", "seats")
"""The traits of a company that a term is read from; names compare as `fold_name` writes them."""
_FOLDED: Final = frozenset(map(fold_name, TRAITS))
CUSTOMER_SINCE: Final = fold_name("customer_since")
FOLLOWED_DAYS_MAX: Final = 31
"""A term of traits, which say nothing of the one before, counts as renewed when the next begins so soon after it."""
REVENUE_CENTS_MAX: Final = 10**13
SEATS_MAX: Final = 10_000_000
PLAN_CHARS_MAX: Final = 200
COMPANY_CHARS_MAX: Final = 255
OVERLAPS_MAX: Final = 20
"""Of one company, told at once."""


class Term(Struct, array_like=True, frozen=True):
    """One billing term. It runs from the day `start` up to, and not including, the day `end`."""

    start: int
    end: int
    monthly_revenue_cents: int | None = None
    seats: int | None = None
    plan: str = ""
    outcome: Outcome = "open"
    source: Source = "import"
    actor: str = ""
    recorded_at: int = 0
    """Microseconds UTC; 0: not kept."""


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
    term = _read(row)
    return term if isinstance(term, str) else (company, term)


def term_of_traits(traits: Mapping[str, Any]) -> Term | str | None:
    """The term that a company's traits tell of, what is wrong with it, or None when they tell of none.

    An outcome of `renewed` says nothing of a term that the traits still name: that it was renewed is known by the next.
    """
    row = {name: traits.get(fold_name(name)) for name in TRAITS}
    if row["term_start"] is None and row["term_end"] is None:
        return None
    term = _read({**row, "outcome": row["term_outcome"]})
    if isinstance(term, str):
        return term.replace("outcome must", "term_outcome must")
    return replace(term, source="group", outcome="churned" if term.outcome == "churned" else "open")


def tells_of_a_term(data: Mapping[str, Any]) -> bool:
    """Whether a call changes traits that a term is read from."""
    return any(fold_name(name) in _FOLDED for name in data)


def prevails(new: Term, old: Term | None) -> bool:
    """Whether it replaces what is recorded of the same company and first day: an import leaves what the API said."""
    return old is None or not (new.source == "import" and old.source == "api")


def says_the_same(one: Term, other: Term | None) -> bool:
    """Whether two say the same of the contract, whoever said it when."""
    return other is not None and replace(one, actor="", recorded_at=0) == replace(
        other, actor="", recorded_at=0
    )


def settle(recorded: Sequence[Term], stated: Sequence[Term]) -> list[Term]:
    """The terms that count, by first day. `recorded`: by import or API; `stated`: by traits.

    What traits say counts where nothing recorded runs in the same days, and where they have not put it right since.
    Traits tell of one contract at a time, so a stated term ends where the next begins, and then it was renewed.
    """
    ordered = sorted(stated, key=lambda one: one.start)
    if any(one.recorded_at > other.recorded_at or one.end == other.end for one, other in pairwise(ordered)):
        ordered = [term for term in ordered if not any(_puts_right(other, term) for other in stated)]
    own = [
        term
        for term in ordered
        if not any(other.start < term.end and term.start < other.end for other in recorded)
    ]
    counted = sorted([*recorded, *own], key=lambda one: one.start)
    for index, (term, following) in enumerate(pairwise(counted)):
        if term.source == "group" and following.start <= term.end + FOLLOWED_DAYS_MAX:
            outcome: Outcome = "renewed" if term.outcome == "open" else term.outcome
            counted[index] = replace(term, end=min(term.end, following.start), outcome=outcome)
    return counted


def _puts_right(later: Term, term: Term) -> bool:
    """Whether what traits said later is the same contract with another first day: an earlier one, or one hardly later
    while the end stays. A renewal begins later and ends later."""
    if later.recorded_at <= term.recorded_at:
        return False
    moved = later.start - term.start
    return term.start < later.end if moved < 0 else later.end == term.end and 0 < moved <= FOLLOWED_DAYS_MAX


def overlapping(terms: Sequence[Term]) -> list[tuple[Term, Term]]:
    """Those that run in the same days, by first day: contracts side by side, or one of which a day is wrong. At most
    OVERLAPS_MAX."""
    ordered = sorted(terms, key=lambda one: one.start)
    found: list[tuple[Term, Term]] = []
    for index, one in enumerate(ordered):
        for at in range(index + 1, len(ordered)):
            if ordered[at].start >= one.end or len(found) == OVERLAPS_MAX:
                break
            found.append((one, ordered[at]))
    return found


def in_words(term: Term) -> str:
    """Its days, as a term is told: the first, and the one on which it does not run any more."""
    return f"{_written(term.start)} to {_written(term.end)}"


def _read(row: Mapping[str, Any]) -> Term | str:
    days = []
    for column in ("term_start", "term_end"):
        told = row.get(column)
        day = _day(told)
        if day is None:
            return f"{column} must be a date such as 2026-03-31, not {_shown(told)}{_spreadsheet_day(told)}"
        days.append(day)
    if days[1] <= days[0]:
        return "term_end must be after term_start"
    cents = money_cents(row.get("monthly_revenue"))
    if _text(row.get("monthly_revenue")) and cents is None:
        return f"monthly_revenue must be a sum of money such as 1200.50, not {_shown(row.get('monthly_revenue'))}"
    seats = _number(row.get("seats"))
    if _text(row.get("seats")) and (seats is None or seats != int(seats) or not 0 <= seats <= SEATS_MAX):
        return f"seats must be a whole number, not {_shown(row.get('seats'))}"
    outcome = _text(row.get("outcome")).lower() or "open"
    if outcome not in OUTCOMES:
        return f"outcome must be one of {', '.join(OUTCOMES)}, not {_shown(row.get('outcome'))}"
    plan = _text(row.get("plan"))[:PLAN_CHARS_MAX]
    return Term(
        days[0],
        days[1],
        cents,
        None if seats is None else int(seats),
        plan,
        next(known for known in OUTCOMES if known == outcome),
    )


def term_on(terms: Sequence[Term], day: int) -> Term | None:
    """The one that speaks for the contract: of terms that run side by side one that is not renewed yet, that which pays
    most, the newest; where none runs, the last that ended."""
    return _speaks_for(_running(terms, day), terms, day)


def _running(terms: Sequence[Term], day: int) -> list[Term]:
    return [one for one in terms if one.start <= day < one.end]  # of ten thousand companies, for every page


def _speaks_for(running: Sequence[Term], terms: Sequence[Term], day: int) -> Term | None:
    if len(running) == 1:
        return running[0]
    if running:
        return max(
            running, key=lambda one: (one.outcome != "renewed", one.monthly_revenue_cents or 0, one.start)
        )
    return max((one for one in terms if one.end <= day), key=lambda one: (one.end, one.start), default=None)


def has_left(terms: Sequence[Term], day: int) -> bool:
    """Whether the company had ended its contract by the end of the day, and no other runs on."""
    last: Term | None = None
    for one in terms:
        if one.start <= day:
            if one.end > day + 1:
                return False
            if last is None or (one.end, one.start) > (last.end, last.start):
                last = one
    return last is not None and last.outcome == "churned"


def contract_on(terms: Sequence[Term], day: int, seats: int | None, since: int | None) -> Contract:
    """The facts on a day; seats and revenue of terms that run side by side are added up, plan and days are those of the
    one that speaks for them. `seats` and `since`: what the company's own traits say, used where no term does. A term
    that is to come makes nobody a customer yet."""
    running, first = _running(terms, day), since
    term = _speaks_for(running, terms, day)
    for one in terms:
        if one.start <= day and (first is None or one.start < first):
            first = one.start
    customer_since = _written(first) if first is not None else None
    if term is None:
        return Contract(seats=seats, customer_since=customer_since)
    agreed, cents = _agreed(running, term)
    return Contract(
        plan=term.plan or None,
        seats=agreed if agreed is not None else seats,
        monthly_revenue_cents=cents,
        term_start=_written(term.start),
        renewal_date=_written(term.end),
        days_to_renewal=term.end - day - 1,
        customer_since=customer_since,
    )


def has_grown(terms: Sequence[Term], day: int, percent: int) -> bool:
    """Whether so much more seats or revenue are agreed on than before one of the terms began that run: at a renewal, or
    by a term beside another."""
    running = _running(terms, day)
    term = _speaks_for(running, terms, day)
    if term is None:
        return False
    now = _agreed(running, term)
    for began in {one.start for one in (*running, term)}:
        running_before = _running(terms, began - 1)
        before = _speaks_for(running_before, terms, began - 1)
        pairs = zip(now, _agreed(running_before, before), strict=True) if before is not None else ()
        if any(new and old and 100 * new >= (100 + percent) * old for new, old in pairs):
            return True
    return False


def _agreed(running: Sequence[Term], term: Term) -> tuple[int | None, int | None]:
    """Seats, and cents a month: of the terms that run, added up, else of the one that speaks for the contract."""
    if len(running) > 1:
        return _sum(one.seats for one in running), _sum(one.monthly_revenue_cents for one in running)
    return term.seats, term.monthly_revenue_cents


def _sum(numbers: Iterable[int | None]) -> int | None:
    """Of those that are known; None where none is."""
    known = [one for one in numbers if one is not None]
    return sum(known) if known else None


def customer_since(traits: Mapping[str, Any]) -> int | None:
    """What the company's traits say, as a day."""
    return day_of(traits.get(CUSTOMER_SINCE)) if traits else None


def money_cents(value: Any) -> int | None:
    """A sum of money in units of the currency, as traits and columns have it; None: it is none."""
    number = _number(value)
    cents = None if number is None else round(number * 100)
    return cents if cents is not None and 0 <= cents <= REVENUE_CENTS_MAX else None


def day_of(value: Any) -> int | None:
    """The day of an ISO date or moment, as traits and columns have them."""
    return _day_written(value) if isinstance(value, str) else _day(value)


@lru_cache(maxsize=4096)
def _day_written(text: str) -> int | None:
    return _day(text)


@lru_cache(maxsize=4096)
def _written(day: int) -> str:
    """As ISO text. Companies have many days in common."""
    return date.fromordinal(day).isoformat()


def _text(value: Any) -> str:
    return "" if value is None else str(value).strip()


def _shown(value: Any) -> str:
    return repr(_text(value)[:60])


def _spreadsheet_day(value: Any) -> str:
    """What to do where it is a day as spreadsheets keep it, and save it from a column without a format."""
    text = _text(value)
    if not re.fullmatch(r"[2-6]\d{4}", text):
        return ""
    day = date.fromordinal(SPREADSHEET_DAY_0 + int(text))
    return f": a spreadsheet's number for {day}; give the column the format yyyy-mm-dd"


def _day(value: Any) -> int | None:
    if value is None:
        return None
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
