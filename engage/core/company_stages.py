"""Company stages: where a company stands in its life with the product, decided once a week with its score.

Owns the definitions. Reads published figures, scores (which are functions of these) and contract facts alone, so that a
stage reveals nothing that the report does not show. The first that applies, with the defaults:

    churned      the contract has ended
    onboarding   a customer for less than 90 days; without contract facts, since the first activity
    at_risk      a score below 40 (the band at risk) in two weeks in a row, so that one bad week moves nothing; or
                 scored in the 13 weeks before and not any more, as too few are active
    expanding    established, and 10 % more members active in four weeks than 13 weeks ago, or 10 % more seats or
                 revenue agreed on than before one of the terms began that run
    established  at least 50 % of the seats (of the members, where seats are unknown) active in four weeks (Gainsight:
                 green; GitLab: below is red), and 25 % of the active with the habit (half of Gainsight's green);
                 where too little is told of the habit, by the seats alone
    adopting     any other that is scored

Without a score, a contract fact or enough weeks nothing is said: there is no stage.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from engage.core.language import say
from engage.core.privacy import NOT_SHOWN, Figure, fact, ratio
from engage.core.published import People
from engage.core.stage_words import PASSING, Stage

GROWTH_WEEKS: Final = 13


class CompanyStages(Struct, frozen=True, omit_defaults=True):
    """The host's definitions. Kept in its book: a field is added with a default."""

    onboarding_days: int = 90
    risk_score: int = 40
    risk_weeks: int = 2
    established_active: int = 50
    established_habitual: int = 25
    expanding_growth: int = 10


class Situation(Struct, frozen=True):
    """All that a stage is decided by."""

    age_days: int | None
    scores: Sequence[int | None]
    """Of this week and those before, oldest first."""
    seats: int | None
    people: People | None
    before: Figure | None
    """Members active in four weeks, GROWTH_WEEKS before; None: not known."""
    k: int
    left: bool = False
    contract_grew: bool = False


def decide_stage(of: CompanyStages, now: Situation) -> tuple[Stage, str] | None:
    """(stage, why); None when nothing can be said."""
    if now.left:
        return "churned", say("The contract has ended.")
    if now.age_days is not None and now.age_days < of.onboarding_days:
        return "onboarding", say(
            "A customer for {days:d} of the first {least:d} days.",
            days=max(0, now.age_days),
            least=of.onboarding_days,
        )
    if not now.scores or now.scores[-1] is None or now.people is None:
        if any(score is not None for score in now.scores):
            return "at_risk", say(
                "Not scored any more: fewer than {k:d} members are known to be active.", k=now.k
            )
        return None
    recent = now.scores[-of.risk_weeks :]
    if len(recent) == of.risk_weeks and all(one is not None and one < of.risk_score for one in recent):
        return "at_risk", say(
            "A score below {least:d} for {weeks:d} weeks.", least=of.risk_score, weeks=of.risk_weeks
        )
    return _settled(of, now, now.people)


def stage_before_score(of: CompanyStages, now: Situation, lasting: Stage | None) -> Stage | None:
    """The stage that counts before there is a score: `lasting`, the last up to the week before that held for four
    weeks, so that who stands on the border between two does not come and go with every week. Onboarding is by date;
    after it, and where none has been said yet, the figures of the week itself count. None: nothing is known, or the
    contract has ended."""
    if now.left:
        return None
    if now.age_days is not None and now.age_days < of.onboarding_days:
        return "onboarding"
    if lasting is not None and lasting not in PASSING:
        return lasting
    return _settled(of, now, now.people)[0] if now.people is not None else None


def _why_settled(active: Figure, habitual: Figure, *, of_seats: bool) -> str:
    """A share that is too uncertain to be told is no share: "not shown of active members" reads as none."""
    if active.text == NOT_SHOWN:
        return say("How many are active is too uncertain to show.")
    if habitual.text == NOT_SHOWN:
        return say(
            "{share} of the seats are in use; how many have the habit is too uncertain to show."
            if of_seats
            else "{share} of the members are active; how many have the habit is too uncertain to show.",
            share=active.text,
        )
    return say(
        "{share} of the seats are in use, and {habit} of active members have the habit."
        if of_seats
        else "{share} of the members are active, and {habit} of active members have the habit.",
        share=active.text,
        habit=habitual.text,
    )


def _settled(of: CompanyStages, now: Situation, people: People) -> tuple[Stage, str]:
    """The stage of a company that is scored and not at risk. A habit of which nothing is told speaks neither for nor
    against it: counted as none, it would keep a small company at "adopting" however regular its members are."""
    active = ratio(people.active_4w, fact(now.seats, "seats") if now.seats else people.members)
    habitual = ratio(people.habitual, people.active_4w)
    why = _why_settled(active, habitual, of_seats=bool(now.seats))
    habit = of.established_habitual if habitual.estimate is None else habitual.estimate
    if (active.estimate or 0) < of.established_active or habit < of.established_habitual:
        return "adopting", why
    if now.contract_grew:
        return "expanding", say("Established, and the contract has grown.")
    growth = _growth(people.active_4w, now.before)
    if growth is not None and growth >= of.expanding_growth:
        return "expanding", say(
            "Established, and {growth:d} % more members are active than {weeks:d} weeks before.",
            growth=int(growth),
            weeks=GROWTH_WEEKS,
        )
    return "established", why


def _growth(now: Figure, before: Figure | None) -> float | None:
    if before is None or now.value is None or not before.value:
        return None
    return 100 * (now.value / before.value - 1)
