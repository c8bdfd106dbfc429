"""What an attacker concludes from a year of points: issued, spent, expired, outstanding and about to expire, week by
week, beside how many events there were and earned something.

The attacker knows the program, so what each event brings, what each reward costs and when points expire; what was put
right by hand, and when; and all that k - 2 of the members did. Unknown is, for each week, how often the others did each
thing, bought each reward, and how much of theirs expired. What members have at a week's end is what they had before,
and what came, less what went: so what is told of one week is also told of the others.

Some events earn something only sometimes, or for some members, whose list is known: unknown is how often they did. A
quest may bring something besides, each time that somebody has done a thing so often: unknown is how often one did.

Where some buy the same reward several times in a week, what is told of the sum of a week is left out, which by the
documentation is not covered.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import gcd
from random import Random

import numpy
from msgspec.structs import replace

from engage.core import outstanding, published, published_outstanding
from engage.core.balances import CurrencyWeek
from engage.core.measures import WeekMeasures
from engage.core.outstanding import may_be_told
from engage.core.privacy import NOT_SHOWN, Figure
from engage.core.published_people import _publish_outstanding, publish_points
from engage.core.rounding import balance_step
from engage.core.state import AMOUNT_MAX
from tests.privacy.attacker import Attack, Sum
from tests.privacy.points_population import (
    ACTIVITY,
    AHEAD_WEEKS,
    ALONE,
    GIFT,
    LEVEL,
    PLAIN,
    QUESTS,
    STREAK,
    Did,
    Terms,
    earning,
    random_terms,
    random_year,
    weeks_of,
    with_more,
)

SO_FAR = ("got", "paid", "lost", "given", "taken")
"""All of it until the end of a week; as unknowns of their own, for sums of all weeks take four times as long."""


class _Year:
    def __init__(
        self, terms: Terms, members: Sequence[Sequence[Did]], known: Sequence[int], k: int, *, whole: bool
    ) -> None:
        self.terms, self.members, self.k = terms, members, k
        self.known = [members[one] for one in known]
        self.others = [own for one, own in enumerate(members) if one not in set(known)]
        self.weeks = len(members[0])
        more = [earning(name) for name in terms.some] + [QUESTS] * bool(terms.quest) + [*terms.besides]
        self.things = [*terms.prices, PLAIN, *more, *terms.costs, "expired", "expiring", *SO_FAR]
        self.unit = gcd(*map(int, terms.worth.values()), *terms.prices.values(), *terms.costs.values())
        """All that is got, spent or lost is so much, or so many times as much."""
        self.attack = Attack(self.weeks * len(self.things), whole=whole)
        self.whole = whole
        self.by_fewer: dict[bool, Attack] = {}
        self.of_points: set[int] = set()
        self.of_earning: set[int] = set()
        self.of_known = self.count(self.known)
        self.before = CurrencyWeek()
        nothing = self.sum(0, {})
        self.quested = nothing
        """Of the thing that a quest asks for, how much was done since one was completed."""
        self.towards: dict[str, Sum] = dict.fromkeys(terms.besides, nothing)
        """The same of what else brings something, and how often that did."""
        self.reached: dict[str, Sum] = dict.fromkeys(terms.besides, nothing)
        self.since, self.issued = nothing, 0
        """Of what came until here it is told no more; and what was issued since."""
        self.room = 0
        """As much more than is told can have been."""
        self.lost, self.gone = nothing, 0
        """The same of what expired."""
        self.waiting, self.waited = nothing, 0
        """What was spent, where it does not all count at once. How much of it does is taken to be known as well."""
        self.bought: dict[int, Sum] = {}
        """The same by weeks, as numbers of rewards."""
        self.groups: dict[str, tuple[Sum, int]] = {}
        """Sums of which nothing may be known when fewer than k are behind them: so many are."""

    def sum(self, at: int, worth: Mapping[str, float]) -> Sum:
        terms = numpy.zeros(self.weeks * len(self.things))
        for name, value in worth.items():
            terms[at * len(self.things) + self.things.index(name)] = value
        return terms

    def count(self, members: Sequence[Sequence[Did]]) -> Sum:
        found = self.sum(0, {})
        worth, costs = self.terms.worth, self.terms.costs
        for own in members:
            so_far = dict.fromkeys(SO_FAR, 0)
            for at, did in enumerate(own):
                times = {**did.events, **{earning(name): count for name, count in did.earned.items()}}
                if self.terms.quest:
                    times[QUESTS] = did.quests
                times |= did.besides
                so_far["got"] += int(sum(worth.get(name, 0) * count for name, count in times.items()))
                so_far["paid"] += sum(costs[name] * count for name, count in did.bought.items())
                so_far["lost"] += did.expired
                so_far["given"] += max(0, did.put)
                so_far["taken"] += max(0, -did.put)
                points = {"expired": did.expired, "expiring": did.expiring, **so_far}
                in_units = {name: amount // self.unit for name, amount in points.items()}
                found += self.sum(at, {**times, **did.bought, **in_units})
        return found

    def points(self, at: int, name: str) -> Sum:
        return self.sum(at, {name: self.unit} if at >= 0 else {})

    def until(self, at: int) -> Sum:
        """What is left at the end of a week."""
        return self.came(at) - self.points(at, "paid") - self.points(at, "lost") - self.points(at, "taken")

    def came(self, at: int) -> Sum:
        return self.points(at, "got") + self.points(at, "given")

    def link(self) -> None:
        """What is left at the end of each week, and how much can expire."""
        lasts, last = self.terms.lasts, self.weeks - 1
        theirs = self.count(self.others)
        for at in range(self.weeks):
            flows = (self.terms.worth, self.terms.costs, {"expired": self.unit})
            for name, worth in zip(SO_FAR, flows, strict=False):
                self.attack.knows(
                    self.points(at, name) - self.points(at - 1, name) - self.sum(at, worth), 0, 0
                )
            for name in SO_FAR[len(flows) :]:
                by_hand = self.points(at, name)
                self.attack.knows(by_hand, float(by_hand @ theirs), float(by_hand @ theirs))
            self._link_earning(at)
            self._link_besides(at)
            left, expired, soon = self.until(at), self.points(at, "expired"), self.points(at, "expiring")
            self.attack.knows(left - soon, 0)
            if not lasts:
                self.attack.knows(left, 0)
                self.attack.knows(expired, 0, 0)
                self.attack.knows(soon, 0, 0)
                continue
            self.attack.knows(self.came(at - lasts) - self.came(at - lasts - 1) - expired, 0)
            ending = min(at, at + AHEAD_WEEKS - lasts)
            self.attack.knows(self.came(ending) - self.came(at - lasts) - soon, 0)
            # What is left is of the last weeks only, and of it as much expires at most.
            self.attack.knows(self.came(at) - self.came(at - lasts) - left, 0)
            later = self.points(min(last, at + lasts), "lost") - self.points(at, "lost")
            self.attack.knows(left - later, 0)

    def _link_earning(self, at: int) -> None:
        """No more earned something than there were, and so many for each quest."""
        for name in self.terms.some:
            self.attack.knows(self.sum(at, {name: 1, earning(name): -1}), 0)
        if self.terms.quest:
            event, reach, _ = self.terms.quest
            self.quested = self.quested + self.sum(at, {event: 1, QUESTS: -reach})
            self.attack.knows(self.quested, 0, (reach - 1) * len(self.others))

    def _link_besides(self, at: int) -> None:
        """Who is known gives and takes gifts as well."""
        others = len(self.others)
        for name, (event, reach, _) in self.terms.besides.items():
            now = self.sum(at, {name: 1})
            self.reached[name] = self.reached[name] + now
            if name == STREAK:
                self.towards[name] = self.towards[name] + self.sum(at, {event: 1, name: -reach})
                self.attack.knows(self.towards[name], 0)
                self.attack.knows(self.reached[name], 0, others * ((at + 2) // (reach + 1)))
            elif name == ACTIVITY:
                anything = dict.fromkeys((*self.terms.prices, PLAIN), 1)
                self.towards[name] = self.towards[name] + self.sum(
                    at, {**anything, name: -reach, ALONE: -reach}
                )
                self.attack.knows(self.towards[name], 0)
                both = self.reached[name] + self.reached[ALONE] + self.sum(at, {ALONE: 1})
                self.attack.knows(both, 0, others * ((at + 2) // (reach + 1)))
            elif name == ALONE:
                self.attack.knows(self.sum(at, {PLAIN: 1, name: -1}), 0)
            elif name == LEVEL:
                worth = {one: value for one, value in self.terms.worth.items() if one not in (GIFT, LEVEL)}
                self.towards[name] = self.towards[name] + self.sum(at, {**worth, name: -reach})
                self.attack.knows(self.towards[name] + self.points(at, "given"), 0)
                self.attack.knows(self.reached[name], 0, others)
            else:
                moved = sum(own[at].gave - own[at].besides.get(GIFT, 0) for own in self.known)
                self.attack.knows(now, 0, others * reach + moved * (name == GIFT))

    def reads(self, low: float, high: float, terms: Sum) -> None:
        theirs = float(terms @ self.of_known)
        self.attack.knows(terms, low - theirs, high - theirs)

    def reads_number(self, figure: Figure | None, terms: Sum) -> None:
        if figure is not None and figure.value is not None:
            self.reads(figure.value, figure.value, terms)

    def group(self, name: str, terms: Sum, said: Callable[[Sequence[Did]], bool]) -> None:
        self.groups[name] = (terms, sum(map(said, self.members)))

    def read(self, at: int, week: WeekMeasures) -> None:
        shown = published.publish_events(week, self.k)
        everything = (*self.terms.prices, PLAIN)
        self.reads_number(shown.events, self.sum(at, dict.fromkeys(everything, 1)))
        for name, figure in published.publish_feature_events(week, self.k).items():
            self.reads_number(figure, self.sum(at, {name: 1}))
        before, rewarded = len(self.attack.rows), self.sum(at, self.terms.rewarded)
        self.reads_number(shown.organic, self.sum(at, dict.fromkeys(everything, 1)) - rewarded)
        self.reads_number(shown.incentivised, rewarded)
        if self.terms.quest and self.terms.quest.event in self.terms.prices:
            before = len(
                self.attack.rows
            )  # how often that was done is told, or follows: too few have no quest
        if "points" in shown.issued and shown.issued["points"].value is not None:
            self.reads(*published.issued_band(week, "points", self.k), self.sum(at, self.terms.worth))
        self.of_earning |= set(range(before, len(self.attack.rows)))
        before = len(self.attack.rows)
        self._read_points(at, week)
        self.of_points |= set(range(before, len(self.attack.rows)))
        self._list(at, everything)

    def _read_points(self, at: int, week: WeekMeasures) -> None:
        costs = self.terms.costs
        points, found = publish_points(week, "points", self.k), week.currencies["points"]
        spent = self.sum(at, {name: float(cost) for name, cost in costs.items()})
        if found.spenders >= self.k and not self._may_be_several(found):
            self.reads(*outstanding.spent_band(found, self.k), spent)
        for figure, band, name in (
            (points.expired, outstanding.gone_band(found.expired, found), "expired"),
            (points.expiring, outstanding.expiring_band(found), "expiring"),
        ):
            if figure.ceiling is not None:
                self.reads(*band, self.sum(at, {name: self.unit}))
        self._read_left(at, week)
        if found.spenders >= self.k:
            theirs = sum(bool(own[at].bought) for own in self.known)
            self.attack.knows(self.sum(at, dict.fromkeys(costs, 1)), self.k - theirs)

    def _may_be_several(self, found: CurrencyWeek) -> bool:
        return self.terms.several and found.cheapest < found.dearest

    def _read_left(self, at: int, week: WeekMeasures) -> None:
        """What is left, as far as it counts. How much counts of what came and expired is taken to be known, and how
        much can have come: that is more than is told."""
        found, k = week.currencies["points"], self.k
        told = published_outstanding._told_issued(week, k)["points"]
        most = told.most
        if published.publish_events(week, k).events.value is None and most < AMOUNT_MAX:
            highest = most // max(price.most for price in week.awards["points"].values())
            low = highest // 2 + 1 - 4 * k
            self.reads(low, highest, self.sum(at, dict.fromkeys((*self.terms.prices, PLAIN), 1)))
        waited = self.before.waiting[0] + week.issued.get("points", 0) - told.least
        can_be = self.room + told.most - told.least
        self.room = can_be - waited + found.waiting[0]
        self.issued, self.gone = self.issued + week.issued.get("points", 0), self.gone + found.expired
        if not may_be_told(week, found):  # what is told of what members have follows from what was issued
            self._read_hidden(at, week)
            return
        came, expired = self.points(at, "got") - self.since, self.points(at, "lost") - self.lost
        if found.spenders < k or found.cheapest < found.dearest:
            spent = self.sum(at, self.terms.costs)
            if not self._may_be_several(found):
                self.reads(*outstanding._told_spent(found, k), spent)
            self.waiting, self.waited = self.waiting + spent, self.waited + found.spent
        if found.spenders < k:
            self.bought[at] = self.sum(at, dict.fromkeys(self.terms.costs, 1))
        if found.few and not found.quarters:  # it is told that so many are behind it that it counts
            weeks = outstanding.QUARTERS * outstanding.QUARTER_WEEKS
            newest = [one for one in self.bought if one > at - weeks]
            bought: Sum = sum((self.bought[one] for one in newest), 0 * self.waiting)
            people = [
                sum(any(own[one].bought for one in newest) for own in members)
                for members in (self.members, self.known)
            ]
            besides = 0.0
            if found.cheapest < found.dearest and (self.before.gone[0] >= AMOUNT_MAX or found.spenders < k):
                quarters = min(outstanding.QUARTERS, self.before.quarters + 1)
                besides = min(found.few_besides[quarters - 1], 2 * found.dearest / found.cheapest)
            self.attack.knows(bought, max(min(k, people[0]) - people[1], besides))
            self.bought.clear()
        counted, most = self.issued - found.waiting[0], numpy.inf
        if found.behind[0] >= k and found.lump < AMOUNT_MAX:
            room = self.before.room + (told.most if found.lasts else told.of_many) - told.least
            width = outstanding._width_of_issued(found, found.lump, k)
            low, high = outstanding._counts_of_issued(waited, width, room, completed=told.completed)
            if high >= room:  # there is no more on average
                high = max(high, can_be)
            most = counted + high - low
        self.before = found
        self.reads(counted, most, came)
        paid = self.waited - found.waiting[1]
        self.reads(paid, paid + found.gone[0], self.waiting)
        ended = self.gone - found.waiting[2]
        self.reads(ended, ended + found.lump - 1 if found.behind[1] >= k else numpy.inf, expired)
        if publish_points(week, "points", k).outstanding.text != NOT_SHOWN:
            now = found.outstanding - found.waiting[0] + sum(found.waiting[1:])

            def shown(counted: int) -> Figure:
                other = replace(found, outstanding=found.outstanding + counted - now)
                return _publish_outstanding(other, k)

            low, high = _all_shown_so(now, shown)
            spent = came - self.until(at) - expired - self.waiting
            counted -= ended + paid
            self.reads(counted - high, counted - low, spent)

    def _read_hidden(self, at: int, week: WeekMeasures) -> None:
        found = week.currencies["points"]
        if found.hidden == week.monday:
            self.since, self.issued, self.room = self.points(at, "got"), 0, 0
        self.lost, self.gone = self.points(at, "lost"), 0
        self.waiting, self.waited = 0 * self.waiting, 0
        self.bought.clear()
        self.before = found
        figure = publish_points(week, "points", self.k).outstanding
        if figure.ceiling is not None:
            self.reads(0, figure.ceiling, self.until(at))

    def _list(self, at: int, everything: Sequence[str]) -> None:
        costs = self.terms.costs
        for name in everything:
            self.group(
                f"times {name} in {at}",
                self.sum(at, {name: 1}),
                lambda own, name=name: name in own[at].events,  # type: ignore[misc]
            )
        for name in self.terms.some:
            earned, times = self.sum(at, {earning(name): 1}), self.sum(at, {name: 1})
            self.group(f"{earning(name)} in {at}", earned, lambda own, name=name: own[at].earned[name] > 0)  # type: ignore[misc]
            self.group(
                f"{name} for nothing in {at}",
                times - earned,
                lambda own, name=name: own[at].events.get(name, 0) > own[at].earned[name],  # type: ignore[misc]
            )
        if (quest := self.terms.quest) and quest.reach <= sum(
            did.events.get(quest.event, 0) for own in self.others for did in own[: at + 1]
        ):
            self.group(f"{QUESTS} in {at}", self.sum(at, {QUESTS: 1}), lambda own: own[at].quests > 0)
        for name in self.terms.besides:
            if name == ALONE:
                continue
            both = (ACTIVITY, ALONE) if name == ACTIVITY else (name,)
            times = self.sum(at, dict.fromkeys(both, 1))
            if self._can_have(name, at):
                self.group(
                    f"{name} in {at}",
                    times,
                    lambda own, both=both: any(own[at].besides[one] for one in both),  # type: ignore[misc]
                )
        if costs and any(own[at].could >= min(costs.values()) for own in self.others):
            self.group(
                f"rewards in {at}", self.sum(at, dict.fromkeys(costs, 1)), lambda own: bool(own[at].bought)
            )
        for reward, cost in costs.items():
            if len(costs) > 1 and any(own[at].could >= cost for own in self.others):
                self.group(
                    f"{reward} in {at}",
                    self.sum(at, {reward: 1}),
                    lambda own, reward=reward: reward in own[at].bought,  # type: ignore[misc]
                )
        if self.terms.lasts and at >= self.terms.lasts:
            self.group(f"expired in {at}", self.sum(at, {"expired": 1}), lambda own: own[at].expired > 0)

    def _can_have(self, name: str, at: int) -> bool:
        """Whether the others did enough for it."""
        event, reach, _ = self.terms.besides[name]
        so_far = [did for own in self.others for did in own[: at + 1]]
        if name == LEVEL:
            return reach <= sum(did.earns for did in so_far)
        if name in (ACTIVITY, ALONE):
            return reach <= sum(sum(did.events.values()) for did in so_far)
        return name != STREAK or reach <= sum(did.events.get(event, 0) for did in so_far)

    def learned(self) -> list[str]:
        unknown = self.count(self.others)
        self.attack.ways.append(unknown)
        few = {name: terms for name, (terms, size) in self.groups.items() if size < self.k}
        random, size = Random(1), len(few) + 1
        while few and size - len(few) > len(few) // 8:
            size = len(few)
            self.attack.look_at(sum(random.choice((-1, 1, 1)) * terms for terms in few.values()))
            few = {name: terms for name, terms in few.items() if not self.attack.differs(terms)}
        return [
            f"{terms @ unknown:.0f} {name}, by {self.groups[name][1]}"
            for name, terms in few.items()
            if self.attack.pins(terms) and not self._anyway(name).pins(terms)
        ]

    def _anyway(self, name: str) -> Attack:
        """Without what is told of rewards and balances: who has not earned enough cannot buy, and that is no secret.
        Of what earned something, without what is told of that too: as often as something was done, it may have."""
        is_of_earning = (
            "earning" in name
            or "for nothing" in name
            or QUESTS in name
            or name.split()[0] in self.terms.besides
        )
        untold = self.of_points | self.of_earning if is_of_earning else self.of_points
        if is_of_earning not in self.by_fewer:
            anyway = self.by_fewer[is_of_earning] = Attack(self.weeks * len(self.things), whole=self.whole)
            for row, terms in enumerate(self.attack.rows):
                if row not in untold:
                    anyway.knows(terms, *self.attack.bounds[row])
        return self.by_fewer[is_of_earning]


def _about(amount: int) -> int:
    step = balance_step(amount)
    return step * round(amount / step)


def _all_shown_so(amount: int, shown: Callable[[int], object] = _about) -> tuple[int, int]:
    """The least and the most that is told in the same words."""
    ends = []
    for away in (-1, 1):
        reach = 0
        for bit in reversed(range(max(1, amount).bit_length())):
            if shown(amount + away * (reach + (1 << bit))) == shown(amount):
                reach += 1 << bit
        ends.append(amount + away * reach)
    return max(0, ends[0]), ends[1]


def attack_year_of_points(
    random: Random,
    weeks: int = 52,
    *,
    expiring: bool = False,
    eager: bool = False,
    whole: bool = False,
    more: Sequence[str] = (),
) -> list[str]:
    k = random.choice((3, 4, 5))
    terms = random_terms(random, expiring=expiring, eager=eager)
    for one in more:
        terms = with_more(random, terms, one)
    members = random_year(random, terms, random.randint(2 * k, 6 * k), weeks, eager=eager)
    busy = sorted(
        range(len(members)),
        key=lambda one: -sum(sum(did.bought.values()) for did in members[one]) + random.random(),
    )
    known = busy[: k - 2] if random.random() < 0.6 else random.sample(busy, k - 2)
    year = _Year(terms, members, known, k, whole=whole)
    year.link()
    for at, week in enumerate(weeks_of(terms, members, k)):
        year.read(at, week)
    return year.learned()
