"""Reports: reading what was frozen, for pages, the API and the command line. Nothing here scans history or writes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from typing import Final

import msgspec
from msgspec import Struct

from engage import clock
from engage.actions.book import current_book
from engage.actions.effects import load_done, sunday_before
from engage.actions.settings import floor
from engage.core import portfolio as portfolios
from engage.core.adoption import HISTORY_WEEKS, Source
from engage.core.adoption import company_report as adoption_report
from engage.core.adoption_people import COHORTS_SHOWN
from engage.core.book import tier_in, tier_of
from engage.core.calendar import local_day_hour, week_of
from engage.core.care import Goal, Intervention, Sentiment, in_force
from engage.core.care_shapes import CareView, DoneView, GoalView, SentimentView
from engage.core.department import DepartmentReport, department_names, department_report
from engage.core.digest import Digest, digest
from engage.core.language import say
from engage.core.measures import WEEK
from engage.core.peers import Peers
from engage.core.periods import EXPECTED, PERIOD_DEFAULT, read_period
from engage.core.plans import AFTER_WEEKS, changes_view, goal_view
from engage.core.reports import Band, CompanyReport, Contract, Health, Period
from engage.core.score_changes import profile_notes
from engage.core.scored_as import ScoredAs
from engage.core.segments import month_ends
from engage.core.stage_words import Stage
from engage.core.terms import contract_on, customer_since, has_left
from engage.errors import InvalidRequest, NotFound
from engage.store.care import load_care
from engage.store.companies import company_id, current_programs, load_program, name_companies
from engage.store.database import Database
from engage.store.settings import read_setting
from engage.store.signal import (
    PEERS_SETTING,
    Followed,
    load_chosen_weeks,
    load_followed,
    load_known,
    load_last_monday,
    load_newest_scores,
    load_scores,
    load_summaries,
    load_weeks,
)
from engage.store.statements import Statements
from engage.store.terms import load_terms

HISTORY_MAX: Final = 520
"""Scores in one history: ten years of weeks."""


MOMENTUM_WEEKS: Final = 12

_decode_peers = msgspec.json.Decoder(Peers).decode


class ScorePoint(Struct, frozen=True):
    as_of: str
    score: int | None
    band: Band
    stage: Stage | None = None
    version: int = 1
    profile: ScoredAs | None = None


async def company_report(database: Database, company: str, period: str = PERIOD_DEFAULT) -> CompanyReport:
    """The adoption report. NotFound: no such company; InvalidRequest: no such period.

    Covers frozen weeks only; `last-12-weeks` ends with the newest of them.
    """
    return adoption_report(*await _read(database, company, period))


async def company_digest(database: Database, company: str, period: str = PERIOD_DEFAULT) -> Digest:
    """The report on one page, for whoever decides."""
    return digest(await company_report(database, company, period))


async def company_department(
    database: Database, company: str, department: str, period: str = PERIOD_DEFAULT
) -> DepartmentReport:
    """The page for a department's manager. NotFound: no such department, or one too small to be told of."""
    source, now, before = await _read(database, company, period)
    found = department_report(source, now, before, department)
    if found is None:
        told = ", ".join(department_names(source, now))
        if not told:
            name = repr(department[:100])
            raise NotFound(
                say(
                    "there is no page for the department {department_name}, nor for any other",
                    department_name=name,
                )
            )
        raise NotFound(
            say(
                "there is no page for the department {department_name}; departments told of: {told_name}",
                department_name=repr(department[:100]),
                told_name=told,
            )
        )
    return found


async def _read(database: Database, company: str, period: str) -> tuple[Source, Period, Period]:
    """What a report of the period is made from, the period, and the one before it."""
    async with database.read() as s:
        followed = await _find(s, company)
        last = await load_last_monday(s, followed.id)
        sunday = last + WEEK - 1 if last is not None else _last_sunday(followed.state.timezone)
        periods = read_period(period, sunday)
        if periods is None:
            name = repr(period[:60])
            raise InvalidRequest(
                say("{period_name} is not a period: {expected}", period_name=name, expected=EXPECTED)
            )
        now, before = periods
        end = date.fromisoformat(now.last).toordinal()
        before_end = date.fromisoformat(before.last).toordinal() + 1
        own = [followed.id]
        # A momentum looks at twelve weeks, that of the period before as well.
        first = min(date.fromisoformat(before.first).toordinal(), before_end - WEEK * MOMENTUM_WEEKS)
        weeks = (await load_weeks(s, own, first, end)).get(followed.id, {})
        months = month_ends(end - WEEK + 1, COHORTS_SHOWN)
        older = await load_chosen_weeks(s, followed.id, [one for one in months if one not in weeks])
        scores = (await load_scores(s, own, end - WEEK * HISTORY_WEEKS, end)).get(followed.id, {})
        terms = (await load_terms(s, own)).get(followed.id, [])
        version = (await current_programs(s, [followed.id]))[followed.id]
        state, book = followed.state, await current_book()
        contract = contract_on(terms, end, state.seats, customer_since(state.traits))
        health = scores[end].health if end in scores else not_scored(end)
        runs = not has_left(terms, end)
        history = {day: scored.health.score for day, scored in scores.items()}
        drawn = [scored.health for day, scored in scores.items() if day > end - WEEK * HISTORY_WEEKS]
        source = Source(
            company=company,
            name=followed.name,
            timezone=state.timezone,
            contract=contract,
            program=await load_program(version) if version else None,
            weeks=weeks,
            scores=history,
            health=health,
            k=await floor(),
            data_until="" if last is None else date.fromordinal(sunday).isoformat(),
            first_over=date.fromordinal(sunday + WEEK).isoformat() if last is None else "",
            tier=tier_of(book, portfolios.worth_of(health.score, contract)) if runs else None,
            months={end: week for end in months if (week := weeks.get(end) or older.get(end)) is not None},
            peers=_decode_peers(kept) if (kept := await read_setting(PEERS_SETTING)) else None,
            care=await _care_of(s, followed.id, health, contract, history, newest=end == sunday),
            stage=scores[end].stage if end in scores else None,
            score_notes=profile_notes(drawn),
        )
    return source, now, before


