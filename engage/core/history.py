"""History: what happened before a quest was launched, counted toward it once for each member.

Owns which quests are to be counted for whom, which entries of a member's past count, and what is said of them in the
log: a HISTORY entry carries the sums, so that it is decided from itself alone, however long ago the rest was archived.
Must not know how the past is read; `engage.actions.history` hands it in.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any, Final

from engage.core.cascade import concluded
from engage.core.compiled import CompiledProgram
from engage.core.course import Course
from engage.core.decisions import Decision, Record, Undecided
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
        self, program: CompiledProgram, company: CompanyState, member: MemberState, quests: Collection[int]
    ) -> None:
        self.program = program
        self.company = company
        self.member = member
        self.quests = frozenset(quests)
        self.steps: dict[int, list[list[int]]] = {number: [] for number in quests}
        """Number of the quest -> [first day of the period, goal, key, amount]."""
        self._places: dict[tuple[int, int, int, int], list[int]] = {}

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
                self._add(number, quest, period_start(quest.repeats, entry.day), gained)

    def _add(self, number: int, quest: Quest, start: int, gains: Sequence[Gain]) -> None:
        """Where order makes no difference, what is alike is one step."""
        steps = self.steps[number]
        for goal, key, amount in gains:
            place = (number, start, goal, key)
            found = None if in_order(quest) else self._places.get(place)
            if found is not None:
                found[3] += amount
            elif len(steps) < STEPS_MAX:
                steps.append([start, goal, key, amount])
                self._places[place] = steps[-1]

    def said(self) -> dict[str, Any]:
        """What the HISTORY entry says. By the ids of quests: another program may have numbered them otherwise."""
        quests = self.program.program.quests
        steps = {quests[number].id: steps for number, steps in sorted(self.steps.items()) if steps}
        return {"counted": steps, "after": self.company.archived}


def _within(quest: Quest, day: int) -> bool:
    return max(quest.counts_from, quest.first_day) <= day and not 0 < quest.last_day < day


def counted_ids(record: Record, program: Program | None) -> frozenset[str]:
    """The quests that an entry counted toward when it was decided, by the `program` of that time."""
    if not record.advances or program is None:
        return frozenset()
    return frozenset(program.quests[made.quest].id for made in record.advances)


def decide_history(course: Course) -> Decision:
    """Count what the entry says of the member's past, quest by quest in the order of the program."""
    counted = course.entry.body.data["counted"]
    for number in course.program.recounts:
        quest = course.program.program.quests[number]
        for start, gains in _periods(counted.get(quest.id, ())):
            count_past(course, number, start, gains)
    return concluded(course)


def _periods(steps: Iterable[Sequence[int]]) -> list[tuple[int, list[Gain]]]:
    """The steps by period, the earliest first."""
    periods: dict[int, list[Gain]] = {}
    for start, goal, key, amount in steps:
        periods.setdefault(start, []).append((goal, key, amount))
    return sorted(periods.items())
