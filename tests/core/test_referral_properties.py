"""What must hold of every program with a referral: no chain closes, each colleague brings something once."""

from __future__ import annotations

from collections import Counter
from typing import Any

from hypothesis import given, settings

from engage.core.event import Kind
from engage.core.ledger import ACTIVE, account
from engage.core.program import Program
from tests.core.history import History
from tests.core.random_programs import (
    Act,
    make_referring_program,
    make_story,
    referring_programs,
    stories,
    tell,
)

KINDS = ("invite", "invite", "take", "take", "take", *["colleague"] * 6, "undo", "give")
EVERYTHING = stories(*KINDS)


def brings(history: History) -> list[Any]:
    """The entries that brought an inviter something, without those that were undone."""
    undone = {s.entry.body.data["seq"] for s in history.steps if s.entry.kind == Kind.REVERSAL}
    told = [s for s in history.steps if s.entry.body.data.get("step") == "bring"]
    return [step for step in told if step.entry.seq not in undone]


@settings(max_examples=40)
@given(program=referring_programs, story=EVERYTHING)
def test_nobody_is_led_back_to_themselves(program: Program, story: list[Act]) -> None:
    history = tell(program, story).history
    by = {
        history.numbers[name]: member.referral.via.by
        for name, member in history.members.items()
        if member.referral is not None and member.referral.via is not None
    }
    for start in by:
        seen, at = {start}, start
        while at in by:
            at = by[at]
            assert at not in seen
            seen.add(at)


@settings(max_examples=40)
@given(program=referring_programs, story=EVERYTHING)
def test_each_active_colleague_brings_their_inviter_one_entry(program: Program, story: list[Act]) -> None:
    history = tell(program, story).history
    active = {
        (member.referral.via.by, history.numbers[name], member.referral.active)
        for name, member in history.members.items()
        if member.referral is not None and member.referral.via is not None and member.referral.active
    }
    told = [
        (s.entry.member, s.entry.body.data["colleague"], s.entry.body.data["active"]) for s in brings(history)
    ]
    assert Counter(told) == Counter(active)
    for name, member in history.members.items():
        number = history.numbers[name]
        brought = sum(1 for inviter, _, _ in active if inviter == number)
        assert (member.referral.brought if member.referral is not None else 0) == brought
        for currency, wallet in member.wallets.items():
            assert history.balances()[(account(number, ACTIVE), currency)] == wallet.active


@settings(max_examples=40)
@given(program=referring_programs, story=EVERYTHING)
def test_what_is_counted_is_what_happened(program: Program, story: list[Act]) -> None:
    history = tell(program, story).history
    counted: Counter[str] = Counter()
    for rollup in history.rollups.values():
        for key, times in rollup.referral.items():
            counted[key.partition("/")[2]] += times
    known = [member.referral for member in history.members.values() if member.referral is not None]
    assert counted["sent"] == sum(one.sent for one in known)
    assert counted["joined"] == sum(one.via is not None for one in known)
    assert counted["active"] == sum(one.active > 0 for one in known) == sum(one.brought for one in known)


@settings(max_examples=40)
@given(program=referring_programs, story=EVERYTHING)
def test_a_replay_of_referrals_is_the_same(program: Program, story: list[Act]) -> None:
    history = tell(program, story).history
    again = history.replayed()
    assert (again.members, again.company, again.rollups) == (
        history.members,
        history.company,
        history.rollups,
    )


def test_stories_do_bring_something() -> None:
    """Else the claims above say nothing."""
    made = [(make_referring_program(seed), make_story(seed, 60, KINDS)) for seed in range(40)]
    found = [tell(program, story).history for program, story in made]
    assert sum(len(brings(history)) for history in found) > 10
    assert any(step.decision.transfers for history in found for step in brings(history))
    withdrawn = [s for history in found for s in history.steps if s.decision.record.status == "withdrawn"]
    assert withdrawn
