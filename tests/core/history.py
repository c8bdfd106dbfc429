"""A company's log without a store: entries appended, decided and folded one by one, in memory.

Owns what `engage.actions` does around the core (numbering, local days, rollups, the program in force), so that
scenarios and properties try the real core and nothing else. Must not know a table, a transaction or a clock.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from engage.core.agenda import next_due
from engage.core.calendar import local_day_hour, midnight
from engage.core.chain import Item
from engage.core.compiled import CompiledProgram, compile_program
from engage.core.decide import Undone, decide
from engage.core.decisions import Decision, decode_record, encode_record
from engage.core.event import Body, Entry, Kind, decode_body, encode_body
from engage.core.fold import fold
from engage.core.history import Tally, awaiting_count, counted_ids, named_entries
from engage.core.launches import Launch, without
from engage.core.ledger import ACTIVE, ISSUED, account
from engage.core.offers import Offer
from engage.core.program import Program
from engage.core.referral import bring, invite_lacks, offer_lack
from engage.core.state import (
    CompanyState,
    DayRollup,
    MemberState,
    decode_company,
    decode_day,
    decode_member,
    encode_state,
    merge_days,
)
from engage.document import read_program


@dataclass
class Step:
    """One entry, what it did, and what is needed to undo it."""

    entry: Entry
    decision: Decision
    program: CompiledProgram | None


@dataclass
class History:
    """The log so far and everything folded from it."""

    timezone: str = "UTC"
    stored: bool = False
    """Whether every document goes through its stored form between two entries, as it does between two commits."""
    versions: list[CompiledProgram] = field(default_factory=list)
    company: CompanyState = field(init=False)
    members: dict[str, MemberState] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)
    rollups: dict[int, DayRollup] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)
    version: int = 0
    """Which of `versions`, from 1, the log has taken up."""
    clock: int = 0
    """Nothing is received before this."""

    def __post_init__(self) -> None:
        self.company = CompanyState(timezone=self.timezone)

    def publish(self, program: Program) -> None:
        self.versions.append(compile_program(program))

    @property
    def program(self) -> CompiledProgram | None:
        return self.versions[-1] if self.versions else None

    def member(self, name: str) -> MemberState:
        """The member's state; of somebody not seen before, an empty one that is not kept."""
        return self.members.get(name, MemberState())

    def track(
        self,
        name: str,
        event: str,
        at: int,
        properties: dict[str, Any] | None = None,
        *,
        trusted: bool = True,
    ) -> Step:
        return self.append(Kind.TRACK, name, at, event, Body("", properties or {}, None, trusted))

    def adjust(self, name: str, at: int, currency: str, amount: int) -> Step:
        said = {"currency": currency, "amount": amount, "actor": "first"}
        return self.append(Kind.ADJUSTMENT, name, at, "", Body("", said))

    def settle(self, name: str, at: int, step: str, adjustment: int, actor: str = "second") -> Step:
        """Approve or decline an adjustment that waits, by its seq."""
        said = {"step": step, "adjustment": adjustment, "actor": actor}
        return self.append(Kind.ADJUSTMENT, name, at, "", Body("", said))

    def reverse(self, name: str, at: int, step: Step) -> Step:
        body = Body("", {"seq": step.entry.seq})
        now = self._received(at)
        self.wait(name, now)
        self.look_back(name, now)
        undone = self.undoing(step, len(self.steps) + 1)
        reversal = self.append(Kind.REVERSAL, name, at, step.entry.name, body, undone)
        led = reversal.decision.record.led
        if led is not None and led.active:
            told = self._brought(step.entry.seq)
            body = Body("", {"seq": told.entry.seq})
            undone = Undone(told.entry, told.decision.record, told.decision.transfers, told.program)
            self.append(Kind.REVERSAL, self.name_of(led.by), at, "", body, undone)
        return reversal

    def undoing(self, step: Step, by: int) -> Undone:
        """What the reversal number `by` needs to know of an entry, as it is stored."""
        launches: list[Launch] = []
        for one in self.steps[: by - 1]:
            if one.entry.member != step.entry.member:
                continue
            entry, record = one.entry, decode_record(encode_record(one.decision.record))
            if entry.kind == Kind.REVERSAL:
                launches = [*without(launches, entry.body.data["seq"], record)]
            elif entry.kind == Kind.HISTORY and step.entry.seq in named_entries(entry.body.data):
                assert one.program is not None
                launches.append(Launch(entry, record, one.decision.transfers, one.program))
        record = decode_record(encode_record(step.decision.record))
        return Undone(step.entry, record, step.decision.transfers, step.program, tuple(launches))

    def _brought(self, active: int) -> Step:
        """What the entry that made a colleague active brought to whoever had invited them."""
        return next(
            step
            for step in self.steps
            if step.entry.kind == Kind.REFERRAL and step.entry.body.data.get("active") == active
        )

    def name_of(self, number: int) -> str:
        return next(name for name, own in self.numbers.items() if own == number)

    def invite(self, name: str, at: int, to: str = "", channel: str = "link") -> Step:
        """An invitation, offered at once to the colleague whom it names; not sent to whom it cannot be offered."""
        number = (self.numbers.get(to) or self.company.members + 1) if to else 0
        data = {"step": "invite", "channel": channel, "code": "", "to": number, "actor": name}
        own, day = self.numbers.get(name, 0), local_day_hour(at, self.company.timezone)[0]
        offer = Offer(len(self.steps) + 1, own, day, channel)
        policy = self.program.program.referral if self.program else None
        lacks = self.program is None or invite_lacks(
            self.program, self.company, self.member(name), number, own, day
        )
        if to and not lacks and offer_lack(policy, self.member(to), number, offer, day) is not None:
            said = {
                "step": "offer",
                "invitation": offer.invitation,
                "by": own,
                "day": day,
                "channel": channel,
            }
            return self.append(Kind.REFERRAL, to, at, "", Body("", said))
        sent = self.append(Kind.REFERRAL, name, at, "", Body("", data))
        return self.offer(to, at, sent) if to and sent.decision.record.status == "sent" else sent

    def offer(self, name: str, at: int, sent: Step) -> Step:
        """A colleague takes up an invitation."""
        entry = sent.entry
        said = {"step": "offer", "invitation": entry.seq, "by": entry.member, "day": entry.day}
        body = Body("", said | {"channel": entry.body.data["channel"], "actor": name})
        return self.append(Kind.REFERRAL, name, at, "", body)

    def redeem(self, name: str, at: int, reward: str) -> Step:
        return self.append(Kind.REDEMPTION, name, at, "", Body("", {"step": "request", "reward": reward}))

    def open(self, name: str, at: int, nudge: str) -> Step:
        return self.append(Kind.NUDGE, name, at, "", Body("", {"opened": nudge}))

    def take_step(self, name: str, at: int, step: str, redemption: int) -> Step:
        """Approve, fulfil or cancel a redemption, by the seq of its request."""
        body = Body("", {"step": step, "redemption": redemption})
        return self.append(Kind.REDEMPTION, name, at, "", body)

    def give(self, name: str, at: int, to: str, currency: str, amount: int) -> list[Step]:
        """Both sides of a gift; only the giver's when it is refused."""
        gift = {"currency": currency, "amount": amount, "message": ""}
        said = {"step": "give", "to": self.numbers[to], **gift}
        steps = [self.append(Kind.GIFT, name, at, "", Body("", said))]
        if steps[0].decision.record.status == "given":
            said = {"step": "receive", "from": self.numbers[name], **gift}
            steps.append(self.append(Kind.GIFT, to, at, "", Body("", said)))
        return steps

    def append(
        self, kind: int, name: str, at: int, event: str, body: Body, undone: Undone | None = None
    ) -> Step:
        """Append one entry; `name` is empty for what concerns the company alone."""
        if name and name not in self.members:
            self.members[name], self.numbers[name] = MemberState(), self.company.members + 1
        now = self._received(at)
        self.adopt(now)
        if kind != Kind.TICK:
            self.wait(name, now)
            self.look_back(name, now)
        when = local_day_hour(at, self.company.timezone)
        step = self._append(kind, name, at, now, when, event, body, undone)
        led = step.decision.record.led
        if led is not None and led.active and kind != Kind.REVERSAL:
            inviter, said = self.name_of(led.by), bring(self.member(name), step.entry)
            self.wait(inviter, now)
            when = local_day_hour(now, self.company.timezone)
            self._append(Kind.REFERRAL, inviter, now, now, when, "", Body("", said))
        return step

    def _received(self, at: int) -> int:
        return max([at, self.clock, *(step.entry.received_at for step in self.steps[-1:])])

    def adopt(self, now: int) -> None:
        """From here on the newest version decides."""
        if self.version != len(self.versions):
            self.version = len(self.versions)
            when = local_day_hour(now, self.company.timezone)
            self._append(Kind.PROGRAM, "", now, now, when, "", Body("", {"program": self.version}))

    def wait(self, name: str, until: int) -> list[Step]:
        """Append the ticks that are due to a member by then."""
        steps: list[Step] = []
        while self.program and self.member(name).last_seq:
            day = next_due(self.program, self.company, self.member(name))
            if not day or day > local_day_hour(until, self.company.timezone)[0]:
                break
            at = midnight(day, self.company.timezone)
            steps.append(self._append(Kind.TICK, name, at, until, (day, 0), "", Body("", {})))
        return steps

    def look_back(self, name: str, now: int) -> list[Step]:
        """Count a member's past toward quests launched since, unless that is done."""
        self.adopt(now)
        member = self.member(name)
        quests = awaiting_count(self.program, self.company, member) if self.program else []
        if not quests or self.program is None:
            return []
        own = [step for step in self.steps if step.entry.member == self.numbers[name]]
        undone = {step.entry.body.data["seq"] for step in own if step.entry.kind == Kind.REVERSAL}
        tally = Tally(self.program, self.company, member, quests)
        for step in own:
            if step.entry.seq not in undone:
                record, by = step.decision.record, step.program
                tally.add(step.entry, record, counted_ids(record, by.program if by else None))
        when = local_day_hour(now, self.company.timezone)
        return [self._append(Kind.HISTORY, name, now, now, when, "", Body("", tally.said()))]

    def _append(
        self,
        kind: int,
        name: str,
        at: int,
        now: int,
        when: tuple[int, int],
        event: str,
        body: Body,
        undone: Undone | None = None,
    ) -> Step:
        member = self.member(name)
        day, hour = when
        entry = Entry(
            seq=len(self.steps) + 1,
            kind=kind,
            member=self.numbers.get(name, 0),
            at=at,
            received_at=now,
            day=day,
            hour=hour,
            program=len(self.versions),
            name=event,
            body=body,
            previous=member.last_seq,
        )
        decision = decide(self.program, self.company, member, entry, undone)
        added = DayRollup()
        fold(self.program, self.company, member, added, entry, decision)
        merge_days(self.rollups.setdefault(day, DayRollup()), added)
        if self.stored:
            self._store(name, day)
        step = Step(entry, decision, self.program)
        self.steps.append(step)
        return step

    def _store(self, name: str, day: int) -> None:
        self.company = decode_company(encode_state(self.company))
        self.rollups[day] = decode_day(encode_state(self.rollups[day]))
        if name:
            self.members[name] = decode_member(encode_state(self.members[name]))

    def items(self) -> list[Item]:
        """What the hash chain covers."""
        return [(s.entry, encode_record(s.decision.record), s.decision.transfers) for s in self.steps]

    def balances(self) -> Counter[tuple[int, str]]:
        """Every account's balance: the fold of all transfers."""
        balances: Counter[tuple[int, str]] = Counter()
        for step in self.steps:
            for transfer in step.decision.transfers:
                balances[(transfer.source, transfer.currency)] -= transfer.amount
                balances[(transfer.target, transfer.currency)] += transfer.amount
        return balances

    def active(self, name: str, currency: str = "points") -> int:
        """The member's balance by the transfers."""
        return self.balances()[(account(self.numbers[name], ACTIVE), currency)]

    def issued(self, currency: str = "points") -> int:
        """All that was awarded and not taken back, by the transfers."""
        return -self.balances()[(account(0, ISSUED), currency)]

    def replayed(self) -> History:
        """The same log again, from nothing but its stored entries, each decision decided anew."""
        again = History(self.timezone, stored=True)
        names = {number: name for name, number in self.numbers.items()}
        stored = {step.entry.seq: step for step in self.steps}
        for step in self.steps:
            again.versions = self.versions[: step.entry.program]
            undone = None
            if step.entry.kind == Kind.REVERSAL:
                undone = self.undoing(stored[step.entry.body.data["seq"]], step.entry.seq)
            body = decode_body(encode_body(step.entry.body))
            name, entry = names.get(step.entry.member, ""), step.entry
            if name:
                again.members.setdefault(name, MemberState())
                again.numbers[name] = entry.member
            when = (entry.day, entry.hour)
            again._append(entry.kind, name, entry.at, entry.received_at, when, entry.name, body, undone)
        return again


@cache
def program_of(text: str) -> Program:
    """The program of a YAML document without mistakes."""
    read = read_program(text)
    assert read.program is not None, "\n".join(map(str, read.problems))
    return read.program
