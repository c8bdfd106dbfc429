"""What the words of a report mean, and where each definition comes from: printed under the figures it explains."""

from __future__ import annotations

from typing import Final

from engage.core.reports import Definition

DEFINITIONS: Final[tuple[Definition, ...]] = (
    Definition(
        "Health score",
        "50 plus the contributions of eight drivers, each from 0 to 100 between stated bounds; reckoned from published "
        "figures, seats and time as a customer, and from nothing else. Version 4: bounds at the natural ends, trend "
        "against the company's own best, time as a customer by its logarithm, months of four whole weeks; scores of "
        "different versions are not compared.",
        "Depth and breadth in equal parts: Gainsight on its own customers; missing inputs as Catalyst shares them out.",
    ),
    Definition(
        "Bands",
        "Thriving from 80, healthy from 60, watch from 40, at risk below.",
        "Gainsight's red, yellow and green, the middle split in two.",
    ),
    Definition(
        "Active",
        "At least one event, page or screen in the week, or in the newest four whole weeks that are over.",
    ),
    Definition(
        "Habitual",
        "Active in at least 9 of the last 12 weeks.",
        "Microsoft Viva Insights, definition of a habit.",
    ),
    Definition(
        "Features in use",
        "How many of the declared key events at least k members used in four weeks; beside it, how many an active "
        "member used. Of more than thirty declared, thirty count as all.",
        "Gainsight's breadth: top features in use.",
    ),
    Definition(
        "Trend",
        "Active days of all members in four weeks, against the best four of the last 26 weeks.",
        "Tenzo: 60 % less is as bad as a trend gets; against the own best, so that a ramp-up is no growth.",
    ),
    Definition(
        "Seat use",
        "Members active in four weeks per seat. All seats count as full use, 75 % of them in the first 180 days.",
        "GitLab on Gainsight, Sourcegraph on Vitally: weak below 50 %.",
    ),
    Definition(
        "Time with us",
        "Months as a customer, up to twelve; going by the first activity where no contract is known.",
        "A prior, not behaviour: the risk of leaving is highest at first and falls with time.",
    ),
    Definition(
        "Organic and incentivised",
        "Incentivised events earned something when they happened; organic ones did not.",
    ),
    Definition(
        "Stickiness",
        "Active members a day, in the mean of four weeks, of those active in them.",
        "DAU/MAU as Pendo reckons it.",
    ),
    Definition(
        "Momentum",
        "Active days in four weeks, against half of those in the eight weeks before.",
        "Tenzo: four weeks to the prior eight.",
    ),
    Definition(
        "Kinds of use",
        "By the last twelve weeks: power users have the habit and 15 events a week, habitual users have the habit, "
        "novice users one event a week in the mean, low users any.",
        "Microsoft vivainsights, usage segments.",
    ),
    Definition(
        "Percentile",
        "The share of comparable companies that stand lower, those alike counted half. Comparable: on the same plan, "
        "else of the same class of seats, else all scored ones.",
    ),
    Definition(
        "Expected to expire",
        "Points that members have, times the share that expired of all that was spent or expired in the period.",
    ),
    Definition(
        "Issued", "Units awarded in the week, less units taken back; adjustments by hand are not in it."
    ),
)

PORTFOLIO_DEFINITIONS: Final[tuple[Definition, ...]] = (
    *DEFINITIONS[:2],
    Definition(
        "Risk",
        "What the score lacks to 100, as a share; 0.5 for a company never scored, 0.9 for one gone too quiet to be.",
    ),
    Definition("Value at risk", "Twelve times the monthly revenue of the current term, times the risk."),
)
