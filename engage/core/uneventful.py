"""Events that nothing of a program looks at, and those whose rules award simply: what they change, told from how they
are stored, without a decision.

In a real history most events trigger no rule and count toward nothing. `decide` would say only why none was
considered, and `fold` would note the day. Both are done here at once, for replaying at many times the speed where
nobody keeps the decisions. Owns which events these are. Must do to the state exactly what `decide` and `fold` do
(when not `reported`), which a property test holds against them: whatever is in doubt is left to those two.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from engage.core.activity import mark_day
from engage.core.calendar import DAY
from engage.core.compiled import CompiledProgram
from engage.core.decisions import Undecided
from engage.core.event import ACTIVITY, Kind, Row, is_trusted
from engage.core.simple_awards import counted
from engage.core.simple_code import Award
from engage.core.state import CompanyState, MemberState
from engage.core.ways import Tally

LOOKED_AT: Final = -1
"""It must be decided."""
FOR_EVER: Final = 2**32
"""Later than any day."""
NO_AWARDS: Final[Mapping[str, Award]] = MappingProxyType({})


class Uneventful:
    """As one program has it; None is none."""

    def __init__(self, program: CompiledProgram | None, awards: Mapping[str, Award] = NO_AWARDS) -> None:
        """`awards`: of `simple_awards`."""
        events = program.program.events if program is not None else {}
        looked_at = counted(program) | program.matchers.keys() if program is not None else frozenset[str]()
        self._decided = looked_at - awards.keys()
        self._told = {
            name: (event.browser, awards.get(name))
            for name, event in events.items()
            if name not in self._decided
        }
        """Of the events declared, those that need not be decided: whether browsers may report it, and its award."""
        self._undeclared = Undecided.NO_PROGRAM if program is None else Undecided.UNDECLARED_EVENT
        self._late = program.program.late_days * DAY if program is not None else 0
        self._slides = program is not None and bool(program.sliding)
        self._stages = program is not None and bool(program.stages)
        self._seen = looked_at if program is None or program.activity is None else None
        """The names of pages and screens that must be decided; None: all."""

    def decided_until(self, member: MemberState) -> int:
        """Up to this day whatever a member does must be decided, as long as nothing else is decided of them."""
        if (
            not member.events  # the first brings more with it
            or (member.points_due and (self._slides or any(one.pending for one in member.wallets.values())))
            or (member.referral is not None and member.referral.offers and member.referral.via is None)
        ):
            return FOR_EVER
        return member.awaited_until

    def passes(self, company: CompanyState, member: MemberState, row: Row) -> bool:
        """Whether an entry is one, and if so, fold it."""
        return row[6] > self.decided_until(member) and self.fold(company, member, row) != LOOKED_AT

    def fold(
        self,
        company: CompanyState,
        member: MemberState,
        row: Row,
        tallies: Mapping[str, Tally] | None = None,
        gained: dict[str, int] | None = None,
    ) -> int:
        """Change the states by an entry of a day after `decided_until`, and say why it was undecided; or LOOKED_AT, and
        nothing is.

        `tallies`, by event, and `gained`, of the member: where what it is awarded is counted.
        """
        seq, kind, _, _, at, _, day, hour, _, name, body, _ = row
        undecided = Undecided.DECIDED
        if self._stages and day != member.last_day:
            return LOOKED_AT
        if kind != Kind.TRACK:
            if kind not in ACTIVITY or self._seen is None or name in self._seen:
                return LOOKED_AT
            undecided = Undecided.NOT_AN_EVENT
        elif (told := self._told.get(name)) is None:
            if name in self._decided:
                return LOOKED_AT
            undecided = self._undeclared
        elif at < company.head_at - self._late:
            undecided = Undecided.TOO_LATE
        elif not told[0] and not is_trusted(body):
            undecided = Undecided.UNTRUSTED_SOURCE
        elif (award := told[1]) is not None:
            tally = tallies[name] if tallies is not None else None
            if not award(company, member, day, hour, body, tally, gained):
                return LOOKED_AT
        if at > company.head_at:
            company.head_at = at
        if at > member.last_at:
            member.last_at = at
        member.events += 1
        if day != member.last_day:
            mark_day(member, day)
        company.last_seq = member.last_seq = seq
        return undecided
