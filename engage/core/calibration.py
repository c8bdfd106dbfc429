"""Calibration: how well the score foretold which contract terms were renewed, measured on the host's own outcomes.

Owns what is foretold (a case), what was known when, the stated mapping of a score to a probability, and the measures
of a forecast. Must not know how cases are stored or a model is fitted. Pure; of members it reads published figures
alone, so that nothing here can tell more than the reports do.

A case is a term that has ended, renewed or churned, looked at some days before its end. It reads the last whole week
before that day and those before it, and the term in force then; a company with no contract then is no case. Nothing
later is read, least of all how later terms ended.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from math import exp, log
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from engage.core.calendar import week_of
from engage.core.company_stages import (
    GROWTH_WEEKS,
    CompanyStages,
    Situation,
    stage_before_score,
)
from engage.core.drivers import DAYS_PER_MONTH, TENURE_START, read_inputs
from engage.core.health import WEEKS_NEEDED, score
from engage.core.measures import MONTH_WEEKS, WEEK, WeekMeasures
from engage.core.portfolio import risk_of, too_quiet
from engage.core.profiles import BUILT_IN, ScoreDefinition, choose_profile
from engage.core.published import (
    publish_events,
    publish_feature_events,
    publish_members,
    publish_people,
    was_scored,
    weeks_known,
)
from engage.core.published_beginners import publish_features
from engage.core.scored_as import ScoredAs
from engage.core.stage_words import Stage
from engage.core.terms import Term, contract_on, day_of, has_grown, term_on

HORIZONS: Final = (0, 30, 60, 90, 180)
"""Days before a term's end."""

TENURE: Final = "tenure"
TENURE_SCORED: Final = "tenure scored"
"""The same time as the score reckons it, to which the first months say less than to the other."""
SCORED: Final = "scored"
TREND: Final = "trend"
USES: Final = "uses "
"""Before the name of a key event: the share of active members who used it in a month."""
EVENTS: Final = "events"
"""How much was done in a week of the newest four; with a space and the name of a key event, of that one."""
OTHER: Final = "other events"
"""And how much of that is told of no key event by name."""
QUARTER: Final = "quarter "
"""Before these three: in a week of the newest thirteen."""
QUARTER_WEEKS: Final = 13
LEAD_DAYS_MAX: Final = 182
CALLED_RISK: Final = 0.4
"""On watch, at risk or too quiet to be scored: a score below 60, or none."""

YEARLY_CHURN_NEUTRAL: Final = 0.2
BAND_FACTOR: Final = 3.0
BAND_POINTS: Final = 20
"""The stated mapping, fixed before any outcome was seen: of customers at a neutral score of 50, a fifth is lost in a
year; each band of 20 points less triples the rate, each more divides it by three."""


class Case(Struct, frozen=True):
    """One ended term, as it looked some days before its end. `risk`: what the score lacks to 100, as a share."""

    company: str
    end: int
    churned: bool
    score: int | None
    risk: float
    probability: float
    features: Mapping[str, float]
    """What the fitted model may read, by name; what is not known is not there."""
    seats: int | None = None


class Past(Struct, frozen=True):
    """A company with all that was ever known of it; `case_of` reads no more of it than was known in time.

    `weeks`: Monday -> frozen measures. `seats`: of its traits, used where no term says.
    """

    company: str
    terms: Sequence[Term]
    weeks: Mapping[int, WeekMeasures]
    seats: int | None = None
    since: int | None = None
    definition: ScoreDefinition = BUILT_IN
    """The host's, of today: the past is scored by what would be scored by now."""
    stages: CompanyStages = CompanyStages()
    lasting: Mapping[int, Stage] = {}
    """Sunday -> the stage that had lasted by then, as it was frozen."""
    agreed_until: Mapping[int, int] = {}
    """The first day of a term of traits -> its end as they stated it, though the next has cut it short since."""
    until: int | None = None
    """The Monday of the newest week measured of any company: of what ends later nothing is known by then."""


