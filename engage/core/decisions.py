"""What a decision says, and how little of it is kept: the words are made when somebody asks.

How the stored record may change: `Record` stays as it is, `More` gets further fields with defaults; verdict and reason
numbers are never reused.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
from msgspec import Struct

from engage.core.explain import formula_text, node_text
from engage.core.ledger import Transfer, owner
from engage.core.limits import Use
from engage.core.occasions import Occasion
from engage.core.program import Award, Limit, Program, Rule
from engage.core.verdicts import VERDICTS, Extended, Verdict, as_extended


class Undecided:
    """Why no rule was considered for an entry that was recorded."""

    DECIDED: Final = 0
    NOT_AN_EVENT: Final = 1
    NO_PROGRAM: Final = 2
    UNDECLARED_EVENT: Final = 3
    TOO_LATE: Final = 4
    UNTRUSTED_SOURCE: Final = 5


REASONS: Final[dict[int, tuple[str, str]]] = {
    Undecided.NO_PROGRAM: ("no_program", "recorded; no program is published"),
    Undecided.UNDECLARED_EVENT: ("undeclared_event", "recorded; the program does not declare this event"),
    Undecided.TOO_LATE: (
        "too_late",
        "recorded, not rewarded; it is older than the program's bound for late events",
    ),
    Undecided.UNTRUSTED_SOURCE: (
        "untrusted_source",
        (
            "recorded without effect; a write key is trusted with no traits, "
            "and only with events that declare `browser: true`"
        ),
    ),
}


WORDS: Final = {
    Verdict.FIRED: "fired",
    Verdict.CONDITION: "condition",
    Verdict.LIMIT: "limit",
    Verdict.BUDGET: "budget",
    Verdict.CUT_BY_LIMIT: "cut",
    Verdict.CUT_BY_BUDGET: "cut",
    Verdict.CEILING: "ceiling",
}
EXTENDED_WORDS: Final = {
    Extended.MISSING: "formula",
    Extended.BELOW_ONE: "formula",
    Extended.FIRED_MISSING: "fired",
    Extended.FIRED_BELOW_ONE: "fired",
}
PERIODS: Final = {"day": "daily", "week": "weekly", "month": "monthly", "lifetime": "lifetime"}


class More(Struct, frozen=True, omit_defaults=True, gc=False):
    """Stored by name, so that what a decision does not have takes no room."""

    checkpoint: bytes = b""
    """Of a CHECKPOINT entry: here the chain covers the checkpoint's hash."""
    occasions: tuple[Occasion, ...] = ()
    """What came about within the decision and triggered rules, in order."""


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
    def occasions(self) -> tuple[Occasion, ...]:
        return self.more.occasions if self.more is not None else ()


def checkpoint_record(hash: bytes) -> Record:
    return Record(Undecided.NOT_AN_EVENT, more=More(checkpoint=hash))


class Decision(Struct, frozen=True, gc=False):
    record: Record
    transfers: tuple[Transfer, ...] = ()
    earned: tuple[tuple[str, int], ...] = ()
    """(currency, change) of what counts toward levels."""
    uses: tuple[Use, ...] = ()

    @property
    def changes_anything(self) -> bool:
        """Most events of most programs earn nothing: these need no folding of what was decided."""
        record = self.record
        return bool(
            self.transfers
            or self.earned
            or self.uses
            or record.badges
            or record.level_before != record.level_after
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


def effects(
    record: Record, transfers: tuple[Transfer, ...], rules: tuple[Rule, ...], program: Program | None
) -> list[dict[str, Any]]:
    """What a decision did, for the host: awards, badges, and each level passed on the way.

    A reversal's amounts are negative. Points moved by no rule (an adjustment) have no "rule".
    """
    done: list[dict[str, Any]] = []
    for transfer in transfers:
        sign = 1 if owner(transfer.target) else -1
        effect = {"type": "award", "currency": transfer.currency, "amount": sign * transfer.amount}
        if 0 <= transfer.rule < len(rules):
            effect["rule"] = rules[transfer.rule].id
        done.append(effect)
    done += [{"type": "badge", "badge": badge} for badge in record.badges]
    if record.level_before != record.level_after:
        done += [{"type": "level", "level": level} for level in _levels_passed(record, program)]
    return done


def _levels_passed(record: Record, program: Program | None) -> list[str]:
    ids = [level.id for level in program.levels.steps] if program and program.levels else []
    before = ids.index(record.level_before) if record.level_before in ids else -1
    after = ids.index(record.level_after) if record.level_after in ids else -1
    return ids[before + 1 : after + 1] if after > before else [record.level_after]


def explain_rules(record: Record, rules: tuple[Rule, ...], program: Program) -> list[dict[str, Any]]:
    """Each rule considered, with its verdict in words."""
    return [
        {
            "rule": rule.id,
            "name": rule.name,
            "verdict": verdict_word(code),
            "text": verdict_text(code, rule, program),
        }
        for rule, code in zip(rules, record.verdicts, strict=True)
    ]


def verdict_word(code: int) -> str:
    verdict = code % VERDICTS
    return EXTENDED_WORDS[as_extended(code)[1]] if verdict == Verdict.EXTENDED else WORDS[verdict]


def verdict_text(code: int, rule: Rule, program: Program) -> str:
    index, verdict = divmod(code, VERDICTS)
    match verdict:
        case Verdict.FIRED:
            return "fired"
        case Verdict.CONDITION:
            assert rule.conditions is not None
            return f"condition not met: {node_text(rule.conditions, index)}"
        case Verdict.LIMIT:
            return limit_text(rule.limits[index])
        case Verdict.CUT_BY_LIMIT:
            return f"cut: {limit_text(rule.limits[index])}"
        case Verdict.BUDGET | Verdict.CUT_BY_BUDGET:
            budget = program.budgets[index]
            what = f"the company's {PERIODS[budget.window]} budget of {budget.amount} {budget.currency}"
            if budget.over == "refuse":
                return f"the award would pass {what}"
            return f"{'cut: ' if verdict == Verdict.CUT_BY_BUDGET else ''}{what} is used up"
        case Verdict.EXTENDED:
            return _extended_text(*as_extended(code), rule)
        case _:
            return "the balance would pass the largest amount possible"


def _extended_text(index: int, extended: int, rule: Rule) -> str:
    award = rule.effects[index]
    assert isinstance(award, Award)
    assert award.formula is not None
    without = f"fired without its {award.currency}: "
    match extended:
        case Extended.MISSING | Extended.FIRED_MISSING:
            words = f"{award.formula.of} is not given, or not {_A[award.formula.type]}"
            return words if extended == Extended.MISSING else without + words
        case _:
            words = f"{formula_text(award.formula)} comes to less than 1"
            return words if extended == Extended.BELOW_ONE else without + words


_A: Final = {"integer": "a whole number", "number": "a number"}


def limit_text(limit: Limit) -> str:
    whose = "" if limit.per == "member" else "company's "
    if limit.count is not None:
        return f"{whose}{PERIODS[limit.window]} limit reached, {limit.count} of {limit.count}"
    what = f"{PERIODS[limit.window]} limit of {limit.amount} {limit.currency}"
    if limit.over == "refuse":  # some of it may be left, only not enough
        return f"the award would pass the {whose}{what}"
    return f"{whose}{what} reached"
