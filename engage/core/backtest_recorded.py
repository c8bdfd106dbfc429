"""What is recorded of a backtest's period, counted: the side that a trial is held against.

Owns how a block of entries is counted as a whole. Nothing is decided here, so an entry costs little: equal ones are
counted together, and a decision is read once in a block, however often it is recorded.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from operator import itemgetter
from typing import Final

from engage.core.backtest_counts import Counts, Followed, Seen
from engage.core.decisions import Record, decode_record
from engage.core.event import Kind, Row, entry_of
from engage.core.ledger import ACTIVE, GIVING, ISSUED, NO_RULE, PLACES, Transfer

Moved = tuple[int, str, int, int, int, int]
"""A transfer as it is stored: (seq of its entry, currency, source, target, amount, rule)."""
_ALIKE: Final = itemgetter(1, 8, 9, 11)
"""What is counted alike is of one kind, version, name and decision."""


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
        by_day: bool = False,
    ) -> None:
        """`by_day`: whether it matters what each rule awarded on which day."""
        self.counts = counts
        self.levels = dict(levels)
        """Level -> members."""
        self.members = members
        self.name = name
        self.first_at = first_at
        self.end_at = end_at
        self.by_day = by_day

    def add(self, rows: Sequence[Row], transfers: Iterable[Moved]) -> None:
        """Entries that follow one another in the log, as they are stored, and their transfers."""
        records = {stored: decode_record(stored) for stored in {row[11] for row in rows}}
        moving = {one for one, record in records.items() if record.level_before != record.level_after}
        if moving:
            for row in rows:
                if row[11] in moving:
                    self._stand(self._seen(row[2]), records[row[11]])
        self._count(rows, records)
        if self.by_day:
            transfers = tuple(transfers)
            self._count_days(rows, records, transfers)
        self._move(rows, records, transfers)

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

    def _count(self, rows: Sequence[Row], records: dict[bytes, Record]) -> None:
        side = self.counts.actual
        counted = [row for row in rows if self.first_at <= row[5] < self.end_at]
        alike = Counter(map(_ALIKE, counted))
        for (kind, version, name, stored), times in alike.items():
            self.counts.entries += times
            self.counts.events += times if kind == Kind.TRACK else 0
            side.decided(version, kind, name, records[stored], times)
        if any(kind == Kind.REDEMPTION for kind, *_ in alike):
            for row in counted:
                if row[1] == Kind.REDEMPTION:
                    side.asked(entry_of(row), records[row[11]])

    def _count_days(
        self, rows: Sequence[Row], records: dict[bytes, Record], transfers: Iterable[Moved]
    ) -> None:
        days = self.counts.by_day
        first = rows[0][0] if rows else 0
        for seq, currency, source, target, amount, rule in transfers:
            _, kind, _, _, _, received_at, day, _, version, name, _, stored = rows[seq - first]
            if source != ISSUED or target % PLACES == GIVING or rule == NO_RULE or kind == Kind.REVERSAL:
                continue
            if self.first_at <= received_at < self.end_at:
                key = self.name, day, (version, name, records[stored].occasions, rule), currency
                days[key] = days.get(key, 0) + amount

    def _move(self, rows: Sequence[Row], records: dict[bytes, Record], transfers: Iterable[Moved]) -> None:
        """Nearly all transfers are awards to whoever the event is of: these are summed up first."""
        side, company, first_at, end_at = self.counts.actual, self.name, self.first_at, self.end_at
        days: dict[tuple[int, str], int] = {}
        gained: dict[tuple[int, str], int] = {}
        rules: dict[tuple[int, str, bytes, int, str], int] = {}
        first = rows[0][0] if rows else 0
        for seq, currency, source, target, amount, rule in transfers:
            row = rows[seq - first]
            _, kind, number, _, _, received_at, on, _, version, name, _, stored = row
            if not first_at <= received_at < end_at:
                continue
            if source != ISSUED or target % PLACES != ACTIVE or rule == NO_RULE or kind == Kind.REVERSAL:
                moved = Transfer(currency, source, target, amount, rule)
                side.move(company, version, entry_of(row), records[stored], moved, self._seen(number).actual)
                continue
            day = on, currency
            days[day] = days.get(day, 0) + amount
            whose = number, currency
            gained[whose] = gained.get(whose, 0) + amount
            by = version, name, stored, rule, currency
            rules[by] = rules.get(by, 0) + amount
        for (on, currency), amount in days.items():
            side.awarded(company, on, currency, amount)
        for (number, currency), amount in gained.items():
            actual = self._seen(number).actual
            actual[currency] = actual.get(currency, 0) + amount
        for (version, name, stored, rule, currency), amount in rules.items():
            side.awarded_by((version, name, records[stored].occasions, rule), currency, amount)
