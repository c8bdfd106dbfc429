"""Goals, interventions, sentiment and exceptions: what customer success plans, does and thinks of a company.

Read with a report key: a goal's value is that of the newest score. Written with a server key, with the actor.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Any, Final

from msgspec import Meta, Struct

from engage.actions.care import (
    WantedGoal,
    accept_stage,
    all_interventions,
    company_ceilings,
    company_goals,
    company_sentiment,
    judge_intervention,
    set_ceiling,
    set_goal,
    set_intervention,
    set_sentiment,
    withdraw_intervention,
)
from engage.core.calendar import to_rfc3339
from engage.core.care import SENTIMENT_DAYS_MAX, Ceiling, Feeling, Intervention, Sentiment, Stage
from engage.core.care_shapes import Compared, GoalView, InterventionView
from engage.core.plans import intervention_view
from engage.core.telling import in_language
from engage.days import read_day
from engage.errors import NotFound
from engage.web.api.companies import check_id
from engage.web.api.members import actor_of
from engage.web.endpoint import AGGREGATES, SERVER, Asked, endpoint

COMPANY: Final = "/v1/companies/{company}"
Words = Annotated[str, Meta(min_length=1, max_length=500)]
Note = Annotated[str, Meta(max_length=2000)]
Day = Annotated[str, Meta(max_length=10, description="A day such as 2026-11-22.")]
Actor = Annotated[str, Meta(max_length=255, description="Who says so.")]


class NewStage(Struct, forbid_unknown_fields=True):
    by: Day
    target: float
    name: Annotated[str, Meta(max_length=500)] = ""


class NewGoal(Struct, kw_only=True, forbid_unknown_fields=True):
    name: Words
    measure: Annotated[str, Meta(description="score, a driver of the score, or monthly_revenue.")]
    target: float
    by: Day
    owner: Words
    stages: list[NewStage] = []
    dropped: bool = False
    start: Annotated[
        str,
        Meta(max_length=10, description="The day it was agreed on, where that was before today; it stays."),
    ] = ""
    reason: Annotated[str, Meta(max_length=2000, description="Required when a known goal changes.")] = ""
    actor: Actor | None = None


class Acceptance(Struct, kw_only=True, forbid_unknown_fields=True):
    stage: Annotated[int, Meta(ge=0, description="Its place among the stages, from 0.")]
    note: Note = ""
    actor: Actor | None = None


class Goals(Struct):
    data: list[GoalView]


class NewSentiment(Struct, kw_only=True, forbid_unknown_fields=True):
    feeling: Feeling
    until: (
        Annotated[
            str, Meta(max_length=10, description="The day it expires, at most and by default in 90 days.")
        ]
        | None
    ) = None
    note: Note = ""
    actor: Actor | None = None


class NewException(Struct, kw_only=True, forbid_unknown_fields=True):
    at_most: Annotated[int, Meta(ge=0, le=100, description="The score is at most this.")]
    until: Annotated[str, Meta(max_length=10, description="The day it expires, at most in 365 days.")]
    reason: Words
    actor: Actor | None = None


class Exceptions(Struct):
    data: list[Ceiling]


class NewIntervention(Struct, kw_only=True, forbid_unknown_fields=True):
    what: Words
    day: Day
    companies: list[str]
    hold_out: Annotated[
        float, Meta(ge=0, le=0.5, description="The share of them that goes without, drawn by chance.")
    ] = 0.0
    reason: Annotated[str, Meta(max_length=2000, description="Required when a known one is corrected.")] = ""
    actor: Actor | None = None


class Withdrawal(Struct, kw_only=True, forbid_unknown_fields=True):
    reason: Words
    actor: Actor | None = None


class Interventions(Struct):
    data: list[InterventionView]


class Judged(Struct):
    intervention: InterventionView
    scores: list[Compared]


def _today(asked: Asked[Any, Any]) -> str:
    return to_rfc3339(asked.services.now())[:10]


def _id(asked: Asked[Any, Any], name: str) -> str:
    id = asked.path[name]
    check_id(name, id)
    if not 0 < len(id) <= 255:
        raise NotFound(f"there is no {name} of this name")
    return id


@endpoint(
    "GET",
    COMPANY + "/goals",
    kinds=AGGREGATES,
    summary="The goals of a company and how they stand",
    tag="care",
)
async def get_goals(asked: Asked[None, None]) -> Goals:
    found = await company_goals(asked.services.database, asked.path["company"])
    return Goals(list(in_language(found, asked.language)))


@endpoint(
    "PUT",
    COMPANY + "/goals/{goal}",
    kinds=SERVER,
    summary="Set a goal of a company, or adjust it",
    tag="care",
    description="What is adjusted is kept with its reason and actor. A goal keeps its measure.",
    errors=(409,),
)
async def put_goal(asked: Asked[NewGoal, None]) -> GoalView:
    said = asked.body
    stages = tuple(Stage(one.by, one.target, one.name) for one in said.stages)
    found = await set_goal(
        asked.services.database,
        asked.path["company"],
        _id(asked, "goal"),
        WantedGoal(
            said.name, said.measure, said.target, said.by, said.owner, stages, said.dropped, said.start
        ),
        actor=actor_of(asked, said.actor),
        reason=said.reason,
        now=asked.services.now(),
    )
    return in_language(found, asked.language)


@endpoint(
    "POST",
    COMPANY + "/goals/{goal}/accept",
    kinds=SERVER,
    summary="Accept a stage of a goal",
    tag="care",
    description="Once; again by the same actor changes nothing.",
    errors=(409,),
)
async def accept_goal_stage(asked: Asked[Acceptance, None]) -> GoalView:
    found = await accept_stage(
        asked.services.database,
        asked.path["company"],
        asked.path["goal"],
        asked.body.stage,
        actor=actor_of(asked, asked.body.actor),
        note=asked.body.note,
        now=asked.services.now(),
    )
    return in_language(found, asked.language)


@endpoint(
    "GET",
    COMPANY + "/sentiment",
    kinds=AGGREGATES,
    summary="How somebody feels about a company, until that expires",
    tag="care",
)
async def get_sentiment(asked: Asked[None, None]) -> Sentiment:
    found = await company_sentiment(asked.services.database, asked.path["company"], _today(asked))
    if found is None:
        raise NotFound("nobody has said how they feel about the company, or it has expired")
    return found


@endpoint(
    "PUT",
    COMPANY + "/sentiment",
    kinds=SERVER,
    summary="Say how you feel about a company",
    tag="care",
    description="`poor` keeps the next scores below healthy until it expires; `good` raises none.",
)
async def put_sentiment(asked: Asked[NewSentiment, None]) -> Sentiment:
    said, today = asked.body, _today(asked)
    last = (date.fromisoformat(today) + timedelta(days=SENTIMENT_DAYS_MAX)).isoformat()
    until = read_day("until", said.until).isoformat() if said.until is not None else last
    sentiment = Sentiment(said.feeling, actor_of(asked, said.actor), today, until, said.note)
    return await set_sentiment(asked.services.database, asked.path["company"], sentiment)


@endpoint(
    "GET",
    COMPANY + "/exceptions",
    kinds=AGGREGATES,
    summary="What lowers, or lowered, a company's score",
    tag="care",
)
async def get_exceptions(asked: Asked[None, None]) -> Exceptions:
    return Exceptions(list(await company_ceilings(asked.services.database, asked.path["company"])))


@endpoint(
    "PUT",
    COMPANY + "/exceptions/{exception}",
    kinds=SERVER,
    summary="Lower the next scores of a company, with a reason",
    tag="care",
    description="From today until it expires; `until` today ends it. An exception can lower a score, never raise it.",
)
async def put_exception(asked: Asked[NewException, None]) -> Ceiling:
    said = asked.body
    ceiling = Ceiling(
        _id(asked, "exception"),
        said.at_most,
        said.reason,
        actor_of(asked, said.actor),
        _today(asked),
        read_day("until", said.until).isoformat(),
    )
    return await set_ceiling(asked.services.database, asked.path["company"], ceiling)


@endpoint(
    "GET",
    "/v1/interventions",
    kinds=AGGREGATES,
    summary="What was done for companies, newest first",
    tag="care",
)
async def get_interventions(asked: Asked[None, None]) -> Interventions:
    return Interventions([intervention_view(one) for one in await all_interventions(asked.services.database)])


@endpoint(
    "GET",
    "/v1/interventions/{intervention}",
    kinds=AGGREGATES,
    summary="An intervention, and the scores after it beside those of companies without",
    tag="care",
)
async def get_intervention(asked: Asked[None, None]) -> Judged:
    found, scores = await judge_intervention(asked.services.database, asked.path["intervention"])
    return Judged(intervention_view(found), list(in_language(scores, asked.language)))


@endpoint(
    "PUT",
    "/v1/interventions/{intervention}",
    kinds=SERVER,
    summary="Log what was done for companies",
    tag="care",
    description="The same id again corrects it, with a reason, and draws the same companies to be held out.",
)
async def put_intervention(asked: Asked[NewIntervention, None]) -> InterventionView:
    said = asked.body
    kept = await set_intervention(
        asked.services.database,
        Intervention(
            _id(asked, "intervention"),
            said.what,
            said.day,
            actor_of(asked, said.actor),
            tuple(said.companies),
            asked.services.now(),
        ),
        said.hold_out,
        said.reason,
    )
    return intervention_view(kept)


@endpoint(
    "POST",
    "/v1/interventions/{intervention}/withdraw",
    kinds=SERVER,
    summary="Withdraw an intervention that was logged by mistake",
    tag="care",
    description="It is judged no more. It stays readable, with who withdrew it and why. Again changes nothing.",
)
async def withdraw(asked: Asked[Withdrawal, None]) -> InterventionView:
    said, services = asked.body, asked.services
    kept = await withdraw_intervention(
        services.database,
        asked.path["intervention"],
        actor=actor_of(asked, said.actor),
        reason=said.reason,
        now=services.now(),
    )
    return intervention_view(kept)


ENDPOINTS: Final = [
    get_goals,
    put_goal,
    accept_goal_stage,
    get_sentiment,
    put_sentiment,
    get_exceptions,
    put_exception,
    get_interventions,
    get_intervention,
    put_intervention,
    withdraw,
]
