"""Health, adoption reports and the portfolio: aggregates, never anything about one member."""

from __future__ import annotations

import asyncio
import re
from datetime import date
from typing import Annotated, Any, Final, Literal

from msgspec import Meta, Struct
from msgspec.structs import asdict

from engage.actions.portfolio import company_outcomes, portfolio
from engage.actions.report import (
    company_department,
    company_digest,
    company_health,
    company_report,
    health_history,
)
from engage.core.department import DepartmentReport
from engage.core.digest import Digest
from engage.core.language import Language
from engage.core.outcomes import outcomes_csv
from engage.core.periods import PERIOD_DEFAULT
from engage.core.portfolio import portfolio_of
from engage.core.reports import CompanyReport, Health, Portfolio, portfolio_csv, report_csv
from engage.core.telling import in_language
from engage.core.worth import Outcomes
from engage.days import read_day
from engage.errors import InvalidRequest
from engage.formats.files import KINDS, FileFormat, file_format, render, render_portfolio
from engage.web import shapes
from engage.web.endpoint import AGGREGATES, Asked, Download, endpoint

CSV: Final = "text/csv; charset=utf-8"
Format = Literal["json", "csv", "xlsx", "pdf", "pptx"]
OutcomesFormat = Literal["json", "csv"]
PageFormat = Literal["json", "xlsx", "pdf", "pptx"]
PeriodName = Annotated[
    str, Meta(max_length=60, description="2026-Q1, 2026-03, last-12-weeks or last-26-weeks.")
]
AsOf = (
    Annotated[str, Meta(max_length=60, description="A day such as 2026-11-22; absent: the newest scores.")]
    | None
)
Lang = Annotated[
    Language | None,
    Meta(description="The language of the words; absent: what Accept-Language prefers, or English."),
]


class CompanyHealth(Health, frozen=True, kw_only=True):
    """The health of a company as of a Sunday. Not scored: `score` is null, and `verdict` says why."""

    company: str


class ReportQuery(Struct, forbid_unknown_fields=True):
    period: PeriodName = PERIOD_DEFAULT
    format: Format = "json"
    lang: Lang = None


class DigestQuery(Struct, forbid_unknown_fields=True):
    period: PeriodName = PERIOD_DEFAULT
    format: PageFormat = "json"
    lang: Lang = None


class DepartmentQuery(Struct, forbid_unknown_fields=True):
    department: Annotated[
        str, Meta(min_length=1, max_length=100, description="Its name, as the report shows it.")
    ]
    period: PeriodName = PERIOD_DEFAULT
    format: PageFormat = "json"
    lang: Lang = None


class HealthQuery(Struct, forbid_unknown_fields=True):
    lang: Lang = None


class OutcomesQuery(Struct, forbid_unknown_fields=True):
    as_of: AsOf = None
    format: OutcomesFormat = "json"
    lang: Lang = None


class PortfolioQuery(Struct, forbid_unknown_fields=True):
    as_of: AsOf = None
    format: Format = "json"
    lang: Lang = None
    tier: Annotated[str, Meta(max_length=64, description="The id of a tier: its companies alone.")] | None = (
        None
    )


@endpoint(
    "GET",
    "/v1/companies/{company}/health",
    kinds=AGGREGATES,
    summary="The newest health score and what drives it",
    tag="reports",
)
async def get_health(asked: Asked[None, HealthQuery]) -> CompanyHealth:
    health = in_language(await company_health(asked.services.database, asked.path["company"]), asked.language)
    return CompanyHealth(**asdict(health), company=asked.path["company"])


@endpoint(
    "GET",
    "/v1/companies/{company}/health/history",
    kinds=AGGREGATES,
    summary="The scores week by week, oldest first",
    tag="reports",
)
async def get_health_history(asked: Asked[None, None]) -> shapes.HealthHistory:
    points = await health_history(asked.services.database, asked.path["company"])
    return shapes.HealthHistory(
        [
            shapes.HealthPoint(
                one.as_of,
                one.score,
                one.band,
                one.stage,
                one.version,
                one.profile.id if one.profile else None,
                one.profile.definition if one.profile else None,
            )
            for one in points
        ]
    )


