"""The shapes of what companies are worth: outcomes of their contracts, tiers. Facts of companies and of the host alone.

Shapes only grow, as those of `engage.core.reports` do: a field is added with a default. Money is in cents of the host's
one currency, shares are 0-1, None is what is not known.
"""

from __future__ import annotations

from msgspec import Struct

from engage.core.language import Text


class CompanyTier(Struct, frozen=True):
    """Where a company stands among the host's tiers, and what it is entitled to there."""

    id: str
    name: str
    benefits: dict[str, str]
    above: str | None = None  # the name of the next higher tier
    lacking: tuple[Text, ...] = ()  # what is missing for it


class TierColumn(Struct, frozen=True):
    """One column of the table of service benefits."""

    id: str
    name: str
    companies: int
    benefits: dict[str, str]  # the same benefits in every column; empty: not in this tier


class Growth(Struct, frozen=True):
    """new x conversion x purchase + existing x retention x repurchase = monthly revenue now, of one segment."""

    segment: Text
    new: int  # companies that did not pay a year ago, and are known since or pay now
    conversion: float | None  # share of them that pays now
    purchase_cents: int | None  # per month, of one of those
    existing: int  # companies that paid a year ago
    retention: float | None  # share of them that still pays
    repurchase_cents: int | None
    mrr_cents: int


class Economics(Struct, frozen=True):
    """What customers are worth and what winning them costs. None: not known, and `notes` say why."""

    gross_margin: float | None
    start_companies: int  # paid a year ago
    left_companies: int  # of them, pay no more
    churn_rate: float | None
    ltv_cents: int | None
    months: str  # those that cost and companies won are of
    acquisition_cents: int | None
    won_companies: int  # that began to pay in these months
    cac_cents: int | None
    ltv_to_cac: float | None
    gmv_cents: int | None  # per month, as companies' traits say now
    gmv_companies: int
    growth: tuple[Growth, ...]
    notes: tuple[Text, ...] = ()


class Outcomes(Struct, frozen=True):
    """As of the end of the day `as_of`; kept and lost over the year before. Shares are 0-1, money is in cents."""

    as_of: str
    companies: int  # with revenue now
    mrr_cents: int
    arr_cents: int
    arpa_cents: int | None  # per company and month
    start_cents: int  # monthly revenue a year ago, of those who were customers then
    churn_cents: int  # of it, lost with companies that left
    contraction_cents: int  # and with companies that pay less
    expansion_cents: int  # more from those that pay more
    new_cents: int  # from companies that were none a year ago
    grr: float | None
    nrr: float | None
    due: int  # terms that ended in the year, renewed or churned
    renewed: int
    renewal_rate: float | None
    key_companies: int
    key_share: float | None  # of monthly revenue, from them
    notes: tuple[Text, ...] = ()
    economics: Economics | None = None
