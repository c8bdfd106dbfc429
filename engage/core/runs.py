"""Runs: which days, or weeks, of a streak were done, which asked for nothing, and how long that makes each run.

Owns the arithmetic on one `Run`; a period is a local day (ordinal) or the number of an ISO week. Late events change the
past, so nothing here counts on: lengths are reckoned from the periods. Must not know events, rules or rewards.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import msgspec

from engage.core.calendar import weekday_of
from engage.core.conditions import WEEKDAYS
from engage.core.program import Calendar, Every
from engage.core.state import Run

PERIODS_KEPT: Final = 60
"""How far back a streak can be repaired or undone: what is older is only a length."""
PERIODS_AT_ONCE: Final = 4096
"""More than can matter, after which a run that goes on through a long gap is cut to PERIODS_KEPT: each step takes as
long as the run is."""
COUNT_MAX: Final = 255
"""Of one period: more are not told apart."""
AHEAD_DAYS_MAX: Final = 366
"""How far ahead the next period is looked for that asks for something."""
WEEK: Final = 7

Leaves = Sequence[tuple[int, int]]
Asks = Callable[[int], bool]
"""Whether a period asks for anything."""


def period_of(every: Every, day: int) -> int:
    return day if every == "day" else (day - 1) // WEEK


def first_day(every: Every, period: int) -> int:
    return period if every == "day" else period * WEEK + 1


def is_working_day(calendar: Calendar, day: int) -> bool:
    if WEEKDAYS[weekday_of(day)] not in calendar.working_days:
        return False
    index = bisect_left(calendar.holidays, day)
    return calendar.holidays[index : index + 1] != (day,)


def asks(calendar: Calendar | None, every: Every, leaves: Leaves) -> Asks:
    """`calendar` is None where every day counts. A week asks as long as one of its days does."""

    def day_asks(day: int) -> bool:
        if calendar is not None and not is_working_day(calendar, day):
            return False
        return not any(start <= day <= end for start, end in leaves)

    if every == "day":
        return day_asks
    return lambda week: any(day_asks(week * WEEK + 1 + offset) for offset in range(WEEK))


class Stretch(NamedTuple):
    """One run: from its first to its last period that was done."""

    first: int
    last: int
    length: int


def stretches(run: Run) -> list[Stretch]:
    """All that are remembered, oldest first. The last goes on if nothing was missed since: see `current`."""
    found: list[Stretch] = []
    first, last, length = run.base, run.base - 1, run.before
    for period in range(run.base, run.until + 1):
        bit = 1 << (period - run.base)
        if run.done & bit:
            first = first if length else period
            last, length = period, length + 1
        elif length and period < run.until and not run.excused & bit:
            found.append(Stretch(first, last, length))
            length = 0
    if length:
        found.append(Stretch(first, last, length))
    return found


def current(run: Run) -> Stretch | None:
    """The run that goes on; None when it is broken, or was never begun."""
    found = stretches(run)
    if not found:
        return None
    newest = found[-1]
    missed = any(is_missed(run, period) for period in range(max(newest.last + 1, run.base), run.until))
    return None if missed else newest


def longest(run: Run) -> int:
    return max([run.longest, *(stretch.length for stretch in stretches(run))])


def is_missed(run: Run, period: int) -> bool:
    bit = 1 << (period - run.base)
    return period < run.until and not (run.done | run.excused) & bit


def reach(run: Run, period: int, asks: Asks) -> bool:
    """Make room for a period; False when it is too long ago."""
    if not run.counts:
        run.base = run.until = period
        run.counts = b"\x00"
        return True
    if period < run.base:
        shift = run.base - period
        if len(run.counts) + shift > PERIODS_KEPT:
            return False
        run.base, run.counts = period, bytes(shift) + run.counts
        run.done, run.excused, run.frozen = run.done << shift, run.excused << shift, run.frozen << shift
        run.excused |= sum(1 << n for n in range(1, shift) if not asks(period + n))
    elif period >= run.base + len(run.counts):
        run.counts += bytes(period - run.base + 1 - len(run.counts))
    return True


def settle(run: Run, until: int, asks: Asks, freeze: Callable[[int], bool]) -> bool:
    """Pass all periods before `until`; True when that broke the run. `freeze` says whether one is spent on a missed
    period, which counts for nothing then."""
    if until <= run.until or not run.counts:
        return False
    alive = current(run) is not None
    broken = False
    period = run.until - 1
    while (period := period + 1) < until:
        if not alive:
            period = max(period, until - PERIODS_KEPT)  # what will be forgotten needs no looking at
        reach(run, period, asks)
        if len(run.counts) > PERIODS_AT_ONCE:
            _forget(run)
        bit = 1 << (period - run.base)
        if run.done & bit:
            continue
        if not asks(period):
            run.excused |= bit
        elif alive and freeze(period):
            run.excused |= bit
            run.frozen |= bit
        elif alive:
            alive, broken = False, True
    run.until = until
    reach(run, until, asks)
    _forget(run)
    return broken


def _forget(run: Run) -> None:
    """What is older than PERIODS_KEPT: of it remain how long the run was that goes on, and the longest."""
    surplus = len(run.counts) - PERIODS_KEPT
    if surplus <= 0:
        return
    length = run.before
    known = min(surplus, max(run.done.bit_length(), run.excused.bit_length()))
    for n in range(known):
        bit = 1 << n
        if run.done & bit:
            length += 1
        elif not run.excused & bit:
            run.longest, length = max(run.longest, length), 0
    if known < surplus:
        run.longest, length = max(run.longest, length), 0
    run.longest, run.before = max(run.longest, length), length
    run.base += surplus
    run.counts = run.counts[surplus:]
    run.done, run.excused, run.frozen = run.done >> surplus, run.excused >> surplus, run.frozen >> surplus
    kept = {first: most for first, most in run.told.items() if first >= run.base}
    gone = [most for first, most in run.told.items() if first < run.base]
    if length and gone:
        kept[run.base] = max([*gone, kept.get(run.base, 0)])
    run.told = kept


def add(run: Run, period: int, change: int, at_least: int) -> None:
    """Count an event, or take one back; the period is done while there are enough."""
    index = period - run.base
    count = min(COUNT_MAX, max(0, run.counts[index] + change))
    run.counts = run.counts[:index] + bytes((count,)) + run.counts[index + 1 :]
    bit = 1 << index
    if change > 0 and count >= at_least:
        run.done |= bit
    elif change < 0 and count < at_least:
        run.done &= ~bit


def excuse(run: Run, period: int) -> None:
    """A missed period asks for nothing after all."""
    run.excused |= 1 << (period - run.base)


def due_day(run: Run, every: Every, asks: Asks) -> int:
    """The local day that breaks the run unless something is done before; 0 when there is nothing to break."""
    if current(run) is None:
        return 0
    period = run.until + bool(run.done >> (run.until - run.base) & 1)
    for ahead in range(AHEAD_DAYS_MAX):
        if asks(period + ahead):
            return first_day(every, period + ahead + 1)
    return first_day(every, period + AHEAD_DAYS_MAX)


def copied(run: Run) -> Run:
    return msgspec.structs.replace(run, told=dict(run.told))


def had_before(run: Run, period: int) -> bool:
    """Whether there was a run when the period began: the one before was done, excused ones aside."""
    before = period - 1
    while before >= run.base and run.excused >> (before - run.base) & 1:
        before -= 1
    return bool(run.done >> (before - run.base) & 1) if before >= run.base else run.before > 0


def lost_in(run: Run, first: int, last: int) -> bool:
    """Whether a run was broken by one of the periods from `first` to `last`: missed, and the one before was not."""
    first, last = max(first, run.base), min(last, run.until - 1)
    if last < first:
        return False
    missed = ~(run.done | run.excused) >> (first - run.base) & ((1 << last - first + 1) - 1)
    for period in range(first, last + 1):
        if not missed:
            return False
        if missed >> (period - first) & 1 and had_before(run, period):
            return True
    return False
