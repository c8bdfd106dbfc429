"""Small random programs and random histories of a company, for the properties of the ledger.

Owns the making only; what is right is for the tests that draw from here. Made by a seeded generator: hypothesis picks
the seeds and shortens the stories, but drawing every number through it took a hundred times as long as deciding, and
the limits, debts and undoings that matter meet only in long stories.
"""

from __future__ import annotations

from random import Random
from typing import Any

from hypothesis import strategies as st
from msgspec import Struct
from msgspec.structs import replace

from engage.core.calendar import DAY, HOUR
from engage.core.conditions import Clause, Not
from engage.core.event import Body, Kind
from engage.core.goals import is_advancing
from engage.core.occasions import Occasion
from engage.core.program import (
    AdvanceQuest,
    Audience,
    Award,
    Badge,
    Basis,
    Bracket,
    Budget,
    Currency,
    Effect,
    EventType,
    Formula,
    Funnel,
    Giving,
    GrantBadge,
    Group,
    Leaderboard,
    Level,
    Levels,
    Lifecycle,
    Limit,
    Multiply,
    Nudge,
    Over,
    Per,
    Program,
    Property,
    Referral,
    Review,
    Reward,
    RewardLimit,
    Round,
    Rule,
    SendNudge,
    SetTag,
    Side,
    Tag,
    Window,
)
from engage.core.state import Wallet
from tests.core.history import History, Step
from tests.core.random_quests import make_quests, make_streaks

START = 20_500 * DAY + 9 * HOUR
CURRENCIES = ("coins", "points")
EVENTS = ("Call", "Sale", "Mail")
MEMBERS = ("ann", "bob")
COLLEAGUES = ("cid", "dan", "eve", "fay", "gus", "hal")
"""Who may come to be members."""
WINDOWS: tuple[Window, ...] = ("day", "week", "month", "quarter", "year", "lifetime")
TEAMS = ("north", "south")
GROUPS = ("", "", "a", "b", "b", "c")
OVER: tuple[Over, ...] = ("cut", "refuse")
STORY_MAX = 60
REWARDS = 3
CONDITIONS = (
    Clause("event.properties.value", "ge", 50, "integer"),
    Clause("member.level", "ge", "silver", "level", ranks=(2,)),
    Clause("event.weekday", "ne", "monday", "weekday"),
    Clause("member.tags", "has", "vip", "tags"),
)
LEVELS = Levels(
    "points", (Level("bronze", "Bronze", 5), Level("silver", "Silver", 40), Level("gold", "Gold", 200))
)

REVIEWS = (
    Review("03-01"),
    Review("03-15", downgrade="to_basis", grace_days=10),
    Review("anniversary"),
    Review(months=1),
    Review(months=1, downgrade="to_basis", grace_days=9),
    Review(months=2, downgrade="none"),
)

BOARDS = (
    Leaderboard("sales", "Sales", "member", "event", "Sale", "lifetime", 5),
    Leaderboard("week", "Week", "member", "currency", "points", "week", 5),
    Leaderboard("month", "Month", "member", "currency", "coins", "month", 5),
)


LIFECYCLE = Lifecycle(new_days=3, habit_weeks=2, habit_of=2, slipping_days=2, dormant_days=5)
STAGES = (
    Rule(
        "slips",
        "Slips",
        "",
        None,
        (Award("points", 2), SetTag("new", False)),
        on=Occasion("stage", "slipping"),
    ),
    Rule("back", "Back", "", None, (Award("coins", 3),), on=Occasion("stage", "dormant:active")),
    Rule(
        "stages",
        "Stages",
        "",
        Clause("member.stage", "ne", "new", "stage"),
        (Award("points", 1), SendNudge("hi")),
        on=Occasion("stage", "*"),
    ),
)


def make_levels(random: Random) -> Levels:
    """Levels by any period, reviewed within the time of a story."""
    basis: Basis = random.choice(["lifetime", "calendar_year", "membership_year", "rolling", "rolling"])
    steps = tuple(replace(step, protected=random.random() < 0.2) for step in LEVELS.steps)
    months = random.randint(1, 3) if basis == "rolling" else 0
    review = random.choice(REVIEWS) if random.random() < 0.8 else None
    return Levels("points", steps, basis, months, review, random.choice(["keep", "rise", "rise_and_fall"]))


