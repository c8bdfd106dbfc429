"""Profiles: a host's own definition of the score, with weights and bounds by a company's stage and age.

Owns the shape of a definition, its version and which profile a company is scored by: the first that fits, else the
built-in weights, as for hosts without profiles. Must not know members or storage.

Why a profile tells nothing that the report does not. It is chosen by two things. The age is a contract fact, or
without one the time since the first activity, which the driver of tenure tells. The stage is decided from published
figures and contract facts (`engage.core.company_stages`), and is told. Weights and bounds are the host's, the same for
all companies, and are put to what is published; where a figure is hidden, to the middle of the range that may be told.
So everything about a profile is a function of what the report shows, and nobody finds out more by stating other ones.

Why there is no circle. A company is at risk by its score, so a stage cannot choose the profile of the same score: what
counts is the stage that lasted, for four weeks up to the week before. That also keeps companies on the border between
two stages from coming to another profile, and another score, every week. Onboarding alone is by date, and counts at
once. Who has churned is not scored any more, so no profile is for that stage.

No built-in profile is for new customers. Five with other weights were tried, and all ranked renewals worse (see the
page on reports): what a new company cannot have yet is missing, or has bounds of its own, and that is all.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Final

import msgspec
from msgspec import Struct

from engage.core.drivers import Bounds
from engage.core.health import LABELS, WEIGHTS
from engage.core.language import say
from engage.core.reports import Definition
from engage.core.scored_as import STANDARD_ID, STANDARD_NAME, ScoredAs
from engage.core.stage_words import PASSING, STAGE_LABELS, Stage

PROFILES_MAX: Final = 20
AGE_DAYS_MAX: Final = 3_650
STAGES: Final[tuple[Stage, ...]] = ("onboarding", "adopting", "established", "expanding", "at_risk")
"""Those that a profile may be for."""
ALWAYS_KNOWN: Final = ("activity", "tenure")
"""The drivers that a scored company never lacks. A profile weighs one of them, so that it always gives a score."""
_VERSION_CHARS: Final = 8


class Profile(Struct, frozen=True, omit_defaults=True):
    """Weights, and bounds where they are other ones, for companies in a stage or of an age. Kept in the host's book: a
    field is added with a default."""

    id: str
    name: str
    weights: dict[str, float]
    bounds: dict[str, Bounds] = {}
    stages: tuple[Stage, ...] = ()
    """Empty: every stage."""
    from_days: int = 0
    below_days: int | None = None

    @property
    def asks_age(self) -> bool:
        return self.from_days > 0 or self.below_days is not None


class ScoreDefinition(Struct, frozen=True, omit_defaults=True):
    """What the host states of its score. Without profiles it is the built-in definition."""

    profiles: tuple[Profile, ...] = ()

    @property
    def version(self) -> str:
        """Follows from what decides a score: names, comments and the order of keys do not change it. Empty without
        profiles."""
        if not self.profiles:
            return ""
        said = [
            (
                one.id,
                sorted((name, weight) for name, weight in one.weights.items() if weight),
                sorted(one.bounds.items()),
                sorted(one.stages),
                one.from_days,
                one.below_days,
            )
            for one in self.profiles
        ]
        return sha256(msgspec.json.encode(said)).hexdigest()[:_VERSION_CHARS]

    @property
    def asks_stage(self) -> bool:
        return any(one.stages for one in self.profiles)


BUILT_IN: Final = ScoreDefinition()


def choose_profile(of: ScoreDefinition, stage: Stage | None, age_days: int | None) -> ScoredAs | None:
    """What a company in the stage and of the age is scored by; None: by the built-in weights, as no profile is stated.

    A profile that asks for a stage or an age fits no company of which that is not known.
    """
    if not of.profiles:
        return None
    found = next((one for one in of.profiles if _fits(one, stage, age_days)), None)
    if found is None:
        return ScoredAs(STANDARD_ID, STANDARD_NAME, _why_none(of, stage), of.version, dict(WEIGHTS))
    return ScoredAs(
        found.id,
        found.name,
        _why(found, stage, age_days),
        of.version,
        dict(found.weights),
        {name: (low, high) for name, (low, high) in found.bounds.items()},
    )


def _fits(one: Profile, stage: Stage | None, age_days: int | None) -> bool:
    if one.stages and stage not in one.stages:
        return False
    if not one.asks_age:
        return True
    if age_days is None:
        return False
    age = max(0, age_days)
    return one.from_days <= age and (one.below_days is None or age < one.below_days)


def _why(one: Profile, stage: Stage | None, age_days: int | None) -> str:
    days = max(0, age_days or 0)
    if not one.stages or stage is None:
        if one.asks_age:
            return say("A customer for {days:d} days.", days=days)
        return say("For companies of every stage and age.")
    label = STAGE_LABELS[stage]
    if one.asks_age:
        return say("By the stage {stage}, a customer for {days:d} days.", stage=label, days=days)
    if stage in PASSING:
        return say("In the stage {stage}.", stage=label)
    return say("By the stage {stage}; another counts once it has held for four weeks.", stage=label)


def _why_none(of: ScoreDefinition, stage: Stage | None) -> str:
    if not of.asks_stage or stage is None or stage in PASSING:
        return say("None of the profiles fits.")
    return say(
        "No profile fits the stage {stage}; another counts once it has held for four weeks.",
        stage=STAGE_LABELS[stage],
    )


def told_profile(by: ScoredAs) -> Definition:
    """What a score was reckoned with, beside the definitions of a report."""
    weights: Mapping[str, float] = {name: by.weights.get(name, 0.0) for name in LABELS}
    shares = ", ".join(
        say("{driver} {share:.0f} %", driver=LABELS[name], share=100 * weight)
        for name, weight in weights.items()
        if weight
    )
    if not by.bounds:
        text = say("Weights: {weight_list}.", weight_list=shares)
    else:
        ends = ", ".join(
            say("{driver} {low:g} to {high:g}", driver=LABELS[name], low=low, high=high)
            for name, (low, high) in by.bounds.items()
        )
        text = say(
            "Weights: {weight_list}. From nothing to full points: {bound_list}.",
            weight_list=shares,
            bound_list=ends,
        )
    source = say("The host's definition {version_name}.", version_name=by.definition)
    return Definition(term=say("Profile of the score"), text=text, source=source)
