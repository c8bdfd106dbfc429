"""History: what happened before a quest was launched, counted toward it once for each member.

Owns which quests are to be counted for whom, which entries of a member's past count, and what is said of them in the
log: a HISTORY entry carries what they add and which they are, so that it is decided from itself alone, however long ago
the rest was archived, and what came of each can be taken back. Those that name no entry are from before that was so.
Must not know how the past is read; `engage.actions.history` hands it in.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import accumulate, pairwise
from typing import Any, Final

from msgspec.structs import replace

from engage.core.cascade import Causes, concluded
from engage.core.compiled import CompiledProgram
from engage.core.course import Course
from engage.core.decisions import NO_COUNTING, Advance, Counting, Decision, More, Record, Undecided
from engage.core.event import Entry, Kind
from engage.core.goals import Gain
from engage.core.program import Program, Quest
from engage.core.quests import count_past, in_order, period_start
from engage.core.state import CompanyState, MemberState

STEPS_MAX: Final = 10_000
"""Of one quest and member: different goals, values or periods, and where their order makes a difference events. What
came after these does not count."""


def launches_since(program: CompiledProgram | None, company: CompanyState, seq: int) -> dict[str, int]:
    """Quest that counts history -> the seq of the publication that brought it, once `program` is in force by entry
    `seq`. One that was there once stays: it is launched once."""
    quests = program.program.quests if program is not None else ()
    new = {quest.id: seq for quest in quests if quest.counts_from and quest.id not in company.launches}
    return company.launches | new


def awaiting_count(program: CompiledProgram, company: CompanyState, member: MemberState) -> list[int]:
    """Numbers of the quests for which the member's history is yet to be counted."""
    if not program.recounts or not member.last_seq:
        return []
    quests, launches, counted = program.program.quests, company.launches, member.counted
    return [n for n in program.recounts if launches.get(quests[n].id, counted + 1) > counted]


class Tally:
    """What a member's past adds to some quests of the program in force. Entries are added in the order of the log."""

    def __init__(
        self,
        program: CompiledProgram,
        company: CompanyState,
        member: MemberState,
        quests: Collection[int],
        named: Collection[int] | None = None,
    ) -> None:
        """`named`: the entries that must be, because they will be undone; None: all."""
        self.program = program
        self.company = company
        self.member = member
        self.quests = frozenset(quests)
        self.named = named
        self.steps: dict[int, list[list[int]]] = {number: [] for number in quests}
        """Number of the quest -> [first day of the period, goal, key, amount, each entry that adds so much]; without
        entries, the amount is a sum."""
        self._alike: dict[tuple[int, ...], list[int]] = {}
        self._places: dict[int, set[tuple[int, ...]]] = {number: set() for number in quests}

    def add(self, entry: Entry, record: Record, counted: Collection[str]) -> None:
        """One entry and what was decided of it; `counted`: the quests that it counted toward then."""
        if entry.kind != Kind.TRACK or record.undecided == Undecided.TOO_LATE:
            return
        counting = self.program.counting.get(entry.name)
        if counting is None or not any(one.quest in self.quests for one in counting.goals):
            return
        if not entry.body.trusted and not self.program.program.events[entry.name].browser:
            return
        gains, _ = counting.counts(Course(self.program, self.company, self.member, entry).facts())
        for number, gained in gains.items():
            quest = self.program.program.quests[number]
            if number in self.quests and quest.id not in counted and _within(quest, entry.day):
                self._add(number, period_start(quest.repeats, entry.day), gained, entry.seq)

    def _add(self, number: int, start: int, gains: Sequence[Gain], seq: int) -> None:
        """Where order makes no difference, what is alike is one step."""
        steps, places = self.steps[number], self._places[number]
        ordered = in_order(self.program.program.quests[number])
        names = [seq] if ordered or self.named is None or seq in self.named else []
        for goal, key, amount in gains:
            place = (start, goal, key, len(steps)) if ordered else (start, goal, key)
            if place not in places and len(places) >= STEPS_MAX:
                continue
            places.add(place)
            like = (number, *place, *([amount] if names else []))
            found = self._alike.get(like)
            if found is None:
                steps.append([start, goal, key, amount, *names])
                self._alike[like] = steps[-1]
            elif names:
                found += names
            else:
                found[3] += amount

    def said(self) -> dict[str, Any]:
        """What the HISTORY entry says. By the ids of quests: another program may have numbered them otherwise."""
        quests = self.program.program.quests
        steps = {
            quests[number].id: [_with_distances(step) for step in steps]
            for number, steps in sorted(self.steps.items())
            if steps
        }
        return {"counted": steps, "after": self.company.archived}


def _with_distances(step: list[int]) -> list[int]:
    """Entries by how far they are from the one before: small numbers take little room."""
    return step[:5] + [later - earlier for earlier, later in pairwise(step[4:])]


def counted_after(member: MemberState, seq: int) -> bool:
    """Whether a HISTORY entry came after the member's entry `seq`, which it may have counted."""
    return member.counted > seq


def named_entries(said: Mapping[str, Any]) -> Iterator[int]:
    for steps in said["counted"].values():
        for step in steps:
            yield from accumulate(step[4:])


def _within(quest: Quest, day: int) -> bool:
    return max(quest.counts_from, quest.first_day) <= day and not 0 < quest.last_day < day


def counted_ids(record: Record, program: Program | None) -> frozenset[str]:
    """The quests that an entry counted toward when it was decided, by the `program` of that time."""
    if not record.advances or program is None:
        return frozenset()
    return frozenset(program.quests[made.quest].id for made in record.advances)


def decide_history(course: Course) -> Decision:
    """Count what the entry says of the member's past, quest by quest in the order of the program."""
    for _ in count_steps(course, course.program.recounts):
        pass
    known = course.member.quests
    began = {id: known[id] for id in course.quests if id in known}
    causes, completed = Causes(), len(course.happened)
    decision = concluded(course, causes)
    led = len(decision.record.occasions) - completed
    counting = Counting(began, tuple(causes.occasions[:led]), tuple(causes.advances))
    if counting == NO_COUNTING:
        return decision
    more = replace(decision.record.more or More(), counting=counting)
    return replace(decision, record=replace(decision.record, more=more))


def count_steps(
    course: Course, quests: Iterable[int], without: Collection[int] = ()
) -> Iterator[tuple[int, Advance]]:
    """Count toward these quests what the course's entry says, but for the entries `without`; what that adds, by the
    first day of the period."""
    for number in quests:
        steps = course.entry.body.data["counted"].get(course.program.program.quests[number].id, ())
        for start, found in _periods(steps, without):
            so_far = len(course.advances)
            count_past(course, number, start, found)
            yield from ((start, made) for made in course.advances[so_far:])


def _periods(steps: Iterable[Sequence[int]], without: Collection[int]) -> list[tuple[int, list[list[Gain]]]]:
    """The steps by period, the earliest first, and in it by the entry that took each first."""
    periods: dict[int, dict[int, list[Gain]]] = {}
    first = 0
    for start, goal, key, amount, *distances in steps:
        entries = [entry for entry in accumulate(distances) if entry not in without]
        if entries or not distances:
            first = entries[0] if entries else first
            gain = (goal, key, amount * max(1, len(entries)))
            periods.setdefault(start, {}).setdefault(first, []).append(gain)
    return [
        (start, [gains for _, gains in sorted(found.items())]) for start, found in sorted(periods.items())
    ]
