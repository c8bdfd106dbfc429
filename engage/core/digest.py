"""One page for whoever decides: how the company stands, what moved it, seats, money, and what to do now.

Made of the report and nothing else. Owns which three drivers are told and what is advised; an advice follows from a
figure that the page shows, by a rule stated here, and never from what is hidden.
"""

from __future__ import annotations

from datetime import date
from typing import Final

from msgspec import Struct

from engage.core import privacy
from engage.core.language import Text, say
from engage.core.portfolio import MONTHS, SCORES_SHOWN, fell_sharply, risk_on
from engage.core.privacy import Figure
from engage.core.reports import CompanyReport, Contract, Driver, Health, Period, Step

MOVERS: Final = 3
RENEWAL_SOON_DAYS: Final = 90
SEATS_FULL: Final = 90
SEATS_IDLE: Final = 50
"""Percent of seats in use: there is room to grow from the one on, and none is needed below the other."""

FEW: Final = 4
"""Times k: of fewer members, a part and its rest are both k or more only where they are about halves."""
ADVICE: Final = {
    "activity": say("Find out in which routine the product could help on more days, and show it there."),
    "habit": say(
        "Help members make it a habit: a weekly occasion to come back works better than a reminder."
    ),
    "breadth": say("Introduce one key feature that hardly anybody uses, to the department it was made for."),
    "features": say("Show active members the feature next to the ones they use."),
    "trend": say("Ask what changed: activity is falling from the best weeks of the last half year."),
    "seats": say("Invite those who have a seat and never came, before the contract is talked about."),
    "levels": say("Make the second level worth reaching, and say what is missing to get there."),
    "tenure": say("Stay close: the first year decides, and most customers who leave do so at its end."),
}


class Digest(Struct, frozen=True):
    """The page. `movers` changed the score most in four weeks; before that is known, they make it."""

    company: str
    name: str
    as_of: str
    period: Period
    k: int
    health: Health
    movers: tuple[Driver, ...]
    seats: tuple[Step, ...]  # seats, active, habitual
    idle_seats: Figure
    contract: Contract
    yearly_revenue_cents: int | None  # 0: the contract has ended
    value_at_risk_cents: int | None
    advice: tuple[Text, ...]
    notes: tuple[Text, ...]


def digest(report: CompanyReport) -> Digest:
    health, contract = report.health, report.contract
    revenue = contract.monthly_revenue_cents
    yearly = 0 if _has_left(report) else None if revenue is None else revenue * MONTHS
    scores = [figure.value for figure in report.score_history.figures[-SCORES_SHOWN:]]
    risk = risk_on(date.fromisoformat(report.as_of).toordinal(), health.score, scores, contract)
    steps = {step.name: step for step in report.funnel}
    return Digest(
        company=report.company,
        name=report.name,
        as_of=report.as_of,
        period=report.period,
        k=report.k,
        health=health,
        movers=movers(health),
        seats=tuple(steps[name] for name in ("seats", "active", "habitual") if name in steps),
        idle_seats=_idle(steps),
        contract=contract,
        yearly_revenue_cents=yearly,
        value_at_risk_cents=None if yearly is None else round(yearly * risk),
        advice=advice(report),
        notes=report.notes,
    )


def movers(health: Health) -> tuple[Driver, ...]:
    """Three, the largest first; nothing that did not move is told."""
    changed = health.change_4w is not None
    found = sorted(health.drivers, key=lambda one: -abs(one.change if changed else one.contribution))
    return tuple(one for one in found[:MOVERS] if (one.change if changed else one.contribution))


def _idle(steps: dict[str, Step]) -> Figure:
    """Seats nobody used in four weeks; told only where how many are active may be told exactly."""
    if "seats" not in steps or steps["seats"].figure.value is None:
        return privacy.missing("seats")
    active = steps["active"].figure
    if active.value is None:
        return Figure(privacy.NOT_SHOWN, "seats", hidden=active.hidden)
    return privacy.fact(max(0, steps["seats"].figure.value - active.value), "seats")


def _of_the_term(days: int, day: str, *, worry: bool) -> list[str]:
    if days < 0:
        return [
            say(
                "The term ended on {day}, and no other is known: ask whether they go on, and record it.",
                day=day,
            )
        ]
    if not worry or days > RENEWAL_SOON_DAYS:
        return []
    if days < 2:
        return [say("Talk to them now: the term ends on {day}.", day=day)]
    return [say("Talk to them now: the term ends in {days:d} days.", days=days)]


def advice(report: CompanyReport) -> tuple[str, ...]:
    """What to do, the most pressing first."""
    if _has_left(report):
        return (say("The contract has ended: ask why they left, and write it down."),)
    health, contract = report.health, report.contract
    steps = {step.name: step for step in report.funnel}
    found = []
    worry = health.band in ("at_risk", "watch", "unscored") or fell_sharply(health) or bool(health.slid)
    if contract.days_to_renewal is not None:
        found += _of_the_term(contract.days_to_renewal, str(contract.renewal_date), worry=worry)
    if health.score is None and not report.funnel:
        found.append(say("Go by what they tell you: no week of use is measured up to this day."))
    elif health.score is None:
        members = steps["members"].figure.value if "members" in steps else None
        found.append(
            say("Ask them how it goes: of so few people no figure may be told.")
            if members is not None and members < 2 * report.k - 1
            else say("Find out whether the product is still wanted: hardly anybody, or nobody, is using it.")
        )
    worst = sorted((one for one in health.drivers if one.contribution < 0), key=lambda one: one.contribution)
    found += [ADVICE[one.name] for one in worst[:2] if one.name in ADVICE]
    if "seats" in steps and "active" in steps:
        share = steps["active"].share
        if share.floor >= SEATS_FULL:
            found.append(say("Talk about more seats: {share} of them are in use.", share=share.text))
        elif share.ceiling is not None and share.ceiling < SEATS_IDLE and ADVICE["seats"] not in found:
            found.append(ADVICE["seats"])
    if not found:
        found.append(say("Nothing needs doing: tell them how well it goes, and ask who else could use it."))
    return tuple(found)


def _has_left(report: CompanyReport) -> bool:
    return report.stage is not None and report.stage.stage == "churned"


def said_of_few(report: CompanyReport) -> str:
    """Why most of the report says nothing, where so few work there; empty where it says enough. Of one without a score
    the verdict says it."""
    steps = {step.name: step.figure for step in report.funnel if step.name != "seats"}
    members = steps["members"].value if "members" in steps else None
    hidden = sum(bool(figure.hidden) and figure.hidden != "missing" for figure in steps.values())
    if report.health.score is None or members is None or members >= FEW * report.k or 2 * hidden < len(steps):
        return ""
    return say(
        "Of {members:d} members, a part or the rest is soon fewer than {k:d} people: to protect individuals, most "
        "figures below are a range or not shown. That is no sign of trouble. Go by the score, what moves it and what "
        "to do.",
        members=round(members),
        k=report.k,
    )
