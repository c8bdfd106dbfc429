"""What a decision says, and how little of it is kept: the words are made when somebody asks.

How the stored record may change: `Record` stays as it is, `More` gets further fields with defaults; verdict and reason
numbers are never reused.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any, Final, NamedTuple

import msgspec
from msgspec import Struct

from engage.core.campaign_counters import PREFIX as CAMPAIGNS
from engage.core.language import mark
from engage.core.ledger import ACTIVE, EXPIRED, ISSUED, PENDING, Detail, Transfer, owner, place
from engage.core.limits import Alert, Use
from engage.core.occasions import Occasion
from engage.core.program import CallWebhook, Program, Rule, Streak
from engage.core.state import Quested, Run, Waiting
from engage.core.tags import Change
from engage.core.verdicts import fired


class Undecided:
    """Why no rule was considered for an entry that was recorded."""

    DECIDED: Final = 0
    NOT_AN_EVENT: Final = 1
    NO_PROGRAM: Final = 2
    UNDECLARED_EVENT: Final = 3
    TOO_LATE: Final = 4
    UNTRUSTED_SOURCE: Final = 5


REASONS: Final[dict[int, tuple[str, str]]] = {
    Undecided.NO_PROGRAM: ("no_program", mark("recorded; no program is published")),
    Undecided.UNDECLARED_EVENT: (
        "undeclared_event",
        mark("recorded; the program does not declare this event"),
    ),
    Undecided.TOO_LATE: (
        "too_late",
        mark("recorded, not rewarded; it is older than the program's bound for late events"),
    ),
    Undecided.UNTRUSTED_SOURCE: (
        "untrusted_source",
        mark(
            "recorded without effect; a write key is trusted with no traits, "
            "and only with events that declare `browser: true`"
        ),
    ),
}


class Advance(Struct, frozen=True, array_like=True, gc=False):
    """What an event added to one quest."""

    quest: int
    """Its number in the program in force."""
    changes: tuple[tuple[int, int, int], ...]
    """(number of the goal, key in its tally, amount)."""
    reached: int = 0
    """By how many tiers the quest stands higher, lower where it begins again."""
    times: int = 0
    """How often it was completed."""


class Step(Struct, frozen=True, array_like=True, gc=False):
    """What an entry did to one streak, as far as undoing it needs to know."""

    streak: int
    """Its number in the program in force."""
    thawed: bool = False
    """The day was frozen before, and is done now."""
    freezes: int = 0
    """That were given."""
    told_of: int = 0
    """The first period of the run that reached milestones; of these the longest, and the one told of it before."""
    told: int = 0
    told_before: int = 0
    counted: int = 1
    """0 when it was no event of the streak."""


class Led(Struct, frozen=True, array_like=True, gc=False):
    """What an entry did for the referral of the member it is of; a reversal's says what it takes back."""

    by: int
    """The inviter's number."""
    invitation: int = 0
    """The seq of the invitation that the member joined by with this entry."""
    counted: bool = False
    """It counts toward being active."""
    active: bool = False
    """It made the member active, and so is due to be told to the inviter's log."""


class Counting(Struct, frozen=True, omit_defaults=True, gc=False):
    """What undoing an event takes to know that a launch of quests has counted."""

    began: dict[str, Quested] = {}
    """Of a HISTORY entry: the quests it counted toward that had begun, as they stood before it."""
    causes: tuple[int, ...] = ()
    """And the numbers of the occasions that led to its others, after those that the past itself completed."""
    pushed_by: tuple[int, ...] = ()
    """Likewise of those `advances` that rules made."""
    gone: dict[int, tuple[int, ...]] = {}
    """Of a REVERSAL: the seq of a HISTORY entry that had counted the event -> which of its `occasions` that undoes."""


class More(Struct, frozen=True, omit_defaults=True, gc=False):
    """Stored by name, so that what a decision does not have takes no room. More than 15 fields would be written
    with a longer beginning, also where they are empty, and stored chains cover the short one."""

    checkpoint: bytes = b""
    """Of a CHECKPOINT entry: here the chain covers the checkpoint's hash."""
    occasions: tuple[Occasion, ...] = ()
    """What came about within the decision and triggered rules, in order."""
    status: str = ""
    """What became of the redemption, gift or referral that this is a step of."""
    advances: tuple[Advance, ...] = ()
    """What it counted toward quests."""
    steps: tuple[Step, ...] = ()
    """What it did to streaks."""
    department: int = 0
    """The member's department, by number, if a limit per department counted; 0 also for none."""
    settled: tuple[tuple[str, Waiting], ...] = ()
    """The pending awards that the event confirmed or voided, with their currency."""
    alerts: tuple[Alert, ...] = ()
    """Budgets that reached so much of themselves."""
    stopped_by: dict[str, str] = {}
    """Campaign -> who paused or ended it, of those that kept a rule from firing."""
    tags: tuple[Change, ...] = ()
    """Tags that were put on or taken off."""
    nudges: tuple[str, ...] = ()
    """Nudges sent; for a reversal, taken back."""
    led: Led | None = None
    counting: Counting | None = None


