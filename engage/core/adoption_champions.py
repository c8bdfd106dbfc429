"""The section of the adoption report about champions: how many, and where the product rests on one.

Owns this section. Takes every measure from `engage.core.published_champions`.
"""

from __future__ import annotations

from engage.core.language import say
from engage.core.privacy import Figure, Unit, missing, not_shown
from engage.core.published_champions import Champions, publish_champions
from engage.core.published_floors import is_measured
from engage.core.report_weeks import Weeks
from engage.core.reports import Column, Table


def champions(now: Weeks, then: Weeks) -> Table:
    """At the end of the period, beside the end of the one before."""
    columns = (
        Column("what", say("What"), told=True),
        Column("count", say("How many"), "each"),
        Column("before", say("Before"), "each"),
    )
    title = say("Champions")
    here, there = _champions(now), _champions(then)
    if here is None:
        return Table("champions", title, columns, ())
    rows: list[tuple[str | Figure, ...]] = [
        (say("Champions: members with the habit"), here.members, _before(there, "members", "members")),
        (say("Of them power users"), here.power, _before(there, "power", "members")),
    ]
    if here.departments:
        rows += [
            (
                say(
                    "Departments that show {k:d} champions or more, of {all:d}", k=now.k, all=here.departments
                ),
                _shown(here.covered),
                _shown(_before(there, "covered", "each")),
            ),
            (say("Other departments that rest on one"), here.single, _before(there, "single", "each")),
            (say("Other departments without one"), here.without, _before(there, "without", "each")),
        ]
    note = say(
        "One departure ends the habit of a department that rests on one. Which they are is never told."
    )
    return Table("champions", title, columns, tuple(rows), note if here.departments else "")


def _champions(weeks: Weeks) -> Champions | None:
    if weeks.last is None or weeks.people_last is None or not is_measured(weeks.last):
        return None
    return publish_champions(weeks.last, weeks.people_last, weeks.k)


def _shown(covered: Figure) -> Figure:
    """Of departments of which nothing is told none shows any, and that is no count of those that have them."""
    return not_shown("each") if covered.value == 0 else covered


def _before(champions: Champions | None, name: str, unit: Unit) -> Figure:
    found: Figure = missing(unit) if champions is None else getattr(champions, name)
    return found
