"""Undoing an event: the exact opposite of its own effects, whatever happened since; later decisions stand.

What the event awarded is taken back from where it is now: from what waits, from what expired, from its own lot, and for
what was spent from lots that would have been spent instead. What is not there any more becomes a debt if the currency
allows it.
"""

from __future__ import annotations

from collections.abc import Collection, Container, Iterator, Sequence
from typing import Final

from msgspec import Struct
from msgspec.structs import astuple, replace

from engage.core import tags
from engage.core.compiled import CompiledProgram
from engage.core.decisions import QUESTS, Advance, Counting, Decision, More, Record, Released, levels_passed
from engage.core.event import Entry, Kind
from engage.core.expiry import expiry_day
from engage.core.launches import Launch, share
from engage.core.ledger import (
    ACTIVE,
    EXPIRED,
    FAR,
    ISSUED,
    NO_RULE,
    PENDING,
    VOIDED,
    Detail,
    Transfer,
    account,
    owner,
    place,
    without_expired,
)
from engage.core.levels import counted_day, level_without, rest_of, without_released
from engage.core.limits import Counter, Use, counted, held_near
from engage.core.quests import period_start, taken_back
from engage.core.referral import WITHDRAWN, led_back
from engage.core.state import CompanyState, MemberState, Quested, Run, Waiting, Wallet
from engage.core.streaks import steps_back
from engage.core.verdicts import fired

UNDONE: Final = frozenset({Kind.TRACK, Kind.REFERRAL, Kind.HISTORY})
"""What can be undone: an event, what it brought to whom had invited the member, and its share of launches."""
ANY_RULE: Final = range(NO_RULE, 2**31)


class Undone(Struct, frozen=True):
    """What a reversal needs to know of the entry it undoes, as it is stored."""

    entry: Entry
    record: Record
    transfers: tuple[Transfer, ...]
    program: CompiledProgram | None
    launches: tuple[Launch, ...] = ()
    """Of quests that counted it since."""


