"""Backtests over random programs and histories: what was in force reproduces the ledger, a draft is the draft lived."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from copy import deepcopy
from decimal import Decimal
from types import MappingProxyType

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engage.core import backtest, backtest_counts
from engage.core.agenda import next_due
from engage.core.backtest import Backtest
from engage.core.backtest_counts import Counts, Followed, Seen, Side
from engage.core.backtest_people import Pair, People
from engage.core.backtest_recorded import Recorded
from engage.core.backtest_report import BacktestReport, report
from engage.core.calendar import DAY, HOUR, midnight, weekday_of
from engage.core.compiled import CompiledProgram, compile_program
from engage.core.decide import Undone, decide
from engage.core.decisions import encode_record
from engage.core.event import Body, Kind, Row, encode_body
from engage.core.fold import fold
from engage.core.occasions import CLOCK, LEVEL, Occasion
from engage.core.program import Award, GrantFreeze, Program, Rule
from engage.core.state import CompanyState, DayRollup, MemberState
from engage.core.uneventful import Uneventful
from tests.core.history import History, Step, program_of
from tests.core.random_programs import START, Act, Told, programs, stories, without_quests

ALWAYS = 2**60
BLOCK = 3
"""Entries whose record is counted at once."""
EVERYTHING = stories("adjust", "undo", "zone")
BUSY = stories(
    "adjust", "undo", "zone", "move", "give", "redeem", "step", "invite", "take", "colleague", "wait"
)
CLOCKS = (
    Rule("daily", "daily", "", effects=(Award("points", 3),), on=Occasion(CLOCK, "daily")),
    Rule("monthly", "monthly", "", effects=(Award("coins", 9),), on=Occasion(CLOCK, "monthly:1")),
    Rule("silver", "silver", "", effects=(Award("points", 5),), on=Occasion(LEVEL, "silver")),
)


def with_clocks(program: Program, which: int) -> Program:
    """The program with some of CLOCKS, by the bits of a number."""
    more = tuple(rule for bit, rule in enumerate(CLOCKS) if which >> bit & 1)
    return msgspec.structs.replace(program, rules=(*program.rules, *more))


class Trial:
    """A backtest of what a history tells from step `start` on."""

    def __init__(
        self,
        history: History,
        program: CompiledProgram | None,
        start: int = 0,
        *,
        decided: bool = False,
    ) -> None:
        """`decided`: each entry by `decide` and `fold`, also where neither is needed."""
        self.decided = decided
        before = History()
        for step in history.steps[:start]:
            append(before, history, step)
        self.members = {
            before.numbers[name]: Followed(deepcopy(state)) for name, state in before.members.items()
        }
        self.counts = Counts()
        undone = {step.entry.body.data["seq"] for step in history.steps if step.entry.kind == Kind.REVERSAL}
        self.test = Backtest(
            program,
            self.counts,
            deepcopy(before.company),
            lambda number: self.members.setdefault(number, Followed(MemberState())),
            name="acme",
            first_at=0,
            end_at=ALWAYS,
            awaited=undone,
        )
        self.recorded = Recorded(
            self.counts,
            self.test.company.levels,
            self.test.members,
            name="acme",
            first_at=0,
            end_at=ALWAYS,
            by_day=True,
        )
        self.test.expect(sorted(self.members.items()))
        for first in range(start, len(history.steps), BLOCK):
            self._block(history, history.steps[first : first + BLOCK])
        self.test.settle()

    def _block(self, history: History, steps: list[Step]) -> None:
        transfers = [
            (step.entry.seq, one.currency, one.source, one.target, one.amount, one.rule)
            for step in steps
            for one in step.decision.transfers
        ]
        rows = [stored(step) for step in steps]
        self.recorded.add(rows, transfers)
        programs = {step.entry.program: step.program for step in steps}
        undone = {step.entry.seq: undone_by(history, step) for step in steps}
        if not self.decided:
            self.test.add(rows, programs, {seq: one for seq, one in undone.items() if one is not None})
        for step in steps if self.decided else ():
            self.test.consider(step.entry, step.program, undone[step.entry.seq])
            assert len(self.counts.trial.outcomes) <= backtest_counts.COMBINATIONS_MAX

    @property
    def company(self) -> CompanyState:
        return self.test.company

    def report(
        self, program: CompiledProgram, prices: Mapping[str, Decimal] = MappingProxyType({})
    ) -> BacktestReport:
        people = People(program.program)
        people.stand(self.company.levels, self.recorded.levels)
        people.add("acme", sorted(self.members.items()))
        names = {("acme", number): str(number) for number in self.members}
        versions = {1: program}
        return report(self.counts, people, names, program, versions, days=(1, 1), companies=1, prices=prices)


def stored(step: Step) -> Row:
    """An entry as the log has it."""
    one, record = step.entry, encode_record(step.decision.record)
    when = one.at, one.received_at, one.day, one.hour
    return one.seq, one.kind, one.member, 0, *when, one.program, one.name, encode_body(one.body), record


def met(seen: Seen) -> Seen:
    """Less what depends on how an entry came to what it did."""
    return msgspec.structs.replace(seen, due=0, decided_until=0)


def undone_by(history: History, step: Step) -> Undone | None:
    if step.entry.kind != Kind.REVERSAL:
        return None
    first = next(one for one in history.steps if one.entry.seq == step.entry.body.data["seq"])
    return history.undoing(first, step.entry.seq)


def append(to: History, history: History, step: Step) -> None:
    """Append what a history has as it has it, decided by the same versions."""
    to.versions = history.versions[: step.entry.program]
    names = {number: name for name, number in history.numbers.items()}
    name, entry = names.get(step.entry.member, ""), step.entry
    if name:
        to.members.setdefault(name, MemberState())
        to.numbers[name] = entry.member
    when, undoing = (entry.day, entry.hour), undone_by(history, step)
    to._append(entry.kind, name, entry.at, entry.received_at, when, entry.name, entry.body, undoing)


def lived(history: History, draft: CompiledProgram) -> History:
    """The same acts under a draft, from the first on, with a scheduler that comes at every midnight."""
    made, steps = History(versions=[draft], version=1), dict[int, Step]()
    names = {number: name for name, number in history.numbers.items()}
    for step in history.steps:
        entry, name = step.entry, names.get(step.entry.member, "")
        come_to(made, entry.received_at)
        if entry.kind == Kind.TICK:
            continue
        if name and name not in made.members:
            made.members[name], made.numbers[name] = MemberState(), entry.member
        undoing, body = None, entry.body
        if entry.kind == Kind.REVERSAL:
            first = steps[body.data["seq"]]
            undoing = Undone(first.entry, first.decision.record, first.decision.transfers, draft)
            # Other ticks than there were number the entries otherwise.
            body = msgspec.structs.replace(body, data={**body.data, "seq": first.entry.seq})
        when = entry.day, entry.hour
        steps[entry.seq] = made._append(
            entry.kind, name, entry.at, entry.received_at, when, entry.name, body, undoing
        )
    return made


def unreported(state: MemberState) -> MemberState:
    """Without what nothing but reports reads, which a backtest leaves out."""
    unread = {
        "features": {},
        "uses": (0, b""),
        "funnels": {},
        "earning": {},
        "shares": [],
        "rewarded": (0, b""),
    }
    return msgspec.structs.replace(state, **unread)


def come_to(history: History, until: int) -> None:
    """Append what is due to anybody by then, midnight by midnight."""
    while history.program:
        due = [
            (next_due(history.program, history.company, state), history.numbers[name], name)
            for name, state in history.members.items()
        ]
        day, _, name = min((one for one in due if one[0]), default=(0, 0, ""))
        if not day or (at := midnight(day, history.company.timezone)) > until:
            return
        history.wait(name, at)


@st.composite
def told(draw: st.DrawFn) -> Told:
    """A history by several versions, each with or without a clock."""
    versions = [with_clocks(draw(programs), draw(st.integers(0, 7))) for _ in range(draw(st.integers(1, 3)))]
    made = Told(versions[0])
    for number, version in enumerate(versions):
        if number:
            made.history.publish(version)
        for act in draw(EVERYTHING):
            made.act(act)
    return made


def moved(side: Side) -> Counter[tuple[str, int, int]]:
    sums: Counter[tuple[str, int, int]] = Counter()
    for (_, _, currency, source, target), amount in side.moved.items():
        sums[(currency, source, target)] += amount
    return sums


@settings(max_examples=50)
@given(told=told(), share=st.floats(0, 1))
def test_what_was_in_force_reproduces_the_ledger(told: Told, share: float) -> None:
    """With publications, adjustments, reversals, late events and ticks, from any point on."""
    history = told.history
    start = int(share * len(history.steps))
    trial = Trial(history, None, start)
    assert trial.counts.trial == trial.counts.actual
    assert trial.company == history.company
    for name, number in history.numbers.items():
        followed = trial.members[number]
        assert unreported(followed.state) == unreported(history.members[name])
        assert followed.seen is None or followed.seen.level == followed.state.level
    assert {level: n for level, n in trial.recorded.levels.items() if n} == history.company.levels


@settings(max_examples=40)
@given(program=programs, draft=programs, clocks=st.integers(0, 7), story=EVERYTHING)
def test_a_draft_does_what_it_would_have_done(
    program: Program, draft: Program, clocks: int, story: list[Act]
) -> None:
    """Reversals, late events and time included."""
    told = Told(program)
    for act in story:
        told.act(act)
    compiled = compile_program(with_clocks(draft, clocks))
    wanted = lived(told.history, compiled)
    trial, again = Trial(told.history, compiled), Trial(wanted, None)
    assert moved(trial.counts.trial) == moved(again.counts.actual)
    assert trial.counts.trial.badges == again.counts.actual.badges
    assert trial.company.usage == wanted.company.usage
    for name, number in wanted.numbers.items():
        found, state = trial.members[number].state, wanted.members[name]
        for field in ("wallets", "level", "usage", "quests", "ticked", "joined", "traits"):
            assert getattr(found, field) == getattr(state, field)
        assert found.badges.keys() == state.badges.keys()


@st.composite
def narrow(draw: st.DrawFn) -> Program:
    """A program that looks at few events, each with or without what keeps an eye on everything."""
    program, events = draw(programs), draw(st.sets(st.sampled_from(("Call", "Mail"))))
    rules = tuple(rule for rule in program.rules if rule.on is not None or rule.trigger in events)
    program = msgspec.structs.replace(program, rules=rules)
    if draw(st.booleans()):
        program = msgspec.structs.replace(program, referral=None)
    if draw(st.booleans()):
        rules = tuple(rule for rule in rules if rule.on is None)
        program = msgspec.structs.replace(program, rules=rules)
    if draw(st.booleans()):
        rules = tuple(rule for rule in rules if not any(isinstance(one, GrantFreeze) for one in rule.effects))
        program = without_quests(msgspec.structs.replace(program, rules=rules, streaks=()))
    return program


@st.composite
def viewed(draw: st.DrawFn, program: Program) -> Told:
    """A history with pages, some of them named like events, and events with little to them."""
    made = Told(program)
    for number, act in enumerate(draw(BUSY)):
        made.act(act)
        if number % 3:
            made.history.track(act.member, ("Mail", "Sale")[number % 2], made.clock - number % 5 * DAY)
        else:
            body = Body("", {}, None, act.trusted)
            made.history.append(Kind.PAGE, act.member, made.clock, ("Call", "Home")[number % 2], body)
    return made


@settings(max_examples=50)
@given(data=st.data(), draft=narrow(), program=programs, clocks=st.integers(0, 7), share=st.floats(0, 1))
def test_what_nothing_looks_at_comes_to_the_same_without_a_decision(
    data: st.DataObject, draft: Program, program: Program, clocks: int, share: float
) -> None:
    history, compiled = data.draw(viewed(program)).history, compile_program(with_clocks(draft, clocks))
    start = int(share * len(history.steps))
    trial, decided = Trial(history, compiled, start), Trial(history, compiled, start, decided=True)
    assert trial.counts == decided.counts
    assert trial.company == decided.company
    assert {number: one.state for number, one in trial.members.items()} == {
        number: one.state for number, one in decided.members.items()
    }
    for number, one in trial.members.items():
        other = decided.members[number].seen
        assert (one.seen is None) == (other is None)
        if one.seen is not None and other is not None:
            assert met(one.seen) == met(other)


@settings(max_examples=30)
@given(data=st.data(), program=narrow())
def test_what_is_passed_over_leaves_the_states_that_a_decision_does(
    data: st.DataObject, program: Program
) -> None:
    """As a log is told again up to the period, by the versions in force."""
    history = data.draw(viewed(program)).history
    company, members = CompanyState(), dict[int, MemberState]()
    for step in history.steps:
        row = stored(step)
        member = members.setdefault(row[2], MemberState())
        if not Uneventful(step.program).passes(company, member, row):
            decision = decide(step.program, company, member, step.entry, undone_by(history, step))
            fold(step.program, company, member, DayRollup(), step.entry, decision)
    assert company == history.company
    for name, number in history.numbers.items():
        assert unreported(members[number]) == unreported(history.members[name])


@settings(max_examples=40)
@given(program=programs, draft=programs, story=EVERYTHING, share=st.floats(0, 1))
def test_the_report_adds_up(program: Program, draft: Program, story: list[Act], share: float) -> None:
    told = Told(program)
    for act in story:
        told.act(act)
    history, compiled = told.history, compile_program(draft)
    trial = Trial(history, compiled, int(share * len(history.steps)))
    trial.counts.trial.settle()
    versions = compile_program(program)
    people = People(draft)
    people.stand(trial.company.levels, trial.recorded.levels)
    people.add("acme", sorted(trial.members.items()))
    names = {("acme", number): str(number) for number in trial.members}
    found = report(trial.counts, people, names, compiled, {1: versions}, days=(1, 1), companies=1, prices={})
    for currency in found.currencies:
        daily = [day.awarded for day in found.days if day.currency == currency.currency]
        assert sum(one.trial for one in daily) == currency.awarded.trial - currency.returned.trial
        assert sum(one.actual for one in daily) == currency.awarded.actual - currency.returned.actual
        by_rule = [
            rule.awarded[currency.currency] for rule in found.rules if currency.currency in rule.awarded
        ]
        assert sum(one.trial for one in by_rule) == currency.awarded.trial
        assert sum(one.actual for one in by_rule) == currency.awarded.actual
    for rule in found.rules:
        refused = sum(stop.times for stop in rule.stopped if stop.verdict not in ("cut", "fired"))
        assert rule.considered.trial == rule.fired.trial + refused
        assert all(
            0 <= (stop.alone or 0) <= stop.times or stop.verdict == "condition" for stop in rule.stopped
        )
    standing = Counter(state.state.level for state in trial.members.values() if state.state.level)
    assert {one.level: one.members.trial for one in found.levels if one.members.trial} == standing
    assert sum(one.members for one in found.level_changes) >= len(found.movers)
    for budget in found.budgets:
        assert budget.used.trial == (budget.days[-1].used.trial if budget.days else 0)


FUNNEL = """
name: Funnel
currencies: {points: {}}
events: {Sale: {properties: {value: {type: integer}, paid: {type: boolean}}}}
rules:
  - id: big
    trigger: Sale
    conditions:
      all:
        - {field: event.properties.value, op: ge, value: 50}
        - {field: event.properties.paid, op: eq, value: true}
    effects: [award: 10]
    limits: [{per: member, window: day, count: 2}]
