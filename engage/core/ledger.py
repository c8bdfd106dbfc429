"""Double entry: every point is a transfer from one account to another, in whole units.

An account is a number, `member * PLACES + place`; member 0 is the company itself. Nothing is updated or deleted, and
a correction is another transfer, so a balance is the fold of its account's transfers.
"""

from __future__ import annotations

from bisect import insort
from typing import Final

from msgspec import Struct

from engage.core.state import AMOUNT_MAX, Wallet

PLACES: Final = 16
ISSUED: Final = 1
"""Company account: where awards come from. Its balance is minus all points ever issued and not taken back."""
ADJUSTED: Final = 2
"""Company account: the other side of adjustments by hand."""
ACTIVE: Final = 3
"""Member account: what can be spent."""
EARNING: Final = frozenset({ISSUED, ADJUSTED})
"""Company accounts, by number: what comes from these counts toward levels."""
HELD: Final = 5
"""Member account: set aside for a redemption."""
SPENT: Final = 6
"""Company account: what fulfilled redemptions cost."""
EXPIRED: Final = 7
"""Company account: what was not spent in time."""
GIVING: Final = 8
"""Member account: the allowance for gifts, drawn on in the moment of giving."""
TRANSIT: Final = 9
"""Company account: gifts on their way from one member to another. Nothing is left on it after a commit."""
PLACE_NAMES: Final = {
    ISSUED: "issued",
    ADJUSTED: "adjusted",
    ACTIVE: "active",
    HELD: "held",
    SPENT: "spent",
    EXPIRED: "expired",
    GIVING: "giving",
    TRANSIT: "transit",
}

NO_RULE: Final = -1
NEVER: Final = 0
"""The expiry day of a lot that does not expire."""


class Transfer(Struct, frozen=True, array_like=True, gc=False):
    currency: str
    source: int
    target: int
    amount: int
    """Above zero, at most AMOUNT_MAX."""
    rule: int = NO_RULE
    """Which of the rules that the event triggers, counted from 0 in the order of the program in force."""


def account(member: int, place: int) -> int:
    return member * PLACES + place


def owner(number: int) -> int:
    """The member's number, or 0 for an account of the company."""
    return number // PLACES


def place(number: int) -> int:
    return number % PLACES


def credit(wallet: Wallet, amount: int, expires: int = NEVER) -> None:
    """Add to the spendable balance. A debt is paid first; only the rest becomes a lot."""
    debt = max(0, -wallet.active)
    wallet.active += amount
    remaining = amount - min(debt, amount)
    if remaining == 0:
        return
    for index, (day, units) in enumerate(wallet.lots):
        if day == expires:
            wallet.lots[index] = (day, units + remaining)
            return
    insort(wallet.lots, (expires, remaining), key=lambda lot: lot[0] or AMOUNT_MAX)


def debit(wallet: Wallet, amount: int) -> list[tuple[int, int]]:
    """Take from the spendable balance, from the lots that expire soonest. Below zero it is a debt.

    What was taken of which lots: (day of expiry, units).
    """
    wallet.active -= amount
    taken = []
    while amount and wallet.lots:
        day, units = wallet.lots[0]
        if units > amount:
            wallet.lots[0] = (day, units - amount)
            taken.append((day, amount))
            break
        amount -= units
        taken.append(wallet.lots.pop(0))
    return taken


def is_over(expires: int, day: int) -> bool:
    """Whether a lot has expired on a local day: it does at the midnight that begins its day."""
    return expires != NEVER and expires <= day


def move(wallets: dict[str, Wallet], member: int, transfer: Transfer) -> None:
    """Fold one transfer into the wallets of `member`."""
    wallet = wallets.get(transfer.currency)
    if wallet is None:
        wallet = wallets[transfer.currency] = Wallet()
    spendable = account(member, ACTIVE)
    if transfer.target == spendable:
        credit(wallet, transfer.amount)
    if transfer.source == spendable:
        debit(wallet, transfer.amount)