def probability_of(risk: float, months: float) -> float:
    """That a customer leaves within so many months, by the stated mapping of risk."""
    yearly = -log(1 - YEARLY_CHURN_NEUTRAL) * BAND_FACTOR ** ((100 * risk - 50) / BAND_POINTS)
    return 1 - exp(-yearly * months / 12)


def cases(pasts: Sequence[Past], days_before: int, k: int) -> list[Case]:
    found = (case_of(past, term, days_before, k) for past in pasts for term in past.terms)
    return [one for one in found if one is not None]


def case_of(past: Past, term: Term, days_before: int, k: int) -> Case | None:
    """None: the term has not ended, as far as is measured, or the company had no contract yet on that day."""
    if past.until is not None and last_week_before(term.end) > past.until:
        return None
    day = term.end - days_before
    known = [_known_on(past, one, day) for one in past.terms if one.start < day]
    standing = term_on(known, day)
    if term.outcome == "open" or standing is None or standing.end < day:
        return None
    monday = last_week_before(day)
    sunday = monday + WEEK - 1
    contract = contract_on(known, day, past.seats, past.since)
    since = day_of(contract.customer_since)
    age = None if since is None else day - since
    seats = contract.seats
    weeks = recent(past.weeks, monday)
    by = _profile(past, known, weeks, seats, age, day, monday, k)
    # Traits say how many seats there are today, which may follow from how the term ended: they make the score, as they
    # did then, but nothing is learned from them.
    agreed = contract_on(known, day, None, past.since).seats
    health = score(date.fromordinal(sunday).isoformat(), weeks, seats, age, k, by)
    was_scored = health.score is None and _ever_scored(past, monday, k)
    risk = risk_of(health.score, was_scored=was_scored, age_days=age)
    months = (standing.end - standing.start) / DAYS_PER_MONTH
    return Case(
        past.company,
        term.end,
        term.outcome == "churned",
        health.score,
        risk,
        probability_of(risk, months),
        {
            **_contract_facts(standing, agreed, age, months, first=len(known) == 1),
            **_volumes(weeks, k),
            **_people(weeks, seats, age, k, scored=health.score is not None),
        },
        seats,
    )


def last_week_before(day: int) -> int:
    """The Monday of the last whole week before it."""
    return week_of(day) - WEEK


def _known_on(past: Past, term: Term, day: int) -> Term:
    """Of a term that runs on it is not known yet how it ends, nor that it does before it was to, though either may have
    been said since."""
    if term.end < day:
        return term
    end = past.agreed_until.get(term.start, term.end) if term.source == "group" else term.end
    return replace(term, outcome="open", end=end)


def _profile(
    past: Past,
    known: Sequence[Term],
    weeks: Sequence[WeekMeasures],
    seats: int | None,
    age: int | None,
    day: int,
    monday: int,
    k: int,
) -> ScoredAs | None:
    """By which profile the company was scored then, by the definition of now."""
    if not past.definition.profiles or not weeks:
        return None
    if age is None:
        age = weeks_known(weeks[-1]) * WEEK or None
    stage = None
    if past.definition.asks_stage:
        quarter = past.weeks.get(monday - WEEK * GROWTH_WEEKS)
        now = Situation(
            age,
            (),
            seats,
            publish_people(weeks[-1], k),
            publish_people(quarter, k).active_4w if quarter is not None else None,
            k,
            contract_grew=has_grown(known, day, past.stages.expanding_growth),
        )
        stage = stage_before_score(past.stages, now, past.lasting.get(monday - 1))
    return choose_profile(past.definition, stage, age)


def recent(weeks: Mapping[int, WeekMeasures], monday: int) -> list[WeekMeasures]:
    """The weeks a score of the one that starts on `monday` looks at; none, where that one was not measured."""
    if monday not in weeks:
        return []
    window = range(monday - WEEK * (WEEKS_NEEDED - 1), monday + 1, WEEK)
    return [weeks[one] for one in window if one in weeks]


def _ever_scored(past: Past, monday: int, k: int) -> bool:
    """Whether one of the 13 weeks before had enough active members: what the portfolio goes by."""
    before = (past.weeks.get(monday - WEEK * back) for back in range(1, 13))
    return any(week is not None and was_scored(week, k) for week in before)


