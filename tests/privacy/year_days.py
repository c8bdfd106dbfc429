"""What an attacker concludes of active days, and of the share of the most active tenth, beside who was active when; a
part of `year_joined.py`.

Unknown is of each week how many days of activity and how many events there were, and how many came on several days, or
not on every day; of each four weeks how many of the most active tenth, and of the others, came in how many weeks, and
how many events that tenth had. Each day of activity has an event, and whoever came in several weeks has several.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import inf
from typing import NamedTuple

from engage.core.measures import WeekMeasures
from engage.core.published import publish_events, publish_week_days
from engage.core.published_people import publish_concentration
from engage.core.segments import TOP_SHARE
from tests.privacy import year_population
from tests.privacy.attacker import Sum
from tests.privacy.populations import WEEK
from tests.privacy.year_activity import YearAttack
from tests.privacy.year_population import Person, Year

DAYS, EVENTS, SEVERAL, LACKING = "days", "events", "several days", "not every day"
TOP, REST = "in the most active tenth", "not in the most active tenth"


class OfWeek(NamedTuple):
    name: str
    week: int


class Tenth(NamedTuple):
    """TOP or REST of a month: who came in so many weeks."""

    side: str
    month: int
    visits: int


class TopEvents(NamedTuple):
    month: int


class SeveralEvents(NamedTuple):
    """Of TOP or REST: who had more than one in the month."""

    side: str
    month: int


class DaysAttack(YearAttack):
    def __init__(self, year: Year, known: Sequence[Person]) -> None:
        super().__init__(year, known)
        self.of_days: dict[str, Sum] = {}
        """As groups, by on how many days of a week they came."""
        self.of_tenth: dict[str, Sum] = {}
        """And of the most active tenth: whoever knows how many are active knows its size."""

    def besides(self) -> Sequence[object]:
        weeks, months = range(4 * year_population.MONTHS), range(year_population.MONTHS)
        names = (DAYS, EVENTS, SEVERAL, LACKING)
        return [
            *super().besides(),
            *(
                OfWeek(name, week)
                for week in weeks
                for name in names
                if name == EVENTS or self._is_told(week)
            ),
            *(
                Tenth(side, month, visits)
                for month in months
                for side in (TOP, REST)
                for visits in range(1, 5)
            ),
            *map(TopEvents, months),
            *(SeveralEvents(side, month) for month in months for side in (TOP, REST)),
        ]

    def _is_told(self, week: int) -> bool:
        return bool(self.loud[week // 4] >> week % 4 & 1)

    def _path(self, one: Person) -> Iterator[object]:
        yield from super()._path(one)
        for week in range(4 * year_population.MONTHS):
            if one.month(week // 4) & self.loud[week // 4]:  # nobody else's events are of the month
                yield from [OfWeek(EVENTS, week)] * one.events_in(week)
            if (days := one.days_in(week)) and self._is_told(week):
                yield from [OfWeek(DAYS, week)] * days
                if days > 1:
                    yield OfWeek(SEVERAL, week)
                if days < WEEK:
                    yield OfWeek(LACKING, week)

    def of_everybody(self) -> Iterator[object]:
        yield from super().of_everybody()
        for month in range(year_population.MONTHS):
            did = sorted(
                (
                    (sum(map(one.events_in, range(4 * month, 4 * month + 4))), visits)
                    for one in self.year.members
                    if (visits := (one.month(month) & self.loud[month]).bit_count())
                ),
                reverse=True,
            )
            most = -(-len(did) // TOP_SHARE)
            for at, (events, visits) in enumerate(did):
                side = TOP if at < most else REST
                yield Tenth(side, month, visits)
                if events > 1:
                    yield SeveralEvents(side, month)
                if at < most:
                    yield from [TopEvents(month)] * events

    def _link(self) -> None:
        super()._link()
        for week in range(4 * year_population.MONTHS):
            if self._is_told(week):
                self._link_week(week)
        for month in range(year_population.MONTHS):
            self._link_month(month)
        self.listed = len(self.attack.rows)

    def _link_week(self, week: int) -> None:
        active, days = self._active(week), self.one(OfWeek(DAYS, week))
        several, lacking = self.one(OfWeek(SEVERAL, week)), self.one(OfWeek(LACKING, week))
        self.attack.knows(self.one(OfWeek(EVENTS, week)) - days, 0)
        for some, left in ((several, days - active), (lacking, WEEK * active - days)):
            self.attack.knows(left - some, 0)
            self.attack.knows((WEEK - 1) * some - left, 0)
            self.attack.knows(active - some, 0)
        self.attack.knows(several + lacking - active, 0)

    def _link_month(self, month: int) -> None:
        """Of everybody: so many of the members known are taken in."""
        kinds = [[self.one(Tenth(side, month, visits)) for side in (TOP, REST)] for visits in range(1, 5)]
        for visits, (top, rest) in enumerate(kinds, 1):
            came = self.ways(month, self.columns["visits"] == visits)
            theirs = float(came @ self.of_known)
            self.attack.knows(top + rest - came, theirs, theirs)
        tenth, others = sum(top for top, _ in kinds), sum(rest for _, rest in kinds)
        self.attack.knows((TOP_SHARE - 1) * tenth - others, 0, TOP_SHARE - 1)
        events, of_top = self._events(month), self.one(TopEvents(month))
        theirs = float(events @ self.of_known)
        each = {TOP: (of_top, 0.0), REST: (events - of_top, -theirs)}
        for at, (side, (had, known)) in enumerate(each.items()):
            several, came = self.one(SeveralEvents(side, month)), [kind[at] for kind in kinds]
            self.attack.knows(had - sum(visits * one for visits, one in enumerate(came, 1)), known)
            self.attack.knows(several - sum(came[1:]), 0)
            self.attack.knows(sum(came) - several, 0)
            self.attack.knows(had - sum(came) - several, known)

    def _active(self, week: int) -> Sum:
        return self.weeks(week // 4, lambda one: one.weeks >> week % 4 & 1)

    def _events(self, month: int) -> Sum:
        return sum(self.one(OfWeek(EVENTS, week)) for week in range(4 * month, 4 * month + 4))

    def read(self, month: int, weeks: Sequence[WeekMeasures]) -> None:
        super().read(month, weeks)
        for at, week in enumerate(weeks, 4 * month):
            events = publish_events(week, self.year.k).events
            if events.value is not None and self._is_told(at):
                terms = self.one(OfWeek(EVENTS, at))
                self.attack.reads(events, terms, float(terms @ self.of_known))

    def read_days(self, month: int, weeks: Sequence[WeekMeasures]) -> None:
        """After all that is told of who was active, and of events."""
        for at, week in enumerate(weeks, 4 * month):
            if self._is_told(at):
                self._read_days(at, week)

    def _read_days(self, at: int, week: WeekMeasures) -> None:
        days = publish_week_days(week, self.year.k)
        if days.ceiling is not None:
            terms = self.one(OfWeek(DAYS, at))
            self.attack.reads(days, terms, float(terms @ self.of_known))
        unknown, active = self.all - self.of_known, self._active(at)
        for name in (SEVERAL, LACKING):
            some = self.one(OfWeek(name, at))
            if float((active - some) @ unknown):  # that all came on several days, a sum of days may say
                self.of_days[f"{name} of week {at}"] = some

    def read_tenth(self, month: int, week: WeekMeasures) -> None:
        """After that too."""
        share = publish_concentration(week, self.year.k).value
        if share is not None:
            events, top = self._events(month), self.one(TopEvents(month))
            for wide, low, high in ((-0.05, 0.0, inf), (0.05, -inf, 0.0)):
                part = (share + wide) / 100
                theirs = part * float(events @ self.of_known)
                self.attack.knows(top - part * events, low + theirs, high + theirs)
        for visits in range(1, 5):
            for side in (TOP, REST):
                self.of_tenth[f"{side} of {month}, in {visits} weeks of it"] = self.one(
                    Tenth(side, month, visits)
                )
        for side in (TOP, REST):
            came = [self.one(Tenth(side, month, visits)) for visits in range(1, 5)]
            had = self.one(SeveralEvents(side, month))
            self.of_tenth[f"{side} of {month}, in several weeks of it"] = sum(came[1:])
            self.of_tenth[f"{side} of {month}, with several events"] = had
            self.of_tenth[f"{side} of {month}, with one event"] = sum(came) - had
