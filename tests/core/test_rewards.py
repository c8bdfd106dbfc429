"""Rewards: which lots pay, where they return, what is missing, and which mistakes in a program are named."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from engage.core.calendar import DAY, utc_day
from engage.core.compiled import compile_program
from engage.core.diff import diff_programs
from engage.core.ledger import NEVER
from engage.core.program import canonical, from_canonical
from engage.core.rewards import ALLOWED, STATUSES, lacks
from engage.core.state import Wallet
from engage.document import read_program
from tests.core.history import History, program_of

AT = 20_600 * DAY
TODAY = utc_day(AT)
PROGRAM = """
name: Rewards
currencies: {points: {debt: allow}, gems: {}}
events: {Sale: {}}
rules: [{id: sale, trigger: Sale, effects: [{award: {currency: points, amount: 100}}]}]
rewards:
  - {id: mug, cost: {currency: points, amount: 60}, approval: automatic}
"""
LOTS = [(TODAY + 1, 10), (TODAY + 5, 30), (NEVER, 60)]


def told(lots: list[tuple[int, int]] = LOTS) -> History:
    """Ann has 100 points in these lots."""
    history = History()
    history.publish(program_of(PROGRAM))
    history.track("ann", "Sale", AT)
    history.members["ann"].wallets["points"].lots = list(lots)
    return history


def purse(history: History) -> Wallet:
    return history.member("ann").wallets["points"]


def test_what_expires_soonest_pays() -> None:
    history = told()
    step = history.redeem("ann", AT, "mug")
    wallet = purse(history)
    assert (wallet.active, wallet.held, wallet.lots) == (40, 60, [(NEVER, 40)])
    redemption = history.member("ann").redemptions[step.entry.seq]
    assert redemption.lots == [(TODAY + 1, 10), (TODAY + 5, 30), (NEVER, 20)]


@pytest.mark.parametrize("fulfilled", [False, True])
def test_units_return_to_their_lots_with_their_expiry(fulfilled: bool) -> None:
    history = told()
    seq = history.redeem("ann", AT, "mug").entry.seq
    if fulfilled:
        history.take_step("ann", AT, "fulfil", seq)
    history.take_step("ann", AT, "cancel", seq)
    assert purse(history) == Wallet(100, 100, LOTS)


@pytest.mark.parametrize("fulfilled", [False, True])
def test_what_expired_meanwhile_is_over_as_if_it_had_never_been_held(fulfilled: bool) -> None:
    history = told()
    seq = history.redeem("ann", AT, "mug").entry.seq
    if fulfilled:
        history.take_step("ann", AT, "fulfil", seq)
    step = history.take_step("ann", AT + 5 * DAY, "cancel", seq)
    assert [transfer.amount for transfer in step.decision.transfers] == [60, 40]
    wallet = purse(history)
    assert (wallet.active, wallet.held, wallet.spent, wallet.lots) == (60, 0, 0, [(NEVER, 60)])
    assert history.active("ann") == 60


def test_what_returns_pays_a_debt_first() -> None:
    history = told([(NEVER, 100)])
    seq = history.redeem("ann", AT, "mug").entry.seq
    history.reverse("ann", AT, history.steps[1])
    assert purse(history).active == -60
    history.take_step("ann", AT, "cancel", seq)
    assert (purse(history).active, purse(history).lots) == (0, [])


def test_every_status_has_its_steps() -> None:
    assert set(ALLOWED) == set(STATUSES)


def test_a_program_with_rewards_is_the_same_when_read_back() -> None:
    program = program_of(
        PROGRAM
        + "  - {id: cup, cost: {currency: gems, amount: 2}, stock: 3, from: 2026-01-01, codes: true}\n"
    )
    assert from_canonical(canonical(program)) == program
    assert program.rewards[1].first_day == date(2026, 1, 1).toordinal()


@pytest.mark.parametrize(
    "reward, problem",
    [
        ("{id: mug}", "missing key 'cost'"),
        (
            "{id: mug, cost: 5}",
            "missing key 'currency': the program has several (points, gems); write {currency: points, amount: 5}",
        ),
        ("{id: mug, cost: {gems: 5}}", "must be {currency: gems, amount: 5}, not {gems: 5}"),
        ("{id: mug, cost: {currency: points, amount: 0}}", "must be from 1 to"),
        ("{id: Mug, cost: {currency: gems, amount: 1}}", "did you mean 'mug'"),
        ("{id: mug, cost: {currency: gems, amount: 1}, stock: -1}", "must be from 0 to"),
        ("{id: mug, cost: {currency: gems, amount: 1}, level: gold}", "unknown level 'gold'"),
        ("{id: mug, cost: {currency: gems, amount: 1}, from: tomorrow}", "must be a date, as in 2026-12-24"),
        ("{id: mug, cost: {currency: gems, amount: 1}, from: 2026-02-30}", "there is no '2026-02-30'"),
        (
            "{id: mug, cost: {currency: gems, amount: 1}, from: 2026-02-03, until: 2026-02-02}",
            "must not be before 'from'",
        ),
        (
            "{id: mug, cost: {currency: gems, amount: 1}, approval: maybe}",
            "must be one of automatic, required",
        ),
        (
            "{id: mug, cost: {currency: gems, amount: 1}, limits: [{per: member, window: day}]}",
            "missing key 'count'",
        ),
        (
            (
                "{id: mug, cost: {currency: gems, amount: 1}, limits: [{per: member, window: day, count: 1}, "
                "{per: member, window: day, count: 2}]}"
            ),
            "limits the same thing per member and day as limits[0]",
        ),
        (
            (
                "{id: mug, cost: {currency: gems, amount: 1}, "
                "conditions: {field: event.properties.value, op: ge, value: 1}}"
            ),
            "so 'event.properties.value' cannot be used",
        ),
    ],
)
def test_a_mistaken_reward_is_named(reward: str, problem: str) -> None:
    text = PROGRAM.partition("rewards:")[0] + f"rewards:\n  - {reward}\n"
    found = read_program(text)
    assert found.program is None
    assert len(found.problems) == 1, found.problems
    assert problem in str(found.problems[0])


def test_two_rewards_cannot_have_one_id() -> None:
    found = read_program(PROGRAM + "  - {id: mug, cost: {currency: gems, amount: 2}}\n")
    assert "duplicate reward id 'mug', first used by rewards[0]" in str(found.problems[0])


@pytest.mark.parametrize(
    "change, text",
    [
        ({"amount: 60": "amount: 70"}, "reward mug: cost changed from 60 points to 70 points"),
        ({"approval: automatic": "stock: 5, approval: automatic"}, "reward mug: stock added: 5"),
        (
            {"approval: automatic": "approval: required"},
            "reward mug: needs approval changed from never to always",
        ),
        (
            {"approval: automatic": "approval: automatic, until: 2026-12-31"},
            "reward mug: until added: 2026-12-31",
        ),
        (
            {"rewards:": "redemptions: {approval_above: 5}\nrewards:"},
            "program: redemptions without approval added: up to a cost of 5",
        ),
        (
            {"rewards:": "adjustments: {approval_above: 9}\nrewards:"},
            "program: adjustments without a second person added: up to 9",
        ),
    ],
)
def test_a_changed_reward_is_told(change: dict[str, str], text: str) -> None:
    ((old, new),) = change.items()
    (found,) = diff_programs(program_of(PROGRAM), program_of(PROGRAM.replace(old, new)))
    assert found.text == text


@pytest.mark.parametrize(
    "giving, problem",
    [
        ("{currency: gems, window: month}", "missing key 'allowance'"),
        ("{currency: gems, window: decade, allowance: 5}", "must be one of day, week, month, quarter, year"),
        ("{currency: cash, window: month, allowance: 5}", "unknown currency 'cash'"),
        ("{currency: gems, window: month, allowance: 5, to_one: 0}", "must be from 1 to"),
        (
            "{currency: gems, window: day, allowance: 5}, {currency: gems, window: week, allowance: 5}",
            "is for the same currency as giving[0]",
        ),
    ],
)
def test_a_mistaken_allowance_is_named(giving: str, problem: str) -> None:
    found = read_program(PROGRAM + f"giving: [{giving}]\n")
    assert len(found.problems) == 1, found.problems
    assert problem in str(found.problems[0])


def test_a_changed_allowance_is_told() -> None:
    before = PROGRAM + "giving: [{currency: gems, window: month, allowance: 5, to_one: 3}]\n"
    after = before.replace("allowance: 5", "allowance: 6")
    (found,) = diff_programs(program_of(before), program_of(after))
    assert found.text == "giving gems: allowance changed from 5 per month to 6 per month"


def _said(**changes: Any) -> dict[str, Any]:
    return {"step": "request", "reward": "mug", **changes}


@pytest.mark.parametrize("said", [_said(reward="car"), _said(step="approve", redemption=99)])
def test_what_cannot_be_is_refused_and_changes_nothing(said: dict[str, Any]) -> None:
    history = told()
    before = purse(history)
    if said["step"] == "request":
        step = history.redeem("ann", AT, said["reward"])
    else:
        step = history.take_step("ann", AT, said["step"], said["redemption"])
    assert (step.decision.record.status, step.decision.transfers) == ("refused", ())
    assert purse(history) == before


def test_who_asks_for_an_adjustment_cannot_approve_it() -> None:
    history = History()
    history.publish(program_of(PROGRAM + "adjustments: {approval_above: 5}\n"))
    history.track("ann", "Sale", AT)
    seq = history.adjust("ann", AT, "points", 6).entry.seq
    for actor, status, active in (("first", "refused", 100), ("second", "", 106), ("third", "refused", 106)):
        step = history.settle("ann", AT, "approve", seq, actor)
        assert (step.decision.record.status, history.active("ann")) == (status, active)
    assert history.member("ann").adjustments == {}


YEARLY = """
name: Yearly
currencies: {points: {}}
events: {Sale: {}}
levels:
  basis: calendar_year
  review: {on: 01-01}
  steps: [{id: silver, threshold: 100}, {id: gold, name: Gold, threshold: 500}]
rules: [{id: sale, trigger: Sale, effects: [award: 300]}]
rewards: [{id: mug, cost: 300, level: gold}]
"""


@pytest.mark.parametrize("later, missing", [(0, 200), (400, 500)])
def test_what_is_missing_for_a_level_goes_by_what_counts(later: int, missing: int) -> None:
    history = History()
    history.publish(program_of(YEARLY))
    history.track("ann", "Sale", AT)
    made = compile_program(program_of(YEARLY))
    [lack] = lacks(made, history.company, history.member("ann"), made.rewards["mug"], TODAY + later)
    assert (lack.text, lack.missing) == (f"level Gold needed: {missing} earned points to go", missing)
