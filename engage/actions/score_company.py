"""One company's due weeks, measured and scored from what was loaded of it.

Owns what a score is made of: which weeks, the contract of the day, what people said, and the changes since. Must not
read or write: it runs in a thread, beside the event loop.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date

from msgspec import Struct
from msgspec.structs import replace

from engage.core.care import Ceiling, Sentiment, lowered
from engage.core.company_stages import (
    GROWTH_WEEKS,
    CompanyStages,
    Situation,
    decide_stage,
    stage_before_score,
)
from engage.core.health import WEEKS_NEEDED, frozen, score
from engage.core.looks import Look, keep_month, look_at
from engage.core.measures import WEEK, WeekMeasures, measure_weeks
from engage.core.profiles import ScoreDefinition, choose_profile
from engage.core.program import Program
from engage.core.published import publish_people, remember_peaks, weeks_known
from engage.core.published_outstanding import remember_outstanding
from engage.core.published_stages import remember_stages
from engage.core.reports import Contract
from engage.core.score_changes import MONTH_WEEKS, QUARTER_WEEKS, compared
from engage.core.scored_as import ScoredAs
from engage.core.signal import Signal
from engage.core.stage_words import lasting_of, next_stage
from engage.core.state import DayRollup
from engage.core.terms import Term, contract_on, customer_since, day_of, has_grown, has_left
from engage.store.signal import RECENT_SCORES, Followed, Scored, decoded


class Host(Struct, frozen=True):
    """What scoring any of the host's companies needs."""

    programs: Mapping[int, Program | None]
    """company -> the program it follows"""
    catalogue: Collection[str]
    k: int
    stages: CompanyStages
    definition: ScoreDefinition
    on: date | None
    again: bool


class Company(Struct):
    """A company with all that its due weeks need. `frozen` and `scores` reach back as far as a score looks."""

    followed: Followed
    program: Program | None
    terms: Sequence[Term]
    mondays: Sequence[int]
    """The weeks looked at, oldest first: those before are frozen and scored without a gap."""
    last_monday: int
    frozen: dict[int, WeekMeasures]
    scores: dict[int, Scored]
    due: Sequence[int] = ()
    """Of these, the weeks to be measured."""
    states: Sequence[bytes] = ()
    numbers: Sequence[int] = ()
    """Of these members; only where a campaign may be measured."""
    days: Mapping[int, DayRollup] = {}
    sentiment: Sentiment | None = None
    signal: Signal | None = None
    """As it was last said to other systems."""
    ceilings: Collection[Ceiling] = ()


def measure_and_score(
    companies: Sequence[Company], host: Host
) -> tuple[list[tuple[int, WeekMeasures]], list[tuple[int, int, Scored]]]:
    """The new weeks and the new scores, by company and Sunday; they are put to those the companies have."""
    new_weeks: list[tuple[int, WeekMeasures]] = []
    new_scores: list[tuple[int, int, Scored]] = []
    for company in companies:
        id = company.followed.id
        if company.due:
            weeks = _measured(company, host)
            for week in weeks:
                keep_month(week, company.frozen)
                before = company.frozen.get(week.monday - WEEK)
                remember_peaks([week], before, week.floor)
                remember_outstanding(week, before, week.floor)
                remember_stages(week, before)
                company.frozen[week.monday] = week
            new_weeks += [(id, week) for week in weeks]
        for monday in company.mondays or [company.last_monday]:
            sunday = monday + WEEK - 1
            if host.again or sunday not in company.scores:
                company.scores[sunday] = scored = _scored(company, monday, host)
                new_scores.append((id, sunday, scored))
    return new_weeks, new_scores


def _measured(company: Company, host: Host) -> list[WeekMeasures]:
    """The due weeks, oldest first: those of a month that was looked at before as it was then."""
    looks: dict[Look, list[int]] = {}
    for monday in company.due:
        looks.setdefault(look_at(monday, company.frozen, host.k), []).append(monday)
    weeks = []
    for (floor, names), mondays in looks.items():
        weeks += measure_weeks(
            company.program,
            company.followed.state,
            decoded(company.states),
            company.days,
            mondays,
            host.catalogue,
            floor,
            company.numbers,
            names,
        )
    return sorted(weeks, key=lambda week: week.monday)


def _scored(company: Company, monday: int, host: Host) -> Scored:
    sunday = monday + WEEK - 1
    window = range(monday - WEEK * (WEEKS_NEEDED - 1), monday + 1, WEEK)
    weeks = [company.frozen[one] for one in window if one in company.frozen]
    contract = contract_of(company, sunday)
    since = day_of(contract.customer_since)
    as_of = date.fromordinal(sunday).isoformat()
    before = company.scores.get(sunday - WEEK)
    left = has_left(company.terms, sunday)
    ended = _as_it_ended(company, sunday) if left else None
    month = company.frozen.get(monday - WEEK * GROWTH_WEEKS)
    known = weeks_known(weeks[-1]) * WEEK if weeks else 0
    age = None if since is None else sunday - since
    situation = Situation(
        age_days=(known or None) if since is None else age,
        scores=(),
        seats=contract.seats,
        people=publish_people(weeks[-1], host.k) if weeks else None,
        before=publish_people(month, host.k).active_4w if month is not None else None,
        k=host.k,
        left=left,
        contract_grew=has_grown(company.terms, sunday, host.stages.expanding_growth),
    )
    if ended is not None:
        health = frozen(ended.health, as_of)
    else:
        by = _profile(host, situation, before)
        health = score(as_of, weeks, contract.seats, age, host.k, by)
        health = lowered(health, company.sentiment, company.ceilings)
        spans = (MONTH_WEEKS, QUARTER_WEEKS)
        earlier = {span: company.scores.get(sunday - WEEK * span) for span in spans}
        health = compared(health, {span: one.health for span, one in earlier.items() if one}, age)
    days = range(sunday - WEEK * (RECENT_SCORES - 1), sunday, WEEK)
    recent = [company.scores[day].health.score if day in company.scores else None for day in days]
    recent.append(health.score)
    found = decide_stage(host.stages, replace(situation, scores=recent))
    return Scored(health, recent, next_stage(found, before.stage if before else None, as_of))


def _as_it_ended(company: Company, sunday: int) -> Scored | None:
    """The last score before the contract ended: who tells late that it has, told of silence meanwhile. Where that is
    longer ago than scores are at hand, that of the week before."""
    for day in range(sunday - WEEK, sunday - WEEK * RECENT_SCORES, -WEEK):
        if day in company.scores and not has_left(company.terms, day):
            return company.scores[day]
    return company.scores.get(sunday - WEEK)


def _profile(host: Host, situation: Situation, before: Scored | None) -> ScoredAs | None:
    """By which profile the week is scored; `before`: the week before it, with its stage."""
    definition, stage = host.definition, None
    if definition.asks_stage:
        lasting = lasting_of(before.stage) if before is not None else None
        stage = stage_before_score(host.stages, situation, lasting)
    return choose_profile(definition, stage, situation.age_days)


def contract_of(company: Company, sunday: int) -> Contract:
    state = company.followed.state
    return contract_on(company.terms, sunday, state.seats, customer_since(state.traits))
