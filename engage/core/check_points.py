"""What a document says about the life of points: when they expire, what an award waits for, who is told before.

Owns the shape of `expires`, `pending` and `trigger: {expiring: ...}`. Must not know what they do.
"""

from __future__ import annotations

import typing as t

from engage.core.check_days import read_day
from engage.core.conditions import PROPERTY
from engage.core.problems import Mapping, Path, Problems, shown
from engage.core.program import Expires, Length, Pending, Unit, Whole

UNITS = ("days", "months", "years")
LENGTH_MAX = {"days": 36_500, "months": 1200, "years": 100}
ROUND = ("month", "quarter", "year")
DATES_MAX = 20  # of one currency
PENDING_DAYS_MAX = 3650
WITHIN_DEFAULT = 365
NOTICE_DAYS_MAX = 365
KEYED = ("string", "integer")  # what a property may be that two events are matched by
WAITS = ("days", "until", "until_event")
LENGTH = "{days: 90}, {months: 12} or {years: 1}"
LENGTH_OF = (
    "say of what: 'after: {months: 12}' counts from the award, 'idle: {months: 12}' from the last activity"
)

EventTypes = t.Mapping[str, t.Mapping[str, str] | None]
"""Event -> property -> type, "" or None where it could not be read."""


def read_expires(problems: Problems, value: t.Any, path: Path) -> Expires | None:
    """When the points of a currency expire; None for never."""
    if value is None or value == "never":
        return None
    entries = problems.fields(
        value, path, (), ("after", "round", "on", "idle"), dict.fromkeys(UNITS, LENGTH_OF)
    )
    if entries is None:
        return None
    if not value:
        problems.add(path, "must be 'never', or say 'after', 'round', 'on' or 'idle'")
    if "idle" in entries and len(entries) > 1:
        problems.add((*path, "idle"), "'idle' stands alone: every activity moves the day", at_key=True)
    if "round" in entries and "on" in entries:
        problems.add((*path, "on"), "either 'round' or 'on' says on which days points expire", at_key=True)
    after = _read_length(problems, entries["after"], (*path, "after")) if "after" in entries else None
    idle = _read_length(problems, entries["idle"], (*path, "idle")) if "idle" in entries else None
    whole = problems.choice(entries["round"], (*path, "round"), ROUND) if "round" in entries else None
    days: list[str] = []
    if "on" in entries:
        at: Path = (*path, "on")
        for index, item in enumerate(problems.items(entries["on"], at, DATES_MAX, least=1) or ()):
            day = read_day(problems, item, (*at, index), yearly=True)
            if day in days:
                problems.add((*at, index), f"{shown(day)} is there twice")
            days += [day] if day is not None else []
    return Expires(after, t.cast("Whole | None", whole), tuple(sorted(days)), idle)


def _read_length(problems: Problems, value: t.Any, path: Path) -> Length | None:
    if not isinstance(value, dict) or len(value) != 1:
        problems.add(path, f"must be {LENGTH}")
        return None
    ((unit, item),) = value.items()
    if problems.choice(unit, path, UNITS) is None:
        return None
    n = problems.integer(item, (*path, unit), 1, LENGTH_MAX[unit])
    return None if n is None else Length(t.cast(Unit, unit), n)


# --- awards that wait ---------------------------------------------------------------------------------------


def read_pending(
    problems: Problems,
    events: EventTypes | None,
    personal: t.Mapping[str, frozenset[str]],
    trigger: str | None,
    value: t.Any,
    path: Path,
) -> Pending | None:
    """What an award waits for. `trigger` is the event that awards it, "" for an occasion, None where it is unknown."""
    entries = problems.fields(value, path, (), (*WAITS, "voided_by", "match", "within"))
    if entries is None:
        return None
    if sum(key in entries for key in WAITS) != 1:
        problems.add(path, f"needs one of {', '.join(WAITS)}, and not two of them")
    if "within" in entries and "until_event" not in entries:
        problems.add((*path, "within"), "'within' goes with 'until_event'", at_key=True)
    days = until = None
    if "days" in entries:
        days = problems.integer(entries["days"], (*path, "days"), 1, PENDING_DAYS_MAX)
    if "until" in entries:
        until = read_day(problems, entries["until"], (*path, "until"), yearly=False)
    event, voided_by = (
        problems.known(entries[key], (*path, key), events, "event") if key in entries else None
        for key in ("until_event", "voided_by")
    )
    if event is not None and event == voided_by:
        problems.add((*path, "voided_by"), "the event that confirms an award cannot void it too")
    match = _read_match(problems, entries, events, personal, (trigger, event, voided_by), path)
    within = _read_within(problems, entries.get("within"), (*path, "within")) if event else 0
    return Pending(days or 0, until or "", event or "", voided_by or "", match or "", within or 0)


def _read_within(problems: Problems, value: t.Any, path: Path) -> int | None:
    if value is None:
        return WITHIN_DEFAULT
    entries = problems.fields(value, path, ("days",))
    if entries is None or "days" not in entries:
        return None
    return problems.integer(entries["days"], (*path, "days"), 1, PENDING_DAYS_MAX)


def _read_match(
    problems: Problems,
    entries: Mapping,
    events: EventTypes | None,
    personal: t.Mapping[str, frozenset[str]],
    concerned: tuple[str | None, ...],
    path: Path,
) -> str | None:
    """The property by which the events are matched: each declares it, with one type, and it may be kept."""
    if "match" not in entries:
        return None
    at: Path = (*path, "match")
    name = problems.text(entries["match"], at)
    if name is None or events is None:
        return None
    if "until_event" not in entries and "voided_by" not in entries:
        problems.add(at, "'match' goes with 'until_event' or 'voided_by'", at_key=True)
    if concerned[0] == "":
        problems.add(at, "only an event has properties to match, and this rule is triggered by none")
    types: set[str] = set()
    for event in filter(None, concerned):
        declared = events.get(event)
        if declared is None:
            continue
        if name not in declared:
            near = problems.nearest(name, declared)
            problems.add(at, f"event {shown(event)} declares no property {shown(name)}", suggestion=near)
        elif PROPERTY + name in personal.get(event, frozenset()):
            problems.add(at, f"{shown(name)} of event {shown(event)} is personal: it is never kept")
        elif declared[name]:
            types.add(declared[name])
    if types - set(KEYED):
        problems.add(at, f"events are matched by text or a whole number, not by {', '.join(sorted(types))}")
    elif len(types) > 1:
        problems.add(at, f"{shown(name)} must be of one type in all of these events")
    return name


# --- being told before --------------------------------------------------------------------------------------


def read_expiring(
    problems: Problems, currencies: t.Sequence[str] | None, value: t.Any, path: Path
) -> str | None:
    """The occasion's name: the currency, and how many days before."""
    entries = problems.fields(value, path, ("days",), ("currency",))
    if entries is None:
        return None
    days = (
        problems.integer(entries["days"], (*path, "days"), 1, NOTICE_DAYS_MAX) if "days" in entries else None
    )
    if "currency" in entries:
        currency = problems.known(entries["currency"], (*path, "currency"), currencies, "currency")
    elif currencies is not None and len(currencies) > 1:
        if not problems.misspelt(path, "currency"):
            problems.add(path, f"missing key 'currency': the program has several ({', '.join(currencies)})")
        return None
    else:
        currency = currencies[0] if currencies else None
    return None if currency is None or days is None else f"{currency}:{days}"
