"""Double entry: every point is a transfer from one account to another, in whole units.

An account is a number, `member * PLACES + place`; member 0 is the company itself. Nothing is updated or deleted, and
a correction is another transfer, so a balance is the fold of its account's transfers.
"""

from __future__ import annotations

from bisect import insort
from typing import Final

from msgspec import Struct

from engage.core.state import AMOUNT_MAX, Waiting, Wallet

PLACES: Final = 16
ISSUED: Final = 1
"""Company account: where awards come from. Its balance is minus all points ever issued and not taken back."""
ADJUSTED: Final = 2
"""Company account: the other side of adjustments by hand."""
ACTIVE: Final = 3
"""Member account: what can be spent."""
PENDING: Final = 4
"""Member account: what was awarded and is not yet the member's."""
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
EARNING: Final = frozenset({ISSUED, ADJUSTED, PENDING})
"""Places: what comes from these to any other counts toward levels, so what is pending counts once it is released."""
PLACE_NAMES: Final = {
    ISSUED: "issued",
    ADJUSTED: "adjusted",
    ACTIVE: "active",
    PENDING: "pending",
    HELD: "held",
    SPENT: "spent",
    EXPIRED: "expired",
    GIVING: "giving",
    TRANSIT: "transit",
}

NO_RULE: Final = -1
NEVER: Final = 0
"""The expiry day of a lot that does not expire."""
FAR: Final = AMOUNT_MAX
"""Later than any day: where lots that never expire stand among the others."""
VOIDED: Final = -1
"""What became of an award that waited, instead of the expiry day of its lot."""
SETTLED_MAX: Final = 100
EXPIRED_DAYS_MAX: Final = 50
"""Of each wallet. A reversal needs them, and wants them exact for a while; the state is read with every event."""


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


class Detail(Struct, frozen=True, gc=False):
    """What a transfer does not say of the points it moves. It is not stored: deciding again finds it again."""

    day: int = NEVER
    """The expiry day of points that become active. Of active or expired points that are taken: the lots of this day
    and later go first, where 0 and FAR are the soonest and those that never expire."""
    waiting: Waiting | None = None
    """The award that begins to wait, or ends to."""
    forget: tuple[int, int] | None = None
    """(seq, n) of an award that waited, was settled and is now undone."""
    released: tuple[int, int] | None = None
    """The local day and the entry of a release."""


PLAIN: Final = Detail()


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
    insort(wallet.lots, (expires, remaining), key=lambda lot: lot[0] or FAR)


def debit(wallet: Wallet, amount: int, first: int = NEVER) -> list[tuple[int, int]]:
    """Take from the spendable balance: from the lots of day `first` and later, then from those that expire soonest.
    Below zero it is a debt. The lots, or parts of lots, that were taken."""
    wallet.active -= amount
    lots, taken = wallet.lots, list[tuple[int, int]]()
    index = next((at for at, lot in enumerate(lots) if (lot[0] or FAR) >= first), 0) if first else 0
    while amount and lots:
        if index == len(lots):
            index = 0
        day, units = lots[index]
        if units > amount:
            lots[index] = (day, units - amount)
            taken.append((day, amount))
            break
        amount -= units
        taken.append(lots.pop(index))
    return taken


def wallet_of(wallets: dict[str, Wallet], currency: str) -> Wallet:
    """The wallet, a new one for who had nothing in this currency."""
    wallet = wallets.get(currency)
    if wallet is None:
        wallet = wallets[currency] = Wallet()
    return wallet


def is_over(expires: int, day: int) -> bool:
    """Whether a lot has expired on a local day: it does at the midnight that begins its day."""
    return expires != NEVER and expires <= day


def move(wallets: dict[str, Wallet], transfer: Transfer, detail: Detail) -> None:
    """Fold one transfer into the wallets of the member whose it is."""
    wallet = wallet_of(wallets, transfer.currency)
    source, target, amount = place(transfer.source), place(transfer.target), transfer.amount
    if source == ACTIVE:
        taken = debit(wallet, amount, detail.day)
        if target == EXPIRED:
            note_expired(wallet, taken)
    elif source == PENDING and detail.waiting is not None:
        _settle(wallet, detail.waiting, VOIDED if target == ISSUED else detail.day, detail.released)
    elif source == EXPIRED:
        wallet.expired = without_expired(wallet.expired, detail.day, amount)
    if target == ACTIVE:
        credit(wallet, amount, detail.day)
    elif target == PENDING and detail.waiting is not None:
        wallet.pending += (detail.waiting,)
        _forget(wallet, detail.waiting.seq, detail.waiting.n)
    if detail.forget is not None:
        _forget(wallet, *detail.forget)


def _settle(wallet: Wallet, ended: Waiting, became: int, released: tuple[int, int] | None) -> None:
    wallet.pending = tuple(one for one in wallet.pending if one != ended)
    wallet.settled = (*wallet.settled, (ended.seq, ended.n, became))[-SETTLED_MAX:]
    if released is not None:
        wallet.released = (*wallet.released, (ended.seq, ended.n, *released))[-SETTLED_MAX:]


def _forget(wallet: Wallet, seq: int, n: int) -> None:
    """What became of an award that waits again, or that was undone."""
    wallet.settled = tuple(one for one in wallet.settled if one[:2] != (seq, n))
    wallet.released = tuple(one for one in wallet.released if one[:2] != (seq, n))


def note_expired(wallet: Wallet, more: list[tuple[int, int]]) -> None:
    """Remember lots, or parts of lots, that expired."""
    days = dict(wallet.expired)
    for day, units in more:
        days[day] = days.get(day, 0) + units
    found = sorted(days.items())
    while len(found) > EXPIRED_DAYS_MAX:
        (_, first), (day, second) = found[:2]
        found[:2] = [(day, first + second)]
    wallet.expired = tuple(found)


def without_expired(
    expired: tuple[tuple[int, int], ...], first: int, amount: int
) -> tuple[tuple[int, int], ...]:
    """What is left of the expired lots when so much of those of day `first` and later is taken back."""
    left = []
    for day, units in expired:
        taken = min(units, amount) if day >= first else 0
        amount -= taken
        if units > taken:
            left.append((day, units - taken))
    return tuple(left)


def points_due(wallets: dict[str, Wallet]) -> int:
    """The first day on which something awaits these points; 0 for none."""
    due = 0
    for wallet in wallets.values():
        if wallet.lots:
            day = wallet.lots[0][0]
            if day != NEVER and (day < due or not due):
                due = day
        for waiting in wallet.pending:
            if waiting.day < due or not due:
                due = waiting.day
    return due