@endpoint(
    "GET",
    "/v1/companies/{company}/report",
    kinds=AGGREGATES,
    summary="The adoption report of a period",
    tag="reports",
    media_types=("text/csv", *(kind.media_type for kind in KINDS.values())),
    errors=(501,),
)
async def get_report(asked: Asked[None, ReportQuery]) -> CompanyReport | Download:
    company, query = asked.path["company"], asked.query
    made = await company_report(asked.services.database, company, query.period)
    name = f"{_file_name(company)}-{made.period.name}.{query.format}"
    if file := file_format(query.format):
        # Setting pages and drawing slides takes tenths of a second: other requests go on meanwhile.
        content = await asyncio.to_thread(render, made, file, asked.language)
        return Download(content, KINDS[file].media_type, name)
    report = in_language(made, asked.language)
    if query.format == "json":
        return report
    return Download(report_csv(report, asked.language).encode(), CSV, name)


@endpoint(
    "GET",
    "/v1/companies/{company}/report/digest",
    kinds=AGGREGATES,
    summary="The report on one page, for whoever decides",
    tag="reports",
    media_types=tuple(kind.media_type for kind in KINDS.values()),
    errors=(501,),
)
async def get_digest(asked: Asked[None, DigestQuery]) -> Digest | Download:
    company = asked.path["company"]
    made = await company_digest(asked.services.database, company, asked.query.period)
    if asked.query.format == "json":
        return in_language(made, asked.language)
    return await _page_file(asked, made, asked.query.format, f"{_file_name(company)}-digest")


@endpoint(
    "GET",
    "/v1/companies/{company}/report/department",
    kinds=AGGREGATES,
    summary="A page for the manager of one department",
    tag="reports",
    media_types=tuple(kind.media_type for kind in KINDS.values()),
    errors=(501,),
)
async def get_department(asked: Asked[None, DepartmentQuery]) -> DepartmentReport | Download:
    company, query = asked.path["company"], asked.query
    made = await company_department(asked.services.database, company, query.department, query.period)
    if query.format == "json":
        return in_language(made, asked.language)
    return await _page_file(
        asked, made, query.format, f"{_file_name(company)}-{_file_name(query.department)}"
    )


async def _page_file(
    asked: Asked[None, Any], made: Digest | DepartmentReport, format: FileFormat, name: str
) -> Download:
    content = await asyncio.to_thread(render, made, format, asked.language)
    return Download(content, KINDS[format].media_type, f"{name}-{made.period.name}.{format}")


@endpoint(
    "GET",
    "/v1/portfolio",
    kinds=AGGREGATES,
    summary="Every company by risk and value",
    tag="reports",
    media_types=("text/csv", *(kind.media_type for kind in KINDS.values())),
    errors=(501,),
)
async def get_portfolio(asked: Asked[None, PortfolioQuery]) -> Portfolio | Download:
    as_of = _as_of(asked.query)
    made = await portfolio(asked.services.database, as_of)
    if asked.query.tier is not None:
        _check_tier(asked.query.tier, made)
        made = portfolio_of(made, tuple(row for row in made.data if row.tier == asked.query.tier))
    if file := file_format(asked.query.format):
        content = await asyncio.to_thread(render_portfolio, made, file, asked.language)
        return Download(content, KINDS[file].media_type, f"portfolio-{made.as_of}.{file}")
    found = in_language(made, asked.language)
    if asked.query.format == "json":
        return found
    return Download(portfolio_csv(found).encode(), CSV, f"portfolio-{found.as_of}.csv")


@endpoint(
    "GET",
    "/v1/outcomes",
    kinds=AGGREGATES,
    summary="What the contracts of all companies brought",
    tag="reports",
    media_types=("text/csv",),
)
async def get_outcomes(asked: Asked[None, OutcomesQuery]) -> Outcomes | Download:
    found = in_language(await company_outcomes(asked.services.database, _as_of(asked.query)), asked.language)
    if asked.query.format == "json":
        return found
    return Download(outcomes_csv(found).encode(), CSV, f"outcomes-{found.as_of}.csv")


def _check_tier(tier: str, made: Portfolio) -> None:
    tiers = [one.id for one in made.tiers]
    if tier not in tiers:
        raise InvalidRequest(
            f"tier: must be one of {', '.join(tiers)}" if tiers else "tier: the host's book has no tiers"
        )


def _as_of(query: OutcomesQuery | PortfolioQuery) -> date | None:
    return read_day("as_of", query.as_of) if query.as_of else None


def _file_name(company: str) -> str:
    """An id in a header: whatever could end or bend one becomes a dash."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", company)[:80]


ENDPOINTS: Final = [
    get_health,
    get_health_history,
    get_report,
    get_digest,
    get_department,
    get_portfolio,
    get_outcomes,
]
