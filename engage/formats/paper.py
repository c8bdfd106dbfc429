"""What a renderer sets: a cover, sections, and what the words mean; made of any of the three reports there are."""

from __future__ import annotations

from typing import NamedTuple

from engage.core.department import DepartmentReport
from engage.core.digest import Digest
from engage.core.language import Language, speak, translate
from engage.core.outline import Section, outline
from engage.core.outline_care import care_sections
from engage.core.outline_pages import department_outline, digest_outline
from engage.core.outline_portfolio import called, portfolio_outline
from engage.core.portfolio import MONTHS
from engage.core.reports import CompanyReport, Definition, Portfolio
from engage.core.telling import in_language
from engage.formats.cover import Cover, cover, covered_period, dated, day, money

Report = CompanyReport | Digest | DepartmentReport


class Paper(NamedTuple):
    """All in the reader's language."""

    cover: Cover
    sections: tuple[Section, ...]
    definitions: tuple[Definition, ...] = ()


def portfolio_paper(portfolio: Portfolio, language: Language) -> Paper:
    """Of a portfolio in English."""
    whom = called(portfolio.data)
    head = Cover(
        speak(language, "Portfolio"),
        speak(language, "Portfolio: whom to call"),
        speak(language, "As of {day_name}", day_name=day(portfolio.as_of, language)),
        str(len(whom)),
        "at_risk" if whom else "thriving",
        speak(language, "to call"),
        speak(
            language,
            "To call: {count:,} of {all:,} companies. At risk: {stake:,} of {revenue:,} a year",
            count=len(whom),
            all=len(portfolio.data),
            stake=round(portfolio.value_at_risk_cents / 100),
            revenue=round(portfolio.monthly_revenue_cents * MONTHS / 100),
        ),
        tuple(_portfolio_facts(portfolio, language)),
        tuple(dated(translate(note, language), language) for note in portfolio.notes),
    )
    sections = in_language(portfolio_outline(portfolio), language)
    return Paper(head, sections, in_language(portfolio.definitions, language))


def _portfolio_facts(portfolio: Portfolio, language: Language) -> list[tuple[str, str]]:
    found = [
        (speak(language, "Companies"), f"{len(portfolio.data):,}"),
        (speak(language, "Revenue per month"), money(portfolio.monthly_revenue_cents)),
        (speak(language, "Value at risk a year"), money(portfolio.value_at_risk_cents)),
    ]
    outcomes = portfolio.outcomes
    if outcomes is not None:
        shares = (
            (speak(language, "Kept of it (GRR)"), outcomes.grr),
            (speak(language, "Kept with growth (NRR)"), outcomes.nrr),
            (speak(language, "Renewal rate"), outcomes.renewal_rate),
        )
        found += [(label, f"{share:.1%}".replace("%", " %")) for label, share in shares if share is not None]
    return found


def paper(report: Report, language: Language) -> Paper:
    """Of a report in English."""
    if isinstance(report, CompanyReport):
        definitions = in_language(report.definitions, language)
        sections = (*outline(report), *care_sections(report))
        return Paper(cover(report, language), in_language(sections, language), definitions)
    if isinstance(report, Digest):
        title = speak(language, "Digest: {company_name}", company_name=report.name)
        return Paper(cover(report, language, title), in_language(digest_outline(report), language))
    title = f"{report.department} · {report.company_name}"
    notes = tuple(dated(translate(note, language), language) for note in report.notes)
    period = covered_period(report.period, language)
    head = Cover(report.department, title, period, "", "unscored", "", "", (), notes)
    return Paper(head, in_language(department_outline(report), language))
