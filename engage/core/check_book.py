"""From a document to a book, with every mistake named at its place."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any, Final

from engage.core.book import BENEFITS_MAX, MONTHS_MAX, TIERS_MAX, Book, Tier
from engage.core.check_score import read_score
from engage.core.company_stages import CompanyStages
from engage.core.problems import Mapping, Path, Problem, Problems, shown
from engage.core.terms import REVENUE_CENTS_MAX, SEATS_MAX

SCORE_MAX: Final = 100
PERCENT_MAX: Final = 100
STAGE_DAYS_MAX: Final = 730
STAGE_WEEKS_MAX: Final = 13
_MONTH: Final = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")


def check_book(document: Any) -> tuple[Book | None, list[Problem]]:
    """The book, only without problems. `document`: plain data."""
    problems = Problems()
    fields = problems.fields(
        document, (), (), ("gross_margin", "acquisition_cost", "gmv", "segments", "tiers", "stages", "score")
    )
    given = fields or {}
    book = Book(
        gross_margin=_share(problems, given.get("gross_margin"), ("gross_margin",)),
        acquisition_cents=_costs(problems, given.get("acquisition_cost"), ("acquisition_cost",)),
        gmv_trait=_trait(problems, given.get("gmv"), ("gmv",)),
        segment_trait=_trait(problems, given.get("segments"), ("segments",)),
        tiers=_tiers(problems, given.get("tiers"), ("tiers",)),
        stages=_stages(problems, given.get("stages"), ("stages",)),
        score=read_score(problems, given.get("score"), ("score",)),
    )
    broken = fields is None or bool(problems.found) or problems.incomplete
    return (None if broken else book), problems.found


def _number(problems: Problems, value: Any, path: Path) -> Decimal | None:
    if problems.passed_over(value):
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        problems.add(path, f"must be a number, not {shown(value)}")
        return None
    number = Decimal(str(value))
    if not number.is_finite():
        problems.add(path, f"must be a number, not {shown(value)}")
        return None
    return number


def _share(problems: Problems, value: Any, path: Path) -> float | None:
    number = None if value is None else _number(problems, value, path)
    if number is None:
        return None
    if not 0 < number <= 1:
        problems.add(path, f"must be a share above 0 and up to 1, such as 0.8, not {shown(value)}")
        return None
    return float(number)


def _money(problems: Problems, value: Any, path: Path) -> int | None:
    number = None if value is None else _number(problems, value, path)
    if number is None:
        return None
    if not 0 <= number * 100 <= REVENUE_CENTS_MAX:
        problems.add(path, f"must be a sum of money, not {shown(value)}")
        return None
    return round(number * 100)


def _costs(problems: Problems, value: Any, path: Path) -> dict[str, int]:
    costs = {}
    for month, cost in (problems.mapping(value, path, optional=True) or {}).items():
        if not _MONTH.fullmatch(month):
            problems.add((*path, month), f"{shown(month)} is not a month such as 2026-03", at_key=True)
            continue
        cents = _money(problems, cost, (*path, month))
        if cents is not None:
            costs[month] = cents
        elif cost is None:
            problems.add((*path, month), "must be a sum of money: leave the month out when it is not known")
    if len(costs) > MONTHS_MAX:
        problems.add(path, f"has more than {MONTHS_MAX} months")
    return costs


def _trait(problems: Problems, value: Any, path: Path) -> str:
    if value is None:
        return ""
    fields = problems.fields(value, path, ("trait",)) or {}
    return problems.text(fields["trait"], (*path, "trait")) or "" if "trait" in fields else ""


def _tiers(problems: Problems, value: Any, path: Path) -> tuple[Tier, ...]:
    items = problems.items(value, path, TIERS_MAX) or []
    tiers: list[Tier] = []
    for index, item in enumerate(items):
        reported = len(problems.found)
        tier = _tier(problems, item, (*path, index))
        if tier is None:
            continue
        thresholds = (tier.yearly_revenue_cents, tier.score, tier.seats)
        open_to_all = thresholds == (None,) * 3 and len(problems.found) == reported
        if any(tier.id == other.id for other in tiers):
            problems.add((*path, index, "id"), f"{shown(tier.id)} is the id of another tier")
        if index < len(items) - 1 and open_to_all:
            problems.add((*path, index), "takes every company, so that none is left for the tiers after it")
        tiers.append(tier)
    return tuple(tiers)


def _tier(problems: Problems, value: Any, path: Path) -> Tier | None:
    fields = problems.fields(value, path, ("id",), ("name", "at_least", "benefits"))
    if fields is None:
        return None
    id = problems.identifier(fields["id"], (*path, "id")) if "id" in fields else None
    name = problems.text(fields["name"], (*path, "name")) if "name" in fields else id
    at, least = (*path, "at_least"), fields.get("at_least")
    asked = problems.fields(least, at, (), ("yearly_revenue", "score", "seats")) or {}
    if isinstance(least, dict) and not least:
        problems.add(at, "asks for nothing: name yearly_revenue, score or seats, or leave it out")

    def whole(key: str, most: int) -> int | None:
        return problems.integer(asked[key], (*at, key), 0, most) if key in asked else None

    benefits = {
        benefit: problems.text(words, (*path, "benefits", benefit)) or ""
        for benefit, words in (
            problems.named(fields.get("benefits"), (*path, "benefits"), BENEFITS_MAX, ids=False) or {}
        ).items()
    }
    return Tier(
        id or "",
        name or "",
        _money(problems, asked.get("yearly_revenue"), (*at, "yearly_revenue")),
        whole("score", SCORE_MAX),
        whole("seats", SEATS_MAX),
        benefits,
    )


def _stages(problems: Problems, value: Any, path: Path) -> CompanyStages:
    """When a company is in which stage; what is not said is as it is without a book."""
    given = problems.fields(value, path, (), ("onboarding", "at_risk", "established", "expanding")) or {}
    otherwise = CompanyStages()
    onboarding = problems.fields(given.get("onboarding"), (*path, "onboarding"), (), ("days",)) or {}
    at_risk = problems.fields(given.get("at_risk"), (*path, "at_risk"), (), ("score", "weeks")) or {}
    established = (
        problems.fields(given.get("established"), (*path, "established"), (), ("active", "habitual")) or {}
    )
    expanding = problems.fields(given.get("expanding"), (*path, "expanding"), (), ("growth",)) or {}

    def whole(said: Mapping, stage: str, key: str, least: int, most: int, standard: int) -> int:
        if key not in said:
            return standard
        read = problems.integer(said[key], (*path, stage, key), least, most)
        return standard if read is None else read

    return CompanyStages(
        whole(onboarding, "onboarding", "days", 0, STAGE_DAYS_MAX, otherwise.onboarding_days),
        whole(at_risk, "at_risk", "score", 0, SCORE_MAX, otherwise.risk_score),
        whole(at_risk, "at_risk", "weeks", 1, STAGE_WEEKS_MAX, otherwise.risk_weeks),
        whole(established, "established", "active", 0, PERCENT_MAX, otherwise.established_active),
        whole(established, "established", "habitual", 0, PERCENT_MAX, otherwise.established_habitual),
        whole(expanding, "expanding", "growth", 1, PERCENT_MAX, otherwise.expanding_growth),
    )