class Reversal:
    """A reversal in progress. Mutable, as a `Course` is."""

    def __init__(
        self,
        program: CompiledProgram | None,
        company: CompanyState,
        member: MemberState,
        undone: Undone,
    ) -> None:
        self.program = program
        self.company = company
        self.member = member
        self.undone = undone
        self.transfers: list[Transfer] = []
        self.details: dict[int, Detail] = {}
        self.earned: dict[str, int] = {}
        self.uses: list[Use] = []
        self.taken: dict[str, int] = {}
        """Currency -> what was taken of the spendable balance."""
        self.expired: dict[str, tuple[tuple[int, int], ...]] = {}
        self.voided: set[int] = set()
        """Numbers of the transfers that began to wait and were voided since, or so long ago that nobody knows."""
        self.released: list[Released] = []
        self.badges: list[str] = []
        self.tags: list[tags.Change] = []
        self.nudges: list[str] = []
        self.quests: dict[str, Quested] = {}
        self.streaks: dict[str, Run] = {}
        self.level = member.level
        self.gone: dict[int, tuple[int, ...]] = {}
        self.own: list[Released] = []
        """What the event itself had earned, once its launches are looked at."""

    def wallet(self, currency: str) -> Wallet:
        return self.member.wallets.get(currency) or Wallet()

    def transfer(self, transfer: Transfer, detail: Detail) -> None:
        self.details[len(self.transfers)] = detail
        self.transfers.append(transfer)

    def take_back(
        self,
        transfer: Transfer,
        day: int,
        into: int,
        waiting: Waiting | None = None,
        forget: tuple[int, int] | None = None,
    ) -> None:
        """Take back what became active with a lot of that `day`, into the account `into`."""
        name, wallet, first = transfer.currency, self.wallet(transfer.currency), day or FAR
        expired = self.expired.get(name, wallet.expired)
        lost = min(transfer.amount, sum(units for lot, units in expired if lot >= first))
        self.expired[name] = without_expired(expired, first, lost)
        rest, change, earned = transfer.amount - lost, transfer.amount, self.earned.get(name, 0)
        if not _may_owe(self.program, name):
            rest = max(0, min(rest, wallet.active - self.taken.get(name, 0)))
            # What was corrected by hand meanwhile is not taken from the earned points a second time.
            change = max(0, min(change, wallet.earned + earned))
        self.taken[name] = self.taken.get(name, 0) + rest
        self.earned[name] = earned - change
        if waiting is not None:
            waiting = _of_units(waiting, lost + rest)
        spendable = account(self.undone.entry.member, ACTIVE)
        for source, units in ((account(0, EXPIRED), lost), (spendable, rest)):
            if units:
                self.transfer(
                    Transfer(name, source, into, units, transfer.rule), Detail(first, waiting, forget)
                )
                waiting = forget = None

    # --- awards that waited ---

    def withdraw(self, number: int, transfer: Transfer) -> None:
        """Undo an award that began to wait, whatever became of it."""
        seq, wallet = self.undone.entry.seq, self.wallet(transfer.currency)
        waiting = next((one for one in wallet.pending if (one.seq, one.n) == (seq, number)), None)
        if waiting is not None:
            back = Transfer(transfer.currency, transfer.target, ISSUED, waiting.units, transfer.rule)
            self.transfer(back, Detail(waiting=waiting))
            return
        became = next((one[2] for one in wallet.settled if one[:2] == (seq, number)), VOIDED)
        if became == VOIDED:
            self.voided.add(number)
        else:
            before = self.earned.get(transfer.currency, 0)
            self.take_back(transfer, became, ISSUED, forget=(seq, number))
            change = self.earned[transfer.currency] - before
            for _, _, day, by in [one for one in wallet.released if one[:2] == (seq, number)]:
                self.released.append(Released(transfer.currency, change, day, by))

    def await_again(self, transfer: Transfer, waiting: Waiting) -> None:
        """Undo that the event confirmed or voided an award, unless that award was itself undone since."""
        wallet, held = self.wallet(transfer.currency), account(self.undone.entry.member, PENDING)
        became = next((one[2] for one in wallet.settled if one[:2] == (waiting.seq, waiting.n)), None)
        if became is None:
            return
        if became != VOIDED:
            self.take_back(transfer, became, held, waiting)
            return
        uses = [Use(*fields) for fields in waiting.uses]
        room = [(self.room(use), use.amount == waiting.units) for use in uses]
        units = min([waiting.units, *(left if whole else left and waiting.units for left, whole in room)])
        if units > 0:
            waiting = _of_units(waiting, units)
            self.uses += [Use(*fields) for fields in waiting.uses]
            self.transfer(Transfer(transfer.currency, ISSUED, held, units), Detail(waiting=waiting))

    def room(self, use: Use) -> int:
        """What others have left of a limit or budget since its share was given back."""
        windows = dict((self.company if use.company else self.member).usage.get(use.key, {}))
        for own in self.uses:
            if own.key == use.key and own.company == use.company:
                windows[own.start] = windows.get(own.start, 0) + own.amount
        left = FAR
        for counter in _counters(self.program):
            key = use.key.rpartition("/")[0] if counter.department else use.key
            if counter.key == key and counter.company == use.company:
                left = min(left, counter.most - held_near(counter, windows, use.start))
        return max(0, left)


