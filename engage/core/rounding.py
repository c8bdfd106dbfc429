"""Amounts as figures that are rounded: what is told of points, most of which may be one person's."""

from __future__ import annotations

from math import ceil
from typing import Final

from engage.core.language import say
from engage.core.privacy import Figure, Unit, not_shown
from engage.core.state import AMOUNT_MAX

BALANCE_STEPS: Final = 5
"""Whoever spent what nobody is told of had it before: to a tenth, two balances tell no more than how much that was."""


def balance_step(balance: int) -> int:
    """What a balance is rounded to: 1, 2 or 5 with zeros, a fifth of it or more."""
    least, step = abs(balance) / BALANCE_STEPS, 1
    while True:
        for size in (step, 2 * step, 5 * step):
            if size >= least:
                return size
        step *= 10


def rounded(figure: Figure, unit: int) -> Figure:
    """To a multiple of `unit`; what is a range already stays one."""
    if figure.value is None:
        return figure
    value = unit * round(figure.value / unit)
    text = say("about {figure}", figure=f"{value:,}") if unit > 1 else f"{value:,}"
    return Figure(text, figure.unit, value)


def two_digits(value: int) -> int:
    """The unit by which a number has two digits."""
    return int(10 ** max(0, len(str(abs(value))) - 2))


def in_two_digits(figure: Figure, least: int = 1) -> Figure:
    """To two digits, and to a multiple of `least` or more."""
    return figure if figure.value is None else rounded(figure, max(least, two_digits(round(figure.value))))


def amount_between(low: int, high: int, unit: Unit) -> Figure:
    """An amount of which bounds are told: these, rounded away from it. `high` of the order of AMOUNT_MAX is none."""
    if high >= AMOUNT_MAX // 2:
        step = 10 ** (len(str(low)) - 1)
        least = step * (low // step)
        if not least:
            return not_shown(unit)
        return Figure(say("{low} or more", low=f"{least:,}"), unit, hidden="protects", low=least)
    step = balance_step(high)
    return bounds_told(step * (low // step), step * (high // step + 1), unit)


def bounds_told(low: int, high: int, unit: Unit) -> Figure:
    """What is known to lie between two numbers, which may be told."""
    if not low:
        return Figure(say("fewer than {k:,}", k=high), unit, hidden="protects", low=0, high=high - 1)
    text = say("{low} to {high}", low=f"{low:,}", high=f"{high:,}")
    return Figure(text, unit, hidden="protects", low=low, high=high)


def at_most(figure: Figure, most: int) -> Figure:
    """A range that ends where there can be no more, as everybody knows."""
    if figure.low is None or figure.high is None or figure.high <= most:
        return figure
    text = say("{low} to {high}", low=f"{figure.low:g}", high=f"{most:,}")
    return Figure(text, figure.unit, hidden=figure.hidden, low=figure.low, high=most)


def band_around(amount: int, sure: int, width: int, most: int | None) -> tuple[int, int]:
    """The band in which an amount lies, both ends included, of bands that begin at `sure`, upward and downward, of
    `width` or more, and of a fifth of the distance of their far end or more. `most`: it can be no higher; the last band
    up to it has its width as well."""
    low, upward = sure, amount >= sure
    while True:
        wide = max(width, ceil(abs(low - sure) / (BALANCE_STEPS - 1)), 1)
        if not upward:
            if amount >= low - wide:
                return low - wide, low - 1
            low -= wide
        elif most is not None and most - (low + wide) < width - 1:
            return low, max(most, amount)
        elif amount < low + wide:
            return low, low + wide - 1
        else:
            low += wide
