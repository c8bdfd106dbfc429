"""A report as a sequence of sections, for whatever is read from beginning to end: slides, sheets, a document.

Owns the order, one message for each section, and which chart shows it. Made of what the report holds and nothing else,
so a figure that is hidden there is hidden here. Must not know of files; texts are made in English, like the report's.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

from msgspec import Struct
from msgspec.structs import replace

from engage.core import privacy
from engage.core.language import Text, say
from engage.core.privacy import Figure, missing
from engage.core.reports import Column, CompanyReport, Comparison, Series, Table
from engage.core.why_untold import why_untold

MINUS: Final = "\N{MINUS SIGN}"
Kind = Literal["lines", "columns", "bars", "signed", "map"]
"""Over weeks; stacked over weeks; lengths to compare; what pushes up and what pulls down; days to renewal and score,
sized by revenue."""
TOLD_LEAST: Final = 0.25
"""So large a share of a section's figures is told at least, where it gets room of its own to be read."""
STANDS_STILL: Final = say(
    "Active in four weeks is counted of four whole weeks, and stays until the next four are over."
)
OF_THE_HOST: Final = {"departments": ("members",), "roles": ("members",)}
"""Columns that the host could read in its own list of people: they tell nothing of what these do."""


class Chart(Struct, frozen=True):
    """Columns of the section's table, drawn: its first column names the rows. A hidden figure is a gap."""

    kind: Kind
    columns: tuple[str, ...]
    top: float | None = None  # the end of the scale, where it has one


class Section(Struct, frozen=True):
    """`message` is what the reader should take away, in one sentence; empty where the figures speak for themselves."""

    name: str
    title: Text
    message: Text = ""
    chart: Chart | None = None
    table: Table | None = None
    notes: tuple[Text, ...] = ()
    untold: Text = ""
    """Why nothing of it is told, and what would change that; empty where anything is."""


Row = tuple[str | Figure, ...]


def tabled(
    name: str,
    title: str,
    columns: Sequence[Column],
    rows: Sequence[Row],
    message: str = "",
    *,
    chart: Chart | None = None,
    notes: tuple[str, ...] = (),
) -> Section:
    """A section that is its table, under the same name and title."""
    return Section(name, title, message, chart, Table(name, title, tuple(columns), tuple(rows)), notes)


def drawn(figure: Figure | str) -> float | None:
    """What a chart shows: the value, or the least it may be where the words are "96 or more"; else a gap."""
    if isinstance(figure, str):
        return None
    return figure.low if figure.hidden == "most" else figure.value


def tells(section: Section) -> bool:
    """Whether it is worth a slide or a place on paper: something of it is drawn, enough of its figures are told, be it
    as a narrow range, or it is words only. What was never measured does not count."""
    table, chart = section.table, section.chart
    if table is None:
        return True
    if section.untold:
        return False
    if chart is not None:
        return is_drawn(chart, table)
    figures = _figures(table.rows)
    known = [figure for figure in figures if figure.hidden != "missing"]
    told = sum(drawn(figure) is not None or _is_narrow(figure) for figure in known)
    return not figures or (told > 0 and told >= TOLD_LEAST * len(known))


def _is_narrow(figure: Figure) -> bool:
    """Whether the most it can be is no more than twice the least."""
    return bool(figure.low) and figure.high is not None and figure.high <= 2 * figure.floor


def hints(section: Section) -> bool:
    """Whether any figure of it is told at all, be it as a range, which has numbers in whatever language: a workbook
    lists that too."""
    return section.table is None or any(map(is_hint, _figures(section.table.rows)))


def _of_members(table: Table) -> list[Figure]:
    """Its figures, without those that are the host's own; none of people is zero, so a zero is no more than a rule."""
    own = [at for at, column in enumerate(table.columns) if column.name in OF_THE_HOST.get(table.name, ())]
    rows = [tuple(cell for at, cell in enumerate(row) if at not in own) for row in table.rows]
    return [figure for figure in _figures(rows) if figure.value != 0]


def reasons(sections: Sequence[Section]) -> dict[str, list[str]]:
    """Why nothing is told -> the titles of those of which nothing is, for that."""
    found: dict[str, list[str]] = {}
    for section in sections:
        if section.untold:
            found.setdefault(section.untold, []).append(section.title)
    return found


def is_hint(figure: Figure) -> bool:
    """Whether anything of it is told: a number, also one told in words ("no change"), or a range."""
    return figure.value is not None or any(map(str.isdigit, figure.text))