def make_limit(random: Random, rule: str, *, company: bool = True) -> Limit:
    if company and random.random() < 0.3:
        return _unplain_limit(random, rule)
    per: Per = "company" if company and random.random() < 0.4 else "member"
    window = random.choice(WINDOWS)
    if random.random() < 0.4:
        return Limit(rule, per, window, count=random.randint(1, 4))
    currency = random.choice(CURRENCIES)
    return Limit(rule, per, window, amount=random.randint(1, 90), currency=currency, over=random.choice(OVER))


def _unplain_limit(random: Random, rule: str) -> Limit:
    """Per department, in a rolling window, or a cooldown."""
    per: Per = random.choice(["member", "department", "company"])
    count = random.choice([1, 1, 2, 4])
    kind = random.choice(["rolling", "days", "hours", *(["calendar"] if per == "department" else [])])
    if kind == "calendar":
        return Limit(rule, per, random.choice(WINDOWS), count=count, over="refuse")
    if kind == "days":
        return Limit(rule, per, "cooldown", count=1, over="refuse", days=random.choice([1, 3]))
    if kind == "hours":
        return Limit(rule, per, "cooldown", count=1, over="refuse", hours=random.choice([1, 6, 30]))
    days = random.choice([1, 2, 7, 30])
    if random.random() < 0.5:
        return Limit(rule, per, "rolling", count=count, over="refuse", days=days)
    over, currency = random.choice(OVER), random.choice(CURRENCIES)
    return Limit(rule, per, "rolling", None, random.randint(1, 60), currency, over, days)


def _effect(random: Random) -> Effect:
    currency = random.choice(CURRENCIES)
    kind = random.random()
    if kind < 0.15:
        return Award(currency, 0, _formula(random))
    if kind < 0.65:
        return Award(currency, random.choice([1, 2, 3, 7, 10, 25, 100]))
    if kind < 0.85:
        return Multiply(currency, random.choice([1, 500, 1500, 2000, 3333]))
    if kind < 0.93:
        return SetTag(random.choice(["vip", "new"]), random.random() < 0.6)
    return random.choice([GrantBadge("closer"), GrantBadge("star"), SendNudge("hi")])


def _formula(random: Random) -> Formula:
    least, most = random.choice([(0, None), (0, None), (3, None), (0, 40), (3, 40)])
    how: Round = random.choice(["half_even", "down", "up"])
    if random.random() < 0.5:
        rate = random.choice([1, 20_000, 333_333, 1_500_000])
        return Formula("event.properties.value", "integer", rate, (), how, least, most)
    brackets = (Bracket(10_000, 2), Bracket(33_333, rate=250_000), Bracket(70_500, 30))
    return Formula("event.properties.value", "integer", 0, brackets[: random.randint(1, 3)], how, least, most)


def _distinct(bounds: list[Any]) -> tuple[Any, ...]:
    """One limit or budget for each counter, as programs must have."""
    return tuple({bound.key: bound for bound in bounds}.values())


def _rule(random: Random, number: int) -> Rule:
    id = f"rule-{number}"
    effects = tuple(_effect(random) for _ in range(random.choice([1, 1, 2, 3])))
    return Rule(
        id=id,
        name=id,
        trigger=random.choice(EVENTS[:2]),
        conditions=random.choice(CONDITIONS) if random.random() < 0.2 else None,
        effects=effects,
        limits=_distinct([make_limit(random, id) for _ in range(random.randint(0, 3))]),
        audience=random.choice(["", "", "high"]),
        group="" if any(isinstance(effect, Multiply) for effect in effects) else random.choice(GROUPS),
    )


def _reward(random: Random, number: int) -> Reward:
    limits = [
        RewardLimit(random.choice(["member", "company"]), random.choice(WINDOWS), random.randint(1, 3))
        for _ in range(random.randint(0, 2))
    ]
    return Reward(
        id=f"reward-{number}",
        name="Reward",
        currency=random.choice(CURRENCIES),
        cost=random.choice([1, 5, 20, 60]),
        stock=random.choice([None, 1, 2, 5]),
        limits=tuple({(one.per, one.window): one for one in limits}.values()),
        level=random.choice(["", "", "silver"]),
        conditions=random.choice([None, None, CONDITIONS[1]]),
        approval=random.choice(["automatic", "required"]),
    )