def goals_of(goals: Mapping[str, Goal], health: Health, contract: Contract) -> tuple[GoalView, ...]:
    """As they stand, the next due first and dropped ones last."""
    ordered = sorted(goals.values(), key=lambda goal: (goal.dropped, goal.by, goal.id))
    return tuple(goal_view(goal, health, contract, changes_view(goal.changes)) for goal in ordered)


async def _care_of(
    s: Statements,
    id: int,
    health: Health,
    contract: Contract,
    scores: Mapping[int, int | None],
    *,
    newest: bool,
) -> CareView | None:
    """What customer success keeps of a company: up to now in the newest report, in others up to their last day."""
    last = _utc_today() if newest else health.as_of
    goals = (await load_care(s, Goal, [id])).get(id, {})
    rows = (await load_done(s, [id])).get(id, {}).values()
    done = [one for one in rows if one.companies and one.day <= last]
    felt = (await load_care(s, Sentiment, [id])).get(id, {}).get("current")
    if felt is not None and not in_force(felt.said, felt.until, _utc_today()):
        felt = None
    if not goals and not done and felt is None:
        return None
    done.sort(key=lambda one: one.day, reverse=True)
    return CareView(
        goals_of(goals, health, contract),
        tuple(_done_view(one, scores) for one in done),
        SentimentView(felt.feeling, felt.actor, felt.said, felt.until, felt.note) if felt else None,
    )


def _done_view(one: Intervention, scores: Mapping[int, int | None]) -> DoneView:
    before = sunday_before(one.day)
    after = (scores.get(before + WEEK * weeks) for weeks in AFTER_WEEKS)
    return DoneView(one.id, one.what, one.day, one.actor, scores.get(before), *after)


def _utc_today() -> str:
    return date.fromordinal(local_day_hour(clock.now(), "UTC")[0]).isoformat()


async def newest_standing(s: Statements, company_id: int, until: date = date.max) -> tuple[Health, Contract]:
    """A company's newest health up to a day, and the contract on its day. Within a read or a transaction."""
    followed = (await load_followed(s, [company_id]))[0]
    scored = (await load_newest_scores(s, [company_id], until.toordinal())).get(company_id)
    end = scored[0] if scored else min(until.toordinal(), _last_sunday(followed.state.timezone))
    terms = (await load_terms(s, [company_id])).get(company_id, [])
    state = followed.state
    return (
        scored[1].health if scored else not_scored(end),
        contract_on(terms, end, state.seats, customer_since(state.traits)),
    )


async def company_stages(s: Statements, ids: Collection[int]) -> dict[int, Stage]:
    """company -> the stage it was in when it was scored last. Within a read."""
    summaries = await load_summaries(s, ids) if ids else {}
    return {id: one.stage for id, one in summaries.items() if one.stage is not None}


async def company_tiers(s: Statements, ids: Collection[int]) -> dict[int, str]:
    """company -> the id of its tier, by its newest score and the term in force on that day. Within a read."""
    book = await current_book()
    if not book.tiers or not ids:
        return {}
    terms = await load_terms(s, ids)
    summaries = await load_summaries(s, ids)
    tiers = {}
    for one in await load_known(s, ids):
        own, summary = terms.get(one.id, ()), summaries.get(one.id)
        end = summary.as_of if summary else _last_sunday(one.facts.timezone)
        if has_left(own, end):
            continue
        contract = contract_on(own, end, one.facts.seats, customer_since(one.facts.traits))
        tier = tier_in(book, portfolios.worth_of(summary.score if summary else None, contract))
        if tier is not None:
            tiers[one.id] = tier
    return tiers


async def every_company(database: Database) -> list[str]:
    """Their ids, in the order in which they were created."""
    async with database.read() as s:
        return [name for _, name in await name_companies(s, 0, 2**31)]


async def company_health(database: Database, company: str) -> Health:
    """The newest health of a company."""
    async with database.read() as s:
        followed = await _find(s, company)
        scores = await load_newest_scores(s, [followed.id], date.max.toordinal())
    return scores[followed.id][1].health if scores else not_scored(_last_sunday(followed.state.timezone))


async def health_history(database: Database, company: str) -> tuple[ScorePoint, ...]:
    """Its scores week by week, oldest first, HISTORY_MAX at most."""
    async with database.read() as s:
        followed = await _find(s, company)
        scores = (await load_scores(s, [followed.id], 0, date.max.toordinal())).get(followed.id, {})
    points = [
        ScorePoint(
            one.health.as_of,
            one.health.score,
            one.health.band,
            one.stage.stage if one.stage else None,
            one.health.version,
            one.health.profile,
        )
        for one in scores.values()
    ]
    return tuple(points[-HISTORY_MAX:])


async def _find(s: Statements, company: str) -> Followed:
    id = await company_id(company)
    if id is None:
        raise NotFound(say("there is no company {company_name}", company_name=repr(company[:255])))
    return (await load_followed(s, [id]))[0]


def _last_sunday(timezone: str) -> int:
    today, _ = local_day_hour(clock.now(), timezone)
    return week_of(today) - 1


def not_scored(sunday: int) -> Health:
    as_of = date.fromordinal(sunday).isoformat()
    return Health(
        as_of, None, "unscored", "low", say("Not scored: there is no score as of {day} yet.", day=as_of)
    )
