"""Events that nothing of a program looks at, and those whose rules award simply: what they change, told from how they
are stored, without a decision.

In a real history most events trigger no rule and count toward nothing. `decide` would say only why none was
considered, and `fold` would note the day. Both are done here at once, for replaying at many times the speed where
nobody keeps the decisions. Owns which events these are. Must do to the state exactly what `decide` and `fold` do
(when not `reported`), which a property test holds against them: whatever is in doubt is left to those two.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from types import MappingProxyType
from typing import Final

from engage.core.activity import mark_day
from engage.core.calendar import DAY
from engage.core.compiled import CompiledProgram
from engage.core.decisions import Undecided
from engage.core.event import ACTIVITY, Kind, Row, is_trusted
from engage.core.simple_awards import Tally
from engage.core.simple_code import Award
from engage.core.state import CompanyState, MemberState

LOOKED_AT: Final = -1
"""It must be decided."""
NO_AWARDS: Final[Mapping[str, Award]] = MappingProxyType({})


class Uneventful:
    """As one program has it; None is none."""

    def __init__(self, program: CompiledProgram | None, awards: Mapping[str, Award] = NO_AWARDS) -> None:
        """`awards`: of `simple_awards`."""
        self._awards = awards
        self._events = program.program.events if program is not None else {}
        self._undeclared = Undecided.NO_PROGRAM if program is None else Undecided.UNDECLARED_EVENT
        self._late = program.program.late_days * DAY if program is not None else 0
        self._slides = program is not None and bool(program.sliding)
        self._views = program is not None and program.activity is not None
        self._stages = program is not None and bool(program.stages)
        self._looked_at = _looked_at(program) if program is not None else frozenset[str]()
        self._decided = self._looked_at - awards.keys()

    def may_be(self, rows: Sequence[Row]) -> list[bool]:
        """Of each, whether it may be one. The others have to be decided, whoever they are of."""
        looked_at, decided, track = self._looked_at, self._decided, Kind.TRACK
        return [
            row[9] not in decided and (row[1] == track or (row[1] in ACTIVITY and row[9] not in looked_at))
            for row in rows
        ]

    def passes(self, company: CompanyState, member: MemberState, row: Row) -> bool:
        """Whether an entry is one, and if so, fold it."""
        [may_be] = self.may_be([row])
        return may_be and self.fold(company, member, row) != LOOKED_AT

    def fold(
        self,
        company: CompanyState,
        member: MemberState,
        row: Row,
        tally: Tally | None = None,
        gained: dict[str, int] | None = None,
    ) -> int:
        """Change the states by an event that may be one, and say why it was undecided; or LOOKED_AT, and nothing is.

        `tally` and `gained`, of the event and the member: where what it is awarded is counted.
        """
        seq, kind, _, _, at, _, day, hour, _, name, body, _ = row
        if (
            not member.events  # the first brings more with it
            or day <= member.awaited_until
            or (self._stages and day != member.last_day)
            or (member.points_due and (self._slides or any(one.pending for one in member.wallets.values())))
            or (member.referral is not None and member.referral.offers and member.referral.via is None)
            or (self._views and kind != Kind.TRACK)
        ):
            return LOOKED_AT
        event, undecided = self._events.get(name), Undecided.DECIDED
        if kind != Kind.TRACK:
            undecided = Undecided.NOT_AN_EVENT
        elif event is None:
            undecided = self._undeclared
        elif at < company.head_at - self._late:
            undecided = Undecided.TOO_LATE
        elif not event.browser and not is_trusted(body):
            undecided = Undecided.UNTRUSTED_SOURCE
        elif (award := self._awards.get(name)) is not None and not award(
            company, member, day, hour, body, tally, gained
        ):
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


def _looked_at(program: CompiledProgram) -> frozenset[str]:
    """The events that trigger a rule, count toward something, or make an invited colleague active."""
    policy = program.program.referral
    boards = (board.what for board in program.program.leaderboards if board.of == "event")
    return frozenset(
        chain(program.matchers, program.counting, boards, [policy.event] if policy is not None else ())
    )
