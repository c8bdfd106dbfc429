"""What must hold of every program with rewards and every history: nothing is sold twice, nothing is lost on the way."""

from __future__ import annotations

from collections import Counter, defaultdict
from copy import deepcopy
from itertools import pairwise

import msgspec
from hypothesis import example, given, settings

from engage.core.calendar import HOUR
from engage.core.event import Kind
from engage.core.ledger import ACTIVE, HELD, SPENT, account
from engage.core.limits import window_start
from engage.core.occasions import STAGE
from engage.core.program import Program
from engage.core.rewards import ALLOWED
from engage.core.state import DayRollup, MemberState, merge_days
from tests.core.history import Step
from tests.core.random_programs import Act, Told, make_program, make_story, programs, stories, tell

EVERYTHING = stories("adjust", "undo", "zone", "redeem", "redeem", "step", "step", "step")
AWARDS_ALONE = stories("redeem", "redeem", "step", "step")


def redemptions(told: Told) -> dict[int, list[Step]]:
    """The steps of each redemption that were not refused, by the seq of its request."""
    found: dict[int, list[Step]] = defaultdict(list)
    for step in told.history.steps:
        if step.entry.kind == Kind.REDEMPTION and step.decision.record.status != "refused":
            found[step.entry.body.data.get("redemption", step.entry.seq)].append(step)
    return found


@settings(max_examples=60)
@given(program=programs, story=EVERYTHING)
def test_what_is_held_and_spent_is_the_fold_of_its_transfers(program: Program, story: list[Act]) -> None:
    told = tell(program, story)
    balances = told.history.balances()
    spent: Counter[str] = Counter()
    for name, member in told.history.members.items():
        number = told.history.numbers[name]
        for currency, wallet in member.wallets.items():
            assert wallet.active == balances[(account(number, ACTIVE), currency)]
            assert wallet.held == balances[(account(number, HELD), currency)]
            assert sum(units for _, units in wallet.lots) == max(0, wallet.active)
            waiting = [one for one in member.redemptions.values() if not one.fulfilled]
            assert wallet.held == sum(one.amount for one in waiting if one.currency == currency)
            assert min(wallet.held, wallet.spent) >= 0
            spent[currency] += wallet.spent
    total = DayRollup()
    for rollup in told.history.rollups.values():
        merge_days(total, rollup)
    for currency in program.currencies:
        assert spent[currency] == balances[(account(0, SPENT), currency)] == total.spent.get(currency, 0)


@settings(max_examples=60)
@given(program=programs, story=EVERYTHING)
def test_no_more_is_sold_than_stock_and_limits_allow(program: Program, story: list[Act]) -> None:
    told = tell(program, story)
    kept = [steps for steps in redemptions(told).values() if steps[-1].decision.record.status != "cancelled"]
    for reward in program.rewards:
        mine = [steps[0].entry for steps in kept if steps[0].entry.body.data["reward"] == reward.id]
        assert reward.stock is None or len(mine) <= reward.stock
        for limit in reward.limits:
            counts = Counter(
                (window_start(limit.window, one.day), one.member if limit.per == "member" else 0)
                for one in mine
            )
            assert all(count <= limit.count for count in counts.values())


@settings(max_examples=60)
@given(program=programs, story=EVERYTHING)
def test_every_redemption_goes_its_way(program: Program, story: list[Act]) -> None:
    told = tell(program, story)
    for seq, steps in redemptions(told).items():
        assert steps[0].entry.seq == seq
        for before, after in pairwise(steps):
            assert after.entry.body.data["step"] in ALLOWED[before.decision.record.status]
        paid = steps[0].decision.transfers[0].amount
        moved = Counter[int]()
        for step in steps:
            for transfer in step.decision.transfers:
                moved[transfer.source] -= transfer.amount
                moved[transfer.target] += transfer.amount
        number, status = steps[0].entry.member, steps[-1].decision.record.status
        assert moved[account(number, HELD)] == (paid if status in ("held", "approved") else 0)
        assert moved[account(0, SPENT)] == (paid if status == "fulfilled" else 0)
        assert moved[account(number, ACTIVE)] == (0 if status == "cancelled" else -paid)


@settings(max_examples=60)
@given(program=programs, story=EVERYTHING)
def test_a_replay_of_redemptions_is_the_same(program: Program, story: list[Act]) -> None:
    history = tell(program, story).history
    again = history.replayed()
    assert (again.members, again.company, again.rollups) == (
        history.members,
        history.company,
        history.rollups,
    )


def _left_over(members: dict[str, MemberState]) -> object:
    """What redemptions may change of a member."""
    kept = {}
    for name, member in members.items():
        usage = {key: windows for key, windows in member.usage.items() if key.startswith("reward:")}
        kept[name] = deepcopy((member.wallets, usage, member.redemptions))
    return kept


@settings(max_examples=60)
@given(program=programs, story=AWARDS_ALONE)
@example(program=make_program(277), story=make_story(4_294_967_295, 60, ("redeem", "redeem", "step", "step")))
def test_who_takes_everything_back_is_as_if_nothing_had_been_asked_for(
    program: Program, story: list[Act]
) -> None:
    # Asking for something makes a member known, which is a stage: not what is to be compared.
    rules = [rule for rule in program.rules if rule.on is None or rule.on.kind != STAGE]
    program = msgspec.structs.replace(program, rules=tuple(rules))
    told, plain = Told(program), Told(program)
    for act in story:
        # A late event is received when it is, whether anything was asked for since or not.
        plain.clock += act.hours * HOUR
        told.history.clock = plain.history.clock = plain.clock
        step = told.act(act)
        if act.kind == "track":
            plain.act(msgspec.structs.replace(act, hours=0))
        elif step is not None:
            # Whoever asks for something is brought up to date first, and late events find a streak as that left it.
            plain.history.wait(told.history.name_of(step.entry.member), plain.clock)
    for name, member in told.history.members.items():
        for seq in list(member.redemptions):
            told.history.take_step(name, told.clock, "cancel", seq)
    if any(steps[-1].decision.record.status == "fulfilled" for steps in redemptions(told).values()):
        return  # too long ago to be refunded
    assert _left_over(told.history.members) == _left_over(plain.history.members)
    assert not [key for key in told.history.company.usage if key.startswith("reward:")]
