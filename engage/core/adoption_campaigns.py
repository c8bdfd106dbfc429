"""The section of the adoption report about what campaigns moved, by members who were held out of them.

Owns this section. Takes every measure from `engage.core.published_campaigns`.
"""

from __future__ import annotations

from collections.abc import Sequence

from engage.core.language import say
from engage.core.privacy import Figure
from engage.core.published_campaigns import CampaignMonth, pool_months, publish_campaign_month
from engage.core.report_weeks import Source, Weeks
from engage.core.reports import Column, Table


def campaigns(source: Source, now: Weeks) -> Table:
    """By four-week month that ends in the period, oldest first; then all of them together."""
    columns = (
        Column("campaign", say("Campaign"), told=True),
        Column("last_day", say("Four weeks up to")),
        Column("weeks", say("Ran for"), told=True),
        Column("members", say("Members with it"), "members"),
        Column("active", say("Of them active"), "percent"),
        Column("held_out", say("Members held out"), "members"),
        Column("held_out_active", say("Of those active"), "percent"),
        Column("difference", say("Difference, 95 % interval"), "percent"),
        Column("told", say("What that says"), told=True),
    )
    published = (publish_campaign_month(week, source.k) for week in now.measures if week is not None)
    found = [one for one in published if one is not None]
    known = source.program.campaigns if source.program else {}
    rows: tuple[tuple[str | Figure, ...], ...] = tuple(
        (
            known[one.campaign].name if one.campaign in known else one.campaign,
            one.last_day,
            say("{weeks:d} of 4 weeks", weeks=one.weeks),
            one.members,
            one.active,
            one.held_out,
            one.held_out_active,
            one.difference,
            one.text,
        )
        for one in found
    )
    note = say(
        "Members held out were drawn by chance: the campaign did nothing for them. Of all members, whoever it was "
        "for. One comparison in twenty finds a difference where there is none."
    )
    rows += _together(found)
    return Table("campaigns", say("What campaigns moved"), columns, rows, note if rows else "")


def _together(found: Sequence[CampaignMonth]) -> tuple[tuple[str | Figure, ...], ...]:
    pooled = pool_months(found)
    if pooled is None:
        return ()
    members, percent = Figure("–", "members", hidden="missing"), Figure("–", "percent", hidden="missing")
    months = say("{count:d} months", count=pooled.months)
    label, last_day = say("All together, on average"), found[-1].last_day
    return ((label, last_day, months, members, percent, members, percent, pooled.difference, pooled.text),)
