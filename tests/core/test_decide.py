"""The corners of a decision that a story in `tests/scenarios` would not explain well."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from engage.core.calendar import DAY, HOUR
from engage.core.decisions import Undecided
from engage.core.fold import TRAITS_MAX, merge_traits
from engage.core.program import Program
from engage.core.state import AMOUNT_MAX
from engage.core.verdicts import Verdict, fired, verdict_code
from tests.core.history import History, program_of

AT = 20_500 * DAY + 9 * HOUR


def program(rules: str, more: str = "") -> Program:
    return program_of(
        f"""
name: Corners
currencies: {{points: {{}}, coins: {{}}}}
events: {{Sale: {{}}, Prize: {{}}}}
badges: {{closer: {{name: Closer}}}}
levels:
  currency: points
  steps: [{{id: silver, name: Silver, threshold: 100}}, {{id: gold, name: Gold, threshold: 200}}]
{more}
rules:
{rules}
"""
    )


SALE = "  - {id: sale, trigger: Sale, effects: [award: {currency: points, amount: 100}]}"


def history(rules: str = SALE, more: str = "") -> History:
    told = History()
    told.publish(program(rules, more))
    return told


@pytest.mark.parametrize(
    "late, trusted, why",
    [(31, True, Undecided.TOO_LATE), (0, False, Undecided.UNTRUSTED_SOURCE)],
)
def test_an_event_that_was_not_decided_can_be_undone(late: int, trusted: bool, why: int) -> None:
    told = history()
    told.track("ann", "Sale", AT)
    step = told.track("ann", "Sale", AT - late * DAY, trusted=trusted)
    assert step.decision.record.undecided == why
    undoing = told.reverse("ann", AT, step)
    assert not undoing.decision.transfers
    assert not undoing.decision.uses


def test_undoing_leaves_a_level_that_a_later_event_reached() -> None:
    told = history()
    first = told.track("ann", "Sale", AT)
    second = told.track("ann", "Sale", AT + 1)
    told.reverse("ann", AT + 2, first)
    assert told.member("ann").level == "gold"
    told.reverse("ann", AT + 3, second)
    assert told.member("ann").level == ""
    assert not told.company.levels


def test_undoing_never_raises_a_level() -> None:
    told = history()
    told.adjust("ann", AT, "points", 50)
    step = told.track("ann", "Sale", AT)
    told.publish(easier(told))
    told.reverse("ann", AT, step)
    assert told.member("ann").level == "silver"


def easier(told: History) -> Program:
    """The program with thresholds of 5 and 10."""
    assert told.program is not None
    now = told.program.program
    assert now.levels is not None
    steps = tuple(replace(step, threshold=5 * rank) for rank, step in enumerate(now.levels.steps, 1))
    return replace(now, levels=replace(now.levels, steps=steps))


def test_undoing_takes_a_level_that_the_program_has_renamed() -> None:
    told = history()
    told.adjust("ann", AT, "points", 50)
    step = told.track("ann", "Sale", AT)
    now = easier(told)
    assert now.levels is not None
    renamed = tuple(replace(level, id=f"new-{level.id}") for level in now.levels.steps)
    told.publish(replace(now, levels=replace(now.levels, steps=renamed)))
    told.reverse("ann", AT, step)
    assert told.member("ann").level == "new-gold"


JACKPOT = """
  - {id: sale, trigger: Sale, effects: [award: {currency: points, amount: 10}]}
  - id: jackpot
    trigger: Sale
    effects: [multiply: {currency: points, by: 3}, award: {currency: coins, amount: 1}]
    limits: [{per: member, window: month, count: 5}]
"""


def test_a_rule_refused_for_its_own_award_multiplies_nothing() -> None:
    told = history(JACKPOT, "budgets: [{currency: coins, window: month, amount: 1, over: refuse}]")
    told.track("ann", "Sale", AT)
    told.track("bob", "Sale", AT)
    assert (told.active("ann"), told.active("bob")) == (30, 10)


def test_a_rule_that_only_its_own_factor_makes_too_large_stays_refused() -> None:
    rules = """
  - id: jackpot
    trigger: Sale
    effects: [multiply: {currency: points, by: 3}, award: {currency: points, amount: 10}]
    limits: [{per: member, window: day, amount: 20, currency: points, over: refuse}]
  - {id: sale, trigger: Sale, effects: [award: {currency: points, amount: 1}]}
"""
    step = history(rules).track("ann", "Sale", AT)
    assert [fired(code) for code in step.decision.record.verdicts] == [False, True]
    assert [transfer.amount for transfer in step.decision.transfers] == [1]


SALE_WITHIN = f"{SALE[:-1]}, limits: [{{per: member, window: month, amount: 150, currency: points}}]}}"


def test_undoing_frees_no_more_of_a_budget_than_came_back() -> None:
    told = history(SALE_WITHIN, "budgets: [{currency: points, window: month, amount: 150}]")
    first = told.track("ann", "Sale", AT)
    told.adjust("ann", AT, "points", -70)
    told.reverse("ann", AT, first)
    told.track("ann", "Sale", AT)
    assert told.issued() == 150
    assert told.active("ann") == 80


def test_undoing_takes_no_earned_points_that_were_corrected_before() -> None:
    told = history()
    step = told.track("ann", "Sale", AT)
    told.adjust("ann", AT, "points", -70)
    told.reverse("ann", AT, step)
    wallet = told.member("ann").wallets["points"]
    assert (wallet.active, wallet.earned) == (0, 0)


def test_an_award_past_the_largest_balance_is_refused_and_says_so_even_when_it_was_cut() -> None:
    told = history(SALE_WITHIN)
    told.track("ann", "Sale", AT)
    told.adjust("ann", AT, "points", AMOUNT_MAX - 120)
    step = told.track("ann", "Sale", AT)
    assert step.decision.record.verdicts == (verdict_code(Verdict.CEILING),)
    assert told.active("ann") == AMOUNT_MAX - 20
    told.adjust("ann", AT, "points", -40)
    assert told.track("ann", "Sale", AT).decision.transfers[0].amount == 50


def test_traits_beyond_the_bounds_are_not_kept_with_every_member() -> None:
    traits: dict[str, object] = {}
    merge_traits(traits, {f"trait {number}": number for number in range(TRAITS_MAX + 50)})
    merge_traits(traits, {"trait 0": "x" * 2000, "trait 1": "new"})
    assert len(traits) == TRAITS_MAX
    assert (traits["trait0"], traits["trait1"]) == (0, "new")