class Record(Struct, frozen=True, array_like=True, omit_defaults=True, gc=False):
    """The part of a decision that is stored with its entry."""

    undecided: int = 0
    verdicts: tuple[int, ...] = ()
    """One code per rule that was considered: those that the event triggers, in the order of the program in force, then
    those of each of `occasions`."""
    badges: tuple[str, ...] = ()
    """Badges granted; for a reversal, taken back."""
    level_before: str = ""
    level_after: str = ""
    more: More | None = None
    """What few decisions have."""

    @property
    def alerts(self) -> tuple[Alert, ...]:
        return self.more.alerts if self.more is not None else ()

    @property
    def tags(self) -> tuple[Change, ...]:
        return self.more.tags if self.more is not None else ()

    @property
    def nudges(self) -> tuple[str, ...]:
        return self.more.nudges if self.more is not None else ()

    @property
    def department(self) -> int:
        return self.more.department if self.more is not None else 0

    @property
    def occasions(self) -> tuple[Occasion, ...]:
        return self.more.occasions if self.more is not None else ()

    @property
    def stopped_by(self) -> dict[str, str]:
        return self.more.stopped_by if self.more is not None else {}

    @property
    def status(self) -> str:
        return self.more.status if self.more is not None else ""

    @property
    def advances(self) -> tuple[Advance, ...]:
        return self.more.advances if self.more is not None else ()

    @property
    def led(self) -> Led | None:
        return self.more.led if self.more is not None else None

    @property
    def steps(self) -> tuple[Step, ...]:
        return self.more.steps if self.more is not None else ()

    @property
    def counting(self) -> Counting:
        return (self.more.counting if self.more is not None else None) or NO_COUNTING


NO_COUNTING: Final = Counting()


def checkpoint_record(hash: bytes) -> Record:
    return Record(Undecided.NOT_AN_EVENT, more=More(checkpoint=hash))


class Reviewed(NamedTuple):
    """What a review leaves to be remembered: its local day, and the one on which the grace it gave ends, or 0."""

    day: int
    falls: int


QUESTS: Final = ""
"""Stands for quests completed where a currency is expected."""


class Released(NamedTuple):
    """Points of an award that is undone and that were not counted with the event: it waited and they were counted with
    its release, or with the launch of the quest that brought them. Or quests completed by such a launch."""

    currency: str
    change: int
    day: int
    """The local day of the release or launch."""
    by: int
    """The entry that released them, or is the launch."""


class Decision(Struct, frozen=True, gc=False):
    record: Record
    transfers: tuple[Transfer, ...] = ()
    earned: tuple[tuple[str, int], ...] = ()
    """(currency, change) of what counts toward levels."""
    uses: tuple[Use, ...] = ()
    earned_on: int = 0
    """The local day of whose period `earned` is; 0: the entry's own, -1: of none that is counted."""
    undone_on: int = 0
    """The local day of the event that a reversal undoes; -1 when it was recorded without effect."""
    reviewed: Reviewed | None = None
    quests: tuple[tuple[str, Quested], ...] = ()
    """Those that moved, as they stand after it."""
    details: dict[int, Detail] | None = None
    """Number of a transfer -> what there is to say of it besides."""
    streaks: tuple[tuple[str, Run], ...] = ()
    """Likewise."""
    released: tuple[Released, ...] = ()
    """The parts of what a reversal takes from `earned` that were counted on other days."""
    rested: tuple[str, str] | None = None
    """A level that a reversal took from below a higher one, and the level below it; see `MemberState.rested`."""

    @property
    def changes_anything(self) -> bool:
        """Most events of most programs earn nothing: these need no folding of what was decided."""
        record, more = self.record, self.record.more
        return bool(
            self.transfers
            or self.earned
            or self.uses
            or self.quests
            or self.streaks
            or record.badges
            or self.reviewed
            or self.rested
            or record.level_before != record.level_after
            or (more is not None and (more.tags or more.nudges or more.status or more.led))
        )


_encode = msgspec.msgpack.Encoder().encode
decode_record = msgspec.msgpack.Decoder(Record).decode


def encode_record(record: Record) -> bytes:
    """Without `more` as it was before there was such a field: stored chains cover these bytes."""
    if record.more is not None:
        return _encode(record)
    return _encode(
        (record.undecided, record.verdicts, record.badges, record.level_before, record.level_after)
    )


