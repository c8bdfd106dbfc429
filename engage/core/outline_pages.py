"""The digest and a department's page as sections; see `engage.core.outline`."""

from __future__ import annotations

from engage.core.department import DepartmentReport
from engage.core.digest import Digest
from engage.core.health import counted_notes, frozen_notes
from engage.core.language import say
from engage.core.outline import Chart, Row, Section, active_members, hints, points_of, tabled
from engage.core.privacy import Figure, fact
from engage.core.reports import Column


def digest_outline(digest: Digest) -> tuple[Section, ...]:
    """What to do comes last, and is the longest remembered."""
    named = [_movers(digest), _seats(digest), _money(digest)]
    advice = Section("advice", say("What to do"), notes=digest.advice)
    return (*(section for section in named if section is not None), advice)


def _movers(digest: Digest) -> Section | None:
    if not digest.movers:
        return None
    changed = digest.health.change_4w is not None
    columns = (
        Column("driver", say("Driver"), told=True),
        Column("seen", say("What was seen"), told=True),
        Column("points", say("Change in 4 weeks") if changed else say("Points"), "score"),
    )
    rows: tuple[Row, ...] = tuple(
        (one.label, one.text, points_of(one.change if changed else one.contribution)) for one in digest.movers
    )
    title = say("What moved the score") if changed else say("What moves the score")
    notes = frozen_notes(digest.health)
    return tabled("movers", title, columns, rows, chart=Chart("signed", ("points",)), notes=notes)


def _seats(digest: Digest) -> Section | None:
    if not digest.seats:
        return None
    columns = (
        Column("step", say("Step"), told=True),
        Column("members", say("Members"), "members"),
        Column("share", say("Share"), "percent"),
    )
    rows = tuple((one.label, one.figure, one.share) for one in digest.seats)
    message = ""
    if digest.idle_seats.value:
        message = say("{seats:,} seats were not used in four weeks", seats=digest.idle_seats.value)
    notes = counted_notes(digest.health)
    return tabled(
        "seats", say("Seats"), columns, rows, message, chart=Chart("bars", ("members",)), notes=notes
    )


def _money(digest: Digest) -> Section | None:
    if not digest.yearly_revenue_cents:
        return None
    columns = (Column("fact", say("Money"), told=True), Column("amount", say("Amount"), "each"))
    rows: tuple[Row, ...] = (
        (say("Revenue per month"), _units(digest.contract.monthly_revenue_cents)),
        (say("Revenue per year"), _units(digest.yearly_revenue_cents)),
        (say("Value at risk a year"), _units(digest.value_at_risk_cents)),
    )
    return tabled("money", say("Money"), columns, rows)


def _units(cents: int | None) -> Figure:
    """Whole units of the host's currency, as the facts beside it."""
    return fact(None if cents is None else round(cents / 100), "each")


def department_outline(report: DepartmentReport) -> tuple[Section, ...]:
    columns = (
        Column("figure", say("Figure"), told=True),
        Column("period", say("Period"), "members"),
        Column("before", say("Before"), "members"),
        Column("change", say("Change"), "percent"),
    )
    rows = tuple((one.label, one.figure, one.before, one.change) for one in report.figures)
    title = say("This period and the one before")
    activity = active_members(report.activity, "")
    if activity is not None and not hints(activity):
        nothing = say("Of no week of the period is it told how many were active.")
        activity = Section(activity.name, activity.title, notes=(nothing,))
    sections = (tabled("figures", title, columns, rows), activity)
    return tuple(section for section in sections if section is not None)
