"""What is recorded of a backtest's period, counted: the side that a trial is held against.

Owns how a block of entries is counted as a whole. Nothing is decided here, so an entry costs little: equal ones are
counted together, and a decision is read once in a block, however often it is recorded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from engage.core.backtest_counts import Counts, Followed, Seen
from engage.core.decisions import Record, decode_record
from engage.core.event import Entry, Kind
from engage.core.ledger import ACTIVE, ISSUED, NO_RULE, PLACES, Transfer

Moved = tuple[int, int, str, int, int, int, int]
"""A transfer as it is stored: (seq of its entry, number in it, currency, source, target, amount, rule)."""


class Recorded:
    """Of one company. Each block is to be added before the trial decides its entries: who is met for the first time
    stands at the same level on both sides."""

    def __init__(
        self,
        counts: Counts,
        levels: dict[str, int],
        members: Callable[[int], Followed],
        *,
        name: str,
        first_at: int,
        end_at: int,
    ) -> None:
        self.counts = counts
        self.levels = dict(levels)
        """Level -> members."""
        self.members = members
        self.name = name
        self.first_at = first_at
        self.end_at = end_at

    def add(self, entries: Sequence[Entry], decisions: Sequence[bytes], transfers: Iterable[Moved]) -> None:
        """Entries that follow one another in the log, what is stored of each one's decision, and their transfers."""
        records = {stored: decode_record(stored) for stored in set(decisions)}
        moving = {one for one, record in records.items() if record.level_before != record.level_after}
        if moving:
            for entry, stored in zip(entries, decisions, strict=True):
                if stored in moving:
                    self._stand(self._seen(entry.member), records[stored])
        self._count(entries, decisions, records)
        self._move(entries, decisions, records, transfers)

    def _seen(self, number: int) -> Seen:
        followed = self.members(number)
        if followed.seen is None:
            followed.seen = Seen(followed.state.level)
        return followed.seen

    def _stand(self, seen: Seen, record: Record) -> None:
        for level, change in ((seen.level, -1), (record.level_after, 1)):
            if level:
                self.levels[level] = self.levels.get(level, 0) + change
        seen.level = record.level_after

    def _count(
        self, entries: Sequence[Entry], decisions: Sequence[bytes], records: dict[bytes, Record]
    ) -> None:
        first_at, end_at, side = self.first_at, self.end_at, self.counts.actual
        alike: dict[tuple[int, int, str, bytes], int] = {}
        for entry, stored in zip(entries, decisions, strict=True):
            if first_at <= entry.received_at < end_at:
                key = entry.kind, entry.program, entry.name, stored
                alike[key] = alike.get(key, 0) + 1
                if entry.kind == Kind.REDEMPTION:
                    side.asked(entry, records[stored])
        for (kind, version, name, stored), times in alike.items():
            self.counts.entries += times
            self.counts.events += times if kind == Kind.TRACK else 0
            side.decided(version, kind, name, records[stored], times)

    def _move(
        self,
        entries: Sequence[Entry],
        decisions: Sequence[bytes],
        records: dict[bytes, Record],
        transfers: Iterable[Moved],
    ) -> None:
        """Nearly all transfers are awards to whoever the event is of: these are summed up first."""
        side, company = self.counts.actual, self.name
        days: dict[tuple[int, str], int] = {}
        gained: dict[tuple[int, str], int] = {}
        rules: dict[tuple[int, str, bytes, int, str], int] = {}
        first, spendable = entries[0].seq if entries else 0, ACTIVE
        for seq, _, currency, source, target, amount, rule in transfers:
            entry, stored = entries[seq - first], decisions[seq - first]
            if not self.first_at <= entry.received_at < self.end_at:
                continue
            awards = source == ISSUED and target % PLACES == spendable
            if not awards or rule == NO_RULE or entry.kind == Kind.REVERSAL:
                moved = Transfer(currency, source, target, amount, rule)
                seen = self._seen(entry.member).actual
                side.move(company, entry.program, entry, records[stored], moved, seen)
                continue
            day = entry.day, currency
            days[day] = days.get(day, 0) + amount
            whose = entry.member, currency
            gained[whose] = gained.get(whose, 0) + amount
            by = entry.program, entry.name, stored, rule, currency
            rules[by] = rules.get(by, 0) + amount
        for (on, currency), amount in days.items():
            side.awarded(company, on, currency, amount)
        for (number, currency), amount in gained.items():
            actual = self._seen(number).actual
            actual[currency] = actual.get(currency, 0) + amount
        for (version, name, stored, rule, currency), amount in rules.items():
            side.awarded_by((version, name, records[stored].occasions, rule), currency, amount)