budgets: [{currency: points, window: month, amount: 100}]
"""


def test_the_funnel_tells_what_alone_stopped_a_rule() -> None:
    history = History()
    history.publish(program_of(FUNNEL))
    for value, paid, times in ((10, False, 3), (10, True, 4), (60, False, 5), (60, True, 6)):
        for _ in range(times):
            history.track("ann", "Sale", START, {"value": value, "paid": paid})
    made = history.versions[0]
    [rule] = Trial(history, made).report(made).rules
    assert rule.considered == Pair(18, 18)
    assert rule.fired == Pair(2, 2)
    assert [(stop.text, stop.times, stop.alone) for stop in rule.stopped] == [
        ("condition not met: event.properties.value is at least 50", 7, 4),
        ("condition not met: event.properties.paid is true", 5, 5),
        ("daily limit reached, 2 of 2", 4, 4),
    ]


def test_a_draft_is_counted_beside_what_was_done() -> None:
    history = History()
    history.publish(program_of(FUNNEL))
    for day in range(12):
        history.track("ann", "Sale", START + day * DAY, {"value": 60, "paid": True})
        history.track("bob", "Sale", START + day * DAY, {"value": 60, "paid": True})
    draft = program_of(FUNNEL.replace("award: 10", "award: 30"))
    made = compile_program(draft)
    trial = Trial(history, made)
    found = trial.report(made)
    assert [one.awarded for one in found.currencies] == [Pair(100, 100)]
    [budget] = found.budgets
    assert (budget.used, budget.reached_80, budget.reached_100) == (Pair(100, 100), *[found.days[1].day] * 2)
    assert [day.used for day in budget.days[:3]] == [Pair(60, 20), Pair(100, 40), Pair(100, 60)]
    assert [(one.member, one.awarded) for one in found.winners] == [("1", Pair(60, 50)), ("2", Pair(40, 50))]
    assert ("budget", "the company's monthly budget of 100 points is used up", 20) in [
        (stop.verdict, stop.text, stop.times) for stop in found.rules[0].stopped
    ]


SPRING = """
name: Spring
currencies: {points: {}}
events: {Sale: {}}
campaigns:
  spring:
    from: 2026-01-01
    until: 2026-12-31
    budgets: [{amount: 60}]
    rules: [{id: pushed, trigger: Sale, effects: [award: 20]}]
