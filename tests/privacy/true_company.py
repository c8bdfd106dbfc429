"""A company of which all is known: what its members did and when that was told, and the true numbers of each week.

Owns the reckoning, from the raw events alone, by the words of `engage/docs/reports.md`: nothing of it reads what Engage
measured. What is told after a week was frozen is not in the week, and after a month, not in the month.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from random import Random
from typing import Final

from engage.core.calendar import month_end

WEEK: Final = 7
FIRST: Final = date(2026, 3, 2).toordinal()
"""A Monday."""
REWARDED: Final = "Export"
AMOUNT: Final = 10
NAMES: Final = (REWARDED, "Share", "Print")
LEVELS: Final = {"bronze": 30, "silver": 150}
UNITS: Final = ("sales", "it", "board")
CLASSES: Final = ("power", "habitual", "novice", "low", "none")


@dataclass
class Act:
    member: int
    name: str
    day: int
    told: int
    """The day on which Engage was told of it."""


@dataclass
class Person:
    joined: int
    unit: str
    moved: tuple[int, str] | None = None
    """The day from which on it is another one."""
    left: int = 0


@dataclass
class Story:
    k: int
    people: list[Person]
    acts: list[Act]
    changes: list[tuple[int, int, int, bool]] = field(default_factory=list)
    """(day, member, units of points more, whether they count as earned): spent, corrected by hand, or undone."""
    undone: list[Act] = field(default_factory=list)

    def history(self) -> Iterator[tuple[int, int, int, Act | None, str]]:
        """What reached a level, in the order in which it came to be known: (day on which it did, its own day, member,
        event, level). A level once reached stays."""
        acts = [(act.told, act.day, act.member, AMOUNT, act) for act in self.acts if act.name == REWARDED]
        changes = [(day, day, member, units, None) for day, member, units, counts in self.changes if counts]
        points, stands = dict.fromkeys(range(len(self.people)), 0), dict.fromkeys(range(len(self.people)), "")
        for told, day, member, units, act in sorted([*acts, *changes], key=lambda one: one[0]):
            points[member] += units
            worth = [level for level, least in LEVELS.items() if points[member] >= least]
            if len(worth) > ("", *LEVELS).index(stands[member]):
                stands[member] = worth[-1]
                yield told, day, member, act, worth[-1]

    def balance(self, member: int, day: int) -> int:
        earned = sum(
            AMOUNT for act in self.acts if (act.member, act.name) == (member, REWARDED) and act.told <= day
        )
        return earned + sum(units for _, one, units, _ in self.changes if one == member)

    def told_by(self, monday: int) -> list[Act]:
        """Those told when the week was frozen."""
        return [act for act in self.acts if act.told < monday + WEEK]


def random_story(random: Random, weeks: int) -> Story:
    """Members who come often or hardly ever, some late, some for a while; some join, move, leave and come back."""
    k, last = random.choice((3, 4, 5)), FIRST + WEEK * weeks
    people, acts = [], []
    for number in range(random.randint(2 * k, 8 * k)):
        joined = FIRST + random.choice((0, 0, 0, random.randrange(WEEK * weeks)))
        unit = random.choices(UNITS, (6, 4, 1))[0]
        moved = (random.randrange(joined, last), random.choice(UNITS)) if random.random() < 0.1 else None
        person = Person(joined, unit, moved, random.randrange(joined, last) if random.random() < 0.15 else 0)
        people.append(person)
        often, pause = random.choice((0.0, 0.02, 0.1, 0.3, 0.9)), random.randrange(joined, last)
        returns = random.random() < 0.3
        for day in range(joined, last):
            is_away = pause <= day < pause + 5 * WEEK or (person.left and day > person.left and not returns)
            if not is_away and random.random() < often:
                for name in random.sample(NAMES, random.choice((1, 1, 2))):
                    late = random.choice((0, 0, 0, 0, 0, 1, 9, 20))
                    acts.append(Act(number, name, day, day + late))
    return Story(k, people, acts)


class Week:
    """The true numbers of one week, and of the month told with it."""

    def __init__(self, story: Story, monday: int) -> None:
        self.story, self.monday = story, monday
        acts = [act for act in story.told_by(monday) if monday <= act.day < monday + WEEK]
        self.active = len({act.member for act in acts})
        self.events = len(acts)
        self.incentivised = sum(act.name == REWARDED for act in acts)
        self.days = len({(act.member, act.day) for act in acts})
        self.of = {name: sum(act.name == name for act in acts) for name in NAMES}
        self.members = sum(person.joined < monday + WEEK for person in story.people)
        self.end = month_end(monday)
        """The last Monday of the month that is told with the week."""
        self.known = [act for act in story.told_by(self.end) if act.day < self.end + WEEK]
        self.weeks: dict[int, set[int]] = {}
        for act in self.known:
            self.weeks.setdefault((act.day - FIRST) // WEEK, set()).add(act.member)
        self.last = (self.end - FIRST) // WEEK

    def loud(self, weeks: Iterable[int]) -> list[set[int]]:
        """Who came in each of these weeks; of a quiet one nobody."""
        came = [self.weeks.get(week, set()) for week in weeks]
        return [one if len(one) >= self.story.k else set() for one in came]

    @property
    def activated(self) -> set[int]:
        return {act.member for act in self.known}

    @property
    def active_4w(self) -> set[int]:
        return set().union(*self.loud(range(self.last - 3, self.last + 1)))

    @property
    def room(self) -> int:
        """What the weeks of the month add up to, as they were told; who came besides, told late, is in no figure."""
        counts = [len(one) for one in self.loud(range(self.last - 3, self.last + 1))]
        frozen = [
            len({act.member for act in self.story.told_by(monday) if monday <= act.day < monday + WEEK})
            for monday in range(self.end - 3 * WEEK, self.end + 1, WEEK)
        ]
        pairs = zip(counts, frozen, strict=True)
        return sum(told if told >= self.story.k else count for count, told in pairs if count)

    @property
    def habitual(self) -> set[int]:
        came = self.loud(range(self.last - 11, self.last + 1))
        return {one for one in self.activated if sum(one in week for week in came) >= 9}

    @property
    def classes(self) -> dict[str, int]:
        did = dict.fromkeys(self.activated, 0)
        for act in self.known:
            did[act.member] += act.day >= self.end - 11 * WEEK
        without = {one: count for one, count in did.items() if one not in self.habitual}
        return {
            "power": sum(did[one] >= 180 for one in self.habitual),
            "habitual": sum(did[one] < 180 for one in self.habitual),
            "novice": sum(count >= 12 for count in without.values()),
            "low": sum(0 < count < 12 for count in without.values()),
            "none": sum(not count for count in without.values()),
        }

    def users(self, names: Collection[str]) -> int:
        """Members who did one of these in the month."""
        return len(
            {
                act.member
                for week in range(self.last - 3, self.last + 1)
                if len(self.weeks.get(week, ())) >= self.story.k
                for act in self.known
                if act.name in names and (act.day - FIRST) // WEEK == week
            }
        )

    @property
    def top_tenth(self) -> float:
        """The share of the month's events, in percent, that the most active tenth of those active did."""
        recent = [act.member for act in self.known if act.day >= self.end - 3 * WEEK]
        did = sorted((recent.count(member) for member in self.active_4w), reverse=True)
        return 100 * sum(did[: -(-len(did) // 10)]) / max(1, sum(did))

    @property
    def month_members(self) -> set[int]:
        return {n for n, one in enumerate(self.story.people) if one.joined < self.end + WEEK}

    @property
    def stages(self) -> dict[str, int]:
        found = dict.fromkeys(("invited", "new", "active", "habitual", "slipping", "dormant", "left"), 0)
        for member in self.month_members:
            found[self._stage(member)] += 1
        return found

    def _stage(self, member: int) -> str:
        days = {act.day for act in self.known if act.member == member}
        left = self.story.people[member].left
        if member not in self.active_4w:
            if left and left < self.end + WEEK and max(days, default=0) <= left:
                return "left"
            return "dormant" if days else "invited"
        if max(days) < self.end - WEEK:
            return "slipping"
        if member in self.habitual:
            return "habitual"
        return "new" if self.end + WEEK - min(days) < 28 else "active"

    def unit(self, member: int) -> str:
        person = self.story.people[member]
        return person.moved[1] if person.moved and person.moved[0] < self.end + WEEK else person.unit

    @property
    def levels(self) -> dict[str, int]:
        """At the end of the month, by the days of what reached them."""
        stands = dict.fromkeys(self.month_members, "")
        for told, day, member, _, reached in self.story.history():
            if told < self.end + WEEK and day < self.end + WEEK and member in stands:
                stands[member] = reached
        return {level: list(stands.values()).count(level) for level in ("", *LEVELS)}

    @property
    def outstanding(self) -> int:
        """What members have at the end of the week, by the days of what brought and took it."""
        before = self.monday + WEEK
        earned = sum(
            AMOUNT for act in self.story.told_by(self.monday) if act.name == REWARDED and act.day < before
        )
        return earned + sum(units for day, _, units, _ in self.story.changes if day < before)


def iso(monday: int) -> str:
    return date.fromordinal(monday).isoformat()
