"""What the service answers, as frozen values, and the decoder that makes them.

The decoder is lenient forwards and strict about what is used: unknown fields are ignored, missing or null
optional ones take their default, and a missing required or wrongly typed one is an InvalidResponse that names
its place. Fields may be added here; none may change its meaning.
"""

from __future__ import annotations

import dataclasses
import functools
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, TypeVar

from ._progress import Quest as Quest
from ._progress import QuestGoal as QuestGoal
from ._progress import QuestTier as QuestTier
from ._progress import Streak as Streak
from .errors import InvalidResponse

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ProgramVersion:
    """The program a company follows; `own` is False where it follows the host's default."""

    version: int
    own: bool = False
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Company:
    """A client of the host."""

    id: str
    name: str | None = None
    timezone: str | None = None
    seats: int | None = None
    traits: Mapping[str, Any] = field(default_factory=dict)
    members: int = 0
    stage: str | None = None
    tier: str | None = None
    program: ProgramVersion | None = None
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Balance:
    """A member's wallet in one currency, in whole units, by state. `earned` never falls by spending."""

    active: int = 0
    pending: int = 0
    held: int = 0
    earned: int = 0
    spent: int = 0
    expired: int = 0
    expiring: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Level:
    """A membership level; rank 1 is the lowest."""

    id: str
    name: str | None = None
    rank: int | None = None


@dataclass(frozen=True, slots=True)
class NextLevel:
    """The level above: its threshold, and how much is missing."""

    id: str
    name: str | None = None
    threshold: int | None = None
    missing: int | None = None


@dataclass(frozen=True, slots=True)
class Badge:
    """A recognition and when it was given."""

    id: str
    name: str | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a member may give to colleagues in a window, and what is left of it before `until`."""

    allowance: int
    window: str | None = None
    left: int = 0
    until: date | None = None


@dataclass(frozen=True, slots=True)
class OpenRedemption:
    """A redemption that waits: `held` for an approval, `approved` for its fulfilment."""

    id: str
    reward: str | None = None
    status: str | None = None
    currency: str | None = None
    amount: int = 0


@dataclass(frozen=True, slots=True)
class LevelReview:
    """When the level is decided upon next; `level` is what it would be then, were nothing more earned before.

    `missing` points are needed to keep it. `falls_on` is the day it falls as things stand, None when it does not.
    """

    day: date
    level: Level | None = None
    missing: int = 0
    falls_on: date | None = None


@dataclass(frozen=True, slots=True)
class Benefit:
    """What a level entitles to. True in a condition when it is granted; `level` is the one that says so."""

    id: str
    granted: bool = False
    value: Any = None
    level: str | None = None

    def __bool__(self) -> bool:
        return self.granted


@dataclass(frozen=True, slots=True)
class Member:
    """An employee of a company. `progress` to the next level is 0 to 1, None where there is none."""

    id: str
    company: str
    name: str | None = None
    level: Level | None = None
    next_level: NextLevel | None = None
    progress: float | None = None
    balances: Mapping[str, Balance] = field(default_factory=dict)
    quests: tuple[Quest, ...] = ()
    streaks: tuple[Streak, ...] = ()
    badges: tuple[Badge, ...] = ()
    traits: Mapping[str, Any] = field(default_factory=dict)
    first_seen: datetime | None = None
    last_seen: datetime | None = None
    redemptions: tuple[OpenRedemption, ...] = ()
    giving: Mapping[str, Allowance] = field(default_factory=dict)
    review: LevelReview | None = None
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Transfer:
    """One movement in a wallet; `amount` is signed as the member sees it."""

    id: str
    currency: str
    amount: int
    at: datetime | None = None
    from_account: str | None = field(default=None, metadata={"wire": "from"})
    to_account: str | None = field(default=None, metadata={"wire": "to"})
    kind: str | None = None
    rule: str | None = None
    event: str | None = None
    message_id: str | None = None
    redemption: str | None = None
    colleague: str | None = None
    message: str | None = field(default=None, repr=False)
    reason: str | None = None
    actor: str | None = None


@dataclass(frozen=True, slots=True)
class Effect:
    """What a rule did. `type` is award, badge, level, progress or quest (toward a quest, and completing it), streak
    (a milestone, `amount` long), freeze, or a later kind; the fields of other kinds are None."""

    type: str
    rule: str | None = None
    currency: str | None = None
    amount: int | None = None
    badge: str | None = None
    level: str | None = None
    quest: str | None = None
    streak: str | None = None


@dataclass(frozen=True, slots=True)
class RuleVerdict:
    """Whether one rule fired for an event, and in words why not."""

    rule: str
    verdict: str
    name: str | None = None
    clause: Any = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided about one event, rule by rule. `status` is decided or undecided, then with a `reason`."""

    message_id: str
    event: str | None = None
    seq: int | None = None
    at: datetime | None = None
    received_at: datetime | None = None
    program_version: int | None = None
    status: str | None = None
    reason: Any = None
    effects: tuple[Effect, ...] = ()
    rules: tuple[RuleVerdict, ...] = ()


