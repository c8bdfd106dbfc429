"""All that is told of a tiny company week by week, and other lives of its members.

A life is played through the core as it is: decided, folded, measured and scored when each week is over. What is told is
compared in two parts: the figures of the week, and all else that a report says - score, drivers, stage, texts, shares,
means, the digest and the pages of departments.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from random import Random
from typing import Any, NamedTuple

from engage.actions.score_company import Company, Host, measure_and_score
from engage.core.adoption import Source, company_report
from engage.core.adoption_people import COHORTS_SHOWN
from engage.core.calendar import start_of_day
from engage.core.company_stages import CompanyStages
from engage.core.department import department_names, department_report
from engage.core.digest import digest
from engage.core.event import Body, Kind
from engage.core.periods import read_period
from engage.core.privacy import Figure
from engage.core.profiles import ScoreDefinition
from engage.core.published import publish_nothing_issued
from engage.core.reports import Contract
from engage.core.segments import month_ends
from engage.core.state import encode_state
from engage.store.signal import Followed
from tests.core.history import History, program_of
from tests.privacy.populations import FIRST, WEEK
from tests.privacy.two_looks import told

EVENTS = ("Export", "Share", "Look")
K = 3
PROGRAM = program_of(
    """
name: Lives
events: {Export: {}, Share: {}, Look: {key: false}}
traits: {member: {unit: {type: string}, title: {type: string}}}
department: member.traits.unit
role: {trait: member.traits.title, manager: [lead], executor: [staff]}
currencies: {points: {expires: {after: {days: 42}}}}
levels: {currency: points, steps: [{id: silver, name: Silver, threshold: 30}, {id: gold, name: Gold, threshold: 80}]}
rules:
  - {id: export, trigger: Export, effects: [award: 10]}
streaks:
  - {id: steady, name: Steady, every: week}
funnels:
  - {id: way, name: Way, steps: [Export, Share], weeks: 4}
"""
)

Did = Mapping[tuple[int, int], tuple[tuple[int, str], ...]]
"""(member, week) -> the day of the week and the event, each time."""


def random_life(random: Random, weeks: int) -> tuple[list[tuple[str, str]], dict[Any, Any]]:
    """Departments and roles of the members, and what each did."""
    units, titles = random.choice((("",), ("sales", "it"))), random.choice((("staff",), ("lead", "staff")))
    members = [(random.choice(units), random.choice(titles)) for _ in range(random.randint(6, 12))]
    events, most = random.choice((EVENTS, EVENTS[:2], EVENTS[:1])), random.choice((1, 2, 4))
    often = [min(1.0, max(0.0, random.gauss(0.7, 0.25))) for _ in members]
    did = {
        (member, week): tuple(
            (random.choice((1, random.randrange(7))), random.choice(events))
            for _ in range(random.randint(1, most))
        )
        for member in range(len(members))
        for week in range(weeks)
        if random.random() < often[member]
    }
    return members, did


def changed(random: Random, did: Did, members: int, weeks: int) -> dict[Any, Any]:
    """Another life: in some week another day or event, or what one did, or a part of it, is done by another."""
    new = dict(did)
    for _ in range(random.choice((1, 1, 2))):
        one, other = random.sample(range(members), 2)
        week = random.randrange(weeks)
        own, theirs = new.pop((one, week), ()), new.pop((other, week), ())
        match random.randrange(4):
            case 0:
                own, theirs = theirs, own
            case 1:
                own, theirs = own[:-1], own[-1:] + theirs
            case 2:
                own = (*own[:-1], (random.randrange(7), random.choice(EVENTS)))
            case _:
                own = tuple((random.randrange(7), event) for _, event in own)
        new |= {(who, week): acts for who, acts in ((one, own), (other, theirs)) if acts}
    return new


class Told(NamedTuple):
    figures: Mapping[str, Figure]
    besides: Iterator[Any]


def play(members: Sequence[tuple[str, str]], did: Did, weeks: int) -> Iterator[Told]:
    """What is told after each week, to be read before the next."""
    history, host = History(), Host({1: PROGRAM}, (), K, CompanyStages(), ScoreDefinition(), None, False)
    history.publish(PROGRAM)
    company = Company(Followed(1, "tiny", history.company), PROGRAM, (), (), 0, {}, {})
    hour = 3_600_000_000
    for number, (unit, title) in enumerate(members):
        said = Body("", {"unit": unit, "title": title}, None, True)
        history.append(Kind.IDENTIFY, f"emp-{number}", start_of_day(FIRST), "", said)
    for week in range(weeks):
        monday = FIRST + WEEK * week
        acts = sorted((day, one, event) for (one, at), own in did.items() if at == week for day, event in own)
        for day, one, event in acts:
            history.track(f"emp-{one}", event, start_of_day(monday + day) + hour * (1 + one))
        for name in list(history.members):
            history.wait(name, start_of_day(monday + WEEK))
        company.followed.state, company.days = history.company, history.rollups
        company.due = company.mondays = [monday]
        company.last_monday = monday
        company.states = [encode_state(one) for one in history.members.values()]
        company.numbers = list(history.numbers.values())
        measure_and_score([company], host)
        nothing = {"issued points": publish_nothing_issued()}
        yield Told(nothing | dict(told(company.frozen[monday], K)), _besides(company, monday))


def _besides(company: Company, monday: int) -> Iterator[Any]:
    sunday = monday + WEEK - 1
    scored, thursday = company.scores[sunday], date.fromordinal(sunday - 3)
    yield scored
    source = Source(
        company="tiny", name="Tiny", timezone="UTC", contract=Contract(seats=10), program=PROGRAM,
        weeks=company.frozen, scores={day: one.health.score for day, one in company.scores.items()},
        health=scored.health, k=K, stage=scored.stage,
        months={
            end: company.frozen[end] for end in month_ends(monday, COHORTS_SHOWN) if end in company.frozen
        },
    )  # fmt: skip
    quarter = f"{thursday.year}-Q{(thursday.month + 2) // 3}"
    for name in ("last-1-weeks", "last-12-weeks", f"{thursday:%Y-%m}", quarter):
        periods = read_period(name, sunday)
        assert periods is not None
        report = company_report(source, *periods)
        yield report
        yield digest(report)
        yield [department_report(source, *periods, one) for one in department_names(source, periods[0])]
