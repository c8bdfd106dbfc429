"""From the series of a report to charts and the tables beside them: what all sections share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from markupsafe import Markup

from engage.core.language import Language, speak
from engage.core.outline import is_told
from engage.core.privacy import Figure
from engage.core.reports import Series, Table
from engage.formats import charts, rows
from engage.formats.cover import short_day
from engage.web.console.formats import week

ROWS_DRAWN_MAX: Final = 12
"""Rows of a table that a chart draws; the table beside it has all."""


@dataclass(frozen=True)
class Weekly:
    """A table of weeks, newest first: the figures behind a chart."""

    caption: str
    labels: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Figure, ...]], ...]
    untold: tuple[str, ...] = ()
    """Series of which nothing is told in any week, and which have no column for that."""


def weekly(caption: str, series: Sequence[Series], language: Language) -> Weekly:
    """Series over the same weeks as one table. A series without a week has nothing there, which is shown."""
    told = [one for one in series if is_told(one.figures)]
    untold = tuple(one.label for one in series if one not in told) if told else ()
    series = told or series
    mondays = sorted({monday for one in series for monday in one.weeks}, reverse=True)
    by_week = [dict(zip(one.weeks, one.figures, strict=True)) for one in series]
    return Weekly(
        caption=caption,
        labels=tuple(one.label for one in series),
        rows=tuple(
            (
                week(date.fromisoformat(monday), language),
                tuple(known.get(monday, _NOTHING) for known in by_week),
            )
            for monday in mondays
        ),
        untold=untold,
    )


_NOTHING: Final = Figure(text="–", unit="each", hidden="missing")


def week_labels(series: Series, language: Language) -> list[str]:
    return [short_day(date.fromisoformat(monday), language) for monday in series.weeks]


def as_drawn(series: Series, role: str, *, dashed: bool = False) -> charts.Series:
    values = [drawn_length(figure) for figure in series.figures]
    return charts.Series(series.label, values, role, dashed, [figure.text for figure in series.figures])


def drawn_length(figure: Figure) -> float | None:
    """What is drawn: the value, or the least it may be where the words are "96 or more"."""
    return figure.low if figure.hidden == "most" else figure.value


def told_course(series: Sequence[Series], language: Language) -> str:
    """What a line chart tells somebody who cannot see it; the table has the rest."""
    told = []
    for one in series:
        known = [figure.text for figure in one.figures if drawn_length(figure) is not None]
        if known:
            told.append(
                speak(
                    language,
                    "{label_name}: from {first_name} to {last_name}.",
                    label_name=one.label,
                    first_name=known[0],
                    last_name=known[-1],
                )
            )
    return " ".join(told) or speak(language, "No figures to show.")


def shares(table: Table, column: str) -> Markup | None:
    """One bar for each row of a table: its share of a hundred."""
    bars = []
    for label, share in zip(table.column(table.columns[0].name), table.column(column), strict=True):
        assert isinstance(label, str)
        assert isinstance(share, Figure)
        bars.append(charts.Bar(label, drawn_length(share), share.text))
    bars = bars[:ROWS_DRAWN_MAX]
    if all(bar.value is None for bar in bars):
        return None
    told = ", ".join(f"{bar.label}: {bar.text}" for bar in bars)
    return charts.responsive(
        table.name,
        lambda name, width: rows.bars(name, width, title=table.title, description=told, bars=bars, top=100),
    )
