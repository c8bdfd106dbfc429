"""What a backtest means for the members: who wins most, who stands at another level, who ends below zero.

A bounded number of them by name, however many there are. For a company's administrator alone: nothing here may reach
a key or a page that shows aggregates.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterable, Mapping
from typing import Final

from msgspec import Struct

from engage.core.backtest_counts import Followed
from engage.core.program import Program

WINNERS_MAX: Final = 10
"""Of each currency."""
MOVERS_MAX: Final = 20


class Pair(Struct, frozen=True):
    """One figure on both sides."""

    trial: int
    actual: int


class Someone(Struct, frozen=True):
    """A member by number, whose name is yet to be looked up."""

    company: str
    number: int
    currency: str
    awarded: Pair
    level: Standing


class Standing(Struct, frozen=True):
    """A level on both sides; "" is none."""

    trial: str
    actual: str


class People:
    """Of all companies so far."""

    def __init__(self, program: Program | None) -> None:
        self._owing = {
            name
            for name, declared in (program.currencies if program else {}).items()
            if declared.debt == "allow"
        }
        self.levels: dict[str, list[int]] = {}
        """Level -> members who stand there in the end: trial, actual."""
        self.changes: dict[Standing, int] = {}
        """Of those who stand at different levels: how many."""
        self.movers: list[Someone] = []
        self.winners: dict[str, list[Someone]] = {}
        """By currency, who gets most from the trial first."""
        self.awarded: dict[str, list[int]] = {}
        """Currency -> members who were awarded something: trial, actual."""
        self.below_zero = 0

    def add(self, company: str, followed: Iterable[tuple[int, Followed]]) -> None:
        """Look at a company's members when its period has ended."""
        for number, one in followed:
            seen, state = one.seen, one.state
            if seen is None:
                continue
            level = Standing(state.level, seen.level)
            if level.trial != level.actual:
                self.changes[level] = self.changes.get(level, 0) + 1
                if len(self.movers) < MOVERS_MAX:
                    self.movers.append(Someone(company, number, "", Pair(0, 0), level))
            self.below_zero += any(
                wallet.active < 0 and currency not in self._owing
                for currency, wallet in state.wallets.items()
            )
            for currency in seen.trial.keys() | seen.actual.keys():
                pair = Pair(seen.trial.get(currency, 0), seen.actual.get(currency, 0))
                self._award(Someone(company, number, currency, pair, level))

    def stand(self, trial: Mapping[str, int], actual: Mapping[str, int]) -> None:
        """Level -> members of a company, when its period has ended."""
        for side, levels in enumerate((trial, actual)):
            for level, members in levels.items():
                self.levels.setdefault(level, [0, 0])[side] += members

    def _award(self, one: Someone) -> None:
        count = self.awarded.setdefault(one.currency, [0, 0])
        count[0] += one.awarded.trial > 0
        count[1] += one.awarded.actual > 0
        best = self.winners.setdefault(one.currency, [])
        if one.awarded.trial > 0 and (len(best) < WINNERS_MAX or _rank(one) < _rank(best[-1])):
            insort(best, one, key=_rank)
            del best[WINNERS_MAX:]


def _rank(one: Someone) -> tuple[int, str, int]:
    return -one.awarded.trial, one.company, one.number