def _referral(random: Random) -> Referral:
    """Who becomes active soon, within the time of a story."""
    sides = [
        Side(
            tuple(_effect(random) for _ in range(random.randint(0, 2))),
            _distinct([make_limit(random, f"referral:{whose}") for _ in range(random.randint(0, 1))]),
        )
        for whose in ("invited", "inviter")
    ]
    limit = RewardLimit(random.choice(["member", "company"]), random.choice(WINDOWS), random.randint(1, 4))
    return Referral(
        random.choice(EVENTS[:2]),
        random.randint(1, 2),
        random.choice([1, 60, 60]),
        random.choice([0, 0, 5]),
        random.choice([None, None, CONDITIONS[0]]),
        *sides,
        limits=random.choice([(), (limit,)]),
        channels=("link", "chat"),
        audience=random.choice(["", "", "newcomers"]),
    )


def make_program(seed: int) -> Program:
    random = Random(seed)
    budgets = [
        Budget(
            random.choice(CURRENCIES),
            random.choice(WINDOWS),
            random.randint(1, 300),
            random.choice(OVER),
            random.choice([(), (80, 100), (1, 50, 99)]),
        )
        for _ in range(random.randint(0, 3))
    ]
    streaks, rules_of_streaks = make_streaks(random)
    another = Random(f"{seed} and stages")
    stages = [rule for rule in STAGES if another.random() < 0.2]
    program = Program(
        name="Random",
        currencies={name: Currency(name, random.choice(["refuse", "allow"])) for name in CURRENCIES},
        events={
            name: EventType(name, browser=name == "Call", properties={"value": Property("integer")})
            for name in EVENTS
        },
        late_days=random.choice([0, 1, 30]),
        multipliers=random.choice(["largest", "compound", "add"]),
        badges={name: Badge(name) for name in ("closer", "star")},
        tags={name: Tag(name) for name in ("vip", "new")},
        nudges={"hi": Nudge("Hi.")},
        leaderboards=BOARDS if random.random() < 0.4 else (),
        funnels=(Funnel("f", "F", ("Call", "Sale"), 1),),
        levels=make_levels(random) if random.random() < 0.3 else LEVELS,
        member_traits={"team": Property("string")},
        department="team",
        rules=(
            *(_rule(random, number) for number in range(random.randint(1, 4))),
            *rules_of_streaks,
            *stages,
        ),
        lifecycle=LIFECYCLE,
        budgets=_distinct(budgets),
        audiences={"high": Audience("High", CONDITIONS[1]), "newcomers": Audience("New", Not(CONDITIONS[1]))},
        audience=random.choice(["", "", "", "newcomers"]),
        groups={"a": Group("first"), "b": Group("best", "points"), "c": Group("all")},
        giving=tuple(
            Giving(name, random.choice(WINDOWS), random.randint(1, 60), random.choice([None, 10, 25]))
            for name in CURRENCIES[: random.randint(0, 2)]
        ),
        rewards=tuple(_reward(random, number) for number in range(REWARDS)),
        quests=make_quests(random, 2),
        streaks=streaks,
        referral=_referral(random) if random.random() < 0.4 else None,
    )
    return with_pasts(random, with_advances(random, program))


def with_pasts(random: Random, program: Program) -> Program:
    """Some of its quests count what happened before another version brought them."""
    quests = [
        replace(quest, id=f"{quest.id}-too", counts_from=1, silently=random.random() < 0.5)
        if random.random() < 0.3 and not quest.requires.quests
        else quest
        for quest in program.quests
    ]
    return program if _related(program) else replace(program, quests=tuple(quests))


def _related(program: Program) -> bool:
    """Whether something else of it names a quest."""
    return any(quest.requires.quests for quest in program.quests) or any(
        isinstance(effect, AdvanceQuest) for rule in program.rules for effect in rule.effects
    )


def with_advances(random: Random, program: Program) -> Program:
    """Some of its quests are advanced by a rule, too."""
    rules = list(program.rules)
    for quest in program.quests:
        if is_advancing(quest) and random.random() < 0.4:
            number = random.randrange(len(rules))
            effect = AdvanceQuest(quest.id, random.randint(1, 3))
            rules[number] = replace(rules[number], effects=(*rules[number].effects, effect))
    return replace(program, rules=tuple(rules))


