"""A company's week as figures: what the score and the reports may read of the measures.

Owns which group stands within which, so that privacy can keep the remainders too. Must not know about scores,
periods or pages. Whoever needs a measure for customer success takes it from here, never from the measures.

    members > activated; members > active in four weeks > active in the week; active in four weeks > habitual
    (9 of 12 weeks leave no room for four idle ones); members = all levels; active in four weeks > users of a feature
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from engage.core.language import say
from engage.core.measures import MONTH_WEEKS, WEEK, WeekMeasures
from engage.core.privacy import (
    NOT_SHOWN,
    Figure,
    Part,
    Published,
    fact,
    publish_amount,
    publish_amounts,
    publish_count,
    publish_days,
    publish_split,
    publish_table,
)


class People(NamedTuple):
    members: Figure
    activated: Figure
    active_4w: Figure
    active: Figure
    habitual: Figure


def publish_active_of(active_4w: int, members: int, k: int) -> Figure:
    """Of these it is told, however few there are, whether they reach the floor: by it a company is scored or not."""
    return publish_count(active_4w, k, fact(members, "members"), told=True)


def publish_people(week: WeekMeasures, k: int) -> People:
    members = fact(week.members, "members")
    active_4w = publish_active_of(week.active_4w, week.members, k)
    active = publish_count(week.active, k, active_4w)
    return People(
        members=members,
        activated=publish_count(week.activated, k, members),
        active_4w=active_4w,
        active=active,
        habitual=publish_count(week.habitual, k, active_4w),
    )


def publish_members(week: WeekMeasures) -> Figure:
    """The size of the company: the host's own list of people."""
    return fact(week.members, "members")


def weeks_known(week: WeekMeasures) -> int:
    """For how many weeks there has been activity, this one included."""
    return week.weeks_known


def has_features(week: WeekMeasures) -> bool:
    """Whether any key event is declared."""
    return bool(week.features)


def publish_month_days(weeks: Sequence[WeekMeasures], active_4w: Figure, k: int) -> Figure:
    """Active days in the four weeks that end with the last of `weeks`, summed over the active members."""
    return publish_days_of(sum(week.days for week in weeks[-MONTH_WEEKS:]), active_4w, k)


def publish_days_of(days: int, active_4w: Figure, k: int) -> Figure:
    """Active days of any four weeks."""
    return publish_days(days, active_4w, k, WEEK * MONTH_WEEKS)


def months_days(weeks: Sequence[WeekMeasures], k: int) -> float:
    """Active days of the four weeks as far as they may be told; too few people: none, for nothing is known."""
    return _days_told(sum(week.days for week in weeks), weeks[-1].active_4w, weeks[-1].members, k)


@lru_cache(maxsize=1 << 16)  # the same month is looked at by 26 weeks' scores
def _days_told(days: int, active_4w: int, members: int, k: int) -> float:
    return publish_days_of(days, publish_active_of(active_4w, members, k), k).estimate or 0.0


class Features(NamedTuple):
    """Key events: members who used each in four weeks, and the sum of these."""

    members: Mapping[str, Figure]
    uses: Figure


def publish_features(week: WeekMeasures, k: int, active_4w: Figure) -> Features:
    names = list(week.features)
    counts = [week.features[name].members_4w for name in names]
    table = publish_table(counts, k, active_4w, "features")
    return Features(dict(zip(names, table.cells, strict=True)), table.total)


def publish_nothing_issued(week: WeekMeasures, k: int) -> Figure:
    """Of a currency in which nothing was issued in the week."""
    return publish_amount(0, week.earners, k, "points")


def was_scored(week: WeekMeasures, k: int) -> bool:
    """Whether so many were active in four weeks that the company was scored."""
    return week.active_4w >= k


def publish_feature_events(week: WeekMeasures, k: int, rewarded: Collection[str]) -> dict[str, Figure]:
    """How often each key event happened in the week. `rewarded`: those that rules award something for."""
    parts = [Part(one.events, one.members, name in rewarded) for name, one in week.features.items()]
    # Shown besides the week's events: those that earned, and the points issued in each currency.
    cells = publish_amounts(parts, week.events, week.active, k, relations=1 + len(week.issued))
    return dict(zip(week.features, cells, strict=True))


class Levels(NamedTuple):
    """Members at each level, lowest first ("" is none), and at the second level or above."""

    members: Sequence[tuple[str, Figure]]
    upper: Figure


def publish_levels(week: WeekMeasures, k: int) -> Levels | None:
    """None: the program has no levels. The upper levels are summed from what is shown, never counted apart."""
    if not week.levels:
        return None
    members = fact(week.members, "members")
    cells = publish_table([count for _, count in week.levels], k, members, partition=True).cells
    shown = [(level, cell) for (level, _), cell in zip(week.levels, cells, strict=True)]
    lower, upper = cells[:2], cells[2:]
    for parts, from_above in ((upper, False), (lower, True)):
        if all(cell.value is not None for cell in parts):
            count = sum(int(cell.value or 0) for cell in parts)
            return Levels(shown, fact(week.members - count if from_above else count, "members"))
    ranges = [(cell.low, cell.high) for cell in upper if cell.value is None]
    if any(low is None or high is None for low, high in ranges):
        return Levels(shown, Figure(NOT_SHOWN, "members", hidden="few"))
    low = sum(cell.floor for cell in upper)
    high = min(float(week.members), sum(cell.ceiling or 0 for cell in upper))
    text = (
        say("{low} to {high}", low=f"{low:.0f}", high=f"{high:.0f}")
        if low > 0 or high < week.members
        else NOT_SHOWN
    )
    return Levels(shown, Figure(text, "members", hidden="few", low=int(low), high=int(high)))


class Amounts(NamedTuple):
    events: Figure
    organic: Figure
    incentivised: Figure
    issued: Mapping[str, Figure]


def publish_events(week: WeekMeasures, k: int) -> Amounts:
    """Events of the week, apart by whether they earned something, and the points they earned."""
    split: Published = publish_split(
        week.incentivised, week.earners, week.events, week.active, week.active, k
    )
    incentivised, organic = split.cells
    issued = {
        currency: publish_amount(amount, week.earners, k, "points")
        for currency, amount in week.issued.items()
    }
    return Amounts(split.total, organic, incentivised, issued)
