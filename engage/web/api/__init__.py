"""The endpoints of the HTTP API, one module per subject, each a list of declarations."""

from __future__ import annotations

from typing import Final

from engage.web.api import (
    adjustments,
    book,
    budgets,
    campaigns,
    care,
    companies,
    destinations,
    erasure,
    events,
    leaderboards,
    leave,
    levels,
    members,
    nudges,
    operations,
    powered,
    programs,
    referral,
    rejects,
    reports,
    rewards,
    templates,
    terms,
    tokens,
    webhooks,
    what_if,
)
from engage.web.endpoint import Endpoint

ENDPOINTS: Final[list[Endpoint]] = [
    *events.ENDPOINTS,
    *companies.ENDPOINTS,
    *terms.ENDPOINTS,
    *budgets.ENDPOINTS,
    *members.ENDPOINTS,
    *erasure.ENDPOINTS,
    *levels.ENDPOINTS,
    *leave.ENDPOINTS,
    *nudges.ENDPOINTS,
    *adjustments.ENDPOINTS,
    *leaderboards.ENDPOINTS,
    *rewards.ENDPOINTS,
    *referral.ENDPOINTS,
    *powered.ENDPOINTS,
    *programs.ENDPOINTS,
    *campaigns.ENDPOINTS,
    *templates.ENDPOINTS,
    *what_if.ENDPOINTS,
    *reports.ENDPOINTS,
    *book.ENDPOINTS,
    *care.ENDPOINTS,
    *rejects.ENDPOINTS,
    *tokens.ENDPOINTS,
    *webhooks.ENDPOINTS,
    *destinations.ENDPOINTS,
    *operations.ENDPOINTS,
]