def without_quests(program: Program) -> Program:
    rules = [
        replace(rule, effects=tuple(one for one in rule.effects if not isinstance(one, AdvanceQuest)))
        for rule in program.rules
    ]
    return replace(program, quests=(), rules=tuple(rules))


def make_referring_program(seed: int) -> Program:
    """One in which members invite colleagues."""
    return replace(make_program(seed), audience="", referral=_referral(Random(seed)))


def make_fixed_program(seed: int, limits_max: int) -> Program:
    """Fixed awards under limits of the member alone."""
    random = Random(seed)
    rules = []
    for number in range(random.randint(1, 3)):
        id = f"rule-{number}"
        own = [make_limit(random, id, company=False) for _ in range(random.randint(0, limits_max))]
        award = Award(random.choice(CURRENCIES), random.randint(1, 30))
        rules.append(Rule(id, id, random.choice(EVENTS[:2]), effects=(award,), limits=_distinct(own)))
    currencies = {name: Currency(name) for name in CURRENCIES}
    return Program("Fixed", currencies, {name: EventType(name) for name in EVENTS}, 90, rules=tuple(rules))


SEEDS = st.integers(0, 2**32 - 1)
programs = st.builds(make_program, SEEDS)
referring_programs = st.builds(make_referring_program, SEEDS)


class Act(Struct, frozen=True):
    """What happens next. `hours` moves the clock; `late` is how many hours before that an event happened."""

    kind: str
    member: str
    hours: int = 0
    late: int = 0
    event: str = "Sale"
    value: int = 0
    trusted: bool = True
    currency: str = "points"
    amount: int = 1
    """For an adjustment; one that would take more than there is takes all."""
    which: int = 0
    """For undoing: which of the events that can be undone, the newest first, counted around. For a step: which
    redemption."""


def _track(random: Random) -> Act:
    return Act(
        "track",
        random.choice(MEMBERS),
        hours=random.choice([0, 0, 0, 1, 5, 24, 200]),
        late=random.choice([0, 0, 0, 0, 0, 3, 23, 24, 25, 100, 720, 721, 3000]),
        event=random.choice((*EVENTS[:2] * 5, *EVENTS, "Undeclared")),
        value=random.randint(0, 100),
        trusted=random.random() < 0.9,
    )


def _act(random: Random, kinds: tuple[str, ...]) -> Act:
    kind = random.choice(("track", "track", "track", *kinds))
    member, hours = random.choice(MEMBERS), random.choice([0, 0, 1, 30])
    if kind == "adjust":
        amount = random.choice([-1000, -1000, -60, -25, -1, 1, 50])
        return Act(kind, member, currency=random.choice(CURRENCIES), amount=amount)
    if kind == "undo":
        return Act(kind, member, hours, which=random.choice([0, 0, 1, 2, 5, 11]))
    if kind == "redeem":
        return Act(kind, member, hours, event=f"reward-{random.randrange(REWARDS)}")
    if kind == "give":
        return Act(
            kind, member, hours, currency=random.choice(CURRENCIES), amount=random.choice([1, 5, 20, 50])
        )
    if kind == "step":
        step = random.choice(["approve", "fulfil", "fulfil", "cancel"])
        return Act(kind, member, hours, event=step, which=random.choice([0, 0, 0, 1, 2, 5]))
    if kind in ("invite", "take"):
        to, inviter = random.choice((MEMBERS[0], *COLLEAGUES)), random.choice((*MEMBERS, COLLEAGUES[0]))
        return Act(kind, inviter, hours, event=to, which=random.choice([0, 0, 1, 2]))
    if kind == "colleague":
        act = replace(_track(random), member=random.choice(COLLEAGUES), hours=random.choice([0, 1, 24]))
        return replace(act, late=0, trusted=True, event=random.choice(EVENTS[:2]))
    if kind == "wait":
        return Act(kind, member, hours=random.choice([24, 500]))
    if kind == "move":
        return Act(kind, member, hours, event=random.choice(TEAMS))
    if kind == "zone":
        return Act(kind, member, hours, event=random.choice(["UTC", "Asia/Tokyo", "America/Los_Angeles"]))
    return _track(random)


