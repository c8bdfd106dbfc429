"""What a campaign moved, as figures: who was active of the members held out of it and of the others.

A third part of `engage.core.published`, with the same duty. Departments divide the same active members, and who knows
who is held out could subtract the one division from the other. So the active ones of those held out are told once a
four-week month, in a band: wider than twice the floor, and than what is left open of any department; it lies within
what follows from the departments anyway (roles, where the program has no departments). The others follow from it and
from the members active in the month, and are told no better. Shares, their difference and its interval are made of the
band's ends. Where the band is most of a group its share is not shown, and the month is left out of what several tell
together: it says nothing of the campaign.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Literal, NamedTuple

from msgspec import Struct

from engage.core.campaign_weeks import HeldOutMonth
from engage.core.intervals import Difference, difference_interval, pooled_interval
from engage.core.language import Text, say
from engage.core.measures import MONTH_WEEKS, WEEK, WeekMeasures
from engage.core.privacy import Figure, fact, not_shown, ratio
from engage.core.published import People, publish_people
from engage.core.published_floors import floor_of
from engage.core.published_parts import SMALLER, Group
from engage.core.published_people import publish_departments, publish_roles
from engage.core.windows import between, publish_part

LEAST_FLOORS = 10
"""So many times the floor each of the two groups has to be, to be told of."""

Told = Literal["more", "fewer", "unclear", "few", "hidden"]


class CampaignMonth(Struct, frozen=True):
    """What a campaign moved in one four-week month. Shares are of all members of the group, per cent; the difference is
    in percentage points, with its 95 % interval. Hidden figures: the groups are too few to tell."""

    campaign: str
    first_day: str
    last_day: str
    weeks: int
    """Whole ones of these four in which it ran."""
    members: Figure
    """Not held out."""
    active: Figure
    held_out: Figure
    held_out_active: Figure
    difference: Figure
    told: Told
    text: Text


def publish_campaign_month(week: WeekMeasures, k: int) -> CampaignMonth | None:
    """None: no campaign is measured by the week."""
    month = week.held_out
    if month is None:
        return None
    k = floor_of(week, k)
    people = publish_people(week, k)
    band = _publish_active(week, month, people, k)
    held_out, others = fact(month.members, "members"), fact(month.others, "members")
    active_share = held_out_share = difference = not_shown("percent")
    told = _untold(month, k)
    if band is not None:
        active, whole = int(people.active_4w.floor), month.members + month.others
        rest = between(active - int(band.ceiling or 0), active - int(band.floor), whole)
        active_share, held_out_share = ratio(rest, others), ratio(band, held_out)
        difference, told = _difference(band, rest, month)
    return CampaignMonth(
        month.campaign,
        date.fromordinal(week.monday - WEEK * (MONTH_WEEKS - 1)).isoformat(),
        date.fromordinal(week.monday + WEEK - 1).isoformat(),
        month.weeks,
        others,
        active_share,
        held_out,
        held_out_share,
        difference,
        told,
        _text(told, LEAST_FLOORS * k),
    )


def _untold(month: HeldOutMonth, k: int) -> Told:
    return "few" if min(month.members, month.others) < LEAST_FLOORS * k else "hidden"


def _publish_active(week: WeekMeasures, month: HeldOutMonth, people: People, k: int) -> Figure | None:
    """Those held out who were active in the month; None where a group is too small for that, or the number of all
    active ones is not told."""
    if _untold(month, k) == "few" or people.active_4w.value is None:
        return None
    groups = publish_departments(week, people, k) or publish_roles(week, people, k)
    low, sure, width = _open(week, groups, people.active_4w, 2 * k)
    return publish_part(month.active, width, low, sure, sure)


def _open(week: WeekMeasures, groups: Sequence[Group], active: Figure, width: int) -> tuple[int, int, int]:
    """The least and the most of those held out who can have been active, by what is told of departments or roles and
    who cannot have come; and how wide a band has to be so that it tells nothing of one whose number is hidden."""
    month = week.held_out
    assert month is not None
    absent, kept = month.absent or {}, month.absent is not None
    present = {name: count - absent.get(name, 0) for name, count in month.among.items()}
    sizes = {
        name: group.members - kept * group.absent for name, group in (week.departments or week.roles).items()
    }
    named = {group.name for group in groups} - {SMALLER}
    low = high = 0
    for group in groups:
        inside, size = (
            sum(
                count
                for name, count in counts.items()
                if (name not in named if group.name == SMALLER else name == group.name)
            )
            for counts in (present, sizes)
        )
        least = max(0, int(group.active_4w.floor) - size + inside)
        most = min(inside, int(group.active_4w.ceiling or 0))
        low, high = low + least, high + most
        if group.active_4w.value is None:
            width = max(width, most - least + 1)
    count, others = int(active.value or 0), month.others - kept * (week.absent_4w - sum(absent.values()))
    if not groups:
        high = month.members - sum(absent.values())
    return max(low, count - others), min(high, count), width


def _difference(band: Figure, rest: Figure, month: HeldOutMonth) -> tuple[Figure, Told]:
    """From the interval where fewest of the others were active to the one where most were."""
    low, _ = difference_interval(int(rest.floor), month.others, int(band.ceiling or 0), month.members)
    _, high = difference_interval(int(rest.ceiling or 0), month.others, int(band.floor), month.members)
    return _interval(100 * low, 100 * high)


def _interval(low: float, high: float) -> tuple[Figure, Told]:
    least, most = round(low, 1), round(high, 1)
    text = say("{low:+.0f} to {high:+.0f} points", low=least, high=most).replace("-", "−")
    told: Told = "more" if least > 0 else "fewer" if most < 0 else "unclear"
    return Figure(text, "percent", hidden="protects", low=least, high=most), told


class Together(NamedTuple):
    """What campaigns moved in several months."""

    months: int
    difference: Figure
    text: Text


def pool_months(months: Sequence[CampaignMonth]) -> Together | None:
    """The mean over the months whose difference is told, from what is told of each; None of fewer than two. Months of
    one campaign hold the same members out; two campaigns draw apart."""
    found: dict[str, list[Difference]] = {}
    for one in months:
        difference = _difference_told(one)
        if difference is not None:
            found.setdefault(one.campaign, []).append(difference)
    count = sum(map(len, found.values()))
    if count < 2:
        return None
    figure, told = _interval(*pooled_interval(found.values()))
    return Together(count, figure, _text(told))


def _difference_told(month: CampaignMonth) -> Difference | None:
    interval, active, held_out_active = month.difference, month.active, month.held_out_active
    if active.ceiling is None or held_out_active.ceiling is None:
        return None
    return Difference(
        int(month.members.floor),
        int(month.held_out.floor),
        active.floor - held_out_active.ceiling,
        active.ceiling - held_out_active.floor,
        interval.floor,
        interval.ceiling or 0,
    )


def _text(told: Told, least: int = 0) -> str:
    match told:
        case "more":
            return say("More were active than without it.")
        case "fewer":
            return say("Fewer were active than without it.")
        case "unclear":
            return say("It may be chance: the interval has zero in it.")
        case "hidden":
            return say("Not shown, like the number of active members.")
        case "few":
            return say("Too few to tell: {least:d} are needed in each of the two groups.", least=least)
