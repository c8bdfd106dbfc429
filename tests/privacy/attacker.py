"""The attacker: whoever reads every figure of a company, knows its members by name, and all that some of them did.

What is unknown of the other members are numbers of people, days or events, none below zero. A figure is a sum of such
numbers that lies within what the figure tells; the part of those who are known is taken off. A linear program then
finds the least and the most that any group can be, and where only one whole number lies between, the attack succeeds.
The program may think of fractions of people, so it can think more possible than is; `whole` forbids that, which is
exact and slower.

The attacker knows the rules by which figures are made. Members are alike to whoever does not know them, so what one of
them did in a week is known exactly when it is known that nobody, or everybody, of the unknown was active in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, floor, inf
from random import Random
from typing import Any

import numpy
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

from engage.core.privacy import Figure

Sum = Any
"""How often each unknown counts, as a numpy vector."""

_NEARLY = 1e-6
_MOST = 10**6


class Attack:
    def __init__(self, unknowns: int, *, whole: bool = False) -> None:
        self.integrality = numpy.full(unknowns, int(whole))
        self.rows: list[Sum] = []
        self.bounds: list[tuple[float, float]] = []
        self.ways: list[Any] = []
        """In which it can have been, as found so far."""
        self._known: LinearConstraint | None = None

    def knows(self, terms: Sum, low: float, high: float = inf) -> None:
        self.rows.append(terms)
        self.bounds.append((low - _NEARLY, high + _NEARLY))

    def reads(self, figure: Figure, terms: Sum, known: float = 0) -> None:
        """`known`: how much of what the figure counts is of those the attacker knows."""
        self.knows(terms, figure.floor - known, inf if figure.ceiling is None else figure.ceiling - known)

    def pins(self, terms: Sum) -> bool:
        """Whether these can be one whole number only. Ways that were found before may already differ."""
        if self.differs(terms):
            return False
        least = ceil(self._extreme(terms, 1) - _NEARLY)
        return not self.differs(terms) and least >= floor(self._extreme(terms, -1) + _NEARLY)

    def differs(self, terms: Sum) -> bool:
        """Between ways that were found before."""
        values = [float(terms @ way) for way in self.ways]
        return bool(values) and max(values) - min(values) >= 1

    def look_at(self, terms: Sum) -> None:
        """A way in which these are large."""
        self._extreme(terms, -1)

    def undecided(self, groups: dict[Any, Sum]) -> dict[Any, Sum]:
        """Those that ways in which many of them are large or small do not tell apart from what is."""
        random, few, size = Random(1), groups, 2 * len(groups)
        while few and size - len(few) > len(few) // 8:
            size = len(few)
            self.look_at(sum(random.choice((-1, 1, 1)) * terms for terms in few.values()))
            few = {name: terms for name, terms in few.items() if not self.differs(terms)}
        return few

    def pinned(self, groups: dict[str, Sum]) -> set[str]:
        """Those that can be one whole number only, many at once: of all in which nobody is in the first way found,
        nobody ever is where they cannot be anybody together. No group may be one that can be below zero."""
        left, found = self.undecided(groups), set[str]()
        while empty := {name: terms for name, terms in left.items() if float(terms @ self.ways[0]) < _NEARLY}:
            most, size = self._extreme(sum(empty.values()), -1), len(left)
            if most < 1 - _NEARLY:
                found |= set(empty)
                left = {name: terms for name, terms in left.items() if name not in empty}
                break
            left = {name: terms for name, terms in left.items() if not self.differs(terms)}
            if len(left) == size:
                break
        return found | {name for name, terms in left.items() if self.pins(terms)}

    def forget(self) -> None:
        """The ways found so far: more is known from here on."""
        self.ways, self._known = [], None

    def range_of(self, terms: Sum) -> tuple[float, float]:
        return self._extreme(terms, 1), self._extreme(terms, -1)

    def look_around(self, groups: Sequence[Sum]) -> None:
        """Two ways in which as many of the groups as possible are large, and small."""
        together = sum(terms * (1 + position % 3) for position, terms in enumerate(groups))
        self._extreme(together, -1)
        self._extreme(together, 1)

    def _extreme(self, terms: Sum, sign: int) -> float:
        if self._known is None:
            self._known = self._gather()
        asked = {"constraints": self._known, "bounds": Bounds(0, _MOST), "integrality": self.integrality}
        found = milp(sign * terms, **asked)
        if found.status != 0:  # of some that have a solution presolve says that they have none
            found = milp(sign * terms, **asked, options={"presolve": False})
        assert found.status == 0, f"what is published contradicts itself: {found.message}"
        self.ways.append(found.x)
        return sign * float(found.fun)

    def _gather(self) -> LinearConstraint:
        """What is told several times once, by the narrowest of it."""
        found: dict[bytes, tuple[float, float]] = {}
        for terms, (low, high) in zip(self.rows, self.bounds, strict=True):
            key = terms.tobytes()
            least, most = found.get(key, (-inf, inf))
            found[key] = (max(least, low), min(most, high))
        rows = numpy.array([numpy.frombuffer(key) for key in found])
        least, most = numpy.array(list(found.values())).T
        return LinearConstraint(csr_array(rows), least, most)