rules: [{id: sale, trigger: Sale, effects: [award: 5]}]
"""


def test_the_budget_of_a_campaign_is_held_against_what_its_rules_awarded() -> None:
    history = History()
    history.publish(program_of(SPRING))
    for day in range(4):
        history.track("ann", "Sale", START + day * DAY)
    made = compile_program(
        program_of(SPRING.replace("amount: 60", "amount: 100").replace("award: 20", "award: 45"))
    )
    [budget] = Trial(history, made).report(made).budgets
    assert (budget.campaign, budget.window, budget.starts, budget.amount) == ("spring", "lifetime", None, 100)
    assert budget.used == Pair(100, 60)
    assert [day.used for day in budget.days] == [Pair(45, 20), Pair(90, 40), Pair(100, 60)]
    assert (budget.reached_80, budget.reached_100) == (budget.days[1].day, budget.days[2].day)


CLOCKED = """
name: Clocked
currencies: {points: {}}
events: {Sale: {}}
rules:
  - {id: weekly, trigger: {clock: {weekly: monday}}, effects: [award: 7]}
"""


def test_time_passes_in_a_backtest_for_those_who_do_nothing() -> None:
    """A draft's clock comes to every member at each midnight, also to whom the log does not name again."""
    history = History()
    history.publish(
        program_of(CLOCKED.replace("award: 7", "award: 1").replace("weekly: monday", "date: 2020-01-01"))
    )
    history.track("idle", "Sale", START)
    start = len(history.steps)
    for day in range(1, 29):
        history.track("busy", "Sale", START + day * DAY)
    made = compile_program(program_of(CLOCKED))
    trial = Trial(history, made, start)
    trial.test.end_at = START + 28 * DAY + HOUR
    trial.test.finish()
    assert trial.members[1].seen is not None
    assert trial.members[1].state.wallets["points"].active == 4 * 7
    assert trial.members[2].state.wallets["points"].active == 4 * 7
    assert trial.counts.trial.by_rule == {((0, "", (Occasion(CLOCK, "weekly:monday"),), 0), "points"): 56}
    assert not trial.counts.actual.moved
    assert {weekday_of(day) for _, day, *_ in trial.counts.trial.moved} == {0}


def test_combinations_are_taken_apart_before_they_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    history = History()
    history.publish(program_of(FUNNEL))
    for value in range(40, 60):
        history.track("ann", "Sale", START, {"value": value, "paid": value % 3 == 0})
    made = history.versions[0]
    whole = Trial(history, made)
    for module in (backtest, backtest_counts):
        monkeypatch.setattr(module, "COMBINATIONS_MAX", 1)
    parts = Trial(history, made)
    assert parts.report(made) == whole.report(made)
    assert max(len(parts.counts.trial.outcomes), len(parts.counts.actual.outcomes)) == 0
