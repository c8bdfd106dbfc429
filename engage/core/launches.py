"""What of a launch of quests came of one event that it counted, so that undoing the event can take it back.

Owns the comparison: the past is counted again with the event and without it, on what stood before the launch. Of what
it completed so many times less, the last times are taken back with all that these led to; what was completed by events
since stands. Must not know wallets: `engage.core.reversal` takes the points back.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from engage.core.compiled import CompiledProgram, Plan
from engage.core.course import Course
from engage.core.decisions import Advance, More, Record, Step
from engage.core.event import Entry
from engage.core.history import count_steps
from engage.core.ledger import Transfer
from engage.core.occasions import BADGE, LEVEL, Occasion
from engage.core.quests import period_start
from engage.core.state import CompanyState, MemberState, Quested
from engage.core.verdicts import fired


class Launch(Struct, frozen=True):
    """A HISTORY entry that may have counted the event which is undone, as it is stored."""

    entry: Entry
    record: Record
    transfers: tuple[Transfer, ...]
    program: CompiledProgram
    undone: frozenset[int] = frozenset()
    """The entries undone since, of which some may be of those that it counted."""
    gone: frozenset[int] = frozenset()
    """Numbers of the occasions that were taken back with these."""


def without(launches: Iterable[Launch], seq: int, reversal: Record) -> tuple[Launch, ...]:
    """Once the entry `seq` is undone too."""
    gone = reversal.counting.gone
    return tuple(
        replace(one, undone=one.undone | {seq}, gone=one.gone | set(gone.get(one.entry.seq, ())))
        for one in launches
    )


class Share(Struct, frozen=True):
    """What came of one event."""

    advances: tuple[tuple[int, Advance], ...]
    """(first day of the period, what it added)."""
    occasions: tuple[int, ...]
    """Numbers of the occasions that there would not have been."""
    rules: frozenset[int]
    """Numbers of the rules considered for them."""
    record: Record
    """What these granted besides points: badges, tags, nudges and freezes."""


class _Counted(NamedTuple):
    advances: dict[tuple[int, int], Advance]
    """By quest and first day of the period."""
    completed: list[Occasion]


def share(launch: Launch, seq: int, level_left: Callable[[frozenset[int]], str]) -> Share:
    """Of the event with this seq. `level_left`: the member's level without what these rules awarded."""
    quests, undone = launch.program.program.quests, launch.undone
    first, before, after = (_counted(launch, less) for less in ((), undone, undone | {seq}))
    advances = list(_differences(before.advances, after.advances))
    gone = _gone(launch, first.completed, Counter(after.completed), level_left)
    causes = launch.record.counting.pushed_by
    pushed = launch.record.advances[len(launch.record.advances) - len(causes) :]
    for made, by in zip(pushed, causes, strict=True):
        if by in gone:
            advances.append((period_start(quests[made.quest].repeats, launch.entry.day), made))
    granted = _granted(launch, _rules(launch, launch.gone), _rules(launch, launch.gone | gone))
    return Share(tuple(advances), tuple(sorted(gone)), _rules(launch, gone), granted)


def _counted(launch: Launch, without: Collection[int]) -> _Counted:
    """The past counted again. Quests that it did not count toward then, for whatever reason, it does not now; what
    the others required of the member they had."""
    program, record = launch.program.program, launch.record
    numbers = sorted({made.quest for made in record.advances} & set(launch.program.recounts))
    began = dict(record.counting.began)
    for number, quest in enumerate(program.quests):
        if number not in numbers:
            began[quest.id] = Quested({}, 1)
    levels = program.levels.steps if program.levels is not None else ()
    then = MemberState(
        level=levels[-1].id if levels else "", badges=dict.fromkeys(program.badges, 1), quests=began
    )
    course = Course(launch.program, CompanyState(), then, launch.entry)
    advances = {(made.quest, start): made for start, made in count_steps(course, numbers, without)}
    return _Counted(advances, course.happened)


