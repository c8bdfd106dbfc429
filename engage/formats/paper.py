"""What a renderer sets: a cover, sections, and what the words mean; made of any of the three reports there are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple, TypeVar

from msgspec import Struct, structs

from engage.core.department import DepartmentReport
from engage.core.digest import Digest
from engage.core.language import Language, speak, translate
from engage.core.outline import Section, outline, reasons, tells
from engage.core.outline_care import care_sections
from engage.core.outline_pages import department_outline, digest_outline
from engage.core.outline_portfolio import called, portfolio_outline
from engage.core.portfolio import MONTHS
from engage.core.reports import CompanyReport, Definition, Portfolio
from engage.core.telling import in_language
from engage.formats.cover import Cover, cover, covered_period, dated, day, money

Report = CompanyReport | Digest | DepartmentReport
T = TypeVar("T")
ILLEGIBLE: Final = dict.fromkeys([*range(9), 11, 12, *range(14, 32), 0xFEFF, 0xFFFE, 0xFFFF])
"""Characters that no XML may hold (XML 1.0, section 2.2), and so no chart, and one that nobody can see."""

OWN_WORDS: Final = ("drivers", "movers", "seats", "score_history", "advice")
"""Sections whose notes are sentences of ours, without what anybody else wrote."""


class Paper(NamedTuple):
    """All in the reader's language."""

    cover: Cover
    sections: tuple[Section, ...]
    definitions: tuple[Definition, ...] = ()
    untold: tuple[Section, ...] = ()
    """Those of which too little may be told for room of their own; who reads should know that they exist."""
    hides: bool = True
    """Whether it tells of people, so that some of it may be hidden."""
    brief: bool = False
    """To be read at a glance: one page, one slide."""

    def hidden_title(self, language: Language) -> str:
        """Over what `hidden` says."""
        if self.hides:
            return speak(language, "What is hidden, and why")
        return speak(language, "About these figures")

    def hidden(self, language: Language, left_out: Sequence[Section] | None = None) -> tuple[str, ...]:
        """What is hidden, and why: first what was `left_out`, all that is untold unless said otherwise."""
        missing = self.untold if left_out is None else left_out
        comma = "、" if language == "zh-Hans" else ", "
        little = comma.join(section.title for section in missing if not section.untold)
        notes = [
            speak(language, "{titles_name}: {why}.", titles_name=comma.join(titles), why=why)
            for why, titles in reasons(missing).items()
        ]
        if little:
            note = speak(
                language,
                "Left out, as too little of it may be told, or was measured: {titles_name}.",
                titles_name=little,
            )
            notes.insert(0, note)
        return (*notes, *self.cover.notes)


def legible(value: T) -> T:
    """A paper, or any part of one, without characters that a file cannot hold: names may have any."""
    said: T = _legible(value)
    return said


def _legible(value: Any) -> Any:
    if isinstance(value, str):
        return value.translate(ILLEGIBLE)
    if isinstance(value, tuple | list):
        parts = map(_legible, value)
        return type(value)(*parts) if hasattr(value, "_fields") else type(value)(parts)
    if isinstance(value, dict):
        return {key: _legible(one) for key, one in value.items()}
    if isinstance(value, Struct):
        return structs.replace(value, **{name: _legible(one) for name, one in structs.asdict(value).items()})
    return value


def portfolio_paper(portfolio: Portfolio, language: Language) -> Paper:
    """Of a portfolio in English."""
    whom = called(portfolio.data, portfolio.k)
    when = speak(language, "As of {day_name}", day_name=day(portfolio.as_of, language))
    if portfolio.chosen_of is not None:
        count = speak(
            language, "{count:,} of {all:,} companies", count=len(portfolio.data), all=portfolio.chosen_of
        )
        when = f"{when} · {count}"
    head = Cover(
        speak(language, "Portfolio"),
        speak(language, "Portfolio: whom to call"),
        when,
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
    return Paper(head, sections, in_language(portfolio.definitions, language), hides=False)


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
        found += [
            (label, speak(language, "{share:.1f} %", share=100 * share))
            for label, share in shares
            if share is not None
        ]
    return found


def _dated(section: Section, language: Language) -> Section:
    """With days as people write them in sentences of ours. What somebody noted beside a sentiment stays as it is."""
    if section.name in OWN_WORDS:
        return structs.replace(section, notes=tuple(dated(note, language) for note in section.notes))
    if section.name != "sentiment":
        return section
    said, *noted = section.notes
    return structs.replace(section, notes=(dated(said, language), *noted))


def paper(report: Report, language: Language) -> Paper:
    """Of a report in English."""
    if isinstance(report, CompanyReport):
        definitions = in_language(report.definitions, language)
        found = tuple(_dated(one, language) for one in in_language(outline(report), language))
        told = tuple(section for section in found if tells(section))
        untold = tuple(section for section in found if not tells(section))
        care = tuple(_dated(one, language) for one in in_language(care_sections(report), language))
        return Paper(cover(report, language), (*told, *care), definitions, untold)
    if isinstance(report, Digest):
        title = speak(language, "Digest: {company_name}", company_name=report.name)
        return Paper(
            cover(report, language, title),
            tuple(_dated(one, language) for one in in_language(digest_outline(report), language)),
            brief=True,
        )
    title = f"{report.department} · {report.company_name}"
    notes = tuple(dated(translate(note, language), language) for note in report.notes)
    period = covered_period(report.period, language)
    head = Cover(title, title, period, "", "unscored", "", "", (), notes)
    return Paper(head, in_language(department_outline(report), language), brief=True)