TYPES: Final = {
    (ISSUED, PENDING): "pending",
    (ACTIVE, PENDING): "pending",
    (EXPIRED, PENDING): "pending",
    (PENDING, ACTIVE): "released",
    (PENDING, ISSUED): "voided",
    (ACTIVE, EXPIRED): "expired",
    (EXPIRED, ISSUED): "withdrawn",
}
"""What a movement between two places is called; any other is an award, or one taken back."""


def effects(
    record: Record,
    transfers: tuple[Transfer, ...],
    rules: tuple[Rule, ...],
    program: Program | None,
    *,
    calling: bool = True,
) -> list[dict[str, Any]]:
    """What a decision did, for the host: awards, badges, and each level passed on the way.

    What a reversal takes back is negative. Points moved by no rule (an adjustment) have no "rule". `calling` False: no
    rule of the program calls a webhook.
    """
    done: list[dict[str, Any]] = []
    for transfer in transfers:
        kind, sign = "award", 1
        if transfer.source != ISSUED or place(transfer.target) != ACTIVE:  # few are no plain awards
            sign = 1 if owner(transfer.target) else -1
            kind = TYPES.get((place(transfer.source), place(transfer.target)), "award")
        effect = {"type": kind, "currency": transfer.currency, "amount": sign * transfer.amount}
        if 0 <= transfer.rule < len(rules):
            effect["rule"] = rules[transfer.rule].id
        done.append(effect)
    if record.badges:
        done += [{"type": "badge", "badge": badge} for badge in record.badges]
    more = record.more
    if more is not None and more.tags:
        done += [{"type": "tag" if now > 0 else "untag", "tag": tag} for tag, now, _ in more.tags]
    if calling:
        done += [
            {"type": "webhook", "webhook": call.webhook, "rule": rule.id}
            for rule, call in calls(record, rules)
        ]
    if more is not None and more.nudges:
        done += [{"type": "nudge", "nudge": nudge} | _text_of(nudge, program) for nudge in more.nudges]
    if record.level_before != record.level_after:
        done += [{"type": "level", "level": level} for level in levels_passed(record, program)]
    if more is not None:
        done += _further_effects(more, program)
    return done


def _further_effects(more: More, program: Program | None) -> list[dict[str, Any]]:
    done = [{"type": "budget"} | alert_details(alert) for alert in more.alerts] if more.alerts else []
    if program is not None:
        for made in more.advances:
            quest = program.quests[made.quest].id
            if made.times:
                done += [{"type": "quest", "quest": quest}] * made.times
            else:  # unless its last tier is reached, what was added to it
                done.append({"type": "progress", "quest": quest})
    if more.led is not None:
        stages = (("joined", more.led.invitation), ("active", more.led.active))
        done += [{"type": "referral", "referral": stage} for stage, reached in stages if reached]
    if more.steps and program:
        done += [effect for step in more.steps for effect in _streak_effects(step, program.streaks)]
    return done


def calls(record: Record, rules: tuple[Rule, ...]) -> Iterator[tuple[Rule, CallWebhook]]:
    """The webhooks that the rules which fired call, in order."""
    for rule, code in zip(rules, record.verdicts, strict=False):
        if fired(code):
            for effect in rule.effects:
                if isinstance(effect, CallWebhook):
                    yield rule, effect


def _text_of(nudge: str, program: Program | None) -> dict[str, str]:
    return {"text": program.nudges[nudge].text} if program and nudge in program.nudges else {}


def alert_details(alert: Alert) -> dict[str, Any]:
    """What there is to say of a budget's alert; `from` is the first day of its window, if that has one."""
    if alert.budget.startswith(CAMPAIGNS):
        campaign, currency = alert.budget.removeprefix(CAMPAIGNS).split("/")
        return {"campaign": campaign, "currency": currency, "percent": alert.percent}
    currency, window = alert.budget.split("/")
    said: dict[str, Any] = {"currency": currency, "window": window, "percent": alert.percent}
    return said | ({"from": date.fromordinal(alert.start).isoformat()} if alert.start else {})


def _streak_effects(step: Step, streaks: tuple[Streak, ...]) -> Iterator[dict[str, Any]]:
    """The milestone it reached, and the freezes that rules gave."""
    streak = streaks[step.streak].id
    if step.told:
        yield {"type": "streak", "streak": streak, "amount": step.told}
    if step.freezes and not step.counted:
        yield {"type": "freeze", "streak": streak}


def levels_passed(record: Record, program: Program | None) -> list[str]:
    ids = [level.id for level in program.levels.steps] if program and program.levels else []
    before = ids.index(record.level_before) if record.level_before in ids else -1
    after = ids.index(record.level_after) if record.level_after in ids else -1
    return ids[before + 1 : after + 1] if after > before else [record.level_after]
