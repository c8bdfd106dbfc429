"""What a program would have done over a period of a company's log, counted beside what was done.

Pure: entries go in with what is recorded of them, and counts come out. Owns what the program under trial meets: the
state at the beginning, time, and what is to be undone. What is decided is decided by `decide` and folded by `fold`, as
live traffic is. Must not know where the entries come from or who asked.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from heapq import heappop, heappush
from types import MappingProxyType
from typing import Any, Final

from msgspec.structs import replace

from engage.core.agenda import keeps_time, next_due
from engage.core.backtest_budgets import budget_amounts
from engage.core.backtest_counts import COMBINATIONS_MAX, UNKNOWN, Counts, Followed, Seen
from engage.core.blockers import blockers, stopped_alone
from engage.core.calendar import local_day_hour, midnight, start_of_day
from engage.core.compiled import CompiledProgram
from engage.core.course import Course
from engage.core.decide import Undone, decide
from engage.core.decisions import Decision, Record, Undecided
from engage.core.event import Body, Entry, Kind, Row, entry_of
from engage.core.fold import fold
from engage.core.gifts import GIVE
from engage.core.history import named_entries
from engage.core.launches import Launch, without
from engage.core.limits import used
from engage.core.referral import BRING, INVITE, bring
from engage.core.rewards import REFUSED
from engage.core.simple_awards import new_tallies, simple_awards
from engage.core.simple_code import Award
from engage.core.state import CompanyState, DayRollup, MemberState
from engage.core.uneventful import LOOKED_AT, Uneventful
from engage.core.verdicts import VERDICTS, Verdict

PLACING: Final = frozenset({Kind.GROUP, Kind.SETTING})
"""What may move a company to another time zone, and its midnights with it."""
NOTHING_SAID: Final = Body("", {})
EMPTY: Final[Mapping[int, dict[str, Any]]] = MappingProxyType({})
NOTHING_UNDONE: Final[Mapping[int, Undone]] = MappingProxyType({})
NEVER: Final = 2**63
"""Later than any time."""
UNDER_TRIAL: Final = 0
"""Stands for the program under trial where the number of a version is expected."""


class Backtest:
    """One program over one period of one company."""

    def __init__(
        self,
        program: CompiledProgram | None,
        counts: Counts,
        company: CompanyState,
        members: Callable[[int], Followed],
        *,
        name: str,
        first_at: int,
        end_at: int,
        awaited: Collection[int] = (),
        pasts: Mapping[int, dict[str, Any]] = EMPTY,
        awards: Mapping[str, Award] | None = None,
    ) -> None:
        """`program` None: each entry by the version that was in force, which must come out as recorded.

        `company` and `members` are as they stood just before the period, and are changed. Entries received from
        `first_at` on and before `end_at` are counted. `awaited`: the entries that a later one undoes. `pasts`: member,
        and what a HISTORY entry says of what they did before the period, where the trial counts that. `awards`:
        `simple_awards` of the program, where they are made already.
        """
        self.program = program
        self.counts = counts
        self.company = company
        self.members = members
        self.name = name
        self.first_at = first_at
        self.end_at = end_at
        self.awaited = frozenset(awaited)
        self.pasts = pasts
        self.rollup = DayRollup()
        self._begun = False
        self._launched = False
        """The trial was published here, and has counted what came before by itself."""
        self._withheld = False
        """The gift at hand is not given."""
        self._unsent: set[int] = set()
        """Invitations that the trial does not let somebody send."""
        self._brought: dict[int, Undone] = {}
        """What the trial brought to an inviter for an entry that is awaited."""
        self._unbrought = 0
        """The entry just undone, where what it had brought is recorded from before the trial."""
        self._due: list[tuple[int, int]] = []
        """(day, member) of what awaits members by the trial, a heap; what is past by then counts for nothing."""
        self._decided: dict[int, Undone] = {}
        """What the trial decided of the entries awaited."""
        self._launches: dict[int, tuple[Launch, ...]] = {}
        """Member -> what the trial counted of their past, where some of it is awaited."""
        self._first = 0
        """The entry at which the trial began."""
        self._alone = Followed(MemberState(), Seen())
        self._next_due_at = 0
        """No sooner does anything await anybody; whatever comes is considered until it is known."""
        self._keeps_time = program is not None and keeps_time(program)
        self._noted: set[int] = set()
        """Members of whom it is noted what awaits them as everything stands."""
        awards = simple_awards(program) if awards is None else awards
        self._uneventful = Uneventful(program, awards)
        self._tallies = new_tallies(program, awards, name, counts, self._count_budget)
        self._blockers = blockers(program) if program is not None else {}
        self._answers: dict[str, dict[tuple[int, ...], int]] = {event: {} for event in self._blockers}
        self._budgets = budget_amounts(program.program) if program is not None else {}

    def add(
        self,
        rows: Sequence[Row],
        programs: Mapping[int, CompiledProgram | None],
        undone: Mapping[int, Undone] = NOTHING_UNDONE,
    ) -> None:
        """Entries that follow one another in the log, as they are stored. `programs`: those that were in force, by
        version; `undone`: by the reversal's seq."""
        fold, members, awaited, noted = self._uneventful.fold, self.members, self.awaited, self._noted
        for row in rows:
            number, received_at, day = row[2], row[5], row[6]
            if (
                received_at < self._next_due_at
                and number
                and row[0] not in awaited
                and (not self._keeps_time or number in noted)
            ):
                followed = members(number)
                seen = followed.seen or self._meet(followed)
                if seen.decided_until == UNKNOWN:
                    seen.decided_until = self._uneventful.decided_until(followed.state)
                if day > seen.decided_until:
                    counted = self.first_at <= received_at < self.end_at
                    tallies = self._tallies if counted else None
                    undecided = fold(self.company, followed.state, row, tallies, seen.trial)
                    if undecided > Undecided.NOT_AN_EVENT and counted:
                        reasons = self.counts.trial.undecided
                        reasons[undecided] = reasons.get(undecided, 0) + 1
                    if undecided != LOOKED_AT:
                        continue
            self.consider(entry_of(row), programs[row[8]], undone.get(row[0]))
        if any(tally.combinations() > COMBINATIONS_MAX for tally in self._tallies.values()):
            self.settle()

    def consider(self, entry: Entry, in_force: CompiledProgram | None, undone: Undone | None = None) -> None:
        """Decide one entry by the program under trial, fold it, and count it. `undone`: what a reversal undid, by what
        is recorded."""
        trial = self.program
        self._first = self._first or entry.seq
        if trial is not None:
            if not self._begun:
                self._publish(entry, in_force)
                self._begun = True
            if entry.received_at >= self._next_due_at:
                self.sweep(entry.received_at)
        program = trial or in_force
        followed = self.members(entry.member) if entry.member else self._alone
        if followed.seen is None:
            self._meet(followed)
        if trial is None and entry.member and followed.state.last_seq:
            self._tick(entry.member, followed, program, entry)
        if entry.kind == Kind.TRACK or not self._passed_over(entry, undone):
            counted = self.first_at <= entry.received_at < self.end_at
            self._decide(followed, program, entry, undone, counted)
            if entry.kind in PLACING:
                self._next_due_at = 0
        if trial is not None and not entry.member:
            self._noted.clear()
        elif trial is not None and (self._keeps_time or followed.state.points_due):
            self._note_due(entry.member, followed)

    def _meet(self, followed: Followed) -> Seen:
        """A member to whom something happens for the first time in the period."""
        followed.seen = seen = Seen(followed.state.level)
        return seen

    def _decide(
        self,
        followed: Followed,
        program: CompiledProgram | None,
        entry: Entry,
        undone: Undone | None,
        counted: bool,
    ) -> None:
        member = followed.state
        if undone is not None:
            undone = self._undoing(entry, undone)
        decision = decide(program, self.company, member, entry, undone)
        if entry.kind == Kind.GIFT:
            decision = self._gift(entry, decision)
        elif entry.kind == Kind.REFERRAL:
            decision = self._referral(entry, decision)
        record = decision.record
        if undone is not None and (launches := self._launches.get(entry.member)):
            self._launches[entry.member] = without(launches, undone.entry.seq, record)
        if counted and record.verdicts and entry.name in self._blockers:
            self._count_clauses(entry, member, record)
        fold(program, self.company, member, self.rollup, entry, decision, reported=False)
        if entry.kind == Kind.HISTORY and not self.awaited.isdisjoint(named_entries(entry.body.data)):
            assert program is not None
            launch = Launch(entry, record, decision.transfers, program)
            self._launches[entry.member] = (*self._launches.get(entry.member, ()), launch)
        elif self.awaited and entry.seq in self.awaited and entry.kind != Kind.TICK:
            self._decided[entry.seq] = Undone(entry, record, decision.transfers, program)
        assert followed.seen is not None
        followed.seen.decided_until = UNKNOWN
        if counted:
            self._count_trial(entry, decision, followed.seen)
        if record.more is not None and (led := record.led) is not None and led.active and self.program:
            self._bring(led.by, member, entry, undone, counted)

    def _undoing(self, reversal: Entry, recorded: Undone) -> Undone:
        """What the trial made of what is undone, and of launches that counted it."""
        earlier = tuple(one for one in recorded.launches if one.entry.seq < self._first)
        launches = (*earlier, *self._launches.get(reversal.member, ()))
        return replace(self._decided.pop(recorded.entry.seq, recorded), launches=launches)

    def _referral(self, entry: Entry, decision: Decision) -> Decision:
        """An invitation that is not sent cannot be joined by."""
        if decision is REFUSED and entry.body.data["step"] == INVITE:
            self._unsent.add(entry.seq)
        return REFUSED if entry.body.data.get("invitation") in self._unsent else decision

    def _bring(
        self, inviter: int, member: MemberState, by: Entry, undone: Undone | None, counted: bool
    ) -> None:
        """What a colleague who became active brings to whoever invited them, or what undoing that takes back."""
        followed = self.members(inviter)
        seen = followed.seen or self._meet(followed)
        at, (day, hour) = by.received_at, local_day_hour(by.received_at, self.company.timezone)
        kind, data, taking = Kind.REFERRAL, bring(member, by) if undone is None else {}, None
        if undone is not None:
            kind, data = Kind.REVERSAL, {"seq": undone.entry.seq}
            taking = self._brought.pop(undone.entry.seq, None)
            if taking is None:
                self._unbrought = undone.entry.seq
                return
        entry = Entry(by.seq, kind, inviter, at, at, day, hour, by.program, "", Body("", data))
        decision = decide(self.program, self.company, followed.state, entry, taking)
        fold(self.program, self.company, followed.state, self.rollup, entry, decision)
        if by.seq in self.awaited:
            self._brought[by.seq] = Undone(entry, decision.record, decision.transfers, self.program)
        if counted:
            self._count_trial(entry, decision, seen)
        seen.decided_until = UNKNOWN
        self._note_due(inviter, followed)

    def _passed_over(self, entry: Entry, undone: Undone | None) -> bool:
        """What the trial does in its own time, and not when the programs in force did it."""
        if entry.kind == Kind.TICK or self.program is None:
            return entry.kind == Kind.TICK
        if entry.kind == Kind.REFERRAL:
            return str(entry.body.data["step"]) == BRING
        if undone is not None and undone.entry.kind == Kind.REFERRAL:
            return bool(undone.entry.body.data["active"] != self._unbrought)
        return entry.kind == Kind.PROGRAM or (entry.kind == Kind.HISTORY and self._launched)

    def _gift(self, entry: Entry, decision: Decision) -> Decision:
        """What was not given is not received: the two sides of a gift are next to each other in the log."""
        if entry.body.data["step"] == GIVE:
            self._withheld = decision is REFUSED
        elif self._withheld:
            return REFUSED
        return decision

    # --- time -------------------------------------------------------------------------------------------------

    def _publish(self, entry: Entry, in_force: CompiledProgram | None) -> None:
        """The trial is in force from the first entry on, as if it had been published then, unless it was already. What
        else was published later is nothing to it."""
        assert self.program is not None
        if entry.kind == Kind.PROGRAM or in_force is None or in_force.hash != self.program.hash:
            when = entry.at, entry.received_at, *local_day_hour(entry.received_at, self.company.timezone)
            published = Entry(entry.seq, Kind.PROGRAM, 0, *when, UNDER_TRIAL, "", NOTHING_SAID)
            self._decide(self._alone, self.program, published, None, counted=False)
            self._launched = True
            self._noted.clear()
            for number, said in self.pasts.items():
                past = replace(published, kind=Kind.HISTORY, member=number, body=Body("", said))
                followed = self.members(number)
                if followed.seen is None:
                    self._meet(followed)
                self._decide(
                    followed, self.program, past, None, self.first_at <= entry.received_at < self.end_at
                )
                self._note_due(number, followed)

    def expect(self, everyone: Iterable[tuple[int, Followed]]) -> None:
        """Look at all members before the first entry, to know when something awaits those who may never appear."""
        if self.program is not None:
            for number, followed in everyone:
                self._note_due(number, followed)

    def sweep(self, until: int) -> None:
        """What was due to any member by the local day of `until`, each day at its midnight, as the scheduler has it."""
        while self._due:
            day, number = self._due[0]
            soonest = start_of_day(day - 1)  # whatever the time zone
            if soonest > until or (at := midnight(day, self.company.timezone)) > until:
                self._next_due_at = soonest if soonest > until else at
                return
            heappop(self._due)
            followed = self.members(number)
            seen = followed.seen or self._meet(followed)
            seen.due = 0
            tick = Entry(
                self.company.last_seq, Kind.TICK, number, at, at, day, 0, UNDER_TRIAL, "", NOTHING_SAID
            )
            self._tick(number, followed, self.program, tick)
            self._note_due(number, followed)
        self._next_due_at = NEVER

    def _note_due(self, number: int, followed: Followed) -> None:
        assert self.program is not None
        due = next_due(self.program, self.company, followed.state)
        if self._keeps_time:
            self._noted.add(number)
        if due and (followed.seen is None or followed.seen.due != due):
            heappush(self._due, (due, number))
            self._next_due_at = min(self._next_due_at, start_of_day(due - 1))
            if followed.seen is not None:
                followed.seen.due = due

    def _tick(self, number: int, followed: Followed, program: CompiledProgram | None, by: Entry) -> None:
        """What was due to a member up to the day of a tick, or for any other entry the day it was received: as
        `actions.turns` has it."""
        state, company = followed.state, self.company
        while program and (day := next_due(program, company, state)):
            until = by.day if by.kind == Kind.TICK else local_day_hour(by.received_at, company.timezone)[0]
            if day > until:
                return
            at = min(midnight(day, company.timezone), by.received_at)
            tick = Entry(by.seq, Kind.TICK, number, at, by.received_at, day, 0, by.program, "", NOTHING_SAID)
            self._decide(followed, program, tick, None, self.first_at <= by.received_at < self.end_at)

    # --- counting ---------------------------------------------------------------------------------------------

    def _count_trial(self, entry: Entry, decision: Decision, seen: Seen) -> None:
        side, record = self.counts.trial, decision.record
        version = entry.program if self.program is None else UNDER_TRIAL
        if record.verdicts or record.undecided or record.badges:
            side.decided(version, entry.kind, entry.name, record)
        if entry.kind == Kind.REDEMPTION:
            side.asked(entry, record)
        for transfer in decision.transfers:
            side.move(self.name, version, entry, record, transfer, seen.trial)
        if self._budgets:
            for use in decision.uses:
                if use.company and use.key in self._budgets:
                    own = sum(
                        one.amount for one in decision.uses if (one.key, one.start) == (use.key, use.start)
                    )
                    before = used(self.company.usage, use.key, use.start) - own
                    self._count_budget(use.key, use.start, entry.day, before, use.amount)

    def _count_budget(self, key: str, start: int, day: int, before: int, amount: int) -> None:
        self.counts.use_budget((self.name, key, start), self._budgets[key], day, before, amount)

    def _count_clauses(self, entry: Entry, member: MemberState, record: Record) -> None:
        """Which parts of the conditions fail, where any does."""
        assert self.program is not None
        blockers = self._blockers[entry.name]
        if not any(record.verdicts[rule] % VERDICTS == Verdict.CONDITION for rule in blockers.rules):
            return
        facts = Course(self.program, self.company, member, entry).facts()
        answer = blockers.match(facts)
        answers = self._answers[entry.name]
        answers[answer] = answers.get(answer, 0) + 1
        if len(answers) > COMBINATIONS_MAX:
            self.settle()

    def finish(self) -> None:
        """To be called after the last entry."""
        if self.program is not None:
            self.sweep(self.end_at - 1)
        self.settle()

    def settle(self) -> None:
        """Take what was counted by combinations apart."""
        for event, tally in self._tallies.items():
            tally.settle(self.counts.trial, UNDER_TRIAL, event)
            answers = self._answers.get(event, {})
            for answer, times in tally.answers.items():
                answers[answer] = answers.get(answer, 0) + times
            tally.answers.clear()
        for event, answers in self._answers.items():
            for (rule, node), times in stopped_alone(self._blockers[event], answers).items():
                key = event, rule, node
                self.counts.alone[key] = self.counts.alone.get(key, 0) + times
            answers.clear()
        self.counts.trial.settle()
        self.counts.actual.settle()
