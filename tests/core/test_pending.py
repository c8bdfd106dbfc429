"""Awards that wait: what undoing does to one that was settled, and how long that is known."""

from __future__ import annotations

from engage.core.calendar import DAY, HOUR
from engage.core.ledger import EXPIRED, ISSUED, PENDING, SETTLED_MAX, account, place
from engage.core.pending import WAITING_MAX
from tests.core.history import History, Step, program_of

AT = 20_500 * DAY + 9 * HOUR
ORDERS = """
name: Orders
currencies: {points: {debt: allow, expires: {after: {days: 30}}}}
events:
  Sent: {properties: {order: {type: integer}}}
  Paid: {properties: {order: {type: integer}}}
  Void: {properties: {order: {type: integer}}}
  Bonus: {}
rules:
  - id: sent
    trigger: Sent
    effects: [award: {amount: 30, pending: {until_event: Paid, voided_by: Void, match: order}}]
  - {id: bonus, trigger: Bonus, effects: [award: 25]}
"""


def orders(more: str = "") -> History:
    history = History(stored=True)
    history.publish(program_of(ORDERS + more))
    return history


def happen(history: History, event: str, order: int = 1, day: int = 0) -> Step:
    return history.track("ann", event, AT + day * DAY, {"order": order})


def places(step: Step) -> list[tuple[int, int, int]]:
    """(from, to, units)"""
    return [(place(t.source), place(t.target), t.amount) for t in step.decision.transfers]


def test_a_confirmation_undone_after_expiry_makes_one_award_wait_again() -> None:
    history = orders()
    happen(history, "Sent")
    paid = happen(history, "Paid")
    history.adjust("ann", AT, "points", -20)
    undone = history.reverse("ann", AT + 40 * DAY, paid)
    assert places(undone) == [(EXPIRED, PENDING, 10), (3, PENDING, 20)]
    wallet = history.member("ann").wallets["points"]
    assert [waiting.units for waiting in wallet.pending] == [30]
    assert (wallet.active, wallet.earned) == (-20, -20)
    assert places(happen(history, "Paid", day=40)) == [(PENDING, 3, 30)]
    assert history.replayed().members == history.members


def test_undoing_the_award_and_then_its_confirmation_takes_it_back_once() -> None:
    history = orders()
    sent = happen(history, "Sent")
    paid = happen(history, "Paid")
    history.reverse("ann", AT, sent)
    assert places(history.reverse("ann", AT, paid)) == []
    assert history.active("ann") == 0


def test_what_was_voided_has_nothing_to_take_back() -> None:
    history = orders()
    sent = happen(history, "Sent")
    happen(history, "Void")
    happen(history, "Bonus")
    assert places(history.reverse("ann", AT, sent)) == []
    assert history.active("ann") == 25


def test_an_award_waits_again_as_far_as_the_budget_it_gave_back_allows() -> None:
    history = orders("budgets: [{currency: points, window: month, amount: 40}]\n")
    happen(history, "Sent")
    void = happen(history, "Void")
    happen(history, "Bonus")
    history.reverse("ann", AT, void)
    wallet = history.member("ann").wallets["points"]
    assert [waiting.units for waiting in wallet.pending] == [15]
    happen(history, "Void")
    assert history.company.usage == {"points/month": {20_485 + 719_163: 25}}


def test_of_what_nobody_knows_any_more_nothing_is_taken() -> None:
    history = orders()
    sent = [happen(history, "Sent", order) for order in range(SETTLED_MAX + 1)]
    for order in range(SETTLED_MAX + 1):
        happen(history, "Paid", order)
    assert places(history.reverse("ann", AT, sent[0])) == []
    assert places(history.reverse("ann", AT, sent[1])) == [(3, ISSUED, 30)]


def test_no_more_than_so_many_awards_wait_at_once() -> None:
    history = orders()
    for order in range(WAITING_MAX):
        happen(history, "Sent", order)
    refused = happen(history, "Sent", WAITING_MAX)
    assert places(refused) == []
    happen(history, "Void", 7)
    assert places(happen(history, "Sent", WAITING_MAX)) == [(ISSUED, PENDING, 30)]
    assert history.balances()[account(1, PENDING), "points"] == 30 * WAITING_MAX