def make_story(seed: int, length: int, kinds: tuple[str, ...]) -> list[Act]:
    random = Random(seed)
    return [_act(random, kinds) for _ in range(length)]


def stories(*kinds: str) -> st.SearchStrategy[list[Act]]:
    """Events mostly, and acts of these kinds (adjust, undo, zone, redeem, step, give, wait, move,
    invite, take, colleague)."""
    # Shortest last: hypothesis tries its smallest numbers far too often, and long stories are what finds mistakes.
    lengths = st.integers(0, STORY_MAX).map(lambda left: STORY_MAX - left)
    return st.builds(make_story, SEEDS, lengths, st.just(kinds))


class Told:
    """A history that acts are told to, one by one."""

    def __init__(self, program: Program) -> None:
        self.history = History()
        self.history.publish(program)
        self.clock = START
        self.undone: dict[int, Step] = {}
        """Seq of the event -> the step that undid it."""

    def act(self, act: Act) -> Step | None:
        self.clock += act.hours * HOUR
        if act.kind in ("invite", "take"):
            return self._invite(act)
        if act.kind in ("track", "colleague"):
            properties = {"value": act.value} if act.value else {}
            at = self.clock - act.late * HOUR
            return self.history.track(act.member, act.event, at, properties, trusted=act.trusted)
        if act.kind == "adjust":
            return self._adjust(act)
        if act.kind == "redeem":
            known = act.member in self.history.members
            return self.history.redeem(act.member, self.clock, act.event) if known else None
        if act.kind == "step":
            return self._step(act)
        if act.kind == "wait":
            self.history.wait(act.member, self.clock)
            return None
        if act.kind == "move":
            return self.history.append(
                Kind.IDENTIFY, act.member, self.clock, "", Body("", {"team": act.event})
            )
        if act.kind == "give":
            to = next(name for name in MEMBERS if name != act.member)
            known = {act.member, to} <= self.history.members.keys()
            give = self.history.give
            return give(act.member, self.clock, to, act.currency, act.amount)[-1] if known else None
        if act.kind == "zone":
            return self.history.append(Kind.GROUP, "", self.clock, "", Body("", {"timezone": act.event}))
        return self._undo(act.which)

    def _invite(self, act: Act) -> Step | None:
        """Invite a colleague by name, or offer one an invitation that is there, whosever it is."""
        sent = [
            step
            for step in self.history.steps
            if step.entry.kind == Kind.REFERRAL and step.decision.record.status == "sent"
        ]
        if act.kind == "take" and sent:
            return self.history.offer(act.event, self.clock, sent[-1 - act.which % len(sent)])
        known = act.kind == "invite" and act.member in self.history.members
        return self.history.invite(act.member, self.clock, act.event if act.which else "") if known else None

    def _adjust(self, act: Act) -> Step | None:
        self.history.wait(act.member, self.clock)
        wallet = self.history.member(act.member).wallets.get(act.currency, Wallet())
        amount = max(act.amount, -wallet.active)
        if act.member not in self.history.members or amount == 0 or (act.amount < 0 < amount):
            return None  # refused before the core is asked
        return self.history.adjust(act.member, self.clock, act.currency, amount)

    def _step(self, act: Act) -> Step | None:
        """Some step of some redemption, be it the right one or not."""
        asked = [
            step
            for step in self.history.steps
            if step.entry.kind == Kind.REDEMPTION and step.entry.body.data["step"] == "request"
        ]
        if not asked:
            return None
        first = asked[-1 - act.which % len(asked)].entry
        name = next(name for name, number in self.history.numbers.items() if number == first.member)
        return self.history.take_step(name, self.clock, act.event, first.seq)

    def _undo(self, which: int) -> Step | None:
        events = [
            step
            for step in self.history.steps
            if step.entry.kind == Kind.TRACK and step.entry.seq not in self.undone
        ]
        if not events:
            return None
        first = events[-1 - which % len(events)]
        name = next(name for name, number in self.history.numbers.items() if number == first.entry.member)
        step = self.history.reverse(name, self.clock, first)
        self.undone[first.entry.seq] = step
        return step


def tell(program: Program, story: list[Act]) -> Told:
    told = Told(program)
    for act in story:
        told.act(act)
    return told