def is_told(row: Row) -> bool:
    """Whether anything of a row is told, or all that is missing was never known."""
    figures = [cell for cell in row if isinstance(cell, Figure)]
    return any(map(is_hint, figures)) or all(figure.hidden in ("", "missing") for figure in figures)


def is_drawn(chart: Chart, table: Table) -> bool:
    """Whether there is anything to draw."""
    return any(drawn(cell) is not None for name in chart.columns for cell in table.column(name))


def _figures(rows: Sequence[Row]) -> list[Figure]:
    return [cell for row in rows for cell in row if isinstance(cell, Figure)]


def outline(report: CompanyReport) -> tuple[Section, ...]:
    """The sections in reading order; those of which the report holds nothing are left out."""
    named = [
        _drivers(report),
        _history(report),
        _summary(report),
        _funnel(report),
        active_members(report.activity, _grown(report, "active_4w")),
        _listed("breadth", report.breadth, "share", _driver(report, "breadth")),
        weekly("incentives", say("Organic and incentivised"), report.incentives, "", "columns"),
        weekly("points", say("Points issued"), report.points, ""),
        _listed("levels", report.levels, "share", _driver(report, "levels")),
        weekly("rhythm", say("Daily use"), report.rhythm, ""),
        weekly("classes", say("Kinds of use per week"), report.classes, "", "columns"),
        *(
            _listed(one.name, one, "share", "")
            for one in (report.departments, report.roles)
            if one and one.rows
        ),
        *(_listed(one.name, one, "share", "") for one in report.funnels),
        *(Section(one.name, one.title, table=one) for one in _more(report)),
    ]
    return tuple(_explained(section, report) for section in named if section is not None)


def _explained(section: Section, report: CompanyReport) -> Section:
    figures = [] if section.table is None else _of_members(section.table)
    if section.table is None or any(map(is_hint, figures)):
        return section
    return replace(section, untold=why_untold(section.name, figures, report))


_KNOWN: Final = frozenset({"breadth", "levels", "departments", "roles", "funnels"})


def _more(report: CompanyReport) -> list[Table]:
    """Tables of sections that are not drawn here: whatever a report grows is at least listed."""
    found: list[Table] = []
    for name in report.__struct_fields__:
        value = getattr(report, name)
        tables = value if isinstance(value, tuple) else (value,)
        found += [one for one in tables if isinstance(one, Table) and name not in _KNOWN]
    return [one for one in found if one.rows]


def _drivers(report: CompanyReport) -> Section | None:
    drivers = report.health.counted
    if not drivers:
        return None
    columns = (
        Column("driver", say("Driver"), told=True),
        Column("seen", say("What was seen"), told=True),
        Column("points", say("Points"), "score"),
        Column("change", say("4 weeks"), "score"),
    )
    is_compared = report.health.change_4w is not None
    rows = tuple(
        (
            one.label,
            one.text,
            points_of(one.contribution),
            points_of(one.change) if is_compared else missing("score"),
        )
        for one in drivers
    )
    best = max(drivers, key=lambda one: one.contribution)
    worst = min(drivers, key=lambda one: one.contribution)
    message = say("{best} lifts the score most", best=best.label)
    if worst.contribution < 0 < best.contribution:
        message = say(
            "{best} lifts the score most, {worst} costs it most", best=best.label, worst=worst.label
        )
    elif worst.contribution < 0:
        message = say("{worst} costs the score most", worst=worst.label)
    table = Table("drivers", say("What moves the score"), columns, rows)
    return Section(
        "drivers",
        say("What moves the score"),
        message,
        Chart("signed", ("points",)),
        table,
        report.health.notes,
    )


def points_of(points: float) -> Figure:
    """What a driver adds or takes away, as it is printed: with its sign, in tenths."""
    tenths = round(points, 1)
    return Figure(f"{tenths:+.1f}".replace("-", MINUS) if tenths else "0", "score", tenths)


def _history(report: CompanyReport) -> Section | None:
    health = report.health
    message = ""
    if health.change_13w is not None and health.score is not None:
        if health.change_13w > 0:
            message = say("The score rose by {points:d} in 13 weeks", points=health.change_13w)
        elif health.change_13w < 0:
            message = say("The score fell by {points:d} in 13 weeks", points=-health.change_13w)
        else:
            message = say("The score is where it was 13 weeks ago")
    found = weekly("score_history", say("Score over time"), (report.score_history,), message, top=100)
    return replace(found, notes=report.score_notes) if found is not None else None


