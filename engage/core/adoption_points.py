"""The section of the adoption report about points: what was issued, spent and lost, and what members have.

Owns the section, and which columns it has: those that the program in force can fill, and any of which something is
told. Takes every measure from `engage.core.published_people`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from engage.core import privacy
from engage.core.language import say
from engage.core.privacy import Figure
from engage.core.program import Program
from engage.core.published_people import Points, add_points, breakage, publish_points
from engage.core.report_weeks import Source, Weeks
from engage.core.reports import Column, Table

OF_REWARDS: Final = frozenset({"spent"})
OF_EXPIRY: Final = frozenset({"expired", "breakage", "expiring", "at_risk"})


def balances(source: Source, now: Weeks) -> Table:
    """Points by currency: of the period, and as they stand at its end."""
    columns = (
        Column("currency", say("Currency")),
        Column("issued", say("Issued"), "points"),
        Column("spent", say("Spent"), "points"),
        Column("expired", say("Expired"), "points"),
        Column("outstanding", say("Outstanding"), "points"),
        Column("breakage", say("Of these, expected to expire"), "points"),
        Column("expiring", say("Expiring in four weeks"), "points"),
        Column("at_risk", say("Members who have such"), "members"),
    )
    rows: list[tuple[str | Figure, ...]] = []
    for currency, one in source.program.currencies.items() if source.program else ():
        weeks = [publish_points(week, currency, now.k) if week else None for week in now.measures]
        last = weeks[-1] if weeks else None
        if last is None:
            continue
        spent, expired = _sum(weeks, "spent"), _sum(weeks, "expired")
        issued = add_points(now.issued(currency))
        expected = breakage(last.outstanding, spent, expired)
        rows.append(
            (one.name, issued, spent, expired, last.outstanding, expected, last.expiring, last.at_risk)
        )
    empty = _never_filled(source.program) if source.program else frozenset()
    kept = [
        at
        for at, column in enumerate(columns)
        if column.name not in empty or any(_is_some(row[at]) for row in rows)
    ]
    shown = tuple(columns[at] for at in kept)
    note = _note(now.k, expires=any(column.name in OF_EXPIRY for column in shown)) if rows else ""
    title = say("Points of members")
    return Table("balances", title, shown, tuple(tuple(row[at] for at in kept) for row in rows), note)


def _never_filled(program: Program) -> frozenset[str]:
    """Columns of what cannot be by the program in force: that it has no rewards, or that its points last, is no
    member's business, and "not shown" would read as if it were."""
    spends = any(reward.currency in program.currencies for reward in program.rewards)
    expires = any(currency.expires is not None for currency in program.currencies.values())
    return (frozenset() if spends else OF_REWARDS) | (frozenset() if expires else OF_EXPIRY)


def _is_some(cell: str | Figure) -> bool:
    return isinstance(cell, Figure) and cell.floor > 0


def _note(k: int, *, expires: bool) -> str:
    if not expires:
        return say(
            "What fewer than {k:d} people earned or spent is not told; it counts in what is outstanding at a quarter's "
            "end, and until then that is told as a range.",
            k=k,
        )
    return say(
        "Expected to expire: as large a share as expired of all that was spent or expired in the period. What fewer "
        "than {k:d} people earned, spent or lost is not told; it counts in what is outstanding at a quarter's end, "
        "and until then that is told as a range. What expires is told once all that it came from has been told.",
        k=k,
    )


def _sum(weeks: Sequence[Points | None], name: str) -> Figure:
    return add_points([getattr(one, name) if one else privacy.missing("points") for one in weeks])
