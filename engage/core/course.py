"""The decision in progress: what one entry has done so far, over the state as it stood before the entry.

Owns the answers to "what is left, what is held, which level now", as the decision so far leaves things, and the lists
that become a `Decision`. Must not know rules, levels or any other mechanic: each is a module of functions that take a
course. The state itself is never changed here.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from engage.core.calendar import weekday_of
from engage.core.compiled import CompiledProgram
from engage.core.conditions import Facts
from engage.core.decisions import Advance, Decision, Led, More, Record, Reviewed, Step, Undecided
from engage.core.event import Entry
from engage.core.ledger import ACTIVE, EARNING, ISSUED, PLACES, Detail, Transfer, account
from engage.core.lifecycle import stage_on, today_of
from engage.core.limits import (
    DEPARTMENTS_MAX,
    TOLD,
    Counter,
    Use,
    alert,
    alerts_of,
    counted,
    is_forgotten,
    left_of,
    used,
    window_start,
)
from engage.core.occasions import BADGE, Occasion
from engage.core.state import AMOUNT_MAX, CompanyState, MemberState, Quested, Run, Waiting
from engage.core.tags import changes, worn


class Mark(NamedTuple):
    """Where a course stood, to go back to."""

    transfers: int
    uses: int
    badges: int
    happened: int
    freezes: int
    tags: int
    nudges: int
    pushes: int


class Course:
    """Mutable on purpose: one entry's rules, and the rules these cause, add to it one after the other."""

    __slots__ = (
        "advances",
        "badges",
        "by_department",
        "company",
        "day",
        "details",
        "earned",
        "entry",
        "freezes",
        "happened",
        "led",
        "level",
        "member",
        "nudges",
        "occasions",
        "program",
        "pushes",
        "quests",
        "reviewed",
        "runs",
        "settled",
        "spendable",
        "stage",
        "steps",
        "stopped_by",
        "tags",
        "telling",
        "transfers",
        "uses",
        "verdicts",
    )

    def __init__(
        self, program: CompiledProgram, company: CompanyState, member: MemberState, entry: Entry
    ) -> None:
        self.program: Final = program
        self.company: Final = company
        self.member: Final = member
        self.entry: Final = entry
        self.day: Final = entry.day
        self.spendable: Final = account(entry.member, ACTIVE)
        self.level = member.level
        self.stage: str = ""
        """Reckoned when somebody asks."""
        self.reviewed: Reviewed | None = None
        self.transfers: list[Transfer] = []
        self.earned: dict[str, int] = {}
        """Currency -> what these add to what counts toward levels: awards, and what was corrected by hand."""
        self.details: dict[int, Detail] = {}
        """Number of a transfer -> what there is to say of it besides."""
        self.settled: list[tuple[str, Waiting]] = []
        """The awards that waited and that this event confirmed or voided, with their currency."""
        self.uses: list[Use] = []
        self.telling = False
        """Some of these tell of budgets."""
        self.by_department = False
        """Some may count for the member's department."""
        self.badges: list[str] = []
        self.tags: list[tuple[str, bool]] = []
        """(tag, whether it is put on or taken off), the last word counts."""
        self.nudges: list[str] = []
        self.verdicts: list[int] = []
        """One code per rule considered: of the event first, then of each of `occasions`."""
        self.occasions: list[Occasion] = []
        """Those that had rules, in order."""
        self.stopped_by: dict[str, str] | None = None
        """Campaign -> who paused or ended it, of those that kept a rule from firing."""
        self.happened: list[Occasion] = []
        """What has come about and is not looked at yet."""
        self.quests: dict[str, Quested] = {}
        """Those that moved, as they stand now."""
        self.advances: list[Advance] = []
        self.runs: dict[str, Run] = {}
        """Of streaks, likewise."""
        self.steps: list[Step] = []
        self.freezes: list[str] = []
        """Streaks for which rules have granted one, not yet given."""
        self.pushes: list[tuple[int, int]] = []
        """(number of the quest, by how much) that rules advance, not yet done."""
        self.led: Led | None = None
        """What it does for the member's referral."""

    # --- what stands now ---

    def facts(self) -> Facts:
        """What a condition may read: the event's properties, and the member as the decision so far leaves them."""
        entry, member = self.entry, self.member
        if self.program.reads_stage and not self.stage:
            today = today_of(member, self.day)
            self.stage = stage_on(self.program.program.lifecycle, member, today)
        rank = self.program.level_ranks.get(self.level, 0)
        return Facts(
            entry.body.data,
            member.traits,
            self.company.traits,
            rank,
            entry.hour,
            weekday_of(self.day),
            worn(member, self.tags) if self.tags else member.tags,
            self.stage,
        )

    def left(self, counter: Counter) -> int:
        """What a limit or budget allows still."""
        if not counter.plain:
            usage = (self.company if counter.company else self.member).usage
            late_days = self.program.program.late_days
            return left_of(counter, usage, self.uses, self.entry, self.department(), late_days)
        start = window_start(counter.window, self.day)
        windows = (self.company if counter.company else self.member).usage.get(counter.key)
        left = counter.most
        if windows and start in windows:
            left -= windows[start]
        elif windows and is_forgotten(counter, windows, start, self.program.program.late_days):
            return 0
        for use in self.uses:
            if use.key == counter.key and use.start == start and use.company == counter.company:
                left -= use.amount
        return left

    def department(self) -> int:
        """The number of the member's department: of one not met yet, the one it will get. 0 is for none."""
        trait = self.program.program.department
        name = self.member.traits.get(trait) if trait else None
        if not isinstance(name, str):
            return 0
        known = self.company.departments
        return known.get(name, len(known) + 1 if len(known) < DEPARTMENTS_MAX else 0)

    def overflows(self, currency: str, amount: int) -> bool:
        """Whether an award would pass the largest balance there is."""
        wallet = self.member.wallets.get(currency)
        standing = max(wallet.active, wallet.earned) if wallet else 0
        if wallet is not None and wallet.pending:
            standing += sum(waiting.units for waiting in wallet.pending)
        for transfer in self.transfers:
            standing += transfer.amount if transfer.currency == currency else 0
        return standing + amount > AMOUNT_MAX

    def has_badge(self, badge: str) -> bool:
        return badge in self.member.badges or badge in self.badges

    def quest(self, id: str) -> Quested:
        return self.quests.get(id) or self.member.quests.get(id) or Quested({})

    def run(self, streak: str) -> Run:
        return self.runs.get(streak) or self.member.streaks.get(streak) or Run()

    # --- what happens ---

    def count(self, counter: Counter, amount: int) -> None:
        self.uses.append(self.use(counter, amount))
        if counter.alerts and counter.most - self.left(counter) >= counter.alerts[0][0]:
            self._tell(counter, self.uses[-1].start)

    def give_back(self, use: Use) -> None:
        """What was counted for an award that is given up."""
        self.uses.append(use)
        self.by_department = True

    def use(self, counter: Counter, amount: int) -> Use:
        """What counting it changes."""
        if counter.plain:
            start = window_start(counter.window, self.day)
            return Use(counter.company, counter.key, start, amount, counter.reach)
        self.by_department = self.by_department or counter.department
        return counted(counter, self.entry, self.department(), amount)

    def _tell(self, counter: Counter, start: int) -> None:
        """Of a budget that has reached a threshold, once per window."""
        key = counter.key + TOLD
        told = used(self.company.usage, key, start)
        told += sum(use.amount for use in self.uses if use.key == key and use.start == start)
        telling = alert(counter, start, counter.most - self.left(counter), told)
        if telling is not None:
            self.uses.append(telling)
            self.telling = True

    def award(self, rule: int, currency: str, amount: int) -> None:
        """By rule number `rule` of the trigger whose rules are being considered."""
        number = len(self.verdicts) + rule
        self.transfers.append(Transfer(currency, ISSUED, self.spendable, amount, number))
        self.earned[currency] = self.earned.get(currency, 0) + amount

    def transfer(self, transfer: Transfer, detail: Detail | None = None) -> None:
        """Of points that are not simply awarded."""
        if detail is not None:
            self.details[len(self.transfers)] = detail
        self.transfers.append(transfer)
        self._earn(transfer)

    def _earn(self, transfer: Transfer) -> None:
        gained = transfer.source % PLACES in EARNING
        if gained != (transfer.target % PLACES in EARNING):
            earned = self.earned.get(transfer.currency, 0)
            self.earned[transfer.currency] = earned + (transfer.amount if gained else -transfer.amount)

    def grant(self, badge: str) -> None:
        """Once only: who has a badge has it."""
        if not self.has_badge(badge):
            self.badges.append(badge)
            self.happen(Occasion(BADGE, badge))

    def happen(self, occasion: Occasion) -> None:
        """Something came about that triggers rules; what triggers none is of no interest."""
        if occasion in self.program.occasions:
            self.happened.append(occasion)

    def mark(self) -> Mark:
        return Mark(
            len(self.transfers),
            len(self.uses),
            len(self.badges),
            len(self.happened),
            len(self.freezes),
            len(self.tags),
            len(self.nudges),
            len(self.pushes),
        )

    def go_back(self, mark: Mark) -> None:
        """Take back all that was awarded, counted and granted since."""
        if len(self.transfers) > mark.transfers:
            del self.transfers[mark.transfers :]
            self.earned = {}
            for transfer in self.transfers:
                self._earn(transfer)
        del self.uses[mark.uses :]
        del self.badges[mark.badges :], self.happened[mark.happened :], self.freezes[mark.freezes :]
        del self.tags[mark.tags :], self.nudges[mark.nudges :], self.pushes[mark.pushes :]
        for number in [number for number in self.details if number >= mark.transfers]:
            del self.details[number]

    def decision(self) -> Decision:
        before, after = self.member.level, self.level
        if before == after:
            before = after = ""
        record = Record(
            Undecided.DECIDED,
            tuple(self.verdicts),
            tuple(self.badges),
            before,
            after,
            self._more(),
        )
        return Decision(
            record,
            tuple(self.transfers),
            tuple(self.earned.items()),
            tuple(self.uses),
            quests=tuple(self.quests.items()),
            streaks=tuple(self.runs.items()),
            reviewed=self.reviewed,
            details=self.details or None,
        )

    def _more(self) -> More | None:
        """What few decisions have."""
        found: dict[str, Any] = {"advances": tuple(self.advances)} if self.advances else {}
        if self.occasions:
            found["occasions"] = tuple(self.occasions)
        if self.steps:
            found["steps"] = tuple(self.steps)
        if self.by_department and any("/department/" in use.key for use in self.uses):
            found["department"] = self.department()
        if self.settled:
            found["settled"] = tuple(self.settled)
        if self.telling:
            found["alerts"] = alerts_of(self.uses, self.company.usage)
        if self.stopped_by:
            found["stopped_by"] = self.stopped_by
        if self.tags and (tags := tuple(changes(self.member, self.tags, self.entry.seq))):
            found["tags"] = tags
        if self.nudges:
            found["nudges"] = tuple(dict.fromkeys(self.nudges))
        if self.led is not None:
            found["led"] = self.led
        return More(**found) if self.advances or any(found.values()) else None
