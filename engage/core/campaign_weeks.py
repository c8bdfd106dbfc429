"""Of a four-week month: who was active, of the members held out of a campaign and of the others.

Owns which campaign a month measures and the counting. Must not know floors, figures or pages. One campaign a month,
with the week that ends it: every further draw from the same members would tell of those whom the draws do not share.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from msgspec import Struct

from engage.core.calendar import local_day_hour, month_end
from engage.core.holdouts import is_held_out
from engage.core.program import Program
from engage.core.state import CompanyState, MemberState, add_to

WEEK: Final = 7
MONTH_WEEKS: Final = 4
MEASURED_WEEKS: Final = 2
"""So many whole weeks of a month at least a campaign has to run to be measured by it."""


class HeldOutMonth(Struct, array_like=True):
    """Stored with the week: fields are only ever appended, with a default."""

    campaign: str
    weeks: int
    """Whole ones of the month, in which it ran."""
    members: int = 0
    """Those held out, at the end of the month; and those of them who were active in it."""
    active: int = 0
    others: int = 0
    """Members who were not held out."""
    among: dict[str, int] = {}
    """Department -> its members who are held out; where the program has none, role -> the same."""
    absent: dict[str, int] | None = None
    """Likewise, of these: who cannot have come; see `engage.core.presence`. None: not kept yet."""


def holds_out(program: Program | None) -> bool:
    """Whether any campaign of it can be measured."""
    return program is not None and any(one.holdout for one in program.campaigns.values())


def measured_campaign(program: Program, company: CompanyState, monday: int) -> tuple[str, int] | None:
    """(id, whole weeks) of the campaign that the week of `monday` measures, if that ends a month: of those that hold
    members out the one that ran longest in it."""
    if month_end(monday) != monday:
        return None
    found: list[tuple[int, str]] = []
    for id, campaign in program.campaigns.items():
        if campaign.holdout:
            stop = company.campaigns.get(id)
            last = campaign.last_day
            if stop is not None and stop.ended:
                last = min(last, local_day_hour(stop.at, company.timezone)[0])
            starts = (monday - WEEK * back for back in range(MONTH_WEEKS))
            weeks = sum(campaign.first_day <= start and start + WEEK - 1 <= last for start in starts)
            found.append((weeks, id))
    weeks, id = max(found, default=(0, ""))
    return (id, weeks) if weeks >= MEASURED_WEEKS else None


def count_held_out(
    program: Program,
    held_out: HeldOutMonth,
    monday: int,
    members: Sequence[tuple[int, MemberState, bool, bool]],
    group_of: Callable[[MemberState], str],
) -> None:
    """Count the `members`: each one's number, state, whether they were active in the month that ends with the week of
    `monday`, and whether they cannot have been. Those held out of other campaigns, and those outside the audience, are
    on both sides alike."""
    absent = held_out.absent = {}
    share = program.campaigns[held_out.campaign].holdout
    for number, member, was_active, is_absent in members:
        if member.joined >= monday + WEEK:
            continue
        if is_held_out(held_out.campaign, share, number):
            held_out.members += 1
            held_out.active += was_active
            group = group_of(member)
            add_to(held_out.among, group, 1)
            add_to(absent, group, is_absent)
        else:
            held_out.others += 1