@dataclass(frozen=True, slots=True)
class Adjustment:
    """A correction by hand, and the balance after it. With `status` requested it waits for a second person."""

    id: str
    currency: str
    amount: int
    reason: str | None = None
    actor: str | None = None
    balance: Balance | None = None
    status: str = "done"


@dataclass(frozen=True, slots=True)
class AdjustmentRequest:
    """An adjustment that waits, or waited, for a second person: `settled_by`."""

    id: str
    member: str
    currency: str
    amount: int
    status: str
    reason: str | None = None
    actor: str | None = None
    requested_at: datetime | None = None
    settled_by: str | None = None
    settled_for: str | None = None


@dataclass(frozen=True, slots=True)
class Reversal:
    """An event undone: the opposite effects."""

    message_id: str
    effects: tuple[Effect, ...] = ()


@dataclass(frozen=True, slots=True)
class Cost:
    """What a reward costs, in whole units."""

    currency: str
    amount: int


@dataclass(frozen=True, slots=True)
class Lack:
    """One thing a member lacks for a reward: `code` for programs, `text` for people, and the figures in it."""

    code: str
    text: str
    missing: int | None = None
    currency: str | None = None
    level: str | None = None
    day: date | None = None


@dataclass(frozen=True, slots=True)
class Reward:
    """What points buy. `lacks` is None unless asked for a member; empty where the member can have it."""

    id: str
    name: str
    cost: Cost
    needs_approval: bool = False
    description: str | None = None
    level: str | None = None
    from_day: date | None = field(default=None, metadata={"wire": "from"})
    until: date | None = None
    limits: tuple[Mapping[str, Any], ...] = ()
    stock: int | None = None
    stock_left: int | None = None
    codes_left: int | None = None
    lacks: tuple[Lack, ...] | None = None


@dataclass(frozen=True, slots=True)
class RedemptionStep:
    """Who did what with a redemption, and why. `expired`: units that were returned too late."""

    step: str
    at: datetime | None = None
    actor: str | None = None
    reason: str | None = None
    expired: int = 0


@dataclass(frozen=True, slots=True)
class Redemption:
    """One purchase: held, approved, fulfilled or cancelled. `allowed` are the steps there are now.

    Treat a `code` as what it is worth: it is not shown in repr().
    """

    id: str
    member: str
    reward: str
    status: str
    cost: Cost | None = None
    requested_at: datetime | None = None
    changed_at: datetime | None = None
    allowed: tuple[str, ...] = ()
    steps: tuple[RedemptionStep, ...] = ()
    code: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Gift:
    """What a member gave to a colleague. `left` is what is left of the allowance."""

    id: str
    giver: str
    to: str
    currency: str
    amount: int
    at: datetime | None = None
    message: str | None = field(default=None, repr=False)
    left: int | None = None


@dataclass(frozen=True, slots=True)
class CodesUploaded:
    """What became of an upload: codes added, codes known before, and codes that are nobody's now."""

    added: int
    known: int
    left: int


@dataclass(frozen=True, slots=True)
class Driver:
    """One input of a health score and what it contributed."""

    name: str
    label: str | None = None
    value: float | None = None
    score: float | None = None
    weight: float | None = None
    contribution: float | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Health:
    """A company's health: score 0 to 100, None while `band` is unscored."""

    company: str
    as_of: date | None = None
    score: float | None = None
    band: str = "unscored"
    change_4w: float | None = None
    change_13w: float | None = None
    confidence: str | None = None
    drivers: tuple[Driver, ...] = ()
    version: int | None = None
    suppressed: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class HealthPoint:
    """One past score."""

    as_of: date
    score: float | None = None
    band: str = "unscored"


