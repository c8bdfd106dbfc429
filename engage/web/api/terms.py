"""Contract terms of a company: reading those that are known, and saying how one is. Facts of the company alone."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Final

from msgspec import Meta, Struct

from engage.actions.terms import KnownTerms, company_terms, remove_term, set_term
from engage.core.calendar import to_rfc3339
from engage.core.terms import PLAN_CHARS_MAX, REVENUE_CENTS_MAX, SEATS_MAX, Outcome, Source, Term
from engage.days import read_day
from engage.errors import NotFound
from engage.web.api.members import actor_of
from engage.web.endpoint import AGGREGATES, SERVER, Asked, endpoint
from engage.web.shapes import Time

PATH: Final = "/v1/companies/{company}/terms"
Day = Annotated[str, Meta(max_length=10, description="A day such as 2026-03-31.")]


class TermFacts(Struct, kw_only=True):
    end: Annotated[
        str, Meta(max_length=10, description="The first day it does not cover, such as 2027-01-01.")
    ]
    monthly_revenue_cents: (
        Annotated[int, Meta(ge=0, le=REVENUE_CENTS_MAX, description="In cents of your currency.")] | None
    ) = None
    seats: Annotated[int, Meta(ge=0, le=SEATS_MAX)] | None = None
    plan: Annotated[str, Meta(max_length=PLAN_CHARS_MAX)] = ""
    outcome: Outcome = "open"


class NewTermFacts(TermFacts, kw_only=True, forbid_unknown_fields=True):
    """What is absent is not known; it does not stay as it was."""

    actor: Annotated[str, Meta(max_length=255, description="Who says so.")] | None = None


class NewTerm(NewTermFacts, kw_only=True, forbid_unknown_fields=True):
    start: Day


class CompanyTerm(TermFacts, kw_only=True):
    start: Day
    source: Source
    actor: str | None
    recorded_at: Time | None
    counts: Annotated[
        bool,
        Meta(
            description="False for one of traits, where what was recorded otherwise runs in its days, or traits have "
            "put it right since."
        ),
    ]
    beside: Annotated[
        list[Day],
        Meta(
            description="The first days of other terms that count and run in the same days: contracts side by side, or "
            "one of which a day is wrong."
        ),
    ]


class CompanyTerms(Struct):
    data: list[CompanyTerm]
    traits_problem: Annotated[
        str | None, Meta(description="Why the term that the company's traits tell of now cannot be read.")
    ]


def _shape(term: Term, known: KnownTerms, *, counts: bool = True) -> CompanyTerm:
    return CompanyTerm(
        start=date.fromordinal(term.start).isoformat(),
        end=date.fromordinal(term.end).isoformat(),
        monthly_revenue_cents=term.monthly_revenue_cents,
        seats=term.seats,
        plan=term.plan,
        outcome=term.outcome,
        source=term.source,
        actor=term.actor or None,
        recorded_at=to_rfc3339(term.recorded_at) if term.recorded_at else None,
        counts=counts,
        beside=[date.fromordinal(one.start).isoformat() for one in known.beside(term)],
    )


@endpoint(
    "GET", PATH, kinds=AGGREGATES, summary="The contract terms of a company, by first day", tag="companies"
)
async def get_terms(asked: Asked[None, None]) -> CompanyTerms:
    return await _all(asked)


@endpoint(
    "POST",
    PATH,
    kinds=SERVER,
    summary="Say how a contract term of a company is",
    tag="companies",
    description="A term is named by its first day: the same again changes nothing. 201 when it is new, else 200.",
    status=201,
    statuses=(200,),
)
async def post_term(asked: Asked[NewTerm, None]) -> CompanyTerm:
    return await _set(asked, asked.body, read_day("start", asked.body.start).toordinal())


@endpoint(
    "PUT",
    PATH + "/{start}",
    kinds=SERVER,
    summary="Say how the contract term that starts on a day is",
    tag="companies",
    description="201 when it is new, else 200.",
    status=201,
    statuses=(200,),
)
async def put_term(asked: Asked[NewTermFacts, None]) -> CompanyTerm:
    return await _set(asked, asked.body, read_day("start", asked.path["start"]).toordinal())


async def _set(
    asked: Asked[NewTerm, None] | Asked[NewTermFacts, None], said: NewTermFacts, start: int
) -> CompanyTerm:
    term = Term(
        start,
        read_day("end", said.end, date.max).toordinal(),
        said.monthly_revenue_cents,
        said.seats,
        said.plan,
        said.outcome,
    )
    database, company = asked.services.database, asked.path["company"]
    kept, new = await set_term(
        database,
        company,
        term,
        actor=actor_of(asked, said.actor),
        now=asked.services.now(),
    )
    asked.status = 201 if new else 200
    return _shape(kept, await company_terms(database, company))


@endpoint(
    "DELETE",
    PATH + "/{start}",
    kinds=SERVER,
    summary="Forget a contract term",
    tag="companies",
    description="Whoever said it; it may be said again. The answer is what is left.",
)
async def delete_term(asked: Asked[None, None]) -> CompanyTerms:
    try:
        start = date.fromisoformat(asked.path["start"]).toordinal()
    except ValueError:
        raise NotFound("there is no term of the company that starts on this day") from None
    await remove_term(asked.services.database, asked.path["company"], start)
    return await _all(asked)


async def _all(asked: Asked[None, None]) -> CompanyTerms:
    known = await company_terms(asked.services.database, asked.path["company"])
    return CompanyTerms([_shape(term, known, counts=counts) for term, counts in known.terms], known.unread)


ENDPOINTS: Final = [get_terms, post_term, put_term, delete_term]
