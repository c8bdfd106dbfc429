"""A page for the manager of one department: their own members, at their own floor, and nobody else's.

Every figure is the department's row of the table that the company's report has, which is made for all departments
together: what one page shows and another hides cannot be subtracted. The company's own totals are not on it.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from engage.core import privacy
from engage.core.language import Text, say
from engage.core.privacy import Figure
from engage.core.published_parts import SMALLER, Group
from engage.core.published_people import publish_departments
from engage.core.report_weeks import Source, Weeks
from engage.core.reports import Comparison, Period, Series

NO_GROUP: Final = Group("", *(privacy.missing("members") for _ in range(3)))


class DepartmentReport(Struct, frozen=True):
    company: str
    company_name: str
    department: str
    as_of: str
    period: Period
    before: Period
    k: int
    figures: tuple[Comparison, ...]  # members, active_4w, habitual
    activity: tuple[Series, ...]  # active_4w: members per week of the period
    notes: tuple[Text, ...]


def department_names(source: Source, period: Period) -> tuple[str, ...]:
    """The departments there is a page for: those large enough to be told of, the largest first."""
    return tuple(
        group.name for group in _groups(Weeks(source, period))[-1] if group.name not in ("", SMALLER)
    )


def department_report(
    source: Source, period: Period, before: Period, department: str
) -> DepartmentReport | None:
    """None: there is no such department, or it is too small to be told of."""
    now, then = Weeks(source, period), Weeks(source, before)
    if department not in department_names(source, period):
        return None
    weeks = [_own(groups, department) for groups in _groups(now)]
    last, earlier = weeks[-1], _own(_groups(then)[-1], department)
    labels = (
        ("members", say("Members")),
        ("active_4w", say("Active in four weeks")),
        ("habitual", say("Habitual")),
    )
    return DepartmentReport(
        company=source.company,
        company_name=source.name,
        department=department,
        as_of=period.last,
        period=period,
        before=before,
        k=source.k,
        figures=tuple(_compared(name, label, last, earlier) for name, label in labels),
        activity=(
            Series(
                "active_4w",
                say("Active in four weeks"),
                "members",
                now.labels,
                tuple(w.active_4w for w in weeks),
            ),
        ),
        notes=(
            say(
                "Figures are for groups of at least {k:d} members; where other departments' figures would follow from "
                "one of these, it is not shown.",
                k=source.k,
            ),
            say(
                "All figures are for whole weeks, Monday to Sunday in the company's time zone, frozen when the week is "
                "over."
            ),
        ),
    )


def _groups(weeks: Weeks) -> list[tuple[Group, ...]]:
    """The departments of each week, as all of them are published together."""
    found = [
        publish_departments(week, people, weeks.k) if week is not None and people is not None else ()
        for week, people in zip(weeks.measures, weeks.people, strict=True)
    ]
    return found or [()]


def _own(groups: tuple[Group, ...], department: str) -> Group:
    return next((group for group in groups if group.name == department), NO_GROUP)


def _compared(name: str, label: str, now: Group, before: Group) -> Comparison:
    figure: Figure = getattr(now, name)
    earlier: Figure = getattr(before, name)
    return Comparison(name, label, figure, earlier, privacy.change(figure, earlier))
