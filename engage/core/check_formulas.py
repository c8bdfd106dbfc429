"""Formulas of awards, from the document to exact numbers.

Owns what a formula may say, and the reading of decimals: the shortest spelling of a float is what was written.
"""

from __future__ import annotations

import math
import typing as t
from decimal import Decimal
from itertools import pairwise

from engage.core.check_conditions import Fields, read_field_type
from engage.core.conditions import INTEGER_MAX
from engage.core.problems import Mapping, Path, Problems, shown
from engage.core.program import MILLIONTHS_ONE, THOUSANDTHS_ONE, Bracket, Formula, Round

BRACKETS_MAX = 50
RATE_MAX = 1_000_000
START_MAX = 10**12
FORMULA_KEYS = ("of", "rate", "brackets", "round", "min", "max")
ROUNDS = ("half_even", "down", "up")


def read_formula(problems: Problems, fields: Fields, entries: Mapping, path: Path) -> Formula | None:
    """The formula of an award's entries, which have the keys of one."""
    declared = None
    if "of" in entries:
        declared = read_field_type(problems, fields, entries["of"], (*path, "of"))
        if declared not in (None, "integer", "number"):
            words = f"{entries['of']} is of type {declared}; a formula needs an integer or a number"
            problems.add((*path, "of"), words)
            declared = None
    if ("rate" in entries) == ("brackets" in entries):
        if problems.misspelt(path, "rate", "brackets"):
            return None
        words = "not both" if "rate" in entries else "to say how much"
        problems.add(path, f"needs 'rate' or 'brackets', {words}")
        return None
    rate: int | None = 0
    brackets: tuple[Bracket, ...] | None = ()
    if "rate" in entries:
        rate = read_rate(problems, entries["rate"], (*path, "rate"))
    else:
        brackets = _read_brackets(problems, entries["brackets"], (*path, "brackets"))
    how = problems.choice(entries.get("round", "half_even"), (*path, "round"), ROUNDS)
    least = problems.integer(entries.get("min", 0), (*path, "min"), 0, INTEGER_MAX)
    most = None
    if "max" in entries:
        most = problems.integer(entries["max"], (*path, "max"), 1, INTEGER_MAX)
        if most is not None and least is not None and most < least:
            problems.add((*path, "max"), f"must be at least 'min' ({least}), not {most}")
    if declared is None or rate is None or brackets is None or how is None or least is None:
        return None
    kind = t.cast(t.Literal["integer", "number"], declared)
    return Formula(entries["of"], kind, rate, brackets, t.cast(Round, how), least, most)


def _read_brackets(problems: Problems, value: t.Any, path: Path) -> tuple[Bracket, ...] | None:
    """The brackets, or None when any was reported."""
    items = problems.items(value, path, BRACKETS_MAX, least=1)
    if items is None:
        return None
    read = [_read_bracket(problems, item, (*path, index)) for index, item in enumerate(items)]
    brackets = tuple(bracket for bracket in read if bracket is not None)
    if len(brackets) < len(read):
        return None
    for index, (before, bracket) in enumerate(pairwise(brackets), start=1):
        if bracket.start <= before.start:
            words = f"must be more than the bracket before ({before.start / THOUSANDTHS_ONE:g})"
            problems.add((*path, index, "from"), words)
    return brackets


def _read_bracket(problems: Problems, value: t.Any, path: Path) -> Bracket | None:
    entries = problems.fields(value, path, ("from",), ("amount", "rate"))
    if entries is None:
        return None
    start = None
    if "from" in entries:
        start = read_decimal(problems, entries["from"], (*path, "from"), 3, 0, START_MAX)
    if ("amount" in entries) == ("rate" in entries):
        if problems.misspelt(path, "amount", "rate"):
            return None
        words = "not both" if "rate" in entries else "to say how much"
        problems.add(path, f"needs 'amount' or 'rate', {words}")
        return None
    if "rate" in entries:
        rate = read_rate(problems, entries["rate"], (*path, "rate"))
        return None if start is None or rate is None else Bracket(start, rate=rate)
    amount = problems.integer(entries["amount"], (*path, "amount"), 1, INTEGER_MAX)
    return None if start is None or amount is None else Bracket(start, amount)


def read_rate(problems: Problems, value: t.Any, path: Path) -> int | None:
    """A rate in millionths."""
    return read_decimal(problems, value, path, 6, Decimal(1) / MILLIONTHS_ONE, RATE_MAX)


_PLACES = {3: "three", 6: "six"}


def read_decimal(
    problems: Problems, value: t.Any, path: Path, places: int, least: int | Decimal, most: int
) -> int | None:
    """A number as a whole number of its last decimal place: 1.1 of three places is 1100."""
    if problems.passed_over(value):
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        problems.not_a_number(value, path, "a number")
        return None
    out_of_range = f"must be from {Decimal(least):f} to {most}, not {shown(value)}"
    if not math.isfinite(value) if isinstance(value, float) else abs(value) > most:
        problems.add(path, out_of_range)
        return None
    exact = Decimal(repr(value))
    scaled = exact.scaleb(places)
    if not least <= exact <= most:
        problems.add(path, out_of_range)
    elif scaled != int(scaled):
        problems.add(path, f"may have at most {_PLACES[places]} decimal places: {shown(value)}")
    else:
        return int(scaled)
    return None
