"""What must hold of every program with giving: what one gives another gets, and no more than the allowance."""

from __future__ import annotations

from collections import Counter

from hypothesis import given, settings

from engage.core.event import Kind
from engage.core.ledger import ACTIVE, GIVING, TRANSIT, account
from engage.core.limits import window_start
from engage.core.program import Program
from tests.core.random_programs import Act, programs, stories, tell

EVERYTHING = stories("adjust", "undo", "redeem", "step", "give", "give", "give")


@settings(max_examples=60)
@given(program=programs, story=EVERYTHING)
def test_a_gift_leaves_nothing_on_its_way(program: Program, story: list[Act]) -> None:
    history = tell(program, story).history
    balances = history.balances()
    for currency in program.currencies:
        assert sum(units for (_, name), units in balances.items() if name == currency) == 0
        assert balances[(TRANSIT, currency)] == 0
        for name, number in history.numbers.items():
            assert balances[(account(number, GIVING), currency)] == 0
            wallet = history.member(name).wallets.get(currency)
            assert (wallet.active if wallet else 0) == balances[(account(number, ACTIVE), currency)]


@settings(max_examples=60)
@given(program=programs, story=EVERYTHING)
def test_nobody_gives_more_than_the_allowance(program: Program, story: list[Act]) -> None:
    history = tell(program, story).history
    giving = {one.currency: one for one in program.giving}
    whole: Counter[object] = Counter()
    pairs: Counter[object] = Counter()
    received = sent = 0
    for step in history.steps:
        said = step.entry.body.data
        if step.entry.kind == Kind.GIFT and step.decision.record.status == "given":
            start = window_start(giving[said["currency"]].window, step.entry.day)
            whole[(said["currency"], start, step.entry.member)] += said["amount"]
            pairs[(said["currency"], start, step.entry.member, said["to"])] += said["amount"]
            assert said["to"] != step.entry.member
            sent += said["amount"]
        elif step.decision.record.status == "received":
            received += said["amount"]
    assert sent == received
    assert all(units <= giving[key[0]].allowance for key, units in whole.items())  # type: ignore[index]
    for key, units in pairs.items():
        most = giving[key[0]].to_one  # type: ignore[index]
        assert most is None or units <= most


@settings(max_examples=60)
@given(program=programs, story=EVERYTHING)
def test_a_replay_of_gifts_is_the_same(program: Program, story: list[Act]) -> None:
    history = tell(program, story).history
    again = history.replayed()
    assert (again.members, again.company, again.rollups) == (
        history.members,
        history.company,
        history.rollups,
    )