def _summary(report: CompanyReport) -> Section | None:
    if not report.summary:
        return None
    columns = (
        Column("figure", say("Figure"), told=True),
        Column("period", say("Period"), "each"),
        Column("before", say("Before"), "each"),
        Column("change", say("Change"), "percent"),
    )
    rows = tuple((one.label, one.figure, one.before, one.change) for one in report.summary)
    title = say("This period and the one before")
    return tabled("summary", title, columns, rows, _grown(report, "events"))


def _funnel(report: CompanyReport) -> Section | None:
    if not report.funnel:
        return None
    columns = (
        Column("step", say("Step"), told=True),
        Column("meaning", say("Meaning"), told=True),
        Column("members", say("Members"), "members"),
        Column("share", say("Share"), "percent"),
    )
    rows = tuple((one.label, one.text, one.figure, one.share) for one in report.funnel)
    habitual = next((one for one in report.funnel if one.name == "habitual"), None)
    message = ""
    if habitual is not None and not habitual.share.hidden:
        message = say("{share} of seats or members have the habit", share=habitual.share.text)
        if report.funnel[0].figure.value:
            message = say("{share} of the seats have become a habit", share=habitual.share.text)
    title = say("From seats to habit")
    return tabled("funnel", title, columns, rows, message, chart=Chart("bars", ("members",)))


def active_members(activity: Sequence[Series], message: str) -> Section | None:
    """It says why, beside active in the week, the count of four weeks stands still, and may be the lower of the two."""
    found = weekly("activity", say("Active members"), activity, message)
    if found is None or found.chart is None:
        return found
    # The wider window first, so that it has the same colour as on the pages.
    lines = tuple(sorted(found.chart.columns, key=lambda name: name != "active_4w"))
    return replace(found, chart=replace(found.chart, columns=lines), notes=(STANDS_STILL,))


def weekly(
    name: str,
    title: str,
    series: Sequence[Series],
    message: str,
    kind: Kind = "lines",
    top: float | None = None,
) -> Section | None:
    if not series or not any(one.weeks for one in series):
        return None
    weeks = series[0].weeks
    columns = (Column("week", say("Week")), *(Column(one.name, one.label, one.unit) for one in series))
    figures = [dict(zip(one.weeks, one.figures, strict=True)) for one in series]
    rows: tuple[Row, ...] = tuple(
        (week, *(known.get(week) or privacy.missing("each") for known in figures)) for week in weeks
    )
    stacked = [[known.get(week) for known in figures] for week in weeks]
    if kind == "columns" and not any(
        all(cell and drawn(cell) is not None for cell in row) for row in stacked
    ):
        # A column that lacks a part would be read as a smaller whole.
        return tabled(name, title, columns, rows, message)
    chart = Chart(kind, tuple(one.name for one in series if one.unit == series[0].unit), top)
    return tabled(name, title, columns, rows, message, chart=chart)


def _listed(name: str, table: Table, column: str, message: str) -> Section | None:
    if not table.rows:
        return Section(name, table.title, notes=(table.note,)) if table.note else None
    chart = Chart("bars", (column,), 100 if column == "share" else None)
    if all(drawn(cell) is None for cell in table.column(column)):
        return Section(name, table.title, message, table=table, notes=(table.note,) if table.note else ())
    return Section(name, table.title, message, chart, table, (table.note,) if table.note else ())


def _driver(report: CompanyReport, name: str) -> str:
    """What a driver says of its own subject."""
    return next((one.text for one in report.health.drivers if one.name == name), "")


def _grown(report: CompanyReport, name: str) -> str:
    """How a key figure did against the period before."""
    found: Comparison | None = next((one for one in report.summary if one.name == name), None)
    growth = found.change.value if found is not None else None
    if found is None or growth is None:
        return ""
    if round(growth) == 0:
        return say(
            "{label}: {told}, as many as in the period before", label=found.label, told=found.figure.text
        )
    share = privacy.fact(abs(growth), "percent").text
    if growth > 0:
        return say(
            "{label}: {told}, {share} more than in the period before",
            label=found.label,
            told=found.figure.text,
            share=share,
        )
    return say(
        "{label}: {told}, {share} less than in the period before",
        label=found.label,
        told=found.figure.text,
        share=share,
    )
