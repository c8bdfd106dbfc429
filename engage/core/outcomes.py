"""What contracts brought: recurring revenue, what of it was kept, and what a customer is worth.

Owns the definitions, each by its usual name and source; see engage/docs/reports.md. Reads contract terms alone, nothing
of members. Money is in cents of the host's one currency, whole numbers. What has no base is None, and `notes` say why.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

from msgspec import Struct

from engage.core.language import say
from engage.core.reports import Cell, as_csv
from engage.core.terms import Term
from engage.core.worth import Outcomes

YEAR_DAYS: Final = 365
MONTHS: Final = 12
KEY_SHARE: Final = 0.2
"""The key customers: the fifth of companies that pays most (Pareto)."""


def outcomes(terms: Mapping[int, Sequence[Term]], day: int) -> Outcomes:
    """Of all companies. `terms`: company -> its terms; `day`: an ordinal."""
    kept = [paid(own, day) for own in terms.values()]
    paying = sorted((now for _, now in kept if now), reverse=True)
    mrr, start = sum(paying), sum(then for then, _ in kept)
    churn = sum(then for then, now in kept if not now)
    contraction = sum(then - now for then, now in kept if 0 < now < then)
    expansion = sum(now - then for then, now in kept if 0 < then < now)
    due, renewed, unknown = _counted(terms, day)
    key = -(-len(paying) // round(1 / KEY_SHARE))
    notes = []
    if not start:
        notes.append(say("Nobody paid a year ago: what of the revenue was kept cannot be said."))
    if not due:
        notes.append(say("No term has ended in the year: there is no renewal rate."))
    if unknown:
        notes.append(say("{count:,} running terms have no known revenue; they count as none.", count=unknown))
    return Outcomes(
        as_of=date.fromordinal(day).isoformat(),
        companies=len(paying),
        mrr_cents=mrr,
        arr_cents=mrr * MONTHS,
        arpa_cents=round(mrr / len(paying)) if paying else None,
        start_cents=start,
        churn_cents=churn,
        contraction_cents=contraction,
        expansion_cents=expansion,
        new_cents=sum(now for then, now in kept if not then),
        grr=_share(start - churn - contraction, start),
        nrr=_share(start - churn - contraction + expansion, start),
        due=due,
        renewed=renewed,
        renewal_rate=_share(renewed, due),
        key_companies=key,
        key_share=_share(sum(paying[:key]), mrr),
        notes=tuple(notes),
    )


def paid(terms: Sequence[Term], day: int) -> tuple[int, int]:
    """Per month, a year ago and on the day. Terms of one company that overlap are contracts side by side: added up."""
    ago, then, now = day - YEAR_DAYS, 0, 0
    for term in terms:  # of ten thousand companies, for every page
        start, end, cents = term.start, term.end, term.monthly_revenue_cents
        if cents:
            if start <= day < end:
                now += cents
            if start <= ago < end:
                then += cents
    return then, now


def _counted(terms: Mapping[int, Sequence[Term]], day: int) -> tuple[int, int, int]:
    """Terms that ended in the year, those of them renewed, and terms that run for an unknown revenue."""
    due = renewed = unknown = 0
    for own in terms.values():
        for term in own:
            end = term.end
            if day - YEAR_DAYS < end - 1 <= day:
                due += term.outcome != "open"
                renewed += term.outcome == "renewed"
            if term.monthly_revenue_cents is None and term.start <= day < end:
                unknown += 1
    return due, renewed, unknown


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def outcomes_csv(outcomes: Outcomes) -> str:
    """One figure per line: figure, segment (empty: of all), unit, value; empty when it is not known."""
    rows: list[tuple[Cell, ...]] = [("figure", "segment", "unit", "value")]
    rows += [
        (name, "", *_measured(outcomes, name)) for name in outcomes.__struct_fields__ if name not in _NESTED
    ]
    economics = outcomes.economics
    if economics is not None:
        fields = [name for name in economics.__struct_fields__ if name not in _NESTED]
        rows += [(name, "", *_measured(economics, name)) for name in fields]
        for growth in economics.growth:
            fields = [name for name in growth.__struct_fields__ if name != "segment"]
            rows += [(name, growth.segment, *_measured(growth, name)) for name in fields]
    notes = (*outcomes.notes, *(economics.notes if economics else ()))
    return as_csv([*rows, *(("note", "", "text", note) for note in notes)])


_NESTED: Final = frozenset({"notes", "economics", "growth"})


def _measured(of: Struct, name: str) -> tuple[str, Cell]:
    value = getattr(of, name)
    unit = "cents" if name.endswith("_cents") else "text" if isinstance(value, str) else "number"
    return unit, value
