"""A wallet and its lots against the plainest model: a list of single units, each with the day it expires."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engage.core.ledger import (
    ACTIVE,
    ADJUSTED,
    ISSUED,
    NEVER,
    PLAIN,
    Transfer,
    account,
    credit,
    debit,
    move,
    owner,
    place,
)
from engage.core.state import AMOUNT_MAX, Wallet

DAYS = st.sampled_from([NEVER, 739_000, 739_001, 739_002, 739_003])
CHANGES = st.lists(st.tuples(st.booleans(), st.integers(1, 12), DAYS), max_size=40)


def expiry(day: int) -> int:
    return day or AMOUNT_MAX


@given(changes=CHANGES)
def test_spending_takes_the_units_that_expire_soonest_and_new_ones_pay_the_debt(
    changes: list[tuple[bool, int, int]],
) -> None:
    wallet, units, debt = Wallet(), list[int](), 0
    for spending, amount, day in changes:
        if spending:
            debit(wallet, amount)
            units.sort(key=expiry)
            debt += max(0, amount - len(units))
            del units[:amount]
        else:
            credit(wallet, amount, day)
            paid = min(debt, amount)
            debt -= paid
            units += [day] * (amount - paid)
        assert wallet.active == len(units) - debt
        assert wallet.lots == [(day, units.count(day)) for day in sorted(set(units), key=expiry)]


@given(member=st.integers(1, 2**40), kind=st.sampled_from([ISSUED, ADJUSTED, ACTIVE]))
def test_an_account_tells_whose_it_is_and_what(member: int, kind: int) -> None:
    assert (owner(account(member, kind)), place(account(member, kind))) == (member, kind)
    assert owner(account(0, kind)) == 0


def test_a_transfer_moves_only_the_wallet_of_its_currency() -> None:
    wallets = {"points": Wallet(5, 5, [(NEVER, 5)])}
    move(wallets, Transfer("coins", account(0, ISSUED), account(1, ACTIVE), 3), PLAIN)
    assert wallets["points"].active == 5
    move(wallets, Transfer("points", account(1, ACTIVE), account(0, ADJUSTED), 7), PLAIN)
    assert (wallets["points"].active, wallets["points"].lots) == (-2, [])
    assert (wallets["coins"].active, wallets["coins"].lots) == (3, [(NEVER, 3)])