def decide_reversal(
    program: CompiledProgram | None, company: CompanyState, member: MemberState, undone: Undone
) -> Decision:
    course = Reversal(program, company, member, undone)
    settled = iter(undone.record.more.settled if undone.record.more is not None else ())
    to_wait = [
        (transfer, next(settled)[1]) for transfer in undone.transfers if place(transfer.source) == PENDING
    ]
    _return_points(course, undone.transfers)
    course.uses += released(undone, course.transfers, course.voided)
    for transfer, waiting in to_wait:
        course.await_again(transfer, waiting)
    _take_grants(course, undone.record)
    course.level = _level_without(course, (undone.record.level_after,))
    if undone.record.advances:
        assert undone.program is not None
        quests = undone.program.program.quests
        _take_progress(
            course,
            [
                (period_start(quests[made.quest].repeats, undone.entry.day), made)
                for made in undone.record.advances
            ],
        )
    for currency, change in course.earned.items() if undone.launches else ():
        change -= sum(one.change for one in course.released if one.currency == currency)
        course.own.append(Released(currency, change, undone.entry.day, undone.entry.seq))
    for launch in undone.launches:
        _take_share(course, launch, undone.entry.seq)
    more = More(
        tags=tuple(course.tags),
        nudges=tuple(course.nudges),
        status=WITHDRAWN if undone.entry.kind == Kind.REFERRAL else "",
        led=led_back(member, undone.entry.seq, undone.record.led),
        counting=Counting(gone=course.gone) if course.gone else None,
    )
    before, after = member.level, course.level
    record = Record(
        badges=tuple(course.badges),
        level_before=before if before != after else "",
        level_after=after if before != after else "",
        more=more if more != More() else None,
    )
    return Decision(
        record,
        tuple(course.transfers),
        tuple(course.earned.items()),
        tuple(course.uses),
        earned_on=counted_day(program, member, undone.entry),
        undone_on=-1 if undone.record.undecided else undone.entry.day,
        quests=tuple(course.quests.items()),
        streaks=tuple(course.streaks.items()),
        details=course.details or None,
        released=tuple(course.released),
        rested=rest_of(program, after, undone.record.level_before, undone.record.level_after),
    )


def _return_points(
    course: Reversal, transfers: tuple[Transfer, ...], rules: Container[int] = ANY_RULE
) -> None:
    """Take back what `rules` of the entry at hand moved, but for what its event confirmed or voided."""
    for number, transfer in enumerate(transfers):
        source, target = place(transfer.source), place(transfer.target)
        if source == PENDING or transfer.rule not in rules:
            continue
        if target == PENDING:
            course.withdraw(number, transfer)
        elif owner(transfer.target):
            course.take_back(transfer, _day_of_lot(course.undone, transfer, course.member), transfer.source)
        else:
            course.earned[transfer.currency] = course.earned.get(transfer.currency, 0) + transfer.amount
            course.transfers.append(
                Transfer(transfer.currency, transfer.target, transfer.source, transfer.amount, transfer.rule)
            )


def _take_grants(course: Reversal, record: Record) -> None:
    """What the `record` of the entry at hand says it granted besides points, unless somebody had a word since."""
    entry, member = course.undone.entry, course.member
    course.badges += [badge for badge in record.badges if member.badges.get(badge) == entry.seq]
    course.tags += tags.taken_back(member, record.tags)
    course.nudges += [nudge for nudge in record.nudges if member.nudges.get(nudge) == entry.seq]
    if record.steps:
        assert course.undone.program is not None
        undoing, now = course.undone.program.program, course.program.program if course.program else None
        standing = replace(member, streaks=member.streaks | course.streaks)
        course.streaks |= steps_back(undoing, now, standing, entry.day, record.steps)


def _take_progress(course: Reversal, advances: Sequence[tuple[int, Advance]]) -> None:
    assert course.undone.program is not None
    standing = course.member.quests | course.quests
    course.quests |= taken_back(course.undone.program.program, standing, advances)


def _take_share(course: Reversal, launch: Launch, seq: int) -> None:
    """What a launch of quests counted of the event, and what came of that, on the day on which it did."""
    entry, reached = launch.entry, levels_passed(launch.record, launch.program.program)
    course.undone = Undone(entry, launch.record, launch.transfers, launch.program)

    def level_left(rules: frozenset[int]) -> str:
        awarded = [
            Released(one.currency, -one.amount, entry.day, entry.seq)
            for one in launch.transfers
            if one.rule in rules and place(one.target) == ACTIVE
        ]
        return _level_without(course, reached, awarded)

    part = share(launch, seq, level_left)
    if part.occasions:
        course.gone[entry.seq] = part.occasions
    times, earned, moved = _times(course), dict(course.earned), len(course.transfers)
    apart, course.voided = len(course.released), set()
    _return_points(course, launch.transfers, part.rules)
    course.uses += released(course.undone, course.transfers[moved:], course.voided, part.rules)
    # Rules of other entries: here nobody could say which.
    course.transfers[moved:] = [replace(one, rule=NO_RULE) for one in course.transfers[moved:]]
    _take_grants(course, part.record)
    _take_progress(course, part.advances)
    for currency, now in course.earned.items():
        change = now - earned.get(currency, 0)
        change -= sum(one.change for one in course.released[apart:] if one.currency == currency)
        if change:
            course.released.append(Released(currency, change, entry.day, entry.seq))
    if course.earned != earned:
        course.level = _level_without(course, reached)
    if _times(course) != times:
        course.released.append(Released(QUESTS, _times(course) - times, entry.day, entry.seq))


