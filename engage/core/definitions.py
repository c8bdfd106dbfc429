"""What the words of a report mean, and where each definition comes from: printed under the figures it explains."""

from __future__ import annotations

from typing import Final

from engage.core.reports import Definition

DEFINITIONS: Final[tuple[Definition, ...]] = (
    Definition(
        "Health score",
        "50 plus the contributions of six drivers, each from 0 to 100 between stated bounds; reckoned from the "
        "figures of this report, seats and the age of the contract, and from nothing else.",
        "Weights in the proportions of Tenzo's usage score; missing inputs as Catalyst shares them out.",
    ),
    Definition(
        "Bands",
        "Thriving from 80, healthy from 60, watch from 40, at risk below.",
        "Gainsight's red, yellow and green, the middle split in two.",
    ),
    Definition(
        "Active", "At least one event, page or screen in the week, or in the four weeks that end with it."
    ),
    Definition(
        "Habitual",
        "Active in at least 9 of the last 12 weeks.",
        "Microsoft Viva Insights, definition of a habit.",
    ),
    Definition(
        "Momentum",
        "Weekly active members of the last four weeks against the eight before.",
        "Tenzo's trend.",
    ),
    Definition(
        "Breadth",
        "How many of the declared key events an active member used in four weeks.",
        "Gainsight's breadth: top features in use.",
    ),
    Definition(
        "Seat use",
        "Members active in four weeks per seat: weak below 50 %, strong from 80 %; 10 % and 75 % for new customers.",
        "GitLab on Gainsight, Sourcegraph on Vitally.",
    ),
    Definition(
        "Organic and incentivised",
        "Incentivised events earned something when they happened; organic ones did not.",
    ),
    Definition(
        "Issued", "Units awarded in the week, less units taken back; adjustments by hand are not in it."
    ),
)

PORTFOLIO_DEFINITIONS: Final[tuple[Definition, ...]] = (
    *DEFINITIONS[:2],
    Definition("Risk", "What the score lacks to 100, as a share; one half for a company that is not scored."),
    Definition(
        "Value at risk", "Twelve times the monthly revenue of the current term, times the risk, in cents."
    ),
)
