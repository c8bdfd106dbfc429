"""What every text is in Simplified Chinese, by its English template; see `engage.core.language`.

A file has the words of the module of the same name, in its order; `former`, what stored scores still say. A
translation has the parts of its template and no formats: numbers come written already. `test_language` fails while a
text is missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from engage.core.chinese import (
    adoption,
    adoption_campaigns,
    adoption_champions,
    adoption_people,
    adoption_points,
    backtest_page,
    care,
    company_stages,
    decisions,
    definitions,
    former,
    forms,
    gifts,
    health,
    outline,
    outline_portfolio,
    pages,
    portfolio,
    privacy,
    published_campaigns,
    referral,
    rewards,
    score_changes,
    why,
    worth,
)

CHINESE: Final[Mapping[str, str]] = {
    **privacy.WORDS,
    **health.WORDS,
    **adoption.WORDS,
    **adoption_campaigns.WORDS,
    **adoption_champions.WORDS,
    **adoption_people.WORDS,
    **adoption_points.WORDS,
    **published_campaigns.WORDS,
    **backtest_page.WORDS,
    **decisions.WORDS,
    **definitions.WORDS,
    **outline.WORDS,
    **outline_portfolio.WORDS,
    **pages.WORDS,
    **forms.WORDS,
    **portfolio.WORDS,
    **why.WORDS,
    **rewards.WORDS,
    **referral.WORDS,
    **gifts.WORDS,
    **worth.WORDS,
    **care.WORDS,
    **score_changes.WORDS,
    **company_stages.WORDS,
    **former.WORDS,
}