def _times(course: Reversal) -> int:
    """How often quests are completed, as things stand now, of those that change."""
    known = course.member.quests
    return sum(now.times - (known[id].times if id in known else 0) for id, now in course.quests.items())


def _level_without(course: Reversal, reached: Collection[str], awarded: Sequence[Released] = ()) -> str:
    """Only a level that the entry at hand `reached` is taken back: one reached since is a later decision. `awarded`:
    what is yet to be taken back."""
    program, level = course.program, course.level
    if not (program and program.program.levels and level and level in reached):
        return level
    earned = dict(course.earned)
    for one in awarded:
        earned[one.currency] = earned.get(one.currency, 0) + one.change
    apart = [one for one in (*course.released, *course.own, *awarded) if one.currency != QUESTS]
    for one in apart if program.period_key else ():
        earned[one.currency] -= one.change
    member = replace(without_released(program, course.member, apart), level=level)
    return level_without(program, member, earned, course.undone.entry, course.undone.record.level_before)


def _day_of_lot(undone: Undone, transfer: Transfer, member: MemberState) -> int:
    if undone.program is None:
        return 0
    return expiry_day(undone.program, transfer.currency, undone.entry.day, member.last_day)


def _may_owe(program: CompiledProgram | None, currency: str) -> bool:
    declared = program.program.currencies.get(currency) if program else None
    return declared is not None and declared.debt == "allow"


def _of_units(waiting: Waiting, units: int) -> Waiting:
    """The same award of fewer units, and so of a smaller share of limits."""
    uses = [Use(*fields) for fields in waiting.uses]
    less = [replace(use, amount=units) if use.amount == waiting.units else use for use in uses]
    return replace(waiting, units=units, uses=tuple(astuple(use) for use in less))


def _counters(program: CompiledProgram | None) -> Iterator[Counter]:
    """Every limit and budget of a program."""
    if program is None:
        return
    for matcher in (*program.matchers.values(), *program.occasions.values()):
        for plan in matcher.plans:
            yield from plan.firings
            for award in plan.awards:
                yield from award.counters


def released(
    undone: Undone, returned: list[Transfer], voided: set[int], rules: Container[int] = ANY_RULE
) -> Iterator[Use]:
    """The share of limits and budgets that an entry had used, given back, or what of it `rules` did. One that was not
    decided used none, and what was `voided` gave it back then.

    Of amounts, what was `returned`: units that could not be taken back stay awarded, and a budget is a promise that
    no more than so many are.
    """
    if undone.program is None or undone.entry.kind not in UNDONE or undone.record.undecided:
        return
    considered = undone.program.considered(undone.entry.name, undone.record.occasions)
    plans = [plan for matcher in considered for plan in matcher.plans]
    entry, department = undone.entry, undone.record.department
    first = {transfer.rule: number for number, transfer in reversed([*enumerate(undone.transfers)])}
    for rule, (plan, code) in enumerate(zip(plans, undone.record.verdicts, strict=True)):
        given_back = rule not in rules or (plan.only_waits and first.get(rule) in voided)
        for counter in plan.firings if fired(code) and not given_back else ():
            yield counted(counter, entry, department, -1)
    for transfer in returned:
        if transfer.rule < 0 or transfer.target != ISSUED:
            continue
        counters = next(a.counters for a in plans[transfer.rule].awards if a.currency == transfer.currency)
        for counter in counters:
            yield counted(counter, entry, department, -transfer.amount)
