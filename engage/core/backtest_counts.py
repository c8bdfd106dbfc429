"""What a backtest counts. Two sides are told apart: `trial`, what the program under trial decides, and `actual`, what
is recorded.

Owns the counts; `backtest_report` makes sums and words of them. Counting must stay cheap beside deciding: what became
of an event is counted as a whole, one number per combination of verdicts, and taken apart at the end.
"""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec import Struct, field

from engage.core.decisions import Record, Undecided
from engage.core.event import Entry, Kind
from engage.core.ledger import ACTIVE, GIVING, ISSUED, NO_RULE, PLACES, TRANSIT, Transfer
from engage.core.occasions import Occasion
from engage.core.rewards import REFUSED, REQUEST
from engage.core.state import MemberState

BUDGET_PERCENTS: Final = (80, 100)
"""Of a budget, whose day is remembered."""
NEVER: Final = 2**63
"""More than any units."""
COMBINATIONS_MAX: Final = 20_000
"""Of verdicts, counted before they are taken apart."""


UNKNOWN: Final = -1


class Seen(Struct, array_like=True, gc=False):
    """What a backtest knows of a member beside the state the trial left."""

    level: str = ""
    """Where the member stands by what is recorded."""
    trial: dict[str, int] = field(default_factory=dict)
    """Currency -> units awarded in the period less units taken back."""
    actual: dict[str, int] = field(default_factory=dict)
    due: int = 0
    """The day on which the trial's time does something to the member next, as far as that is noted."""
    decided_until: int = UNKNOWN
    """Of `Uneventful`, by the trial and as the member stands."""


class Followed(Struct, gc=False):
    state: MemberState
    seen: Seen | None = None
    """None: nothing happened to the member in the period."""


encode_seen = msgspec.msgpack.Encoder().encode
decode_seen = msgspec.msgpack.Decoder(Seen | None).decode

Moved = dict[tuple[str, int, str, int, int], int]
"""(company, local day, currency, place it came from, place it went to) -> units; places as in `ledger`."""
RuleKey = tuple[int, str, tuple[Occasion, ...], int]
"""(version, event, occasions, number of the rule among those that a decision of these considered)."""
Outcome = tuple[int, str, int, tuple[int, ...], tuple[Occasion, ...]]
"""(version, event, why it was undecided, verdict codes, occasions)."""


