"""Small companies at random whose members earn points, and buy and lose them; and their weeks, measured and remembered
week by week as the product does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from types import MappingProxyType
from typing import NamedTuple

from engage.core import published_outstanding
from engage.core.activity import mark_day, mark_earning, mark_feature, mark_rewarded, mark_use, with_week
from engage.core.looks import keep_month
from engage.core.measures import WeekMeasures
from engage.core.program import Program
from engage.core.published import remember_peaks
from engage.core.state import CompanyState, DayRollup, MemberState, Wallet, add_to
from engage.document import read_program
from tests.core.measuring import measure_week
from tests.privacy.populations import FIRST, WEEK

PRICES = (1, 5, 10, 10, 50, 250)
COSTS = (20, 50, 100, 100, 500, 500, 2000)
AHEAD_WEEKS = 4
PLAIN = "Plain"
QUESTS = "quests"
STREAK, LEVEL, GIFT, STAGE, ACTIVITY = BESIDES = ("streak", "level", "gift", "stage", "activity")
ALONE = "activity, by Plain"


class Quest(NamedTuple):
    """Each time that somebody has done it so often, it brings so much."""

    event: str
    reach: int
    brings: int


class Besides(NamedTuple):
    """What brings something beside events and quests: so many weeks in a row with an event, or with any, a level of so
    many points earned, so many gifts in a week, each of which brings so much, or a stage that somebody comes to."""

    event: str
    reach: int
    brings: int


class Terms(NamedTuple):
    """Of a program: event -> what it brings, reward -> what it costs, and after how many weeks points expire. `some`:
    events of which only some earn that; `for_team`: those of one team do, else as it comes. `by_hand`: whether
    something is put right; `several`: whether some do much in a week, and
    buy the same reward several times, and the others dear ones seldom."""

    prices: dict[str, int]
    costs: dict[str, int]
    lasts: int | None
    some: tuple[str, ...] = ()
    for_team: bool = False
    quest: Quest | None = None
    by_hand: bool = False
    several: bool = False
    besides: Mapping[str, Besides] = MappingProxyType({})

    @property
    def worth(self) -> dict[str, float]:
        """What is unknown of how something was got, and how much that was."""
        found = {
            earning(name) if name in self.some else name: float(price) for name, price in self.prices.items()
        }
        found |= {QUESTS: float(self.quest.brings)} if self.quest else {}
        return found | {name: float(one.brings) for name, one in self.besides.items()}

    @property
    def rewarded(self) -> dict[str, float]:
        """The events that earned something."""
        found = dict.fromkeys(self.worth, 1.0)
        if self.quest and self.quest.event != PLAIN:  # it earns by itself too
            del found[QUESTS]
        for name, one in self.besides.items():  # what is reached by an event that earns by itself, or by none
            if one.event != PLAIN:
                del found[name]
        return found


def earning(name: str) -> str:
    return f"{name}, earning"


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
    earned: Mapping[str, int] = MappingProxyType({})
    """Of events of which only some do, how often they did."""
    quests: int = 0
    put: int = 0
    """Units given by hand, or taken."""
    in_team: bool = False
    besides: Mapping[str, int] = MappingProxyType({})
    """How often something else brought something; of gifts, those received."""
    gave: int = 0
    """Gifts."""
    earns: int = 0
    """Units that count for a level."""


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


def with_more(random: Random, terms: Terms, more: str) -> Terms:
    """`more`: what else it is that brings something, or takes it."""
    if more == "some":
        return terms._replace(
            some=tuple(name for name in terms.prices if random.random() < 0.7), for_team=random.random() < 0.4
        )
    if more == "quest":
        sure = [*terms.prices, PLAIN]
        brings = random.choice((1, 2, 5, 20)) * random.choice([*terms.prices.values()])
        return terms._replace(quest=Quest(random.choice(sure), random.choice((1, 2, 3, 5, 10)), brings))
    if more in BESIDES:
        besides = {**terms.besides, more: _random_besides(random, terms, more)}
        if more == ACTIVITY:  # who did nothing else earned it by the other event
            besides[ALONE] = besides[more]._replace(event=PLAIN)
        return terms._replace(besides=besides)
    return terms._replace(by_hand=True) if more == "by_hand" else terms._replace(several=True)


def _random_besides(random: Random, terms: Terms, kind: str) -> Besides:
    brings = random.choice((1, 2, 5, 20)) * random.choice([*terms.prices.values()])
    if kind == STREAK:
        return Besides(random.choice([*terms.prices, PLAIN]), random.choice((1, 2, 3, 5, 10)), brings)
    if kind == ACTIVITY:
        return Besides("", random.choice((1, 2, 3, 5, 10)), brings)
    if kind == LEVEL:
        return Besides("", random.choice((1, 3, 10, 40)) * random.choice([*terms.prices.values()]), brings)
    if kind == GIFT:
        return Besides("", random.choice((1, 3)), random.choice((1, 2, 5)) * min(terms.prices.values()))
    return Besides("", 1, brings)


class _Habits(NamedTuple):
    """Of a company: how likely somebody acts in a week, does each thing then, and buys what can be paid."""

    active: float
    often: dict[str, float]
    buying: float
    starts: int
    team: float = 0.0
    sometimes: float = 0.0
    """The shares of members in the team, and of events that earn something where only some do."""
    by_hand: float = 0.0
    besides: float = 0.0


def random_year(
    random: Random, terms: Terms, members: int, weeks: int, *, eager: bool = False
) -> list[list[Did]]:
    """Of each member the weeks."""
    more = (
        (
            random.choice((0.1, 0.3, 0.6, 0.9)),
            random.choice((0.03, 0.2, 0.6, 0.95)),
            random.choice((0.01, 0.1)),
        )
        if terms.some or terms.quest or terms.by_hand or terms.besides
        else (0.0, 0.0, 0.0)
    )
    besides = random.choice((0.003, 0.03, 0.3, 0.9)) if terms.besides else 0.0
    if eager:
        often = {name: random.choice((0.1, 0.5, 0.9, 1.0)) for name in terms.prices}
        often[PLAIN] = random.choice((0.0, 0.5, 1.0))
        habits = _Habits(
            random.choice((0.7, 0.95, 1.0)), often, random.choice((0.3, 0.6, 0.9, 0.97)), 1, *more, besides
        )
        return _random_members(random, terms, habits, members, weeks)
    often = {name: random.choice((0.02, 0.1, 0.5, 0.9, 1.0)) for name in terms.prices}
    often[PLAIN] = random.choice((0.0, 0.05, 0.5, 1.0))
    habits = _Habits(
        random.choice((0.3, 0.7, 0.95)),
        often,
        random.choice((0.02, 0.1, 0.5)),
        random.choice((1, 1, 8)),
        *more,
        besides,
    )
    return _random_members(random, terms, habits, members, weeks)


def _random_members(
    random: Random, terms: Terms, habits: _Habits, members: int, weeks: int
) -> list[list[Did]]:
    gifts: list[list[tuple[int, int]]] = [[(0, 0)] * weeks for _ in range(members)]
    if GIFT in terms.besides:
        for week in range(weeks):
            for giver in range(members):
                for _ in range(terms.besides[GIFT].reach):
                    if random.random() < habits.besides:
                        taker = (giver + random.randrange(1, members)) % members
                        for one, gave, got in ((giver, 1, 0), (taker, 0, 1)):
                            before = gifts[one][week]
                            gifts[one][week] = (before[0] + gave, before[1] + got)
    return [_random_member(random, terms, habits, own) for own in gifts]


def _random_member(
    random: Random, terms: Terms, habits: _Habits, gifts: Sequence[tuple[int, int]]
) -> list[Did]:
    """`gifts`: by weeks, how many were given and received."""
    weeks = len(gifts)
    lots: list[list[int]] = []
    found = []
    since = random.randrange(habits.starts)
    in_team = bool(terms.some) and random.random() < habits.team
    most = random.choice((1, 1, 1, 3, 10)) if terms.several else 1
    done = earned_so_far = run = 0
    has_risen = False
    for week in range(weeks):
        expired = sum(units for end, units in lots if end == week)
        lots = [lot for lot in lots if lot[0] != week]
        events: dict[str, int] = {}
        if week >= since and random.random() < habits.active:
            for name, share in habits.often.items():
                if random.random() < share:
                    events[name] = random.choice((1, 1, 1, 2, 3)) * most
        earned = {name: _earned(random, terms, habits, events.get(name, 0), in_team) for name in terms.some}
        got = sum(terms.prices.get(name, 0) * earned.get(name, times) for name, times in events.items())
        quests = 0
        if terms.quest:
            done += events.get(terms.quest.event, 0)
            quests, done = divmod(done, terms.quest.reach)
            got += quests * terms.quest.brings
        besides: dict[str, int] = {}
        if GIFT in terms.besides:
            besides[GIFT] = gifts[week][1]
        if STAGE in terms.besides:
            besides[STAGE] = int(random.random() < habits.besides)
        if STREAK in terms.besides:
            run = run + 1 if terms.besides[STREAK].event in events else 0
            besides[STREAK] = int(run == terms.besides[STREAK].reach)
        if ACTIVITY in terms.besides:
            run = run + 1 if events else 0
            is_alone = [*events] == [PLAIN]
            for name in (ACTIVITY, ALONE):
                besides[name] = int(run == terms.besides[name].reach and is_alone == (name == ALONE))
        by_events = got + sum(
            besides[name] * terms.besides[name].brings
            for name in (STREAK, ACTIVITY, ALONE)
            if name in besides
        )
        earns = by_events + (besides[STAGE] * terms.besides[STAGE].brings if STAGE in besides else 0)
        earned_so_far += earns
        if LEVEL in terms.besides:
            rises = by_events > 0 and not has_risen and earned_so_far >= terms.besides[LEVEL].reach
            besides[LEVEL], has_risen = int(rises), has_risen or rises
        got += sum(terms.besides[name].brings * times for name, times in besides.items())
        put = (
            _put_by_hand(random, terms, sum(units for _, units in lots), habits.by_hand)
            if terms.by_hand
            else 0
        )
        _pay(lots, max(0, -put))
        earned_so_far += put
        if got + max(0, put):
            lots.append([week + (terms.lasts or 10**6), got + max(0, put)])
        bought: dict[str, int] = {}
        could = sum(units for _, units in lots)
        for reward, cost in terms.costs.items():
            is_seldom = terms.several and most == 1 and cost > min(terms.costs.values())
            share = habits.buying / 10 if is_seldom else habits.buying
            for _ in range(most):
                if sum(units for _, units in lots) >= cost and random.random() < share:
                    bought[reward] = bought.get(reward, 0) + 1
                    _pay(lots, cost)
        lots = [lot for lot in lots if lot[1]]
        soon = sum(units for end, units in lots if week < end <= week + AHEAD_WEEKS)
        has = sum(units for _, units in lots)
        found.append(
            Did(
                events,
                bought,
                expired,
                has,
                soon,
                could,
                earned,
                quests,
                put,
                in_team,
                besides,
                gifts[week][0],
                earns + put,
            )
        )
    return found


def _earned(random: Random, terms: Terms, habits: _Habits, times: int, in_team: bool) -> int:
    if terms.for_team:
        return times * in_team
    return sum(random.random() < habits.sometimes for _ in range(times))


def _put_by_hand(random: Random, terms: Terms, has: int, often: float) -> int:
    """Of what somebody `has`, no more can be taken."""
    if random.random() >= often:
        return 0
    price = random.choice([*terms.prices.values()])
    return max(-has, random.choice((-20, -2, -1, 1, 1, 2, 10, 100)) * price)


def _pay(lots: list[list[int]], cost: int) -> None:
    for lot in lots:
        taken = min(cost, lot[1])
        lot[1] -= taken
        cost -= taken


# --- as the product measures it -------------------------------------------------------------------------------


def program_of(terms: Terms) -> Program:
    asks = "{properties: {good: {type: string}}}"
    events = [f"{name}: {asks}" for name in (*terms.prices, PLAIN)]
    lines = ["name: Points", "traits: {member: {team: {type: string}}}", f"events: {{{', '.join(events)}}}"]
    expires = f"expires: {{after: {{days: {WEEK * terms.lasts}}}}}" if terms.lasts else ""
    lines += [f"currencies: {{points: {{{expires}}}}}", "rules:"]
    asked = (
        "member.traits.team, op: eq, value: sales"
        if terms.for_team
        else "event.properties.good, op: eq, value: yes"
    )
    only = dict.fromkeys(terms.some, f", conditions: {{field: {asked}}}")
    lines += [
        f"  - {{id: rule-{at}, trigger: {name}{only.get(name, '')}, effects: [award: {price}]}}"
        for at, (name, price) in enumerate(terms.prices.items())
    ]
    rules, besides = _besides_of(terms)
    lines += rules
    if terms.quest:
        event, reach, brings = terms.quest
        goal = f"goal: {{event: {event}, reach: {reach}}}, repeats: always, effects: [award: {brings}]"
        lines.append(f"quests: [{{id: quest, name: Quest, {goal}}}]")
    lines += besides
    lines += ["rewards:" if terms.costs else ""]
    lines += [
        f"  - {{id: {name.replace(' ', '-')}, name: {name}, cost: {{currency: points, amount: {cost}}}}}"
        for name, cost in terms.costs.items()
    ]
    found = read_program("\n".join(lines))
    assert found.program is not None, found.problems
    return found.program


def _besides_of(terms: Terms) -> tuple[list[str], list[str]]:
    """Rules, and what else the program says of it."""
    rules, lines = [], []
    for kind, (event, reach, brings) in terms.besides.items():
        award = f"effects: [award: {brings}]"
        if kind == STREAK:
            lines.append(f"streaks: [{{id: run, name: Run, every: week, event: {event}}}]")
            rules.append(f"  - {{id: run, trigger: {{streak: run, reaches: {reach}}}, {award}}}")
        elif kind == ACTIVITY:
            lines.append("streaks: [{id: days, name: Days, every: week}]")
            rules.append(f"  - {{id: days, trigger: {{streak: days, reaches: {reach}}}, {award}}}")
        elif kind == LEVEL:
            lines.append(f"levels: {{currency: points, steps: [{{id: top, name: Top, threshold: {reach}}}]}}")
            rules.append(f"  - {{id: top, trigger: {{level: top}}, {award}}}")
        elif kind == GIFT:
            lines.append(f"giving: [{{currency: points, window: week, allowance: {reach * brings}}}]")
        elif kind == STAGE:
            rules.append(f"  - {{id: stage, trigger: {{stage: slipping}}, {award}}}")
    return rules, lines


def weeks_of(terms: Terms, members: Sequence[Sequence[Did]], k: int) -> list[WeekMeasures]:
    program, states = program_of(terms), [MemberState(joined=FIRST - 1) for _ in members]
    for state, own in zip(states, members, strict=True):
        state.traits = {"team": "sales" if own[0].in_team else "other"}
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
    first = rises = False
    for name, times in did.events.items():
        for at in range(times):
            brings = terms.prices.get(name, 0) if at < did.earned.get(name, times) else 0
            if terms.quest and name == terms.quest.event and at < did.quests:
                brings += terms.quest.brings
            if not first and ACTIVITY in did.besides:
                first = True
                brings += (did.besides[ACTIVITY] + did.besides[ALONE]) * terms.besides[ACTIVITY].brings
            if at == 0 and STREAK in did.besides and name == terms.besides[STREAK].event:
                brings += did.besides[STREAK] * terms.besides[STREAK].brings
            if brings and not rises:
                rises = True
                brings += (
                    did.besides.get(LEVEL, 0) * terms.besides[LEVEL].brings if LEVEL in did.besides else 0
                )
            rollup.members += mark_day(state, monday)
            mark_use(state, monday)
            mark_feature(state, name, monday)
            mark_earning(state, "points" if brings else "", monday)
            rollup.events += 1
            if brings:
                rollup.incentivised += 1
                mark_rewarded(state, monday)
            add_to(rollup.names, name, 1)
            add_to(rollup.issued, "points", brings)
    for name in (GIFT, STAGE):
        if did.besides.get(name):
            add_to(rollup.issued, "points", terms.besides[name].brings * did.besides[name])
    if did.gave or did.besides.get(STAGE):
        mark_earning(state, "points", monday)
    for reward, times in did.bought.items():
        add_to(rollup.spent, "points", terms.costs[reward] * times)
        state.spending["points"] = with_week(state.spending.get("points", (0, 0)), monday)
    if did.expired:
        add_to(rollup.expired, "points", did.expired)
        wallet.expired = (*wallet.expired, (monday, did.expired))
    if did.put:
        add_to(rollup.adjusted, "points", did.put)
    wallet.active = did.has
    # All that expires soon does so on the last day on which it still counts as soon.
    wallet.lots = [(monday + WEEK * (AHEAD_WEEKS + 1) - 1, did.expiring)] if did.expiring else []