@dataclass(frozen=True, slots=True)
class Report:
    """A company's adoption report for a period. `data` is the document as the service sent it."""

    company: str
    period: str
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class PortfolioEntry:
    """One company as customer success looks at it: risk, value and what to say."""

    company: str
    name: str | None = None
    score: float | None = None
    band: str = "unscored"
    change_4w: float | None = None
    seats: int | None = None
    monthly_revenue_cents: int | None = None
    renewal_date: date | None = None
    days_to_renewal: int | None = None
    risk: Any = None
    value_at_risk_cents: int | None = None
    top_driver: Any = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Portfolio:
    """All companies, in the service's order. Iterates over its entries."""

    as_of: date | None = None
    entries: tuple[PortfolioEntry, ...] = field(default=(), metadata={"wire": "data"})

    def __iter__(self) -> Iterator[PortfolioEntry]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)


@dataclass(frozen=True, slots=True)
class MemberToken:
    """A short-lived token for the widget. Treat it as a password: it is not shown in repr()."""

    token: str = field(repr=False)
    expires_at: datetime | None = None


def decode(kind: type[T], value: Any) -> T:
    """A value of this type from decoded JSON, or InvalidResponse."""
    convert: Convert = _converter(kind)  # type: ignore[arg-type]
    result: T = convert(value, "")
    return result


Convert = Callable[[Any, str], Any]
_MISSING = object()


@functools.cache
def _converter(kind: Any) -> Convert:
    if kind is Any:
        return lambda value, where: value
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        return functools.partial(_object, kind)
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is types.UnionType:
        (inner,) = (argument for argument in arguments if argument is not type(None))
        convert = _converter(inner)
        return lambda value, where: None if value is None else convert(value, where)
    if origin is tuple:
        return functools.partial(_array, _converter(arguments[0]))
    if origin is Mapping:
        return functools.partial(_mapping, _converter(arguments[1]))
    return _SCALARS[kind]


@functools.cache
def _fields(kind: type) -> list[tuple[str, str, Convert, bool]]:
    hints = typing.get_type_hints(kind)
    return [
        (
            entry.name,
            entry.metadata.get("wire", entry.name),
            _converter(hints[entry.name]),
            entry.default is dataclasses.MISSING and entry.default_factory is dataclasses.MISSING,
        )
        for entry in dataclasses.fields(kind)
    ]


def _object(kind: type, value: Any, where: str) -> Any:
    if not isinstance(value, dict):
        raise _wrong(where, "an object", value)
    arguments: dict[str, Any] = {}
    for name, wire, convert, required in _fields(kind):
        found = value.get(wire, _MISSING)
        if found is not _MISSING and (found is not None or required):
            arguments[name] = convert(found, f"{where}/{wire}")
        elif required:
            raise InvalidResponse(f"the answer lacks {where}/{wire}")
    return kind(**arguments)


def _array(convert: Convert, value: Any, where: str) -> tuple[Any, ...]:
    if not isinstance(value, list):
        raise _wrong(where, "an array", value)
    return tuple(convert(item, f"{where}/{n}") for n, item in enumerate(value))


def _mapping(convert: Convert, value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _wrong(where, "an object", value)
    return {key: convert(item, f"{where}/{key}") for key, item in value.items()}


def _text(value: Any, where: str) -> str:
    if isinstance(value, str):
        return value
    raise _wrong(where, "a string", value)


def _boolean(value: Any, where: str) -> bool:
    if isinstance(value, bool):
        return value
    raise _wrong(where, "true or false", value)


def _integer(value: Any, where: str) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    raise _wrong(where, "an integer", value)


def _number(value: Any, where: str) -> float:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    raise _wrong(where, "a number", value)


def _datetime(value: Any, where: str) -> datetime:
    try:
        at = datetime.fromisoformat(_text(value, where))
    except ValueError:
        raise _wrong(where, "a time", value) from None
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)


def _date(value: Any, where: str) -> date:
    try:
        return date.fromisoformat(_text(value, where)[:10])
    except ValueError:
        raise _wrong(where, "a date", value) from None


_SCALARS: dict[Any, Convert] = {
    str: _text,
    bool: _boolean,
    int: _integer,
    float: _number,
    datetime: _datetime,
    date: _date,
}


def _wrong(where: str, wanted: str, value: Any) -> InvalidResponse:
    return InvalidResponse(f"the answer has {type(value).__name__} at {where or '/'}, not {wanted}")