class Side(Struct):
    """One of the two: what became of the period's entries."""

    outcomes: dict[Outcome, int] = field(default_factory=dict)
    """What was decided -> how often. Only until `settle` takes it apart."""
    verdicts: dict[tuple[RuleKey, int], int] = field(default_factory=dict)
    """(rule, verdict code) -> how often."""
    undecided: dict[int, int] = field(default_factory=dict)
    """Why no rule was considered -> how often."""
    by_rule: dict[tuple[RuleKey, str], int] = field(default_factory=dict)
    """(rule, currency) -> units awarded."""
    moved: Moved = field(default_factory=dict)
    badges: dict[str, int] = field(default_factory=dict)
    redemptions: int = 0
    """Asked for and not refused."""

    def decided(self, version: int, kind: int, event: str, record: Record, times: int = 1) -> None:
        """Count a decision that was made so many times."""
        if record.verdicts or record.undecided > Undecided.NOT_AN_EVENT:
            more = record.more
            key = (
                version,
                event,
                record.undecided,
                record.verdicts,
                more.occasions if more is not None else (),
            )
            outcomes = self.outcomes
            if key in outcomes:
                outcomes[key] += times
            else:
                outcomes[key] = times
                if len(outcomes) > COMBINATIONS_MAX:
                    self.settle()
        if record.badges:
            change = -times if kind == Kind.REVERSAL else times
            for badge in record.badges:
                self.badges[badge] = self.badges.get(badge, 0) + change

    def asked(self, entry: Entry, record: Record) -> None:
        """Count a step of a redemption, if it is the first."""
        if entry.body.data["step"] == REQUEST:
            self.redemptions += record.status != REFUSED.record.status

    def settle(self) -> None:
        """Take combinations of verdicts apart, into how often each came."""
        for (version, event, undecided, verdicts, occasions), times in self.outcomes.items():
            if undecided:
                self.undecided[undecided] = self.undecided.get(undecided, 0) + times
            for rule, code in enumerate(verdicts):
                key = (version, event, occasions, rule), code
                self.verdicts[key] = self.verdicts.get(key, 0) + times
        self.outcomes.clear()

    def move(
        self,
        company: str,
        version: int,
        entry: Entry,
        record: Record,
        transfer: Transfer,
        seen: dict[str, int],
    ) -> None:
        """Count a transfer, and what it means for how much the member was awarded."""
        currency, amount = transfer.currency, transfer.amount
        source, target = transfer.source % PLACES, transfer.target % PLACES
        moved = company, entry.day, currency, source, target
        self.moved[moved] = self.moved.get(moved, 0) + amount
        if source == TRANSIT or (source == ISSUED and target != GIVING):  # a gift is the receiver's
            seen[currency] = seen.get(currency, 0) + amount
            if source == ISSUED and transfer.rule != NO_RULE and entry.kind != Kind.REVERSAL:
                self.awarded_by((version, entry.name, record.occasions, transfer.rule), currency, amount)
        elif target == ISSUED:
            seen[currency] = seen.get(currency, 0) - amount

    def awarded(self, company: str, day: int, currency: str, amount: int) -> None:
        """Count awards to members that did not have to wait, as `move` does each of them."""
        moved = company, day, currency, ISSUED, ACTIVE
        self.moved[moved] = self.moved.get(moved, 0) + amount

    def awarded_by(self, rule: RuleKey, currency: str, amount: int) -> None:
        key = rule, currency
        self.by_rule[key] = self.by_rule.get(key, 0) + amount


class BudgetWindow(Struct):
    """A budget of the program under trial in one window of one company."""

    before: int = 0
    """Used before the period."""
    used: int = 0
    days: dict[int, int] = field(default_factory=dict)
    """Local day -> used on it, less what was given back on it."""
    reached: dict[int, int] = field(default_factory=dict)
    """Percent of the budget -> the local day on which it was reached."""
    following: int = 0
    """The units at which the next of these is."""


class Counts(Struct):
    """What was counted, of all companies so far."""

    trial: Side = field(default_factory=Side)
    actual: Side = field(default_factory=Side)
    entries: int = 0
    """Of the period."""
    events: int = 0
    alone: dict[tuple[str, int, int], int] = field(default_factory=dict)
    """(event, rule of its trigger, node of its conditions) -> events that this alone kept from the rule. Only of
    rules with several clauses: of one with a single clause its verdict says the same."""
    budgets: dict[tuple[str, str, int], BudgetWindow] = field(default_factory=dict)
    """By company, key of the budget and first day of the window; those that the period used something of."""
    by_day: dict[tuple[str, int, RuleKey, str], int] = field(default_factory=dict)
    """(company, local day, rule, currency) -> units actually awarded, where campaigns with budgets need it."""

    def use_budget(self, which: tuple[str, str, int], most: int, day: int, before: int, amount: int) -> None:
        """Count units used of a budget's window, of which `before` were used already; negative ones are given back."""
        found = self.budgets.get(which)
        if found is None:
            found = self.budgets[which] = BudgetWindow(before, before)
        found.used += amount
        found.days[day] = found.days.get(day, 0) + amount
        if found.used >= found.following:
            units = {percent: -(-most * percent // 100) for percent in BUDGET_PERCENTS}
            for percent in BUDGET_PERCENTS:
                if percent not in found.reached and found.used >= units[percent]:
                    found.reached[percent] = day
            found.following = min(
                (units[percent] for percent in BUDGET_PERCENTS if percent not in found.reached), default=NEVER
            )
