"""What a report is made from: the frozen weeks of a period, read as figures once, for the sections to share.

Owns the access to weeks and months. Must not know sections or their order; takes every measure from
`engage.core.published`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date

from msgspec import Struct

from engage.core import privacy
from engage.core.calendar import month_end
from engage.core.care_shapes import CareView
from engage.core.measures import MONTH_WEEKS, WEEK, WeekMeasures
from engage.core.peers import Peers
from engage.core.privacy import Figure, Unit
from engage.core.program import Program
from engage.core.published import (
    People,
    publish_events,
    publish_month_days,
    publish_nothing_issued,
    publish_people,
)
from engage.core.published_people import publish_days_each
from engage.core.reports import Contract, Health, Period
from engage.core.stage_words import CompanyStage
from engage.core.worth import CompanyTier


def ordinal(day: str) -> int:
    return date.fromisoformat(day).toordinal()


class Source(Struct, frozen=True):
    """All that a report is made from. `weeks` by Monday, `scores` by Sunday; both hold frozen ones only."""

    company: str
    name: str
    timezone: str
    contract: Contract
    program: Program | None
    weeks: Mapping[int, WeekMeasures]
    scores: Mapping[int, int | None]
    health: Health
    k: int
    data_until: str = ""
    first_over: str = ""
    """Where no week is measured yet: the day on which the one that runs now is over."""
    tier: CompanyTier | None = None
    months: Mapping[int, WeekMeasures] = {}
    """Month (12 x year + month - 1) -> its last frozen week."""
    peers: Peers | None = None
    """How comparable companies stand as of the report's last day."""
    care: CareView | None = None
    stage: CompanyStage | None = None
    score_notes: tuple[str, ...] = ()
    """When another profile or definition of the score came into use."""

    def event_name(self, id: str) -> str:
        """As the program names the event; its own where the program does not know it."""
        event = self.program.events.get(id) if self.program else None
        return event.name if event else id


class Weeks:
    """The weeks of a period as figures, made once."""

    def __init__(self, source: Source, period: Period) -> None:
        self.k = source.k
        first, last = ordinal(period.first), ordinal(period.last)
        self.mondays = range(first, last, WEEK)
        self.labels = tuple(date.fromordinal(monday).isoformat() for monday in self.mondays)
        self.measures = [source.weeks.get(monday) for monday in self.mondays]
        self.people = [publish_people(week, self.k) if week else None for week in self.measures]
        self.events = [publish_events(week, self.k) if week else None for week in self.measures]
        self.last = self.measures[-1] if self.measures else None
        self.people_last: People | None = self.people[-1] if self.people else None
        self._weeks = source.weeks
        self._last_monday = self.mondays[-1] if self.mondays else 0

    def of_people(self, read: Callable[[People], Figure]) -> tuple[Figure, ...]:
        return tuple(read(p) if p else privacy.missing("members") for p in self.people)

    def total(self, name: str, unit: Unit) -> tuple[Figure, ...]:
        """`name` of the amounts: events, organic or incentivised."""
        return tuple(getattr(e, name) if e else privacy.missing(unit) for e in self.events)

    def issued(self, currency: str) -> tuple[Figure, ...]:
        found = []
        for week, amounts in zip(self.measures, self.events, strict=True):
            if week is None or amounts is None:
                found.append(privacy.missing("points"))
            else:
                found.append(amounts.issued.get(currency) or publish_nothing_issued())
        return tuple(found)

    def shown(self, publish: Callable[[WeekMeasures, People], Figure], unit: Unit) -> tuple[Figure, ...]:
        """A figure of each week."""
        return tuple(
            publish(week, people) if week and people else privacy.missing(unit)
            for week, people in zip(self.measures, self.people, strict=True)
        )

    def days_each(self, week: int = -1) -> Figure:
        """Active days per member active in four weeks, of the four weeks that end with one of the period's."""
        weeks = self._month(self._monday(week))
        if not weeks:
            return privacy.missing("each")
        return publish_days_each(weeks, publish_people(weeks[-1], self.k).active_4w, self.k)

    def month_days(self, ago: int = 0) -> Figure:
        """Active days of the four weeks that end so many weeks before the end of the period."""
        weeks = self._month(self._last_monday - WEEK * ago)
        return publish_month_days(weeks, self.k) if weeks else privacy.missing("days")

    def _monday(self, week: int) -> int:
        return self.mondays[week] if self.mondays else 0

    def _month(self, monday: int) -> list[WeekMeasures]:
        """The weeks of the month that is over when that of `monday` is; none where one of them is missing."""
        end = month_end(monday)
        found = [self._weeks.get(end - WEEK * back) for back in reversed(range(MONTH_WEEKS))]
        weeks = [week for week in found if week is not None]
        return weeks if len(weeks) == MONTH_WEEKS else []
