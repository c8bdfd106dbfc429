"""The charts of the report's sections about kinds of members, as `engage.web.console.pages` draws the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from engage.core.adoption_people import NO_DEPARTMENT, SMALLER_DEPARTMENTS
from engage.core.language import Language, speak, translate
from engage.core.privacy import Figure
from engage.core.reports import CompanyReport, Series, Table
from engage.formats import charts
from engage.formats.cover import day
from engage.formats.rows import Among, quartiles
from engage.web.console.drawing import (
    Weekly,
    as_drawn,
    shares,
    told_course,
    week_labels,
    weekly,
)

NARROW_COHORTS: Final = 6
"""Columns of the cohorts on a phone: the first months, in which most is decided."""


@dataclass(frozen=True)
class Section:
    """A table, and how it is drawn; None: nothing can be."""

    table: Table
    chart: Markup | None = None
    pages: tuple[str, ...] = ()
    """Departments that have a page of their own."""


@dataclass(frozen=True)
class PeopleView:
    classes: Markup | None
    classes_table: Weekly
    habits: Table | None
    rhythm: Markup | None
    rhythm_table: Weekly
    groups: tuple[Section, ...]
    cohorts: Section | None
    funnels: tuple[Section, ...]
    peers: Section | None
    tables: tuple[Table, ...]
    """Champions, points, what was won and lost, and what campaigns moved."""


def people_view(report: CompanyReport, language: Language) -> PeopleView:
    """Of the report in that language already."""
    peers, cohorts = report.peers, report.cohorts
    groups = [one for one in (report.departments, report.roles) if one is not None and one.rows]
    listed = (report.champions, report.balances, report.moves, report.campaigns)
    tables = [one for one in listed if one is not None and one.rows]
    stickiness = [one for one in report.rhythm if one.name == "stickiness"]
    return PeopleView(
        classes=_classes(report.classes, language),
        classes_table=weekly(speak(language, "Members by kind of use per week"), report.classes, language),
        habits=report.habits,
        rhythm=_rhythm(stickiness, language),
        rhythm_table=weekly(speak(language, "Active a day and stickiness per week"), report.rhythm, language),
        groups=tuple(Section(one, shares(one, "share"), _pages(one, language)) for one in groups),
        cohorts=Section(cohorts, _cohorts(cohorts, language))
        if cohorts is not None and cohorts.rows
        else None,
        funnels=tuple(Section(one, shares(one, "share")) for one in report.funnels),
        peers=Section(peers, _peers(peers, language)) if peers is not None else None,
        tables=tuple(tables),
    )


def _pages(table: Table, language: Language) -> tuple[str, ...]:
    """Each department that is told of by name has one."""
    if table.name != "departments":
        return ()
    ours = {translate(words, language) for words in (SMALLER_DEPARTMENTS, NO_DEPARTMENT)}
    return tuple(str(name) for name in table.column("department") if name not in ours)


def _classes(series: Sequence[Series], language: Language) -> Markup | None:
    """Those with the habit at the bottom, where a column's height is easiest to compare."""
    weeks = zip(*(one.figures for one in series), strict=True)
    if not any(all(figure.value is not None for figure in week) for week in weeks):
        return None
    tones = ("level_4", "level_3", "level_2", "level_1", "level_0")
    shown = [as_drawn(one, tone) for one, tone in zip(series, tones, strict=False)]
    return charts.responsive(
        "classes",
        lambda name, width: charts.stacked(
            name,
            width,
            title=speak(language, "Members by kind of use per week"),
            description=told_course(series, language),
            labels=week_labels(series[0], language),
            series=shown,
        ),
    )


def _rhythm(series: Sequence[Series], language: Language) -> Markup | None:
    if not any(figure.value is not None for one in series for figure in one.figures):
        return None
    return charts.responsive(
        "rhythm",
        lambda name, width: charts.lines(
            name,
            width,
            title=speak(language, "Stickiness per week, in percent"),
            description=told_course(series, language),
            labels=week_labels(series[0], language),
            series=[as_drawn(one, "second") for one in series],
            height=160,
        ),
    )


def _peers(table: Table, language: Language) -> Markup | None:
    """The band of the middle half, their median, and the company."""
    rows = []
    for label, *cells in table.rows:
        numbers = [cell.value for cell in cells if isinstance(cell, Figure) and cell.value is not None]
        if len(numbers) == len(cells):
            value, share, lower, median, upper = numbers
            text = speak(language, "{value:g}, above {share:.0f} %", value=value, share=share)
            rows.append(Among(str(label), value, lower, median, upper, text))
    if not rows:
        return None
    told = ", ".join(f"{one.label}: {one.text}" for one in rows)
    return charts.responsive(
        "peers",
        lambda name, width: quartiles(name, width, title=table.title, description=told, rows=rows),
    )


def _cohorts(table: Table, language: Language) -> Markup | None:
    """Each field is tinted by the middle of its range, of the largest of its row."""
    ages = table.columns[1:]
    rows: list[tuple[str, list[charts.Bar | None]]] = []
    for row in table.rows:
        figures = [one for one in row[1:] if isinstance(one, Figure)]
        largest = max((one.estimate or 0 for one in figures), default=0) or 1
        cells = [
            None
            if one.hidden == "missing"
            else charts.Bar(
                _short(one), None if one.estimate is None else 100 * one.estimate / largest, one.text
            )
            for one in figures
        ]
        rows.append((day(str(row[0]), language), cells))
    if not any(cell is not None and cell.value is not None for _, cells in rows for cell in cells):
        return None

    def draw(name: str, width: int) -> Markup:
        shown = len(ages) if width > charts.NARROW else min(len(ages), NARROW_COHORTS)
        return charts.heat(
            name,
            width,
            title=table.title,
            description=speak(
                language,
                "Members who came first in each four weeks and are active so many months later. The same figures are "
                "in the table.",
            ),
            columns=[str(age) for age in range(shown)],
            rows=[(label, cells[:shown]) for label, cells in rows],
        )

    return charts.responsive("cohorts", draw, wide=1140)


def _short(figure: Figure) -> str:
    """A range in a small field."""
    if figure.value is not None:
        return f"{figure.value:,.0f}"
    if figure.hidden == "most":
        return f"{figure.floor:,.0f}+"
    most = f"{figure.ceiling or 0:,.0f}"
    return f"{figure.floor:,.0f}–{most}" if figure.floor else f"≤ {most}"
