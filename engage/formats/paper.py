"""What a renderer sets: a cover, sections, and what the words mean; made of any of the three reports there are."""

from __future__ import annotations

from typing import NamedTuple

from engage.core.department import DepartmentReport
from engage.core.digest import Digest
from engage.core.language import Language, speak, translate
from engage.core.outline import Section, outline
from engage.core.outline_care import care_sections
from engage.core.outline_pages import department_outline, digest_outline
from engage.core.reports import CompanyReport, Definition
from engage.core.telling import in_language
from engage.formats.cover import Cover, cover, covered_period

Report = CompanyReport | Digest | DepartmentReport


class Paper(NamedTuple):
    """All in the reader's language."""

    cover: Cover
    sections: tuple[Section, ...]
    definitions: tuple[Definition, ...] = ()


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
    notes = tuple(translate(note, language) for note in report.notes)
    period = covered_period(report.period, language)
    head = Cover(report.department, title, period, "", "unscored", "", "", (), notes)
    return Paper(head, in_language(department_outline(report), language))