def _differences(
    before: dict[tuple[int, int], Advance], after: dict[tuple[int, int], Advance]
) -> Iterator[tuple[int, Advance]]:
    for (number, start), made in before.items():
        less = after.get((number, start), Advance(number, ()))
        changes = Counter({change[:2]: change[2] for change in made.changes})
        changes.subtract({change[:2]: change[2] for change in less.changes})
        moved = tuple((goal, key, amount) for (goal, key), amount in changes.items() if amount)
        reached, times = made.reached - less.reached, made.times - less.times
        if moved or reached or times:
            yield start, Advance(number, moved, reached, times)


def _gone(
    launch: Launch,
    first: list[Occasion],
    after: Counter[Occasion],
    level_left: Callable[[frozenset[int]], str],
) -> set[int]:
    """Numbers of the occasions that there would not have been: the last of the `first` ones, completed so much more
    often than `after`, and what these alone led to. Without those that are gone already."""
    gone = set()
    standing = [number for number in range(len(first)) if number not in launch.gone]
    for number in standing:
        after[first[number]] -= 1
        if after[first[number]] < 0:
            gone.add(number)
    later = {*range(len(first), len(launch.record.occasions))} - launch.gone
    while gone:
        less = gone | later
        level, rules = level_left(_rules(launch, less)), _rules(launch, less | launch.gone)
        led_to = {number for number in later if _comes(launch, number, less | launch.gone, rules, level)}
        if not led_to:
            return less
        later -= led_to
    return gone


def _comes(launch: Launch, number: int, gone: Collection[int], rules: Collection[int], level: str) -> bool:
    """Whether an occasion comes about without those that are `gone`, and their rules, which leave that `level`: also
    a little later than it did."""
    occasion, ranks = launch.record.occasions[number], launch.program.level_ranks
    if occasion.kind == LEVEL and (not level or level in ranks):
        return ranks[occasion.name] <= ranks.get(level, 0)
    if occasion.kind == BADGE:
        return any(occasion.name in plan.badges for plan, by in _firing(launch) if by not in rules)
    return launch.record.counting.causes[number - len(launch.record.occasions)] not in gone


def _firing(launch: Launch) -> Iterator[tuple[Plan, int]]:
    """The rules that fired, with their numbers."""
    matchers = launch.program.considered("", launch.record.occasions)
    plans = (plan for matcher in matchers for plan in matcher.plans)
    for number, (plan, code) in enumerate(zip(plans, launch.record.verdicts, strict=True)):
        if fired(code):
            yield plan, number


def _rules(launch: Launch, occasions: Collection[int]) -> frozenset[int]:
    """Numbers of the rules that were considered for these."""
    number, found = 0, set[int]()
    for n, matcher in enumerate(launch.program.considered("", launch.record.occasions)):
        if n in occasions:
            found |= {*range(number, number + len(matcher.rules))}
        number += len(matcher.rules)
    return frozenset(found)


def _granted(launch: Launch, before: Collection[int], rules: Collection[int]) -> Record:
    """What nobody but these rules granted, and of freezes what is not taken back with those of `before`."""
    record = launch.record
    others = [plan for plan, number in _firing(launch) if number not in rules]
    of_others = {badge for plan in others for badge in plan.badges}
    tags = {tag for plan in others for tag, _ in plan.tags}
    nudges = {nudge for plan in others for nudge in plan.nudges}
    given = _freezes(launch, rules) - +_freezes(launch, before)
    more = More(
        tags=tuple(change for change in record.tags if change[0] not in tags),
        nudges=tuple(nudge for nudge in record.nudges if nudge not in nudges),
        steps=tuple(given.elements()),
    )
    return Record(badges=tuple(badge for badge in record.badges if badge not in of_others), more=more)


def _freezes(launch: Launch, rules: Collection[int]) -> Counter[Step]:
    """Those that were given, but for as many as other rules ask for."""
    streaks = launch.program.program.streaks
    others = Counter(streak for plan, by in _firing(launch) if by not in rules for streak in plan.freezes)
    given = Counter(launch.record.steps)
    return Counter({step: times - others[streaks[step.streak].id] for step, times in given.items()})
