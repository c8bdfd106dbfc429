"""What an attacker concludes from a year of points: issued, spent, expired, outstanding and about to expire, week by
week, beside how many events there were and earned something.

The attacker knows the program, so what each event brings, what each reward costs and when points expire; that nothing
was corrected by hand; and all that k - 2 of the members did. Unknown is, for each week, how often the others did each
thing, bought each reward, and how much of theirs expired. What members have at a week's end is what they had before,
and what came, less what went: so what is told of one week is also told of the others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import gcd
from random import Random
from typing import NamedTuple

import numpy
from msgspec.structs import replace

from engage.core import outstanding, published, published_outstanding
from engage.core.activity import mark_day, mark_earning, mark_feature, mark_rewarded, mark_use, with_week
from engage.core.balances import CurrencyWeek
from engage.core.looks import keep_month
from engage.core.measures import WeekMeasures
from engage.core.outstanding import may_be_told
from engage.core.privacy import NOT_SHOWN, Figure
from engage.core.program import Program
from engage.core.published import remember_peaks
from engage.core.published_people import _publish_outstanding, publish_points
from engage.core.rounding import balance_step, band_around
from engage.core.state import CompanyState, DayRollup, MemberState, Wallet, add_to
from engage.document import read_program
from tests.core.measuring import measure_week
from tests.privacy.attacker import Attack, Sum
from tests.privacy.populations import FIRST, WEEK

PRICES = (1, 5, 10, 10, 50, 250)
COSTS = (20, 50, 100, 100, 500, 500, 2000)
AHEAD_WEEKS = 4
PLAIN = "Plain"
SO_FAR = ("got", "paid", "lost")
"""All of it until the end of a week; as unknowns of their own, for sums of all weeks take four times as long."""


class Terms(NamedTuple):
    """Of a program: event -> what it brings, reward -> what it costs, and after how many weeks points expire."""

    prices: dict[str, int]
    costs: dict[str, int]
    lasts: int | None


class Did(NamedTuple):
    """Of one member in one week: how often each event, the other one too, and each reward; and units that expired."""

    events: dict[str, int]
    bought: dict[str, int]
    expired: int
    has: int
    """Units at its end; and of these, units that expire in the four weeks after."""
    expiring: int
    could: int
    """Units before buying."""


def random_terms(random: Random, *, expiring: bool, eager: bool = False) -> Terms:
    """`eager`: of a company in which nearly everybody buys something nearly every week."""
    if eager:
        prices = {f"Event {at}": random.choice(PRICES) for at in range(random.randint(1, 2))}
        dear = max(prices.values())
        costs = {f"reward {at}": dear * random.choice((1, 2, 3, 5, 10)) for at in range(random.randint(1, 2))}
        return Terms(prices, costs, random.choice((3, 5, 6, 9)) if expiring else None)
    prices = {f"Event {at}": random.choice(PRICES) for at in range(random.randint(1, 2))}
    costs = {f"reward {at}": random.choice(COSTS) for at in range(random.randint(0, 2))}
    return Terms(prices, costs, random.choice((6, 13)) if expiring else None)


class _Habits(NamedTuple):
    """Of a company: how likely somebody acts in a week, does each thing then, and buys what can be paid."""

    active: float
    often: dict[str, float]
    buying: float
    starts: int


def random_year(
    random: Random, terms: Terms, members: int, weeks: int, *, eager: bool = False
) -> list[list[Did]]:
    """Of each member the weeks."""
    if eager:
        often = {name: random.choice((0.1, 0.5, 0.9, 1.0)) for name in terms.prices}
        often[PLAIN] = random.choice((0.0, 0.5, 1.0))
        habits = _Habits(random.choice((0.7, 0.95, 1.0)), often, random.choice((0.3, 0.6, 0.9, 0.97)), 1)
        return [_random_member(random, terms, habits, weeks) for _ in range(members)]
    often = {name: random.choice((0.02, 0.1, 0.5, 0.9, 1.0)) for name in terms.prices}
    often[PLAIN] = random.choice((0.0, 0.05, 0.5, 1.0))
    habits = _Habits(
        random.choice((0.3, 0.7, 0.95)), often, random.choice((0.02, 0.1, 0.5)), random.choice((1, 1, 8))
    )
    return [_random_member(random, terms, habits, weeks) for _ in range(members)]


def _random_member(random: Random, terms: Terms, habits: _Habits, weeks: int) -> list[Did]:
    lots: list[list[int]] = []
    found = []
    since = random.randrange(habits.starts)
    for week in range(weeks):
        expired = sum(units for end, units in lots if end == week)
        lots = [lot for lot in lots if lot[0] != week]
        events: dict[str, int] = {}
        if week >= since and random.random() < habits.active:
            for name, share in habits.often.items():
                if random.random() < share:
                    events[name] = random.choice((1, 1, 1, 2, 3))
        got = sum(terms.prices.get(name, 0) * times for name, times in events.items())
        if got:
            lots.append([week + (terms.lasts or 10**6), got])
        bought: dict[str, int] = {}
        could = sum(units for _, units in lots)
        for reward, cost in terms.costs.items():
            if sum(units for _, units in lots) >= cost and random.random() < habits.buying:
                bought[reward] = 1
                _pay(lots, cost)
        lots = [lot for lot in lots if lot[1]]
        soon = sum(units for end, units in lots if week < end <= week + AHEAD_WEEKS)
        found.append(Did(events, bought, expired, sum(units for _, units in lots), soon, could))
    return found


def _pay(lots: list[list[int]], cost: int) -> None:
    for lot in lots:
        taken = min(cost, lot[1])
        lot[1] -= taken
        cost -= taken


# --- as the product measures it -------------------------------------------------------------------------------


def program_of(terms: Terms) -> Program:
    lines = ["name: Points", f"events: {{{', '.join(f'{name}: {{}}' for name in (*terms.prices, PLAIN))}}}"]
    expires = f"expires: {{after: {{days: {WEEK * terms.lasts}}}}}" if terms.lasts else ""
    lines += [f"currencies: {{points: {{{expires}}}}}", "rules:"]
    lines += [
        f"  - {{id: rule-{at}, trigger: {name}, effects: [award: {price}]}}"
        for at, (name, price) in enumerate(terms.prices.items())
    ]
    lines += ["rewards:" if terms.costs else ""]
    lines += [
        f"  - {{id: {name.replace(' ', '-')}, name: {name}, cost: {{currency: points, amount: {cost}}}}}"
        for name, cost in terms.costs.items()
    ]
    found = read_program("\n".join(lines))
    assert found.program is not None, found.problems
    return found.program


def weeks_of(terms: Terms, members: Sequence[Sequence[Did]], k: int) -> list[WeekMeasures]:
    program, states = program_of(terms), [MemberState(joined=FIRST - 1) for _ in members]
    company, days = CompanyState(members=len(states)), dict[int, DayRollup]()
    frozen: dict[int, WeekMeasures] = {}
    for at in range(len(members[0])):
        monday = FIRST + WEEK * at
        rollup = days[monday] = DayRollup()
        for state, own in zip(states, members, strict=True):
            _fold(terms, state, rollup, own[at], monday)
        week = measure_week(program, company, states, days, monday, (), k)
        keep_month(week, frozen)
        remember_peaks([week], frozen.get(monday - WEEK), k)
        published_outstanding.remember_outstanding(week, frozen.get(monday - WEEK), k)
        frozen[monday] = week
    return list(frozen.values())


def _fold(terms: Terms, state: MemberState, rollup: DayRollup, did: Did, monday: int) -> None:
    wallet = state.wallets.setdefault("points", Wallet())
    for name, times in did.events.items():
        for _ in range(times):
            rollup.members += mark_day(state, monday)
            mark_use(state, monday)
            mark_feature(state, name, monday)
            mark_earning(state, "points" if name in terms.prices else "", monday)
            rollup.events += 1
            if name in terms.prices:
                rollup.incentivised += 1
                mark_rewarded(state, monday)
            add_to(rollup.names, name, 1)
            add_to(rollup.issued, "points", terms.prices.get(name, 0))
    for reward, times in did.bought.items():
        add_to(rollup.spent, "points", terms.costs[reward] * times)
        state.spending["points"] = with_week(state.spending.get("points", (0, 0)), monday)
    if did.expired:
        add_to(rollup.expired, "points", did.expired)
        wallet.expired = (*wallet.expired, (monday, did.expired))
    wallet.active = did.has
    # All that expires soon does so on the last day on which it still counts as soon.
    wallet.lots = [(monday + WEEK * (AHEAD_WEEKS + 1) - 1, did.expiring)] if did.expiring else []


# --- the attack -----------------------------------------------------------------------------------------------


class _Year:
    def __init__(
        self, terms: Terms, members: Sequence[Sequence[Did]], known: Sequence[int], k: int, *, whole: bool
    ) -> None:
        self.terms, self.members, self.k = terms, members, k
        self.known = [members[one] for one in known]
        self.others = [own for one, own in enumerate(members) if one not in set(known)]
        self.weeks = len(members[0])
        self.things = [*terms.prices, PLAIN, *terms.costs, "expired", "expiring", *SO_FAR]
        self.unit = gcd(*terms.prices.values(), *terms.costs.values())
        """All that is got, spent or lost is so much, or so many times as much."""
        self.attack = Attack(self.weeks * len(self.things), whole=whole)
        self.anyway = Attack(self.weeks * len(self.things), whole=whole)
        """Without what is told of rewards and balances: who has not earned enough cannot buy, and that is no secret."""
        self.of_points: set[int] = set()
        self.of_known = self.count(self.known)
        self.before = CurrencyWeek()
        nothing = self.sum(0, {})
        self.since, self.issued = nothing, 0
        """Of what came until here it is told no more; and what was issued since."""
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
        prices, costs = self.terms.prices, self.terms.costs
        for own in members:
            got = paid = lost = 0
            for at, did in enumerate(own):
                got += sum(prices.get(name, 0) * times for name, times in did.events.items())
                paid += sum(costs[name] * times for name, times in did.bought.items())
                lost += did.expired
                amounts = zip(SO_FAR, (got, paid, lost), strict=True)
                points = {"expired": did.expired, "expiring": did.expiring, **dict(amounts)}
                in_units = {name: amount // self.unit for name, amount in points.items()}
                found += self.sum(at, {**did.events, **did.bought, **in_units})
        return found

    def points(self, at: int, name: str) -> Sum:
        return self.sum(at, {name: self.unit} if at >= 0 else {})

    def until(self, at: int) -> Sum:
        """What is left at the end of a week."""
        return self.points(at, "got") - self.points(at, "paid") - self.points(at, "lost")

    def link(self) -> None:
        """What is left at the end of each week, and how much can expire."""
        lasts, last = self.terms.lasts, self.weeks - 1
        for at in range(self.weeks):
            flows = (self.terms.prices, self.terms.costs, {"expired": self.unit})
            for name, worth in zip(SO_FAR, flows, strict=True):
                self.attack.knows(
                    self.points(at, name) - self.points(at - 1, name) - self.sum(at, worth), 0, 0
                )
            left, expired, soon = self.until(at), self.points(at, "expired"), self.points(at, "expiring")
            self.attack.knows(left - soon, 0)
            if not lasts:
                self.attack.knows(left, 0)
                self.attack.knows(expired, 0, 0)
                self.attack.knows(soon, 0, 0)
                continue
            self.attack.knows(self.sum(at - lasts, self.terms.prices if at >= lasts else {}) - expired, 0)
            ending = min(at, at + AHEAD_WEEKS - lasts)
            self.attack.knows(self.points(ending, "got") - self.points(at - lasts, "got") - soon, 0)
            # What is left is of the last weeks only, and of it as much expires at most.
            self.attack.knows(self.points(at, "got") - self.points(at - lasts, "got") - left, 0)
            later = self.points(min(last, at + lasts), "lost") - self.points(at, "lost")
            self.attack.knows(left - later, 0)

    def reads(self, low: float, high: float, terms: Sum) -> None:
        theirs = float(terms @ self.of_known)
        self.attack.knows(terms, low - theirs, high - theirs)

    def reads_number(self, figure: Figure | None, terms: Sum) -> None:
        if figure is not None and figure.value is not None:
            self.reads(figure.value, figure.value, terms)

    def group(self, name: str, terms: Sum, said: Callable[[Sequence[Did]], bool]) -> None:
        self.groups[name] = (terms, sum(map(said, self.members)))

    def read(self, at: int, week: WeekMeasures) -> None:
        prices = self.terms.prices
        shown = published.publish_events(week, self.k)
        everything = (*prices, PLAIN)
        self.reads_number(shown.events, self.sum(at, dict.fromkeys(everything, 1)))
        self.reads_number(shown.organic, self.sum(at, {PLAIN: 1}))
        self.reads_number(shown.incentivised, self.sum(at, dict.fromkeys(prices, 1)))
        for name, figure in published.publish_feature_events(week, self.k).items():
            self.reads_number(figure, self.sum(at, {name: 1}))
        issued = self.sum(at, {name: float(price) for name, price in prices.items()})
        if "points" in shown.issued and shown.issued["points"].value is not None:
            self.reads(*published.issued_band(week, "points", self.k), issued)
        before = len(self.attack.rows)
        self._read_points(at, week)
        self.of_points |= set(range(before, len(self.attack.rows)))
        self._list(at, everything)

    def _read_points(self, at: int, week: WeekMeasures) -> None:
        costs = self.terms.costs
        points, found = publish_points(week, "points", self.k), week.currencies["points"]
        spent = self.sum(at, {name: float(cost) for name, cost in costs.items()})
        if found.spenders >= self.k:
            self.reads(*outstanding.spent_band(found, self.k), spent)
        for figure, amount, terms in (
            (points.expired, found.expired, self.sum(at, {"expired": self.unit})),
            (points.expiring, found.expiring, self.sum(at, {"expiring": self.unit})),
        ):
            if figure.ceiling is not None:
                self.reads(*outstanding.gone_band(amount, found), terms)
        self._read_left(at, week)
        if found.spenders >= self.k:
            self.reads(self.k, numpy.inf, self.sum(at, dict.fromkeys(costs, 1)))

    def _read_left(self, at: int, week: WeekMeasures) -> None:
        """What is left, as far as it counts. How much counts of what came and expired is taken to be known, and how
        much can have come: that is more than is told."""
        found, k = week.currencies["points"], self.k
        if published.publish_events(week, k).events.value is None:
            highest = published_outstanding._told_issued(week, k)["points"].most // max(
                self.terms.prices.values()
            )
            low = 0 if highest <= 8 * k else highest // 2 + 1
            self.reads(low, highest, self.sum(at, dict.fromkeys((*self.terms.prices, PLAIN), 1)))
        self.issued, self.gone = self.issued + week.issued.get("points", 0), self.gone + found.expired
        if not may_be_told(week, found):  # what is told of what members have follows from what was issued
            self._read_hidden(at, week)
            return
        came, expired = self.points(at, "got") - self.since, self.points(at, "lost") - self.lost
        if found.spenders < k or found.cheapest < found.dearest:
            spent = self.sum(at, self.terms.costs)
            self.reads(*outstanding._told_spent(found, k), spent)
            self.waiting, self.waited = self.waiting + spent, self.waited + found.spent
        if found.spenders < k:
            self.bought[at] = self.sum(at, dict.fromkeys(self.terms.costs, 1))
        if found.few and not found.quarters:  # it is told that so many are behind it that it counts
            weeks = outstanding.QUARTERS * outstanding.QUARTER_WEEKS
            newest = [terms for one, terms in self.bought.items() if one > at - weeks]
            bought: Sum = sum(newest, 0 * self.waiting)
            some = int(bought @ self.count(self.members))
            self.reads(min(k, some), numpy.inf, bought)
            self.bought.clear()
        counted, most = self.issued - found.waiting[0], numpy.inf
        if found.behind[0] >= k:
            told = published_outstanding._told_issued(week, k)["points"]
            waited = self.before.waiting[0] + week.issued.get("points", 0) - told.least
            room = self.before.room + told.most - told.least
            low, high = band_around(waited, 0, told.width, room)
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
            self.since, self.issued = self.points(at, "got"), 0
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

    def learned(self) -> list[str]:
        for row, terms in enumerate(self.attack.rows):
            if row not in self.of_points:
                self.anyway.knows(terms, *self.attack.bounds[row])
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
            if self.attack.pins(terms) and not self.anyway.pins(terms)
        ]


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
    random: Random, weeks: int = 52, *, expiring: bool = False, eager: bool = False, whole: bool = False
) -> list[str]:
    k = random.choice((3, 4, 5))
    terms = random_terms(random, expiring=expiring, eager=eager)
    members = random_year(random, terms, random.randint(2 * k, 6 * k), weeks, eager=eager)
    busy = sorted(
        range(len(members)), key=lambda one: -sum(len(did.bought) for did in members[one]) + random.random()
    )
    known = busy[: k - 2] if random.random() < 0.6 else random.sample(busy, k - 2)
    year = _Year(terms, members, known, k, whole=whole)
    year.link()
    for at, week in enumerate(weeks_of(terms, members, k)):
        year.read(at, week)
    return year.learned()
