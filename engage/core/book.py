"""The book: what the host says of its companies and no event tells. Margin, cost, segments, tiers, stages, score.

Owns the shapes, and the tier a company stands in. Must not know members, text or storage. One book per host, kept as
JSON: a field may be added with a default. Money is in cents of the host's one currency; shares are 0-1.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from engage.core.company_stages import CompanyStages
from engage.core.language import mark, say
from engage.core.profiles import ScoreDefinition
from engage.core.worth import CompanyTier, TierColumn

TIERS_MAX: Final = 10
BENEFITS_MAX: Final = 50
MONTHS_MAX: Final = 240

_REVENUE: Final = (
    mark("a yearly revenue of at least {least:,}; it is {has:,}"),
    mark("a yearly revenue of at least {least:,}; it is not known"),
)
_SCORE: Final = (
    mark("a health score of at least {least:,}; it is {has:,}"),
    mark("a health score of at least {least:,}; it is not known"),
)
_SEATS: Final = (
    mark("at least {least:,} seats; it has {has:,}"),
    mark("at least {least:,} seats; how many it has is not known"),
)


class Tier(Struct, frozen=True, omit_defaults=True):
    """A class of companies. In it are those that reach all its thresholds and no tier before it."""

    id: str
    name: str
    yearly_revenue_cents: int | None = None
    score: int | None = None
    seats: int | None = None
    benefits: dict[str, str] = {}
    """Service benefit -> what of it the tier has: "First response" -> "within 4 hours"."""


class Book(Struct, frozen=True, omit_defaults=True):
    gross_margin: float | None = None
    acquisition_cents: dict[str, int] = {}
    """Month (2026-03) -> what was spent in it to win customers."""
    gmv_trait: str = ""
    """The trait of a company with what was traded through the product in a month; empty: none."""
    segment_trait: str = ""
    tiers: tuple[Tier, ...] = ()
    """The highest first."""
    stages: CompanyStages = CompanyStages()
    """When a company counts as established, at risk and so on."""
    score: ScoreDefinition = ScoreDefinition()
    """By which weights and bounds companies are scored."""


class Worth(Struct, frozen=True):
    """What a tier asks for, of one company. None: not known, and then no threshold for it is reached."""

    yearly_revenue_cents: int | None
    score: int | None
    seats: int | None


def tier_in(book: Book, worth: Worth) -> str | None:
    """The id of the first tier whose thresholds are all reached."""
    return next((tier.id for tier in book.tiers if _reached(tier, worth)), None)


def tier_of(book: Book, worth: Worth) -> CompanyTier | None:
    """The first tier whose thresholds are all reached, and what is missing for the one before it."""
    for index, tier in enumerate(book.tiers):
        if _reached(tier, worth):
            above = book.tiers[index - 1] if index else None
            return CompanyTier(
                tier.id,
                tier.name,
                dict(tier.benefits),
                above.name if above else None,
                _lacking(above, worth) if above else (),
            )
    return None


def _reached(tier: Tier, worth: Worth) -> bool:
    asked = (
        (tier.yearly_revenue_cents, worth.yearly_revenue_cents),
        (tier.score, worth.score),
        (tier.seats, worth.seats),
    )
    return all(least is None or (has is not None and has >= least) for least, has in asked)


def _lacking(tier: Tier, worth: Worth) -> tuple[str, ...]:
    asked = (
        (_REVENUE, tier.yearly_revenue_cents, worth.yearly_revenue_cents, 100),
        (_SCORE, tier.score, worth.score, 1),
        (_SEATS, tier.seats, worth.seats, 1),
    )
    return tuple(
        say(words[1], least=least // unit)
        if has is None
        else say(words[0], least=least // unit, has=has // unit)
        for words, least, has, unit in asked
        if least is not None and (has is None or has < least)
    )


def tier_table(tiers: Sequence[Tier], counts: dict[str, int]) -> tuple[TierColumn, ...]:
    """The tiers with all benefits that any of them has, in the order in which they are first named."""
    names = list(dict.fromkeys(name for tier in tiers for name in tier.benefits))
    return tuple(
        TierColumn(
            tier.id, tier.name, counts.get(tier.id, 0), {name: tier.benefits.get(name, "") for name in names}
        )
        for tier in tiers
    )