def _contract_facts(
    term: Term, seats: int | None, age: int | None, months: float, *, first: bool
) -> dict[str, float]:
    """What was agreed, on a scale on which a doubling is a step: 5 to 10 seats is much, 1,000 to 1,005 nothing."""
    facts = {"term_months": log(max(1.0, months)), "first_term": float(first)}
    if age is not None:
        behind = max(0, age) / DAYS_PER_MONTH
        facts[TENURE], facts[TENURE_SCORED] = log(1 + behind), log(TENURE_START + behind)
    if seats:
        facts["seats_agreed"] = log(seats)
    if term.monthly_revenue_cents:
        facts["revenue"] = log(term.monthly_revenue_cents)
    return facts


def _volumes(weeks: Sequence[WeekMeasures], k: int) -> dict[str, float]:
    """Events per week, all, of each key event and the others, as far as they are told, on a scale on which a doubling
    is a step.

    Of the newest weeks, where the figures of a month may be four weeks old, and of the quarter, in which a single week
    matters less. What is hidden is left out: few stand behind it, and what hangs on few goes when they go. What was
    done is told by the weeks that name any of it: where hardly more than few were active, none is named, and that says
    nothing of what they did. Where all weeks tell only the sum, the others are all there is.
    """
    told = [_told_of(week, k) for week in weeks[-QUARTER_WEEKS:]]
    found = {}
    for prefix, part in (("", told[-MONTH_WEEKS:]), (QUARTER, told)):
        naming = [week for week in part if week.keys() - {EVENTS, OTHER}] or part
        for name in dict.fromkeys(name for week in part for name in week):
            among = part if name == EVENTS else naming
            found[f"{prefix}{name}"] = log(1 + sum(week.get(name, 0) for week in among) / len(among))
    return found


def _told_of(week: WeekMeasures, k: int) -> dict[str, int]:
    """How often each thing was done in the week, where that is told."""
    whole = publish_events(week, k).events.value
    if whole is None:
        return {}
    features = publish_feature_events(week, k)
    named = {name: int(one.value) for name, one in features.items() if one.value is not None}
    other = max(0, int(whole) - sum(named.values()))
    return {EVENTS: int(whole), OTHER: other, **{f"{EVENTS} {name}": count for name, count in named.items()}}


def _people(
    weeks: Sequence[WeekMeasures], seats: int | None, age: int | None, k: int, *, scored: bool
) -> dict[str, float]:
    """How large the company is, whether so few are active that nothing is told of them, and else how many use what,
    and how far activity has fallen from the company's own best."""
    found = {SCORED: float(scored)}
    if not weeks:
        return found
    people = publish_people(weeks[-1], k)
    found["members"] = log(max(1, publish_members(weeks[-1]).floor))
    active = people.active_4w.estimate
    if not scored or not active:
        return found
    trend = read_inputs(weeks, people, seats, age, k)["trend"].estimate
    if trend is not None:
        found[TREND] = trend / 100
    for name, figure in publish_features(weeks[-1], k, people.active_4w).members.items():
        if figure.estimate is not None:
            found[f"{USES}{name}"] = (
                0.0 if figure.hidden == "protects" else min(1.0, figure.estimate / active)
            )
    return found


def is_called(case: Case, risk: float, k: int) -> bool:
    """At more than this risk. That of a company too small for a score says nothing of it; nobody is called for that."""
    return case.risk > risk and not is_too_small(case, k)


def is_too_small(case: Case, k: int) -> bool:
    return case.score is None and not too_quiet(case.score, case.risk, case.seats, k)


def lead_days(pasts: Sequence[Past], k: int) -> list[int]:
    """For each churned term that was to be called when it ended: for how many days it had been, at a stretch."""
    found = []
    for past in pasts:
        for term in past.terms:
            if term.outcome == "churned":
                days = 0
                while days <= LEAD_DAYS_MAX and _called(past, term, days, k):
                    days += WEEK
                if days:
                    found.append(days - WEEK)
    return found


def _called(past: Past, term: Term, days_before: int, k: int) -> bool:
    case = case_of(past, term, days_before, k)
    return case is not None and is_called(case, CALLED_RISK, k)
